//! Functions, scopes, calls and lines.

use super::in_both;
use crate::code::{Flavor, ValueType};
use crate::handmade::{Attr, F, G, Handmade, Row, Shown, address, code, local, native, text};
use gimli::constants as dw;
use gimli::write::{Address, AttributeValue as Value, UnitEntryId};
use std::ops::Range;

/// The value that wasm-ld writes for the address of dropped code.
const TOMBSTONE: u64 = 0xffff_ffff;

fn natives(range: Range<u64>) -> Range<u64> {
    native(range.start)..native(range.end)
}

fn is_there(shown: &Shown, name: &str) -> bool {
    !shown.all(dw::DW_TAG_subprogram, name).is_empty()
}

#[test]
fn functions_that_are_not_there_are_left_out() {
    let mut info = Handmade::new();
    let int = info.int();
    info.function("f", F);
    for (name, range) in [
        ("dropped", TOMBSTONE..TOMBSTONE + 9),
        ("zero", 0..9),
        ("behind", 100..110),
    ] {
        let function = info.function(name, range);
        info.variable(function, name, int, &local(0));
    }
    for shown in in_both(info) {
        let f = shown.find(dw::DW_TAG_subprogram, "f");
        assert_eq!(f.ranges, [natives(F)]);
        assert!(
            ["dropped", "zero", "behind"]
                .iter()
                .all(|it| !shown.has(it))
        );
        assert!(shown.warnings.is_empty(), "{:?}", shown.warnings);
    }
}

#[test]
fn a_unit_covers_its_functions_with_what_is_between_them() {
    let mut info = Handmade::new();
    info.function("f", F);
    info.function("g", G);
    for shown in in_both(info) {
        // 8 bytes of padding.
        assert_eq!(shown.entries[0].ranges, [native(10)..native(40)]);
    }
}

#[test]
fn of_two_units_with_a_function_the_first_has_it() {
    let mut info = Handmade::new();
    let root = info.root();
    info.cover(root, F);
    let int = info.int();
    let f = info.function("f", F);
    info.variable(f, "first", int, &local(0));
    info.next_unit();
    let root = info.root();
    info.cover(root, F);
    let int = info.int();
    let f = info.function("f", F);
    info.variable(f, "second", int, &local(0));
    for shown in in_both(info) {
        assert_eq!(shown.all(dw::DW_TAG_subprogram, "f").len(), 1);
        assert!(shown.has("first") && !shown.has("second"));
    }
}

#[test]
fn scopes_are_cut_to_those_around_them() {
    let mut info = Handmade::new();
    let f = info.function("f", F);
    let int = info.int();
    let outer = info.named(f, dw::DW_TAG_lexical_block, "outer");
    info.cover(outer, 12..20);
    let inner = info.named(outer, dw::DW_TAG_lexical_block, "inner");
    info.cover(inner, 16..26);
    info.variable(inner, "x", int, &local(0));
    let outside = info.named(outer, dw::DW_TAG_lexical_block, "outside");
    info.cover(outside, 22..26);
    info.variable(outside, "y", int, &local(0));
    let several = info.named(f, dw::DW_TAG_lexical_block, "several");
    info.cover_ranges(several, &[20..22, 24..26, 34..36]);
    info.variable(several, "z", int, &local(0));
    for shown in in_both(info) {
        let ranges = |name| &shown.find(dw::DW_TAG_lexical_block, name).ranges[..];
        assert_eq!(ranges("outer"), [natives(12..20)]);
        assert_eq!(ranges("inner"), [natives(16..20)]);
        assert_eq!(ranges("several"), [natives(20..22), natives(24..26)]);
        assert!(!shown.has("outside") && !shown.has("y"));
    }
}

#[test]
fn a_scope_without_code_is_empty() {
    let mut info = Handmade::new();
    let f = info.function("f", F);
    let int = info.int();
    let block = info.named(f, dw::DW_TAG_lexical_block, "block");
    info.cover(block, 12..13);
    info.variable(block, "x", int, &local(0));
    let written = info.write();
    for flavor in super::FLAVORS {
        let mut code = code(flavor);
        // The instruction at 12 has no code of its own.
        code.functions[0].rows.remove(2);
        let shown = written.transformed(&code);
        let block = shown.find(dw::DW_TAG_lexical_block, "block");
        let high = block.number(dw::DW_AT_high_pc);
        assert_eq!(high, Some(0), "{block:?}");
    }
}

