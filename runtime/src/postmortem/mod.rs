//! Reading a thread that was left for a reason: the frames with their variables, and what is known about why. Traps are found by a
//! signal and one look-up; a host function's errors come from its frame.

mod access;
pub mod cause;
pub mod collect;
mod find;
mod frame;
mod instruction;
pub mod message;
pub mod operands;
mod own_stack;
pub mod profile;
mod suspects;
pub mod symbolize;
