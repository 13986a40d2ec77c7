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

/// A core module of C, without a library: `NAME.wasm` in a folder.
pub fn clang(here: &Path, source: &Path, name: &str, options: &[&str]) -> Vec<u8> {
    let wasm = here.join(format!("{name}.wasm"));
    let mut clang = Command::new("clang-19");
    clang.args(["--target=wasm32-unknown-unknown", "-nostdlib", "-O0", "-g"]);
    clang.args(options).args(["-Wl,--no-entry", "-o"]);
    // What clang writes beside the module is there, too.
    let clang = clang
        .arg(&wasm)
        .arg(source)
        .current_dir(here)
        .output()
        .unwrap();
    assert!(clang.status.success(), "{}", text(&clang.stderr));
    fs::read(wasm).unwrap()
}

/// The sections of components and core modules in components (Binary.md).
const CORE_MODULE: u8 = 1;
const COMPONENT: u8 = 4;

/// A component with the next of these modules in place of each empty one.
pub fn filled<'m>(component: &[u8], modules: &mut impl Iterator<Item = &'m Vec<u8>>) -> Vec<u8> {
    let mut whole = component[..8].to_vec();
    for (id, contents) in sections(component) {
        let contents = match id {
            // At most its name: a custom section.
            CORE_MODULE if contents[8..].first().is_none_or(|id| *id == 0) => {
                modules.next().unwrap().clone()
            }
            COMPONENT => filled(contents, modules),
            _ => contents.to_vec(),
        };
        push(id, &contents, &mut whole);
    }
    whole
}

/// A module that says that its debug info is in a file.
pub fn with_external_debug_info(wasm: &[u8], file: &str) -> Vec<u8> {
    let mut whole = wasm[..8].to_vec();
    for (id, contents) in sections(wasm) {
        if id != 0 || !contents[1..].starts_with(b".debug_") {
            push(id, contents, &mut whole);
        }
    }
    let named = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let section = [named("external_debug_info"), named(file)].concat();
    push(0, &section, &mut whole);
    whole
}

/// The sections of a module or component: their ids and contents.
fn sections(binary: &[u8]) -> Vec<(u8, &[u8])> {
    let (mut found, mut rest) = (Vec::new(), &binary[8..]);
    while let [id, length @ ..] = rest {
        let (mut len, mut digits) = (0, 0);
        for byte in length {
            len |= usize::from(byte & 0x7f) << (7 * digits);
            digits += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (contents, behind) = length[digits..].split_at(len);
        found.push((*id, contents));
        rest = behind;
    }
    found
}

fn push(id: u8, contents: &[u8], whole: &mut Vec<u8>) {
    whole.push(id);
    whole.extend((0..5).map(|digit| {
        let bits = (contents.len() >> (7 * digit)) as u8 & 0x7f;
        bits | if digit < 4 { 0x80 } else { 0 }
    }));
    whole.extend(contents);
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

/// Runs a program in each kind of code; returns its outputs.
pub fn runs_in_all_kinds_of_code(program: &Path) -> Vec<String> {
    let run = |options: &[&str]| {
        let mut command = Command::new(DWALIN);
        let output = command.arg("run").args(options).arg(program).output();
        let output = output.unwrap();
        assert_eq!(text(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
        text(&output.stdout)
    };
    vec![run(&[]), run(&["-g"]), run(&["-O"]), run(&["-g", "-O"])]
}
