//! Types that are made for a unit, whatever the debugger: numbers, and pointers of the host's size.

use crate::address::AddressSize;
use crate::transform::context::Context;
use crate::transform::output::Output;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::{DebugInfoOffset, DwTag};
use std::collections::HashMap;

/// The types that were made for a unit.
#[derive(Default)]
pub(super) struct MadeTypes {
    /// The integer of a pointer's size.
    number: Option<UnitEntryId>,
    /// Enumerations of classes' members, for pointers to them, and those that are dynamic.
    pub fields: HashMap<(DebugInfoOffset, bool), Option<UnitEntryId>>,
    /// Pointers of the host's size, by the guest's pointer type.
    pub native: HashMap<DebugInfoOffset, UnitEntryId>,
}

impl MadeTypes {
    /// The integer of a pointer's size.
    pub fn number_type(&mut self, cx: &Context<'_, '_, '_>, out: &mut Output) -> UnitEntryId {
        *self
            .number
            .get_or_insert_with(|| new_number_type(cx.address_size(), out))
    }
}

/// Adds an integer of a pointer's size.
pub(super) fn new_number_type(size: AddressSize, out: &mut Output) -> UnitEntryId {
    let name = match size {
        AddressSize::Four => "unsigned int",
        AddressSize::Eight => "unsigned long long",
    };
    let root = out.unit.root();
    let id = out.add_named(root, dw::DW_TAG_base_type, name);
    let mut entry = out.unit.get_mut(id);
    let unsigned = AttributeValue::Encoding(dw::DW_ATE_unsigned);
    entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(size.bytes()));
    entry.set(dw::DW_AT_encoding, unsigned);
    id
}

/// Adds a pointer or reference of the host's size to a type, or to void.
pub(super) fn native_type(out: &mut Output, tag: DwTag, to: Option<AttributeValue>) -> UnitEntryId {
    let root = out.unit.root();
    let id = out.unit.add(root, tag);
    let mut entry = out.unit.get_mut(id);
    entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(8));
    if let Some(to) = to {
        entry.set(dw::DW_AT_type, to);
    }
    id
}

/// Makes an entry another name of a type.
pub(super) fn set_alias(
    out: &mut Output,
    id: UnitEntryId,
    parent: UnitEntryId,
    name: AttributeValue,
    ty: AttributeValue,
) {
    out.unit.add_reserved(id, parent, dw::DW_TAG_typedef);
    let mut entry = out.unit.get_mut(id);
    entry.set(dw::DW_AT_name, name);
    entry.set(dw::DW_AT_type, ty);
}

/// A type made of another one.
pub(super) fn derived(out: &mut Output, tag: DwTag, inner: UnitEntryId) -> UnitEntryId {
    let root = out.unit.root();
    let id = out.unit.add(root, tag);
    let mut entry = out.unit.get_mut(id);
    entry.set(dw::DW_AT_type, AttributeValue::UnitRef(inner));
    id
}
