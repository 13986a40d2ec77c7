//! Why a module could not be compiled.

use crate::module::validate::ModuleError;
use std::fmt;

/// Why a module could not be compiled.
#[derive(Debug)]
pub enum CompileError {
    /// The module.
    Module(ModuleError),
    /// This machine.
    Target {
        /// The missing part.
        reason: String,
    },
    /// A function: a limit of the code generator's, or an error in it.
    Function {
        /// Which, by index.
        index: u32,
        /// The code generator's message.
        reason: String,
    },
    /// The module is too large for one piece of code.
    TooLarge,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Module(error) => error.fmt(f),
            CompileError::Target { reason } => {
                write!(f, "cannot make code for this machine: {reason}")
            }
            CompileError::Function { index, reason } => {
                write!(f, "cannot compile wasm-function[{index}]: {reason}")
            }
            CompileError::TooLarge => f.write_str("the module's code is larger than 2 GiB"),
        }
    }
}

// The texts name their causes.
impl std::error::Error for CompileError {}

impl From<ModuleError> for CompileError {
    fn from(error: ModuleError) -> CompileError {
        CompileError::Module(error)
    }
}
