//! Memories and tables of 64-bit addresses, and memories whose pages are bytes, with every kind of code and of reservation.

mod configurations;

use configurations::configurations;
use dwalin_runtime::*;

/// Configurations in which each way of checking a bound is compiled.
fn all() -> Vec<Config> {
    let mut all: Vec<_> = configurations().collect();
    for config in configurations() {
        for (reservation, guard) in [(4 << 30, 0), (1 << 20, 1 << 16), (3 << 16, 0)] {
            let mut config = config.clone();
            config.memory_reservation(reservation);
            config.memory_guard_size(guard);
            all.push(config);
        }
    }
    all
}

fn instantiate(config: &Config, wat: &str) -> (Store<()>, Instance) {
    let engine = Engine::new(config);
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, wat).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

fn call(
    store: &mut Store<()>,
    instance: Instance,
    name: &str,
    args: &[i64],
) -> Result<i64, TrapKind> {
    let func = instance.get_func(&mut *store, name).unwrap();
    let ty = func.ty(&*store);
    let args: Vec<_> = ty
        .params()
        .iter()
        .zip(args)
        .map(|(ty, value)| match ty {
            ValType::I32 => Val::I32(*value as i32),
            _ => Val::I64(*value),
        })
        .collect();
    let mut results: Vec<_> = ty
        .results()
        .iter()
        .map(|it| Val::default_for(*it))
        .collect();
    match func.call(store, &args, &mut results) {
        Ok(()) => Ok(match results.first() {
            Some(Val::I32(value)) => i64::from(*value),
            Some(Val::I64(value)) => *value,
            _ => 0,
        }),
        Err(Error::Trap(trap)) => Err(trap.kind()),
        Err(other) => panic!("{other}"),
    }
}

const BEYOND: Result<i64, TrapKind> = Err(TrapKind::MemoryOutOfBounds);

const ACCESSES: &str = r#"(module (memory i64 1 2)
    (data (i64.const 65528) "\01\00\00\00\00\00\00\00")
    (func (export "load") (param i64) (result i64) (i64.load (local.get 0)))
    (func (export "load8") (param i64) (result i32) (i32.load8_u (local.get 0)))
    (func (export "near") (param i64) (result i64) (i64.load offset=65520 (local.get 0)))
    (func (export "far") (param i64) (result i64) (i64.load offset=0x1_0000_0000 (local.get 0)))
    (func (export "farthest") (param i64) (result i64) (i64.load offset=0xffff_ffff_ffff_fff8 (local.get 0)))
    (func (export "store") (param i64 i64) (i64.store (local.get 0) (local.get 1)))
    (func (export "size") (result i64) (memory.size))
    (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
    (func (export "fill") (param i64 i32 i64) (memory.fill (local.get 0) (local.get 1) (local.get 2))))"#;

#[test]
fn accesses_with_64_bits_stay_within_the_memory() {
    for config in all() {
        let (mut store, instance) = instantiate(&config, ACCESSES);
        let mut run = |name: &str, args: &[i64]| call(&mut store, instance, name, args);
        assert_eq!(run("load", &[65528]), Ok(1), "{config:?}");
        assert_eq!(run("near", &[8]), Ok(1));
        for beyond in [
            65529,
            65536,
            1 << 20,
            4 << 30,
            (64 << 30) - 1,
            64 << 30,
            1 << 40,
            i64::MAX,
            -1,
            -8,
        ] {
            assert_eq!(
                run("load", &[beyond]),
                BEYOND,
                "{beyond:#x} with {config:?}"
            );
            assert_eq!(
                run("near", &[beyond]),
                BEYOND,
                "{beyond:#x} with {config:?}"
            );
        }
        // No sum is reduced to 64 bits.
        for name in ["far", "farthest"] {
            for index in [0, 8, -(1 << 32), 1 << 32, -1] {
                assert_eq!(
                    run(name, &[index]),
                    BEYOND,
                    "{name} {index:#x} with {config:?}"
                );
            }
        }
        assert_eq!(run("load8", &[65536]), BEYOND);
        assert_eq!(run("size", &[]), Ok(1));
        assert_eq!(run("grow", &[1]), Ok(1));
        assert_eq!(run("load8", &[131_071]), Ok(0));
        assert_eq!(run("grow", &[1]), Ok(-1));
        assert_eq!(run("grow", &[-1]), Ok(-1));
        assert_eq!(run("store", &[131_064, 7]), Ok(0));
        assert_eq!(run("load", &[131_064]), Ok(7));
        assert_eq!(run("fill", &[131_071, 9, 1]), Ok(0));
        assert_eq!(run("load8", &[131_071]), Ok(9));
        assert_eq!(run("fill", &[131_071, 9, 2]), BEYOND);
        assert_eq!(run("fill", &[-1, 9, 2]), BEYOND);
    }
}

