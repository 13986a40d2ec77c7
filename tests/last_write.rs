//! `dwalin replay --last-write`: who wrote a value last, of variables and what they lead to, by code and by the host. The lines and values
//! are those of the sources, which are here.

mod support;

use serde_json::Value;
use std::fs::File;
use std::process::{Command, Output};
use support::{Folder, stderr, tools};

/// The comments name the last write to something.
const PROGRAM: &str = r#"#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct item { int value; struct item *next; };
struct flags { unsigned a : 3, b : 5; unsigned char c; };
union both { int whole; unsigned char bytes[4]; };
static int total, never = 7, untouched;
static struct item *head;
static struct item items[4];
static char line[32], copy[32], filled[16];
static struct flags flags;
static union both both;
static double matrix[2][3];
static int same;
static void push(int v) {
    static int pushes;
    struct item *i = &items[pushes++];      // pushes
    i->value = v;                           // items[1].value
    i->next = head;
    head = i;                               // head
    total += v;                             // total
}
static void set_flags(unsigned a, unsigned b) {
    flags.a = a;                            // flags.a
    flags.b = b;                            // flags.b
}
int main(int argc, char **argv) {
    int local = 1 + never * untouched;
    int *pointer = &local;
    for (int i = 1; i <= 3; i++)
        push(i);
    items[0].value = 40;                    // head->next->next->value
    *pointer = 2;                           // local
    set_flags(5, 17);
    flags.c = 9;                            // flags.c
    set_flags(5, 18);
    both.whole = 0x01020304;                // both.whole's bytes but one
    both.bytes[2] = 0x7f;                   // both
    matrix[1][2] = 2.5;                     // matrix[1][2]
    same = 4;                               // same changed
    same = 4;                               // same
    fgets(line, sizeof line, stdin);
    memcpy(copy, line, sizeof copy);        // copy
    __builtin_memset(filled, 3, sizeof filled);  // filled
    fflush(stdout);
    if (argc > 1) return local;
    return *(volatile int *)0xfffffff0;
}
"#;

/// The line with a comment.
fn line_of(source: &str, comment: &str) -> u64 {
    let end = format!("// {comment}");
    let mut lines = source.lines();
    let at = lines.position(|line| line.ends_with(&end));
    at.unwrap_or_else(|| panic!("{comment}")) as u64 + 1
}

/// Records a program with the input `hello`.
fn record(folder: &Folder, args: &[&str]) {
    let input = folder.write("input", "hello\n");
    let ran = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args([&["run", "--record", "app.rec", "app.wasm"], args].concat())
        .current_dir(folder.path("."))
        .stdin(File::open(input).unwrap())
        .output();
    let ran = ran.unwrap();
    assert!(folder.path("app.rec").exists(), "{ran:?}");
}

fn compiled(name: &str, flags: &[&str]) -> Folder {
    let folder = Folder::new(name);
    folder.write("app.c", PROGRAM);
    let compiler = ["clang-19", "--target=wasm32-wasi", "-g"];
    folder.tool(&[&compiler, flags, &["-o", "app.wasm", "app.c"]].concat());
    folder
}

fn asked(folder: &Folder, expression: &str) -> Output {
    folder.dwalin(&["replay", "app.rec", "--last-write", expression])
}