/// Binaryen writes 0 for the start of a scope that it left no code of.
#[test]
fn a_scope_that_was_dropped_stays_for_static_variables_alone() {
    let mut info = Handmade::new();
    let f = info.function("f", F);
    let int = info.int();
    for (name, start) in [("constant", 0), ("static", TOMBSTONE)] {
        let block = info.named(f, dw::DW_TAG_lexical_block, name);
        info.cover(block, start..start + 20);
        let inner = info.add(block, dw::DW_TAG_lexical_block, []);
        info.cover(inner, 12..13);
        match name {
            "static" => info.variable(inner, "s", int, &address(0x40)),
            _ => {
                let variable = info.named(inner, dw::DW_TAG_variable, "c");
                info.set(variable, dw::DW_AT_const_value, Value::Udata(3));
                variable
            }
        };
        info.variable(inner, "x", int, &local(0));
    }
    for shown in in_both(info) {
        assert!(!shown.has("constant") && !shown.has("c") && !shown.has("x"));
        assert!(shown.has("s"));
        // Without a range gdb would have it in the function's own scope.
        let block = shown.find(dw::DW_TAG_lexical_block, "static");
        assert_eq!(block.number(dw::DW_AT_low_pc), Some(native(10)));
        assert_eq!(block.number(dw::DW_AT_high_pc), Some(0));
    }
}

/// A debugger would show the frame that was left, with what its callee has in its place.
#[test]
fn tail_calls_are_left_out() {
    let mut info = Handmade::new();
    let f = info.function("f", F);
    let at = Value::Address(Address::Constant(17));
    for (tag, name, mark) in [
        (dw::DW_TAG_call_site, "tail", dw::DW_AT_call_tail_call),
        (
            dw::DW_TAG_GNU_call_site,
            "old tail",
            dw::DW_AT_GNU_tail_call,
        ),
        (dw::DW_TAG_call_site, "call", dw::DW_AT_call_all_calls),
    ] {
        let call = info.named(f, tag, name);
        info.set(call, dw::DW_AT_call_pc, at.clone());
        info.set(call, mark, Value::Flag(true));
        info.named(call, dw::DW_TAG_call_site_parameter, "passed");
    }
    for shown in in_both(info) {
        assert!(shown.has("call") && !shown.has("tail") && !shown.has("old tail"));
        assert_eq!(shown.all(dw::DW_TAG_call_site_parameter, "passed").len(), 1);
    }
}

#[test]
fn points_of_code_are_instructions() {
    let mut info = Handmade::new();
    let f = info.function("f", F);
    let at = |pc| Value::Address(Address::Constant(pc));
    info.set(f, dw::DW_AT_entry_pc, at(11));
    let label = info.named(f, dw::DW_TAG_label, "label");
    info.set(label, dw::DW_AT_low_pc, at(14));
    let call = info.named(f, dw::DW_TAG_call_site, "call");
    info.set(call, dw::DW_AT_call_return_pc, at(17));
    info.set(call, dw::DW_AT_call_pc, at(15));
    let old = info.named(f, dw::DW_TAG_GNU_call_site, "old");
    info.set(old, dw::DW_AT_low_pc, at(17));
    let none = info.named(f, dw::DW_TAG_call_site, "none");
    info.set(none, dw::DW_AT_call_return_pc, at(15));
    let written = info.write();
    for flavor in super::FLAVORS {
        let mut code = code(flavor);
        // The call at 15 returns into its own code.
        let within = (15 - 10) * crate::handmade::STEP as u32 + 2;
        code.functions[0].returns = vec![crate::address::CodeOffset(within)];
        let shown = written.transformed(&code);
        let number = |tag, name, attr| shown.find(tag, name).number(attr);
        let (call, old) = (dw::DW_TAG_call_site, dw::DW_TAG_GNU_call_site);
        let returns = Some(native(15) + 2);
        assert_eq!(
            number(dw::DW_TAG_subprogram, "f", dw::DW_AT_entry_pc),
            Some(native(11))
        );
        assert_eq!(
            number(dw::DW_TAG_label, "label", dw::DW_AT_low_pc),
            Some(native(14))
        );
        assert_eq!(number(call, "call", dw::DW_AT_call_return_pc), returns);
        assert_eq!(number(call, "call", dw::DW_AT_call_pc), Some(native(15)));
        assert_eq!(number(old, "old", dw::DW_AT_low_pc), returns);
        assert_eq!(number(call, "none", dw::DW_AT_call_return_pc), None);
    }
}

