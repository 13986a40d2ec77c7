//! Back in time in a terminal: gdb's prompt and the program share it, commands are typed one by one or ahead, and Ctrl-C stops what runs,
//! forwards and backwards.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::process::Command;
use std::time::Duration;
use support::{Folder, tools};
use terminal::{CTRL_C, GDB_PROMPT as PROMPT, Terminal};

const PROGRAM: &str = r#"#include <stdio.h>
volatile long rounds;
static long turn(long n) {
    rounds++;
    return n * 3 % 1000;
}
int main(int count, char **words) {
    char line[32] = "";
    long n = 1;
    printf("name? ");
    fflush(stdout);
    fgets(line, sizeof line, stdin);
    n = turn(n);
    n = turn(n);
    printf("hello %s", line);
    fflush(stdout);
    while (count > 1)
        n = turn(n);
    return (int)n;
}
"#;

/// gdb at a prompt, with the program that runs live or in a recording.
fn started(folder: &Folder, words: &[&str]) -> Terminal {
    let mut gdb = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    gdb.args(["gdb", "--gdb"]).arg(tools::gdb()).arg("-nx");
    gdb.args(words).current_dir(folder.path("."));
    Terminal::start_gdb(&mut gdb)
}

fn compiled(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("app.c", PROGRAM);
    let clang = ["clang-19", "--target=wasm32-wasi", "-g"];
    folder.tool(&[&clang[..], &["-o", "app.wasm", "app.c"]].concat());
    folder
}

fn equipped() -> bool {
    tools::have(&["gdb", "clang-19"])
}

#[test]
fn the_program_reads_what_is_typed_once_and_is_gone_back_in() {
    if !equipped() {
        return;
    }
    let folder = compiled("timetravel-typed");
    let mut gdb = started(&folder, &["--reverse", "app.wasm"]);
    gdb.ask("break app.c:15", " at 0x");
    gdb.wait_for(PROMPT);
    gdb.ask("run", "name? ");
    gdb.line("world");
    gdb.wait_for("app.c:15");
    let is_old = tools::gdb_version() < 14;
    let steps = [
        ("print line", "$1 = \"world"),
        ("tbreak app.c:13", " at 0x"),
        ("reverse-continue", "app.c:13"),
        ("print rounds", "$2 = 0"),
        ("continue", "app.c:15"),
        ("print rounds", "$3 = 2"),
        ("reverse-next", "14\t"),
        // From 14 on gdb is at the beginning of the line there, and before in its middle.
        ("next", "15\t"),
        ("reverse-step", "turn (n="),
        ("reverse-finish", "app.c:14"),
        ("watch rounds", "atchpoint 3"),
        ("reverse-continue", "New value = 0"),
        ("delete", ""),
        ("continue", "hello world"),
    ];
    let not_wanted = |command: &str| is_old && command == "next";
    for (command, answer) in steps.into_iter().filter(|it| !not_wanted(it.0)) {
        gdb.wait_for(PROMPT);
        gdb.ask(command, answer);
    }
    // The end, and after it the exit.
    gdb.wait_for(" history");
    gdb.wait_for(PROMPT);
    gdb.ask("continue", "exited with code 011]");
    gdb.assert_no_errors();
}

#[test]
fn a_step_back_before_the_first_line_of_main_stays_there() {
    if !equipped() {
        return;
    }
    let folder = compiled("timetravel-typed-before-main");
    let mut gdb = started(&folder, &["--reverse", "app.wasm"]);
    for (command, answer) in [
        ("break main", " at 0x"),
        ("run", "app.c:8"),
        // What calls a `main` with arguments.
        ("reverse-step", "in __main_void ()"),
        ("frame", "in __main_void ()"),
    ] {
        gdb.ask(command, answer);
        gdb.wait_for(PROMPT);
    }
    gdb.assert_no_errors();
}

#[test]
fn commands_that_are_typed_ahead_are_all_obeyed() {
    if !equipped() {
        return;
    }
    let folder = compiled("timetravel-typed-ahead");
    folder.write("input", "you\n");
    let recorded = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(["run", "--record", "app.rec", "app.wasm"])
        .current_dir(folder.path("."))
        .stdin(std::fs::File::open(folder.path("input")).unwrap())
        .output();
    assert_eq!(recorded.unwrap().status.code(), Some(9));
    let mut gdb = started(&folder, &["app.rec"]);
    gdb.ahead(&[
        "continue",
        "watch rounds",
        "reverse-continue",
        "reverse-continue",
        "print rounds",
        "reverse-finish",
        "delete",
        "next",
        "next",
        "print rounds",
        "echo all\\n",
    ]);
    gdb.wait_for("New value = 1");
    gdb.wait_for("New value = 0");
    gdb.wait_for("$1 = 0");
    gdb.wait_for("$2 = 2");
    gdb.wait_for("all\n");
    gdb.assert_no_errors();
}

#[test]
fn ctrl_c_stops_a_call_that_waits_and_a_loop_in_both_directions() {
    if !equipped() {
        return;
    }
    let folder = compiled("timetravel-ctrl-c");
    let mut gdb = started(&folder, &["--reverse", "app.wasm", "forever"]);
    gdb.ask("continue", "name? ");
    gdb.quiet(Duration::from_millis(300));
    gdb.keys(CTRL_C);
    gdb.wait_for("SIGINT");
    gdb.wait_for(PROMPT);
    gdb.ask("backtrace", "main (");
    gdb.wait_for("app.c:12");
    gdb.wait_for(PROMPT);
    gdb.ask("tbreak main", " at 0x");
    gdb.wait_for(PROMPT);
    gdb.ask("reverse-continue", "main (");
    gdb.wait_for(PROMPT);
    // It goes on waiting.
    gdb.ask("continue", "Continuing.");
    gdb.quiet(Duration::from_millis(300));
    gdb.line("again");
    gdb.wait_for("hello again");
    gdb.quiet(Duration::from_millis(1000));
    gdb.keys(CTRL_C);
    gdb.wait_for("SIGINT");
    gdb.wait_for(PROMPT);
    gdb.ask("print rounds > 1000", "$1 = 1");
    gdb.wait_for(PROMPT);
    gdb.ask("frame function main", "main (");
    gdb.wait_for(PROMPT);
    // A place that nothing comes by: it is looked for through all of the loop.
    gdb.ask("watch line[31]", "atchpoint");
    gdb.wait_for(PROMPT);
    gdb.ask("reverse-continue", "Continuing.");
    gdb.quiet(Duration::from_millis(50));
    gdb.keys(CTRL_C);
    let said = gdb.wait_for(PROMPT);
    assert!(
        said.contains("SIGINT") || said.contains("Old value"),
        "{said}"
    );
    gdb.ask("kill", "killed]");
    gdb.assert_no_errors();
}
