//! Tail calls in all modes: stacks that do not grow, arguments of all shapes, other instances, exceptions, and frames that are left.

mod configurations;

use configurations::configurations;
use dwalin_runtime::*;

/// An engine of each configuration.
fn engines() -> impl Iterator<Item = Engine> {
    configurations().map(|config| Engine::new(&config))
}

/// Calls `run` of a module with one i64 in all modes. It may import `host`, the identity of the host, and `other`, a module.
#[track_caller]
fn check(other: &str, wat: &str, argument: i64, expected: i64) {
    for (mode, engine) in engines().enumerate() {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker
            .func_wrap("", "host", |value: i64| value)
            .unwrap()
            .func_wrap(
                "",
                "sum",
                |a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64| {
                    a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h
                },
            )
            .unwrap();
        let other = Module::new(&engine, other).unwrap();
        let other = linker.instantiate(&mut store, &other).unwrap();
        linker.instance(&mut store, "other", other).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = instance.get_typed_func::<i64, i64>(&mut store, "run");
        let result = run.unwrap().call(&mut store, argument);
        assert_eq!(
            result.map_err(|error| error.to_string()),
            Ok(expected),
            "mode {mode}"
        );
    }
}

const NOTHING: &str = "(module)";

/// More calls than a stack has room for.
const MANY: i64 = 10_000_000;

#[test]
fn the_stack_does_not_grow() {
    let direct = r#"(module
        (func $even (export "run") (param i64) (result i64)
            (if (i64.eqz (local.get 0)) (then (return (i64.const 44))))
            (return_call $odd (i64.sub (local.get 0) (i64.const 1))))
        (func $odd (param i64) (result i64)
            (if (i64.eqz (local.get 0)) (then (return (i64.const 99))))
            (return_call $even (i64.sub (local.get 0) (i64.const 1)))))"#;
    check(NOTHING, direct, MANY, 44);
    check(NOTHING, direct, MANY + 1, 99);
    let indirect = r#"(module
        (type $t (func (param i64) (result i64)))
        (table funcref (elem $even $odd))
        (func $even (export "run") (param i64) (result i64)
            (if (i64.eqz (local.get 0)) (then (return (i64.const 44))))
            (return_call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i32.const 1)))
        (func $odd (param i64) (result i64)
            (if (i64.eqz (local.get 0)) (then (return (i64.const 99))))
            (return_call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0))))"#;
    check(NOTHING, indirect, MANY, 44);
    check(NOTHING, indirect, MANY + 1, 99);
    // Within one try each, of which none is in force behind the call.
    let tries = r#"(module
        (func $down (export "run") (param i64) (result i64)
            (if (i64.eqz (local.get 0)) (then (return (i64.const 5))))
            (block $caught
                (try_table (catch_all $caught)
                    (return_call $down (i64.sub (local.get 0) (i64.const 1)))))
            i64.const 6))"#;
    check(NOTHING, tries, MANY, 5);
}

/// A table that two instances share, and a function of each that calls the other's.
#[test]
fn the_stack_does_not_grow_between_instances() {
    let other = r#"(module
        (type $t (func (param i64) (result i64)))
        (table (export "table") 2 funcref)
        (elem (i32.const 0) $odd)
        (global $calls (export "calls") (mut i64) (i64.const 0))
        (func $odd (export "odd") (param i64) (result i64)
            (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
            (if (i64.eqz (local.get 0)) (then (return (i64.const 99))))
            (return_call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i32.const 1))))"#;
    let wat = r#"(module
        (type $t (func (param i64) (result i64)))
        (import "other" "table" (table 2 funcref))
        (import "other" "calls" (global $calls (mut i64)))
        (import "other" "odd" (func $odd (param i64) (result i64)))
        (global $own (mut i64) (i64.const 0))
        (elem (i32.const 1) $even)
        (func $even (param i64) (result i64)
            (global.set $own (i64.add (global.get $own) (i64.const 1)))
            (if (i64.eqz (local.get 0)) (then (return (i64.const 44))))
            (return_call $odd (i64.sub (local.get 0) (i64.const 1))))
        (func (export "run") (param i64) (result i64) (local $result i64)
            (local.set $result (call $even (local.get 0)))
            ;; The global is this instance's again.
            (i64.add (i64.mul (local.get $result) (i64.const 1000000000))
                (i64.add (i64.mul (global.get $own) (i64.const 2)) (global.get $calls)))))"#;
    check(other, wat, 1_000_000, 44_000_000_000 + 1_000_002 + 500_000);
    check(other, wat, 1_000_001, 99_000_000_000 + 1_000_002 + 500_001);
}

