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

const CPP: &str = r#"#include <cstdio>
struct Shape {
    virtual double area() const = 0;
    virtual ~Shape() {}
};
struct Square : Shape {
    double side;
    explicit Square(double side) : side(side) {}
    double area() const override { return side * side; }
};
static double total;
static void add(const Shape &shape) {
    total += shape.area();
}
int main() {
    char line[32] = "";
    std::printf("side? ");
    std::fflush(stdout);
    std::fgets(line, sizeof line, stdin);
    Square small(line[0] - '0'), large(10);
    add(small);
    add(large);
    std::printf("total %g\n", total);
    return 0;
}
"#;

#[test]
fn a_session_with_cpp_goes_back_to_virtual_functions() {
    if !equipped() || !tools::have(&["clang++-19"]) {
        return;
    }
    let folder = Folder::new("timetravel-typed-cpp");
    folder.write("app.cpp", CPP);
    let clang = ["clang++-19", "--target=wasm32-wasi", "-fno-exceptions"];
    folder.tool(&[&clang[..], &["-g", "-o", "app.wasm", "app.cpp"]].concat());
    let mut gdb = started(&folder, &["--reverse", "app.wasm"]);
    gdb.ask("break app.cpp:23", " at 0x");
    gdb.wait_for(PROMPT);
    gdb.ask("run", "side? ");
    gdb.line("3");
    gdb.wait_for("app.cpp:23");
    for (command, answer) in [
        ("print total", "$1 = 109"),
        ("watch total", "atchpoint 2"),
        ("reverse-continue", "New value = 9"),
        ("backtrace", "main () at app.cpp:22"),
        ("reverse-continue", "New value = 0"),
        ("delete 2", ""),
        ("tbreak app.cpp:21", " at 0x"),
        ("reverse-continue", "app.cpp:21"),
        ("print large.side", "$2 = 10"),
        ("tbreak Square::area", " at 0x"),
        ("continue", "Square::area ("),
        ("print side", "$3 = 3"),
        ("reverse-finish", "app.cpp:13"),
        ("print total", "$4 = 0"),
        ("continue", "app.cpp:23"),
        ("continue", "total 109"),
    ] {
        gdb.wait_for(PROMPT);
        gdb.ask(command, answer);
    }
    gdb.wait_for(PROMPT);
    gdb.assert_no_errors();
}

const RUST: &str = r#"use std::io;
struct Account {
    balance: i64,
}
fn pay(account: &mut Account, amount: i64) {
    account.balance += amount;
}
fn main() {
    println!("amounts?");
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let mut account = Account { balance: 7 };
    for word in line.split_whitespace() {
        pay(&mut account, word.parse().unwrap());
    }
    println!("balance {}", account.balance);
}
"#;

#[test]
fn a_session_with_rust_goes_back_to_who_changed_a_field() {
    if !equipped() || !tools::have_rust_for_wasi() {
        return;
    }
    let folder = Folder::new("timetravel-typed-rust");
    folder.write("app.rs", RUST);
    let rustc = ["rustc", "--target", "wasm32-wasip1", "-g"];
    folder.tool(&[&rustc[..], &["-o", "app.wasm", "app.rs"]].concat());
    let mut gdb = started(&folder, &["--reverse", "app.wasm"]);
    gdb.ask("break app.rs:16", " at 0x");
    gdb.wait_for(PROMPT);
    gdb.ask("run", "amounts?");
    gdb.line("10 20");
    gdb.wait_for("app.rs:16");
    for (command, answer) in [
        ("print account.balance", "$1 = 37"),
        ("watch -l account.balance", "atchpoint 2"),
        ("reverse-continue", "New value = 17"),
        ("print amount", "$2 = 20"),
        ("reverse-continue", "New value = 7"),
        ("print amount", "$3 = 10"),
        ("delete 2", ""),
        ("tbreak app.rs:12", " at 0x"),
        ("reverse-continue", "app.rs:12"),
        ("print line", "10 20"),
        ("reverse-next", "11\t"),
        ("continue", "app.rs:16"),
        ("continue", "balance 37"),
    ] {
        gdb.wait_for(PROMPT);
        gdb.ask(command, answer);
    }
    gdb.wait_for(PROMPT);
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
