//! What the command says of mistakes: each list of command lines is a session, which is a file in tests/golden. `DWALIN_BLESS=1` writes
//! them anew.

mod golden;
#[path = "support/tools.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))"#;

/// Divides by what it is given, so that it traps for 0.
const DIVIDE: &str = "(module\n  (memory (export \"memory\") 1)\n  (func (export \"divide\") (param $by i32) (result i32)\n    \
    i32.const 7\n    local.get $by\n    i32.div_s))\n";

/// Files that people give it.
#[rustfmt::skip] // a table
const FILES: &[(&str, &[u8])] = &[
    ("add.wat", ADD.as_bytes()),
    ("divide.wat", DIVIDE.as_bytes()),
    ("empty.wasm", b""),
    ("four.wasm", b"\0asm"),
    ("cut.wasm", b"\0asm\x01\0\0\0\x01\x7f"),
    ("component.wasm", b"\0asm\x0d\0\x01\0"),
    ("hello.wasm", b"hello, world\n"),
    ("page.wasm", b"<!DOCTYPE html>"),
    ("pointer.wasm", b"version https://git-lfs.github.com/spec/v1\n"),
    ("app.wasm.gz", b"\x1f\x8b\x08\0"),
    ("app.zip", b"PK\x03\x04"),
    ("bytes", b"\xfe\xfd\0\0"),
    ("app.js", b"var Module = {};\n"),
    ("glue.mjs", b"export default async function init() {}\n"),
    ("utf16.wat", b"\xff\xfe(\0m\0"),
    ("logo.wasm", b"\x89PNG\r\n\x1a\n"),
    ("newer.wasm", b"\0asm\x02\0\0\0"),
    ("app.json", b"{\"version\": 3}"),
    ("app.wasm.xz", b"\xfd7zXZ\0"),
    ("bitcode.o", b"BC\xc0\xde"),
    ("run.sh", b"#!/bin/sh\n"),
    ("native", b"\x7fELF\x02\x01\x01\0"),
    ("main.c", b"int main(void) {\n  return 0;\n}\n"),
    ("main.rs", b"fn main() {}\n"),
    ("component.wat", b"(component)"),
    ("type.wat", b"(module\n  (func (export \"_start\")\n    i32.const 1\n    i64.eqz\n    drop))\n"),
    ("rest.wat", b"(module (func (export \"_start\") i32.const 1))"),
    ("name.wat", b"(module\n  (func (export \"_start\")\n    call $strat))\n"),
    ("open.wat", b"(module\n  (func (export \"_start\")\n"),
    ("export.wat", b"(module\n  (export \"f\" (func 7)))\n"),
    ("nothing.wat", b"(module (memory (export \"memory\") 1))"),
    ("import.wat", b"(module (import \"host\" \"log\" (func (param i32))) (func (export \"_start\")))"),
    ("memory.wat", b"(module (import \"env\" \"memory\" (memory 1)) (func (export \"_start\")))"),
    ("bindgen.wat", b"(module (import \"wbg\" \"__wbg_log_1\" (func (param i32))) (func (export \"_start\")))"),
    ("go.wat", b"(module (import \"gojs\" \"runtime.wasmExit\" (func (param i32))) (func (export \"run\")))"),
    ("emscripten.wat", b"(module (import \"env\" \"emscripten_get_now\" (func (result f64))) (func (export \"_start\")))"),
    ("preview2.wat", b"(module (import \"wasi:cli/exit@0.2.0\" \"exit\" (func (param i32))) (func (export \"_start\")))"),
    ("object.wat", b"(module (import \"env\" \"__linear_memory\" (memory 1)) (import \"env\" \"puts\" (func (param i32) (result i32))))"),
    ("shared.wat", b"(module (import \"env\" \"__memory_base\" (global i32)) (import \"env\" \"memory\" (memory 1)) (import \"env\" \"__indirect_function_table\" (table 0 funcref)))"),
    ("exit.wat", b"(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func (param i64))) (func (export \"_start\")))"),
    ("suspend.wat", b"(module (tag $t) (func suspend $t))"),
    ("good.wast", b"(module (func (export \"f\")))\n(assert_return (invoke \"f\"))\n"),
    ("bad.wast", SCRIPT),
    ("cut.wast", b"(module)\n(assert_return (invoke \"f\")\n"),
];

