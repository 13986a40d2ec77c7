//! Objects that nobody refers to are freed, and all others stay: in all kinds of code, and with a collection before each allocation.

mod configurations;

use configurations::configurations;
use dwalin_runtime::{
    Caller, Collector, Config, Engine, Error, Extern, ExternRef, ExternType, Func, Instance,
    Module, Store, TrapKind, Val,
};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn engine(config: &mut Config, each: u32) -> Engine {
    Engine::new(config.gc_zeal_alloc_counter(NonZeroU32::new(each)))
}

fn instance<T>(store: &mut Store<T>, wat: &str, imports: &[Extern]) -> Instance {
    let module = Module::new(store.engine(), wat).unwrap();
    Instance::new(store, &module, imports).unwrap()
}

fn call<T>(
    store: &mut Store<T>,
    instance: Instance,
    name: &str,
    args: &[Val],
) -> Result<Val, Error> {
    let func = instance.get_func(&mut *store, name).unwrap();
    let mut results = [Val::I32(0)];
    func.call(&mut *store, args, &mut results)?;
    Ok(results[0])
}

/// A binary tree is built again and again, as a benchmark of collectors does, while a list of some of the trees stays.
const TREES: &str = r#"(module
    (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree)) (field $value i64)))
    (type $kept (struct (field $tree (ref null $tree)) (field $next (ref null $kept))))
    (global $list (mut (ref null $kept)) (ref.null $kept))
    (func $build (param $depth i32) (result (ref $tree))
        (if (result (ref $tree)) (i32.eqz (local.get $depth))
            (then (struct.new $tree (ref.null $tree) (ref.null $tree) (i64.const 1)))
            (else
                (struct.new $tree
                    (call $build (i32.sub (local.get $depth) (i32.const 1)))
                    (call $build (i32.sub (local.get $depth) (i32.const 1)))
                    (i64.extend_i32_u (local.get $depth))))))
    (func $sum (param $tree (ref null $tree)) (result i64)
        (if (result i64) (ref.is_null (local.get $tree))
            (then (i64.const 0))
            (else (i64.add (struct.get $tree $value (local.get $tree))
                (i64.add
                    (call $sum (struct.get $tree $left (local.get $tree)))
                    (call $sum (struct.get $tree $right (local.get $tree))))))))
    (func (export "run") (param $rounds i32) (param $depth i32) (param $keep i32) (result i64)
        (local $sum i64) (local $at (ref null $kept)) (local $tree (ref null $tree))
        (loop $again
            (local.set $tree (call $build (local.get $depth)))
            (if (i32.eqz (i32.rem_u (local.get $rounds) (local.get $keep)))
                (then (global.set $list (struct.new $kept (local.get $tree) (global.get $list)))))
            (local.set $sum (i64.add (local.get $sum) (call $sum (local.get $tree))))
            (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
        (local.set $at (global.get $list))
        (block $done
            (loop $next
                (br_if $done (ref.is_null (local.get $at)))
                (local.set $sum (i64.add (local.get $sum) (call $sum (struct.get $kept $tree (local.get $at)))))
                (local.set $at (struct.get $kept $next (local.get $at)))
                (br $next)))
        (local.get $sum)))"#;

/// The sum of the values of a tree.
fn tree(depth: i64) -> i64 {
    match depth {
        0 => 1,
        depth => depth + 2 * tree(depth - 1),
    }
}

#[test]
fn trees_are_whole_whenever_objects_are_collected() {
    for mut config in configurations() {
        for (each, rounds, depth, keep) in [(1, 12, 4, 3), (7, 40, 6, 5), (0, 30, 12, 10)] {
            let mut store = Store::new(&engine(&mut config, each), ());
            let instance = instance(&mut store, TREES, &[]);
            let args = [rounds, depth, keep].map(Val::I32);
            let sum = call(&mut store, instance, "run", &args).unwrap();
            let expected = i64::from(rounds + rounds / keep) * tree(depth.into());
            assert_eq!(sum.i64_value(), expected, "{each} {rounds} {depth}");
        }
    }
}

trait Number {
    fn i64_value(&self) -> i64;
}

impl Number for Val {
    fn i64_value(&self) -> i64 {
        self.i64().expect("an i64")
    }
}

/// Four times what a heap has room for, of arrays that are dropped at once.
const GARBAGE: &str = r#"(module
    (type $bytes (array (mut i8)))
    (func (export "run") (param $count i32) (result i32) (local $last (ref null $bytes)) (local $sum i32)
        (loop $again
            (local.set $last (array.new_default $bytes (i32.const 1000000)))
            (array.set $bytes (local.get $last) (i32.const 999999) (i32.const 1))
            (local.set $sum (i32.add (local.get $sum) (array.get_u $bytes (local.get $last) (i32.const 999999))))
            (local.set $sum (i32.add (local.get $sum) (array.get_u $bytes (local.get $last) (i32.const 5))))
            (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (local.get $sum)))"#;

#[test]
fn programs_make_more_objects_than_the_heap_has_room_for() {
    for config in configurations() {
        let mut store = Store::new(&Engine::new(&config), ());
        let instance = instance(&mut store, GARBAGE, &[]);
        let sum = call(&mut store, instance, "run", &[Val::I32(4000)]).unwrap();
        assert_eq!(sum.i32(), Some(4000));
    }
    let mut config = Config::new();
    let mut store = Store::new(&Engine::new(config.collector(Collector::Null)), ());
    let instance = instance(&mut store, GARBAGE, &[]);
    match call(&mut store, instance, "run", &[Val::I32(4000)]) {
        Err(Error::Trap(trap)) => assert_eq!(trap.kind(), TrapKind::HeapFull),
        other => panic!("without a collector the heap is full: {other:?}"),
    }
}

/// An object is in one kind of place alone while others are made: each function returns what is left of it.
const PLACES: &str = r#"(module
    (type $box (struct (field $value i32)))
    (type $boxes (array (mut (ref null $box))))
    (type $any (struct (field $it anyref)))
    (import "" "keep" (func $keep (param anyref) (result anyref)))
    (tag $thrown (param (ref $box)))
    (table $table 4 (ref null $box))
    (global $global (mut (ref null $box)) (ref.null $box))
    (elem $segment (ref null $box) (item (struct.new $box (i32.const 41))) (item (struct.new $box (i32.const 43))))
    (func $churn (local $n i32)
        (local.set $n (i32.const 50))
        (loop $l
            (drop (struct.new $box (i32.const -1)))
            (drop (array.new_default $boxes (i32.rem_u (local.get $n) (i32.const 7))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $new (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
    (func $get (param (ref null $box)) (result i32) (struct.get $box $value (local.get 0)))
    (func (export "operand") (param i32) (result i32)
        (call $new (local.get 0)) (call $churn) (call $get))
    (func (export "local") (param i32) (result i32) (local $it (ref null $box))
        (local.set $it (call $new (local.get 0))) (call $churn) (call $get (local.get $it)))
    (func (export "parameter") (param i32) (result i32)
        (call $inner (call $new (local.get 0))))
    (func $inner (param $it (ref $box)) (result i32)
        (call $churn) (call $get (local.get $it)))
    (func (export "global") (param i32) (result i32)
        (global.set $global (call $new (local.get 0))) (call $churn) (call $get (global.get $global)))
    (func (export "table") (param i32) (result i32)
        (table.set $table (i32.const 2) (call $new (local.get 0))) (call $churn)
        (call $get (table.get $table (i32.const 2))))
    (func (export "field") (param i32) (result i32) (local $it (ref null $any))
        (local.set $it (struct.new $any (call $new (local.get 0)))) (call $churn)
        (call $get (ref.cast (ref $box) (struct.get $any $it (local.get $it)))))
    (func (export "element") (param i32) (result i32) (local $it (ref null $boxes))
        (local.set $it (array.new $boxes (call $new (local.get 0)) (i32.const 5))) (call $churn)
        (call $get (array.get $boxes (local.get $it) (i32.const 4))))
    (func (export "fixed") (param i32) (result i32) (local $it (ref null $boxes))
        (local.set $it (array.new_fixed $boxes 3 (call $new (local.get 0)) (call $new (i32.const 5)) (call $new (i32.const 6))))
        (call $churn)
        (call $get (array.get $boxes (local.get $it) (i32.const 0))))
    (func (export "thrown") (param i32) (result i32)
        (block $caught (result (ref $box))
            (try_table (catch $thrown $caught) (call $throws (local.get 0)))
            (unreachable))
        (call $churn)
        (call $get))
    (func $throws (param i32)
        (call $churn) (throw $thrown (call $new (local.get 0))))
    (func (export "exception") (param i32) (result i32) (local $it exnref)
        (block $caught (result exnref)
            (try_table (catch_all_ref $caught) (throw $thrown (call $new (local.get 0))))
            (unreachable))
        (local.set $it)
        (call $churn)
        (block $again (result (ref $box))
            (try_table (catch $thrown $again) (throw_ref (local.get $it)))
            (unreachable))
        (call $get))
    (func (export "host") (param i32) (result i32) (local $it anyref)
        (local.set $it (call $keep (call $new (local.get 0)))) (call $churn)
        (call $get (ref.cast (ref $box) (call $keep (ref.null none)))))
    (func (export "converted") (param i32) (result i32) (local $it externref)
        (local.set $it (extern.convert_any (call $new (local.get 0)))) (call $churn)
        (call $get (ref.cast (ref $box) (any.convert_extern (local.get $it)))))
    (func (export "segment") (param i32) (result i32) (local $it (ref null $boxes))
        (call $churn)
        (local.set $it (array.new_elem $boxes $segment (i32.const 0) (i32.const 2))) (call $churn)
        (i32.add (i32.add (local.get 0) (i32.const -84))
            (i32.add (call $get (array.get $boxes (local.get $it) (i32.const 0)))
                (call $get (array.get $boxes (local.get $it) (i32.const 1))))))
    (func $deep (param $depth i32) (param $it (ref $box)) (result i32)
        (if (result i32) (local.get $depth)
            (then (i32.add (call $deep (i32.sub (local.get $depth) (i32.const 1)) (call $new (i32.const 1)))
                (call $get (local.get $it))))
            (else (call $churn) (call $get (local.get $it)))))
    (func (export "frames") (param i32) (result i32)
        (i32.sub (call $deep (i32.const 100) (call $new (local.get 0))) (i32.const 100))))"#;

const NAMES: [&str; 14] = [
    "operand",
    "local",
    "parameter",
    "global",
    "table",
    "field",
    "element",
    "fixed",
    "thrown",
    "exception",
    "host",
    "converted",
    "segment",
    "frames",
];

/// A function that returns what it was given last that is not null.
fn keeper(store: &mut Store<Option<Val>>, module: &Module) -> Func {
    let import = module.imports().next().map(|(_, _, ty)| ty.clone());
    let Some(ExternType::Func(ty)) = import else {
        panic!("a function is imported");
    };
    Func::new(
        store,
        ty,
        |mut caller: Caller<'_, Option<Val>>, args, results| {
            if !args[0].is_null() {
                *caller.data_mut() = Some(args[0]);
            }
            results[0] = caller.data().expect("something was given before");
            Ok(())
        },
    )
}

#[test]
fn objects_stay_wherever_they_are_held() {
    for mut config in configurations() {
        let mut store = Store::new(&engine(&mut config, 1), None);
        let module = Module::new(store.engine(), PLACES).unwrap();
        let keep = keeper(&mut store, &module);
        let instance = Instance::new(&mut store, &module, &[keep.into()]).unwrap();
        for name in NAMES {
            for value in [7, 1 << 20] {
                let left = call(&mut store, instance, name, &[Val::I32(value)]).unwrap();
                assert_eq!(left.i32(), Some(value), "{name}");
            }
        }
    }
}

/// An object of the host's that counts its end.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn objects_of_the_host_go_when_nobody_has_them() {
    let wat = r#"(module
        (type $box (struct (field $it (mut externref))))
        (global $box (mut (ref null $box)) (ref.null $box))
        (func (export "hold") (param externref) (result i32)
            (global.set $box (struct.new $box (local.get 0))) (i32.const 1))
        (func (export "drop") (result i32)
            (global.set $box (ref.null $box)) (i32.const 1)))"#;
    let ended = Arc::new(AtomicUsize::new(0));
    let mut store = Store::new(&Engine::default(), ());
    let instance = instance(&mut store, wat, &[]);
    let object = ExternRef::new(&mut store, Counted(ended.clone()));
    call(&mut store, instance, "hold", &[object.into()]).unwrap();
    store.gc();
    // The host has it.
    assert_eq!(ended.load(Ordering::Relaxed), 0);
    object.release(&mut store);
    store.gc();
    // A guest has it.
    assert_eq!(ended.load(Ordering::Relaxed), 0);
    assert!(object.data(&store).is::<Counted>());
    call(&mut store, instance, "drop", &[]).unwrap();
    store.gc();
    assert_eq!(ended.load(Ordering::Relaxed), 1);
    assert!(object.data(&store).is::<()>());
}
