//! What it takes to write a core dump.

use dwalin_runtime::{Engine, Error, Instance, Module, Store, coredump};
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
    let peak = resident("VmHWM:");
    assert!(
        peak - before < 16 * MIB,
        "{} MiB more",
        (peak - before) / MIB
    );
}
