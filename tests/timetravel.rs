//! Sessions of gdb and lldb with recordings: from the end back to what happened before, with the values of the way forward.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod backwards;

use backwards::{Folder, READS, in_order, recorded, recorded_of, session, tools};

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

/// Has its stops in the first third of the run, some thousands of them.
const LONG: &str = r#"#include <stdio.h>
static unsigned sum, noted;
static void note(unsigned v) {
    noted = v;
}
int main(void) {
    for (unsigned i = 0; i < 60000; i++) {
        if (i < 20000)
            note(i);
        sum += i;
    }
    printf("%u %u\n", sum, noted);
    return 0;
}
"#;

#[test]
fn gdb_goes_back_to_the_last_of_many_stops() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let (folder, _) = recorded_of(LONG, "timetravel-many", &[]);
    let commands = [
        "continue",
        "break note",
        "reverse-continue",
        "p v",
        "reverse-continue",
        "p v",
        "delete",
        "monitor goto 1000000000",
        "maintenance flush register-cache",
        "watch noted",
        "reverse-continue",
        "reverse-continue",
        "p i",
        "up",
        "p i",
    ];
    let output = session(&folder, "gdb", &tools::gdb(), "-ex", &commands);
    in_order(
        &output,
        &[
            "note (v=19999)",
            "$1 = 19999",
            "note (v=19998)",
            "$2 = 19998",
            "Old value = 19999",
            "New value = 19998",
            "Old value = 19998",
            "New value = 19997",
            "$3 = 19998",
        ],
    );
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
    in_order(
        &output,
        &[" history", "#0 ", "_start", "exit.c", " history"],
    );
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

#[test]
fn lldb_goes_back_where_its_version_can() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = recorded("timetravel-lldb", &[]);
    let commands = ["b sum", "continue", "p p->value"];
    let forward = session(&folder, "lldb", &tools::lldb(), "-o", &commands);
    in_order(&forward, &["sum(p=", "(int) 10"]);
    // As in gdb, and not as lldb has it: the command once more, without a program.
    for again in ["run", "r"] {
        let commands = ["b push", "continue", "continue", "p v", again, "p v"];
        let output = session(&folder, "lldb", &tools::lldb(), "-o", &commands);
        in_order(&output, &["(int) 2", "push(v=1)", "(int) 1"]);
        assert!(!output.contains("launched"), "{output}");
    }
    let commands = ["b sum", "continue", "kill", "run"];
    let output = session(&folder, "lldb", &tools::lldb(), "-o", &commands);
    in_order(
        &output,
        &["sum(p=", "error: the program has ended, and its session"],
    );
    // A batch of commands goes on with those for crashes at a trap, and another `continue` has it report.
    let commands = ["continue", "-k p s", "-k continue"];
    let trap = session(&folder, "lldb", &tools::lldb(), "-o", &commands);
    let report = "error: app.wasm: wasm trap: out of bounds memory access";
    in_order(&trap, &["(int) 19", report]);
    let commands = [
        "continue",
        "-k watchpoint set expression -- &head->next->next",
        "-k process continue --reverse",
        "-k p head->next->value",
    ];
    let back = session(&folder, "lldb", &tools::lldb(), "-o", &commands);
    if !back.contains("unknown or ambiguous option") {
        in_order(&back, &["out of bounds", "app.c:26", "(int) 9"]);
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
