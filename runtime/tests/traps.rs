//! Each kind of trap: its name, its reported position, and that the store can be used afterwards.

use dwalin_runtime::{Config, Engine, Error, Instance, Module, OptLevel, Store, Trap, TrapKind};

/// An engine for each way to make code: what traps must not depend on it.
fn engines() -> Vec<Engine> {
    let mut optimized = Config::new();
    optimized
        .debug_info(true)
        .cranelift_opt_level(OptLevel::Speed);
    let mut checked = Config::new();
    checked.memory_reservation(1 << 20);
    let mut unguarded = Config::new();
    unguarded.memory_guard_size(0);
    [
        &Config::new(),
        Config::new().debug_info(true),
        &optimized,
        &checked,
        &unguarded,
    ]
    .map(Engine::new)
    .into()
}

fn instance(engine: &Engine, wat: &str) -> (Store<()>, Instance) {
    let module = Module::new(engine, wat).unwrap();
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

fn trap(result: Result<(), Error>) -> Trap {
    match result {
        Err(Error::Trap(trap)) => *trap,
        other => panic!("a trap was expected, not {other:?}"),
    }
}

/// Runs `body` as a function, and expects a trap in that function and nowhere else; twice, so that one leaves nothing behind.
fn traps(body: &str, kind: TrapKind) {
    let wat = format!(
        r#"(module
            (memory 1) (data $d "x")
            (type $none (func)) (type $other (func (param i64)))
            (table $t 4 funcref) (elem (table $t) (i32.const 1) func $other)
            (elem $e func $other)
            (func $other (param i64))
            (func $body (export "run") (local i32) {body}))"#
    );
    for engine in engines() {
        let (mut store, instance) = instance(&engine, &wat);
        let run = instance
            .get_typed_func::<(), ()>(&mut store, "run")
            .unwrap();
        for _ in 0..2 {
            let trap = trap(run.call(&mut store, ()));
            assert_eq!(trap.kind(), kind, "{body} with {:?}", engine.config());
            let names: Vec<_> = trap
                .backtrace()
                .frames()
                .iter()
                .map(|frame| frame.func_name.as_str())
                .collect();
            assert_eq!(names, ["body"], "{body} with {:?}", engine.config());
        }
    }
}

#[test]
fn unreachable_traps() {
    traps("unreachable", TrapKind::UnreachableCodeReached);
}

#[test]
fn a_division_by_zero_traps() {
    use TrapKind::IntegerDivisionByZero as Zero;
    traps("i32.const 1 i32.const 0 i32.div_s drop", Zero);
    traps("i32.const 1 local.get 0 i32.div_u drop", Zero);
    traps("i64.const 1 i64.const 0 i64.rem_s drop", Zero);
    traps(
        "i64.const 1 local.get 0 i64.extend_i32_u i64.rem_u drop",
        Zero,
    );
}

#[test]
fn a_quotient_that_does_not_fit_traps() {
    use TrapKind::IntegerOverflow as Overflow;
    traps("i32.const 0x80000000 i32.const -1 i32.div_s drop", Overflow);
    traps(
        "i64.const 0x8000000000000000 i64.const -1 i64.div_s drop",
        Overflow,
    );
}

#[test]
fn a_float_that_is_no_integer_traps() {
    traps(
        "f32.const nan i32.trunc_f32_s drop",
        TrapKind::BadConversionToInteger,
    );
    traps(
        "f64.const 1e300 i64.trunc_f64_u drop",
        TrapKind::IntegerOverflow,
    );
}

#[test]
fn an_access_beyond_the_memory_traps() {
    use TrapKind::MemoryOutOfBounds as Beyond;
    traps("i32.const 65536 i32.load8_u drop", Beyond);
    traps("i32.const 65533 i32.load drop", Beyond);
    traps("i32.const -1 i32.load8_u drop", Beyond);
    traps("i32.const -1 i32.const 1 i32.store", Beyond);
    traps("i32.const 65529 i64.const 1 i64.store", Beyond);
    // Across the end of what 32 bits reach, by a constant offset: within the guard, and beyond it.
    traps("i32.const -1 i64.load offset=8 drop", Beyond);
    traps("i32.const -1 i64.load offset=0xfffffff8 drop", Beyond);
    traps("local.get 0 i32.load offset=0xffffffff drop", Beyond);
}

#[test]
fn a_bulk_operation_beyond_the_memory_traps() {
    use TrapKind::MemoryOutOfBounds as Beyond;
    traps(
        "i32.const 65535 i32.const 0 i32.const 2 memory.fill",
        Beyond,
    );
    traps(
        "i32.const 0 i32.const 65535 i32.const 2 memory.copy",
        Beyond,
    );
    traps(
        "i32.const 65536 i32.const 0 i32.const 1 memory.copy",
        Beyond,
    );
    traps("i32.const 0 i32.const 0 i32.const 2 memory.init $d", Beyond);
    traps(
        "data.drop $d i32.const 0 i32.const 0 i32.const 1 memory.init $d",
        Beyond,
    );
}

