//! What an index lists of a unit: entries that debuggers ask for by their names.
//!
//! Those that DWARF 5, section 6.1.1.1 says, and those that lldb 19 has where there is no index: also constants, and labels because
//! llvm-dwarfdump counts them.

use super::unit::Entry;
use super::value::{Read, Value};
use super::{Unit, UnitEntryId};
use gimli::read::{EndianSlice, Expression};
use gimli::{DwAt, DwTag, Encoding, Format, LittleEndian, Operation, constants as dw};

/// The longest chain of origins that is followed, as types may refer to each other in cycles.
const MAX_DEPTH: usize = 16;

/// A name of an entry.
#[derive(Debug)]
pub(crate) struct Listed {
    pub name: Name,
    pub tag: DwTag,
    /// The entry, from the start of the unit.
    pub offset: u32,
}

/// A name, by its place in the input's `.debug_str` or as it is.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Name {
    Input(u32),
    Own(Box<[u8]>),
}

/// Names functions that are inlined where they are declared elsewhere. By an index lldb 19 finds an instance of one only where what it is
/// an instance of has the name itself.
pub(super) fn complete(unit: &mut Unit) {
    let lacks_name = |entry: Entry<'_>| {
        entry.tag() == dw::DW_TAG_subprogram
            && attribute(entry, dw::DW_AT_inline).is_some()
            && attribute(entry, dw::DW_AT_specification).is_some()
            && [dw::DW_AT_linkage_name, dw::DW_AT_name]
                .iter()
                .all(|name| attribute(entry, *name).is_none())
    };
    let mut found = Vec::new();
    let mut room = room(unit);
    for (id, entry) in (0..).map(UnitEntryId).zip(unit.entries()) {
        if lacks_name(entry) {
            let value = |name| origins(unit, entry).find_map(|entry| attribute(entry, name));
            let names = [dw::DW_AT_linkage_name, dw::DW_AT_name];
            let name = names
                .into_iter()
                .find_map(|name| Some((name, value(name)?)));
            let name = name.filter(|(_, value)| take(&mut room, value).is_some());
            found.extend(name.map(|(name, value)| (id, name, value.to_owned())));
        }
    }
    for (id, name, value) in found {
        unit.get_mut(id).set(name, value);
    }
}

/// The bytes of names that a unit's entries may have of others: instances may be of one whose name is as long as the input.
fn room(unit: &Unit) -> usize {
    const OF_ENTRY: usize = 256;
    const BESIDE: usize = 1 << 20;
    BESIDE.saturating_add(unit.count().saturating_mul(OF_ENTRY))
}

/// Takes what a name needs; `None` where there is not as much.
fn take(room: &mut usize, name: &Read<'_>) -> Option<()> {
    if let Value::String(own) = name {
        *room = room.checked_sub(own.len())?;
    }
    Some(())
}

/// All names of a unit, given where its entries are; none if some of them are in other units, as such a unit must not be in an index, or
/// if they are too long.
pub(super) fn listed(unit: &Unit, offsets: &[u32]) -> Option<Vec<Listed>> {
    let mut all = Vec::new();
    let mut room = room(unit);
    for (id, entry) in (0..).map(UnitEntryId).zip(unit.entries()) {
        if id == unit.root() || !is_listed(unit, entry) {
            continue;
        }
        let mut list = |name| {
            all.push(Listed {
                name,
                tag: entry.tag(),
                offset: offsets[id.0 as usize],
            });
        };
        let name = find(unit, entry, dw::DW_AT_name, &mut room)?;
        let linkage_name = find(unit, entry, dw::DW_AT_linkage_name, &mut room)?;
        if linkage_name.is_some() && linkage_name != name {
            linkage_name.map(&mut list);
        }
        match name {
            Some(name) => list(name),
            None if entry.tag() == dw::DW_TAG_namespace => {
                list(Name::Own((*b"(anonymous namespace)").into()));
            }
            None => {}
        }
    }
    Some(all)
}

