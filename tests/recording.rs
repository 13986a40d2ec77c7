//! `dwalin run --record` and `dwalin replay`: programs run again as they were recorded, in any code.

mod support;

use dwalin_runtime::record::{Entry, Log};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use support::{Folder, stderr, tools};

/// The kinds of code.
const MODES: [&[&str]; 4] = [&[], &["-g"], &["-g", "-O"], &["-O"]];

/// A guest: its file, how it is compiled, its arguments, and its exit code.
struct Guest {
    file: &'static str,
    flags: &'static [&'static str],
    args: &'static [&'static str],
    code: i32,
}

const GUESTS: [Guest; 8] = [
    Guest {
        file: "world.c",
        flags: &["-g", "-O0"],
        args: &["exit"],
        code: 7,
    },
    Guest {
        file: "world.c",
        flags: &["-g", "-O2"],
        args: &[],
        code: 0,
    },
    Guest {
        file: "world.c",
        flags: &["-g", "-O0"],
        args: &["trap"],
        code: 134,
    },
    Guest {
        file: "world.c",
        flags: &["-O2"],
        args: &["abort"],
        code: 134,
    },
    Guest {
        file: "maps.cpp",
        flags: &["-g", "-O0"],
        args: &[],
        code: 3,
    },
    Guest {
        file: "maps.cpp",
        flags: &["-g", "-O2"],
        args: &[],
        code: 3,
    },
    Guest {
        file: "clock.rs",
        flags: &["-g"],
        args: &[],
        code: 0,
    },
    Guest {
        file: "clock.rs",
        flags: &["-g", "-O"],
        args: &["panic"],
        code: 134,
    },
];

/// Clocks, random numbers, files, input, memory that grows.
const WORLD: &str = r#"#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <dirent.h>
int main(int argc, char **argv) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    unsigned char random[8];
    getentropy(random, 8);
    printf("%lld.%ld %02x%02x\n", (long long)now.tv_sec, now.tv_nsec, random[0], random[1]);
    char line[100];
    while (fgets(line, 100, stdin)) printf("read %s", line);
    FILE *file = fopen("world.c", "r");
    if (file) { fgets(line, 100, file); fprintf(stderr, "%s", line); fclose(file); }
    file = fopen("out.txt", "w");
    if (file) { fprintf(file, "%d", argc); fclose(file); }
    DIR *folder = opendir(".");
    int files = 0;
    while (folder && readdir(folder)) files++;
    char *big = malloc(5 << 20);
    memset(big, random[2], 5 << 20);
    unsigned sum = 0;
    for (int i = 0; i < 5 << 20; i += 4096) sum = sum * 31 + big[i] + random[i & 7];
    printf("%u %d files, %f\n", sum, files, random[3] / 7.0);
    fflush(stdout);
    if (argc > 1 && !strcmp(argv[1], "trap")) *(volatile int *)0xffffff00 = 1;
    if (argc > 1 && !strcmp(argv[1], "abort")) abort();
    return argc > 1 ? 7 : 0;
}
"#;

const MAPS: &str = r#"#include <chrono>
#include <cstdio>
#include <map>
#include <random>
#include <string>
int main() {
    std::random_device device;
    std::map<std::string, unsigned> map;
    for (int i = 0; i < 200; i++) map[std::to_string(device() % 1000)] += i;
    for (auto &pair : map) std::printf("%s %u\n", pair.first.c_str(), pair.second);
    auto now = std::chrono::steady_clock::now().time_since_epoch();
    std::fprintf(stderr, "%lld\n", (long long)now.count());
    return 3;
}
"#;

const CLOCK: &str = r#"use std::collections::HashMap;
fn main() {
    let start = std::time::Instant::now();
    let map: HashMap<u32, f64> = (0..50).map(|n| (n, f64::from(n).sqrt())).collect();
    // The order is random.
    for (key, value) in &map { println!("{key} {value}"); }
    println!("{:?} {:?}", start.elapsed(), std::env::vars().collect::<Vec<_>>());
    if std::env::args().len() > 1 { panic!("{:?}", map.keys().next()); }
}
"#;