#[test]
fn an_access_beyond_a_table_traps() {
    use TrapKind::TableOutOfBounds as Beyond;
    traps("i32.const 4 table.get $t drop", Beyond);
    traps("i32.const -1 ref.null func table.set $t", Beyond);
    traps(
        "i32.const 3 i32.const 0 i32.const 2 table.init $t $e",
        Beyond,
    );
    traps(
        "i32.const 3 i32.const 0 i32.const 2 table.copy $t $t",
        Beyond,
    );
    traps(
        "i32.const 3 ref.null func i32.const 2 table.fill $t",
        Beyond,
    );
    traps("i32.const 4 call_indirect (type $none)", Beyond);
}

#[test]
fn an_indirect_call_of_null_or_of_another_type_traps() {
    traps(
        "i32.const 0 call_indirect (type $none)",
        TrapKind::IndirectCallToNull,
    );
    traps(
        "i32.const 1 call_indirect (type $none)",
        TrapKind::BadSignature,
    );
}

#[test]
fn a_trap_is_printed_with_its_place_and_the_way_there() {
    let engine = Engine::default();
    let (mut store, instance) = instance(
        &engine,
        r#"(module
            (func $inner unreachable)
            (func $outer call $inner)
            (func (export "run") call $outer))"#,
    );
    let run = instance
        .get_typed_func::<(), ()>(&mut store, "run")
        .unwrap();
    let trap = trap(run.call(&mut store, ()));
    let offsets: Vec<_> = trap
        .backtrace()
        .frames()
        .iter()
        .map(|frame| {
            frame
                .module_offset
                .expect("every frame is at an instruction")
        })
        .collect();
    let [inner, outer, exported] = offsets[..] else {
        panic!("{} frames", offsets.len())
    };
    // The bodies are one instruction each; calls have two bytes; `end`, the next body's size and locals are between.
    assert_eq!((outer - inner, exported - outer), (4, 5));
    let text = trap.to_string();
    let mut lines = text.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with("wasm `unreachable` instruction executed")
    );
    let frames: Vec<_> = lines
        .filter_map(|line| line.trim_start().split_once(": "))
        .collect();
    for (number, (name, offset)) in [
        ("inner", inner),
        ("outer", outer),
        ("wasm-function[2]", exported),
    ]
    .into_iter()
    .enumerate()
    {
        let (printed, frame) = frames[number];
        assert_eq!(printed, number.to_string(), "{text}");
        assert!(
            frame.starts_with(name) && frame.contains(&format!("{offset:#x}")),
            "{text}"
        );
    }
}

#[test]
fn memory_that_was_grown_can_be_used_up_to_its_new_end() {
    for engine in engines() {
        let (mut store, instance) = instance(
            &engine,
            r#"(module (memory (export "memory") 1 4)
                (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
                (func (export "load") (param i32) (result i32) local.get 0 i32.load))"#,
        );
        let grow = instance
            .get_typed_func::<i32, i32>(&mut store, "grow")
            .unwrap();
        let load = instance
            .get_typed_func::<u32, i32>(&mut store, "load")
            .unwrap();
        assert!(load.call(&mut store, 65536).is_err());
        assert_eq!(grow.call(&mut store, 2).unwrap(), 1);
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        memory
            .write(&mut store, 3 * 65536 - 4, &[1, 0, 0, 0])
            .unwrap();
        assert_eq!(load.call(&mut store, 3 * 65536 - 4).unwrap(), 1);
        assert!(load.call(&mut store, 3 * 65536 - 3).is_err());
        assert_eq!(grow.call(&mut store, 2).unwrap(), -1, "beyond its maximum");
        assert_eq!(grow.call(&mut store, -1).unwrap(), -1);
        assert_eq!(memory.grow(&mut store, 1).unwrap(), 3);
        assert_eq!(memory.size(&store), 4);
        assert_eq!(load.call(&mut store, 4 * 65536 - 4).unwrap(), 0);
    }
}

#[test]
fn a_memory_does_not_grow_beyond_what_is_reserved() {
    let engine = Engine::new(Config::new().memory_reservation(1 << 20));
    let (mut store, instance) = instance(
        &engine,
        r#"(module (memory 1)
            (func (export "grow") (param i32) (result i32) local.get 0 memory.grow))"#,
    );
    let grow = instance
        .get_typed_func::<i32, i32>(&mut store, "grow")
        .unwrap();
    assert_eq!(grow.call(&mut store, 16).unwrap(), -1);
    assert_eq!(grow.call(&mut store, 15).unwrap(), 1);
}
