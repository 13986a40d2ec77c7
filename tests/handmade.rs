//! What no compiler at hand writes for wasm, in real debuggers: a module of a few instructions with debug info written with gimli.

mod support;

use dwalin_debuginfo::container::with_debug_info;
use dwalin_runtime::ModuleFile;
use gimli::constants as dw;
use gimli::write::{
    Address, AttributeValue as Value, Dwarf, EndianVec, Expression, LineProgram, LineString,
    Location, LocationList, Sections, Unit, UnitEntryId, UnitId,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian};
use std::process::{Command, Stdio};
use support::{Folder, equipped};

/// Each statement is a line, counted from 1 by function: 1 to 7 in `f`, 11 to 13 in `g`.
const MODULE: &str =
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
            "LocalSet",
            "GlobalSet",
            "I32Store",
            "I32Store",
            "LocalSet",
            "Call",
            "End",
        ],
    ),
    (1, &["GlobalSet", "I32Store", "End"]),
];

/// Bytes of the declarations of their locals: of one, and of none.
const DECLARATIONS: [u64; 2] = [3, 1];

const FIRST_LINES: [u64; 2] = [1, 11];

/// Where the statements of a function begin, and where it ends, as DWARF counts.
struct Statements(Vec<u64>);

impl Statements {
    fn of(file: &ModuleFile, function: usize) -> Statements {
        let (index, ends) = ENDS[function];
        let instructions = file.instructions(index);
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

    fn start(&self) -> u64 {
        self.0[0]
    }

    fn end(&self) -> u64 {
        *self.0.last().unwrap()
    }
}

/// One unit with two functions, `f` and `g`, their lines, and `int`.
struct Unwritten {
    dwarf: Dwarf,
    unit: UnitId,
    int: UnitEntryId,
    functions: [UnitEntryId; 2],
    /// Of both functions.
    statements: [Statements; 2],
    wasm: Vec<u8>,
}

impl Unwritten {
    fn new() -> Unwritten {
        let wasm = wat::parse_str(MODULE).unwrap();
        // Tests run at once, each in a thread that is called as it is.
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default();
        let folder = Folder::new(&format!("handmade-instructions-{test}"));
        folder.write("module.wasm", &wasm);
        let file = ModuleFile::open(folder.path("module.wasm")).unwrap();
        let statements = [0, 1].map(|function| Statements::of(&file, function));
        let encoding = Encoding {
            format: Format::Dwarf32,
            version: 5,
            address_size: 4,
        };
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

    fn unit(&mut self) -> &mut Unit {
        self.dwarf.units.get_mut(self.unit)
    }

    /// Adds an `int`.
    fn variable(&mut self, parent: UnitEntryId, name: &str, location: Value) -> UnitEntryId {
        let int = self.int;
        let unit = self.unit();
        let id = unit.add(parent, dw::DW_TAG_variable);
        let entry = unit.get_mut(id);
        entry.set(dw::DW_AT_name, text(name));
        entry.set(dw::DW_AT_type, Value::UnitRef(int));
        entry.set(dw::DW_AT_location, location);
        id
    }

    fn frame_base(&mut self, function: usize, value: Value) {
        let function = self.functions[function];
        self.unit()
            .get_mut(function)
            .set(dw::DW_AT_frame_base, value);
    }

    fn list(&mut self, entries: &[(std::ops::Range<u64>, &[u8])]) -> Value {
        let entries = entries.iter().map(|(range, bytes)| Location::StartEnd {
            begin: Address::Constant(range.start),
            end: Address::Constant(range.end),
            data: Expression::raw(bytes.to_vec()),
        });
        let list = LocationList(entries.collect());
        Value::LocationListRef(self.unit().locations.add(list))
    }

    /// Writes the module with it.
    fn finish(mut self, name: &str) -> Folder {
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

fn text(text: &str) -> Value {
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

fn raw(bytes: &[u8]) -> Value {
    Value::Exprloc(Expression::raw(bytes.to_vec()))
}

const WASM: u8 = dw::DW_OP_WASM_location.0;
const STACK_VALUE: u8 = dw::DW_OP_stack_value.0;

/// What gdb and lldb print for expressions at a line, with `up` before: gdb's values, lldb's.
fn values(folder: &Folder, line: u64, up: bool, names: &[&str]) -> [Vec<String>; 2] {
    let (dwalin, module) = (env!("CARGO_BIN_EXE_dwalin"), folder.text("module.wasm"));
    let program = [dwalin, "run", "-g", "--invoke", "f", &module, "21"];
    let up = up.then_some("up");
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set breakpoint pending on"]);
    gdb.args(["-ex", "set debuginfod enabled off"]);
    gdb.args(["-ex", &format!("break handmade.c:{line}"), "-ex", "run"]);
    gdb.args(up.iter().flat_map(|up| ["-ex", up]));
    for name in names {
        gdb.args(["-ex", &format!("print {name}")]);
    }
    let said = run(gdb.arg("--args").args(program));
    let gdb = said.lines().filter_map(|line| {
        let (number, value) = line.strip_prefix('$')?.split_once(" = ")?;
        number.parse::<u32>().ok().map(|_| value.to_owned())
    });
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
    let lldb_said = run(lldb.arg("--").args(program));
    let lldb = names.iter().map(|name| {
        let start = format!(" {name} = ");
        let found = lldb_said.lines().find_map(|line| line.split_once(&start));
        found.map_or_else(
            || format!("nothing: {lldb_said}"),
            |(_, value)| value.to_owned(),
        )
    });
    [gdb.collect(), lldb.collect()]
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn expect(folder: &Folder, line: u64, up: bool, expected: &[(&str, &str)]) {
    let names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    for seen in values(folder, line, up, &names) {
        let values: Vec<_> = expected.iter().map(|(_, value)| *value).collect();
        assert_eq!(seen, values, "line {line}");
    }
}

#[test]
fn entry_values_are_what_parameters_were() {
    if !equipped() {
        return;
    }
    let mut info = Unwritten::new();
    let f = info.functions[0];
    let entry = [dw::DW_OP_entry_value.0, 3, WASM, 0, 0];
    let now = raw(&[WASM, 0, 0, STACK_VALUE]);
    info.variable(f, "now", now);
    info.variable(f, "entry", raw(&[&entry[..], &[STACK_VALUE]].concat()));
    let more = [&entry[..], &[dw::DW_OP_plus_uconst.0, 2, STACK_VALUE]].concat();
    info.variable(f, "more", raw(&more));
    let folder = info.finish("handmade-entry");
    expect(
        &folder,
        5,
        false,
        &[("now", "21"), ("entry", "21"), ("more", "23")],
    );
    expect(
        &folder,
        6,
        false,
        &[("now", "0"), ("entry", "21"), ("more", "23")],
    );
    expect(
        &folder,
        12,
        true,
        &[("now", "0"), ("entry", "21"), ("more", "23")],
    );
}

#[test]
fn a_frame_base_in_a_global_is_the_function_s_own() {
    if !equipped() {
        return;
    }
    let mut info = Unwritten::new();
    let stack_pointer = [WASM, 3, 0, 0, 0, 0, STACK_VALUE];
    for function in [0, 1] {
        info.frame_base(function, raw(&stack_pointer));
        let function = info.functions[function];
        info.variable(function, "own", raw(&[dw::DW_OP_fbreg.0, 0]));
        let sum = [
            dw::DW_OP_fbreg.0,
            0,
            dw::DW_OP_deref.0,
            dw::DW_OP_lit1.0,
            dw::DW_OP_plus.0,
            STACK_VALUE,
        ];
        info.variable(function, "next", raw(&sum));
    }
    let folder = info.finish("handmade-global");
    expect(&folder, 5, false, &[("own", "4711"), ("next", "4712")]);
    expect(&folder, 13, false, &[("own", "99"), ("next", "100")]);
    expect(&folder, 13, true, &[("own", "4711"), ("next", "4712")]);
}

#[test]
fn frame_bases_may_be_lists() {
    if !equipped() {
        return;
    }
    let mut info = Unwritten::new();
    let (start, there, end) = {
        let f = &info.statements[0];
        (f.start(), f.0[4], f.end())
    };
    let elsewhere = [dw::DW_OP_const2u.0, 0, 1, STACK_VALUE];
    let base = info.list(&[
        (start..there, &elsewhere),
        (there..end, &[WASM, 0, 1, STACK_VALUE]),
    ]);
    info.frame_base(0, base);
    let f = info.functions[0];
    info.variable(f, "own", raw(&[dw::DW_OP_fbreg.0, 0]));
    let folder = info.finish("handmade-list");
    expect(&folder, 4, false, &[("own", "0")]);
    expect(&folder, 5, false, &[("own", "4711")]);
    expect(&folder, 12, true, &[("own", "4711")]);
}

#[test]
fn what_is_not_there_is_not_shown_as_zeros() {
    if !equipped() {
        return;
    }
    let mut info = Unwritten::new();
    let (f, int) = (info.functions[0], info.int);
    let unit = info.unit();
    let root = unit.root();
    let quad = unit.add(root, dw::DW_TAG_structure_type);
    let entry = unit.get_mut(quad);
    entry.set(dw::DW_AT_name, text("quad"));
    entry.set(dw::DW_AT_byte_size, Value::Data1(16));
    for (i, name) in ["a", "b", "c", "d"].iter().enumerate() {
        let member = unit.add(quad, dw::DW_TAG_member);
        let entry = unit.get_mut(member);
        entry.set(dw::DW_AT_name, text(name));
        entry.set(dw::DW_AT_type, Value::UnitRef(int));
        entry.set(dw::DW_AT_data_member_location, Value::Data1(4 * i as u8));
    }
    let (lit3, piece) = (dw::DW_OP_lit3.0, dw::DW_OP_piece.0);
    let locations: [(&str, &[u8]); 3] = [
        // LLVM's form of a variable that was set to zeros.
        ("zeros", &[dw::DW_OP_lit0.0, STACK_VALUE]),
        ("start", &[lit3, STACK_VALUE, piece, 4]),
        ("middle", &[piece, 4, lit3, STACK_VALUE, piece, 4, piece, 8]),
    ];
    for (name, location) in locations {
        let variable = info.variable(f, name, raw(location));
        let entry = info.unit().get_mut(variable);
        entry.set(dw::DW_AT_type, Value::UnitRef(quad));
    }
    let folder = info.finish("handmade-missing");
    let names = [
        "zeros.a", "zeros.d", "start.a", "start.d", "middle.a", "middle.b", "middle.d",
    ];
    let [gdb, lldb] = values(&folder, 5, false, &names);
    let no = "<optimized out>";
    assert_eq!(gdb, ["0", "0", "3", no, no, "3", no]);
    assert_eq!(lldb[..2], ["0", "0"]);
    for value in &lldb[2..] {
        assert!(value.starts_with(['<', 'n']), "{value}");
    }
}

/// A variable for each operation that compilers rarely use.
fn with_rare_operations() -> Unwritten {
    let mut info = Unwritten::new();
    let (f, int) = (info.functions[0], info.int);
    let mut typed = Expression::new();
    typed.op_constu(256);
    typed.op_deref_type(4, int);
    typed.op(dw::DW_OP_stack_value);
    info.variable(f, "typed", Value::Exprloc(typed));
    let mut implicit = Expression::new();
    implicit.op_implicit_value(Box::new(77i32.to_le_bytes()));
    info.variable(f, "implicit", Value::Exprloc(implicit));
    info.variable(f, "base", raw(&[dw::DW_OP_const2u.0, 0, 1, STACK_VALUE]));
    let place = info.variable(f, "place", raw(&[dw::DW_OP_addr.0, 0, 1, 0, 0]));
    let mut called = Expression::new();
    called.op_call(place);
    info.variable(f, "called", Value::Exprloc(called));
    let branches = [
        WASM,
        0,
        0,
        dw::DW_OP_bra.0,
        4,
        0,
        dw::DW_OP_lit10.0,
        dw::DW_OP_skip.0,
        1,
        0,
        dw::DW_OP_lit20.0,
        STACK_VALUE,
    ];
    info.variable(f, "chosen", raw(&branches));
    let root = info.unit().root();
    let tls = [
        dw::DW_OP_const4u.0,
        0,
        1,
        0,
        0,
        dw::DW_OP_form_tls_address.0,
    ];
    info.variable(root, "thread", raw(&tls));
    info
}

#[test]
fn operations_that_are_rare_are_understood() {
    if !equipped() {
        return;
    }
    let folder = with_rare_operations().finish("handmade-rare");
    let expected = [
        ("typed", "-2"),
        ("implicit", "77"),
        ("base", "256"),
        ("place", "-2"),
        ("called", "-2"),
        ("thread", "-2"),
    ];
    expect(
        &folder,
        5,
        false,
        &[&expected[..], &[("chosen", "20")]].concat(),
    );
    expect(
        &folder,
        6,
        false,
        &[&expected[..], &[("chosen", "10")]].concat(),
    );
}