fn equipped() -> bool {
    tools::have(&["clang-19", "clang++-19"]) && tools::have_rust_for_wasi()
}

fn folder(name: &str) -> Folder {
    let folder = Folder::new(&format!("recording-{name}"));
    folder.write("world.c", WORLD);
    folder.write("maps.cpp", MAPS);
    folder.write("clock.rs", CLOCK);
    folder
}

fn compile(folder: &Folder, guest: &Guest) {
    let compiler = match guest.file.rsplit('.').next() {
        Some("rs") => &["rustc", "--target", "wasm32-wasip1"][..],
        Some("cpp") => &["clang++-19", "--target=wasm32-wasi", "-fno-exceptions"],
        _ => &["clang-19", "--target=wasm32-wasi"],
    };
    folder.tool(&[compiler, guest.flags, &["-o", "app.wasm", guest.file]].concat());
}

/// Runs the command with something to read.
fn dwalin(folder: &Folder, args: &[&[&str]]) -> Output {
    let input = folder.write("input", "one\ntwo\n");
    Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(args.concat())
        .current_dir(folder.path("."))
        .stdin(fs::File::open(input).unwrap())
        .output()
        .unwrap()
}

/// The lines of a program on standard error, before a report; not those of the command.
fn said(output: &Output) -> Vec<String> {
    let text = stderr(output);
    let before = text.split("error: ").next().unwrap_or_default();
    let lines = before.lines().filter(|it| !it.starts_with("dwalin: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn programs_run_again_as_they_were_recorded_in_any_code() {
    if !equipped() {
        return;
    }
    let folder = folder("programs");
    for (number, guest) in GUESTS.iter().enumerate() {
        compile(&folder, guest);
        let mode = MODES[number % MODES.len()];
        let record = ["run", "--record", "a.rec", "--dir", ".", "--env=NAME=value"];
        let recorded = dwalin(&folder, &[&record, mode, &["app.wasm"], guest.args]);
        assert_eq!(recorded.status.code(), Some(guest.code), "{recorded:?}");
        assert!(!recorded.stdout.is_empty());
        // Neither is asked for, nor written.
        for gone in ["app.wasm", "out.txt"] {
            fs::remove_file(folder.path(gone)).ok();
        }
        let same = dwalin(&folder, &[&["replay", "a.rec"]]);
        assert_eq!(same.stdout, recorded.stdout, "{}", guest.file);
        assert_eq!(stderr(&same), stderr(&recorded), "{}", guest.file);
        assert_eq!(same.status.code(), Some(guest.code));
        for mode in MODES.into_iter().filter(|it| *it != mode && !it.is_empty()) {
            let replayed = dwalin(&folder, &[&["replay"], mode, &["a.rec"]]);
            let what = format!("{} {mode:?}: {}", guest.file, stderr(&replayed));
            assert_eq!(replayed.status.code(), Some(guest.code), "{what}");
            assert_eq!(replayed.stdout, recorded.stdout, "{what}");
            assert_eq!(said(&replayed), said(&recorded), "{what}");
        }
        assert!(!folder.path("out.txt").exists());
    }
}

#[test]
fn a_program_that_is_killed_leaves_all_its_calls() {
    if !equipped() {
        return;
    }
    let folder = folder("killed");
    let source = r#"#include <stdio.h>
        int main(void) { for (int i = 0;; i++) { printf("%d\n", i); fflush(stdout); } }"#;
    folder.write("endless.c", source);
    folder.compile("endless.c", &["-g", "-O0"]);
    let mut program = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(["run", "--record", "a.rec", "endless.wasm"])
        .current_dir(folder.path("."))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    for number in 0..500 {
        assert_eq!(lines.next().unwrap().unwrap(), number.to_string());
    }
    program.kill().unwrap();
    program.wait().unwrap();
    let replayed = dwalin(&folder, &[&["replay", "a.rec"]]);
    let text = String::from_utf8(replayed.stdout.clone()).unwrap();
    let numbers: Vec<_> = text
        .lines()
        .map(|it| it.parse::<usize>().unwrap())
        .collect();
    // A call is written when it has returned; the one in which the program
    // was killed may have printed its line already.
    assert!(numbers.len() >= 499, "{}", stderr(&replayed));
    assert_eq!(numbers, (0..numbers.len()).collect::<Vec<_>>());
    let message = "the recording ends here, after ";
    assert!(stderr(&replayed).contains(message), "{}", stderr(&replayed));
    assert!(
        stderr(&replayed).contains("endless.c:2"),
        "{}",
        stderr(&replayed)
    );
    assert_eq!(replayed.status.code(), Some(1));
}

/// A module that calls `fd_write` and `random_get` in an order.
fn module(calls: &str) -> String {
    format!(
        r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\10\00\00\00\03\00\00\00") (data (i32.const 16) "hi\n")
        (func $main (export "_start") {calls}))"#
    )
}

const RANDOM: &str = "(drop (call $random (i32.const 100) (i32.const 4)))";
const WRITE: &str = "(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 40)))";

#[test]
fn another_module_diverges_and_the_place_is_said() {
    let folder = Folder::new("recording-diverges");
    folder.write("app.wat", module(&format!("{RANDOM} {WRITE}")));
    let output = folder.dwalin(&["run", "--record", "a.rec", "app.wat"]);
    assert_eq!(output.stdout, b"hi\n");
    let (mut calls, start, _) = Log::open(&folder.path("a.rec")).unwrap();
    let other = module(&format!("{WRITE} {RANDOM}"));
    let mut log = Log::create(&folder.path("b.rec"), start, other.as_bytes()).unwrap();
    while let Some(entry) = calls.next().unwrap() {
        assert!(matches!(entry, Entry::Call(_) | Entry::End(_)));
        log.append(&entry).unwrap();
    }
    let output = folder.dwalin(&["replay", "b.rec"]);
    let said = stderr(&output);
    let message = "at call 0 of its imports: it calls wasi_snapshot_preview1.fd_write(1, 0, 1, 40), and it called \
                   wasi_snapshot_preview1.random_get in the recording";
    assert!(said.contains(message), "{said}");
    assert!(said.contains("1: main"), "{said}");
    assert_eq!(
        (output.status.code(), &output.stdout[..]),
        (Some(1), &b""[..])
    );
}

#[test]
fn damaged_recordings_are_told_and_nothing_else_happens() {
    let folder = Folder::new("recording-damaged");
    folder.write("app.wat", module(&[RANDOM, WRITE, WRITE].concat()));
    folder.dwalin(&["run", "--record", "a.rec", "app.wat"]);
    let whole = fs::read(folder.path("a.rec")).unwrap();
    let mut state = 99u64;
    for number in 0..40 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 33) as usize % whole.len();
        let mut bytes = whole.clone();
        match number % 2 {
            0 => bytes.truncate(at),
            _ => bytes[at] ^= 1 << (state & 7),
        }
        folder.write("b.rec", bytes);
        let output = folder.dwalin(&["replay", "b.rec"]);
        let said = stderr(&output);
        let is_told = said.contains("recording") && !said.contains("panicked");
        // Behind the last call, its end is not missed.
        let is_whole = output.status.success() && output.stdout == b"hi\nhi\n";
        assert!(is_told || is_whole, "{at} of {}: {said}", whole.len());
    }
}

