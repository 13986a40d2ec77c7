//! Modules of random instructions do the same in all kinds of code and with all settings, and the same as in another engine, wasmi.
//!
//! `DWALIN_FUZZ_SECONDS=3600 cargo test --test fuzz_modules -- --nocapture` goes on for as long, from `DWALIN_FUZZ_SEED` on (with
//! `--config profile.dev.opt-level=2` behind `test`, several times as fast). A finding names its seed: `DWALIN_FUZZ_SEED=that DWALIN_FUZZ_SECONDS=0` checks
//! it alone, and leaves the module in the folder for temporary files.

mod fuzzing {
    pub mod account;
    #[allow(dead_code, reason = "all failures are one here")]
    pub mod instance;
    #[allow(dead_code, reason = "of it, the judged ones are used here")]
    pub mod modules;
    #[allow(dead_code, reason = "of it, only the numbers are used here")]
    pub mod mutate;
    pub mod outcomes;
    pub mod seeds;
}

#[path = "support/tools.rs"]
mod tools;

use dwalin_runtime::{Config, Engine, Linker, Module, OptLevel, Store};
use fuzzing::instance::told;
use fuzzing::modules::Judged;
use fuzzing::mutate::Numbers;
use fuzzing::outcomes::Outcomes;
use fuzzing::seeds::Seeds;
use std::num::NonZeroU32;

/// Modules of a run that is not asked for more, and for how long at most.
const MODULES: u64 = 400;
const SECONDS: u64 = 20;
/// The kinds of code: with debug info or without, optimised or not.
const KINDS: usize = 4;
/// Frames of some kinds of code are larger than others.
const STACK: usize = 8 << 20;
const THREADS_STACK: usize = 2 * STACK;
/// Bytes of the largest memory of these modules.
const MEMORY: u64 = 1 << 20;
/// More than a module takes.
const FUEL: u64 = 1 << 40;

/// The outcome of a seed.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Outcome {
    /// All kinds of code did the same, and the other engine, too.
    Judged { fails: bool },
    /// All kinds of code did the same; the other engine does not know all that is in it.
    Compared { fails: bool },
    /// The numbers make no module, or one whose imports are in each other's way.
    Refused,
    /// Some kind of code ends out of stack, or of room for objects.
    DependsOnCode,
}

/// Returns true if a module converts floats to floats, of which wasm-smith does not make what is no number the same everywhere.
fn converts_floats(wasm: &[u8]) -> bool {
    use wasmparser::{Operator, Payload};
    let is_conversion = |operator: &Operator<'_>| {
        matches!(
            operator,
            Operator::F32DemoteF64
                | Operator::F64PromoteF32
                | Operator::F32x4DemoteF64x2Zero
                | Operator::F64x2PromoteLowF32x4
        )
    };
    wasmparser::Parser::new(0).parse_all(wasm).any(|payload| {
        let Ok(Payload::CodeSectionEntry(body)) = payload else {
            return false;
        };
        let operators = body.get_operators_reader().unwrap();
        operators.into_iter().any(|it| is_conversion(&it.unwrap()))
    })
}

/// An engine for a kind of code. All settings that the kind leaves open are by chance, if they do not change results.
fn engine(kind: usize, canonical_nans: bool, mut chance: impl FnMut(usize) -> bool) -> Engine {
    let mut config = Config::new();
    config
        .debug_info(kind & 1 != 0)
        .cranelift_opt_level(match kind & 2 {
            0 => OptLevel::Speed,
            _ => OptLevel::None,
        })
        .all_locals(chance(2))
        .cranelift_nan_canonicalization(canonical_nans || chance(4))
        .epoch_interruption(chance(4))
        .consume_fuel(chance(4))
        .ticks(chance(4))
        .watch_writes(chance(4))
        .private_memories(chance(4))
        .wasm_backtrace(chance(2))
        .wasm_backtrace_details(chance(2))
        .max_wasm_stack(STACK)
        .parallel_compilation(false)
        .warning(|_| {});
    if chance(2) {
        config.memory_reservation(if chance(2) { MEMORY } else { 2 * MEMORY });
    }
    if chance(2) {
        config.memory_guard_size(if chance(2) { 0 } else { 1 << 16 });
    }
    if chance(2) {
        config.gc_zeal_alloc_counter(NonZeroU32::new(if chance(2) { 1 } else { 5 }));
    }
    Engine::new(&config)
}

/// An account of the module in an engine, and whether something fails; `None` if it depends on the code.
fn account(engine: &Engine, wasm: &[u8]) -> Option<(Vec<String>, bool)> {
    let module = Module::new(engine, wasm).unwrap_or_else(|error| panic!("{error}"));
    let mut store = Store::new(engine, ());
    // An error of engines whose code takes none.
    store.set_fuel(FUEL).ok();
    store.set_epoch_deadline(1);
    let mut linker = Linker::new(engine);
    linker
        .define_unknown_imports_as_default_values(&mut store, &module)
        .ok()?;
    let (lines, failed) = told(&mut store, &linker, &module)?;
    Some((lines, failed.is_some()))
}

fn check(seed: u64, wasm: &[u8], judged: &str) -> Outcome {
    let mut numbers = Numbers::new(!seed);
    let converts_floats = converts_floats(wasm);
    let mut accounts = Vec::new();
    for kind in 0..KINDS {
        let engine = engine(kind, converts_floats, |of| numbers.below(of) == 0);
        match account(&engine, wasm) {
            Some(lines) => accounts.push(lines),
            None => return Outcome::DependsOnCode,
        }
    }
    let (first, fails) = accounts[0].clone();
    if first == ["start: cannot link"] {
        return Outcome::Refused;
    }
    for (kind, (lines, _)) in accounts.iter().enumerate() {
        assert_eq!(*lines, first, "of kind {kind}, and of kind 0");
    }
    if judged.is_empty() || converts_floats {
        return Outcome::Compared { fails };
    }
    let judged: Vec<_> = judged.lines().collect();
    assert_eq!(first, judged, "of Dwalin, and of the other engine");
    Outcome::Judged { fails }
}

#[test]
fn random_modules_do_the_same_in_all_kinds_of_code_and_in_another_engine() {
    let seeds = Seeds::requested(MODULES, SECONDS);
    let mut modules = Judged::new(seeds.first, seeds.last).peekable();
    // Before the time begins: cargo may have to build what makes them.
    if modules.peek().is_none() {
        return tools::skip("cargo does not build tests/fuzzing/smith");
    }
    let file = std::env::temp_dir().join(format!("dwalin-random-{}.wasm", std::process::id()));
    let check = |seed, module: Option<(Vec<u8>, String)>| {
        let Some((wasm, judged)) = module else {
            return Outcome::Refused;
        };
        if seeds.is_single() {
            std::fs::write(&file, &wasm).unwrap();
            println!("{}", file.display());
        }
        check(seed, &wasm, &judged)
    };
    let outcomes = Outcomes::of(seeds, THREADS_STACK, modules, check);
    let all = outcomes.count(|it| *it != Outcome::Refused);
    let judged = outcomes.count(|it| matches!(it, Outcome::Judged { .. }));
    let compared = outcomes.count(|it| matches!(it, Outcome::Compared { .. }));
    println!("{judged} as in the other engine, {compared} in all kinds of code");
    let is_a_sample = judged * 2 > all && compared * 50 > all;
    assert!(is_a_sample || seeds.is_single(), "{outcomes:?}");
}
