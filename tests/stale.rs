//! Modules that a tool changed without their debug info: it is recognised, said once, and not shown as truth.

mod support;

use dwalin_debuginfo::container::{Container, bodies};
use std::fs;
use std::process::Command;
use support::{Folder, equipped, stderr};

const PROGRAM: &str = "\
int first(int n) { return n + 1; }
int second(int n) { int *p = (int *)n; return *p; }
int third(int n) { return second(n * 2); }
int main(int argc, char **argv) { return first(third(0x40000000)); }
";

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// The module with instructions that do nothing before the end of one function, as if by a tool that knows nothing of DWARF.
fn with_nops(wasm: &[u8], function: usize, count: usize) -> Vec<u8> {
    let code = Container::parse(wasm).unwrap().code.unwrap();
    let start = code.as_ptr() as usize - wasm.as_ptr() as usize;
    let mut contents = leb(bodies(code).len());
    for (index, body) in bodies(code).iter().enumerate() {
        let mut body = code[body.start.0 as usize..body.end.0 as usize].to_vec();
        if index == function {
            let end = body.pop().unwrap();
            body.extend(vec![1; count]);
            body.push(end);
        }
        contents.extend(leb(body.len()));
        contents.extend(body);
    }
    // The section's number, 10, is before its length, which linkers write in five bytes.
    let header = (1..6)
        .find(|length| wasm[start - length - 1] == 10 && wasm[start - 1] & 0x80 == 0)
        .unwrap();
    let header = wasm[..start - header]
        .iter()
        .rposition(|byte| *byte == 10)
        .unwrap();
    let mut out = wasm[..header].to_vec();
    out.push(10);
    out.extend(leb(contents.len()));
    out.extend(contents);
    out.extend(&wasm[start + code.len()..]);
    out
}

/// The program with so many instructions more in its first function.
fn changed(folder: &Folder, flags: &[&str], count: usize) {
    folder.write("app.c", PROGRAM);
    folder.compile("app.c", &[&["-g", "-O0"], flags].concat());
    let wasm = fs::read(folder.path("app.wasm")).unwrap();
    folder.write("app.wasm", with_nops(&wasm, 0, count));
}

#[test]
fn it_is_said_once_and_nothing_of_it_is_shown() {
    if !equipped() {
        return;
    }
    for (number, count) in [1, 2, 5, 300].into_iter().enumerate() {
        let folder = Folder::new(&format!("stale-{number}"));
        changed(&folder, &["-gdwarf-4"], count);
        for debugger in ["gdb", "lldb"] {
            let image = folder.image("app.wasm", &["--debugger", debugger]);
            // And that debuggers see the module's text instead.
            assert_eq!(image.warnings.lines().count(), 2, "{}", image.warnings);
            assert_eq!(image.warnings.matches("warning").count(), 1);
            assert!(
                image.warnings.contains("of other code"),
                "{}",
                image.warnings
            );
            assert!(!image.contains("app.c"), "{}", image.dump);
        }
        for flags in [&["-g"][..], &[]] {
            let output = folder.dwalin(&[&["run"], flags, &["app.wasm"]].concat());
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(134), "{said}");
            assert_eq!(said.matches("of other code").count(), 1, "{said}");
            assert!(said.contains("second") && !said.contains("app.c"), "{said}");
        }
        let output = folder.dwalin(&["addr2line", "-c", "app.wasm", "0x40"]);
        assert!(
            stderr(&output).contains("of other code"),
            "{}",
            stderr(&output)
        );
        assert!(!String::from_utf8_lossy(&output.stdout).contains("app.c"));
        let output = folder.dwalin(&["check-debug", "app.wasm"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stdout).contains("of other code"));
    }
}

#[test]
fn it_is_recognised_where_it_is_split() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("stale-split");
    changed(&folder, &["-gsplit-dwarf", "-gdwarf-5"], 7);
    let image = folder.image("app.wasm", &[]);
    assert!(
        image.warnings.contains("of other code"),
        "{}",
        image.warnings
    );
    assert!(!image.contains("app.c"), "{}", image.dump);
}

#[test]
fn what_is_not_stale_is_used() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("not-stale");
    changed(&folder, &[], 0);
    let image = folder.image("app.wasm", &[]);
    assert!(!image.warnings.contains("other code"), "{}", image.warnings);
    assert!(image.contains("app.c"), "{}", image.dump);
}

#[test]
fn it_is_said_of_modules_that_are_cached_too() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("stale-cached");
    let run = || {
        let mut dwalin = Command::new(env!("CARGO_BIN_EXE_dwalin"));
        dwalin.current_dir(folder.path(""));
        dwalin.env("XDG_CACHE_HOME", folder.path("cache"));
        stderr(&dwalin.args(["run", "-g", "app.wasm"]).output().unwrap())
    };
    for count in [0, 3, 0] {
        changed(&folder, &[], count);
        for _ in 0..3 {
            let said = run();
            assert_eq!(said.contains("it is of other code"), count > 0, "{said}");
        }
    }
}
