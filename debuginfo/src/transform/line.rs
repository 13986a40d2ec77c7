//! Line tables: rows of wasm addresses → rows of machine code. Each function has a row for every byte.

use super::declared::DeclaredAt;
use crate::address::WasmPc;
use crate::code::FunctionCode;
use crate::lookup::Lookup;
use crate::source::ReadUnit;
use crate::write::{LineProgram, LineRow};
use gimli::UnitType;
use gimli::read::ColumnType;
use std::collections::HashMap;

/// A row of the input, at its address: the last there, which debuggers go by.
struct Row {
    pc: WasmPc,
    row: LineRow,
    /// Statements that begin at the address before it, each with code of its own.
    before: Vec<LineRow>,
}

/// A unit's line table.
pub(super) struct LineTable<'d> {
    pub bytes: Vec<u8>,
    /// The offsets of its references to strings, with the strings.
    pub strings: Vec<(u32, &'d [u8])>,
    /// True if it has rows with code.
    pub has_rows: bool,
    /// The number of its files.
    pub files: u64,
    /// Why not all of it could be read.
    pub damage: Option<String>,
}

/// Converts a unit's line table, if it has one. The functions that are declared at a known place have it for what is before their bodies.
///
/// # Errors
/// Where the table's header names what is not there.
pub(super) fn convert<'d>(
    unit: ReadUnit<'_, 'd>,
    lookup: &Lookup<'_>,
    declared: &HashMap<usize, DeclaredAt>,
) -> gimli::Result<Option<LineTable<'d>>> {
    let Some(program) = unit.line_program.clone() else {
        return Ok(None);
    };
    let mut functions = Vec::new();
    let mut rows = program.rows();
    let mut sequence = Vec::new();
    // Units of types, and those that others have entries of, share the table of one with code.
    let has_code = !matches!(
        unit.header.type_(),
        UnitType::Partial | UnitType::Type { .. } | UnitType::SplitType { .. }
    );
    let damage = loop {
        match rows.next_row() {
            _ if !has_code => break None,
            Ok(Some((_, row))) if row.end_sequence() => {
                let sequence = std::mem::take(&mut sequence);
                add_sequence(&mut functions, lookup, sequence, row.address());
            }
            Ok(Some((_, row))) => {
                sequence.extend(WasmPc::from_dwarf(row.address()).map(|pc| Row {
                    pc,
                    row: line_row(row),
                    before: Vec::new(),
                }));
            }
            Ok(None) if sequence.is_empty() => break None,
            Ok(None) => break Some("its last sequence has no end".to_owned()),
            Err(error) => break Some(error.to_string()),
        }
    };
    // In the order of their code, so that neighbours share a sequence.
    functions.sort_by_key(|function: &Function| function.index);
    let mut out = LineProgram::new();
    let header = rows.header();
    for function in &functions {
        let declared = declared.get(&function.index);
        let declared = declared.filter(|it| header.file(it.file.into()).is_some());
        let code = lookup.function(function.index);
        write_function(&mut out, code, &function.rows, declared);
    }
    let is_implicit = header.version() <= 4;
    let files = (header.file_names().len() + usize::from(is_implicit)) as u64;
    let name = unit.name.map_or(&b""[..], |name| name.slice());
    let has_rows = !out.is_empty();
    let (bytes, strings) = out.finish(unit.dwarf, header, name)?;
    Ok(Some(LineTable {
        bytes,
        strings,
        has_rows,
        files,
        damage,
    }))
}

/// A row as it is read. What does not fit a word is nothing that a debugger could show.
fn line_row(row: &gimli::read::LineRow) -> LineRow {
    let word = |value: u64| u32::try_from(value).unwrap_or(0);
    LineRow {
        file: word(row.file_index()),
        line: row.line().map_or(0, |line| word(line.get())),
        column: match row.column() {
            ColumnType::LeftEdge => 0,
            ColumnType::Column(column) => word(column.get()),
        },
        discriminator: word(row.discriminator()),
        is_statement: row.is_stmt(),
        basic_block: row.basic_block(),
        prologue_end: row.prologue_end(),
        epilogue_begin: row.epilogue_begin(),
    }
}

/// The rows of one function.
struct Function {
    index: usize,
    /// Sorted, and not empty.
    rows: Vec<Row>,
}

