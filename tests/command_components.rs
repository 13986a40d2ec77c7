//! `dwalin run` of components: what a Rust program for wasm32-wasip2 sees of WASI 0.2, and how runs end. What is expected is what the
//! same source prints natively.
#![cfg(feature = "component-model")]

mod components;

use components::{DWALIN, compiled, folder, in_order, program, run, text, tools};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn a_component_sees_arguments_environment_and_input() {
    let here = folder("plain");
    let Some(output) = run(
        &["--env", "GREETING=hi"],
        &["stdin", "b c"],
        "one\ntwo",
        &here,
    ) else {
        return;
    };
    assert_eq!(text(&output.stderr), "");
    let expected = "[\"stdin\", \"b c\"] Ok(\"hi\")\n1: one\n2: two\n";
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_component_sees_its_directories_alone() {
    let here = folder("files");
    let Some(output) = run(&["--dir", "."], &["files"], "", &here) else {
        return;
    };
    assert_eq!(text(&output.stderr), "");
    let expected = "[\"files\"] Err(NotPresent)\nhello\nmore\n11 bytes, file true\n[\"b.txt\", \"sub\"]\n\
                    middle: llo\nErr(NotFound)\nErr(AlreadyExists)\noutside: true true\n";
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(
        fs::read_to_string(here.join("d/b.txt")).unwrap(),
        "hello\nmore\n"
    );
}

#[test]
fn a_component_sleeps_and_draws_random_numbers() {
    let here = folder("clocks");
    let Some(output) = run(&[], &["clocks"], "", &here) else {
        return;
    };
    assert_eq!(
        text(&output.stdout),
        "[\"clocks\"] Err(NotPresent)\nslept, later, different\n"
    );
}

#[test]
fn runs_of_components_end_as_those_of_modules() {
    let here = folder("ends");
    let Some(output) = run(&[], &["exit"], "", &here) else {
        return;
    };
    // `wasi:cli/exit` knows success and failure only.
    assert_eq!(output.status.code(), Some(1));
    let output = run(&["-g"], &["panic"], "", &here).unwrap();
    assert_eq!(output.status.code(), Some(134));
    let report = text(&output.stderr);
    assert!(report.contains("it gave up: 3"), "{report}");
    assert!(report.contains("wasip2::give_up"), "{report}");
    assert!(
        report.contains("count: u32 = 3") || report.contains("count = 3"),
        "{report}"
    );
    assert!(report.contains("wasip2.rs:"), "{report}");
}

#[test]
fn a_component_that_waits_for_input_is_interrupted_with_a_report() {
    let Some(program) = program() else { return };
    let mut command = Command::new(DWALIN);
    command.args(["run", "-g", "-W", "timeout=5s"]);
    let pipes = command.arg(program).arg("stdin").stdin(Stdio::piped());
    let mut child = pipes.stderr(Stdio::piped()).spawn().unwrap();
    // Open for as long as it runs.
    let _input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stderr);
    assert!(said.contains("interrupted: the time is over"), "{said}");
    assert!(said.contains("wasip2::main at "), "{said}");
    // By the table of wit-component's, whose code has no name for it.
    let host = |line: &&str| {
        line.trim_start()
            .starts_with("0: host: wasi:io/streams@0.2")
    };
    let host = said.lines().find(host);
    assert!(
        host.is_some_and(|line| line.ends_with("#[method]input-stream.blocking-read")),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(134));
}

const STOP: &str = "wasip2.rs:29";

/// The output of a debugger in which these commands are typed.
fn session(
    debugger: &str,
    options: &[&str],
    commands: &[&str],
    flag: &str,
    after: &[&str],
) -> Option<String> {
    let program = program()?;
    let mut command = Command::new(debugger);
    command.args(options);
    for typed in commands {
        command.args([flag, typed]);
    }
    let command = command.args(after).arg(program).stdin(Stdio::null());
    static SESSIONS: AtomicUsize = AtomicUsize::new(0);
    let number = SESSIONS.fetch_add(1, Ordering::Relaxed);
    let here = folder(&format!("session-{number}"));
    let output = command.current_dir(here).output().unwrap();
    Some(text(&output.stdout) + &text(&output.stderr))
}

