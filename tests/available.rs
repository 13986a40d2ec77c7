//! A variable of code that is not optimised has a value from its first to its last moment: in real debuggers, which step through
//! programs by lines and by instructions, what was once available of a call stays so until its scope, or the call, ends.

mod support;
#[path = "support/trials.rs"]
mod trials;

use dwalin_oracle::module::{Module, Pc};
use dwalin_oracle::scopes::{Info, Location, Variable};
use gimli::{EndianSlice, LittleEndian};
use object::{Object, ObjectSection};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::{env, fs};
use support::code::{Piece, pieces};
use support::scripted;
use support::{Folder, TOOLS};
use trials::tools::have_rust_for_wasi;

/// The number of steps from `main` by `step`, and from the beginning of each function by `stepi` and then by `next`.
const STEPS: [usize; 3] = [100, 40, 10];
/// Programs of all kinds.
const SAMPLE: [&str; 9] = [
    "list.c",
    "scopes.c",
    "recursion.c",
    "wide.c",
    "classes.cpp",
    "lambdas.cpp",
    "templates.cpp",
    "std/values.cpp",
    "optimised/words.rs",
];

/// A function of the program's own.
struct Function {
    range: Range<u64>,
    name: String,
    /// Behind its prologue.
    body: u64,
}

impl Function {
    /// The instruction at an address; or where code is between instructions, the one before and the one after.
    fn around(&self, address: u64, pieces: &[Piece]) -> Option<[Pc; 2]> {
        let from = pieces.partition_point(|piece| piece.start < self.range.start);
        let at = pieces.partition_point(|piece| piece.start <= address);
        let (before, behind) = (&pieces[from..at], &pieces[at..]);
        let last = before.iter().rev().find_map(|piece| piece.pc)?;
        if before.last()?.pc.is_some() {
            return Some([last; 2]);
        }
        Some([last, behind.iter().find_map(|piece| piece.pc)?])
    }
}

/// A program that was compiled.
struct Program {
    folder: Folder,
    base: u64,
    text: Range<u64>,
    functions: Vec<Function>,
    wasm: Vec<u8>,
    pieces: Vec<Piece>,
}

impl Program {
    fn new(debugger: &str, source: &str) -> Program {
        let folder = Folder::new(&format!(
            "available-{debugger}-{}",
            source.replace('/', "-")
        ));
        let programs = scripted::source("tests/programs");
        fs::copy(programs.join("header.h"), folder.path("header.h")).unwrap();
        let app = format!("app.{}", source.rsplit('.').next().unwrap());
        folder.write(&app, fs::read(programs.join(source)).unwrap());
        if source.ends_with(".rs") {
            let target = "--target=wasm32-wasip1";
            folder.tool(&["rustc", "--edition=2024", "-g", target, &app]);
        } else {
            folder.compile(&app, &["-g", "-gdwarf-5", "-O0"]);
        }
        folder.image("app.wasm", &[]);
        let image = fs::read(folder.path("image.elf")).unwrap();
        let elf = object::File::parse(&image[..]).unwrap();
        let wasm = fs::read(folder.path("app.wasm")).unwrap();
        let text = elf.section_by_name(".text").unwrap();
        Program {
            base: scripted::base(&elf),
            text: text.address()..text.address() + text.size(),
            functions: functions(&elf, &app),
            pieces: pieces(&folder.path("app.wasm"), &wasm, &elf),
            wasm,
            folder,
        }
    }

    fn debug(&self, debugger: &str) -> String {
        let pair = |range: &Range<u64>| [range.start, range.end];
        let names = ["main", "__original_main", "__main_argc_argv"];
        let is_main = |it: &&Function| names.contains(&&it.name[..]);
        let main = self.functions.iter().find(is_main).unwrap();
        let [steps, stepis, nexts] = STEPS;
        let spec = serde_json::json!({
            "module": "app.wasm",
            "base": self.base,
            "text": pair(&self.text),
            "ours": self.functions.iter().map(|it| pair(&it.range)).collect::<Vec<_>>(),
            "main": main.body,
            "functions": self.functions.iter().map(|it| it.body).collect::<Vec<_>>(),
            "steps": steps,
            "stepis": stepis,
            "nexts": nexts,
        });
        scripted::run(debugger, "available", &self.folder, spec)
    }
}

