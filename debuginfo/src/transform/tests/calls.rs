//! Functions that gdb would pass other arguments: their types, and their variables.

use super::in_gdb;
use crate::code::{Flavor, ValueType};
use crate::handmade::{Die, F, G, Handmade, Shown, address, code, local, text};
use gimli::constants as dw;
use gimli::write::{AttributeValue as Value, UnitEntryId};

/// The type of what no value of gdb's can be.
const TOO_LARGE: u64 = 1 << 27;

fn pair(info: &mut Handmade) -> UnitEntryId {
    let int = info.int();
    info.structure("pair", 8, &[("a", int, 0), ("b", int, 4)])
}

fn parameter(info: &mut Handmade, of: UnitEntryId, name: &str, ty: UnitEntryId) {
    let parameter = info.named(of, dw::DW_TAG_formal_parameter, name);
    info.set(parameter, dw::DW_AT_type, Value::UnitRef(ty));
    info.set(
        parameter,
        dw::DW_AT_location,
        crate::handmade::raw(&local(0)),
    );
}

/// The entries for gdb, of a function with such code.
fn of_code(info: Handmade, parameters: &[ValueType]) -> Shown {
    let mut code = code(Flavor::Gdb);
    code.functions[0].parameters = parameters.to_vec();
    info.write().transformed(&code)
}

/// The parameters that gdb makes the type of `f` of.
fn parameters(shown: &Shown) -> Vec<&Die> {
    let f = shown.find(dw::DW_TAG_subprogram, "f");
    let children = shown.children(f);
    let own = children.filter(|it| it.tag == dw::DW_TAG_formal_parameter);
    own.collect()
}

/// Asserts that no value fits a parameter, which is shown as a type of a name.
fn assert_unpassable(shown: &Shown, parameter: &Die, name: &str) {
    let alias = shown.ty(parameter);
    assert_eq!((alias.tag, alias.name()), (dw::DW_TAG_typedef, name));
    let ty = shown.ty(alias);
    assert_eq!(ty.number(dw::DW_AT_byte_size), Some(TOO_LARGE));
    let reason = "which gdb does not pass as WebAssembly does";
    assert!(ty.name().contains(reason), "{ty:?}");
}

#[test]
fn structures_by_value_have_a_type_that_no_argument_has() {
    let mut info = Handmade::new();
    let pair = pair(&mut info);
    let int = info.int();
    let f = info.function("f", F);
    info.set(f, dw::DW_AT_type, Value::UnitRef(int));
    parameter(&mut info, f, "p", pair);
    parameter(&mut info, f, "n", int);
    let shown = of_code(info, &[ValueType::I32; 2]);
    let function = shown.find(dw::DW_TAG_subprogram, "f");
    // `finish` shows no result of what has this.
    assert_eq!(function.attr(dw::DW_AT_calling_convention), None);
    let parameters = parameters(&shown);
    let [structure, number] = parameters[..] else {
        panic!("{parameters:?}");
    };
    assert_unpassable(&shown, structure, shown.ty(structure).name());
    assert_eq!(shown.ty(number).name(), "int");
    assert_eq!((structure.name(), number.name()), ("", ""));
    // The variables are in a block that is to gdb what is around it.
    for (name, ty) in [("p", "pair"), ("n", "int")] {
        let variable = shown.find(dw::DW_TAG_formal_parameter, name);
        assert_eq!(shown.ty(variable).name(), ty);
        assert!(variable.attr(dw::DW_AT_location).is_some());
        let block = shown.at(variable.parent.unwrap());
        assert_eq!(block.tag, dw::DW_TAG_lexical_block);
        assert!(block.ranges.is_empty());
    }
}

#[test]
fn a_variable_number_of_arguments_is_one_that_nothing_is() {
    let mut info = Handmade::new();
    let int = info.int();
    let f = info.function("f", F);
    parameter(&mut info, f, "n", int);
    info.add(f, dw::DW_TAG_unspecified_parameters, None);
    let shown = of_code(info, &[ValueType::I32; 2]);
    let parameters = parameters(&shown);
    assert_eq!(parameters.len(), 2);
    assert_unpassable(&shown, parameters[1], "...");
}

