//! A module's functions → machine code: [`body`] translates operators to CLIF, a file for each kind of them, [`trampoline`] makes the
//! code between calling conventions, and [`observe`] reads off the result what outlives the code generator, as plain tables.

mod atomic;
pub mod body;
mod branch_table;
mod builtin_trampolines;
mod call;
mod cleanup;
mod code_motion;
mod codegen;
mod confirmed;
mod context;
mod control;
pub mod convention;
pub mod env;
mod exception;
pub mod function;
mod gc;
mod interruption;
mod key;
pub mod known;
mod leaf;
mod memory;
mod numeric;
pub mod observe;
mod operand;
mod prefixed;
mod settable;
pub mod signature;
mod simd;
mod state;
mod statement;
mod stored;
mod subtype;
mod table;
pub mod target;
#[cfg(test)]
mod tests;
mod tick;
pub mod trampoline;
mod translator;
mod trap;
mod unseen;
pub mod unwind;
mod watched;
mod wide;
