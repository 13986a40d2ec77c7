//! What it takes to write a core dump.

use dwalin_runtime::{Config, Engine, Error, Instance, Module, Store, coredump};
use std::io::{self, Write};

/// A memory of 1 GiB, of which 64 MiB are filled.
const LARGE: &str = r#"(module (memory (export "memory") 16384)
    (func (export "run") i32.const 0x20000000 i32.const 1 i32.const 0x4000000 memory.fill unreachable))"#;

const MIB: u64 = 1 << 20;

/// Counts what is written.
#[derive(Default)]
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes of this process that were in memory at most, or are now (proc_pid_status(5)).
fn resident(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    let kib = line.split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() << 10
}

#[test]
fn a_large_memory_is_written_as_it_is_read() {
    let engine = Engine::default();
    let module = Module::new(&engine, LARGE).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance
        .get_typed_func::<(), ()>(&mut store, "run")
        .unwrap();
    let Err(Error::Trap(trap)) = run.call(&mut store, ()) else {
        panic!("it traps");
    };
    let before = resident("VmRSS:");
    assert!(before > 64 * MIB, "{before}: the memory is filled");
    let mut written = Counted::default();
    coredump::write(&store, &trap, "large", &mut written).unwrap();
    assert!(written.0 > 64 * MIB, "{}", written.0);
    // Zeros are left out, and not even looked at twice.
    assert!(written.0 < 66 * MIB, "{}", written.0);
    // The kernel's two counts are not of one moment.
    let more = resident("VmHWM:").saturating_sub(before);
    assert!(more < 16 * MIB, "{} MiB more", more / MIB);
}

/// A core dump of a program that trapped with something in its memory, globals and locals.
fn small() -> Vec<u8> {
    let module = r#"(module (memory 1) (data (i32.const 8) "something") (global (mut i32) (i32.const 77))
        (func $f (export "run") (param i32) unreachable))"#;
    let engine = Engine::new(Config::new().debug_info(true).warning(|_| {}));
    let module = Module::new(&engine, module).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance
        .get_typed_func::<i32, ()>(&mut store, "run")
        .unwrap();
    let Err(Error::Trap(trap)) = run.call(&mut store, 5) else {
        panic!("it traps");
    };
    let mut written = Vec::new();
    coredump::write(&store, &trap, "small", &mut written).unwrap();
    written
}

#[test]
fn a_core_dump_that_lost_a_bit_is_refused() {
    let whole = small();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("damaged-core");
    let opened = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        coredump::CoreDump::open(&file).is_ok()
    };
    assert!(opened(&whole));
    let bits = whole.len() * 8;
    for i in 0..2000 {
        let mut damaged = whole.clone();
        let bit = i * bits / 2000;
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(!opened(&damaged), "bit {bit} of {bits}");
    }
    for length in (0..whole.len()).step_by(7) {
        assert!(!opened(&whole[..length]), "{length}");
    }
}
