//! Arrays of several dimensions, for gdb.

use super::unit::UnitTransform;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;

impl UnitTransform<'_, '_, '_> {
    /// Makes arrays of several dimensions arrays of arrays: gdb makes them itself otherwise, and pointers to those are of the
    /// host's size.
    pub(super) fn nest_dimensions(&mut self) {
        for array in std::mem::take(&mut self.pointees.arrays) {
            let entry = self.unit.unit.get(array);
            let plain = [dw::DW_AT_name, dw::DW_AT_type, dw::DW_AT_byte_size];
            if entry.attrs().any(|it| !plain.contains(&it.name())) {
                continue;
            }
            let children = entry.children().copied();
            let is_dimension =
                |id: &UnitEntryId| self.unit.unit.get(*id).tag() == dw::DW_TAG_subrange_type;
            let dimensions: Vec<_> = children.filter(is_dimension).collect();
            let mut outer = array;
            for dimension in dimensions.into_iter().skip(1) {
                let Some(element) = self.unit.unit.get(outer).attr(dw::DW_AT_type) else {
                    break;
                };
                let element = element.clone();
                let inner = self.unit.unit.reserve();
                self.add_reserved_type(inner, dw::DW_TAG_array_type, Some(element));
                self.unit.unit.move_to(dimension, inner);
                self.add_pointer(inner);
                let inner_type = AttributeValue::UnitRef(inner);
                self.unit
                    .unit
                    .get_mut(outer)
                    .set(dw::DW_AT_type, inner_type);
                outer = inner;
            }
        }
    }
}
