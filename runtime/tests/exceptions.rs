//! Exceptions in all modes: the legacy instructions, values live across calls, hosts between guests, and what becomes of exceptions.

mod configurations;

use configurations::configurations;
use dwalin_runtime::*;

/// An engine of each configuration.
fn engines() -> impl Iterator<Item = Engine> {
    configurations().map(|config| Engine::new(&config))
}

/// Calls `run` of a module with one i32 in all modes.
fn run(wat: &str, argument: i32) -> Vec<Result<i32, String>> {
    let call = |engine: Engine| {
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance
            .get_typed_func::<i32, i32>(&mut store, "run")
            .unwrap();
        let result = run.call(&mut store, argument);
        result.map_err(|error| match error.trap() {
            Some(trap) => trap
                .exception()
                .map_or_else(|| trap.kind().to_string(), ToString::to_string),
            None => error.to_string(),
        })
    };
    engines().map(call).collect()
}

#[track_caller]
fn check(wat: &str, argument: i32, expected: Result<i32, &str>) {
    let expected = expected.map_err(str::to_owned);
    for (mode, result) in run(wat, argument).into_iter().enumerate() {
        assert_eq!(result, expected, "mode {mode}, argument {argument}");
    }
}

/// Nested clauses, of which one rethrows.
const CLAUSES: &str = r#"(module
    (tag $a (param i32)) (tag $b (param i64 i32)) (tag $c)
    (func $thrower (param i32)
        (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $a (i32.const 10))))
        (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $b (i64.const 5) (i32.const 20))))
        (if (i32.eq (local.get 0) (i32.const 3)) (then (throw $c)))
        (if (i32.eq (local.get 0) (i32.const 4)) (then (unreachable))))
    (func (export "run") (param i32) (result i32) (local $sum i32)
        (local.set $sum (i32.const 1000))
        try (result i32)
            try (result i32)
                (call $thrower (local.get 0))
                local.get $sum
            catch $a
                local.get $sum
                i32.add
            catch $b
                drop
                drop
                (local.set $sum (i32.const 7))
                rethrow 0
            end
        catch $b
            local.get $sum
            i32.add
            local.set $sum
            i32.wrap_i64
            local.get $sum
            i32.add
        catch_all
            i32.const -1
        end))"#;

/// Functions that delegate past clauses, to the caller, and from one to the next.
const DELEGATED: &str = r#"(module
    (tag $t (param i32))
    (func $throw (param i32) (throw $t (local.get 0)))
    (func $inner (param i32) (result i32)
        try (result i32)
            try (result i32)
                try (result i32)
                    try (result i32)
                        (call $throw (local.get 0))
                        i32.const 0
                    delegate 1
                catch $t
                    i32.const 1 i32.add
                end
            catch $t
                i32.const 2 i32.add
            end
        catch $t
            i32.const 4 i32.add
        end)
    (func $outer (param i32) (result i32)
        try (result i32)
            try (result i32)
                (call $throw (local.get 0))
                i32.const 0
            delegate 1
        catch $t
            i32.const 8 i32.add
        end)
    (func $nested (param i32) (result i32)
        try (result i32)
            try (result i32)
                try (result i32)
                    (call $throw (local.get 0))
                    i32.const 0
                delegate 1
            delegate 1
        catch $t
            i32.const 16 i32.add
        end)
    (func (export "run") (param i32) (result i32)
        (if (i32.eq (local.get 0) (i32.const 100)) (then (return (call $inner (local.get 0)))))
        (if (i32.eq (local.get 0) (i32.const 300)) (then (return (call $nested (local.get 0)))))
        (call $outer (local.get 0))))"#;

