//! Vectors between the host and guests, and what the standard leaves a choice of.

mod configurations;

use configurations::configurations;
use dwalin_runtime::*;

const LANES: u128 = 0x00000004_00000003_00000002_00000001;

/// Vectors as parameters, results, globals and locals.
const VECTORS: &str = r#"(module
        (import "host" "double" (func $double (param i32 v128 f64) (result v128 i32)))
        (type $ninth (func (param i32 v128 v128 v128 v128 v128 v128 v128 v128 v128 i64) (result v128)))
        (global $kept (export "kept") (mut v128) (v128.const i32x4 1 2 3 4))
        (global $two (export "two") v128 (v128.const i64x2 2 3))
        (table 1 funcref)
        (elem (i32.const 0) $last)
        (func $last (type $ninth) (local.get 9))
        (func (export "through-table") (param v128) (result v128)
            i32.const 5
            v128.const i32x4 0 0 0 0 v128.const i32x4 1 1 1 1 v128.const i32x4 2 2 2 2
            v128.const i32x4 3 3 3 3 v128.const i32x4 4 4 4 4 v128.const i32x4 5 5 5 5
            v128.const i32x4 6 6 6 6 v128.const i32x4 7 7 7 7
            local.get 0 i64.const 6 i32.const 0
            call_indirect (type $ninth))
        (func (export "through-host") (param v128) (result v128 i32)
            i32.const 7 local.get 0 f64.const 2 call $double)
        (func (export "keep") (param v128)
            (global.set $kept (i32x4.add (local.get 0) (global.get $two))))
        (func (export "choose") (param i32 v128 v128) (result v128)
            (select (result v128) (local.get 1) (local.get 2) (local.get 0)))
        (func (export "sum") (param i32) (result v128)
            (local $sum v128)
            (loop $next (result v128)
                (local.set $sum (i32x4.add (local.get $sum) (v128.const i32x4 1 2 3 4)))
                (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
                (local.get $sum))))"#;

#[test]
fn vectors_pass_between_host_and_guest_in_all_ways() {
    for config in configurations() {
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let double = |number: i32, vector: u128, factor: f64| {
            assert_eq!((number, factor), (7, 2.0));
            (vector << 1, number + 1)
        };
        linker.func_wrap("host", "double", double).unwrap();
        let module = Module::new(&engine, VECTORS.as_bytes()).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let through_table = instance.get_func(&mut store, "through-table").unwrap();
        let mut results = [Val::V128(0)];
        through_table
            .call(&mut store, &[Val::V128(LANES)], &mut results)
            .unwrap();
        assert_eq!(results[0].v128(), Some(LANES));
        assert_eq!(results[0].ty(), ValType::V128);
        let through_host = instance
            .get_typed_func::<u128, (u128, i32)>(&mut store, "through-host")
            .unwrap();
        assert_eq!(
            through_host.call(&mut store, LANES).unwrap(),
            (LANES << 1, 8)
        );
        let keep = instance
            .get_typed_func::<u128, ()>(&mut store, "keep")
            .unwrap();
        keep.call(&mut store, LANES).unwrap();
        let kept = instance.get_global(&mut store, "kept").unwrap();
        let expected = LANES + 2 + (3 << 64);
        assert_eq!(kept.get(&store).v128(), Some(expected));
        kept.set(&mut store, Val::V128(7)).unwrap();
        assert_eq!(kept.get(&store).v128(), Some(7));
        assert!(kept.set(&mut store, Val::I64(7)).is_err());
        let choose = instance
            .get_typed_func::<(i32, u128, u128), u128>(&mut store, "choose")
            .unwrap();
        assert_eq!(choose.call(&mut store, (1, LANES, 5)).unwrap(), LANES);
        assert_eq!(choose.call(&mut store, (0, LANES, 5)).unwrap(), 5);
        let sum = instance
            .get_typed_func::<i32, u128>(&mut store, "sum")
            .unwrap();
        assert_eq!(sum.call(&mut store, 3).unwrap(), LANES * 3);
    }
}

/// Products that are rounded, out-of-range lanes, and sums that wrap: the same on every machine, with and without -g.
#[test]
fn relaxed_operators_have_one_result() {
    let wat = r#"(module
        (func (export "madd") (result v128)
            v128.const f32x4 1.0000001 0 0 0 v128.const f32x4 1.0000001 0 0 0 v128.const f32x4 -1.0000002 0 0 0
            f32x4.relaxed_madd)
        (func (export "swizzle") (result v128)
            v128.const i8x16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
            v128.const i8x16 15 16 255 0 0 0 0 0 0 0 0 0 0 0 0 0
            i8x16.relaxed_swizzle)
        (func (export "trunc") (result v128)
            v128.const f32x4 nan 3e9 -3e9 -1.5 i32x4.relaxed_trunc_f32x4_s)
        (func (export "dot") (result v128)
            v128.const i8x16 -128 -128 0 0 0 0 0 0 0 0 0 0 0 0 0 0
            v128.const i8x16 -128 -128 0 0 0 0 0 0 0 0 0 0 0 0 0 0
            i16x8.relaxed_dot_i8x16_i7x16_s))"#;
    for config in configurations() {
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, wat.as_bytes()).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let mut value = |name: &str| {
            let func = instance
                .get_typed_func::<(), u128>(&mut store, name)
                .unwrap();
            func.call(&mut store, ()).unwrap()
        };
        // A fused product would leave 2^-46.
        assert_eq!(value("madd") as u32, 0.0f32.to_bits());
        assert_eq!(value("swizzle") & 0xffff_ffff, 0x01_00_00_10);
        assert_eq!(value("trunc"), 0xffffffff_80000000_7fffffff_00000000);
        assert_eq!(value("dot") as u16, 0x8000);
    }
}

#[test]
fn constant_expressions_compute() {
    let wat = r#"(module
        (global $base (import "host" "base") i32)
        (global (export "product") i32 (i32.sub (i32.mul (i32.const 6) (i32.const 7)) (i32.const 50)))
        (global (export "next") i64 (i64.add (i64.const -1) (i64.mul (i64.const 3) (i64.const 4))))
        (global (export "behind") i32 (i32.add (global.get $base) (i32.const 10)))
        (memory (export "memory") 1)
        (data (i32.add (global.get $base) (i32.const 18)) "\2a"))"#;
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, wat.as_bytes()).unwrap();
    let ty = GlobalType {
        content: ValType::I32,
        mutability: Mutability::Const,
    };
    let base = Global::new(&mut store, ty, Val::I32(-8)).unwrap();
    let instance = Instance::new(&mut store, &module, &[base.into()]).unwrap();
    let mut global = |name: &str| {
        let global = instance.get_global(&mut store, name).unwrap();
        global.get(&store)
    };
    assert_eq!(global("product").i32(), Some(-8));
    assert_eq!(global("next").i64(), Some(11));
    assert_eq!(global("behind").i32(), Some(2));
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    assert_eq!(memory.data(&store)[10], 42);
}
