//! Frames that are not the program's: of its language's library, between a panic or an abort and the trap, and between the
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

/// Those of LLVM's own functions, of the allocator of wasi-libc, of all that emscripten brings.
const RUNTIMES: [&str; 3] = ["compiler-rt/", "dlmalloc/", "/emscripten/system/lib"];

/// The path of Rust's library in rustc's own builds: after a commit's number.
const RUST: (&str, &str) = ("/rustc/", "/library/");

/// The first parts of names of libraries' functions, in Rust and C++.
const NAMESPACES: [&str; 6] = [
    "std::",
    "core::",
    "alloc::",
    "__rustc::",
    "panic_abort::",
    "__cxxabiv1::",
];

/// Functions by which programs give up.
const RAISING: [&str; 8] = [
    "abort",
    "__assert_fail",
    "rust_panic",
    "__cxa_throw",
    "__cxa_rethrow",
    "_Unwind_RaiseException",
    "std::terminate",
    "std::process::abort",
];

/// The parts of other names, and their ends.
const RAISING_PARTS: [&str; 1] = ["panicking::"];
const RAISING_ENDS: [&str; 2] = ["::rust_panic", "rust_begin_unwind"];

/// The words of the rule by which frames are of a language's library and raise a panic or an abort, by the names that debuggers'
/// scripts have for them.
pub const LIBRARY_WORDS: [(&str, &[&str]); 6] = [
    ("LIBRARY_PATHS", &LIBRARIES),
    ("RUST_PATH", &[RUST.0, RUST.1]),
    ("LIBRARY_NAMESPACES", &NAMESPACES),
    ("RAISING", &RAISING),
    ("RAISING_PARTS", &RAISING_PARTS),
    ("RAISING_ENDS", &RAISING_ENDS),
];

/// Functions that only start a program.
const STARTING: [&str; 7] = [
    "__wasm_call_ctors",
    "_start",
    "_start.command_export",
    "__main_void",
    "__original_main",
    "std::rt::lang_start",
    "__rust_begin_short_backtrace",
];

/// Returns true if a source is of a language's library, by its path.
pub fn is_library_file(file: &str) -> bool {
    let rust = file.split_once(RUST.0);
    rust.is_some_and(|(_, rest)| rest.contains(RUST.1))
        || LIBRARIES.iter().any(|library| file.contains(library))
}

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

    /// Returns true if it is of its language's library: as far as its path tells, or its name where it has none.
    pub fn is_of_library(&self) -> bool {
        let known = match self.symbol.and_then(|symbol| symbol.file.as_deref()) {
            // Text does not say; C's `main` without arguments is `__original_main` there.
            Some(file) if file.ends_with(".wat") => return false,
            Some(file) => is_library_file(file),
            None => {
                let name = self.name().trim_start_matches('<');
                NAMESPACES
                    .iter()
                    .any(|namespace| name.starts_with(namespace))
            }
        };
        !self.frame.host && (known || self.raises() || self.starts())
    }

    /// Returns true if it is one by which a program gives up.
    fn raises(&self) -> bool {
        let name = self.name();
        RAISING.contains(&name)
            || RAISING_PARTS.iter().any(|part| name.contains(part))
            || RAISING_ENDS.iter().any(|end| name.ends_with(end))
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

/// Returns true if a path is one of what compilers bring along, and not of the program.
pub fn is_library(path: &str) -> bool {
    is_library_file(path) || RUNTIMES.iter().any(|runtime| path.contains(runtime))
}

/// The least functions after a panic or an abort that are folded: those of an assertion in C are informative.
const LEAST: usize = 3;

/// Returns the number of innermost functions that only lead from a panic or an abort to the trap.
pub fn raising<'a>(functions: impl Iterator<Item = Named<'a>>) -> usize {
    let run: Vec<_> = functions.take_while(Named::is_of_library).collect();
    match run.iter().any(Named::raises) && run.len() >= LEAST {
        true => run.len(),
        false => 0,
    }
}

/// Returns the number of outermost functions, which come first, that only lead from the start to the program's own.
pub fn starting<'a>(outermost: impl Iterator<Item = Named<'a>>) -> usize {
    let mut outermost = outermost.peekable();
    let mut run: Vec<_> = std::iter::from_fn(|| outermost.next_if(Named::is_of_library)).collect();
    // C's `main` without arguments has the name of what calls the one with them.
    let program = outermost
        .peek()
        .is_none_or(|next| next.name() != "__main_argc_argv");
    run.pop_if(|last| program && last.symbol.is_none() && last.name() == "__main_void");
    let first = run.iter().rposition(Named::starts).map_or(0, |at| at + 1);
    if first < 2 { 0 } else { run.len() }
}

#[cfg(test)]
mod tests {
    use super::{Named, raising, starting};
    use crate::report::backtrace::FrameInfo;

    fn frames(names: &[&str]) -> Vec<FrameInfo> {
        let frame = |name: &&str| FrameInfo {
            func_name: (*name).to_owned(),
            ..FrameInfo::guest("m".to_owned(), 0)
        };
        names.iter().map(frame).collect()
    }

    fn named(frame: &FrameInfo) -> Named<'_> {
        Named {
            frame,
            symbol: None,
        }
    }

    /// Returns the numbers of innermost and outermost functions to fold, by their names alone.
    fn folded(names: &[&str]) -> (usize, usize) {
        let frames = frames(names);
        let (inner, outer) = (frames.iter().map(named), frames.iter().rev().map(named));
        (raising(inner), starting(outer))
    }

    #[test]
    fn what_starts_a_program_is_folded_and_its_main_is_not() {
        assert_eq!(
            folded(&["f", "main", "_start", "_start.command_export"]),
            (0, 2)
        );
        assert_eq!(
            folded(&["f", "__main_void", "_start", "_start.command_export"]),
            (0, 2)
        );
        let with_arguments = ["f", "__main_argc_argv", "__main_void", "_start"];
        assert_eq!(folded(&with_arguments), (0, 2));
        assert_eq!(folded(&["f", "_start"]), (0, 0));
        assert_eq!(folded(&["f", "run"]), (0, 0));
    }

    #[test]
    fn what_leads_from_a_panic_to_the_trap_is_folded() {
        let panic = ["abort", "__rust_abort", "core::panicking::panic_fmt", "f"];
        assert_eq!(
            folded(&panic),
            (0, 0),
            "`__rust_abort` could be the program's"
        );
        let panic = [
            "abort",
            "std::process::abort",
            "core::panicking::panic_fmt",
            "f",
        ];
        assert_eq!(folded(&panic), (3, 0));
        assert_eq!(folded(&["abort", "f"]), (0, 0), "as short as saying so");
    }
}
