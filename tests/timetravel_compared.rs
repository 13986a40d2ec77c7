//! The way back beside the way forward: from the end of a recording, a debugger goes back to each stop at breakpoints and watchpoints, and
//! line by line through functions; each stop has the line, the values and the callers that it had on the way forward.
//!
//! A few programs by default. `DWALIN_TIMETRAVEL=all cargo test --test timetravel_compared -- --nocapture` runs all of them, with and without
//! optimisation, and says how many stops were compared.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use support::{Folder, tools};

/// The programs: those of this test read files, input, clocks and random numbers, and end in traps.
const PROGRAMS: [&str; 17] = [
    "timetravel/world.c",
    "timetravel/queue.c",
    "timetravel/maps.cpp",
    "timetravel/clock.rs",
    "timetravel/words.rs",
    "programs/hash.c",
    "programs/list.c",
    "programs/tree.c",
    "programs/sort.c",
    "programs/recursion.c",
    "programs/callbacks.c",
    "programs/structs.c",
    "programs/virtuals.cpp",
    "programs/lambdas.cpp",
    "programs/templates.cpp",
    "programs/moves.cpp",
    "programs/panic/visits.rs",
];

/// Those that are compared by default: a program, and the letter of its optimisation.
const FEW: [(&str, char); 3] = [
    ("timetravel/world.c", '0'),
    ("timetravel/queue.c", '2'),
    ("timetravel/clock.rs", '0'),
];

fn is_all() -> bool {
    std::env::var("DWALIN_TIMETRAVEL").is_ok_and(|it| it == "all")
}

fn compared() -> Vec<(&'static str, char)> {
    match is_all() {
        true => PROGRAMS
            .iter()
            .flat_map(|program| [(*program, '0'), (*program, '2')])
            .collect(),
        false => FEW.to_vec(),
    }
}

/// A folder with a recording of a program, and the name of its source there.
fn recorded(name: &str, program: &str, optimised: char) -> (Folder, String) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let path = Path::new(program);
    let source = path.file_name().unwrap().to_str().unwrap().to_owned();
    let folder = Folder::new(&format!("{name}-{}-{optimised}", source.replace('.', "-")));
    fs::copy(tests.join(program), folder.path(&source)).unwrap();
    folder.write("numbers.txt", "one\nfour\nthirteen\n");
    let input = folder.write("input", "a few words a word\nand few more\n");
    let level = match (source.ends_with(".rs"), optimised) {
        (true, '2') => "-Copt-level=2".to_owned(),
        (true, _) => "-Copt-level=0".to_owned(),
        (false, level) => format!("-O{level}"),
    };
    let compiler = match source.rsplit('.').next() {
        Some("rs") => &["rustc", "--target", "wasm32-wasip1", "-Awarnings"][..],
        Some("cpp") => &[
            "clang++-19",
            "--target=wasm32-wasi",
            "-fno-exceptions",
            "-w",
        ],
        _ => &["clang-19", "--target=wasm32-wasi", "-w"],
    };
    let rest = ["-g", &level, "-o", "app.wasm", &source];
    folder.tool(&[compiler, &rest].concat());
    let ran = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(["run", "--record", "app.rec", "--dir", ".", "app.wasm"])
        .current_dir(folder.path("."))
        .stdin(File::open(input).unwrap())
        .output()
        .unwrap();
    assert!(folder.path("app.rec").exists(), "{ran:?}");
    (folder, source)
}

/// The counts of the last line that a debugger's script printed.
#[derive(Default, Debug)]
struct Compared {
    stops: u64,
    points: u64,
    functions: u64,
}

impl Compared {
    fn of(said: &str, what: &str) -> Compared {
        assert!(!said.contains("FAIL "), "{what}\n{said}");
        let line = said.lines().find(|line| line.starts_with("COMPARED "));
        let line = line.unwrap_or_else(|| panic!("{what}: nothing was compared\n{said}"));
        let count = |name: &str| -> u64 {
            let mut words = line.split(' ').filter_map(|word| word.split_once('='));
            let found = words.find(|(it, _)| *it == name);
            found.map_or(0, |(_, count)| count.parse().unwrap())
        };
        Compared {
            stops: count("stops"),
            points: count("breakpoints") + count("watchpoints"),
            functions: count("steps"),
        }
    }

    fn add(&mut self, other: &Compared) {
        self.stops += other.stops;
        self.points += other.points;
        self.functions += other.functions;
    }
}

fn session(folder: &Folder, source: &str, level: char, args: &[&str]) -> String {
    let (points, functions) = match is_all() {
        true => ("10", "20"),
        false => ("4", "2"),
    };
    let output = Command::new("timeout")
        .args(["600", "sh", "-c", r#"exec "$0" "$@" 2>&1"#])
        .arg(env!("CARGO_BIN_EXE_dwalin"))
        .args(args)
        .arg("app.rec")
        .env("SOURCE", source)
        .env("LEVEL", level.to_string())
        .env("POINTS", points)
        .env("FUNCTIONS", functions)
        .current_dir(folder.path("."))
        .stdin(Stdio::null())
        .output();
    String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
}

fn script(name: &str) -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/timetravel");
    tests.join(name).to_str().unwrap().to_owned()
}

fn is_here() -> bool {
    tools::have(&["clang-19", "clang++-19"]) && tools::have_rust_for_wasi()
}

#[test]
fn gdb_stops_on_the_way_back_where_it_stopped_on_the_way_forward() {
    if !is_here() {
        return;
    }
    let (script, mut all) = (script("compare_gdb.py"), Compared::default());
    let compared = compared();
    for (program, level) in &compared {
        let (folder, source) = recorded("timetravel-compared", program, *level);
        let args = ["gdb", "--gdb", &tools::gdb(), "-batch", "-x", &script];
        let said = session(&folder, &source, *level, &args);
        let found = Compared::of(&said, program);
        println!("{program} -O{level}: {found:?}");
        all.add(&found);
    }
    println!("{} recordings: {all:?}", compared.len());
    assert!(all.stops >= 20 * compared.len() as u64, "{all:?}");
}

#[test]
fn lldb_stops_on_the_way_back_where_it_stopped_on_the_way_forward() {
    if !is_here() {
        return;
    }
    let (script, mut all) = (script("compare_lldb.py"), Compared::default());
    let compared = compared();
    for (program, level) in &compared {
        let (folder, source) = recorded("timetravel-lldb-compared", program, *level);
        let import = format!("command script import {script}");
        let args = ["lldb", "--lldb", &tools::lldb(), "-b", "-o", &import];
        let said = session(&folder, &source, *level, &args);
        // Before LLDB 21.
        if said.contains("lldb does not go back") {
            return;
        }
        let found = Compared::of(&said, program);
        println!("{program} -O{level}: {found:?}");
        all.add(&found);
    }
    println!("{} recordings: {all:?}", compared.len());
    assert!(all.stops >= 5 * compared.len() as u64, "{all:?}");
}
