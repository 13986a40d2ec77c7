//! Calls from one component into another as reports show them: by the names of WIT, with the values that the caller passed.

use super::{call, instance};
use dwalin_runtime::{Config, Engine, Error, Store};

/// A component whose `run` calls `f` of another one, which traps. The caller's data begins at 64.
fn crossing(ty: &str, encoding: &str, core: &str, values: &str, data: &str) -> String {
    format!(
        r#"(component
          (component $callee
            (core module $m
              (memory (export "memory") 1)
              (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
              (func $inner (export "my:own/callee@1.0.0#f") (param {core}) unreachable))
            (core instance $m (instantiate $m))
            (type $point' (record (field "x" s32) (field "at" f32)))
            (export $point "point" (type $point'))
            (type $shape' (variant (case "none") (case "circle" u16)))
            (export $shape "shape" (type $shape'))
            (type $set' (flags "read" "write"))
            (export $set "set" (type $set'))
            (func $f {ty}
              (canon lift (core func $m "my:own/callee@1.0.0#f")
                (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
            (instance $out (export "point" (type $point)) (export "shape" (type $shape)) (export "set" (type $set))
              (export "f" (func $f)))
            (export "my:own/callee@1.0.0" (instance $out)))
          (component $caller
            (import "callee" (instance $callee
              (type $point' (record (field "x" s32) (field "at" f32)))
              (export "point" (type $point (eq $point')))
              (type $shape' (variant (case "none") (case "circle" u16)))
              (export "shape" (type $shape (eq $shape')))
              (type $set' (flags "read" "write"))
              (export "set" (type $set (eq $set')))
              (export "f" (func {ty}))))
            (core module $libc
              (memory (export "memory") 1)
              (data (i32.const 64) "{data}"))
            (core instance $libc (instantiate $libc))
            (alias export $callee "f" (func $f))
            (core func $f (canon lower (func $f) {encoding} (memory (core memory $libc "memory"))))
            (core module $m
              (import "callee" "f" (func $f (param {core})))
              (func (export "run") (result i32) {values} call $f i32.const 0))
            (core instance $m (instantiate $m (with "callee" (instance (export "f" (func $f))))))
            (func (export "run") (result u32) (canon lift (core func $m "run"))))
          (instance $callee (instantiate $callee))
          (instance $caller (instantiate $caller (with "callee" (instance $callee "my:own/callee@1.0.0"))))
          (export "run" (func $caller "run")))"#
    )
}

/// The call that a report shows between the two, and what the report begins with.
fn shown(text: &str, debug_info: bool) -> (String, String) {
    let mut config = Config::new();
    config.debug_info(debug_info);
    let mut store = Store::new(&Engine::new(&config), ());
    let instance = instance(&mut store, text);
    let error = call(&mut store, &instance, "run", &[]).expect_err("it traps");
    let frames = error.backtrace().expect("guests were called").frames();
    let calls: Vec<_> = frames
        .iter()
        .filter_map(|it| it.passes_on.clone())
        .collect();
    let [call] = &calls[..] else {
        panic!("{error:?}")
    };
    let name = "my:own/callee@1.0.0#f";
    let call = call.strip_prefix(name);
    (call.expect("it is named").to_owned(), format!("{error:?}"))
}

/// A type of parameters; how the caller's strings are encoded; the core parameters, and their values; the caller's data; the call.
const CALLS: &[[&str; 6]] = &[
    [
        r#"(param "a" u8) (param "b" s32) (param "wide" u64) (param "real" f64)"#,
        "",
        "i32 i32 i64 f64",
        "i32.const 200 i32.const -2 i64.const -1 f64.const 0.5",
        "",
        "(a: 200, b: -2, wide: 18446744073709551615, real: 0.5)",
    ],
    [
        r#"(param "yes" bool) (param "letter" char) (param "maybe" (option s8)) (param "done" (result u8 (error char)))"#,
        "",
        "i32 i32 i32 i32 i32 i32",
        "i32.const 1 i32.const 0x1f980 i32.const 1 i32.const -7 i32.const 1 i32.const 0x61",
        "",
        "(yes: true, letter: '\u{1f980}', maybe: some(-7), done: err('a'))",
    ],
    [
        r#"(param "p" $point) (param "s" $shape) (param "may" $set) (param "pair" (tuple u8 u8))"#,
        "",
        "i32 f32 i32 i32 i32 i32 i32",
        "i32.const 3 f32.const 1.5 i32.const 1 i32.const 9 i32.const 2 i32.const 4 i32.const 5",
        "",
        "(p: {x: 3, at: 1.5}, s: circle(9), may: {write}, pair: (4, 5))",
    ],
    [
        r#"(param "text" string) (param "all" (list u16)) (param "n" u8)"#,
        "string-encoding=utf8",
        "i32 i32 i32 i32 i32",
        "i32.const 64 i32.const 5 i32.const 72 i32.const 2 i32.const 1",
        r"caf\c3\a9\00\00\00\01\00\ff\ff",
        "(text: \"caf\u{e9}\", all: [1, 65535], n: 1)",
    ],
    [
        r#"(param "text" string)"#,
        "string-encoding=utf16",
        "i32 i32",
        "i32.const 64 i32.const 2",
        r"a\00\ac\20",
        "(text: \"a\u{20ac}\")",
    ],
    [
        r#"(param "latin" string) (param "wide" string)"#,
        "string-encoding=latin1+utf16",
        "i32 i32 i32 i32",
        "i32.const 64 i32.const 2 i32.const 66 i32.const 0x80000001",
        r"a\e9\ac\20",
        "(latin: \"a\u{e9}\", wide: \"\u{20ac}\")",
    ],
    [
        r#"(param "names" (list string))"#,
        "",
        "i32 i32",
        "i32.const 64 i32.const 2",
        r"\50\00\00\00\01\00\00\00\51\00\00\00\02\00\00\00xyz",
        "(names: [\"x\", \"yz\"])",
    ],
    // More than sixteen core values: in memory.
    [
        r#"(param "first" u8) (param "many" (tuple u32 u32 u32 u32 u32 u32 u32 u32)) (param "more" (tuple u32 u32 u32 u32 u32 u32 u32 u32))"#,
        "",
        "i32",
        "i32.const 64",
        r"\07\00\00\00\01\00\00\00\02\00\00\00\03\00\00\00\04\00\00\00\05\00\00\00\06\00\00\00\07\00\00\00\08",
        "(first: 7, many: (1, 2, 3, 4, 5, 6, 7, 8), more: (0, 0, 0, 0, 0, 0, 0, 0))",
    ],
];

#[test]
fn a_call_between_components_has_the_names_and_values_of_wit() {
    for [ty, encoding, core, values, data, expected] in CALLS {
        let text = crossing(ty, encoding, core, values, data);
        let (call, report) = shown(&text, true);
        assert_eq!(call, *expected, "{ty}");
        let line = format!("wasm::adapter of my:own/callee@1.0.0#f{expected} (component:adapter");
        assert!(report.contains(&line), "{report}");
        // No values are kept in code that nobody debugs.
        let (call, _) = shown(&text, false);
        assert!(call.starts_with(": func("), "{call}");
    }
}

/// Types, how strings are encoded, core values that are none of them, the rule that says so, and the call.
const BROKEN: &[[&str; 6]] = &[
    [
        "char",
        "",
        "i32",
        "i32.const 0xd800",
        "invalid `char` bit pattern",
        "(it: (invalid char value 0xd800))",
    ],
    [
        "(option u8)",
        "",
        "i32 i32",
        "i32.const 2 i32.const 0",
        "invalid variant discriminant",
        "(it: (invalid discriminant 2 for a type of 2 cases))",
    ],
    [
        "(list u32)",
        "",
        "i32 i32",
        "i32.const 64 i32.const 0x10000",
        "list content out-of-bounds",
        "(it: (list pointer/length out of bounds of memory: 262144 bytes at 0x40 of 65536))",
    ],
    [
        "(list u32)",
        "",
        "i32 i32",
        "i32.const 66 i32.const 1",
        "unaligned pointer",
        "(it: (list pointer is not aligned: 0x42, and its alignment is 4))",
    ],
    [
        "string",
        "",
        "i32 i32",
        "i32.const 64 i32.const 2",
        "invalid UTF-8 in a string",
        "(it: (invalid UTF-8 in a string: invalid utf-8 sequence of 1 bytes from index 0))",
    ],
    [
        "string",
        "string-encoding=utf16",
        "i32 i32",
        "i32.const 66 i32.const 1",
        "invalid UTF-16 in a string",
        "(it: (invalid UTF-16 in a string: unpaired surrogate found: d800))",
    ],
    [
        "(list string)",
        "",
        "i32 i32",
        "i32.const 64 i32.const 8192",
        "list content out-of-bounds",
        "(it: (list pointer/length out of bounds of memory: 65536 bytes at 0x40 of 65536))",
    ],
];

#[test]
fn a_rule_that_is_broken_between_components_is_shown_where_it_is() {
    for [ty, encoding, core, values, rule, expected] in BROKEN {
        let ty = format!(r#"(param "it" {ty})"#);
        let text = crossing(&ty, encoding, core, values, r"\c3\28\00\d8");
        let (call, report) = shown(&text, true);
        assert_eq!(call, *expected, "{ty}");
        assert!(report.starts_with(&format!("error: {rule}")), "{report}");
        let note = format!("a component called another one: `my:own/callee@1.0.0#f{expected}`");
        assert!(report.contains(&note), "{report}");
    }
}

/// A component whose `run` calls `f` of another one, of which the result, in the callee's memory from 64 on, breaks a rule.
fn returning(ty: &str, encoding: &str, data: &str) -> String {
    format!(
        r#"(component
          (component $callee
            (core module $m
              (memory (export "memory") 1)
              (data (i32.const 64) "{data}")
              (func (export "f") (param i32) (result i32) i32.const 64))
            (core instance $m (instantiate $m))
            (func (export "f") (param "n" u8) (result {ty})
              (canon lift (core func $m "f") (memory (core memory $m "memory")) {encoding})))
          (component $caller
            (import "f" (func $f (param "n" u8) (result {ty})))
            (core module $libc
              (memory (export "memory") 1)
              (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
            (core instance $libc (instantiate $libc))
            (core func $f (canon lower (func $f)
              (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
            (core module $m
              (import "" "f" (func $f (param i32 i32)))
              (func (export "run") (result i32) (call $f (i32.const 3) (i32.const 8)) (i32.const 0)))
            (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
            (func (export "run") (result u32) (canon lift (core func $m "run"))))
          (instance $callee (instantiate $callee))
          (instance $caller (instantiate $caller (with "f" (func $callee "f"))))
          (export "run" (func $caller "run")))"#
    )
}

/// Types, how strings are encoded, the bytes of what is none of them, and the call with its result.
const RETURNED: &[[&str; 4]] = &[
    [
        "(tuple char char)",
        "",
        r"\61\00\00\00\00\d8\00\00",
        "(n: 3) -> (invalid char value 0xd800)",
    ],
    [
        "(result u32 (error string))",
        "",
        r"\02",
        "(n: 3) -> (invalid discriminant 2 for a type of 2 cases)",
    ],
    [
        "(result u32 (error string))",
        "",
        r"\01\00\00\00\f0\ff\00\00\20\00\00\00",
        "(n: 3) -> (string pointer/length out of bounds of memory: 32 bytes at 0xfff0 of 65536)",
    ],
    [
        "(list u32)",
        "",
        r"\40\00\00\00\00\00\01\00",
        "(n: 3) -> (list pointer/length out of bounds of memory: 262144 bytes at 0x40 of 65536)",
    ],
    [
        "string",
        "string-encoding=utf16",
        r"\48\00\00\00\01\00\00\00\00\dc",
        "(n: 3) -> (invalid UTF-16 in a string: unpaired surrogate found: dc00)",
    ],
];

#[test]
fn a_result_that_breaks_a_rule_is_shown_between_components() {
    for [ty, encoding, data, expected] in RETURNED {
        let mut config = Config::new();
        config.debug_info(true);
        let mut store = Store::new(&Engine::new(&config), ());
        let instance = instance(&mut store, &returning(ty, encoding, data));
        let error = call(&mut store, &instance, "run", &[]).expect_err("a rule is broken");
        let note = format!("a component called another one: `f{expected}`");
        assert!(format!("{error:?}").contains(&note), "{ty}: {error:?}");
    }
}

#[test]
fn a_borrow_that_is_still_held_is_shown_with_the_call() {
    let text = lending("");
    let mut config = Config::new();
    config.debug_info(true);
    let mut store = Store::new(&Engine::new(&config), ());
    let held = instance(&mut store, &text);
    let error = call(&mut store, &held, "run", &[]).expect_err("a rule is broken");
    let report = format!("{error:?}");
    for expected in [
        "borrow handles still remain at the end of the call: 1",
        "a component called another one: `keep(it: (resource), n: 4)`",
    ] {
        assert!(report.contains(expected), "{report}");
    }
    // One that drops it breaks none.
    let dropped = instance(&mut store, &lending("(call $drop (local.get 0))"));
    assert!(call(&mut store, &dropped, "run", &[]).is_ok());
}

/// A component whose `run` lends a resource to another one, which does this.
fn lending(body: &str) -> String {
    format!(
        r#"(component
          (component $definer
            (type $thing' (resource (rep i32)))
            (export $thing "thing" (type $thing'))
            (core func $new (canon resource.new $thing'))
            (core module $m
              (import "" "new" (func $new (param i32) (result i32)))
              (func (export "make") (result i32) (call $new (i32.const 5))))
            (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
            (func (export "make") (result (own $thing)) (canon lift (core func $m "make"))))
          (component $keeper
            (import "thing" (type $thing (sub resource)))
            (core func $drop (canon resource.drop $thing))
            (core module $m
              (import "" "drop" (func $drop (param i32)))
              (func (export "keep") (param i32 i32) {body}))
            (core instance $m (instantiate $m (with "" (instance (export "drop" (func $drop))))))
            (func (export "keep") (param "it" (borrow $thing)) (param "n" u32) (canon lift (core func $m "keep"))))
          (component $user
            (import "thing" (type $thing (sub resource)))
            (import "make" (func $make (result (own $thing))))
            (import "keep" (func $keep (param "it" (borrow $thing)) (param "n" u32)))
            (core func $make (canon lower (func $make)))
            (core func $keep (canon lower (func $keep)))
            (core module $m
              (import "" "make" (func $make (result i32)))
              (import "" "keep" (func $keep (param i32 i32)))
              (func (export "run") (result i32) (call $keep (call $make) (i32.const 4)) (i32.const 0)))
            (core instance $m (instantiate $m (with "" (instance
              (export "make" (func $make)) (export "keep" (func $keep))))))
            (func (export "run") (result u32) (canon lift (core func $m "run"))))
          (instance $definer (instantiate $definer))
          (alias export $definer "thing" (type $thing))
          (instance $keeper (instantiate $keeper (with "thing" (type $thing))))
          (instance $user (instantiate $user
            (with "thing" (type $thing)) (with "make" (func $definer "make")) (with "keep" (func $keeper "keep"))))
          (export "run" (func $user "run")))"#
    )
}

/// A component that gives the host a value.
fn to_the_host(ty: &str, core: &str, values: &str) -> String {
    format!(
        r#"(component
          (import "take" (func $take (param "it" {ty})))
          (core module $libc (memory (export "memory") 1))
          (core instance $libc (instantiate $libc))
          (core func $take (canon lower (func $take) (memory (core memory $libc "memory"))))
          (core module $m
            (import "" "take" (func $take (param {core})))
            (func (export "run") {values} call $take))
          (core instance $m (instantiate $m (with "" (instance (export "take" (func $take))))))
          (func (export "run") (canon lift (core func $m "run"))))"#
    )
}

#[test]
fn a_rule_that_is_broken_in_a_call_of_the_host_is_shown_where_it_is() {
    use dwalin_runtime::component::{Component, Linker};
    for [ty, _, core, values, _, expected] in BROKEN.iter().take(4) {
        let engine = Engine::default();
        let component = Component::new(&engine, to_the_host(ty, core, values)).unwrap();
        let mut linker = Linker::new(&engine);
        linker.root().func_new("take", |_, _, _| Ok(())).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let error = call(&mut store, &instance, "run", &[]).expect_err("a rule is broken");
        let Error::Host(error) = error else {
            panic!("{error:?}")
        };
        let note = format!("it was called as `take{expected}`");
        assert!(error.cause().notes.contains(&note), "{error:?}");
    }
}

#[test]
fn handles_stay_where_they_are_when_a_call_is_shown() {
    let text = r#"(component
      (component $callee
        (core module $numbers (func (export "f") (param i32 i32) unreachable))
        (core instance $m (instantiate $numbers))
        (type $thing' (resource (rep i32)))
        (export $thing "thing" (type $thing'))
        (core func $new (canon resource.new $thing'))
        (core module $maker
          (import "" "new" (func $new (param i32) (result i32)))
          (func (export "make") (result i32) (call $new (i32.const 5))))
        (core instance $maker (instantiate $maker (with "" (instance (export "new" (func $new))))))
        (func (export "make") (result (own $thing)) (canon lift (core func $maker "make")))
        (func (export "f") (param "it" (borrow $thing)) (param "n" u32) (canon lift (core func $m "f"))))
      (component $caller
        (import "thing" (type $thing (sub resource)))
        (import "make" (func $make (result (own $thing))))
        (import "f" (func $f (param "it" (borrow $thing)) (param "n" u32)))
        (core func $make (canon lower (func $make)))
        (core func $f (canon lower (func $f)))
        (core module $m
          (import "" "make" (func $make (result i32)))
          (import "" "f" (func $f (param i32 i32)))
          (func (export "run") (result i32) (call $f (call $make) (i32.const 4)) (i32.const 0)))
        (core instance $m (instantiate $m (with "" (instance (export "make" (func $make)) (export "f" (func $f))))))
        (func (export "run") (result u32) (canon lift (core func $m "run"))))
      (instance $callee (instantiate $callee))
      (alias export $callee "thing" (type $thing))
      (instance $caller (instantiate $caller
        (with "thing" (type $thing)) (with "make" (func $callee "make")) (with "f" (func $callee "f"))))
      (export "run" (func $caller "run")))"#;
    let mut config = Config::new();
    config.debug_info(true);
    let mut store = Store::new(&Engine::new(&config), ());
    let instance = instance(&mut store, text);
    let error = call(&mut store, &instance, "run", &[]).expect_err("it traps");
    let frames = error.backtrace().unwrap().frames();
    let mut calls = frames.iter().filter_map(|it| it.passes_on.as_deref());
    assert_eq!(calls.next(), Some("f(it: (resource), n: 4)"));
    assert_eq!(calls.next(), None);
}
