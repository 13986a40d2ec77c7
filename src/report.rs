//! What the command prints when a program traps: for people, in colour on a terminal; as JSON for programs.

use crate::args::{Backtrace, Run};
use crate::json::Json;
use dwalin_runtime::{FrameInfo, Report, ReportOptions, SourceFrame, Trap, Variable, WasmValue};
use std::io::IsTerminal;

/// Columns of a report that is not for a terminal.
const WIDTH: usize = 140;

/// Prints a trap on standard error.
pub fn print(trap: &Trap, options: &Run) {
    if options.backtrace == Some(Backtrace::Json) {
        eprintln!("{}", json(trap, &options.file.to_string_lossy()));
        return;
    }
    let terminal = std::io::stderr().is_terminal();
    let mut style = match options.backtrace {
        Some(Backtrace::Short) => ReportOptions::short(),
        Some(Backtrace::Full) => ReportOptions::full(),
        _ => ReportOptions::normal(),
    };
    // https://no-color.org: set to anything but nothing.
    style.color = terminal && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    style.width = if terminal {
        columns().unwrap_or(WIDTH)
    } else {
        WIDTH
    };
    style.title = format!("{}: ", options.file.display());
    eprint!("{}", Report::with(trap, style));
    if let Some(hint) = hint(trap, options) {
        eprintln!("{hint}");
    }
}

/// How to see more, where there could be more.
fn hint(trap: &Trap, options: &Run) -> Option<&'static str> {
    let frames = trap.backtrace().frames();
    let guests = || frames.iter().filter(|frame| !frame.host);
    if guests().next().is_none() {
        return None;
    }
    if guests().all(|frame| frame.symbols.is_empty()) {
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

/// A trap as JSON; docs/debugging.md says what the members mean.
pub fn json(trap: &Trap, program: &str) -> Json {
    let strings = |texts: &[String]| Json::array(texts.iter().map(|text| Json::string(text)));
    let backtrace = trap.backtrace();
    let (before, left_out) = backtrace.left_out().unwrap_or((0, 0));
    Json::object([
        ("version", Json::number(1)),
        ("program", Json::string(program)),
        ("trap", Json::string(&format!("{:?}", trap.kind()))),
        ("message", Json::string(&trap.kind().to_string())),
        ("cause", strings(&trap.cause().notes)),
        ("hints", strings(&trap.cause().hints)),
        ("frames", Json::array(backtrace.frames().iter().map(frame))),
        ("left_out", Json::number(left_out as u64)),
        ("left_out_after", Json::number(before as u64)),
    ])
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
        ("function", Json::string(&frame.func_name)),
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
    }
}

fn symbol(symbol: &SourceFrame, variables: &[Variable]) -> Json {
    let variables = variables.iter().map(|variable| {
        Json::object([
            ("name", Json::string(&variable.name)),
            ("argument", Json::bool(variable.argument)),
            ("type", Json::string(&variable.ty)),
            ("value", Json::string_or_null(variable.value.as_deref())),
        ])
    });
    Json::object([
        ("function", Json::string_or_null(symbol.function.as_deref())),
        ("file", Json::string_or_null(symbol.file.as_deref())),
        ("line", Json::number_or_null(symbol.line)),
        ("column", Json::number_or_null(symbol.column)),
        ("variables", Json::array(variables)),
    ])
}
