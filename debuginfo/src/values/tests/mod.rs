//! Values as reports show them: of debug info that is written with gimli, in a machine whose state is known.

mod finding;
mod libcxx;
mod operations;
mod rust;
mod types;

use super::{Machine, Unavailable, Variable, WasmValue};
use crate::address::WasmPc;
use crate::code::KeptValue;
use crate::expr::decode::Op;
use crate::handmade::{F, Handmade, address, local, raw, text};
use crate::symbolize::Symbolizer;
use gimli::constants as dw;
use gimli::write::{AttributeValue as Value, UnitEntryId};
use std::borrow::Cow;

/// Local 0 is an i32, 1 an i64, 2 an f64, 3 an f32; global 0 moved on since it was kept, global 1 was not kept.
struct Fixed {
    memory: Vec<u8>,
    innermost: bool,
}

impl Machine for Fixed {
    fn local(&self, index: u32) -> Option<WasmValue> {
        match index {
            0 => Some(WasmValue::I32(0xffff_fff8)),
            1 => Some(WasmValue::I64(1 << 40)),
            2 => Some(WasmValue::F64(1.5f64.to_bits())),
            3 => Some(WasmValue::F32(2.5f32.to_bits())),
            _ => None,
        }
    }

    fn global(&self, index: u32) -> Option<WasmValue> {
        (index < 2).then_some(WasmValue::I32(0x700))
    }

    fn kept(&self, what: KeptValue, from: Option<WasmPc>) -> Option<WasmValue> {
        match what {
            KeptValue::Global(0) => Some(WasmValue::I32(0x200)),
            KeptValue::Operand(0) => (from == Some(WasmPc(12))).then_some(WasmValue::I32(7)),
            KeptValue::Entry(0) => Some(WasmValue::I32(99)),
            _ => None,
        }
    }

    fn memory(&self, address: u64, len: usize) -> Option<Cow<'_, [u8]>> {
        let start = address as usize;
        Some(self.memory.get(start..start.checked_add(len)?)?.into())
    }

    fn innermost(&self) -> bool {
        self.innermost
    }

    fn function(&self, element: u32) -> Option<String> {
        (element == 3).then(|| "callback".to_owned())
    }
}

