//! Calls that cross the border, in reports: with the names and values of WIT.

use super::{call, component, instance};
use dwalin_runtime::component::{Component, Linker, Val};
use dwalin_runtime::{Engine, Error, Report, Store};

#[test]
fn a_trap_says_how_the_host_called() {
    let core = r#"(func (export "f") (param i32 i32 i32) (result i32) unreachable)"#;
    let border = r#"(core instance $m (instantiate $m (with "libc" (instance $libc))))
        (func (export "divide-up") (param "all" string) (param "by" s32) (result s32)
          (canon lift (core func $m "f") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))"#;
    let mut store = Store::new(&Engine::default(), ());
    let instance = instance(&mut store, &component(core, border));
    let arguments = [Val::String("a \"b\"".to_owned()), Val::S32(-2)];
    let error = call(&mut store, &instance, "divide-up", &arguments).unwrap_err();
    let notes = &error.trap().unwrap().cause().notes;
    let expected = r#"the host called `divide-up(all: "a \"b\"", by: -2)`"#;
    assert!(notes.iter().any(|note| note == expected), "{notes:?}");
}

/// A component that calls an imported function of an interface.
const CALLER: &str = r#"(component
  (import "my:own/sums" (instance $sums (export "add" (func (param "a" u32) (param "more" (option u8)) (result u32)))))
  (core func $add (canon lower (func $sums "add")))
  (core module $m
    (import "" "add" (func $add (param i32 i32 i32) (result i32)))
    (func (export "run") (result i32) (call $add (i32.const 7) (i32.const 1) (i32.const 9))))
  (core instance $m (instantiate $m (with "" (instance (export "add" (func $add))))))
  (func (export "run") (result u32) (canon lift (core func $m "run"))))"#;

#[test]
fn an_error_of_a_host_function_says_how_it_was_called() {
    let engine = Engine::default();
    let component = Component::new(&engine, CALLER).unwrap();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let mut sums = linker.instance("my:own/sums");
    sums.func_new("add", |_, _, _| {
        Err(std::io::Error::other("no sums today").into())
    })
    .unwrap();
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let error = call(&mut store, &instance, "run", &[]).unwrap_err();
    let Error::Host(error) = &error else {
        panic!("{error}");
    };
    let report = Report::of_host_error(error).to_string();
    let expected = "it was called as `my:own/sums#add(a: 7, more: some(9))`";
    assert!(report.contains(expected), "{report}");
}
