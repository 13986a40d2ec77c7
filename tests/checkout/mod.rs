//! The project's folder, and the command that was built with the tests.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};

/// The project's folder.
pub fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// The command.
pub fn dwalin() -> String {
    env!("CARGO_BIN_EXE_dwalin").to_owned()
}

/// The folder that the command was built into.
pub fn bin() -> PathBuf {
    let dwalin = Path::new(env!("CARGO_BIN_EXE_dwalin"));
    dwalin.parent().unwrap().to_owned()
}
