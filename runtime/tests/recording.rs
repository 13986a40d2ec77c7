//! Programs that are recorded and run again: in other code, with the same memories, globals, results and ticks.

mod recordings;

use dwalin_runtime::record::{End, Ended, Log, Start};
use dwalin_runtime::{
    Caller, Engine, Error, Extern, Global, Linker, Memory, Module, Result, Store, Table, Val,
    ValType,
};
use recordings::{MODES, Recording, config};

/// A module that is run with some functions and with the recording of that run.
struct Program<'a> {
    text: &'a str,
    define: &'a dyn Fn(&mut Linker<()>),
}

/// The end of a run: the result or error, the first 64 KiB of the memory, a global, and ticks.
#[derive(PartialEq, Debug)]
struct Run {
    result: std::result::Result<i64, String>,
    memory: Vec<u8>,
    global: Option<i64>,
}

impl Program<'_> {
    fn store(&self, mode: usize, reservation: u64) -> (Module, Store<()>, Linker<()>) {
        let mut config = config(mode);
        config.memory_reservation(reservation);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, self.text).unwrap();
        let store = Store::new(&engine, ());
        let linker = Linker::new(&engine);
        (module, store, linker)
    }

    fn run(&self, store: &mut Store<()>, linker: &Linker<()>, module: &Module) -> Run {
        let mut state = (Vec::new(), None);
        let result = linker
            .instantiate(&mut *store, module)
            .and_then(|instance| {
                let run = instance.get_typed_func::<(), i64>(&mut *store, "run")?;
                let result = run.call(&mut *store, ());
                if let Some(Extern::Memory(memory)) = instance.get_export(&mut *store, "memory") {
                    state.0 = memory.data(&*store)[..1 << 16].to_vec();
                }
                if let Some(Extern::Global(global)) = instance.get_export(&mut *store, "global") {
                    state.1 = global.get(&*store).i64();
                }
                result
            });
        Run {
            result: result.map_err(|error| error.to_string()),
            memory: state.0,
            global: state.1,
        }
    }

    fn record(&self, recording: &Recording, reservation: u64) -> Run {
        let (module, mut store, mut linker) = self.store(0, reservation);
        (self.define)(&mut linker);
        let log = Log::create(&recording.0, Start::default(), self.text.as_bytes()).unwrap();
        store.record(log, false);
        let run = self.run(&mut store, &linker, &module);
        let end = End {
            exit_code: 0,
            ended: match run.result {
                Ok(_) => Ended::Finished,
                Err(_) => Ended::Failed,
            },
        };
        store.end_recording(&end).unwrap();
        run
    }

    /// The run, and the error of its end.
    fn replay(&self, recording: &Recording, mode: usize) -> (Run, Result<Option<u8>>) {
        let (module, mut store, mut linker) = self.store(mode, 1 << 32);
        store.replay(Log::open(&recording.0).unwrap().0, false);
        linker
            .define_unknown_imports_as_default_values(&mut store, &module)
            .unwrap();
        let run = self.run(&mut store, &linker, &module);
        let ended = match run.result {
            Ok(_) => Ended::Finished,
            Err(_) => Ended::Failed,
        };
        let end = store.end_recording(&End {
            exit_code: 0,
            ended,
        });
        (run, end)
    }

    /// Records it, and replays it in each mode: the runs have to be the same.
    fn check(&self, name: &str) -> Run {
        let recording = Recording::new(name);
        let recorded = self.record(&recording, 1 << 32);
        for mode in 0..MODES {
            let (run, end) = self.replay(&recording, mode);
            assert!(run == recorded, "{name}, mode {mode}: {:?}", run.result);
            assert_eq!(end.unwrap(), Some(0));
        }
        recorded
    }
}

fn memory(caller: &mut Caller<'_, ()>) -> Memory {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => memory,
        _ => panic!("it exports its memory"),
    }
}

#[test]
fn results_memories_and_globals_of_the_hosts_come_back() {
    let define = |linker: &mut Linker<()>| {
        linker
            .func_wrap("host", "poke", |mut caller: Caller<'_, ()>, at: i32| {
                let memory = memory(&mut caller);
                memory.write(&mut caller, at as usize, b"written").unwrap();
                memory.data_mut(&mut caller)[60_000..60_003].copy_from_slice(b"any");
                if let Some(Extern::Global(global)) = caller.get_export("global") {
                    global.set(&mut caller, Val::I64(-5)).unwrap();
                }
                1.5f64
            })
            .unwrap();
    };
    let text = r#"(module (import "host" "poke" (func $poke (param i32) (result f64)))
        (memory (export "memory") 1) (global (export "global") (mut i64) (i64.const 3))
        (func (export "run") (result i64)
          (i64.trunc_f64_s (f64.mul (f64.const 2) (call $poke (i32.const 100))))))"#;
    let program = Program {
        text,
        define: &define,
    };
    let run = program.check("effects");
    assert_eq!((run.result, run.global), (Ok(3), Some(-5)));
    assert_eq!(&run.memory[100..107], b"written");
    assert_eq!(&run.memory[60_000..60_003], b"any");
}