/// A script of which much fails.
const SCRIPT: &[u8] = br#"(module
  (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
  (func (export "half") (param f32) (result f32) local.get 0 f32.const 0.5 f32.mul)
  (func (export "trap") unreachable)
  (func $deep (export "deep") call $deep))
(assert_return (invoke "add" (i32.const 1) (i32.const 2)) (i32.const 3))
(assert_return (invoke "add" (i32.const 1) (i32.const 2)) (i32.const 4))
(assert_return (invoke "half" (f32.const 3)) (f32.const nan:canonical))
(assert_return (invoke "half" (f32.const nan)) (either (f32.const 1) (f32.const nan:arithmetic)))
(assert_return (invoke "missing"))
(assert_return (invoke "trap"))
(assert_trap (invoke "trap") "integer divide by zero")
(assert_trap (invoke "add" (i32.const 1) (i32.const 2)) "unreachable")
(assert_trap (invoke "trap") "unreachable")
(assert_exhaustion (invoke "deep") "call stack exhausted")
(assert_exhaustion (invoke "trap") "call stack exhausted")
(assert_exception (invoke "trap"))
(assert_invalid (module (func (result i32))) "type mismatch")
(assert_invalid (module (func)) "type mismatch")
(assert_malformed (module quote "(func") "unexpected end")
(assert_malformed (module quote "(func)") "unexpected end")
(assert_unlinkable (module (import "no" "where" (func))) "unknown import")
(assert_unlinkable (module) "unknown import")
(module definition $m (func (export "one") (result i32) i32.const 1))
(module instance $i $m)
(register "named" $i)
(assert_return (invoke $i "one") (i32.const 1))
(invoke $nobody "one")
(module (func (result i32)))
(invoke "one")
"#;

