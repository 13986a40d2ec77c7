//! Values of Rust's types, which are written as rustc does.

use super::super::render::{MEMBERS, STRING};
use super::*;

/// The place behind an object where more of it may be.
const BEHIND: u32 = 0x440;

/// Types of a unit that is a program's in Rust.
struct Types<'i>(&'i mut Handmade);

impl Types<'_> {
    fn int(&mut self) -> UnitEntryId {
        self.0.base("i32", 4, dw::DW_ATE_signed)
    }

    fn usize(&mut self) -> UnitEntryId {
        self.0.base("usize", 4, dw::DW_ATE_unsigned)
    }

    fn byte(&mut self) -> UnitEntryId {
        self.0.base("u8", 1, dw::DW_ATE_unsigned)
    }

    fn structure(
        &mut self,
        name: &str,
        size: u8,
        members: &[(&str, UnitEntryId, u8)],
    ) -> UnitEntryId {
        self.0.structure(name, size, members)
    }

    fn pointer(&mut self, to: UnitEntryId) -> UnitEntryId {
        self.0.derived(dw::DW_TAG_pointer_type, to)
    }

    fn non_null(&mut self, to: UnitEntryId) -> UnitEntryId {
        let pointer = self.pointer(to);
        self.structure("NonNull<T>", 4, &[("pointer", pointer, 0)])
    }

    /// A structure around a number.
    fn around(&mut self, name: &str, inner: UnitEntryId) -> UnitEntryId {
        self.structure(name, 4, &[("value", inner, 0)])
    }

    /// A vector: its buffer is wrapped four times, beside members without a size.
    fn vec(&mut self, element: UnitEntryId) -> UnitEntryId {
        let (byte, usize) = (self.byte(), self.usize());
        let marker = self.structure("PhantomData<u8>", 0, &[]);
        let non_null = self.non_null(byte);
        let unique = [("_marker", marker, 0), ("pointer", non_null, 0)];
        let unique = self.structure("Unique<u8>", 4, &unique);
        let inner = [("cap", usize, 4), ("ptr", unique, 0), ("alloc", marker, 8)];
        let inner = self.structure("RawVecInner<Global>", 8, &inner);
        let raw = [("inner", inner, 0), ("_marker", marker, 8)];
        let raw = self.structure("RawVec<T, Global>", 8, &raw);
        let vec = self.structure("Vec<T, Global>", 12, &[("buf", raw, 0), ("len", usize, 8)]);
        let parameter = self.0.named(vec, dw::DW_TAG_template_type_parameter, "T");
        let element = Value::UnitRef(element);
        self.0.set(parameter, dw::DW_AT_type, element);
        vec
    }

    /// A map of hashbrown's, with its count at byte 12.
    fn table(&mut self, name: &str) -> UnitEntryId {
        let usize = self.usize();
        let inner = self.structure("RawTableInner", 16, &[("items", usize, 12)]);
        let table = self.structure("RawTable<T>", 16, &[("table", inner, 0)]);
        self.structure(name, 16, &[("table", table, 0)])
    }
}

/// Makes a type.
type Make = fn(&mut Types<'_>) -> UnitEntryId;

/// Renders an object of a type, and what is [behind](BEHIND) it.
fn rust(object: &[i32], behind: &[u8], make: impl FnOnce(&mut Types<'_>) -> UnitEntryId) -> String {
    let mut bytes = words(object);
    bytes.resize((BEHIND - 0x400) as usize, 0);
    bytes.extend(behind);
    value(&bytes, |info| {
        let root = info.root();
        info.set(root, dw::DW_AT_language, Value::Language(dw::DW_LANG_Rust));
        make(&mut Types(info))
    })
}

#[test]
fn structures_are_shown_as_debug_does() {
    let of = |name: &'static str, members: [&'static str; 2]| {
        rust(&[1, -2], &[], |types| {
            let int = types.int();
            let marker = types.structure("PhantomData<u8>", 0, &[]);
            let [a, b] = members;
            types.structure(name, 8, &[("_marker", marker, 0), (a, int, 0), (b, int, 4)])
        })
    };
    assert_eq!(of("Point<i32>", ["x", "y"]), "{x = 1, y = -2}");
    let tuple = |name: &'static str| {
        rust(&[1, -2], &[], |types| {
            let int = types.int();
            types.structure(name, 8, &[("__0", int, 0), ("__1", int, 4)])
        })
    };
    assert_eq!(tuple("Pair<i32>"), "Pair(1, -2)");
    assert_eq!(tuple("(i32, i32)"), "(1, -2)");
    let empty = rust(&[], &[], |types| types.structure("Unit<u8>", 0, &[]));
    assert_eq!(empty, "Unit");
}

