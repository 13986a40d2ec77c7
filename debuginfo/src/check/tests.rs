//! What is counted of debug info that is written with gimli, and of the image that is made of it.

use super::{Bytes, Check, Count, check};
use crate::address::{FrameOffset, WasmPc};
use crate::code::{CodeMap, DebugSlot, Flavor, KeptValue, SlotValue, ValueType};
use crate::handmade::{F, G, Handmade, Written, address, code, encoding, local, raw, text};
use crate::image;
use gimli::constants as dw;
use gimli::write::{AttributeValue as Value, UnitEntryId};
use gimli::{DebugMacinfoOffset, SectionId};
use std::ops::Range;

const TOMBSTONE: u64 = 0xffff_ffff;

/// The operators `nop` and `end`.
const NOP: u8 = 1;
const END: u8 = 0x0b;

/// Counts an image made of one debug info against the module's own, which is another.
fn compared(input: &Written, shown: &Written, code: &CodeMap<'_>) -> Check {
    let made = image(&shown.dwarf(), code, None);
    check(&input.dwarf(), code, &made.bytes, &made.warnings, Some("x"))
}

fn checked(info: Handmade) -> Check {
    let info = info.write();
    compared(&info, &info, &code(Flavor::Gdb))
}

fn count(input: usize, output: usize, lost: usize, dropped: usize) -> Count {
    Count {
        input,
        output,
        lost,
        dropped,
    }
}

fn bytes(scope: u64, described: u64, with_code: u64, kept: u64) -> Bytes {
    Bytes {
        scope,
        described,
        with_code,
        kept,
    }
}

/// A unit with `f` alone; the entries of `int` and of `f`.
fn one_function() -> (Handmade, UnitEntryId, UnitEntryId) {
    let mut info = Handmade::new();
    let root = info.root();
    info.cover(root, F);
    let int = info.int();
    let f = info.function("f", F);
    (info, int, f)
}

/// `f` with a variable `x` in a local, in a block, and in a list; `g` with a line table.
fn whole() -> Handmade {
    let mut info = Handmade::new();
    let root = info.root();
    info.cover_ranges(root, &[F, G]);
    let int = info.int();
    let f = info.function("f", F);
    info.variable(f, "x", int, &local(0));
    let block = info.add(f, dw::DW_TAG_lexical_block, []);
    info.cover(block, 14..20);
    info.variable(block, "y", int, &local(0));
    let list = info.variable(f, "z", int, &[]);
    let places = info.list(&[(12..14, &local(0)), (20..25, &local(0))]);
    info.set(list, dw::DW_AT_location, places);
    info.function("g", G);
    info.variable(root, "s", int, &address(0x500));
    info.lines(&[(10, 1), (15, 2)], 30);
    info
}

#[test]
fn what_is_shown_is_counted_by_its_kind() {
    let check = checked(whole());
    assert_eq!(check.units, count(1, 1, 0, 0));
    assert_eq!(check.functions, count(2, 2, 0, 0));
    assert_eq!(check.variables, count(3, 3, 0, 0));
    assert_eq!(check.statics, count(1, 1, 0, 0));
    assert_eq!(check.function_bytes, bytes(28, 28, 28, 28));
    assert_eq!(check.line_bytes, bytes(20, 20, 20, 20));
    // 20 of x, 6 of y, and of z 7 of 20.
    assert_eq!(check.variable_bytes, bytes(46, 33, 33, 33));
    assert_eq!(check.availability, [2, 1, 0]);
    assert_eq!(check.code, (2, 28));
    assert_eq!(check.losses, []);
    assert!(!check.incomplete);
}

