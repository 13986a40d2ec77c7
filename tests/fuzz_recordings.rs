//! Modules of random instructions: recorded in one kind of code, they do the same in all others.
//!
//! `DWALIN_FUZZ_SECONDS=3600 cargo test --test fuzz_recordings -- --nocapture` goes on for as long, from `DWALIN_FUZZ_SEED` on (with
//! `--config profile.dev.opt-level=2` behind `test`, several times as fast). A finding names its seed: `DWALIN_FUZZ_SEED=that DWALIN_FUZZ_SECONDS=0` checks
//! it alone, and leaves the module and its recording in the folder for temporary files.

mod fuzzing {
    pub mod account;
    pub mod instance;
    #[allow(dead_code, reason = "there is nobody else to ask of recordings")]
    pub mod modules;
    #[allow(dead_code, reason = "of it, only the numbers are used here")]
    pub mod mutate;
    pub mod outcomes;
    pub mod replays;
    pub mod seeds;
}

#[path = "support/tools.rs"]
mod tools;

use fuzzing::modules::Modules;
use fuzzing::outcomes::Outcomes;
use fuzzing::replays::{Outcome, THREADS_STACK, check};
use fuzzing::seeds::Seeds;

/// Modules of a run that is not asked for more, and for how long at most.
const MODULES: u64 = 200;
const SECONDS: u64 = 20;

#[test]
fn random_modules_run_again_as_they_were_recorded() {
    let seeds = Seeds::requested(MODULES, SECONDS);
    let mut modules = Modules::new(seeds.first, seeds.last).peekable();
    // Before the time begins: cargo may have to build what makes them.
    if modules.peek().is_none() {
        return tools::skip("cargo does not build tests/fuzzing/smith");
    }
    let name = format!("dwalin-random-{}.rec", std::process::id());
    let file = std::env::temp_dir().join(name);
    let check = |seed, module: Option<Vec<u8>>| {
        let Some(wasm) = module else {
            return Outcome::Refused;
        };
        if seeds.is_single() {
            std::fs::write(file.with_extension("wasm"), &wasm).unwrap();
        }
        check(seed, &wasm, &file)
    };
    let outcomes = Outcomes::of(seeds, THREADS_STACK, modules, check);
    if !seeds.is_single() {
        std::fs::remove_file(&file).ok();
    }
    let all = outcomes.count(|it| *it != Outcome::Refused);
    let replayed = outcomes.count(|it| matches!(it, Outcome::Replayed { .. }));
    let called = outcomes.count(|it| matches!(it, Outcome::Replayed { calls: true, .. }));
    println!("{replayed} replayed, {called} of them with calls of imports");
    assert!(
        (replayed * 10 > all * 9 && called * 10 > all) || seeds.is_single(),
        "{outcomes:?}"
    );
}
