//! Sessions of debuggers that go back in a program in C, recorded or live.

#![allow(dead_code, reason = "each test uses a part of it")]

#[path = "../support/mod.rs"]
mod support;

use std::fs::File;
use std::process::{Command, Stdio};
pub use support::{Folder, tools};

pub const PROGRAM: &str = r#"#include <stdio.h>
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
pub const READS: &str = r#"#include <stdio.h>
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

/// A folder with a recording of the program, which ends in a trap.
pub fn recorded(name: &str, flags: &[&str]) -> Folder {
    let (folder, has_succeeded) = recorded_of(PROGRAM, name, flags);
    assert!(!has_succeeded);
    folder
}

/// A folder with app.wasm, and "hello" as what it may read.
pub fn compiled(program: &str, name: &str, flags: &[&str]) -> Folder {
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
pub fn recorded_of(program: &str, name: &str, flags: &[&str]) -> (Folder, bool) {
    let folder = compiled(program, name, flags);
    let input = File::open(folder.path("input")).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(["run", "--record", "app.rec", "app.wasm"])
        .current_dir(folder.path(""))
        .stdin(input)
        .output()
        .unwrap();
    (folder, run.status.success())
}

/// A session with a recording.
pub fn session(
    folder: &Folder,
    kind: &str,
    debugger: &str,
    option: &str,
    commands: &[&str],
) -> String {
    let mut command = launcher(folder, (kind, &[]), debugger, (option, commands));
    command.arg("app.rec").stdin(Stdio::null());
    String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
}

/// A live session: the program has not run before, and reads the file `input`.
pub fn live(
    folder: &Folder,
    kind: &str,
    debugger: &str,
    option: &str,
    commands: &[&str],
) -> String {
    let mut command = launcher(folder, (kind, &["--reverse"]), debugger, (option, commands));
    let input = File::open(folder.path("input")).unwrap();
    command.args(["app.wasm", "one", "two"]).stdin(input);
    String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
}

/// A launcher with commands for its debugger; what it prints, errors too, is its standard output.
fn launcher(
    folder: &Folder,
    (kind, options): (&str, &[&str]),
    debugger: &str,
    (option, commands): (&str, &[&str]),
) -> Command {
    let mut command = Command::new("timeout");
    command.args(["120", "sh", "-c", r#"exec "$0" "$@" 2>&1"#]);
    command
        .args([env!("CARGO_BIN_EXE_dwalin"), kind])
        .args(options)
        .args([&format!("--{kind}"), debugger]);
    command.arg(if kind == "gdb" { "-batch" } else { "-b" });
    for line in commands {
        // lldb has other commands for a crash.
        match line.strip_prefix("-k ") {
            Some(line) => command.args(["-k", line]),
            None => command.args([option, line]),
        };
    }
    command.current_dir(folder.path(""));
    command
}

/// Texts that are there in this order.
pub fn in_order(output: &str, texts: &[&str]) {
    let mut rest = output;
    for text in texts {
        let at = rest
            .find(text)
            .unwrap_or_else(|| panic!("no `{text}` in\n{rest}\n-- of\n{output}"));
        rest = &rest[at + text.len()..];
    }
}
