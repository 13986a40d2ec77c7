//! The outcome of a comparison.

use crate::address::WasmPc;
use std::collections::BTreeSet;
use std::ops::Range;

/// The number of lost entries that are named for each reason.
pub(super) const FIRST: usize = 5;

/// The entries that are described, shown and missing. Debug info that was [made](Made) for the module counts with its losses alone.
#[derive(Clone, Default, Debug)]
pub struct Check {
    /// Units that describe code or data of the module.
    pub units: Count,
    /// Functions with code.
    pub functions: Count,
    /// Inlined calls with code.
    pub inlined: Count,
    /// Variables and parameters in functions with code.
    pub variables: Count,
    /// Variables with an address of their own, outside functions with code.
    pub statics: Count,
    /// Definitions and ends of macros, of units that are in the image: for gdb, as lldb reads none.
    pub macros: Count,
    /// The code of functions.
    pub function_bytes: Bytes,
    /// The code of which the line table names a line.
    pub line_bytes: Bytes,
    /// The code of all variables' scopes.
    pub variable_bytes: Bytes,
    /// Variables by how much of their scope the input describes: all, some, none.
    pub availability: [usize; 3],
    /// Variables whose locations name operands that the stack does not have there, or had on some of the ways there only, and the bytes
    /// of code where they do: these count as not described.
    pub astray: (usize, u64),
    /// Variables whose locations go on over writes to the locals that they name, and the bytes of code after these: they count as not
    /// described, as something else is there.
    pub overwritten: (usize, u64),
    /// Functions at addresses that are not in the module's code.
    pub elsewhere: usize,
    /// Blocks and inlined functions of which some code is not in the function or block that they are in: that does not count as
    /// described.
    pub outside: usize,
    /// All that the module has: functions with code, and bytes of it.
    pub code: (usize, u64),
    /// The entries described by something other than the module's own debug info.
    pub made: Made,
    /// The missing entries by reason, the most bytes first.
    pub losses: Vec<Loss>,
    /// Variables of the name that was asked for.
    pub asked: Vec<Variable>,
    /// The names of others, where a name was asked for: for one that is misspelt.
    pub others: BTreeSet<String>,
    /// True if the debug info was too much to look at all of it.
    pub incomplete: bool,
}

/// The code that has no debug info of the module's own, and is described by its text or its source map.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Made {
    /// Functions of which the text is shown, and the bytes of their code.
    pub by_text: (usize, u64),
    /// Those with lines of a source map.
    pub by_source_map: (usize, u64),
}

/// The count of one kind of entry.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Count {
    /// In the input, of code and data that is in the module.
    pub input: usize,
    /// Of those, in the image: whole or in part.
    pub output: usize,
    /// Of those in the input, the ones that are missing in the image or not as they were.
    pub lost: usize,
    /// In the input, of code that the linker dropped.
    pub dropped: usize,
}

/// Bytes of wasm code.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Bytes {
    /// All that it could be.
    pub scope: u64,
    /// Those that the input describes.
    pub described: u64,
    /// Of those, the ones of instructions that have machine code.
    pub with_code: u64,
    /// Of those, the ones that the image describes.
    pub kept: u64,
}

impl Bytes {
    /// Described in the input, and not in the image.
    pub fn lost(&self) -> u64 {
        self.with_code - self.kept
    }
}

/// The entries that are missing for one reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loss {
    /// Why.
    pub reason: String,
    /// The number of entries.
    pub count: usize,
    /// Bytes of wasm code over which they are missing.
    pub bytes: u64,
    /// The first few.
    pub first: Vec<Lost>,
}

/// An entry that is missing, or not as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lost {
    /// "variable", "function", …
    pub kind: &'static str,
    /// Its declaration.
    pub place: Place,
    /// Bytes of wasm code over which it is missing.
    pub bytes: u64,
}

/// The name of an entry, and its source position.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Place {
    /// Its name.
    pub name: Option<String>,
    /// The function that it is in.
    pub function: Option<String>,
    /// The source file, as the line table names it.
    pub file: Option<String>,
    /// The line of its declaration, from 1.
    pub line: Option<u64>,
    /// Bytes from the start of `.debug_info`.
    pub offset: usize,
}

/// A variable that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variable {
    /// Which.
    pub place: Place,
    /// The ranges where it is in scope.
    pub scope: Vec<Range<WasmPc>>,
    /// The ranges where the input has a location for it.
    pub described: Vec<Range<WasmPc>>,
    /// The bytes of those ranges by outcome.
    pub bytes: Bytes,
    /// Bytes of code where the input names an operand that the stack does not have, or had on some of the ways there only.
    pub astray: u64,
    /// Bytes of code where the input names a local that holds something else by then.
    pub overwritten: u64,
    /// Why some is missing.
    pub reason: Option<String>,
}
