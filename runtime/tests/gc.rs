//! Objects of the heap: structures, arrays, numbers of 31 bits, and their types.

mod configurations;

use configurations::configurations;
use dwalin_runtime::{
    AnyRef, Caller, Engine, Error, ExternRef, Func, HeapType, I31, Instance, Module, Result, Store,
    TrapKind, Val,
};
use std::fmt::Write;

fn instance(engine: &Engine, store: &mut Store<()>, wat: &str) -> Instance {
    let module = Module::new(engine, wat).unwrap();
    Instance::new(store, &module, &[]).unwrap()
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, args: &[Val]) -> Result<Val> {
    let func = instance.get_func(&mut *store, name).unwrap();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    func.call(store, args, &mut results)?;
    Ok(results.first().copied().unwrap_or(Val::I32(0)))
}

fn any(value: Val) -> AnyRef {
    match value {
        Val::AnyRef(Some(object)) => object,
        value => panic!("{value:?}"),
    }
}

fn trap(result: Result<Val>) -> TrapKind {
    match result {
        Err(Error::Trap(trap)) => trap.kind(),
        other => panic!("{other:?}"),
    }
}

const OBJECTS: &str = r#"(module
    (type $callback (func (result i32)))
    (type $bytes (array (mut i8)))
    (type $point (sub (struct (field $x i32) (field $y (mut i64)) (field $tag i8) (field $f (ref null $callback)))))
    (type $named (sub $point (struct (field i32) (field (mut i64)) (field i8) (field (ref null $callback))
        (field $name (ref $bytes)))))
    (type $vectors (array (mut v128)))
    (func $seven (export "seven") (type $callback) (i32.const 7))
    (global $shared (ref $bytes) (array.new_fixed $bytes 3 (i32.const 1) (i32.const 2) (i32.const 255)))
    (func (export "make") (param i32 i64) (result (ref $point))
        (struct.new $named (local.get 0) (local.get 1) (i32.const -1) (ref.func $seven) (global.get $shared)))
    (func (export "set_y") (param (ref $point) i64)
        (struct.set $point $y (local.get 0) (local.get 1)))
    (func (export "tag") (param (ref $point)) (result i32) (struct.get_s $point $tag (local.get 0)))
    (func (export "call") (param (ref $point)) (result i32)
        (call_ref $callback (struct.get $point $f (local.get 0))))
    (func (export "name") (param anyref) (result (ref $bytes))
        (struct.get $named $name (ref.cast (ref $named) (local.get 0))))
    (func (export "vectors") (result v128) (local $a (ref $vectors))
        (local.set $a (array.new $vectors (v128.const i64x2 3 4) (i32.const 5)))
        (array.set $vectors (local.get $a) (i32.const 3) (v128.const i64x2 5 6))
        (i64x2.add (array.get $vectors (local.get $a) (i32.const 4)) (array.get $vectors (local.get $a) (i32.const 3))))
    (func (export "number") (param i32) (result i31ref) (ref.i31 (local.get 0)))
    (func (export "same") (param anyref) (result externref) (extern.convert_any (local.get 0)))
    (func (export "back") (param externref) (result anyref) (any.convert_extern (local.get 0))))"#;

#[test]
fn the_host_sees_objects_as_guests_made_them() {
    for config in configurations() {
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let instance = instance(&engine, &mut store, OBJECTS);
        let mut call = |name, args: &[Val]| call(&mut store, instance, name, args).unwrap();
        let made = call("make", &[Val::I32(-5), Val::I64(1 << 40)]);
        let object = any(made);
        call("set_y", &[made, Val::I64(-9)]);
        assert_eq!(call("tag", &[made]).i32(), Some(-1));
        assert_eq!(call("call", &[made]).i32(), Some(7));
        let name = any(call("name", &[made]));
        assert_eq!(call("vectors", &[]).v128(), Some(10 << 64 | 8));
        let number = any(call("number", &[Val::I32(-3)]));
        let Val::ExternRef(Some(external)) = call("same", &[made]) else {
            panic!("an object");
        };
        assert_eq!(any(call("back", &[external.into()])), object);
        let structure = object.as_struct(&store).unwrap();
        let fields = structure.fields(&store);
        let [Val::I32(-5), Val::I64(-9), Val::I32(255), function, text] = fields[..] else {
            panic!("{fields:?}");
        };
        let seven = instance.get_func(&mut store, "seven").unwrap();
        assert!(matches!(function, Val::FuncRef(Some(it)) if it == seven));
        assert_eq!(any(text), name);
        assert!(structure.field(&store, 5).is_err());
        let bytes = name.as_array(&store).unwrap();
        assert_eq!(bytes.len(&store), 3);
        assert_eq!(bytes.get(&store, 2).unwrap().i32(), Some(255));
        assert!(bytes.get(&store, 3).is_err());
        assert!(name.as_struct(&store).is_none() && !name.matches(&store, HeapType::I31));
        let number = number.as_i31().unwrap();
        assert_eq!((number.get_i32(), number.get_u32()), (-3, 0x7fff_fffd));
    }
}

