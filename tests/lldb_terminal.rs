//! lldb in a terminal, started by `dwalin lldb` and by itself after `dwalin setup`: it does not wait for the program there as it does in
//! a pipe, and people type.

mod running;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::process::Command;
use std::time::Duration;
use support::tools::have;
use support::user::User;
use terminal::{CTRL_C, Terminal};

const PROMPT: &str = "(lldb) ";
/// The texts that no command may print.
const ERRORS: [&str; 3] = ["Traceback", "Usage:", "module importing failed"];

/// The ways to start lldb.
#[derive(Clone, Copy, Debug)]
enum By {
    Launcher,
    Setup,
}

/// lldb at its first prompt, on turns.c with arguments.
fn started(user: &User, by: By, args: &[&str]) -> Terminal {
    // What lldb reads of the runtime's and libc's debug info takes it seconds, and its progress goes over what it says.
    const SETTINGS: [&str; 4] = [
        // From lldb 21 on; others say that there is none, and would stop at that.
        "script lldb.debugger.HandleCommand('settings set show-statusline false')",
        "settings set show-progress false",
        "settings set symbols.enable-external-lookup false",
        "settings set use-color false",
    ];
    let settings: Vec<_> = SETTINGS.iter().flat_map(|line| ["-O", line]).collect();
    let debugger = support::tools::lldb();
    let mut lldb = match by {
        By::Launcher => {
            let mut lldb = Command::new(&user.command);
            lldb.args(["lldb", &format!("--lldb={debugger}"), "--no-lldbinit"]);
            lldb.args(settings).arg("turns.wasm");
            lldb
        }
        By::Setup => {
            user.setup(&[]);
            let mut lldb = Command::new(debugger);
            lldb.args(settings).arg("--").arg(&user.command);
            lldb.args(["run", "-g", "turns.wasm"]);
            lldb
        }
    };
    lldb.args(args)
        .current_dir(user.folder.path("."))
        .env("HOME", user.home(""))
        .env_remove("XDG_DATA_HOME")
        .env_remove("DEBUGINFOD_URLS");
    let mut lldb = Terminal::start(&mut lldb);
    lldb.wait_for("Current executable set to");
    lldb.wait_for(PROMPT);
    lldb
}

/// Runs a test with both ways to start lldb.
fn both(name: &str, args: &[&str], test: impl Fn(&mut Terminal)) {
    if !have(&["lldb-19", "clang-19", "llvm-objcopy-19"]) {
        return;
    }
    let user = User::new(&format!("lldb-terminal-{name}"));
    for by in [By::Launcher, By::Setup] {
        let mut lldb = started(&user, by, args);
        test(&mut lldb);
        for error in ERRORS {
            assert!(!lldb.before().contains(error), "{by:?}: {}", lldb.before());
        }
    }
}

/// Types a line that has the program go on, and waits for the prompt after where it has stopped.
fn go(lldb: &mut Terminal, line: &str, place: &str) -> String {
    let said = lldb.ask(line, place);
    lldb.wait_for(PROMPT);
    said
}

#[test]
fn steps_follow_each_other_and_the_last_goes_on_to_the_end() {
    both("steps", &[], |lldb| {
        lldb.ask("breakpoint set -o true -n turn", "Breakpoint 1");
        go(lldb, "run", "turns.c:7:");
        for (command, reason, place) in [
            ("n", "step over", "turns.c:8:"),
            ("finish", "step out", "turns.c:22:"),
            ("n", "step over", "turns.c:21:"),
            ("s", "step in", "turns.c:22:"),
            ("s", "step in", "turns.c:7:"),
            ("finish", "Return value: (int) $", "turns.c:22:"),
            ("thread until 23", "step until", "turns.c:23:"),
            ("n", "step over", "turns.c:24:"),
        ] {
            let said = go(lldb, command, place);
            assert!(said.contains(reason), "{command}: {said}");
        }
        go(lldb, "finish", "exited with status = 0");
        lldb.ask("run", "exited with status = 0");
    });
}

