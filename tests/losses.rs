//! What a transform of debug info can lose without a word, each with a program or a unit that has it. Units that no compiler at
//! hand makes are written with gimli, for a module of a few instructions.

mod support;

use dwalin_debuginfo::container::{Container, with_debug_info};
use gimli::constants as dw;
use gimli::write::{
    Address, AttributeValue as Value, DebugInfoRef, Dwarf, EndianVec, Expression, Location,
    LocationList, Range, RangeList, Sections, Unit, UnitEntryId,
};
use gimli::{Encoding, Format, LittleEndian};
use support::{Folder, Image, equipped};

const MODULE: &str = "(module (memory 1)
  (func $f (export \"f\") (param i32) (result i32) local.get 0 i32.const 1 i32.add local.get 0 i32.add)
  (func $g (export \"g\") (param i32) (result i32) local.get 0 call $f call $f))";

/// The module, and where the bodies of its two functions are.
fn module() -> (Vec<u8>, [std::ops::Range<u64>; 2]) {
    let wasm = wat::parse_str(MODULE).unwrap();
    let code = Container::parse(&wasm).unwrap().code.unwrap().to_vec();
    // The number of bodies, then each after its size: all below 128, and so of a byte.
    let (first, second) = (
        u64::from(code[1]),
        u64::from(code[2 + usize::from(code[1])]),
    );
    let (f, g) = (2..2 + first, 3 + first..3 + first + second);
    (wasm, [f, g])
}

const ENCODING: Encoding = Encoding {
    format: Format::Dwarf32,
    version: 5,
    address_size: 4,
};

fn string(text: &str) -> Value {
    Value::String(text.into())
}

fn address(address: u64) -> Value {
    Value::Address(Address::Constant(address))
}

/// The location of a variable that is local 0.
fn local() -> Expression {
    Expression::raw(vec![
        dw::DW_OP_WASM_location.0,
        0,
        0,
        dw::DW_OP_stack_value.0,
    ])
}

fn add(unit: &mut Unit, parent: UnitEntryId, tag: gimli::DwTag, name: &str) -> UnitEntryId {
    let id = unit.add(parent, tag);
    unit.get_mut(id).set(dw::DW_AT_name, string(name));
    id
}

fn add_int(unit: &mut Unit) -> UnitEntryId {
    let int = add(unit, unit.root(), dw::DW_TAG_base_type, "int");
    let entry = unit.get_mut(int);
    entry.set(dw::DW_AT_byte_size, Value::Data1(4));
    entry.set(dw::DW_AT_encoding, Value::Encoding(dw::DW_ATE_signed));
    int
}

/// A function and its parameter, which is local 0.
fn add_function(unit: &mut Unit, name: &str, ty: UnitEntryId) -> [UnitEntryId; 2] {
    let function = add(unit, unit.root(), dw::DW_TAG_subprogram, name);
    let parameter = add(unit, function, dw::DW_TAG_formal_parameter, "parameter");
    let entry = unit.get_mut(parameter);
    entry.set(dw::DW_AT_type, Value::UnitRef(ty));
    entry.set(dw::DW_AT_location, Value::Exprloc(local()));
    [function, parameter]
}

/// A unit in C.
fn add_unit(dwarf: &mut Dwarf, encoding: Encoding, name: &str) -> gimli::write::UnitId {
    let id = dwarf
        .units
        .add(Unit::new(encoding, gimli::write::LineProgram::none()));
    let unit = dwarf.units.get_mut(id);
    let root = unit.get_mut(unit.root());
    root.set(dw::DW_AT_name, string(name));
    root.set(dw::DW_AT_language, Value::Language(dw::DW_LANG_C11));
    id
}

/// The image for the module with debug info.
fn image(name: &str, dwarf: &mut Dwarf, flags: &[&str]) -> Image {
    image_of(name, sections(dwarf), flags)
}

type NamedSections = Vec<(&'static str, Vec<u8>)>;

fn sections(dwarf: &mut Dwarf) -> NamedSections {
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).unwrap();
    let mut written = Vec::new();
    sections
        .for_each(|id, data| {
            written.push((id.name(), data.slice().to_vec()));
            Ok::<_, gimli::write::Error>(())
        })
        .unwrap();
    written.retain(|(_, bytes)| !bytes.is_empty());
    written
}

fn image_of(name: &str, sections: NamedSections, flags: &[&str]) -> Image {
    let written = sections.iter();
    let wasm = with_debug_info(
        &module().0,
        written.map(|(name, bytes)| (*name, &bytes[..])),
    );
    let folder = Folder::new(name);
    folder.write("module.wasm", wasm.unwrap());
    folder.image("module.wasm", flags)
}

/// The image for a program.
fn program(name: &str, source: &str, flags: &[&str]) -> Image {
    let folder = Folder::new(name);
    folder.write("app.c", source);
    folder.compile("app.c", flags);
    folder.image("app.wasm", &[])
}

#[test]
fn all_versions_and_formats_are_read_and_the_newest_is_written() {
    if !equipped() {
        return;
    }
    let [f, _] = module().1;
    for version in 2..=5 {
        for format in [Format::Dwarf32, Format::Dwarf64] {
            if version == 2 && format == Format::Dwarf64 {
                // It came with DWARF 3 (section 7.4).
                continue;
            }
            let encoding = Encoding {
                format,
                version,
                ..ENCODING
            };
            let mut dwarf = Dwarf::new();
            let unit = add_unit(&mut dwarf, encoding, "a.c");
            let unit = dwarf.units.get_mut(unit);
            let int = add_int(unit);
            let [function, _] = add_function(unit, "f", int);
            let entry = unit.get_mut(function);
            entry.set(dw::DW_AT_low_pc, address(f.start));
            // An address, as versions before 4 have it and later ones may.
            entry.set(dw::DW_AT_high_pc, address(f.end));
            let image = image("versions", &mut dwarf, &[]);
            assert!(image.contains("version = 0x0005") && image.contains("DWARF32"));
            assert!(
                image.entry("subprogram", "f").contains("DW_AT_high_pc"),
                "{}",
                image.dump
            );
            let parameter = image.entry("formal_parameter", "parameter");
            assert!(parameter.contains("DW_OP_call_frame_cfa"), "{parameter}");
            assert!(image.entry("compile_unit", "a.c").contains("DW_AT_low_pc"));
        }
    }
}

#[test]
fn types_of_other_and_of_partial_units_are_found() {
    if !equipped() {
        return;
    }
    let [f, _] = module().1;
    let mut dwarf = Dwarf::new();
    let partial = add_unit(&mut dwarf, ENCODING, "shared.h");
    let unit = dwarf.units.get_mut(partial);
    let int = add_int(unit);
    let length = add(unit, unit.root(), dw::DW_TAG_typedef, "length_t");
    unit.get_mut(length)
        .set(dw::DW_AT_type, Value::UnitRef(int));
    let partial_root = unit.root();
    unit.get_mut(partial_root)
        .set(dw::DW_AT_comp_dir, string("/"));
    let user = add_unit(&mut dwarf, ENCODING, "a.c");
    let unit = dwarf.units.get_mut(user);
    let reference = |entry| Value::DebugInfoRef(DebugInfoRef::Entry(partial, entry));
    let import = unit.add(unit.root(), dw::DW_TAG_imported_unit);
    unit.get_mut(import)
        .set(dw::DW_AT_import, reference(partial_root));
    let function = add(unit, unit.root(), dw::DW_TAG_subprogram, "f");
    let parameter = add(unit, function, dw::DW_TAG_formal_parameter, "parameter");
    let entry = unit.get_mut(function);
    entry.set(dw::DW_AT_low_pc, address(f.start));
    entry.set(dw::DW_AT_high_pc, Value::Udata(f.end - f.start));
    let entry = unit.get_mut(parameter);
    entry.set(dw::DW_AT_type, reference(length));
    entry.set(dw::DW_AT_location, Value::Exprloc(local()));
    let mut sections = sections(&mut dwarf);
    for (name, bytes) in &mut sections {
        match *name {
            // The first unit's kind (DWARF 5, section 7.5.1), and the tag of the first abbreviation, which only that unit uses.
            ".debug_info" => bytes[6] = dw::DW_UT_partial.0,
            ".debug_abbrev" => bytes[1] = dw::DW_TAG_partial_unit.0 as u8,
            _ => {}
        }
    }
    let image = image_of("partial", sections, &[]);
    let parameter = image.entry("formal_parameter", "parameter");
    assert!(parameter.contains("\"length_t\""), "{parameter}");
    // It is a unit like others in the image, so that debuggers find what is in it without an import.
    assert_eq!(image.count("compile_unit"), 2, "{}", image.dump);
    assert!(image.entry("typedef", "length_t").contains("\"int\""));
}

#[test]
fn functions_and_units_in_several_ranges_have_them_all() {
    if !equipped() {
        return;
    }
    let [f, g] = module().1;
    for version in [4, 5] {
        let encoding = Encoding {
            version,
            ..ENCODING
        };
        let mut dwarf = Dwarf::new();
        let unit = add_unit(&mut dwarf, encoding, "a.c");
        let unit = dwarf.units.get_mut(unit);
        let int = add_int(unit);
        let [function, parameter] = add_function(unit, "f", int);
        let of = |range: &std::ops::Range<u64>| Range::StartEnd {
            begin: Address::Constant(range.start),
            end: Address::Constant(range.end),
        };
        // The middle of each function, so that both are pieces.
        let pieces = [f.start..f.end - 3, g.start..g.end - 3];
        let list = RangeList(pieces.iter().map(of).collect());
        let list = unit.ranges.add(list);
        unit.get_mut(function)
            .set(dw::DW_AT_ranges, Value::RangeListRef(list));
        let location = |range: &std::ops::Range<u64>| Location::StartEnd {
            begin: Address::Constant(range.start),
            end: Address::Constant(range.end),
            data: local(),
        };
        let list = LocationList(vec![location(&f), location(&g)]);
        let list = unit.locations.add(list);
        unit.get_mut(parameter)
            .set(dw::DW_AT_location, Value::LocationListRef(list));
        let image = image("ranges", &mut dwarf, &[]);
        let lines = |entry: &str| entry.lines().filter(|line| line.contains("[0x")).count();
        // The second function calls, and has the trap for a full stack after its end.
        assert_eq!(lines(image.entry("subprogram", "f")), 3, "{}", image.dump);
        // Between that and the piece before there is less than functions are aligned to.
        assert_eq!(
            lines(image.entry("compile_unit", "a.c")),
            2,
            "{}",
            image.dump
        );
    }
}

#[test]
fn what_cannot_be_read_is_said_and_costs_nothing_else() {
    if !equipped() {
        return;
    }
    let [f, g] = module().1;
    let mut dwarf = Dwarf::new();
    let unit = add_unit(&mut dwarf, ENCODING, "a.c");
    let unit = dwarf.units.get_mut(unit);
    let int = add_int(unit);
    for (name, range) in [("f", &f), ("g", &g)] {
        let [function, parameter] = add_function(unit, name, int);
        let entry = unit.get_mut(function);
        entry.set(dw::DW_AT_low_pc, address(range.start));
        entry.set(dw::DW_AT_high_pc, Value::Udata(range.end - range.start));
        if name == "f" {
            // No operation has this number.
            let bad = Expression::raw(vec![0xdf]);
            unit.get_mut(parameter)
                .set(dw::DW_AT_location, Value::Exprloc(bad));
        }
    }
    let image = image("unreadable", &mut dwarf, &[]);
    assert!(
        image
            .warnings
            .contains("DW_AT_location of DW_TAG_formal_parameter cannot be shown"),
        "{}",
        image.warnings
    );
    let parameters = image.dump.matches("DW_AT_name\t(\"parameter\")").count();
    assert_eq!(parameters, 2, "{}", image.dump);
    assert_eq!(
        image.dump.matches("DW_AT_location").count(),
        1,
        "{}",
        image.dump
    );
}

#[test]
fn types_that_go_in_circles_end() {
    if !equipped() {
        return;
    }
    let [f, _] = module().1;
    for debugger in ["gdb", "lldb"] {
        let mut dwarf = Dwarf::new();
        let unit = add_unit(&mut dwarf, ENCODING, "a.c");
        let unit = dwarf.units.get_mut(unit);
        let pointer = unit.add(unit.root(), dw::DW_TAG_pointer_type);
        let circle = add(unit, unit.root(), dw::DW_TAG_typedef, "circle");
        unit.get_mut(pointer)
            .set(dw::DW_AT_type, Value::UnitRef(circle));
        unit.get_mut(circle)
            .set(dw::DW_AT_type, Value::UnitRef(circle));
        let [function, _] = add_function(unit, "f", pointer);
        let entry = unit.get_mut(function);
        entry.set(dw::DW_AT_low_pc, address(f.start));
        entry.set(dw::DW_AT_high_pc, Value::Udata(f.end - f.start));
        let image = image("circles", &mut dwarf, &["--debugger", debugger]);
        assert!(image.entry("subprogram", "f").contains("DW_AT_low_pc"));
    }
}

#[test]
fn code_behind_the_last_function_belongs_to_none() {
    if !equipped() {
        return;
    }
    let [_, g] = module().1;
    let mut dwarf = Dwarf::new();
    let unit = add_unit(&mut dwarf, ENCODING, "a.c");
    let unit = dwarf.units.get_mut(unit);
    let int = add_int(unit);
    for start in [
        g.end,
        g.end + 1000,
        0,
        u64::from(u32::MAX),
        u64::from(u32::MAX - 1),
    ] {
        let [function, _] = add_function(unit, &format!("at{start}"), int);
        let entry = unit.get_mut(function);
        entry.set(dw::DW_AT_low_pc, address(start));
        entry.set(dw::DW_AT_high_pc, Value::Udata(4));
    }
    let image = image("behind", &mut dwarf, &[]);
    // Instead they are described by the module's text.
    assert_eq!(image.count("subprogram"), 2, "{}", image.dump);
    assert!(!image.contains("(\"at"), "{}", image.dump);
}

#[test]
fn globals_and_statics_of_functions_have_addresses() {
    if !equipped() {
        return;
    }
    for version in ["-gdwarf-4", "-gdwarf-5"] {
        let source = "int shown = 1; static int hidden = 2; __thread int own = 3;\n\
                      int main(void) { static int inner = 4; return shown + hidden + inner++ + own; }\n";
        let image = program("globals", source, &["-g", version]);
        for name in ["shown", "hidden", "inner", "own"] {
            let variable = image.entry("variable", name);
            assert!(variable.contains("DW_OP_addr 0x2"), "{variable}");
        }
    }
}

/// Optimised: structures in pieces, values of other types, inlined functions in several ranges.
const OPTIMISED: &str = "\
struct pair { int a; int b; };
volatile int sink;
__attribute__((noinline)) int source(int n) { return n * 3 + sink; }
static inline __attribute__((always_inline)) int use(struct pair p, signed char c) {
  int kept = p.a + c;
  if (__builtin_expect(p.b > 7, 0)) { kept += source(kept); sink = kept; }
  return kept;
}
int main(int argc, char **argv) {
  int s = 0;
  for (int i = 0; i < argc + 3; i++) {
    struct pair p = {source(i), i + 1};
    signed char c = (signed char)source(i + 1);
    sink = p.a;
    s += use(p, c);
    sink = c;
  }
  return s & 1;
}
";

#[test]
fn structures_in_pieces_and_values_of_other_types_are_valid() {
    if !equipped() {
        return;
    }
    for version in ["-gdwarf-4", "-gdwarf-5"] {
        let image = program("pieces", OPTIMISED, &["-g", "-O2", version]);
        assert!(image.contains("DW_OP_piece"), "{}", image.dump);
        assert!(!image.contains("cannot resolve"), "{}", image.dump);
        // gdb would refuse to compute with constants and values of base types.
        assert!(!image.contains("DW_OP_convert"), "{}", image.dump);
    }
}

#[test]
fn inlined_functions_in_several_ranges_keep_them() {
    if !equipped() {
        return;
    }
    for version in ["-gdwarf-4", "-gdwarf-5"] {
        let image = program("inlined", OPTIMISED, &["-g", "-O2", version]);
        let inlined = image
            .dump
            .split("\n\n")
            .find(|entry| entry.contains("DW_TAG_inlined_subroutine") && entry.contains("\"use\""))
            .expect(&image.dump);
        assert!(
            inlined.contains("DW_AT_ranges") || inlined.contains("DW_AT_high_pc"),
            "{inlined}"
        );
        assert!(
            image
                .entry("compile_unit", "app.c")
                .contains("DW_AT_comp_dir\t(\"/")
        );
    }
}

#[test]
fn units_that_were_linked_into_each_other_keep_their_locations() {
    if !equipped() {
        return;
    }
    for version in ["-gdwarf-4", "-gdwarf-5"] {
        let folder = Folder::new("lto");
        folder.write(
            "pair.h",
            "struct pair { int a; int b; };\nint weigh(struct pair *);\nextern volatile int sink;\n",
        );
        folder.write(
            "weigh.c",
            "#include \"pair.h\"\nint weigh(struct pair *p) { int w = p->a * 3; sink = w; return w + p->b; }\n",
        );
        folder.write(
            "app.c",
            "#include \"pair.h\"\nvolatile int sink;\nint main(int argc, char **argv) { struct pair p = {argc, argc + 1};\n\
             int s = 0; for (int i = 0; i < argc; i++) { p.a += sink; s += weigh(&p); } return s & 1; }\n",
        );
        let clang = [
            "clang-19",
            "--target=wasm32-wasi",
            "-g",
            "-O2",
            "-flto",
            version,
        ];
        folder.tool(&[&clang[..], &["-c", "app.c", "weigh.c"]].concat());
        // With -O, clang would run wasm-opt where it is installed, which changes the code and not the locations.
        let link = ["clang-19", "--target=wasm32-wasi", "-flto"];
        folder.tool(&[&link[..], &["app.o", "weigh.o", "-o", "app.wasm"]].concat());
        let image = folder.image("app.wasm", &[]);
        let inlined = image.dump.split("\n\n").find(|entry| {
            entry.contains("DW_TAG_inlined_subroutine") && entry.contains("\"weigh\"")
        });
        assert!(inlined.is_some(), "{}", image.dump);
        assert!(image.names().contains("structure_type \"pair\""));
        // Its own variable has a place where it was inlined.
        let variable = image.dump.split("\n\n").any(|entry| {
            entry.contains("abstract_origin")
                && entry.contains("\"w\"")
                && entry.contains("DW_AT_location")
        });
        assert!(variable, "{}", image.dump);
    }
}

#[test]
fn the_line_of_a_function_is_that_of_its_first_row() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("lines");
    folder.write(
        "app.c",
        "int\nmain(void)\n{\n  int a = 1;\n  return a - 1;\n}\n",
    );
    folder.compile("app.c", &["-g"]);
    folder.image("app.wasm", &[]);
    let table = folder.tool(&["llvm-dwarfdump-19", "--debug-line", "image.elf"]);
    let unit = table
        .split("debug_line[")
        .find(|unit| unit.contains("\"app.c\""))
        .unwrap();
    let first = unit.lines().find(|line| line.ends_with("is_stmt")).unwrap();
    assert_eq!(first.split_whitespace().nth(1), Some("3"), "{unit}");
}

/// Before DWARF 4 the name for linkers had no attribute of the standard's.
#[test]
fn names_for_linkers_are_kept_of_old_versions() {
    if !equipped() {
        return;
    }
    for version in ["-gdwarf-2", "-gdwarf-3", "-gdwarf-5"] {
        let folder = Folder::new(&format!("linkage{version}"));
        let source = "namespace n { int twice(int k) { return 2 * k; } }
            int main() { return n::twice(0); }";
        folder.write("app.cpp", source);
        let module = folder.compile("app.cpp", &["-O0", version]);
        for debugger in ["gdb", "lldb"] {
            let image = folder.image(&module, &["--debugger", debugger]);
            let name = "DW_AT_linkage_name\t(\"_ZN1n5twiceEi\")";
            assert!(image.contains(name), "{version}: {}", image.dump);
        }
    }
}

fn block_of(unit: &mut Unit, function: UnitEntryId, range: std::ops::Range<u64>) -> UnitEntryId {
    let block = unit.add(function, dw::DW_TAG_lexical_block);
    let entry = unit.get_mut(block);
    entry.set(dw::DW_AT_low_pc, address(range.start));
    entry.set(dw::DW_AT_high_pc, Value::Udata(range.end - range.start));
    block
}

fn variable_of(
    unit: &mut Unit,
    block: UnitEntryId,
    name: &str,
    ty: UnitEntryId,
    location: Expression,
) {
    let variable = add(unit, block, dw::DW_TAG_variable, name);
    let entry = unit.get_mut(variable);
    entry.set(dw::DW_AT_type, Value::UnitRef(ty));
    entry.set(dw::DW_AT_location, Value::Exprloc(location));
}

#[test]
fn blocks_without_code_or_outside_of_their_function_hide_nothing() {
    if !equipped() {
        return;
    }
    let [f, g] = module().1;
    let mut dwarf = Dwarf::new();
    let unit = add_unit(&mut dwarf, ENCODING, "a.c");
    let unit = dwarf.units.get_mut(unit);
    let int = add_int(unit);
    let [function, _] = add_function(unit, "f", int);
    let entry = unit.get_mut(function);
    entry.set(dw::DW_AT_low_pc, address(f.start));
    entry.set(dw::DW_AT_high_pc, Value::Udata(f.end - f.start));
    // As binaryen writes those whose code is gone; of another function; and one of which a part is there.
    let blocks = [
        ("gone", 0..1),
        ("other", g.start..g.end),
        ("part", f.end - 3..g.end),
    ];
    for (name, range) in blocks {
        let block = block_of(unit, function, range);
        variable_of(unit, block, name, int, local());
    }
    // What has an address stays, and nothing else that is in the block with it.
    let block = block_of(unit, function, 0..1);
    let at_1024 = Expression::raw(vec![dw::DW_OP_addr.0, 0, 4, 0, 0]);
    variable_of(unit, block, "kept", int, at_1024);
    variable_of(unit, block, "with_it", int, local());
    // Which is valid, or this fails.
    let image = image("hollow", &mut dwarf, &[]);
    let names = image.names();
    for (name, is_there) in [
        ("gone", false),
        ("other", false),
        ("part", true),
        ("kept", true),
        ("with_it", false),
    ] {
        let found = names.contains(&format!("variable \"{name}\""));
        assert_eq!(found, is_there, "{name} in {names:?}");
    }
    let is_limited =
        |entry: &str| entry.contains("DW_TAG_lexical_block") && entry.contains("DW_AT_high_pc");
    assert!(image.dump.split("\n\n").any(is_limited), "{}", image.dump);
}
