//! Host functions: what they get and give, and how traps, errors and panics pass through guests that wait for them.

use dwalin_runtime::{
    Caller, Engine, Error, Extern, ExternRef, Func, FuncType, Instance, Linker, Module, Store,
    Trap, TrapKind, Val, ValType,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// `run(depth)` calls the host with one less, and adds 1 to what comes back; at 0 it ends as the store's data says.
const NESTED: &str = r#"(module
    (import "host" "again" (func $again (param i32) (result i32)))
    (func $run (export "run") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (call $again (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
            (else (call $again (i32.const -1)))))
    (func $trap (export "trap") unreachable))"#;

/// The end of the innermost host function, and the depth at which one catches it.
#[derive(Clone, Copy, Default)]
struct Plan {
    end: End,
    caught_at: Option<i32>,
}

#[derive(Clone, Copy, Default)]
enum End {
    #[default]
    Return,
    Trap,
    Error,
    Panic,
    Exit,
}

/// The host's part of [`NESTED`]: calls the guest that called it.
fn again(mut caller: Caller<'_, Plan>, depth: i32) -> Result<i32, Error> {
    let plan = *caller.data();
    if depth >= 0 {
        let Some(Extern::Func(run)) = caller.get_export("run") else {
            panic!("the caller exports `run`")
        };
        let run = run.typed::<i32, i32>(&caller)?;
        let result = run.call(&mut caller, depth);
        return match result {
            Err(_) if plan.caught_at == Some(depth) => Ok(1000),
            result => result,
        };
    }
    match plan.end {
        End::Return => Ok(0),
        End::Error => Err(Error::host("the host gave up")),
        End::Panic => panic!("the host panicked"),
        End::Exit => Err(Error::Exit(7)),
        End::Trap => {
            let trap = caller.get_export("trap").and_then(Extern::into_func);
            trap.expect("the caller exports `trap`")
                .call(&mut caller, &[], &mut [])?;
            unreachable!("the guest traps")
        }
    }
}

fn nested() -> (Store<Plan>, Instance) {
    let engine = Engine::default();
    let module = Module::new(&engine, NESTED).unwrap();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "again", again).unwrap();
    let mut store = Store::new(&engine, Plan::default());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn run(
    store: &mut Store<Plan>,
    instance: Instance,
    end: End,
    caught_at: Option<i32>,
) -> Result<i32, Error> {
    *store.data_mut() = Plan { end, caught_at };
    let run = instance
        .get_typed_func::<i32, i32>(&mut *store, "run")
        .unwrap();
    run.call(store, 3)
}

fn names(trap: &Trap) -> Vec<&str> {
    let frames = trap.backtrace().frames();
    frames.iter().map(|it| it.func_name.as_str()).collect()
}

/// With the host function that called back between each two of them.
const THREE_DEEP: [&str; 9] = [
    "trap",
    "host::again",
    "run",
    "host::again",
    "run",
    "host::again",
    "run",
    "host::again",
    "run",
];

#[test]
fn host_and_guest_call_each_other_three_deep() {
    let (mut store, instance) = nested();
    assert_eq!(run(&mut store, instance, End::Return, None).unwrap(), 3);
}

#[test]
fn a_trap_three_deep_has_the_frames_of_all_guests() {
    let (mut store, instance) = nested();
    for _ in 0..2 {
        let error = run(&mut store, instance, End::Trap, None).unwrap_err();
        let trap = error.trap().unwrap();
        assert_eq!(trap.kind(), TrapKind::UnreachableCodeReached);
        assert_eq!(names(trap), THREE_DEEP);
    }
}

#[test]
fn a_trap_can_be_caught_at_each_level_and_the_guests_go_on() {
    let (mut store, instance) = nested();
    for level in 0..3 {
        for end in [End::Trap, End::Error, End::Exit] {
            let result = run(&mut store, instance, end, Some(level));
            assert_eq!(result.unwrap(), 1000 + (3 - level));
        }
    }
    assert_eq!(run(&mut store, instance, End::Return, None).unwrap(), 3);
}

#[test]
fn an_error_of_a_host_function_comes_out_as_it_is() {
    let (mut store, instance) = nested();
    let error = run(&mut store, instance, End::Error, None).unwrap_err();
    assert_eq!(error.to_string(), "the host gave up");
    assert!(matches!(
        run(&mut store, instance, End::Exit, None),
        Err(Error::Exit(7))
    ));
}

#[test]
fn a_panic_of_a_host_function_goes_on_behind_the_guests() {
    let (mut store, instance) = nested();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        run(&mut store, instance, End::Panic, None)
    }));
    let message = *panic.unwrap_err().downcast::<&str>().unwrap();
    assert_eq!(message, "the host panicked");
    assert_eq!(run(&mut store, instance, End::Return, None).unwrap(), 3);
}

#[test]
fn a_host_function_sees_who_waits() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (func $look))
            (func $inner call $look) (func (export "run") call $inner))"#,
    )
    .unwrap();
    let mut linker = Linker::new(&engine);
    let look = |mut caller: Caller<'_, usize>| {
        *caller.data_mut() = caller.backtrace().frames().len();
    };
    linker.func_wrap("", "", look).unwrap();
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_func(&mut store, "run").unwrap();
    run.call(&mut store, &[], &mut []).unwrap();
    assert_eq!(*store.data(), 2);
}

