//! The source files that debug info names.

use crate::source::WasmDwarf;
use crate::units::lines::file;
use gimli::UnitRef;
use std::collections::BTreeSet;

/// The files of all line tables, with their directories.
pub fn files(dwarf: &WasmDwarf<'_>) -> BTreeSet<String> {
    let read = dwarf.read();
    let mut found = BTreeSet::new();
    let mut headers = read.units();
    while let Ok(Some(header)) = headers.next() {
        let Ok(unit) = read.unit(header) else {
            continue;
        };
        let unit = UnitRef::new(&read, &unit);
        if let Some(program) = &unit.line_program {
            let header = program.header();
            // They are counted from 0 or from 1 on.
            let indices = 0..=header.file_names().len() as u64;
            found.extend(indices.filter_map(|index| file(unit, header, index)));
        }
    }
    found
}
