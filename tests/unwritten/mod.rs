//! A module of a few instructions, with debug info that is written with gimli: what no compiler at hand writes.

#![allow(dead_code, reason = "each test uses a part of it")]

use crate::support::Folder;
use dwalin_debuginfo::container::with_debug_info;
use dwalin_runtime::ModuleFile;
use gimli::constants as dw;
use gimli::write::{
    Address, AttributeValue as Value, Dwarf, EndianVec, Expression, LineProgram, LineString,
    Location, LocationList, Sections, Unit, UnitEntryId, UnitId,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian};
use std::process::{Command, Stdio};

/// Each statement is a line, counted from 1 by function: 1 to 7 in `f`, 11 to 13 in `g`.
pub const MODULE: &str =
    "(module (memory (export \"memory\") 1) (global $sp (mut i32) (i32.const 1024))
  (func $f (export \"f\") (param i32) (result i32) (local i32)
    (local.set 1 (i32.sub (global.get $sp) (i32.const 16)))
    (global.set $sp (local.get 1))
    (i32.store (local.get 1) (i32.const 4711))
    (i32.store (i32.const 256) (i32.const -2))
    (local.set 0 (i32.const 0))
    (call $g (i32.const 5))
    (i32.add (i32.load (local.get 1)) (local.get 0)))
  (func $g (param i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 32)))
    (i32.store (global.get $sp) (i32.const 99))
    (global.set $sp (i32.add (global.get $sp) (i32.const 32)))))";

/// By function: the instructions that each of its statements ends with.
const ENDS: [(u32, &[&str]); 2] = [
    (
        0,
        &[
            "local.set",
            "global.set",
            "i32.store",
            "i32.store",
            "local.set",
            "call",
            "end",
        ],
    ),
    (1, &["global.set", "i32.store", "end"]),
];

/// Bytes of the declarations of their locals: of one, and of none.
const DECLARATIONS: [u64; 2] = [3, 1];

const FIRST_LINES: [u64; 2] = [1, 11];

pub const DWARF_5: Encoding = Encoding {
    format: Format::Dwarf32,
    version: 5,
    address_size: 4,
};

/// The addresses of the statements of a function, and its end, as DWARF counts.
pub struct Statements(pub Vec<u64>);

impl Statements {
    pub fn of(file: &ModuleFile, function: usize) -> Statements {
        let (index, ends) = ENDS[function];
        let instructions = file.instructions(index..index + 1);
        let instructions: Vec<_> = instructions.iter().collect();
        let pc = |offset: usize| {
            let at = file.at_file_offset(offset).expect("an instruction's place");
            u64::from(at.code_offset)
        };
        // Functions begin with their locals' declaration.
        let mut starts = vec![pc(instructions[0].0) - DECLARATIONS[function]];
        let mut ends = ends.iter();
        let mut end = ends.next();
        for (i, (_, text)) in instructions.iter().enumerate() {
            if end.is_some_and(|end| text.starts_with(end)) {
                end = ends.next();
                let next = instructions.get(i + 1).map(|(offset, _)| pc(*offset));
                starts.push(next.unwrap_or_else(|| pc(instructions[i].0) + 1));
            }
        }
        Statements(starts)
    }

    pub fn start(&self) -> u64 {
        self.0[0]
    }

    pub fn end(&self) -> u64 {
        *self.0.last().unwrap()
    }
}

/// One unit with two functions, `f` and `g`, their lines, and `int`.
pub struct Unwritten {
    pub dwarf: Dwarf,
    pub unit: UnitId,
    pub int: UnitEntryId,
    pub functions: [UnitEntryId; 2],
    /// Of both functions.
    pub statements: [Statements; 2],
    pub wasm: Vec<u8>,
}

impl Unwritten {
    pub fn new() -> Unwritten {
        Unwritten::of(MODULE, DWARF_5)
    }

