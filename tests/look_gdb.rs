//! What a person looks at through pointers, in gdb: the programs of tests/programs/look ask (tests/look says how), natively and as
//! wasm. Once more as a user who may not map the lowest addresses, where strings need the launcher's printers.

mod look;
#[path = "support/tools.rs"]
mod tools;

use look::{Question, Stop, plain};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

/// The commands that stop and ask. Answers come between marks.
fn script(stops: &[Stop]) -> String {
    let asking = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/look/ask.py");
    let mut script = String::from(
        "set pagination off\nset confirm off\nset breakpoint pending on\nset width 0\nset debuginfod enabled off\n",
    );
    writeln!(script, "source {}", asking.display()).unwrap();
    for stop in stops {
        writeln!(script, "tbreak {}:{}", stop.file, stop.line).unwrap();
    }
    for (number, stop) in stops.iter().enumerate() {
        script.push_str(if number == 0 { "run\n" } else { "continue\n" });
        for question in &stop.questions {
            match question {
                Question::Ask { expression, .. } => {
                    writeln!(script, "python ask({:?})", format!("print {expression}")).unwrap();
                }
                Question::Assign(assignment) => writeln!(script, "set var {assignment}").unwrap(),
                Question::Watch(place) => {
                    writeln!(script, "watch {place}\ncontinue\npython why()").unwrap();
                }
            }
        }
    }
    script
}

/// What gdb answers, in order.
fn answers(command: &mut Command, script: &str, name: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("look/{name}.gdb"));
    fs::write(&file, script).unwrap();
    let done = command
        .stdin(Stdio::null())
        .output()
        .expect("gdb can be started");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    fs::write(
        file.with_extension("log"),
        [&done.stdout[..], &done.stderr].concat(),
    )
    .unwrap();
    let parts = said.split('«').skip(1);
    parts
        .filter_map(|part| part.split_once('»'))
        .map(|(answer, _)| answer.to_owned())
        .collect()
}

/// Answers that are not those that the program gives itself.
fn wrong(stops: &[Stop], answers: &[String], accept: fn(&Question, &str) -> bool) -> Vec<String> {
    let asked = stops
        .iter()
        .flat_map(|stop| stop.questions.iter().map(move |it| (stop, it)));
    let asked: Vec<_> = asked
        .filter(|(_, it)| !matches!(it, Question::Assign(_)))
        .collect();
    assert_eq!(
        asked.len(),
        answers.len(),
        "all questions were asked: {answers:#?}"
    );
    let place = |stop: &Stop| format!("{}:{}", stop.file, stop.line);
    let differs = |((stop, question), said): (&(&Stop, &Question), &String)| match question {
        Question::Ask {
            expression, answer, ..
        } => {
            let value = said
                .split_once(" = ")
                .map_or(said.as_str(), |(_, value)| value);
            let value = plain(value);
            (value != *answer && !accept(question, said))
                .then(|| format!("{}: {expression}: {value} instead of {answer}", place(stop)))
        }
        Question::Watch(it) => {
            (said != "watched").then(|| format!("{}: {it} is not watched: {said}", place(stop)))
        }
        Question::Assign(_) => None,
    };
    asked.iter().zip(answers).filter_map(differs).collect()
}

fn check(
    run: impl Fn(&Path, &Path) -> Command,
    wasm: bool,
    name: &str,
    accept: fn(&Question, &str) -> bool,
) {
    if !tools::have(&["gdb", "clang-19"]) {
        return;
    }
    let mut failures = Vec::new();
    for source in look::programs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")) {
        for dwarf in ["-gdwarf-4", "-gdwarf-5"] {
            let flags: &[&str] = if wasm {
                &[dwarf, "--target=wasm32-wasi"]
            } else {
                &[dwarf]
            };
            let stem = source.file_name().unwrap().to_string_lossy().into_owned();
            let case = format!("{name}{dwarf}");
            let program = look::compile(&source, flags, &case);
            let stops = look::stops(&source, "gdb");
            let script = script(&stops);
            let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("look/{stem}.{case}.gdb"));
            let said = answers(
                &mut run(&at, Path::new(&program)),
                &script,
                &format!("{stem}.{case}"),
            );
            failures.extend(
                wrong(&stops, &said, accept)
                    .into_iter()
                    .map(|it| format!("{stem} {dwarf} {it}")),
            );
        }
    }
    assert!(
        failures.is_empty(),
        "{} wrong answers:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn gdb(script: &Path) -> Command {
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-x"]).arg(script).arg("--args");
    gdb
}

#[test]
fn the_native_build_gives_the_answers() {
    let run = |script: &Path, program: &Path| {
        let mut gdb = gdb(script);
        gdb.arg(program);
        gdb
    };
    check(run, false, "native", |_, _| false);
}

#[test]
fn the_wasm_gives_the_same() {
    let run = |script: &Path, program: &Path| {
        let mut gdb = gdb(script);
        gdb.args([DWALIN, "run", "-g"]).arg(program);
        gdb
    };
    check(run, true, "wasm", |_, _| false);
}

/// Strings, and what was cast or had its address taken, are read at the guest's own addresses.
#[test]
fn the_wasm_gives_no_wrong_answer_to_an_ordinary_user() {
    if !is_root() {
        return;
    }
    let run = |script: &Path, program: &Path| {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "gdb",
            "-nx",
            "-batch",
            "-x",
        ]);
        command
            .arg(script)
            .args(["--args", DWALIN, "run", "-g"])
            .arg(program);
        command
    };
    check(run, true, "ordinary", |question, said| {
        let Question::Ask {
            expression, answer, ..
        } = question
        else {
            return false;
        };
        let raw = answer.starts_with('"') || expression.contains("*)");
        raw && said.contains("Cannot access memory")
    });
}

/// Whether the tests run as the superuser, who can become somebody else.
fn is_root() -> bool {
    fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t")))
}
