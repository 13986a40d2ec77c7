//! Running modules: traps of every kind, calls in both directions, tables, memories, several instances.

use dwalin_runtime::*;

fn instantiate(wat: &str) -> (Store<()>, Instance) {
    let engine = Engine::default();
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

/// Calls an export without parameters that is expected to trap.
fn trap_of(wat: &str) -> Trap {
    let (mut store, instance) = instantiate(wat);
    let func = instance.get_func(&mut store, "f").unwrap();
    let mut results: Vec<_> = func
        .ty(&store)
        .results()
        .iter()
        .map(|ty| Val::default_for(*ty))
        .collect();
    match func.call(&mut store, &[], &mut results) {
        Err(Error::Trap(trap)) => *trap,
        other => panic!("no trap: {other:?}"),
    }
}

/// The functions that trap, and the kinds of trap.
const TRAPS: [(&str, TrapKind); 16] = [
    ("unreachable", TrapKind::UnreachableCodeReached),
    (
        "(drop (i32.load (i32.const 65533)))",
        TrapKind::MemoryOutOfBounds,
    ),
    (
        "(drop (i32.load (i32.const -1)))",
        TrapKind::MemoryOutOfBounds,
    ),
    (
        "(drop (i64.load offset=4294967295 (i32.const -1)))",
        TrapKind::MemoryOutOfBounds,
    ),
    (
        "(i32.store offset=40000000 (i32.const 0) (i32.const 1))",
        TrapKind::MemoryOutOfBounds,
    ),
    (
        "(memory.fill (i32.const 65530) (i32.const 1) (i32.const 7))",
        TrapKind::MemoryOutOfBounds,
    ),
    (
        "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
        TrapKind::IntegerDivisionByZero,
    ),
    (
        "(drop (i64.rem_u (i64.const 1) (i64.const 0)))",
        TrapKind::IntegerDivisionByZero,
    ),
    (
        "(drop (i32.div_s (i32.const -2147483648) (i32.const -1)))",
        TrapKind::IntegerOverflow,
    ),
    (
        "(drop (i32.trunc_f32_s (f32.const nan)))",
        TrapKind::BadConversionToInteger,
    ),
    (
        "(drop (i32.trunc_f64_u (f64.const 1e10)))",
        TrapKind::IntegerOverflow,
    ),
    ("(call_indirect (i32.const 2))", TrapKind::TableOutOfBounds),
    (
        "(call_indirect (i32.const 1))",
        TrapKind::IndirectCallToNull,
    ),
    ("(call_indirect (i32.const 0))", TrapKind::BadSignature),
    (
        "(drop (table.get 0 (i32.const -1)))",
        TrapKind::TableOutOfBounds,
    ),
    ("(call $f)", TrapKind::StackOverflow),
];

#[test]
fn every_kind_of_trap_is_told_apart() {
    let memory = "(memory 1) (table 2 funcref) (elem (i32.const 0) $g) (func $g (param i32))";
    for (body, kind) in TRAPS {
        let wat = format!("(module {memory} (func $f (export \"f\") {body}))");
        let trap = trap_of(&wat);
        assert_eq!(trap.kind(), kind, "{body}");
        assert_eq!(trap.backtrace().frames()[0].func_name, "f", "{body}");
    }
}

#[test]
fn bounds_hold_with_any_reservation() {
    let wat = r#"(module (memory 1 3)
        (func (export "load") (param i32) (result i32) (i32.load8_u offset=10 (local.get 0)))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    for (reservation, guard) in [
        (4u64 << 30, 0u64),
        (4 << 30, 32 << 20),
        (2 << 16, 0),
        (2 << 16, 1 << 16),
    ] {
        let mut config = Config::new();
        config
            .memory_reservation(reservation)
            .memory_guard_size(guard);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let load = instance
            .get_typed_func::<u32, i32>(&mut store, "load")
            .unwrap();
        let grow = instance
            .get_typed_func::<i32, i32>(&mut store, "grow")
            .unwrap();
        assert_eq!(load.call(&mut store, 65525).unwrap(), 0);
        for beyond in [65526, u32::MAX - 10, u32::MAX] {
            assert!(
                load.call(&mut store, beyond).is_err(),
                "{reservation} {guard} {beyond}"
            );
        }
        assert_eq!(grow.call(&mut store, 1).unwrap(), 1);
        assert_eq!(load.call(&mut store, 65526).unwrap(), 0);
        // The reservation of two pages is full; the other ends at the maximum.
        assert_eq!(
            grow.call(&mut store, 1).unwrap(),
            if reservation == 2 << 16 { -1 } else { 2 }
        );
        assert_eq!(grow.call(&mut store, 1).unwrap(), -1);
    }
}

#[test]
fn a_deep_recursion_is_a_trap_on_any_thread_and_keeps_both_ends() {
    let wat = r#"(module (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0))))
        (func $start (export "f") (result i32) (call $deep (i32.const -1))))"#;
    let run = move || {
        let trap = trap_of(wat);
        assert_eq!(trap.kind(), TrapKind::StackOverflow);
        let names: Vec<_> = trap
            .backtrace()
            .frames()
            .iter()
            .map(|frame| &*frame.func_name)
            .collect();
        assert_eq!((names[0], *names.last().unwrap()), ("deep", "start"));
        assert!(trap.to_string().contains(" more frames "));
    };
    run();
    std::thread::Builder::new()
        .stack_size(512 << 10)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

/// A function of the host that is told how it ends, and notes how many guests wait for it.
fn call_back_or_fail(mut caller: Caller<'_, Vec<usize>>, how: i32) -> Result<()> {
    let backtrace = caller.backtrace();
    let frames = backtrace.frames().iter().filter(|it| !it.host).count();
    caller.data_mut().push(frames);
    match how {
        0 => {
            let leaf = caller.get_export("leaf").unwrap().into_func().unwrap();
            leaf.call(&mut caller, &[], &mut [])
        }
        1 => Err(Error::host("the host's own")),
        2 => panic!("a panic of the host"),
        how => {
            let outer = caller.get_export("f").unwrap().into_func().unwrap();
            outer.call(&mut caller, &[Val::I32(how - 3)], &mut [])
        }
    }
}

#[test]
fn traps_errors_and_panics_cross_nested_guests() {
    let wat = r#"(module (import "h" "inner" (func $inner (param i32)))
        (func $outer (export "f") (param i32) (call $inner (local.get 0)))
        (func $leaf (export "leaf") unreachable))"#;
    let engine = Engine::default();
    let module = Module::new(&engine, wat).unwrap();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("h", "inner", call_back_or_fail).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let func = instance.get_typed_func::<i32, ()>(&mut store, "f").unwrap();
    for depth in 0..3 {
        let Err(Error::Trap(trap)) = func.call(&mut store, depth * 3) else {
            panic!("no trap")
        };
        let names: Vec<_> = trap
            .backtrace()
            .frames()
            .iter()
            .filter(|frame| !frame.host)
            .map(|frame| &*frame.func_name)
            .collect();
        assert_eq!(names[0], "leaf");
        assert_eq!(names.len(), 2 + depth as usize, "{names:?}");
        assert_eq!(store.data().last(), Some(&(1 + depth as usize)));
        let Err(Error::Host(error)) = func.call(&mut store, depth * 3 + 1) else {
            panic!("no error")
        };
        assert_eq!(error.to_string(), "the host's own");
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            func.call(&mut store, depth * 3 + 2)
        }));
        assert_eq!(
            *panicked.unwrap_err().downcast::<&str>().unwrap(),
            "a panic of the host"
        );
    }
    // After all that the store works as before.
    assert!(matches!(func.call(&mut store, 0), Err(Error::Trap(_))));
}

