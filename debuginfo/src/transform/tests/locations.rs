//! Where variables are.

use super::{in_both, in_gdb, in_lldb};
use crate::address::{FrameOffset, WasmPc};
use crate::code::{DebugSlot, KeptValue, SlotValue, ValueType};
use crate::handmade::{F, GLOBAL, Handmade, MEMORY, address, code, encoding, local, native, raw};
use gimli::constants as dw;
use gimli::write::AttributeValue as Value;

const FBREG_8: [u8; 2] = [dw::DW_OP_fbreg.0, 8];
/// The first operand of the stack.
const OPERAND: [u8; 4] = [dw::DW_OP_WASM_location.0, 2, 0, dw::DW_OP_stack_value.0];

#[test]
fn variables_are_at_their_native_places() {
    let mut info = Handmade::new();
    let int = info.int();
    let f = info.function("f", F);
    info.set(f, dw::DW_AT_frame_base, raw(&local(0)));
    info.variable(f, "local", int, &local(0));
    info.variable(f, "framed", int, &FBREG_8);
    info.variable(f, "static", int, &address(0x500));
    let global = [
        dw::DW_OP_WASM_location.0,
        3,
        0,
        0,
        0,
        0,
        dw::DW_OP_stack_value.0,
    ];
    info.variable(f, "global", int, &global);
    for shown in in_both(info) {
        let location = |name| shown.variable(name).location();
        assert_eq!(location("local"), "cfa -16 plus");
        assert_eq!(location("framed"), "fbreg 8");
        assert_eq!(location("static"), format!("addr {:#x}", MEMORY + 0x500));
        assert_eq!(location("global"), format!("addr {GLOBAL:#x}"));
        // The frame base is an address of the host's: that of the memory is added.
        let f = shown.find(dw::DW_TAG_subprogram, "f");
        let base = f.ops(dw::DW_AT_frame_base);
        assert_eq!(base, "cfa -16 plus deref 4 0x100 0x20 shl plus");
    }
}

#[test]
fn what_nothing_holds_has_no_location() {
    let mut info = Handmade::new();
    let int = info.int();
    let f = info.function("f", F);
    info.variable(f, "no_home", int, &local(7));
    info.variable(f, "no_frame", int, &FBREG_8);
    info.variable(f, "nowhere", int, &[]);
    info.variable(f, "dropped", int, &address(u32::MAX));
    for shown in in_both(info) {
        let location = |name| shown.variable(name).attr(dw::DW_AT_location);
        assert_eq!(location("no_home"), None);
        assert_eq!(location("no_frame"), None);
        // An empty one: debuggers look nowhere else.
        assert_eq!(shown.variable("nowhere").location(), "");
        assert_eq!(shown.variable("dropped").location(), "");
        let lost = shown.warnings.len();
        assert_eq!(lost, 2, "{:?}", shown.warnings);
    }
}

#[test]
fn a_local_is_of_a_type_that_can_hold_the_variable() {
    let mut info = Handmade::new();
    let int = info.int();
    let double = info.base("double", 8, dw::DW_ATE_float);
    let short = info.base("short", 2, dw::DW_ATE_signed);
    let pointer = info.derived(dw::DW_TAG_pointer_type, int);
    let f = info.function("f", F);
    let held = [("int", int), ("short", short), ("pointer", pointer)];
    for (name, ty) in held {
        info.variable(f, name, ty, &local(0));
    }
    info.variable(f, "double", double, &local(1));
    for (name, ty, index) in [("a", double, 0), ("c", int, 1), ("d", pointer, 1)] {
        info.variable(f, name, ty, &local(index));
    }
    for shown in in_both(info) {
        let has = |name| shown.variable(name).attr(dw::DW_AT_location).is_some();
        for (name, _) in held {
            assert!(has(name), "{name}");
        }
        assert!(has("double"));
        for name in ["a", "c", "d"] {
            assert!(!has(name), "{name}");
        }
    }
}

