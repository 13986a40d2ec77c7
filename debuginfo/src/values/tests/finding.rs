//! What expressions name, and its value.

use super::*;
use crate::values::{Expression, FrameAt};

/// The fields of a node: a number, three of bits, and a pointer to another.
fn node(info: &mut Handmade) -> UnitEntryId {
    let int = info.int();
    let base = info.structure("base", 4, &[("id", int, 0)]);
    let node = info.structure("node", 16, &[("value", int, 4)]);
    let inherits = [(dw::DW_AT_type, Value::UnitRef(base))];
    let inherits = info.add(node, dw::DW_TAG_inheritance, inherits);
    info.set(inherits, dw::DW_AT_data_member_location, Value::Data1(0));
    let byte = info.base("unsigned char", 1, dw::DW_ATE_unsigned_char);
    for (name, at, len) in [("low", 64, 3), ("high", 67, 7)] {
        let bits = info.named(node, dw::DW_TAG_member, name);
        info.set(bits, dw::DW_AT_type, Value::UnitRef(byte));
        info.set(bits, dw::DW_AT_bit_size, Value::Data1(len));
        info.set(bits, dw::DW_AT_data_bit_offset, Value::Data1(at));
    }
    let pointer = info.derived(dw::DW_TAG_pointer_type, node);
    let next = info.named(node, dw::DW_TAG_member, "next");
    info.set(next, dw::DW_AT_type, Value::UnitRef(pointer));
    info.set(next, dw::DW_AT_data_member_location, Value::Data1(12));
    node
}

/// A program with variables in memory and elsewhere, on whose behalf expressions are asked.
fn program() -> Handmade {
    let mut info = Handmade::new();
    let root = info.root();
    info.set(root, dw::DW_AT_name, text("dir/main.c"));
    let int = info.int();
    let node = node(&mut info);
    let pointer = info.derived(dw::DW_TAG_pointer_type, node);
    let reference = info.derived(dw::DW_TAG_reference_type, node);
    let rows = info.array(int, &[2, 2]);
    let usize = info.base("usize", 4, dw::DW_ATE_unsigned);
    let to_int = info.derived(dw::DW_TAG_pointer_type, int);
    let slice = [("data_ptr", to_int, 0), ("length", usize, 4)];
    let slice = info.structure("&[i32]", 8, &slice);
    info.variable(root, "first", node, &address(0x500));
    info.variable(root, "head", pointer, &address(0x600));
    info.variable(root, "of_head", reference, &address(0x600));
    info.variable(root, "rows", rows, &address(0x400));
    info.variable(root, "two", int, &address(0x404));
    info.variable(root, "slice", slice, &address(0x610));
    info.variable(root, "gone", int, &address(0));
    let namespace = info.named(root, dw::DW_TAG_namespace, "ns");
    info.variable(namespace, "count", int, &address(0x100));
    let other = info.named(root, dw::DW_TAG_namespace, "other");
    info.variable(other, "count", int, &address(0x208));
    let f = info.function("f", F);
    info.variable(f, "local", int, &local(0));
    info.variable(f, "two", int, &address(0x408));
    info
}

/// The answer to an expression, in the function or without a frame: the place, its type and its value; else the reason.
fn answer(expression: &str, is_in_function: bool) -> String {
    let mut info = program();
    let root = info.root();
    info.cover(root, F);
    let written = info.write();
    let body = WasmPc(F.start as u32)..WasmPc(F.end as u32);
    let symbolizer = Symbolizer::new(&written.dwarf(), &[], vec![body]);
    let mut machine = machine();
    // The first node has the other as its next one; bits 3 and 64.
    machine.memory[0x500..0x510].copy_from_slice(&words(&[11, 12, 3 | 64 << 3, 0x520]));
    machine.memory[0x520..0x530].copy_from_slice(&words(&[21, -22, 0, 0]));
    machine.memory[0x600..0x604].copy_from_slice(&words(&[0x500]));
    machine.memory[0x610..0x618].copy_from_slice(&words(&[0x404, 3]));
    let frames = [FrameAt {
        pc: WasmPc(15),
        machine: &machine,
    }];
    let frames = if is_in_function { &frames[..] } else { &[] };
    let expression = Expression::parse(expression).unwrap();
    match symbolizer.find(&expression, frames, &machine) {
        Ok(found) => {
            let bytes = machine.memory(found.address, found.len as usize).unwrap();
            let value = symbolizer.text(&found, &bytes, &machine);
            let frame = found
                .frame
                .map_or(String::new(), |it| format!(" of {it:?}"));
            let mask = found
                .mask()
                .map_or(String::new(), |it| format!(" & {it:x?}"));
            let (at, len) = (found.address, found.len);
            format!("{len} at {at:#x}{mask}{frame}: {} = {value}", found.ty)
        }
        Err(reason) => reason.to_string(),
    }
}

