//! Values as reports show them: of debug info that is written with gimli, in a machine whose state is known.

use super::evaluate::{Context, Location, evaluate};
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

    fn memory(&self, address: u32, len: usize) -> Option<Cow<'_, [u8]>> {
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

#[test]
fn numbers_are_shown_as_their_language_has_them() {
    let base = |size, encoding| move |info: &mut Handmade| info.base("char", size, encoding);
    assert_eq!(value(&[1], base(1, dw::DW_ATE_boolean)), "true");
    assert_eq!(value(&[7], base(1, dw::DW_ATE_boolean)), "7 (not a bool)");
    assert_eq!(value(&[0x41], base(1, dw::DW_ATE_signed_char)), "65 'A'");
    assert_eq!(value(&[0xff], base(1, dw::DW_ATE_signed_char)), "-1");
    assert_eq!(value(&[0xff], base(1, dw::DW_ATE_unsigned_char)), "255");
    assert_eq!(value(&[0xfe, 0xff], base(2, dw::DW_ATE_signed)), "-2");
    assert_eq!(value(&[0xfe, 0xff], base(2, dw::DW_ATE_unsigned)), "65534");
    let pi = 3.5f32.to_le_bytes();
    assert_eq!(value(&pi, base(4, dw::DW_ATE_float)), "3.5");
    let complex = [pi, (-1f32).to_le_bytes()].concat();
    assert_eq!(
        value(&complex, base(8, dw::DW_ATE_complex_float)),
        "3.5 + -1.0i"
    );
    assert_eq!(value(&[0x41, 0, 0, 0], base(4, dw::DW_ATE_UTF)), "'A'");
    let wrong = value(&[0, 0xd8, 0, 0], base(4, dw::DW_ATE_UTF));
    assert_eq!(wrong, "0xd800 (not a character)");
}

#[test]
fn enumerators_are_named_alone_and_combined() {
    let flags = |info: &mut Handmade| {
        let root = info.root();
        let int = info.int();
        let ty = info.named(root, dw::DW_TAG_enumeration_type, "flags");
        info.set(ty, dw::DW_AT_byte_size, Value::Data1(4));
        info.set(ty, dw::DW_AT_type, Value::UnitRef(int));
        for (name, value) in [("NONE", 0), ("A", 1), ("B", 2), ("C", 8)] {
            let enumerator = info.named(ty, dw::DW_TAG_enumerator, name);
            info.set(enumerator, dw::DW_AT_const_value, Value::Sdata(value));
        }
        ty
    };
    for (number, expected) in [
        (0, "NONE"),
        (2, "B"),
        (9, "A | C"),
        (4, "4 (no enumerator)"),
    ] {
        assert_eq!(value(&words(&[number]), flags), expected);
    }
}

#[test]
fn pointers_show_what_they_point_to() {
    let pointer = |info: &mut Handmade| {
        let int = info.int();
        info.derived(dw::DW_TAG_pointer_type, int)
    };
    assert_eq!(value(&words(&[0x100]), pointer), "0x100 → 42");
    assert_eq!(value(&words(&[0]), pointer), "0x0 (null)");
    assert_eq!(
        value(&words(&[0x1000]), pointer),
        "0x1000 (outside the memory)"
    );
    // The last byte is in it, and the rest of the int is not.
    assert_eq!(value(&words(&[0xfff]), pointer), "0xfff");
    let string = |info: &mut Handmade| {
        let char = info.base("char", 1, dw::DW_ATE_signed_char);
        let constant = info.derived(dw::DW_TAG_const_type, char);
        info.derived(dw::DW_TAG_pointer_type, constant)
    };
    let (text, ty) = of_type(&words(&[0x300]), string);
    assert_eq!((&text[..], &ty[..]), ("0x300 \"hello\"", "const char *"));
    let bytes = |info: &mut Handmade| {
        let char = info.base("uint8_t", 1, dw::DW_ATE_unsigned_char);
        info.derived(dw::DW_TAG_pointer_type, char)
    };
    assert_eq!(value(&words(&[0x300]), bytes), "0x300 → 104 'h'");
    let void = |info: &mut Handmade| {
        let root = info.root();
        info.add(root, dw::DW_TAG_pointer_type, [])
    };
    let (text, ty) = of_type(&words(&[0x300]), void);
    assert_eq!((&text[..], &ty[..]), ("0x300", "void *"));
    let reference = |info: &mut Handmade| {
        let int = info.int();
        info.derived(dw::DW_TAG_reference_type, int)
    };
    let (text, ty) = of_type(&words(&[0x100]), reference);
    assert_eq!((&text[..], &ty[..]), ("@0x100 42", "int &"));
}

