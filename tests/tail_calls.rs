//! Steps, frames and values at tail calls in real debuggers, with the program natively beside it where `musttail` does the same.

#[path = "running/mod.rs"]
mod running;

use running::{expect, said, tools};
use std::path::{Path, PathBuf};
use std::process::Command;

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

/// The file for a test's program.
fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tail-calls");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Compiles a program for wasm or natively.
fn compile(source: &Path, name: &str, flags: &[&str]) -> String {
    let out = file(name);
    let mut clang = Command::new("clang-19");
    clang.args(["-g", "-w"]).args(flags).arg(source);
    let status = clang.arg("-o").arg(&out).status();
    assert!(status.unwrap().success(), "{} compiles", source.display());
    out.into_os_string().into_string().unwrap()
}

const WASM: [&str; 2] = ["--target=wasm32-wasi", "-mtail-call"];

/// tests/programs/tail.c at -O0: the module, and the native program.
fn tail(name: &str) -> [String; 2] {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/tail.c");
    let flags = [&WASM[..], &["-O0"]].concat();
    [
        compile(&source, &format!("{name}.wasm"), &flags),
        compile(&source, name, &["-O0"]),
    ]
}

/// The output of gdb for commands, of a module and of a native program.
fn gdb(program: &str, commands: &[&str]) -> String {
    let mut args = vec!["-nx", "-batch"];
    let first = [
        "set debuginfod enabled off",
        "set breakpoint pending on",
        "set width 0",
    ];
    for command in first.iter().chain(commands) {
        args.extend(["-ex", command]);
    }
    match program.ends_with(".wasm") {
        true => args.extend(["--args", DWALIN, "run", "-g", program]),
        false => args.push(program),
    }
    said("gdb", &args)
}

/// Steps to a tail call, into its callee, and out of the last one.
const GDB: &[&str] = &[
    "tbreak even",
    "run",
    "tbreak done",
    // To the tail call, into its callee, and behind its declarations.
    "next",
    "next",
    "next",
    "next",
    "step",
    "backtrace 2",
    "step",
    "step",
    "info args",
    "continue",
    "info args",
    "backtrace",
    "finish",
    "tbreak few",
    "continue",
    "up",
    "info args",
    "info locals",
    "down",
    "tbreak many",
    "continue",
    "finish",
    "finish",
];

/// The answers: computed by hand.
const GDB_SAYS: &[&str] = &[
    // even(3, 10) goes to odd(2, 13), to even(1, 15), to odd(0, 16), to done(0, 48).
    "even (n=3, sum=10, ",
    "return steps[1](n - 1, sum + n, name);",
    "odd (",
    "#0  odd (",
    "#1  0x",
    " in main () at ",
    "tripled += 2 * sum;",
    "n = 2\nsum = 13\n",
    "done (n=0, sum=48, ",
    "n = 0\nsum = 48\n",
    "#0  done (",
    "#1  0x",
    " in main () at ",
    "Value returned is $1 = 48\n",
    // grow(1 to 8), then grow(8, 1 to 6, 9), grow(9, 8, 1 to 5, 17): 26.
    "few (a=26, b=5) at ",
    " in grow (a=9, b=8, c=1, d=2, e=3, f=4, g=5, h=17) at ",
    "h = 17\n",
    "local = 26\n",
    "many (a=26, b=5, ",
    // 26 * 16 + 5 * 20, and 265 more.
    "Value returned is $2 = 516\n",
    "Value returned is $3 = 781\n",
];

#[test]
fn gdb_steps_into_and_finishes_tail_calls_as_natively() {
    if !tools::have(&["gdb", "clang-19"]) {
        return;
    }
    for program in tail("gdb") {
        expect(&gdb(&program, GDB), GDB_SAYS);
    }
}

