//! lldb's model: it takes every pointer to be of 8 bytes. A pointer in memory is a number of the guest's size with the pointer's name, or
//! with formatters to show it a [class](super::wrapper); a variable that is a pointer is one of 8 bytes whose value is computed.

use super::function::{functions, is_function_pointer};
use super::made::{MadeTypes, derived, native_type, new_number_type, set_alias};
use super::model::{PointerModel, has_value};
use super::qualifier::{is_qualified_pointer, qualified};
use super::virtual_base::{HiddenBases, is_hidden};
use super::wrapper::Wrappers;
use crate::address::AddressSize;
use crate::dies::{Die, DieRef, is_pointer};
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use crate::outline::object::REFERENCE_BYTES;
use crate::transform::context::Context;
use crate::transform::convert::Entry;
use crate::transform::output::Output;
use crate::transform::scopes::Scopes;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;

/// The names that compilers of C++ and of C give the type of `nullptr`.
const NULL_TYPES: [&str; 2] = ["decltype(nullptr)", "nullptr_t"];

/// The types that lldb needs in a unit.
pub(super) struct Lldb {
    /// True if pointers in memory are classes.
    wraps: bool,
    made: MadeTypes,
    wrappers: Wrappers,
    hidden: HiddenBases,
    /// The type of the word that a reference to an object is.
    word: Option<UnitEntryId>,
}

impl Lldb {
    pub fn new(cx: &Context<'_, '_, '_>) -> Lldb {
        Lldb {
            wraps: cx.code().pointer_code.is_some(),
            made: MadeTypes::default(),
            wrappers: Wrappers::default(),
            hidden: HiddenBases::default(),
            word: None,
        }
    }

    /// Writes a pointer type, or one with qualifiers, as lldb is to see it in memory.
    fn pointer<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        entry: &Entry<'a, 'd>,
    ) {
        let parent = entry.parent.unwrap_or(out.unit.root());
        let die = cx.own(entry);
        if cx.is_outline {
            return self.reference(cx, out, id, parent, &die);
        }
        let name = AttributeValue::string(cx.type_name(Some(&die)));
        let die = cx.types.behind_qualifiers(die.clone()).unwrap_or(die);
        if cx.types.is_method_pointer(&die) {
            return self.made.method_pointer(cx, out, id, parent, name);
        }
        let is_to_member = die.entry.tag() == dw::DW_TAG_ptr_to_member_type;
        if self.wraps
            && !is_to_member
            && !cx.types.is_function(&die)
            && let Ok(native) = self.native_pointer(cx, out, &die)
        {
            let made = &mut self.made;
            self.wrappers
                .wrapper(cx, out, (id, parent), (entry, &die.entry), (native, made));
            return;
        }
        let shown = if is_to_member {
            AttributeValue::UnitRef(self.made.field_type(cx, out, &die, false))
        } else if is_function_pointer(cx, entry) {
            functions(cx, out)
        } else {
            AttributeValue::UnitRef(self.made.number_type(cx, out))
        };
        set_alias(out, id, parent, name, shown);
    }
}

impl Lldb {
    /// Writes the type of references to an object: a class of one word, which formatters know by the type of its member.
    fn reference<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        parent: UnitEntryId,
        die: &DieRef<'a, 'd>,
    ) {
        let word = *self.word.get_or_insert_with(|| {
            let number = new_number_type(AddressSize::Four, out);
            let word = derived(out, dw::DW_TAG_typedef, number);
            out.set(
                word,
                dw::DW_AT_name,
                AttributeValue::string("wasm_reference"),
            );
            word
        });
        out.unit.add_reserved(id, parent, dw::DW_TAG_structure_type);
        let object = cx.types.type_of(die);
        let name = format!("{}*", cx.type_name(object.as_ref()));
        out.set(id, dw::DW_AT_name, AttributeValue::string(name));
        let size = AttributeValue::Data1(REFERENCE_BYTES);
        out.set(id, dw::DW_AT_byte_size, size);
        let member = out.unit.add(id, dw::DW_TAG_member);
        out.set(member, dw::DW_AT_name, AttributeValue::string("reference"));
        out.set(member, dw::DW_AT_type, AttributeValue::UnitRef(word));
        let place = AttributeValue::Data1(0);
        out.set(member, dw::DW_AT_data_member_location, place);
    }
}

