//! Which code a module's DWARF says anything of.

use crate::address::WasmPc;
use crate::source::{ReadUnit, Reader, WasmDwarf};
use gimli::read::RangeIter;
use std::ops::Range;

/// The code of a module's units.
#[derive(Default, Debug)]
pub struct Coverage(Vec<Range<u32>>);

impl Coverage {
    /// Of a module's DWARF: what its units say that they cover, or else the functions in them.
    pub fn of(dwarf: &WasmDwarf<'_>) -> Coverage {
        let read = dwarf.read();
        let mut covered = Vec::new();
        let mut units = read.units();
        while let Ok(Some(header)) = units.next() {
            let Ok(unit) = read.unit(header) else {
                continue;
            };
            let unit = unit.unit_ref(&read);
            let before = covered.len();
            covered.extend(unit.unit_ranges().map_or(Vec::new(), usable));
            // The `wat` crate's begin at 0, and those of LTO may say nothing.
            if covered.len() == before {
                add_functions(unit, &mut covered);
            }
        }
        covered.sort_unstable_by_key(|range| range.start);
        // None is inside another, so that ends are sorted too.
        covered.dedup_by(|next, before| {
            let overlaps = next.start <= before.end;
            if overlaps {
                before.end = before.end.max(next.end);
            }
            overlaps
        });
        Coverage(covered)
    }

    /// Whether anything is said of a piece of code.
    pub fn touches(&self, code: &Range<WasmPc>) -> bool {
        let from = self.0.partition_point(|range| range.end <= code.start.0);
        self.0
            .get(from)
            .is_some_and(|range| range.start < code.end.0)
    }
}

/// What of ranges is code that exists.
fn usable(mut ranges: RangeIter<Reader<'_>>) -> Vec<Range<u32>> {
    let all = std::iter::from_fn(|| ranges.next().ok().flatten());
    all.filter_map(|range| {
        let start = WasmPc::from_dwarf(range.begin)?;
        Some(start.0..WasmPc::from_dwarf(range.end)?.0)
    })
    .collect()
}

fn add_functions(unit: ReadUnit<'_, '_>, covered: &mut Vec<Range<u32>>) {
    let mut entries = unit.entries();
    while let Ok(Some(entry)) = entries.next_dfs() {
        if entry.tag() == gimli::DW_TAG_subprogram {
            covered.extend(unit.die_ranges(entry).map_or(Vec::new(), usable));
        }
    }
}
