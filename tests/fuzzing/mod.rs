//! Fuzzing of debug info: what is changed, what is done with it, and what that may cost.

pub mod memory;
#[allow(dead_code, reason = "one test does not change anything")]
pub mod mutate;
#[allow(dead_code, reason = "one test has no seeds")]
pub mod seeds;
pub mod target;