#[test]
fn instances_share_what_they_import() {
    let engine = Engine::default();
    let exporter = Module::new(
        &engine,
        r#"(module (memory (export "m") 1) (global (export "g") (mut i32) (i32.const 5))
          (table (export "t") 4 funcref) (elem (i32.const 1) $nine)
          (func $nine (result i32) (i32.const 9))
          (func (export "poke") (param i32) (i32.store (i32.const 0) (local.get 0)))
          (func (export "pair") (result i32 i64 f32 f64 i32)
            (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4) (i32.const 5)))"#,
    )
    .unwrap();
    let importer = Module::new(
        &engine,
        r#"(module (import "e" "m" (memory 1)) (import "e" "g" (global $g (mut i32)))
          (import "e" "t" (table $t 4 funcref)) (import "e" "poke" (func $poke (param i32)))
          (import "e" "pair" (func $pair (result i32 i64 f32 f64 i32)))
          (type $r (func (result i32)))
          (global $own i32 (i32.const 70)) (elem (i32.const 2) $seventy)
          (func $seventy (result i32) (global.get $own))
          (func (export "sum") (result i32)
            (call $poke (i32.const 100))
            (global.set $g (i32.add (global.get $g) (i32.const 1)))
            (i32.add (i32.load (i32.const 0)) (i32.add (global.get $g)
              (i32.add (call_indirect (type $r) (i32.const 1)) (call_indirect (type $r) (i32.const 2))))))
          (func (export "many") (result i32) (local f64)
            (call $pair) (drop) (local.set 0) (drop) (drop) (drop) (i32.trunc_f64_s (local.get 0))))"#,
    )
    .unwrap();
    let mut linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let first = linker.instantiate(&mut store, &exporter).unwrap();
    linker.instance(&mut store, "e", first).unwrap();
    let second = linker.instantiate(&mut store, &importer).unwrap();
    let sum = second.get_typed_func::<(), i32>(&mut store, "sum").unwrap();
    assert_eq!(sum.call(&mut store, ()).unwrap(), 100 + 6 + 9 + 70);
    let many = second
        .get_typed_func::<(), i32>(&mut store, "many")
        .unwrap();
    assert_eq!(many.call(&mut store, ()).unwrap(), 4);
    assert_eq!(
        first.get_global(&mut store, "g").unwrap().get(&store).i32(),
        Some(6)
    );
    // An element that only the importer's segment knows, asked for by the host.
    let table = first.get_table(&mut store, "t").unwrap();
    let Some(Val::FuncRef(Some(func))) = table.get(&mut store, 2) else {
        panic!("an element")
    };
    let mut results = [Val::I32(0)];
    func.call(&mut store, &[], &mut results).unwrap();
    assert_eq!(results[0].i32(), Some(70));
    let Some(Val::FuncRef(None)) = table.get(&mut store, 3) else {
        panic!("null")
    };
}