#[test]
fn what_is_no_recording_is_told_once_by_each_command_and_before_a_debugger_starts() {
    let folder = Folder::new("recording-unreadable");
    folder.write("app.wat", module(WRITE));
    let recorded = folder.dwalin(&["run", "--record", "a.rec", "app.wat"]);
    assert!(recorded.status.success(), "{}", stderr(&recorded));
    let whole = fs::read(folder.path("a.rec")).unwrap();
    folder.write("short.rec", &whole[..60]);
    let magic = whole.iter().position(|byte| *byte == b'\n').unwrap();
    let later = [b"dwalin recording 3", &whole[magic..]].concat();
    folder.write("later.rec", later);
    fs::create_dir_all(folder.path("folder.rec")).unwrap();
    folder.tool(&["mkfifo", "pipe.rec"]);
    let all = [
        ("short.rec", "damaged recording"),
        ("later.rec", "format 3"),
        ("folder.rec", "it is a directory"),
        ("pipe.rec", "not a recording"),
        ("none.rec", "No such file"),
    ];
    // To debuggers the last three are programs.
    let commands: [(&[&str], usize); 4] = [
        (&["replay"], 5),
        (&["replay", "--last-write=x"], 5),
        (&["gdb", "--gdb=/nonexistent"], 2),
        (&["lldb", "--lldb=/nonexistent"], 2),
    ];
    for (command, count) in commands {
        for (file, message) in &all[..count] {
            let output = folder.dwalin(&[command, &[file]].concat());
            let said = stderr(&output);
            assert!(said.contains(message), "{command:?} {file}: {said}");
            assert_eq!(said.matches("error: ").count(), 1, "{said}");
            assert_eq!(output.status.code(), Some(1), "{said}");
        }
    }
    let into_a_pipe = folder.dwalin(&["run", "--record", "pipe.rec", "app.wat"]);
    let said = stderr(&into_a_pipe);
    assert!(
        said.contains("cannot write pipe.rec: it is no regular file"),
        "{said}"
    );
    assert_eq!(into_a_pipe.status.code(), Some(1), "{said}");
}

