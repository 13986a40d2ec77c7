//! Tells the command which commit it is built of, and has the linker keep the names by which debuggers find code that is registered
//! (GDB's manual, "JIT Interface"), and the traps in it, where the symbol table is stripped: there the command has no `main` beside the
//! program's.

use std::path::Path;
use std::process::Command;

const SYMBOLS: [&str; 5] = [
    "__jit_debug_register_code",
    "__jit_debug_descriptor",
    "__dwalin_code",
    "__dwalin_offer",
    "__dwalin_history",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=DWALIN_VERSION={}", version());
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        for symbol in SYMBOLS {
            println!("cargo::rustc-link-arg-bins=-Wl,--export-dynamic-symbol={symbol}");
        }
    }
}

/// The version, with the commit where the sources are those of a repository, and not of a package.
fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let text = text.trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    };
    // Each commit and each change of branches adds a line there.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"]);
    let is_ours = git(&["rev-parse", "--show-prefix"]).is_none();
    let log = log.filter(|log| is_ours && Path::new(log).exists());
    let commit = log.as_ref().and_then(|_| {
        git(&[
            "log",
            "-1",
            "--abbrev=12",
            "--date=short",
            "--format=%h %cd",
        ])
    });
    if let Some(log) = log {
        println!("cargo::rerun-if-changed={log}");
    }
    match commit {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    }
}
