//! Instances among each other: everything imported and exported, tables filled lazily, start functions, and what
//! instantiation refuses.

use dwalin_runtime::{
    Config, Engine, Error, Extern, Func, Global, GlobalType, Instance, Linker, Memory, MemoryType,
    Module, Mutability, Store, Table, TableType, TrapKind, Val, ValType,
};

fn instantiate(linker: &Linker<()>, store: &mut Store<()>, wat: &str) -> Result<Instance, Error> {
    let module = Module::new(linker.engine(), wat)?;
    linker.instantiate(store, &module)
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, param: i32) -> Result<i32, Error> {
    let func = instance.get_typed_func::<i32, i32>(&mut *store, name)?;
    func.call(store, param)
}

/// A module that exports one of everything, with functions that look at it.
const GIVER: &str = r#"(module
    (memory (export "memory") 1) (global (export "global") (mut i32) (i32.const 5))
    (global (export "constant") i64 (i64.const 9))
    (table (export "table") 4 funcref) (elem (i32.const 1) $one $two)
    (func $one (result i32) i32.const 1) (func $two (result i32) i32.const 2)
    (func (export "function") (param i32) (result i32)
        (i32.add (local.get 0) (global.get 0)))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))"#;

/// A module that imports it all and changes what it can.
const TAKER: &str = r#"(module
    (import "giver" "function" (func $function (param i32) (result i32)))
    (import "giver" "memory" (memory 1)) (import "giver" "global" (global $g (mut i32)))
    (import "giver" "constant" (global $c i64)) (import "giver" "table" (table 3 funcref))
    (global $copy i64 (global.get $c))
    (elem (i32.const 3) $three) (func $three (result i32) i32.const 3)
    (data (i32.const 8) "\2a")
    (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
    (func (export "run") (param i32) (result i32)
        (global.set $g (i32.const 100))
        (i32.store (i32.const 16) (i32.wrap_i64 (global.get $copy)))
        (call $function (local.get 0))))"#;

#[test]
fn everything_is_shared_between_two_instances() {
    for config in [&Config::new(), Config::new().debug_info(true)] {
        let engine = Engine::new(config);
        let mut linker = Linker::new(&engine);
        let mut store = Store::new(&engine, ());
        let giver = instantiate(&linker, &mut store, GIVER).unwrap();
        linker.instance(&mut store, "giver", giver).unwrap();
        let taker = instantiate(&linker, &mut store, TAKER).unwrap();
        assert_eq!(call(&mut store, taker, "run", 1).unwrap(), 101);
        assert_eq!(call(&mut store, giver, "load", 16).unwrap(), 9);
        assert_eq!(call(&mut store, giver, "load", 8).unwrap(), 42);
        // What the giver left for later is there for the taker, and the other way round.
        for (asked, index) in [(taker, 1), (giver, 2), (giver, 3), (taker, 3)] {
            assert_eq!(call(&mut store, asked, "call", index).unwrap(), index);
        }
        let error = call(&mut store, taker, "call", 0).unwrap_err();
        assert_eq!(error.trap().unwrap().kind(), TrapKind::IndirectCallToNull);
        let global = giver.get_global(&mut store, "global").unwrap();
        assert_eq!(global.get(&store).i32(), Some(100));
    }
}

#[test]
fn a_trap_has_the_frames_of_both_instances() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let giver = instantiate(
        &linker,
        &mut store,
        r#"(module (func $fail (export "fail") unreachable))"#,
    )
    .unwrap();
    linker.instance(&mut store, "giver", giver).unwrap();
    let taker = r#"(module (import "giver" "fail" (func $fail))
        (func $run (export "run") (param i32) (result i32) call $fail i32.const 0))"#;
    let taker = instantiate(&linker, &mut store, taker).unwrap();
    let error = call(&mut store, taker, "run", 0).unwrap_err();
    let frames = error.trap().unwrap().backtrace().frames();
    let names: Vec<_> = frames.iter().map(|it| it.func_name.as_str()).collect();
    assert_eq!(names, ["fail", "run"]);
}