/// The functions that a sequence covers.
fn add_sequence(functions: &mut Vec<Function>, lookup: &Lookup<'_>, mut rows: Vec<Row>, end: u64) {
    rows.sort_by_key(|row| row.pc);
    rows.dedup_by(|next, before| {
        let same = next.pc == before.pc;
        if same {
            next.row.prologue_end |= before.row.prologue_end;
            next.before = std::mem::take(&mut before.before);
            next.before
                .extend(before.row.is_statement.then_some(before.row));
            std::mem::swap(next, before);
        }
        same
    });
    let mut rows = rows.into_iter().peekable();
    // A linker's other copy of a function may have been longer, and its rows go on after it.
    let mut is_copy = false;
    while let Some(first) = rows.next() {
        is_copy |= lookup.is_discarded_at(first.pc);
        let covered = end > u64::from(first.pc.0);
        let Some(index) = lookup.function_at(first.pc).filter(|_| covered) else {
            continue;
        };
        is_copy &= lookup.function(index).wasm.start != first.pc;
        if is_copy {
            continue;
        }
        let until = lookup.function(index).wasm.end;
        let mut rows_of_it = vec![first];
        while let Some(row) = rows.next_if(|row| row.pc < until) {
            rows_of_it.push(row);
        }
        functions.push(Function {
            index,
            rows: rows_of_it,
        });
    }
}

/// The row of what is before a function's body. Compilers for WebAssembly need no instructions there, and may begin a function with the
/// first line of its body: gdb, going back over that line, would be at the function's first instruction, and not stop before the caller.
fn entry_row(rows: &[Row], declared: Option<&DeclaredAt>) -> LineRow {
    let first = rows[0].row;
    match declared {
        Some(declared) if first.prologue_end => LineRow {
            file: declared.file,
            line: declared.line,
            column: 0,
            discriminator: 0,
            ..first
        },
        _ => first,
    }
}

/// A function's rows over its code.
fn write_function(
    program: &mut LineProgram,
    function: &FunctionCode<'_>,
    rows: &[Row],
    declared: Option<&DeclaredAt>,
) {
    let pieces = pieces(function, rows);
    let starts = starts(&pieces, rows.len());
    let mut writer = Writer {
        program,
        entry: function.wasm.start,
        body: body_row(rows, &starts),
        statements: statements(rows, &starts),
        rows,
        pieces,
        starts,
        current: Some(0),
        body_marked: false,
        statement: 0,
    };
    let start = function.code.start.0;
    let entry = entry_row(rows, declared);
    writer.program.begin_function(start, entry.line);
    // The entry is a statement: what is before the first row of the input belongs to it.
    writer.program.row(0, statement(entry));
    for i in 0..writer.pieces.len() {
        if !writer.stand_in(i) {
            writer.piece(i);
        }
    }
    writer
        .program
        .end_function(function.code.end.0 - function.code.start.0);
}

/// A row at which a statement begins, and no body.
fn statement(row: LineRow) -> LineRow {
    LineRow {
        is_statement: true,
        prologue_end: false,
        ..row
    }
}

/// Goes over a function's code, and writes a row where another one begins.
struct Writer<'w> {
    program: &'w mut LineProgram,
    /// The beginning of the function's body.
    entry: WasmPc,
    rows: &'w [Row],
    pieces: Vec<Piece>,
    starts: Vec<Option<Start>>,
    /// Which rows a statement begins at.
    statements: Vec<bool>,
    /// The row at which the body begins, and whether it was written.
    body: usize,
    body_marked: bool,
    /// The row that covers the code so far; `None` after a statement that only has an instruction that stands in.
    current: Option<usize>,
    /// The number of statements written at the address.
    statement: usize,
}

