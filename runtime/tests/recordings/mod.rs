//! Recordings in files of their own, and the kinds of code that they are made and replayed in.

use dwalin_runtime::{Config, OptLevel};
use std::path::PathBuf;

/// The number of kinds of code.
pub const MODES: usize = 4;

/// One of the kinds of code: all that differs is how a program gets its results.
pub fn config(mode: usize) -> Config {
    let mut config = Config::new();
    config.debug_info(mode & 1 != 0);
    config.cranelift_opt_level(match mode & 2 {
        0 => OptLevel::Speed,
        _ => OptLevel::None,
    });
    config.cranelift_nan_canonicalization(true);
    config.ticks(true).private_memories(mode == 3);
    config.max_wasm_stack(256 << 10);
    config.warning(|_| {});
    config
}

/// A file of a test's own.
pub struct Recording(pub PathBuf);

impl Recording {
    pub fn new(name: &str) -> Recording {
        let name = format!("dwalin-run-{}-{name}", std::process::id());
        Recording(std::env::temp_dir().join(name))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}