#[test]
fn what_is_missing_is_counted_and_named() {
    let mut other = Handmade::new();
    let root = other.root();
    other.cover(root, F);
    let int = other.int();
    let f = other.function("f", F);
    other.variable(f, "x", int, &local(0));
    let check = compared(&whole().write(), &other.write(), &code(Flavor::Gdb));
    assert_eq!(check.functions, count(2, 1, 1, 0));
    assert_eq!(check.variables, count(3, 1, 2, 0));
    assert_eq!(check.statics, count(1, 0, 1, 0));
    assert_eq!(check.function_bytes, bytes(28, 28, 28, 20));
    assert_eq!(check.variable_bytes, bytes(46, 33, 33, 20));
    assert_eq!(check.line_bytes, bytes(20, 20, 20, 0));
    let losses: Vec<_> = check
        .losses
        .iter()
        .map(|it| (&it.reason[..], it.count, it.bytes))
        .collect();
    // y, z, g and s.
    let expected = [
        ("it is not in the image", 4, 6 + 7 + 8),
        ("code has no line", 1, 20),
    ];
    assert_eq!(losses, expected);
    let first = &check.losses[0].first;
    let names: Vec<_> = first
        .iter()
        .map(|it| {
            (
                it.kind,
                it.place.name.as_deref(),
                it.place.function.as_deref(),
            )
        })
        .collect();
    let (y, z) = (Some("y"), Some("z"));
    let expected = [
        ("variable", y, Some("f")),
        ("variable", z, Some("f")),
        ("function", Some("g"), None),
        ("static variable", Some("s"), None),
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_location_that_is_shorter_is_a_loss() {
    let of = |end| {
        let (mut info, int, f) = one_function();
        let x = info.variable(f, "x", int, &[]);
        let places = info.list(&[(12..end, &local(0))]);
        info.set(x, dw::DW_AT_location, places);
        info.write()
    };
    let check = compared(&of(20), &of(17), &code(Flavor::Gdb));
    assert_eq!(check.variables, count(1, 1, 1, 0));
    assert_eq!(check.variable_bytes, bytes(20, 8, 8, 5));
    let reason = "its location covers less code than in the module";
    assert_eq!(check.losses[0].reason, reason);
    let asked = &check.asked[0];
    assert_eq!(asked.scope, [WasmPc(10)..WasmPc(30)]);
    assert_eq!(asked.described, [WasmPc(12)..WasmPc(20)]);
    assert_eq!(asked.reason.as_deref(), Some(reason));
    // What the image has more of is no gain.
    let check = compared(&of(17), &of(20), &code(Flavor::Gdb));
    assert_eq!(check.variable_bytes, bytes(20, 5, 5, 5));
    assert_eq!(check.losses, []);
}

#[test]
fn variables_of_one_name_are_told_apart_by_the_functions_that_are_inlined() {
    let of = |is_last: bool| {
        let (mut info, int, f) = one_function();
        let own = |info: &mut Handmade| info.variable(f, "x", int, &local(0));
        if !is_last {
            own(&mut info);
        }
        let inlined = info.add(f, dw::DW_TAG_inlined_subroutine, []);
        info.cover(inlined, 14..20);
        info.variable(inlined, "x", int, &local(0));
        if is_last {
            own(&mut info);
        }
        info.write()
    };
    let check = compared(&of(false), &of(true), &code(Flavor::Gdb));
    assert_eq!(check.variables, count(2, 2, 0, 0));
    assert_eq!(check.variable_bytes, bytes(26, 26, 26, 26));
    assert_eq!(check.losses, []);
}

#[test]
fn variables_of_one_name_are_told_apart_by_their_code() {
    let of = |ranges: &[Range<u64>]| {
        let (mut info, int, f) = one_function();
        for range in ranges {
            let block = info.add(f, dw::DW_TAG_lexical_block, []);
            info.cover(block, range.clone());
            info.variable(block, "x", int, &local(0));
        }
        info.write()
    };
    let code = code(Flavor::Gdb);
    let check = compared(&of(&[12..16, 16..24]), &of(&[16..24, 12..16]), &code);
    assert_eq!(check.variables, count(2, 2, 0, 0));
    assert_eq!(check.losses, []);
    // One that the image has besides.
    let check = compared(
        &of(&[12..16, 16..24]),
        &of(&[26..28, 12..16, 16..24]),
        &code,
    );
    assert_eq!(check.variables, count(2, 2, 0, 0));
    assert_eq!(check.losses, []);
    // One of them is somewhere else.
    let check = compared(&of(&[12..16, 16..24]), &of(&[12..16, 26..28]), &code);
    assert_eq!(check.losses.len(), 1);
    assert_eq!(check.losses[0].bytes, 8);
}

#[test]
fn scopes_in_functions_begin_with_the_first_instruction() {
    let (mut info, int, f) = one_function();
    let inlined = info.add(f, dw::DW_TAG_inlined_subroutine, []);
    info.cover(inlined, 10..20);
    info.variable(inlined, "x", int, &local(0));
    let info = info.write();
    let mut code = code(Flavor::Gdb);
    let mut check = |first: Option<WasmPc>| {
        code.functions[0].rows[0].1 = first;
        compared(&info, &info, &code)
    };
    // Its machine code is the prologue, then.
    for first in [None, Some(WasmPc(10))] {
        let check = check(first);
        assert_eq!(check.function_bytes, bytes(20, 20, 20, 20));
        assert_eq!(check.variable_bytes, bytes(9, 9, 9, 9));
        assert_eq!(check.losses, []);
    }
}

#[test]
fn what_the_transform_said_is_the_reason() {
    let (mut info, int, f) = one_function();
    // Without a frame base.
    info.variable(f, "x", int, &[dw::DW_OP_fbreg.0, 8]);
    let check = checked(info);
    assert_eq!(check.variables, count(1, 1, 1, 0));
    assert_eq!(check.variable_bytes, bytes(20, 20, 20, 0));
    let reason = &check.losses[0].reason;
    assert!(reason.contains("frame base"), "{reason}");
}

#[test]
fn instructions_without_code_are_neither_kept_nor_lost() {
    let info = whole().write();
    let mut code = code(Flavor::Gdb);
    // Those at 13, 14 and 15 have none of their own: their bytes are the one's at 12, where that is looked at too.
    code.functions[0].rows.drain(3..6);
    let check = compared(&info, &info, &code);
    assert_eq!(check.function_bytes, bytes(28, 28, 28, 28));
    // 20 of x, of y those after 16, 7 of z.
    assert_eq!(check.variable_bytes, bytes(46, 33, 31, 31));
    assert_eq!(check.losses, []);
}

#[test]
fn what_linkers_dropped_is_no_loss() {
    let (mut info, int, f) = one_function();
    let root = info.root();
    let block = info.add(f, dw::DW_TAG_inlined_subroutine, []);
    info.cover(block, TOMBSTONE..TOMBSTONE + 4);
    let dropped = info.function("dropped", TOMBSTONE..TOMBSTONE + 9);
    info.variable(dropped, "x", int, &local(0));
    info.function("elsewhere", 100..110);
    info.variable(root, "gone", int, &address(u32::MAX));
    info.next_unit();
    info.function("other", TOMBSTONE..TOMBSTONE + 9);
    let check = checked(info);
    assert_eq!(check.units, count(1, 1, 0, 1));
    assert_eq!(check.functions, count(1, 1, 0, 2));
    assert_eq!(check.variables, count(0, 0, 0, 1));
    assert_eq!(check.inlined, count(0, 0, 0, 1));
    assert_eq!(check.statics, count(0, 0, 0, 0));
    assert_eq!(check.elsewhere, 1);
    assert_eq!(check.losses, []);
}

#[test]
fn inlined_functions_are_known_by_what_they_are_instances_of() {
    let build = |name| {
        let mut info = Handmade::new();
        let root = info.root();
        info.cover(root, F);
        let int = info.int();
        let origin = info.named(root, dw::DW_TAG_subprogram, name);
        info.set(origin, dw::DW_AT_inline, Value::Inline(dw::DW_INL_inlined));
        let parameter = info.named(origin, dw::DW_TAG_formal_parameter, "x");
        info.set(parameter, dw::DW_AT_type, Value::UnitRef(int));
        let f = info.function("f", F);
        let call = info.add(f, dw::DW_TAG_inlined_subroutine, []);
        info.set(call, dw::DW_AT_abstract_origin, Value::UnitRef(origin));
        info.cover(call, 12..16);
        let instance = info.add(call, dw::DW_TAG_formal_parameter, []);
        info.set(
            instance,
            dw::DW_AT_abstract_origin,
            Value::UnitRef(parameter),
        );
        info.set(instance, dw::DW_AT_location, raw(&local(0)));
        info.write()
    };
    let check = compared(&build("g"), &build("g"), &code(Flavor::Gdb));
    assert_eq!(check.inlined, count(1, 1, 0, 0));
    assert_eq!(check.variables, count(1, 1, 0, 0));
    assert_eq!(check.variable_bytes, bytes(4, 4, 4, 4));
    let check = compared(&build("g"), &build("h"), &code(Flavor::Gdb));
    assert_eq!(check.inlined, count(1, 0, 1, 0));
    assert_eq!(check.losses[0].first[0].kind, "inlined function");
}

#[test]
fn scopes_count_as_far_as_they_are_in_those_around_them() {
    let (mut info, int, f) = one_function();
    let block = info.add(f, dw::DW_TAG_lexical_block, []);
    info.cover(block, 26..36);
    info.variable(block, "x", int, &local(0));
    let check = checked(info);
    assert_eq!(check.outside, 1);
    assert_eq!(check.variable_bytes, bytes(4, 4, 4, 4));
    assert_eq!(check.losses, []);
}

#[test]
fn operands_that_are_not_there_are_the_input_s_fault() {
    let (mut info, int, f) = one_function();
    let x = info.variable(f, "x", int, &[]);
    let operand = [dw::DW_OP_WASM_location.0, 2, 0, dw::DW_OP_stack_value.0];
    let places = info.list(&[(12..16, &operand), (16..18, &local(0))]);
    info.set(x, dw::DW_AT_location, places);
    let check = checked(info);
    assert_eq!(check.astray, (1, 4));
    assert_eq!(check.variable_bytes, bytes(20, 2, 2, 2));
    assert_eq!(check.asked[0].astray, 4);
}

#[test]
fn operands_that_are_not_there_on_all_ways_are_too() {
    let (mut info, int, f) = one_function();
    let x = info.variable(f, "x", int, &[]);
    let operand = [dw::DW_OP_WASM_location.0, 2, 0, dw::DW_OP_stack_value.0];
    let places = info.list(&[(12..16, &operand)]);
    info.set(x, dw::DW_AT_location, places);
    let info = info.write();
    let mut code = code(Flavor::Gdb);
    // Behind 14 control also comes by a way that does not pass 12.
    code.functions[0].slots.slots.push(DebugSlot {
        value: SlotValue::Kept(KeptValue::Operand(0)),
        range: WasmPc(12)..WasmPc(14),
        offset: FrameOffset(-40),
        ty: ValueType::I32,
    });
    let check = compared(&info, &info, &code);
    assert_eq!(check.astray, (1, 2));
    assert_eq!(check.variable_bytes, bytes(20, 2, 2, 2));
    assert_eq!(check.losses, []);
}

#[test]
fn members_that_are_shown_alone_count_for_the_whole() {
    let mut info = Handmade::new();
    let root = info.root();
    info.cover(root, F);
    let int = info.int();
    let pair = info.structure("pair", 8, &[("a", int, 0), ("b", int, 4)]);
    let f = info.function("f", F);
    let piece = [dw::DW_OP_piece.0, 4, dw::DW_OP_piece.0, 4];
    info.variable(f, "x", pair, &[&local(0)[..], &piece].concat());
    let info = info.write();
    let check = compared(&info, &info, &code(Flavor::Lldb));
    assert_eq!(check.variables, count(1, 1, 0, 0));
    assert_eq!(check.variable_bytes, bytes(20, 20, 20, 20));
}

#[test]
fn entries_of_one_name_are_known_by_their_lines() {
    let build = |lines: &[u64]| {
        let (mut info, int, f) = one_function();
        for line in lines {
            let x = info.variable(f, "x", int, &local(0));
            info.set(x, dw::DW_AT_decl_line, Value::Udata(*line));
        }
        info.write()
    };
    let check = compared(&build(&[1, 2]), &build(&[2, 3]), &code(Flavor::Gdb));
    assert_eq!(check.variables, count(2, 1, 1, 0));
    assert_eq!(check.losses[0].first[0].place.line, Some(1));
}

#[test]
fn units_are_known_by_their_directories_too() {
    let build = |directory| {
        let mut info = Handmade::new();
        let root = info.root();
        info.cover(root, F);
        info.set(root, dw::DW_AT_comp_dir, text(directory));
        info.function("f", F);
        info.write()
    };
    let check = compared(&build("/a"), &build("/b"), &code(Flavor::Gdb));
    assert_eq!(check.units, count(1, 0, 1, 0));
    assert_eq!(check.functions, count(1, 1, 0, 0));
    assert_eq!(check.losses[0].reason, "the unit is not in the image");
}

/// The unit, as the outline that is made of a module's text or source map says of itself.
fn made_by(producer: &str) -> Check {
    let mut info = whole();
    let root = info.root();
    let producer = format!("dwalin {} ({producer})", env!("CARGO_PKG_VERSION"));
    info.set(root, dw::DW_AT_producer, text(&producer));
    checked(info)
}

#[test]
fn what_is_made_of_text_or_source_maps_is_counted_apart() {
    for (producer, by_text, by_source_map) in [
        ("WAT", (2, 28), (0, 0)),
        ("long WAT", (2, 28), (0, 0)),
        ("source map", (0, 0), (2, 28)),
    ] {
        let check = made_by(producer);
        assert_eq!(check.made.by_text, by_text, "{producer}");
        assert_eq!(check.made.by_source_map, by_source_map, "{producer}");
        assert_eq!(check.functions, count(0, 0, 0, 0), "{producer}");
        assert_eq!(check.variables, count(0, 0, 0, 0), "{producer}");
    }
    let check = made_by("compiler");
    assert_eq!(
        (check.made.by_text, check.made.by_source_map),
        ((0, 0), (0, 0))
    );
}

/// `f` with a line table, and two macros in .debug_macinfo: DW_MACINFO_define and DW_MACINFO_undef of `N`.
fn with_macros() -> Written {
    let mut info = Handmade::of(encoding(4));
    info.function("f", F);
    info.lines(&[(10, 1)], 30);
    let root = info.root();
    info.cover(root, F);
    let offset = Value::DebugMacinfoRef(DebugMacinfoOffset(0));
    info.set(root, dw::DW_AT_macro_info, offset);
    let macros = b"\x03\x00\x01\x01\x05N 1\0\x02\x06N\0\x04\0";
    info.write().with(SectionId::DebugMacinfo, macros)
}

#[test]
fn macros_are_counted_where_the_debugger_reads_them() {
    let check = compared(&with_macros(), &with_macros(), &code(Flavor::Gdb));
    assert_eq!(check.macros, count(2, 2, 0, 0));
    assert_eq!(check.losses, []);
    let without = with_macros().with(SectionId::DebugMacinfo, b"\0");
    let check = compared(&with_macros(), &without, &code(Flavor::Gdb));
    assert_eq!(check.macros, count(2, 0, 2, 0));
    assert_eq!(check.losses[0].reason, "macros are not in the image");
    assert_eq!(check.losses[0].first[0].kind, "macros of the unit");
    // More than there are is no gain.
    let check = compared(&without, &with_macros(), &code(Flavor::Gdb));
    assert_eq!(check.macros, count(0, 0, 0, 0));
    assert_eq!(check.losses, []);
    let check = compared(&with_macros(), &without, &code(Flavor::Lldb));
    assert_eq!(check.macros, count(0, 0, 0, 0));
}

#[test]
fn names_of_others_are_kept_for_one_that_is_misspelt() {
    let mut info = whole();
    let root = info.root();
    let int = info.int();
    let long = "long".repeat(100);
    let h = info.function("h", G);
    info.variable(h, &long, int, &local(0));
    info.variable(h, "", int, &local(0));
    let nameless = info.add(h, dw::DW_TAG_variable, []);
    info.set(nameless, dw::DW_AT_type, Value::UnitRef(int));
    info.variable(root, "global", int, &address(0x600));
    let check = checked(info);
    let names: Vec<_> = check.others.iter().map(|name| &name[..]).collect();
    assert_eq!(names, ["y", "z"]);
    assert_eq!(check.asked.len(), 1);
}

/// Code of `f` in which the instruction at 21 sets local 0, a parameter, and debug info as LLVM's, with a frame base.
#[test]
fn locations_end_where_their_local_is_set() {
    let (mut info, int, f) = one_function();
    let stack_pointer = [dw::DW_OP_WASM_location.0, 3, 0, 0, 0, 0];
    info.set(f, dw::DW_AT_frame_base, raw(&stack_pointer));
    info.variable(f, "x", int, &local(0));
    let info = info.write();
    let mut wasm = [NOP; 30];
    wasm[10] = 0;
    wasm[12..15].copy_from_slice(&[0x20, 0, 0x1a]);
    wasm[19..23].copy_from_slice(&[0x41, 7, 0x21, 0]);
    wasm[29] = END;
    let mut code = code(Flavor::Gdb);
    code.wasm = &wasm;
    let check = compared(&info, &info, &code);
    assert_eq!(check.overwritten, (1, 7));
    assert_eq!(check.asked[0].overwritten, 7);
    assert_eq!(check.variable_bytes, bytes(20, 13, 13, 13));
    assert_eq!(check.losses, []);
    // Another local's.
    let mut other = wasm;
    other[22] = 1;
    code.wasm = &other;
    let check = compared(&info, &info, &code);
    assert_eq!(check.overwritten, (0, 0));
    assert_eq!(check.variable_bytes, bytes(20, 20, 20, 20));
}
