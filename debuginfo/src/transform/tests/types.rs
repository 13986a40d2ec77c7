//! Types, and what pointers are of.

use super::{in_both, in_gdb, in_lldb};
use crate::address::HostAddress;
use crate::code::{Flavor, PointerCode};
use crate::handmade::{Die, F, Handmade, Shown, address, code, local, text};
use gimli::constants as dw;
use gimli::write::{AttributeValue as Value, UnitEntryId};

/// The expression that finds an object at the memory's base, unless its address is the host's already.
const AT_BASE: &str = "pushobjectaddress pick 0x20 shr bra 7 0x100 0x20 shl plus";

/// A static variable of a type that is made.
fn of_type(make: impl FnOnce(&mut Handmade) -> UnitEntryId) -> Handmade {
    let mut info = Handmade::new();
    let ty = make(&mut info);
    let root = info.root();
    info.variable(root, "v", ty, &address(0x500));
    info
}

fn ty(shown: &Shown) -> &Die {
    shown.ty(shown.variable("v"))
}

/// Transforms it for an lldb with the formatters.
fn with_formatters(info: Handmade) -> Shown {
    let mut code = code(Flavor::Lldb);
    code.pointer_code = Some(PointerCode {
        code: HostAddress(0x100)..HostAddress(0x200),
        get: HostAddress(0x100),
        set: HostAddress(0x180),
    });
    info.write().transformed(&code)
}

#[test]
fn gdb_finds_what_pointers_are_of_at_the_base() {
    let shown = in_gdb(of_type(|info| {
        let int = info.int();
        info.derived(dw::DW_TAG_pointer_type, int)
    }));
    let pointer = ty(&shown);
    assert_eq!(pointer.tag, dw::DW_TAG_pointer_type);
    assert_eq!(pointer.number(dw::DW_AT_byte_size), Some(4));
    // A typedef that says where, of a copy that is dynamic.
    let alias = shown.ty(pointer);
    assert_eq!((alias.tag, alias.name()), (dw::DW_TAG_typedef, "int"));
    assert_eq!(alias.ops(dw::DW_AT_data_location), AT_BASE);
    let scalar = shown.ty(alias);
    assert_eq!((scalar.tag, scalar.name()), (dw::DW_TAG_base_type, "int"));
    assert_eq!(scalar.ops(dw::DW_AT_associated), "0x1");
    assert_eq!(scalar.number(dw::DW_AT_byte_size), Some(4));
}

#[test]
fn gdb_has_a_pointer_to_each_type() {
    let shown = in_gdb(of_type(|info| {
        let int = info.int();
        let alias = info.derived(dw::DW_TAG_typedef, int);
        info.set(alias, dw::DW_AT_name, text("number"));
        info.derived(dw::DW_TAG_const_type, alias)
    }));
    let pointers = shown
        .entries
        .iter()
        .filter(|it| it.tag == dw::DW_TAG_pointer_type);
    let targets: Vec<_> = pointers.map(|it| shown.ty(it)).collect();
    let mut inner = ty(&shown);
    for tag in [
        dw::DW_TAG_const_type,
        dw::DW_TAG_typedef,
        dw::DW_TAG_base_type,
    ] {
        assert_eq!(inner.tag, tag);
        let to = targets.iter().filter(|it| it.place == inner.place);
        assert_eq!(to.count(), 1, "{tag}");
        if tag != dw::DW_TAG_base_type {
            inner = shown.ty(inner);
        }
    }
}

#[test]
fn gdb_has_a_copy_of_a_class_that_pointers_are_of() {
    let shown = in_gdb(of_type(|info| {
        let int = info.int();
        let node = info.structure("node", 8, &[("value", int, 0)]);
        let next = info.derived(dw::DW_TAG_pointer_type, node);
        let member = info.named(node, dw::DW_TAG_member, "next");
        info.set(member, dw::DW_AT_type, Value::UnitRef(next));
        info.set(member, dw::DW_AT_data_member_location, Value::Data1(4));
        node
    }));
    let node = ty(&shown);
    // The variable's own type says nothing of where it is.
    assert_eq!(node.attr(dw::DW_AT_data_location), None);
    let next = shown.find(dw::DW_TAG_member, "next");
    assert_eq!(next.parent, Some(node.place));
    let copy = shown.ty(shown.ty(next));
    assert_eq!((copy.tag, copy.name()), (node.tag, "node"));
    assert_ne!(copy.place, node.place);
    assert_eq!(copy.ops(dw::DW_AT_data_location), AT_BASE);
    let names: Vec<_> = shown.children(copy).map(Die::name).collect();
    assert_eq!(names, ["value", "next"]);
    // Its own pointers are of the copy.
    let next = shown.children(copy).find(|it| it.name() == "next").unwrap();
    assert_eq!(shown.ty(shown.ty(next)).place, copy.place);
}