#[test]
fn main_has_the_name_of_the_source_alone() {
    let mut info = Handmade::new();
    for (name, linkage, range) in [
        ("main", "__main_argc_argv", F),
        ("other", "__main_argc_argv", G),
    ] {
        let function = info.function(name, range);
        info.set(function, dw::DW_AT_linkage_name, text(linkage));
    }
    for shown in in_both(info) {
        let linkage = |name| {
            shown
                .find(dw::DW_TAG_subprogram, name)
                .attr(dw::DW_AT_linkage_name)
        };
        assert_eq!(linkage("main"), None);
        assert!(linkage("other").is_some());
    }
}

fn row(pc: u64, line: u64, is_statement: bool, prologue_end: bool) -> Row {
    Row {
        address: native(pc),
        line,
        is_statement,
        prologue_end,
    }
}

#[test]
fn rows_are_where_their_instructions_are() {
    let mut info = Handmade::new();
    info.function("f", F);
    info.function("g", G);
    // From the second on, the body.
    info.lines(&[(10, 1), (13, 2), (20, 3), (20, 4), (32, 7), (33, 8)], 40);
    let expected = [
        row(10, 1, true, false),
        row(13, 2, true, true),
        // The last of several at one address.
        row(20, 4, true, false),
        row(32, 7, true, false),
        row(33, 8, true, true),
    ];
    for shown in in_both(info) {
        assert_eq!(shown.rows, expected);
    }
}

#[test]
fn rows_of_code_that_moved_go_with_it() {
    let mut info = Handmade::new();
    info.function("f", F);
    info.lines(&[(10, 1), (13, 2), (20, 3)], 30);
    let written = info.write();
    for flavor in super::FLAVORS {
        let mut code = code(flavor);
        // The instruction at 21 comes first in the body, then that at 13; the one at 20 has no code.
        let of = |pc: u32| Some(crate::address::WasmPc(pc));
        let at = crate::address::CodeOffset;
        code.functions[0].rows = vec![
            (at(0), None),
            (at(4), of(21)),
            (at(8), of(13)),
            (at(12), of(22)),
        ];
        let shown = written.transformed(&code);
        let row = |offset, line, is_statement, prologue_end| Row {
            address: native(10) + offset,
            line,
            is_statement,
            prologue_end,
        };
        let expected = [
            row(0, 1, true, false),
            // Line 3's first instruction.
            row(4, 3, true, false),
            row(8, 2, true, true),
            row(12, 3, false, false),
        ];
        assert_eq!(shown.rows, expected);
    }
}

/// The statement that begins the body, too.
#[test]
fn a_statement_without_code_begins_at_the_next_row_of_its_line() {
    let mut info = Handmade::new();
    info.function("f", F);
    info.lines(&[(10, 1), (12, 2), (13, 2), (20, 3)], 30);
    let written = info.write();
    for flavor in super::FLAVORS {
        let mut code = code(flavor);
        // The instruction at 12 has no code of its own.
        code.functions[0]
            .rows
            .retain(|(_, pc)| *pc != Some(crate::address::WasmPc(12)));
        let expected = [
            row(10, 1, true, false),
            row(13, 2, true, true),
            row(20, 3, true, false),
        ];
        assert_eq!(written.transformed(&code).rows, expected);
    }
}

