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

const GROW: &str = r#"(module
    (memory 1)
    (table 1 funcref)
    (func (export "memory") (result i32) (memory.grow (i32.const 1)))
    (func (export "table") (result i32) (table.grow (ref.null func) (i32.const 9))))"#;

#[test]
fn a_program_gets_no_more_than_it_may_have() {
    let folder = Folder::new("limits-grow");
    let program = folder.write("grow.wat", GROW);
    for options in CODE {
        let run = |limits: &str, name: &str| {
            let limit = ["run", "-W", limits, "--invoke", name];
            let output = folder.dwalin(&[&limit, options, &[&program]].concat());
            let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
            (stdout, stderr(&output), output.status.code())
        };
        assert_eq!(run("max-memory-size=65536", "memory").0, "-1\n");
        assert_eq!(run("max-memory-size=0x20000", "memory").0, "1\n");
        assert_eq!(run("max-table-elements=9", "table").0, "-1\n");
        assert_eq!(run("max-table-elements=10", "table").0, "1\n");
        let traps = "max-memory-size=65536,trap-on-grow-failure";
        let (_, said, code) = run(traps, "memory");
        assert!(
            said.contains("a guest wants 131072 bytes of a memory, and may have 65536"),
            "{said}"
        );
        assert_eq!(code, Some(1), "{said}");
        for (limit, what) in [
            ("max-memory-size=65535", "a memory of 65536 bytes"),
            ("max-table-elements=0", "a table of 1 elements"),
            ("max-instances=0", "more than 0 instances"),
            ("max-memories=0", "more than 0 memories"),
            ("max-tables=0", "more than 0 tables"),
        ] {
            let (_, said, code) = run(limit, "memory");
            assert_eq!(code, Some(1), "{said}");
            assert!(
                said.contains(&format!("resource limit exceeded: {what}")),
                "{said}"
            );
        }
    }
    let output = folder.dwalin(&[
        "run",
        "-g",
        "-W",
        "max-memory-size=65536,trap-on-grow-failure",
        "--invoke",
        "memory",
        &program,
    ]);
    assert!(
        stderr(&output).contains("grow.wat:4"),
        "{}",
        stderr(&output)
    );
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
fn proposals_can_be_turned_off() {
    let folder = Folder::new("limits-proposals");
    let wat =
        "(module (func (export \"f\") (result i32) (i32x4.extract_lane 0 (v128.const i64x2 7 0))))";
    let program = folder.write("simd.wat", wat);
    let run = |keys: &str| folder.dwalin(&["run", "-W", keys, "--invoke", "f", &program]);
    // The second finds it in the cache.
    for keys in ["simd", "simd=n,simd=y", "threads=n,relaxed-simd=n"] {
        assert_eq!(String::from_utf8_lossy(&run(keys).stdout), "7\n", "{keys}");
    }
    let refused = run("gc=n,simd=n");
    assert_eq!(refused.status.code(), Some(1));
    let said = stderr(&refused);
    assert!(
        said.contains("the module uses simd, which the configuration turns off"),
        "{said}"
    );
}

#[test]
fn levels_and_keys_of_code_are_those_of_the_listing() {
    let folder = Folder::new("limits-levels");
    let program = folder.write("loop.wat", LOOP);
    let object = |options: &[&str]| {
        let out = folder.text("out.cwasm");
        let output = folder.dwalin(&[&["compile"], options, &["-o", &out, &program]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        std::fs::read(&out).unwrap()
    };
    let plain = object(&[]);
    assert_eq!(object(&["-O", "opt-level=2"]), plain);
    assert_eq!(object(&["-Oopt-level=1"]), plain);
    assert_ne!(object(&["-O", "opt-level=0"]), plain);
    assert_ne!(object(&["-O", "opt-level=s"]), plain);
    assert_eq!(object(&["-g"]), object(&["-gO", "opt-level=0"]));
    for options in [&["-O", "opt-level=3"][..], &["-Oopt-level="]] {
        let output = folder.dwalin(&[&["run"], options, &[&program]].concat());
        assert_eq!(output.status.code(), Some(2));
    }
    let listed = folder.dwalin(&["settings"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    for key in [
        "target: x86_64",
        "-W gc[=y|n]",
        "-O opt-level=0|1|2|s",
        "-C cache[=y|n]",
    ] {
        assert!(listed.contains(key), "{listed}");
    }
    assert!(listed.lines().all(|line| line.len() <= 80), "{listed}");
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