fn answer(folder: &Folder, expression: &str) -> Value {
    let output = folder.dwalin(&["replay", "app.rec", "--json", "--last-write", expression]);
    assert!(output.status.success(), "{expression}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An expression; the function and the line's comment of the last write, the old value and the new one.
type Expected = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const WRITES: [Expected; 15] = [
    ("total", "push", "total", "3", "6"),
    ("head", "push", "head", "", ""),
    ("push::pushes", "push", "pushes", "2", "3"),
    ("items[1].value", "push", "items[1].value", "0", "2"),
    (
        "head->next->next->value",
        "main",
        "head->next->next->value",
        "1",
        "40",
    ),
    (
        "(*head->next->next).value",
        "main",
        "head->next->next->value",
        "1",
        "40",
    ),
    ("local", "main", "local", "1", "2"),
    ("*pointer", "main", "local", "1", "2"),
    ("main::local", "main", "local", "1", "2"),
    ("flags.c", "main", "flags.c", "0", "9"),
    ("both", "main", "both", "", ""),
    ("matrix[1][2]", "main", "matrix[1][2]", "0.0", "2.5"),
    (
        "*(int *)&items[0]",
        "main",
        "head->next->next->value",
        "1",
        "40",
    ),
    (
        "*(&items[0].value)",
        "main",
        "head->next->next->value",
        "1",
        "40",
    ),
    ("'app.c'::total", "push", "total", "3", "6"),
];

#[test]
fn the_last_write_of_variables_and_what_they_lead_to_is_found() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = compiled("last-write", &["-O0"]);
    record(&folder, &[]);
    for (expression, function, comment, old, new) in WRITES {
        let answer = answer(&folder, expression);
        let write = &answer["last_write"];
        assert_eq!(write["function"], function, "{expression}: {answer}");
        assert_eq!(
            write["line"],
            line_of(PROGRAM, comment),
            "{expression}: {answer}"
        );
        assert_eq!(write["changed"], true, "{expression}");
        assert_eq!(write["call"], Value::Null, "{expression}");
        if !new.is_empty() {
            assert_eq!((&write["old"], &write["new"]), (&old.into(), &new.into()));
        }
        let outermost = write["frames"].as_array().unwrap();
        let functions: Vec<_> = outermost.iter().map(|it| it["function"].as_str()).collect();
        let is_called_by_main = functions
            .iter()
            .any(|it| it.unwrap_or_default().contains("main"));
        assert!(is_called_by_main, "{expression}: {functions:?}");
    }
    // A part of it alone: the bytes that were written by another store later are not its own.
    let whole = answer(&folder, "both.bytes[0]");
    let line = line_of(PROGRAM, "both.whole's bytes but one");
    assert_eq!(whole["last_write"]["line"], line, "{whole}");
    let address = answer(&folder, "both")["address"].as_u64().unwrap();
    for (expression, comment, new) in [
        (format!("{:#x}:1", address + 2), "both", "0x7f"),
        (
            format!("*(unsigned char *){}", address + 3),
            "both.whole's bytes but one",
            "1",
        ),
    ] {
        let answer = answer(&folder, &expression);
        let write = &answer["last_write"];
        assert_eq!(
            (&write["line"], &write["new"]),
            (&line_of(PROGRAM, comment).into(), &new.into())
        );
    }
}

#[test]
fn a_bit_field_is_not_written_by_its_neighbours() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = compiled("last-write-bits", &["-O0"]);
    record(&folder, &[]);
    // The second call wrote `a` as it was, and wrote its byte for `b`.
    for (expression, comment, old, new) in [
        ("flags.a", "flags.a", "0", "5"),
        ("flags.b", "flags.b", "17", "18"),
    ] {
        let answer = answer(&folder, expression);
        let write = &answer["last_write"];
        assert_eq!(write["line"], line_of(PROGRAM, comment), "{answer}");
        assert_eq!((&write["old"], &write["new"]), (&old.into(), &new.into()));
    }
}

#[test]
fn a_write_that_changes_nothing_is_the_last_and_the_change_is_told() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = compiled("last-write-same", &["-O0"]);
    record(&folder, &[]);
    let answer = answer(&folder, "same");
    let (write, change) = (&answer["last_write"], &answer["last_change"]);
    assert_eq!(write["line"], line_of(PROGRAM, "same"));
    assert_eq!((&write["old"], &write["new"]), (&"4".into(), &"4".into()));
    assert_eq!(write["changed"], false);
    assert_eq!(change["line"], line_of(PROGRAM, "same changed"));
    assert_eq!((&change["old"], &change["new"]), (&"0".into(), &"4".into()));
    let text = String::from_utf8(asked(&folder, "same").stdout).unwrap();
    assert!(
        text.contains("that was its value already; last changed by main"),
        "{text}"
    );
}

#[test]
fn the_host_and_the_library_are_told_as_writers() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = Folder::new("last-write-host");
    let source = r#"#include <unistd.h>
        #include <string.h>
        char buffer[16], copy[300], filled[300];
        static void fill(void) {
            read(0, buffer, sizeof buffer);
        }
        int main(void) {
            fill();
            memcpy(copy, buffer, sizeof buffer);
            memset(filled, buffer[0], 300);
            write(1, buffer, 3);
            return buffer[0];
        }"#;
    folder.write("app.c", source);
    for flags in [&["-O0"][..], &["-O0", "-mbulk-memory"], &["-O2"]] {
        let compiler = ["clang-19", "--target=wasm32-wasi", "-g"];
        folder.tool(&[&compiler, flags, &["-o", "app.wasm", "app.c"]].concat());
        record(&folder, &[]);
        let read = answer(&folder, "buffer[1]");
        let write = &read["last_write"];
        assert_eq!(write["call"], "wasi_snapshot_preview1::fd_read", "{read}");
        assert_eq!(
            (&write["old"], &write["new"]),
            (&"0".into(), &"101 'e'".into())
        );
        let text = String::from_utf8(asked(&folder, "buffer").stdout).unwrap();
        let called =
            text.contains("the host, in wasi_snapshot_preview1::fd_read, called from fill");
        assert!(called && text.contains("app.c:5, write"), "{text}");
        for (name, line) in [("copy[0]", 9), ("filled[299]", 10)] {
            let answer = answer(&folder, name);
            let frames = answer["last_write"]["frames"].as_array().unwrap();
            let lines = frames
                .iter()
                .flat_map(|it| it["symbols"].as_array().unwrap());
            let is_there = lines.into_iter().any(|it| it["line"] == line);
            assert!(is_there, "{flags:?} {name}: {answer}");
            assert_eq!(answer["last_write"]["new"], "104 'h'");
        }
    }
}

