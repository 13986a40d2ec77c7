//! `dwalin run` of components: what a Rust program for wasm32-wasip2 sees of WASI 0.2, and how runs end. What is expected is what the
//! same source prints natively.
#![cfg(feature = "component-model")]

#[path = "support/tools.rs"]
mod tools;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/component");

/// The program as a component; `None` where nothing can make one.
fn program() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    MADE.get_or_init(|| compiled("wasip2")).as_deref()
}

/// A program of these sources as a component.
fn compiled(name: &str) -> Option<PathBuf> {
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

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("command-components")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(options: &[&str], args: &[&str], input: &str, directory: &Path) -> Option<Output> {
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

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

/// The output of a command other than `run`.
fn command(args: &[&str], directory: &Path) -> Output {
    let mut command = Command::new(DWALIN);
    command.args(args).current_dir(directory).output().unwrap()
}

/// The frames of a report, which end before the line about the core dump.
fn frames(report: &str) -> Vec<&str> {
    let lines = report.lines();
    let lines = lines.skip_while(|line| !line.starts_with("      ... "));
    lines.take_while(|line| line.starts_with(' ')).collect()
}

#[test]
fn a_core_dump_of_a_component_has_the_frames_of_its_report() {
    let here = folder("coredump");
    let Some(output) = run(&["-g", "--coredump=core"], &["panic"], "", &here) else {
        return;
    };
    let report = text(&output.stderr);
    assert!(report.contains("core dump written to core"), "{report}");
    let inspected = command(&["inspect", "core"], &here);
    assert!(inspected.status.success(), "{}", text(&inspected.stderr));
    assert_eq!(text(&inspected.stderr), "");
    let shown = text(&inspected.stdout);
    assert_eq!(frames(&shown), frames(&report));
    assert!(shown.contains("count = 3"), "{shown}");
    // Another component is told from it.
    let other = here.join("other.wat");
    fs::write(&other, "(component (core module (func)))").unwrap();
    let refused = command(&["inspect", "--module=other.wat", "core"], &here);
    assert!(!refused.status.success());
    let said = text(&refused.stderr);
    assert!(
        said.contains("is not the module of the core dump"),
        "{said}"
    );
}

#[test]
fn check_debug_reports_the_core_modules_of_a_component_that_have_debug_info() {
    let here = folder("check-debug");
    let Some(program) = program() else { return };
    let program = program.to_str().unwrap();
    let output = command(&["check-debug", "--json", program], &here);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["module"], "wasip2.wasm");
    assert_eq!(found[0]["complete"], true);
    let functions = &found[0]["entries"]["functions"];
    assert!(functions["described"].as_u64() > Some(100), "{functions}");
    let output = command(&["check-debug", "--variable=count", program], &here);
    let said = text(&output.stdout);
    assert!(said.contains("wasip2.rs:3"), "{said}");
}

#[test]
fn offsets_in_a_component_are_of_the_file_or_of_a_core_module() {
    let here = folder("addr2line");
    let Some(program) = program() else { return };
    let output = run(&["--backtrace=json"], &["panic"], "", &here).unwrap();
    let report = text(&output.stderr);
    let json = report.lines().find(|line| line.starts_with('{')).unwrap();
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    let frames = report["frames"].as_array().unwrap();
    let is_ours = |frame: &&serde_json::Value| frame["function"] == "wasip2::give_up";
    let offset = frames.iter().find(is_ours).unwrap()["offset"].as_u64();
    let offset = offset.unwrap();
    let path = program.to_str().unwrap();
    let at = |args: &[&str]| text(&command(&[&["addr2line"], args].concat(), &here).stdout);
    let in_module = at(&["--module=wasip2.wasm", path, &offset.to_string()]);
    assert!(in_module.contains("wasip2::give_up at "), "{in_module}");
    assert!(in_module.contains("wasip2.rs:35:5"), "{in_module}");
    // The first module of the file is the program.
    let bytes = fs::read(program).unwrap();
    let magic = b"\0asm\x01\0\0\0";
    let start = bytes.windows(8).position(|it| it == magic).unwrap();
    let in_file = at(&[path, &(start as u64 + offset).to_string()]);
    let place = |text: &str| text.split_once(": ").unwrap().1.to_owned();
    assert_eq!(place(&in_file), place(&in_module));
    let outside = command(&["addr2line", path, "0"], &here);
    assert!(!outside.status.success());
    let said = text(&outside.stderr);
    assert!(said.contains("the component's code is at 0x"), "{said}");
    let unnamed = command(&["addr2line", "-c", path, "0"], &here);
    let said = text(&unnamed.stderr);
    assert!(said.contains("name the core module"), "{said}");
    let unknown = command(&["addr2line", "--module=wasip2.wasn", path, "0"], &here);
    let said = text(&unknown.stderr);
    assert!(said.contains("there is `wasip2.wasm`"), "{said}");
}

#[test]
fn offsets_in_a_component_of_one_core_module_are_of_the_file_too() {
    let here = folder("addr2line-one");
    let source = "(component (core module (func $first nop) (func $second nop nop nop)))";
    fs::write(here.join("one.wasm"), wat::parse_str(source).unwrap()).unwrap();
    let bytes = fs::read(here.join("one.wasm")).unwrap();
    let magic = b"\0asm\x01\0\0\0";
    let start = bytes.windows(8).position(|it| it == magic).unwrap();
    // The operators of the second function: nop, nop, nop, end.
    let nops = [1, 1, 1, 0x0b];
    let at = bytes.windows(4).position(|it| it == nops).unwrap();
    let said = |args: &[&str]| text(&command(&[&["addr2line"], args].concat(), &here).stdout);
    let in_file = said(&["one.wasm", &at.to_string()]);
    assert_eq!(in_file, format!("{at:#x}: second\n"));
    let inside = at - start;
    let in_module = said(&["--module=one.wasm", "one.wasm", &inside.to_string()]);
    assert_eq!(in_module, format!("{inside:#x}: second\n"));
    let json = said(&["--json", "one.wasm", &at.to_string()]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["module"], "one.wasm");
}

#[test]
fn objdump_shows_functions_of_a_component() {
    let here = folder("objdump");
    let Some(program) = program() else { return };
    let path = program.to_str().unwrap();
    let args = ["objdump", "--function=wasip2::give_up", path];
    let output = command(&args, &here);
    let shown = text(&output.stdout);
    assert!(shown.starts_with("wasip2.wasm:\n\nwasip2::give_up (function "));
    assert!(
        shown.contains("panic!(\"it gave up: {count}\");"),
        "{shown}"
    );
}

#[test]
fn a_compiled_component_runs_if_it_may() {
    let here = folder("compiled");
    let Some(program) = program() else { return };
    let path = program.to_str().unwrap();
    let compiled = command(&["compile", "-g", "--output=app.cwasm", path], &here);
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    let refused = command(&["run", "-g", "app.cwasm"], &here);
    let said = text(&refused.stderr);
    assert!(said.contains("machine code, not a module"), "{said}");
    let run = ["run", "-g", "--allow-precompiled", "app.cwasm"];
    let output = command(&[&run[..], &["panic"]].concat(), &here);
    assert_eq!(output.status.code(), Some(134));
    let report = text(&output.stderr);
    assert!(report.contains("wasip2.rs:35:5"), "{report}");
    assert!(report.contains("count = 3"), "{report}");
    let other = command(&["run", "--allow-precompiled", "app.cwasm"], &here);
    let said = text(&other.stderr);
    assert!(said.contains("was compiled differently"), "{said}");
    let at = command(&["addr2line", "app.cwasm", "70000"], &here);
    let of_component = command(&["addr2line", path, "70000"], &here);
    assert_eq!(text(&at.stdout), text(&of_component.stdout));
    // All of it counts.
    let mut bytes = fs::read(here.join("app.cwasm")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(here.join("app.cwasm"), bytes).unwrap();
    let damaged = command(&run, &here);
    let said = text(&damaged.stderr);
    assert!(said.contains("a damaged artifact"), "{said}");
}

#[test]
fn a_profile_of_a_component_is_written() {
    let here = folder("profile");
    let option = "--profile=guest,out.speedscope.json,1ms";
    let Some(output) = run(&[option], &["panic"], "", &here) else {
        return;
    };
    let said = text(&output.stderr);
    assert!(said.contains("written to out.speedscope.json"), "{said}");
    let profile = fs::read(here.join("out.speedscope.json")).unwrap();
    let profile: serde_json::Value = serde_json::from_slice(&profile).unwrap();
    assert!(profile["profiles"].is_array());
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
    let output = command
        .current_dir(folder(if flag == "-o" { "lldb" } else { "gdb" }))
        .output()
        .unwrap();
    Some(text(&output.stdout) + &text(&output.stderr))
}

/// Checks that a session stopped in the source with its variables, and ended.
fn stopped(said: &str, expected: &[&str]) {
    for part in expected {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert!(!said.contains("matches nothing"), "{said}");
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
    let gdb = tools::gdb();
    let launched = ["gdb", "--gdb", &gdb, "-nx", "-batch"];
    if let Some(said) = session(DWALIN, &launched, &typed, "-ex", &[]) {
        stopped(&said, &expected);
    }
    let plain = ["--args", DWALIN, "run", "-g"];
    if let Some(said) = session(&gdb, &["-nx", "-batch"], &typed, "-ex", &plain) {
        stopped(&said, &expected);
    }
}

#[test]
fn lldb_stops_in_a_component() {
    if !tools::have(&[&tools::lldb()]) {
        return;
    }
    let lldb = tools::lldb();
    let launched = [
        "lldb",
        "--lldb",
        &lldb,
        "--lldb-option=--no-lldbinit",
        "--lldb-option=--no-use-colors",
        "--batch",
    ];
    let typed = [
        "breakpoint set --file wasip2.rs --line 29",
        "run",
        "bt",
        "v",
        "finish",
        "continue",
    ];
    if let Some(said) = session(DWALIN, &launched, &typed, "-o", &[]) {
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
            "was called: HTTP is not supported",
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

#[test]
fn a_component_uses_the_network_where_it_may() {
    let here = folder("network");
    let Some(program) = compiled("network") else {
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
