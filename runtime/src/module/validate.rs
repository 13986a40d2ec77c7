//! Validation.

use super::features::{FEATURES, Proposal, validate_with};
use super::proposals;
use std::fmt;
use wasmparser::Parser;

/// Why a module cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ModuleError {
    /// Its bytes or its code break a rule of the standard.
    Invalid {
        /// The rule.
        message: String,
        /// Bytes from the start of the file.
        offset: usize,
        /// The rule, and the line that breaks it, where the module was given as text.
        excerpt: Option<String>,
    },
    /// It would be valid with these proposals.
    NeedsProposals(Vec<&'static proposals::Proposal>),
    /// It is valid, and uses proposals that the configuration turns off.
    TurnedOff(Vec<Proposal>),
    /// It is a component, not a module.
    Component,
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModuleError::Invalid {
                excerpt: Some(excerpt),
                ..
            } => write!(f, "invalid WebAssembly module: {excerpt}"),
            ModuleError::Invalid {
                message, offset, ..
            } => {
                // Some have numbers in columns.
                let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
                write!(
                    f,
                    "invalid WebAssembly module: {message} (at offset {offset:#x})"
                )?;
                // Advice for people, and nothing else, goes by the words: wasmparser keeps to itself that an error is of this kind.
                match message.starts_with("unexpected end-of-file") {
                    true => f.write_str("; the file may have been cut off"),
                    false => Ok(()),
                }
            }
            ModuleError::NeedsProposals(needed) => {
                let plural = if needed.len() == 1 { "" } else { "s" };
                let names: Vec<_> = needed.iter().map(|it| it.name).collect();
                write!(
                    f,
                    "the module needs the {} proposal{plural}, ",
                    names.join(", ")
                )?;
                f.write_str("which this version of Dwalin does not support: compile it without")?;
                let flags = needed.iter().filter(|it| !it.without.is_empty());
                let flags: Vec<_> = flags.map(|it| it.without).collect();
                match flags.is_empty() {
                    true => Ok(()),
                    false => write!(f, " ({})", flags.join("; ")),
                }
            }
            ModuleError::TurnedOff(used) => {
                let names: Vec<_> = used.iter().map(|it| it.name()).collect();
                write!(f, "the module uses {}", names.join(", "))?;
                f.write_str(", which the configuration turns off (-W KEY=n)")
            }
            ModuleError::Component => {
                f.write_str("this is a component, and not a module: `run`, the debuggers and the commands that look into files take components, if this Dwalin was built with them (feature component-model); ")?;
                f.write_str("else give it the core module (wasm-tools component unbundle), or build it for wasm32-wasip1 instead of wasm32-wasip2")
            }
        }
    }
}

impl std::error::Error for ModuleError {}

impl From<wasmparser::BinaryReaderError> for ModuleError {
    fn from(error: wasmparser::BinaryReaderError) -> ModuleError {
        ModuleError::Invalid {
            message: error.message().to_owned(),
            offset: error.offset() as usize,
            excerpt: None,
        }
    }
}

/// Checks that a module is valid and uses nothing but [`FEATURES`].
///
/// # Errors
/// What is wrong or missing.
pub fn validate(wasm: &[u8]) -> Result<(), ModuleError> {
    validate_without(wasm, &[])
}

/// As [`validate`], of modules that may not use some proposals.
///
/// # Errors
/// As [`validate`], and proposals that must not be used.
pub fn validate_without(wasm: &[u8], turned_off: &[Proposal]) -> Result<(), ModuleError> {
    if Parser::is_component(wasm) {
        return Err(ModuleError::Component);
    }
    let Err(error) = validate_with(wasm, FEATURES) else {
        let is_used = |it: &Proposal| validate_with(wasm, FEATURES - it.features()).is_err();
        let used: Vec<_> = turned_off.iter().copied().filter(is_used).collect();
        return match used.is_empty() {
            true => Ok(()),
            false => Err(ModuleError::TurnedOff(used)),
        };
    };
    let needed = proposals::missing(wasm);
    if !needed.is_empty() {
        return Err(ModuleError::NeedsProposals(needed));
    }
    // One for want of a proposal is not what is wrong with a module that is invalid with all of them.
    let wanting = error.missing_wasm_feature().is_some();
    let with_all = wanting.then(|| validate_with(wasm, FEATURES | proposals::all()));
    Err(with_all.and_then(Result::err).unwrap_or(error).into())
}
