//! Two Rust components for wasm32-wasip2, composed as `wasm-tools compose` does it, in debuggers. What is expected is what the sources in
//! `programs/composed_rust` say.
#![cfg(feature = "component-model")]

mod components;

use components::{DWALIN, folder, in_order, runs_in_all_kinds_of_code, text, tools};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use wasm_compose::composer::ComponentComposer;
use wasm_compose::config::Config;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/composed_rust");

/// The program; `None` where nothing can make it.
fn composed() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let make = || {
        if !tools::have_rust_for("wasm32-wasip2") {
            return None;
        }
        let here = folder("program");
        let caller = component(&here, "caller", "bin");
        let config = Config {
            dir: here.clone(),
            definitions: vec![component(&here, "callee", "cdylib")],
            ..Config::default()
        };
        let whole = here.join("composed.wasm");
        let composer = ComponentComposer::new(&caller, &config);
        fs::write(&whole, composer.compose().unwrap()).unwrap();
        Some(whole)
    };
    MADE.get_or_init(make).as_deref()
}

/// One of the two, whose WIT is beside its source.
fn component(here: &Path, name: &str, kind: &str) -> PathBuf {
    let wasm = here.join(format!("{name}.wasm"));
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--target=wasm32-wasip2", "-g"]);
    rustc.args(["--crate-type", kind, "-C"]);
    rustc.arg(format!("link-arg=--component-type={SOURCES}/{name}.wit"));
    rustc.arg("-o").arg(&wasm);
    let rustc = rustc.arg(format!("{SOURCES}/{name}.rs")).output().unwrap();
    assert!(rustc.status.success(), "{}", text(&rustc.stderr));
    wasm
}

/// The output of a debugger in which these commands are typed; `None` where it or the program is not to be had.
fn session(debugger: &str, command: &mut Command, flag: &str, typed: &[&str]) -> Option<String> {
    if !tools::have(&[debugger]) {
        return None;
    }
    let program = composed()?;
    for typed in typed {
        command.args([flag, typed]);
    }
    let output = command.arg(program).stdin(Stdio::null()).output().unwrap();
    Some(text(&output.stdout) + &text(&output.stderr))
}

fn gdb(typed: &[&str]) -> Option<String> {
    let gdb = tools::gdb();
    let fixed = ["set confirm off", "set debuginfod enabled off"];
    let mut launched = Command::new(DWALIN);
    launched.args(["gdb", "--gdb", &gdb, "-nx", "-batch"]);
    session(&gdb, &mut launched, "-ex", &[&fixed[..], typed].concat())
}

fn lldb(typed: &[&str]) -> Option<String> {
    let lldb = tools::lldb();
    let mut launched = Command::new(DWALIN);
    launched.args(["lldb", "--lldb", &lldb, "--lldb-option=--no-lldbinit"]);
    launched.args(["--lldb-option=--no-use-colors", "--batch"]);
    session(&lldb, &mut launched, "-o", typed)
}

#[test]
fn the_program_runs_in_all_kinds_of_code() {
    let Some(program) = composed() else { return };
    for said in runs_in_all_kinds_of_code(program) {
        assert_eq!(said, "tea: 600\n642\n");
    }
}

#[test]
fn gdb_steps_from_one_component_into_the_other_and_back() {
    let steps = [
        "break caller.rs:20",
        "run",
        // Into the other component, to its last line, and back.
        "step",
        "bt",
        "step",
        "info args",
        "finish",
        "finish",
        "next",
        "next",
        "break callee::total",
        "continue",
        "bt",
        "next",
        "print cents",
        "finish",
        "finish",
        "next",
        "info locals",
        "continue",
    ];
    let Some(said) = gdb(&steps) else { return };
    in_order(
        &said,
        &[
            "callee::lifted_add (a=40, b=2) at ",
            "#0  callee::lifted_add (a=40, b=2) at ",
            "in caller::bill (order=0x",
            "in caller::main () at ",
            "callee::add (a=40, b=2) at ",
            "a = 40",
            "Value returned is ",
            "= 42",
            "caller::bill (order=",
            "21\t",
            "22\t",
            "callee::total (",
            "#0  callee::total (name=\"tea\"",
            "#1 ",
            "in callee::lifted_total (",
            "in caller::bill (order=0x",
            "in caller::main () at ",
            "Vec of length 2 = {250, 350}",
            "tea: 600",
            "Value returned is ",
            "= 600",
            "caller::bill (order=",
            "first = 42",
            "642",
            "exited normally",
        ],
    );
    let mut frames = said.lines().filter(|line| line.starts_with('#'));
    assert!(!frames.any(|line| line.contains("wasm::")), "{said}");
}

#[test]
fn gdb_reads_pointers_in_the_memory_of_each_frame() {
    let typed = [
        "break callee::total",
        "run",
        // Names and numbers are at other places in each memory.
        "bt full 4",
        "print cents",
        "frame function caller::bill",
        "print *order",
        "print order.cents",
        "set var order.cents.len = 1",
        "print order.cents",
        "down",
        "down",
        "print cents",
    ];
    let Some(said) = gdb(&typed) else { return };
    in_order(
        &said,
        &[
            "#0  callee::total (name=\"tea\"",
            "cents = Vec of length 2 = {250, 350}",
            "in caller::bill (order=",
            "= {value = \"tea\"}",
            "= {value = Vec of length 2 = {250, 350}}",
            "first = 42",
            "order = caller::Order {name: \"tea\", cents: Vec of length 2 = {250, 350}}",
            "$1 = Vec of length 2 = {250, 350}",
            "$2 = caller::Order {name: \"tea\", cents: Vec of length 2 = {250, 350}}",
            "$3 = Vec of length 2 = {250, 350}",
            "$4 = Vec of length 1 = {250}",
            "$5 = Vec of length 2 = {250, 350}",
        ],
    );
    assert!(!said.contains("Cannot access memory"), "{said}");
}

#[test]
fn lldb_steps_from_one_component_into_the_other_and_back() {
    let steps = [
        "breakpoint set --one-shot true --file caller.rs --line 20",
        "run",
        "v *order",
        // Into the other component, to its last line, and back.
        "step",
        "bt",
        "step",
        "v a b",
        "finish",
        "finish",
        "next",
        "next",
        "breakpoint set --name callee::total",
        "continue",
        "bt",
        "next",
        "v name cents",
        "finish",
        "finish",
        "continue",
    ];
    let Some(said) = lldb(&steps) else { return };
    in_order(
        &said,
        &[
            "at caller.rs:20",
            "name = \"tea\"",
            "(a=40, b=2) at callee.rs:19",
            "frame #0: ",
            "(a=40, b=2) at callee.rs:19",
            "caller::bill",
            "at caller.rs:20",
            "caller::main",
            "callee::add",
            "at callee.rs:4",
            "a = 40",
            "b = 2",
            "stop reason = step out",
            "= 42",
            "at caller.rs:20",
            "at caller.rs:21",
            "at caller.rs:22",
            "callee::total",
            "caller::bill",
            "name = \"tea\"",
            "[0] = 250",
            "[1] = 350",
            "tea: 600",
            "= 600",
            "exited with status = 0",
        ],
    );
}
