//! Where the project lies that is tested, and the command that was built with the tests.

use std::env;
use std::path::{Path, PathBuf};

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder that the command was built into.
///
/// # Panics
/// If it was not built.
pub fn bin() -> PathBuf {
    let tests = env::current_exe().expect("this process has a file");
    let bin = tests.ancestors().nth(2).expect("tests are in deps");
    let dwalin = bin.join("dwalin");
    assert!(
        dwalin.exists(),
        "{} is not there: cargo build first",
        dwalin.display()
    );
    bin.to_owned()
}

/// The command.
///
/// # Panics
/// If it was not built, or if its folder has a name that is not UTF-8.
pub fn dwalin() -> String {
    let dwalin = bin().join("dwalin").into_os_string();
    dwalin.into_string().expect("a name in UTF-8")
}