impl Writer<'_> {
    fn row(&mut self, offset: u32, index: usize, is_statement: bool, prologue_end: bool) {
        let row = LineRow {
            is_statement,
            prologue_end,
            ..self.rows[index].row
        };
        self.program.row(u64::from(offset), row);
    }

    /// Neighbours at one address: the statements before the row, then the row. Whether the piece is of such a statement.
    fn stand_in(&mut self, i: usize) -> bool {
        let Piece { offset, pc, row } = self.pieces[i];
        let has_neighbour = self.pieces.get(i + 1).is_some_and(|next| next.pc == pc);
        let statement = self.rows[row].before.get(self.statement);
        let Some(statement) = statement.filter(|_| has_neighbour && self.rows[row].pc == pc) else {
            self.statement = 0;
            return false;
        };
        let statement = LineRow {
            prologue_end: false,
            ..*statement
        };
        self.program.row(u64::from(offset), statement);
        // Whatever follows is another row.
        self.current = None;
        self.statement += 1;
        true
    }

    fn begins(&self, row: usize, pc: WasmPc) -> bool {
        self.starts[row].is_some_and(|start| start.pc == pc)
    }

    fn piece(&mut self, i: usize) {
        let Piece { offset, pc, row } = self.pieces[i];
        // Homes have their values where the first instruction begins: a breakpoint on the entry's own line goes there.
        let begins_body = match row {
            0 => pc > self.entry,
            row => self.begins(row, pc),
        };
        let is_body = !self.body_marked && row == self.body && begins_body;
        let is_start = is_body || row > 0 && self.begins(row, pc);
        let goes_on = self.current == Some(row);
        if offset == 0 || goes_on && !is_start {
            return;
        }
        // An instruction in several pieces is one statement. Each has a row: lldb stops after a call that returns within one.
        let same = goes_on && i > 0 && self.pieces[i - 1].pc == pc;
        let is_statement = self.statements[row] && is_start && !same;
        self.row(offset, row, is_statement, is_body);
        self.body_marked |= is_body;
        self.current = Some(row);
    }
}

/// Code that comes from one instruction.
#[derive(Clone, Copy)]
struct Piece {
    /// Bytes from the function's start.
    offset: u32,
    pc: WasmPc,
    /// The row that covers the instruction: the last that starts at or before it.
    row: usize,
}

fn pieces(function: &FunctionCode<'_>, rows: &[Row]) -> Vec<Piece> {
    let mut row = 0;
    let code = function
        .rows
        .iter()
        .filter_map(|(at, pc)| Some((at.0, (*pc)?)));
    code.map(|(offset, pc)| {
        // Mostly that of the piece before, or the next.
        if rows.get(row + 1).is_some_and(|next| next.pc <= pc) {
            row += 1;
        }
        let is_in = rows[row].pc <= pc && rows.get(row + 1).is_none_or(|next| pc < next.pc);
        if !is_in {
            row = rows.partition_point(|row| row.pc <= pc).saturating_sub(1);
        }
        Piece { offset, pc, row }
    })
    .collect()
}

/// The beginning of a row's code: at its first instruction that has code of its own, as the code generator makes one machine
/// instruction of several.
#[derive(Clone, Copy)]
struct Start {
    pc: WasmPc,
    /// Bytes from the function's start.
    offset: u32,
}

/// Returns the beginning of each row. A row without any code has none.
fn starts(pieces: &[Piece], rows: usize) -> Vec<Option<Start>> {
    let mut starts: Vec<Option<Start>> = vec![None; rows];
    for &Piece { offset, pc, row } in pieces {
        let start = &mut starts[row];
        if start.is_none_or(|before| pc < before.pc) {
            *start = Some(Start { pc, offset });
        }
    }
    starts
}

/// Which rows a statement begins at. One whose own row has no code, as its first value is computed where it is used, begins at the
/// first code of the rows of its line after it.
fn statements(rows: &[Row], starts: &[Option<Start>]) -> Vec<bool> {
    let mut found: Vec<_> = rows.iter().map(|row| row.row.is_statement).collect();
    let lost = (0..rows.len()).filter(|i| rows[*i].row.is_statement && starts[*i].is_none());
    for row in lost.filter_map(|i| first_behind(rows, starts, i)) {
        found[row] = true;
    }
    found
}

/// The row of a statement's line after the statement's own, which has no code, that has the first code.
fn first_behind(rows: &[Row], starts: &[Option<Start>], statement: usize) -> Option<usize> {
    let line = |row: &Row| (row.row.file, row.row.line);
    let behind = rows[statement + 1..]
        .iter()
        .take_while(|row| !row.row.is_statement && line(row) == line(&rows[statement]))
        .count();
    let behind = statement + 1..=statement + behind;
    let first = behind.filter_map(|row| Some((starts[row]?.offset, row)));
    first.min().map(|(_, row)| row)
}

/// The row at which a function's body begins: what the compiler says, else the second of several statements; where that has no code, as
/// for the statement that it is.
fn body_row(rows: &[Row], starts: &[Option<Start>]) -> usize {
    let said = rows.iter().position(|row| row.row.prologue_end);
    let second = || {
        rows.iter()
            .skip(1)
            .position(|row| row.row.is_statement && row.row.line != 0)
            .map(|i| i + 1)
    };
    let body = said.or_else(second).unwrap_or(0);
    match starts[body] {
        Some(_) => body,
        None => first_behind(rows, starts, body).unwrap_or(body),
    }
}