#[test]
fn objects_of_other_types_are_refused() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = instance(&engine, &mut store, OBJECTS);
    let made = call(&mut store, instance, "make", &[Val::I32(1), Val::I64(2)]).unwrap();
    let name = call(&mut store, instance, "name", &[made]).unwrap();
    let number = AnyRef::from_i31(&store, I31::wrapping_u32(5));
    let object = ExternRef::new(&mut store, "the host's");
    let host = AnyRef::convert_extern(object);
    for wrong in [
        name,
        number.into(),
        host.into(),
        Val::AnyRef(None),
        object.into(),
    ] {
        let refused = call(&mut store, instance, "tag", &[wrong]);
        assert!(matches!(refused, Err(Error::Type(_))), "{refused:?}");
    }
    for wrong in [name, number.into(), host.into(), Val::AnyRef(None)] {
        let cast = call(&mut store, instance, "name", &[wrong]);
        assert_eq!(trap(cast), TrapKind::CastFailure);
    }
    let mut other = Store::new(&engine, ());
    let other_instance = Instance::new(&mut other, instance.module(&store), &[]).unwrap();
    let refused = call(&mut other, other_instance, "back", &[object.into()]);
    assert!(matches!(refused, Err(Error::Type(_))));
    let external = call(&mut store, instance, "same", &[host.into()]).unwrap();
    let Val::ExternRef(Some(external)) = external else {
        panic!("an object");
    };
    assert_eq!(external.data(&store).downcast_ref(), Some(&"the host's"));
}

const ARRAYS: &str = r#"(module
        (type $a (array (mut i64)))
        (type $b (array (mut i8)))
        (data $d "0123456789")
        (func $new (param i32) (result (ref $a)) (array.new $a (i64.const 7) (local.get 0)))
        (func (export "get") (param i32) (result i64) (array.get $a (call $new (i32.const 3)) (local.get 0)))
        (func (export "set") (param i32) (array.set $a (call $new (i32.const 3)) (local.get 0) (i64.const 1)))
        (func (export "fill") (param i32 i32)
            (array.fill $a (call $new (i32.const 3)) (local.get 0) (i64.const 1) (local.get 1)))
        (func (export "copy") (param i32 i32 i32) (local $a (ref $a))
            (local.set $a (call $new (i32.const 3)))
            (array.copy $a $a (local.get $a) (local.get 0) (local.get $a) (local.get 1) (local.get 2)))
        (func (export "data") (param i32 i32) (result i32)
            (array.len (array.new_data $b $d (local.get 0) (local.get 1))))
        (func (export "wide") (param i32 i32) (result i32)
            (array.len (array.new_data $a $d (local.get 0) (local.get 1))))
        (func (export "large") (param i32) (result i32) (array.len (array.new_default $a (local.get 0)))))"#;

#[test]
fn indices_and_lengths_are_checked() {
    let most = Val::I32(-1);
    let [zero, one, two, three] = [0, 1, 2, 3].map(Val::I32);
    for config in configurations() {
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let instance = instance(&engine, &mut store, ARRAYS);
        let mut call = |name, args: &[Val]| call(&mut store, instance, name, args);
        assert_eq!(call("get", &[two]).unwrap().i64(), Some(7));
        for (name, args) in [
            ("get", &[three][..]),
            ("get", &[most]),
            ("set", &[three]),
            ("fill", &[one, three]),
            ("fill", &[most, two]),
            ("fill", &[two, most]),
            ("copy", &[one, zero, three]),
            ("copy", &[zero, one, three]),
            ("copy", &[zero, most, two]),
        ] {
            let found = trap(call(name, args));
            assert_eq!(found, TrapKind::ArrayOutOfBounds, "{name} {args:?}");
        }
        for (name, args) in [("fill", &[three, zero][..]), ("copy", &[one, zero, two])] {
            call(name, args).unwrap();
        }
        assert_eq!(
            call("data", &[Val::I32(4), Val::I32(6)]).unwrap().i32(),
            Some(6)
        );
        assert_eq!(call("wide", &[two, one]).unwrap().i32(), Some(1));
        for (name, args) in [
            ("data", [Val::I32(5), Val::I32(6)]),
            ("data", [most, one]),
            ("data", [one, most]),
            ("wide", [zero, two]),
            ("wide", [zero, most]),
        ] {
            assert_eq!(
                trap(call(name, &args)),
                TrapKind::MemoryOutOfBounds,
                "{name}"
            );
        }
        assert_eq!(trap(call("large", &[most])), TrapKind::HeapFull);
        // No array took the room.
        assert_eq!(call("large", &[Val::I32(1000)]).unwrap().i32(), Some(1000));
    }
}

