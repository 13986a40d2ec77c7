//! Reasons why a source map cannot be used.

use std::fmt;

/// Why a source map cannot be used.
#[derive(Debug)]
pub enum SourceMapError {
    /// It is not JSON.
    Json(serde_json::Error),
    /// Its URL holds data that is not base64.
    Base64,
    /// It is of another version, or of a form that is not supported.
    Unsupported(&'static str),
    /// It lacks a member, or has another type there.
    Member(&'static str),
    /// The mappings are damaged, at this character.
    Mappings(usize),
}

impl fmt::Display for SourceMapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceMapError::Json(error) => write!(f, "not a source map: {error}"),
            SourceMapError::Base64 => f.write_str("its URL holds damaged data"),
            SourceMapError::Unsupported(what) => write!(f, "{what} are not supported"),
            SourceMapError::Member(name) => {
                write!(f, "not a source map: `{name}` is missing or wrong")
            }
            SourceMapError::Mappings(at) => {
                write!(f, "its mappings are damaged, at character {at}")
            }
        }
    }
}

impl std::error::Error for SourceMapError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SourceMapError::Json(error) => Some(error),
            _ => None,
        }
    }
}