/// Checks that a session stopped in the source with its variables, and ended.
fn stopped(said: &str, expected: &[&str]) {
    for part in expected {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert!(!said.contains("matches nothing"), "{said}");
}

/// The output of gdb for commands, started by `dwalin gdb` and alone.
fn gdb_sessions(typed: &[&str]) -> Vec<String> {
    let gdb = tools::gdb();
    let launched = ["gdb", "--gdb", &gdb, "-nx", "-batch"];
    let launched = session(DWALIN, &launched, typed, "-ex", &[]);
    let plain = ["--args", DWALIN, "run", "-g"];
    let plain = session(&gdb, &["-nx", "-batch"], typed, "-ex", &plain);
    launched.into_iter().chain(plain).collect()
}

/// The output of lldb for commands, started by `dwalin lldb`.
fn lldb_session(typed: &[&str]) -> Option<String> {
    let lldb = tools::lldb();
    let launched = [
        "lldb",
        "--lldb",
        &lldb,
        "--lldb-option=--no-lldbinit",
        "--lldb-option=--no-use-colors",
        "--batch",
    ];
    session(DWALIN, &launched, typed, "-o", &[])
}

#[test]
fn gdb_stops_in_a_component() {
    if !tools::have(&[&tools::gdb()]) {
        return;
    }
    let stop = format!("break {STOP}");
    let typed = [
        "set confirm off",
        "set breakpoint pending on",
        &stop,
        "run",
        "bt 2",
        "info locals",
        "finish",
        "continue",
    ];
    let expected = [
        "wasip2::area (width=6, height=7)",
        "wasip2::main () at ",
        "= 42",
        "exited normally",
    ];
    for said in gdb_sessions(&typed) {
        stopped(&said, &expected);
    }
}

#[test]
fn lldb_stops_in_a_component() {
    if !tools::have(&[&tools::lldb()]) {
        return;
    }
    let typed = [
        "breakpoint set --file wasip2.rs --line 29",
        "run",
        "bt",
        "v",
        "finish",
        "continue",
    ];
    if let Some(said) = lldb_session(&typed) {
        stopped(
            &said,
            &[
                "(width=6, height=7)",
                "wasip2::main",
                "= 42",
                "exited with status = 0",
            ],
        );
    }
}

#[test]
fn gdb_steps_through_a_component() {
    if !tools::have(&[&tools::gdb()]) {
        return;
    }
    let typed = [
        "set confirm off",
        "set breakpoint pending on",
        "break wasip2.rs:22",
        "run",
        "step",
        "info args",
        "next",
        "up",
        "down",
        "finish",
        "next",
    ];
    // Printers of Rust's types are the launcher's.
    let expected = [
        "22\t",
        "28\t",
        "height = 7",
        "29\t",
        "in wasip2::main () at ",
        "#0  wasip2::area (width=6, height=7) at ",
        "wasip2::main () at ",
        "Value returned is ",
        "= 42",
        "\n42\n",
    ];
    for said in gdb_sessions(&typed) {
        in_order(&said, &expected);
    }
}

#[test]
fn lldb_steps_through_a_component() {
    if !tools::have(&[&tools::lldb()]) {
        return;
    }
    let typed = [
        "breakpoint set --one-shot true --file wasip2.rs --line 22",
        "run",
        "step",
        "next",
        "v width sides",
        "up",
        "down",
        "finish",
    ];
    if let Some(said) = lldb_session(&typed) {
        let expected = [
            "at wasip2.rs:22",
            "at wasip2.rs:28",
            "at wasip2.rs:29",
            "width = 6",
            "[\"height\"] = 7",
            "frame #1: ",
            "wasip2.rs:22",
            "frame #0: ",
            "wasip2.rs:29",
            "stop reason = step out",
            "= 42",
            "wasip2.rs:22",
        ];
        in_order(&said, &expected);
    }
}

/// A component as text that imports a function of an interface.
fn importing(interface: &str) -> String {
    format!(
        r#"(component
          (import "{interface}" (instance $i (export "f" (func))))
          (core func $f (canon lower (func $i "f")))
          (core module $m (import "" "f" (func $f)) (func (export "run") (result i32) call $f i32.const 0))
          (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
          (func $run (result (result)) (canon lift (core func $m "run")))
          (instance $out (export "run" (func $run)))
          (export "wasi:cli/run@0.2.0" (instance $out)))"#
    )
}

#[test]
fn what_is_not_there_is_named() {
    let here = folder("missing");
    for (interface, expected) in [
        (
            "wasi:http/outgoing-handler@0.2.0",
            "was called: a program that answers HTTP is run by `dwalin serve`",
        ),
        (
            "wasi:sockets/tcp@0.2.0",
            "was called: nothing of this name is defined",
        ),
        ("wasi:cli/stdin@0.3.0", "WASI 0.3 is not supported"),
        ("my:own/thing", "nothing of this name is defined"),
    ] {
        fs::write(here.join("a.wat"), importing(interface)).unwrap();
        let output = Command::new(DWALIN)
            .args(["run", "a.wat"])
            .current_dir(&here)
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert!(
            said.contains(interface) && said.contains(expected),
            "{said}"
        );
    }
}

#[test]
fn a_component_that_declares_other_types_than_wasis_is_told_so() {
    let here = folder("types");
    let text_of =
        importing("wasi:random/random@0.2.0").replace("\"f\" (func)", "\"get-random-u64\" (func)");
    let text_of = text_of.replace("$i \"f\"", "$i \"get-random-u64\"");
    fs::write(here.join("a.wat"), text_of).unwrap();
    let output = Command::new(DWALIN)
        .args(["run", "a.wat"])
        .current_dir(&here)
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert!(
        said.contains("another type for a function of WASI"),
        "{said}"
    );
}

#[test]
fn unknown_imports_that_are_not_called_do_not_matter() {
    let here = folder("uncalled");
    let uncalled = |interface: &str| importing(interface).replace("call $f i32", "i32");
    let run = |interface: &str, options: &[&str]| {
        fs::write(here.join("a.wat"), uncalled(interface)).unwrap();
        let mut command = Command::new(DWALIN);
        command.arg("run").args(options).arg("a.wat");
        let output = command.current_dir(&here).output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let fine = (Some(0), String::new());
    assert_eq!(run("wasi:http/types@0.2.4", &[]), fine);
    assert_eq!(run("my:own/thing", &[]).0, Some(1));
    assert_eq!(run("my:own/thing", &["-W", "unknown-imports-trap=y"]), fine);
}

fn network() -> Option<PathBuf> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    MADE.get_or_init(|| compiled("network")).clone()
}

#[test]
fn a_component_uses_the_network_where_it_may() {
    let here = folder("network");
    let Some(program) = network() else {
        return;
    };
    let run = |options: &[&str], what: &str| {
        let mut command = Command::new(DWALIN);
        command.arg("run").args(options).arg(&program).arg(what);
        let output = command.current_dir(&here).output().unwrap();
        assert_eq!(text(&output.stderr), "");
        text(&output.stdout)
    };
    let all: &[&str] = &["-S", "inherit-network,allow-ip-name-lookup"];
    // As the same source prints natively.
    let connection = "the server read ping\nthe client read the same: true\n\
                      nothing more: Err(WouldBlock)\nthe end: Ok(0)\n";
    assert_eq!(run(all, "tcp"), format!("{connection}hops: Ok(7)\n"));
    assert_eq!(run(all, "udp"), "one true\ntwo true\n");
    assert_eq!(run(all, "names"), "Ok(true)\n");
    assert_eq!(run(all, "errors"), "Err(true)\nErr(ConnectionRefused)\n");
    assert_eq!(run(&[], "literal"), "Ok(Some(127.0.0.1:7))\n");
    let denied = "Err(PermissionDenied)\n";
    let none = denied.repeat(3) + "Err(\"no names\")\n";
    assert_eq!(run(&[], "denied"), none);
    assert_eq!(run(&["-S", "allow-ip-name-lookup=n"], "denied"), none);
    let no_tcp = denied.repeat(2) + "Ok(())\nErr(\"no names\")\n";
    assert_eq!(run(&["-S", "inherit-network,tcp=n"], "denied"), no_tcp);
}

#[test]
fn launchers_hand_on_what_a_component_may_use() {
    let Some(program) = network() else {
        return;
    };
    let expect = |command: &mut Command| {
        let output = command.arg(&program).arg("tcp").stdin(Stdio::null());
        let output = output.output().unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains("hops: Ok(7)"), "{said}");
    };
    if tools::have(&[&tools::gdb()]) {
        let mut gdb = Command::new(DWALIN);
        gdb.args(["gdb", "--gdb", &tools::gdb(), "-S", "tcp=y,inherit-network"]);
        expect(gdb.args(["-nx", "-batch", "-ex", "run"]));
    }
    if tools::have(&[&tools::lldb()]) {
        let mut lldb = Command::new(DWALIN);
        lldb.args(["lldb", "--lldb", &tools::lldb(), "-S", "inherit-network"]);
        lldb.arg("--lldb-option=--no-lldbinit");
        expect(lldb.args(["--batch", "-o", "run"]));
    }
}

