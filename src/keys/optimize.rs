//! `-O`: how code is optimised, and what it may rely on.

use super::{Given, Key, Kind, key, level, number, parser};
use crate::help_groups::CODE;
use clap::Args;
use dwalin_runtime::{Config, OptLevel};

const OPT_LEVEL: &str = "opt-level";
const MEMORY_RESERVATION: &str = "memory-reservation";
const MEMORY_GUARD_SIZE: &str = "memory-guard-size";

/// All keys.
pub const KEYS: &[Key] = &[
    key(OPT_LEVEL, Kind::Level, "2; with -g 0, and -O alone is 2"),
    key(
        MEMORY_RESERVATION,
        Kind::Number,
        "bytes of addresses a memory; 4 GiB",
    ),
    key(
        MEMORY_GUARD_SIZE,
        Kind::Number,
        "bytes after it that fault; 32 MiB",
    ),
];

/// `-O`, alone and with keys.
#[derive(Args, Default)]
pub struct Optimize {
    /// Optimise code although -g is given. Also `-O opt-level=2` and others; `-O help` lists them.
    #[arg(short = 'O', help_heading = CODE)]
    pub optimize: bool,
    // What is typed as `-O KEY=VALUE` gets here by `own_options::with_keys`: clap knows options with a value, and others.
    /// As `-O KEY=VALUE`.
    #[arg(long = "optimize", value_name = "KEY=VALUE", hide = true, value_delimiter = ',', value_parser = parser("-O", KEYS))]
    keys: Vec<Given>,
}

impl Optimize {
    /// `-O` without keys, if code is to be optimised.
    pub fn by_default(optimize: bool) -> Optimize {
        Optimize {
            optimize,
            keys: Vec::new(),
        }
    }

    /// The keys, as they were given.
    pub fn given(&self) -> &[Given] {
        &self.keys
    }

    /// Makes an engine's configuration one for this.
    pub fn configure(&self, config: &mut Config) {
        let by_default = self.optimize.then_some(OptLevel::Speed);
        if let Some(level) = level(&self.keys, OPT_LEVEL).or(by_default) {
            config.cranelift_opt_level(level);
        }
        if let Some(bytes) = number(&self.keys, MEMORY_RESERVATION) {
            config.memory_reservation(bytes);
        }
        if let Some(bytes) = number(&self.keys, MEMORY_GUARD_SIZE) {
            config.memory_guard_size(bytes);
        }
    }
}