/// The specification's tests of the legacy instructions are no part of its suite any more: these are of the same kinds.
#[test]
fn legacy_clauses_are_asked_in_order_and_rethrow_and_delegate_go_outwards() {
    for (argument, expected) in [
        (0, Ok(1000)),
        (1, Ok(1010)),
        (2, Ok(32)),
        (3, Ok(-1)),
        (4, Err("wasm `unreachable` instruction executed")),
    ] {
        check(CLAUSES, argument, expected);
    }
    // Past the clause of the frame that it is in.
    check(DELEGATED, 100, Ok(102));
    // To the caller of the function.
    check(DELEGATED, 200, Err("t(200)"));
    // Out of one that delegates elsewhere.
    check(DELEGATED, 300, Ok(316));
}

#[test]
fn values_and_references_are_caught_over_frames_that_use_all_registers() {
    let wat = r#"(module
        (tag $t (param i32 i64 f64)) (tag $other)
        (func $deep (param i32 i32 i32 i32 i32 i32) (result i32)
            (if (i32.eqz (local.get 0))
                (then (throw $t (local.get 1) (i64.extend_i32_s (local.get 2)) (f64.convert_i32_s (local.get 3)))))
            (i32.add
                (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 1))
                (i32.add (i32.add (local.get 1) (local.get 2)) (i32.add (local.get 3) (i32.add (local.get 4) (local.get 5))))))
        (func $again (param i32) (result i32) (local $e exnref)
            (block $h (result exnref)
                (try_table (result i32) (catch $other $unused) (catch_all_ref $h)
                    (call $deep (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)))
                (return))
            (local.set $e)
            (throw_ref (local.get $e)))
        (func (export "run") (param i32) (result i32)
            (local $a i32) (local $b i32) (local $c i32) (local $d i32) (local $i i32) (local $sum i32)
            (local.set $a (i32.mul (local.get 0) (i32.const 3)))
            (local.set $b (i32.mul (local.get 0) (i32.const 5)))
            (local.set $c (i32.mul (local.get 0) (i32.const 7)))
            (local.set $d (i32.mul (local.get 0) (i32.const 9)))
            (loop $l
                (block $h (result i32 i64 f64)
                    (try_table (catch $t $h) (drop (call $again (local.get 0))))
                    (unreachable))
                (i32.trunc_f64_s)
                (local.set $sum (i32.add (local.get $sum)))
                (i32.wrap_i64)
                (local.set $sum (i32.add (local.get $sum)))
                (local.set $sum (i32.add (local.get $sum)))
                (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000))))
            (i32.add (local.get $sum)
                (i32.add (i32.add (local.get $a) (local.get $b)) (i32.add (local.get $c) (local.get $d))))))"#;
    let wat = wat.replace(" (catch $other $unused)", "");
    // No turn of the arguments: 1 + 2 + 3; more exceptions than are kept.
    check(&wat, 5, Ok(5000 * 6 + 5 * 24));
}

/// A loop that throws so often that exceptions are dropped many times, while one is held: `hold` leaves it somewhere, `take` gets it.
fn held(declarations: &str, hold: &str, take: &str) -> String {
    format!(
        r#"(module
        (tag $t (param i32)) (tag $noise (param i64 exnref))
        {declarations}
        (func $make (param i32) (result exnref) (local $e exnref)
            (block $h (result i32 exnref)
                (try_table (catch_ref $t $h) (throw $t (local.get 0)))
                (unreachable))
            (local.set $e) (drop) (local.get $e))
        (func $throw_much (local $i i32)
            (loop $l
                (block $h (try_table (catch_all $h) (throw $noise (i64.const 1) (ref.null exn))))
                (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000)))))
        (func $value (param exnref) (result i32)
            (block $h (result i32)
                (try_table (catch $t $h) (throw_ref (local.get 0)))
                (unreachable)))
        (func (export "run") (param i32) (result i32) (local $e exnref)
            (call $throw_much)
            {hold}
            (call $throw_much)
            {take}))"#
    )
}

