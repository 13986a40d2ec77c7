//! A trap in a debugger and in the report is at the same lines, frame by frame.

mod trapping;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use trapping::{REPORTS, compile, dwalin, folder, frames, tools};

/// The number of innermost frames that are compared.
const FRAMES: usize = 6;
/// Longer than a debugger takes on a busy machine, in seconds.
const PATIENCE: &str = "120";

/// Programs that are compared, and their options: each once, with debug info.
fn programs(user: &str) -> Vec<(PathBuf, Vec<&'static str>)> {
    let mut known: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    let mut found = Vec::new();
    for (source, level, options) in REPORTS {
        let plain: Vec<&str> = options
            .iter()
            .copied()
            .filter(|it| !it.starts_with("--"))
            .collect();
        // WebAssembly text has no lines of its own, and what overflows the stack is on no line.
        let compared =
            plain.contains(&"-g") && !source.ends_with(".wat") && !source.contains("endless");
        // Panics are all at one line, in `abort`.
        let panic =
            source.starts_with("panic/") && known.iter().any(|(it, ..)| it.ends_with("borrow.rs"));
        let panic = panic && !["panic/deep.rs", "panic/invalid.rs"].contains(source);
        if !compared || panic || known.contains(&(*source, *level, plain.clone())) {
            continue;
        }
        known.push((*source, *level, plain.clone()));
        let Some(wasm) = compile(source, level, user) else {
            return Vec::new();
        };
        found.push((wasm, plain));
    }
    found
}

/// Files, without directories, and lines of the report's innermost frames.
fn reported(wasm: &Path, options: &[&str]) -> Vec<String> {
    let file = wasm.to_str().unwrap();
    let args = [&["run", "--backtrace=json"], options, &[file]].concat();
    let report = dwalin(&folder(), &args);
    let frames = frames(&String::from_utf8_lossy(&report.stderr));
    let places = frames.iter().flat_map(|(_, places)| places);
    places.filter_map(|it| place(it)).take(FRAMES).collect()
}

/// A file without its directory, and a line; a column after it is left out.
fn place(text: &str) -> Option<String> {
    let name = text.rsplit('/').next()?;
    let mut parts = name.split(':');
    let (file, line) = (parts.next()?, parts.next()?);
    let line: String = line.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("{file}:{line}"))
}

/// The output of a debugger.
fn debugger(args: &[&str]) -> String {
    let output = Command::new("timeout")
        .args(["-k", "5", PATIENCE, env!("CARGO_BIN_EXE_dwalin")])
        .args(args)
        .env("DEBUGINFOD_URLS", "")
        .stdin(Stdio::null())
        .output();
    let output = output.unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn gdb(wasm: &str, options: &[&str]) -> Vec<String> {
    let commands = [
        "gdb",
        "--batch",
        "--ex",
        "set width 0",
        "--ex",
        "run",
        "--ex",
        "bt -frame-arguments none 40",
    ];
    let said = debugger(&[&commands[..], options, &[wasm]].concat());
    // Where code was inlined, the launcher shows frame 0 first.
    let at = said.rfind("\n#0 ").unwrap_or(0);
    let frames = said[at..].lines().filter(|line| line.starts_with('#'));
    frames
        .filter_map(|line| place(line.rsplit_once(" at ")?.1))
        .collect()
}

fn lldb(wasm: &str, options: &[&str]) -> Vec<String> {
    let commands = [
        "lldb",
        "--lldb",
        "lldb-19",
        "-b",
        "-o",
        "run",
        "--lldb-option=--one-line-on-crash",
        "--lldb-option=thread backtrace -c 40",
    ];
    let said = debugger(&[&commands[..], options, &[wasm]].concat());
    let (_, frames) = said
        .split_once("(lldb) thread backtrace")
        .unwrap_or_default();
    let frames = frames
        .lines()
        .filter(|line| line.trim_start_matches([' ', '*']).starts_with("frame #"));
    frames
        .filter_map(|line| place(line.rsplit_once(" at ")?.1))
        .collect()
}

type Debugger = fn(&str, &[&str]) -> Vec<String>;

/// Compares all programs, several at a time.
fn compare(name: &str, debugger: Debugger) {
    if !tools::have(&[name]) {
        return;
    }
    let wrong = Mutex::new(Vec::new());
    let programs = Mutex::new(programs(name).into_iter());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some((wasm, options)) = { programs.lock().unwrap().next() } {
                    let expected = reported(&wasm, &options);
                    assert!(!expected.is_empty(), "{wasm:?}");
                    let found = debugger(wasm.to_str().unwrap(), &options[1..]);
                    // gdb shows nothing after `main`.
                    let count = expected.len().min(found.len());
                    if count == 0 || found[..count] != expected[..count] {
                        let differs = format!("{wasm:?} {options:?}: {expected:?} {found:?}");
                        wrong.lock().unwrap().push(differs);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn gdb_is_at_the_lines_of_the_report() {
    compare("gdb", gdb);
}

#[test]
fn lldb_is_at_the_lines_of_the_report() {
    compare("lldb-19", lldb);
}
