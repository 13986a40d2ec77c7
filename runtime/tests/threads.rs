//! Shared memories: instances in several stores, on several threads.

mod configurations;

use configurations::configurations;
use dwalin_runtime::wasi::{WasiCtx, WasiCtxBuilder, add_to_linker};
use dwalin_runtime::*;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const WAT: &str = r#"(module
    (import "env" "memory" (memory 1 16 shared))
    (func (export "add") (param $at i32) (param $times i32)
        (loop $again
            (drop (i32.atomic.rmw.add (local.get $at) (i32.const 1)))
            (local.set $times (i32.sub (local.get $times) (i32.const 1)))
            (br_if $again (local.get $times))))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "size") (result i32) (memory.size))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "wait") (param i32 i32 i64) (result i32)
        (memory.atomic.wait32 offset=4 (local.get 0) (local.get 1) (local.get 2)))
    (func (export "wait64") (param i32 i64 i64) (result i32)
        (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
    (func (export "notify") (param i32 i32) (result i32)
        (memory.atomic.notify offset=4 (local.get 0) (local.get 1)))
    (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init") (param i32) (memory.init $passive (local.get 0) (i32.const 0) (i32.const 3)))
    (data $passive "abc"))"#;

/// An instance in a store of its own.
struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn new(module: &Module, memory: &SharedMemory) -> Guest {
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, module, &[memory.clone().into()]).unwrap();
        Guest { store, instance }
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, params: P) -> Result<R> {
        let func = self.instance.get_typed_func::<P, R>(&mut self.store, name);
        func.unwrap().call(&mut self.store, params)
    }
}

fn each(test: impl Fn(&Module, &SharedMemory)) {
    for config in configurations() {
        let engine = Engine::new(&config);
        let module = Module::new(&engine, WAT).unwrap();
        let memory = SharedMemory::new(&engine, MemoryType::shared(1, 16)).unwrap();
        test(&module, &memory);
    }
}

#[test]
fn stores_on_threads_share_a_memory() {
    each(|module, memory| {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut guest = Guest::new(module, memory);
                    guest.call::<_, ()>("add", (8u32, 10_000u32)).unwrap();
                });
            }
        });
        let mut sum = [0; 4];
        memory.read(8, &mut sum).unwrap();
        assert_eq!(u32::from_le_bytes(sum), 40_000);
        // A thread sees what another one has grown, without a word to each other's runtime.
        let (mut first, mut second) = (Guest::new(module, memory), Guest::new(module, memory));
        assert_eq!(first.call::<_, u32>("size", ()).unwrap(), 1);
        assert!(first.call::<_, u32>("load", 0x1_0000u32).is_err());
        assert_eq!(second.call::<_, u32>("grow", ()).unwrap(), 1);
        assert_eq!(first.call::<_, u32>("load", 0x1_0000u32).unwrap(), 0);
        assert_eq!(first.call::<_, u32>("size", ()).unwrap(), 2);
        assert_eq!(memory.grow(1).unwrap(), 2);
        assert_eq!(first.call::<_, u32>("size", ()).unwrap(), 3);
        assert!(memory.grow(14).is_err());
        first.call::<_, ()>("init", 0x2_0000u32).unwrap();
        second
            .call::<_, ()>("copy", (5u32, 0x2_0000u32, 3u32))
            .unwrap();
        let mut copied = [0; 3];
        memory.read(5, &mut copied).unwrap();
        assert_eq!(&copied, b"abc");
        assert!(memory.write(3 << 16, b"x").is_err());
    });
}

