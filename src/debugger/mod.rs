//! Debuggers, and what Dwalin has for them.

pub mod formatters;