#[test]
fn a_program_that_exits_is_looked_at_where_it_does() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = compiled("last-write-exits", &["-O0"]);
    // It returns 2 from main: the C library calls proc_exit, and main is gone.
    record(&folder, &["exit"]);
    let total = answer(&folder, "total");
    assert_eq!(total["last_write"]["line"], line_of(PROGRAM, "total"));
    assert_eq!(total["end"], "the program exited with code 2");
    let gone = asked(&folder, "main::local");
    assert!(
        stderr(&gone).contains("has a variable `main::local`"),
        "{}",
        stderr(&gone)
    );
    let source = r#"#include <stdlib.h>
        static void leave(int code) { exit(code); }
        int main(void) { int kept = 3; kept = 4; leave(kept); return 0; }"#;
    folder.write("app.c", source);
    folder.compile("app.c", &["-g", "-O0"]);
    record(&folder, &[]);
    let kept = answer(&folder, "kept");
    assert_eq!(
        (&kept["function"], &kept["last_write"]["new"]),
        (&"main".into(), &"4".into())
    );
    assert_eq!(kept["last_write"]["line"], 3);
    let code = answer(&folder, "leave::code");
    assert_eq!(code["last_write"]["function"], "leave", "{code}");
}

#[test]
fn programs_of_c_plus_plus_are_asked_as_well() {
    if !tools::have(&["clang++-19"]) {
        return;
    }
    let folder = Folder::new("last-write-languages");
    let source = r#"#include <cstdio>
struct base { int id = 1; };
struct point : base { double x, y; static int made; union { int raw; float real; }; };
int point::made;
namespace geo { point origin; int count; }
static void move(point &p, double by) {
    p.x += by;
    p.id = 7;
    p.real = 1.5f;
    point::made = 3;
}
int main() {
    point local{};
    move(local, 2);
    move(geo::origin, 4);
    geo::count = 2;
    __builtin_trap();
}
"#;
    folder.write("app.cpp", source);
    folder.tool(&[
        "clang++-19",
        "--target=wasm32-wasi",
        "-fno-exceptions",
        "-g",
        "-o",
        "app.wasm",
        "app.cpp",
    ]);
    record(&folder, &[]);
    for (expression, function, line, old, new) in [
        ("local.x", "move", 7, "0.0", "2.0"),
        ("local.id", "move", 8, "1", "7"),
        ("local.real", "move", 9, "0.0", "1.5"),
        ("geo::origin.x", "move", 7, "0.0", "4.0"),
        ("point::made", "move", 10, "3", "3"),
        ("geo::count", "main", 16, "0", "2"),
        ("count", "main", 16, "0", "2"),
    ] {
        let answer = answer(&folder, expression);
        let write = &answer["last_write"];
        assert!(
            write["function"].as_str().unwrap().starts_with(function),
            "{answer}"
        );
        assert_eq!(write["line"], line, "{expression}: {answer}");
        assert_eq!(
            (&write["old"], &write["new"]),
            (&old.into(), &new.into()),
            "{expression}"
        );
    }
}