const SESSIONS: &[(&str, &[&str])] = &[
    (
        "scripts",
        &[
            "dwalin wast good.wast",
            "dwalin wast -g good.wast bad.wast",
            "dwalin wast -O cut.wast good.wast",
            "dwalin wast missing.wast",
            "dwalin wast",
        ],
    ),
    (
        "commands",
        &[
            "dwalin rnu add.wat",
            "dwalin insepct core",
            "dwalin frobnicate",
            "dwalin add.wat",
            "dwalin ad.wat",
            "dwalin run",
            "dwalin run --inovke add add.wat",
            "dwalin run --dri . add.wat",
            "dwalin run --fast add.wat",
            "dwalin run -g3 add.wat",
            "dwalin run --invoke add.wat",
            "dwalin -g add.wat",
            "dwalin --dir . add.wat",
            "dwalin debug add.wat",
            "dwalin run --invoke",
            "dwalin compile add.wat",
            "dwalin compile -o add.cwasm add.wat add.wat",
            "dwalin addr2line add.wat",
            "dwalin completions ksh",
        ],
    ),
    (
        "files",
        &[
            "dwalin run missing.wasm",
            "dwalin run ad.wat",
            "dwalin run ADD.wat",
            "dwalin run .",
            "dwalin run empty.wasm",
            "dwalin run four.wasm",
            "dwalin run cut.wasm",
            "dwalin run component.wasm",
            "dwalin run component.wat",
            "dwalin run hello.wasm",
            "dwalin run page.wasm",
            "dwalin run app.js",
            "dwalin run glue.mjs",
            "dwalin run utf16.wat",
            "dwalin run logo.wasm",
            "dwalin run newer.wasm",
            "dwalin run app.json",
            "dwalin run app.wasm.xz",
            "dwalin run bitcode.o",
            "dwalin run run.sh",
            "dwalin run pointer.wasm",
            "dwalin run app.wasm.gz",
            "dwalin run app.zip",
            "dwalin run bytes",
            "dwalin run native",
            "dwalin run main.c",
            "dwalin run main.rs",
            "dwalin run add.wat/add.wat",
            "dwalin compile -o main.cwasm main.c",
            "dwalin objdump main.c",
            "dwalin addr2line missing.wasm 1",
            "dwalin check-debug native",
            "dwalin inspect missing",
            "dwalin inspect hello.wasm",
            "dwalin inspect add.wat",
            "dwalin gdb missing.wasm",
            "dwalin lldb missing.wasm",
            "dwalin run - < add.wat",
            "dwalin run --invoke add /dev/stdin 1 2 < add.wat",
            "dwalin run /dev/zero",
            "dwalin compile -o zero.cwasm /dev/zero",
            "dwalin objdump /dev/zero",
            "dwalin addr2line /dev/zero 1",
            "dwalin check-debug /dev/zero",
            "dwalin wast /dev/zero",
        ],
    ),
    (
        "text",
        &[
            "dwalin run type.wat",
            "dwalin run rest.wat",
            "dwalin run name.wat",
            "dwalin run open.wat",
            "dwalin run export.wat",
            "dwalin compile -o type.cwasm type.wat",
            "dwalin objdump name.wat",
        ],
    ),
    (
        "functions",
        &[
            "dwalin run add.wat",
            "dwalin run nothing.wat",
            "dwalin run --invoke f nothing.wat",
            "dwalin run --invoke memory nothing.wat",
            "dwalin run --invoke addd add.wat 1 2",
            "dwalin run --invoke subtract add.wat 1 2",
            "dwalin run --invoke add add.wat",
            "dwalin run --invoke add add.wat 1",
            "dwalin run --invoke add add.wat 1 2 3",
            "dwalin run --invoke add add.wat 1 two",
            "dwalin run --invoke add add.wat 1 5000000000",
            "dwalin run --invoke add add.wat 1 2.5",
            "dwalin objdump --function ad add.wat",
            "dwalin objdump --function subtract add.wat",
            "dwalin objdump nothing.wat",
            "dwalin check-debug --variable x add.wat",
            "dwalin check-debug --json --variable x add.wat > /dev/null",
            "dwalin addr2line add.wat ten",
            "dwalin addr2line add.wat 0xffff",
            "dwalin addr2line -c add.wat 0xffff",
        ],
    ),
    (
        "imports",
        &[
            "dwalin run import.wat",
            "dwalin run -W unknown-imports-trap=y import.wat",
            "dwalin run memory.wat",
            "dwalin run -W unknown-imports-default=y memory.wat",
            "dwalin run bindgen.wat",
            "dwalin run go.wat",
            "dwalin run emscripten.wat",
            "dwalin run preview2.wat",
            "dwalin run object.wat",
            "dwalin run shared.wat",
            "dwalin run exit.wat",
            "dwalin run suspend.wat",
        ],
    ),
    (
        "options",
        &[
            "dwalin run -W foo=y add.wat",
            "dwalin run -W unknown-imports-trap=maybe add.wat",
            "dwalin run -C speed add.wat",
            "dwalin run --debugger dbx add.wat",
            "dwalin run --profile vtune add.wat",
            "dwalin run --backtrace=long add.wat",
            "dwalin run --backtrace=json:fd=x add.wat",
            "dwalin run --backtrace=json:fd=77 add.wat",
            "dwalin run --backtrace=json:missing/report add.wat",
            "dwalin run -O3 add.wat",
            "dwalin run -Os add.wat",
            "dwalin run --map-path /src add.wat",
            "dwalin run --memory-reservation lots add.wat",
            "dwalin run --max-wasm-stack 1M add.wat",
            "dwalin run --dir missing add.wat",
            "dwalin run --dir missing::/ add.wat",
            "dwalin run --dir add.wat add.wat",
            "dwalin run --dir '' add.wat",
            "dwalin run --dir .:: add.wat",
            "dwalin run --dir ./add.wat::/data add.wat",
            "dwalin run --env NO_SUCH_VARIABLE add.wat",
            "dwalin run --env =value add.wat",
            "dwalin run --env '' add.wat",
            "TMPDIR=/nonexistent dwalin gdb add.wat",
            "TMPDIR=/nonexistent dwalin lldb add.wat",
            "XDG_CACHE_HOME=$PWD/add.wat dwalin run -g --invoke add add.wat 1 2",
            "HOME= XDG_CACHE_HOME= dwalin run --invoke add add.wat 1 2",
            "LC_ALL=C NO_COLOR=1 COLUMNS=10 dwalin run ad.wat",
            "TERM= dwalin run missing.wasm",
            "dwalin run -g --dwp missing.dwp --invoke add add.wat 1 2",
            "dwalin compile --debug-image image -o add.cwasm add.wat",
            "dwalin gdb --gdb missing/gdb add.wat",
            "dwalin gdb --gdb ./add.wat add.wat",
            "dwalin lldb --lldb missing/lldb add.wat",
            "PATH= GDB= dwalin gdb add.wat",
            "PATH= LLDB= dwalin lldb add.wat",
            "dwalin inspect --memory here core",
        ],
    ),
    (
        "artifacts",
        &[
            "dwalin compile -g -o add.cwasm add.wat",
            "dwalin run add.cwasm",
            "dwalin run --allow-precompiled add.cwasm",
            "dwalin run --allow-precompiled -g -O add.cwasm",
            "dwalin run --allow-precompiled -g --map-path /a=/b add.cwasm",
            "dwalin run --allow-precompiled -g add.cwasm",
            "head -c 2000 add.cwasm > cut.cwasm; dwalin run --allow-precompiled -g cut.cwasm",
            "cp add.cwasm flipped.cwasm; printf x | dd of=flipped.cwasm bs=1 seek=5000 conv=notrunc 2> /dev/null; \
             dwalin run --allow-precompiled -g flipped.cwasm",
            "dwalin run --allow-precompiled native",
            "dwalin compile -o . add.wat",
            "dwalin compile -o missing/add.cwasm add.wat",
            "dwalin compile -o /dev/full add.wat",
            "dwalin compile -g --debug-image missing/image -o add.cwasm add.wat",
        ],
    ),
    (
        "traps",
        &[
            "dwalin run --invoke divide divide.wat 0",
            "dwalin run --coredump core --invoke divide divide.wat 0",
            "dwalin run --coredump missing/core --invoke divide divide.wat 0",
            "dwalin run --coredump . --invoke divide divide.wat 0",
            "dwalin run --coredump add.wat/core --invoke divide divide.wat 0",
            "dwalin inspect core",
            "dwalin inspect --module add.wat core",
            "dwalin inspect --module missing.wat core",
            "dwalin inspect --memory 0x10000:16 core",
            "dwalin inspect --memory here core",
            "head -c 100 core > cut; dwalin inspect cut",
            "dwalin objdump divide.wat > /dev/full",
            "dwalin run --invoke add add.wat 1 2 > /dev/full",
            "dwalin run --invoke add add.wat 1 2 >&-",
            "dwalin run --invoke add add.wat 1 2 <&-",
        ],
    ),
    (
        "outputs",
        &[
            "dwalin compile -o divide.wat ./divide.wat",
            "dwalin compile -g --debug-image divide.wat -o a.cwasm divide.wat",
            "ln -s divide.wat link; dwalin run --record link divide.wat",
            "dwalin run --coredump divide.wat divide.wat",
            "dwalin run --profile=guest,divide.wat divide.wat",
            "dwalin run --backtrace=json:divide.wat divide.wat",
            "dwalin run --invoke divide divide.wat 7",
            "dwalin run --record missing/a.rec divide.wat",
            "dwalin run --profile=guest,missing/p.json nothing.wat",
            "dwalin run --profile=guest,. nothing.wat",
            "dwalin compile --output missing/a.cwasm nothing.wat",
            "dwalin replay missing.rec",
            "dwalin replay hello.wasm",
            "dwalin replay .",
            "dwalin gdb missing.rec",
            "dwalin formatters add.wat",
            "dwalin man add.wat",
            "HOME=/proc/nowhere XDG_DATA_HOME= XDG_CONFIG_HOME= dwalin setup",
            "dwalin addr2line component.wat 7",
            "dwalin objdump component.wat",
            "dwalin check-debug component.wat",
        ],
    ),
];

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("messages")
        .join(name);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    for (name, contents) in FILES {
        fs::write(folder.join(name), contents).unwrap();
    }
    folder
}