#[test]
fn what_a_guest_holds_is_not_dropped() {
    let made = "(call $make (local.get 0))";
    let in_a_local = held(
        "",
        &format!("(local.set $e {made})"),
        "(call $value (local.get $e))",
    );
    let as_an_operand = held("", made, "(call $value)");
    let in_a_global = held(
        "(global $g (mut exnref) (ref.null exn))",
        &format!("(global.set $g {made})"),
        "(call $value (global.get $g))",
    );
    let in_a_table = held(
        "(table $kept 3 exnref)",
        &format!("(table.set $kept (i32.const 2) {made})"),
        "(call $value (table.get $kept (i32.const 2)))",
    );
    let in_an_exception = held(
        "(global $g (mut exnref) (ref.null exn))",
        &format!(
            "(block $h (result exnref)
                (try_table (catch_all_ref $h) (throw $noise (i64.const 2) {made})) (unreachable))
            (global.set $g)"
        ),
        "(block $h (result i64 exnref)
            (try_table (catch $noise $h) (throw_ref (global.get $g))) (unreachable))
        (local.set $e) (drop) (call $value (local.get $e))",
    );
    for wat in [
        in_a_local,
        as_an_operand,
        in_a_global,
        in_a_table,
        in_an_exception,
    ] {
        check(&wat, 42, Ok(42));
    }
}

/// The host function between two guests.
#[derive(Clone, Copy, PartialEq)]
enum Between {
    PassOn,
    Swallow,
    ThrowAnother,
    Fail,
}

/// `run(n)` calls `inner(n)` by way of the host, in handlers for `$a` and, around them, for all.
const NESTED: &str = r#"(module
    (import "" "between" (func $between (param i32) (result i32)))
    (tag $a (export "a") (param i32)) (tag $b (param i32))
    (func (export "inner") (param i32) (result i32)
        (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $a (i32.const 10))))
        (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $b (i32.const 20))))
        (if (i32.eq (local.get 0) (i32.const 3)) (then (unreachable)))
        (local.get 0))
    (func $middle (param i32) (result i32)
        (block $h (result i32)
            (try_table (catch $a $h) (return (call $between (local.get 0))))
            (unreachable))
        (i32.add (i32.const 100)))
    (func (export "run") (param i32) (result i32)
        (block $h
            (try_table (catch_all $h) (return (call $middle (local.get 0)))))
        (i32.const -1)))"#;

fn between(engine: &Engine, between: Between, argument: i32) -> Result<i32, String> {
    let module = Module::new(engine, NESTED).unwrap();
    let mut store = Store::new(engine, ());
    let call = move |mut caller: Caller<'_, ()>, n: i32| -> Result<i32, Error> {
        let inner = caller.get_export("inner").and_then(Extern::into_func);
        let inner = inner.expect("exported").typed::<i32, i32>(&caller)?;
        let tag = caller.get_export("a").and_then(Extern::into_tag);
        let result = inner.call(&mut caller, n);
        match (between, result) {
            (Between::Swallow, Err(_)) => Ok(1000),
            (Between::ThrowAnother, Err(_)) => {
                let exception = ExnRef::new(&mut caller, &tag.expect("exported"), &[30.into()])?;
                assert_eq!(exception.fields(&caller).len(), 1);
                exception.throw(&caller)
            }
            (Between::Fail, _) => Err(Error::host("the host gave up")),
            (_, result) => result,
        }
    };
    let call = Func::wrap(&mut store, call);
    let instance = Instance::new(&mut store, &module, &[call.into()]).unwrap();
    let run = instance
        .get_typed_func::<i32, i32>(&mut store, "run")
        .unwrap();
    let first = run.call(&mut store, argument).map_err(|it| it.to_string());
    // The store is whole after it.
    assert_eq!(
        run.call(&mut store, argument).map_err(|it| it.to_string()),
        first
    );
    first
}

