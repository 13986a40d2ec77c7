//! C++ programs that throw, in real debuggers: steps that end in handlers, catchpoints, and exceptions that nobody handles.

#[path = "support/tools.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/programs/exceptions")
        .join(name)
}

/// Compiles `throws.cpp` with the runtime beside it; the module.
fn compile(level: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exceptions");
    fs::create_dir_all(&folder).unwrap();
    // Tests run at the same time.
    let unique = std::thread::current().name().unwrap_or_default().to_owned();
    let (runtime, module) = (
        folder.join(format!("{unique}.o")),
        folder.join(format!("{unique}{level}.wasm")),
    );
    let clang = |arguments: &[&Path]| {
        let mut clang = Command::new("clang++-19");
        clang.args(["--target=wasm32-wasi", "-fwasm-exceptions"]);
        let status = clang.args(arguments).status();
        assert!(status.expect("clang++-19 can be started").success());
    };
    let path = |text| Path::new(text);
    clang(&[
        path("-O1"),
        path("-c"),
        &source("runtime.cpp"),
        path("-o"),
        &runtime,
    ]);
    clang(&[
        path("-g"),
        path(level),
        &source("throws.cpp"),
        &runtime,
        path("-o"),
        &module,
    ]);
    module.into_os_string().into_string().unwrap()
}

/// The output of gdb for commands; `launcher` is the program and what comes before the module.
fn gdb(launcher: &[&str], module: &str, argument: &[&str], commands: &[&str]) -> String {
    let mut gdb = Command::new(launcher[0]);
    gdb.args(&launcher[1..]);
    let settings = [
        "set width 0",
        "set pagination off",
        "set breakpoint pending on",
        "set debuginfod enabled off",
    ];
    for command in settings.iter().chain(commands) {
        match launcher[0] == "gdb" {
            true => gdb.args(["-ex", command]),
            false => gdb.args(["--ex", command]),
        };
    }
    if launcher[0] == "gdb" {
        gdb.args(["--args", DWALIN, "run", "-g"]);
    }
    gdb.arg(module).args(argument).stdin(Stdio::null());
    let said = gdb.output().unwrap();
    String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
}

const PLAIN: [&str; 3] = ["gdb", "-nx", "-batch"];
const LAUNCHER: [&str; 4] = [DWALIN, "gdb", "--batch", "--gdb-option=-nx"];

fn equipped() -> bool {
    tools::have(&["gdb", "clang++-19"])
}

/// Checks that texts are in an output, one after the other.
#[track_caller]
fn in_order(said: &str, texts: &[&str]) {
    let mut rest = said;
    for text in texts {
        let Some((_, behind)) = rest.split_once(text) else {
            panic!("{text:?} is not in the rest of the output: {said}");
        };
        rest = behind;
    }
}

#[test]
fn next_and_finish_end_in_the_handler() {
    if !equipped() {
        return;
    }
    let module = compile("-O0");
    for launcher in [&PLAIN[..], &LAUNCHER] {
        let commands = [
            "break throws.cpp:42 if kind == 2",
            "break throws.cpp:16 if kind == 2",
            "run",
            // Over frames with a destructor and a handler that throws again.
            "disable 2",
            "next",
            "echo AFTER NEXT\\n",
            "next",
            "print number",
            "print before",
            "backtrace 1",
        ];
        let said = gdb(launcher, &module, &[], &commands);
        in_order(
            &said,
            &[
                "outer (kind=2) at ",
                "44\t    } catch (int number) {",
                "AFTER NEXT\n",
                "45\t        int after = number + before;",
                "$1 = 17",
                "$2 = 102",
                "#0  outer (kind=2) at ",
            ],
        );
        let commands = [
            "break throws.cpp:16 if kind == 1",
            "run",
            "finish",
            "backtrace 2",
            "tbreak throws.cpp:31",
            "continue",
            "print error.code",
        ];
        let said = gdb(launcher, &module, &[], &commands);
        in_order(
            &said,
            &[
                "inner (kind=1) at ",
                "middle (kind=1) at ",
                "#0  middle (kind=1) at ",
                "#1  0x",
                "in outer (kind=1) at ",
                "middle (kind=1) at ",
                "31\t        std::printf(\"MyError %d %s\\n\", error.code, error.what());",
                "$1 = 42",
            ],
        );
    }
}

