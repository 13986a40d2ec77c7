//! `-C`: how code is made.

use super::{Given, Key, Kind, collector, flag, key, parser};
use crate::help_groups::CODE;
use clap::Args;
use dwalin_runtime::Config;

const CACHE: &str = "cache";
const COLLECTOR: &str = "collector";
const PARALLEL_COMPILATION: &str = "parallel-compilation";

/// All keys.
pub const KEYS: &[Key] = &[
    key(CACHE, Kind::Flag, "use and keep code that was compiled; y"),
    key(COLLECTOR, Kind::Collector, "what frees objects; mark-sweep"),
    key(PARALLEL_COMPILATION, Kind::Flag, "compile on all cores; y"),
];

/// `-C`.
#[derive(Args, Default)]
pub struct Codegen {
    /// Generation of code: `cache=n`, not to use code that was compiled before and keep none for the next time, and others; `-C help` lists them.
    #[arg(short = 'C', long = "codegen", value_name = "KEY=VALUE", value_delimiter = ',', value_parser = parser("-C", KEYS), help_heading = CODE)]
    codegen_options: Vec<Given>,
}

impl Codegen {
    /// As they were given.
    pub fn given(&self) -> &[Given] {
        &self.codegen_options
    }

    /// Returns true if code that was compiled before is used, and kept for the next time.
    pub fn caches(&self) -> bool {
        flag(&self.codegen_options, CACHE).unwrap_or(true)
    }

    /// Makes an engine's configuration one for this.
    pub fn configure(&self, config: &mut Config) {
        config.collector(collector(&self.codegen_options, COLLECTOR).unwrap_or_default());
        config.parallel_compilation(
            flag(&self.codegen_options, PARALLEL_COMPILATION).unwrap_or(true),
        );
    }
}
