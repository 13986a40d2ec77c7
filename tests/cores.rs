//! Core dumps and the modules that they are read with.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// A program that divides by zero in `divide`, called by `outer`; `code` is put in front of both.
fn program(code: &str) -> Vec<u8> {
    let text = format!(
        r#"(module {code}
             (func $divide (param $value i32) (result i32) (i32.div_s (local.get $value) (i32.const 0)))
             (func $outer (param $value i32) (result i32) (call $divide (local.get $value)))
             (func (export "_start") (drop (call $outer (i32.const 7)))))"#
    );
    wat::parse_str(text).unwrap()
}

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("cores")
        .join(name);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn dwalin(folder: &Path, args: &[&str]) -> Output {
    let mut dwalin = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    dwalin.current_dir(folder).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a program that traps.
fn dump(folder: &Path, wasm: &[u8]) {
    fs::write(folder.join("app.wasm"), wasm).unwrap();
    let output = dwalin(folder, &["run", "-g", "--coredump", "app.core", "app.wasm"]);
    assert_eq!(output.status.code(), Some(134), "{}", text(&output.stderr));
}

#[test]
fn the_module_of_a_core_dump_is_the_one_that_ran() {
    let folder = folder("builds");
    let names = "(func $another (result i32) (i32.const 1))";
    let (old, new) = (program(""), program(names));
    dump(&folder, &old);
    fs::write(folder.join("old.wasm"), &old).unwrap();
    let shown = dwalin(&folder, &["inspect", "app.core"]);
    assert!(
        text(&shown.stdout).contains("0: divide"),
        "{}",
        text(&shown.stdout)
    );
    assert_eq!(text(&shown.stderr), "");
    // Compiled again after a change, the file has other functions at the same numbers.
    fs::write(folder.join("app.wasm"), &new).unwrap();
    let shown = dwalin(&folder, &["inspect", "app.core"]);
    assert!(shown.status.success());
    let frames = text(&shown.stdout);
    assert!(
        frames.contains("0: wasm-function[0] (app.wasm)"),
        "{frames}"
    );
    assert!(
        !frames.contains("another") && !frames.contains("divide"),
        "{frames}"
    );
    assert!(text(&shown.stderr).contains("app.wasm is not the module of the core dump"));
    let shown = dwalin(&folder, &["inspect", "--module", "app.wasm", "app.core"]);
    assert_eq!(shown.status.code(), Some(1));
    assert!(text(&shown.stderr).contains("app.wasm is not the module of the core dump"));
    let shown = dwalin(&folder, &["inspect", "--module", "old.wasm", "app.core"]);
    assert!(text(&shown.stdout).contains("1: outer"));
}

/// Other runtimes write no identity: frames are compared then.
#[test]
fn a_core_dump_is_no_program_and_a_folder_no_core_dump() {
    let folder = folder("mistaken");
    dump(&folder, &program(""));
    let run = dwalin(&folder, &["run", "app.core"]);
    let said = "error: app.core: a core dump, and no program: `dwalin inspect app.core` shows it\n";
    assert_eq!(text(&run.stderr), said);
    assert_eq!(run.status.code(), Some(1));
    let inspected = dwalin(&folder, &["inspect", "."]);
    let said = "error: .: cannot read the core dump: is a directory\n";
    assert_eq!(text(&inspected.stderr), said);
}

#[test]
fn a_core_dump_of_another_runtime_is_not_read_with_a_module_that_it_does_not_fit() {
    let folder = folder("foreign");
    dump(&folder, &program(""));
    let mut core = fs::read(folder.join("app.core")).unwrap();
    let name = b"dwalin.core";
    let place =
        |core: &[u8], name: &[u8]| core.windows(name.len()).position(|it| it == name).unwrap();
    let at = place(&core, name);
    core[at..at + name.len()].copy_from_slice(b"other.notes");
    // Nor a checksum: before the name are the section's number, its size and that of the name.
    core.truncate(place(&core, b"dwalin.checksum") - 3);
    fs::write(folder.join("foreign.core"), core).unwrap();
    let shown = dwalin(&folder, &["inspect", "foreign.core"]);
    assert!(
        text(&shown.stdout).contains("0: divide"),
        "{}",
        text(&shown.stderr)
    );
    for (what, other) in [
        (
            "imports first",
            r#"(import "a" "b" (func)) (import "a" "c" (func)) (import "a" "d" (func))"#,
        ),
        ("no call there", "(func $short)"),
    ] {
        fs::write(folder.join("app.wasm"), program(other)).unwrap();
        let shown = dwalin(&folder, &["inspect", "foreign.core"]);
        let frames = text(&shown.stdout);
        assert!(frames.contains("0: wasm-function[0]"), "{what}: {frames}");
        assert!(text(&shown.stderr).contains("is not the module"), "{what}");
    }
}

#[test]
fn frames_that_a_core_dump_leaves_out_are_said() {
    let folder = folder("deep");
    let text_format = r#"(module
        (func $down (param i32) (result i32)
          (if (i32.eqz (local.get 0)) (then unreachable))
          (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
        (func (export "_start") (drop (call $down (i32.const 5000)))))"#;
    dump(&folder, &wat::parse_str(text_format).unwrap());
    let shown = dwalin(&folder, &["inspect", "app.core"]);
    let frames = text(&shown.stdout);
    assert!(
        frames.contains("... 4999 more frames of the same ..."),
        "{frames}"
    );
    assert!(frames.contains("5001: _start"), "{frames}");
    let shown = dwalin(&folder, &["inspect", "--json", "app.core"]);
    let json: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let thread = &json["threads"][0];
    let kept = thread["frames"].as_array().unwrap().len() as u64;
    assert_eq!(thread["left_out"].as_u64().unwrap() + kept, 5002);
    assert!(thread["left_out_after"].as_u64().unwrap() < kept);
}
