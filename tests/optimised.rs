//! Optimised code in real debuggers: what they show of variables is what the module's own DWARF says, which tests/oracle evaluates
//! on a run in an interpreter of its own.

mod support;
#[path = "support/trials.rs"]
mod trials;

use dwalin_oracle::judge::{Count, Stop, judge};
use gimli::{EndianSlice, LittleEndian};
use object::{Object, ObjectSection};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};
use support::code::{Piece, instruction, operators, pieces};
use support::scripted::{self, formatters};
use support::{Folder, TOOLS};
use trials::tools::have_rust_for_wasi;

/// The most visits of a place that are compared.
const MOST: usize = 4;

/// A program that was compiled.
struct Program {
    folder: Folder,
    wasm: Vec<u8>,
    pieces: Vec<Piece>,
    /// The address of [`scripted::SYMBOL`] in the image.
    base: u64,
    /// The addresses at which statements of its sources begin.
    statements: BTreeSet<u64>,
    stops: Vec<Stop>,
}

impl Program {
    fn c(debugger: &str, source: &str, flags: &[&str]) -> Program {
        let name = format!("optimised-{debugger}-{source}{}", flags.concat());
        let folder = Folder::new(&name.replace('/', "-"));
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
        fs::copy(programs.join("header.h"), folder.path("header.h")).unwrap();
        let extension = Path::new(source).extension().unwrap().to_str().unwrap();
        let app = format!("app.{extension}");
        folder.write(&app, fs::read(programs.join(source)).unwrap());
        folder.compile(&app, flags);
        Program::new(folder, &[&app])
    }

    /// Of several units, one of which is inlined into another; or all in one.
    fn linked(debugger: &str, level: &str, one_unit: bool) -> Program {
        let folder = Folder::new(&format!("optimised-{debugger}-linked{level}{one_unit}"));
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/optimised/lto");
        for name in ["main.c", "total.c", "item.h"] {
            folder.write(name, fs::read(programs.join(name)).unwrap());
        }
        let how: (&[&str], &[&str]) = match one_unit {
            true => (&["-DONE_UNIT", "main.c"], &["main.o"]),
            false => (&["-flto", "main.c", "total.c"], &["main.o", "total.o"]),
        };
        // Linked by itself without a level: where wasm-opt is installed, clang runs it on what it links with one.
        let base = ["clang-19", "--target=wasm32-wasi"];
        folder.tool(&[&base[..], &["-g", level, "-c"], how.0].concat());
        let link_time = format!("-Wl,--lto{level}");
        folder.tool(&[&base[..], &[&link_time, "-o", "app.wasm"], how.1].concat());
        Program::new(folder, &["main.c", "total.c"])
    }

    fn rust(debugger: &str, source: &str, level: &str) -> Program {
        let name = format!("optimised-{debugger}-{source}{level}");
        let folder = Folder::new(&name.replace('/', "-"));
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
        folder.write("app.rs", fs::read(programs.join(source)).unwrap());
        let level = format!("opt-level={}", level.trim_start_matches("-O"));
        let target = "--target=wasm32-wasip1";
        folder.tool(&[
            "rustc",
            "--edition=2024",
            "-g",
            "-C",
            &level,
            target,
            "app.rs",
        ]);
        Program::new(folder, &["app.rs"])
    }

    fn new(folder: Folder, sources: &[&str]) -> Program {
        folder.image("app.wasm", &[]);
        let wasm = fs::read(folder.path("app.wasm")).unwrap();
        let image = fs::read(folder.path("image.elf")).unwrap();
        let elf = object::File::parse(&image[..]).unwrap();
        let pieces = pieces(&folder.path("app.wasm"), &wasm, &elf);
        let statements = statements(&elf, sources);
        Program {
            base: scripted::base(&elf),
            folder,
            wasm,
            pieces,
            statements,
            stops: Vec::new(),
        }
    }

