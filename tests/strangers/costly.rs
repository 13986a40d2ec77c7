//! Modules that are small for what they ask for.

use super::modules::{counted, leb, with_section};

type Input = (String, Vec<u8>, &'static [&'static str]);

const RUN: &[&str] = &["run", "-C", "cache=n", "app.wasm"];
const DEBUG: &[&str] = &["run", "-g", "-C", "cache=n", "app.wasm"];
const CHECK: &[&str] = &["check-debug", "app.wasm"];

/// A module of one function, with code as bytes.
fn function(code: &[u8], locals: &[u8]) -> Vec<u8> {
    let body = [locals, code, &[0x0b]].concat();
    let section = |id: u8, contents: &[u8]| [&[id][..], &counted(contents)].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[1, 0]),
        section(5, &[1, 0, 1]),
        section(7, b"\x01\x06_start\0\0"),
        section(10, &[&[1][..], &counted(&body)].concat()),
    ]
    .concat()
}

fn nested(opcode: u8, depth: usize) -> Vec<u8> {
    let mut code = [opcode, 0x40].repeat(depth);
    code.extend(vec![0x0b; depth]);
    function(&code, &[0])
}

/// A memory of its largest size, and nothing in it.
fn large_memory() -> Vec<u8> {
    wat::parse_str("(module (memory 65536) (table 9999999 funcref) (func (export \"_start\")))")
        .unwrap()
}

fn many(what: &str, count: usize) -> Vec<u8> {
    wat::parse_str(format!("(module {})", what.repeat(count))).unwrap()
}

/// Names of functions that all are long.
fn names(count: usize, length: usize) -> Vec<u8> {
    let name = counted("n".repeat(length).as_bytes());
    let entries = (0..count).flat_map(|i| [leb(i), name.clone()].concat());
    let map: Vec<u8> = leb(count).into_iter().chain(entries).collect();
    let section = [&[1][..], &counted(&map)].concat();
    with_section(&many("(func)", count), "name", &section)
}

/// All of them, each with the command that it is for.
pub fn inputs() -> Vec<Input> {
    let mut inputs: Vec<Input> = Vec::new();
    let mut add = |name: &str, module: Vec<u8>| {
        for (how, args) in [("run", RUN), ("run -g", DEBUG), ("check-debug", CHECK)] {
            inputs.push((format!("{name}, {how}"), module.clone(), args));
        }
    };
    add("loops in each other", nested(0x03, 5_000));
    add("50,000 locals", function(&[], &[1, 0xd0, 0x86, 0x03, 0x7f]));
    add("a memory of 4 GiB", large_memory());
    let imports = many("(import \"a\" \"b\" (func))", 10_000);
    add("10,000 imports", imports);
    add("30,000 globals", many("(global i32 (i32.const 0))", 30_000));
    add("long names", names(100, 10_000));
    inputs
}
