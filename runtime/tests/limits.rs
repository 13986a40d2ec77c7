//! What stores may hold, modules that are instantiated again and again, and streams in memory.

mod configurations;

use configurations::configurations;
use dwalin_runtime::wasi::{
    MemoryInputPipe, MemoryOutputPipe, WasiCtx, WasiCtxBuilder, add_to_linker,
};
use dwalin_runtime::*;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

const GROW: &str = r#"(module
    (memory (export "m") 1 5)
    (table (export "t") 1 20 funcref)
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))"#;

/// Notes what it is asked, and fails from the fourth page on.
#[derive(Default)]
struct Judge {
    asked: Vec<(usize, usize, Option<usize>)>,
    failed: usize,
}

#[derive(Debug)]
struct TooMuch;

impl std::fmt::Display for TooMuch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too much")
    }
}

impl std::error::Error for TooMuch {}

impl ResourceLimiter for Judge {
    fn memory_growing(&mut self, now: usize, then: usize, most: Option<usize>) -> Result<bool> {
        self.asked
            .push((now >> 16, then >> 16, most.map(|most| most >> 16)));
        match then >> 16 {
            0..3 => Ok(true),
            3 => Ok(false),
            4 => Err(Error::host(TooMuch)),
            _ => Ok(true),
        }
    }

    fn memory_grow_failed(&mut self, _: Error) -> Result<()> {
        self.failed += 1;
        Ok(())
    }

    fn table_growing(&mut self, now: usize, then: usize, most: Option<usize>) -> Result<bool> {
        self.asked.push((now, then, most));
        Ok(then <= 10)
    }
}

#[test]
fn a_part_of_the_embedders_data_judges_growth() {
    for config in configurations() {
        let engine = Engine::new(&config);
        let module = Module::new(&engine, GROW).unwrap();
        let mut store = Store::new(&engine, Judge::default());
        store.limiter(|judge| judge);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance
            .get_typed_func::<i32, i32>(&mut store, "memory")
            .unwrap();
        let table = instance
            .get_typed_func::<i32, i32>(&mut store, "table")
            .unwrap();
        assert_eq!(memory.call(&mut store, 1).unwrap(), 1);
        assert_eq!(memory.call(&mut store, 1).unwrap(), -1);
        let error = memory.call(&mut store, 2).unwrap_err();
        assert!(error.downcast_ref::<TooMuch>().is_some(), "{error}");
        assert_eq!(error.backtrace().unwrap().frames()[0].func_index, 0);
        // Beyond what its type allows.
        assert_eq!(memory.call(&mut store, 9).unwrap(), -1);
        assert_eq!(store.data().failed, 1);
        assert_eq!(table.call(&mut store, 9).unwrap(), 1);
        assert_eq!(table.call(&mut store, 1).unwrap(), -1);
        let m = instance.get_memory(&mut store, "m").unwrap();
        assert!(matches!(m.grow(&mut store, 1), Err(Error::OutOfBounds(_))));
        assert!(matches!(m.grow(&mut store, 2), Err(Error::Host(_))));
        assert_eq!(m.size(&store), 2);
        let asked = &store.data().asked;
        let most = Some(5);
        assert_eq!(asked[..2], [(0, 1, most), (0, 1, Some(20))]);
        assert_eq!(
            asked[2..6],
            [(1, 2, most), (2, 3, most), (2, 4, most), (2, 11, most)]
        );
    }
}

#[test]
fn limits_hold_for_the_host_too() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let limits = StoreLimitsBuilder::new().memories(1).tables(0).instances(1);
    store.set_limits(limits.memory_size(2 << 16).build());
    assert!(matches!(
        Memory::new(&mut store, MemoryType::new(3, None)),
        Err(Error::Limit(_))
    ));
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let second = Memory::new(&mut store, MemoryType::new(1, None));
    assert_eq!(
        second.unwrap_err().to_string(),
        "resource limit exceeded: more than 1 memories"
    );
    assert_eq!(memory.grow(&mut store, 1).unwrap(), 1);
    assert!(memory.grow(&mut store, 1).is_err());
    let module = Module::new(&engine, "(module)").unwrap();
    Instance::new(&mut store, &module, &[]).unwrap();
    assert!(matches!(
        Instance::new(&mut store, &module, &[]),
        Err(Error::Limit(_))
    ));
}