#[test]
fn arguments_and_results_of_every_type_arrive() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (type $t (func (param i32 i64 f32 f64 i32 i64 f32 f64) (result f64 f32 i64 i32)))
            (import "" "swap" (func $swap (type $t)))
            (func (export "run") (type $t)
                (call $swap (local.get 0) (local.get 1) (local.get 2) (local.get 3)
                    (local.get 4) (local.get 5) (local.get 6) (local.get 7))))"#,
    )
    .unwrap();
    type Params = (i32, i64, f32, f64, u32, u64, f32, f64);
    type Results = (f64, f32, i64, i32);
    let swap = |a: i32, b: i64, c: f32, d: f64, e: u32, f: u64, g: f32, h: f64| {
        assert_eq!((e, f, g, h), (u32::MAX, u64::MAX, -0.5, 1e300));
        (d, c, b, a)
    };
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "swap", swap).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance
        .get_typed_func::<Params, Results>(&mut store, "run")
        .unwrap();
    let params = (-1, i64::MIN, 1.5, -2.5, u32::MAX, u64::MAX, -0.5, 1e300);
    assert_eq!(
        run.call(&mut store, params).unwrap(),
        (-2.5, 1.5, i64::MIN, -1)
    );
}

#[test]
fn references_pass_through_guests() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "make" (func $make (result externref funcref)))
            (table $objects 1 externref) (table $functions 1 funcref)
            (func (export "run") (result externref i32) (local funcref)
                (local.set 0 (table.get $functions (i32.const 0)))
                (call $make)
                (local.set 0)
                (i32.const 0) (local.get 0) (table.set $functions)
                (drop)
                (table.get $objects (i32.const 0))
                (call_indirect $functions (result i32) (i32.const 0)))
            (func (export "keep") (param externref)
                (table.set $objects (i32.const 0) (local.get 0))))"#,
    )
    .unwrap();
    let ty = FuncType::new([], [ValType::EXTERNREF, ValType::FUNCREF]);
    let mut store = Store::new(&engine, ());
    let make = Func::new(&mut store, ty, |mut caller: Caller<'_, ()>, _, results| {
        let object = ExternRef::new(&mut caller, "dropped".to_owned());
        let answer = Func::wrap(&mut caller, || 42);
        results.copy_from_slice(&[object.into(), answer.into()]);
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[make.into()]).unwrap();
    let object = ExternRef::new(&mut store, "kept".to_owned());
    let keep = instance.get_func(&mut store, "keep").unwrap();
    keep.call(&mut store, &[object.into()], &mut []).unwrap();
    let mut results = [Val::ExternRef(None), Val::I32(0)];
    let run = instance.get_func(&mut store, "run").unwrap();
    run.call(&mut store, &[], &mut results).unwrap();
    let [Val::ExternRef(Some(found)), Val::I32(42)] = results else {
        panic!("{results:?}")
    };
    let text = found.data(&store).downcast_ref::<String>();
    assert_eq!(text.map(String::as_str), Some("kept"));
}

#[test]
fn a_result_of_another_type_is_an_error_of_the_call() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "f" (func $f (result i32))) (func (export "run") (drop (call $f))))"#,
    )
    .unwrap();
    let mut linker = Linker::<()>::new(&engine);
    let ty = FuncType::new([], [ValType::I32]);
    let wrong = |_: Caller<'_, ()>, _: &[Val], results: &mut [Val]| {
        results[0] = Val::I64(1);
        Ok(())
    };
    linker.func_new("", "f", ty, wrong).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_func(&mut store, "run").unwrap();
    let error = run.call(&mut store, &[], &mut []).unwrap_err();
    let inner = error.downcast_ref::<Error>();
    assert!(matches!(inner, Some(Error::Type(_))), "{error}");
    assert_eq!(error.backtrace().unwrap().frames()[0].func_name, "::f");
}

#[test]
fn calls_with_other_types_are_refused() {
    let (mut store, instance) = nested();
    let run = instance.get_func(&mut store, "run").unwrap();
    for params in [&[][..], &[Val::I64(0)]] {
        let error = run
            .call(&mut store, params, &mut [Val::I32(0)])
            .unwrap_err();
        assert!(matches!(error, Error::Type(_)), "{error}");
    }
    assert!(run.call(&mut store, &[Val::I32(0)], &mut []).is_err());
    assert!(
        instance
            .get_typed_func::<i64, i32>(&mut store, "run")
            .is_err()
    );
    assert!(
        instance
            .get_typed_func::<(), ()>(&mut store, "nothing")
            .is_err()
    );
}

#[test]
fn a_host_function_is_called_by_the_host_without_a_guest() {
    let mut store = Store::new(&Engine::default(), 1);
    let add = Func::wrap(&mut store, |caller: Caller<'_, i32>, n: i32| {
        caller.data() + n
    });
    let add = add.typed::<i32, i32>(&store).unwrap();
    assert_eq!(add.call(&mut store, 41).unwrap(), 42);
}

#[test]
fn a_store_works_on_another_thread() {
    let (mut store, instance) = nested();
    assert_eq!(run(&mut store, instance, End::Return, None).unwrap(), 3);
    std::thread::spawn(move || {
        assert!(run(&mut store, instance, End::Trap, None).is_err());
        assert_eq!(run(&mut store, instance, End::Return, None).unwrap(), 3);
    })
    .join()
    .unwrap();
}