#[test]
fn a_recorded_trap_tells_how_to_see_variables_without_another_run() {
    let folder = Folder::new("recording-hint");
    folder.write("app.wat", module("unreachable"));
    let hint = "note: run `dwalin replay -g a.rec` to see arguments and locals";
    let recorded = folder.dwalin(&["run", "--record", "a.rec", "app.wat"]);
    assert!(stderr(&recorded).contains(hint), "{}", stderr(&recorded));
    let replayed = folder.dwalin(&["replay", "a.rec"]);
    assert!(stderr(&replayed).contains(hint), "{}", stderr(&replayed));
    let recorded = folder.dwalin(&["run", "--record", "it's a.rec", "app.wat"]);
    let hint = r"note: run `dwalin gdb 'it'\''s a.rec'` to go back from here";
    assert!(stderr(&recorded).contains(hint), "{}", stderr(&recorded));
}

#[test]
fn what_cannot_be_recorded_is_refused_by_name() {
    let folder = Folder::new("recording-refused");
    folder.write("app.wat", module(WRITE));
    folder.write(
        "shared.wat",
        r#"(module (import "env" "memory" (memory 1 1 shared)) (func (export "_start")))"#,
    );
    folder.dwalin(&["compile", "-o", "app.cwasm", "app.wat"]);
    for (args, message) in [
        (
            &["app.rec", "-Wunknown-imports-default=y", "shared.wat"][..],
            "a memory that threads share",
        ),
        (
            &["app.rec", "--allow-precompiled", "app.cwasm"],
            "give the module",
        ),
        (&["app.wat", "app.wat"], "it is the file that is read"),
        (
            &["missing/app.rec", "app.wat"],
            "cannot write missing/app.rec",
        ),
    ] {
        let output = folder.dwalin(&[&["run", "--record"], args].concat());
        let said = stderr(&output);
        assert!(
            said.contains(message) && said.contains("--record"),
            "{args:?}: {said}"
        );
        assert_eq!(
            (output.status.code(), &output.stdout[..]),
            (Some(1), &b""[..])
        );
        assert!(!folder.path("app.rec").exists());
    }
    for file in ["app.wat", ".", "missing.rec"] {
        let output = folder.dwalin(&["replay", file]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            stderr(&output).contains(&format!("cannot replay {file}: ")) || file == ".",
            "{}",
            stderr(&output)
        );
    }
}
