//! The line table that the `wat` crate writes for text: one sequence for each function, in their order.

use crate::source::WasmDwarf;
use gimli::constants as dw;
use gimli::read::{AttributeValue, ColumnType};

/// The position of a function in its text.
#[derive(Clone, Default, Debug)]
pub struct TextFunction {
    /// The line and the column that it begins on.
    pub start: (u32, u32),
    /// Bytes from the start of its body to an instruction, and the line and the column that this is on.
    pub rows: Vec<(u32, u32, u32)>,
}

/// The functions of a text. Addresses count from the start of their function: the crate's own start is too low by the size of
/// the code section's count of functions.
pub fn text_functions(dwarf: &WasmDwarf<'_>) -> Vec<TextFunction> {
    read(dwarf).unwrap_or_default()
}

fn read(dwarf: &WasmDwarf<'_>) -> gimli::Result<Vec<TextFunction>> {
    let read = dwarf.read();
    let mut functions = Vec::new();
    let Some(header) = read.units().next()? else {
        return Ok(functions);
    };
    let unit = read.unit(header)?;
    let mut starts = Vec::new();
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs()? {
        if entry.tag() == dw::DW_TAG_subprogram {
            starts.push(match entry.attr_value(dw::DW_AT_low_pc) {
                Some(AttributeValue::Addr(address)) => address,
                _ => 0,
            });
            let number = |name| entry.attr(name).and_then(|attr| attr.udata_value());
            let (line, column) = (number(dw::DW_AT_decl_line), number(dw::DW_AT_decl_column));
            functions.push(TextFunction {
                start: (line.unwrap_or(0) as u32, column.unwrap_or(0) as u32),
                rows: Vec::new(),
            });
        }
    }
    let Some(program) = unit.line_program else {
        return Ok(functions);
    };
    let mut rows = program.rows();
    let mut number = 0;
    while let Some((_, row)) = rows.next_row()? {
        if row.end_sequence() {
            number += 1;
            continue;
        }
        let line = row.line().map_or(0, |line| line.get() as u32);
        let column = match row.column() {
            ColumnType::LeftEdge => 0,
            ColumnType::Column(column) => column.get() as u32,
        };
        if let (Some(function), Some(start)) = (functions.get_mut(number), starts.get(number)) {
            let offset = row.address().wrapping_sub(*start) as u32;
            function.rows.push((offset, line, column));
        }
    }
    Ok(functions)
}