#[test]
fn gdb_finds_an_array_behind_a_typedef_without_a_place() {
    let shown = in_gdb(of_type(|info| {
        let int = info.int();
        let array = info.array(int, &[3]);
        info.derived(dw::DW_TAG_pointer_type, array)
    }));
    let alias = shown.ty(ty(&shown));
    assert_eq!(alias.tag, dw::DW_TAG_typedef);
    assert_eq!(alias.attr(dw::DW_AT_data_location), None);
    let array = shown.ty(alias);
    assert_eq!(array.tag, dw::DW_TAG_array_type);
    assert_eq!(array.ops(dw::DW_AT_data_location), AT_BASE);
}

#[test]
fn what_is_only_declared_stays_as_it_is() {
    let shown = in_gdb(of_type(|info| {
        let root = info.root();
        let opaque = info.named(root, dw::DW_TAG_structure_type, "opaque");
        info.set(opaque, dw::DW_AT_declaration, Value::Flag(true));
        info.derived(dw::DW_TAG_pointer_type, opaque)
    }));
    let opaque = shown.ty(ty(&shown));
    assert_eq!(opaque.attr(dw::DW_AT_data_location), None);
    assert!(opaque.attr(dw::DW_AT_declaration).is_some());
}

#[test]
fn dimensions_are_arrays_of_arrays_in_gdb() {
    let build = || {
        of_type(|info| {
            let int = info.int();
            info.array(int, &[2, 3])
        })
    };
    let shown = in_gdb(build());
    let counts = |array: &Die| -> Vec<_> {
        let children = shown.children(array);
        children.map(|it| it.number(dw::DW_AT_count)).collect()
    };
    let outer = ty(&shown);
    assert_eq!(counts(outer), [Some(2)]);
    let inner = shown.ty(outer);
    assert_eq!(inner.tag, dw::DW_TAG_array_type);
    assert_eq!(counts(inner), [Some(3)]);
    assert_eq!(shown.ty(inner).name(), "int");
    let shown = in_lldb(build());
    assert_eq!(shown.children(ty(&shown)).count(), 2);
}

#[test]
fn pointers_in_memory_are_numbers_in_lldb() {
    let shown = in_lldb(of_type(|info| {
        let char = info.base("char", 1, dw::DW_ATE_signed_char);
        let constant = info.derived(dw::DW_TAG_const_type, char);
        let pointer = info.derived(dw::DW_TAG_pointer_type, constant);
        let volatile = info.derived(dw::DW_TAG_volatile_type, pointer);
        let reference = info.derived(dw::DW_TAG_reference_type, volatile);
        info.structure("holder", 8, &[("p", volatile, 0), ("r", reference, 4)])
    }));
    let member = |name| shown.ty(shown.find(dw::DW_TAG_member, name));
    let volatile = member("p");
    assert_eq!(volatile.tag, dw::DW_TAG_volatile_type);
    let pointer = shown.ty(volatile);
    assert_eq!(pointer.name(), "wasm32_ptr<const char>");
    assert_eq!(shown.ty(pointer).name(), "unsigned int");
    assert_eq!(shown.ty(pointer).number(dw::DW_AT_byte_size), Some(4));
    let reference = member("r");
    assert_eq!(
        reference.name(),
        "wasm32_ref<volatile wasm32_ptr<const char>>"
    );
}

#[test]
fn pointers_in_memory_are_classes_in_lldb_with_formatters() {
    let info = of_type(|info| {
        let int = info.int();
        let pointer = info.derived(dw::DW_TAG_pointer_type, int);
        let void = info.root();
        let void = info.add(void, dw::DW_TAG_pointer_type, []);
        info.structure("holder", 8, &[("p", pointer, 0), ("v", void, 4)])
    });
    let shown = with_formatters(info);
    let class = |name| shown.ty(shown.find(dw::DW_TAG_member, name));
    let names = |class| -> Vec<_> { shown.children(class).map(Die::name).collect() };
    let pointer = class("p");
    assert_eq!(
        (pointer.tag, pointer.name()),
        (dw::DW_TAG_structure_type, "int*")
    );
    assert_eq!(pointer.number(dw::DW_AT_byte_size), Some(4));
    let operators = ["operator T*", "operator->", "operator="];
    let members = ["address", "pointer"];
    assert_eq!(names(pointer), [&members[..], &operators].concat());
    let void = class("v");
    assert_eq!(void.name(), "void*");
    assert_eq!(
        names(void),
        ["address", "pointer", "operator T*", "operator="]
    );
    let address = shown.children(pointer).next().unwrap();
    assert_eq!(shown.ty(address).name(), "wasm32_address_10000000000");
}