/// The functions with code of units whose name has the source's.
fn functions(elf: &object::File<'_>, source: &str) -> Vec<Function> {
    let load = |id: gimli::SectionId| {
        let section = elf.section_by_name(id.name());
        let bytes = section.map_or(&[][..], |section| section.data().unwrap());
        Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
    };
    let dwarf = gimli::read::Dwarf::load(load).unwrap();
    let (mut found, mut units) = (Vec::new(), dwarf.units());
    while let Some(header) = units.next().unwrap() {
        let unit = dwarf.unit(header).unwrap();
        let unit = unit.unit_ref(&dwarf);
        if !unit.name.unwrap().to_string_lossy().contains(source) {
            continue;
        }
        let mut bodies = BTreeSet::new();
        let mut rows = unit.line_program.clone().unwrap().rows();
        while let Some((_, row)) = rows.next_row().unwrap() {
            bodies.extend(row.prologue_end().then_some(row.address()));
        }
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs().unwrap() {
            let mut ranges = unit.die_ranges(entry).unwrap();
            let range = ranges.next().unwrap();
            let range = range.map(|range| range.begin..range.end);
            if entry.tag() == gimli::DW_TAG_subprogram
                && let Some(range) = range
                && let Some(body) = bodies.range(range.clone()).next()
            {
                let name = entry.attr_value(gimli::DW_AT_name);
                let name = name.map(|name| unit.attr_string(name).unwrap());
                found.push(Function {
                    range,
                    name: name.map_or_else(String::new, |it| it.to_string_lossy().into_owned()),
                    body: *body,
                });
            }
        }
    }
    found
}

/// A call that has not returned: its frame, and its variables that had a value, by their place in the module's DWARF, with
/// the stop where that was seen first.
struct Call {
    function: u64,
    cfa: u64,
    available: HashMap<*const Variable<'static>, usize>,
}

/// The kinds of entries that are counted.
#[derive(Default, Debug)]
struct Count {
    stops: BTreeMap<String, usize>,
    frames: usize,
    calls: usize,
    /// Of all calls.
    variables: usize,
    /// Variables at stops after the first at which they had a value.
    kept: usize,
    /// Frames before the first instruction of their function.
    before: usize,
    /// Variables of inlined calls that begin there, which lldb does not show yet.
    hidden: usize,
    /// Variables at stops before they had a value: in prologues, and where the module's DWARF says nothing.
    not_yet: usize,
    violations: Vec<String>,
}

/// The position of a frame.
struct At {
    depth: usize,
    /// The stop's.
    number: usize,
    pc: Option<[Pc; 2]>,
    /// True if it is after its function's prologue.
    has_body: bool,
}

/// Follows the calls of a program from stop to stop.
struct Judge<'p, 'a> {
    program: &'p Program,
    info: &'p Info<'a>,
    calls: Vec<Call>,
    count: Count,
}