#[test]
fn catchpoints_stop_where_exceptions_are_thrown_and_caught() {
    if !equipped() {
        return;
    }
    let module = compile("-O0");
    for launcher in [&PLAIN[..], &LAUNCHER] {
        let commands = [
            "catch throw",
            "catch catch",
            "catch rethrow",
            "run",
            "backtrace 3",
            "continue",
            "backtrace 2",
            "continue",
            "continue",
            "continue",
            "backtrace 2",
        ];
        let said = gdb(launcher, &module, &[], &commands);
        in_order(
            &said,
            &[
                "Catchpoint 1 (exception thrown)",
                "in inner (kind=1) at ",
                "in middle (kind=1) at ",
                "Catchpoint 2 (exception caught)",
                "in middle (kind=1) at ",
                "Catchpoint 1 (exception thrown)",
                "Catchpoint 2 (exception caught)",
                "Catchpoint 3 (exception rethrown)",
                "in middle (kind=2) at ",
            ],
        );
    }
}

#[test]
fn lldb_stops_where_exceptions_are_thrown_and_caught() {
    if !tools::have(&["lldb-19", "clang++-19"]) {
        return;
    }
    let module = compile("-O0");
    let mut lldb = Command::new(DWALIN);
    lldb.args(["lldb", "--batch", "--lldb-option=--no-lldbinit"]);
    for command in [
        "breakpoint set -E c++ -h true -w true",
        "run",
        "bt 3",
        "continue",
        "bt 2",
    ] {
        lldb.args(["-o", command]);
    }
    let said = lldb.arg(&module).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    in_order(
        &said,
        &[
            "__cxa_throw",
            "inner(kind=1) at throws.cpp:18",
            "middle(kind=1) at throws.cpp:29",
            "__cxa_begin_catch",
            "middle(kind=1) at throws.cpp:36",
        ],
    );
}

#[test]
fn reports_say_the_type_and_the_message_of_an_exception() {
    if !tools::have(&["clang++-19"]) {
        return;
    }
    for level in ["-O0", "-O2"] {
        let module = compile(level);
        for (argument, title) in [
            (
                "uncaught",
                "wasm exception: uncaught exception of type MyError: one",
            ),
            (
                "text",
                "wasm exception: uncaught exception of type char const*",
            ),
        ] {
            for debug in [&[][..], &["-g"]] {
                let mut run = Command::new(DWALIN);
                let run = run.arg("run").args(debug).args([&module, argument]);
                let said = run.output().unwrap();
                let errors = String::from_utf8_lossy(&said.stderr).into_owned();
                assert!(errors.contains(title), "{level} {debug:?}: {errors}");
                assert_eq!(said.status.code(), Some(134), "{errors}");
            }
        }
    }
}

#[test]
fn an_exception_that_nobody_catches_stops_where_it_is_thrown() {
    if !equipped() {
        return;
    }
    for level in ["-O0", "-O2"] {
        let module = compile(level);
        // A destructor is on the way; it does not run, as in a native program.
        let commands = ["run", "backtrace", "frame"];
        let said = gdb(&LAUNCHER, &module, &["uncaught"], &commands);
        let frames = [
            "SIGILL",
            "uncaught exception",
            "inner (kind=1) at ",
            "main (argc=",
        ];
        in_order(&said, &frames);
        assert!(!said.contains("~inner"), "{said}");
        assert!(said.contains("throw MyError(42, \"one\");"), "{said}");
        let run = Command::new(DWALIN)
            .args(["run", "-g", &module, "uncaught"])
            .output();
        let run = run.unwrap();
        assert!(run.stdout.is_empty());
        let report = String::from_utf8_lossy(&run.stderr);
        in_order(&report, &["throws.cpp:18", "inner(int) at ", "main at "]);
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn people_go_back_from_an_exception_while_the_program_runs_and_its_report_follows() {
    if !equipped() {
        return;
    }
    let module = compile("-O0");
    let launcher = ["timeout", "120", DWALIN, "gdb", "--reverse", "--batch"];
    let commands = [
        "continue",
        "break inner",
        "reverse-continue",
        "print kind",
        "set var kind = 2",
        "next",
        "print kind",
        "delete",
        "continue",
        "continue",
    ];
    let said = gdb(&launcher, &module, &["uncaught"], &commands);
    let texts = [
        "SIGILL",
        "uncaught exception (`continue` for Dwalin's report)",
        "inner (kind=1)",
        "Breakpoint 1, inner (kind=1)",
        "$1 = 1",
        "it is taken back when the recording goes on",
        "$2 = 1",
        "SIGILL",
        "exited with code 0206",
        // Of the standard error.
        "uncaught exception of type MyError: one",
    ];
    in_order(&said, &texts);
}
