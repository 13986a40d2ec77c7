//! Rules of the border, and what is refused.

use super::{call, instance, rule, string};
use dwalin_runtime::component::{Component, Instance, Linker, Val};
use dwalin_runtime::{Engine, Store};

#[test]
fn post_return_is_called_and_may_not_call_out() {
    let text = |post: &str| {
        format!(
            r#"(component
              (import "host" (func $host))
              (core func $host-core (canon lower (func $host)))
              (core module $m
                (import "" "host" (func $host))
                (memory (export "memory") 1)
                (data (i32.const 8) "\10\00\00\00\02\00\00\00hi")
                (global $freed (mut i32) (i32.const 0))
                (func (export "f") (result i32) i32.const 8)
                (func (export "post") (param i32) (global.set $freed (local.get 0)) {post})
                (func (export "freed") (result i32) global.get $freed))
              (core instance $m (instantiate $m (with "" (instance (export "host" (func $host-core))))))
              (func (export "f") (result string)
                (canon lift (core func $m "f") (memory (core memory $m "memory")) (post-return (core func $m "post"))))
              (func (export "freed") (result u32) (canon lift (core func $m "freed"))))"#
        )
    };
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.root().func_new("host", |_, _, _| Ok(())).unwrap();
    let mut store = Store::new(&engine, ());
    let component = Component::new(&engine, text("")).unwrap();
    let instance = linker.instantiate(&mut store, &component).unwrap();
    assert_eq!(call(&mut store, &instance, "f", &[]).unwrap(), string("hi"));
    assert_eq!(
        call(&mut store, &instance, "freed", &[]).unwrap(),
        Val::U32(8)
    );
    let component = Component::new(&engine, text("call $host")).unwrap();
    let instance = linker.instantiate(&mut store, &component).unwrap();
    assert_eq!(
        rule(call(&mut store, &instance, "f", &[])),
        "cannot leave component instance"
    );
}

#[test]
fn a_component_is_not_entered_while_it_waits() {
    let engine = Engine::default();
    let text = r#"(component
      (import "host" (func $host))
      (core func $host-core (canon lower (func $host)))
      (core module $m (import "" "host" (func $host)) (func (export "f") call $host) (func (export "g")))
      (core instance $m (instantiate $m (with "" (instance (export "host" (func $host-core))))))
      (func (export "f") (canon lift (core func $m "f")))
      (func (export "g") (canon lift (core func $m "g"))))"#;
    let component = Component::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, None::<Instance>);
    let mut linker = Linker::<Option<Instance>>::new(&engine);
    linker
        .root()
        .func_new("host", |mut store, _, _| {
            let instance = store.data_mut().clone().expect("it is there");
            let func = instance.get_func(&mut store, "g").expect("it is exported");
            func.call(&mut store, &[], &mut [])
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &component).unwrap();
    *store.data_mut() = Some(instance.clone());
    let func = instance.get_func(&mut store, "f").unwrap();
    assert_eq!(
        rule(
            func.call(&mut store, &[], &mut [])
                .map(|()| Val::Bool(true))
        ),
        "cannot enter component instance"
    );
}

#[test]
fn what_is_not_there_is_refused_by_name() {
    let engine = Engine::default();
    let refused = |text: &str| match Component::new(&engine, text) {
        Ok(_) => panic!("it is not there: {text}"),
        Err(error) => error.to_string(),
    };
    for text in [
        r#"(component (import "f" (func async)))"#,
        r#"(component (type (stream u8)))"#,
        r#"(component (type (future u8)))"#,
    ] {
        assert!(refused(text).contains("WASI 0.3"), "{}", refused(text));
    }
    assert!(
        refused("(module)").contains("Module::new"),
        "{}",
        refused("(module)")
    );
    assert!(refused("(component (core func (canon lift 3)))").contains("text"));
    let component = Component::new(
        &engine,
        r#"(component (import "wasi:http/types@0.2.3" (instance $i (export "f" (func)))) (core func (canon lower (func $i "f"))))"#,
    );
    let error =
        Linker::<()>::new(&engine).instantiate(Store::new(&engine, ()), &component.unwrap());
    let error = error.err().expect("there is no HTTP").to_string();
    assert!(error.contains("`dwalin serve`"), "{error}");
}

#[test]
fn interfaces_of_compatible_versions_are_linked() {
    let engine = Engine::default();
    let text = r#"(component
      (import "a:b/c@0.2.9" (instance $c (export "f" (func (result u32)))))
      (core func $f (canon lower (func $c "f")))
      (core module $m (import "" "f" (func $f (result i32))) (func (export "g") (result i32) call $f))
      (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
      (func $g (result u32) (canon lift (core func $m "g")))
      (instance $out (export "g" (func $g)))
      (export "a:b/d@0.2.0" (instance $out)))"#;
    let component = Component::new(&engine, text).unwrap();
    assert_eq!(component.exports()[0].0, "a:b/d@0.2.0#g");
    let mut linker = Linker::new(&engine);
    linker
        .instance("a:b/c@0.2.1")
        .func_new("f", |_, _, results| {
            results[0] = Val::U32(5);
            Ok(())
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    assert_eq!(
        call(&mut store, &instance, "a:b/d@0.2.0#g", &[]).unwrap(),
        Val::U32(5)
    );
}

#[test]
fn nested_components_are_one_list_of_steps() {
    let text = r#"(component
      (component $inner
        (core module $m (func (export "f") (result i32) i32.const 42))
        (core instance $i (instantiate $m))
        (func (export "f") (result u32) (canon lift (core func $i "f"))))
      (instance $i (instantiate $inner))
      (export "f" (func $i "f")))"#;
    let mut store = Store::new(&Engine::default(), ());
    let instance = instance(&mut store, text);
    assert_eq!(call(&mut store, &instance, "f", &[]).unwrap(), Val::U32(42));
}