    pub fn of(module: &str, encoding: Encoding) -> Unwritten {
        let wasm = wat::parse_str(module).unwrap();
        // Tests run at once, each in a thread that is called as it is.
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default();
        let folder = Folder::new(&format!("handmade-instructions-{test}"));
        folder.write("module.wasm", &wasm);
        let file = ModuleFile::open(folder.path("module.wasm")).unwrap();
        let statements = [0, 1].map(|function| Statements::of(&file, function));
        let mut dwarf = Dwarf::new();
        let id = dwarf
            .units
            .add(Unit::new(encoding, lines(encoding, &statements)));
        let unit = dwarf.units.get_mut(id);
        let root = unit.root();
        let entry = unit.get_mut(root);
        entry.set(dw::DW_AT_name, text("handmade.c"));
        entry.set(dw::DW_AT_comp_dir, text("/handmade"));
        entry.set(dw::DW_AT_stmt_list, Value::LineProgramRef);
        entry.set(dw::DW_AT_language, Value::Language(dw::DW_LANG_C11));
        let int = unit.add(root, dw::DW_TAG_base_type);
        let entry = unit.get_mut(int);
        entry.set(dw::DW_AT_name, text("int"));
        entry.set(dw::DW_AT_byte_size, Value::Data1(4));
        entry.set(dw::DW_AT_encoding, Value::Encoding(dw::DW_ATE_signed));
        let functions = [0, 1].map(|i| {
            let function = unit.add(root, dw::DW_TAG_subprogram);
            let range = &statements[i];
            let entry = unit.get_mut(function);
            entry.set(dw::DW_AT_name, text(["f", "g"][i]));
            entry.set(
                dw::DW_AT_low_pc,
                Value::Address(Address::Constant(range.start())),
            );
            entry.set(dw::DW_AT_high_pc, Value::Udata(range.end() - range.start()));
            function
        });
        Unwritten {
            dwarf,
            unit: id,
            int,
            functions,
            statements,
            wasm,
        }
    }

    pub fn unit(&mut self) -> &mut Unit {
        self.dwarf.units.get_mut(self.unit)
    }

    /// Adds an `int`.
    pub fn variable(&mut self, parent: UnitEntryId, name: &str, location: Value) -> UnitEntryId {
        let int = self.int;
        let unit = self.unit();
        let id = unit.add(parent, dw::DW_TAG_variable);
        let entry = unit.get_mut(id);
        entry.set(dw::DW_AT_name, text(name));
        entry.set(dw::DW_AT_type, Value::UnitRef(int));
        entry.set(dw::DW_AT_location, location);
        id
    }

    pub fn frame_base(&mut self, function: usize, value: Value) {
        let function = self.functions[function];
        self.unit()
            .get_mut(function)
            .set(dw::DW_AT_frame_base, value);
    }

    pub fn list(&mut self, entries: &[(std::ops::Range<u64>, &[u8])]) -> Value {
        let entries = entries.iter();
        let entries =
            entries.map(|(range, bytes)| (range.clone(), Expression::raw(bytes.to_vec())));
        self.expressions(&entries.collect::<Vec<_>>())
    }

    pub fn expressions(&mut self, entries: &[(std::ops::Range<u64>, Expression)]) -> Value {
        let entries = entries
            .iter()
            .map(|(range, expression)| Location::StartEnd {
                begin: Address::Constant(range.start),
                end: Address::Constant(range.end),
                data: expression.clone(),
            });
        let list = LocationList(entries.collect());
        Value::LocationListRef(self.unit().locations.add(list))
    }

    /// Writes the module with it.
    pub fn finish(mut self, name: &str) -> Folder {
        let mut sections = Sections::new(EndianVec::new(LittleEndian));
        self.dwarf.write(&mut sections).unwrap();
        let mut written = Vec::new();
        let collect = |id: gimli::SectionId, data: &EndianVec<LittleEndian>| {
            written.push((id.name(), data.slice().to_vec()));
            Ok::<_, gimli::write::Error>(())
        };
        sections.for_each(collect).unwrap();
        written.retain(|(_, bytes)| !bytes.is_empty());
        let sections = written.iter().map(|(name, bytes)| (*name, &bytes[..]));
        let wasm = with_debug_info(&self.wasm, sections).unwrap();
        let folder = Folder::new(name);
        folder.write("module.wasm", wasm);
        folder
    }
}