#[test]
fn a_notification_ends_a_wait() {
    each(|module, memory| {
        thread::scope(|scope| {
            let (done, waited) = mpsc::channel();
            for _ in 0..3 {
                let done = done.clone();
                scope.spawn(move || {
                    let mut guest = Guest::new(module, memory);
                    let result = guest.call::<_, u32>("wait", (4u32, 0u32, -1i64));
                    done.send(result.unwrap()).unwrap();
                });
            }
            let mut guest = Guest::new(module, memory);
            // Of another address nobody is woken.
            assert_eq!(guest.call::<_, u32>("notify", (12u32, 9u32)).unwrap(), 0);
            let mut woken = 0;
            while woken < 2 {
                woken += guest.call::<_, u32>("notify", (4u32, 1u32)).unwrap();
            }
            assert_eq!(waited.recv().unwrap(), 0);
            assert_eq!(waited.recv().unwrap(), 0);
            let third = waited.recv_timeout(Duration::from_millis(20));
            assert!(third.is_err(), "two were notified, not three");
            // The host may notify too.
            while memory.atomic_notify(8, u32::MAX).unwrap() == 0 {}
            assert_eq!(waited.recv().unwrap(), 0);
        });
    });
}

#[test]
fn waits_end_by_time_or_value_or_trap() {
    each(|module, memory| {
        let mut guest = Guest::new(module, memory);
        assert_eq!(
            guest.call::<_, u32>("wait", (4u32, 1u32, -1i64)).unwrap(),
            1
        );
        let start = Instant::now();
        let timeout = 3_000_000i64;
        assert_eq!(
            guest.call::<_, u32>("wait", (4u32, 0u32, timeout)).unwrap(),
            2
        );
        assert_eq!(
            guest
                .call::<_, u32>("wait64", (8u32, 0i64, timeout))
                .unwrap(),
            2
        );
        assert!(start.elapsed() >= Duration::from_millis(6));
        assert_eq!(
            memory.atomic_wait32(8, 1, None).unwrap(),
            WaitResult::Mismatch
        );
        // Those whose time was over are not counted.
        assert_eq!(guest.call::<_, u32>("notify", (4u32, 9u32)).unwrap(), 0);
        for (address, kind) in [
            (2u32, TrapKind::UnalignedAtomic),
            (0xffff_fff8, TrapKind::MemoryOutOfBounds),
        ] {
            let error = guest
                .call::<_, u32>("wait", (address, 0u32, 0i64))
                .unwrap_err();
            assert_eq!(error.trap().unwrap().kind(), kind);
            let error = guest.call::<_, u32>("notify", (address, 0u32)).unwrap_err();
            assert_eq!(error.trap().unwrap().kind(), kind);
        }
        assert!(memory.atomic_wait64(4, 0, None).is_err());
    });
}

#[test]
fn a_shared_memory_is_imported_as_one_alone() {
    let engine = Engine::default();
    let module = Module::new(&engine, WAT).unwrap();
    let mut store = Store::new(&engine, ());
    let own = Memory::new(&mut store, MemoryType::new(1, Some(16))).unwrap();
    assert!(Instance::new(&mut store, &module, &[own.into()]).is_err());
    let larger = SharedMemory::new(&engine, MemoryType::shared(1, 17)).unwrap();
    let error = Instance::new(&mut store, &module, &[larger.into()]).unwrap_err();
    assert!(
        error.to_string().contains("memory 1..16 pages, shared"),
        "{error}"
    );
    assert!(Memory::new(&mut store, MemoryType::shared(1, 2)).is_err());
    assert!(SharedMemory::new(&engine, MemoryType::new(1, Some(2))).is_err());
    let own = Module::new(&engine, r#"(module (memory (export "memory") 1 2 shared))"#).unwrap();
    let instance = Instance::new(&mut store, &own, &[]).unwrap();
    assert!(instance.get_memory(&mut store, "memory").is_none());
    let memory = instance.get_shared_memory(&mut store, "memory").unwrap();
    drop(store);
    // It outlives its store.
    memory.write(7, b"x").unwrap();
    assert_eq!(memory.ty(), MemoryType::shared(1, 2));
}

#[test]
fn wasi_reads_and_writes_a_shared_memory() {
    let wat = r#"(module
        (import "wasi_snapshot_preview1" "fd_write"
            (func $fd_write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read"
            (func $fd_read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 4 4 shared)
        (data (i32.const 16) "\40\00\00\00\03\00\00\00\20\00\00\00\03\00\00\00")
        (func (export "copy") (result i32)
            (drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 2) (i32.const 0)))
            (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 4)))
            (drop (call $random (i32.const 65536) (i32.const 65536)))
            (i32.load (i32.const 4))))"#;
    for config in configurations() {
        let engine = Engine::new(&config);
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
        let (output, written) = mpsc::channel();
        let mut ctx = WasiCtxBuilder::new();
        ctx.stdin(Box::new(&b"hello"[..]));
        ctx.stdout(Box::new(Sender(output)));
        let mut store = Store::new(&engine, ctx.build());
        let module = Module::new(&engine, wat).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let copy = instance.get_typed_func::<(), u32>(&mut store, "copy");
        // The embedder's readers and writers get one buffer, as a pipe may take.
        assert_eq!(copy.unwrap().call(&mut store, ()).unwrap(), 3);
        let bytes: Vec<u8> = written.try_iter().flatten().collect();
        assert_eq!(bytes, b"hel");
        let memory = instance.get_shared_memory(&mut store, "memory").unwrap();
        let mut random = [0; 65536];
        memory.read(65536, &mut random).unwrap();
        assert!(random.iter().filter(|byte| **byte == 0).count() < 1000);
    }
}

