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
mod outcome;
mod script;
mod spectest;
mod text;
mod threads;

use dwalin_runtime::{Config, Engine};
use outcome::failure;
pub use outcome::{Failure, Run};
use script::Script;
use std::collections::HashMap;
use std::thread;
use threads::Threads;
use wast::Wast;
use wast::parser::{ParseBuffer, parse};

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
    let engine = Engine::new(config);
    Ok(thread::scope(|scope| {
        let threads = Threads::new(scope, text);
        Script::new(engine, HashMap::new(), threads).directives(script.directives)
    }))
}
