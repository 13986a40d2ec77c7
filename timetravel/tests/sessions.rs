//! Sessions of gdb and lldb with the server, over a native program that counts ticks as guest code does.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use dwalin_timetravel::{Beginning, Connection, Streams, serve};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs, thread};

/// The program, compiled once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ledger");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/ledger.c");
        let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
        let compiled = Command::new(compiler)
            .args(["-g", "-O0", "-pthread", "-fcf-protection=none", "-o"])
            .args([&out, &source])
            .status();
        assert!(compiled.expect("a C compiler").success());
        out
    })
}

/// A server of the program with arguments, and a debugger that is given its socket.
fn session(arguments: &[&str], debugger: impl FnOnce(&Path) -> Command) -> String {
    let id = thread::current().id();
    let name = format!("{id:?}.socket").replace(['(', ')'], "");
    let socket = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::remove_file(&socket).ok();
    let listener = UnixListener::bind(&socket).unwrap();
    let arguments: Vec<_> = arguments.iter().map(|it| (*it).to_owned()).collect();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = Connection::new(stream.try_clone().unwrap(), stream);
        let mut command = Command::new(program());
        command.args(arguments).stdout(Stdio::null());
        let (streams, beginning) = (Streams::Own, Beginning::Started);
        serve(
            &mut command,
            program().to_owned(),
            connection,
            streams,
            beginning,
        )
    });
    let command = debugger(&socket);
    let mut bounded = Command::new("timeout");
    // Both of its streams in the order in which they were written.
    bounded.args(["60", "sh", "-c", r#"exec "$0" "$@" 2>&1"#]);
    bounded.arg(command.get_program()).args(command.get_args());
    let output = bounded.stdin(Stdio::null()).output().unwrap();
    // A debugger that did not connect leaves the server waiting.
    UnixStream::connect(&socket).ok();
    let served = server.join().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    served.unwrap_or_else(|why| panic!("{why}\n{text}"));
    text
}

/// The newest version of a debugger, where `.ci/setup` has installed it.
fn newest(debugger: &str) -> Option<String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join(format!("tools/newest-{debugger}/bin/{debugger}"));
    path.exists().then(|| path.display().to_string())
}

/// The gdbs that there are: the one in PATH, and a newer one.
fn gdbs() -> Vec<String> {
    let own = ["gdb".to_owned()];
    own.into_iter().chain(newest("gdb")).collect()
}

fn gdb(gdb: &str, arguments: &[&str], commands: &[&str]) -> String {
    session(arguments, |socket| {
        let mut command = Command::new(gdb);
        command.args(["-nx", "-q", "-batch"]);
        let connect = format!("target extended-remote {}", socket.display());
        let program = format!("file {}", program().display());
        let before = [
            "set sysroot /",
            "set height 0",
            "set width 0",
            "set confirm off",
        ];
        let commands = before
            .into_iter()
            .chain([&*program, &*connect])
            .chain(commands.iter().copied());
        for line in commands {
            command.args(["-ex", line]);
        }
        command
    })
}

/// Texts that are there in this order.
fn in_order(output: &str, texts: &[&str]) {
    let mut rest = output;
    for text in texts {
        let at = rest
            .find(text)
            .unwrap_or_else(|| panic!("no `{text}` in\n{rest}\n-- of\n{output}"));
        rest = &rest[at + text.len()..];
    }
}

#[test]
fn a_watchpoint_backwards_finds_each_write() {
    for it in gdbs() {
        let output = gdb(
            &it,
            &[],
            &[
                "continue",
                "bt",
                "watch total",
                "reverse-continue",
                "p value",
                "bt",
                "reverse-continue",
                "p value",
            ],
        );
        in_order(
            &output,
            &[
                " history",
                "Old value = 61",
                "New value = 51",
                "$1 = 10",
                "in push (value=10)",
                "#1",
                "sum (count=10)",
                "#2",
                "work (argc=1)",
                "Old value = 51",
                "New value = 42",
                "$2 = 9",
            ],
        );
    }
}

#[test]
fn steps_go_back_by_lines_and_functions() {
    for it in gdbs() {
        let output = gdb(
            &it,
            &[],
            &[
                "break push if value == 7",
                "continue",
                "p total",
                "next",
                "next",
                "p total",
                "reverse-next",
                "p total",
                "reverse-finish",
                "bt 1",
                "reverse-next",
                "p i",
                "reverse-step",
                "p value",
                "delete",
                "reverse-continue",
                "bt 1",
            ],
        );
        in_order(
            &output,
            &[
                "push (value=7)",
                "$1 = 27",
                "$2 = 34",
                "$3 = 27",
                "sum (count=10)",
                " history",
            ],
        );
    }
}

