//! Pointers in memory for lldb, which takes every pointer to be of 8 bytes: classes of the pointer's 4 bytes. In expressions
//! they behave as pointers, by operators whose code is the runtime's; formatters find in their types what else they need.
//!
//! `struct Node` has `Node*` for `Node *`: lldb knows `char *` by its name, and would look for 8 bytes.

use super::made::{MadeTypes, derived, native_type};
use crate::code::{GET_POINTER, SET_POINTER};
use crate::dies::Die;
use crate::transform::context::Context;
use crate::transform::output::Output;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;

/// The types of a unit that wrappers share.
#[derive(Default)]
pub(super) struct Wrappers {
    /// The member's type, whose name has the memory's address.
    address: Option<UnitEntryId>,
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::string(text)
}

impl Wrappers {
    /// Makes the class that stands for a pointer or reference type, or for the pointer with qualifiers that `entry` is.
    pub fn wrapper<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        (id, parent): (UnitEntryId, UnitEntryId),
        (entry, pointer): (&Die<'d>, &Die<'d>),
        (native, made): (UnitEntryId, &mut MadeTypes),
    ) {
        let there = cx.own(entry);
        let name = cx.type_name(Some(&there));
        let address = self.address_type(cx, out, made);
        let size = cx.address_size().bytes();
        out.unit.add_reserved(id, parent, dw::DW_TAG_structure_type);
        let mut class = out.unit.get_mut(id);
        class.set(dw::DW_AT_name, text(&name));
        class.set(dw::DW_AT_byte_size, AttributeValue::Data1(size));
        // Classes of one name and one line are one class to lldb, also where they are local to different functions.
        let line = cx.unit.header.offset().0 + entry.offset().0;
        class.set(dw::DW_AT_decl_line, AttributeValue::Udata(line as u64));
        let member = out.unit.add(id, dw::DW_TAG_member);
        let mut member = out.unit.get_mut(member);
        member.set(dw::DW_AT_name, text("address"));
        member.set(dw::DW_AT_type, AttributeValue::UnitRef(address));
        member.set(dw::DW_AT_data_member_location, AttributeValue::Data1(0));
        // A static member, for formatters: lldb does not find a type in a class by its name.
        let alias = out.unit.add(id, dw::DW_TAG_member);
        let mut alias = out.unit.get_mut(alias);
        alias.set(dw::DW_AT_name, text("pointer"));
        alias.set(dw::DW_AT_type, AttributeValue::UnitRef(native));
        alias.set(dw::DW_AT_external, AttributeValue::Flag(true));
        alias.set(dw::DW_AT_declaration, AttributeValue::Flag(true));
        let is_constant = entry.tag() == dw::DW_TAG_const_type;
        operators(out, id, native, pointer, is_constant);
    }

    fn address_type(
        &mut self,
        cx: &Context<'_, '_, '_>,
        out: &mut Output,
        made: &mut MadeTypes,
    ) -> UnitEntryId {
        if let Some(known) = self.address {
            return known;
        }
        let number = made.number_type(cx, out);
        let id = derived(out, dw::DW_TAG_typedef, number);
        let base = cx.code().dwarf_memory().map_or(0, |memory| memory.base.0);
        let name = format!("wasm32_address_{base:x}");
        out.unit.get_mut(id).set(dw::DW_AT_name, text(&name));
        self.address = Some(id);
        id
    }
}

fn operators(
    out: &mut Output,
    id: UnitEntryId,
    native: UnitEntryId,
    pointer: &Die<'_>,
    is_constant: bool,
) {
    let is_pointer = pointer.tag() == dw::DW_TAG_pointer_type;
    let constant = derived(out, dw::DW_TAG_const_type, id);
    let own = AttributeValue::UnitRef;
    let this = native_type(out, dw::DW_TAG_pointer_type, Some(own(constant)));
    method(out, id, "operator T*", GET_POINTER, native, &[this]);
    if is_pointer && pointer.attr(dw::DW_AT_type).is_some() {
        method(out, id, "operator->", GET_POINTER, native, &[this]);
    }
    if is_pointer && !is_constant {
        let this = native_type(out, dw::DW_TAG_pointer_type, Some(own(id)));
        let reference = native_type(out, dw::DW_TAG_reference_type, Some(own(id)));
        method(
            out,
            id,
            "operator=",
            SET_POINTER,
            reference,
            &[this, native],
        );
    }
}

/// Declares a method. The first parameter is `this`.
fn method(
    out: &mut Output,
    class: UnitEntryId,
    name: &str,
    code: &str,
    result: UnitEntryId,
    params: &[UnitEntryId],
) {
    let id = out.unit.add(class, dw::DW_TAG_subprogram);
    let mut method = out.unit.get_mut(id);
    method.set(dw::DW_AT_name, text(name));
    method.set(dw::DW_AT_linkage_name, text(code));
    method.set(dw::DW_AT_external, AttributeValue::Flag(true));
    method.set(dw::DW_AT_declaration, AttributeValue::Flag(true));
    method.set(dw::DW_AT_type, AttributeValue::UnitRef(result));
    for (i, ty) in params.iter().enumerate() {
        let param = out.unit.add(id, dw::DW_TAG_formal_parameter);
        let mut param = out.unit.get_mut(param);
        param.set(dw::DW_AT_type, AttributeValue::UnitRef(*ty));
        if i == 0 {
            param.set(dw::DW_AT_artificial, AttributeValue::Flag(true));
        }
    }
}
