//! Vectors where there is no native twin to compare with: in locals of optimised code, in text, in reports and core dumps, and what
//! debuggers do with them besides printing.

#[path = "running/mod.rs"]
mod running;

use running::{expect, said, tools};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("vectors")
        .join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Compiles a C program with vectors.
fn compile(folder: &Path, source: &str, level: &str) -> String {
    let (file, module) = (folder.join("program.c"), folder.join("program.wasm"));
    fs::write(&file, source).unwrap();
    let status = Command::new("clang-19")
        .args(["--target=wasm32-wasi", "-msimd128", "-g", level, "-o"])
        .args([&module, &file])
        .status();
    assert!(status.unwrap().success(), "the program compiles");
    module.into_os_string().into_string().unwrap()
}

fn gdb(module: &str, commands: &[&str]) -> String {
    let mut args = vec!["-nx", "-batch"];
    let first = [
        "set debuginfod enabled off",
        "set breakpoint pending on",
        "set width 0",
    ];
    for command in first.iter().chain(commands) {
        args.extend(["-ex", command]);
    }
    args.extend(["--args", DWALIN, "run", "-g", module]);
    said("gdb", &args)
}

fn dwalin(args: &[&str]) -> String {
    let Output { stdout, stderr, .. } = Command::new(DWALIN).args(args).output().unwrap();
    String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap()
}

/// A function that nothing is inlined into, so that its parameters are locals at -O1 too.
const MIXED: &str = "\
typedef int int4 __attribute__((vector_size(16)));
typedef double vec2 __attribute__((vector_size(16)));
volatile int sink;
__attribute__((noinline)) int4 mix(int4 first, vec2 factors, int4 second) {
    int4 sum = first + second;
    sink = sum[1] + (int)factors[1];
    sum[2] = 100;
    return sum;
}
int main(int argc, char **argv) {
    int4 mixed = mix((int4){1, 2, 3, argc + 3}, (vec2){0.5, -2.25}, (int4){10, 20, 30, 40});
    if (mixed[3] == 44 && mixed[0] == 11)
        __builtin_trap();
    return mixed[3];
}
";

#[test]
fn gdb_shows_and_sets_vectors_in_locals() {
    if !tools::have(&["gdb", "clang-19"]) {
        return;
    }
    let folder = folder("locals");
    let module = compile(&folder, MIXED, "-O1");
    let commands = ["break mix", "run", "info args", "print first + second"];
    let said = gdb(&module, &commands);
    let all = [
        "first = {1, 2, 3, 4}\n",
        "factors = {0.5, -2.25}\n",
        "second = {10, 20, 30, 40}\n",
        "$1 = {11, 22, 33, 44}\n",
    ];
    expect(&said, &all);
}

/// gdb looks for it in two registers, and would show half of it.
#[test]
fn gdb_shows_no_vector_that_it_would_read_wrongly() {
    if !tools::have(&["gdb", "clang-19"]) {
        return;
    }
    let folder = folder("returned");
    let module = compile(&folder, MIXED, "-O0");
    let commands = [
        "break program.c:7",
        "run",
        "print sum",
        "set var sum[3] = -5",
        "set var factors[0] = 8",
        "print sum",
        "print factors",
        "ptype sum",
        "finish",
        "next",
        "print mixed",
    ];
    let said = gdb(&module, &commands);
    let all = [
        "$1 = {11, 22, 33, 44}\n",
        "$2 = {11, 22, 33, -5}\n",
        "$3 = {8, -2.25}\n",
        "type = int __attribute__ ((vector_size(4)))\n",
        "Value returned has type: int4. Cannot determine contents\n",
        "$4 = {11, 22, 100, -5}\n",
    ];
    expect(&said, &all);
    assert!(!said.contains("Value returned is"), "{said}");
}

#[test]
fn reports_and_core_dumps_show_vectors() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = folder("reports");
    let source = "\
typedef int int4 __attribute__((vector_size(16)));
typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef struct { int4 cells; char name[4]; } row;
__attribute__((noinline)) int fail(int4 first, int index) {
    bytes16 bytes = {65, 66, 0, 255};
    row last = {first, \"abc\"};
    if (index == 1)
        __builtin_trap();
    return last.cells[index & 3] + bytes[index & 15];
}
int main(int argc, char **argv) { return fail((int4){1, -2, 3, 4}, argc); }
";
    let core = folder.join("core").into_os_string().into_string().unwrap();
    let module = compile(&folder, source, "-O0");
    let all = [
        "first = [1, -2, 3, 4]\n",
        "bytes = [65, 66, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n",
        "last = {cells = [1, -2, 3, 4], name = \"abc\"}\n",
    ];
    expect(&dwalin(&["run", "-g", &module]), &all);
    // The parameter is a local there, which the format of core dumps has no type for.
    let module = compile(&folder, source, "-O1");
    let said = dwalin(&["run", "-g", "--coredump", &core, &module]);
    expect(&said, &["first = [1, -2, 3, 4]\n", "index = 1\n"]);
    let said = dwalin(&["inspect", "--module", &module, &core]);
    expect(&said, &["first = [1, -2, 3, 4]\n", "index = 1\n"]);
}

#[test]
fn an_access_beyond_the_end_is_said_with_its_size() {
    let folder = folder("beyond");
    let file = folder.join("beyond.wat");
    let module = r#"(module (memory 1)
  (func $store (param $to i32) (param $what v128)
    (v128.store (local.get $to) (local.get $what)))
  (func (export "_start") (call $store (i32.const 65529) (v128.const i32x4 1 2 3 4))))"#;
    fs::write(&file, module).unwrap();
    let said = dwalin(&["run", "-g", "--backtrace=json", file.to_str().unwrap()]);
    expect(
        &said,
        &[
            "writes 16 bytes at address 0xfff9; the memory ends at 0x10000",
            r#""type":"v128","value":"0x00000004000000030000000200000001""#,
        ],
    );
}

#[test]
fn invoke_takes_and_prints_a_vector_as_one_number() {
    let folder = folder("invoke");
    let file = folder.join("invoke.wat");
    let module = r#"(module (func (export "add") (param v128) (result v128)
        (i64x2.add (local.get 0) (v128.const i64x2 1 1))))"#;
    fs::write(&file, module).unwrap();
    let file = file.to_str().unwrap();
    let said = |argument: &str| dwalin(&["run", "--invoke", "add", file, argument]);
    assert_eq!(said("0xffffffffffffffff"), "18446744073709551616\n");
    assert_eq!(said("1"), "18446744073709551618\n");
    assert!(said("-1").contains("`-1` is not a value of type v128"));
}
