//! Bases of classes that lldb cannot place: virtual ones, whose place only the guest's tables say, where lldb would read 8-byte
//! addresses; and bases that have virtual ones, which are shorter in a class than alone. The class is shown without them, and
//! tells formatters by static members, `__base_0` and so on, of what type they are and where.

use super::convert::ConvertUnitEntry;
use super::reference::There;
use super::unit::UnitTransform;
use crate::code::Flavor;
use crate::dies::{Die, MAX_DEPTH};
use crate::expr::decode::{Op, decode, member_offset};
use crate::source::Reader;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;
use std::collections::HashMap;

/// The bases not shown, counted by class.
pub(super) type Hidden = HashMap<UnitEntryId, usize>;

/// The place of a base.
enum Place {
    /// Bytes behind the object's begin.
    Offset(u64),
    /// Behind the object's begin as many bytes as is said so many bytes before what its first word points to
    /// (Itanium C++ ABI, section 2.5.2, virtual base offsets).
    Table(u64),
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Returns true if an entry is such a base.
    pub(super) fn is_hidden(&self, entry: &Die<'d>) -> bool {
        self.lookup.code.flavor == Flavor::Lldb
            && entry.tag() == dw::DW_TAG_inheritance
            && self.has_virtual_base(&self.here(entry), 0)
    }

    /// Returns true if a base is virtual or has a virtual one.
    fn has_virtual_base(&self, inheritance: &There<'a, 'd>, depth: usize) -> bool {
        if is_virtual(&inheritance.entry) {
            return true;
        }
        let Some(base) = self.type_of(inheritance).filter(|_| depth < MAX_DEPTH) else {
            return false;
        };
        self.has_virtual_bases(&base, depth)
    }

    /// Returns true if a class has a virtual base, or one that has.
    pub(super) fn has_virtual_bases(&self, class: &There<'a, 'd>, depth: usize) -> bool {
        let Some(place) = class.offset() else {
            return false;
        };
        let known = &self.pointers.virtual_bases;
        if let Some(known) = known.borrow().get(&place) {
            return *known;
        }
        // Of a class that is its own base: no.
        known.borrow_mut().insert(place, false);
        let found = self.class_has_virtual_base(class, depth);
        known.borrow_mut().insert(place, found);
        found
    }

    fn class_has_virtual_base(&self, class: &There<'a, 'd>, depth: usize) -> bool {
        let Ok(mut tree) = class.unit.entries_tree(Some(class.entry.offset())) else {
            return false;
        };
        let Ok(root) = tree.root() else { return false };
        let mut children = root.children();
        while let Ok(Some(child)) = children.next() {
            let entry = child.entry();
            if entry.tag() != dw::DW_TAG_inheritance {
                continue;
            }
            let inheritance = There {
                unit: class.unit,
                entry: entry.clone(),
            };
            if self.has_virtual_base(&inheritance, depth + 1) {
                return true;
            }
        }
        false
    }

    /// Says in the class what the base is: a static member, by whose name formatters find it, as a class's types are not found by
    /// theirs. The name of its type says where the base is.
    pub(super) fn hidden_base(&mut self, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let (Some(class), Some(place)) = (entry.parent, self.place(entry)) else {
            return;
        };
        let base = entry.attr_value(dw::DW_AT_type);
        let Some(Ok(base)) = base.map(|base| self.converted(self.unit.read_unit, base)) else {
            return;
        };
        let count = self.hidden.entry(class).or_default();
        let member_name = format!("__base_{count}");
        *count += 1;
        let type_name = match place {
            Place::Offset(offset) => format!("wasm32_base_{offset}"),
            Place::Table(offset) => format!("wasm32_virtual_base_{offset}"),
        };
        let root = self.unit.unit.root();
        let ty = self.unit.unit.add(root, dw::DW_TAG_typedef);
        let alias = self.unit.unit.get_mut(ty);
        alias.set(dw::DW_AT_name, AttributeValue::String(type_name.into()));
        alias.set(dw::DW_AT_type, base);
        let member = self.unit.unit.add(class, dw::DW_TAG_member);
        let member = self.unit.unit.get_mut(member);
        member.set(dw::DW_AT_name, AttributeValue::String(member_name.into()));
        member.set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
        member.set(dw::DW_AT_external, AttributeValue::Flag(true));
        member.set(dw::DW_AT_declaration, AttributeValue::Flag(true));
    }

    fn place(&self, inheritance: &Die<'d>) -> Option<Place> {
        let place = inheritance.attr_value(dw::DW_AT_data_member_location)?;
        if let Some(offset) = member_offset(place, self.unit.read_unit) {
            return (!is_virtual(inheritance)).then_some(Place::Offset(offset));
        }
        match place {
            Read::Exprloc(expression) => match decode(expression, self.unit.read_unit).ok()?[..] {
                [
                    Op::Pick(0),
                    Op::Deref(_),
                    Op::Unsigned(offset),
                    Op::Plain(dw::DW_OP_minus),
                    Op::Deref(_),
                    Op::Plain(dw::DW_OP_plus),
                ] => Some(Place::Table(offset)),
                _ => None,
            },
            _ => None,
        }
    }
}

fn is_virtual(inheritance: &Die<'_>) -> bool {
    matches!(inheritance.attr_value(dw::DW_AT_virtuality), Some(Read::Virtuality(it)) if it != dw::DW_VIRTUALITY_none)
}