#[test]
fn lists_are_of_the_code_of_their_ranges() {
    let mut info = Handmade::new();
    let int = info.int();
    let f = info.function("f", F);
    let x = info.variable(f, "x", int, &[]);
    let tombstone = 0xffff_fffe..0xffff_ffff;
    let constant = [dw::DW_OP_lit5.0, dw::DW_OP_stack_value.0];
    let list = info.list(&[
        (12..15, &local(0)),
        (15..20, &constant),
        (tombstone, &local(0)),
        (28..35, &local(0)),
    ]);
    info.set(x, dw::DW_AT_location, list);
    for shown in in_both(info) {
        let expected = [
            (native(12)..native(15), "cfa -16 plus"),
            (native(15)..native(20), "0x5 stackvalue"),
            // As far as the function goes, and into the next one.
            (native(28)..native(30), "cfa -16 plus"),
            (native(32)..native(35), "cfa -16 plus"),
        ];
        let list = shown.variable("x").list().iter();
        let list: Vec<_> = list.map(|(range, ops)| (range.clone(), &ops[..])).collect();
        assert_eq!(list, expected);
    }
}

#[test]
fn operands_count_as_long_as_they_are_kept() {
    let mut info = Handmade::new();
    let int = info.int();
    let f = info.function("f", F);
    let x = info.variable(f, "x", int, &[]);
    let list = info.list(&[(12..20, &OPERAND), (22..25, &OPERAND)]);
    info.set(x, dw::DW_AT_location, list);
    let written = info.write();
    for flavor in super::FLAVORS {
        let mut code = code(flavor);
        code.functions[0].slots.slots.push(DebugSlot {
            value: SlotValue::Kept(KeptValue::Operand(0)),
            range: WasmPc(12)..WasmPc(17),
            offset: FrameOffset(-40),
            ty: ValueType::I32,
        });
        let shown = written.transformed(&code);
        let list = shown.variable("x").list();
        assert_eq!(list, [(native(12)..native(17), "cfa -40 plus".to_owned())]);
        assert_eq!(shown.warnings.len(), 1, "{:?}", shown.warnings);
    }
}

#[test]
fn pointers_in_lldb_are_values_of_the_host() {
    let mut info = Handmade::new();
    let int = info.int();
    let pointer = info.derived(dw::DW_TAG_pointer_type, int);
    let f = info.function("f", F);
    info.variable(f, "p", pointer, &local(0));
    let null = info.named(f, dw::DW_TAG_variable, "null");
    let at = info.named(f, dw::DW_TAG_variable, "at");
    for (variable, value) in [(null, 0), (at, 0x500)] {
        info.set(variable, dw::DW_AT_type, Value::UnitRef(pointer));
        info.set(variable, dw::DW_AT_const_value, Value::Udata(value));
    }
    let shown = in_lldb(info);
    let p = shown.variable("p");
    assert_eq!(shown.ty(p).number(dw::DW_AT_byte_size), Some(8));
    let value = "cfa -16 plus deref 4 pick 0x0 ne 0x100 0x20 shl mul plus stackvalue";
    assert_eq!(p.location(), value);
    let constant = |name| shown.variable(name).number(dw::DW_AT_const_value);
    assert_eq!(constant("null"), Some(0));
    assert_eq!(constant("at"), Some(MEMORY + 0x500));
}

#[test]
fn a_frame_base_that_is_a_list_is_put_in_for_lldb() {
    let build = || {
        let mut info = Handmade::new();
        let int = info.int();
        let f = info.function("f", F);
        let list = info.list(&[(10..15, &local(0)), (15..30, &[dw::DW_OP_lit16.0])]);
        info.set(f, dw::DW_AT_frame_base, list);
        info.variable(f, "x", int, &FBREG_8);
        info
    };
    let gdb = in_gdb(build());
    assert_eq!(gdb.variable("x").location(), "fbreg 8");
    let lldb = in_lldb(build());
    let f = lldb.find(dw::DW_TAG_subprogram, "f");
    assert_eq!(f.attr(dw::DW_AT_frame_base), None);
    let ranges: Vec<_> = lldb
        .variable("x")
        .list()
        .iter()
        .map(|it| it.0.clone())
        .collect();
    assert_eq!(ranges, [native(10)..native(15), native(15)..native(30)]);
    assert!(
        lldb.variable("x").list()[0]
            .1
            .starts_with("cfa -16 plus deref 4")
    );
    assert!(!lldb.variable("x").list()[1].1.contains("cfa"));
}