#[test]
fn pointers_to_arrays_are_named_with_their_bounds() {
    let info = of_type(|info| {
        let int = info.int();
        let array = info.array(int, &[2, 3]);
        let pointer = info.derived(dw::DW_TAG_pointer_type, array);
        let twice = info.derived(dw::DW_TAG_pointer_type, pointer);
        let node = info.structure("node", 4, &[("x", int, 0)]);
        let node = info.derived(dw::DW_TAG_pointer_type, node);
        let nodes = info.array(node, &[2]);
        let nodes = info.derived(dw::DW_TAG_reference_type, nodes);
        let members = [
            ("once", pointer, 0),
            ("twice", twice, 4),
            ("nodes", nodes, 8),
        ];
        info.structure("holder", 12, &members)
    });
    let shown = with_formatters(info);
    let name = |name| shown.ty(shown.find(dw::DW_TAG_member, name)).name();
    assert_eq!(name("once"), "int(*)[2][3]");
    assert_eq!(name("twice"), "int(**)[2][3]");
    assert_eq!(name("nodes"), "node*(&)[2]");
}

#[test]
fn pointers_to_functions_are_names_of_the_table() {
    let info = || {
        of_type(|info| {
            let int = info.int();
            let function = info.derived(dw::DW_TAG_subroutine_type, int);
            let parameter = [(dw::DW_AT_type, Value::UnitRef(int))];
            info.add(function, dw::DW_TAG_formal_parameter, parameter);
            info.derived(dw::DW_TAG_pointer_type, function)
        })
    };
    for flavor in super::FLAVORS {
        let mut code = code(flavor);
        code.table = vec![(1, "f"), (7, "g")];
        let shown = info().write().transformed(&code);
        let pointer = ty(&shown);
        assert_eq!(
            (pointer.tag, pointer.name()),
            (dw::DW_TAG_typedef, "int (*)(int)")
        );
        let functions = shown.ty(pointer);
        assert_eq!(functions.tag, dw::DW_TAG_enumeration_type);
        let named = |die: &Die| (die.name().to_owned(), die.number(dw::DW_AT_const_value));
        let all: Vec<_> = shown.children(functions).map(named).collect();
        assert_eq!(all[0], ("&f".to_owned(), Some(1)));
        assert_eq!(all[1], ("&g".to_owned(), Some(7)));
    }
    // Without a table that is known it is a pointer to gdb, and a number to lldb.
    let shown = in_gdb(info());
    assert_eq!(ty(&shown).tag, dw::DW_TAG_pointer_type);
    let shown = in_lldb(info());
    assert_eq!(shown.ty(ty(&shown)).name(), "unsigned int");
}

#[test]
fn pointers_to_members_are_what_the_guest_has() {
    let info = of_type(|info| {
        let int = info.int();
        let class = info.structure("class", 4, &[("m", int, 0)]);
        let function = info.derived(dw::DW_TAG_subroutine_type, int);
        let to_member = info.derived(dw::DW_TAG_ptr_to_member_type, int);
        let to_method = info.derived(dw::DW_TAG_ptr_to_member_type, function);
        for pointer in [to_member, to_method] {
            info.set(pointer, dw::DW_AT_containing_type, Value::UnitRef(class));
        }
        info.structure(
            "holder",
            12,
            &[("to_member", to_member, 0), ("to_method", to_method, 4)],
        )
    });
    for shown in in_both(info) {
        let member = |name| shown.ty(shown.find(dw::DW_TAG_member, name));
        let to_member = member("to_member");
        assert_eq!(to_member.name(), "int class::*");
        let members = shown.ty(to_member);
        assert_eq!(members.number(dw::DW_AT_byte_size), Some(4));
        let named = |die: &Die| (die.name().to_owned(), die.number(dw::DW_AT_const_value));
        let all: Vec<_> = shown.children(members).map(named).collect();
        assert_eq!(all[0], ("&class::m".to_owned(), Some(0)));
        assert_eq!(all[1], ("(NULL)".to_owned(), Some(u32::MAX.into())));
        let to_method = member("to_method");
        assert_eq!(to_method.name(), "int (class::*)()");
        assert_eq!(to_method.number(dw::DW_AT_byte_size), Some(8));
        let parts: Vec<_> = shown.children(to_method).map(Die::name).collect();
        assert_eq!(parts, ["ptr", "adj"]);
    }
}

