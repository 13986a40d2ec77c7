//! What each trap of one process costs: a module that was compiled before is run again and again, in a store of its own each time,
//! and the report is made as text. Prints the processor's microseconds of the first run and the median of the others. With
//! `--plain` frames have no places in the source; with `--calls` all runs are calls in one store.
//!
//!     cargo run --release --example again -- [-g] [--plain] [--calls] RUNS ARTIFACT ARGS

use dwalin_runtime::wasi::{self, WasiCtx, WasiCtxBuilder};
use dwalin_runtime::{Config, Engine, Error, Linker, Module, Store, TypedFunc};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// The processor time of this thread.
fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

struct Program {
    module: Module,
    linker: Linker<WasiCtx>,
    args: Vec<String>,
    plain: bool,
}

impl Program {
    fn start(&self) -> Result<(Store<WasiCtx>, TypedFunc<(), ()>), Error> {
        let mut builder = WasiCtxBuilder::new();
        builder.args(&self.args);
        let mut store = Store::new(self.module.engine(), builder.build());
        let instance = self.linker.instantiate(&mut store, &self.module)?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        Ok((store, start))
    }

    /// Reports a trap: cause and frames, or the whole report.
    fn report(&self, ended: Result<(), Error>) {
        if let Err(error) = ended {
            black_box(match self.plain {
                true => error.to_string(),
                false => format!("{error:?}"),
            });
        }
    }

    fn measure(&self, calls: bool) -> Result<Duration, Error> {
        let mut kept = calls.then(|| self.start()).transpose()?;
        let before = processor_time();
        let ended = match &mut kept {
            Some((store, start)) => (0..CALLS)
                .map(|_| self.report(start.call(&mut *store, ())))
                .last(),
            None => {
                let (store, start) = self.start()?;
                Some(self.report(start.call(store, ())))
            }
        };
        black_box(ended);
        let spent = processor_time() - before;
        Ok(if calls { spent / CALLS } else { spent })
    }
}

/// The number of calls in one store that are measured together: the clock is coarse beside one.
const CALLS: u32 = 1000;

fn main() -> Result<(), Error> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut has = |option: &str| {
        let found = args.first().is_some_and(|arg| arg == option);
        found.then(|| args.remove(0)).is_some()
    };
    let mut config = Config::new();
    config.debug_info(has("-g"));
    let plain = has("--plain");
    config.wasm_backtrace_details(!plain);
    let calls = has("--calls");
    let runs: usize = args.remove(0).parse().expect("a number of runs");
    let engine = Engine::new(&config);
    // SAFETY: the user says that it is what `dwalin compile` wrote.
    let module = unsafe { Module::deserialize_file(&engine, &args[0]) }?;
    let mut linker = Linker::new(&engine);
    wasi::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    let program = Program {
        module,
        linker,
        args,
        plain,
    };
    let costs: Result<Vec<_>, _> = (0..runs.max(2)).map(|_| program.measure(calls)).collect();
    let mut costs = costs?;
    let first = costs.remove(0);
    costs.sort_unstable();
    let later = costs[costs.len() / 2];
    println!("first {} later {}", first.as_micros(), later.as_micros());
    Ok(())
}
