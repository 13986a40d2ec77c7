//! Containers as lldb shows them with the formatters: programs say in comments what they expect.
//!
//! Below a line with `// stop`, `//v NAME -> TEXT` is what `v NAME` prints, on one line and without the type, and `//p` the same
//! of `p`. An answer that begins with `!` is an error, whatever it says.

use lldb_tests::{Session, Stop, dwalin, root};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn build(compiler: &str, source: &Path, flags: &[&str]) -> String {
    let stem = source.file_name().unwrap().to_string_lossy();
    let name = format!("printers-{stem}{}.wasm", flags.join(""));
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut command = Command::new(compiler);
    command.args(flags).arg("-o").arg(&out).arg(source);
    let done = command.output().unwrap();
    let why = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{stem} compiles: {why}");
    out.into_os_string().into_string().unwrap()
}

/// The output of lldb's command for a value, on one line and without its type and the name that `v` gives.
fn answer(said: &str, command: &str) -> String {
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let value = line[end_of_type(&line)..].trim_start();
    let named = value.split_once(" = ").filter(|_| command == "v");
    let value = named.map_or(value, |(_, it)| it);
    match value.split_once(' ') {
        // An address is another one in each run.
        Some((address, rest)) if address.starts_with("0x") => rest.into(),
        _ => value.into(),
    }
}

/// The position of the closing parenthesis of the type that a value begins with.
fn end_of_type(line: &str) -> usize {
    let mut depth = 0;
    for (at, character) in line.char_indices() {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth == 0 {
            return if character == ')' { at + 1 } else { 0 };
        }
    }
    0
}

struct Question<'a> {
    command: &'a str,
    name: &'a str,
    answer: &'a str,
}

/// Lines to stop at, each with what is asked there.
fn stops(text: &str) -> Vec<(u32, Vec<Question<'_>>)> {
    let mut stops: Vec<(u32, Vec<Question<'_>>)> = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.ends_with("// stop") {
            stops.push((number, Vec::new()));
        }
        let asked = line.strip_prefix("//v ").map(|it| ("v", it));
        if let Some((command, asked)) = asked.or(line.strip_prefix("//p ").map(|it| ("p", it))) {
            let (name, answer) = asked.split_once(" -> ").expect("an answer");
            let stop = stops.last_mut().expect("a line to stop at comes first");
            stop.1.push(Question {
                command,
                name,
                answer,
            });
        }
    }
    stops
}

fn wrong(source: &Path, wasm: &str, init: &[&str]) -> Vec<String> {
    let file = source.file_name().unwrap().to_string_lossy();
    let text = fs::read_to_string(source).unwrap();
    let mut session = Session::launch(&dwalin(), &["run", "-g", wasm], init).unwrap();
    let mut wrong = Vec::new();
    for (line, questions) in stops(&text) {
        let here = session.break_at(&file, line);
        let reached = session.resume();
        assert!(
            matches!(reached, Stop::Breakpoint(_)),
            "{file}:{line} is reached: {reached:?}"
        );
        session.delete(here);
        for question in questions {
            let Question {
                command,
                name,
                answer: expected,
            } = question;
            let said = session.command(&format!("{command} {name}"));
            let said = said.map_or_else(|error| format!("! {error}"), |it| answer(&it, command));
            if said != expected && !(expected == "!" && said.starts_with('!')) {
                let wanted = format!("{command} {name}: {said} instead of {expected}");
                wrong.push(format!("{file}:{line}: {wanted}"));
            }
        }
    }
    wrong
}

fn import() -> String {
    let formatters = root().join("src/debugger/lldb/dwalin_lldb");
    format!("command script import {}", formatters.display())
}

fn assert_none(failures: &[String]) {
    let count = failures.len();
    assert!(
        count == 0,
        "{count} wrong answers:\n{}",
        failures.join("\n")
    );
}

/// A program of C++, in both versions of DWARF.
fn check_cpp(name: &str, flags: &[&str]) {
    let source = root().join("tests/programs/std").join(name);
    let mut failures = Vec::new();
    for dwarf in ["-gdwarf-4", "-gdwarf-5"] {
        let always = [
            "--target=wasm32-wasi",
            "-g",
            "-O0",
            "-std=c++20",
            "-fno-exceptions",
            dwarf,
        ];
        let wasm = build("clang++-19", &source, &[&always, flags].concat());
        let wrong = wrong(&source, &wasm, &[&import()]);
        failures.extend(wrong.into_iter().map(|it| format!("{dwarf} {it}")));
    }
    assert_none(&failures);
}

#[test]
fn strings_of_cpp() {
    check_cpp("strings.cpp", &[]);
}

#[test]
fn sequences_of_cpp() {
    check_cpp("sequences.cpp", &[]);
}

#[test]
fn maps_and_sets_of_cpp() {
    check_cpp("lookups.cpp", &[]);
}

#[test]
fn smart_pointers_and_values_of_cpp() {
    check_cpp("values.cpp", &[]);
}

#[test]
fn what_is_no_container_is_said_to_be_none() {
    check_cpp("damaged.cpp", &[]);
}

/// rustc's own formatters for lldb, which `rust-lldb` loads.
fn rustc_formatters() -> [String; 2] {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = String::from_utf8(output.unwrap().stdout).unwrap();
    let folder = format!("{}/lib/rustlib/etc", sysroot.trim());
    [
        format!("command script import {folder}/lldb_lookup.py"),
        format!("command source -s 0 {folder}/lldb_commands"),
    ]
}

fn check_rust(init: &[&str]) {
    let source = root().join("tests/programs/rust/shown.rs");
    let flags = ["--edition=2024", "--target=wasm32-wasip1", "-g"];
    let wasm = build("rustc", &source, &flags);
    assert_none(&wrong(&source, &wasm, init));
}

#[test]
fn the_library_of_rust() {
    check_rust(&[&import()]);
}

#[test]
fn the_library_of_rust_beside_its_own_formatters() {
    let [first, second] = rustc_formatters();
    check_rust(&[&first, &second, &import()]);
}

/// The locals of a native program in lldb, with or without the formatters.
fn native_locals(program: &str, init: &[&str]) -> String {
    let source = root().join("tests/programs/rust/shown.rs");
    let text = fs::read_to_string(source).unwrap();
    let (line, _) = stops(&text)
        .into_iter()
        .find(|(_, asked)| asked.iter().any(|it| it.name == "shapes[0]"))
        .unwrap();
    let mut session = Session::launch(program, &[], init).unwrap();
    session.break_at("shown.rs", line);
    assert!(matches!(session.resume(), Stop::Breakpoint(_)));
    session
        .command("v some tuple")
        .map_or_else(|error| error, without_addresses)
}

fn without_addresses(said: String) -> String {
    let words = said.split_whitespace();
    words
        .filter(|word| !word.contains("0x"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn native_programs_are_left_alone() {
    let source = root().join("tests/programs/rust/shown.rs");
    let program = build("rustc", &source, &["--edition=2024", "-g"]);
    let (with, without) = (
        native_locals(&program, &[&import()]),
        native_locals(&program, &[]),
    );
    assert!(without.contains("$variants$"), "{without}");
    assert_eq!(with, without);
}