pub fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn lines(encoding: Encoding, statements: &[Statements; 2]) -> LineProgram {
    let string = |text: &str| LineString::String(text.into());
    let mut program = LineProgram::new(
        encoding,
        LineEncoding::default(),
        string("/handmade"),
        None,
        string("handmade.c"),
        None,
    );
    let file = program.default_directory();
    let file = program.add_file(string("handmade.c"), file, None);
    for (statements, first) in statements.iter().zip(FIRST_LINES) {
        program.begin_sequence(Some(Address::Constant(statements.start())));
        let starts = &statements.0[..statements.0.len() - 1];
        for (line, start) in (first..).zip(starts) {
            let row = program.row();
            row.address_offset = start - statements.start();
            row.file = file;
            row.line = line;
            program.generate_row();
        }
        program.end_sequence(statements.end() - statements.start());
    }
    program
}

pub fn raw(bytes: &[u8]) -> Value {
    Value::Exprloc(Expression::raw(bytes.to_vec()))
}

pub const WASM: u8 = dw::DW_OP_WASM_location.0;
pub const STACK_VALUE: u8 = dw::DW_OP_stack_value.0;

/// The values that gdb and lldb print for expressions at a line, with `up` before: gdb's values, lldb's.
pub fn values(folder: &Folder, line: u64, up: bool, names: &[&str]) -> [Vec<String>; 2] {
    [
        in_gdb(folder, &[], line, up, names),
        in_lldb(folder, line, up, names),
    ]
}

/// The command that runs the module, with more flags.
fn program(folder: &Folder, flags: &[&str]) -> Vec<String> {
    let module = folder.text("module.wasm");
    let before = [env!("CARGO_BIN_EXE_dwalin"), "run", "-g"];
    let behind = ["--invoke", "f", &module, "21"];
    let all = [&before[..], flags, &behind].concat();
    all.into_iter().map(str::to_owned).collect()
}

pub fn in_gdb(folder: &Folder, flags: &[&str], line: u64, up: bool, names: &[&str]) -> Vec<String> {
    let up = up.then_some("up");
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set breakpoint pending on"]);
    gdb.args(["-ex", "set debuginfod enabled off"]);
    gdb.args(["-ex", &format!("break handmade.c:{line}"), "-ex", "run"]);
    gdb.args(up.iter().flat_map(|up| ["-ex", up]));
    for name in names {
        gdb.args(["-ex", &format!("print {name}")]);
    }
    let said = run(gdb.arg("--args").args(program(folder, flags)));
    let values = said.lines().filter_map(|line| {
        let (number, value) = line.strip_prefix('$')?.split_once(" = ")?;
        number.parse::<u32>().ok().map(|_| value.to_owned())
    });
    values.collect()
}

fn in_lldb(folder: &Folder, line: u64, up: bool, names: &[&str]) -> Vec<String> {
    let up = up.then_some("up");
    let mut lldb = Command::new("lldb-19");
    lldb.args([
        "-x",
        "-b",
        "-o",
        &format!("breakpoint set -f handmade.c -l {line}"),
    ]);
    lldb.args(["-o", "run"])
        .args(up.iter().flat_map(|up| ["-o", up]));
    for name in names {
        lldb.args(["-o", &format!("frame variable {name}")]);
    }
    let lldb_said = run(lldb.arg("--").args(program(folder, &[])));
    let values = names.iter().map(|name| {
        let start = format!(" {name} = ");
        let found = lldb_said.lines().find_map(|line| line.split_once(&start));
        found.map_or_else(
            || format!("nothing: {lldb_said}"),
            |(_, value)| value.to_owned(),
        )
    });
    values.collect()
}

pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

pub fn expect(folder: &Folder, line: u64, up: bool, expected: &[(&str, &str)]) {
    let names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    for seen in values(folder, line, up, &names) {
        let values: Vec<_> = expected.iter().map(|(_, value)| *value).collect();
        assert_eq!(seen, values, "line {line}");
    }
}
