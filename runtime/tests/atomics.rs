//! Atomic operators on memories that are not shared, and several memories.

mod configurations;

use configurations::configurations;
use dwalin_runtime::*;

const ATOMICS: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "wait") (param i32) (result i32)
        (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const -1)))
    (func (export "notify") (param i32) (result i32)
        (memory.atomic.notify offset=4 (local.get 0) (i32.const 1)))
    (func (export "notify-dropped") (param i32) (result i32)
        (drop (memory.atomic.notify (local.get 0) (i32.const 1))) (i32.const 7))
    (func (export "add") (param i32) (result i32)
        atomic.fence
        (i32.atomic.rmw16.add_u offset=2 (local.get 0) (i32.const 0x1_0003)))
    (func (export "exchange") (param i32) (result i32)
        (i32.atomic.rmw.cmpxchg (local.get 0) (i32.const 5) (i32.const 9)))
    (func (export "load") (param i32) (result i32)
        (i32.wrap_i64 (i64.atomic.load offset=8 (local.get 0)))))"#;

#[test]
fn atomics_on_a_memory_of_one_thread_have_the_standards_traps() {
    for config in configurations() {
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, ATOMICS).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let mut call = |name: &str, address: u32| {
            let func = instance
                .get_typed_func::<u32, u32>(&mut store, name)
                .unwrap();
            func.call(&mut store, address).map_err(|error| match error {
                Error::Trap(trap) => trap.kind(),
                other => panic!("{other}"),
            })
        };
        let (unaligned, beyond) = (TrapKind::UnalignedAtomic, TrapKind::MemoryOutOfBounds);
        assert_eq!(call("wait", 0), Err(TrapKind::ExpectedSharedMemory));
        assert_eq!(call("wait", 2), Err(unaligned));
        assert_eq!(call("notify", 0), Ok(0));
        assert_eq!(call("notify", 1), Err(unaligned));
        assert_eq!(call("notify", 65532), Err(beyond));
        assert_eq!(call("notify-dropped", 65536), Err(beyond));
        assert_eq!(call("notify-dropped", 65532), Ok(7));
        assert_eq!(call("add", 0), Ok(0));
        assert_eq!(call("add", 0), Ok(3));
        assert_eq!(call("add", 1), Err(unaligned));
        assert_eq!(call("add", 65534), Err(beyond));
        assert_eq!(call("exchange", 8), Ok(0));
        assert_eq!(call("exchange", 65536), Err(beyond));
        assert_eq!(call("exchange", u32::MAX - 3), Err(beyond));
        assert_eq!(call("load", 4), Err(unaligned));
        assert_eq!(call("load", 65528), Err(beyond));
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let data = &memory.data(&store)[..12];
        assert_eq!(data, [0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}

#[test]
fn an_unaligned_address_is_named() {
    let engine = Engine::new(Config::new().debug_info(true).warning(|_| {}));
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, ATOMICS).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let mut cause = |name: &str, address: u32| {
        let func = instance
            .get_typed_func::<u32, u32>(&mut store, name)
            .unwrap();
        let Err(Error::Trap(trap)) = func.call(&mut store, address) else {
            panic!("it traps");
        };
        format!("{:?}", trap.cause())
    };
    let said = "the address is 0x5, which is not a multiple of ";
    assert!(cause("exchange", 5).contains(&format!("{said}4")));
    assert!(cause("add", 3).contains(&format!("{said}2")));
    assert!(!cause("wait", 4).contains("multiple"));
}

#[test]
fn a_report_of_another_memory_says_nothing_of_the_first() {
    let wat = r#"(module
        (memory 1) (data (i32.const 0) "\2a\00\00\00")
        (memory $second 2) (data (memory $second) (i32.const 0) "\00\00\03\00")
        (func (export "run") (result i32)
            (i32.load $second (i32.load $second (i32.const 0)))))"#;
    for config in configurations() {
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, wat).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance
            .get_typed_func::<(), i32>(&mut store, "run")
            .unwrap();
        let Err(Error::Trap(trap)) = run.call(&mut store, ()) else {
            panic!("it traps");
        };
        let said = format!("{:?}", trap.cause());
        assert!(said.contains(" address 0x30000; "), "{said}");
        assert!(said.contains(" ends at 0x20000 (2 pages"), "{said}");
        assert!(!said.contains("0x2a"), "{said}");
    }
}
