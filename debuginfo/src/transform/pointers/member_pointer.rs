//! Pointers to members of classes, which both debuggers take to be of the host's sizes (Itanium C++ ABI, section 2.3).
//!
//! A pointer to a data member is its offset, and -1 for null. gdb believes in 8 bytes, so variables are given to it as computed values of 8:
//! `object.*field` is evaluated then. In memory, and in lldb, such a pointer is one of an enumeration of the class's members.

use super::dynamic::always;
use super::made::{MadeTypes, new_number_type};
use crate::address::AddressSize;
use crate::dies::{DieRef, MAX_DEPTH};
use crate::expr::decode::member_offset;
use crate::expr::unlocatable::Unlocatable;
use crate::transform::context::Context;
use crate::transform::output::Output;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use std::collections::BTreeMap;

/// Names of members by their offsets.
type Offsets = BTreeMap<u64, String>;

/// Bytes of the debug info of an enumerator, beside its name.
const ENUMERATOR: usize = 16;

impl MadeTypes {
    /// Returns the type of a pointer to a member in memory: one of the class's, where these are known.
    pub(super) fn field_type<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        pointer: &DieRef<'a, 'd>,
        is_dynamic: bool,
    ) -> UnitEntryId {
        let class = pointer.entry.attr_value(dw::DW_AT_containing_type);
        let class = class.and_then(|class| cx.types.resolve(pointer.unit, class));
        let known = class.and_then(|class| self.field_enumeration(cx, out, &class, is_dynamic));
        known.unwrap_or_else(|| {
            let number = new_number_type(cx.address_size(), out);
            set_dynamic(out, number, is_dynamic);
            number
        })
    }

    /// The enumeration of a class's members, once for all pointers to them; none where its names would be too long.
    fn field_enumeration<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        class: &DieRef<'a, 'd>,
        is_dynamic: bool,
    ) -> Option<UnitEntryId> {
        // The enumeration is of 4 bytes.
        if cx.address_size() != AddressSize::Four {
            return None;
        }
        let key = (class.offset()?, is_dynamic);
        if let Some(known) = self.fields.get(&key) {
            return *known;
        }
        let mut offsets = Offsets::new();
        let made = find_fields(cx, class, 0, 0, &mut offsets);
        let made = made.map(|()| self.enumeration(cx, out, &offsets, is_dynamic));
        self.fields.insert(key, made);
        made
    }

    fn enumeration(
        &mut self,
        cx: &Context<'_, '_, '_>,
        out: &mut Output,
        offsets: &Offsets,
        is_dynamic: bool,
    ) -> UnitEntryId {
        let number = self.number_type(cx, out);
        let root = out.unit.root();
        let id = out.unit.add(root, dw::DW_TAG_enumeration_type);
        let mut entry = out.unit.get_mut(id);
        entry.set(dw::DW_AT_type, AttributeValue::UnitRef(number));
        entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(4));
        // With values of several bits that overlap, which debuggers do not take for flags that can be combined.
        let none = [
            (u64::from(u32::MAX), "(NULL)"),
            (u64::from(u32::MAX - 1), "no member"),
        ];
        let named = offsets.iter().map(|(offset, name)| (*offset, &name[..]));
        for (offset, name) in named.chain(none) {
            let enumerator = out.unit.add(id, dw::DW_TAG_enumerator);
            let mut enumerator = out.unit.get_mut(enumerator);
            enumerator.set(dw::DW_AT_name, AttributeValue::string(name));
            enumerator.set(dw::DW_AT_const_value, AttributeValue::Udata(offset));
        }
        set_dynamic(out, id, is_dynamic);
        id
    }

    /// A pointer to a method, as clang has it for WebAssembly (C++ ABI for the Arm architecture, section 3.2.1): the function's index in
    /// the table, or its offset in the virtual table; and twice what to add to `this`, plus 1 where the function is virtual.
    pub(super) fn method_pointer(
        &mut self,
        cx: &Context<'_, '_, '_>,
        out: &mut Output,
        id: UnitEntryId,
        parent: UnitEntryId,
        name: AttributeValue,
    ) {
        let number = self.number_type(cx, out);
        let size = cx.address_size().bytes();
        out.unit.add_reserved(id, parent, dw::DW_TAG_structure_type);
        let mut entry = out.unit.get_mut(id);
        entry.set(dw::DW_AT_name, name);
        entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(2 * size));
        for (name, offset) in [("ptr", 0), ("adj", size)] {
            let member = out.unit.add(id, dw::DW_TAG_member);
            let mut member = out.unit.get_mut(member);
            let place = AttributeValue::Data1(offset);
            member.set(dw::DW_AT_name, AttributeValue::string(name));
            member.set(dw::DW_AT_type, AttributeValue::UnitRef(number));
            member.set(dw::DW_AT_data_member_location, place);
        }
    }
}

