//! Optimised code in gdb: each number that is shown of a variable is one that the variable has in the program as it is written, compiled
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

fn held(folder: &Folder, file: &str, build: Build, most: Option<u32>) -> Held {
    folder.compile(file, &["-g", build.level]);
    let source = fs::read_to_string(folder.path(file)).unwrap();
    let mut lines = source.lines();
    let line = 1 + lines.position(|it| it.starts_with("int main(")).unwrap();
    let module = folder.path("app.wasm").display().to_string();
    let spec = serde_json::json!({
        "module": module, "file": file, "line": line, "most": most, "options": build.options
    });
    let written = scripted::run("gdb", "held", folder, spec);
    let lines = written.lines();
    let read = lines.map(|line| {
        let (function, name, line, member, numbers) = serde_json::from_str(line).unwrap();
        ((function, name, line, member), numbers)
    });
    read.collect()
}

fn compare(source: &str, build: Build, least: usize) {
    let Build { level, options } = build;
    let folder = Folder::new(&format!("held-{source}{level}{options}").replace(' ', ""));
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let extension = Path::new(source).extension().unwrap().to_str().unwrap();
    let file = format!("app.{extension}");
    folder.write(&file, fs::read(programs.join(source)).unwrap());
    let written = held(&folder, &file, AS_WRITTEN, None);
    let optimised = held(&folder, &file, build, Some(8));
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

fn main() {
    let mut tests = Vec::new();
    for (source, least) in PROGRAMS {
        for (level, options) in [("-O1", "-g"), ("-O2", "-g"), ("-O1", "-g -O")] {
            let run = move || compare(source, Build { level, options }, least);
            tests.push(trials::test(format!("{source}{level} {options}"), run));
        }
    }
    trials::run(&[&TOOLS[..], &["gdb"]].concat(), tests);
}
