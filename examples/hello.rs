//! The shortest embedding: a host function, a module that calls it, and a typed call.
//!
//! `cargo run -p dwalin-runtime --example hello`

use dwalin_runtime::{Caller, Engine, Error, Linker, Module, Result, Store};

const GUEST: &str = r#"
(module
  (import "host" "greet" (func $greet (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "from WebAssembly")
  (func (export "run") (result i32)
    i32.const 16
    i32.const 16
    call $greet
    i32.const 42))
"#;

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;

    let mut linker = Linker::new(&engine);
    linker.func_wrap(
        "host",
        "greet",
        |mut caller: Caller<'_, u32>, start: u32, len: u32| {
            let memory = caller
                .get_export("memory")
                .and_then(|item| item.into_memory());
            let memory = memory.ok_or_else(|| Error::host("the module exports no memory"))?;
            let mut text = vec![0; len as usize];
            memory.read(&caller, start as usize, &mut text)?;
            println!("hello {}", String::from_utf8_lossy(&text));
            *caller.data_mut() += 1;
            Ok::<(), Error>(())
        },
    )?;

    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<(), i32>(&mut store, "run")?;
    println!("run returned {}", run.call(&mut store, ())?);
    println!("the guest greeted {} time(s)", store.data());
    Ok(())
}
