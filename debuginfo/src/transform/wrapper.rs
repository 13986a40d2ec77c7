//! Pointers in memory for lldb, which takes every pointer to be of 8 bytes: classes of the pointer's 4 bytes. In expressions
//! they behave as pointers, by operators whose code is the runtime's; formatters find in their types what else they need.
//!
//! `struct Node` has `Node*` for `Node *`: lldb knows `char *` by its name, and would look for 8 bytes.

use super::reference::There;
use super::unit::UnitTransform;
use crate::dies::Die;
use crate::expr::unlocatable::Unlocatable;
use crate::image::{GET_POINTER, SET_POINTER};
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::{DebugInfoOffset, DwTag};
use std::collections::HashMap;

/// The types of a unit that wrappers share.
#[derive(Default)]
pub(super) struct Wrappers {
    /// The member's type, whose name says where the memory is.
    address: Option<UnitEntryId>,
    /// Pointers of the host's size, by the guest's pointer type.
    pub(super) native: HashMap<DebugInfoOffset, UnitEntryId>,
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::String(text.into())
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Makes the class that stands for a pointer or reference type.
    pub(super) fn wrapper(
        &mut self,
        id: UnitEntryId,
        parent: UnitEntryId,
        pointer: &Die<'d>,
    ) -> Result<(), Unlocatable> {
        let there = self.here(pointer);
        let native = self.native_pointer(&there)?;
        let name = self.type_name(Some(&there), 0);
        let address = self.address_type();
        let size = self.address_size().bytes();
        self.unit
            .unit
            .add_reserved(id, parent, dw::DW_TAG_structure_type);
        let class = self.unit.unit.get_mut(id);
        class.set(dw::DW_AT_name, text(&name));
        class.set(dw::DW_AT_byte_size, AttributeValue::Data1(size));
        // Classes of one name and one line are one class to lldb, also where they are local to different functions.
        let line = self.unit.read_unit.header.offset().0 + pointer.offset().0;
        class.set(dw::DW_AT_decl_line, AttributeValue::Udata(line as u64));
        let member = self.unit.unit.add(id, dw::DW_TAG_member);
        let member = self.unit.unit.get_mut(member);
        member.set(dw::DW_AT_name, text("address"));
        member.set(dw::DW_AT_type, AttributeValue::UnitRef(address));
        member.set(dw::DW_AT_data_member_location, AttributeValue::Data1(0));
        // A static member, for formatters: lldb does not find a type in a class by its name.
        let alias = self.unit.unit.add(id, dw::DW_TAG_member);
        let alias = self.unit.unit.get_mut(alias);
        alias.set(dw::DW_AT_name, text("pointer"));
        alias.set(dw::DW_AT_type, AttributeValue::UnitRef(native));
        alias.set(dw::DW_AT_external, AttributeValue::Flag(true));
        alias.set(dw::DW_AT_declaration, AttributeValue::Flag(true));
        self.operators(id, native, pointer)
    }

    fn operators(
        &mut self,
        id: UnitEntryId,
        native: UnitEntryId,
        pointer: &Die<'d>,
    ) -> Result<(), Unlocatable> {
        let is_pointer = pointer.tag() == dw::DW_TAG_pointer_type;
        let constant = self.derived(dw::DW_TAG_const_type, id);
        let own = AttributeValue::UnitRef;
        let this = self.native_type(dw::DW_TAG_pointer_type, Some(own(constant)));
        self.method(id, "operator T*", GET_POINTER, native, &[this]);
        if is_pointer && pointer.attr(dw::DW_AT_type).is_some() {
            self.method(id, "operator->", GET_POINTER, native, &[this]);
        }
        if is_pointer {
            let this = self.native_type(dw::DW_TAG_pointer_type, Some(own(id)));
            let reference = self.native_type(dw::DW_TAG_reference_type, Some(own(id)));
            self.method(id, "operator=", SET_POINTER, reference, &[this, native]);
        }
        Ok(())
    }

    /// Declares a method. The first parameter is `this`.
    fn method(
        &mut self,
        class: UnitEntryId,
        name: &str,
        code: &str,
        result: UnitEntryId,
        params: &[UnitEntryId],
    ) {
        let id = self.unit.unit.add(class, dw::DW_TAG_subprogram);
        let method = self.unit.unit.get_mut(id);
        method.set(dw::DW_AT_name, text(name));
        method.set(dw::DW_AT_linkage_name, text(code));
        method.set(dw::DW_AT_external, AttributeValue::Flag(true));
        method.set(dw::DW_AT_declaration, AttributeValue::Flag(true));
        method.set(dw::DW_AT_type, AttributeValue::UnitRef(result));
        for (i, ty) in params.iter().enumerate() {
            let param = self.unit.unit.add(id, dw::DW_TAG_formal_parameter);
            let param = self.unit.unit.get_mut(param);
            param.set(dw::DW_AT_type, AttributeValue::UnitRef(*ty));
            if i == 0 {
                param.set(dw::DW_AT_artificial, AttributeValue::Flag(true));
            }
        }
    }

    fn address_type(&mut self) -> UnitEntryId {
        if let Some(known) = self.wrappers.address {
            return known;
        }
        let number = self.number_type();
        let id = self.derived(dw::DW_TAG_typedef, number);
        let base = self.lookup.code.memories.first().map_or(0, |base| base.0);
        let name = format!("wasm32_address_{base:x}");
        self.unit.unit.get_mut(id).set(dw::DW_AT_name, text(&name));
        self.wrappers.address = Some(id);
        id
    }

    /// A type made of another one.
    fn derived(&mut self, tag: DwTag, inner: UnitEntryId) -> UnitEntryId {
        let root = self.unit.unit.root();
        let id = self.unit.unit.add(root, tag);
        let entry = self.unit.unit.get_mut(id);
        entry.set(dw::DW_AT_type, AttributeValue::UnitRef(inner));
        id
    }

    /// A pointer or reference of the host's size to a type, or to void.
    fn native_type(&mut self, tag: DwTag, to: Option<AttributeValue>) -> UnitEntryId {
        let root = self.unit.unit.root();
        let id = self.unit.unit.add(root, tag);
        let entry = self.unit.unit.get_mut(id);
        entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(8));
        if let Some(to) = to {
            entry.set(dw::DW_AT_type, to);
        }
        id
    }

    /// A pointer of the host's size to what a guest's pointer is of.
    pub(super) fn native_pointer(
        &mut self,
        pointer: &There<'a, 'd>,
    ) -> Result<UnitEntryId, Unlocatable> {
        let key = pointer
            .entry
            .offset()
            .to_debug_info_offset(&pointer.unit.header);
        let key = key.ok_or("a pointer that is in no unit")?;
        if let Some(known) = self.wrappers.native.get(&key) {
            return Ok(*known);
        }
        let id = if self.is_field_pointer(pointer) {
            self.native_field_pointer(pointer)?
        } else {
            let to = self.native_target(pointer)?;
            self.native_type(pointer.entry.tag(), to)
        };
        self.wrappers.native.insert(key, id);
        Ok(id)
    }
}