#[test]
fn a_table_is_read_and_written_before_and_after_its_elements_are_asked_for() {
    let engine = Engine::default();
    let linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let instance = instantiate(&linker, &mut store, GIVER).unwrap();
    let table = instance.get_table(&mut store, "table").unwrap();
    let Some(Val::FuncRef(Some(two))) = table.get(&mut store, 2) else {
        panic!("the segment has a function there")
    };
    let mut result = [Val::I32(0)];
    two.call(&mut store, &[], &mut result).unwrap();
    assert_eq!(result[0].i32(), Some(2));
    assert!(matches!(table.get(&mut store, 3), Some(Val::FuncRef(None))));
    assert!(table.get(&mut store, 4).is_none());
    table.set(&mut store, 1, two.into()).unwrap();
    assert_eq!(call(&mut store, instance, "call", 1).unwrap(), 2);
    table.set(&mut store, 2, Val::FuncRef(None)).unwrap();
    assert!(call(&mut store, instance, "call", 2).is_err());
    assert_eq!(table.grow(&mut store, 2, two.into()).unwrap(), 4);
    assert_eq!(call(&mut store, instance, "call", 5).unwrap(), 2);
    assert!(table.set(&mut store, 6, two.into()).is_err());
}

#[test]
fn of_segments_that_overlap_the_later_one_counts() {
    let engine = Engine::default();
    let linker = Linker::new(&engine);
    // Each pair of shapes: lists of functions wait until they are asked for, expressions do not.
    let list = |name: &str| format!("(elem (i32.const 0) func ${name} ${name})");
    let expressions =
        |name: &str| format!("(elem (i32.const 0) funcref (ref.func ${name}) (ref.func ${name}))");
    for (first, second) in [
        (list("one"), list("two")),
        (list("one"), expressions("two")),
        (expressions("one"), list("two")),
        (expressions("one"), expressions("two")),
    ] {
        let wat = format!(
            r#"(module (table 2 funcref) {first} {second}
                (func $one (result i32) i32.const 1) (func $two (result i32) i32.const 2)
                (func (export "call") (param i32) (result i32)
                    (call_indirect (result i32) (local.get 0))))"#
        );
        let mut store = Store::new(&engine, ());
        let instance = instantiate(&linker, &mut store, &wat).unwrap();
        assert_eq!(call(&mut store, instance, "call", 0).unwrap(), 2, "{wat}");
        assert_eq!(call(&mut store, instance, "call", 1).unwrap(), 2, "{wat}");
    }
}

#[test]
fn tables_are_copied_filled_and_grown_by_guests() {
    let engine = Engine::default();
    let linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let instance = instantiate(
        &linker,
        &mut store,
        r#"(module (table $a 4 8 funcref) (table $b 4 funcref)
            (elem (table $a) (i32.const 0) func $one $two)
            (func $one (result i32) i32.const 1) (func $two (result i32) i32.const 2)
            (elem declare func $one)
            (func (export "copy") (param i32) (result i32)
                (table.copy $b $a (i32.const 1) (i32.const 0) (i32.const 2))
                (call_indirect $b (result i32) (local.get 0)))
            (func (export "grow") (param i32) (result i32)
                (table.grow $a (ref.func $one) (local.get 0)))
            (func (export "fill") (param i32) (result i32)
                (table.fill $a (i32.const 0) (ref.null func) (i32.const 2))
                (ref.is_null (table.get $a (local.get 0)))))"#,
    )
    .unwrap();
    assert_eq!(call(&mut store, instance, "copy", 2).unwrap(), 2);
    assert_eq!(call(&mut store, instance, "grow", 4).unwrap(), 4);
    assert_eq!(call(&mut store, instance, "grow", 1).unwrap(), -1);
    assert_eq!(call(&mut store, instance, "fill", 1).unwrap(), 1);
    assert_eq!(call(&mut store, instance, "fill", 7).unwrap(), 0);
}