#[test]
fn what_is_passed_as_the_host_does_stays_as_it_is() {
    let mut info = Handmade::new();
    let int = info.int();
    let only = info.structure("only", 4, &[("value", int, 0)]);
    let f = info.function("f", F);
    parameter(&mut info, f, "p", only);
    let shown = of_code(info, &[ValueType::I32]);
    let parameters = parameters(&shown);
    assert_eq!(parameters.len(), 1);
    assert_eq!(parameters[0].name(), "p");
    assert_eq!(shown.ty(parameters[0]).name(), "only");
}

#[test]
fn code_with_other_parameters_is_not_called() {
    for names in [&["p", "n"][..], &[]] {
        let mut info = Handmade::new();
        let int = info.int();
        let f = info.function("f", F);
        for name in names {
            parameter(&mut info, f, name, int);
        }
        let shown = of_code(info, &[ValueType::F64]);
        let function = shown.find(dw::DW_TAG_subprogram, "f");
        let convention = function.number(dw::DW_AT_calling_convention);
        match parameters(&shown).first() {
            Some(first) => {
                assert_eq!(convention, None);
                let large = shown.ty(shown.ty(first));
                assert_eq!(large.number(dw::DW_AT_byte_size), Some(TOO_LARGE));
            }
            // Nothing says it then but this.
            None => assert_eq!(convention, Some(dw::DW_CC_nocall.0.into())),
        }
    }
}

#[test]
fn methods_that_return_in_memory_take_more_than_is_shown() {
    let mut info = Handmade::new();
    let pair = pair(&mut info);
    let class = info.structure("s", 4, &[]);
    let method = info.named(class, dw::DW_TAG_subprogram, "twice");
    info.set(method, dw::DW_AT_declaration, Value::Flag(true));
    info.set(method, dw::DW_AT_type, Value::UnitRef(pair));
    let this = info.derived(dw::DW_TAG_pointer_type, class);
    let object = info.add(method, dw::DW_TAG_formal_parameter, None);
    info.set(object, dw::DW_AT_type, Value::UnitRef(this));
    info.set(object, dw::DW_AT_artificial, Value::Flag(true));
    // One of the functions that return nothing, to WebAssembly.
    let code = info.function("", G);
    info.set(code, dw::DW_AT_specification, Value::UnitRef(method));
    let shown = in_gdb(info);
    let method = shown.find(dw::DW_TAG_subprogram, "twice");
    let taken: Vec<_> = shown.children(method).collect();
    assert_eq!(taken.len(), 2, "{taken:?}");
    assert!(
        taken
            .iter()
            .all(|it| it.attr(dw::DW_AT_artificial).is_some())
    );
    assert_eq!(shown.ty(taken[0]).tag, dw::DW_TAG_pointer_type);
}

/// gdb looks for those in the libraries of the host, where it has debug info of them, before it comes to another file of the guest's.
#[test]
fn a_files_own_variable_is_seen_from_others_unless_one_is_meant_by_all() {
    let mut info = Handmade::new();
    let int = info.int();
    let root = info.root();
    for name in ["own", "shared"] {
        info.variable(root, name, int, &address(0x500));
    }
    info.next_unit();
    let (int, root) = (info.int(), info.root());
    let shared = info.variable(root, "shared", int, &address(0x600));
    info.set(shared, dw::DW_AT_external, Value::Flag(true));
    info.set(shared, dw::DW_AT_linkage_name, text("shared"));
    let shown = in_gdb(info);
    let is_external = |it: &Die| it.attr(dw::DW_AT_external).is_some();
    assert!(is_external(shown.variable("own")));
    let shared = shown.all(dw::DW_TAG_variable, "shared");
    let shared: Vec<_> = shared.into_iter().map(is_external).collect();
    assert_eq!(shared, [false, true]);
}
