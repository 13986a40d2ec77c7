//! Drives a real gdb through every guest program, native and as wasm, and expects to see the same in both.
//!
//! gdb/driver.py says what is looked at. The transcripts stay in target/tmp/gdb: to look closer at a failure, diff the two
//! that it names. `DWALIN_GDB_ONLY=list.c` runs one program.

#[path = "support/tools.rs"]
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

/// One program in one version of DWARF.
struct Case {
    /// Relative to tests/programs.
    source: String,
    dwarf: u8,
    /// How else debug info is written for wasm.
    flags: &'static [&'static str],
}

impl Case {
    fn source(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/programs")
            .join(&self.source)
    }

    /// A file of this case's own in target/tmp.
    fn file(&self, extension: &str) -> String {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gdb");
        fs::create_dir_all(&folder).unwrap();
        let name = format!(
            "{}-{}{}.{extension}",
            self.source.replace('/', "-"),
            self.dwarf,
            self.flags.concat()
        );
        folder.join(name).into_os_string().into_string().unwrap()
    }

    fn compile(&self, target: &[&str], extension: &str) -> String {
        let out = self.file(extension);
        let compiler = if self.source.ends_with(".cpp") {
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
            .arg(format!("-gdwarf-{}", self.dwarf))
            .args(target)
            .arg("-o")
            .arg(&out)
            .arg(self.source())
            .arg("-lm");
        assert!(
            command.status().expect("clang-19 can be started").success(),
            "{} compiles",
            self.source
        );
        out
    }

    /// `extension` differs from test to test: they run at once.
    fn wasm(&self, extension: &str) -> String {
        let target = [&["--target=wasm32-wasi"], self.flags].concat();
        self.compile(&target, extension)
    }

    /// What driver.py writes down about a run of `program`.
    fn transcript(&self, program: &[&str], wasm: &str, functions: Option<&str>) -> String {
        let out = self.file(if functions.is_some() {
            "wasm.txt"
        } else {
            "native.txt"
        });
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gdb/driver.py");
        let mut gdb = Command::new("gdb");
        gdb.args(["-nx", "-batch", "-x"])
            .arg(driver)
            .arg("--args")
            .args(program);
        gdb.env("DRIVER_SOURCE", self.source())
            .env("DRIVER_WASM", wasm)
            .env("DRIVER_OUT", &out);
        functions.map(|functions| gdb.env("DRIVER_FUNCTIONS", functions));
        fs::write(&out, "").unwrap();
        let said = gdb
            .stdin(Stdio::null())
            .output()
            .expect("gdb can be started");
        fs::write(format!("{out}.log"), [said.stdout, said.stderr].concat()).unwrap();
        fs::read_to_string(&out).unwrap()
    }

    /// Where the wasm's transcript departs from the native one, if it does.
    fn difference(&self) -> Option<String> {
        let (native, wasm) = (self.compile(&[], "native"), self.wasm("wasm"));
        let expected = self.transcript(&[&native], &wasm, None);
        let functions = expected
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("functions ");
        let seen = self.transcript(&[DWALIN, "run", "-g", &wasm], &wasm, Some(functions));
        assert!(
            expected.lines().count() > 20,
            "the native run of {} shows something",
            self.source
        );
        let why = missing(&stops(&expected), &stops(&seen))?;
        Some(format!("{}: {why}", self.file("native.txt")))
    }
}

/// A transcript's stops: the row that says where, and the rows with the values there.
fn stops(transcript: &str) -> Vec<Vec<&str>> {
    let mut stops: Vec<Vec<&str>> = Vec::new();
    for row in transcript.lines() {
        match stops.last_mut() {
            Some(stop) if row.starts_with(' ') => stop.push(row.trim()),
            _ => stops.push(vec![row]),
        }
    }
    stops
}

/// What `seen` lacks of `expected`, where all has to come in the same order. A few stops more are fine: x86 code prepares
/// constants in front of a loop, so that the breakpoint at the loop's first line hits once and not in every round.
fn missing(expected: &[Vec<&str>], seen: &[Vec<&str>]) -> Option<String> {
    let mut at = 0;
    for stop in expected {
        match seen[at..].iter().position(|other| same(stop, other)) {
            Some(more) => at += more + 1,
            None => {
                let near = seen[at..].iter().find(|other| other[0] == stop[0]);
                let near = near
                    .or(seen.get(at))
                    .map_or("the end".into(), |other| other.join(", "));
                return Some(format!("native {}\n  wasm {near}", stop.join(", ")));
            }
        }
    }
    let more = seen.len() - expected.len();
    (more > 10 + expected.len()).then(|| format!("wasm makes {more} stops more"))
}

/// Whether a stop shows the same in wasm, apart from what the native build has lost.
fn same(native: &[&str], wasm: &[&str]) -> bool {
    let name = |row: &str| row.split(" = ").next().unwrap_or_default().to_owned();
    let lost: Vec<_> = native
        .iter()
        .filter(|row| row.contains("optimized out"))
        .map(|row| name(row))
        .collect();
    let rows = |stop: &[&str]| -> Vec<String> {
        let kept = stop.iter().filter(|row| !lost.contains(&name(row)));
        kept.map(|row| (*row).to_owned()).collect()
    };
    rows(native) == rows(wasm)
}

fn equipped() -> bool {
    tools::have(&["gdb", "clang-19", "llvm-dwarfdump-19"])
}

/// All programs in tests/programs, or in a folder below.
fn programs(folder: &str) -> Vec<String> {
    let files = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/programs")
        .join(folder);
    let names = fs::read_dir(files)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut sources: Vec<_> = names
        .filter(|name| name.ends_with(".c") || name.ends_with(".cpp"))
        .collect();
    let only = env::var("DWALIN_GDB_ONLY").unwrap_or_default();
    sources.retain(|name| only.is_empty() || *name == only);
    sources.sort();
    sources
        .iter()
        .map(|name| format!("{folder}{name}"))
        .collect()
}

fn every_program_looks_the_same(dwarf: u8) {
    programs_look_the_same(&programs(""), dwarf, &[]);
}

fn programs_look_the_same(programs: &[String], dwarf: u8, flags: &'static [&'static str]) {
    if !equipped() {
        return;
    }
    let cases = programs.iter().map(|source| Case {
        source: source.clone(),
        dwarf,
        flags,
    });
    let differences: Vec<_> = cases.filter_map(|case| case.difference()).collect();
    assert!(
        differences.is_empty(),
        "{} programs look different:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn every_program_looks_the_same_with_dwarf_4() {
    every_program_looks_the_same(4);
}

#[test]
fn every_program_looks_the_same_with_dwarf_5() {
    every_program_looks_the_same(5);
}

#[test]
fn split_programs_and_type_units_look_the_same() {
    let some = [
        "list.c",
        "scopes.c",
        "statics.c",
        "classes.cpp",
        "templates.cpp",
    ]
    .map(str::to_owned);
    for dwarf in [4, 5] {
        programs_look_the_same(&some, dwarf, &["-gsplit-dwarf"]);
        programs_look_the_same(&some, dwarf, &["-fdebug-types-section"]);
        let both = &["-gsplit-dwarf", "-fdebug-types-section"];
        programs_look_the_same(&some[1..], dwarf, both);
    }
}

/// What gdb says to these commands, with the case's wasm as the program.
fn gdb(case: &Case, commands: &[&str]) -> String {
    let mut gdb = Command::new("gdb");
    gdb.args([
        "-nx",
        "-batch",
        "-ex",
        "set debuginfod enabled off",
        "-ex",
        "set breakpoint pending on",
    ]);
    commands
        .iter()
        .for_each(|command| _ = gdb.args(["-ex", command]));
    gdb.args(["--args", DWALIN, "run", "-g", &case.wasm("alone.wasm")])
        .stdin(Stdio::null());
    let said = gdb.output().expect("gdb can be started");
    String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
}

#[test]
fn a_trap_stops_gdb_at_its_line() {
    for source in equipped().then(|| programs("trap/")).unwrap_or_default() {
        let case = Case {
            source,
            dwarf: 5,
            flags: &[],
        };
        let text = fs::read_to_string(case.source()).unwrap();
        let line = 1 + text
            .lines()
            .position(|line| line.contains("// traps"))
            .expect("the program says where");
        // The innermost frames may be libc's (abort), or at the start of the function (endless recursion).
        let said = gdb(&case, &["run", "backtrace 8"]);
        assert!(
            said.contains("received signal"),
            "{}: gdb said: {said}",
            case.source
        );
        let frames = said.split_once("\n#0").unwrap_or_default().1;
        assert!(
            frames.contains(&format!("{}:{line}\n", case.source)),
            "{}, line {line}: gdb said: {said}",
            case.source
        );
    }
}

#[test]
fn a_backtrace_goes_on_to_the_host_s_main() {
    let case = Case {
        source: "list.c".into(),
        dwarf: 5,
        flags: &[],
    };
    if equipped() {
        let said = gdb(&case, &["break list.c:18", "run", "backtrace"]);
        let frames: Vec<_> = said.lines().filter(|line| line.starts_with('#')).collect();
        assert!(
            frames.len() > 3 && frames[0].contains("push"),
            "gdb said: {said}"
        );
        assert!(
            !said.contains("??") && !said.contains("Backtrace stopped"),
            "gdb said: {said}"
        );
        assert!(
            frames.last().unwrap().contains(" main "),
            "gdb said: {said}"
        );
    }
}

#[test]
fn variables_on_the_operand_stack_are_seen() {
    for dwarf in [4, 5] {
        let case = Case {
            source: "optimised/operands.c".into(),
            dwarf,
            flags: &["-O2"],
        };
        if equipped() {
            let commands = [
                "break operands.c:9",
                "break operands.c:12",
                "run",
                "print product",
                "continue",
                "print third",
            ];
            let said = gdb(&case, &commands);
            assert!(said.contains("$1 = 14\n"), "gdb said: {said}");
            assert!(said.contains("$2 = 5\n"), "gdb said: {said}");
        }
    }
}
