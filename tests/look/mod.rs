//! Programs, of a file or of a folder of files, that say in comments what a debugger is asked at which line, and what it answers: for gdb and lldb alike, of the native
//! build and of the wasm.
//!
//! Below a line with `// stop`:
//!
//! * `//= EXPRESSION -> VALUE` is asked of both with `p`, `//gdb=` and `//lldb=` of one; `//v=` is asked of lldb with `v` in the wasm,
//!   where expressions do not find it;
//! * `//! ASSIGNMENT` changes something;
//! * `//@ EXPRESSION` is a place to watch: the program goes on, and stops when it changes.
//!
//! Pointers are `null`, or the string that they are of, or `&` and the function; truths are 1 and 0.

#![allow(dead_code, reason = "each debugger's tests use their part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// A question at a stop.
#[derive(Clone, Debug)]
pub enum Question {
    Ask {
        /// True if variables' paths find it, and expressions may not.
        is_path: bool,
        expression: String,
        answer: String,
    },
    Assign(String),
    Watch(String),
}

/// A line to stop at.
#[derive(Clone, Debug)]
pub struct Stop {
    /// The file's name.
    pub file: String,
    pub line: u32,
    pub questions: Vec<Question>,
}

/// The programs.
pub fn programs(tests: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(tests.join("programs/look")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The files of a program that are compiled.
fn files(program: &Path) -> Vec<PathBuf> {
    if !program.is_dir() {
        return vec![program.to_owned()];
    }
    let entries = fs::read_dir(program).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it != "h"));
    files.sort();
    files
}

/// Compiles a program to a file of this name.
pub fn compile(program: &Path, flags: &[&str], name: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("look");
    fs::create_dir_all(&folder).unwrap();
    let stem = program.file_name().unwrap().to_string_lossy();
    let out = folder.join(format!("{stem}.{name}"));
    let mut objects = Vec::new();
    for source in files(program) {
        let file = source.file_name().unwrap().to_string_lossy().into_owned();
        let object = folder.join(format!("{stem}.{name}.{file}.o"));
        let compiler = match file.ends_with(".cpp") {
            true => "clang++-19",
            false => "clang-19",
        };
        let mut command = Command::new(compiler);
        command.args(["-g", "-O0", "-fno-exceptions", "-w"]);
        command.args(flags).arg("-c").arg(&source);
        let status = command.arg("-o").arg(&object).status().unwrap();
        assert!(status.success(), "{file} compiles");
        objects.push(object);
    }
    let mut linker = Command::new("clang++-19");
    let linked = linker.args(flags).args(objects).arg("-o").arg(&out);
    assert!(linked.status().unwrap().success(), "{stem} is linked");
    out.into_os_string().into_string().unwrap()
}

/// The stops of a program for `gdb` or `lldb`, in the order of its files' names.
pub fn stops(program: &Path, debugger: &str) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    for source in files(program) {
        let text = fs::read_to_string(&source).unwrap();
        let file = source.file_name().unwrap().to_string_lossy().into_owned();
        for (line, text) in (1..).zip(text.lines()) {
            if text.ends_with("// stop") {
                stops.push(Stop {
                    file: file.clone(),
                    line,
                    questions: Vec::new(),
                });
            } else if let Some(question) = question(text.trim(), debugger) {
                let stop = stops.last_mut().expect("a line to stop at comes first");
                stop.questions.push(question);
            }
        }
    }
    stops
}

fn question(line: &str, debugger: &str) -> Option<Question> {
    let own = format!("//{debugger}=");
    for (is_path, prefix) in [(false, "//="), (false, own.as_str()), (true, "//v=")] {
        let Some(asked) = line.strip_prefix(prefix) else {
            continue;
        };
        let (expression, answer) = asked.rsplit_once(" -> ").expect("an answer");
        return Some(Question::Ask {
            is_path,
            expression: expression.trim().to_owned(),
            answer: answer.trim().to_owned(),
        });
    }
    let trimmed = |it: &str| it.trim().to_owned();
    if let Some(assignment) = line.strip_prefix("//!") {
        return Some(Question::Assign(trimmed(assignment)));
    }
    line.strip_prefix("//@")
        .map(|it| Question::Watch(trimmed(it)))
}

/// A debugger's answer as programs write theirs: without a type before it, or an address before a string.
pub fn plain(answer: &str) -> String {
    let mut text = answer.trim();
    // A type in parentheses.
    while text.starts_with('(')
        && let Some((_, rest)) = text.split_once(") ")
    {
        text = rest.trim_start();
    }
    if let Some((address, string)) = text.split_once(' ')
        && address.starts_with("0x")
        && string.trim_start().starts_with('"')
    {
        text = string.trim();
    }
    if let Some(function) = function_of(text) {
        return format!("&{function}");
    }
    match text {
        "true" => "1".to_owned(),
        "false" => "0".to_owned(),
        "NULL" | "nullptr" => "null".to_owned(),
        _ if text
            .strip_prefix("0x")
            .is_some_and(|digits| digits.trim_matches('0').is_empty()) =>
        {
            "null".to_owned()
        }
        _ => text.to_owned(),
    }
}

/// The function of `0x1130 <twice>` or ``0x1130 (program`twice at file.c:12:3)``.
fn function_of(answer: &str) -> Option<&str> {
    let (address, rest) = answer.split_once(' ')?;
    let gdb = || rest.strip_prefix('<')?.strip_suffix('>');
    let lldb = || {
        Some(
            rest.strip_prefix('(')?
                .split_once('`')?
                .1
                .split_once(" at ")?
                .0,
        )
    };
    address.starts_with("0x").then(|| gdb().or_else(lldb))?
}