#[test]
fn tables_of_host_functions_can_be_called_through() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 40);
    let func = Func::wrap(&mut store, |caller: Caller<'_, i32>, n: i32| {
        n + *caller.data()
    });
    let module = Module::new(
        &engine,
        r#"(module (table (export "t") 1 funcref) (type $f (func (param i32) (result i32)))
          (func (export "f") (result i32) (call_indirect (type $f) (i32.const 2) (i32.const 0))))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let table = instance.get_table(&mut store, "t").unwrap();
    table.set(&mut store, 0, func.into()).unwrap();
    let call = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    assert_eq!(call.call(&mut store, ()).unwrap(), 42);
}

#[test]
fn artifacts_are_refused_where_they_do_not_fit() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        "(module (func (export \"f\") (result i32) i32.const 7))",
    )
    .unwrap();
    let bytes = module.serialize().to_vec();
    // SAFETY: the bytes are what `serialize` gave, or are refused before anything of them is run.
    unsafe {
        let again = Module::deserialize(&engine, &bytes).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &again, &[]).unwrap();
        let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap(), 7);

        let other = Engine::new(Config::new().debug_info(true));
        let Err(error) = Module::deserialize(&other, &bytes) else {
            panic!("other settings")
        };
        assert!(error.to_string().contains("debug-info"), "{error}");
        for bit in (0..bytes.len() * 8).step_by(37) {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Module::deserialize(&engine, &damaged).is_err(), "{bit}");
        }
        for cut in [0, 3, 64, 500, bytes.len() / 2] {
            assert!(
                Module::deserialize(&engine, &bytes[..cut]).is_err(),
                "{cut}"
            );
        }
    }
}

