//! Guests that run for too long: epochs and fuel.

mod configurations;

use configurations::configurations;
use dwalin_runtime::*;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const WAT: &str = r#"(module
    (func $tick (import "env" "tick"))
    (memory 1 1 shared)
    (func (export "loop") (loop $again (br $again)))
    (func (export "loop with memory") (param $at i32)
        (loop $again (i32.store (local.get $at) (i32.const 1)) (br $again)))
    (func $recurse (param $n i32) (result i32)
        (if (result i32) (local.get $n)
            (then (i32.add (call $recurse (i32.sub (local.get $n) (i32.const 1))) (i32.const 1)))
            (else (i32.const 0))))
    (func (export "recurse") (param i32) (result i32) (call $recurse (local.get 0)))
    (func $for_ever (export "tail calls") (return_call $for_ever))
    (func (export "call the host") (loop $again (call $tick) (br $again)))
    (func (export "catch")
        (block $handler (try_table (catch_all $handler) (loop $again (br $again)))))
    (func (export "wait") (result i32)
        (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
    (func (export "straight") (param $n i32) (result i32)
        (i32.mul (i32.add (local.get $n) (i32.const 2)) (i32.const 3)))
    (func (export "count") (param $n i32) (result i32) (local $sum i32)
        (block $end
            (loop $again
                (br_if $end (i32.eqz (local.get $n)))
                (local.set $sum (i32.add (local.get $sum) (local.get $n)))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br $again)))
        (local.get $sum))
    (func (export "table") (param $n i32) (result i32)
        (block $two (block $one (block $zero
            (br_table $zero $one $two (local.get $n)))
            (return (i32.const 7)))
            (return (i32.const 8)))
        (i32.const 9)))"#;

struct Guest {
    store: Store<u32>,
    instance: Instance,
}

impl Guest {
    fn new(engine: &Engine) -> Guest {
        let module = Module::new(engine, WAT).unwrap();
        let mut linker = Linker::new(engine);
        let tick = |mut caller: Caller<'_, u32>| {
            *caller.data_mut() += 1;
            if *caller.data() == 1000 {
                caller.as_context_mut().set_epoch_deadline(0);
            }
        };
        linker.func_wrap("env", "tick", tick).unwrap();
        let mut store = Store::new(engine, 0);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        Guest { store, instance }
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, params: P) -> Result<R> {
        let func = self.instance.get_typed_func::<P, R>(&mut self.store, name);
        func.unwrap().call(&mut self.store, params)
    }
}

fn with_epochs() -> impl Iterator<Item = Engine> {
    configurations().map(|mut config| Engine::new(config.epoch_interruption(true)))
}

fn with_fuel() -> impl Iterator<Item = Engine> {
    configurations().map(|mut config| Engine::new(config.consume_fuel(true)))
}

fn kind<T>(result: Result<T>) -> Option<TrapKind> {
    result.err().and_then(|error| Some(error.trap()?.kind()))
}

#[test]
fn another_thread_interrupts_loops_calls_and_waits() {
    for engine in with_epochs() {
        for name in ["loop", "loop with memory", "tail calls", "catch", "wait"] {
            let mut guest = Guest::new(&engine);
            guest.store.set_epoch_deadline(1);
            let (says, hears) = mpsc::channel::<()>();
            let engine = &engine;
            let interrupted = thread::scope(|scope| {
                scope.spawn(move || {
                    hears.recv().unwrap();
                    thread::sleep(Duration::from_millis(5));
                    engine.increment_epoch();
                });
                says.send(()).unwrap();
                match name {
                    "loop with memory" => kind(guest.call::<i32, ()>(name, 64)),
                    "wait" => kind(guest.call::<(), i32>(name, ())),
                    _ => kind(guest.call::<(), ()>(name, ())),
                }
            });
            assert_eq!(interrupted, Some(TrapKind::Interrupt), "{name}");
            // The store can be used again.
            guest.store.set_epoch_deadline(1);
            assert_eq!(guest.call::<i32, i32>("straight", 1).unwrap(), 9);
        }
    }
}

