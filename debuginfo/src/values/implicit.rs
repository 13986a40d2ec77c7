//! Pointers to what lies nowhere (DWARF 5, section 2.6.1.1.4): they have no value of their own, only one that they point to.

use super::machine::Unavailable;
use super::render::Renderer;
use super::scope::{Declared, Reader};
use crate::expr::decode::Op;
use crate::units::Place;
use gimli::DebugInfoOffset;
use gimli::constants as dw;

/// The target of such a pointer: an entry, and an offset in bytes.
#[derive(Clone, Copy)]
pub(super) struct Target {
    entry: DebugInfoOffset,
    offset: i64,
}

impl Target {
    /// Of a location that is nothing else; structures of which a part is one are shown as those that lack a part.
    pub fn of(ops: &[Op]) -> Option<Target> {
        match *ops {
            [Op::ImplicitPointer(entry, offset)] => Some(Target { entry, offset }),
            _ => None,
        }
    }
}

impl Reader<'_, '_> {
    /// Returns the target of a variable whose location says that it is such a pointer.
    pub(super) fn implicit_target(&self, variable: Place) -> Option<Target> {
        let (unit, attr) = self.units.attr(variable, dw::DW_AT_location)?;
        let (ops, _) = self.operations(unit, attr.value())?;
        Target::of(&ops)
    }

    /// Renders the value of the pointer's target, as the pointer's type has it.
    pub(super) fn through(
        &self,
        renderer: &Renderer<'_, '_>,
        pointer: Place,
        target: Target,
        declared: Declared,
        line: Option<u32>,
    ) -> Result<String, Unavailable> {
        let unreadable = Unavailable::Unreadable;
        let place = self.units.place(target.entry).ok_or(unreadable.clone())?;
        let (location, is_said) = self.location(declared.with(place))?;
        if !is_said && !self.is_set(place, line) {
            return Err(Unavailable::NotStored);
        }
        let shown = || {
            let (pointer, _) = renderer.bare(pointer)?;
            let pointee = self.units.ty(pointer)?;
            let bytes = renderer.bytes(self.units.ty(place)?, &location)?;
            let start = usize::try_from(target.offset).ok()?;
            let end = start.checked_add(usize::try_from(renderer.size(pointee)?).ok()?)?;
            let value = renderer.value(pointee, bytes.get(start..end)?, 0)?;
            Some(format!("→ {value}"))
        };
        let shown = shown().ok_or(unreadable)?;
        let is_assumed = self
            .units
            .ty(place)
            .is_some_and(|ty| self.is_assumed(place, ty));
        match is_assumed {
            true => Err(Unavailable::Constant(shown)),
            false => Ok(shown),
        }
    }
}
