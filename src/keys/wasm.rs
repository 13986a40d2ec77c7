//! `-W`: what a program may use, and for how long.

use super::{Given, Key, Kind, flag, number, parser, time};
use clap::Args;
use dwalin_runtime::Config;
use std::time::Duration;

const UNKNOWN_IMPORTS_TRAP: &str = "unknown-imports-trap";
const UNKNOWN_IMPORTS_DEFAULT: &str = "unknown-imports-default";
const TIMEOUT: &str = "timeout";
const EPOCH_INTERRUPTION: &str = "epoch-interruption";
const FUEL: &str = "fuel";

const KEYS: &[Key] = &[
    Key {
        name: UNKNOWN_IMPORTS_TRAP,
        kind: Kind::Flag,
        help: "functions nobody defines fail when called",
    },
    Key {
        name: UNKNOWN_IMPORTS_DEFAULT,
        kind: Kind::Flag,
        help: "imports nobody defines are zero",
    },
    Key {
        name: TIMEOUT,
        kind: Kind::Time,
        help: "end the program after a time",
    },
    Key {
        name: EPOCH_INTERRUPTION,
        kind: Kind::Flag,
        help: "code to be interrupted, as timeout wants",
    },
    Key {
        name: FUEL,
        kind: Kind::Number,
        help: "end it after about so many operators",
    },
];

/// `-W`.
#[derive(Args, Default)]
pub struct Wasm {
    /// Limits of the program: `timeout=10s`, `fuel=N`, `unknown-imports-trap` and others; `-W help` lists them.
    #[arg(short = 'W', long = "wasm", value_name = "KEY=VALUE", value_delimiter = ',', value_parser = parser("-W", KEYS))]
    options: Vec<Given>,
}

impl Wasm {
    /// As they were given.
    pub fn given(&self) -> &[Given] {
        &self.options
    }

    /// Returns true if calls of functions that are not defined fail.
    pub fn traps(&self) -> bool {
        flag(&self.options, UNKNOWN_IMPORTS_TRAP).unwrap_or(false)
    }

    /// Returns true if what is not defined is zero.
    pub fn defaults(&self) -> bool {
        flag(&self.options, UNKNOWN_IMPORTS_DEFAULT).unwrap_or(false)
    }

    /// The time after which the program is to end.
    pub fn timeout(&self) -> Option<Duration> {
        time(&self.options, TIMEOUT)
    }

    /// The fuel that the program may use.
    pub fn fuel(&self) -> Option<u64> {
        number(&self.options, FUEL)
    }

    /// Makes an engine's configuration one for this.
    pub fn configure(&self, config: &mut Config) {
        let can_be_interrupted = flag(&self.options, EPOCH_INTERRUPTION);
        config.epoch_interruption(can_be_interrupted.unwrap_or(self.timeout().is_some()));
        config.consume_fuel(self.fuel().is_some());
    }
}
