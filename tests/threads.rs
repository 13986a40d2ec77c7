//! Programs of several threads (wasi-threads): how they end, and what debuggers, reports and core dumps show of them.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Folder, tools};

/// The line at which both workers have met, and their variables stay as they are.
const MET: &str = "threads.c:29";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/threads")
}

/// Compiles the program; the module.
fn compile(folder: &Folder, flags: &[&str]) -> String {
    let source = self::folder().join("threads.c");
    let module = folder.text("threads.wasm");
    let base = [
        "clang-19",
        "--target=wasm32-wasi-threads",
        "-pthread",
        "-nostdlib",
        "-g",
        "-Wl,--import-memory,--export-memory,--shared-memory,--max-memory=1048576",
        source.to_str().unwrap(),
        "-o",
        &module,
    ];
    folder.tool(&[&base, flags].concat());
    module
}

/// All kinds of code.
const CODE: [&[&str]; 4] = [&[], &["-g"], &["-O"], &["-g", "-O"]];

#[test]
fn a_program_ends_as_its_threads_end_it() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = Folder::new("threads-ends");
    for (flag, code) in [("-DNOTHING", 20), ("-DEXIT=2", 42), ("-DTRAP=1", 134)] {
        let module = compile(&folder, &[flag]);
        for options in CODE {
            let output = folder.dwalin(&[&["run"], options, &[&module]].concat());
            let said = support::stderr(&output);
            assert_eq!(
                output.status.code(),
                Some(code),
                "{flag} {options:?}: {said}"
            );
            assert_eq!(said.is_empty(), code != 134, "{said}");
        }
    }
}

#[test]
fn a_report_names_the_thread_and_shows_its_variables() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = Folder::new("threads-reports");
    let module = compile(&folder, &["-O0", "-DTRAP=2"]);
    let output = folder.dwalin(&["run", "-g", "--coredump=core", &module]);
    let said = support::stderr(&output);
    let lines = [
        "threads.wasm, thread 2: wasm trap: wasm `unreachable` instruction executed",
        "0: work at ",
        "n = 11",
        "\nthread 1, innermost first:\n   0: ",
        "\nfirst thread, innermost first:\n   0: ",
    ];
    for line in lines {
        assert!(said.contains(line), "{line}: {said}");
    }
    let output = folder.dwalin(&["inspect", "core"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("n = 11"), "{said}");
    let output = folder.dwalin(&["run", "--backtrace=json", &module]);
    let json: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(json["thread"], 2);
    let others = json["other_threads"].as_array().unwrap();
    let numbers: Vec<_> = others.iter().map(|it| &it["thread"]).collect();
    assert_eq!(numbers, [0, 1]);
    for other in others {
        assert!(!other["frames"].as_array().unwrap().is_empty(), "{other}");
    }
}

fn debugger(command: &[&str], commands: &[&str], module: &str) -> String {
    let mut debugger = Command::new("timeout");
    debugger.args(["-k", "5", "100"]).args(command);
    let flag = if command.contains(&"lldb") {
        "-o"
    } else {
        "-ex"
    };
    for command in commands {
        debugger.args([flag, command]);
    }
    let output = debugger.arg(module).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// Fails unless all of this was said.
fn expect(said: &str, all: &[&str]) {
    for text in all {
        assert!(said.contains(text), "{text:?} is not in:\n{said}");
    }
}

#[test]
fn gdb_shows_each_thread_its_own_variables() {
    if !tools::have(&[&tools::gdb(), "clang-19"]) {
        return;
    }
    let folder = Folder::new("threads-gdb");
    let module = compile(&folder, &["-O0"]);
    let gdb = [env!("CARGO_BIN_EXE_dwalin"), "gdb", "-nx", "-batch"];
    let at = format!("break {MET}");
    let commands = [
        "set width 0",
        "set breakpoint pending on",
        &at,
        "run",
        "info breakpoints",
        "info threads",
        "thread apply all -s -q frame function work -- print visits - self.id",
        "thread apply all -s -q -- frame apply all -s -q print self",
        "thread apply all backtrace -frame-info short-location",
        "set scheduler-locking on",
        "set var visits = 1000 + self.id",
        "next",
        "print n - self.id",
        "print total",
        "set scheduler-locking off",
        "delete",
        "continue",
    ];
    let said = debugger(&gdb, &commands, &module);
    expect(
        &said,
        &[
            "\"wasi-thread-1\"",
            "\"wasi-thread-2\"",
            "= {id = 1, name = ",
            "= {id = 2, name = ",
            "= {id = 0, name = ",
            "\"worker\"}",
            "\"main\"}",
            " = 1000\n",
            " = 1\n",
            "exited with code 024",
        ],
    );
    // One image for all threads.
    assert!(!said.contains("<MULTIPLE>"), "{said}");
}

#[test]
fn lldb_shows_each_thread_its_own_variables() {
    if !tools::have(&[&tools::lldb(), "clang-19"]) {
        return;
    }
    let folder = Folder::new("threads-lldb");
    let module = compile(&folder, &["-O0"]);
    let lldb = [
        env!("CARGO_BIN_EXE_dwalin"),
        "lldb",
        "--no-lldbinit",
        "--batch",
    ];
    let at = format!("breakpoint set --file threads.c --line {}", &MET[10..]);
    let commands = [
        &at,
        "run",
        "thread list",
        "frame variable visits self",
        "expression self.id",
        "expression visits = 1000 + self.id",
        "breakpoint disable",
        "next",
        "expression n - self.id",
        "thread select 1",
        "up 1",
        "continue",
    ];
    let said = debugger(&lldb, &commands, &module);
    expect(
        &said,
        &[
            "wasi-thread-",
            "name = 0x",
            "\"worker\"",
            "(int) $1 = 100",
            "(int) $2 = 1000",
            "exited with status = 20",
        ],
    );
}
