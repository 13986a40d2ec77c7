//! Entries that others refer to: of the same unit, or of another one, as link-time optimisation has types and inlined functions.

use super::unit::UnitTransform;
use crate::dies::{Die, MAX_DEPTH, is_alias};
use crate::expr::unlocatable::Unlocatable;
use crate::source::{ReadUnit, Reader};
use crate::write::AttributeValue;
use gimli::DebugInfoOffset;
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

/// An entry, and the unit that its references count from.
#[derive(Clone)]
pub(super) struct There<'a, 'd> {
    pub unit: ReadUnit<'a, 'd>,
    pub entry: Die<'d>,
}

/// The name and declaration of a variable.
pub(super) struct Declared<'d> {
    pub name: Reader<'d>,
    pub line: Option<u64>,
    /// True if the compiler made it up: lldb does not show those.
    pub is_artificial: bool,
}

impl There<'_, '_> {
    /// Its offset in `.debug_info`.
    pub fn offset(&self) -> Option<DebugInfoOffset> {
        self.entry.offset().to_debug_info_offset(&self.unit.header)
    }
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// An entry of this unit.
    pub(super) fn here(&self, entry: &Die<'d>) -> There<'a, 'd> {
        There {
            unit: self.unit.read_unit,
            entry: entry.clone(),
        }
    }

    /// Returns true if an entry is of this unit.
    pub(super) fn is_own(&self, there: &There<'a, 'd>) -> bool {
        there.unit.header.offset() == self.unit.read_unit.header.offset()
    }

    /// A reference to an entry.
    pub(super) fn reference_to(
        &self,
        there: &There<'a, 'd>,
    ) -> Result<AttributeValue, Unlocatable> {
        self.converted(there.unit, Read::UnitRef(there.entry.offset()))
    }

    /// The type of an entry.
    pub(super) fn type_of(&self, there: &There<'a, 'd>) -> Option<There<'a, 'd>> {
        self.type_at(there.unit, &there.entry)
    }

    /// Returns the target of an entry's reference.
    pub(super) fn there(
        &self,
        unit: ReadUnit<'a, 'd>,
        value: Read<Reader<'d>>,
    ) -> Option<There<'a, 'd>> {
        let (unit, offset) = match value {
            Read::UnitRef(offset) => (unit, offset),
            Read::DebugInfoRef(offset) => {
                let (number, offset) = self.unit.locate(offset)?;
                (self.units.get(number)?.unit.unit_ref(self.read), offset)
            }
            _ => return None,
        };
        let entry = unit.entry(offset).ok()?;
        Some(There { unit, entry })
    }

    /// The type that an entry of a unit refers to, or that what it is a concrete instance of does.
    pub(super) fn type_at(&self, unit: ReadUnit<'a, 'd>, entry: &Die<'d>) -> Option<There<'a, 'd>> {
        if let Some(ty) = entry.attr_value(dw::DW_AT_type) {
            return self.there(unit, ty);
        }
        let origin = self.origin_at(unit, entry)?;
        self.there(origin.unit, origin.entry.attr_value(dw::DW_AT_type)?)
    }

    /// The same, behind its other names and qualifiers.
    pub(super) fn bare_type(
        &self,
        unit: ReadUnit<'a, 'd>,
        entry: &Die<'d>,
    ) -> Option<There<'a, 'd>> {
        let mut ty = self.type_at(unit, entry)?;
        for _ in 0..MAX_DEPTH {
            match ty.entry.tag() {
                tag if is_alias(tag) => ty = self.type_at(ty.unit, &ty.entry)?,
                _ => return Some(ty),
            }
        }
        None
    }

    /// Returns the entry that this one is a concrete instance of.
    fn origin_at(&self, unit: ReadUnit<'a, 'd>, entry: &Die<'d>) -> Option<There<'a, 'd>> {
        self.there(unit, entry.attr_value(dw::DW_AT_abstract_origin)?)
    }

    /// Returns the declaration of a variable, its own or that of its abstract instance.
    pub(super) fn declared(&self, entry: &Die<'d>) -> Option<Declared<'d>> {
        let own = |unit: ReadUnit<'a, 'd>, entry: &Die<'d>| {
            let line = entry.attr(dw::DW_AT_decl_line);
            Some(Declared {
                name: unit.attr_string(entry.attr_value(dw::DW_AT_name)?).ok()?,
                line: line.and_then(|line| line.udata_value()),
                is_artificial: entry.attr(dw::DW_AT_artificial).is_some(),
            })
        };
        let unit = self.unit.read_unit;
        own(unit, entry).or_else(|| {
            let origin = self.origin_at(unit, entry)?;
            own(origin.unit, &origin.entry)
        })
    }

    /// The same reference from an entry of this unit.
    pub(super) fn converted(
        &self,
        unit: ReadUnit<'a, 'd>,
        value: Read<Reader<'d>>,
    ) -> Result<AttributeValue, Unlocatable> {
        let own = self.unit.read_unit.header.offset();
        let far = match value {
            Read::UnitRef(offset) if unit.header.offset() == own => {
                let id = self.unit.convert_unit_ref(offset)?;
                return Ok(AttributeValue::UnitRef(id));
            }
            Read::UnitRef(offset) => offset.to_debug_info_offset(&unit.header),
            Read::DebugInfoRef(offset) => Some(offset),
            _ => None,
        };
        let far = far.ok_or("a pointer to a type of another kind of unit")?;
        let reference = self.unit.convert_debug_info_ref(far)?;
        Ok(AttributeValue::DebugInfoRef(reference))
    }
}
