//! The groups that help lists options in.

/// Options for those who look at a program.
pub const DEBUGGING: &str = "Debugging";
/// Options for what the program is told, and may use.
pub const PROGRAM: &str = "The program";
/// Options for how its code is made.
pub const CODE: &str = "Code generation";
