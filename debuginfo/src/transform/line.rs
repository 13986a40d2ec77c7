//! Line tables: rows of wasm addresses → rows of machine code. Each function is a sequence of its own, with a row for every
//! byte.

use crate::address::WasmPc;
use crate::code::FunctionCode;
use crate::lookup::Lookup;
use crate::source::Reader;
use gimli::write::{Address, ConvertLineProgram, ConvertLineSequenceEnd, ConvertResult, LineRow};

/// A row of the input, at its address: the last there, which debuggers go by.
struct Row {
    pc: WasmPc,
    row: LineRow,
    /// Statements that begin at the address before it, each with code of its own.
    before: Vec<LineRow>,
}

/// Converts all sequences of a line program.
///
/// # Errors
/// Where the program cannot be read further.
pub(super) fn convert<'d>(
    program: &mut ConvertLineProgram<'_, Reader<'d>>,
    lookup: &Lookup<'_>,
) -> ConvertResult<()> {
    while let Some(sequence) = program.read_sequence()? {
        let Some(start) = sequence.start.and_then(WasmPc::from_dwarf) else {
            continue;
        };
        let end = match sequence.end {
            ConvertLineSequenceEnd::Length(length) => u64::from(start.0) + length,
            ConvertLineSequenceEnd::Address(address) => address,
        };
        let rows = sequence.rows.into_iter().filter_map(|row| {
            let pc = WasmPc::from_dwarf(u64::from(start.0).checked_add(row.address_offset)?)?;
            Some(Row {
                pc,
                row,
                before: Vec::new(),
            })
        });
        convert_sequence(program, lookup, rows.collect(), end);
    }
    Ok(())
}

/// The functions that a sequence covers, one after the other.
fn convert_sequence(
    program: &mut ConvertLineProgram<'_, Reader<'_>>,
    lookup: &Lookup<'_>,
    mut rows: Vec<Row>,
    end: u64,
) {
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
    let mut rest = &rows[..];
    while let Some(first) = rest.first() {
        let Some(index) = lookup.function_at(first.pc) else {
            rest = &rest[1..];
            continue;
        };
        let function = lookup.function(index);
        let count = rest.partition_point(|row| row.pc < function.wasm.end);
        let covered = end > u64::from(first.pc.0);
        if covered {
            write_function(program, function, &rest[..count]);
        }
        rest = &rest[count..];
    }
}

/// One sequence: a function's rows, which are not empty, over its code.
fn write_function(
    program: &mut ConvertLineProgram<'_, Reader<'_>>,
    function: &FunctionCode<'_>,
    rows: &[Row],
) {
    let body = body_row(rows);
    let starts = starts(function, rows);
    program.begin_sequence(Some(Address::Constant(function.code.start.0)));
    let emit = |program: &mut ConvertLineProgram<'_, Reader<'_>>,
                offset: u32,
                index: usize,
                is_stmt: bool,
                prologue_end: bool| {
        let row = LineRow {
            address_offset: u64::from(offset),
            is_statement: is_stmt,
            prologue_end,
            ..rows[index].row
        };
        program.generate_row(row);
    };
    // The entry is a statement: what is before the first row of the input belongs to it.
    emit(program, 0, 0, true, false);
    let mut current = 0;
    let mut body_marked = false;
    let pieces: Vec<_> = function
        .rows
        .iter()
        .filter_map(|(at, pc)| Some((at.0, (*pc)?)))
        .collect();
    let mut statement = 0;
    for (i, &(offset, pc)) in pieces.iter().enumerate() {
        let index = row_at(rows, pc);
        // Neighbours at one address: the statements before the row, then the row.
        let stands_in = pieces.get(i + 1).is_some_and(|(_, next)| *next == pc);
        if stands_in && rows[index].pc == pc {
            if let Some(row) = rows[index].before.get(statement) {
                let address_offset = u64::from(offset);
                program.generate_row(LineRow {
                    address_offset,
                    prologue_end: false,
                    ..*row
                });
                // Whatever follows is another row.
                current = usize::MAX;
            }
            statement += 1;
            continue;
        }
        statement = 0;
        // Homes have their values where the first instruction begins: a breakpoint on the entry's own line goes there.
        let is_body = !body_marked
            && index == body
            && if body == 0 {
                pc > function.wasm.start
            } else {
                starts[body] == Some(pc)
            };
        let is_start = (index > 0 && starts[index] == Some(pc)) || is_body;
        if offset == 0 || (index == current && !is_start) {
            continue;
        }
        emit(
            program,
            offset,
            index,
            rows[index].row.is_statement && is_start,
            is_body,
        );
        body_marked |= is_body;
        current = index;
    }
    program.end_sequence(function.code.end.0 - function.code.start.0);
}

/// The row that covers an address: the last that starts at or before it.
fn row_at(rows: &[Row], pc: WasmPc) -> usize {
    rows.partition_point(|row| row.pc <= pc).saturating_sub(1)
}

/// Where each row's code begins: its first instruction that has code of its own, as the code generator makes one machine
/// instruction of several. A row without any has none.
fn starts(function: &FunctionCode<'_>, rows: &[Row]) -> Vec<Option<WasmPc>> {
    let mut starts: Vec<Option<WasmPc>> = vec![None; rows.len()];
    for pc in function.rows.iter().filter_map(|(_, pc)| *pc) {
        let start = &mut starts[row_at(rows, pc)];
        *start = Some(start.map_or(pc, |before| before.min(pc)));
    }
    starts
}

/// The row at which a function's body begins: what the compiler says, else the second of several statements.
fn body_row(rows: &[Row]) -> usize {
    let said = rows.iter().position(|row| row.row.prologue_end);
    let second = || {
        rows.iter()
            .skip(1)
            .position(|row| row.row.is_statement && row.row.line != 0)
            .map(|i| i + 1)
    };
    said.or_else(second).unwrap_or(0)
}
