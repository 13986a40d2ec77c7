//! Which code a module's DWARF says anything of.

use crate::address::WasmPc;
use crate::source::WasmDwarf;
use std::ops::Range;

/// The code of a module's units.
#[derive(Default, Debug)]
pub struct Coverage(Vec<Range<u32>>);

impl Coverage {
    /// Of a module's DWARF: what its units say that they cover.
    pub fn of(dwarf: &WasmDwarf<'_>) -> Coverage {
        let read = dwarf.read();
        let mut covered = Vec::new();
        let mut units = read.units();
        while let Ok(Some(header)) = units.next() {
            let Ok(unit) = read.unit(header) else {
                continue;
            };
            let unit = unit.unit_ref(&read);
            let Ok(mut ranges) = unit.unit_ranges() else {
                continue;
            };
            while let Ok(Some(range)) = ranges.next() {
                let (start, end) = (range.begin, range.end);
                if let (Some(start), Some(end)) =
                    (WasmPc::from_dwarf(start), WasmPc::from_dwarf(end))
                {
                    covered.push(start.0..end.0);
                }
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
