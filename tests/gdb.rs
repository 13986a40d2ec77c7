//! Drives a real gdb through every guest program, native and as wasm, and expects to see the same in both.
//!
//! gdb/driver.py says what is looked at. Each program of tests/programs is a test for each version of DWARF, by its name
//! (`cargo test --test gdb list.c`). The transcripts stay in target/tmp/gdb: to look closer at a failure, diff the two that it names.

#[path = "support/trials.rs"]
mod trials;

use libtest_mimic::Trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

/// One program in one version of DWARF.
struct Case {
    /// Relative to tests/programs.
    source: String,
    dwarf: u8,
    /// The flags of other forms of debug info for wasm.
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

    /// The record that driver.py writes of a run of `program`.
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

    /// Fails where the wasm's transcript departs from the native one.
    fn looks_the_same(&self) {
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
        if let Some(why) = difference(&stops(&expected), &stops(&seen)) {
            panic!("{}: {why}", self.file("native.txt"));
        }
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

/// The first stop that is not the same.
fn difference(expected: &[Vec<&str>], seen: &[Vec<&str>]) -> Option<String> {
    let end = vec!["the end"];
    let length = expected.len().max(seen.len());
    let mut pairs = (0..length).map(|i| [expected, seen].map(|stops| stops.get(i).unwrap_or(&end)));
    let [native, wasm] = pairs.find(|[native, wasm]| !same(native, wasm))?;
    Some(format!(
        "native {}\n  wasm {}",
        native.join(", "),
        wasm.join(", ")
    ))
}

/// Returns true if a stop shows the same in wasm, apart from what the native build has lost.
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
    sources.sort();
    sources
        .iter()
        .map(|name| format!("{folder}{name}"))
        .collect()
}

fn looks_the_same(source: &str, dwarf: u8, flags: &'static [&'static str]) -> Trial {
    let case = Case {
        source: source.to_owned(),
        dwarf,
        flags,
    };
    let name = format!("{source}/dwarf-{dwarf}{}", flags.concat());
    trials::test(name, move || case.looks_the_same())
}

/// Programs in packages, with and without type units.
fn split_and_type_units(dwarf: u8) -> Vec<Trial> {
    const SPLIT: &[&str] = &["-gsplit-dwarf"];
    const TYPES: &[&str] = &["-fdebug-types-section"];
    const BOTH: &[&str] = &["-gsplit-dwarf", "-fdebug-types-section"];
    let some = [
        ("list.c", &[SPLIT, TYPES][..]),
        ("scopes.c", &[SPLIT, TYPES, BOTH]),
        ("statics.c", &[SPLIT, TYPES, BOTH]),
        ("classes.cpp", &[SPLIT, TYPES, BOTH]),
        ("templates.cpp", &[SPLIT, TYPES, BOTH]),
    ];
    let all = some
        .into_iter()
        .flat_map(|(source, ways)| ways.iter().map(move |it| (source, *it)));
    all.map(|(source, flags)| looks_the_same(source, dwarf, flags))
        .collect()
}

fn main() {
    let mut all = Vec::new();
    for dwarf in [4, 5] {
        let same = programs("").into_iter();
        all.extend(same.map(|source| looks_the_same(&source, dwarf, &[])));
        all.extend(split_and_type_units(dwarf));
        let name = format!("variables_on_the_operand_stack_are_seen/dwarf-{dwarf}");
        all.push(trials::test(name, move || {
            variables_on_the_operand_stack_are_seen(dwarf);
        }));
    }
    for source in programs("trap/") {
        let name = format!("{source}/stops_gdb_at_its_line");
        all.push(trials::test(name, move || {
            a_trap_stops_gdb_at_its_line(source);
        }));
    }
    all.push(trials::test(
        "a_backtrace_goes_on_to_the_host_s_main",
        a_backtrace_goes_on_to_the_host_s_main,
    ));
    trials::run(&["gdb", "clang-19", "llvm-dwarfdump-19"], all);
}

/// The output of gdb for these commands, with the case's wasm as the program.
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

fn a_trap_stops_gdb_at_its_line(source: String) {
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
    assert!(said.contains("received signal"), "gdb said: {said}");
    let frames = said.split_once("\n#0").unwrap_or_default().1;
    let place = format!("{}:{line}\n", case.source);
    assert!(frames.contains(&place), "line {line}: gdb said: {said}");
}

fn a_backtrace_goes_on_to_the_host_s_main() {
    let case = Case {
        source: "list.c".into(),
        dwarf: 5,
        flags: &[],
    };
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

fn variables_on_the_operand_stack_are_seen(dwarf: u8) {
    let case = Case {
        source: "optimised/operands.c".into(),
        dwarf,
        // Not for the driver, which would have a wasm-opt change the code and not its debug info.
        flags: &["-Xclang", "-O2"],
    };
    let commands = [
        "break operands.c:9",
        "break operands.c:12",
        "run",
        "print product",
        "continue",
        "print third",
        "break operands.c:18",
        "continue",
        "print n",
        "next",
        "print n",
        "next",
        "print n",
    ];
    let said = gdb(&case, &commands);
    for (number, value) in [14, 5, 8, 10, 12].into_iter().enumerate() {
        let answer = format!("${} = {value}\n", number + 1);
        assert!(said.contains(&answer), "{answer} gdb said: {said}");
    }
}
