//! Arrays of several dimensions, for gdb.

use super::pointee::Pointees;
use crate::address::AddressSize;
use crate::transform::output::Output;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;

/// Makes arrays of several dimensions arrays of arrays: gdb makes them itself otherwise, and pointers to those are of the
/// host's size.
pub(super) fn nest_dimensions(
    out: &mut Output,
    pointees: &mut Pointees,
    size: AddressSize,
    arrays: Vec<UnitEntryId>,
) {
    for array in arrays {
        let entry = out.unit.get(array);
        let plain = [dw::DW_AT_name, dw::DW_AT_type, dw::DW_AT_byte_size];
        if entry.attrs().any(|it| !plain.contains(&it.name())) {
            continue;
        }
        let children = out.unit.children(array);
        let is_dimension = |id: &UnitEntryId| out.unit.get(*id).tag() == dw::DW_TAG_subrange_type;
        let dimensions: Vec<_> = children.filter(is_dimension).collect();
        let mut outer = array;
        for dimension in dimensions.into_iter().skip(1) {
            let Some(element) = out.unit.get(outer).attr(dw::DW_AT_type) else {
                break;
            };
            let element = element.to_owned();
            let inner = out.unit.reserve();
            pointees.add_reserved_type(out, inner, dw::DW_TAG_array_type, Some(element));
            out.unit.move_to(dimension, inner);
            pointees.add_pointer(out, size, inner);
            let inner_type = AttributeValue::UnitRef(inner);
            out.unit.get_mut(outer).set(dw::DW_AT_type, inner_type);
            outer = inner;
        }
    }
}
