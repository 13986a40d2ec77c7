//! Modules of random instructions: recorded in one kind of code, they do the same in all others.
//!
//! `DWALIN_FUZZ_SECONDS=3600 cargo test --test fuzz_recordings -- --nocapture` goes on for as long, from `DWALIN_FUZZ_SEED` on (with
//! `--config profile.dev.opt-level=2` behind `test`, several times as fast). A finding names its seed: `DWALIN_FUZZ_SEED=that DWALIN_FUZZ_SECONDS=0` checks
//! it alone, and leaves the module and its recording in the folder for temporary files.

mod fuzzing {
    pub mod modules;
    #[allow(dead_code, reason = "of it, only the numbers are used here")]
    pub mod mutate;
    pub mod replays;
}

#[path = "support/tools.rs"]
mod tools;

use fuzzing::modules::Modules;
use fuzzing::replays::{Outcome, THREADS_STACK, check};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// Modules of a run that is not asked for more, and for how long at most.
const MODULES: u64 = 200;
const SECONDS: u64 = 20;
/// The time that a module may take without being named.
const SLOW: Duration = Duration::from_secs(5);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Checks the modules of seeds until the time is over; returns how many came out how, and the seeds that failed.
fn check_all(
    first: u64,
    last: u64,
    seconds: u64,
    file: &Path,
) -> (HashMap<Outcome, u64>, Vec<u64>) {
    let mut outcomes = HashMap::new();
    let mut failed = Vec::new();
    let mut modules = (first..=last).zip(Modules::new(first, last)).peekable();
    // Without the time that it takes to build what makes them.
    modules
        .peek()
        .expect("cargo builds and runs tests/fuzzing/smith");
    let end = Instant::now() + Duration::from_secs(seconds);
    for (seed, module) in modules {
        let started = Instant::now();
        let checked = module.map_or(Ok(Outcome::Refused), |wasm| {
            if first == last {
                std::fs::write(file.with_extension("wasm"), &wasm).unwrap();
            }
            catch_unwind(AssertUnwindSafe(|| check(seed, &wasm, file)))
        });
        match checked {
            Ok(outcome) => *outcomes.entry(outcome).or_default() += 1,
            Err(_) => {
                println!("seed {seed} fails");
                failed.push(seed);
            }
        }
        if started.elapsed() > SLOW {
            println!("seed {seed} takes {:?}", started.elapsed());
        }
        if seed % 10_000 == 0 {
            println!("seed {seed}: {outcomes:?}");
        }
        if Instant::now() >= end {
            break;
        }
    }
    (outcomes, failed)
}

#[test]
fn random_modules_run_again_as_they_were_recorded() {
    let seconds = number("DWALIN_FUZZ_SECONDS");
    let first = number("DWALIN_FUZZ_SEED").unwrap_or(1);
    let last = match seconds {
        Some(0) => first,
        Some(_) => u64::MAX,
        None => first + MODULES - 1,
    };
    let seconds = seconds.unwrap_or(SECONDS);
    let name = format!("dwalin-random-{}.rec", std::process::id());
    let file = std::env::temp_dir().join(name);
    let thread = std::thread::Builder::new().stack_size(THREADS_STACK);
    let (outcomes, failed) = std::thread::scope(|scope| {
        let checks = thread.spawn_scoped(scope, || check_all(first, last, seconds, &file));
        checks.unwrap().join().unwrap()
    });
    if first != last {
        std::fs::remove_file(&file).ok();
    }
    println!("from seed {first} on: {outcomes:?}");
    assert!(failed.is_empty(), "failed: {failed:?}");
    if outcomes.is_empty() {
        return tools::skip("cargo does not build tests/fuzzing/smith");
    }
    let replayed = outcomes.get(&Outcome::Replayed).copied().unwrap_or(0);
    let all: u64 = outcomes.values().sum();
    assert!(replayed * 2 > all || first == last, "{outcomes:?}");
}