#[test]
fn a_program_is_started_again_with_the_same_breakpoints() {
    both("again", &[], |lldb| {
        lldb.ask("b turns.c:22", "Breakpoint 1");
        lldb.wait_for(PROMPT);
        for _ in 0..2 {
            go(lldb, "run", "stop reason = breakpoint 1.");
            go(lldb, "c", "stop reason = breakpoint 1.");
            let said = go(lldb, "p n", "(int) ");
            assert!(!said.contains("error"), "{said}");
            lldb.ask("run", "[Y/n]");
            lldb.line("y");
            lldb.wait_for("stop reason = breakpoint 1.");
            lldb.wait_for(PROMPT);
            lldb.ask("process kill", "killed");
            lldb.wait_for(PROMPT);
        }
    });
}

/// Input that is typed while the program runs is the program's, as natively: so commands come before.
#[test]
fn commands_that_are_typed_ahead_are_all_executed() {
    both("ahead", &[], |lldb| {
        lldb.ahead(&["b turns.c:22", "breakpoint set -n spin", "run"]);
        lldb.wait_for("stop reason = breakpoint 1.");
        lldb.wait_for(PROMPT);
        lldb.ahead(&["p n", "bt", "up", "down", "breakpoint disable", "s"]);
        lldb.wait_for("(int) 1\n");
        lldb.wait_for("main(argc=1");
        lldb.wait_for("All breakpoints disabled");
        lldb.wait_for("stop reason = step in");
        lldb.wait_for(PROMPT);
        lldb.ahead(&["v n", "p n * 2", "c"]);
        lldb.wait_for("(int) n = 1\n");
        lldb.wait_for("(int) 2\n");
        lldb.wait_for("exited with status = 0");
    });
}

#[test]
fn ctrl_c_in_a_call_of_the_host_shows_what_waits_for_it() {
    both("waits", &["?more"], |lldb| {
        lldb.ask("run", "more? ");
        lldb.quiet(Duration::from_secs(1));
        lldb.keys(CTRL_C);
        lldb.wait_for("stop reason = signal SIGSTOP");
        lldb.wait_for(PROMPT);
        lldb.ask("bt", "  * frame #");
        lldb.wait_for("turns.wasm`ask(question=\"more\") at turns.c:30:");
        lldb.wait_for(PROMPT);
        lldb.ask("up", "turns.wasm`main(argc=2, ");
        lldb.wait_for(PROMPT);
        lldb.ask("down", "turns.wasm`ask(");
        lldb.wait_for(PROMPT);
        lldb.ask("finish", "");
        lldb.line("yes");
        lldb.wait_for("Return value: (int) $");
        lldb.wait_for(PROMPT);
        // It would go on after lldb, for ever: the program is in no terminal's session.
        lldb.ask("process kill", "killed");
    });
}

#[test]
fn before_it_runs_the_program_is_known_as_natively() {
    both("before", &["once"], |lldb| {
        // Without the launcher, lldb is told when the target is there already.
        lldb.quiet(Duration::from_secs(3));
        lldb.ask("list turn", "int next = n * 3 + 1;");
        lldb.ask("image lookup -n spin", "turns.c:11");
        lldb.keys("breakpoint set -n spi\t");
        lldb.wait_for("spin");
        lldb.keys("\r");
        lldb.wait_for("where = turns.wasm`spin + ");
        lldb.ask("b turns.c:24", "where = turns.wasm`main + ");
        lldb.ask("breakpoint set -p 'stop here'", "turns.c:22:");
        // What is typed is the program's alone.
        for (run, argc) in [("run", 2), ("run a 'b c'", 3), ("process launch -- d", 2)] {
            go(lldb, run, "stop reason = breakpoint 1.1");
            lldb.ask("p argc", "error");
            lldb.ask("up", "turns.c:20:");
            lldb.ask("p argc", &format!("(int) {argc}\n"));
            lldb.ask("process kill", "killed");
            lldb.wait_for(PROMPT);
        }
    });
}