impl<'a> Judge<'_, 'a> {
    fn stop(&mut self, stop: &Json, number: usize) {
        let frames = stop["frames"].as_array().unwrap();
        let how = stop["how"].as_str().unwrap().to_owned();
        *self.count.stops.entry(how).or_default() += 1;
        for (depth, frame) in frames.iter().rev().enumerate() {
            let address = frame["address"].as_u64().unwrap();
            let mut functions = self.program.functions.iter();
            let ours = functions.find(|it| it.range.contains(&address));
            let function = ours.map_or(0, |it| it.range.start);
            let cfa = frame["cfa"].as_u64().unwrap();
            // A function that its caller calls again at once looks like the same call: that asks for more, not less.
            let same = |it: &Call| (it.function, it.cfa) == (function, cfa);
            if !self.calls.get(depth).is_some_and(same) {
                self.calls.truncate(depth);
                self.calls.push(Call {
                    function,
                    cfa,
                    available: HashMap::new(),
                });
                self.count.calls += usize::from(ours.is_some());
            }
            if let Some(ours) = ours {
                let place = format!("stop {number}, {}+{:#x}", ours.name, address - function);
                let at = At {
                    depth,
                    number,
                    pc: ours.around(address, &self.program.pieces),
                    has_body: address >= ours.body,
                };
                self.frame(frame, &at, &place);
            }
        }
        self.calls.truncate(frames.len());
    }

    fn frame(&mut self, frame: &Json, at: &At, place: &str) {
        self.count.frames += 1;
        let (count, call) = (&mut self.count, &mut self.calls[at.depth]);
        let Some(pc) = at.pc else {
            count.before += 1;
            return;
        };
        let scope = |pc| {
            self.info
                .function_at(pc)
                .map(|it| it.scope.variables_at(pc))
        };
        let behind: HashSet<_> = scope(pc[1])
            .unwrap_or_default()
            .into_iter()
            .map(place_of)
            .collect();
        let mut shown: Vec<_> = frame["variables"].as_array().unwrap().iter().collect();
        let mut variables = scope(pc[0]).unwrap_or_default();
        // rustc describes some twice, once without a place.
        variables.sort_by_key(|variable| !is_described(variable, pc));
        for variable in variables {
            let is_it = |it: &Json| {
                it["name"] == variable.name[..] && it["line"].as_u64() == Some(variable.line)
            };
            let found = (0..shown.len()).filter(|i| is_it(shown[*i]));
            let found = found.min_by_key(|i| shown[*i]["why"].is_string());
            let found = found.map(|found| shown.remove(found));
            let why = match found {
                Some(found) => found["why"].as_str(),
                None if frame["hides"] == true => {
                    count.hidden += 1;
                    continue;
                }
                None => Some("is not there"),
            };
            let key = place_of(variable);
            let name = format!("{}:{}", variable.name, variable.line);
            match (why, call.available.get(&key)) {
                (None, Some(_)) => count.kept += 1,
                (None, None) => {
                    count.variables += 1;
                    call.available.insert(key, at.number);
                }
                (Some(why), Some(since)) if behind.contains(&key) => {
                    let said = format!("{place}: {name}, available since stop {since}: {why}");
                    count.violations.push(said);
                }
                (Some(why), _) if at.has_body && is_described(variable, pc) => {
                    count.violations.push(format!("{place}: {name}: {why}"));
                }
                (Some(_), _) => count.not_yet += 1,
            }
        }
    }
}

/// The place of a variable tells it from others of its name.
fn place_of(variable: &Variable<'_>) -> *const Variable<'static> {
    std::ptr::from_ref(variable).cast()
}

/// Returns true if the module's DWARF says where a variable is.
fn is_described(variable: &Variable<'_>, pc: [Pc; 2]) -> bool {
    match &variable.location {
        // An operand need not be there.
        Location::Nowhere | Location::FromOperand(..) => false,
        Location::Everywhere(_) | Location::Constant(_) => true,
        Location::Parts(parts) => {
            let covers = |pc: &Pc| parts.iter().any(|(range, _)| range.contains(pc));
            pc.iter().all(covers)
        }
    }
}

fn stays_available(debugger: &str, source: &str) {
    let program = Program::new(debugger, source);
    let module = Module::parse(&program.wasm).unwrap();
    let mut judge = Judge {
        info: &Info::read(&module).unwrap(),
        program: &program,
        calls: Vec::new(),
        count: Count::default(),
    };
    for (number, line) in program.debug(debugger).lines().enumerate() {
        let stop: Json = serde_json::from_str(line).unwrap();
        assert!(stop["error"].is_null(), "{stop}");
        judge.stop(&stop, number);
    }
    println!("{debugger} {source}: {:#?}", judge.count);
    let Count {
        kept, violations, ..
    } = &judge.count;
    assert!(violations.is_empty(), "{violations:#?}");
    assert!(*kept > 100, "only {kept} variables were looked at twice");
}

fn main() {
    let named = env::var("AVAILABLE_PROGRAMS");
    let programs: Vec<&str> = match &named {
        Ok(named) => named.split(' ').collect(),
        Err(_) => SAMPLE.to_vec(),
    };
    let mut tests = Vec::new();
    for debugger in ["gdb", "lldb"] {
        for source in &programs {
            let name = format!("{debugger}/{source}");
            let source = (*source).to_owned();
            tests.push(trials::test(name, move || {
                if !source.ends_with(".rs") || have_rust_for_wasi() {
                    stays_available(debugger, &source);
                }
            }));
        }
    }
    trials::run(&[&TOOLS[..], &["gdb", "lldb-19"]].concat(), tests);
}
