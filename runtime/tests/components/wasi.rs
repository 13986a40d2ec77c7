//! WASI 0.2 in stores of embedders.

use super::component;
use dwalin_runtime::component::{Component, Linker, Val, wasi};
use dwalin_runtime::wasi::{WasiCtx, WasiCtxBuilder};
use dwalin_runtime::{Engine, Store};

/// Counts its directories.
const BORDER: &str = r#"
    (import "wasi:filesystem/types@0.2.0" (instance $types (export "descriptor" (type (sub resource)))))
    (alias export $types "descriptor" (type $descriptor))
    (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
        (alias outer 1 $descriptor (type $outer))
        (export "descriptor" (type $own (eq $outer)))
        (export "get-directories" (func (result (list (tuple (own $own) string)))))))
    (core func $get (canon lower (func $preopens "get-directories")
        (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core instance $m (instantiate $m
        (with "libc" (instance $libc)) (with "" (instance (export "get" (func $get))))))
    (func (export "count") (result u32) (canon lift (core func $m "count")))"#;

#[test]
fn contexts_of_threads_have_the_descriptors_in_common() {
    let core = r#"
        (import "" "get" (func $get (param i32)))
        (func (export "count") (result i32) (call $get (i32.const 8)) (i32.load (i32.const 12)))"#;
    let engine = Engine::default();
    let component = Component::new(&engine, component(core, BORDER)).unwrap();
    let mut linker = Linker::new(&engine);
    wasi::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
    let mut first = WasiCtxBuilder::new()
        .preopened_dir(env!("CARGO_TARGET_TMPDIR"), "/")
        .unwrap()
        .build();
    let second = first.for_thread();
    for context in [first, second] {
        let mut store = Store::new(&engine, context);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let count = instance.get_func(&mut store, "count").unwrap();
        let mut results = [Val::Bool(false)];
        count.call(&mut store, &[], &mut results).unwrap();
        assert_eq!(results, [Val::U32(1)]);
    }
}