struct Sender(mpsc::Sender<Vec<u8>>);

impl std::io::Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.send(bytes.to_vec()).unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Numbers without a pattern (Marsaglia, "Xorshift RNGs").
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn growth_waits_notifications_and_traps_may_race() {
    each(|module, memory| {
        let grown = AtomicU64::new(0);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for seed in 1..=6u64 {
                let (grown, over) = (&grown, &over);
                scope.spawn(move || {
                    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    for _ in 0..20 {
                        let mut guest = Guest::new(module, memory);
                        for _ in 0..30 {
                            act(&mut guest, memory, &mut state, grown);
                        }
                    }
                    over.store(true, Ordering::Relaxed);
                });
            }
            // Nobody waits for ever: each wait has a time.
            while !over.load(Ordering::Relaxed) {
                memory.atomic_notify(8, 1).unwrap();
                thread::sleep(Duration::from_micros(200));
            }
        });
        assert_eq!(memory.size(), 1 + grown.load(Ordering::Relaxed));
        assert_eq!(memory.atomic_notify(8, u32::MAX).unwrap(), 0);
    });
}

/// Does something, whose result is what it has to be whatever the others do.
fn act(guest: &mut Guest, memory: &SharedMemory, state: &mut u64, grown: &AtomicU64) {
    let random = next(state);
    match random % 8 {
        0 => {
            let before: i32 = guest.call("grow", ()).unwrap();
            if before >= 0 {
                grown.fetch_add(1, Ordering::Relaxed);
                // It is there at once.
                let last = (before as u32 + 1) << 16;
                guest.call::<_, u32>("load", last - 4).unwrap();
            }
        }
        1 => {
            let at = 16 << 16;
            let error = guest.call::<_, u32>("load", at as u32).unwrap_err();
            assert_eq!(error.trap().unwrap().kind(), TrapKind::MemoryOutOfBounds);
        }
        2 | 3 => {
            let timeout = (random >> 8) as i64 % 300_000;
            let result: u32 = guest.call("wait", (4u32, 0u32, timeout)).unwrap();
            assert!(result == 0 || result == 2, "{result}");
        }
        4 => {
            guest.call::<_, u32>("notify", (4u32, 2u32)).unwrap();
        }
        5 => {
            let pages: u32 = guest.call("size", ()).unwrap();
            guest
                .call::<_, ()>("store", ((pages << 16) - 4, random as u32))
                .unwrap();
        }
        6 => {
            let mut bytes = [0; 100];
            memory
                .read((random >> 8) as usize % 65_000, &mut bytes)
                .unwrap();
            memory.write(100, &bytes).unwrap();
        }
        _ => guest
            .call::<_, ()>("copy", (64u32, 200u32, 65_000u32))
            .unwrap(),
    }
}