#[test]
fn exceptions_pass_the_host_as_errors_and_nothing_else_is_caught() {
    for engine in engines() {
        let run = |how, argument| between(&engine, how, argument);
        assert_eq!(run(Between::PassOn, 7), Ok(7));
        assert_eq!(run(Between::PassOn, 1), Ok(110));
        assert_eq!(run(Between::PassOn, 2), Ok(-1));
        assert_eq!(run(Between::Swallow, 1), Ok(1000));
        assert_eq!(run(Between::Swallow, 3), Ok(1000));
        assert_eq!(run(Between::ThrowAnother, 2), Ok(130));
        let trap = run(Between::PassOn, 3).unwrap_err();
        assert!(trap.contains("unreachable"), "{trap}");
        let error = run(Between::Fail, 1).unwrap_err();
        assert!(error.contains("the host gave up"), "{error}");
    }
}

#[test]
fn an_exception_without_a_handler_has_the_frames_of_its_throw() {
    let wat = r#"(module
        (tag $oops (param i32))
        (func $thrower (param i32) (throw $oops (local.get 0)))
        (func $cleans (param i32)
            try (call $thrower (local.get 0)) catch $oops rethrow 0 end)
        (func $run (export "run") (param i32) (result i32)
            (if (i32.eq (local.get 0) (i32.const 1)) (then (call $cleans (local.get 0))))
            (call $thrower (local.get 0))
            (i32.const 0)))"#;
    for engine in engines() {
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance
            .get_typed_func::<i32, i32>(&mut store, "run")
            .unwrap();
        for (argument, frames) in [(2, ["thrower", "run"]), (1, ["cleans", "run"])] {
            let error = run.call(&mut store, argument).unwrap_err();
            let trap = error.trap().expect("a trap");
            let names = trap.backtrace().frames().iter();
            let names: Vec<_> = names.map(|frame| &frame.func_name[..]).collect();
            assert_eq!(names, frames);
            let exception = trap.exception().expect("an exception");
            assert_eq!(exception.to_string(), format!("oops({argument})"));
            assert_eq!(exception.values().len(), 1);
        }
    }
}

/// `run(n)` throws through two cleanups, one of each encoding, with a handler around them if n is 1. Cleanups count in a global.
const CLEANUPS: &str = r#"(module
    (tag $t)
    (global $cleaned (export "cleaned") (mut i32) (i32.const 0))
    (func $clean (global.set $cleaned (i32.add (global.get $cleaned) (i32.const 1))))
    (func $thrower (throw $t))
    (func $legacy
        try
            call $thrower
        catch_all
            call $clean
            rethrow 0
        end)
    (func $current (local $e exnref)
        (block
            (block $h (result exnref)
                (try_table (catch_all_ref $h) (call $legacy))
                (br 1))
            (local.set $e)
            (call $clean)
            (local.get $e)
            (throw_ref)))
    (func $run (export "run") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (call $current)))
        (block $h (try_table (catch $t $h) (call $current)))
        (i32.const 42)))"#;

#[test]
fn cleanups_run_unless_the_program_ends_at_the_throw() {
    for (ends, cleaned, frames) in [
        (false, 2, &["current", "run"][..]),
        (true, 0, &["thrower", "legacy", "current", "run"]),
    ] {
        for (debug_info, level) in [(false, OptLevel::Speed), (true, OptLevel::None)] {
            let mut config = Config::new();
            config.debug_info(debug_info).cranelift_opt_level(level);
            let engine = Engine::new(config.uncaught_exceptions_trap(ends));
            let module = Module::new(&engine, CLEANUPS).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let run = instance.get_typed_func::<i32, i32>(&mut store, "run");
            let run = run.unwrap();
            let error = run.call(&mut store, 0).unwrap_err();
            let trap = error.trap().expect("a trap");
            let names = trap.backtrace().frames().iter();
            let names: Vec<_> = names.map(|frame| &frame.func_name[..]).collect();
            assert_eq!(names, frames);
            let count = instance.get_global(&mut store, "cleaned").unwrap();
            let count = |store: &Store<()>| count.get(store).to_string();
            assert_eq!(count(&store), cleaned.to_string());
            // With a handler after them they run in any case.
            assert_eq!(run.call(&mut store, 1).unwrap(), 42);
            assert_eq!(count(&store), (cleaned + 2).to_string());
        }
    }
}
