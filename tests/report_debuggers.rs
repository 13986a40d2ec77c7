//! A trap in a debugger and in the report is at the same lines, frame by frame. Each program of tests/programs/{trap,report,panic} that says
//! how its report is made is a test in each debugger, with each version of DWARF.

mod trapping;
#[path = "support/trials.rs"]
mod trials;

use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};
use trapping::{Report, compile, dwalin, folder, frames, reports, stem, tools};

/// The number of innermost frames that are compared.
const FRAMES: usize = 6;
/// Longer than a debugger takes on a busy machine, in seconds.
const PATIENCE: &str = "120";

/// Panics of different depths.
const PANICS: [&str; 4] = ["add", "borrow", "deep", "invalid"];

/// The programs that are compared: each way of compiling once, with debug info, and the simplest one with both versions of DWARF.
fn programs() -> Vec<Report> {
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for mut report in reports() {
        report.options.retain(|it| !it.starts_with("--"));
        // WebAssembly text has no lines of its own, and what overflows the stack is on no line.
        let compared = report.options().contains(&"-g")
            && !report.source.ends_with(".wat")
            && !report.source.contains("endless");
        // Panics are all at one line, in `abort`.
        let panic = report.source.starts_with("panic/")
            && (report.level != "-O0" || !PANICS.contains(&stem(&report.source)));
        if !compared || panic || !known.insert(report.clone()) {
            continue;
        }
        if report.has_versions() && report.level == "-O0" && report.options() == ["-g"] {
            found.push(report.dwarf5());
        }
        found.push(report);
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

fn compare(report: &Report, name: &str, debugger: Debugger) {
    let user = format!("{name}-{}", report.name());
    let Some(wasm) = compile(&report.source, &report.level, &user) else {
        return;
    };
    let options = report.options();
    let expected = reported(&wasm, &options);
    assert!(!expected.is_empty(), "{wasm:?}");
    let found = debugger(wasm.to_str().unwrap(), &options[1..]);
    // gdb shows nothing after `main`.
    let count = expected.len().min(found.len());
    assert!(count > 0, "{expected:?}");
    assert_eq!(found[..count], expected[..count]);
}

fn main() {
    let debuggers: [(&str, Debugger); 2] = [("gdb", gdb), ("lldb-19", lldb)];
    let debuggers = debuggers
        .into_iter()
        .filter(|(name, _)| tools::have(&[name]));
    let mut tests = Vec::new();
    for (name, debugger) in debuggers {
        for report in programs() {
            let title = format!("{name}/{}", report.name());
            tests.push(trials::test(title, move || {
                compare(&report, name, debugger);
            }));
        }
    }
    trials::run(&[], tests);
}
