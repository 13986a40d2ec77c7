//! `-W`: what a program may use, and for how long.

use super::{Given, Key, Kind, flag, key, number, parser, time};
use crate::help_groups::PROGRAM;
use clap::Args;
use dwalin_runtime::{Config, Proposal, StoreLimits, StoreLimitsBuilder};
use std::time::Duration;

const UNKNOWN_IMPORTS_TRAP: &str = "unknown-imports-trap";
const UNKNOWN_IMPORTS_DEFAULT: &str = "unknown-imports-default";
const TIMEOUT: &str = "timeout";
const EPOCH_INTERRUPTION: &str = "epoch-interruption";
const FUEL: &str = "fuel";
const MAX_WASM_STACK: &str = "max-wasm-stack";
const MAX_MEMORY_SIZE: &str = "max-memory-size";
const MAX_TABLE_ELEMENTS: &str = "max-table-elements";
const MAX_INSTANCES: &str = "max-instances";
const MAX_TABLES: &str = "max-tables";
const MAX_MEMORIES: &str = "max-memories";
const TRAP_ON_GROW_FAILURE: &str = "trap-on-grow-failure";

/// All keys.
pub const KEYS: &[Key] = &[
    key(
        UNKNOWN_IMPORTS_TRAP,
        Kind::Flag,
        "functions nobody defines fail when called",
    ),
    key(
        UNKNOWN_IMPORTS_DEFAULT,
        Kind::Flag,
        "imports nobody defines are zero",
    ),
    key(TIMEOUT, Kind::Time, "end the program after a time"),
    key(
        EPOCH_INTERRUPTION,
        Kind::Flag,
        "code to be interrupted, as timeout wants",
    ),
    key(FUEL, Kind::Number, "end it after about so many operators"),
    key(MAX_WASM_STACK, Kind::Number, "bytes of stack; 4194304"),
    key(MAX_MEMORY_SIZE, Kind::Number, "bytes of each memory"),
    key(MAX_TABLE_ELEMENTS, Kind::Number, "elements of each table"),
    key(MAX_INSTANCES, Kind::Number, "instances of modules"),
    key(MAX_TABLES, Kind::Number, "tables of all instances"),
    key(MAX_MEMORIES, Kind::Number, "memories of all instances"),
    key(
        TRAP_ON_GROW_FAILURE,
        Kind::Flag,
        "end a program that gets no more, there",
    ),
    proposal("simd"),
    proposal("relaxed-simd"),
    proposal("bulk-memory"),
    proposal("reference-types"),
    proposal("multi-value"),
    proposal("multi-memory"),
    proposal("memory64"),
    proposal("custom-page-sizes"),
    proposal("extended-const"),
    proposal("wide-arithmetic"),
    proposal("tail-call"),
    proposal("threads"),
    proposal("exceptions"),
    proposal("function-references"),
    proposal("gc"),
];

const fn proposal(name: &'static str) -> Key {
    key(name, Kind::Flag, "modules may use the proposal; y")
}

/// `-W`.
#[derive(Args, Default)]
pub struct Wasm {
    /// Limits of the program: `timeout=10s`, `fuel=N`, `unknown-imports-trap` and others; `-W help` lists them.
    #[arg(short = 'W', long = "wasm", value_name = "KEY=VALUE", value_delimiter = ',', value_parser = parser("-W", KEYS), help_heading = PROGRAM)]
    wasm_options: Vec<Given>,
}

impl Wasm {
    /// As they were given.
    pub fn given(&self) -> &[Given] {
        &self.wasm_options
    }

    /// Returns true if calls of functions that are not defined fail.
    pub fn traps(&self) -> bool {
        flag(&self.wasm_options, UNKNOWN_IMPORTS_TRAP).unwrap_or(false)
    }

    /// Returns true if what is not defined is zero.
    pub fn defaults(&self) -> bool {
        flag(&self.wasm_options, UNKNOWN_IMPORTS_DEFAULT).unwrap_or(false)
    }

    /// The time after which the program is to end.
    pub fn timeout(&self) -> Option<Duration> {
        time(&self.wasm_options, TIMEOUT)
    }

    /// The fuel that the program may use.
    pub fn fuel(&self) -> Option<u64> {
        number(&self.wasm_options, FUEL)
    }

    /// Returns the limits of what the program may hold, if there are any.
    pub fn limits(&self) -> Option<StoreLimits> {
        let mut limits = StoreLimitsBuilder::new();
        let mut are_some = false;
        type Limit = fn(StoreLimitsBuilder, usize) -> StoreLimitsBuilder;
        let numbers: [(&str, Limit); 5] = [
            (MAX_MEMORY_SIZE, StoreLimitsBuilder::memory_size),
            (MAX_TABLE_ELEMENTS, StoreLimitsBuilder::table_elements),
            (MAX_INSTANCES, StoreLimitsBuilder::instances),
            (MAX_TABLES, StoreLimitsBuilder::tables),
            (MAX_MEMORIES, StoreLimitsBuilder::memories),
        ];
        for (key, limit) in numbers {
            if let Some(number) = number(&self.wasm_options, key) {
                are_some = true;
                limits = limit(limits, usize::try_from(number).unwrap_or(usize::MAX));
            }
        }
        if let Some(trap) = flag(&self.wasm_options, TRAP_ON_GROW_FAILURE) {
            are_some = true;
            limits = limits.trap_on_grow_failure(trap);
        }
        are_some.then(|| limits.build())
    }

    /// Makes an engine's configuration one for this.
    pub fn configure(&self, config: &mut Config) {
        let can_be_interrupted = flag(&self.wasm_options, EPOCH_INTERRUPTION);
        config.epoch_interruption(can_be_interrupted.unwrap_or(self.timeout().is_some()));
        config.consume_fuel(self.fuel().is_some());
        if let Some(bytes) = number(&self.wasm_options, MAX_WASM_STACK) {
            config.max_wasm_stack(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        for proposal in Proposal::ALL {
            if let Some(enable) = flag(&self.wasm_options, proposal.name()) {
                config.wasm_proposal(*proposal, enable);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_proposal_has_a_key() {
        let has = |name| KEYS.iter().any(|key| key.name == name);
        for proposal in Proposal::ALL {
            assert!(has(proposal.name()), "{}", proposal.name());
        }
    }
}
