//! Components that call each other: what passes between them, by the adapters that are made for them.

use super::{call, instance, rule, string};
use dwalin_runtime::component::Val;
use dwalin_runtime::{Engine, Store};

/// A core module with a memory and a `realloc` that never frees.
const LIBC: &str = r#"
    (memory (export "memory") 1)
    (global $end (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at
        (i32.and (i32.add (global.get $end) (i32.sub (local.get $align) (i32.const 1)))
                 (i32.sub (i32.const 0) (local.get $align))))
      (global.set $end (i32.add (local.get $at) (local.get $size)))
      (memory.copy (local.get $at) (local.get $old) (local.get $old_size))
      (local.get $at))"#;

/// A component whose `through` passes a string on to one within that gives it back, each with an encoding of its own.
fn relay(outer: &str, inner: &str) -> String {
    format!(
        r#"(component
          (component $callee
            (core module $m {LIBC}
              (func (export "echo") (param i32 i32) (result i32)
                (i32.store (i32.const 16) (local.get 0))
                (i32.store (i32.const 20) (local.get 1))
                (i32.const 16)))
            (core instance $m (instantiate $m))
            (func (export "echo") (param "text" string) (result string)
              (canon lift (core func $m "echo") {inner}
                (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
          (component $caller
          (import "echo" (func $echo (param "text" string) (result string)))
          (core module $libc {LIBC})
          (core instance $libc (instantiate $libc))
          (core func $echo (canon lower (func $echo) {outer}
            (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
          (core module $m
            (import "callee" "echo" (func $echo (param i32 i32 i32)))
            (func (export "through") (param i32 i32) (result i32)
              (call $echo (local.get 0) (local.get 1) (i32.const 16))
              (i32.const 16)))
          (core instance $m (instantiate $m (with "callee" (instance (export "echo" (func $echo))))))
          (func (export "through") (param "text" string) (result string)
            (canon lift (core func $m "through") {outer}
              (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))
          (instance $callee (instantiate $callee))
          (instance $caller (instantiate $caller (with "echo" (func $callee "echo"))))
          (export "through" (func $caller "through")))"#
    )
}

#[test]
fn strings_pass_between_components_of_all_encodings() {
    const ENCODINGS: [&str; 3] = [
        "string-encoding=utf8",
        "string-encoding=utf16",
        "string-encoding=latin1+utf16",
    ];
    let long = "\u{e9}\u{20ac}\u{1f980}x".repeat(300);
    let texts = [
        "",
        "plain",
        "caf\u{e9}",
        "\u{20ac}uro",
        "a\u{1f980}\u{0}\u{ff}",
        &long,
    ];
    for outer in ENCODINGS {
        for inner in ENCODINGS {
            let mut store = Store::new(&Engine::default(), ());
            let instance = instance(&mut store, &relay(outer, inner));
            for text in texts {
                let through = call(&mut store, &instance, "through", &[string(text)]);
                assert_eq!(through.unwrap(), string(text), "{outer} to {inner}");
            }
        }
    }
}

/// A component that calls `f`, of a type, of one within; both are given as core functions.
fn pair(ty: &str, callee: &str, caller: &str, core: &str) -> String {
    format!(
        r#"(component
          (component $callee
            (core module $m {LIBC} {callee})
            (core instance $m (instantiate $m))
            (func (export "f") {ty}
              (canon lift (core func $m "f") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
          (component $caller
          (import "f" (func $f {ty}))
          (core module $libc {LIBC})
          (core instance $libc (instantiate $libc))
          (core func $f (canon lower (func $f)
            (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
          (core module $m
            (import "callee" "f" (func $f {core}))
            (import "libc" "memory" (memory 1))
            {caller})
          (core instance $m (instantiate $m
            (with "callee" (instance (export "f" (func $f)))) (with "libc" (instance $libc))))
          (func (export "run") (result u32) (canon lift (core func $m "run"))))
          (instance $callee (instantiate $callee))
          (instance $caller (instantiate $caller (with "f" (func $callee "f"))))
          (export "run" (func $caller "run")))"#
    )
}

fn run(text: &str) -> dwalin_runtime::Result<Val> {
    let mut store = Store::new(&Engine::default(), ());
    let instance = instance(&mut store, text);
    call(&mut store, &instance, "run", &[])
}

#[test]
fn lists_of_records_pass_between_components() {
    let callee = r#"(func (export "f") (param $at i32) (param $count i32) (result i32)
        (local $sum i32)
        (loop $next
          (if (local.get $count) (then
            (local.set $sum (i32.add (local.get $sum)
              (i32.add (i32.load8_u (local.get $at)) (i32.load offset=4 (local.get $at)))))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))
            (br $next))))
        (local.get $sum))"#;
    let caller = r#"(data (i32.const 64) "\01\ff\ff\ff\0a\00\00\00\02\ff\ff\ff\14\00\00\00")
        (func (export "run") (result i32) (call $f (i32.const 64) (i32.const 2)))"#;
    let ty = r#"(param "all" (list (tuple u8 u32))) (result u32)"#;
    let text = pair(ty, callee, caller, "(param i32 i32) (result i32)");
    assert_eq!(run(&text).unwrap(), Val::U32(33));
}

/// Types, with values as core values that are none of them, and the rule that says so.
const BROKEN: &str = r"
    char; i32; i32.const 0xd800; invalid `char` bit pattern
    (option u8); i32 i32; i32.const 2 i32.const 0; invalid variant discriminant
    (list u32); i32 i32; i32.const 64 i32.const 0x10000; list content out-of-bounds
    (list u32); i32 i32; i32.const 66 i32.const 1; unaligned pointer
    string; i32 i32; i32.const 0xffff i32.const 2; string content out-of-bounds
    string; i32 i32; i32.const 64 i32.const 2; invalid UTF-8 in a string: invalid utf-8 sequence of 1 bytes from index 0
";

#[test]
fn a_rule_that_an_adapter_finds_broken_is_named() {
    for line in BROKEN.lines().filter(|line| !line.trim().is_empty()) {
        let parts: Vec<_> = line.trim().split("; ").collect();
        let [ty, core, values, expected] = parts[..] else {
            panic!("{line}")
        };
        let callee = format!(r#"(func (export "f") (param {core}))"#);
        let caller = format!(
            r#"(data (i32.const 64) "\c3\28")
            (func (export "run") (result i32) {values} call $f i32.const 0)"#
        );
        let (ty, core) = (format!(r#"(param "it" {ty})"#), format!("(param {core})"));
        let text = pair(&ty, &callee, &caller, &core);
        assert_eq!(rule(run(&text)), expected, "{ty}");
    }
}

#[test]
fn frames_of_adapters_are_named_as_the_runtimes() {
    let callee = r#"(func $inner (export "f") (param i32) unreachable)"#;
    let caller = r#"(func $outer (export "run") (result i32) i32.const 1 call $f i32.const 0)"#;
    let text = pair(r#"(param "it" u32)"#, callee, caller, "(param i32)");
    let trapped = run(&text).expect_err("it traps").to_string();
    let places = ["inner", "wasm::adapter", "outer"].map(|name| trapped.find(name));
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{trapped}"
    );
}

/// A component that defines a resource and destroys it.
const DEFINER: &str = r#"(component $definer
            (core module $numbers
              (global $dropped (mut i32) (i32.const 0))
              (func (export "drop") (param i32) (global.set $dropped (i32.add (global.get $dropped) (local.get 0))))
              (func (export "dropped") (result i32) global.get $dropped))
            (core instance $numbers (instantiate $numbers))
            (type $thing' (resource (rep i32) (dtor (core func $numbers "drop"))))
            (export $thing "thing" (type $thing'))
            (core func $new (canon resource.new $thing'))
            (core module $m
              (import "" "new" (func $new (param i32) (result i32)))
              (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
              (func (export "look") (param i32) (result i32) (local.get 0)))
            (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
            (func (export "make") (param "number" u32) (result (own $thing)) (canon lift (core func $m "make")))
            (func (export "look") (param "it" (borrow $thing)) (result u32) (canon lift (core func $m "look")))
            (func (export "dropped") (result u32) (canon lift (core func $numbers "dropped"))))"#;

/// A component that is lent the resource, and given it.
const KEEPER: &str = r#"(component $keeper
            (import "thing" (type $thing (sub resource)))
            (core func $drop (canon resource.drop $thing))
            (core module $m
              (import "" "drop" (func $drop (param i32)))
              (func (export "keep") (param i32))
              (func (export "borrow-well") (param i32) (call $drop (local.get 0)))
              (func (export "hold") (param i32))
              (func (export "take") (param i32) (call $drop (local.get 0))))
            (core instance $m (instantiate $m (with "" (instance (export "drop" (func $drop))))))
            (func (export "keep") (param "it" (borrow $thing)) (canon lift (core func $m "keep")))
            (func (export "borrow-well") (param "it" (borrow $thing)) (canon lift (core func $m "borrow-well")))
            (func (export "hold") (param "it" (own $thing)) (canon lift (core func $m "hold")))
            (func (export "take") (param "it" (own $thing)) (canon lift (core func $m "take"))))"#;

/// Both, and a component that uses the resource by their exports.
fn resources(user: &str) -> String {
    format!(
        r#"(component
          {DEFINER}
          {KEEPER}
          (component $user
          (import "thing" (type $thing (sub resource)))
          (import "make" (func $make (param "number" u32) (result (own $thing))))
          (import "look" (func $look (param "it" (borrow $thing)) (result u32)))
          (import "dropped" (func $dropped (result u32)))
          (import "keep" (func $keep (param "it" (borrow $thing))))
          (import "borrow-well" (func $borrow-well (param "it" (borrow $thing))))
          (import "hold" (func $hold (param "it" (own $thing))))
          (import "take" (func $take (param "it" (own $thing))))
          (core func $make (canon lower (func $make)))
          (core func $look (canon lower (func $look)))
          (core func $dropped (canon lower (func $dropped)))
          (core func $keep (canon lower (func $keep)))
          (core func $borrow-well (canon lower (func $borrow-well)))
          (core func $hold (canon lower (func $hold)))
          (core func $take (canon lower (func $take)))
          (core func $drop (canon resource.drop $thing))
          (core module $m
            (import "" "make" (func $make (param i32) (result i32)))
            (import "" "look" (func $look (param i32) (result i32)))
            (import "" "dropped" (func $dropped (result i32)))
            (import "" "keep" (func $keep (param i32)))
            (import "" "borrow-well" (func $borrow-well (param i32)))
            (import "" "hold" (func $hold (param i32)))
            (import "" "take" (func $take (param i32)))
            (import "" "drop" (func $drop (param i32)))
            (func (export "run") (result i32) (local $it i32)
              (local.set $it (call $make (i32.const 7)))
              {user}))
          (core instance $m (instantiate $m (with "" (instance
            (export "make" (func $make)) (export "look" (func $look)) (export "dropped" (func $dropped))
            (export "keep" (func $keep)) (export "borrow-well" (func $borrow-well)) (export "hold" (func $hold)) (export "take" (func $take))
            (export "drop" (func $drop))))))
          (func (export "run") (result u32) (canon lift (core func $m "run"))))
          (instance $definer (instantiate $definer))
          (alias export $definer "thing" (type $thing))
          (instance $keeper (instantiate $keeper (with "thing" (type $thing))))
          (instance $user (instantiate $user
            (with "thing" (type $thing)) (with "make" (func $definer "make")) (with "look" (func $definer "look"))
            (with "dropped" (func $definer "dropped")) (with "keep" (func $keeper "keep"))
            (with "borrow-well" (func $keeper "borrow-well")) (with "hold" (func $keeper "hold"))
            (with "take" (func $keeper "take"))))
          (export "run" (func $user "run")))"#
    )
}

#[test]
fn resources_go_from_component_to_component() {
    let lent = "(call $borrow-well (local.get $it)) (call $look (local.get $it))";
    assert_eq!(run(&resources(lent)).unwrap(), Val::U32(7));
    let given = "(call $take (local.get $it)) (call $dropped)";
    assert_eq!(run(&resources(given)).unwrap(), Val::U32(7));
    let dropped = "(call $drop (local.get $it)) (call $dropped)";
    assert_eq!(run(&resources(dropped)).unwrap(), Val::U32(7));
}

#[test]
fn resources_keep_their_rules_between_components() {
    let kept = "(call $keep (local.get $it)) (i32.const 0)";
    assert_eq!(
        rule(run(&resources(kept))),
        "borrow handles still remain at the end of the call: 1"
    );
    let given_twice = "(call $take (local.get $it)) (call $take (local.get $it)) (i32.const 0)";
    assert_eq!(rule(run(&resources(given_twice))), "unknown handle index 1");
    // The number that the keeper has for it is of the keeper's table alone.
    let held = "(call $hold (local.get $it)) (call $drop (local.get $it)) (i32.const 0)";
    assert_eq!(rule(run(&resources(held))), "unknown handle index 1");
    let second = "(call $hold (local.get $it)) (local.set $it (call $make (i32.const 8))) (call $look (local.get $it))";
    assert_eq!(run(&resources(second)).unwrap(), Val::U32(8));
}
