//! The way back beside the way forward: from the end of a recording, a debugger goes back to each stop at breakpoints and watchpoints, and
//! line by line through functions; each stop has the line, the values and the callers that it had on the way forward.
//!
//! A few programs by default. `DWALIN_TIMETRAVEL=all cargo test --test timetravel_compared -- --nocapture` runs all of them, with and without
//! optimisation, and says how many stops were compared; instead of `all`, the name of a program runs that one.
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
    "programs/panic/borrow.rs",
];

/// Those that are compared by default: a program, and the letter of its optimisation.
const FEW: [(&str, char); 3] = [
    ("timetravel/world.c", '0'),
    ("timetravel/queue.c", '2'),
    ("timetravel/clock.rs", '0'),
];

/// The programs that are asked for, `all` or a name.
fn asked() -> Option<String> {
    std::env::var("DWALIN_TIMETRAVEL").ok()
}

fn compared() -> Vec<(&'static str, char)> {
    let Some(asked) = asked() else {
        return FEW.to_vec();
    };
    let is_asked = |program: &&&str| asked == "all" || program.ends_with(&asked);
    PROGRAMS
        .iter()
        .filter(is_asked)
        .flat_map(|program| [(*program, '0'), (*program, '2')])
        .collect()
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
    /// The counts of a session; all that differed, or all that was said if it did not end.
    fn of(said: &str) -> Result<Compared, String> {
        let line = said.lines().find(|line| line.starts_with("COMPARED "));
        let line = line.ok_or_else(|| said.to_owned())?;
        if let Some(at) = said.find("FAIL ") {
            return Err(said[at..].to_owned());
        }
        let count = |name: &str| -> u64 {
            let mut words = line.split(' ').filter_map(|word| word.split_once('='));
            let found = words.find(|(it, _)| *it == name);
            found.map_or(0, |(_, count)| count.parse().unwrap())
        };
        Ok(Compared {
            stops: count("stops"),
            points: count("breakpoints") + count("watchpoints"),
            functions: count("steps"),
        })
    }

    fn add(&mut self, other: &Compared) {
        self.stops += other.stops;
        self.points += other.points;
        self.functions += other.functions;
    }
}

fn session(folder: &Folder, source: &str, level: char, args: &[&str]) -> String {
    let (points, functions) = match asked() {
        Some(_) => ("10", "20"),
        None => ("4", "2"),
    };
    let output = Command::new("timeout")
        .args(["900", "sh", "-c", r#"exec "$0" "$@" 2>&1"#])
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

/// Compares all recordings in sessions; how many there are, and their stops.
fn compare_all(name: &str, session: &dyn Fn(&Folder, &str, char) -> String) -> (u64, u64) {
    let (compared, mut all, mut failed) = (compared(), Compared::default(), Vec::new());
    for (program, level) in &compared {
        let (folder, source) = recorded(name, program, *level);
        match Compared::of(&session(&folder, &source, *level)) {
            Ok(found) => {
                println!("{program} -O{level}: {found:?}");
                all.add(&found);
            }
            Err(said) => {
                println!("{program} -O{level}:\n{said}");
                failed.push(format!("{program} -O{level}"));
            }
        }
    }
    println!("{} recordings: {all:?}", compared.len());
    assert!(failed.is_empty(), "{failed:?}");
    (compared.len() as u64, all.stops)
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
    let script = script("compare_gdb.py");
    let args = ["gdb", "--gdb", &tools::gdb(), "-batch", "-x", &script];
    let compare = |folder: &Folder, source: &str, level| session(folder, source, level, &args);
    let (recordings, stops) = compare_all("timetravel-compared", &compare);
    assert!(stops >= 20 * recordings, "{stops}");
}

#[test]
fn lldb_stops_on_the_way_back_where_it_stopped_on_the_way_forward() {
    if !is_here() {
        return;
    }
    let script = script("compare_lldb.py");
    let import = format!("command script import {script}");
    let args = ["lldb", "--lldb", &tools::lldb(), "-b", "-o", &import];
    let compare = |folder: &Folder, source: &str, level| session(folder, source, level, &args);
    let (folder, source) = recorded("timetravel-lldb-compared", FEW[0].0, FEW[0].1);
    // Before LLDB 21.
    if compare(&folder, &source, FEW[0].1).contains("lldb does not go back") {
        return;
    }
    let (recordings, stops) = compare_all("timetravel-lldb-compared", &compare);
    assert!(stops >= 5 * recordings, "{stops}");
}
