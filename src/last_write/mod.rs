//! `dwalin replay --last-write`: who wrote a value last before the program's end, without a debugger.
//!
//! ```text
//! run to the end ─expression→ place ─run, count writes→ number of the last ─run, stop there→ frames, the value before
//! ```
//! The code tells of writes itself. A debug register would cost nothing, but watches 8 bytes, needs a process that traces another one,
//! and is not on every machine; that code is compiled once more.

mod answer;
mod json;
mod runs;
mod text;

pub use runs::last_write;