/// An enumeration with a discriminant of so many bytes: `A` for 0, `B` for a constant, and `C` for all else.
fn shape(size: u8, b: Value, object: &[i32]) -> String {
    rust(object, &[], |types| {
        let int = types.int();
        let bits = types.0.base("bits", size, dw::DW_ATE_unsigned);
        let a = types.structure("A", 16, &[("r", int, 8)]);
        let of_b = types.structure("B", 16, &[("__0", int, 8)]);
        let c = types.structure("C", 16, &[]);
        let shape = types.structure("Shape", 16, &[]);
        let info = &mut *types.0;
        let part = info.add(shape, dw::DW_TAG_variant_part, []);
        let discriminant = info.add(part, dw::DW_TAG_member, []);
        info.set(discriminant, dw::DW_AT_type, Value::UnitRef(bits));
        info.set(
            discriminant,
            dw::DW_AT_data_member_location,
            Value::Data1(0),
        );
        info.set(part, dw::DW_AT_discr, Value::UnitRef(discriminant));
        for (name, ty, constant) in [
            ("A", a, Some(Value::Data1(0))),
            ("B", of_b, Some(b)),
            ("C", c, None),
        ] {
            let variant = info.add(part, dw::DW_TAG_variant, []);
            if let Some(constant) = constant {
                info.set(variant, dw::DW_AT_discr_value, constant);
            }
            let member = info.named(variant, dw::DW_TAG_member, name);
            info.set(member, dw::DW_AT_type, Value::UnitRef(ty));
            info.set(member, dw::DW_AT_data_member_location, Value::Data1(0));
        }
        shape
    })
}

#[test]
fn enums_are_the_variant_that_they_are() {
    for size in [1, 2, 4, 8] {
        let of = |object: &[i32]| shape(size, Value::Data1(1), object);
        assert_eq!(of(&[0, 0, 5]), "A {r = 5}", "{size}");
        assert_eq!(of(&[1, 0, 6]), "B(6)", "{size}");
        assert_eq!(of(&[7, 0, 6]), "C", "{size}");
    }
    // Bytes behind the discriminant do not count, and constants may have a sign.
    assert_eq!(shape(1, Value::Data1(1), &[0x101, 0, 6]), "B(6)");
    assert_eq!(shape(2, Value::Sdata(-1), &[0x1_ffff, 0, 6]), "B(6)");
    assert_eq!(shape(4, Value::Data1(1), &[1, 9, 6]), "B(6)");
    assert_eq!(shape(8, Value::Data1(1), &[1, 9, 6]), "C");
}

#[test]
fn texts_and_slices_are_what_they_point_to() {
    let slice = |name: &'static str, object: [i32; 2], element: Make| {
        let behind = [&words(&[4, 5, 6])[..], b"ore"].concat();
        rust(&object, &behind, |types| {
            let (element, usize) = (element(types), types.usize());
            let pointer = types.pointer(element);
            types.structure(name, 8, &[("data_ptr", pointer, 0), ("length", usize, 4)])
        })
    };
    let (byte, int): (Make, Make) = (|it| it.byte(), |it| it.int());
    let at = BEHIND as i32;
    assert_eq!(slice("&str", [0x300, 5], byte), "\"hello\"");
    assert_eq!(slice("&str", [0x300, 0], byte), "\"\"");
    assert_eq!(
        slice("alloc::boxed::Box<str, Global>", [at + 12, 3], byte),
        "\"ore\""
    );
    assert_eq!(slice("&[u8]", [at, 1], byte), "[4]");
    assert_eq!(slice("&[i32]", [at, 3], int), "[4, 5, 6]");
    assert_eq!(slice("&mut [i32]", [at, 0], int), "[]");
    let empty: Make = |types| types.structure("Unit", 0, &[]);
    assert_eq!(slice("&[Unit]", [at, 3], empty), "[…; 3]");
    // Long ones are cut.
    let text = |len: i32| slice("&str", [0x300, len], byte);
    assert!(
        !text(STRING as i32).ends_with('…'),
        "{}",
        text(STRING as i32)
    );
    assert!(
        text(STRING as i32 + 1).ends_with("\"…"),
        "{}",
        text(STRING as i32 + 1)
    );
    assert_eq!(
        slice("&[i32]", [0x100, MEMBERS as i32], int)
            .matches("more")
            .count(),
        0
    );
    assert!(slice("&[i32]", [0x100, MEMBERS as i32 + 1], int).ends_with(", … 1 more]"));
}