/// A component with functions of values of several types, each of which gives back what it gets.
const ECHOES: &str = r#"(component
  (core module $m
    (memory (export "memory") 1)
    (global $end (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $end (i32.and (i32.add (global.get $end) (i32.const 7)) (i32.const -8)))
      (global.get $end)
      (global.set $end (i32.add (global.get $end) (local.get 3))))
    (func (export "word") (param i32) (result i32) (local.get 0))
    (func (export "two") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      (i32.const 16))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "nothing")))
  (core instance $m (instantiate $m))
  (alias core export $m "memory" (core memory $memory))
  (alias core export $m "realloc" (core func $realloc))
  (type $point' (record (field "a" u32) (field "b" s32)))
  (export $point "point" (type $point'))
  (type $color' (enum "red" "green"))
  (export $color "color" (type $color'))
  (func (export "text") (param "it" string) (result string)
    (canon lift (core func $m "two") (memory $memory) (realloc $realloc)))
  (func (export "bytes") (param "it" (list u8)) (result (list u8))
    (canon lift (core func $m "two") (memory $memory) (realloc $realloc)))
  (func (export "point-of") (param "it" $point) (result $point)
    (canon lift (core func $m "two") (memory $memory) (realloc $realloc)))
  (func (export "color-of") (param "it" $color) (result $color) (canon lift (core func $m "word")))
  (func (export "maybe") (param "it" (option bool)) (result bool) (canon lift (core func $m "add")))
  (func $add (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "add")))
  (func (export "nothing") (canon lift (core func $m "nothing")))
  (instance $out (export "add" (func $add)))
  (export "my:own/sums@1.0.0" (instance $out)))"#;

#[test]
fn functions_of_components_are_called_with_values_as_text() {
    let here = folder("invoke");
    fs::write(here.join("a.wat"), ECHOES).unwrap();
    let invoke = |call: &str, args: &[&str]| {
        let mut command = Command::new(DWALIN);
        command.args(["run", "--invoke", call, "a.wat"]).args(args);
        let output = command.current_dir(&here).output().unwrap();
        (text(&output.stdout), text(&output.stderr))
    };
    for (call, expected) in [
        (r#"text("caf\u{e9} \n")"#, "\"caf\u{e9} \\n\"\n"),
        ("bytes([1, 2, 255])", "[1, 2, 255]\n"),
        ("point-of({b: -1, a: 2})", "{a: 2, b: -1}\n"),
        ("color-of(green)", "green\n"),
        ("maybe(some(false))", "true\n"),
        ("maybe(none)", "false\n"),
        ("add(1, 2)", "3\n"),
        ("my:own/sums@1.0.0#add(1, 2)", "3\n"),
        ("nothing()", ""),
    ] {
        assert_eq!(
            invoke(call, &[]),
            (expected.to_owned(), String::new()),
            "{call}"
        );
    }
    assert_eq!(invoke("add", &["1", "2"]).0, "3\n");
    for (call, said) in [
        ("add(1)", "#add` is func(a: u32, b: u32) -> u32"),
        ("add(1, \"x\")", "\"x\""),
        ("add(1, 99999999999)", "99999999999"),
        ("adds(1)", "exports no function `adds`"),
        ("text(\"", "error: "),
        ("point-of({a: 1})", "`point-of` is func("),
    ] {
        let (output, error) = invoke(call, &[]);
        assert_eq!(output, "", "{call}");
        assert!(
            error.contains(said) && !error.contains("panicked"),
            "{call}: {error}"
        );
    }
}

#[test]
fn functions_of_modules_are_called_with_arguments_behind_their_names() {
    let here = folder("invoke-module");
    let module = r#"(module (func (export "sub") (param i32 i32) (result i32)
        (i32.sub (local.get 0) (local.get 1))))"#;
    fs::write(here.join("a.wat"), module).unwrap();
    for args in [&["sub(5, 0x2)", "a.wat"][..], &["sub", "a.wat", "5", "2"]] {
        let mut command = Command::new(DWALIN);
        let output = command.args(["run", "--invoke"]).args(args);
        let output = output.current_dir(&here).output().unwrap();
        assert_eq!(text(&output.stdout), "3\n", "{}", text(&output.stderr));
    }
}

/// Two components without debug info, whose adapter is larger than what they are.
const CROSSING: &str = r#"(component
  (component $callee
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func $sum (export "sum") (param i32 i32) (result i32) unreachable))
    (core instance $m (instantiate $m))
    (func (export "sum") (param "numbers" (list u32)) (result u32)
      (canon lift (core func $m "sum") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
  (component $caller
    (import "sum" (func $sum (param "numbers" (list u32)) (result u32)))
    (core module $libc
      (memory (export "memory") 1)
      (data (i32.const 64) "\01\00\00\00\ff\ff\ff\ff"))
    (core instance $libc (instantiate $libc))
    (core func $sum (canon lower (func $sum) (memory (core memory $libc "memory"))))
    (core module $m
      (import "" "sum" (func $sum (param i32 i32) (result i32)))
      (func $run (export "run") (param i32 i32) (result i32) local.get 0 local.get 1 call $sum))
    (core instance $m (instantiate $m (with "" (instance (export "sum" (func $sum))))))
    (func (export "run") (param "at" u32) (param "length" u32) (result u32) (canon lift (core func $m "run"))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller (with "sum" (func $callee "sum"))))
  (export "run" (func $caller "run")))"#;

#[test]
fn a_report_has_the_call_between_two_components() {
    let here = folder("crossing");
    fs::write(here.join("a.wat"), CROSSING).unwrap();
    let run = |options: &[&str], call: &str| {
        let mut command = Command::new(DWALIN);
        command.arg("run").args(options).args(["--invoke", call]);
        let output = command.arg("a.wat").current_dir(&here).output().unwrap();
        assert_eq!(output.status.code(), Some(134));
        text(&output.stderr)
    };
    let said = run(&["-g"], "run(64, 2)");
    let frames = [
        "0: sum at ",
        "1: wasm::adapter of sum(numbers: [1, 4294967295]) (a.wat:adapter at offset ",
        "2: run (a.wat:m at offset ",
    ];
    let at = frames.map(|frame| said.find(frame));
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{said}");
    assert!(said.contains("the host called `run(at: 64, length: 2)`"));
    let said = run(&["-g"], "run(66, 1)");
    let call = "sum(numbers: (list pointer is not aligned: 0x42, and its alignment is 4))";
    let note = format!("a component called another one: `{call}`");
    assert!(
        said.contains("unaligned pointer") && said.contains(&note),
        "{said}"
    );
    let json = run(&["-g", "--backtrace=json"], "run(64, 1)");
    assert!(json.contains(r#""call":"sum(numbers: [1])""#), "{json}");
    // Values are kept for who debugs.
    let said = run(&[], "run(64, 2)");
    let line = "wasm::adapter of sum: func(numbers: list<u32>) -> u32 (a.wat:adapter at offset ";
    assert!(
        said.contains(line) && said.contains("0: sum (a.wat at offset "),
        "{said}"
    );
}