/// A command line as a shell runs it, with what it prints and how it ends.
fn transcript(folder: &Path, line: &str) -> String {
    let run = format!("dwalin() {{ \"$0\" \"$@\"; }}; {line}");
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &run, env!("CARGO_BIN_EXE_dwalin")])
        .current_dir(folder);
    shell
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env_remove("GDB")
        .env_remove("LLDB");
    shell.stdin(Stdio::null());
    let output = shell.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    // A note names the folder, and an error of the shell's its own path.
    let all = format!("{out}{err}").replace(&*folder.to_string_lossy(), "$FOLDER");
    let all = all.replace(env!("CARGO_BIN_EXE_dwalin"), "dwalin");
    format!(
        "$ {line}\n{all}[{}]\n\n",
        output.status.code().unwrap_or(-1)
    )
}

/// Compares a session with its file.
fn session(name: &str, lines: &[&str]) {
    let folder = folder(name);
    let all: String = lines.iter().map(|line| transcript(&folder, line)).collect();
    let compared = golden::expect(&format!("messages-{name}.txt"), &all);
    compared.unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn mistakes_are_told_with_what_helps() {
    for (name, lines) in SESSIONS {
        session(name, lines);
    }
}

#[test]
fn mistakes_with_compiled_programs_are_told_with_what_helps() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = folder("programs");
    let cat = "#include <stdio.h>\nint main(int count, char **names) {\n  FILE *file = fopen(names[1], \"r\");\n  if (!file)\n    \
               return 1;\n  puts(\"read\");\n  return count - 2;\n}\n";
    fs::write(folder.join("cat.c"), cat).unwrap();
    for options in [
        "-g -O0 -o cat.wasm cat.c",
        "-g -O0 -c -o cat.o cat.c",
        "-g -O0 -gsplit-dwarf -c -o split.o cat.c",
        "-g -O0 -gsplit-dwarf -o split.wasm split.o",
    ] {
        let mut clang = Command::new("clang-19");
        clang
            .arg("--target=wasm32-wasi")
            .args(options.split(' '))
            .current_dir(&folder);
        assert!(clang.status().unwrap().success());
    }
    fs::remove_file(folder.join("split.dwo")).unwrap();
    let all: String = [
        "dwalin run cat.o",
        "dwalin run cat.wasm cat.c",
        "dwalin run --dir . cat.wasm cat.c",
        "dwalin run --dir . cat.wasm missing",
        "dwalin run -g --dir . split.wasm cat.c",
        "dwalin run -g --dwp missing.dwp --dir . split.wasm cat.c",
        "dwalin run --max-wasm-stack 10 cat.wasm",
        "dwalin objdump --function mian cat.wasm",
        "dwalin check-debug --variable fil cat.wasm",
    ]
    .iter()
    .map(|line| transcript(&folder, line))
    .collect();
    let compared = golden::expect("messages-programs.txt", &all);
    compared.unwrap_or_else(|difference| panic!("{difference}"));
}
