//! The use of wasm locals by functions: whether a local still holds the variable that its location claims.
//!
//! LLVM gives values that are not needed at one time the same local (WebAssemblyRegColoring), and does not end the location of a
//! variable that had it before; other tools give locals other numbers, and leave the debug info as it was. So locations are held
//! against the code:
//!
//! ```text
//! function's body ─body→ basic blocks, writes to locals ─flow→ where a local was written since a location began to count
//!                                                      └frame→ which locals hold the frame's address
//! location list ─list→ since when each entry's locals count
//! module's functions ─numbering→ whether locals have their numbers still
//! function's body, where locations name locals ─observed→ the values of locals that nobody can see
//! ```

mod answers;
mod believe;
mod body;
mod exceptional;
mod flow;
mod frame;
mod list;
pub(crate) mod numbering;
pub mod observed;
#[cfg(test)]
mod tests;

pub(crate) use believe::{Frame, MISFIT, NO_FRAME, is_numbered};
pub(crate) use body::Body;
pub(crate) use flow::Claim;
pub(crate) use list::Listed;
