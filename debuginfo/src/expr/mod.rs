//! Expressions (DWARF 5, section 2.5), in two steps: bytes → [`decode::Op`], with branches as indices of operations;
//! operations → a native expression, with the places of this instance put in ([`emit`]).
//!
//! In the guest's expressions all values are the guest's: an address is an offset in linear memory. In native ones they stay
//! so on the stack; a memory base is added when something is read, and to the address that is the result.

pub(crate) mod base_type;
pub(crate) mod decode;
pub(crate) mod dwarf3;
pub(crate) mod emit;
mod memory;
pub(crate) mod piece;
#[cfg(test)]
mod tests;
pub(crate) mod unlocatable;
pub(crate) mod width;
