//! What of a module's debug info a debugger gets: the module's DWARF and the image's are read side by side, both as a debugger
//! would, and entries that are described in the one are looked for in the other. Nothing here asks the transform what it did, but
//! for the reasons of what is missing.
//!
//! **The measure.** Scopes and locations of the input are ranges of wasm code, those of the image ranges of machine code, so lengths
//! cannot be compared. A variable's bytes are those of the wasm instructions at which the input says where it is; an instruction's
//! bytes are kept if the image says where the variable is at all of the machine code that the address map has for it. Instructions
//! that have no machine code are nowhere to stop at: they are stated apart, and neither kept nor lost.

mod compare;
mod instructions;
mod lines;
mod result;
mod spaces;
#[cfg(test)]
mod tests;
mod units;
mod walk;

pub use result::{Bytes, Check, Count, Loss, Lost, Made, Place, Variable};

use crate::code::CodeMap;
use crate::source::{Warning, WasmDwarf};

/// Compares a module's debug info with the image that was made of it; `warnings` are what was said then. `asked` is the name of
/// variables to tell more of.
pub fn check(
    dwarf: &WasmDwarf<'_>,
    code: &CodeMap<'_>,
    image: &[u8],
    warnings: &[Warning],
    asked: Option<&str>,
) -> Check {
    compare::compare(dwarf, code, image, warnings, asked)
}
