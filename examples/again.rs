//! What each trap of one process costs: a module that was compiled before is run again and again, in a store of its own each time,
//! and the report is made as text. Prints the processor's microseconds of the first run and the median of the others.
//!
//!     cargo run --release --example again -- [-g] RUNS ARTIFACT ARGS

use dwalin_runtime::wasi::{self, WasiCtx, WasiCtxBuilder};
use dwalin_runtime::{Config, Engine, Error, Linker, Module, Store};
use std::hint::black_box;

/// Nanoseconds that this thread has run (proc_pid_schedstat(5)).
fn processor_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next().unwrap_or_default();
    first.parse().unwrap_or_default()
}

fn run(module: &Module, linker: &Linker<WasiCtx>, args: &[String]) -> Result<(), Error> {
    let mut builder = WasiCtxBuilder::new();
    builder.args(args);
    let mut store = Store::new(module.engine(), builder.build());
    let instance = linker.instantiate(&mut store, module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    start.call(&mut store, ())
}

fn main() -> Result<(), Error> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut config = Config::new();
    if args.first().is_some_and(|arg| arg == "-g") {
        args.remove(0);
        config.debug_info(true);
    }
    let runs: usize = args.remove(0).parse().expect("a number of runs");
    let engine = Engine::new(&config);
    // SAFETY: the user says that it is what `dwalin compile` wrote.
    let module = unsafe { Module::deserialize_file(&engine, &args[0]) }?;
    let mut linker = Linker::new(&engine);
    wasi::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    let mut costs = Vec::new();
    for _ in 0..runs {
        let before = processor_time();
        if let Err(error) = run(&module, &linker, &args) {
            black_box(format!("{error:?}"));
        }
        costs.push((processor_time() - before) / 1000);
    }
    let first = costs.remove(0);
    costs.sort_unstable();
    println!("first {first} later {}", costs[costs.len() / 2]);
    Ok(())
}
