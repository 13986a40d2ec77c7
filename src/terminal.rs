//! What the command prints, in one place. Much of it comes from files that a stranger made: names, paths, texts. So control characters are
//! escaped here for all commands. And neither stream need be one that takes it: standard error may be closed or full, which is not told
//! to anybody; where standard output is, the command has failed.
//!
//! The macros take the place of the standard library's, which panic then and escape nothing.

use dwalin_runtime::PrintableLines;
use std::fmt::{Arguments, Display};
use std::io::{self, ErrorKind, Write};

macro_rules! print {
    ($($text:tt)*) => { $crate::terminal::out(format_args!($($text)*)) };
}

macro_rules! println {
    () => { $crate::terminal::out(format_args!("\n")) };
    ($($text:tt)*) => { $crate::terminal::out(format_args!("{}\n", format_args!($($text)*))) };
}

macro_rules! eprintln {
    () => { $crate::terminal::err(format_args!("\n")) };
    ($($text:tt)*) => { $crate::terminal::err(format_args!("{}\n", format_args!($($text)*))) };
}

/// Writes on standard output; ends the process where that cannot be done.
pub fn out(text: Arguments<'_>) {
    let written = write!(io::stdout(), "{}", PrintableLines(text));
    let Err(error) = written else {
        return;
    };
    // Nobody reads on.
    if error.kind() != ErrorKind::BrokenPipe {
        err(format_args!(
            "error: cannot write to standard output: {error}\n"
        ));
    }
    std::process::exit(1)
}

/// Writes on standard error, if that can be done.
pub fn err(text: Arguments<'_>) {
    colored(PrintableLines(text));
}

/// Writes on standard error what may have colour, and was made of texts that are escaped: a report.
pub fn colored(text: impl Display) {
    write!(io::stderr(), "{text}").ok();
}
