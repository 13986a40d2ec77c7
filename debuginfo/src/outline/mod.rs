//! What is known of functions that no DWARF describes, from a module's text, its source map and its names, and the DWARF that
//! says it: as a compiler would have written it for the module, so that nothing after it knows of other kinds of debug info.
//!
//! ```text
//! WAT, printed or the user's own ─┐
//! source map ─────────────────────┼→ Outline ─dwarf→ .debug_* sections of the module
//! name section, types ────────────┘
//! ```

mod coverage;
mod dwarf;
mod identifier;
mod line;
pub(crate) mod object;
mod reference;
mod scope;
mod text;

pub use coverage::Coverage;
pub use dwarf::sections;
pub use identifier::{Identifiers, is_identifier};
pub use object::{Abstract, Contents, Field, ObjectType, Type};
pub use text::{TextFunction, text_functions};

use crate::address::WasmPc;
use crate::source::ReadUnit;
use std::borrow::Cow;
use std::ops::Range;

/// The known functions and globals of a module.
#[derive(Clone, Default, Debug)]
pub struct Outline {
    /// Its origin.
    pub kind: Kind,
    /// The folder of files that are named by a relative path.
    pub directory: String,
    /// The files that rows name by number: a path each.
    pub files: Vec<String>,
    /// Sorted by address.
    pub rows: Vec<Row>,
    /// Sorted by address.
    pub functions: Vec<Function>,
    /// The module's globals, those that are imported too.
    pub globals: Vec<Variable>,
    /// The types of the module's objects, sorted by index.
    pub objects: Vec<ObjectType>,
}

/// The origin of rows.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Kind {
    /// WAT: each row is an instruction, which debuggers are to stop at.
    #[default]
    Text,
    /// WAT of so many instructions that code for each would cost too much: debuggers stop where there is code.
    LongText,
    /// A source map: lines of another language.
    SourceMap,
}

/// Rows of WAT that each have code of their own.
const LONG: usize = 200_000;

impl Kind {
    /// Of WAT with some rows.
    pub fn text(rows: &[Row]) -> Kind {
        match rows.len() {
            ..LONG => Kind::Text,
            LONG.. => Kind::LongText,
        }
    }

    /// DW_AT_producer.
    fn producer(self) -> &'static str {
        match self {
            Kind::Text => concat!("dwalin ", env!("CARGO_PKG_VERSION"), " (WAT)"),
            Kind::LongText => concat!("dwalin ", env!("CARGO_PKG_VERSION"), " (long WAT)"),
            Kind::SourceMap => concat!("dwalin ", env!("CARGO_PKG_VERSION"), " (source map)"),
        }
    }
}

/// Returns true if the lines of a unit are instructions, one each.
pub(crate) fn is_text(unit: ReadUnit<'_, '_>) -> bool {
    kind_of(unit) == Some(Kind::Text)
}

/// Returns true if a unit was made of a source map.
pub(crate) fn is_mapped(unit: ReadUnit<'_, '_>) -> bool {
    kind_of(unit) == Some(Kind::SourceMap)
}

/// Returns the kind of outline that a unit was made of, if it is not one of the module's own.
pub(crate) fn kind_of(unit: ReadUnit<'_, '_>) -> Option<Kind> {
    let mut entries = unit.entries();
    let root = entries.next_dfs().ok()??;
    let producer = unit
        .attr_string(root.attr_value(gimli::DW_AT_producer)?)
        .ok()?;
    let kinds = [Kind::Text, Kind::LongText, Kind::SourceMap];
    let made = |kind: &Kind| kind.producer().as_bytes() == producer.slice();
    kinds.into_iter().find(made)
}

/// From an address on, up to the next row or the function's end, code comes from a place in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The address.
    pub pc: WasmPc,
    /// The file's number.
    pub file: u32,
    /// The line, from 1; 0 where no line stands for the code.
    pub line: u32,
    /// The column, from 1; 0 where not known.
    pub column: u32,
}

/// A function with code.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its number.
    pub index: u32,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its body, from the locals' declaration to the final `end`.
    pub body: Range<WasmPc>,
    /// Its first instruction.
    pub first: WasmPc,
    /// The type of its result, if it has one value.
    pub result: Option<Type>,
    /// Its locals by number, parameters first.
    pub locals: Vec<Variable>,
    /// The number of parameters among them.
    pub params: usize,
}

/// A local or a global.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variable {
    /// An identifier of C's.
    pub name: String,
    /// Its number.
    pub index: u32,
    /// Its type.
    pub ty: Type,
}

impl Function {
    /// The name by which debuggers know it.
    fn shown_name(&self) -> Cow<'_, str> {
        match &self.name {
            Some(name) => name.into(),
            None => format!("func{}", self.index).into(),
        }
    }
}

impl Outline {
    /// The rows of a function: none, or one at its start and one at its first instruction among them.
    fn rows_of(&self, function: &Function) -> Vec<Row> {
        let from = self
            .rows
            .partition_point(|row| row.pc < function.body.start);
        let to = self.rows.partition_point(|row| row.pc < function.body.end);
        let mut rows = self.rows[from..to].to_vec();
        let Some(first) = rows.first().copied() else {
            return rows;
        };
        for pc in [function.body.start, function.first] {
            let at = rows.partition_point(|row| row.pc <= pc);
            match at.checked_sub(1).map(|before| rows[before]) {
                Some(before) if before.pc == pc => {}
                before => rows.insert(
                    at,
                    Row {
                        pc,
                        ..before.unwrap_or(first)
                    },
                ),
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests;
