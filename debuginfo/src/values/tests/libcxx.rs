//! Values of libc++'s types, which are written as clang does.

use super::*;

/// The place behind an object where more of it may be.
const BEHIND: u32 = 0x440;

fn char(info: &mut Handmade) -> UnitEntryId {
    info.base("char", 1, dw::DW_ATE_signed_char)
}

fn size_t(info: &mut Handmade) -> UnitEntryId {
    info.base("size_t", 4, dw::DW_ATE_unsigned)
}

fn pointer(info: &mut Handmade, to: UnitEntryId) -> UnitEntryId {
    info.derived(dw::DW_TAG_pointer_type, to)
}

/// A compressed pair: the value is in the first of its bases.
fn pair(info: &mut Handmade, inner: UnitEntryId, size: u8) -> UnitEntryId {
    let element = info.structure("__compressed_pair_elem<T>", size, &[("__value_", inner, 0)]);
    let pair = info.structure("__compressed_pair<T, U>", size, &[]);
    let base = [(dw::DW_AT_type, Value::UnitRef(element))];
    let base = info.add(pair, dw::DW_TAG_inheritance, base);
    info.set(base, dw::DW_AT_data_member_location, Value::Data1(0));
    pair
}

/// Renders an object, and what is [behind](BEHIND) it.
fn shown(object: &[i32], behind: &[u8], make: impl FnOnce(&mut Handmade) -> UnitEntryId) -> String {
    let mut bytes = words(object);
    bytes.resize((BEHIND - 0x400) as usize, 0);
    bytes.extend(behind);
    value(&bytes, make)
}

fn bits(info: &mut Handmade, structure: UnitEntryId, name: &str, at: u8, size: u8) {
    let byte = info.base("unsigned char", 1, dw::DW_ATE_unsigned_char);
    let member = info.named(structure, dw::DW_TAG_member, name);
    info.set(member, dw::DW_AT_type, Value::UnitRef(byte));
    info.set(member, dw::DW_AT_bit_size, Value::Data1(size));
    info.set(member, dw::DW_AT_data_bit_offset, Value::Data1(at));
}

/// `std::string` of a type of character: one bit says where it is.
fn string(info: &mut Handmade, character: UnitEntryId) -> UnitEntryId {
    let size = size_t(info);
    let data = info.array(character, &[11]);
    let short = info.structure("__short", 12, &[("__data_", data, 1)]);
    bits(info, short, "__is_long_", 0, 1);
    bits(info, short, "__size_", 1, 7);
    let to = pointer(info, character);
    let long = info.structure("__long", 12, &[("__size_", size, 4), ("__data_", to, 8)]);
    let rep = info.structure("__rep", 12, &[("__s", short, 0), ("__l", long, 0)]);
    let pair = pair(info, rep, 12);
    info.structure(
        "basic_string<char, traits, allocator>",
        12,
        &[("__r_", pair, 0)],
    )
}

#[test]
fn strings_are_where_they_say() {
    let of = |object: [u8; 12], character: fn(&mut Handmade) -> UnitEntryId| {
        value(&object, |info| {
            let character = character(info);
            string(info, character)
        })
    };
    let short = *b"\x06ore\0.......";
    assert_eq!(of(short, char), "\"ore\"");
    let long = [0x21, 0, 0, 0, 5, 0, 0, 0, 0, 3, 0, 0];
    assert_eq!(of(long, char), "\"hello\"");
    // Of other characters it is a structure as any other.
    let wide: fn(&mut Handmade) -> UnitEntryId = |info| info.base("wchar_t", 1, dw::DW_ATE_signed);
    assert!(of(short, wide).starts_with('{'));
    assert!(of(long, wide).starts_with('{'));
    let view = value(&words(&[0x300, 4]), |info| {
        let (char, size) = (char(info), size_t(info));
        let to = pointer(info, char);
        let members = [("__data_", to, 0), ("__size_", size, 4)];
        info.structure("basic_string_view<char, traits>", 8, &members)
    });
    assert_eq!(view, "\"hell\"");
}

