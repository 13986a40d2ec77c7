//! Runs scripts of the WebAssembly specification's test suite: modules, and what is expected of them.
//!
//! The syntax is that of the reference interpreter's
//! [scripts](https://github.com/WebAssembly/spec/tree/main/interpreter#scripts), read by the `wast` crate.
//!
//! ```
//! let script = r#"
//!     (module (func (export "twice") (param i32) (result i32) local.get 0 i32.const 2 i32.mul))
//!     (assert_return (invoke "twice" (i32.const 21)) (i32.const 42))
//!     (assert_return (invoke "twice" (i32.const 21)) (i32.const 43))"#;
//! let run = dwalin_wast::run(&dwalin_runtime::Config::new(), script)?;
//! assert_eq!(run.directives, 3);
//! assert_eq!((run.failures.len(), run.failures[0].line), (1, 4));
//! # Ok::<(), dwalin_wast::Failure>(())
//! ```

mod expect;
mod script;
mod spectest;
mod text;

use dwalin_runtime::Config;
use script::Script;
use std::fmt;
use wast::Wast;
use wast::parser::{ParseBuffer, parse};

/// The outcome of a script.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Run {
    /// The number of its directives, which were all run.
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

/// Runs all directives of a script, in an engine of this configuration.
///
/// # Errors
/// Text that is no script.
pub fn run(config: &Config, text: &str) -> Result<Run, Failure> {
    let malformed = |error: wast::Error| failure(text, error.span(), error.message());
    let mut lexer = wast::lexer::Lexer::new(text);
    // Names of tests are in all alphabets.
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(malformed)?;
    let script: Wast<'_> = parse(&buffer).map_err(malformed)?;
    let mut state = Script::new(config);
    let mut run = Run::default();
    for directive in script.directives {
        let span = directive.span();
        run.directives += 1;
        if let Err(message) = state.directive(directive) {
            run.failures.push(failure(text, span, message));
        }
    }
    Ok(run)
}

fn failure(text: &str, span: wast::token::Span, message: String) -> Failure {
    let (line, column) = span.linecol_in(text);
    Failure {
        line: line + 1,
        column: column + 1,
        message,
    }
}