#[test]
fn a_missing_proposal_is_named() {
    let engine = Engine::default();
    for (wat, name) in [
        ("(module (tag $t) (func suspend $t))", "stack-switching"),
        (
            "(module (type (shared (struct))))",
            "shared-everything-threads",
        ),
        ("(component)", "component"),
    ] {
        let Err(error) = Module::new(&engine, wat) else {
            panic!("{wat} is taken")
        };
        assert!(error.to_string().contains(name), "{wat}: {error}");
    }
    let Err(error) = Module::new(&engine, "(module (func (result i32)))") else {
        panic!("invalid")
    };
    assert!(
        error.to_string().contains("invalid WebAssembly module"),
        "{error}"
    );
}

#[test]
fn code_with_homes_computes_what_code_without_does() {
    let wat = r#"(module (func (export "f") (param i32 i64 f32 f64) (result f64) (local i32 f64)
        (local.set 4 (i32.add (local.get 0) (i32.const 1)))
        (block (loop (br_if 1 (i32.eqz (local.get 4)))
          (local.set 5 (f64.add (local.get 5) (f64.add (local.get 3) (f64.promote_f32 (local.get 2)))))
          (local.set 4 (i32.sub (local.get 4) (i32.const 1))) (br 0)))
        (f64.add (local.get 5) (f64.convert_i64_s (local.get 1)))))"#;
    for debug in [false, true] {
        for level in [OptLevel::None, OptLevel::Speed] {
            let engine = Engine::new(Config::new().debug_info(debug).cranelift_opt_level(level));
            let module = Module::new(&engine, wat).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let f = instance
                .get_typed_func::<(i32, i64, f32, f64), f64>(&mut store, "f")
                .unwrap();
            assert_eq!(
                f.call(&mut store, (3, -2, 0.5, 1.25)).unwrap(),
                4.0 * 1.75 - 2.0
            );
        }
    }
}

#[test]
fn tables_of_any_size_lead_to_their_targets() {
    // Depths, and how often each: runs, and targets that alternate; around the sizes at which a table is parted.
    let tables: Vec<Vec<u32>> = [511, 512, 513, 1024, 1025, 3000]
        .into_iter()
        .flat_map(|len| {
            [
                (0..len).map(|i| i % 3).collect(),
                (0..len).map(|i| (i / 700) % 3).collect(),
                vec![2; len as usize],
            ]
        })
        .collect();
    for table in tables {
        let text: Vec<_> = table.iter().map(u32::to_string).collect();
        let module = format!(
            r#"(module (func (export "f") (param i32) (result i32)
              (block $c (result i32) (block $b (result i32) (block $a (result i32)
                (br_table {} 1 (i32.const 5) (local.get 0)))
                (return (i32.add (i32.const 10)))) (return (i32.add (i32.const 20)))) (i32.add (i32.const 30))))"#,
            text.join(" ")
        );
        for debug_info in [false, true] {
            let engine = Engine::new(Config::new().debug_info(debug_info).warning(|_| {}));
            let module = Module::new(&engine, &module).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let f = instance
                .get_typed_func::<i32, i32>(&mut store, "f")
                .unwrap();
            for index in (0..table.len() as i32 + 3).chain([-1, i32::MIN, i32::MAX]) {
                let depth = table.get(index as usize).copied().unwrap_or(1) as i32;
                assert_eq!(
                    f.call(&mut store, index).unwrap(),
                    15 + 10 * depth,
                    "{index}"
                );
            }
        }
    }
}
