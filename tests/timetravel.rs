//! Sessions of gdb and lldb with recordings: from the end back to what happened before, with the values of the way forward.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::process::{Command, Stdio};
use support::{Folder, tools};

const PROGRAM: &str = r#"#include <stdio.h>
#include <stdlib.h>
struct item { int value; struct item *next; };
static int total;
static struct item *head;
static void push(int v) {
    struct item *i = malloc(sizeof *i);
    i->value = v;
    i->next = head;
    head = i;
    total += v;
}
static int sum(struct item *p) {
    int s = 0;
    for (; p; p = p->next)
        s += p->value;
    return s;
}
int main(void) {
    char line[64] = "";
    for (int i = 1; i <= 10; i++)
        push(i);
    printf("sum %d total %d\n", sum(head), total);
    if (fgets(line, sizeof line, stdin))
        printf("read %s", line);
    head->next->next = (struct item *)-16;
    printf("sum %d\n", sum(head));
    return 0;
}
__attribute__((export_name("show"))) int show(int n) {
    printf("shown %d of %d\n", n, total);
    return fflush(stdout);
}
#include <time.h>
__attribute__((export_name("missing"))) int missing(void) {
    return time(NULL) == 0;
}
"#;

/// Reads without the C library's buffer.
const READS: &str = r#"#include <stdio.h>
#include <unistd.h>
static char raw[16];
static int uses(void) {
    return raw[0] + raw[1];
}
int main(void) {
    int count = read(0, raw, 5);
    printf("%d of %s\n", count, raw);
    int sum = uses();
    printf("%d\n", sum);
    return 0;
}
"#;

/// Copies memory by the host, twice between two ticks.
const COPIES: &str = r#"#include <stdio.h>
#include <string.h>
static char a[64], b[64];
int main(int count, char **words) {
    memset(b, 'x', sizeof b);
    b[5] = 'y';
    memcpy(a, b, 40 + count);
    memset(b, 'z', 10 + count);
    memcpy(a, b, 40 + count);
    printf("%s\n", a);
    return 0;
}
"#;

/// A folder with a recording of the program, which ends in a trap.
fn recorded(name: &str, flags: &[&str]) -> Folder {
    let (folder, has_succeeded) = recorded_of(PROGRAM, name, flags);
    assert!(!has_succeeded);
    folder
}

/// A folder with app.wasm, and "hello" as what it may read.
fn compiled(program: &str, name: &str, flags: &[&str]) -> Folder {
    let folder = Folder::new(name);
    folder.write("app.c", program);
    folder.tool(
        &[
            &["clang-19", "--target=wasm32-wasi", "-g"],
            flags,
            &["-o", "app.wasm", "app.c"],
        ]
        .concat(),
    );
    folder.write("input", "hello\n");
    folder
}

/// A folder with a recording, and whether the program succeeded.
fn recorded_of(program: &str, name: &str, flags: &[&str]) -> (Folder, bool) {
    let folder = compiled(program, name, flags);
    let input = std::fs::File::open(folder.path("input")).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(["run", "--record", "app.rec", "app.wasm"])
        .current_dir(folder.path(""))
        .stdin(input)
        .output()
        .unwrap();
    (folder, run.status.success())
}

fn session(folder: &Folder, kind: &str, debugger: &str, option: &str, commands: &[&str]) -> String {
    let mut command = Command::new("timeout");
    command.args([
        "120",
        "sh",
        "-c",
        r#"exec "$0" "$@" 2>&1"#,
        env!("CARGO_BIN_EXE_dwalin"),
    ]);
    command.args([
        kind,
        &format!("--{kind}"),
        debugger,
        if kind == "gdb" { "-batch" } else { "-b" },
    ]);
    for line in commands {
        command.args([option, line]);
    }
    let output = command
        .arg("app.rec")
        .current_dir(folder.path(""))
        .stdin(Stdio::null())
        .output();
    String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
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
fn gdb_goes_back_from_a_trap_to_who_wrote_the_pointer() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = recorded("timetravel-gdb", &[]);
    let commands = [
        "continue",
        "p s",
        "watch head->next->next",
        "reverse-continue",
        "p head->next->value",
        "p line",
    ];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            "wasm trap: out of bounds memory access",
            "$1 = 19",
            "Old value = (struct item *) 0xfffffff0",
            "app.c:26",
            "$2 = 9",
            "hello",
        ],
    );
}

#[test]
fn gdb_goes_back_to_calls_and_out_of_them() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = recorded("timetravel-calls", &[]);
    let commands = [
        "break sum",
        "continue",
        "p *p",
        "finish",
        "reverse-continue",
        "p p->next->value",
        "reverse-finish",
        "delete",
        "reverse-continue",
        "tbreak push",
        "continue",
        "p v",
    ];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            "sum (p=",
            "value = 10",
            "Value returned is $2 = 55",
            "Breakpoint 1, sum (p=",
            "$3 = 9",
            "main () at app.c:23",
            "push (v=1)",
            "$4 = 1",
        ],
    );
    assert!(
        output.contains("No more reverse-execution history")
            || output.contains("Reached end of recorded history"),
        "{output}"
    );
}