#[test]
fn functions_are_named_by_their_element() {
    let pointer = |info: &mut Handmade| {
        let int = info.int();
        let function = info.derived(dw::DW_TAG_subroutine_type, int);
        info.derived(dw::DW_TAG_pointer_type, function)
    };
    for (element, expected) in [(3, "3 (callback)"), (4, "4"), (0, "0 (null)")] {
        assert_eq!(value(&words(&[element]), pointer), expected);
    }
}

#[test]
fn pointers_to_members_are_named_by_the_class() {
    let to_member = |info: &mut Handmade| {
        let int = info.int();
        let base = info.structure("base", 8, &[("x", int, 0), ("y", int, 4)]);
        let class = info.structure("class", 12, &[("z", int, 0)]);
        let inherits = [(dw::DW_AT_type, Value::UnitRef(base))];
        let inherits = info.add(class, dw::DW_TAG_inheritance, inherits);
        info.set(inherits, dw::DW_AT_data_member_location, Value::Data1(4));
        let pointer = info.derived(dw::DW_TAG_ptr_to_member_type, int);
        info.set(pointer, dw::DW_AT_containing_type, Value::UnitRef(class));
        pointer
    };
    for (offset, expected) in [(0, "&class::z"), (8, "&base::y"), (6, "6"), (-1, "NULL")] {
        assert_eq!(value(&words(&[offset]), to_member), expected);
    }
    let to_method = |info: &mut Handmade| {
        let int = info.int();
        let function = info.derived(dw::DW_TAG_subroutine_type, int);
        info.derived(dw::DW_TAG_ptr_to_member_type, function)
    };
    assert_eq!(value(&words(&[3, 0]), to_method), "3 (callback)");
    assert_eq!(value(&words(&[3, -8]), to_method), "3 (callback), this -4");
    let table = "virtual, at byte 8 of the virtual table";
    assert_eq!(value(&words(&[8, 1]), to_method), table);
}

#[test]
fn structures_show_members_bit_fields_and_bases() {
    let structure = |info: &mut Handmade| {
        let int = info.int();
        let base = info.structure("base", 4, &[("x", int, 0)]);
        let ty = info.structure("s", 12, &[("y", int, 8)]);
        let inherits = [(dw::DW_AT_type, Value::UnitRef(base))];
        let inherits = info.add(ty, dw::DW_TAG_inheritance, inherits);
        info.set(inherits, dw::DW_AT_data_member_location, Value::Data1(0));
        let fixed = info.named(ty, dw::DW_TAG_member, "constant");
        info.set(fixed, dw::DW_AT_type, Value::UnitRef(int));
        info.set(fixed, dw::DW_AT_declaration, Value::Flag(true));
        // 3 bits from the second on.
        let bits = info.named(ty, dw::DW_TAG_member, "bits");
        info.set(bits, dw::DW_AT_type, Value::UnitRef(int));
        info.set(bits, dw::DW_AT_bit_size, Value::Data1(3));
        info.set(bits, dw::DW_AT_data_bit_offset, Value::Data1(33));
        // Before DWARF 4: the same of the next ones, counted from the highest.
        let old = info.named(ty, dw::DW_TAG_member, "old");
        info.set(old, dw::DW_AT_type, Value::UnitRef(int));
        info.set(old, dw::DW_AT_bit_size, Value::Data1(3));
        info.set(old, dw::DW_AT_bit_offset, Value::Data1(32 - 4 - 3));
        info.set(old, dw::DW_AT_byte_size, Value::Data1(4));
        info.set(old, dw::DW_AT_data_member_location, Value::Data1(4));
        ty
    };
    // 0b_101_110_1
    let text = value(&words(&[1, 0b101_1101, 3]), structure);
    assert_eq!(text, "{y = 3, {x = 1}, bits = -2, old = -3}");
}

#[test]
fn arrays_show_the_first_elements() {
    let array = |count| {
        move |info: &mut Handmade| {
            let int = info.int();
            info.array(int, &[count])
        }
    };
    let (text, ty) = of_type(&words(&[1, -2, 3]), array(3));
    assert_eq!((&text[..], &ty[..]), ("[1, -2, 3]", "int[3]"));
    let nine: Vec<_> = (0..9).collect();
    assert_eq!(
        value(&words(&nine), array(9)),
        "[0, 1, 2, 3, 4, 5, 6, 7, …]"
    );
    assert_eq!(value(&words(&nine), array(8)), "[0, 1, 2, 3, 4, 5, 6, 7]");
    let bounds = |info: &mut Handmade| {
        let int = info.int();
        let array = info.derived(dw::DW_TAG_array_type, int);
        let bounds = [(dw::DW_AT_lower_bound, -1), (dw::DW_AT_upper_bound, 1)];
        let bounds = bounds.map(|(name, bound)| (name, Value::Sdata(bound)));
        info.add(array, dw::DW_TAG_subrange_type, bounds);
        array
    };
    assert_eq!(of_type(&words(&[1, 2, 3]), bounds).1, "int[3]");
    let chars = |info: &mut Handmade| {
        let char = info.base("char", 1, dw::DW_ATE_signed_char);
        info.array(char, &[6])
    };
    assert_eq!(value(b"ab\0cde", chars), "\"ab\"");
    assert_eq!(value(b"abcdef", chars), "\"abcdef\"");
}

