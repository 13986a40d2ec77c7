//! What a person looks at through pointers, in gdb: the programs of tests/programs/look ask (tests/look says how), natively, as wasm,
//! and as wasm in `dwalin gdb`. Each is a test by the program's name, for each version of DWARF.

mod look;
#[path = "support/trials.rs"]
mod trials;

use libtest_mimic::Trial;
use look::{Question, Stop, plain};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use trials::tools;

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

/// The ways to start a program in gdb.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Native,
    Plain,
    /// As somebody who may not map the lowest addresses, if the tests are run by the superuser, who may.
    Ordinary,
    Launcher,
    OrdinaryLauncher,
}

impl Way {
    const ALL: [(Way, &str); 5] = [
        (Way::Native, "native"),
        (Way::Plain, "gdb"),
        (Way::Ordinary, "ordinary"),
        (Way::Launcher, "dwalin-gdb"),
        (Way::OrdinaryLauncher, "ordinary-dwalin-gdb"),
    ];

    /// gdb, which does what is in a file.
    fn gdb(self, script: &Path, program: &str) -> Command {
        let script = script.to_str().unwrap();
        let chosen = tools::gdb();
        let user = match self {
            Way::Ordinary | Way::OrdinaryLauncher => {
                tools::as_ordinary_user(&[DWALIN, &chosen]).unwrap_or(&[])
            }
            _ => &[],
        };
        let plain = [&chosen, "-nx", "-batch", "-x", script, "--args"];
        let launcher = [DWALIN, "gdb", "--gdb-option=-nx", "--batch", "-x", script];
        let mut line: Vec<_> = match self {
            Way::Launcher | Way::OrdinaryLauncher => [user, &launcher].concat(),
            _ => [user, &plain].concat(),
        };
        if matches!(self, Way::Plain | Way::Ordinary) {
            line.extend([DWALIN, "run", "-g"]);
        }
        let mut gdb = Command::new(line[0]);
        gdb.args(&line[1..]).arg(program).stdin(Stdio::null());
        gdb
    }

    /// Returns true if gdb debugs the program without Dwalin's scripts.
    fn is_plain(self) -> bool {
        matches!(self, Way::Plain | Way::Ordinary)
    }

    /// Returns true if gdb may say that it cannot read an answer: where the guest's first 64 KiB are not at their own addresses as well, it
    /// looks there for what was cast or had its address taken, and for what a `char *` is of. The launcher's scripts read that.
    fn may_be_unreadable(self, expression: &str, answer: &str) -> bool {
        let low_memory = tools::is_superuser() && self != Way::Ordinary;
        match self {
            Way::Native | Way::Launcher | Way::OrdinaryLauncher => false,
            _ if low_memory => false,
            _ if tools::gdb_keeps_targets() => true,
            _ => expression.contains("*)") || answer.starts_with('"'),
        }
    }
}

/// One program, started in one way.
#[derive(Clone)]
struct Case {
    source: PathBuf,
    dwarf: u8,
    way: Way,
    /// The name of the way.
    name: &'static str,
}

impl Case {
    fn check(&self) {
        let version = format!("-gdwarf-{}", self.dwarf);
        let stem = self.source.file_name().unwrap().to_string_lossy();
        let name = format!("{}{version}", self.name);
        let flags = [&version, "--target=wasm32-wasi"];
        let flags = &flags[..if self.way == Way::Native { 1 } else { 2 }];
        let program = look::compile(&self.source, flags, &name);
        let mut stops = look::stops(&self.source, "gdb");
        if self.way.is_plain() && tools::gdb_keeps_targets() {
            // Watchpoints after pointers need the scripts there.
            for stop in &mut stops {
                stop.questions
                    .retain(|it| !matches!(it, Question::Watch(_)));
            }
        }
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("look/{stem}.{name}.gdb"));
        fs::write(&file, script(&stops)).unwrap();
        let done = self.way.gdb(&file, &program).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let all = [&done.stdout[..], &done.stderr].concat();
        fs::write(file.with_extension("log"), all).unwrap();
        let answers = said
            .split('«')
            .skip(1)
            .filter_map(|part| part.split_once('»'));
        let answers: Vec<_> = answers.map(|(answer, _)| answer.to_owned()).collect();
        let wrong = wrong(&stops, &answers, self.way);
        assert!(
            wrong.is_empty(),
            "{} wrong answers:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

/// Answers that are not those that the program gives itself.
fn wrong(stops: &[Stop], answers: &[String], way: Way) -> Vec<String> {
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
            let unreadable = || {
                said.contains("Cannot access memory") && way.may_be_unreadable(expression, answer)
            };
            (value != *answer && !unreadable())
                .then(|| format!("{}: {expression}: {value} instead of {answer}", place(stop)))
        }
        Question::Watch(it) => {
            (said != "watched").then(|| format!("{}: {it} is not watched: {said}", place(stop)))
        }
        Question::Assign(_) => None,
    };
    asked.iter().zip(answers).filter_map(differs).collect()
}

fn main() {
    let mut all = Vec::new();
    for source in look::programs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")) {
        let stem = source.file_name().unwrap().to_string_lossy().into_owned();
        for (way, name) in Way::ALL {
            for dwarf in [4, 5] {
                let source = source.clone();
                let case = Case {
                    source,
                    dwarf,
                    way,
                    name,
                };
                let test: Trial =
                    trials::test(format!("{stem}/{name}/dwarf-{dwarf}"), move || case.check());
                all.push(test);
            }
        }
    }
    trials::run(&["gdb", "clang-19"], all);
}
