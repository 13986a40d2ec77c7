//! `dwalin gdb` in a terminal: gdb does not wait for the program there as it does with `-batch`, and people type.

mod running;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::process::Command;
use std::time::Duration;
use support::Folder;
use support::scripted::source;
use support::tools::have;
use terminal::{CTRL_C, GDB_PROMPT as PROMPT, Terminal};

/// The module of turns.c.
fn compiled(folder: &Folder) -> String {
    let turns = std::fs::read(source("tests/programs/terminal/turns.c")).unwrap();
    folder.write("turns.c", turns);
    folder.compile("turns.c", &["-g", "-O0"])
}

/// gdb at its first prompt, on turns.c with arguments.
fn started(folder: &Folder, options: &[&str], args: &[&str]) -> Terminal {
    let wasm = compiled(folder);
    let mut gdb = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    gdb.args(["gdb", "--gdb-option=-nx"]).args(options);
    gdb.arg(wasm).args(args).current_dir(folder.path("."));
    Terminal::start_gdb(&mut gdb)
}

fn equipped() -> bool {
    have(&["gdb", "clang-19"])
}

#[test]
fn steps_one_after_the_other_stop_line_by_line() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("terminal-steps");
    let mut gdb = started(&folder, &[], &[]);
    gdb.ask("break turns.c:22", " at 0x");
    gdb.ask("run", "stop here");
    for (command, line) in [
        ("step", "7\t"),
        ("next", "8\t"),
        ("next", "21\t"),
        ("next", "22\t"),
        ("step", "7\t"),
        ("finish", "Value returned is $1 = 13"),
        ("tbreak 23", "Temporary"),
        ("next", "21\t"),
        ("next", "22\t"),
        ("next", "21\t"),
        ("until", "23\t"),
        ("next", "24\t"),
    ] {
        let said = gdb.ask(command, line);
        assert!(!said.contains(PROMPT), "{said}");
        gdb.wait_for(PROMPT);
    }
    gdb.assert_no_errors();
}

#[test]
fn steps_that_are_typed_ahead_are_all_made() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("terminal-ahead");
    let mut gdb = started(&folder, &[], &[]);
    let ahead = [
        "break turns.c:22",
        "run",
        "step",
        "next",
        "next",
        "next",
        "step",
        "next",
        "print n",
        "echo all\\n",
    ];
    gdb.ahead(&ahead);
    gdb.wait_for("$1 = 4");
    gdb.wait_for("all\n");
    gdb.assert_no_errors();
}

#[test]
fn a_step_out_of_main_goes_on_to_the_end_before_the_next_prompt() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("terminal-out");
    let mut gdb = started(&folder, &[], &[]);
    gdb.ask("break turns.c:24", " at 0x");
    for _ in 0..2 {
        gdb.ask("run", "24\t");
        gdb.wait_for(PROMPT);
        let said = gdb.ask("next", "exited normally]");
        assert!(!said.contains(PROMPT), "{said}");
        gdb.wait_for(PROMPT);
    }
    gdb.assert_no_errors();
}

#[test]
fn ctrl_c_stops_the_program_where_it_is() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("terminal-interrupt");
    let mut gdb = started(&folder, &[], &["spin"]);
    gdb.ask("break spin", " at 0x");
    gdb.ask("run", "while (go)");
    gdb.wait_for(PROMPT);
    gdb.ask("delete", PROMPT);
    gdb.ask("continue", "Continuing.");
    gdb.quiet(Duration::from_millis(500));
    gdb.keys(CTRL_C);
    gdb.wait_for("received signal SIGINT");
    gdb.wait_for(PROMPT);
    gdb.ask("backtrace", "turns.c:20");
    gdb.wait_for(PROMPT);
    gdb.ask("set var go = 0", PROMPT);
    gdb.ask("continue", "exited normally]");
    gdb.assert_no_errors();
}

#[test]
fn ctrl_c_in_a_call_of_the_host_shows_what_waits_for_it() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("terminal-waits");
    let mut gdb = started(&folder, &[], &["?more"]);
    gdb.ask("run", "more? ");
    gdb.quiet(Duration::from_secs(1));
    gdb.keys(CTRL_C);
    gdb.wait_for("received signal SIGINT");
    gdb.wait_for("in ask (question=");
    gdb.wait_for("turns.c:30\n30\t");
    gdb.wait_for(PROMPT);
    gdb.ask("up", "main (argc=2, ");
    gdb.wait_for(PROMPT);
    gdb.ask("down", "in ask (question=");
    gdb.wait_for(PROMPT);
    // A stop before the call returns is the user's, and no step goes on from it.
    gdb.ask("next", "\n");
    gdb.quiet(Duration::from_secs(1));
    gdb.keys(CTRL_C);
    gdb.wait_for("received signal SIGINT");
    gdb.wait_for("did not return");
    gdb.wait_for(PROMPT);
    // A step is one of the line that waits, when the call has returned.
    gdb.ask("next", "\n");
    gdb.line("yes");
    let said = gdb.wait_for("20\t    n = spin(n);");
    assert!(!said.contains("Value returned"), "{said}");
    gdb.wait_for(PROMPT);
    gdb.assert_no_errors();
}

