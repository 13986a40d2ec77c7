//! Variables that are there in part: gdb says which members are missing; lldb would show zeros for them, so it gets those that are
//! there as variables of their own.

mod support;
mod unwritten;

use gimli::constants as dw;
use gimli::write::{AttributeValue as Value, Unit, UnitEntryId};
use std::process::Command;
use support::{Folder, equipped};
use unwritten::{STACK_VALUE, Unwritten, WASM, raw, run, text};

const PIECE: u8 = dw::DW_OP_piece.0;
const TWO: u8 = dw::DW_OP_lit2.0;
const THREE: u8 = dw::DW_OP_lit3.0;

/// Adds a structure of members: names, types, and the bytes that they begin at.
fn structure(
    unit: &mut Unit,
    name: &str,
    size: u8,
    members: &[(&str, UnitEntryId, u8)],
) -> UnitEntryId {
    let structure = unit.add(unit.root(), dw::DW_TAG_structure_type);
    let entry = unit.get_mut(structure);
    entry.set(dw::DW_AT_name, text(name));
    entry.set(dw::DW_AT_byte_size, Value::Data1(size));
    for (name, ty, at) in members {
        let member = unit.add(structure, dw::DW_TAG_member);
        let entry = unit.get_mut(member);
        if !name.is_empty() {
            entry.set(dw::DW_AT_name, text(name));
        }
        entry.set(dw::DW_AT_type, Value::UnitRef(*ty));
        entry.set(dw::DW_AT_data_member_location, Value::Data1(*at));
    }
    structure
}

/// Adds `int[2]`.
fn pair(unit: &mut Unit, int: UnitEntryId) -> UnitEntryId {
    let array = unit.add(unit.root(), dw::DW_TAG_array_type);
    unit.get_mut(array).set(dw::DW_AT_type, Value::UnitRef(int));
    let range = unit.add(array, dw::DW_TAG_subrange_type);
    unit.get_mut(range).set(dw::DW_AT_count, Value::Data1(2));
    array
}

/// Adds a structure of an `int`, or of two: the discriminant before says which.
fn choice(unit: &mut Unit, int: UnitEntryId) -> UnitEntryId {
    let choice = structure(unit, "choice", 12, &[]);
    let part = unit.add(choice, dw::DW_TAG_variant_part);
    let member = |unit: &mut Unit, parent, name: Option<&str>, at| {
        let member = unit.add(parent, dw::DW_TAG_member);
        let entry = unit.get_mut(member);
        if let Some(name) = name {
            entry.set(dw::DW_AT_name, text(name));
        }
        entry.set(dw::DW_AT_type, Value::UnitRef(int));
        entry.set(dw::DW_AT_data_member_location, Value::Data1(at));
        member
    };
    let discriminant = member(unit, part, None, 0);
    unit.get_mut(part)
        .set(dw::DW_AT_discr, Value::UnitRef(discriminant));
    for (value, names) in [(2, &["one"][..]), (3, &["first", "second"])] {
        let variant = unit.add(part, dw::DW_TAG_variant);
        unit.get_mut(variant)
            .set(dw::DW_AT_discr_value, Value::Data1(value));
        for (name, at) in names.iter().zip([4, 8]) {
            member(unit, variant, Some(name), at);
        }
    }
    choice
}

/// The variables at line 5 as lldb lists them.
fn lldb(folder: &Folder) -> Vec<String> {
    let program = [env!("CARGO_BIN_EXE_dwalin"), "run", "-g", "--invoke", "f"];
    let mut lldb = Command::new("lldb-19");
    lldb.args(["-x", "-b", "-o", "breakpoint set -f handmade.c -l 5"]);
    lldb.args(["-o", "run", "-o", "frame variable", "--"]);
    let said = run(lldb.args(program).args([&folder.text("module.wasm"), "21"]));
    let listed = said
        .lines()
        .skip_while(|line| *line != "(lldb) frame variable");
    listed.skip(1).map(str::to_owned).collect()
}

/// A piece that is a small number.
fn number(op: u8) -> Vec<u8> {
    vec![op, STACK_VALUE, PIECE, 4]
}

/// A piece that is not there.
fn gap(bytes: u8) -> Vec<u8> {
    vec![PIECE, bytes]
}

