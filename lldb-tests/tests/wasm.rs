//! Steps through guest programs in lldb, native and as wasm, and expects to see the same in both.
//!
//! What is compared is written down as text, a line for each stop and one for each value. Each program is a test for each version of
//! DWARF, by its name (`cargo test -p lldb-tests --test wasm list.c`).

#[path = "../../tests/support/trials.rs"]
mod trials;

use lldb_tests::{Frame, Session, Stop, Value, dwalin, root};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Enough for most programs.
const MOST_ROWS: usize = 200;

fn sources() -> PathBuf {
    root().join("tests/programs")
}

fn compile(source: &str, dwarf: u8, target: &[&str], extension: &str) -> String {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{source}-{dwarf}.{extension}"));
    let compiler = if source.ends_with(".cpp") {
        "clang++-19"
    } else {
        "clang-19"
    };
    let mut command = Command::new(compiler);
    // Variables that have no value yet are visible in a debugger, and so must be the same.
    command.args([
        "-g",
        "-O0",
        "-w",
        "-fno-exceptions",
        "-ftrivial-auto-var-init=zero",
    ]);
    command
        .arg(format!("-gdwarf-{dwarf}"))
        .args(target)
        .arg("-o")
        .arg(&out);
    command.arg(sources().join(source)).arg("-lm");
    assert!(
        command.status().expect("clang-19 can be started").success(),
        "{source} compiles"
    );
    out.into_os_string().into_string().unwrap()
}

/// The frames of the source, innermost first, as `function:line`.
fn way(session: &Session, source: &str) -> Vec<String> {
    let frames = session.frames();
    let guest = frames.iter().take_while(|frame| frame.file() == source);
    guest
        .map(|frame| format!("{}:{}", frame.function(), frame.line()))
        .collect()
}

/// `name = value` of every argument and local that is a scalar and that this line can have a value of.
fn values(frame: &Frame<'_>) -> Vec<String> {
    let named = frame
        .names()
        .into_iter()
        .filter(|name| !name.starts_with("__"));
    let read = named.filter_map(|name| match frame.variable(&name) {
        Err(why) => Some(format!("    {name} = error: {why}")),
        // How pointers read is for other tests, and the rest of a record is for gdb's.
        Ok(value) if value.is_pointer() || !value.is_empty() => None,
        Ok(value) if !value.is_argument() && value.declared_at() >= frame.line() => None,
        Ok(value) => Some(format!("    {name} = {}", value.value()?)),
    });
    read.collect()
}

/// A stop in every function, by its name; four lines on from there; and out of it, with the value that it returns.
fn transcript(program: &str, args: &[&str], source: &str, functions: &[String]) -> Vec<String> {
    let mut session = Session::launch(program, args, &[]).unwrap();
    let mut out = Vec::new();
    let mut left = functions.to_vec();
    while out.len() < MOST_ROWS {
        let wait = |function: &String| session.break_in(source, function);
        let waiting: Vec<_> = left.iter().map(wait).collect();
        let Stop::Breakpoint(reached) = session.resume() else {
            break;
        };
        // No breakpoint is to interrupt a step; and once is enough for a function.
        session.delete_all();
        let position = waiting
            .iter()
            .position(|breakpoint| *breakpoint == reached)
            .unwrap();
        let function = left.remove(position);
        out.push(format!("{function}: {}", way(&session, source).join(" < ")));
        let depth = session.frames().len();
        for _ in 0..4 {
            out.extend(values(&session.frame(0)));
            session.step_over();
            if session.frames().len() != depth {
                break; // whether a line of the caller has code after the call is the target's business
            }
            out.push(format!("  next {}", way(&session, source).join(" < ")));
        }
        if session.frames().len() == depth {
            session.step_out();
            out.extend(
                session
                    .returned()
                    .ok()
                    .and_then(|value| returned(&function, &value)),
            );
        }
    }
    out
}

fn returned(function: &str, value: &Value<'_>) -> Option<String> {
    let scalar = !value.is_pointer() && value.is_empty();
    scalar.then(|| {
        format!(
            "    value of {function} = {}",
            value.value().unwrap_or_default()
        )
    })
}

/// The functions that the source defines at the start of a line, and not in a namespace: those have plain names.
fn functions(source: &str) -> Vec<String> {
    let text = fs::read_to_string(sources().join(source)).unwrap();
    let starts = text
        .lines()
        .filter(|line| line.contains(") {") && !line.starts_with([' ', '#', '}', '/']));
    let names = starts.filter_map(|line| line.split('(').next()?.rsplit([' ', '*', '&']).next());
    names
        .filter(|name| *name != "main" && !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The name in a row that shows a value.
fn name(row: &str) -> Option<&str> {
    row.strip_prefix("    ")?.split(" = ").next()
}

fn looks_the_same(source: &str, dwarf: u8) {
    let functions = functions(source);
    let native = compile(source, dwarf, &[], "native");
    let native = transcript(&native, &[], source, &functions);
    let wasm = compile(source, dwarf, &["--target=wasm32-wasi"], "wasm");
    let mut wasm = transcript(&dwalin(), &["run", "-g", &wasm], source, &functions);
    assert!(!native.is_empty(), "the native run shows something");
    // A pointer in wasm is not always one to lldb, but an index: leave out what has no native row.
    let named: HashSet<_> = native.iter().filter_map(|row| name(row)).collect();
    wasm.retain(|row| name(row).is_none_or(|name| named.contains(name)));
    let pairs = native.iter().zip(&wasm);
    let same = pairs.take_while(|(one, other)| one == other).count();
    if native != wasm {
        let row = |text: &[String]| {
            text.get(same)
                .map_or("(end)".into(), |row| row.trim().to_owned())
        };
        panic!(
            "row {same}: native `{}`, wasm `{}`",
            row(&native),
            row(&wasm)
        );
    }
}

fn main() {
    let names = fs::read_dir(sources())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut programs: Vec<_> = names
        .filter(|name| name.ends_with(".c") || name.ends_with(".cpp"))
        .filter(|name| !functions(name).is_empty())
        .collect();
    programs.sort();
    let mut all = Vec::new();
    for dwarf in [4, 5] {
        for source in programs.clone() {
            let name = format!("{source}/dwarf-{dwarf}");
            all.push(trials::alone(name, move || looks_the_same(&source, dwarf)));
        }
    }
    trials::run(&["clang-19"], all);
}