#[test]
fn a_write_of_the_host_names_the_call() {
    for it in gdbs() {
        let output = gdb(
            &it,
            &[],
            &[
                "continue",
                "watch buffer[0]",
                "reverse-continue",
                "bt 1",
                "continue",
                "bt 1",
            ],
        );
        in_order(
            &output,
            &[
                "the host writes here: env.read",
                "work (argc=1)",
                "the host writes here: env.read",
                "work (argc=1)",
            ],
        );
    }
}

#[test]
fn a_trap_stops_first_and_people_go_back_from_it() {
    for it in gdbs() {
        let output = gdb(
            &it,
            &["trap"],
            &[
                "continue",
                "bt",
                "reverse-finish",
                "reverse-next",
                "p large",
                "continue",
                "continue",
            ],
        );
        in_order(
            &output,
            &[
                "SIGILL",
                "#0",
                "trap ()",
                "work (argc=2)",
                "$1 = 55",
                "SIGILL",
                "Program terminated with signal SIGILL",
            ],
        );
    }
}

#[test]
fn changes_are_taken_back() {
    for it in gdbs() {
        let output = gdb(
            &it,
            &[],
            &[
                "break sum",
                "continue",
                "delete",
                "set var total = 100",
                "p total",
                "p sum(2)",
                "p total",
                "stepi",
                "p total",
            ],
        );
        in_order(&output, &["$1 = 100", "$2 = 3", "$3 = 103", "$4 = 0"]);
    }
}

#[test]
fn the_end_comes_once_and_then_the_exit() {
    for it in gdbs() {
        let output = gdb(
            &it,
            &[],
            &["continue", "continue", "break push", "run", "p value"],
        );
        in_order(
            &output,
            &[
                " history",
                "exited with code 075",
                "push (value=1)",
                "$1 = 1",
            ],
        );
    }
}

#[test]
fn a_trap_s_signal_is_not_delivered_elsewhere() {
    for it in gdbs() {
        let output = gdb(
            &it,
            &["trap"],
            &[
                "continue",
                "monitor goto 0",
                "maintenance flush register-cache",
                "break trap",
                "continue",
                "continue",
            ],
        );
        in_order(
            &output,
            &["SIGILL", "tick 0", "Breakpoint 1, trap", "SIGILL"],
        );
    }
}

#[test]
fn positions_are_said_and_gone_to() {
    for it in gdbs() {
        let output = gdb(
            &it,
            &["trap", "long"],
            &[
                "break trap",
                "continue",
                "monitor when",
                "monitor checkpoints",
                "reverse-stepi",
                "stepi",
                "monitor when",
                "monitor goto 7",
                "maintenance flush register-cache",
                "bt 1",
                "monitor goto x",
                "monitor nonsense",
                "monitor goto 99999999999",
                "monitor when",
            ],
        );
        in_order(
            &output,
            &[
                "tick 1000000",
                "checkpoints, at ticks 0, ",
                "tick 1000000",
                "tick 7",
                "is not a tick",
                "is not known",
                "tick 1000000",
            ],
        );
    }
}

#[test]
fn lldb_goes_back() {
    let run = |lldb: &str, commands: &[&str]| {
        session(&[], |socket| {
            let mut command = Command::new(lldb);
            command.args(["--no-lldbinit", "-b"]).arg(program());
            let connect = format!(
                "process connect -p gdb-remote unix-connect://{}",
                socket.display()
            );
            for line in [&*connect].iter().chain(commands) {
                command.args(["-o", line]);
            }
            command
        })
    };
    let forward = run(
        "lldb-19",
        &["b push", "continue", "p value", "continue", "p value"],
    );
    in_order(
        &forward,
        &[
            "stop reason = breakpoint",
            "(int) 1",
            "stop reason = breakpoint",
            "(int) 2",
        ],
    );
    if let Some(newest) = newest("lldb") {
        let output = run(
            &newest,
            &[
                "breakpoint set -n push -c 'value == 10'",
                "continue",
                "breakpoint disable",
                "watchpoint set variable total",
                "process continue --reverse",
                "bt",
                "process continue --reverse",
                "frame variable value",
            ],
        );
        in_order(&output, &["push(value=9)", "sum(count=10)", "value = 8"]);
    }
}