#[test]
fn a_memory_grows_beyond_what_32_bits_reach() {
    const WAT: &str = r#"(module (memory i64 0)
        (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
        (func (export "store") (param i64 i32) (i32.store (local.get 0) (local.get 1)))
        (func (export "load") (param i64) (result i32) (i32.load (local.get 0))))"#;
    for config in configurations() {
        let (mut store, instance) = instantiate(&config, WAT);
        let mut run = |name: &str, args: &[i64]| call(&mut store, instance, name, args);
        assert_eq!(run("grow", &[65_537]), Ok(0));
        let last = (4 << 30) + 65_532;
        assert_eq!(run("store", &[last, 5]), Ok(0));
        assert_eq!(run("load", &[last]), Ok(5));
        assert_eq!(run("load", &[65_532]), Ok(0));
        assert_eq!(run("load", &[last + 1]), BEYOND);
    }
}

#[test]
fn bytes_are_copied_between_memories_of_both_kinds() {
    const WAT: &str = r#"(module (memory $a i64 1) (memory $b 1) (data $d "wide")
        (func (export "init") (param i64 i32 i32) (memory.init $a $d (local.get 0) (local.get 1) (local.get 2)))
        (func (export "narrow") (param i32 i64 i32) (memory.copy $b $a (local.get 0) (local.get 1) (local.get 2)))
        (func (export "widen") (param i64 i32 i32) (memory.copy $a $b (local.get 0) (local.get 1) (local.get 2)))
        (func (export "a") (param i64) (result i32) (i32.load8_u $a (local.get 0)))
        (func (export "b") (param i32) (result i32) (i32.load8_u $b (local.get 0))))"#;
    for config in configurations() {
        let (mut store, instance) = instantiate(&config, WAT);
        let mut run = |name: &str, args: &[i64]| call(&mut store, instance, name, args);
        assert_eq!(run("init", &[10, 1, 3]), Ok(0));
        assert_eq!(run("narrow", &[5, 10, 2]), Ok(0));
        assert_eq!(run("widen", &[0, 6, 1]), Ok(0));
        assert_eq!(run("b", &[5]), Ok(i64::from(b'i')));
        assert_eq!(run("a", &[0]), Ok(i64::from(b'd')));
        assert_eq!(run("narrow", &[0, 1 << 32, 1]), BEYOND);
        assert_eq!(run("widen", &[1 << 32, 0, 1]), BEYOND);
        assert_eq!(run("init", &[1 << 32, 0, 1]), BEYOND);
    }
}

