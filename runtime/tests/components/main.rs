//! Components as embedders use them: values of all types in both directions, resources, rules, and guests that break them.
#![cfg(feature = "component-model")]

mod calls;
mod crossings;
mod fused;
mod hostile;
mod proposals;
mod resources;
mod rules;
mod values;
mod wasi;

use dwalin_runtime::component::{Component, Instance, Linker, Val, Violation};
use dwalin_runtime::{Result, Store};

/// A core module with a memory, a `realloc` that never frees, and more.
fn component(core: &str, border: &str) -> String {
    format!(
        r#"(component
          (core module $libc
            (memory (export "memory") 1)
            (global $end (mut i32) (i32.const 1024))
            (func (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
              (local $at i32)
              (local.set $at
                (i32.and (i32.add (global.get $end) (i32.sub (local.get $align) (i32.const 1)))
                         (i32.xor (i32.sub (local.get $align) (i32.const 1)) (i32.const -1))))
              (global.set $end (i32.add (local.get $at) (local.get $size)))
              (local.get $at)))
          (core instance $libc (instantiate $libc))
          (core module $m
            (import "libc" "memory" (memory 1))
            {core})
          {border})"#
    )
}

fn instance(store: &mut Store<()>, text: &str) -> Instance {
    let engine = store.engine().clone();
    let component = Component::new(&engine, text).unwrap();
    Linker::new(&engine).instantiate(store, &component).unwrap()
}

fn call(store: &mut Store<()>, instance: &Instance, name: &str, params: &[Val]) -> Result<Val> {
    let func = instance
        .get_func(&mut *store, name)
        .expect("it is exported");
    let mut results = vec![Val::Bool(false); usize::from(func.ty().result().is_some())];
    func.call(store, params, &mut results)?;
    Ok(results.pop().unwrap_or(Val::Tuple(Vec::new())))
}

fn rule(result: Result<Val>) -> String {
    let error = result.expect_err("a rule is broken");
    let violation = error.downcast_ref::<Violation>();
    violation
        .unwrap_or_else(|| panic!("no rule is broken: {error}"))
        .to_string()
}

fn string(text: &str) -> Val {
    Val::String(text.to_owned())
}

fn record(fields: &[(&str, Val)]) -> Val {
    Val::Record(
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    )
}