#[test]
fn containers_show_their_elements() {
    let at = BEHIND as i32;
    let behind = words(&[4, 5, 6]);
    let vector = |info: &mut Handmade| {
        let int = info.int();
        let to = pointer(info, int);
        let members = [("__begin_", to, 0), ("__end_", to, 4)];
        info.structure("vector<int, allocator>", 12, &members)
    };
    assert_eq!(shown(&[at, at + 8], &behind, vector), "[4, 5]");
    assert_eq!(shown(&[at, at], &behind, vector), "[]");
    // Damaged ones are structures.
    assert!(shown(&[at, at + 7], &behind, vector).starts_with('{'));
    assert!(shown(&[at, at - 4], &behind, vector).starts_with('{'));
    for name in ["stack<int>", "queue<int>", "priority_queue<int>"] {
        let adapted = shown(&[at, at + 8], &behind, |info| {
            let vector = vector(info);
            info.structure(name, 12, &[("c", vector, 0)])
        });
        assert_eq!(adapted, "[4, 5]", "{name}");
    }
    let list = shown(&[at, 3], &behind, |info| {
        let (int, size) = (info.int(), size_t(info));
        let to = pointer(info, int);
        let members = [("__begin_", to, 0), ("__size_", size, 4)];
        info.structure("initializer_list<int>", 8, &members)
    });
    assert_eq!(list, "[4, 5, 6]");
    let array = shown(&[7, 8], &[], |info| {
        let int = info.int();
        let elements = info.array(int, &[2]);
        info.structure("array<int, 2U>", 8, &[("__elems_", elements, 0)])
    });
    assert_eq!(array, "[7, 8]");
}

#[test]
fn nodes_are_counted() {
    for (name, member, is_pair) in [
        ("map<int, int>", "__pair3_", true),
        ("map<int, int>", "__size_", false),
        ("multimap<int, int>", "__pair3_", true),
        ("set<int>", "__size_", false),
        ("multiset<int>", "__pair3_", true),
        ("unordered_map<int, int>", "__p2_", true),
        ("unordered_map<int, int>", "__size_", false),
        ("unordered_multimap<int, int>", "__p2_", true),
        ("unordered_set<int>", "__size_", false),
        ("unordered_multiset<int>", "__p2_", true),
        ("list<int>", "__size_alloc_", true),
        ("list<int>", "__size_", false),
        ("deque<int>", "__size_", false),
    ] {
        for (count, expected) in [(0, "{0 entries}"), (1, "{1 entry}"), (3, "{3 entries}")] {
            let container = shown(&[9, 9, count], &[], |info| {
                let size = size_t(info);
                let size = if is_pair { pair(info, size, 4) } else { size };
                let nodes = info.structure("__nodes<int>", 12, &[(member, size, 8)]);
                info.structure(name, 12, &[("__nodes_", nodes, 0)])
            });
            assert_eq!(container, expected, "{name}, {member}");
        }
    }
}

#[test]
fn owners_are_what_they_own() {
    for (name, is_pair) in [
        ("unique_ptr<int>", true),
        ("unique_ptr<int>", false),
        ("shared_ptr<int>", false),
    ] {
        let owner = shown(&[0x100], &[], |info| {
            let int = info.int();
            let to = pointer(info, int);
            let to = if is_pair { pair(info, to, 4) } else { to };
            info.structure(name, 4, &[("__ptr_", to, 0)])
        });
        assert_eq!(owner, "0x100 → 42", "{name}");
    }
    for (engaged, expected) in [(0, "nullopt"), (1, "6"), (2, "{")] {
        let optional = shown(&[6, engaged], &[], |info| {
            let int = info.int();
            let bool = info.base("bool", 1, dw::DW_ATE_boolean);
            let storage = info.structure("__storage", 4, &[("__val_", int, 0)]);
            let members = [("", storage, 0), ("__engaged_", bool, 4)];
            info.structure("optional<int>", 8, &members)
        });
        assert!(optional.starts_with(expected), "{engaged}: {optional}");
    }
}

#[test]
fn members_are_not_looked_for_without_end() {
    // It is in the eighth structure, and in the ninth.
    for (depth, expected) in [(7, "{3 entries}"), (8, "{")] {
        let deque = shown(&[3], &[], |info| {
            let mut inner = size_t(info);
            let mut name = "__size_";
            for _ in 0..depth {
                inner = info.structure("around<int>", 4, &[(name, inner, 0)]);
                name = "around";
            }
            info.structure("deque<int>", 4, &[(name, inner, 0)])
        });
        assert!(deque.starts_with(expected), "{depth}: {deque}");
    }
}