/// As for gdb.
const LLDB: &[&str] = &[
    "breakpoint set --one-shot true --name even",
    "run",
    "breakpoint set --one-shot true --name done",
    "next",
    "next",
    "next",
    "next",
    "step",
    "thread backtrace --count 2",
    "step",
    "step",
    "frame variable n sum",
    "continue",
    "frame variable n sum",
    "finish",
    "thread backtrace --count 1",
    "breakpoint set --one-shot true --name few",
    "continue",
    "frame variable a b",
    "up",
    "frame variable a h local",
    "finish",
];

/// The answers: computed by hand.
const LLDB_SAYS: &[&str] = &[
    "`even(n=3, sum=10, ",
    "-> 18  ",
    // At its first instruction: its arguments are not in their places yet.
    "stop reason = step in",
    "frame #0: ",
    "`odd(",
    "frame #1: ",
    "`main at tail.c:",
    "(int) n = 2\n",
    "(int) sum = 13\n",
    "(int) n = 0\n",
    "(int) sum = 48\n",
    "= 48\n",
    "`main at tail.c:",
    ") a = 26\n",
    ") b = 5\n",
    ") a = 9\n",
    ") h = 17\n",
    ") local = 26\n",
    "= 781\n",
];

#[test]
fn lldb_steps_into_and_finishes_tail_calls_as_natively() {
    if !tools::have(&["lldb-19", "clang-19"]) {
        return;
    }
    for program in tail("lldb") {
        let is_module = program.ends_with(".wasm");
        let mut args = vec!["--batch"];
        for command in LLDB {
            args.extend(["-o", command]);
        }
        if is_module {
            args.insert(0, "lldb");
        }
        args.push(&program);
        let said = said(if is_module { DWALIN } else { "lldb-19" }, &args);
        expect(&said, LLDB_SAYS);
    }
}

/// `main` calls `first`, which is left for `middle`, which is left for `last`.
const OPTIMISED: &str = "\
volatile int sink;
__attribute__((noinline)) static int last(int a, int b) {
    int x = a * 7, y = b * 9;
    sink = a;
    return x * y + sink;
}
__attribute__((noinline)) static int middle(int a, int b) {
    int local = sink + a;
    sink = b;
    return last(local, sink + b);
}
__attribute__((noinline)) static int first(int a, int b) {
    int other = sink * 3 + b;
    sink = a + b;
    return middle(other, a);
}
int main(int argc, char **argv) {
    int result = first(argc, argc + 3);
    return result != 1143;
}
";

/// Optimised code leaves its frames for callees, whose values a debugger would show in frames that it makes up.
#[test]
fn frames_that_were_left_are_not_shown_with_values_of_others() {
    if !tools::have(&["gdb", "lldb-19", "clang-19"]) {
        return;
    }
    let source = file("optimised.c");
    std::fs::write(&source, OPTIMISED).unwrap();
    for version in ["-gdwarf-4", "-gdwarf-5"] {
        let flags = [&WASM[..], &["-O2", version]].concat();
        let module = compile(&source, &format!("optimised{version}.wasm"), &flags);
        let ran = Command::new(DWALIN).args(["run", "-g", &module]).status();
        assert!(ran.unwrap().success(), "{version}");
        let commands = ["break last", "run", "backtrace", "up", "print argc"];
        let said_by_gdb = gdb(&module, &commands);
        let frames = [
            "#0  last (a=9, b=2) at ",
            "#1  0x",
            " in main (argc=1, ",
            "$1 = 1\n",
        ];
        expect(&said_by_gdb, &frames);
        let args = [
            "lldb",
            "--batch",
            "-o",
            "breakpoint set -n last",
            "-o",
            "run",
            "-o",
            "bt",
            &module,
        ];
        let frames = [
            "frame #0: ",
            "`last(a=9, b=2) at ",
            "frame #1: ",
            "`main(argc=1, ",
        ];
        let said_by_lldb = said(DWALIN, &args);
        expect(&said_by_lldb, &frames);
        for said in [said_by_gdb, said_by_lldb] {
            let is_left = |line: &&str| line.contains("in middle (") || line.contains("`middle(");
            assert_eq!(said.lines().find(is_left), None, "{said}");
        }
    }
}
