//! What a person looks at through pointers, in lldb: the programs of tests/programs/look ask (tests/look says how), natively and as
//! wasm with the formatters. Each is a test by the program's name, for each version of DWARF.

#[path = "../../tests/look/mod.rs"]
mod look;
#[path = "../../tests/support/trials.rs"]
mod trials;

use lldb_tests::{Session, Stop, dwalin, root};
use look::{Question, plain};
use std::path::Path;

/// Answers that are not those that the program gives itself.
fn wrong(source: &Path, program: &str, args: &[&str], init: &[&str], wasm: bool) -> Vec<String> {
    let mut session = Session::launch(program, args, init).unwrap();
    let mut wrong = Vec::new();
    for stop in look::stops(source, "lldb") {
        let file = &stop.file;
        let here = session.break_at(file, stop.line);
        let reached = session.resume();
        assert!(
            matches!(reached, Stop::Breakpoint(_)),
            "{file}:{} is reached",
            stop.line
        );
        session.delete(here);
        for question in &stop.questions {
            let wrong_here = ask(&mut session, question, wasm);
            wrong.extend(wrong_here.map(|it| format!("{file}:{}: {it}", stop.line)));
        }
    }
    wrong
}

/// Asks a question and returns what is wrong with the answer, if anything is.
fn ask(session: &mut Session, question: &Question, wasm: bool) -> Option<String> {
    match question {
        Question::Ask {
            is_path,
            expression,
            answer,
        } => {
            let command = if *is_path && wasm { "v" } else { "p" };
            let said = session.command(&format!("{command} {expression}"));
            let said = said.unwrap_or_else(|error| format!("! {error}"));
            let value = plain(said.rsplit_once(" = ").map_or(said.as_str(), |(_, it)| it));
            (value != *answer).then(|| format!("{expression}: {value} instead of {answer}"))
        }
        Question::Assign(assignment) => {
            let said = session.command(&format!("expression {assignment}"));
            said.err().map(|error| format!("{assignment}: {error}"))
        }
        Question::Watch(place) => {
            if let Err(error) = session.command(&format!("watchpoint set expression -- &{place}")) {
                return Some(format!("{place}: {error}"));
            }
            let stop = session.resume();
            let why = format!("{stop:?}");
            (!why.contains("atchpoint")).then(|| format!("{place} is not watched: {why}"))
        }
    }
}

fn check(source: &Path, dwarf: u8, wasm: bool) {
    let formatters = root().join("src/debugger/lldb/dwalin_lldb");
    let import = format!("command script import {}", formatters.display());
    let dwarf = format!("-gdwarf-{dwarf}");
    let wrong = if wasm {
        let wasm = look::compile(
            source,
            &[&dwarf, "--target=wasm32-wasi"],
            &format!("wasm{dwarf}"),
        );
        wrong(source, &dwalin(), &["run", "-g", &wasm], &[&import], true)
    } else {
        let native = look::compile(source, &[&dwarf], &format!("native{dwarf}"));
        wrong(source, &native, &[], &[], false)
    };
    assert!(
        wrong.is_empty(),
        "{} wrong answers:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn main() {
    let mut all = Vec::new();
    for source in look::programs(&root().join("tests")) {
        let stem = source.file_name().unwrap().to_string_lossy().into_owned();
        for (wasm, name) in [(false, "native"), (true, "wasm")] {
            for dwarf in [4, 5] {
                let source = source.clone();
                let name = format!("{stem}/{name}/dwarf-{dwarf}");
                all.push(trials::alone(name, move || check(&source, dwarf, wasm)));
            }
        }
    }
    trials::run(&["clang-19"], all);
}