#[test]
fn a_full_heap_traps() {
    let wat = r#"(module
        (type $a (array i64))
        (type $s (struct (field i64)))
        (type $list (struct (field (ref $a)) (field (ref null $list))))
        (func (export "run") (result i32) (local $list (ref null $list))
            (loop $l
                (local.set $list (struct.new $list (array.new_default $a (i32.const 1000000)) (local.get $list)))
                (br $l))
            (i32.const 0))
        (func (export "small") (drop (struct.new $s (i64.const 1)))))"#;
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = instance(&engine, &mut store, wat);
    let full = call(&mut store, instance, "run", &[]);
    assert_eq!(trap(full), TrapKind::HeapFull);
}

/// Types below each other, deeper than rows of supertypes are for all types.
#[test]
fn deep_subtypes_are_told_apart() {
    const DEPTH: usize = 20;
    let mut types = String::from("(type $s0 (sub (struct))) (type $f0 (sub (func (result i32))))");
    let mut tests = String::new();
    for depth in 1..DEPTH {
        let above = depth - 1;
        write!(types, "(type $s{depth} (sub $s{above} (struct)))").unwrap();
        write!(
            types,
            "(type $f{depth} (sub $f{above} (func (result i32))))"
        )
        .unwrap();
    }
    for depth in 0..DEPTH {
        write!(
            tests,
            r#"(func (export "is{depth}") (param anyref) (result i32)
            (ref.test (ref $s{depth}) (local.get 0)))
            (func (export "new{depth}") (result anyref) (struct.new $s{depth}))
            (func $g{depth} (type $f{depth}) (i32.const {depth}))
            (func (export "call{depth}") (param i32) (result i32)
                (call_indirect (type $f{depth}) (local.get 0)))"#
        )
        .unwrap();
    }
    let functions: Vec<_> = (0..DEPTH).map(|depth| format!("$g{depth}")).collect();
    let table = format!("(table funcref (elem {}))", functions.join(" "));
    // Of the same shape, and of another name: not the same, as it is in a group with another one.
    let other = r#"(rec (type $o (sub $s8 (struct))) (type (struct)))
        (func (export "other") (result anyref) (struct.new $o))"#;
    let wat = format!("(module {types} {table} {tests} {other})");
    for config in configurations() {
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let instance = instance(&engine, &mut store, &wat);
        for made in [0, 1, 7, 8, 9, 10, 19] {
            let object = call(&mut store, instance, &format!("new{made}"), &[]).unwrap();
            for asked in 0..DEPTH {
                let is = call(&mut store, instance, &format!("is{asked}"), &[object]).unwrap();
                assert_eq!(is.i32(), Some(i32::from(asked <= made)), "{made} {asked}");
                let args = [Val::I32(made as i32)];
                let called = call(&mut store, instance, &format!("call{asked}"), &args);
                match asked <= made {
                    true => assert_eq!(called.unwrap().i32(), Some(made as i32)),
                    false => assert_eq!(trap(called), TrapKind::BadSignature),
                }
            }
        }
        let object = call(&mut store, instance, "other", &[]).unwrap();
        for (asked, is_one) in [(8, 1), (9, 0), (10, 0), (19, 0)] {
            let is = call(&mut store, instance, &format!("is{asked}"), &[object]).unwrap();
            assert_eq!(is.i32(), Some(is_one), "{asked}");
        }
    }
}

