//! Why an artifact cannot be used.

use crate::module::validate::ModuleError;
use crate::printable::Printable;
use std::fmt;

/// Why an artifact cannot be used.
#[derive(Debug)]
pub enum ArtifactError {
    /// The file could not be read or mapped.
    Io {
        /// The step that failed.
        step: &'static str,
        /// The system's reason.
        error: std::io::Error,
    },
    /// It is not an artifact, or a damaged one.
    Malformed {
        /// The missing item.
        what: &'static str,
    },
    /// It is an artifact, and not as it was written.
    Damaged,
    /// It was made by another version, for another machine or with other settings.
    Mismatch {
        /// The setting, and what it is in the artifact and here.
        setting: String,
    },
    /// The module inside.
    Module(ModuleError),
}

impl fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArtifactError::Io { step, error } => write!(f, "cannot {step}: {error}"),
            ArtifactError::Malformed { what } => write!(
                f,
                "not an artifact of `dwalin compile`, or a damaged one: {what} cannot be read"
            ),
            ArtifactError::Damaged => write!(
                f,
                "a damaged artifact: its checksum is of other contents; compile it again"
            ),
            ArtifactError::Mismatch { setting } => write!(
                f,
                "the artifact was compiled differently ({}): compile it again, or give the options that it was compiled with",
                Printable(setting)
            ),
            ArtifactError::Module(error) => write!(f, "in the artifact: {error}"),
        }
    }
}

// The texts name their causes.
impl std::error::Error for ArtifactError {}
