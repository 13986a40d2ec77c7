//! The rows of a unit's line table. Each sequence (a function, with wasm linkers) is read when somebody asks for an address in it.

use super::ranges::code;
use crate::address::WasmPc;
use crate::source::{ReadUnit, Reader, attr_string};
use gimli::read::{ColumnType, CompleteLineProgram, LineProgramHeader, LineSequence};
use std::cell::OnceCell;
use std::ops::Range;

/// The source position of code, from its address on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    address: WasmPc,
    pub file: u64,
    /// 0 for none.
    pub line: u32,
    /// 0 for none.
    pub column: u32,
    prologue_end: bool,
}

struct Sequence<'a> {
    code: Range<WasmPc>,
    read: LineSequence<Reader<'a>>,
    rows: OnceCell<Box<[Row]>>,
}

/// The line table of a unit.
pub(crate) struct Lines<'a> {
    program: CompleteLineProgram<Reader<'a>>,
    /// Sorted by where they begin.
    sequences: Vec<Sequence<'a>>,
}

impl<'a> Lines<'a> {
    /// `None` where the unit has none, or one that cannot be read.
    pub fn new(unit: ReadUnit<'_, 'a>) -> Option<Lines<'a>> {
        let (program, sequences) = unit.line_program.clone()?.sequences().ok()?;
        let sequences = sequences.into_iter().filter_map(|read| {
            Some(Sequence {
                code: code(read.start, read.end)?,
                read,
                rows: OnceCell::new(),
            })
        });
        let mut sequences: Vec<_> = sequences.collect();
        sequences.sort_by_key(|sequence| sequence.code.start);
        Some(Lines { program, sequences })
    }

    fn sequence(&self, pc: WasmPc) -> Option<&Sequence<'a>> {
        let behind = self.sequences.partition_point(|it| it.code.start <= pc);
        let sequence = &self.sequences[behind.checked_sub(1)?];
        sequence.code.contains(&pc).then_some(sequence)
    }

    fn rows(&self, pc: WasmPc) -> Option<&[Row]> {
        let sequence = self.sequence(pc)?;
        let rows = sequence
            .rows
            .get_or_init(|| read(&self.program, &sequence.read));
        Some(rows)
    }

    /// Returns true if there are rows for an address.
    pub fn has(&self, pc: WasmPc) -> bool {
        self.sequence(pc).is_some()
    }

    /// The row of an address.
    pub fn at(&self, pc: WasmPc) -> Option<Row> {
        let rows = self.rows(pc)?;
        let behind = rows.partition_point(|row| row.address <= pc);
        rows.get(behind.checked_sub(1)?).copied()
    }

    /// Returns the end of a function's prologue.
    pub fn prologue_end(&self, function: &Range<WasmPc>) -> Option<WasmPc> {
        let rows = self.rows(function.start)?.iter();
        let marked = rows.filter(|row| row.prologue_end && function.contains(&row.address));
        marked.map(|row| row.address).min()
    }

    /// A file's name, with its directories.
    pub fn file(&self, unit: ReadUnit<'_, 'a>, index: u64) -> Option<String> {
        file(unit, self.program.header(), index)
    }
}

/// The name of a file of a line table, with its directories.
pub(crate) fn file<'a>(
    unit: ReadUnit<'_, 'a>,
    header: &LineProgramHeader<Reader<'a>>,
    index: u64,
) -> Option<String> {
    let file = header.file(index)?;
    let text = |value| {
        let text = attr_string(unit, value).ok()?;
        Some(String::from_utf8_lossy(text.slice()).into_owned())
    };
    let mut path = String::new();
    if let Some(directory) = &unit.comp_dir {
        path.push_str(&String::from_utf8_lossy(directory.slice()));
    }
    // Directory 0 is the compiler's.
    if file.directory_index() != 0
        && let Some(directory) = file.directory(header)
    {
        push(&mut path, &text(directory)?);
    }
    push(&mut path, &text(file.path_name())?);
    Some(path)
}

/// Rows in the order of their addresses: of several at one address, the last counts.
fn read<'a>(
    program: &CompleteLineProgram<Reader<'a>>,
    sequence: &LineSequence<Reader<'a>>,
) -> Box<[Row]> {
    let mut found: Vec<Row> = Vec::new();
    let mut rows = program.resume_from(sequence);
    while let Ok(Some((_, row))) = rows.next_row() {
        let address = WasmPc::from_dwarf(row.address());
        let Some(address) = address.filter(|_| !row.end_sequence()) else {
            continue;
        };
        let mut row = Row {
            address,
            file: row.file_index(),
            line: row.line().map_or(0, |line| line.get() as u32),
            column: match row.column() {
                ColumnType::LeftEdge => 0,
                ColumnType::Column(column) => column.get() as u32,
            },
            prologue_end: row.prologue_end(),
        };
        match found.last_mut() {
            Some(last) if last.address == address => {
                row.prologue_end |= last.prologue_end;
                *last = row;
            }
            _ => found.push(row),
        }
    }
    found.into()
}

/// Goes on with a path, which may be one from a root.
fn push(path: &mut String, part: &str) {
    let drive = |text: &str, slash| text.get(1..3) == Some(slash);
    let windows = |text: &str| text.starts_with('\\') || drive(text, ":\\");
    if part.starts_with('/') || drive(part, ":/") || windows(part) {
        part.clone_into(path);
        return;
    }
    let slash = if windows(path) { '\\' } else { '/' };
    if !path.is_empty() && !path.ends_with(slash) {
        path.push(slash);
    }
    path.push_str(part);
}

#[cfg(test)]
mod tests {
    use super::push;

    #[test]
    fn paths_go_on_as_their_system_writes_them() {
        let joined = |parts: &[&str]| {
            let mut path = String::new();
            parts.iter().for_each(|part| push(&mut path, part));
            path
        };
        assert_eq!(joined(&["/home/me", "src", "a.c"]), "/home/me/src/a.c");
        assert_eq!(joined(&["/home/me/", "/usr", "a.c"]), "/usr/a.c");
        assert_eq!(joined(&["C:\\work", "src", "a.c"]), "C:\\work\\src\\a.c");
        assert_eq!(joined(&["/home/me", "C:/work", "a.c"]), "C:/work/a.c");
        assert_eq!(joined(&["", "a.c"]), "a.c");
    }
}
