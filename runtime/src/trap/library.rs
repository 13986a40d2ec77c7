//! Frames that say nothing of the program: of its language's library, between a panic or an abort and the trap, and between the
//! start and `main`. Reports fold them, as Rust's own backtraces do.

use super::backtrace::FrameInfo;
use dwalin_debuginfo::SourceFrame;

/// Parts of the paths that libraries are compiled under: of Rust's, of wasi-libc, of LLVM's for C++.
const LIBRARIES: [&str; 6] = [
    "/rustlib/src/rust/library/",
    "libc-bottom-half/",
    "libc-top-half/",
    "/libcxxabi/",
    "/libcxx/",
    "/c++/v1/",
];

/// Where rustc's own builds say that Rust's library is, behind a commit's number.
const RUST: (&str, &str) = ("/rustc/", "/library/");

/// Functions by which programs give up.
const RAISING: [&str; 6] = [
    "abort",
    "__assert_fail",
    "rust_panic",
    "__cxa_throw",
    "std::terminate",
    "std::process::abort",
];

/// Functions that only start a program.
const STARTING: [&str; 6] = [
    "_start",
    "_start.command_export",
    "__main_void",
    "__original_main",
    "std::rt::lang_start",
    "__rust_begin_short_backtrace",
];

/// A function of a frame, inlined or not.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    /// The frame.
    pub frame: &'a FrameInfo,
    /// Its place in the source, where one is known.
    pub symbol: Option<&'a SourceFrame>,
}

impl Named<'_> {
    fn name(&self) -> &str {
        let name = self.symbol.and_then(|symbol| symbol.function.as_deref());
        name.unwrap_or(&self.frame.func_name)
    }

    /// Whether it is of its language's library, as far as paths and names tell.
    pub fn is_of_library(&self) -> bool {
        let file = self.symbol.and_then(|symbol| symbol.file.as_deref());
        let known = file.is_some_and(|file| {
            let rust = file.split_once(RUST.0);
            rust.is_some_and(|(_, rest)| rest.contains(RUST.1))
                || LIBRARIES.iter().any(|library| file.contains(library))
        });
        !self.frame.host && (known || self.raises() || self.starts())
    }

    /// Whether it is one by which a program gives up.
    fn raises(&self) -> bool {
        let name = self.name();
        RAISING.contains(&name)
            || name.contains("panicking::")
            || name.ends_with("::rust_panic")
            || name.ends_with("rust_begin_unwind")
    }

    fn starts(&self) -> bool {
        let name = self.name().split(['<', '[']).next().unwrap_or_default();
        let is = |start: &&str| {
            let path = name.strip_suffix(*start);
            path.is_some_and(|path| path.is_empty() || path.ends_with("::"))
        };
        STARTING.iter().any(|start| is(start))
    }
}

/// How many functions behind a panic or an abort are folded at least: those of an assertion in C say something.
const LEAST: usize = 3;

/// How many of the innermost functions only lead from a panic or an abort to the trap.
pub fn raising<'a>(functions: impl Iterator<Item = Named<'a>>) -> usize {
    let run: Vec<_> = functions.take_while(Named::is_of_library).collect();
    match run.iter().any(Named::raises) && run.len() >= LEAST {
        true => run.len(),
        false => 0,
    }
}

/// How many of the outermost functions, which come first, only lead from the start to the program's own.
pub fn starting<'a>(outermost: impl Iterator<Item = Named<'a>>) -> usize {
    let run: Vec<_> = outermost.take_while(Named::is_of_library).collect();
    let first = run.iter().rposition(Named::starts).map_or(0, |at| at + 1);
    if first < 2 { 0 } else { run.len() }
}