#[test]
fn imports_that_the_host_calls_itself_come_back() {
    let define = |linker: &mut Linker<()>| {
        linker.func_wrap("host", "seven", || 7i64).unwrap();
        let start = || Err::<(), _>(Error::host("not today"));
        linker.func_wrap("host", "start", start).unwrap();
    };
    let program = |text| Program {
        text,
        define: &define,
    };
    let exports = r#"(module (import "host" "seven" (func (result i64))) (export "run" (func 0)))"#;
    assert_eq!(program(exports).check("exports").result, Ok(7));
    let starts = r#"(module (import "host" "start" (func)) (start 0)
        (func (export "run") (result i64) (i64.const 1)))"#;
    let said = program(starts).check("starts").result.unwrap_err();
    assert!(said.contains("not today"), "{said}");
}

#[test]
fn a_memory_that_could_not_grow_does_not_grow_again() {
    let text = r#"(module (memory (export "memory") 1) (table 1 funcref)
        (func (export "run") (result i64)
          (i64.add (i64.extend_i32_s (memory.grow (i32.const 2)))
            (i64.extend_i32_s (table.grow (ref.null func) (i32.const 3))))))"#;
    let program = Program {
        text,
        define: &|_| {},
    };
    assert_eq!(program.check("grows").result, Ok(2));
    let recording = Recording::new("small");
    // -1, and the table's size before.
    assert_eq!(program.record(&recording, 1 << 16).result, Ok(0));
    assert_eq!(program.replay(&recording, 1).0.result, Ok(0));
}

#[test]
fn what_is_no_number_has_the_same_bits_in_all_code() {
    let text = r#"(module (func $not (param f64) (result f64)
            (f64.sub (local.get 0) (f64.div (local.get 0) (f64.const 0))))
        (func (export "run") (result i64) (local $x f64)
          (local.set $x (f64.reinterpret_i64 (i64.const 0xfff4_0000_0000_1234)))
          (i64.xor (i64.reinterpret_f64 (f64.add (local.get $x) (f64.const 1)))
            (i64.reinterpret_f64 (call $not (f64.const 0))))))"#;
    let program = Program {
        text,
        define: &|_| {},
    };
    assert_eq!(program.check("nans").result, Ok(0));
}

#[test]
fn another_run_is_told_at_its_first_other_call() {
    let define = |linker: &mut Linker<()>| {
        linker.func_wrap("host", "one", |_: i32| {}).unwrap();
        linker.func_wrap("host", "two", |_: i32| {}).unwrap();
    };
    let text = |second: &str| {
        format!(
            r#"(module (import "host" "one" (func $one (param i32)))
            (import "host" "two" (func $two (param i32)))
            (func (export "run") (result i64)
              (call $one (i32.const -1)) {second} (i64.const 0)))"#
        )
    };
    let recording = Recording::new("other");
    let recorded = text("(call $two (i32.const 2))");
    let define: &dyn Fn(&mut Linker<()>) = &define;
    fn program<'a>(text: &'a str, define: &'a dyn Fn(&mut Linker<()>)) -> Program<'a> {
        Program { text, define }
    }
    program(&recorded, define).record(&recording, 1 << 32);
    for (second, message) in [
        (
            "(call $two (i32.const 3))",
            "at call 1 of its imports: it calls host.two(3), and it called it with (2) in the recording",
        ),
        (
            "(call $one (i32.const 2))",
            "it calls host.one(2), and it called host.two in the recording",
        ),
        (
            "(call $two (i32.const 2)) (call $two (i32.const 2))",
            "at call 2 of its imports: it calls host.two(2), and it ended in the recording",
        ),
    ] {
        let error = program(&text(second), define)
            .replay(&recording, 1)
            .0
            .result;
        let error = error.unwrap_err();
        assert!(error.contains(message), "{error}");
    }
    let shorter = text("");
    let (run, end) = program(&shorter, define).replay(&recording, 0);
    assert_eq!(run.result, Ok(0));
    let error = end.unwrap_err().to_string();
    assert!(
        error.contains("it ended, and it called host.two in the recording"),
        "{error}"
    );
}

