//! Values by the kinds of their types.

use super::*;

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

#[test]
fn types_of_zig_are_shown_as_zig_prints_them() {
    let slice = |element: &'static str| {
        move |info: &mut Handmade| {
            let size = if element == "u8" { 1 } else { 4 };
            let element = info.base(element, size, dw::DW_ATE_unsigned);
            let pointer = info.derived(dw::DW_TAG_pointer_type, element);
            let usize = info.base("usize", 4, dw::DW_ATE_unsigned);
            info.structure("[]const it", 8, &[("ptr", pointer, 0), ("len", usize, 4)])
        }
    };
    assert_eq!(value(&words(&[0x300, 4]), slice("u8")), "\"hell\"");
    assert_eq!(value(&words(&[0x300, 0]), slice("u8")), "\"\"");
    assert_eq!(value(&words(&[0x404, 1]), slice("u32")), "[1]");
    let outside = value(&words(&[0x1000, 4]), slice("u8"));
    assert_eq!(outside, "{ptr = 0x1000 (outside the memory), len = 4}");
    let optional = |info: &mut Handmade| {
        let int = info.int();
        let byte = info.base("u8", 1, dw::DW_ATE_unsigned);
        info.structure("?i32", 8, &[("payload", int, 0), ("some", byte, 4)])
    };
    assert_eq!(value(&words(&[42, 1]), optional), "42");
    assert_eq!(value(&words(&[42, 0]), optional), "null");
    let of_error = |info: &mut Handmade| {
        let root = info.root();
        let errors = info.named(root, dw::DW_TAG_enumeration_type, "anyerror");
        info.set(errors, dw::DW_AT_byte_size, Value::Data1(2));
        let full = info.named(errors, dw::DW_TAG_enumerator, "error.Full");
        info.set(full, dw::DW_AT_const_value, Value::Udata(3));
        let int = info.int();
        let members = [("payload", int, 0), ("error", errors, 4)];
        info.structure("error{Full}!i32", 8, &members)
    };
    assert_eq!(value(&words(&[42, 0]), of_error), "42");
    assert_eq!(value(&words(&[0, 3]), of_error), "error.Full");
    // Another language's structure, and one that holds itself.
    let other = |info: &mut Handmade| {
        let int = info.int();
        info.structure("pair", 8, &[("payload", int, 0), ("some", int, 4)])
    };
    assert_eq!(value(&words(&[42, 0]), other), "{payload = 42, some = 0}");
    let endless = |info: &mut Handmade| {
        let byte = info.base("u8", 1, dw::DW_ATE_unsigned);
        let ty = info.structure("?it", 8, &[("some", byte, 4)]);
        let payload = info.named(ty, dw::DW_TAG_member, "payload");
        info.set(payload, dw::DW_AT_type, Value::UnitRef(ty));
        info.set(payload, dw::DW_AT_data_member_location, Value::Data1(0));
        ty
    };
    assert_eq!(value(&words(&[0, 1]), endless), "{…}");
}
