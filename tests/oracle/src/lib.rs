//! What a module's own DWARF says of a run of it: the judge of what debuggers show. It shares no code with Dwalin: an interpreter
//! runs the module, an instruction of wasm at a time, and the module's DWARF is evaluated on the interpreter's state.
//!
//! [`module`] reads a module, [`machine`] runs it (with [`numeric`] operators and the [`host`]'s functions), [`scopes`] finds the
//! variables at a place, [`named`] keeps the operands that locations name, [`evaluate`] reads a variable, [`arrivals`] tells the ways to a
//! place apart, [`judge`] compares what a debugger says.

pub mod arrivals;
pub mod evaluate;
pub mod host;
pub mod judge;
pub mod machine;
pub mod module;
pub mod named;
pub mod numeric;
pub mod scopes;
