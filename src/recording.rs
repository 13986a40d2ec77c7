//! `--record`: the file of a recording, from its beginning to the end of the program.

use crate::args::Run;
use crate::ending::exit_code;
use crate::program::Program;
use anyhow::{Context, Result, bail};
use dwalin_runtime::record::{End, Ended, Log, Start};
use dwalin_runtime::wasi::WasiCtx;
use dwalin_runtime::{Error, Module, Store};
use std::os::unix::ffi::OsStrExt;

/// Names of options in a recording.
pub mod option {
    /// With the value `y`: code was made for debugging.
    pub const DEBUG_INFO: &str = "debug-info";
    /// With the value `y`: code was optimised although it was made for debugging.
    pub const OPTIMIZE: &str = "optimize";
    /// The export that was called.
    pub const INVOKE: &str = "invoke";
    /// Bytes of stack.
    pub const STACK: &str = "max-wasm-stack";
}

/// Refuses programs and options that cannot be recorded, before code is made for them.
pub fn check(options: &Run, program: &Program<'_>) -> Result<()> {
    if options.record.is_none() {
        return Ok(());
    }
    let file = options.file().display();
    if program.contents().is_none() {
        bail!(
            "{file}: --record: the machine code in an artifact is not made to be recorded; give the module"
        );
    }
    if options.wasm.timeout().is_some() || options.wasm.fuel().is_some() {
        bail!(
            "{file}: --record: what -W timeout or -W fuel ends cannot be replayed; leave one of them out"
        );
    }
    Ok(())
}

/// Begins the recording of a program that [`check`] let pass, if one is wanted.
pub fn begin(options: &Run, program: &Program<'_>, module: &Module) -> Result<Option<Log>> {
    let (Some(path), Some(contents)) = (&options.record, program.contents()) else {
        return Ok(None);
    };
    let file = options.file().display();
    if let Some(what) = module.unrecordable() {
        bail!("{file}: --record: it has {what}");
    }
    let yes = |name: &str, is: bool| is.then(|| (name.to_owned(), "y".to_owned()));
    let stack = options.code.max_wasm_stack.map(|it| it.to_string());
    let with = |name: &str, value: Option<String>| value.map(|value| (name.to_owned(), value));
    let chosen = [
        yes(option::DEBUG_INFO, options.code.debug_info),
        yes(option::OPTIMIZE, options.code.optimize.optimize),
        with(option::INVOKE, options.invoke.clone()),
        with(option::STACK, stack),
    ];
    let args = options.program[1..].iter();
    let start = Start {
        version: env!("DWALIN_VERSION").to_owned(),
        file: options.file().as_os_str().as_bytes().to_vec(),
        args: args.map(|arg| arg.as_bytes().to_vec()).collect(),
        options: chosen.into_iter().flatten().collect(),
        ..Start::default()
    };
    let log = Log::create(path, start, contents);
    let log = log.with_context(|| format!("--record: cannot write {}", path.display()))?;
    Ok(Some(log))
}

/// Records the end of a program, or compares it with the recording; the exit code that was recorded. What goes wrong is said: the program has
/// ended anyway.
pub fn end(ended: &Result<()>, store: &mut Store<WasiCtx>) -> (Option<u8>, Result<()>) {
    let error = ended.as_ref().err();
    let way = match error.map(|error| error.downcast_ref::<Error>()) {
        None | Some(Some(Error::Exit(_))) => Ended::Finished,
        Some(Some(Error::Trap(trap))) => Ended::Trapped(trap.kind()),
        Some(_) => Ended::Failed,
    };
    let end = End {
        exit_code: exit_code(ended),
        ended: way,
    };
    match store.end_recording(&end) {
        Ok(code) => (code, Ok(())),
        Err(error) => (None, Err(error.into())),
    }
}
