//! Types with variants, as Rust's enums, whose values are not in memory. gdb 13 finds out which variant there is, and then takes the
//! members of the first one for its members (`rust_language::print_enum`): it shows other values, or ends where the first has fewer.

use super::reference::There;
use super::unit::UnitTransform;
use crate::code::Flavor;
use crate::dies::{Die, MAX_DEPTH};
use crate::expr::decode::Op;
use gimli::constants as dw;

/// Why such a value is not shown.
pub(super) const VARIANTS: &str = "gdb takes a variant that is not in memory for another one";

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Returns true if the debugger would show another variant of what is where the operations say.
    pub(super) fn mistakes_variants_at(&self, entry: &Die<'d>, ops: &[Op]) -> bool {
        let is_in_memory = match ops {
            // A local is in a frame of the host's.
            [Op::Local(_), Op::StackValue] => true,
            ops => !ops.iter().any(|op| {
                matches!(
                    op,
                    Op::StackValue | Op::Piece(..) | Op::Implicit(_) | Op::ImplicitPointer(..)
                )
            }),
        };
        !is_in_memory && self.mistakes_variants(entry)
    }

    /// Returns true if the debugger would show another variant of a value that is not in memory.
    pub(super) fn mistakes_variants(&self, entry: &Die<'d>) -> bool {
        self.lookup.code.flavor == Flavor::Gdb
            && self
                .type_of(&self.here(entry))
                .is_some_and(|ty| self.has_variants(&ty, 0))
    }

    /// Returns true if a type has variants, or parts that have.
    fn has_variants(&self, ty: &There<'a, 'd>, depth: usize) -> bool {
        let inner = |there: &There<'a, 'd>| {
            let inner = self.type_of(there).filter(|_| depth < MAX_DEPTH);
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
        let known = &self.pointers.variants;
        if let Some(known) = known.borrow().get(&place) {
            return *known;
        }
        // Of a type that is a part of itself: no.
        known.borrow_mut().insert(place, false);
        let found = self.any_part(ty, |part| match part.entry.tag() {
            dw::DW_TAG_variant_part => true,
            dw::DW_TAG_member | dw::DW_TAG_inheritance => inner(part),
            _ => false,
        });
        known.borrow_mut().insert(place, found);
        found
    }

    /// Returns true if any of a type's children is so.
    fn any_part(&self, ty: &There<'a, 'd>, is: impl Fn(&There<'a, 'd>) -> bool) -> bool {
        let Ok(mut tree) = ty.unit.entries_tree(Some(ty.entry.offset())) else {
            return false;
        };
        let Ok(root) = tree.root() else { return false };
        let mut children = root.children();
        while let Ok(Some(child)) = children.next() {
            let part = There {
                unit: ty.unit,
                entry: child.entry().clone(),
            };
            if is(&part) {
                return true;
            }
        }
        false
    }
}
