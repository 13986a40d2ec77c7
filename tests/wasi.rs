//! WASI preview 1 as programs see it: what each call gives, with the errors that POSIX and the official tests name, in all kinds of code.
//! A fact is a function in tests/wasi, with a folder of its own; the program names those that hold.

#[path = "support/tools.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const MODES: [&[&str]; 4] = [&[], &["-O"], &["-g"], &["-g", "-O"]];

fn folder(program: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("wasi")
        .join(program);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wasi")
}

/// The names of a program's facts, from its table.
fn facts(program: &str) -> Vec<String> {
    let source = fs::read_to_string(sources().join(program).with_extension("c")).unwrap();
    let named = source.split("FACT(").skip(1);
    named
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect()
}

fn compile(program: &str, module: &Path) {
    let mut clang = Command::new("clang-19");
    clang.args(["--target=wasm32-wasi", "-w", "-g", "-O1", "-o"]);
    clang.args([module, &sources().join(program).with_extension("c")]);
    assert!(clang.status().unwrap().success());
}

/// Runs a program in a mode: the lines that it prints.
fn said(folder: &Path, mode: &[&str]) -> String {
    let root = folder.join("root");
    fs::create_dir(&root).unwrap();
    let mut dwalin = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    dwalin.arg("run").args(mode).current_dir(folder);
    dwalin.args(["--dir", "root::/", "--env", "a=text"]);
    dwalin.args(["--env", "b=escap \" ing", "--env", "c=new\nline"]);
    dwalin.args(["app.wasm", "first", "the \"second\" arg", "3", ""]);
    let output = dwalin.stdin(Stdio::null()).output().unwrap();
    fs::remove_dir(&root).expect("the program removes what it made");
    let said = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(said).unwrap()
}

fn check(program: &str) {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = folder(program);
    compile(program, &folder.join("app.wasm"));
    let facts = facts(program);
    assert!(facts.len() >= 8, "{facts:?}");
    for mode in MODES {
        let said = said(&folder, mode);
        let holding: Vec<_> = said.lines().collect();
        assert_eq!(holding, facts, "{program} {mode:?}");
    }
}

#[test]
fn links_are_as_posix_has_them() {
    check("links");
}

#[test]
fn paths_are_as_posix_has_them() {
    check("paths");
}

#[test]
fn files_are_as_posix_has_them() {
    check("files");
}

#[test]
fn descriptors_are_as_posix_has_them() {
    check("descriptors");
}
