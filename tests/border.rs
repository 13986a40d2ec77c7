//! What is at the border of a component's program: the host, which calls it while it waits for the host, and a table that is not the
//! program's. What is expected is what the source in `programs/border` says.
#![cfg(feature = "component-model")]

mod components;

use components::{DWALIN, clang, filled, folder, in_order, text, tools};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/border");

/// The program; `None` where nothing can make it.
fn program() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let make = || {
        if !tools::have(&["clang-19"]) {
            return None;
        }
        let here = folder("program");
        let source = Path::new(SOURCES).join("program.c");
        let modules = [clang(&here, &source, "module", &[])];
        let text = fs::read_to_string(Path::new(SOURCES).join("program.wat")).unwrap();
        let component = filled(&wat::parse_str(text).unwrap(), &mut modules.iter());
        let whole = here.join("program.wasm");
        fs::write(&whole, component).unwrap();
        Some(whole)
    };
    MADE.get_or_init(make).as_deref()
}

fn run(options: &[&str], arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(DWALIN);
    let command = command.arg("run").args(options).arg(program()?);
    Some(command.args(arguments).output().unwrap())
}

/// The output of a debugger to these commands, in a run without arguments; `None` where it or the program is not to be had.
fn session(
    name: &str,
    debugger: &str,
    options: &[&str],
    flag: &str,
    typed: &[&str],
) -> Option<String> {
    if !tools::have(&[debugger]) {
        return None;
    }
    let mut command = Command::new(DWALIN);
    command
        .args([name, &format!("--{name}"), debugger])
        .args(options);
    for typed in typed {
        command.args([flag, typed]);
    }
    let output = command.arg(program()?).stdin(Stdio::null()).output();
    let output = output.unwrap();
    Some(text(&output.stdout) + &text(&output.stderr))
}

fn gdb(typed: &[&str]) -> Option<String> {
    let fixed = ["set confirm off", "set debuginfod enabled off"];
    let typed = [&fixed[..], typed].concat();
    session("gdb", &tools::gdb(), &["-nx", "-batch"], "-ex", &typed)
}

fn lldb(typed: &[&str]) -> Option<String> {
    let options = [
        "--lldb-option=--no-lldbinit",
        "--lldb-option=--no-use-colors",
        "--batch",
    ];
    session("lldb", &tools::lldb(), &options, "-o", typed)
}

#[test]
fn what_run_returns_is_the_exit_code() {
    for options in [&[][..], &["-g"]] {
        let Some(output) = run(options, &[]) else {
            return;
        };
        assert_eq!(
            (output.status.code(), text(&output.stderr)),
            (Some(0), String::new())
        );
        let output = run(options, &["one more"]).unwrap();
        assert_eq!(
            (output.status.code(), text(&output.stderr)),
            (Some(1), String::new())
        );
    }
}

#[test]
fn a_trap_in_realloc_has_the_frames_of_the_call_that_needs_memory() {
    let Some(output) = run(&["-g"], &[&"x".repeat(101)]) else {
        return;
    };
    assert_eq!(output.status.code(), Some(134));
    let frames = [
        "0: cabi_realloc at ",
        "program.c:12",
        "size = 101",
        "1: host: ",
        "2: indirect-get-arguments (",
        "3: run at ",
        "program.c:25",
    ];
    in_order(&text(&output.stderr), &frames);
}

#[test]
fn gdb_stops_where_the_host_calls_for_memory() {
    let typed = [
        "break cabi_realloc",
        "run",
        "bt",
        "bt -no-filters",
        "print size",
        "frame function run",
        "print all.length * 0",
        "delete",
        "break 27",
        "continue",
        "print all.length",
        // By the program's own table, and not by the one that its import goes by.
        "print visits",
        "continue",
    ];
    let Some(said) = gdb(&typed) else { return };
    in_order(
        &said,
        &[
            "#0  cabi_realloc (old=0x0, old_size=0, align=4, size=8)",
            "run () at ",
            "program.c:25",
            "#0  cabi_realloc ",
            "wasm::",
            "indirect-get-arguments ()",
            "run () at ",
            "$1 = 8",
            "run () at ",
            "$2 = ",
            "program.c:27",
            "= 1",
            "{&twice, &thrice}",
            "exited normally",
        ],
    );
}

#[test]
fn lldb_stops_where_the_host_calls_for_memory() {
    let typed = [
        "breakpoint set --one-shot true --name cabi_realloc",
        "run",
        "bt",
        "v size",
        "breakpoint set --file program.c --line 27",
        "continue",
        "v all.length visits",
        "continue",
    ];
    let Some(said) = lldb(&typed) else { return };
    in_order(
        &said,
        &[
            "cabi_realloc(",
            "cabi_realloc(",
            "of the runtime (",
            "run at program.c:25",
            "size = 8",
            "program.c:27",
            "length = 1",
            "twice",
            "thrice",
            "exited with status = 0",
        ],
    );
}

#[test]
fn a_component_is_not_recorded() {
    let Some(output) = run(&["--record", "never.rec"], &[]) else {
        return;
    };
    let said = text(&output.stderr);
    assert!(
        said.contains("--record: components cannot be recorded yet"),
        "{said}"
    );
    assert!(!Path::new("never.rec").exists());
}
