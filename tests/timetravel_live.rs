//! Sessions of gdb and lldb with programs that are recorded while they run: back from any stop, and on with calls that are made.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod backwards;

use backwards::{Folder, PROGRAM, READS, compiled, in_order, live, tools};
use std::process::Command;

/// Commands, and texts of which each is in what gdb says to them and those after it.
const LIVE: [(&str, &str); 23] = [
    ("break main", ""),
    ("run", "Breakpoint 1, main () at app.c:20"),
    ("tbreak push if v == 5", ""),
    ("continue", "push (v=5)"),
    ("watch total", ""),
    ("reverse-continue", "Old value = 10"),
    ("p v", "$1 = 4"),
    ("reverse-next", ""),
    ("monitor when", "tick "),
    ("delete 3", ""),
    ("tbreak 24", ""),
    ("continue", "main () at app.c:24"),
    ("monitor when", ", as far as the program has run"),
    ("p line", "$2 = '\\000'"),
    ("next", "25\t"),
    ("p line", "$3 = \"hello"),
    ("continue", "wasm trap: out of bounds memory access"),
    ("bt", "main () at app.c:27"),
    ("tbreak 26", ""),
    ("reverse-continue", "main () at app.c:26"),
    ("continue", "wasm trap: out of bounds memory access"),
    ("continue", "exited with code 0206"),
    // The recording is whole, and goes from its start to its end.
    ("run", "Breakpoint 1, main () at app.c:20"),
];

#[test]
fn gdb_goes_back_while_the_program_runs_and_on_from_there() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = compiled(PROGRAM, "timetravel-live", &[]);
    let (commands, texts): (Vec<_>, Vec<_>) = LIVE.into_iter().unzip();
    let output = live(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(&output, &texts);
    assert!(output.contains("error: app.wasm: wasm trap: out of bounds memory access"));
    // Once, though gdb has gone over it several times.
    assert_eq!(output.matches("sum 55 total 55").count(), 1, "{output}");
    assert!(!output.contains("go back from here"), "{output}");
    assert!(!output.contains("E01"), "{output}");
}

#[test]
fn a_live_session_steps_from_the_start_and_ends_as_the_program_does() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = compiled(READS, "timetravel-live-steps", &[]);
    let commands = [
        "tbreak main",
        "continue",
        "watch raw[0]",
        "continue",
        "p raw",
        "reverse-continue",
        "p raw",
        "delete",
        "tbreak app.c:10",
        "continue",
        "next",
        "p sum",
        "step",
        "reverse-next",
        "reverse-next",
        "p count",
        "set var count = 9",
        "p count",
        "next",
        "p count",
        "continue",
        "continue",
        "kill",
    ];
    let output = live(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            "main () at app.c:8",
            "the host writes here: wasi_snapshot_preview1.fd_read",
            "New value = 104 'h'",
            "$1 = \"hello",
            "the host writes here: wasi_snapshot_preview1.fd_read",
            "$2 = '\\000'",
            "main () at app.c:10",
            "$3 = 205",
            "$4 = 5",
            "it is taken back",
            "$5 = 9",
            "$6 = 5",
            " history",
            "exited normally",
        ],
    );
}

const PANICS: &str = r#"use std::collections::HashMap;
fn count_of(counts: &HashMap<String, u32>, name: &str) -> u32 {
    let found = counts.get(name);
    *found.unwrap()
}
fn main() {
    let mut counts = HashMap::new();
    let mut sum = 0;
    for (name, count) in [("pears", 2), ("plums", 3)] {
        counts.insert(name.to_owned(), count);
        sum += count;
    }
    sum += count_of(&counts, "pears");
    println!("{sum}");
    sum += count_of(&counts, "figs");
    println!("{sum}");
}
"#;

#[test]
fn a_panic_stops_first_and_is_gone_back_from() {
    if !tools::have_rust_for_wasi() {
        return;
    }
    let folder = Folder::new("timetravel-live-panic");
    folder.write("app.rs", PANICS);
    folder.write("input", "");
    let compiler = ["rustc", "--target", "wasm32-wasip1", "-g"];
    folder.tool(&[&compiler[..], &["-o", "app.wasm", "app.rs"]].concat());
    let commands = [
        "break app::main",
        "run",
        "continue",
        "p name",
        "frame function app::main",
        "watch sum",
        "reverse-continue",
        "reverse-continue",
        "delete",
        "tbreak app.rs:15",
        "continue",
        "continue",
        "continue",
    ];
    let output = live(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            "app.rs:7",
            "called `Option::unwrap()` on a `None` value",
            " app::count_of (",
            "app.rs:4",
            "\"figs\"",
            "app.rs:15",
            "Old value = 7",
            "New value = 5",
            "Old value = 5",
            "New value = 2",
            "app.rs:15",
            "exited with code 0206",
        ],
    );
}

#[test]
fn what_cannot_be_recorded_is_refused_by_reverse() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = compiled(READS, "timetravel-live-refused", &[]);
    let run = |options: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dwalin"));
        command.args(["gdb", "--reverse", "-batch"]).args(options);
        let output = command.current_dir(folder.path("")).output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(run(&["-O", "app.wasm"]).contains("leave -O out"));
    let no_gdb = run(&["--gdb", "/nonexistent", "app.wasm"]);
    assert!(
        no_gdb.contains("/nonexistent cannot be started"),
        "{no_gdb}"
    );
    assert!(run(&["missing.wasm"]).contains("cannot read missing.wasm"));
    let shared = r#"(module (memory 1 1 shared) (func (export "_start")))"#;
    folder.write("shared.wat", shared);
    let output = run(&["shared.wat"]);
    assert!(output.contains("a memory that threads share"), "{output}");
}

#[test]
fn lldb_goes_back_while_the_program_runs_where_its_version_can() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = compiled(PROGRAM, "timetravel-live-lldb", &[]);
    let commands = [
        "settings show plugin.process.gdb-remote.packet-timeout",
        "b sum",
        "continue",
        "p p->value",
        "watchpoint set variable total",
        "process continue --reverse",
        "bt",
        "watchpoint delete 1",
        // Without a direction, lldb goes on in the one before.
        "process continue --forward",
        "p p->next->value",
    ];
    let output = live(&folder, "lldb", &tools::lldb(), "-o", &commands);
    // As long as a large program is compiled.
    in_order(&output, &["= 120", "sum(p=", "(int) 10"]);
    if !output.contains("unknown or ambiguous option") {
        in_order(
            &output,
            &["old value: 55", "push(v=10)", "main", "sum(p=", "(int) 9"],
        );
    }
}
