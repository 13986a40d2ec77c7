//! Resources, of the host and of guests.

use super::{call, instance, rule};
use dwalin_runtime::component::{Component, Instance, Linker, Resource, ResourceType, Val};
use dwalin_runtime::{Engine, Error, Result, Store};

/// A component that takes, keeps, lends and drops resources of the host.
const KEEPER: &str = r#"(component
  (import "r" (type $r (sub resource)))
  (import "look" (func $look (param "a" (borrow $r)) (result u32)))
  (import "take" (func $take (param "a" (own $r))))
  (core func $look-core (canon lower (func $look)))
  (core func $take-core (canon lower (func $take)))
  (core func $drop (canon resource.drop $r))
  (core module $m
    (import "" "look" (func $look (param i32) (result i32)))
    (import "" "take" (func $take (param i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "id") (param i32) (result i32) local.get 0)
    (func (export "look") (param i32) (result i32) local.get 0 call $look)
    (func (export "look-and-drop") (param i32) (result i32) (call $look (local.get 0)) (call $drop (local.get 0)))
    (func (export "give") (param i32) local.get 0 call $take)
    (func (export "drop") (param i32) local.get 0 call $drop))
  (core instance $m (instantiate $m (with "" (instance
    (export "look" (func $look-core)) (export "take" (func $take-core)) (export "drop" (func $drop))))))
  (func (export "keep") (param "a" (own $r)) (result u32) (canon lift (core func $m "id")))
  (func (export "return") (param "a" u32) (result (own $r)) (canon lift (core func $m "id")))
  (func (export "look") (param "a" u32) (result u32) (canon lift (core func $m "look")))
  (func (export "lent") (param "a" (borrow $r)) (result u32) (canon lift (core func $m "look-and-drop")))
  (func (export "lent-and-kept") (param "a" (borrow $r)) (result u32) (canon lift (core func $m "look")))
  (func (export "give") (param "a" u32) (canon lift (core func $m "give")))
  (func (export "drop") (param "a" u32) (canon lift (core func $m "drop"))))"#;

fn keeper(store: &mut Store<Vec<u32>>, ty: &ResourceType) -> Instance {
    let engine = store.engine().clone();
    let mut linker = Linker::<Vec<u32>>::new(&engine);
    let mut root = linker.root();
    root.resource("r", ty.clone(), |mut store, rep| {
        store.data_mut().push(rep);
        Ok(())
    })
    .unwrap();
    root.func_new("look", |_, params, results| {
        let [Val::Resource(resource)] = params else {
            panic!("it is a resource")
        };
        assert!(!resource.is_owned());
        results[0] = Val::U32(resource.rep());
        Ok(())
    })
    .unwrap();
    root.func_new("take", |mut store, params, _| {
        let [Val::Resource(resource)] = params else {
            panic!("it is a resource")
        };
        assert!(resource.is_owned());
        store.data_mut().push(1000 + resource.rep());
        Ok(())
    })
    .unwrap();
    let component = Component::new(&engine, KEEPER).unwrap();
    linker.instantiate(store, &component).unwrap()
}

fn call_keeper(
    store: &mut Store<Vec<u32>>,
    instance: &Instance,
    name: &str,
    param: Val,
) -> Result<Val> {
    let func = instance
        .get_func(&mut *store, name)
        .expect("it is exported");
    let mut results = vec![Val::Bool(false); usize::from(func.ty().result().is_some())];
    func.call(store, &[param], &mut results)?;
    Ok(results.pop().unwrap_or(Val::Tuple(Vec::new())))
}

#[test]
fn resources_of_the_host_are_kept_lent_and_dropped() {
    let ty = ResourceType::host();
    let mut store = Store::new(&Engine::default(), Vec::new());
    let instance = keeper(&mut store, &ty);
    let mut on = |name: &str, param| call_keeper(&mut store, &instance, name, param);
    let resource = Resource::own(&ty, 7);
    assert_eq!(
        on("keep", Val::Resource(resource.clone())).unwrap(),
        Val::U32(1)
    );
    // It is the guest's now.
    assert!(matches!(
        on("keep", Val::Resource(resource.clone())),
        Err(Error::Type(_))
    ));
    assert!(matches!(
        on("lent", Val::Resource(resource)),
        Err(Error::Type(_))
    ));
    let other = Resource::own(&ResourceType::host(), 7);
    assert!(matches!(
        on("keep", Val::Resource(other)),
        Err(Error::Type(_))
    ));
    assert_eq!(on("look", Val::U32(1)).unwrap(), Val::U32(7));
    assert_eq!(
        on("lent", Val::Resource(Resource::borrow(&ty, 9))).unwrap(),
        Val::U32(9)
    );
    assert_eq!(
        on("return", Val::U32(1)).unwrap(),
        Val::Resource(Resource::own(&ty, 7))
    );
    assert_eq!(
        on("keep", Val::Resource(Resource::own(&ty, 8))).unwrap(),
        Val::U32(1)
    );
    on("give", Val::U32(1)).unwrap();
    assert_eq!(
        on("keep", Val::Resource(Resource::own(&ty, 9))).unwrap(),
        Val::U32(1)
    );
    on("drop", Val::U32(1)).unwrap();
    assert_eq!(*store.data(), [1008, 9]);
}

