//! Entries of code: scopes, their ranges, and the expressions of what is in them.

use super::Die;
use crate::address::WasmPc;
use crate::ranges::ListRoom;
use crate::source::{ReadUnit, Reader};
use gimli::constants as dw;
use gimli::read::AttributeValue;
use std::ops::Range;

/// Returns true if an entry is of a function, or of a scope within one.
pub(crate) fn is_scope(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_subprogram | dw::DW_TAG_lexical_block | dw::DW_TAG_inlined_subroutine
    )
}

/// Returns true if an entry is of a call.
pub(crate) fn is_call_site(tag: gimli::DwTag) -> bool {
    matches!(tag, dw::DW_TAG_call_site | dw::DW_TAG_GNU_call_site)
}

/// An entry's ranges, by address.
pub(crate) fn ranges<'d>(
    unit: ReadUnit<'_, 'd>,
    entry: &Die<'d>,
    room: &ListRoom,
) -> gimli::Result<Vec<Range<WasmPc>>> {
    let mut ranges = unit.die_ranges(entry)?;
    let ranges = room
        .entries(|| ranges.next())
        .filter_map(|range| Some(WasmPc::from_dwarf(range.begin)?..WasmPc::from_dwarf(range.end)?));
    let mut ranges: Vec<_> = ranges.collect();
    ranges.sort_unstable_by_key(|range| range.start);
    Ok(ranges)
}

/// The expressions of an attribute: one, or those of a location list with where they count.
pub(crate) fn each_expression<'d>(
    unit: ReadUnit<'_, 'd>,
    attr: &gimli::read::Attribute<Reader<'d>>,
    room: &ListRoom,
    found: &mut impl FnMut(Option<Range<WasmPc>>, gimli::read::Expression<Reader<'d>>),
) {
    match attr.value() {
        AttributeValue::Exprloc(expression) => found(None, expression),
        AttributeValue::LocationListsRef(_) | AttributeValue::DebugLocListsIndex(_) => {
            let Ok(Some(mut locations)) = unit.attr_locations(attr.value()) else {
                return;
            };
            for entry in room.entries(|| locations.next()) {
                let (from, to) = (entry.range.begin, entry.range.end);
                if let (Some(from), Some(to)) = (WasmPc::from_dwarf(from), WasmPc::from_dwarf(to)) {
                    found(Some(from..to), entry.data);
                }
            }
        }
        _ => {}
    }
}
