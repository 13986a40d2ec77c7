//! Fuzzing of debug info: what is changed, what is done with it, and what that may cost.

pub mod memory;
#[allow(dead_code, reason = "one test does not change anything")]
pub mod mutate;
pub mod target;