#[test]
fn members_that_are_there_are_variables_in_lldb() {
    let build = || {
        let mut info = Handmade::new();
        let int = info.int();
        let pair = info.structure("pair", 8, &[("a", int, 0), ("b", int, 4)]);
        let f = info.function("f", F);
        let first = [&local(0)[..], &[dw::DW_OP_piece.0, 4, dw::DW_OP_piece.0, 4]].concat();
        info.variable(f, "p", pair, &first);
        info
    };
    let gdb = in_gdb(build());
    assert_eq!(
        gdb.variable("p").location(),
        "cfa -16 plus piece 32 piece 32"
    );
    let lldb = in_lldb(build());
    assert_eq!(lldb.variable("p").attr(dw::DW_AT_location), None);
    let a = lldb.variable("p.a");
    assert_eq!(a.list()[0].0, native(F.start)..native(F.end));
    assert_eq!(lldb.ty(a).name(), "int");
    assert!(!lldb.has("p.b"));
}

#[test]
fn padding_that_is_not_there_does_no_harm() {
    let mut info = Handmade::new();
    let char = info.base("char", 1, dw::DW_ATE_signed_char);
    let int = info.int();
    let ty = info.structure("padded", 8, &[("c", char, 0), ("i", int, 4)]);
    let f = info.function("f", F);
    let piece = |bytes| [dw::DW_OP_piece.0, bytes];
    let constant = [dw::DW_OP_lit7.0, dw::DW_OP_stack_value.0];
    let all = [&constant[..], &piece(1), &piece(3), &local(0), &piece(4)].concat();
    info.variable(f, "p", ty, &all);
    let shown = in_lldb(info);
    assert!(shown.variable("p").list()[0].1.contains("piece"));
    assert!(!shown.has("p.c"));
}

#[test]
fn a_value_before_dwarf_4_is_in_a_local_without_saying_so() {
    let mut info = Handmade::of(encoding(3));
    let int = info.int();
    let f = info.function("f", F);
    // Without DW_OP_stack_value, which came with version 4.
    let location = [dw::DW_OP_WASM_location.0, 0, 0];
    let x = info.variable(f, "x", int, &[]);
    info.set(x, dw::DW_AT_location, raw(&location));
    for shown in in_both(info) {
        assert_eq!(shown.variable("x").location(), "cfa -16 plus");
    }
}

/// gdb takes the members of the first variant for those of the one that there is, where the value is not in memory.
#[test]
fn variants_are_shown_by_gdb_in_memory_only() {
    let mut info = Handmade::new();
    let int = info.int();
    let choice = info.structure("choice", 4, &[]);
    let part = info.add(choice, dw::DW_TAG_variant_part, []);
    for name in ["none", "some"] {
        let held = info.structure(name, 4, &[("__0", int, 0)]);
        let variant = info.add(part, dw::DW_TAG_variant, []);
        let member = info.named(variant, dw::DW_TAG_member, name);
        info.set(member, dw::DW_AT_type, Value::UnitRef(held));
        info.set(member, dw::DW_AT_data_member_location, Value::Data1(0));
    }
    let alias = info.derived(dw::DW_TAG_typedef, choice);
    let holder = info.structure("holder", 8, &[("first", int, 0), ("second", alias, 4)]);
    let pointer = info.derived(dw::DW_TAG_pointer_type, choice);
    let f = info.function("f", F);
    let constant = [dw::DW_OP_lit5.0, dw::DW_OP_stack_value.0];
    let piece = [dw::DW_OP_piece.0, 4];
    let pieces = [&local(0)[..], &piece, &constant, &piece].concat();
    info.variable(f, "in_memory", choice, &local(0));
    info.variable(f, "computed", choice, &constant);
    info.variable(f, "in_pieces", holder, &pieces);
    info.variable(f, "pointer", pointer, &constant);
    info.variable(f, "number", int, &constant);
    let known = info.named(f, dw::DW_TAG_variable, "known");
    info.set(known, dw::DW_AT_type, Value::UnitRef(alias));
    info.set(known, dw::DW_AT_const_value, Value::Udata(5));
    let [gdb, lldb] = in_both(info);
    assert_eq!(gdb.variable("in_memory").location(), "cfa -16 plus");
    for name in ["computed", "in_pieces"] {
        assert_eq!(gdb.variable(name).attr(dw::DW_AT_location), None, "{name}");
        assert!(lldb.variable(name).attr(dw::DW_AT_location).is_some());
    }
    assert_eq!(gdb.variable("known").attr(dw::DW_AT_const_value), None);
    assert_eq!(
        lldb.variable("known").number(dw::DW_AT_const_value),
        Some(5)
    );
    for name in ["pointer", "number"] {
        assert!(gdb.variable(name).attr(dw::DW_AT_location).is_some());
    }
    assert_eq!(gdb.warnings.len(), 2, "{:?}", gdb.warnings);
}