/// Callees of the C convention, with more parameters than registers: of the host, and of a module without tail calls.
#[test]
fn functions_that_make_none_are_called_for_good() {
    let other = r#"(module
        (global $g (mut i64) (i64.const 1000))
        (func (export "sum") (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
            (i64.add (global.get $g) (i64.add (local.get 7) (i64.mul (local.get 0) (i64.const 10)))))
        (func (export "two") (param i64) (result i64 i64)
            (i64.add (local.get 0) (global.get $g)) (i64.mul (local.get 0) (global.get $g))))"#;
    let wat = r#"(module
        (import "" "host" (func $host (param i64) (result i64)))
        (import "" "sum" (func $host_sum (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
        (import "other" "sum" (func $sum (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
        (import "other" "two" (func $two (param i64) (result i64 i64)))
        (global $g (mut i64) (i64.const 7))
        (func $leave (param i64) (result i64) (return_call $host (local.get 0)))
        (func $leave_sum (param i64) (result i64)
            (return_call $host_sum (local.get 0) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
                (i64.const 1) (i64.const 1) (i64.const 1)))
        (func $other_sum (param i64) (result i64)
            (return_call $sum (local.get 0) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
                (i64.const 1) (i64.const 1) (i64.const 9)))
        (func $other_two (param i64) (result i64 i64) (return_call $two (local.get 0)))
        (func (export "run") (param $n i64) (result i64) (local $sum i64)
            (loop $again
                (local.set $sum (i64.add (local.get $sum) (global.get $g)))
                (local.set $sum (i64.add (local.get $sum) (call $leave (i64.const 1))))
                (local.set $sum (i64.add (local.get $sum) (call $leave_sum (i64.const 2))))
                (local.set $sum (i64.add (local.get $sum) (call $other_sum (i64.const 3))))
                (call $other_two (i64.const 4))
                local.get $sum
                i64.add
                i64.add
                local.set $sum
                (br_if $again (i64.ne (i64.const 0)
                    (local.tee $n (i64.sub (local.get $n) (i64.const 1))))))
            local.get $sum))"#;
    // 7; 1; 2 + (2 + ... + 8); 1000 + 9 + 30; 1004 + 4000.
    let each = 7 + 1 + (2 + 35) + 1039 + 5004;
    check(other, wat, 100_000, 100_000 * each);
}

/// More and fewer parameters than registers in turn, which moves the frame, and more results than registers.
#[test]
fn arguments_of_all_shapes_arrive() {
    let wat = r#"(module
        (type $many (func (param i64 i64 i64 i64 i64 i64 i64 i64 i64 f64 v128 i32 i64) (result i64)))
        (type $few (func (param i64 i64) (result i64)))
        (table funcref (elem $many $few))
        ;; $sum is all that $n was, and each argument is checked.
        (func $few (param $n i64) (param $sum i64) (result i64)
            (if (i64.eqz (local.get $n)) (then (return (local.get $sum))))
            (return_call_indirect (type $many)
                (i64.const 1) (i64.const 2) (i64.const 3) (local.get $n) (i64.const 5) (i64.const 6)
                (i64.const 7) (i64.const 8) (i64.const 9) (f64.const 10) (v128.const i64x2 11 12) (i32.const 13)
                (local.get $sum) (i32.const 0)))
        (func $many (param i64 i64 i64) (param $n i64) (param i64 i64 i64 i64 i64 f64 v128 i32) (param $sum i64)
            (result i64)
            (if (i64.ne (i64.const 41) (i64.add (local.get 0) (i64.add (local.get 1) (i64.add (local.get 2)
                (i64.add (local.get 4) (i64.add (local.get 5) (i64.add (local.get 6) (i64.add (local.get 7)
                (local.get 8)))))))))
                (then unreachable))
            (if (f64.ne (local.get 9) (f64.const 10)) (then unreachable))
            (if (i64.ne (i64x2.extract_lane 1 (local.get 10)) (i64.const 12)) (then unreachable))
            (if (i32.ne (local.get 11) (i32.const 13)) (then unreachable))
            (if (i32.wrap_i64 (i64.and (local.get $n) (i64.const 1))) (then
                (return_call $few (i64.sub (local.get $n) (i64.const 1)) (i64.add (local.get $sum) (local.get $n)))))
            (return_call $more (f64.const 1) (f64.const 2) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)
                (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11)
                (i64.const 12) (i64.const 13) (local.get $n) (local.get $sum)))
        (func $more (param f64 f64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (param $n i64) (param $sum i64)
            (result i64)
            (if (i64.ne (i64.add (local.get 2) (local.get 14)) (i64.const 14)) (then unreachable))
            (return_call $few (i64.sub (local.get $n) (i64.const 1)) (i64.add (local.get $sum) (local.get $n))))
        (func $results (param i64) (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 f64)
            (if (i64.eqz (local.get 0)) (then (return
                (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
                (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11) (f64.const 12))))
            (return_call $results (i64.sub (local.get 0) (i64.const 1))))
        (func (export "run") (param i64) (result i64)
            (call $few (local.get 0) (i64.const 0))
            (call $results (local.get 0))
            i64.trunc_f64_s
            i64.add i64.add i64.add i64.add i64.add i64.add i64.add i64.add i64.add i64.add i64.add i64.add))"#;
    check(NOTHING, wat, 1_000_000, 500_000_500_000 + 78);
}

/// Functions of types whose convention matters are called by the host and by modules that do not know of it.
#[test]
fn all_callers_find_the_convention() {
    let other = r#"(module
        (type $t (func (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64 i64)))
        (table (export "table") 2 funcref)
        (func (export "call") (param i64) (result i64)
            (call_indirect (type $t) (local.get 0) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6)
                (i64.const 7) (i64.const 8) (i32.const 0))
            i64.sub))"#;
    let wat = r#"(module
        (import "other" "table" (table 2 funcref))
        (import "other" "call" (func $call (param i64) (result i64)))
        (elem (i32.const 0) $f)
        (func $f (export "f") (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64 i64)
            (if (i64.eqz (local.get 0)) (then (return (local.get 7) (local.get 6))))
            (return_call $f (i64.sub (local.get 0) (i64.const 1)) (local.get 1) (local.get 2) (local.get 3)
                (local.get 4) (local.get 5) (local.get 7) (local.get 6)))
        (func (export "run") (param i64) (result i64) (call $call (local.get 0))))"#;
    check(other, wat, 100_000, 1);
    check(other, wat, 100_001, -1);
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let wat = wat.replace(
            "(import \"other\" \"table\" (table 2 funcref))",
            "(table 2 funcref)",
        );
        let wat = wat.replace(
            "(import \"other\" \"call\" (func $call (param i64) (result i64)))",
            "(func $call (param i64) (result i64) local.get 0)",
        );
        let module = Module::new(&engine, wat).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_func(&mut store, "f").unwrap();
        let args: Vec<_> = (1..=8).map(|value: i64| Val::I64(value * 1001)).collect();
        let mut results = [Val::I64(0), Val::I64(0)];
        f.call(&mut store, &args, &mut results).unwrap();
        assert_eq!(results.map(|it| it.i64()), [Some(7007), Some(8008)]);
    }
}

/// An exception passes a frame that was moved, and finds its handler's registers as they were.
#[test]
fn exceptions_pass_frames_of_tail_callers() {
    let wat = r#"(module
        (tag $e (param i64))
        (func $id (param i64) (result i64) local.get 0)
        (func $throw (param i64) (result i64) (throw $e (local.get 0)))
        (func $big (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64) (local.get 9))
        ;; Keeps values in registers over calls, and moves its frame for $big.
        (func $moved (param i64) (result i64) (local i64 i64 i64 i64 i64)
            (local.set 1 (call $id (i64.const 1)))
            (local.set 2 (call $id (i64.const 2)))
            (local.set 3 (call $id (i64.const 3)))
            (local.set 4 (call $id (i64.const 4)))
            (local.set 5 (call $throw (local.get 0)))
            (return_call $big (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
                (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)))
        ;; Its handler is not in force any more.
        (func $in_try (param i64) (result i64)
            (block $caught (result i64)
                (try_table (result i64) (catch $e $caught) (return_call $moved (local.get 0)))
                drop
                i64.const 1000)
            drop
            i64.const 2000)
        (func (export "run") (param i64) (result i64) (local i64 i64 i64 i64 i64)
            (local.set 1 (call $id (i64.const 10)))
            (local.set 2 (call $id (i64.const 20)))
            (local.set 3 (call $id (i64.const 30)))
            (local.set 4 (call $id (i64.const 40)))
            (local.set 5 (call $id (i64.const 50)))
            (block $caught (result i64)
                (try_table (result i64) (catch $e $caught) (call $in_try (local.get 0)))
                drop
                i64.const 5)
            (i64.add (local.get 1) (i64.add (local.get 2) (i64.add (local.get 3)
                (i64.add (local.get 4) (local.get 5)))))
            i64.add))"#;
    check(NOTHING, wat, 7, 157);
}

/// The functions of a trap's frames, innermost first.
fn frames(engine: &Engine, wat: &str) -> Vec<String> {
    let mut store = Store::new(engine, ());
    let module = Module::new(engine, wat).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<i64, i64>(&mut store, "run");
    let error = run.unwrap().call(&mut store, 3).unwrap_err();
    let trap = error.trap().unwrap();
    let frames = trap.backtrace().frames().iter();
    frames.map(|frame| frame.func_name.clone()).collect()
}

#[test]
fn frames_that_were_left_are_gone() {
    let wat = r#"(module
        (table funcref (elem $inner $many))
        (func $run (export "run") (param i64) (result i64)
            (i64.add (call $left (local.get 0)) (i64.const 1)))
        (func $left (param i64) (result i64) (return_call $also_left (local.get 0)))
        (func $also_left (param i64) (result i64)
            (return_call_indirect (param i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
                (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0)
                (local.get 0) (local.get 0) (i32.const 1)))
        (func $many (param i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
            (call $moved (local.get 8)))
        (func $moved (param i64) (result i64)
            (if (result i64) (i64.eqz (local.get 0))
                (then (return_call $many (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
                    (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)))
                (else (call $inner (i64.const 1)))))
        (func $inner (param i64) (result i64) unreachable))"#;
    for engine in engines() {
        assert_eq!(frames(&engine, wat), ["inner", "moved", "many", "run"]);
    }
}
