//! `-W`: programs that take too long, or want too much.

mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Folder, stderr};

/// All kinds of code.
const CODE: [&[&str]; 4] = [&[], &["-g"], &["-O"], &["-g", "-O"]];

const LOOP: &str = r#"(module
    (memory (export "memory") 1)
    (func $spin (loop $again (br $again)))
    (func (export "_start") (call $spin)))"#;

/// The first thread waits for ever, and the second does what it does for ever.
const THREADS: &str = r#"(module
    (import "env" "memory" (memory 1 1 shared))
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (export "memory" (memory 0))
    (func (export "wasi_thread_start") (param i32 i32) (loop $again (br $again)))
    (func (export "_start")
        (drop (call $spawn (i32.const 0)))
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))"#;

/// Waits for input.
const READ: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\40\00\00\00\10\00\00\00")
    (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))))"#;

#[test]
fn a_program_is_interrupted_when_its_time_is_over() {
    let folder = Folder::new("limits-timeout");
    let programs = [
        folder.write("loop.wat", LOOP),
        folder.write("threads.wat", THREADS),
    ];
    for program in &programs {
        for options in CODE {
            let start = Instant::now();
            let output =
                folder.dwalin(&[&["run", "-W", "timeout=100ms"], options, &[program]].concat());
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(134), "{options:?}: {said}");
            assert!(said.contains("interrupt"), "{said}");
            assert!(!said.contains("in a call of the host"), "{said}");
            assert!(start.elapsed() >= Duration::from_millis(100));
        }
    }
    // The line where it was, in the text.
    let output = folder.dwalin(&["run", "-g", "-W", "timeout=100ms", &programs[0]]);
    assert!(
        stderr(&output).contains("loop.wat:3"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_program_that_waits_in_the_host_is_ended_too() {
    let folder = Folder::new("limits-read");
    let program = folder.write("read.wat", READ);
    let mut dwalin = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    dwalin.args(["run", "-W", "timeout=50ms", &program]);
    dwalin.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = dwalin.spawn().unwrap();
    let input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(input);
    assert_eq!(output.status.code(), Some(134));
    let said = stderr(&output);
    assert!(
        said.contains("interrupted after 50ms in a call of the host"),
        "{said}"
    );
}

#[test]
fn a_program_without_fuel_ends() {
    let folder = Folder::new("limits-fuel");
    let program = folder.write("loop.wat", LOOP);
    for options in CODE {
        let output = folder.dwalin(&[&["run", "-W", "fuel=1000"], options, &[&program]].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(134), "{options:?}: {said}");
        assert!(said.contains("all fuel consumed by WebAssembly"), "{said}");
    }
}

#[test]
fn a_program_within_its_limits_ends_as_ever() {
    let folder = Folder::new("limits-none");
    let program = folder.write(
        "add.wat",
        "(module (func (export \"f\") (result i32) (i32.const 3)))",
    );
    for limit in ["timeout=1m", "fuel=0x10", "epoch-interruption,fuel=100"] {
        let output = folder.dwalin(&["run", "-W", limit, "--invoke", "f", &program]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "3\n", "{limit}");
    }
}

#[test]
fn keys_are_listed_and_mistakes_told() {
    let folder = Folder::new("limits-keys");
    let output = folder.dwalin(&["run", "-W", "help"]);
    assert!(output.status.success());
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(listed.contains("-W timeout=TIME"), "{listed}");
    assert!(listed.lines().all(|line| line.len() <= 80), "{listed}");
    for (given, reason) in [
        ("timeuot=1s", "there is `timeout`"),
        ("timeout", "a time, as in KEY=10s, is missing"),
        ("timeout=1x", "not a time, as 10s, 500ms or 2m"),
        ("fuel=-1", "not a number, as 1048576 or 0x100000"),
    ] {
        let output = folder.dwalin(&["run", "-W", given, "app.wasm"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    }
}
