//! Entries that others refer to: of the same unit, or of another one, as link-time optimisation has types and inlined functions.

use super::pointer::Die;
use super::unit::UnitTransform;
use crate::source::{ReadUnit, Reader};
use crate::write::AttributeValue;
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

/// An entry, and the unit that its references count from.
pub(super) struct There<'a, 'd> {
    pub unit: ReadUnit<'a, 'd>,
    pub entry: Die<'d>,
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// What an entry of a unit refers to.
    fn there(&self, unit: ReadUnit<'a, 'd>, value: Read<Reader<'d>>) -> Option<There<'a, 'd>> {
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
        let origin = self.there(unit, entry.attr_value(dw::DW_AT_abstract_origin)?)?;
        self.there(origin.unit, origin.entry.attr_value(dw::DW_AT_type)?)
    }

    /// The same reference from an entry of this unit.
    pub(super) fn converted(
        &self,
        unit: ReadUnit<'a, 'd>,
        value: Read<Reader<'d>>,
    ) -> Result<AttributeValue, String> {
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
