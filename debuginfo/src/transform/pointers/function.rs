//! Pointers to functions. A guest's is the index of an element of its table, not an address that a debugger could name a function
//! by. So it is shown as an enumeration of the table's functions, of which there is one for all units.

use super::dynamic::always;
use crate::address::AddressSize;
use crate::code::{CodeMap, Flavor};
use crate::demangle::demangle;
use crate::dies::{Die, is_pointer};
use crate::transform::context::Context;
use crate::transform::output::Output;
use crate::write::{AttributeValue, DebugInfoRef, Encoded, Unit, UnitEntryId, encode};
use gimli::constants as dw;

/// The enumeration, in the unit that is only for it.
const FUNCTIONS: UnitEntryId = UnitEntryId(2);

/// The same for what pointers to such pointers are of, in gdb's flavour: a type that is dynamic, as it says of
/// [scalars](super::pointee).
const FUNCTIONS_AT_BASE: UnitEntryId = UnitEntryId(3);

fn text(text: String) -> AttributeValue {
    AttributeValue::string(text)
}

/// The unit with the enumeration.
pub(crate) fn unit<'d>(code: &CodeMap<'_>) -> Encoded<'d> {
    let mut unit = Unit::new(0);
    unit.is_indexed = code.flavor == Flavor::Lldb;
    let mut root = unit.get_mut(unit.root());
    root.set(dw::DW_AT_name, text(code.module_name.to_owned()));
    root.set(
        dw::DW_AT_language,
        AttributeValue::Data1(dw::DW_LANG_C11.0 as u8),
    );
    let number = unit.add(unit.root(), dw::DW_TAG_base_type);
    let mut entry = unit.get_mut(number);
    entry.set(dw::DW_AT_name, text("unsigned int".to_owned()));
    entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(4));
    entry.set(
        dw::DW_AT_encoding,
        AttributeValue::Encoding(dw::DW_ATE_unsigned),
    );
    let functions = unit.add(unit.root(), dw::DW_TAG_enumeration_type);
    debug_assert_eq!(functions, FUNCTIONS);
    let at_base = unit.reserve();
    debug_assert_eq!(at_base, FUNCTIONS_AT_BASE);
    enumerate(&mut unit, functions, number, code);
    if code.flavor == Flavor::Gdb {
        let root = unit.root();
        unit.add_reserved(at_base, root, dw::DW_TAG_enumeration_type);
        enumerate(&mut unit, at_base, number, code);
        let always = AttributeValue::exprloc(always());
        unit.get_mut(at_base).set(dw::DW_AT_associated, always);
    }
    encode(unit)
}

/// Makes an entry the enumeration of the table's functions.
fn enumerate(unit: &mut Unit, functions: UnitEntryId, number: UnitEntryId, code: &CodeMap<'_>) {
    let mut entry = unit.get_mut(functions);
    entry.set(dw::DW_AT_name, text("function".to_owned()));
    entry.set(dw::DW_AT_type, AttributeValue::UnitRef(number));
    entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(4));
    // With values of several bits that overlap, which debuggers do not take for flags that can be combined.
    let none = [
        (u32::MAX, "no function".to_owned()),
        (u32::MAX - 1, "no function".to_owned()),
    ];
    // As the operator is part of the name, the function is what is found by its own.
    let named = code
        .table
        .iter()
        .map(|(index, name)| (*index, format!("&{}", demangle(name))));
    for (index, name) in named.chain(none) {
        let id = unit.add(functions, dw::DW_TAG_enumerator);
        let mut enumerator = unit.get_mut(id);
        enumerator.set(dw::DW_AT_name, text(name));
        enumerator.set(dw::DW_AT_const_value, AttributeValue::Udata(index.into()));
    }
}

/// Returns true if an entry is a pointer or a reference to a function that can be shown by its name.
pub(super) fn is_function_pointer<'d>(cx: &Context<'_, '_, 'd>, entry: &Die<'d>) -> bool {
    // The enumeration is of 4 bytes.
    !cx.code().table.is_empty()
        && cx.address_size() == AddressSize::Four
        && is_pointer(entry.tag())
        && entry.tag() != dw::DW_TAG_ptr_to_member_type
        && cx.is_function(entry)
}

/// The enumeration.
pub(super) fn functions(cx: &Context<'_, '_, '_>, out: &mut Output) -> AttributeValue {
    in_their_unit(cx, out, FUNCTIONS)
}

/// The enumeration for pointers to them.
pub(super) fn functions_at_base(cx: &Context<'_, '_, '_>, out: &mut Output) -> AttributeValue {
    in_their_unit(cx, out, FUNCTIONS_AT_BASE)
}

fn in_their_unit(cx: &Context<'_, '_, '_>, out: &mut Output, entry: UnitEntryId) -> AttributeValue {
    out.has_function_pointers = true;
    let unit = cx.ids.units();
    AttributeValue::DebugInfoRef(DebugInfoRef { unit, entry })
}