#[test]
fn numbers_that_the_host_has_otherwise_are_not_numbers() {
    let info = of_type(|info| info.base("long double", 16, dw::DW_ATE_float));
    let [gdb, lldb] = in_both(info);
    let number = ty(&gdb);
    // gdb takes the guest's format by this name.
    assert_eq!(
        (number.tag, number.name()),
        (dw::DW_TAG_base_type, "_Float128")
    );
    let bytes = ty(&lldb);
    assert_eq!(bytes.tag, dw::DW_TAG_structure_type);
    assert_eq!(bytes.number(dw::DW_AT_byte_size), Some(16));
}

#[test]
fn the_type_of_nullptr_is_as_wide_as_the_guest_s_addresses_in_lldb() {
    for name in ["decltype(nullptr)", "nullptr_t"] {
        let [gdb, lldb] = in_both(of_type(|info| {
            let root = info.root();
            info.named(root, dw::DW_TAG_unspecified_type, name)
        }));
        let null = ty(&lldb);
        assert_eq!((null.tag, null.name()), (dw::DW_TAG_typedef, name));
        assert_eq!(lldb.ty(null).number(dw::DW_AT_byte_size), Some(4));
        // gdb shows no value of it.
        assert_eq!(ty(&gdb).tag, dw::DW_TAG_unspecified_type);
    }
    let void = in_lldb(of_type(|info| {
        let root = info.root();
        info.named(root, dw::DW_TAG_unspecified_type, "void")
    }));
    assert_eq!(ty(&void).tag, dw::DW_TAG_unspecified_type);
}

#[test]
fn lldb_does_not_look_for_virtual_tables() {
    let build = || {
        let mut info = Handmade::new();
        let root = info.root();
        info.set(
            root,
            dw::DW_AT_language,
            Value::Language(dw::DW_LANG_C_plus_plus_14),
        );
        let int = info.int();
        let class = info.structure("class", 4, &[]);
        let method = info.named(class, dw::DW_TAG_subprogram, "method");
        info.set(
            method,
            dw::DW_AT_virtuality,
            Value::Virtuality(dw::DW_VIRTUALITY_virtual),
        );
        info.set(method, dw::DW_AT_containing_type, Value::UnitRef(class));
        info.set(method, dw::DW_AT_declaration, Value::Flag(true));
        let f = info.named(root, dw::DW_TAG_subprogram, "");
        info.set(f, dw::DW_AT_specification, Value::UnitRef(method));
        info.cover(f, F);
        info.variable(f, "x", int, &local(0));
        info
    };
    let gdb = in_gdb(build());
    let method = gdb.find(dw::DW_TAG_subprogram, "method");
    assert!(method.attr(dw::DW_AT_virtuality).is_some());
    assert_eq!(method.attr(dw::DW_AT_linkage_name), None);
    let lldb = in_lldb(build());
    let method = lldb.find(dw::DW_TAG_subprogram, "method");
    assert_eq!(method.attr(dw::DW_AT_virtuality), None);
    // A call of it looks for a function that nobody has.
    let called = method.attr(dw::DW_AT_linkage_name);
    assert!(matches!(called, Some(crate::handmade::Attr::Text(name)) if name.contains("method")));
}

#[test]
fn bases_that_lldb_cannot_place_are_static_members() {
    let build = || {
        of_type(|info| {
            let int = info.int();
            let base = info.structure("base", 4, &[("b", int, 0)]);
            let class = info.structure("class", 12, &[("c", int, 4)]);
            let inheritance = info.derived(dw::DW_TAG_inheritance, base);
            info.unit().get_mut(class);
            let _ = inheritance;
            let inherits = info.add(
                class,
                dw::DW_TAG_inheritance,
                [(dw::DW_AT_type, Value::UnitRef(base))],
            );
            // The offset is 12 before the address point of the class's table.
            let place = [
                dw::DW_OP_dup.0,
                dw::DW_OP_deref.0,
                dw::DW_OP_constu.0,
                12,
                dw::DW_OP_minus.0,
                dw::DW_OP_deref.0,
                dw::DW_OP_plus.0,
            ];
            info.set(
                inherits,
                dw::DW_AT_data_member_location,
                crate::handmade::raw(&place),
            );
            info.set(
                inherits,
                dw::DW_AT_virtuality,
                Value::Virtuality(dw::DW_VIRTUALITY_virtual),
            );
            class
        })
    };
    let lldb = in_lldb(build());
    let class = ty(&lldb);
    let tags: Vec<_> = lldb.children(class).map(|it| it.tag).collect();
    assert!(!tags.contains(&dw::DW_TAG_inheritance));
    let base = lldb.find(dw::DW_TAG_member, "__base_0");
    assert_eq!(lldb.ty(base).name(), "wasm32_virtual_base_12");
    assert_eq!(lldb.ty(lldb.ty(base)).name(), "base");
    let gdb = in_gdb(build());
    let mut children = gdb.children(ty(&gdb));
    assert!(children.any(|it| it.tag == dw::DW_TAG_inheritance));
}

