//! Components that call each other, of C, in debuggers: one program, whose calls go from source to source. What is expected is what the sources
//! in `programs/composed` say.
#![cfg(feature = "component-model")]

mod components;

use components::{
    DWALIN, clang, filled, folder, in_order, runs_in_all_kinds_of_code, text, tools,
    with_external_debug_info,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/composed")
}

/// The program; `None` where nothing can make it.
fn composed() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    MADE.get_or_init(|| made(&folder("program"), &[]))
        .as_deref()
}

/// The program in a folder, compiled with these options.
fn made(here: &Path, options: &[&str]) -> Option<PathBuf> {
    if !tools::have(&["clang-19"]) {
        return None;
    }
    let module = |name: &str| clang(here, &sources().join(format!("{name}.c")), name, options);
    let modules = [module("callee"), module("caller")];
    let text = fs::read_to_string(sources().join("composed.wat")).unwrap();
    let component = wat::parse_str(text).unwrap();
    let whole = here.join("composed.wasm");
    fs::write(&whole, filled(&component, &mut modules.iter())).unwrap();
    Some(whole)
}

/// The output of a debugger in which these commands are typed.
fn session(debugger: &mut Command, flag: &str, typed: &[&str]) -> String {
    session_of(composed().unwrap(), debugger, flag, typed)
}

fn session_of(program: &Path, debugger: &mut Command, flag: &str, typed: &[&str]) -> String {
    for typed in typed {
        debugger.args([flag, typed]);
    }
    let output = debugger.arg(program).stdin(Stdio::null()).output().unwrap();
    text(&output.stdout) + &text(&output.stderr)
}

fn gdb(typed: &[&str]) -> String {
    gdb_of(composed().unwrap(), typed)
}

fn gdb_of(program: &Path, typed: &[&str]) -> String {
    let fixed = ["set confirm off", "set debuginfod enabled off"];
    let mut launched = Command::new(DWALIN);
    launched.args(["gdb", "--gdb", &tools::gdb(), "-nx", "-batch"]);
    session_of(program, &mut launched, "-ex", &[&fixed[..], typed].concat())
}

/// gdb alone: it is told of the code as it runs.
fn plain_gdb(typed: &[&str]) -> String {
    let fixed = [
        "set confirm off",
        "set debuginfod enabled off",
        "set breakpoint pending on",
    ];
    let mut gdb = Command::new(tools::gdb());
    gdb.args(["-nx", "-batch"]);
    for command in [&fixed[..], typed].concat() {
        gdb.args(["-ex", command]);
    }
    gdb.args(["--args", DWALIN, "run", "-g"]);
    session(&mut gdb, "-ex", &[])
}

fn have_gdb() -> bool {
    tools::have(&[&tools::gdb()]) && composed().is_some()
}

fn have_lldb() -> bool {
    tools::have(&[&tools::lldb()]) && composed().is_some()
}

fn lldb(typed: &[&str]) -> String {
    let mut launched = Command::new(DWALIN);
    launched.args([
        "lldb",
        "--lldb",
        &tools::lldb(),
        "--lldb-option=--no-lldbinit",
        "--lldb-option=--no-use-colors",
        "--batch",
    ]);
    session(&mut launched, "-o", typed)
}

#[test]
fn the_program_runs_in_all_kinds_of_code() {
    let Some(program) = composed() else { return };
    runs_in_all_kinds_of_code(program);
}

#[test]
fn gdb_stops_in_both_components_by_function_and_by_file() {
    if !have_gdb() {
        return;
    }
    let said = gdb(&[
        "break add",
        "break callee.c:25",
        "break caller.c:11",
        "run",
        "bt",
        "frame function both",
        "print first",
        "continue",
        "bt",
        "print text",
        "frame function both",
        "print greeting",
        "continue",
        "print count",
        "continue",
    ]);
    in_order(
        &said,
        &[
            "add (a=40, b=2) at ",
            "#0  add (a=40, b=2) at ",
            "both (first=40) at ",
            "caller.c:9",
            "run () at ",
            "both (first=40) at ",
            "$1 = 40",
            "length (text=",
            "length (text=",
            "both (first=40) at ",
            "caller.c:10",
            // The callee's copy, in its own memory.
            " \"good day\"",
            "= \"good day\"",
            "= 8",
            "exited normally",
        ],
    );
    assert!(!said.contains("wasm::"), "frames are folded: {said}");
}

#[test]
fn gdb_steps_into_the_other_component_and_back() {
    if !have_gdb() {
        return;
    }
    let steps = [
        "break both",
        "run",
        "step",
        "bt 2",
        "next",
        "next",
        "next",
        "next",
        // Through the table.
        "step",
        "print text",
        "finish",
        "next",
        "print count",
    ];
    let said = gdb(&steps);
    in_order(
        &said,
        &[
            "caller.c:9",
            "add (a=40, b=2) at ",
            "15\t",
            "#0  add (a=40, b=2)",
            "both (first=40) at ",
            "16\t",
            "17\t",
            "both (first=40) at ",
            "10\t",
            "length (text=",
            "22\t",
            "\"good day\"",
            "Value returned is ",
            "= 8",
            "both (first=40) at ",
            "11\t",
            "= 8",
        ],
    );
    assert!(!said.contains("cabi_realloc"), "{said}");
}