/// A module whose function has variables that are there in part.
fn module() -> Folder {
    let mut info = Unwritten::new();
    let (f, int) = (info.functions[0], info.int);
    let unit = info.unit();
    let pair = pair(unit, int);
    let inner = structure(unit, "inner", 8, &[("x", int, 0), ("y", int, 4)]);
    let members = [("head", int, 0), ("inner", inner, 4), ("pair", pair, 12)];
    let outer = structure(unit, "outer", 20, &members);
    let padded = structure(unit, "padded", 12, &[("first", int, 0), ("last", int, 8)]);
    let choice = choice(unit, int);
    let parameter = || vec![WASM, 0, 0, STACK_VALUE, PIECE, 4];
    let memory = vec![dw::DW_OP_const2u.0, 0, 1, PIECE, 8];
    let variables = [
        ("whole", padded, [number(TWO), gap(4), number(THREE)]),
        (
            "some",
            outer,
            [gap(8), parameter(), [gap(4), number(TWO)].concat()],
        ),
        // One piece is more than one member.
        ("wide", outer, [gap(4), memory, gap(8)]),
        ("known", choice, [number(TWO), number(THREE), gap(4)]),
        ("other", choice, [number(THREE), gap(4), gap(4)]),
        ("unknown", choice, [parameter(), number(THREE), gap(4)]),
    ];
    for (name, ty, location) in variables {
        let variable = info.variable(f, name, raw(&location.concat()));
        let entry = info.unit().get_mut(variable);
        entry.set(dw::DW_AT_type, Value::UnitRef(ty));
    }
    info.finish("parts")
}

#[test]
fn lldb_shows_members_of_what_is_there_in_part() {
    if !equipped() {
        return;
    }
    let listed = lldb(&module());
    let has = |line: &str| {
        assert!(listed.iter().any(|it| it == line), "{line}: {listed:#?}");
    };
    // Nobody sees padding.
    has("(padded) whole = (first = 2, last = 3)");
    has("(int) some.inner.y = 21");
    has("(int) some.pair[1] = 2");
    // -2 was stored at the address, and nothing after it.
    has("(inner) wide.inner = (x = -2, y = 0)");
    has("(int) other.discriminant = 3");
    has("(int) unknown.discriminant = 21");
    let shown = || listed.iter().filter_map(|line| line.split_once(" = "));
    for (name, is_there) in [
        ("some", false),
        ("wide", false),
        ("known", true),
        ("other", false),
        ("unknown", false),
    ] {
        let mut shown = shown().filter(|(variable, _)| variable.ends_with(&format!(" {name}")));
        let (_, value) = shown
            .next()
            .unwrap_or_else(|| panic!("{name}: {listed:#?}"));
        assert_eq!(!value.starts_with('<'), is_there, "{name}: {listed:#?}");
    }
    let parts = shown().filter(|(name, _)| name.contains(['.', '[']));
    assert_eq!(parts.count(), 5, "{listed:#?}");
}

#[test]
fn operands_that_the_stack_does_not_have_are_not_lost() {
    if !equipped() {
        return;
    }
    let mut info = Unwritten::new();
    let f = info.functions[0];
    let (start, end) = (info.statements[0].start(), info.statements[0].end());
    let list = info.list(&[(start + 3..end, &[WASM, 2, 5, STACK_VALUE])]);
    info.variable(f, "astray", list);
    let folder = info.finish("parts-astray");
    let json = folder.dwalin(&["check-debug", "--json", "module.wasm"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["operands_not_there"]["variables"], 1, "{json:#}");
    assert_eq!(
        json["operands_not_there"]["bytes"],
        end - start - 3,
        "{json:#}"
    );
    assert_eq!(json["bytes"]["variables"]["described"], 0, "{json:#}");
    assert_eq!(json["complete"], true, "{json:#}");
}

/// Members that lie in each other, many times over, would be looked at without end.
#[test]
fn members_of_members_are_not_followed_without_end() {
    if !equipped() {
        return;
    }
    let mut info = Unwritten::new();
    let (f, int) = (info.functions[0], info.int);
    let unit = info.unit();
    let mut ty = structure(unit, "inner", 8, &[("x", int, 0), ("y", int, 4)]);
    for level in 0..12 {
        let members: Vec<_> = (0..100).map(|i| (NAMES[i % 2], ty, 0)).collect();
        ty = structure(unit, &format!("level{level}"), 8, &members);
    }
    let variable = info.variable(f, "deep", raw(&[number(TWO), gap(4)].concat()));
    info.unit()
        .get_mut(variable)
        .set(dw::DW_AT_type, Value::UnitRef(ty));
    let folder = info.finish("parts-deep");
    let image = folder.image("module.wasm", &["--debugger", "lldb"]);
    assert!(image.contains("\"deep\""));
}

/// Of a structure in a structure; unnamed ones are looked into, too.
const NAMES: [&str; 2] = ["", "again"];