    /// The same, to be stopped at these.
    fn at(&mut self, at: At) -> &Program {
        let (from, to) = (self.statements.first(), self.statements.last());
        let operators = operators(&self.wasm);
        let mut stops = BTreeMap::new();
        for piece in &self.pieces {
            let wanted = match at {
                At::Statements => self.statements.contains(&piece.start),
                At::Instructions => Some(&piece.start) >= from && Some(&piece.start) <= to,
            };
            // Of an instruction in several pieces, the first.
            let pc = piece.pc.filter(|pc| wanted && operators.contains(pc));
            if let Some(pc) = pc {
                stops.entry(pc).or_insert(piece.start);
            }
        }
        let stops = stops.into_iter();
        self.stops = stops.map(|(pc, address)| Stop { address, pc }).collect();
        self
    }

    /// The output of a debugger at each stop.
    fn debug(&self, debugger: &str) -> String {
        let spec = serde_json::json!({
            "base": self.base,
            "stops": self.stops.iter().map(|stop| stop.address).collect::<Vec<_>>(),
            "most": MOST,
        });
        scripted::run(debugger, "optimised", &self.folder, spec)
    }

    fn judge(&self, debugger: &str) -> Count {
        let said = self.debug(debugger);
        let instruction = |address| instruction(&self.pieces, address);
        let judged = judge(
            &self.wasm,
            "app.wasm",
            &self.stops,
            MOST,
            &said,
            &instruction,
        );
        let (count, output) = judged.unwrap();
        let written = fs::read(self.folder.path("output")).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(
            text(&output),
            text(&written),
            "the interpreter's run is another one"
        );
        count
    }
}

/// The addresses at which statements of the sources begin.
fn statements(elf: &object::File<'_>, sources: &[&str]) -> BTreeSet<u64> {
    let load = |id: gimli::SectionId| {
        let section = elf.section_by_name(id.name());
        let bytes = section.map_or(&[][..], |section| section.data().unwrap());
        Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
    };
    let dwarf = gimli::read::Dwarf::load(load).unwrap();
    let mut found = BTreeSet::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().unwrap() {
        let unit = dwarf.unit(header).unwrap();
        let unit = unit.unit_ref(&dwarf);
        let Some(program) = unit.line_program.clone() else {
            continue;
        };
        let mut rows = program.rows();
        while let Some((header, row)) = rows.next_row().unwrap() {
            let file = row.file(header).map(|file| file.path_name());
            let name = file.and_then(|name| unit.attr_string(name).ok());
            let is_ours = name.is_some_and(|name| {
                let name = name.to_string_lossy();
                sources.iter().any(|source| name.ends_with(source))
            });
            if is_ours && row.is_stmt() && !row.end_sequence() {
                found.insert(row.address());
            }
        }
    }
    found
}

/// The program of several units.
const LINKED: &str = "optimised/lto";

/// The stops of debuggers.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Statements,
    /// As those come to who steps by instructions, or interrupts the program.
    Instructions,
}

/// Programs, how they are compiled, where they are looked at, and how many of a hundred numbers that are known are shown at least. The
/// others are said to be unavailable.
const SAMPLE: [(&str, &str, At, usize); 19] = [
    ("sort.c", "-O1", At::Statements, 99),
    ("structs.c", "-O1", At::Statements, 99),
    ("floats.c", "-O1", At::Statements, 99),
    ("operators.cpp", "-O1", At::Statements, 97),
    ("inheritance.cpp", "-O1", At::Instructions, 99),
    ("tree.c", "-O2", At::Statements, 96),
    ("callbacks.c", "-O2", At::Statements, 99),
    ("members.cpp", "-O2", At::Instructions, 99),
    ("optimised/words.rs", "-O2", At::Statements, 99),
    ("optimised/shelf.cpp", "-O1", At::Statements, 98),
    ("optimised/ledger.rs", "-O1", At::Statements, 94),
    ("optimised/tokens.cpp", "-O2", At::Statements, 99),
    ("optimised/slices.rs", "-Os", At::Statements, 95),
    ("optimised/grid.cpp", "-Os", At::Statements, 99),
    (LINKED, "-O2", At::Statements, 71),
    ("hash.c", "-Os", At::Statements, 99),
    ("list.c", "-Os", At::Instructions, 99),
    ("classes.cpp", "-Os", At::Statements, 99),
    ("virtuals.cpp", "-Os", At::Statements, 99),
];