#[test]
fn the_start_function_runs_after_the_segments() {
    let engine = Engine::default();
    let linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let started = r#"(module (memory 1) (data (i32.const 0) "\07") (global $g (mut i32) (i32.const 0))
        (func $start (global.set $g (i32.load (i32.const 0)))) (start $start)
        (func (export "get") (param i32) (result i32) (global.get $g)))"#;
    let instance = instantiate(&linker, &mut store, started).unwrap();
    assert_eq!(call(&mut store, instance, "get", 0).unwrap(), 7);
    let fails = "(module (func $start unreachable) (start $start))";
    let error = instantiate(&linker, &mut store, fails).unwrap_err();
    assert_eq!(error.trap().unwrap().backtrace().frames().len(), 1);
}

#[test]
fn segments_that_do_not_fit_trap_and_those_before_stay() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let giver = instantiate(&linker, &mut store, GIVER).unwrap();
    linker.instance(&mut store, "giver", giver).unwrap();
    let data = r#"(module (import "giver" "memory" (memory 1))
        (data (i32.const 0) "\01") (data (i32.const 65535) "\02\03"))"#;
    let error = instantiate(&linker, &mut store, data).unwrap_err();
    assert_eq!(error.trap().unwrap().kind(), TrapKind::MemoryOutOfBounds);
    assert_eq!(call(&mut store, giver, "load", 0).unwrap(), 1);
    let elements = r#"(module (import "giver" "table" (table 1 funcref))
        (elem (i32.const 0) $f) (elem (i32.const 4) $f) (func $f (result i32) i32.const 77))"#;
    let error = instantiate(&linker, &mut store, elements).unwrap_err();
    assert_eq!(error.trap().unwrap().kind(), TrapKind::TableOutOfBounds);
    // The instance that failed left a function behind, which works.
    assert_eq!(call(&mut store, giver, "call", 0).unwrap(), 77);
}

#[test]
fn imports_that_do_not_match_are_named() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let giver = instantiate(&linker, &mut store, GIVER).unwrap();
    linker.instance(&mut store, "giver", giver).unwrap();
    for import in [
        r#"(import "giver" "function" (func))"#,
        r#"(import "giver" "function" (global i32))"#,
        r#"(import "giver" "memory" (memory 2))"#,
        r#"(import "giver" "memory" (memory 1 1))"#,
        r#"(import "giver" "global" (global i32))"#,
        r#"(import "giver" "constant" (global (mut i64)))"#,
        r#"(import "giver" "table" (table 5 funcref))"#,
        r#"(import "giver" "table" (table 1 externref))"#,
        r#"(import "giver" "nothing" (func))"#,
    ] {
        let error = instantiate(&linker, &mut store, &format!("(module {import})")).unwrap_err();
        assert!(
            matches!(&error, Error::Link { module, .. } if module == "giver"),
            "{error}"
        );
    }
}

#[test]
fn types_of_one_text_are_told_apart() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let giver = instantiate(&linker, &mut store, GIVER).unwrap();
    linker.instance(&mut store, "giver", giver).unwrap();
    let taker = r#"(module
        (rec (type $alike (func (param i32) (result i32))) (type (struct)))
        (import "giver" "function" (func (type $alike))))"#;
    let error = instantiate(&linker, &mut store, taker).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("it wants func (i32) -> (i32), and was given a type that has the same text"),
        "{said}"
    );
    assert!(said.contains("of another recursion group"), "{said}");
}