#[test]
fn gdb_alone_steps_into_the_other_component() {
    if !have_gdb() {
        return;
    }
    let said = plain_gdb(&["break both", "run", "step", "finish", "step", "step"]);
    in_order(
        &said,
        &["add (a=", "in wasm::adapter ()", "10\t", "length (text="],
    );
}

#[test]
fn gdb_goes_up_and_down_past_the_adapter() {
    if !have_gdb() {
        return;
    }
    let typed = [
        "up",
        "break add",
        "run",
        "up",
        "print first",
        "down",
        "print b",
        "up 2",
        "down 2",
        "up 1000",
        "down 1000",
        "down",
    ];
    let said = gdb(&typed);
    in_order(
        &said,
        &[
            "in both (first=40) at ",
            "9\t",
            "$1 = 40",
            "#0 ",
            "add (a=40, b=2) at ",
            "$2 = 2",
            "in run () at ",
            "#0 ",
            "add (a=40, b=2) at ",
            "add (a=40, b=2) at ",
        ],
    );
    assert!(!said.contains("wasm::adapter"), "{said}");
    for refused in ["No stack.", "you can't go down"] {
        assert!(said.contains(refused), "{said}");
    }
}

#[test]
fn lldb_goes_up_and_down_past_the_adapter() {
    if !have_lldb() {
        return;
    }
    let typed = [
        "breakpoint set --name add",
        "run",
        "bt",
        "up",
        "v first",
        "down",
        "v b",
    ];
    let said = lldb(&typed);
    in_order(
        &said,
        &["add(a=40, b=2)", "1 frame of the runtime", "both(first=40)"],
    );
    // Before version 20 lldb hides no frames.
    if tools::lldb_version() >= 20 {
        in_order(
            &said,
            &[
                "(lldb) up",
                "both(first=40)",
                "(int) first = 40",
                "add(a=40, b=2)",
                "(int) b = 2",
            ],
        );
    }
}

#[test]
fn lldb_stops_in_both_components_and_steps_between_them() {
    if !have_lldb() {
        return;
    }
    let said = lldb(&[
        "breakpoint set --name both",
        "breakpoint set --file callee.c --line 25",
        "run",
        "step",
        "bt",
        "v",
        "next",
        "next",
        "next",
        "next",
        "step",
        "v text",
        "continue",
        "bt",
        "finish",
        "next",
        "v count",
        "continue",
    ]);
    in_order(
        &said,
        &[
            "caller.c:9",
            "add(a=40, b=2) at callee.c:15",
            "both(first=40) at caller.c:9",
            "run at caller.c",
            "(int) a = 40",
            "callee.c:16",
            "callee.c:17",
            "both(first=40) at caller.c:9",
            "caller.c:10",
            "length(",
            "at callee.c:22",
            "\"good day\"",
            "callee.c:25",
            "length(text=",
            "both(first=40) at caller.c:10",
            "stop reason = step out",
            "both(first=40) at caller.c:10",
            "caller.c:11",
            "(unsigned int) count = 8",
            "exited with status = 0",
        ],
    );
}

#[test]
fn split_debug_info_is_found_for_the_module_that_it_is_of() {
    let here = folder("split");
    let Some(program) = made(&here, &["-gsplit-dwarf"]) else {
        return;
    };
    if !tools::have(&[&tools::gdb(), "llvm-dwp-19"]) {
        return;
    }
    let check = || gdb_finds_both_components_debug_info(&program);
    // Files beside the component, a package with the units of one, and of both.
    let files = files_of(&here);
    assert_eq!(files.len(), 2, "{files:?}");
    check();
    for of_package in [&files[..1], &files] {
        let mut dwp = Command::new("llvm-dwp-19");
        dwp.args(of_package).arg("-o");
        let done = dwp.arg(here.join("composed.wasm.dwp")).output().unwrap();
        assert!(done.status.success(), "{}", text(&done.stderr));
        for file in of_package {
            let _ = fs::rename(file, file.with_extension("gone"));
        }
        check();
        for file in of_package {
            fs::rename(file.with_extension("gone"), file).unwrap();
        }
    }
}

#[test]
fn debug_info_of_other_files_is_found_for_the_module_that_names_it() {
    let here = folder("external");
    if made(&here, &[]).is_none() || !tools::have(&[&tools::gdb()]) {
        return;
    }
    let external = |name: &str| {
        let file = format!("{name}.wasm");
        with_external_debug_info(&fs::read(here.join(&file)).unwrap(), &file)
    };
    let modules = [external("callee"), external("caller")];
    let program = here.join("stripped.wasm");
    let text = fs::read_to_string(sources().join("composed.wat")).unwrap();
    let component = wat::parse_str(text).unwrap();
    fs::write(&program, filled(&component, &mut modules.iter())).unwrap();
    gdb_finds_both_components_debug_info(&program);
}

/// Stops in one component, called by the other.
fn gdb_finds_both_components_debug_info(program: &Path) {
    let typed = ["break callee.c:25", "run", "bt", "up", "print first"];
    let said = gdb_of(program, &typed);
    assert!(!said.contains("warning"), "{said}");
    let expected = [
        "#0  length (text=",
        "size=8",
        "both (first=40) at ",
        "$1 = 40",
    ];
    in_order(&said, &expected);
}

/// The files of split debug info in a folder.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|it| it == "dwo"))
        .collect();
    paths.sort();
    paths
}