/// The programs that are compared: the sample, or those of environment variables: OPTIMISED_PROGRAMS, at all levels; with OPTIMISED_EVERY,
/// at all instructions.
fn programs() -> Vec<(String, &'static str, At, usize)> {
    let Ok(named) = env::var("OPTIMISED_PROGRAMS") else {
        return SAMPLE
            .map(|(source, level, at, least)| (source.to_owned(), level, at, least))
            .into();
    };
    let at = match env::var_os("OPTIMISED_EVERY") {
        Some(_) => At::Instructions,
        None => At::Statements,
    };
    let levels = ["-O1", "-O2", "-O3", "-Os"].into_iter();
    let all = levels.flat_map(|level| {
        named
            .split(' ')
            .map(move |it| (it.to_owned(), level, at, 0))
    });
    all.collect()
}

/// Compares one; no number is wrong, and of those that are known, `least` of a hundred are shown.
fn compare(debugger: &str, source: &str, level: &'static str, at: At, least: usize) {
    let mut program = match source.ends_with(".rs") {
        true if !have_rust_for_wasi() => return,
        _ if source == LINKED => Program::linked(debugger, level, false),
        true => Program::rust(debugger, source, level),
        false => Program::c(debugger, source, &["-g", "-gdwarf-5", level]),
    };
    let count = program.at(at).judge(debugger);
    println!("{count:#?}");
    assert!(count.wrong.is_empty(), "{:#?}", count.wrong);
    assert!(100 * count.right >= least * count.numbers, "{count:#?}");
    // An `end` has code for some of the ways to it, now and then.
    let left_out = count.astray.len() + count.ambiguous;
    assert!(100 * left_out < 3 * count.stops, "{count:#?}");
    assert!(100 * count.unsupported.values().sum::<usize>() < count.in_scope);
    assert!(count.described > 0);
}

fn pointers_of_inlined_functions_are_followed_in_lldb() {
    for (level, one_unit) in [("-O1", false), ("-O1", true)] {
        let program = Program::linked("pointers", level, one_unit);
        let script = [
            "settings set plugin.jit-loader.gdb.enable on",
            &formatters(),
            "breakpoint set -f total.c -l 12",
            "run",
            "v second->value",
            "v second->next->value",
            "p second->next->value + 1",
            "v text[4]",
            "p text[5]",
        ];
        let mut lldb = Command::new("lldb-19");
        lldb.args(["--no-lldbinit", "--batch"]);
        for line in script {
            lldb.args(["-o", line]);
        }
        lldb.arg("--").arg(env!("CARGO_BIN_EXE_dwalin"));
        lldb.args(["run", "-g", "app.wasm"]);
        lldb.current_dir(program.folder.path("."))
            .stdin(Stdio::null());
        let said = String::from_utf8_lossy(&lldb.output().unwrap().stdout).into_owned();
        let answers = said.lines().filter(|line| line.starts_with('('));
        let answers: Vec<_> = answers.filter(|line| !line.starts_with("(lldb)")).collect();
        let expected = [
            "(int) second->value = 11",
            "(int) second->next->value = 1",
            "(int) 2",
            "(const char) text[4] = 'w'",
            "(const char) 'a'",
        ];
        assert_eq!(answers, expected, "{level} {one_unit}: {said}");
    }
}

fn main() {
    let mut tests = vec![trials::test(
        "pointers_of_inlined_functions_are_followed_in_lldb",
        pointers_of_inlined_functions_are_followed_in_lldb,
    )];
    for debugger in ["gdb", "lldb"] {
        for (source, level, at, least) in programs() {
            let name = format!("{debugger}/{source}{level}");
            let run = move || compare(debugger, &source, level, at, least);
            tests.push(trials::test(name, run));
        }
    }
    trials::run(&[&TOOLS[..], &["gdb", "lldb-19"]].concat(), tests);
}