/// The way out of a recursion comes by one address again and again, and each time is a moment of its own.
#[test]
fn gdb_goes_back_through_all_returns_of_a_recursion() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = Folder::new("timetravel-recursion");
    let source = r#"static volatile int returns;
__attribute__((noinline)) static int depth(int n) {
    if (n == 0) return 0;
    int below = depth(n - 1);
    returns++;
    return below + 1;
}
int main(void) { return depth(5); }
"#;
    folder.write("app.c", source);
    for level in ["-O0", "-O2"] {
        folder.tool(&[
            "clang-19",
            "--target=wasm32-wasi",
            "-g",
            level,
            "-o",
            "app.wasm",
            "app.c",
        ]);
        let run = folder.dwalin(&["run", "--record", "app.rec", "app.wasm"]);
        assert_eq!(run.status.code(), Some(5));
        let back = ["reverse-continue", "p returns"].repeat(5);
        let commands = [
            &["continue", "break 5"][..],
            &back,
            &["continue", "p returns"],
        ]
        .concat();
        let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
        in_order(
            &output,
            &["$1 = 4", "$2 = 3", "$3 = 2", "$4 = 1", "$5 = 0", "$6 = 1"],
        );
        let commands = [
            "continue",
            "watch returns",
            "reverse-continue",
            "stepi",
            "p returns",
            "reverse-stepi",
            "p returns",
        ];
        let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
        let changes = [
            "Old value = 5",
            "$1 = 5",
            "Old value = 5",
            "New value = 4",
            "$2 = 4",
        ];
        in_order(&output, &changes);
    }
}

#[test]
fn gdb_goes_back_over_a_call_of_the_c_library() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = recorded("timetravel-over", &[]);
    let back = ["reverse-next"; 8];
    let commands = [&["break 26", "continue"], &back[..]].concat();
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &["Breakpoint 1, main () at app.c:26", "25\t", "24\t", "23\t"],
    );
    assert!(!output.contains("libc-top-half"), "{output}");
    // At the return the frame is gone, and the caller is found by the stack pointer.
    let commands = ["break 26", "continue", "reverse-stepi", "x/i $pc", "bt"];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            "ret",
            "#0 ",
            "in printf (fmt=0x",
            "\"read %s\"",
            "#1 ",
            "in main () at app.c:25",
        ],
    );
}

#[test]
fn gdb_watches_reads_and_writes_of_the_host() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let (folder, _) = recorded_of(READS, "timetravel-reads", &[]);
    let commands = [
        "continue",
        "rwatch raw[0]",
        "reverse-continue",
        "bt 1",
        "delete",
        "awatch raw[1]",
        "reverse-continue",
        "delete",
        "watch raw[1]",
        "reverse-continue",
        "bt -1",
        "continue",
    ];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            "5 of hello",
            "Hardware read watchpoint 1: raw[0]",
            "Value = 104 'h'",
            "uses () at app.c:5",
            "Hardware access (read/write) watchpoint 2: raw[1]",
            "Value = 101 'e'",
            "Hardware watchpoint 3: raw[1]",
            "the host writes here: wasi_snapshot_preview1.fd_read",
            "Old value = 101 'e'",
            "New value = 0 '\\000'",
            "main",
            "the host writes here: wasi_snapshot_preview1.fd_read",
            "New value = 101 'e'",
        ],
    );
}

#[test]
fn gdb_watches_what_the_host_copies() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let flags = ["-O1", "-fno-builtin", "-mbulk-memory"];
    let (folder, has_succeeded) = recorded_of(COPIES, "timetravel-copies", &flags);
    assert!(has_succeeded);
    let watch = "watch *(char *)&a[5]";
    let back = ["reverse-continue", "reverse-continue", "reverse-continue"];
    let ahead = ["break main", "continue", watch, "continue", "continue"];
    let commands = [&ahead[..], &["delete", "continue", watch], &back].concat();
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            "New value = 121 'y'",
            "New value = 122 'z'",
            " history",
            "Old value = 122 'z'",
            "New value = 121 'y'",
            "Old value = 121 'y'",
            "New value = 0 '\\000'",
            " history",
        ],
    );
}

#[test]
fn gdb_steps_back_from_the_end() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let (folder, _) = recorded_of(READS, "timetravel-end", &[]);
    let commands = ["continue", "reverse-next", "bt", "reverse-step", "continue"];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(&output, &[" history", "crt1-command.c", " history"]);
    assert!(!output.contains("Cannot find bounds"), "{output}");
}