#[test]
fn tables_are_indexed_with_64_bits() {
    const WAT: &str = r#"(module (type $number (func (result i32))) (elem $e func $two $one)
        (table $t i64 3 5 funcref) (table $u 2 funcref)
        (elem (table $t) (i64.const 1) func $one $two)
        (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
        (func (export "call") (param i64) (result i32) (call_indirect $t (type $number) (local.get 0)))
        (func (export "clear") (param i64) (table.set $t (local.get 0) (ref.null func)))
        (func (export "fill") (param i64 i64) (table.fill $t (local.get 0) (ref.func $two) (local.get 1)))
        (func (export "init") (param i64 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
        (func (export "copy") (param i32 i64 i32) (table.copy $u $t (local.get 0) (local.get 1) (local.get 2)))
        (func (export "other") (param i32) (result i32) (call_indirect $u (type $number) (local.get 0)))
        (func (export "grow") (param i64) (result i64) (table.grow $t (ref.func $one) (local.get 0)))
        (func (export "size") (result i64) (table.size $t)))"#;
    let beyond = Err(TrapKind::TableOutOfBounds);
    for config in configurations() {
        let (mut store, instance) = instantiate(&config, WAT);
        let mut run = |name: &str, args: &[i64]| call(&mut store, instance, name, args);
        assert_eq!(run("call", &[2]), Ok(2));
        for index in [3, 1 << 32, (1 << 32) + 1, -1] {
            assert_eq!(run("call", &[index]), beyond, "{index:#x}");
            assert_eq!(run("clear", &[index]), beyond, "{index:#x}");
        }
        assert_eq!(run("clear", &[2]), Ok(0));
        assert_eq!(run("call", &[2]), Err(TrapKind::IndirectCallToNull));
        assert_eq!(run("grow", &[2]), Ok(3));
        assert_eq!(run("grow", &[1]), Ok(-1));
        assert_eq!(run("size", &[]), Ok(5));
        assert_eq!(run("call", &[4]), Ok(1));
        assert_eq!(run("fill", &[3, 2]), Ok(0));
        assert_eq!(run("fill", &[1 << 32, 1]), beyond);
        assert_eq!(run("init", &[0, 1, 1]), Ok(0));
        assert_eq!(run("copy", &[1, 4, 1]), Ok(0));
        assert_eq!(
            (run("call", &[0]), run("call", &[4]), run("other", &[1])),
            (Ok(1), Ok(2), Ok(2))
        );
        assert_eq!(run("copy", &[0, 1 << 32, 1]), beyond);
    }
}

#[test]
fn a_memory_of_bytes_ends_at_any_of_them() {
    for (addresses, end) in [("", 4097), ("i64", 4097)] {
        let ty = if addresses.is_empty() { "i32" } else { "i64" };
        let wat = format!(
            r#"(module (memory {addresses} 5 {end} (pagesize 1)) (data ({ty}.const 1) "\07\00\00\00")
            (func (export "load") (param {ty}) (result i32) (i32.load (local.get 0)))
            (func (export "last") (param {ty}) (result i32) (i32.load8_u offset=4 (local.get 0)))
            (func (export "size") (result {ty}) (memory.size))
            (func (export "grow") (param {ty}) (result {ty}) (memory.grow (local.get 0))))"#
        );
        for config in all() {
            let (mut store, instance) = instantiate(&config, &wat);
            let mut run = |name: &str, args: &[i64]| call(&mut store, instance, name, args);
            assert_eq!(run("load", &[1]), Ok(7), "{config:?}");
            assert_eq!(run("load", &[2]), BEYOND, "{config:?}");
            assert_eq!(run("last", &[0]), Ok(0));
            assert_eq!(run("last", &[1]), BEYOND);
            assert_eq!(run("load", &[-1]), BEYOND);
            assert_eq!(run("grow", &[4091]), Ok(5));
            assert_eq!(run("load", &[4092]), Ok(0));
            assert_eq!(run("load", &[4093]), BEYOND);
            assert_eq!(run("grow", &[1]), Ok(4096));
            assert_eq!(run("load", &[4093]), Ok(0));
            assert_eq!(run("size", &[]), Ok(4097));
            assert_eq!(run("grow", &[1]), Ok(-1));
        }
    }
}

#[test]
fn imports_have_the_same_kind_of_addresses_and_pages() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memories = [
        ("(memory 1)", MemoryType::new(1, None)),
        ("(memory i64 1)", MemoryType::new64(1, None)),
        (
            "(memory 1 (pagesize 1))",
            MemoryType {
                page_size_log2: 0,
                ..MemoryType::new(1, None)
            },
        ),
    ];
    for (wanted, (text, _)) in memories.iter().enumerate() {
        let module = Module::new(&engine, format!(r#"(module (import "" "" {text}))"#)).unwrap();
        for (given, (_, ty)) in memories.iter().enumerate() {
            let memory = Memory::new(&mut store, *ty).unwrap();
            let result = Instance::new(&mut store, &module, &[memory.into()]);
            assert_eq!(result.is_ok(), wanted == given, "{text} and {ty:?}");
            if let Err(error) = result {
                assert!(error.to_string().contains("it wants memory "), "{error}");
            }
        }
    }
}