#[test]
fn dimensions_are_arrays_of_arrays() {
    let rows = |info: &mut Handmade| {
        let int = info.int();
        info.array(int, &[2, 3])
    };
    let (text, ty) = of_type(&words(&[1, 2, 3, 4, 5, 6]), rows);
    assert_eq!(
        (&text[..], &ty[..]),
        ("[[1, 2, 3], [4, 5, 6]]", "int[2][3]")
    );
    let names = |info: &mut Handmade| {
        let char = info.base("char", 1, dw::DW_ATE_signed_char);
        info.array(char, &[2, 3])
    };
    assert_eq!(value(b"ab\0cde", names), "[\"ab\", \"cde\"]");
    let many = |info: &mut Handmade| {
        let int = info.int();
        info.array(int, &[1; 5000])
    };
    assert_eq!(value(&words(&[1]), many), "[[[[[…]]]]]");
}

#[test]
fn elements_are_a_stride_apart() {
    let with = |attribute: gimli::DwAt, stride: u64, on_dimension: bool| {
        value(&words(&[1, 2, 3, 4, 5, 6]), |info| {
            let int = info.int();
            let array = info.derived(dw::DW_TAG_array_type, int);
            let count = [(dw::DW_AT_count, Value::Udata(3))];
            let dimension = info.add(array, dw::DW_TAG_subrange_type, count);
            let of = if on_dimension { dimension } else { array };
            info.set(of, attribute, Value::Udata(stride));
            array
        })
    };
    assert_eq!(with(dw::DW_AT_byte_stride, 8, false), "[1, 3, 5]");
    assert_eq!(with(dw::DW_AT_bit_stride, 64, false), "[1, 3, 5]");
    assert_eq!(with(dw::DW_AT_byte_stride, 4, false), "[1, 2, 3]");
    // Packed elements, and strides of one dimension, are not shown wrongly.
    assert_eq!(with(dw::DW_AT_bit_stride, 3, false), "<cannot be read>");
    assert_eq!(with(dw::DW_AT_byte_stride, 8, true), "<cannot be read>");
}

#[test]
fn names_are_those_of_the_source() {
    let name = |make: fn(&mut Handmade) -> UnitEntryId| of_type(&[0; 16], make).1;
    let constant = name(|info| {
        let int = info.int();
        let pointer = info.derived(dw::DW_TAG_pointer_type, int);
        info.derived(dw::DW_TAG_const_type, pointer)
    });
    assert_eq!(constant, "int *const");
    let twice = name(|info| {
        let int = info.int();
        let volatile = info.derived(dw::DW_TAG_volatile_type, int);
        let pointer = info.derived(dw::DW_TAG_pointer_type, volatile);
        info.derived(dw::DW_TAG_pointer_type, pointer)
    });
    assert_eq!(twice, "volatile int **");
    let alias = name(|info| {
        let int = info.int();
        let alias = info.derived(dw::DW_TAG_typedef, int);
        info.set(alias, dw::DW_AT_name, text("number"));
        alias
    });
    assert_eq!(alias, "number");
}

/// Evaluates an expression, with a frame base of 0x200 and operands kept from address 12 on.
fn evaluated(ops: &[Op]) -> Option<Location> {
    let context = Context {
        machine: &machine(),
        frame_base: Some(0x200),
        from: Some(WasmPc(12)),
    };
    evaluate(ops, context)
}

