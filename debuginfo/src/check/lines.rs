//! The code that line tables name a line of.

use super::units::Units;
use super::walk::{Ranges, Space, merged, unit_offset};
use crate::budget::Budget;
use crate::source::ReadUnit;
use gimli::DebugInfoOffset;
use std::ops::Range;

/// By unit.
pub(super) fn by_unit(
    units: &Units<'_, '_>,
    space: &dyn Space,
    budget: &Budget,
) -> Vec<(DebugInfoOffset, Ranges)> {
    let mut found = Vec::new();
    for unit in units.iter() {
        let rows = merged(unit_rows(unit, space, budget));
        found.push((unit_offset(unit), rows));
    }
    found
}

/// Of all units.
pub(super) fn rows(units: &Units<'_, '_>, space: &dyn Space, budget: &Budget) -> Ranges {
    let of_unit = |unit| merged(unit_rows(unit, space, budget));
    merged(
        units
            .iter()
            .flat_map(|unit| of_unit(unit).to_vec())
            .collect(),
    )
}

fn unit_rows(unit: ReadUnit<'_, '_>, space: &dyn Space, budget: &Budget) -> Vec<Range<u64>> {
    let mut found: Vec<Range<u64>> = Vec::new();
    let Some(program) = unit.line_program.clone() else {
        return found;
    };
    let mut rows = program.rows();
    // Where the row before begins, if it has a line.
    let mut start = None;
    while let Ok(Some((_, row))) = rows.next_row() {
        if !budget.spend(1) {
            break;
        }
        let address = space.code(row.address());
        if let (Some(start), Some(end)) = (start, address)
            && start < end
        {
            match found.last_mut() {
                Some(before) if before.end == start => before.end = end,
                _ => found.push(start..end),
            }
        }
        let has_line = !row.end_sequence() && row.line().is_some();
        let counts = has_line && !space.is_copy(unit_offset(unit), row.address());
        start = address.filter(|_| counts);
    }
    found
}
