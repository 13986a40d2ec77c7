//! The rows of a unit's functions as a line program, a sequence for each function.

use super::{Function, Outline, Row};
use gimli::write::{Address, FileId, LineProgram, LineString};
use gimli::{Encoding, LineEncoding};
use std::collections::HashMap;

/// The line program of some functions; none where no row is in them.
pub(super) fn program(
    outline: &Outline,
    functions: &[Function],
    encoding: Encoding,
) -> (LineProgram, String) {
    let rows: Vec<_> = functions
        .iter()
        .map(|function| (function, outline.rows_of(function)))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    let Some(first) = rows.first().map(|(_, rows)| rows[0]) else {
        return (LineProgram::none(), outline.file(0).to_owned());
    };
    let name = outline.file(first.file);
    let mut program = LineProgram::new(
        encoding,
        LineEncoding::default(),
        text(&outline.directory),
        None,
        text(name),
        None,
    );
    let mut files = HashMap::new();
    for (function, rows) in rows {
        write(&mut program, outline, &mut files, function, &rows);
    }
    (program, name.to_owned())
}

fn write(
    program: &mut LineProgram,
    outline: &Outline,
    files: &mut HashMap<u32, FileId>,
    function: &Function,
    rows: &[Row],
) {
    let start = function.body.start.0;
    program.begin_sequence(Some(Address::Constant(u64::from(start))));
    let mut before: Option<&Row> = None;
    for row in rows {
        let file = *files.entry(row.file).or_insert_with(|| {
            let directory = program.default_directory();
            program.add_file(text(outline.file(row.file)), directory, None)
        });
        let is_first = row.pc == function.first;
        let same = before.is_some_and(|it| (it.file, it.line) == (row.file, row.line));
        let out = program.row();
        out.address_offset = u64::from(row.pc.0 - start);
        out.file = file;
        out.line = u64::from(row.line);
        out.column = u64::from(row.column);
        // A statement is what has a line of its own: several pieces of code of one line are one.
        out.is_statement = row.line != 0 && (is_first || !same);
        out.prologue_end = is_first;
        program.generate_row();
        before = Some(row);
    }
    program.end_sequence(u64::from(function.body.end.0 - start));
}

impl Outline {
    fn file(&self, number: u32) -> &str {
        let file = self.files.get(number as usize);
        file.map_or("", String::as_str)
    }
}

/// A string that stands where it is used. DWARF strings end at a NUL.
fn text(text: &str) -> LineString {
    LineString::String(text.replace('\0', "\u{fffd}").into_bytes())
}