#[test]
fn programs_of_rust_are_asked_as_well() {
    if !tools::have_rust_for_wasi() {
        return;
    }
    let folder = Folder::new("last-write-rust");
    let source = r#"use std::sync::atomic::{AtomicU32, Ordering};
static COUNT: AtomicU32 = AtomicU32::new(0);
struct Pair { a: u32, b: (u8, u64) }
fn change(pair: &mut Pair, numbers: &mut [u16]) {
    pair.a += 1;
    pair.b.1 = 9;
    numbers[2] = 77;
    COUNT.store(5, Ordering::Relaxed);
}
fn main() {
    let mut pair = Pair { a: 1, b: (2, 3) };
    let mut numbers = [1, 2, 3];
    change(&mut pair, &mut numbers);
    let slice = &numbers[..];
    println!("{} {} {}", pair.a, pair.b.0, slice[1]);
    std::process::abort();
}
"#;
    folder.write("app.rs", source);
    folder.tool(&[
        "rustc",
        "--target",
        "wasm32-wasip1",
        "-g",
        "-o",
        "app.wasm",
        "app.rs",
    ]);
    record(&folder, &[]);
    for (expression, line, old, new) in [
        ("main::pair.a", 5, "1", "2"),
        ("pair.b.1", 6, "3", "9"),
        ("main::numbers[2]", 7, "3", "77"),
        ("main::slice[2]", 7, "3", "77"),
    ] {
        let answer = answer(&folder, expression);
        let write = &answer["last_write"];
        assert_eq!(write["line"], line, "{expression}: {answer}");
        assert_eq!(
            (&write["old"], &write["new"]),
            (&old.into(), &new.into()),
            "{expression}"
        );
    }
    let count = answer(&folder, "COUNT");
    let frames = count["last_write"]["frames"].to_string();
    assert!(frames.contains("\"line\":8"), "{count}");
}

#[test]
fn what_cannot_be_told_is_said_in_one_line() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = compiled("last-write-messages", &["-O0"]);
    record(&folder, &[]);
    for (expression, message) in [
        (
            "nothing",
            "no function that is running has a variable `nothing`",
        ),
        ("total.x", "`int` has no member `x`"),
        (
            "head->prev",
            "`item` has no member `prev`; it has value, next",
        ),
        ("total[1]", "`int` has no elements"),
        ("*total", "`int` is no pointer"),
        ("items[head]", "is no integer"),
        ("items[1", "at column 8: `]` is missing"),
        ("total + 1", "this is a number, and no place in memory"),
        ("&total", "this is a number, and no place in memory"),
        ("*(struct none *)head", "there is no type `none`"),
        (
            "*(int *)0xfffffff0",
            "4 bytes at 0xfffffff0 are not in the memory",
        ),
        ("items[100000000].value", "are not in the memory"),
        ("0x100:0", "nothing says how large"),
        (
            "main::nothing",
            "no function that is running has a variable `main::nothing`",
        ),
        ("f\u{1b}[31m", "has no meaning here"),
    ] {
        let output = asked(&folder, expression);
        let said = stderr(&output);
        assert!(said.contains(message), "{expression}: {said}");
        assert_eq!(
            said.lines().filter(|it| it.starts_with("error: ")).count(),
            1,
            "{said}"
        );
        assert!(
            !said.contains('\u{1b}') && !said.contains("panicked"),
            "{said}"
        );
        assert_eq!(output.status.code(), Some(1), "{expression}");
    }
    for (expression, value) in [("never", "7"), ("untouched", "0"), ("0x0:1", "0x00")] {
        let answer = answer(&folder, expression);
        assert_eq!(
            (&answer["writes"], &answer["value"]),
            (&0.into(), &value.into())
        );
        assert_eq!(answer["last_write"], Value::Null);
        let text = String::from_utf8(asked(&folder, expression).stdout).unwrap();
        assert!(text.contains("nothing wrote it"), "{text}");
    }
}

#[test]
fn optimised_programs_and_texts_are_asked_for_what_is_in_memory() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    // Where it is optimised, `pointer` is nowhere or in a local of WebAssembly.
    let folder = compiled("last-write-optimised", &["-O2"]);
    record(&folder, &[]);
    let output = asked(&folder, "argc");
    let said = stderr(&output);
    let is_told = said.contains("is not available") || said.contains("is not in memory here");
    assert!(is_told && !output.status.success(), "{said}");
    let total = answer(&folder, "total");
    assert_eq!(total["last_write"]["new"], "6", "{total}");
    // Of a text, or without debug info, addresses have types that need none.
    folder.write(
        "app.wat",
        r#"(module (memory 1) (func (export "_start")
            (i32.store (i32.const 64) (i32.const 5))
            (i64.store offset=60 (i32.const 0) (i64.const -1))
            (i32.store8 (i32.const 64) (i32.const 9))
            (unreachable)))"#,
    );
    let run = folder.dwalin(&["run", "--record", "app.rec", "app.wat"]);
    assert_eq!(run.status.code(), Some(134));
    let answer = answer(&folder, "*(int *)64");
    let write = &answer["last_write"];
    assert_eq!(
        (&answer["writes"], &write["line"]),
        (&3.into(), &4.into()),
        "{answer}"
    );
    assert_eq!(
        (&write["old"], &write["new"]),
        (&"-1".into(), &"-247".into())
    );
}
