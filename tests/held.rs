//! Optimised code in gdb and lldb: each number that is shown of a variable is one that the variable has in the program as it is written, compiled
//! without optimisation. With `-g -O` Dwalin optimises, too. This is true whatever compilers say of locations, and of places that no judge of
//! the module's DWARF gets to.

mod support;
#[path = "support/trials.rs"]
mod trials;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{env, fs};
use support::{Folder, TOOLS, scripted};

/// Programs, and how many numbers of optimised code are compared at least.
const PROGRAMS: [(&str, usize); 7] = [
    ("tree.c", 20),
    ("list.c", 20),
    ("sort.c", 20),
    ("ring.c", 30),
    ("hash.c", 20),
    ("structs.c", 15),
    ("inheritance.cpp", 5),
];

/// Of a build: the function, name, line and member of each variable, and the numbers that it has.
type Held = BTreeMap<(String, String, u32, String), BTreeSet<String>>;

/// The compilation of a program: the level of clang, and the options of Dwalin.
#[derive(Clone, Copy)]
struct Build {
    level: &'static str,
    options: &'static str,
}

const AS_WRITTEN: Build = Build {
    level: "-O0",
    options: "-g",
};

/// The numbers of variables in a debugger, at each row of the line table, the first times `most` that it is arrived at.
fn held(debugger: &str, folder: &Folder, file: &str, build: Build, most: Option<u32>) -> Held {
    folder.compile(file, &["-g", build.level]);
    let source = fs::read_to_string(folder.path(file)).unwrap();
    let mut lines = source.lines();
    let line = 1 + lines.position(|it| it.starts_with("int main(")).unwrap();
    let module = folder.path("app.wasm").display().to_string();
    let spec = serde_json::json!({
        "module": module, "file": file, "line": line, "most": most, "options": build.options
    });
    let written = scripted::run(debugger, "held", folder, spec);
    let lines = written.lines();
    let read = lines.map(|line| {
        let (function, name, line, member, numbers) = serde_json::from_str(line).unwrap();
        ((function, name, line, member), numbers)
    });
    read.collect()
}

fn compare(debugger: &str, source: &str, build: Build, least: usize) {
    let Build { level, options } = build;
    let folder = format!("held-{debugger}-{source}{level}{options}");
    let folder = Folder::new(&folder.replace(' ', ""));
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let extension = Path::new(source).extension().unwrap().to_str().unwrap();
    let file = format!("app.{extension}");
    folder.write(&file, fs::read(programs.join(source)).unwrap());
    let written = held("gdb", &folder, &file, AS_WRITTEN, None);
    let optimised = held(debugger, &folder, &file, build, Some(8));
    let (mut compared, mut wrong) = (0, Vec::new());
    for (variable, numbers) in &optimised {
        let Some(right) = written.get(variable) else {
            continue;
        };
        compared += numbers.len();
        let others = numbers.difference(right);
        wrong.extend(others.map(|it| format!("{variable:?} = {it}, of {right:?}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared >= least, "{compared} numbers");
}

/// The debuggers, levels and options of each program.
const TRIALS: [(&str, &str, &str); 4] = [
    ("gdb", "-O1", "-g"),
    ("gdb", "-O2", "-g"),
    ("gdb", "-O1", "-g -O"),
    ("lldb", "-O1", "-g"),
];

fn main() {
    let mut tests = Vec::new();
    for (source, least) in PROGRAMS {
        for (debugger, level, options) in TRIALS {
            let run = move || compare(debugger, source, Build { level, options }, least);
            let name = format!("{debugger} {source}{level} {options}");
            tests.push(trials::test(name, run));
        }
    }
    trials::run(&[&TOOLS[..], &["gdb", "lldb-19"]].concat(), tests);
}
