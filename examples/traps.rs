//! What an embedder learns of a trap: why, where, and the way there.
//!
//! `cargo run -p dwalin-runtime --example traps`

use dwalin_runtime::{Engine, Error, Instance, Module, Result, Store, TrapKind};

const GUEST: &str = r#"
(module
  (memory 1)
  (func $element (param $index i32) (result i32)
    (i32.load (i32.mul (local.get $index) (i32.const 4))))
  (func $sum (param $count i32) (result i32) (local $total i32)
    (loop $next
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (local.set $total (i32.add (local.get $total) (call $element (local.get $count))))
      (br_if $next (local.get $count)))
    (local.get $total))
  (export "sum" (func $sum)))
"#;

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let sum = instance.get_typed_func::<i32, i32>(&mut store, "sum")?;

    println!("16384 elements: {}", sum.call(&mut store, 16_384)?);
    let Err(Error::Trap(trap)) = sum.call(&mut store, 16_385) else {
        unreachable!("the memory has 16384 elements")
    };
    assert_eq!(trap.kind(), TrapKind::MemoryOutOfBounds);
    for frame in trap.backtrace().frames() {
        println!(
            "  in {} at offset {:?}",
            frame.func_name, frame.module_offset
        );
    }
    println!("{trap}");
    Ok(())
}