#[test]
fn errors_and_exits_of_the_host_come_back() {
    let text = r#"(module (import "host" "fail" (func $fail))
        (func (export "run") (result i64) call $fail i64.const 1))"#;
    let fails = |linker: &mut Linker<()>| {
        let fail = || -> Result<()> { Err(Error::host("no more paper")) };
        linker.func_wrap("host", "fail", fail).unwrap();
    };
    let program = Program {
        text,
        define: &fails,
    };
    let run = program.check("fails");
    assert_eq!(run.result, Err("no more paper".to_owned()));
    let exits = |linker: &mut Linker<()>| {
        let exit = || -> Result<()> { Err(Error::Exit(3)) };
        linker.func_wrap("host", "fail", exit).unwrap();
    };
    let program = Program {
        text,
        define: &exits,
    };
    let run = program.check("exits");
    assert_eq!(run.result, Err("the program exited with code 3".to_owned()));
}

/// The error of a module that is refused, or of a host function.
fn refused(text: &str, define: &dyn Fn(&mut Linker<()>)) -> String {
    let program = Program { text, define };
    let recording = Recording::new("refused");
    program.record(&recording, 1 << 32).result.unwrap_err()
}

#[test]
fn what_cannot_be_recorded_is_refused_by_name() {
    let run = r#"(func (export "run") (result i64) i64.const 0)"#;
    let shared = format!(r#"(module (memory 1 1 shared) {run})"#);
    assert_eq!(
        refused(&shared, &|_| {}),
        "cannot record a memory that threads share, as their order differs from run to run"
    );
    let takes = format!(r#"(module (import "host" "take" (func (param externref))) {run})"#);
    let take = |linker: &mut Linker<()>| {
        let ty = dwalin_runtime::FuncType::new([ValType::EXTERNREF], []);
        linker
            .func_new("host", "take", ty, |_, _, _| Ok(()))
            .unwrap();
    };
    assert_eq!(
        refused(&takes, &take),
        "cannot record the import `host` `take`, which takes or returns references"
    );
}

#[test]
fn host_functions_whose_effects_cannot_be_recorded_end_the_program() {
    let calls = r#"(module (import "host" "back" (func $back)) (func (export "inner") call $back)
        (memory (export "memory") 1) (table (export "table") 1 funcref)
        (func (export "run") (result i64) call $back i64.const 0))"#;
    let back = |linker: &mut Linker<()>| {
        let back = |mut caller: Caller<'_, ()>| -> Result<()> {
            match caller.get_export("inner") {
                Some(Extern::Func(inner)) => inner.call(&mut caller, &[], &mut []),
                _ => Ok(()),
            }
        };
        linker.func_wrap("host", "back", back).unwrap();
    };
    assert_eq!(
        refused(calls, &back),
        "a host function that calls the program back cannot be recorded"
    );
    let grow = |linker: &mut Linker<()>| {
        let grow = |mut caller: Caller<'_, ()>| {
            let memory = memory(&mut caller);
            memory.grow(&mut caller, 1).unwrap();
        };
        linker.func_wrap("host", "back", grow).unwrap();
    };
    assert_eq!(
        refused(calls, &grow),
        "a host function that grows a memory cannot be recorded"
    );
    let set = |linker: &mut Linker<()>| {
        let set = |mut caller: Caller<'_, ()>| {
            let Some(Extern::Table(table)) = caller.get_export("table") else {
                panic!("it exports its table")
            };
            let table: Table = table;
            table.set(&mut caller, 0, Val::FuncRef(None)).unwrap();
        };
        linker.func_wrap("host", "back", set).unwrap();
    };
    assert_eq!(
        refused(calls, &set),
        "a host function that sets an element of a table cannot be recorded"
    );
}

#[test]
fn the_contents_of_imports_are_recorded() {
    let text = r#"(module (import "host" "memory" (memory 1)) (import "host" "global" (global i64))
        (export "memory" (memory 0))
        (func (export "run") (result i64)
          (i64.add (global.get 0) (i64.load8_u (i32.const 9)))))"#;
    let recording = Recording::new("contents");
    let program = Program {
        text,
        define: &|_| {},
    };
    let (module, mut store, mut linker) = program.store(0, 1 << 32);
    let ty = dwalin_runtime::GlobalType {
        content: ValType::I64,
        mutability: dwalin_runtime::Mutability::Const,
    };
    let global = Global::new(&mut store, ty, Val::I64(40)).unwrap();
    let (_, _, memory) = module.imports().next().unwrap();
    let dwalin_runtime::ExternType::Memory(memory) = memory else {
        panic!("a memory is first")
    };
    let memory = Memory::new(&mut store, *memory).unwrap();
    memory.write(&mut store, 9, &[2]).unwrap();
    linker.define("host", "global", global).unwrap();
    linker.define("host", "memory", memory).unwrap();
    let log = Log::create(&recording.0, Start::default(), text.as_bytes()).unwrap();
    store.record(log, false);
    let recorded = program.run(&mut store, &linker, &module);
    assert_eq!(recorded.result, Ok(42));
    assert!(program.replay(&recording, 1).0 == recorded);
}