#[test]
fn expressions_name_places() {
    for (expression, expected) in [
        ("two", "4 at 0x404: int = 2"),
        ("first.value", "4 at 0x504: int = 12"),
        ("first.id", "4 at 0x500: int = 11"),
        ("first.next->id", "4 at 0x520: int = 21"),
        ("first.next->value", "4 at 0x524: int = -22"),
        (
            "head->next",
            "4 at 0x50c: node * = 0x520 → {value = -22, {…}, low = 0, high = 0, next = 0x0 (null)}",
        ),
        ("head->next->value", "4 at 0x524: int = -22"),
        ("(*head).id", "4 at 0x500: int = 11"),
        ("of_head.value", "4 at 0x504: int = 12"),
        ("head[2].id", "4 at 0x520: int = 21"),
        ("(*(head + 2)).value", "4 at 0x524: int = -22"),
        ("(*(head + 3 - 1)).value", "4 at 0x524: int = -22"),
        ("(&first)->id", "4 at 0x500: int = 11"),
        ("(*&first).id", "4 at 0x500: int = 11"),
        ("first.low", "1 at 0x508 & [7]: unsigned char = 3"),
        ("first.high", "2 at 0x508 & [f8, 3]: unsigned char = 64 '@'"),
        ("rows[1][0]", "4 at 0x408: int = 3"),
        ("rows[1]", "8 at 0x408: int[2] = [3, 4]"),
        ("*rows[1]", "4 at 0x408: int = 3"),
        ("*(rows[0] + 1)", "4 at 0x404: int = 2"),
        ("rows[two - 1][two - 2]", "4 at 0x408: int = 3"),
        ("slice[1]", "4 at 0x408: int = 3"),
        ("*(int *)0x404", "4 at 0x404: int = 2"),
        ("((struct node *)0x520)->value", "4 at 0x524: int = -22"),
        ("*(unsigned short *)0x404", "2 at 0x404: unsigned short = 2"),
        ("(char[2])0x300", "2 at 0x300: char[2] = [104, 101]"),
        ("0x300:2", "2 at 0x300: 2 bytes = 0x6568"),
        ("0x300:3", "3 at 0x300: 3 bytes = 68 65 6c"),
        ("ns::count", "4 at 0x100: int = 42"),
        ("other::count", "4 at 0x208: int = -5"),
        ("'main.c'::two", "4 at 0x404: int = 2"),
    ] {
        assert_eq!(answer(expression, false), expected, "{expression}");
    }
}

#[test]
fn the_function_s_own_come_first() {
    assert_eq!(answer("two", true), "4 at 0x408 of (0, 0): int = 3");
    assert_eq!(answer("f::two", true), "4 at 0x408 of (0, 0): int = 3");
    assert_eq!(answer("'main.c'::two", true), "4 at 0x404: int = 2");
    // The array is there all the time, and the element is of the function that its index is of.
    assert_eq!(
        answer("rows[0][two - 2]", true),
        "4 at 0x404 of (0, 0): int = 2"
    );
    let reason = answer("local", true);
    assert!(
        reason.starts_with("`local` is not in memory here"),
        "{reason}"
    );
}

#[test]
fn what_names_no_place_says_why() {
    for (expression, expected) in [
        (
            "nothing",
            "no function that is running has a variable `nothing`",
        ),
        ("gone", "no function that is running has a variable `gone`"),
        (
            "count",
            "there are several `count`, in ns::count and other::count: ",
        ),
        ("two.x", "`int` has no member `x`"),
        (
            "first.x",
            "`node` has no member `x`; it has value, low, high, next, id",
        ),
        ("*two", "`int` is no pointer"),
        ("two[0]", "`int` has no elements"),
        ("rows[first]", "a `node` is no integer"),
        ("two + 1", "this is a number, and no place in memory"),
        ("&two", "this is a number, and no place in memory"),
        ("&first.low", "this is a number, and no place in memory"),
        (
            "*(missing *)0x100",
            "there is no type `missing` in the debug info",
        ),
        ("*(int *)0x1000", "4 bytes at 0x1000 are not in the memory"),
        ("*(int *)0xffe", "4 bytes at 0xffe are not in the memory"),
        ("0:100000", "nothing says how large a `100000 bytes` is"),
    ] {
        let reason = answer(expression, false);
        assert!(reason.starts_with(expected), "{expression}: {reason}");
    }
}
