//! The Rust program for wasm32-wasip2 of `programs/component`, and runs of it.
#![allow(dead_code, reason = "each test uses its part")]

#[path = "../support/tools.rs"]
pub mod tools;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

pub const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/component");

/// The program as a component; `None` where nothing can make one.
pub fn program() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    MADE.get_or_init(|| compiled("wasip2")).as_deref()
}

/// A program of these sources as a component.
pub fn compiled(name: &str) -> Option<PathBuf> {
    if !tools::have_rust_for("wasm32-wasip2") {
        return None;
    }
    let wasm = folder(&format!("program-{name}")).join(format!("{name}.wasm"));
    let fixed = ["--edition=2024", "--target=wasm32-wasip2", "-g", "-o"];
    let rustc = Command::new("rustc")
        .args(fixed)
        .arg(&wasm)
        .arg(format!("{SOURCES}/{name}.rs"))
        .output()
        .unwrap();
    assert!(rustc.status.success(), "{}", text(&rustc.stderr));
    Some(wasm)
}

pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(env!("CARGO_CRATE_NAME"))
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn run(options: &[&str], args: &[&str], input: &str, directory: &Path) -> Option<Output> {
    let mut command = Command::new(DWALIN);
    command
        .arg("run")
        .args(options)
        .arg(program()?)
        .args(args)
        .current_dir(directory);
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    Some(child.wait_with_output().unwrap())
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Checks that a session says these one after another.
pub fn in_order(said: &str, expected: &[&str]) {
    let mut at = 0;
    for part in expected {
        let found = said[at..].find(part);
        let found = found.unwrap_or_else(|| panic!("{part:?} is missing after {at} in {said}"));
        at += found + part.len();
    }
}