fn attribute(entry: Entry<'_>, name: DwAt) -> Option<Read<'_>> {
    entry.attr(name)
}

fn is_listed(unit: &Unit, entry: Entry<'_>) -> bool {
    let has = |name| attribute(entry, name).is_some();
    match entry.tag() {
        // Numbers without an entry, what is asked for in another way, and what nothing outside can name.
        dw::DW_TAG_null
        | dw::DW_TAG_module
        | dw::DW_TAG_member
        | dw::DW_TAG_enumerator
        | dw::DW_TAG_formal_parameter
        | dw::DW_TAG_template_type_parameter
        | dw::DW_TAG_template_value_parameter
        | dw::DW_TAG_GNU_template_template_param
        | dw::DW_TAG_GNU_template_parameter_pack => false,
        // Also declarations: constants of classes have their values there.
        dw::DW_TAG_variable => is_listed_variable(unit, entry),
        _ if has(dw::DW_AT_declaration) => false,
        dw::DW_TAG_subprogram | dw::DW_TAG_inlined_subroutine | dw::DW_TAG_label => [
            dw::DW_AT_low_pc,
            dw::DW_AT_high_pc,
            dw::DW_AT_ranges,
            dw::DW_AT_entry_pc,
        ]
        .into_iter()
        .any(has),
        _ => true,
    }
}

fn is_listed_variable(unit: &Unit, variable: Entry<'_>) -> bool {
    if let Some(Value::Exprloc(location)) = attribute(variable, dw::DW_AT_location)
        && has_address(location.bytes())
    {
        return true;
    }
    let is_known = |entry: Entry<'_>| {
        attribute(entry, dw::DW_AT_location).is_some()
            || attribute(entry, dw::DW_AT_const_value).is_some()
    };
    is_global(unit, variable) && origins(unit, variable).any(is_known)
}

/// An entry, and what it is an instance of in the same unit.
fn origins<'u>(unit: &'u Unit, entry: Entry<'u>) -> impl Iterator<Item = Entry<'u>> {
    let origin = |entry: &Entry<'u>| match origin(*entry)? {
        Value::UnitRef(id) if unit.has(id) => Some(unit.get(id)),
        _ => None,
    };
    std::iter::successors(Some(entry), origin).take(MAX_DEPTH)
}

fn origin(entry: Entry<'_>) -> Option<Read<'_>> {
    [dw::DW_AT_abstract_origin, dw::DW_AT_specification]
        .into_iter()
        .find_map(|name| attribute(entry, name))
}

/// Returns true if an expression names an address.
fn has_address(expression: &[u8]) -> bool {
    let encoding = Encoding {
        format: Format::Dwarf32,
        version: 5,
        address_size: 8,
    };
    let mut operations =
        Expression(EndianSlice::new(expression, LittleEndian)).operations(encoding);
    let mut operations = std::iter::from_fn(|| operations.next().ok().flatten());
    operations.any(|operation| matches!(operation, Operation::Address { .. }))
}

/// Returns true if a variable is in no function.
fn is_global(unit: &Unit, entry: Entry<'_>) -> bool {
    let mut around = entry.parent();
    while let Some(parent) = around.map(|id| unit.get(id)) {
        if matches!(
            parent.tag(),
            dw::DW_TAG_subprogram | dw::DW_TAG_lexical_block | dw::DW_TAG_inlined_subroutine
        ) {
            return false;
        }
        around = parent.parent();
    }
    true
}

/// A name that an entry has, or what it is an instance of; nothing at all if that is in another unit, or too long.
fn find(unit: &Unit, entry: Entry<'_>, name: DwAt, room: &mut usize) -> Option<Option<Name>> {
    for entry in origins(unit, entry) {
        let value = attribute(entry, name);
        value.as_ref().map_or(Some(()), |value| take(room, value))?;
        match value {
            Some(Value::StringRef(place)) => return Some(Some(Name::Input(place))),
            Some(Value::String(own)) => return Some(Some(Name::Own(own.into()))),
            _ => {}
        }
        if let Some(Value::DebugInfoRef(_)) = origin(entry) {
            return None;
        }
    }
    Some(None)
}
