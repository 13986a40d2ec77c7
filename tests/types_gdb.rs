//! Every type that C and C++ have, at several depths of pointers, references, arrays and members, in gdb: tests/look/types.py makes
//! expressions of them and asks about each in many ways, natively and as wasm. gdb lives, and what it shows is what it shows of the
//! native build, or it says why it cannot.

#[path = "support/tools.rs"]
mod tools;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

/// The messages of gdb where it follows a guest's pointer and cannot: nothing is wrong then, and natively it can.
const REFUSALS: [&str; 6] = [
    // `whatis *p->q` has gdb follow null pointers, whose objects are at no memory's base.
    "! Location address is not set.",
    // A reference to an array.
    "! Argument to arithmetic operation not a number or boolean.",
    // The same in gdb 18, which would put the array into memory to have its address.
    "! evaluation of this expression requires the program to have a function \"malloc\".",
    // Its virtual bases say how long it is.
    "! Cannot perform pointer math on incomplete type",
    // A pointer to a member is wider to gdb than it is in memory.
    "! Can't take address of \"field\" which isn't an lvalue.",
    "! Attempt to take address of value not located in memory.",
];

/// Returns true if gdb says that it cannot answer. Of an array whose length it has worked out it makes the address anew, in 8 bytes.
fn is_refused(asked: &str, answer: &str) -> bool {
    let is_variable = asked.contains("vla") && answer == "! Invalid cast.";
    is_variable || REFUSALS.iter().any(|it| answer.starts_with(it))
}

/// The ways to start gdb.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Way {
    Plain,
    Launcher,
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("types");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn source(name: &str) -> PathBuf {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/types");
    programs.join(name)
}

fn compile(name: &str, flags: &[&str], to: String) -> String {
    let compiler = match name.ends_with(".cpp") {
        true => "clang++-19",
        false => "clang-19",
    };
    let out = folder().join(format!("{name}.{to}"));
    let mut command = Command::new(compiler);
    command.args(["-g", "-O0", "-w", "-fno-exceptions", "-fstandalone-debug"]);
    let done = command.args(flags).arg("-o").arg(&out).arg(source(name));
    assert!(done.status().unwrap().success(), "{name} compiles");
    out.into_os_string().into_string().unwrap()
}

/// The answers of gdb by question: started by a command, on a program.
fn walk(name: &str, command: &[&str], program: &[&str]) -> HashMap<String, String> {
    let text = fs::read_to_string(source(name)).unwrap();
    let line = 1 + text.lines().position(|it| it.ends_with("// stop")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/look/types.py");
    let mut gdb = Command::new(command[0]);
    gdb.args(&command[1..]).args(["-nx", "-batch"]);
    for command in [
        "set width 0",
        "set debuginfod enabled off",
        "set breakpoint pending on",
        &format!("break {name}:{line}"),
        "run",
        &format!("source {}", script.display()),
    ] {
        gdb.args(["-ex", command]);
    }
    let done = gdb.args(program).stdin(Stdio::null()).output();
    let said = String::from_utf8_lossy(&done.unwrap().stdout).into_owned();
    assert!(
        said.ends_with("walked\n"),
        "{program:?}: {:?}",
        said.lines().last()
    );
    let answers = said.lines().filter_map(|line| line.split_once('\t'));
    answers
        .map(|(asked, answer)| (asked.to_owned(), answer.to_owned()))
        .collect()
}

fn check(name: &str, way: Way, enough: usize) {
    if !tools::have(&["gdb", "clang-19"]) {
        return;
    }
    let gdb = tools::gdb();
    let native = compile(name, &[], format!("{way:?}.native"));
    let expected = walk(name, &[&gdb], &[&native]);
    let mut flags = vec!["--target=wasm32-wasi"];
    if way == Way::Plain && tools::gdb_keeps_targets() {
        // It reads at the guest's own addresses, and only the scripts find the lowest of them.
        flags.push("-Wl,--global-base=65536");
    }
    let module = compile(name, &flags, format!("{way:?}.wasm"));
    let said = match way {
        Way::Plain => walk(name, &[&gdb], &["--args", DWALIN, "run", "-g", &module]),
        Way::Launcher => walk(name, &[DWALIN, "gdb"], &[&module]),
    };
    let (mut right, mut wrong) = (0, Vec::new());
    for (asked, answer) in &said {
        assert_ne!(answer, "died", "{asked}");
        let Some(expected) = expected.get(asked).filter(|_| !asked.starts_with("endure")) else {
            continue;
        };
        if answer == expected {
            right += 1;
        } else if !is_refused(asked, answer) && !expected.starts_with("! ") {
            wrong.push(format!("{asked}\n    {answer}\n    not {expected}"));
        }
    }
    wrong.sort();
    let first = wrong.iter().take(20).cloned().collect::<Vec<_>>();
    assert!(
        wrong.is_empty(),
        "{} wrong answers:\n{}",
        wrong.len(),
        first.join("\n")
    );
    assert!(right >= enough, "only {right} right answers");
}

#[test]
fn types_of_c() {
    check("types.c", Way::Plain, 6000);
}

#[test]
fn types_of_c_in_the_launcher() {
    check("types.c", Way::Launcher, 6000);
}

#[test]
fn types_of_cpp() {
    check("types.cpp", Way::Plain, 2000);
}

#[test]
fn types_of_cpp_in_the_launcher() {
    check("types.cpp", Way::Launcher, 2000);
}