#[test]
fn objects_pass_through_host_functions() {
    let wat = r#"(module
        (type $s (struct (field (mut i32))))
        (import "" "" (func $host (param (ref $s) anyref) (result anyref)))
        (func (export "run") (result i32)
            (struct.get $s 0 (ref.cast (ref $s)
                (call $host (struct.new $s (i32.const 5)) (ref.i31 (i32.const 8)))))))"#;
    let engine = Engine::default();
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let (_, _, ty) = module.imports().next().unwrap();
    let dwalin_runtime::ExternType::Func(ty) = ty.clone() else {
        panic!("a function is imported");
    };
    let host = Func::new(&mut store, ty, |caller: Caller<'_, ()>, args, results| {
        assert_eq!(any(args[1]).as_i31().map(I31::get_i32), Some(8));
        let object = any(args[0]).as_struct(&caller).unwrap();
        assert_eq!(object.field(&caller, 0)?.i32(), Some(5));
        results[0] = args[0];
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
    let found = call(&mut store, instance, "run", &[]).unwrap();
    assert_eq!(found.i32(), Some(5));
}

/// Segments are evaluated once, when the instance is made.
#[test]
fn elements_of_segments_are_the_same_objects() {
    let wat = r#"(module
        (type $s (struct (field i32)))
        (type $a (array (mut anyref)))
        (table $t 4 anyref)
        (elem $e anyref (struct.new $s (i32.const 3)) (ref.i31 (i32.const 4)))
        (func (export "run") (result i32)
            (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))
            (table.init $t $e (i32.const 2) (i32.const 0) (i32.const 2))
            (i32.and
                (ref.eq (ref.cast eqref (table.get $t (i32.const 0))) (ref.cast eqref (table.get $t (i32.const 2))))
                (ref.eq (ref.cast eqref (table.get $t (i32.const 2)))
                    (ref.cast eqref (array.get $a (array.new_elem $a $e (i32.const 0) (i32.const 2)) (i32.const 0)))))))"#;
    for config in configurations() {
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let instance = instance(&engine, &mut store, wat);
        let same = call(&mut store, instance, "run", &[]).unwrap();
        assert_eq!(same.i32(), Some(1));
    }
}

/// Exceptions that only objects hold are not dropped.
#[test]
fn exceptions_in_objects_stay() {
    let wat = r#"(module
        (tag $t (param i32))
        (type $s (struct (field i8) (field exnref)))
        (global $kept (mut (ref null $s)) (ref.null $s))
        (func $caught (param i32) (result exnref) (local $e exnref)
            (block $h (result i32 exnref)
                (try_table (catch_ref $t $h) (throw $t (local.get 0)))
                (unreachable))
            (local.set $e)
            (drop)
            (local.get $e))
        (func (export "run") (param $n i32) (result i32)
            (global.set $kept (struct.new $s (i32.const 1) (call $caught (i32.const 42))))
            (loop $l
                (drop (call $caught (local.get $n)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (block $h (result i32)
                (try_table (catch $t $h) (throw_ref (struct.get $s 1 (global.get $kept))))
                (unreachable))))"#;
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = instance(&engine, &mut store, wat);
    let found = call(&mut store, instance, "run", &[Val::I32(5000)]).unwrap();
    assert_eq!(found.i32(), Some(42));
}

#[test]
fn a_constant_array_of_equal_elements_is_filled_to_its_end() {
    for (ty, value, first, len) in [
        ("i16", "i32.const 0x1ff34", Val::I32(0xff34), 1000),
        ("i64", "i64.const -2", Val::I64(-2), 333),
        ("i8", "i32.const 7", Val::I32(7), 1),
        // Element by element this would take a second.
        ("i8", "i32.const 9", Val::I32(9), 100_000_000),
    ] {
        let mut store = Store::new(&Engine::default(), ());
        let wat = format!(
            r#"(module (type $a (array {ty}))
                (global (export "empty") (ref $a) (array.new $a ({value}) (i32.const 0)))
                (global (export "g") (ref $a) (array.new $a ({value}) (i32.const {len}))))"#
        );
        let engine = store.engine().clone();
        let instance = instance(&engine, &mut store, &wat);
        let array = |store: &mut Store<()>, name: &str| {
            let global = instance.get_global(&mut *store, name).unwrap();
            any(global.get(&*store)).as_array(&*store).unwrap()
        };
        assert_eq!(array(&mut store, "empty").len(&store), 0);
        let array = array(&mut store, "g");
        assert_eq!(array.len(&store), len);
        for index in [0, len / 2, len - 1] {
            let element = array.get(&store, index).unwrap();
            assert_eq!(
                format!("{element:?}"),
                format!("{first:?}"),
                "{ty}, {index}"
            );
        }
    }
}