#[test]
fn rows_of_code_that_is_not_there_are_left_out() {
    let mut info = Handmade::new();
    info.function("f", F);
    info.lines(&[(50, 1), (60, 2)], 70);
    for shown in in_both(info) {
        assert_eq!(shown.rows, []);
    }
}

#[test]
fn what_takes_its_arguments_off_the_stack_is_not_called() {
    let mut info = Handmade::new();
    for (name, range) in [("f", F), ("g", G)] {
        info.function(name, range);
    }
    let mut code = code(Flavor::Lldb);
    code.functions[1].pops_arguments = true;
    let lldb = info.write().transformed(&code);
    let functions = lldb.all(dw::DW_TAG_subprogram, "g");
    let names = functions.iter().map(|it| it.attr(dw::DW_AT_linkage_name));
    let why = "the function 'g', whose arguments on the stack are passed as tail calls need it";
    assert!(
        names
            .flatten()
            .any(|name| *name == Attr::Text(why.to_owned()))
    );
}

#[test]
fn what_is_returned_in_memory_is_not_called() {
    let mut info = Handmade::new();
    let int = info.int();
    let pair = info.structure("pair", 8, &[("a", int, 0), ("b", int, 4)]);
    for (name, range) in [("f", F), ("g", G)] {
        let function = info.function(name, range);
        info.set(function, dw::DW_AT_type, Value::UnitRef(pair));
    }
    let [gdb, lldb] = in_both(info);
    for shown in [&gdb, &lldb] {
        let calls = |name| {
            let function = shown.find(dw::DW_TAG_subprogram, name);
            function.number(dw::DW_AT_calling_convention)
        };
        assert_eq!(calls("f"), None);
        assert_eq!(calls("g"), Some(dw::DW_CC_nocall.0.into()));
    }
    let returned = |shown: &Shown, name| {
        let function = shown.find(dw::DW_TAG_subprogram, name);
        let ty = shown.ty(function);
        (
            ty.name().to_owned(),
            ty.attr(dw::DW_AT_declaration).is_some(),
        )
    };
    assert_eq!(returned(&gdb, "g"), ("pair".to_owned(), false));
    assert_eq!(returned(&lldb, "f"), ("pair".to_owned(), false));
    // Clang has no value of a type that is only declared.
    assert_eq!(returned(&lldb, "g"), ("struct pair".to_owned(), true));
}

