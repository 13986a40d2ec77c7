//! What gdb, lldb and the report show of one program's variables, of all kinds of types, is the same.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use support::tools::have;
use support::{Folder, equipped, stderr};

/// Variables, and the words that their values have in each reader: the notations around them differ.
const VALUES: [(&str, &[&str]); 17] = [
    ("member", &["Derived", "b"]),
    ("inherited", &["Base", "base"]),
    ("method", &["1"]),
    ("both", &["F_READ", "F_EXEC"]),
    ("sign", &["NEG"]),
    ("huge", &["Huge"]),
    ("bits", &["NEG", "F_READ", "F_WRITE", "17", "-3", "true"]),
    ("number", &["5"]),
    ("reference", &["3"]),
    ("temporary", &["3"]),
    ("wide", &["-1180591620717411303424"]),
    ("small", &["0.25"]),
    ("large", &["1234.5"]),
    ("pair", &["-1", "2"]),
    ("rows", &["11", "12", "13", "14", "15", "16"]),
    ("names", &["ab", "cd"]),
    ("text", &["hey"]),
];

/// `name = value`, a value going on up to the next line that begins with `start`.
fn values(said: &str, start: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut latest = None;
    for line in said.lines() {
        let variable = line.trim_start().strip_prefix(start);
        let variable = variable.filter(|_| start.is_empty() || line.starts_with(start));
        let pair = variable.and_then(|line| line.split_once(" = "));
        // A type goes before the name.
        let name = pair.and_then(|(before, _)| before.rsplit([' ', ')']).next());
        match (name, pair) {
            (Some(name), Some((_, value))) => {
                latest = Some(name.to_owned());
                found.entry(name.to_owned()).or_insert(value.to_owned());
            }
            _ => {
                let value = latest.as_ref().and_then(|name| found.get_mut(name));
                value.map(|value| value.push_str(line)).unwrap_or_default();
            }
        }
    }
    found
}

/// The numbers and names in a value.
fn words(value: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || "_.-".contains(c);
    value
        .split(|c| !is_word(c))
        .filter(|it| !it.is_empty())
        .collect()
}

fn program(reader: &str) -> Folder {
    let folder = Folder::new(&format!("agreement-{reader}"));
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/report");
    let source = std::fs::read(programs.join("kinds.cpp")).unwrap();
    folder.write("app.cpp", source);
    folder.compile("app.cpp", &["-g", "-O0", "-std=c++20"]);
    folder
}

fn compare(reader: &str, found: &BTreeMap<String, String>) {
    for (name, expected) in VALUES {
        let value = found.get(name).map_or("", |value| value);
        let words = words(value);
        let is_right = expected.iter().all(|word| words.contains(word));
        assert!(
            is_right,
            "{reader}: {name} = {value:?}, not {expected:?}; {found:#?}"
        );
    }
}

#[test]
fn the_report_shows_all_kinds_of_values() {
    if !equipped() {
        return;
    }
    let folder = program("report");
    let report = stderr(&folder.dwalin(&["run", "-g", "app.wasm"]));
    let frame = report
        .split("   0: ")
        .nth(1)
        .and_then(|it| it.split("   1: ").next());
    compare("report", &values(frame.unwrap_or(""), ""));
}

#[test]
fn gdb_shows_all_kinds_of_values() {
    if !equipped() || !have(&["gdb"]) {
        return;
    }
    let mut gdb = Command::new("gdb");
    gdb.args([
        "-nx",
        "-batch",
        "-ex",
        "set breakpoint pending on",
        "-ex",
        "set width 0",
    ]);
    gdb.args(["-ex", "break app.cpp:43", "-ex", "run", "-ex", "echo \\n"]);
    gdb.args(["-ex", "info args", "-ex", "info locals", "--args"]);
    compare("gdb", &values(&said(gdb, &program("gdb")), ""));
}

#[test]
fn lldb_shows_all_kinds_of_values() {
    if !equipped() || !have(&["lldb-19"]) {
        return;
    }
    let mut lldb = Command::new("lldb-19");
    lldb.args([
        "-x",
        "-b",
        "-o",
        "settings set plugin.jit-loader.gdb.enable on",
    ]);
    lldb.args(["-o", "breakpoint set -f app.cpp -l 43", "-o", "run"]);
    lldb.args(["-o", "frame variable", "--"]);
    compare("lldb", &values(&said(lldb, &program("lldb")), "("));
}

/// The output of a debugger for the program.
fn said(mut debugger: Command, folder: &Folder) -> String {
    debugger.arg(env!("CARGO_BIN_EXE_dwalin"));
    debugger
        .args(["run", "-g", "app.wasm"])
        .current_dir(folder.path("."));
    let output = debugger
        .env("DEBUGINFOD_URLS", "")
        .stdin(Stdio::null())
        .output();
    String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
}

/// The formatters' list of traps is written by hand.
#[test]
fn lldb_names_traps_as_reports_do() {
    let list = include_str!("../src/debugger/lldb/dwalin_lldb/kinds.py");
    let kinds = (1..).map_while(dwalin_runtime::TrapKind::from_code);
    for kind in kinds {
        let row = format!("    {}: \"{kind}\",\n", kind as u8);
        assert!(list.contains(&row), "{row}");
    }
}
