//! Reports and frames as JSON. docs/debugging.md documents the members.

use dwalin_runtime::{
    Cause, FrameInfo, HostError, OtherThread, SourceFrame, Trap, Variable, WasmBacktrace,
    WasmValue, short_name,
};
use serde::Serialize;
use std::borrow::Cow;

/// The version: another one where a member goes or means something else.
pub const VERSION: u32 = 1;

/// The threads of a program: the one that ended it, and what the others did.
#[derive(Clone, Copy)]
pub struct Threads<'a> {
    /// Its number, unless it is the first.
    pub own: Option<u32>,
    /// The others.
    pub others: &'a [OtherThread],
}

/// A report.
#[derive(Serialize)]
pub struct Members<'a> {
    version: u32,
    program: &'a str,
    /// None for an error of a host function.
    trap: Option<String>,
    message: String,
    cause: &'a [String],
    hints: &'a [String],
    #[serde(flatten)]
    frames: Frames,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_threads: Vec<Other>,
}

impl<'a> Members<'a> {
    /// A trap's.
    pub fn of_trap(trap: &'a Trap, program: &'a str, threads: Threads<'a>) -> Members<'a> {
        let (kind, message) = (format!("{:?}", trap.kind()), trap.kind().to_string());
        Members {
            trap: Some(kind),
            ..Members::new(message, trap.cause(), trap.backtrace(), program, threads)
        }
    }

    /// That of an error of a host function.
    pub fn of_host_error(
        error: &'a HostError,
        program: &'a str,
        threads: Threads<'a>,
    ) -> Members<'a> {
        let (message, cause) = (error.to_string(), error.cause());
        Members::new(message, cause, error.backtrace(), program, threads)
    }

    fn new(
        message: String,
        cause: &'a Cause,
        backtrace: &WasmBacktrace,
        program: &'a str,
        threads: Threads<'a>,
    ) -> Members<'a> {
        Members {
            version: VERSION,
            program,
            trap: None,
            message,
            cause: &cause.notes,
            hints: &cause.hints,
            frames: Frames::new(&backtrace.with_columns_in_characters()),
            thread: threads.own,
            other_threads: threads.others.iter().map(Other::new).collect(),
        }
    }
}

/// Another thread of the program.
#[derive(Serialize)]
struct Other {
    /// 0 for the first.
    thread: u32,
    #[serde(flatten)]
    frames: Frames,
}

impl Other {
    fn new(other: &OtherThread) -> Other {
        Other {
            thread: other.number,
            frames: Frames::new(&other.backtrace.with_columns_in_characters()),
        }
    }
}

/// The frames of a thread, the innermost first.
#[derive(Serialize)]
pub struct Frames {
    frames: Vec<Frame>,
    left_out: usize,
    left_out_after: usize,
}

impl Frames {
    /// Those of a backtrace.
    pub fn new(backtrace: &WasmBacktrace) -> Frames {
        let (left_out_after, left_out) = backtrace.left_out().unwrap_or((0, 0));
        Frames {
            frames: backtrace.frames().iter().map(Frame::new).collect(),
            left_out,
            left_out_after,
        }
    }
}

#[derive(Serialize)]
struct Frame {
    host: bool,
    module: String,
    function_index: u32,
    function: String,
    /// The call of another component that an adapter passes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    offset: Option<usize>,
    symbols: Vec<Symbol>,
    locals: Vec<Local>,
}

impl Frame {
    fn new(frame: &FrameInfo) -> Frame {
        let symbols = frame.symbols.iter().enumerate().map(|(i, symbol)| {
            let variables = frame.variables.get(i).map_or(&[][..], Vec::as_slice);
            Symbol::new(symbol, variables)
        });
        let locals = frame.locals.iter();
        Frame {
            host: frame.host,
            module: frame.module.to_string(),
            function_index: frame.func_index,
            function: short_name(&frame.func_name).into_owned(),
            call: frame.passes_on.clone(),
            offset: frame.module_offset,
            symbols: symbols.collect(),
            locals: locals.map(|(index, it)| Local::new(*index, *it)).collect(),
        }
    }
}

/// A function of the source, inlined into the one after it.
#[derive(Serialize)]
struct Symbol {
    function: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    variables: Vec<Described>,
}

impl Symbol {
    fn new(symbol: &SourceFrame, variables: &[Variable]) -> Symbol {
        Symbol {
            function: symbol
                .function
                .as_deref()
                .map(short_name)
                .map(Cow::into_owned),
            file: symbol.file.clone(),
            line: symbol.line,
            column: symbol.column,
            variables: variables.iter().map(Described::new).collect(),
        }
    }
}

/// A variable of the source.
#[derive(Serialize)]
struct Described {
    name: String,
    argument: bool,
    #[serde(rename = "type")]
    ty: String,
    value: Option<String>,
    /// Why there is no value.
    unavailable: Option<String>,
}

impl Described {
    fn new(variable: &Variable) -> Described {
        Described {
            name: variable.name.clone(),
            argument: variable.argument,
            ty: variable.ty.clone(),
            value: variable.value.as_deref().ok().map(str::to_owned),
            unavailable: variable.value.as_ref().err().map(ToString::to_string),
        }
    }
}

/// A local of the wasm function.
#[derive(Serialize)]
struct Local {
    index: u32,
    #[serde(rename = "type")]
    ty: &'static str,
    value: String,
}

impl Local {
    fn new(index: u32, value: WasmValue) -> Local {
        let (ty, value) = match value {
            WasmValue::I32(bits) => ("i32", (bits as i32).to_string()),
            WasmValue::I64(bits) => ("i64", (bits as i64).to_string()),
            WasmValue::F32(bits) => ("f32", f32::from_bits(bits).to_string()),
            WasmValue::F64(bits) => ("f64", f64::from_bits(bits).to_string()),
            WasmValue::Ref(bits) => ("ref", format!("{bits:#x}")),
            WasmValue::V128(bits) => ("v128", format!("{bits:#034x}")),
        };
        Local { index, ty, value }
    }
}