#[test]
fn a_deadline_counts_epochs_and_a_host_function_may_set_it() {
    for engine in with_epochs() {
        let mut guest = Guest::new(&engine);
        // A new store has none.
        engine.increment_epoch();
        assert_eq!(guest.call::<i32, i32>("straight", 1).unwrap(), 9);
        guest.store.set_epoch_deadline(2);
        engine.increment_epoch();
        assert_eq!(guest.call::<i32, i32>("recurse", 10).unwrap(), 10);
        engine.increment_epoch();
        let straight = guest.call::<i32, i32>("straight", 1);
        assert_eq!(kind(straight), Some(TrapKind::Interrupt));
        guest.store.set_epoch_deadline(u64::MAX);
        let ended = guest.call::<(), ()>("call the host", ());
        assert_eq!(kind(ended), Some(TrapKind::Interrupt));
        assert_eq!(*guest.store.data(), 1000);
    }
}

#[test]
fn an_interrupted_function_has_its_frame_and_its_locals() {
    for (engine, shows_locals) in with_epochs().zip([false, false, true, true]) {
        let mut guest = Guest::new(&engine);
        guest.store.set_epoch_deadline(0);
        let error = guest.call::<i32, i32>("recurse", 7).unwrap_err();
        let trap = error.trap().unwrap();
        assert_eq!(trap.kind().to_string(), "interrupt");
        let frames = trap.backtrace().frames();
        assert_eq!(frames.len(), 1);
        if shows_locals {
            assert_eq!(frames[0].locals, [(0, WasmValue::I32(7))]);
        }
    }
}

/// The fuel that a call takes.
fn taken<P: WasmParams, R: WasmResults>(guest: &mut Guest, name: &str, params: P) -> u64 {
    guest.store.set_fuel(1000).unwrap();
    guest.call::<P, R>(name, params).unwrap();
    1000 - guest.store.get_fuel().unwrap()
}

#[test]
fn operators_and_calls_take_fuel_however_code_was_made() {
    for engine in with_fuel() {
        let mut guest = Guest::new(&engine);
        // The call, and five operators.
        assert_eq!(taken::<i32, i32>(&mut guest, "straight", 1), 6);
        // The call, three of the last time around, the result; ten each time.
        assert_eq!(taken::<i32, i32>(&mut guest, "count", 0), 1 + 3 + 1);
        assert_eq!(
            taken::<i32, i32>(&mut guest, "count", 9),
            1 + 9 * 12 + 3 + 1
        );
        // The call, the index and the branch, a result.
        for n in 0..4 {
            assert_eq!(taken::<i32, i32>(&mut guest, "table", n), 4, "{n}");
        }
    }
}

#[test]
fn without_fuel_the_next_loop_or_call_traps() {
    for engine in with_fuel() {
        let mut guest = Guest::new(&engine);
        let out = Some(TrapKind::OutOfFuel);
        // A new store has none.
        assert_eq!(guest.store.get_fuel().unwrap(), 0);
        assert_eq!(kind(guest.call::<i32, i32>("straight", 1)), out);
        for name in ["loop", "tail calls", "catch"] {
            guest.store.set_fuel(100_000).unwrap();
            assert_eq!(kind(guest.call::<(), ()>(name, ())), out, "{name}");
            assert_eq!(guest.store.get_fuel().unwrap(), 0);
        }
        guest.store.set_fuel(50).unwrap();
        let error = guest.call::<i32, i32>("recurse", 100).unwrap_err();
        let text = "all fuel consumed by WebAssembly";
        assert_eq!(error.trap().unwrap().kind().to_string(), text);
        guest.store.set_fuel(u64::MAX).unwrap();
        assert_eq!(guest.call::<i32, i32>("recurse", 100).unwrap(), 100);
    }
}

#[test]
fn fuel_of_an_engine_without_is_an_error() {
    let mut store = Store::new(&Engine::default(), ());
    assert!(matches!(store.set_fuel(1), Err(Error::Type(_))));
    assert!(matches!(store.get_fuel(), Err(Error::Type(_))));
}

#[test]
fn code_that_cannot_be_interrupted_is_another_artifact() {
    let engine = Engine::default();
    let module = Module::new(&engine, "(module)").unwrap();
    let mut config = Config::new();
    let other = Engine::new(config.epoch_interruption(true));
    // SAFETY: it was made here.
    let loaded = unsafe { Module::deserialize(&other, module.serialize()) };
    assert!(matches!(loaded, Err(Error::Artifact(_))));
}

#[test]
fn a_host_function_fails_with_an_error_of_the_system() {
    fn read() -> Result<()> {
        Ok(std::fs::metadata("/nonexistent").map(drop)?)
    }
    let error = read().unwrap_err();
    let cause = error.downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(cause.kind(), std::io::ErrorKind::NotFound);
}