#[test]
fn gdb_goes_to_ticks_and_shows_them() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = recorded("timetravel-ticks", &[]);
    let commands = ["break push if v == 3", "continue", "monitor when"];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    let said = output.rsplit("tick ").next().unwrap();
    let tick = said.split(',').next().unwrap();
    let goto = format!("monitor goto {tick}");
    let commands = [
        "break 24",
        "continue",
        "watch total",
        &goto,
        "p total",
        "bt",
        "continue",
        "monitor goto 0",
        "monitor moved",
    ];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            // The frame is shown, and the watchpoint compares with the value there.
            &format!("tick {tick}, "),
            "#0 ",
            "push (v=",
            "$1 = 3",
            "#1 ",
            "main ()",
            "Old value = 3",
            "New value = 6",
            "tick 0, the start",
            "no",
        ],
    );
}

#[test]
fn functions_that_gdb_calls_leave_the_recording_alone() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = recorded("timetravel-called", &[]);
    let commands = [
        "break 24",
        "continue",
        "p show(1)",
        "p show(2)",
        "p missing()",
        "p missing()",
        "next",
        "p line",
        "continue",
    ];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            "shown 1 of 55",
            "$1 = 0",
            "shown 2 of 55",
            "$2 = 0",
            "gets nothing of the host but output: wasi_snapshot_preview1.clock_time_get",
            "$3 = 1",
            "$4 = 1",
            "25\t",
            "$5 = \"hello",
            "SIGSEGV",
        ],
    );
    assert_eq!(
        output.matches("gets nothing of the host").count(),
        1,
        "{output}"
    );
}

#[test]
fn more_watchpoints_than_registers_are_refused() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = recorded("timetravel-many", &[]);
    let commands = [
        "break 24",
        "continue",
        "watch total",
        "watch head",
        "watch head->value",
        "watch head->next->value",
        "watch head->next->next->value",
        "continue",
        "delete 4 5 6",
        "reverse-continue",
    ];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &["Could not insert hardware watchpoint", "Old value = 55"],
    );
}

/// A live session: the program has not run before, and reads the file `input`.
fn live(folder: &Folder, kind: &str, debugger: &str, option: &str, commands: &[&str]) -> String {
    let mut command = Command::new("timeout");
    command.args([
        "120",
        "sh",
        "-c",
        r#"exec "$0" "$@" 2>&1 <input"#,
        env!("CARGO_BIN_EXE_dwalin"),
        kind,
        "--reverse",
        &format!("--{kind}"),
        debugger,
        if kind == "gdb" { "-batch" } else { "-b" },
    ]);
    for line in commands {
        command.args([option, line]);
    }
    let output = command
        .args(["app.wasm", "one", "two"])
        .current_dir(folder.path(""))
        .output();
    String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
}

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
        "stepi",
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
            "$5 = 9",
            "is taken back",
            "$6 = 5",
            " history",
            "exited normally",
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
        "b sum",
        "continue",
        "p p->value",
        "watchpoint set variable total",
        "process continue --reverse",
        "bt",
        "watchpoint delete 1",
        "continue",
        "p p->next->value",
    ];
    let output = live(&folder, "lldb", &tools::lldb(), "-o", &commands);
    in_order(&output, &["sum(p=", "(int) 10"]);
    if !output.contains("unknown or ambiguous option") {
        in_order(
            &output,
            &["old value: 55", "push(v=10)", "main", "sum(p=", "(int) 9"],
        );
    }
}

#[test]
fn lldb_goes_back_where_its_version_can() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = recorded("timetravel-lldb", &[]);
    let commands = ["b sum", "continue", "p p->value"];
    let forward = session(&folder, "lldb", &tools::lldb(), "-o", &commands);
    in_order(&forward, &["sum(p=", "(int) 10"]);
    // The trap stops it, and another `continue` has it report.
    let commands = ["continue", "p s", "continue"];
    let trap = session(&folder, "lldb", &tools::lldb(), "-o", &commands);
    in_order(
        &trap,
        &[
            "(int) 19",
            "error: app.wasm: wasm trap: out of bounds memory access",
        ],
    );
    let commands = [
        "continue",
        "watchpoint set expression -- &head->next->next",
        "process continue --reverse",
        "p head->next->value",
    ];
    let back = session(&folder, "lldb", &tools::lldb(), "-o", &commands);
    if !back.contains("unknown or ambiguous option") {
        in_order(&back, &["SIGSEGV", "app.c:26", "(int) 9"]);
    }
    let commands = [
        "b sum",
        "continue",
        "watchpoint set variable total",
        "process continue --reverse",
        "bt",
    ];
    let back = session(&folder, "lldb", &tools::lldb(), "-o", &commands);
    // Before LLDB 21 it has no such option.
    if !back.contains("unknown or ambiguous option") {
        in_order(&back, &["old value: 55", "push(v=10)", "main"]);
    }
}
