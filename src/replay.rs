//! `dwalin replay`: a program runs as it was recorded, and nothing else of the world is touched.

use crate::args::{Code, Replay, Run};
use crate::backtrace::Output;
use crate::ending::Ending;
use crate::files;
use crate::keys::optimize::Optimize;
use crate::progress::Progress;
use crate::recording::{self, option};
use crate::run::{call, say_text};
use anyhow::{Context, Result};
use dwalin_runtime::record::{Log, Start};
use dwalin_runtime::wasi::WasiCtxBuilder;
use dwalin_runtime::{Engine, Linker, Module, ModuleInput, Store};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Bytes of stack for code that is made otherwise than when it was recorded: its frames may be larger, and where the program ended for
/// want of stack it does so a little later.
const STACK: u64 = 56 << 20;

/// Runs a program again; its exit code is ours.
pub fn replay(options: &Replay) -> Result<ExitCode> {
    let Opened {
        log,
        start,
        contents,
    } = open(&options.file)?;
    let run = &Arc::new(as_run(options, &start));
    let json = Output::open(run.backtrace.as_ref())?;
    let (engine, module) = compile(run, &contents, false)?;
    let mut store = Store::new(&engine, WasiCtxBuilder::new().build());
    store.replay(log, options.traced);
    let mut linker = Linker::new(&engine);
    // None of the functions is called.
    linker.define_unknown_imports_as_default_values(&mut store, &module)?;
    let ending = Ending::new(run, &module, json);
    let ended = call(run, &linker, &module, &mut store);
    let (recorded, compared) = recording::end(&ended, &mut store);
    let code = ending.end(ended, &store, None);
    // As in `run`.
    std::mem::forget(store);
    compared.with_context(|| options.file.display().to_string())?;
    Ok(ExitCode::from(recorded.unwrap_or(code?)))
}

/// Compiles the recorded module, if it is wanted with code that tells of writes.
pub fn compile(run: &Run, contents: &[u8], watch_writes: bool) -> Result<(Engine, Module)> {
    let mut config = run.config().context("cannot configure the engine")?;
    config.cranelift_nan_canonicalization(true);
    config.watch_writes(watch_writes);
    let engine = Engine::new(&config);
    let of_file = |error| files::error(error, run.file());
    let input = ModuleInput::read(contents, Some(run.file())).map_err(of_file)?;
    let progress = Progress::of(run.file());
    let module = run.code.module_of(&engine, run.file(), &input);
    let module = module.map_err(of_file)?;
    drop(progress);
    say_text(&module, run.file());
    Ok((engine, module))
}

/// A recording that was opened.
pub struct Opened {
    /// Its calls.
    pub log: Log,
    /// The program as it was begun.
    pub start: Start,
    /// The module.
    pub contents: Vec<u8>,
}

/// Opens a recording.
pub fn open(file: &Path) -> Result<Opened> {
    let opened = Log::open(file);
    let (log, start, contents) = opened.with_context(|| match file.is_dir() {
        true => format!("cannot read {}: it is a directory", file.display()),
        false => format!("cannot replay {}", file.display()),
    })?;
    Ok(Opened {
        log,
        start,
        contents,
    })
}

/// The options of the run that was recorded, as far as a replay has them, or the replay's own.
pub fn as_run(options: &Replay, start: &Start) -> Run {
    let given = &options.code;
    let is_on = |name: &str| start.option(name) == Some("y");
    let recorded = (is_on(option::DEBUG_INFO), is_on(option::OPTIMIZE));
    let (debug_info, optimize) = match (given.debug_info, given.optimize.optimize) {
        _ if options.traced || options.last_write.is_some() => (true, false),
        (false, false) => recorded,
        given => given,
    };
    let is_same =
        (debug_info, optimize) == recorded && !options.traced && options.last_write.is_none();
    let stack = start.option(option::STACK).and_then(|it| it.parse().ok());
    let stack: Option<u64> = match is_same {
        true => stack,
        false => Some(with_larger_stack().max(stack.unwrap_or(0))),
    };
    let words = std::iter::once(&start.file).chain(&start.args);
    Run {
        code: Code {
            debug_info,
            optimize: Optimize::by_default(optimize),
            dwp: given.dwp.clone(),
            map_path: given.map_path.clone(),
            memory_reservation: given.memory_reservation,
            memory_guard_size: given.memory_guard_size,
            max_wasm_stack: given.max_wasm_stack.or(stack),
        },
        invoke: start.option(option::INVOKE).map(str::to_owned),
        debugger: options.debugger,
        coredump: options.coredump.clone(),
        backtrace: options.backtrace.clone(),
        record: Some(options.file.clone()),
        traced: options.traced,
        program: words.map(|it| OsString::from_vec(it.clone())).collect(),
        ..Run::default()
    }
}

/// Lets this thread's stack grow, and returns as many bytes as guests may have of it. Below the main thread's stack the system leaves 128 MiB
/// (Linux, mm/util.c), whatever the limit was when the process began.
fn with_larger_stack() -> u64 {
    let limit = getrlimit(Resource::Stack);
    let wanted = STACK + (8 << 20);
    if limit.current.is_some_and(|it| it < wanted) {
        let current = limit.maximum.map_or(wanted, |it| it.min(wanted));
        let limit = Rlimit {
            current: Some(current),
            maximum: limit.maximum,
        };
        // With less, it is as it was when it was recorded.
        setrlimit(Resource::Stack, limit).ok();
    }
    STACK
}
