//! What counting ticks costs: the processor time of programs of WASI in code for debugging that counts them, beside code that does not. The two run
//! in turns, in one process, and the median of the quotients is printed.
//!
//!     cargo run --release --workspace --example ticks -- ROUNDS MODULE... > /dev/null
//!     valgrind --tool=cachegrind --cache-sim=no target/release/examples/ticks --only ticks ROUNDS MODULE
//!
//! The instructions of a round are the difference of two such runs with a different number of rounds.

use dwalin_runtime::wasi::{self, WasiCtxBuilder};
use dwalin_runtime::{Config, Engine, Linker, Module, OptLevel, Store};
use rustix::time::{ClockId, clock_gettime};

type AnyError = Box<dyn std::error::Error>;

/// A module in code that counts ticks, or does not.
struct Program(Engine, Module);

impl Program {
    fn new(wasm: &[u8], ticks: bool) -> Result<Program, AnyError> {
        let mut config = Config::new();
        config.debug_info(true).cranelift_opt_level(OptLevel::None);
        config.cranelift_nan_canonicalization(true).ticks(ticks);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm)?;
        Ok(Program(engine, module))
    }

    /// The seconds of this thread that a run takes.
    fn run(&self) -> Result<f64, AnyError> {
        let context = WasiCtxBuilder::new().inherit_stdio().build();
        let mut store = Store::new(&self.0, context);
        let mut linker = Linker::new(&self.0);
        wasi::add_to_linker(&mut linker, |context| context)?;
        let instance = linker.instantiate(&mut store, &self.1)?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        let before = processor_time();
        // It ends by an exit.
        let ended = start.call(&mut store, ());
        let seconds = processor_time() - before;
        if let Some(trap) = ended.err().as_ref().and_then(|it| it.trap()) {
            return Err(trap.kind().to_string().into());
        }
        Ok(seconds)
    }
}

fn processor_time() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn main() -> Result<(), AnyError> {
    let mut args: Vec<_> = std::env::args().skip(1).collect();
    let only = match args.first().is_some_and(|it| it == "--only") {
        true => args.drain(..2).last(),
        false => None,
    };
    let rounds: usize = args.first().ok_or("rounds, and modules")?.parse()?;
    for file in &args[1..] {
        let wasm = std::fs::read(file)?;
        if let Some(only) = &only {
            let program = Program::new(&wasm, only == "ticks")?;
            for _ in 0..rounds {
                program.run()?;
            }
            continue;
        }
        let (plain, counting) = (Program::new(&wasm, false)?, Program::new(&wasm, true)?);
        let mut quotients = Vec::new();
        for _ in 0..rounds {
            let before = plain.run()?;
            quotients.push(counting.run()? / before);
        }
        quotients.sort_by(f64::total_cmp);
        let median = quotients[quotients.len() / 2];
        eprintln!("{file}: {median:.3} ({quotients:.3?})");
    }
    Ok(())
}
