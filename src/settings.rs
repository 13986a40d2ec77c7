//! `dwalin settings`: the machine that code is made for, and all keys with their defaults.

use crate::keys::{codegen, list, optimize, wasm};
use dwalin_runtime::Engine;

/// Prints them.
pub fn settings() -> anyhow::Result<()> {
    let (target, features) = Engine::default().target()?;
    println!("target: {target}");
    for feature in features {
        println!("  {feature}");
    }
    for (heading, option, keys) in [
        ("What a program may use, and for how long", "-W", wasm::KEYS),
        ("Optimisation", "-O", optimize::KEYS),
        ("Code", "-C", codegen::KEYS),
    ] {
        println!("\n{heading} (behind a semicolon: the default)");
        print!("{}", list(option, keys));
    }
    Ok(())
}
