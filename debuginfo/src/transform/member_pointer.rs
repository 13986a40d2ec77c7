//! Pointers to members of classes, which both debuggers take to be of the host's sizes (Itanium C++ ABI, section 2.3).
//!
//! A pointer to a data member is its offset, and -1 for null. gdb believes in 8 bytes, so variables are given to it as computed values of 8:
//! `object.*field` is evaluated then. In memory, and in lldb, such a pointer is one of an enumeration of the class's members.

use super::convert::ConvertUnitEntry;
use super::pointee::always;
use super::reference::There;
use super::unit::UnitTransform;
use crate::address::AddressSize;
use crate::code::Flavor;
use crate::dies::{Die, MAX_DEPTH};
use crate::expr::decode::member_offset;
use crate::expr::unlocatable::Unlocatable;
use crate::source::Reader;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::read::Attribute;
use std::collections::BTreeMap;

/// Names of members by their offsets.
type Offsets = BTreeMap<u64, String>;

/// Bytes of the debug info of an enumerator, beside its name.
const ENUMERATOR: usize = 16;

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Returns true if a type is a pointer to a data member.
    pub(super) fn is_field_pointer(&self, ty: &There<'a, 'd>) -> bool {
        ty.entry.tag() == dw::DW_TAG_ptr_to_member_type && !self.is_function_at(ty)
    }

    /// Returns the declarator of a pointer to a member, in place of a star.
    pub(super) fn member_sign(&self, pointer: &There<'a, 'd>) -> String {
        let class = pointer.entry.attr_value(dw::DW_AT_containing_type);
        let class = class.and_then(|class| self.there(pointer.unit, class));
        // Its own name only: two ways on from each type would be without end for types that go in circles.
        let class = class.and_then(|class| self.name(&class));
        format!("{}::*", class.unwrap_or_default())
    }

    /// The pointer to a data member that a variable is, where gdb is given its value.
    pub(super) fn field_pointer(&self, entry: &Die<'d>) -> Option<There<'a, 'd>> {
        let ty = self.bare_type(self.unit.read_unit, entry)?;
        (self.has_base() && self.is_field_pointer(&ty)).then_some(ty)
    }

    /// The type of such a variable: of 8 bytes to gdb. What it leads to is what other pointers to the same lead to.
    pub(super) fn native_field_pointer(
        &mut self,
        pointer: &There<'a, 'd>,
    ) -> Result<UnitEntryId, Unlocatable> {
        let class = pointer.entry.attr_value(dw::DW_AT_containing_type);
        let class = self.converted(pointer.unit, class.ok_or("a member of no class")?)?;
        let member = self.type_of(pointer).ok_or("a member of no type")?;
        let member = self.target(&member)?;
        let root = self.unit.unit.root();
        let id = (self.unit.unit).add(root, dw::DW_TAG_ptr_to_member_type);
        let entry = self.unit.unit.get_mut(id);
        entry.set(dw::DW_AT_type, member);
        entry.set(dw::DW_AT_containing_type, class);
        Ok(id)
    }

    /// The constant that such a variable is.
    pub(super) fn native_field_value(
        &self,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        let value = attr.sdata_value().ok_or("it is no number")?;
        let value = match self.address_size() {
            AddressSize::Four => i64::from(value as i32),
            AddressSize::Eight => value,
        };
        Ok(Some(AttributeValue::Data8(value.cast_unsigned())))
    }

    /// Returns the type of a pointer to a member in memory: one of the class's, where these are known.
    pub(super) fn field_type(&mut self, pointer: &There<'a, 'd>, is_dynamic: bool) -> UnitEntryId {
        let class = pointer.entry.attr_value(dw::DW_AT_containing_type);
        let class = class.and_then(|class| self.there(pointer.unit, class));
        let known = class.and_then(|class| self.field_enumeration(&class, is_dynamic));
        known.unwrap_or_else(|| {
            let number = self.new_number_type();
            self.set_dynamic(number, is_dynamic);
            number
        })
    }

    fn set_dynamic(&mut self, id: UnitEntryId, is_dynamic: bool) {
        if is_dynamic {
            let always = AttributeValue::Exprloc(always());
            self.unit.unit.get_mut(id).set(dw::DW_AT_associated, always);
        }
    }

    /// The enumeration of a class's members, once for all pointers to them; none where its names would be too long.
    fn field_enumeration(
        &mut self,
        class: &There<'a, 'd>,
        is_dynamic: bool,
    ) -> Option<UnitEntryId> {
        // The enumeration is of 4 bytes.
        if self.address_size() != AddressSize::Four {
            return None;
        }
        let key = (class.offset()?, is_dynamic);
        if let Some(known) = self.pointers.fields.get(&key) {
            return *known;
        }
        let mut offsets = Offsets::new();
        let made = self.find_fields(class, 0, 0, &mut offsets);
        let made = made.map(|()| self.enumeration(&offsets, is_dynamic));
        self.pointers.fields.insert(key, made);
        made
    }

    fn enumeration(&mut self, offsets: &Offsets, is_dynamic: bool) -> UnitEntryId {
        let number = self.number_type();
        let root = self.unit.unit.root();
        let id = self.unit.unit.add(root, dw::DW_TAG_enumeration_type);
        let entry = self.unit.unit.get_mut(id);
        entry.set(dw::DW_AT_type, AttributeValue::UnitRef(number));
        entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(4));
        // With values of several bits that overlap, which debuggers do not take for flags that can be combined.
        let none = [
            (u64::from(u32::MAX), "(NULL)"),
            (u64::from(u32::MAX - 1), "no member"),
        ];
        let named = offsets.iter().map(|(offset, name)| (*offset, &name[..]));
        for (offset, name) in named.chain(none) {
            let enumerator = self.unit.unit.add(id, dw::DW_TAG_enumerator);
            let enumerator = self.unit.unit.get_mut(enumerator);
            enumerator.set(dw::DW_AT_name, AttributeValue::String(name.into()));
            enumerator.set(dw::DW_AT_const_value, AttributeValue::Udata(offset));
        }
        self.set_dynamic(id, is_dynamic);
        id
    }

    /// Finds the members of a class that begins at an offset, and then those of its bases, as gdb does. The first one at an offset is the
    /// one that is named. `None` where that is too much.
    fn find_fields(
        &mut self,
        class: &There<'a, 'd>,
        at: u64,
        depth: usize,
        found: &mut Offsets,
    ) -> Option<()> {
        let name = self.name(class).unwrap_or_default();
        let mut tree = class.unit.entries_tree(Some(class.entry.offset())).ok()?;
        let mut children = tree.root().ok()?.children();
        let mut bases = Vec::new();
        while let Some(child) = children.next().ok()? {
            let entry = child.entry();
            self.effort = self.effort.checked_sub(1)?;
            let is_member = entry.tag() == dw::DW_TAG_member;
            if !is_member && entry.tag() != dw::DW_TAG_inheritance {
                continue;
            }
            let member = There {
                unit: class.unit,
                entry: entry.clone(),
            };
            let Some(offset) = place_in_class(&member) else {
                continue;
            };
            let offset = at.checked_add(offset)?;
            if !is_member {
                bases.push((offset, self.type_of(&member)));
            } else if let Some(member) = self.name(&member) {
                let path = format!("&{name}::{member}");
                self.effort = self.effort.checked_sub(path.len() + ENUMERATOR)?;
                found.entry(offset).or_insert(path);
            }
        }
        for (offset, base) in bases {
            if let Some(base) = base.filter(|_| depth < MAX_DEPTH) {
                self.find_fields(&base, offset, depth + 1, found)?;
            }
        }
        Some(())
    }

    /// A pointer to a method, as clang has it for WebAssembly (C++ ABI for the Arm architecture, section 3.2.1): the function's index in
    /// the table, or its offset in the virtual table; and twice what to add to `this`, plus 1 where the function is virtual.
    pub(super) fn method_pointer(
        &mut self,
        id: UnitEntryId,
        parent: UnitEntryId,
        name: AttributeValue,
    ) {
        let number = self.number_type();
        let size = self.address_size().bytes();
        self.unit
            .unit
            .add_reserved(id, parent, dw::DW_TAG_structure_type);
        let entry = self.unit.unit.get_mut(id);
        entry.set(dw::DW_AT_name, name);
        entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(2 * size));
        for (name, offset) in [("ptr", 0), ("adj", size)] {
            let member = self.unit.unit.add(id, dw::DW_TAG_member);
            let member = self.unit.unit.get_mut(member);
            let place = AttributeValue::Data1(offset);
            member.set(dw::DW_AT_name, AttributeValue::String(name.into()));
            member.set(dw::DW_AT_type, AttributeValue::UnitRef(number));
            member.set(dw::DW_AT_data_member_location, place);
        }
    }

    /// Returns true if a variable's value is given to gdb, as its type's size is not the guest's.
    pub(super) fn takes_native_field_pointer(
        &self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
    ) -> bool {
        self.lookup.code.flavor == Flavor::Gdb
            && self.may_take_native(entry)
            && self.field_pointer(entry).is_some()
    }
}

/// Returns the offset of a member or a base class, if all objects have it at one place that begins a byte.
fn place_in_class(member: &There<'_, '_>) -> Option<u64> {
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