#[test]
fn collections_show_their_elements_or_their_number() {
    let at = BEHIND as i32;
    let behind = [&words(&[4, 5, 6])[..], b"ore"].concat();
    let vec = |types: &mut Types<'_>| {
        let int = types.int();
        types.vec(int)
    };
    assert_eq!(rust(&[at, 8, 2], &behind, vec), "[4, 5]");
    let string = |types: &mut Types<'_>| {
        let byte = types.byte();
        let vec = types.vec(byte);
        types.structure("String", 12, &[("vec", vec, 0)])
    };
    assert_eq!(rust(&[at + 12, 8, 3], &behind, string), "\"ore\"");
    let counted = |name: &'static str, member: &'static str| {
        rust(&[0, 0, 0, 2], &[], |types| {
            let usize = types.usize();
            types.structure(name, 16, &[(member, usize, 12)])
        })
    };
    assert_eq!(counted("VecDeque<i32, Global>", "len"), "{2 entries}");
    assert_eq!(
        counted("BTreeMap<i32, i32, Global>", "length"),
        "{2 entries}"
    );
    let set = rust(&[0, 0, 0, 1], &[], |types| {
        let usize = types.usize();
        let map = types.structure("BTreeMap<i32, SetValZST>", 16, &[("length", usize, 12)]);
        types.structure("BTreeSet<i32>", 16, &[("map", map, 0)])
    });
    assert_eq!(set, "{1 entry}");
    let map = rust(&[0, 0, 0, 3], &[], |types| {
        let table = types.table("HashMap<i32, i32, RandomState, Global>");
        types.structure("HashMap<i32, i32, RandomState>", 16, &[("base", table, 0)])
    });
    assert_eq!(map, "{3 entries}");
    let set = rust(&[0, 0, 0, 3], &[], |types| {
        let table = types.table("HashMap<i32, (), RandomState, Global>");
        let set = types.structure(
            "HashSet<i32, RandomState, Global>",
            16,
            &[("map", table, 0)],
        );
        types.structure("HashSet<i32, RandomState>", 16, &[("base", set, 0)])
    });
    assert_eq!(set, "{3 entries}");
}

#[test]
fn owners_and_cells_are_what_is_in_them() {
    let at = BEHIND as i32;
    for (name, member, expected) in [("Rc<i32>", "value", "9"), ("Arc<i32>", "data", "9")] {
        let counted = rust(&[at], &words(&[1, 2, 9]), |types| {
            let (int, usize) = (types.int(), types.usize());
            let inner = [("strong", usize, 0), ("weak", usize, 4), (member, int, 8)];
            let inner = types.structure("Inner", 12, &inner);
            let pointer = types.non_null(inner);
            types.structure(name, 4, &[("ptr", pointer, 0)])
        });
        assert_eq!(counted, expected, "{name}");
    }
    for name in ["Ref<i32>", "RefMut<i32>"] {
        let borrowed = rust(&[at], &words(&[-7]), |types| {
            let int = types.int();
            let pointer = types.non_null(int);
            types.structure(name, 4, &[("value", pointer, 0)])
        });
        assert_eq!(borrowed, "-7", "{name}");
    }
    for name in ["Cell<i32>", "UnsafeCell<i32>", "ManuallyDrop<i32>"] {
        let cell = rust(&[8], &[], |types| {
            let int = types.int();
            types.around(name, int)
        });
        assert_eq!(cell, "8", "{name}");
    }
    for name in ["NonNull<i32>", "Unique<i32>"] {
        let pointer = rust(&[0x100], &[], |types| {
            let int = types.int();
            let pointer = types.pointer(int);
            types.structure(name, 4, &[("pointer", pointer, 0)])
        });
        assert_eq!(pointer, "0x100 → 42", "{name}");
    }
    for (count, expected) in [(0, "5"), (2, "5 (borrowed)"), (-1, "5 (borrowed mutably)")] {
        let cell = rust(&[count, 5], &[], |types| {
            let int = types.int();
            let borrow = types.around("Cell<isize>", int);
            let value = types.around("UnsafeCell<i32>", int);
            let members = [("borrow", borrow, 0), ("value", value, 4)];
            types.structure("RefCell<i32>", 8, &members)
        });
        assert_eq!(cell, expected);
    }
}