/// Why lldb does not call a function of these parameters, if it does not. A call goes by the linkage name of what a function is an
/// instance of.
fn why_it_is_not_called(
    parameters: &[ValueType],
    make: &dyn Fn(&mut Handmade, UnitEntryId),
) -> Option<String> {
    let mut info = Handmade::new();
    let f = info.function("f", F);
    make(&mut info, f);
    let written = info.write();
    let mut code = code(Flavor::Lldb);
    code.functions[0].parameters = parameters.to_vec();
    let shown = written.transformed(&code);
    let functions = shown.all(dw::DW_TAG_subprogram, "f");
    let origin = functions[0].attr(dw::DW_AT_abstract_origin);
    let Some(Attr::Entry(place)) = origin else {
        return None;
    };
    assert_eq!(
        functions[0].attr(dw::DW_AT_linkage_name),
        Some(&Attr::Text("_Z1f".into()))
    );
    let declared = shown.entries.iter().find(|it| it.place == *place).unwrap();
    match declared.attr(dw::DW_AT_linkage_name) {
        Some(Attr::Text(why)) => Some(why.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_passed_in_another_way_is_not_called() {
    use ValueType::{F64, I32, I64};
    let called = why_it_is_not_called;
    let takes = |info: &mut Handmade, f, ty| {
        let parameter = info.named(f, dw::DW_TAG_formal_parameter, "p");
        info.set(parameter, dw::DW_AT_type, Value::UnitRef(ty));
    };
    let int = |info: &mut Handmade, f| {
        let ty = info.int();
        takes(info, f, ty);
    };
    let structure = |size, members: &'static [(&'static str, u8)]| {
        move |info: &mut Handmade, f| {
            let int = info.int();
            let members: Vec<_> = members.iter().map(|(name, at)| (*name, int, *at)).collect();
            let ty = info.structure("s", size, &members);
            takes(info, f, ty);
        }
    };
    let variadic = |info: &mut Handmade, f| {
        int(info, f);
        info.add(f, dw::DW_TAG_unspecified_parameters, None);
    };
    let is = |why: Option<String>, expected: &str| {
        assert!(
            why.as_ref().is_some_and(|it| it.contains(expected)),
            "{why:?}: {expected}"
        );
    };
    assert_eq!(called(&[], &|_, _| ()), None);
    assert_eq!(called(&[I32], &int), None);
    is(called(&[], &int), "does not have the parameters");
    is(called(&[F64], &int), "does not have the parameters");
    is(
        called(&[I32, I32], &variadic),
        "variable number of arguments",
    );
    assert_eq!(called(&[I32], &structure(4, &[("a", 0)])), None);
    assert_eq!(called(&[], &structure(0, &[])), None);
    is(called(&[I32], &structure(8, &[("a", 0)])), "structures");
    is(
        called(&[I32], &structure(8, &[("a", 0), ("b", 4)])),
        "structures",
    );
    is(
        called(&[I64], &structure(8, &[("a", 0), ("b", 4)])),
        "structures",
    );
}

#[test]
fn static_variables_of_functions_keep_them() {
    let mut info = Handmade::new();
    let int = info.int();
    let gone = info.function("gone", TOMBSTONE..TOMBSTONE + 9);
    info.variable(gone, "counter", int, &address(0x40));
    let dropped = info.function("dropped", TOMBSTONE..TOMBSTONE + 9);
    info.variable(dropped, "nothing", int, &address(TOMBSTONE as u32));
    for shown in in_both(info) {
        assert!(is_there(&shown, "gone") && shown.has("counter"));
        assert!(!is_there(&shown, "dropped") && !shown.has("nothing"));
    }
}

#[test]
fn what_calls_pass_is_a_value() {
    let mut info = Handmade::new();
    let f = info.function("f", F);
    let call = info.named(f, dw::DW_TAG_call_site, "call");
    let passed = info.named(call, dw::DW_TAG_call_site_parameter, "passed");
    info.set(passed, dw::DW_AT_location, crate::handmade::raw(&local(1)));
    info.set(
        passed,
        dw::DW_AT_call_value,
        crate::handmade::raw(&local(0)),
    );
    info.set(call, dw::DW_AT_call_target, crate::handmade::raw(&local(0)));
    for shown in in_both(info) {
        let passed = shown.find(dw::DW_TAG_call_site_parameter, "passed");
        // The value itself, not where it is.
        assert!(
            passed.ops(dw::DW_AT_call_value).contains("deref 4"),
            "{passed:?}"
        );
        let call = shown.find(dw::DW_TAG_call_site, "call");
        assert_eq!(call.attr(dw::DW_AT_call_target), None);
        let said = shown
            .warnings
            .iter()
            .any(|it| it.contains("index of a table"));
        assert!(said, "{:?}", shown.warnings);
    }
}

/// Between functions of a unit is padding, within one there is code of something else.
#[test]
fn ranges_meet_where_nothing_is_between_them() {
    for (gap, pieces) in [(0, 1), (1, 2)] {
        let mut info = Handmade::new();
        let f = info.function("f", F);
        let block = info.named(f, dw::DW_TAG_lexical_block, "block");
        info.cover_ranges(block, &[12..14, 14..16]);
        let written = info.write();
        for flavor in super::FLAVORS {
            let mut code = code(flavor);
            // The instruction at 14 begins a byte later, after code that none stands for.
            let at = code.functions[0].rows[4].0;
            code.functions[0].rows[4].0 = crate::address::CodeOffset(at.0 + gap);
            if gap > 0 {
                code.functions[0]
                    .rows
                    .insert(4, (at, Some(crate::address::WasmPc(29))));
                code.functions[0].rows.pop();
            }
            let shown = written.transformed(&code);
            let block = shown.find(dw::DW_TAG_lexical_block, "block");
            assert_eq!(block.ranges.len(), pieces, "{:?}", block.ranges);
        }
    }
}