fn machine() -> Fixed {
    let mut memory = vec![0; 0x1000];
    memory[0x100..0x104].copy_from_slice(&[0x2a, 0, 0, 0]);
    memory[0x208..0x20c].copy_from_slice(&(-5i32).to_le_bytes());
    memory[0x300..0x306].copy_from_slice(b"hello\0");
    memory[0x400..0x410].copy_from_slice(&[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
    Fixed {
        memory,
        innermost: false,
    }
}

/// The variables at an address of the only function, on line 9.
fn variables(mut info: Handmade, pc: u32, machine: &Fixed) -> Vec<Variable> {
    let root = info.root();
    info.cover(root, F);
    let written = info.write();
    let body = WasmPc(F.start as u32)..WasmPc(F.end as u32);
    let symbolizer = Symbolizer::new(&written.dwarf(), &[], vec![body]);
    let mut frames = symbolizer.variables(WasmPc(pc), &[Some(9)], machine);
    assert_eq!(frames.len(), 1);
    frames.remove(0)
}

fn shown(variables: &[Variable], name: &str) -> String {
    let found = variables.iter().find(|it| it.name == name);
    match found.map(|it| &it.value) {
        Some(Ok(value)) => value.clone(),
        Some(Err(reason)) => format!("<{reason}>"),
        None => "none".to_owned(),
    }
}

/// Renders the bytes of an object at 0x400, as a parameter of a type that is made; returns the type's name as well.
fn of_type(bytes: &[u8], make: impl FnOnce(&mut Handmade) -> UnitEntryId) -> (String, String) {
    let mut info = Handmade::new();
    let f = info.function("f", F);
    let ty = make(&mut info);
    let parameter = info.named(f, dw::DW_TAG_formal_parameter, "v");
    info.set(parameter, dw::DW_AT_type, Value::UnitRef(ty));
    info.set(parameter, dw::DW_AT_location, raw(&address(0x400)));
    let mut machine = machine();
    machine.memory[0x400..0x400 + bytes.len()].copy_from_slice(bytes);
    let all = variables(info, 15, &machine);
    (shown(&all, "v"), all[0].ty.clone())
}

fn words(words: &[i32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn value(bytes: &[u8], make: impl FnOnce(&mut Handmade) -> UnitEntryId) -> String {
    of_type(bytes, make).0
}

#[test]
fn places_are_those_of_the_frame() {
    let mut info = Handmade::new();
    let int = info.int();
    let f = info.function("f", F);
    let global = |index: u8| {
        [
            dw::DW_OP_WASM_location.0,
            3,
            index,
            0,
            0,
            0,
            dw::DW_OP_stack_value.0,
        ]
    };
    info.set(f, dw::DW_AT_frame_base, raw(&global(0)));
    let entry = [
        dw::DW_OP_entry_value.0,
        3,
        dw::DW_OP_WASM_location.0,
        0,
        0,
        dw::DW_OP_stack_value.0,
    ];
    let places: [(&str, &[u8], &str); 9] = [
        ("local", &local(0), "-8"),
        ("framed", &[dw::DW_OP_fbreg.0, 8], "-5"),
        ("static", &address(0x100), "42"),
        ("kept", &global(0), "512"),
        ("moved", &global(1), "1792"),
        ("entry", &entry, "99"),
        ("nowhere", &[], "<optimised out>"),
        ("unknown", &local(9), "<not kept>"),
        ("outside", &address(0x1000), "<cannot be read>"),
    ];
    for (name, location, _) in places {
        let parameter = info.named(f, dw::DW_TAG_formal_parameter, name);
        info.set(parameter, dw::DW_AT_type, Value::UnitRef(int));
        info.set(parameter, dw::DW_AT_location, raw(location));
    }
    let all = variables(info, 15, &machine());
    for (name, _, expected) in places {
        assert_eq!(shown(&all, name), expected, "{name}");
    }
}

#[test]
fn a_frame_base_that_a_callee_moved_is_none() {
    let mut info = Handmade::new();
    let int = info.int();
    let f = info.function("f", F);
    let base = [
        dw::DW_OP_WASM_location.0,
        3,
        1,
        0,
        0,
        0,
        dw::DW_OP_stack_value.0,
    ];
    info.set(f, dw::DW_AT_frame_base, raw(&base));
    let x = info.variable(f, "x", int, &[dw::DW_OP_fbreg.0, 8]);
    info.set(x, dw::DW_AT_decl_line, Value::Udata(3));
    assert_eq!(shown(&variables(info, 15, &machine()), "x"), "<not kept>");
}

#[test]
fn arguments_are_not_stored_before_the_prologue_ends() {
    let build = || {
        let mut info = Handmade::new();
        let int = info.int();
        let f = info.function("f", F);
        info.set(f, dw::DW_AT_frame_base, raw(&[dw::DW_OP_const2u.0, 0, 2]));
        let x = info.named(f, dw::DW_TAG_formal_parameter, "x");
        info.set(x, dw::DW_AT_type, Value::UnitRef(int));
        info.set(x, dw::DW_AT_location, raw(&[dw::DW_OP_fbreg.0, 8]));
        info.lines(&[(10, 3), (14, 4)], 30);
        info
    };
    let mut inner = machine();
    assert_eq!(shown(&variables(build(), 12, &inner), "x"), "-5");
    inner.innermost = true;
    // No row says that a prologue ends.
    assert_eq!(shown(&variables(build(), 12, &inner), "x"), "-5");
}

#[test]
fn locals_count_from_the_line_behind_their_declaration() {
    for (declared, expected) in [(8, "-8"), (9, "none"), (10, "none")] {
        let mut info = Handmade::new();
        let int = info.int();
        let f = info.function("f", F);
        let x = info.variable(f, "x", int, &local(0));
        info.set(x, dw::DW_AT_decl_line, Value::Udata(declared));
        assert_eq!(shown(&variables(info, 15, &machine()), "x"), expected);
    }
}

#[test]
fn lists_count_where_they_say() {
    let build = || {
        let mut info = Handmade::new();
        let int = info.int();
        let f = info.function("f", F);
        let x = info.variable(f, "x", int, &[]);
        let operand = [dw::DW_OP_WASM_location.0, 2, 0, dw::DW_OP_stack_value.0];
        let list = info.list(&[(12..14, &operand), (14..20, &local(0))]);
        info.set(x, dw::DW_AT_location, list);
        info
    };
    for (pc, expected) in [
        (11, "<optimised out>"),
        (12, "7"),
        (13, "7"),
        (14, "-8"),
        (20, "<optimised out>"),
    ] {
        assert_eq!(
            shown(&variables(build(), pc, &machine()), "x"),
            expected,
            "{pc}"
        );
    }
}

#[test]
fn variables_are_those_of_the_scopes_around() {
    let mut info = Handmade::new();
    let int = info.int();
    let f = info.function("f", F);
    let outer = info.add(f, dw::DW_TAG_lexical_block, []);
    info.cover(outer, 12..18);
    let inner = info.add(outer, dw::DW_TAG_lexical_block, []);
    info.cover(inner, 16..18);
    for (scope, name) in [(f, "a"), (outer, "b"), (inner, "c")] {
        let variable = info.variable(scope, name, int, &local(0));
        info.set(variable, dw::DW_AT_decl_line, Value::Udata(1));
    }
    let all = variables(info, 15, &machine());
    let names: Vec<_> = all.iter().map(|it| &it.name[..]).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn a_local_of_another_type_is_misplaced() {
    let mut info = Handmade::new();
    let int = info.int();
    let double = info.base("double", 8, dw::DW_ATE_float);
    let f = info.function("f", F);
    for (name, ty, index) in [
        ("a", int, 2),
        ("b", double, 0),
        ("c", double, 2),
        ("d", int, 3),
    ] {
        let parameter = info.named(f, dw::DW_TAG_formal_parameter, name);
        info.set(parameter, dw::DW_AT_type, Value::UnitRef(ty));
        info.set(parameter, dw::DW_AT_location, raw(&local(index)));
    }
    let all = variables(info, 15, &machine());
    let misplaced = format!("<{}>", Unavailable::Misplaced);
    assert_eq!(shown(&all, "a"), misplaced);
    assert_eq!(shown(&all, "b"), misplaced);
    assert_eq!(shown(&all, "c"), "1.5");
    // The bits of a float are as good as those of an int.
    assert_eq!(shown(&all, "d"), 2.5f32.to_bits().to_string());
}

#[test]
fn what_a_compiler_says_once_for_all_is_said_to_be_its_word() {
    let mut info = Handmade::new();
    let int = info.int();
    let constant = info.derived(dw::DW_TAG_const_type, int);
    let f = info.function("f", F);
    for (name, ty) in [("assumed", int), ("constant", constant)] {
        let variable = info.named(f, dw::DW_TAG_variable, name);
        info.set(variable, dw::DW_AT_type, Value::UnitRef(ty));
        info.set(variable, dw::DW_AT_const_value, Value::Sdata(-3));
    }
    let all = variables(info, 15, &machine());
    assert_eq!(shown(&all, "assumed"), "<always -3, says the compiler>");
    assert_eq!(shown(&all, "constant"), "-3");
}
