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
"#;

/// A folder with a recording of the program, which ends in a trap.
fn recorded(name: &str, flags: &[&str]) -> Folder {
    let folder = Folder::new(name);
    folder.write("app.c", PROGRAM);
    folder.tool(
        &[
            &["clang-19", "--target=wasm32-wasi", "-g"],
            flags,
            &["-o", "app.wasm", "app.c"],
        ]
        .concat(),
    );
    folder.write("input", "hello\n");
    let input = std::fs::File::open(folder.path("input")).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(["run", "--record", "app.rec", "app.wasm"])
        .current_dir(folder.path(""))
        .stdin(input)
        .output()
        .unwrap();
    assert!(!run.status.success());
    folder
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
