//! The outcome of a script.

use std::fmt;
use wast::token::Span;

/// The outcome of a script.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Run {
    /// The number of its directives, those of its threads among them, which were all run.
    pub directives: usize,
    /// Those that were not as they say.
    pub failures: Vec<Failure>,
}

/// A directive that was not as it says, or a script that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Its line, from 1 on.
    pub line: usize,
    /// Its column, from 1 on.
    pub column: usize,
    /// The expectation, and what was found.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Failure {}

/// A failure of what is at a place of a script.
pub(crate) fn failure(text: &str, span: Span, message: String) -> Failure {
    let (line, column) = span.linecol_in(text);
    Failure {
        line: line + 1,
        column: column + 1,
        message,
    }
}
