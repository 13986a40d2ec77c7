//! The smallest host of WASI programs that `dwalin compile` compiled: without the code generator.
//!
//!     dwalin compile -o program.cwasm program.wasm
//!     cargo run -p dwalin-precompiled -- program.cwasm ARGS

use dwalin_runtime::wasi::{self, WasiCtx, WasiCtxBuilder};
use dwalin_runtime::{Engine, Error, Linker, Module, Store};
use std::process::ExitCode;

fn run(mut args: impl Iterator<Item = String>) -> Result<(), Error> {
    let file = args
        .next()
        .ok_or_else(|| Error::host("no artifact given"))?;
    let engine = Engine::default();
    // SAFETY: who starts this says that the file is an artifact of `dwalin compile`, and it does not change meanwhile.
    let module = unsafe { Module::deserialize_file(&engine, &file)? };
    let mut linker = Linker::new(&engine);
    wasi::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    let args: Vec<_> = [file].into_iter().chain(args).collect();
    let mut store = Store::new(
        &engine,
        WasiCtxBuilder::new().args(&args).inherit_stdio().build(),
    );
    let instance = linker.instantiate(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    start.call(&mut store, ())
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Exit(status)) => ExitCode::from(status as u8),
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::from(134)
        }
    }
}
