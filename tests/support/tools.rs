//! What tests need besides this project: where it is missing they are skipped, and say so.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Says that a test is skipped. Not with `eprintln!`, which shows nothing for a test that passes.
pub fn skip(why: &str) {
    writeln!(io::stderr(), "SKIPPED: {why}").ok();
}

/// Whether all of these tools are here; says so if one is not.
pub fn have(tools: &[&str]) -> bool {
    let missing = tools.iter().find(|tool| {
        let mut version = Command::new(tool);
        let version = version.arg("--version").stdout(Stdio::null());
        version.status().is_err()
    });
    if let Some(tool) = missing {
        skip(&format!("{tool} is not installed; .ci/setup installs it"));
    }
    missing.is_none()
}

/// Whether rustc can compile for WASI; says so if it cannot.
pub fn have_rust_for_wasi() -> bool {
    let query = ["--print", "target-libdir", "--target", "wasm32-wasip1"];
    let output = Command::new("rustc").args(query).output().unwrap();
    let folder = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = Path::new(folder.trim()).is_dir();
    if !found {
        skip("rustup target add wasm32-wasip1; .ci/setup does");
    }
    found
}

/// What starts a program as a user who may not map the lowest addresses.
pub const NOBODY: [&str; 4] = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
];

/// Whether that user can run a program; says so if not.
pub fn nobody_can_run(program: &str) -> bool {
    let mut nobody = Command::new(NOBODY[0]);
    let said = nobody.args(&NOBODY[1..]).args([program, "--version"]);
    let can = said.output().is_ok_and(|said| said.status.success());
    if !can {
        skip("cannot become nobody and run dwalin");
    }
    can
}
