//! What the command prints when a program traps: for people, in colour on a terminal; as JSON for programs.

use crate::args::Run;
use crate::backtrace::{Backtrace, Output};
use crate::json;
use crate::report_json::{Members, Threads};
use crate::shell;
use crate::sources;
use crate::terminal::colored;
use dwalin_runtime::{HostError, Module, Report, ReportOptions, Trap, WasmBacktrace};
use std::io::IsTerminal;

/// Columns of a report that is not for a terminal.
const WIDTH: usize = 140;

/// Prints a trap on standard error; of a thread with a number, unless it is the first.
pub fn print(
    trap: &Trap,
    options: &Run,
    module: &Module,
    threads: Threads<'_>,
    output: Option<Output>,
) {
    let json = || json::to_string(&Members::of_trap(trap, &program(options), threads));
    if printed_as_json(options, output, json) {
        return;
    }
    colored(Report::with(trap, style(options, threads.own)));
    if let Some(hint) = hint(trap.backtrace(), options, module) {
        eprintln!("{hint}");
    }
    // Under a debugger that goes back, it is there already.
    if let Some(recording) = options.record.as_ref().filter(|_| !options.traced) {
        let recording = shell::word(recording);
        eprintln!("note: run `dwalin gdb {recording}` to go back from here");
    }
    print_others(threads, options);
    say_sources(trap.backtrace(), options);
}

/// The frames of the other threads.
fn print_others(threads: Threads<'_>, options: &Run) {
    for other in threads.others {
        match other.number {
            0 => eprint!("first thread"),
            number => eprint!("thread {number}"),
        }
        if other.backtrace.frames().is_empty() {
            eprintln!(": not in the program");
            continue;
        }
        eprintln!(", innermost first:");
        let style = style(options, None);
        eprint!("{}", other.backtrace.display(&style));
    }
}

/// Prints JSON where it was asked for; whether that is all that is printed.
fn printed_as_json(options: &Run, output: Option<Output>, json: impl FnOnce() -> String) -> bool {
    let is_all = options.backtrace == Some(Backtrace::Json);
    match output {
        Some(mut output) => output.line(&json()),
        None if is_all => eprintln!("{}", json()),
        None => {}
    }
    is_all
}

fn say_sources(backtrace: &WasmBacktrace, options: &Run) {
    for note in sources::notes(backtrace, options.file()) {
        eprintln!("note: {note}");
    }
}

/// Prints an error of a host function on standard error.
pub fn print_host_error(
    error: &HostError,
    options: &Run,
    threads: Threads<'_>,
    output: Option<Output>,
) {
    let json = || json::to_string(&Members::of_host_error(error, &program(options), threads));
    if printed_as_json(options, output, json) {
        return;
    }
    colored(Report::of_host_error(error).options(style(options, threads.own)));
    print_others(threads, options);
    say_sources(error.backtrace(), options);
}

fn program(options: &Run) -> String {
    options.file().to_string_lossy().into_owned()
}

/// Returns the style of reports for these options.
fn style(options: &Run, thread: Option<u32>) -> ReportOptions {
    let terminal = std::io::stderr().is_terminal();
    let mut style = match options.backtrace {
        Some(Backtrace::Short) => ReportOptions::short(),
        Some(Backtrace::Full) => ReportOptions::full(),
        _ => ReportOptions::normal(),
    };
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    style.color = color(terminal, &set);
    if options.backtrace != Some(Backtrace::Short) {
        style.source = true;
        style.width = columns().filter(|_| terminal).unwrap_or(WIDTH);
    }
    let file = options.file().display();
    style.title = match thread {
        Some(thread) => format!("{file}, thread {thread}: "),
        None => format!("{file}: "),
    };
    style
}

/// Returns true if there is colour: on terminals, if it is not turned off (<https://no-color.org>), or where it is asked for
/// (<https://bixense.com/clicolors>). `set` is an environment variable that is not empty.
fn color(terminal: bool, set: &dyn Fn(&'static str) -> Option<String>) -> bool {
    let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let dumb = set("TERM").is_some_and(|value| value == "dumb");
    let off = set("CLICOLOR").is_some_and(|value| value == "0");
    set("NO_COLOR").is_none() && (forced || terminal && !dumb && !off)
}

/// Returns a hint to the option that shows more, where there could be more.
fn hint(backtrace: &WasmBacktrace, options: &Run, module: &Module) -> Option<String> {
    let frames = backtrace.frames();
    let guests = || frames.iter().filter(|frame| !frame.host);
    if guests().next().is_none() {
        return None;
    }
    if guests().all(|frame| frame.symbols.is_empty()) && !module.has_debug_info() {
        let hint = "note: the module has no debug info: compile it with -g (clang) or debug = true (Cargo) to see files and lines";
        return Some(hint.to_owned());
    }
    if options.code.debug_info || options.backtrace == Some(Backtrace::Short) {
        return None;
    }
    // What was recorded need not happen once more.
    let command = match &options.record {
        Some(recording) => format!("run `dwalin replay -g {}`", shell::word(recording)),
        None => "run it with `dwalin run -g`".to_owned(),
    };
    Some(format!("note: {command} to see arguments and locals"))
}

/// The terminal's columns.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(test)]
mod tests {
    use super::color;

    #[test]
    fn colour_is_for_terminals_unless_it_is_asked_for() {
        let with = |terminal, set: &[(&str, &str)]| {
            color(terminal, &|name| {
                let found = set.iter().find(|(it, _)| *it == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(true, &[]));
        assert!(!with(false, &[]));
        assert!(!with(true, &[("NO_COLOR", "1")]));
        assert!(!with(true, &[("TERM", "dumb")]));
        assert!(!with(true, &[("CLICOLOR", "0")]));
        assert!(with(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!with(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!with(true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    }
}