#[test]
fn ticks_are_entries_returns_and_loops_in_all_code() {
    let text = r#"(module (func $leaf (result i32) i32.const 1)
        (func (export "run") (result i64) (local $n i32)
          (loop $again
            (local.set $n (i32.add (local.get $n) (call $leaf)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 10))))
          (i64.extend_i32_u (local.get $n))))"#;
    for mode in 0..MODES {
        let program = Program {
            text,
            define: &|_| {},
        };
        let (module, mut store, linker) = program.store(mode, 1 << 32);
        assert_eq!(program.run(&mut store, &linker, &module).result, Ok(10));
        // `run` and its end, ten times the loop, ten calls and their ends.
        assert_eq!(store.ticks(), 32, "mode {mode}");
    }
}

/// A module whose functions loop, grow a memory and throw, for another one.
const OUTER: &str = r#"(module
    (type $call (func (param i32) (result i32)))
    (tag $thrown (export "thrown"))
    (table (export "table") 2 funcref)
    (memory 1)
    (func $twice (export "twice") (type $call)
      (local $n i32)
      (loop $again
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 3))))
      (i32.mul (local.get 0) (i32.const 2)))
    (func (export "grown") (type $call)
      (loop $again (result i32)
        (drop (memory.grow (i32.const 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $again (i32.const 1) (local.get 0))))
    (func (export "throw") (type $call) (throw $thrown))
    (elem (i32.const 0) $twice))"#;

/// A module that calls them by reference, by a table that leads back to it, and by a tail call, handles the exception, and traps in a loop if it
/// is asked to.
const INNER: &str = r#"(module
    (type $call (func (param i32) (result i32)))
    (import "outer" "twice" (func $twice (type $call)))
    (import "outer" "grown" (func $grown (type $call)))
    (import "outer" "throw" (func $throw (type $call)))
    (import "outer" "thrown" (tag $thrown))
    (import "outer" "table" (table 2 funcref))
    (func $leave (type $call) (return_call $twice (local.get 0)))
    (func $back (type $call) (call_indirect (type $call) (local.get 0) (i32.const 0)))
    (elem (i32.const 1) $back)
    (func (export "run") (param $how i32) (result i32) (local $n i32)
      (local.set $n (call $leave (i32.const 1)))
      (local.set $n (i32.add (local.get $n) (call $grown (i32.const 4))))
      (local.set $n (i32.add (local.get $n)
        (call_indirect (type $call) (i32.const 5) (i32.const 1))))
      (block $caught
        (drop (block (result i32)
          (try_table (catch $thrown $caught) (drop (call $throw (i32.const 1)))) (i32.const 0))))
      (loop $again
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (drop (i32.div_u (i32.const 1)
          (i32.sub (i32.mul (local.get $how) (i32.const 20)) (local.get $n))))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 30))))
      (local.get $n)))"#;

#[test]
fn ticks_are_the_same_on_all_ways_between_modules_and_out_of_them() {
    let mut ticks = [Vec::new(), Vec::new()];
    for mode in 0..MODES {
        let config = config(mode);
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let outer = Module::new(&engine, OUTER).unwrap();
        let outer = linker.instantiate(&mut store, &outer).unwrap();
        linker.instance(&mut store, "outer", outer).unwrap();
        let inner = Module::new(&engine, INNER).unwrap();
        let inner = linker.instantiate(&mut store, &inner).unwrap();
        let run = inner.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, 0).unwrap(), 30, "mode {mode}");
        ticks[0].push(store.ticks());
        let trapped = run.call(&mut store, 1).unwrap_err();
        assert!(trapped.to_string().contains("divide by zero"), "{trapped}");
        ticks[1].push(store.ticks());
    }
    for ticks in ticks {
        assert!(
            ticks[0] > 0 && ticks.iter().all(|it| *it == ticks[0]),
            "{ticks:?}"
        );
    }
}
