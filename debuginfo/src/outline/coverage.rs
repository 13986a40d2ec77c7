//! The code that a module's DWARF describes.

use crate::address::WasmPc;
use crate::ranges::{ListRoom, merged};
use crate::source::{ReadUnit, WasmDwarf};
use gimli::read::RangeIter;
use std::ops::Range;

/// The code of a module's units.
#[derive(Default, Debug)]
pub struct Coverage {
    all: Vec<Range<u32>>,
    /// That of units that are of no library.
    own: Vec<Range<u32>>,
}

impl Coverage {
    /// Of a module's DWARF: what its units say that they cover, or else the functions in them. `is_library` is asked of the path of a
    /// unit's source and of its directory.
    pub fn of(dwarf: &WasmDwarf<'_>, is_library: impl Fn(&str) -> bool) -> Coverage {
        let read = dwarf.read();
        let (mut all, mut own) = (Vec::new(), Vec::new());
        let mut units = read.units();
        while let Ok(Some(header)) = units.next() {
            let Ok(unit) = read.unit(header) else {
                continue;
            };
            let unit = unit.unit_ref(&read);
            let room = ListRoom::of(unit);
            let listed = |mut ranges: RangeIter<_>| {
                usable(std::iter::from_fn(move || ranges.next().ok().flatten()))
            };
            let mut covered = unit.unit_ranges().map_or(Vec::new(), listed);
            // The `wat` crate's begin at 0, and those of LTO may say nothing.
            if covered.is_empty() {
                add_functions(unit, &room, &mut covered);
            }
            let paths = [unit.name, unit.comp_dir].into_iter().flatten();
            if !paths
                .into_iter()
                .any(|path| is_library(&path.to_string_lossy()))
            {
                own.extend_from_slice(&covered);
            }
            all.extend(covered);
        }
        Coverage {
            all: merged(all),
            own: merged(own),
        }
    }

    /// Returns true if a piece of code is described.
    pub fn touches(&self, code: &Range<WasmPc>) -> bool {
        touches(&self.all, code)
    }

    /// Returns true if units that are of no library describe a piece of code.
    pub fn is_own(&self, code: &Range<WasmPc>) -> bool {
        touches(&self.own, code)
    }
}

fn touches(covered: &[Range<u32>], code: &Range<WasmPc>) -> bool {
    let from = covered.partition_point(|range| range.end <= code.start.0);
    covered
        .get(from)
        .is_some_and(|range| range.start < code.end.0)
}

/// Returns the parts of ranges that are existing code.
fn usable(ranges: impl Iterator<Item = gimli::Range>) -> Vec<Range<u32>> {
    ranges
        .filter_map(|range| {
            let start = WasmPc::from_dwarf(range.begin)?;
            Some(start.0..WasmPc::from_dwarf(range.end)?.0)
        })
        .collect()
}

fn add_functions(unit: ReadUnit<'_, '_>, room: &ListRoom, covered: &mut Vec<Range<u32>>) {
    let mut entries = unit.entries();
    while let Ok(Some(entry)) = entries.next_dfs() {
        if entry.tag() == gimli::DW_TAG_subprogram {
            let listed = |mut ranges: RangeIter<_>| usable(room.entries(move || ranges.next()));
            covered.extend(unit.die_ranges(entry).map_or(Vec::new(), listed));
        }
    }
}
