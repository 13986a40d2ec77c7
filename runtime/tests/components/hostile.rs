//! Guests that say what is not so.

use super::{call, component, instance, rule, string};
use dwalin_runtime::component::{Component, Linker, Val};
use dwalin_runtime::{Engine, Result, Store};

/// A component whose export returns what its core module says, as a type.
fn returns(ty: &str, named: &str, data: &str, options: &str) -> Result<Val> {
    let mut store = Store::new(&Engine::default(), ());
    let text = component(
        &format!(r#"(data (i32.const 16) "{data}") (func (export "f") (result i32) i32.const 16)"#),
        &format!(
            r#"{named} (core instance $m (instantiate $m (with "libc" (instance $libc))))
               (func (export "f") (result {ty}) (canon lift (core func $m "f") (memory (core memory $libc "memory")) {options}))"#
        ),
    );
    let instance = instance(&mut store, &text);
    call(&mut store, &instance, "f", &[])
}

#[test]
fn lists_that_lie_are_trapped() {
    let out = |extent| format!("list pointer/length out of bounds of memory: {extent} of 65536");
    // At 32 with 0xffffffff elements; beyond the memory; at an odd address.
    let of = |ty, data| rule(returns(ty, "", data, ""));
    assert_eq!(
        of("(list u64)", r"\20\00\00\00\ff\ff\ff\ff"),
        out("34359738360 bytes at 0x20")
    );
    assert_eq!(
        of("(list u8)", r"\ff\ff\ff\ff\01\00\00\00"),
        out("1 bytes at 0xffffffff")
    );
    assert_eq!(
        of("(list u32)", r"\21\00\00\00\01\00\00\00"),
        "list pointer is not aligned: 0x21, and its alignment is 4"
    );
    let wrong = of("(tuple (option u8) u8)", r"\02");
    assert_eq!(wrong, "invalid discriminant 2 for a type of 2 cases");
    assert_eq!(
        of("(tuple char char)", r"\00\00\11\00"),
        "invalid char value 0x110000"
    );
}

#[test]
fn strings_that_lie_are_trapped() {
    let out = |extent| format!("string pointer/length out of bounds of memory: {extent} of 65536");
    let of = |data, options| rule(returns("string", "", data, options));
    let (utf16, compact) = ("string-encoding=utf16", "string-encoding=latin1+utf16");
    assert_eq!(
        of(r"\f8\ff\00\00\09\00\00\00", ""),
        out("9 bytes at 0xfff8")
    );
    assert_eq!(
        of(r"\f8\ff\00\00\05\00\00\00", utf16),
        out("10 bytes at 0xfff8")
    );
    assert_eq!(
        of(r"\01\00\00\00\01\00\00\00", utf16),
        "string pointer is not aligned: 0x1, and its alignment is 2"
    );
    assert!(of(r"\18\00\00\00\02\00\00\00\c3\28", "").starts_with("invalid UTF-8"));
    assert!(of(r"\18\00\00\00\01\00\00\00\00\d8", utf16).starts_with("invalid UTF-16"));
    assert!(of(r"\18\00\00\00\01\00\00\80\00\dc", compact).starts_with("invalid UTF-16"));
}

#[test]
fn lists_of_the_same_list_do_not_take_the_hosts_memory() {
    // 4096 lists of the same 4096 lists of the same 4096 numbers: 64 GiB of values in 64 KiB.
    let text = component(
        r#"(func $fill (param $at i32) (param $to i32) (local $end i32)
             (local.set $end (i32.add (local.get $at) (i32.const 16384)))
             (loop $next
               (i32.store (local.get $at) (local.get $to))
               (i32.store offset=4 (local.get $at) (i32.const 2048))
               (local.set $at (i32.add (local.get $at) (i32.const 8)))
               (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))
           (func (export "f") (result i32)
             (call $fill (i32.const 16384) (i32.const 32768))
             (call $fill (i32.const 32768) (i32.const 2048))
             (i32.store (i32.const 16) (i32.const 16384))
             (i32.store (i32.const 20) (i32.const 2048))
             (i32.const 16))"#,
        r#"(core instance $m (instantiate $m (with "libc" (instance $libc))))
           (func (export "f") (result (list (list (list u32)))) (canon lift (core func $m "f") (memory (core memory $libc "memory"))))"#,
    );
    let mut store = Store::new(&Engine::default(), ());
    let instance = instance(&mut store, &text);
    assert_eq!(
        rule(call(&mut store, &instance, "f", &[])),
        "values of one call take more than 128 MiB of the host's memory"
    );
}

#[test]
fn reallocs_that_lie_are_trapped() {
    let with = |realloc: &str, ty: &str, value: Val| {
        let text = format!(
            r#"(component
              (import "host" (func $host))
              (core func $host-core (canon lower (func $host)))
              (core module $m
                (import "" "host" (func $host))
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc})
                (func (export "f") (param i32 i32)))
              (core instance $m (instantiate $m (with "" (instance (export "host" (func $host-core))))))
              (func (export "f") (param "a" {ty})
                (canon lift (core func $m "f") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))"#
        );
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let component = Component::new(&engine, text).unwrap();
        let mut linker = Linker::new(&engine);
        linker.root().func_new("host", |_, _, _| Ok(())).unwrap();
        let instance = linker.instantiate(&mut store, &component).unwrap();
        call(&mut store, &instance, "f", &[value])
    };
    let out = |extent| {
        format!("realloc return: pointer/length out of bounds of memory: {extent} of 65536")
    };
    assert_eq!(
        rule(with("i32.const -1", "string", string("x"))),
        out("1 bytes at 0xffffffff")
    );
    assert!(with("i32.const 65530", "string", string("longer")).is_ok());
    assert_eq!(
        rule(with("i32.const 65535", "string", string("xy"))),
        out("2 bytes at 0xffff")
    );
    let list = || Val::List(vec![Val::U32(1)]);
    assert_eq!(
        rule(with("i32.const 2", "(list u32)", list())),
        "realloc return: pointer is not aligned: 0x2, and its alignment is 4"
    );
    // It may not call out, and what traps in it traps.
    assert_eq!(
        rule(with("call $host i32.const 0", "string", string("x"))),
        "cannot leave component instance"
    );
    assert!(
        with("unreachable", "string", string("x"))
            .unwrap_err()
            .trap()
            .is_some()
    );
}
