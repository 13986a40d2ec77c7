//! Macros of `-fdebug-macro` in gdb: as natively.

mod support;

use std::fs;
use std::process::{Command, Stdio};
use support::scripted::{self, has};
use support::{Folder, equipped};

const QUESTIONS: [&str; 9] = [
    "print LIMIT",
    "info macro LIMIT",
    "continue",
    "print LIMIT",
    "print SQUARE(n + 1)",
    "info macro LIMIT",
    "print NESTED",
    "info macro HEADER",
    "macro expand NESTED + LIMIT",
];

/// The answers of gdb to the questions.
fn asked(folder: &Folder, program: &[&str]) -> Vec<String> {
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-ex", "set debuginfod enabled off"]);
    gdb.args([
        "-ex",
        "set breakpoint pending on",
        "-ex",
        "break macros.c:6",
    ]);
    gdb.args(["-ex", "break macros.c:10", "-ex", "run"]);
    for question in QUESTIONS {
        gdb.args(["-ex", "echo «", "-ex", question]);
    }
    gdb.arg("--args").args(program).stdin(Stdio::null());
    let said = gdb.current_dir(folder.path(".")).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let answers = said.split('«').skip(1);
    // A thread is named natively too, or not.
    answers
        .map(|it| it.trim().replace("Thread 1 \"dwalin\" hit ", ""))
        .collect()
}

fn compiled(test: &str, flags: &[&str]) -> Folder {
    let folder = Folder::new(&format!("macros-{test}{}", flags.concat()));
    for name in ["macros.c", "macros.h"] {
        let source = scripted::source("tests/programs/macros").join(name);
        folder.write(name, fs::read(source).unwrap());
    }
    let clang = ["clang-19", "-g", "-O0", "-fdebug-macro", "macros.c"];
    folder.tool(&[&clang[..], flags, &["-o", "native"]].concat());
    let wasm = ["--target=wasm32-wasi", "-o", "app.wasm"];
    folder.tool(&[&clang[..], flags, &wasm].concat());
    folder
}

#[test]
fn gdb_knows_macros_as_natively() {
    for version in ["-gdwarf-4", "-gdwarf-5"] {
        if !(equipped() && has("gdb")) {
            return;
        }
        let folder = compiled("gdb", &[version]);
        let native = asked(&folder, &["./native"]);
        assert!(native[0].ends_with("= 40"), "{native:?}");
        assert!(native[4].ends_with("= 16"), "{native:?}");
        let program = [env!("CARGO_BIN_EXE_dwalin"), "run", "-g", "app.wasm"];
        assert_eq!(asked(&folder, &program), native, "{version}");
        let image = folder.image("app.wasm", &[]);
        assert!(image.dump.contains("DW_AT_macros"), "{version}");
    }
}

/// Split units name files of a line table that is split with them: the skeleton's has none that only defines macros.
#[test]
fn gdb_knows_macros_of_split_units() {
    for version in ["-gdwarf-4", "-gdwarf-5"] {
        if !(equipped() && has("gdb")) {
            return;
        }
        let folder = compiled("split", &[version]);
        let native = asked(&folder, &["./native"]);
        let wasm = ["--target=wasm32-wasi", "-o", "app.wasm"];
        let split = ["clang-19", "-g", "-O0", "-fdebug-macro", "-gsplit-dwarf"];
        folder.tool(&[&split[..], &[version, "macros.c"], &wasm].concat());
        let program = [env!("CARGO_BIN_EXE_dwalin"), "run", "-g", "app.wasm"];
        assert_eq!(asked(&folder, &program), native, "{version}");
        let counted = || {
            let said = folder.dwalin(&["check-debug", "app.wasm"]);
            String::from_utf8(said.stdout).unwrap()
        };
        let whole = |said: &str| {
            let line = said.lines().find(|line| line.starts_with("macros"));
            let numbers = line.map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>());
            let numbers = numbers.unwrap_or_default();
            numbers.len() == 4 && numbers[0] != "0" && numbers[0] == numbers[1]
        };
        assert!(whole(&counted()), "{}", counted());
        folder.tool(&["llvm-dwp-19", "app.wasm-macros.dwo", "-o", "app.wasm.dwp"]);
        fs::remove_file(folder.path("app.wasm-macros.dwo")).unwrap();
        match version {
            "-gdwarf-5" => {
                assert_eq!(asked(&folder, &program), native, "package");
                assert!(whole(&counted()), "{}", counted());
            }
            _ => assert!(
                counted().contains("llvm-dwp leaves them out of packages of DWARF 4"),
                "{}",
                counted()
            ),
        }
    }
}

/// gdb 13 ends where a file of a line table has no name and a breakpoint names a file.
#[test]
fn files_without_a_name_end_no_debugger() {
    if !(equipped() && has("gdb")) {
        return;
    }
    let folder = compiled("nameless", &["-gdwarf-5"]);
    let mut wasm = fs::read(folder.path("app.wasm")).unwrap();
    let find = |bytes: &[u8], wanted: &[u8]| {
        let mut windows = bytes.windows(wanted.len());
        windows.position(|it| it == wanted).unwrap()
    };
    let strings = find(&wasm, b".debug_line_str");
    let name = b"macros.h\0";
    let at = strings + find(&wasm[strings..], name);
    wasm[at..at + name.len()].fill(0);
    folder.write("nameless.wasm", wasm);
    let program = [env!("CARGO_BIN_EXE_dwalin"), "run", "-g", "nameless.wasm"];
    let answers = asked(&folder, &program);
    assert!(answers[0].ends_with("= 40"), "{answers:?}");
}

/// gdb fails where a unit has two files that are in no other, and reads tables without end that import themselves.
#[test]
fn hostile_macros_end() {
    if !equipped() {
        return;
    }
    let folder = compiled("hostile", &["-gdwarf-5"]);
    let wasm = fs::read(folder.path("app.wasm")).unwrap();
    // The header of the only table: version 5, the line table's place. Behind it come the macros.
    let section = wasm
        .windows(12)
        .position(|it| it == b".debug_macro")
        .unwrap()
        + 12;
    let start = section
        + wasm[section..]
            .windows(3)
            .position(|it| it == [5, 0, 2])
            .unwrap();
    for entries in [
        // DW_MACRO_import of itself.
        &[7, 0, 0, 0, 0, 0][..],
        // Two files, one after the other; a file that does not end; one that did not begin; one that is not there.
        &[3, 0, 0, 4, 3, 0, 0, 4, 0],
        &[3, 0, 0, 0],
        &[4, 4, 0],
        &[3, 0, 0x7f, 4, 0],
        // A string that is not there, an operation that there is not.
        &[5, 1, 0xff, 0xff, 0xff, 0x7f, 0],
        &[0x55, 0x55],
    ] {
        let mut hostile = wasm.clone();
        hostile[start + 7..start + 7 + entries.len()].copy_from_slice(entries);
        folder.write("hostile.wasm", hostile);
        let said = folder.dwalin(&["check-debug", "hostile.wasm"]);
        let code = said.status.code();
        assert!(matches!(code, Some(0 | 1)), "{entries:?}: {said:?}");
        if has("gdb") {
            let program = [env!("CARGO_BIN_EXE_dwalin"), "run", "-g", "hostile.wasm"];
            let answers = asked(&folder, &program);
            assert_eq!(answers.len(), QUESTIONS.len(), "{entries:?}: {answers:?}");
        }
    }
}
