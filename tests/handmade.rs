//! What no compiler at hand writes for wasm, in real debuggers.

mod support;
mod unwritten;

use gimli::constants as dw;
use gimli::write::{AttributeValue as Value, Expression};
use support::equipped;
use unwritten::{STACK_VALUE, Unwritten, WASM, expect, in_gdb, raw, text, values};

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
    // Merged with what is elsewhere, entries are called where they are then.
    let merged = ["--map-path", "/handmade=/elsewhere"];
    let seen = in_gdb(&folder, &merged, 5, false, &["typed", "called"]);
    assert_eq!(seen, ["-2", "-2"]);
}
