//! Questions about types, answered from their entries alone: sizes, functions behind pointers, virtual bases, variants.

use super::array::dimensions;
use super::{Die, DieRef, MAX_DEPTH, Units, is_pointer, is_qualifier, pointer_size};
use crate::address::AddressSize;
use crate::source::ReadUnit;
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;
use gimli::{DebugInfoOffset, UnitOffset};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;

/// The types of a module's units, for one that asks.
pub(crate) struct Types<'u, 'a, 'd> {
    units: &'u Units<'a, 'd>,
    /// True if classes have virtual bases, as far as that was asked.
    virtual_bases: RefCell<HashMap<DebugInfoOffset, bool>>,
    /// True if types have variants, as far as that was asked.
    variants: RefCell<HashMap<DebugInfoOffset, bool>>,
}

impl<'a, 'd> Deref for Types<'_, 'a, 'd> {
    type Target = Units<'a, 'd>;

    fn deref(&self) -> &Units<'a, 'd> {
        self.units
    }
}

impl<'u, 'a, 'd> Types<'u, 'a, 'd> {
    pub fn new(units: &'u Units<'a, 'd>) -> Types<'u, 'a, 'd> {
        Types {
            units,
            virtual_bases: RefCell::default(),
            variants: RefCell::default(),
        }
    }

    /// The pointer or reference to data that an entry's type is, behind typedefs and qualifiers.
    pub fn pointer_type(&self, unit: ReadUnit<'a, 'd>, entry: &Die<'d>) -> Option<DieRef<'a, 'd>> {
        let ty = self.bare_type(unit, entry)?;
        let is_data = matches!(
            ty.entry.tag(),
            dw::DW_TAG_pointer_type | dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type
        ) && !self.is_function(&ty);
        is_data.then_some(ty)
    }

    /// The type that qualifiers are of.
    pub fn behind_qualifiers(&self, mut ty: DieRef<'a, 'd>) -> Option<DieRef<'a, 'd>> {
        for _ in 0..MAX_DEPTH {
            if !is_qualifier(ty.entry.tag()) {
                return Some(ty);
            }
            ty = self.type_of(&ty)?;
        }
        None
    }

    /// Returns true if a type is a pointer to a method, which is shown as a structure.
    pub fn is_method_pointer(&self, ty: &DieRef<'a, 'd>) -> bool {
        ty.entry.tag() == dw::DW_TAG_ptr_to_member_type && self.is_function(ty)
    }

    /// Returns true if a type is a pointer to a data member.
    pub fn is_field_pointer(&self, ty: &DieRef<'a, 'd>) -> bool {
        ty.entry.tag() == dw::DW_TAG_ptr_to_member_type && !self.is_function(ty)
    }

    /// Returns true if the target of a pointer type is a function: its values are indices of a table, not addresses.
    pub fn is_function(&self, pointer: &DieRef<'a, 'd>) -> bool {
        let mut ty = self.type_of(pointer);
        for _ in 0..MAX_DEPTH {
            match ty {
                Some(found) if found.entry.tag() == dw::DW_TAG_subroutine_type => return true,
                Some(found)
                    if matches!(
                        found.entry.tag(),
                        dw::DW_TAG_typedef | dw::DW_TAG_const_type
                    ) =>
                {
                    ty = self.type_of(&found);
                }
                _ => return false,
            }
        }
        false
    }

    /// The bytes of a variable, where its type says so.
    pub fn byte_size(&self, unit: ReadUnit<'a, 'd>, entry: &Die<'d>) -> Option<u64> {
        let mut ty = self.bare_type(unit, entry)?;
        let mut count = 1u64;
        for _ in 0..MAX_DEPTH {
            let said = ty.entry.attr(dw::DW_AT_byte_size);
            if let Some(size) = said.and_then(|size| size.udata_value()) {
                return size.checked_mul(count);
            }
            match ty.entry.tag() {
                tag if is_pointer(tag) => {
                    let addresses = AddressSize::of(ty.unit.encoding());
                    let size = pointer_size(tag, self.is_function(&ty), addresses)?;
                    return count.checked_mul(size);
                }
                dw::DW_TAG_array_type => {
                    let mut dimensions = dimensions(&ty)?.into_iter();
                    count = dimensions.try_fold(count, u64::checked_mul)?;
                }
                _ => return None,
            }
            ty = self.bare_type(ty.unit, &ty.entry)?;
        }
        None
    }

    /// Returns true if a base class is virtual or has a virtual one.
    pub fn has_virtual_base(&self, inheritance: &DieRef<'a, 'd>, depth: usize) -> bool {
        if is_virtual(&inheritance.entry) {
            return true;
        }
        let Some(base) = self.type_of(inheritance).filter(|_| depth < MAX_DEPTH) else {
            return false;
        };
        self.has_virtual_bases(&base, depth)
    }

    /// Returns true if a class has a virtual base, or one that has.
    pub fn has_virtual_bases(&self, class: &DieRef<'a, 'd>, depth: usize) -> bool {
        let Some(place) = class.offset() else {
            return false;
        };
        if let Some(known) = self.virtual_bases.borrow().get(&place) {
            return *known;
        }
        // Of a class that is its own base: no.
        self.virtual_bases.borrow_mut().insert(place, false);
        let found = any_child(class, |child| {
            child.entry.tag() == dw::DW_TAG_inheritance && self.has_virtual_base(child, depth + 1)
        });
        self.virtual_bases.borrow_mut().insert(place, found);
        found
    }

    /// Entries of virtual bases of a class that another of its bases has too: they are one part of its objects.
    pub fn repeated_bases(&self, class: &DieRef<'a, 'd>) -> Vec<UnitOffset> {
        let bases = bases(class);
        let mut left = MAX_DEPTH;
        let mut repeated = Vec::new();
        for (i, base) in bases
            .iter()
            .enumerate()
            .filter(|(_, it)| is_virtual(&it.entry))
        {
            let Some(place) = self.type_of(base).and_then(|ty| ty.offset()) else {
                continue;
            };
            let others = bases.iter().enumerate().filter(|(other, _)| *other != i);
            let mut classes = others.filter_map(|(_, other)| self.type_of(other));
            if classes.any(|other| self.inherits_virtually(&other, place, &mut left)) {
                repeated.push(base.entry.offset());
            }
        }
        repeated
    }

    /// Returns true if a class, or one of its bases, has a virtual base of this type; looks at no more than so many bases.
    fn inherits_virtually(
        &self,
        class: &DieRef<'a, 'd>,
        base: DebugInfoOffset,
        left: &mut usize,
    ) -> bool {
        bases(class).iter().any(|inheritance| {
            let Some(ty) = self.type_of(inheritance).filter(|_| *left > 0) else {
                return false;
            };
            *left -= 1;
            is_virtual(&inheritance.entry) && ty.offset() == Some(base)
                || self.inherits_virtually(&ty, base, left)
        })
    }

    /// Returns true if a type has variants, or parts that have.
    pub fn has_variants(&self, ty: &DieRef<'a, 'd>, depth: usize) -> bool {
        let inner = |die: &DieRef<'a, 'd>| {
            let inner = self.type_of(die).filter(|_| depth < MAX_DEPTH);
            inner.is_some_and(|inner| self.has_variants(&inner, depth + 1))
        };
        match ty.entry.tag() {
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_union_type => {}
            dw::DW_TAG_typedef
            | dw::DW_TAG_const_type
            | dw::DW_TAG_volatile_type
            | dw::DW_TAG_array_type => return inner(ty),
            _ => return false,
        }
        let Some(place) = ty.offset() else {
            return false;
        };
        if let Some(known) = self.variants.borrow().get(&place) {
            return *known;
        }
        // Of a type that is a part of itself: no.
        self.variants.borrow_mut().insert(place, false);
        let found = any_child(ty, |child| match child.entry.tag() {
            dw::DW_TAG_variant_part => true,
            dw::DW_TAG_member | dw::DW_TAG_inheritance => inner(child),
            _ => false,
        });
        self.variants.borrow_mut().insert(place, found);
        found
    }
}

/// Returns true if any of an entry's children is so.
fn any_child<'a, 'd>(die: &DieRef<'a, 'd>, mut is: impl FnMut(&DieRef<'a, 'd>) -> bool) -> bool {
    let Ok(mut tree) = die.unit.entries_tree(Some(die.entry.offset())) else {
        return false;
    };
    let Ok(root) = tree.root() else { return false };
    let mut children = root.children();
    while let Ok(Some(child)) = children.next() {
        let child = DieRef {
            unit: die.unit,
            entry: child.entry().clone(),
        };
        if is(&child) {
            return true;
        }
    }
    false
}

/// The entries of a class's bases, in order; as far as they can be read.
fn bases<'a, 'd>(class: &DieRef<'a, 'd>) -> Vec<DieRef<'a, 'd>> {
    let mut bases = Vec::new();
    any_child(class, |child| {
        if child.entry.tag() == dw::DW_TAG_inheritance {
            bases.push(child.clone());
        }
        false
    });
    bases
}

/// Returns true if a base class or a method is virtual.
pub(crate) fn is_virtual(die: &Die<'_>) -> bool {
    let virtuality = die.attr_value(dw::DW_AT_virtuality);
    matches!(virtuality, Some(Read::Virtuality(it)) if it != dw::DW_VIRTUALITY_none)
}
