//! Values of a guest's variables, read by the wasm's own DWARF: what reports and core dumps show without a
//! debugger. What cannot be known for certain has no value.
//!
//! ```text
//! wasm pc ─scope→ functions around it and their variables ─evaluate→ bytes ─render→ text
//! expression ─finding→ a variable, or a part of one, or what it points to ─render→ text
//! ```

mod evaluate;
mod expression;
mod finding;
mod found;
mod implicit;
mod libcxx;
mod machine;
mod member_pointer;
mod named;
mod number;
mod reference;
mod render;
mod rust;
mod scope;
mod shown;
#[cfg(test)]
mod tests;
mod zig;

pub use expression::{Expression, SyntaxError};
pub use finding::FrameAt;
pub(crate) use finding::{find, text};
pub use found::{Found, NotFound};
pub use machine::{Machine, Unavailable, Variable, WasmValue};

use crate::address::WasmPc;
use crate::units::Units;

/// The variables in scope at an address: of the innermost inlined function first.
pub(crate) fn variables(
    units: &Units<'_>,
    pc: WasmPc,
    lines: &[Option<u32>],
    machine: &dyn Machine,
) -> Vec<Vec<Variable>> {
    let Some(function) = units.at(pc).find_map(|unit| units.function(unit, pc)) else {
        return Vec::new();
    };
    let frames = scope::frames(&function, pc);
    // Where the two disagree about what is inlined, nothing is attributed to the wrong function.
    if frames.len() != lines.len() {
        return Vec::new();
    }
    let reader = scope::Reader::new(units, &function, machine, pc);
    let of_frame = |(frame, line): (Vec<scope::Declared>, &Option<u32>)| -> Vec<Variable> {
        let variables = frame.into_iter();
        variables
            .filter_map(|variable| reader.variable(variable, *line))
            .collect()
    };
    let outermost_first = frames.into_iter().zip(lines.iter().rev());
    let mut frames: Vec<_> = outermost_first.map(of_frame).collect();
    frames.reverse();
    frames
}
