//! The four kinds of code: with and without debug info, at both levels.

use dwalin_runtime::{Config, OptLevel};

/// All four kinds of code.
pub fn configurations() -> impl Iterator<Item = Config> {
    [false, true].into_iter().flat_map(|debug_info| {
        [OptLevel::None, OptLevel::Speed].map(|level| {
            let mut config = Config::new();
            config.debug_info(debug_info).cranelift_opt_level(level);
            config
        })
    })
}