#[test]
fn bases_that_lldb_can_place_stay() {
    let shown = in_lldb(of_type(|info| {
        let int = info.int();
        let base = info.structure("base", 4, &[("b", int, 0)]);
        let class = info.structure("class", 8, &[("c", int, 4)]);
        inherit(info, class, base, &[dw::DW_OP_plus_uconst.0, 0]);
        class
    }));
    let mut children = shown.children(ty(&shown));
    let base = children.find(|it| it.tag == dw::DW_TAG_inheritance);
    assert_eq!(shown.ty(base.unwrap()).name(), "base");
    assert!(!shown.has("__base_0"));
}

/// In a class, one with a virtual base is shorter than alone.
#[test]
fn bases_with_virtual_bases_are_static_members_of_lldb_s_classes() {
    let shown = in_lldb(of_type(|info| {
        let int = info.int();
        let root = info.structure("root", 4, &[("r", int, 0)]);
        let middle = info.structure("middle", 12, &[("m", int, 4)]);
        let inherits = inherit(info, middle, root, &[dw::DW_OP_lit0.0]);
        let is_virtual = Value::Virtuality(dw::DW_VIRTUALITY_virtual);
        info.set(inherits, dw::DW_AT_virtuality, is_virtual);
        let class = info.structure("class", 20, &[]);
        inherit(info, class, middle, &[dw::DW_OP_plus_uconst.0, 8]);
        class
    }));
    let class = ty(&shown);
    let bases: Vec<_> = shown.children(class).collect();
    assert_eq!(bases.len(), 1);
    assert_eq!(
        (bases[0].tag, bases[0].name()),
        (dw::DW_TAG_member, "__base_0")
    );
    assert_eq!(shown.ty(bases[0]).name(), "wasm32_base_8");
}

fn inherit(
    info: &mut Handmade,
    class: UnitEntryId,
    base: UnitEntryId,
    place: &[u8],
) -> UnitEntryId {
    let of = [(dw::DW_AT_type, Value::UnitRef(base))];
    let inherits = info.add(class, dw::DW_TAG_inheritance, of);
    let place = crate::handmade::raw(place);
    info.set(inherits, dw::DW_AT_data_member_location, place);
    inherits
}

#[test]
fn places_of_members_are_numbers_where_they_can_be() {
    let info = of_type(|info| {
        let int = info.int();
        let ty = info.structure("s", 8, &[("a", int, 0), ("b", int, 0)]);
        let place = [dw::DW_OP_plus_uconst.0, 4];
        let c = info.named(ty, dw::DW_TAG_member, "c");
        info.set(c, dw::DW_AT_type, Value::UnitRef(int));
        info.set(
            c,
            dw::DW_AT_data_member_location,
            crate::handmade::raw(&place),
        );
        // Where the object says so itself.
        let d = info.named(ty, dw::DW_TAG_member, "d");
        let place = [dw::DW_OP_dup.0, dw::DW_OP_deref.0, dw::DW_OP_plus.0];
        info.set(d, dw::DW_AT_type, Value::UnitRef(int));
        info.set(
            d,
            dw::DW_AT_data_member_location,
            crate::handmade::raw(&place),
        );
        ty
    });
    for shown in in_both(info) {
        let member = |name| shown.find(dw::DW_TAG_member, name);
        let place = dw::DW_AT_data_member_location;
        assert_eq!(member("c").number(place), Some(4));
        assert!(member("d").ops(place).contains("deref 4"));
    }
}

#[test]
fn constants_of_other_types_than_pointers_stay_in_lldb() {
    let mut info = Handmade::new();
    let int = info.int();
    let f = info.function("f", F);
    let x = info.named(f, dw::DW_TAG_variable, "x");
    info.set(x, dw::DW_AT_type, Value::UnitRef(int));
    info.set(x, dw::DW_AT_const_value, Value::Udata(7));
    let shown = in_lldb(info);
    assert_eq!(shown.variable("x").number(dw::DW_AT_const_value), Some(7));
}