#[test]
fn the_text_interface_shows_the_source_of_each_stop() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("terminal-tui");
    let mut gdb = started(&folder, &[], &[]);
    gdb.ask("break turns.c:22", " at 0x");
    gdb.ask("run", "stop here");
    gdb.wait_for(PROMPT);
    gdb.ask("tui enable", "n = turn(n); // stop here");
    gdb.ask("step", "int next = n * 3 + 1;");
    gdb.ask("next", "return next % 1000;");
    gdb.ask("tui disable", PROMPT);
    gdb.ask("print next", "$1 = 4");
    gdb.assert_no_errors();
}

#[test]
fn names_and_places_are_completed() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("terminal-completion");
    let mut gdb = started(&folder, &[], &[]);
    // Before the program runs, and while it does.
    for _ in 0..2 {
        gdb.keys("tbreak tur\t");
        gdb.wait_for("tbreak turn");
        gdb.keys("\x15");
        gdb.ask("tbreak turn", "Temporary breakpoint");
        gdb.ask("run", "turn (n=1)");
        gdb.wait_for(PROMPT);
    }
    gdb.keys("print nex\t");
    gdb.wait_for("print next");
    gdb.keys("\x15");
    gdb.ask("wx/s nothing", "No symbol \"nothing\" in current context.");
    gdb.assert_no_errors();
}

#[test]
fn a_program_is_let_go_and_attached_to_again() {
    if !equipped() || !running::may_attach() {
        return;
    }
    let folder = Folder::new("terminal-attach");
    let mut gdb = started(&folder, &[], &["spin"]);
    gdb.ask("tbreak spin", "Temporary");
    gdb.ask("run", "while (go)");
    gdb.wait_for(PROMPT);
    gdb.ask("detach", "detached]");
    gdb.wait_for(PROMPT);
    gdb.ask("break turn", "Breakpoint 2");
    // It is the only process that gdb has started.
    let children = format!("/proc/{0}/task/{0}/children", gdb.pid());
    let child = std::fs::read_to_string(children).unwrap();
    gdb.wait_for(PROMPT);
    gdb.ask(&format!("attach {}", child.trim()), PROMPT);
    gdb.ask("continue", "Breakpoint 2, turn (n=");
    gdb.wait_for(PROMPT);
    gdb.ask("set var go = 0", PROMPT);
    gdb.ask("delete", PROMPT);
    gdb.ask("continue", "exited normally]");
    gdb.assert_no_errors();
}

#[test]
fn a_gdb_that_does_not_know_dwalin_is_told_what_to_type() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("terminal-hint");
    let mut launched = started(&folder, &[], &[]);
    launched.ask("run", "exited normally]");
    assert!(!launched.before().contains("dwalin setup"));
    let gdb = std::env::var("GDB").unwrap_or_else(|_| "gdb".to_owned());
    let mut plain = Command::new(gdb);
    plain.args([
        "-nx",
        "-q",
        // Before the command is read, whose debug info gdb would offer to look for.
        "-iex",
        "set debuginfod enabled off",
        "--args",
        env!("CARGO_BIN_EXE_dwalin"),
        "run",
        "-g",
    ]);
    plain.arg("turns.wasm").current_dir(folder.path("."));
    let mut plain = Terminal::start(&mut plain);
    plain.wait_for(PROMPT);
    let said = plain.ask("run", "exited normally]");
    assert_eq!(said.matches("`dwalin setup`").count(), 1, "{said}");
}

/// Of an editor that speaks MI: there is no prompt for which anything could be done before it.
#[test]
fn a_step_out_of_main_goes_on_to_the_end_for_editors_too() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("terminal-machine");
    let wasm = compiled(&folder);
    let mut gdb = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    // Some are made to ask a server for debug info, and ask the person first.
    let quiet = ["-iex", "set debuginfod enabled off"];
    gdb.args(["gdb", "-nx", "-q", "-i=mi"]);
    gdb.args(quiet).arg(&wasm);
    gdb.current_dir(folder.path("."))
        .env_remove("DEBUGINFOD_URLS");
    let mut gdb = Terminal::start(&mut gdb);
    gdb.wait_for(PROMPT);
    gdb.ask("-break-insert -f turns.c:24", "^done");
    for _ in 0..2 {
        gdb.ask("-exec-run", "*stopped,reason=\"breakpoint-hit\"");
        // What is typed before it would stand on both sides of it.
        gdb.wait_for(PROMPT);
        // The end of the line comes by itself.
        gdb.ask("-exec-next", "*stopped,reason=\"exited-normally\"\n");
    }
    gdb.line("-gdb-exit");
    gdb.end();
    gdb.assert_no_errors();
}
