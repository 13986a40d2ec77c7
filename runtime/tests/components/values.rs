//! Values of all types, from the host through a guest to the host and back.

use super::{call, component, instance, record, rule, string};
use dwalin_runtime::component::{Component, Linker, Val};
use dwalin_runtime::{Engine, Error, Store};

/// A component whose functions return their argument, a core value, as what they are named after.
fn scalars() -> String {
    let exports = [
        ("bool", "bool", "bool", "i32"),
        ("s8", "s8", "s8", "i32"),
        ("u8", "u8", "u8", "i32"),
        ("s16", "s16", "s16", "i32"),
        ("u16", "u16", "u16", "i32"),
        ("s32", "s32", "s32", "i32"),
        ("u32", "u32", "u32", "i32"),
        ("s64", "s64", "s64", "i64"),
        ("u64", "u64", "u64", "i64"),
        ("f32", "f32", "f32", "f32"),
        ("f64", "f64", "f64", "f64"),
        ("char", "char", "char", "i32"),
        ("s8-of-u32", "u32", "s8", "i32"),
        ("bool-of-u32", "u32", "bool", "i32"),
        ("char-of-u32", "u32", "char", "i32"),
    ];
    let export = |(name, from, to, core): (&str, &str, &str, &str)| {
        format!(
            r#"(func (export "{name}") (param "a" {from}) (result {to}) (canon lift (core func $m "{core}")))"#
        )
    };
    let exports: String = exports.into_iter().map(export).collect();
    component(
        r#"(func (export "i32") (param i32) (result i32) local.get 0)
           (func (export "i64") (param i64) (result i64) local.get 0)
           (func (export "f32") (param f32) (result f32) local.get 0)
           (func (export "f64") (param f64) (result f64) local.get 0)"#,
        &format!(r#"(core instance $m (instantiate $m (with "libc" (instance $libc)))) {exports}"#),
    )
}

#[test]
fn scalars_survive_both_directions() {
    let mut store = Store::new(&Engine::default(), ());
    let instance = instance(&mut store, &scalars());
    for (name, value) in [
        ("bool", Val::Bool(true)),
        ("s8", Val::S8(-128)),
        ("u8", Val::U8(255)),
        ("s16", Val::S16(-32768)),
        ("u16", Val::U16(65535)),
        ("s32", Val::S32(i32::MIN)),
        ("u32", Val::U32(u32::MAX)),
        ("s64", Val::S64(i64::MIN)),
        ("u64", Val::U64(u64::MAX)),
        ("f32", Val::Float32(-0.5)),
        ("f64", Val::Float64(f64::MAX)),
        ("char", Val::Char('\u{10ffff}')),
    ] {
        assert_eq!(
            call(&mut store, &instance, name, &[value.clone()]).unwrap(),
            value
        );
    }
    // Bits beyond the type are not looked at, but in a character.
    assert_eq!(
        call(&mut store, &instance, "s8-of-u32", &[Val::U32(0x1ff)]).unwrap(),
        Val::S8(-1)
    );
    assert_eq!(
        call(&mut store, &instance, "bool-of-u32", &[Val::U32(0x100)]).unwrap(),
        Val::Bool(true)
    );
    let wrong = call(&mut store, &instance, "char-of-u32", &[Val::Char('a')]).unwrap_err();
    assert!(matches!(wrong, Error::Type(_)), "{wrong}");
    // The host's mistake is no reason to close the instance.
    assert_eq!(
        call(&mut store, &instance, "u8", &[Val::U8(1)]).unwrap(),
        Val::U8(1)
    );
    assert_eq!(
        rule(call(
            &mut store,
            &instance,
            "char-of-u32",
            &[Val::U32(0xd800)]
        )),
        "invalid char value 0xd800"
    );
    // A broken rule is.
    assert_eq!(
        rule(call(&mut store, &instance, "u8", &[Val::U8(1)])),
        "cannot enter component instance"
    );
}

/// A component whose export `f` gives its argument to the import `f`, and returns what that returns: `core` is what the type is
/// flattened to. Named types are imported, as the component model wants it.
fn echo(named: &[(&str, &str)], ty: &str, core: &str, options: &str) -> String {
    let mut types = String::new();
    for (name, definition) in named {
        types += &format!(
            "(type ${name}-definition {definition}) (import \"{name}\" (type ${name} (eq ${name}-definition)))"
        );
    }
    let count = core.split_whitespace().count();
    let gets: String = (0..count).map(|i| format!("local.get {i} ")).collect();
    let (result, body) = match count {
        1 if !ty.contains("own") => (
            format!("(param {core}) (result {core})"),
            format!("{gets} call $f"),
        ),
        1 => (
            "(param i32) (result i32)".to_owned(),
            format!("{gets} call $f"),
        ),
        _ => (
            format!("(param {core} i32)"),
            format!("{gets} i32.const 16 call $f i32.const 16"),
        ),
    };
    let param = format!("(param {core})");
    component(
        &format!(
            r#"(import "border" "f" (func $f {result}))
               (func (export "f") {param} (result {}) {body})"#,
            if count == 1 { core } else { "i32" }
        ),
        &format!(
            r#"{types}
               (import "f" (func $f (param "a" {ty}) (result {ty})))
               (core func $f-core (canon lower (func $f) (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")) {options}))
               (core instance $m (instantiate $m (with "libc" (instance $libc))
                 (with "border" (instance (export "f" (func $f-core))))))
               (func (export "g") (param "a" {ty}) (result {ty})
                 (canon lift (core func $m "f") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")) {options}))"#
        ),
    )
}

/// Passes a value to a guest, from there to the host, and both back.
#[track_caller]
fn survives(text: &str, value: &Val) {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let component = Component::new(&engine, text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut linker = Linker::new(&engine);
    let expected = value.clone();
    linker
        .root()
        .func_new("f", move |_, params, results| {
            assert_eq!(params, std::slice::from_ref(&expected));
            results.clone_from_slice(params);
            Ok(())
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &component).unwrap();
    assert_eq!(
        call(&mut store, &instance, "g", std::slice::from_ref(value)).unwrap(),
        *value
    );
}

#[test]
fn strings_survive_in_three_encodings() {
    for options in ["", "string-encoding=utf16", "string-encoding=latin1+utf16"] {
        let text = echo(&[], "string", "i32 i32", options);
        for value in ["", "plain", "caf\u{e9} ", "\u{20ac}\u{1f980}"] {
            survives(&text, &string(value));
        }
    }
}

#[test]
fn compound_values_survive() {
    let point = (
        "point",
        r#"(record (field "x" s16) (field "y" f64) (field "name" string))"#,
    );
    let value = |x| {
        record(&[
            ("x", Val::S16(x)),
            ("y", Val::Float64(0.25)),
            ("name", string("p")),
        ])
    };
    survives(&echo(&[point], "$point", "i32 f64 i32 i32", ""), &value(-3));
    let list = Val::List(vec![value(1), value(-2), value(3)]);
    survives(&echo(&[point], "(list $point)", "i32 i32", ""), &list);
    survives(
        &echo(&[], "(list u8)", "i32 i32", ""),
        &Val::Bytes(vec![1, 2, 255]),
    );
    survives(
        &echo(&[], "(list (list u16))", "i32 i32", ""),
        &Val::List(vec![Val::List(vec![Val::U16(7)]), Val::List(vec![])]),
    );
    let tuple = Val::Tuple(vec![
        Val::U8(1),
        Val::U64(2),
        Val::Char('x'),
        Val::Float32(1.5),
    ]);
    survives(
        &echo(&[], "(tuple u8 u64 char f32)", "i32 i64 i32 f32", ""),
        &tuple,
    );
}

#[test]
fn cases_survive() {
    let shape = (
        "shape",
        r#"(variant (case "none") (case "circle" f32) (case "big" u64) (case "named" string))"#,
    );
    for value in [
        Val::Variant("none".to_owned(), None),
        Val::Variant("circle".to_owned(), Some(Box::new(Val::Float32(2.5)))),
        Val::Variant("big".to_owned(), Some(Box::new(Val::U64(u64::MAX)))),
        Val::Variant("named".to_owned(), Some(Box::new(string("it")))),
    ] {
        // The payload's first core value is an i64, as the widest of f32, i64 and i32.
        survives(&echo(&[shape], "$shape", "i32 i64 i32", ""), &value);
        survives(
            &echo(&[shape], "(list $shape)", "i32 i32", ""),
            &Val::List(vec![value.clone(), value]),
        );
    }
    let colour = ("colour", r#"(enum "red" "green" "blue")"#);
    survives(
        &echo(&[colour], "$colour", "i32", ""),
        &Val::Enum("blue".to_owned()),
    );
    for value in [
        Val::Option(None),
        Val::some(Val::Option(None)),
        Val::some(Val::some(Val::U8(9))),
    ] {
        survives(
            &echo(&[], "(option (option u8))", "i32 i32 i32", ""),
            &value,
        );
    }
    for value in [Val::ok(string("fine")), Val::err(Val::S64(-1))] {
        survives(
            &echo(&[], "(result string (error s64))", "i32 i64 i32", ""),
            &value,
        );
    }
    survives(&echo(&[], "(result)", "i32", ""), &Val::Result(Err(None)));
}

#[test]
fn flags_survive() {
    for (count, core) in [(3, "i32"), (9, "i32"), (17, "i32"), (32, "i32")] {
        let names: Vec<_> = (0..count).map(|i| format!("f{i}")).collect();
        let quoted: String = names.iter().map(|name| format!(" \"{name}\"")).collect();
        let flags = ("set", &*format!("(flags{quoted})"));
        let value = Val::Flags(vec![names[0].clone(), names[count - 1].clone()]);
        survives(&echo(&[flags], "$set", core, ""), &value);
        survives(
            &echo(&[flags], "(list $set)", "i32 i32", ""),
            &Val::List(vec![value]),
        );
    }
}

#[test]
fn more_than_sixteen_core_values_are_in_memory() {
    let many = format!("(tuple {})", "u32 ".repeat(20));
    let text = component(
        r#"(import "border" "f" (func $f (param i32 i32)))
           (func (export "f") (param i32) (result i32) local.get 0 i32.const 16 call $f i32.const 16)"#,
        &format!(
            r#"(import "f" (func $f (param "a" {many}) (result {many})))
               (core func $f-core (canon lower (func $f) (memory (core memory $libc "memory"))))
               (core instance $m (instantiate $m (with "libc" (instance $libc))
                 (with "border" (instance (export "f" (func $f-core))))))
               (func (export "g") (param "a" {many}) (result {many})
                 (canon lift (core func $m "f") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))"#
        ),
    );
    survives(&text, &Val::Tuple((0..20).map(Val::U32).collect()));
}

#[test]
fn values_of_other_types_are_refused() {
    let mut store = Store::new(&Engine::default(), ());
    let point = ("point", r#"(record (field "x" u8) (field "y" u8))"#);
    let engine = store.engine().clone();
    let component = Component::new(&engine, echo(&[point], "$point", "i32 i32", "")).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .root()
        .func_new("f", |_, _, results| {
            results[0] = Val::U8(1);
            Ok(())
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let wrong = [
        record(&[("x", Val::U8(1))]),
        record(&[("y", Val::U8(1)), ("x", Val::U8(1))]),
        record(&[("x", Val::U8(1)), ("y", Val::U16(1))]),
        Val::Tuple(vec![Val::U8(1), Val::U8(1)]),
    ];
    for value in wrong {
        let error = call(&mut store, &instance, "g", &[value]).unwrap_err();
        assert!(matches!(error, Error::Type(_)), "{error}");
    }
    let right = record(&[("x", Val::U8(1)), ("y", Val::U8(2))]);
    let error = call(&mut store, &instance, "g", &[right])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected record { x: u8, y: u8 }"),
        "{error}"
    );
}
