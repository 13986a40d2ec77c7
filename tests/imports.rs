//! Modules that import what is not there, and other mistakes that a person makes: what is said, and what to do.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("imports");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(name: &str, text: &str) {
    fs::write(folder().join(name), text).unwrap();
}

fn dwalin(args: &[&str]) -> Output {
    let mut dwalin = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    dwalin.current_dir(folder()).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Names of modules, what they import, and who is said to have made them.
const MADE_FOR_JAVASCRIPT: [(&str, &str, &str); 6] = [
    (
        "bindgen",
        r#"(import "wbg" "__wbindgen_throw" (func (param i32 i32)))"#,
        "wasm-bindgen",
    ),
    (
        "emscripten",
        r#"(import "env" "emscripten_resize_heap" (func (param i32) (result i32)))"#,
        "Emscripten",
    ),
    (
        "short",
        r#"(import "a" "a" (func)) (import "a" "b" (func))"#,
        "Emscripten",
    ),
    (
        "go",
        r#"(import "gojs" "runtime.wasmExit" (func (param i32)))"#,
        "by Go",
    ),
    (
        "script",
        r#"(import "env" "seed" (func (result f64)))"#,
        "AssemblyScript",
    ),
    (
        "component",
        r#"(import "wasi:cli/exit@0.2.0" "exit" (func (param i32)))"#,
        "WASI 0.2",
    ),
];

#[test]
fn a_module_made_for_javascript_is_refused_with_what_to_build_instead() {
    for (name, imports, who) in MADE_FOR_JAVASCRIPT {
        let file = format!("{name}.wat");
        // The code is not valid, which nobody has to find out.
        write(
            &file,
            &format!("(module {imports} (func (export \"_start\") drop))"),
        );
        let output = dwalin(&["run", &file]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.starts_with(&format!("error: {file}: cannot link ")),
            "{said}"
        );
        assert!(
            said.contains("help: the module was made ") && said.contains(who),
            "{said}"
        );
    }
}

#[test]
fn of_many_imports_that_are_missing_some_are_named() {
    let many: String = (0..9)
        .map(|i| format!(r#"(import "m" "f{i}" (func))"#))
        .collect();
    write("many.wat", &format!("(module {many})"));
    let said = stderr(&dwalin(&["run", "many.wat"]));
    assert!(
        said.contains("cannot link 9 imports, of which nothing is defined: `m` `f0`, "),
        "{said}"
    );
    assert!(said.contains(" and 5 more"), "{said}");
}

#[test]
fn functions_that_need_no_import_run_where_imports_are_unknown() {
    write(
        "unknown.wat",
        r#"(module (import "x" "number" (func $number (result i64))) (import "x" "size" (global $size i32))
             (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
             (func (export "number") (result i64) (call $number))
             (func (export "size") (result i32) (global.get $size)))"#,
    );
    write(
        "function.wat",
        r#"(module (import "x" "number" (func $number (result i64)))
             (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
             (func (export "number") (result i64) (call $number)))"#,
    );
    let trap = ["run", "-W", "unknown-imports-trap=y", "--invoke"];
    let sum = dwalin(&[&trap[..], &["add", "function.wat", "1", "2"]].concat());
    assert_eq!(stdout(&sum), "3\n", "{}", stderr(&sum));
    let called = dwalin(&[&trap[..], &["number", "function.wat"]].concat());
    assert_eq!(called.status.code(), Some(1));
    let said = stderr(&called);
    assert!(
        said.contains("unknown import: `x::number` has not been defined"),
        "{said}"
    );
    assert!(said.contains("1: number at "), "{said}");
    // Only functions can fail when they are used.
    let refused = dwalin(&[&trap[..], &["add", "unknown.wat", "1", "2"]].concat());
    assert!(
        stderr(&refused).contains("`x` `size`"),
        "{}",
        stderr(&refused)
    );
    for name in ["number", "size"] {
        let zero = dwalin(&[
            "run",
            "-W",
            "unknown-imports-default",
            "--invoke",
            name,
            "unknown.wat",
        ]);
        assert_eq!(stdout(&zero), "0\n", "{}", stderr(&zero));
    }
    let off = "unknown-imports-trap=y,unknown-imports-trap=n";
    assert_eq!(
        dwalin(&["run", "-W", off, "function.wat"]).status.code(),
        Some(1)
    );
    assert_eq!(
        dwalin(&["run", "-W", "unknown", "function.wat"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn an_abort_of_assemblyscript_has_its_message_and_place() {
    let program = |start: &str| {
        format!(
            r#"(module (import "env" "abort" (func $abort (param i32 i32 i32 i32))) (memory (export "memory") 1)
                 (data (i32.const 12) "\06\00\00\00b\00a\00d\00") (data (i32.const 28) "\08\00\00\00a\00.\00t\00s\00")
                 (func (export "_start") {start}))"#
        )
    };
    write(
        "abort.wat",
        &program("(call $abort (i32.const 16) (i32.const 32) (i32.const 7) (i32.const 3))"),
    );
    let output = dwalin(&["run", "abort.wat"]);
    assert_eq!(output.status.code(), Some(134));
    let said = stderr(&output);
    assert!(
        said.contains("error: abort.wat: abort: bad, in a.ts:7:3\n"),
        "{said}"
    );
    // Pointers that are none, and lengths that are too long.
    write(
        "wild.wat",
        &program("(call $abort (i32.const 0) (i32.const -1) (i32.const 7) (i32.const 3))"),
    );
    let said = stderr(&dwalin(&["run", "wild.wat"]));
    assert!(said.contains("abort: no message, in :7:3"), "{said}");
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    write("add.wat", "(module (func (export \"add\")))");
    for (args, right) in [
        (
            &["add.wat"][..],
            "error: add.wat is a file and no command: `dwalin run add.wat` runs it\n",
        ),
        (
            &["run", "add.wat"],
            "error: add.wat: the module exports no function `_start`; --invoke NAME calls one that it has: add\n",
        ),
        (
            &["gdb", "--gdb", "/x/gdb", "add.wat"],
            "error: /x/gdb cannot be started; install gdb, or name one with --gdb PATH or the environment's GDB: \
             No such file or directory (os error 2)\n",
        ),
    ] {
        let output = dwalin(args);
        assert!(!output.status.success());
        assert_eq!(stderr(&output), right);
    }
}