#[test]
fn things_that_the_host_made_are_imported() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(2))).unwrap();
    let ty = GlobalType {
        content: ValType::F64,
        mutability: Mutability::Var,
    };
    let global = Global::new(&mut store, ty, Val::from(1.5)).unwrap();
    let five = Func::wrap(&mut store, || 5);
    let ty = TableType::new(ValType::FUNCREF, 1, Some(2));
    let table = Table::new(&mut store, ty, five.into()).unwrap();
    linker
        .define("h", "m", memory)
        .unwrap()
        .define("h", "g", global)
        .unwrap();
    linker
        .define("h", "t", table)
        .unwrap()
        .alias_module("h", "host")
        .unwrap();
    let instance = instantiate(
        &linker,
        &mut store,
        r#"(module (import "host" "m" (memory 1 2)) (import "host" "g" (global $g (mut f64)))
            (import "host" "t" (table 1 2 funcref))
            (func (export "run") (param i32) (result i32)
                (global.set $g (f64.mul (global.get $g) (f64.const 2)))
                (i32.add (i32.load (local.get 0)) (call_indirect (result i32) (i32.const 0)))))"#,
    )
    .unwrap();
    memory.data_mut(&mut store)[4] = 3;
    assert_eq!(call(&mut store, instance, "run", 4).unwrap(), 8);
    assert_eq!(global.get(&store).f64(), Some(3.0));
    assert!(linker.define("h", "m", memory).is_err(), "twice");
}

#[test]
fn what_belongs_elsewhere_is_refused() {
    let (engine, other) = (Engine::default(), Engine::default());
    let module = Module::new(&other, "(module)").unwrap();
    let mut store = Store::new(&engine, ());
    assert!(matches!(
        Instance::new(&mut store, &module, &[]),
        Err(Error::Type(_))
    ));
    let mut elsewhere = Store::new(&engine, ());
    let foreign = Func::wrap(&mut elsewhere, || ());
    let ty = TableType::new(ValType::FUNCREF, 1, None);
    assert!(matches!(
        Table::new(&mut store, ty, foreign.into()),
        Err(Error::Type(_))
    ));
    let ty = GlobalType {
        content: ValType::I32,
        mutability: Mutability::Const,
    };
    let global = Global::new(&mut elsewhere, ty, Val::I32(1)).unwrap();
    let module = Module::new(&engine, r#"(module (import "" "" (global i32)))"#).unwrap();
    let import = [Extern::from(global)];
    let result = Instance::new(&mut store, &module, &import);
    let Err(Error::Link { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert!(reason.contains("another store"), "{reason}");
}

#[test]
fn sizes_that_nobody_has_are_errors() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    for min in [65537, u64::MAX] {
        assert!(Memory::new(&mut store, MemoryType::new(min, None)).is_err());
    }
    assert!(Memory::new(&mut store, MemoryType::new64(u64::MAX, None)).is_err());
    let of_64_bytes = MemoryType {
        page_size_log2: 6,
        ..MemoryType::new(1, None)
    };
    assert!(Memory::new(&mut store, of_64_bytes).is_err());
    let table = |element| TableType::new(element, u64::MAX, None);
    assert!(Table::new(&mut store, table(ValType::EXTERNREF), Val::ExternRef(None)).is_err());
    assert!(Table::new(&mut store, table(ValType::I32), Val::I32(0)).is_err());
}

#[test]
fn host_functions_outlive_a_module_that_could_not_be_instantiated() {
    // With debug info code belongs to the instance, and goes with it where it never came to be.
    let engine = Engine::new(Config::new().debug_info(true).memory_reservation(1 << 20));
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "double", |n: i32| n * 2).unwrap();
    let mut store = Store::new(&engine, ());
    let double = linker.get(&mut store, "host", "double").unwrap();
    let import = r#"(import "host" "double" (func $double (param i32) (result i32)))"#;
    let huge = Module::new(&engine, format!("(module {import} (memory 100))")).unwrap();
    assert!(matches!(
        Instance::new(&mut store, &huge, &[double.clone()]),
        Err(Error::Resources { .. })
    ));
    drop(huge);
    let module = format!(
        r#"(module {import} (func (export "run") (param i32) (result i32) (call $double (local.get 0))))"#
    );
    let module = Module::new(&engine, module).unwrap();
    let instance = Instance::new(&mut store, &module, &[double]).unwrap();
    assert_eq!(call(&mut store, instance, "run", 4).unwrap(), 8);
}
