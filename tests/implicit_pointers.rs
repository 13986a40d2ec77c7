//! Pointers to what lies nowhere (DWARF 5, section 2.6.1.1.4): no optimisation of LLVM writes them yet, those of other compilers do.

mod support;
mod unwritten;

use gimli::constants as dw;
use gimli::write::{AttributeValue as Value, Expression, Unit, UnitEntryId};
use gimli::{Encoding, Format};
use std::process::Command;
use support::equipped;
use unwritten::{DWARF_5, MODULE, STACK_VALUE, Unwritten, WASM, in_gdb, raw, run, text, values};

#[test]
fn a_pointer_to_what_lies_nowhere_leads_to_its_value() {
    if !equipped() {
        return;
    }
    let mut info = Unwritten::new();
    add_pointers_to_nowhere(&mut info);
    let folder = info.finish("handmade-implicit");
    let names = [
        "now",
        "constant",
        "*p_own",
        "*p_now",
        "*p_place",
        "*p_constant",
        "*p_nowhere",
        "*p_two",
        "p_own",
        "holder",
        "*holder.first",
    ];
    let [gdb, lldb] = values(&folder, 5, false, &names);
    let no = "<optimized out>";
    let pointer = "(int *) <synthetic pointer>";
    let holder = "{first = <synthetic pointer>, second = 7}";
    let values = ["21", "-3"];
    let pointers = ["4711", "21", "-2", "-3", no, "2", pointer, holder, "21"];
    assert_eq!(gdb, [&values[..], &pointers].concat());
    // lldb knows no such pointers, and shows what they lead to where that is. After an error it asks no more.
    assert_eq!(lldb[..2], values);
    for (name, value) in names.iter().zip(&lldb).skip(2) {
        let error = "error: not a pointer or reference type: (wasm32_ptr<int>) holder.first";
        let is_error = *name == "*holder.first" && value.contains(error);
        let missing = "no location, value may have been optimized out>";
        assert!(value.ends_with(missing) || is_error, "{name}: {value}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(["check-debug", &folder.text("module.wasm")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// References are of other sizes in other versions (DWARF 5, section 7.7.1), and lead elsewhere when units are merged.
#[test]
fn the_entry_is_found_however_it_is_referred_to() {
    if !equipped() {
        return;
    }
    let encodings = [
        (2, Format::Dwarf32),
        (4, Format::Dwarf32),
        (4, Format::Dwarf64),
        (5, Format::Dwarf64),
    ];
    for (version, format) in encodings {
        let encoding = Encoding {
            version,
            format,
            ..DWARF_5
        };
        let mut info = Unwritten::of(MODULE, encoding);
        add_pointers_to_nowhere(&mut info);
        let folder = info.finish(&format!("handmade-implicit-{version}-{format:?}"));
        let names = ["*p_now", "*p_listed", "*p_two"];
        for flags in [&[][..], &["--map-path", "/handmade=/elsewhere"]] {
            let seen = in_gdb(&folder, flags, 5, false, &names);
            assert_eq!(seen, ["21", "21", "2"], "{encoding:?} {flags:?}");
        }
    }
}

#[test]
fn reports_show_what_such_a_pointer_leads_to() {
    // The frame is beyond the memory's end.
    let mut info = Unwritten::of(&MODULE.replace("1024", "102400"), DWARF_5);
    add_pointers_to_nowhere(&mut info);
    let folder = info.finish("handmade-implicit-report");
    let said = run(Command::new(env!("CARGO_BIN_EXE_dwalin")).args([
        "run",
        "-g",
        "--invoke",
        "f",
        &folder.text("module.wasm"),
        "21",
    ]));
    for shown in [
        "p_now = → 21",
        "p_constant = not certain (always → -3",
        "p_two = → 2",
        "p_own = not available",
    ] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
}

/// Variables of `f`, and pointers to them; and `holder`, of which a member is such a pointer.
fn add_pointers_to_nowhere(info: &mut Unwritten) {
    let (f, int) = (info.functions[0], info.int);
    info.frame_base(0, raw(&[WASM, 0, 1, STACK_VALUE]));
    let (pointer, pair) = pointer_and_pair(info.unit(), int);
    let own = info.variable(f, "own", raw(&[dw::DW_OP_fbreg.0, 0]));
    let now = info.variable(f, "now", raw(&[WASM, 0, 0, STACK_VALUE]));
    let place = info.variable(f, "place", raw(&[dw::DW_OP_addr.0, 0, 1, 0, 0]));
    let constant = info.variable(f, "constant", raw(&[]));
    let entry = info.unit().get_mut(constant);
    entry.delete(dw::DW_AT_location);
    entry.set(dw::DW_AT_const_value, Value::Sdata(-3));
    let nowhere = info.variable(f, "nowhere", raw(&[]));
    let values = [dw::DW_OP_implicit_value.0, 8, 1, 0, 0, 0, 2, 0, 0, 0];
    let two = info.variable(f, "two", raw(&values));
    info.unit()
        .get_mut(two)
        .set(dw::DW_AT_type, Value::UnitRef(pair));
    for declared in [now, two] {
        info.unit()
            .get_mut(declared)
            .set(dw::DW_AT_decl_line, Value::Udata(1));
    }
    let unit = info.unit;
    let to = |entry, offset| {
        let mut expression = Expression::new();
        let entry = gimli::write::DebugInfoRef::Entry(unit, entry);
        expression.op_implicit_pointer(entry, offset);
        expression
    };
    let targets = [
        ("p_own", own, 0),
        ("p_now", now, 0),
        ("p_place", place, 0),
        ("p_constant", constant, 0),
        ("p_nowhere", nowhere, 0),
        ("p_two", two, 4),
    ];
    for (name, target, offset) in targets {
        let id = info.variable(f, name, Value::Exprloc(to(target, offset)));
        info.unit()
            .get_mut(id)
            .set(dw::DW_AT_type, Value::UnitRef(pointer));
    }
    let everywhere = info.statements[0].start()..info.statements[0].end();
    let listed = info.expressions(&[(everywhere, to(now, 0))]);
    let id = info.variable(f, "p_listed", listed);
    info.unit()
        .get_mut(id)
        .set(dw::DW_AT_type, Value::UnitRef(pointer));
    let mut parts = to(now, 0);
    parts.op_piece(4);
    parts.op_constu(7);
    parts.op(dw::DW_OP_stack_value);
    parts.op_piece(4);
    let holder = info.variable(f, "holder", Value::Exprloc(parts));
    info.unit()
        .get_mut(holder)
        .set(dw::DW_AT_type, Value::UnitRef(pair));
}

/// `int *`, and `struct pair { int *first; int second; }`.
fn pointer_and_pair(unit: &mut Unit, int: UnitEntryId) -> (UnitEntryId, UnitEntryId) {
    let root = unit.root();
    let pointer = unit.add(root, dw::DW_TAG_pointer_type);
    unit.get_mut(pointer)
        .set(dw::DW_AT_type, Value::UnitRef(int));
    let pair = unit.add(root, dw::DW_TAG_structure_type);
    let entry = unit.get_mut(pair);
    entry.set(dw::DW_AT_name, text("pair"));
    entry.set(dw::DW_AT_byte_size, Value::Data1(8));
    for (i, (name, ty)) in [("first", pointer), ("second", int)]
        .into_iter()
        .enumerate()
    {
        let member = unit.add(pair, dw::DW_TAG_member);
        let entry = unit.get_mut(member);
        entry.set(dw::DW_AT_name, text(name));
        entry.set(dw::DW_AT_type, Value::UnitRef(ty));
        entry.set(dw::DW_AT_data_member_location, Value::Data1(4 * i as u8));
    }
    (pointer, pair)
}
