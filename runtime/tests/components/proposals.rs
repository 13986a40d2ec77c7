//! Core modules of components use what modules may use: a module each, with a function that adds two numbers its way.

use super::{call, instance};
use dwalin_runtime::component::Val;
use dwalin_runtime::{Config, Engine, Store};

/// The name of a proposal, and what is in the module.
const MODULES: [(&str, &str); 11] = [
    (
        "exception handling",
        r#"(tag $e (param i32))
        (func (export "add") (param i32 i32) (result i32)
          (i32.add (local.get 1) (block $caught (result i32)
            (try_table (catch $e $caught) (throw $e (local.get 0))) unreachable)))"#,
    ),
    (
        "references to exceptions",
        r#"(tag $e (param i32))
        (func $kept (param i32) (result exnref)
          (block $caught (result exnref)
            (try_table (catch_all_ref $caught) (throw $e (local.get 0))) unreachable))
        (func (export "add") (param i32 i32) (result i32)
          (i32.add (local.get 1) (block $caught (result i32)
            (try_table (catch $e $caught) (throw_ref (call $kept (local.get 0)))) unreachable)))"#,
    ),
    (
        "legacy exceptions",
        r#"(tag $e (param i32))
        (func (export "add") (param i32 i32) (result i32)
          local.get 1 try (result i32) local.get 0 throw $e catch $e end i32.add)"#,
    ),
    (
        "structures",
        r#"(type $pair (struct (field i32) (field (mut i32))))
        (func (export "add") (param i32 i32) (result i32) (local $p (ref null $pair))
          (local.set $p (struct.new $pair (local.get 0) (i32.const 0)))
          (struct.set $pair 1 (local.get $p) (local.get 1))
          (i32.add (struct.get $pair 0 (local.get $p)) (struct.get $pair 1 (local.get $p))))"#,
    ),
    (
        "arrays and numbers of 31 bits",
        r#"(type $all (array (mut anyref)))
        (func (export "add") (param i32 i32) (result i32) (local $a (ref null $all))
          (local.set $a (array.new_fixed $all 2 (ref.i31 (local.get 0)) (ref.i31 (local.get 1))))
          (i32.add
            (i31.get_s (ref.cast (ref i31) (array.get $all (local.get $a) (i32.const 0))))
            (i31.get_s (ref.cast (ref i31) (array.get $all (local.get $a) (i32.const 1))))))"#,
    ),
    (
        "references to functions",
        r#"(type $sum (func (param i32 i32) (result i32)))
        (elem declare func $sum)
        (func $sum (type $sum) (i32.add (local.get 0) (local.get 1)))
        (func (export "add") (type $sum)
          (call_ref $sum (local.get 0) (local.get 1) (ref.func $sum)))"#,
    ),
    (
        "tail calls",
        r#"(func $sum (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "add") (param i32 i32) (result i32)
          (return_call $sum (local.get 0) (local.get 1)))"#,
    ),
    (
        "memories of 64 bits, and several",
        r#"(memory $small 1) (memory $wide i64 1)
        (func (export "add") (param i32 i32) (result i32)
          (i32.store $small (i32.const 8) (local.get 0))
          (i32.store $wide (i64.const 8) (local.get 1))
          (i32.add (i32.load $small (i32.const 8)) (i32.load $wide (i64.const 8))))"#,
    ),
    (
        "atomics",
        r#"(memory 1)
        (func (export "add") (param i32 i32) (result i32)
          (i32.store (i32.const 8) (local.get 0))
          (drop (i32.atomic.rmw.add (i32.const 8) (local.get 1)))
          (i32.atomic.load (i32.const 8)))"#,
    ),
    (
        "vectors, relaxed ones too",
        r#"(func (export "add") (param i32 i32) (result i32)
          (i32x4.extract_lane 0 (i8x16.relaxed_swizzle
            (i32x4.add (i32x4.splat (local.get 0)) (i32x4.splat (local.get 1)))
            (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))))"#,
    ),
    (
        "wide arithmetic",
        r#"(func (export "add") (param i32 i32) (result i32)
          (i64.add128 (i64.extend_i32_s (local.get 0)) (i64.const 0) (i64.extend_i32_s (local.get 1)) (i64.const 0))
          drop i32.wrap_i64)"#,
    ),
];

#[test]
fn core_modules_of_components_use_all_proposals() {
    let mut debugged = Config::new();
    debugged.debug_info(true);
    for config in [Config::new(), debugged] {
        let engine = Engine::new(&config);
        for (name, module) in MODULES {
            let text = format!(
                r#"(component
                  (core module $m {module})
                  (core instance $m (instantiate $m))
                  (func (export "add") (param "a" s32) (param "b" s32) (result s32)
                    (canon lift (core func $m "add"))))"#
            );
            let mut store = Store::new(&engine, ());
            let instance = instance(&mut store, &text);
            let sum = call(&mut store, &instance, "add", &[Val::S32(40), Val::S32(2)]);
            assert_eq!(sum.unwrap(), Val::S32(42), "{name}");
        }
    }
}