#[test]
fn a_breakpoint_that_nothing_matches_is_said_in_each_run_and_at_its_end() {
    both("unmatched", &[], |lldb| {
        lldb.ask("b trun", "pending");
        lldb.ask("b turns.c:500", "pending");
        lldb.ask("b turns.c:22", "Breakpoint 3");
        lldb.wait_for(PROMPT);
        for _ in 0..2 {
            let said = go(lldb, "run", "stop reason = breakpoint 3.1");
            for (text, count) in [
                (
                    "Breakpoint 1 (trun) matches nothing in the program; the nearest is turn.\n",
                    1,
                ),
                (
                    "Breakpoint 2 (turns.c:500) matches nothing in the program; ",
                    1,
                ),
                ("Breakpoint 3 (", 0),
            ] {
                assert_eq!(said.matches(text).count(), count, "{said}");
            }
            go(lldb, "breakpoint disable 3", "disabled");
            // lldb says that it has ended before or after it.
            let mut said = lldb.ask("c", "exited with status = 0");
            said += &lldb.quiet(Duration::from_secs(3));
            for text in ["1 (trun)", "2 (turns.c:500)"] {
                let text = format!("Breakpoint {text} matches nothing");
                assert_eq!(said.matches(&text).count(), 1, "{said}");
            }
            lldb.ask("breakpoint enable 3", "enabled");
            lldb.wait_for(PROMPT);
        }
    });
}

#[test]
fn a_source_that_is_not_there_is_said_once() {
    if !have(&["lldb-19", "clang-19", "llvm-objcopy-19"]) {
        return;
    }
    let user = User::new("lldb-terminal-sources");
    std::fs::remove_file(user.folder.path("turns.c")).unwrap();
    for by in [By::Launcher, By::Setup] {
        let mut lldb = started(&user, by, &[]);
        lldb.ask("b turns.c:22", "Breakpoint 1");
        lldb.wait_for(PROMPT);
        go(&mut lldb, "run", "stop reason = breakpoint 1.1");
        go(&mut lldb, "c", "stop reason = breakpoint 1.1");
        let said = lldb.before();
        assert_eq!(said.matches("turns.c is not there: ").count(), 1, "{said}");
    }
}

#[test]
fn ctrl_c_stops_the_program_where_it_is() {
    both("interrupt", &["spin"], |lldb| {
        lldb.ask("run", "turning\n");
        lldb.quiet(Duration::from_secs(1));
        lldb.keys(CTRL_C);
        lldb.wait_for("stop reason = signal SIGSTOP");
        lldb.wait_for(PROMPT);
        go(lldb, "bt", "turns.c:20:");
        lldb.ask("expr go = 0", "= 0");
        lldb.ask("c", "exited with status = 0");
    });
}

#[test]
fn names_are_completed() {
    both("completion", &[], |lldb| {
        lldb.ask("breakpoint set -n turn", "Breakpoint 1");
        go(lldb, "run", "turns.c:7:");
        lldb.keys("breakpoint set -n spi\t");
        lldb.wait_for("spin");
        lldb.keys("\r");
        lldb.wait_for("turns.c:12:");
        lldb.keys("p nex\t");
        lldb.wait_for("next");
        lldb.keys("\r");
        lldb.wait_for("(int) ");
        lldb.keys("finis\t");
        lldb.wait_for("finish");
        lldb.keys("\r");
        lldb.wait_for("turns.c:22:");
    });
}

#[test]
fn a_program_is_let_go_and_attached_to_again() {
    if !running::may_attach() {
        return;
    }
    both("attach", &["spin"], |lldb| {
        lldb.ask("breakpoint set -o true -n spin", "Breakpoint 1");
        go(lldb, "run", "turns.c:12:");
        let said = lldb.ask("process status", "stopped");
        let pid = said.split_once("Process ").expect("its number").1;
        let pid = pid.split(' ').next().unwrap().to_owned();
        lldb.ask("detach", "detached");
        lldb.wait_for(PROMPT);
        go(lldb, &format!("process attach -p {pid}"), "stopped");
        lldb.ask("breakpoint set -n turn", "Breakpoint 2");
        lldb.wait_for(PROMPT);
        go(lldb, "c", "stop reason = breakpoint 2.");
        lldb.ask("expr go = 0", "= 0");
        lldb.ask("breakpoint disable", "disabled");
        lldb.ask("c", "exited with status = 0");
    });
}

#[test]
fn the_text_interface_shows_the_source_and_variables_and_steps() {
    both("gui", &[], |lldb| {
        lldb.ask("b turns.c:22", "Breakpoint 1");
        go(lldb, "run", "stop reason = breakpoint 1.");
        lldb.line("gui");
        lldb.wait_for("<Sources>");
        lldb.wait_for("(int) n = 1");
        // The last line: a key that is typed while lldb draws may be lost.
        lldb.wait_for("PC = ");
        // What is on the screen already is not drawn again, so only this is sure to be whole.
        lldb.keys("s");
        lldb.wait_for("Thread 1: step in");
    });
}
