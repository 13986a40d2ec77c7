//! Has the linker keep the names by which debuggers find code that is registered (GDB's manual, "JIT Interface"), and the traps in it,
//! where the symbol table is stripped: there the command has no `main` beside the program's.

const SYMBOLS: [&str; 4] = [
    "__jit_debug_register_code",
    "__jit_debug_descriptor",
    "__dwalin_code",
    "__dwalin_offer",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        for symbol in SYMBOLS {
            println!("cargo::rustc-link-arg-bins=-Wl,--export-dynamic-symbol={symbol}");
        }
    }
}
