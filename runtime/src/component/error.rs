//! Traps of the component model.

use crate::error::Error;
use std::fmt;

/// A rule of the component model that a guest broke: a trap, which ends the component's instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation(String);

impl Violation {
    pub(super) fn error(rule: impl Into<String>) -> Error {
        Error::host(Violation(rule.into()))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}