#[test]
fn errors_of_accesses_say_where_they_were() {
    let mut store = Store::new(&Engine::default(), ());
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(1))).unwrap();
    let error = memory.write(&mut store, 65534, &[0; 4]).unwrap_err();
    let text = "out of bounds access by the host: 4 at 65534 of 65536 bytes of a memory";
    assert_eq!(error.to_string(), text);
    assert!(memory.read(&store, usize::MAX, &mut [0; 2]).is_err());
    let error = memory.grow(&mut store, 7).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the host cannot add 7 to 1 pages of a memory"
    );
}

#[test]
fn imports_are_looked_up_once_for_many_instances() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "a" "f" (func $f)) (func (export "g") (call $f)))"#,
    );
    let module = module.unwrap();
    let mut linker = Linker::<()>::new(&engine);
    assert!(matches!(
        linker.instantiate_pre(&module),
        Err(Error::Link { .. })
    ));
    let count = || _ = CALLS.fetch_add(1, Ordering::Relaxed);
    linker.func_wrap("a", "f", count).unwrap();
    let pre = linker.instantiate_pre(&module).unwrap();
    drop(linker);
    thread::scope(|scope| {
        for _ in 0..4 {
            let pre = pre.clone();
            scope.spawn(move || {
                let mut store = Store::new(pre.module().engine(), ());
                let instance = pre.instantiate(&mut store).unwrap();
                let g = instance.get_typed_func::<(), ()>(&mut store, "g").unwrap();
                g.call(&mut store, ()).unwrap();
            });
        }
    });
    assert_eq!(CALLS.load(Ordering::Relaxed), 4);
}

#[test]
fn what_owns_and_what_is_owned_is_dropped_in_any_order() {
    for config in configurations() {
        let engine = Engine::new(&config);
        let module = Module::new(&engine, GROW).unwrap();
        let run = move |module: Module| {
            let mut store = Store::new(module.engine(), ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let f = instance
                .get_typed_func::<i32, i32>(&mut store, "memory")
                .unwrap();
            drop(module);
            assert_eq!(f.call(&mut store, 1).unwrap(), 1);
            store
        };
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let module = module.clone();
                thread::spawn(move || run(module))
            })
            .collect();
        // The engine's other owners are gone while the threads run, and stores end in a thread that did not make them.
        drop(module);
        drop(engine);
        let stores: Vec<_> = threads.into_iter().map(|it| it.join().unwrap()).collect();
        drop(stores);
    }
}

/// Copies its standard input to standard output.
const CAT: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "cat") (result i32)
        (i32.store (i32.const 0) (i32.const 64))
        (i32.store (i32.const 4) (i32.const 64))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))"#;

#[test]
fn streams_in_memory_give_and_keep_what_a_program_reads_and_writes() {
    let engine = Engine::default();
    let module = Module::new(&engine, CAT).unwrap();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
    let output = MemoryOutputPipe::new(8);
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Box::new(MemoryInputPipe::new("hello!")));
    builder.stdout(Box::new(output.clone())).inherit_env();
    let mut store = Store::new(&engine, builder.build());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let cat = instance
        .get_typed_func::<(), i32>(&mut store, "cat")
        .unwrap();
    assert_eq!(cat.call(&mut store, ()).unwrap(), 0);
    assert_eq!(output.contents(), b"hello!");
    // Nothing is left to read.
    assert_eq!(cat.call(&mut store, ()).unwrap(), 0);
    assert_eq!(output.contents(), b"hello!");
}

#[test]
fn an_output_in_memory_that_is_full_has_no_space_left() {
    use std::io::Write;
    let mut output = MemoryOutputPipe::new(4);
    assert_eq!(output.write(b"abcdef").unwrap(), 4);
    let full = output.write(b"x").unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(output.contents(), b"abcd");
}

#[test]
fn memories_without_a_byte_of_address_space_come_and_go() {
    let mut config = Config::new();
    let engine = Engine::new(config.memory_reservation(0).memory_guard_size(0));
    let module = Module::new(&engine, "(module (memory 0 0) (memory 0 0))").unwrap();
    for _ in 0..2 {
        let mut store = Store::new(&engine, ());
        Instance::new(&mut store, &module, &[]).unwrap();
    }
    let module = Module::new(&engine, "(module (memory 1 1))").unwrap();
    let error = Instance::new(&mut Store::new(&engine, ()), &module, &[]).unwrap_err();
    assert!(error.to_string().contains("0 bytes reserved"), "{error}");
}