/// Returns true if a type is that of `nullptr`, and lldb's own is wider than the guest's.
fn is_null_type<'d>(cx: &Context<'_, '_, 'd>, entry: &Die<'d>) -> bool {
    let is_null = |name: String| NULL_TYPES.contains(&name.as_str());
    entry.tag() == dw::DW_TAG_unspecified_type
        && cx.address_size().bytes() < 8
        && cx.own(entry).name().is_some_and(is_null)
}

impl<'a, 'd> PointerModel<'a, 'd> for Lldb {
    fn replaces(&self, cx: &Context<'_, 'a, 'd>, entry: &Entry<'a, 'd>) -> bool {
        is_pointer(entry.tag())
            || is_hidden(cx, entry)
            || is_null_type(cx, entry)
            || self.wraps && is_qualified_pointer(cx, entry)
    }

    fn replace(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        entry: &Entry<'a, 'd>,
    ) {
        match entry.tag() {
            // Others may refer to it; it describes nothing.
            dw::DW_TAG_inheritance => self.hidden.add(cx, out, entry),
            dw::DW_TAG_unspecified_type => {
                let parent = entry.parent.unwrap_or(out.unit.root());
                let name = cx.own(entry).name().unwrap_or_default();
                let name = AttributeValue::string(name);
                let number = AttributeValue::UnitRef(self.made.number_type(cx, out));
                set_alias(out, id, parent, name, number);
            }
            _ => self.pointer(cx, out, id, entry),
        }
    }

    fn purpose(&self, cx: &Context<'_, 'a, 'd>, scopes: &Scopes, entry: &Entry<'a, 'd>) -> Purpose {
        if cx.is_outline {
            return Purpose::Location;
        }
        // lldb passes an argument by what the entry of the parameter says.
        let function = scopes.function();
        let is_parameter_for_calls = entry.tag() == dw::DW_TAG_formal_parameter
            && function.is_some_and(|it| it.depth + 1 == entry.depth());
        let is_pointer = has_value(scopes, entry, is_parameter_for_calls)
            && cx.types.pointer_type(cx.unit, entry).is_some();
        match is_pointer {
            true => Purpose::Pointer,
            false => Purpose::Location,
        }
    }

    fn variable_type(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        entry: &Entry<'a, 'd>,
    ) -> Result<AttributeValue, Unlocatable> {
        let pointer = cx.types.pointer_type(cx.unit, entry);
        let pointer = pointer.ok_or("its type is not there")?;
        let native = self.native_pointer(cx, out, &pointer)?;
        let native = qualified(cx, out, &mut self.made, entry, native);
        Ok(AttributeValue::UnitRef(native))
    }

    fn native_pointer(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        pointer: &DieRef<'a, 'd>,
    ) -> Result<UnitEntryId, Unlocatable> {
        let key = pointer.offset().ok_or("a pointer that is in no unit")?;
        if let Some(known) = self.made.native.get(&key) {
            return Ok(*known);
        }
        let to = pointer.entry.attr_value(dw::DW_AT_type);
        let to = to.map(|to| cx.reference(pointer.unit, to)).transpose()?;
        let id = native_type(out, pointer.entry.tag(), to);
        self.made.native.insert(key, id);
        Ok(id)
    }

    fn target(
        &mut self,
        _: &Context<'_, 'a, 'd>,
        _: &mut Output,
        _: &Entry<'a, 'd>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        Ok(None)
    }

    fn finish_entry(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        _: &Entry<'a, 'd>,
    ) {
        if cx.is_outline {
            // What it says is for others (outline/object.rs).
            return out.unit.get_mut(id).delete(dw::DW_AT_alignment);
        }
        // Or lldb looks for tables of virtual functions, of 8-byte addresses.
        let mut entry = out.unit.get_mut(id);
        for name in [
            dw::DW_AT_virtuality,
            dw::DW_AT_containing_type,
            dw::DW_AT_vtable_elem_location,
        ] {
            entry.delete(name);
        }
    }

    fn finish_unit(&mut self, _: &Context<'_, 'a, 'd>, _: &mut Output) {}
}
