//! What the command prints when a program traps: for people, in colour on a terminal; as JSON for programs.

use crate::args::Run;
use crate::backtrace::{Backtrace, Output};
use crate::json::Json;
use crate::sources;
use crate::terminal::colored;
use dwalin_runtime::{
    Cause, FrameInfo, HostError, Module, Report, ReportOptions, SourceFrame, Trap, Variable,
    WasmBacktrace, WasmValue, short_name,
};
use std::io::IsTerminal;

/// Columns of a report that is not for a terminal.
const WIDTH: usize = 140;

/// Prints a trap on standard error; of a thread with a number, unless it is the first.
pub fn print(
    trap: &Trap,
    options: &Run,
    module: &Module,
    thread: Option<u32>,
    output: Option<Output>,
) {
    if printed_as_json(options, output, || json(trap, &program(options), thread)) {
        return;
    }
    colored(Report::with(trap, style(options, thread)));
    if let Some(hint) = hint(trap.backtrace(), options, module) {
        eprintln!("{hint}");
    }
    say_sources(trap.backtrace(), options);
}

/// Prints JSON where it was asked for; whether that is all that is printed.
fn printed_as_json(options: &Run, output: Option<Output>, json: impl FnOnce() -> Json) -> bool {
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
    thread: Option<u32>,
    output: Option<Output>,
) {
    let json = || {
        let message = error.to_string();
        let summary = Summary {
            trap: None,
            message: &message,
            cause: &Cause::default(),
        };
        object(&program(options), &summary, error.backtrace(), thread)
    };
    if printed_as_json(options, output, json) {
        return;
    }
    colored(Report::of_host_error(error).options(style(options, thread)));
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
fn hint(backtrace: &WasmBacktrace, options: &Run, module: &Module) -> Option<&'static str> {
    let frames = backtrace.frames();
    let guests = || frames.iter().filter(|frame| !frame.host);
    if guests().next().is_none() {
        return None;
    }
    if guests().all(|frame| frame.symbols.is_empty()) && !module.has_debug_info() {
        return Some(
            "note: the module has no debug info: compile it with -g (clang) or debug = true (Cargo) to see files and lines",
        );
    }
    (!options.code.debug_info && options.backtrace != Some(Backtrace::Short))
        .then_some("note: run it with `dwalin run -g` to see arguments and locals")
}

/// The terminal's columns.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// A trap as JSON; docs/debugging.md documents the members.
pub fn json(trap: &Trap, program: &str, thread: Option<u32>) -> Json {
    let (kind, message) = (format!("{:?}", trap.kind()), trap.kind().to_string());
    let summary = Summary {
        trap: Some(&kind),
        message: &message,
        cause: trap.cause(),
    };
    object(program, &summary, trap.backtrace(), thread)
}

/// The text of an error; `trap` is none for one of a host function.
struct Summary<'a> {
    trap: Option<&'a str>,
    message: &'a str,
    cause: &'a Cause,
}

fn object(
    program: &str,
    summary: &Summary<'_>,
    backtrace: &WasmBacktrace,
    thread: Option<u32>,
) -> Json {
    let backtrace = &backtrace.with_columns_in_characters();
    let strings = |texts: &[String]| Json::array(texts.iter().map(|text| Json::string(text)));
    let (before, left_out) = backtrace.left_out().unwrap_or((0, 0));
    let members = [
        ("version", Json::number(1)),
        ("program", Json::string(program)),
        ("trap", Json::string_or_null(summary.trap)),
        ("message", Json::string(summary.message)),
        ("cause", strings(&summary.cause.notes)),
        ("hints", strings(&summary.cause.hints)),
        ("frames", Json::array(backtrace.frames().iter().map(frame))),
        ("left_out", Json::number(left_out as u64)),
        ("left_out_after", Json::number(before as u64)),
    ];
    let thread = thread.map(|it| ("thread", Json::number(u64::from(it))));
    Json::object(members.into_iter().chain(thread))
}

/// One frame.
pub fn frame(frame: &FrameInfo) -> Json {
    let symbols = frame.symbols.iter().enumerate().map(|(i, symbol)| {
        let variables = frame.variables.get(i).map_or(&[][..], Vec::as_slice);
        self::symbol(symbol, variables)
    });
    let locals = frame.locals.iter().map(|(index, value)| {
        let (ty, text) = local(*value);
        Json::object([
            ("index", Json::number(u64::from(*index))),
            ("type", Json::string(ty)),
            ("value", Json::string(&text)),
        ])
    });
    Json::object([
        ("host", Json::bool(frame.host)),
        ("module", Json::string(&frame.module)),
        ("function_index", Json::number(u64::from(frame.func_index))),
        ("function", Json::string(&short_name(&frame.func_name))),
        (
            "offset",
            Json::number_or_null(frame.module_offset.map(|it| it as u64)),
        ),
        ("symbols", Json::array(symbols)),
        ("locals", Json::array(locals)),
    ])
}

/// A wasm value's type and text.
pub fn local(value: WasmValue) -> (&'static str, String) {
    match value {
        WasmValue::I32(bits) => ("i32", (bits as i32).to_string()),
        WasmValue::I64(bits) => ("i64", (bits as i64).to_string()),
        WasmValue::F32(bits) => ("f32", f32::from_bits(bits).to_string()),
        WasmValue::F64(bits) => ("f64", f64::from_bits(bits).to_string()),
        WasmValue::V128(bits) => ("v128", format!("{bits:#034x}")),
    }
}

fn symbol(symbol: &SourceFrame, variables: &[Variable]) -> Json {
    let variables = variables.iter().map(|variable| {
        Json::object([
            ("name", Json::string(&variable.name)),
            ("argument", Json::bool(variable.argument)),
            ("type", Json::string(&variable.ty)),
            (
                "value",
                Json::string_or_null(variable.value.as_deref().ok()),
            ),
            ("unavailable", {
                let reason = variable.value.as_ref().err().map(ToString::to_string);
                Json::string_or_null(reason.as_deref())
            }),
        ])
    });
    Json::object([
        ("function", {
            let name = symbol.function.as_deref().map(short_name);
            Json::string_or_null(name.as_deref())
        }),
        ("file", Json::string_or_null(symbol.file.as_deref())),
        ("line", Json::number_or_null(symbol.line)),
        ("column", Json::number_or_null(symbol.column)),
        ("variables", Json::array(variables)),
    ])
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