#[test]
fn operations_are_of_the_guest_s_width() {
    let value = |ops: &[Op]| match evaluated(&[ops, &[Op::StackValue]].concat()) {
        Some(Location::Bytes(bytes)) => bytes,
        other => panic!("{other:?}"),
    };
    let with = |left: Op, right: Op, op| value(&[left, right, Op::Plain(op)]);
    let narrow = |value: i32| value.to_le_bytes().to_vec();
    let wide = |value: i64| value.to_le_bytes().to_vec();
    // Local 0 is -8.
    for (op, right, expected) in [
        (dw::DW_OP_plus, 3, -5),
        (dw::DW_OP_minus, 3, -11),
        (dw::DW_OP_mul, 3, -24),
        (dw::DW_OP_div, 3, -2),
        // Without a sign: 4,294,967,288.
        (dw::DW_OP_mod, 3, 2),
        (dw::DW_OP_and, 12, 8),
        (dw::DW_OP_or, 1, -7),
        (dw::DW_OP_xor, 1, -7),
        (dw::DW_OP_shl, 1, -16),
        (dw::DW_OP_shr, 1, 0x7fff_fffc),
        (dw::DW_OP_shra, 1, -4),
        (dw::DW_OP_lt, 3, 1),
        (dw::DW_OP_le, 3, 1),
        (dw::DW_OP_gt, 3, 0),
        (dw::DW_OP_ge, 3, 0),
        (dw::DW_OP_eq, 3, 0),
        (dw::DW_OP_ne, 3, 1),
    ] {
        assert_eq!(
            with(Op::Local(0), Op::Unsigned(right), op),
            narrow(expected),
            "{op}"
        );
    }
    for (op, expected) in [
        (dw::DW_OP_le, 1),
        (dw::DW_OP_ge, 1),
        (dw::DW_OP_lt, 0),
        (dw::DW_OP_gt, 0),
        (dw::DW_OP_eq, 1),
    ] {
        assert_eq!(
            with(Op::Local(0), Op::Local(0), op),
            narrow(expected),
            "{op}"
        );
    }
    // An i64 makes it one.
    let sum = with(Op::Local(1), Op::Local(1), dw::DW_OP_plus);
    assert_eq!(sum, wide(1 << 41));
    assert_eq!(
        with(Op::Local(1), Op::Unsigned(33), dw::DW_OP_shr),
        wide(1 << 7)
    );
    assert_eq!(value(&[Op::Local(0), Op::Plain(dw::DW_OP_neg)]), narrow(8));
    assert_eq!(value(&[Op::Local(0), Op::Plain(dw::DW_OP_not)]), narrow(7));
    let swapped = [
        Op::Local(0),
        Op::Unsigned(3),
        Op::Plain(dw::DW_OP_swap),
        Op::Plain(dw::DW_OP_minus),
    ];
    assert_eq!(value(&swapped), narrow(11));
    assert_eq!(
        value(&[Op::Local(0), Op::Unsigned(3), Op::Plain(dw::DW_OP_drop)]),
        narrow(-8)
    );
    assert_eq!(
        value(&[Op::Local(0), Op::Unsigned(3), Op::Pick(1)]),
        narrow(-8)
    );
    assert_eq!(value(&[Op::Address(0x100), Op::Deref(4)]), narrow(42));
    assert_eq!(value(&[Op::Address(0x100), Op::Deref(8)]), wide(42));
    assert_eq!(value(&[Op::Stack(0), Op::PlusConstant(2)]), narrow(9));
}

#[test]
fn what_cannot_be_computed_is_nothing() {
    let impossible: [&[Op]; 7] = [
        &[Op::Local(2), Op::Unsigned(1), Op::Plain(dw::DW_OP_plus)],
        &[Op::Local(2)],
        &[Op::Local(0), Op::Unsigned(0), Op::Plain(dw::DW_OP_div)],
        &[Op::Local(0), Op::Unsigned(32), Op::Plain(dw::DW_OP_shl)],
        &[Op::Plain(dw::DW_OP_plus)],
        &[Op::Stack(1)],
        &[Op::Skip(0)],
    ];
    for ops in impossible {
        assert_eq!(evaluated(ops), None, "{ops:?}");
    }
}

#[test]
fn branches_go_where_they_say() {
    let either = |condition| {
        evaluated(&[
            Op::Unsigned(condition),
            Op::Branch(4),
            Op::Unsigned(0x10),
            Op::Skip(5),
            Op::Unsigned(0x20),
            Op::Plain(dw::DW_OP_nop),
        ])
    };
    assert_eq!(either(0), Some(Location::Memory(0x10)));
    assert_eq!(either(1), Some(Location::Memory(0x20)));
}

#[test]
fn pieces_are_put_together() {
    let value = [Op::Local(0), Op::StackValue, Op::Piece(32, None)];
    let memory = [Op::FrameOffset(8), Op::Piece(16, None)];
    let all = [&value[..], &memory].concat();
    let bytes = [&words(&[-8])[..], &[0xfb, 0xff]].concat();
    assert_eq!(evaluated(&all), Some(Location::Bytes(bytes)));
    let gap = [&value[..], &[Op::Piece(32, None)]].concat();
    assert_eq!(evaluated(&gap), None);
    let bits = [Op::Local(0), Op::StackValue, Op::Piece(3, None)];
    assert_eq!(evaluated(&bits), None);
    let shifted = [Op::Local(0), Op::StackValue, Op::Piece(8, Some(8))];
    assert_eq!(evaluated(&shifted), None);
    // Behind the last piece is nothing.
    let rest = [&value[..], &[Op::Local(0)]].concat();
    assert_eq!(evaluated(&rest), None);
}