/// Adds the type of a variable that is a pointer to a data member: of 8 bytes to gdb. Its target is that of other pointers to the same.
pub(super) fn native_field_pointer<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    out: &mut Output,
    pointer: &DieRef<'a, 'd>,
    target: impl FnOnce(&mut Output, &DieRef<'a, 'd>) -> Result<AttributeValue, Unlocatable>,
) -> Result<UnitEntryId, Unlocatable> {
    let class = pointer.entry.attr_value(dw::DW_AT_containing_type);
    let class = cx.reference(pointer.unit, class.ok_or("a member of no class")?)?;
    let member = cx.types.type_of(pointer).ok_or("a member of no type")?;
    let target = target(out, &member)?;
    let root = out.unit.root();
    let id = out.unit.add(root, dw::DW_TAG_ptr_to_member_type);
    let mut entry = out.unit.get_mut(id);
    entry.set(dw::DW_AT_type, target);
    entry.set(dw::DW_AT_containing_type, class);
    Ok(id)
}

fn set_dynamic(out: &mut Output, id: UnitEntryId, is_dynamic: bool) {
    if is_dynamic {
        let always = AttributeValue::exprloc(always());
        out.unit.get_mut(id).set(dw::DW_AT_associated, always);
    }
}

/// Finds the members of a class that begins at an offset, and then those of its bases, as gdb does. The first one at an offset is the
/// one that is named. `None` where that is too much.
fn find_fields<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    class: &DieRef<'a, 'd>,
    at: u64,
    depth: usize,
    found: &mut Offsets,
) -> Option<()> {
    let name = class.name().unwrap_or_default();
    let mut tree = class.unit.entries_tree(Some(class.entry.offset())).ok()?;
    let mut children = tree.root().ok()?.children();
    let mut bases = Vec::new();
    while let Some(child) = children.next().ok()? {
        let entry = child.entry();
        cx.spend_members(1)?;
        let is_member = entry.tag() == dw::DW_TAG_member;
        if !is_member && entry.tag() != dw::DW_TAG_inheritance {
            continue;
        }
        let member = DieRef {
            unit: class.unit,
            entry: entry.clone(),
        };
        let Some(offset) = place_in_class(&member) else {
            continue;
        };
        let offset = at.checked_add(offset)?;
        if !is_member {
            bases.push((offset, cx.types.type_of(&member)));
        } else if let Some(member) = member.name() {
            let path = format!("&{name}::{member}");
            cx.spend_members(path.len() + ENUMERATOR)?;
            found.entry(offset).or_insert(path);
        }
    }
    for (offset, base) in bases {
        if let Some(base) = base.filter(|_| depth < MAX_DEPTH) {
            find_fields(cx, &base, offset, depth + 1, found)?;
        }
    }
    Some(())
}

/// Returns the offset of a member or a base class, if all objects have it at one place that begins a byte.
fn place_in_class(member: &DieRef<'_, '_>) -> Option<u64> {
    let entry = &member.entry;
    let other = [
        dw::DW_AT_external,
        dw::DW_AT_declaration,
        dw::DW_AT_bit_size,
    ];
    if other.iter().any(|name| entry.attr(*name).is_some()) {
        return None;
    }
    match entry.attr_value(dw::DW_AT_data_member_location) {
        Some(place) => member_offset(place, member.unit),
        None => Some(0),
    }
}