#[test]
fn wrong_handles_are_trapped() {
    let ty = ResourceType::host();
    let mut store = Store::new(&Engine::default(), Vec::new());
    for (name, param, expected) in [
        ("look", Val::U32(0), "unknown handle index 0"),
        ("drop", Val::U32(5), "unknown handle index 5"),
        (
            "return",
            Val::U32(u32::MAX),
            "unknown handle index 4294967295",
        ),
        (
            "lent-and-kept",
            Val::Resource(Resource::borrow(&ty, 1)),
            "borrow handles still remain at the end of the call: 1",
        ),
    ] {
        let instance = keeper(&mut store, &ty);
        assert_eq!(
            rule(call_keeper(&mut store, &instance, name, param)),
            expected
        );
    }
}

#[test]
fn resources_of_guests_are_made_and_destroyed_by_them() {
    let text = r#"(component
      (core module $m0
        (global $destroyed (export "destroyed") (mut i32) (i32.const 0))
        (func (export "destroy") (param i32) local.get 0 global.set $destroyed)
        (func (export "destroyed-last") (result i32) global.get $destroyed))
      (core instance $m0 (instantiate $m0))
      (type $r' (resource (rep i32) (dtor (core func $m0 "destroy"))))
      (export $r "r" (type $r'))
      (core func $new (canon resource.new $r'))
      (core func $rep (canon resource.rep $r'))
      (core func $drop (canon resource.drop $r'))
      (core module $m
        (import "" "new" (func $new (param i32) (result i32)))
        (import "" "rep" (func $rep (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "make") (param i32) (result i32) local.get 0 call $new)
        (func (export "value") (param i32) (result i32) local.get 0)
        (func (export "eat") (param i32) (result i32) (call $rep (local.get 0)) (call $drop (local.get 0))))
      (core instance $m (instantiate $m (with "" (instance
        (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
      (func (export "make") (param "a" u32) (result (own $r)) (canon lift (core func $m "make")))
      (func (export "value") (param "a" (borrow $r)) (result u32) (canon lift (core func $m "value")))
      (func (export "eat") (param "a" (own $r)) (result u32) (canon lift (core func $m "eat")))
      (func (export "destroyed") (result u32) (canon lift (core func $m0 "destroyed-last"))))"#;
    let mut store = Store::new(&Engine::default(), ());
    let instance = instance(&mut store, text);
    let Val::Resource(made) = call(&mut store, &instance, "make", &[Val::U32(41)]).unwrap() else {
        panic!("it is a resource");
    };
    // Its definer gets what it knows it by, and not a handle.
    let lent = Val::Resource(made.clone());
    assert_eq!(
        call(&mut store, &instance, "value", &[lent]).unwrap(),
        Val::U32(41)
    );
    made.resource_drop(&mut store).unwrap();
    assert_eq!(
        call(&mut store, &instance, "destroyed", &[]).unwrap(),
        Val::U32(41)
    );
    let made = call(&mut store, &instance, "make", &[Val::U32(42)]).unwrap();
    assert_eq!(
        call(&mut store, &instance, "eat", &[made]).unwrap(),
        Val::U32(42)
    );
    assert_eq!(
        call(&mut store, &instance, "destroyed", &[]).unwrap(),
        Val::U32(42)
    );
}

#[test]
fn a_borrow_that_the_host_lent_and_is_held_is_shown_with_the_call() {
    let ty = ResourceType::host();
    let mut store = Store::new(&Engine::default(), Vec::new());
    let instance = keeper(&mut store, &ty);
    let lent = Val::Resource(Resource::borrow(&ty, 1));
    let error = call_keeper(&mut store, &instance, "lent-and-kept", lent).unwrap_err();
    let Error::Host(error) = error else {
        panic!("{error:?}")
    };
    let note = "the host called `lent-and-kept(a: (resource))`";
    assert!(error.cause().notes.iter().any(|it| it == note), "{error:?}");
}
