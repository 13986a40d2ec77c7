//! What debuggers get of programs' debug info, by `dwalin check-debug` and by llvm-dwarfdump; and what the command says.

mod support;
#[path = "support/trials.rs"]
mod trials;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use support::{Folder, TOOLS, stderr};

/// The programs of the other tests.
fn programs() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let is_source = |path: &PathBuf| path.extension().is_some_and(|it| it == "c" || it == "cpp");
    let mut found: Vec<_> = entries.filter(is_source).collect();
    found.sort();
    found
}

/// The flags of a program's compilation, and its debugger.
#[derive(Clone)]
struct Mode {
    flags: Vec<&'static str>,
    debugger: &'static str,
}

/// All combinations.
fn modes() -> Vec<Mode> {
    let mut found = Vec::new();
    for level in ["-O0", "-O2"] {
        for version in ["-gdwarf-4", "-gdwarf-5"] {
            for debugger in ["gdb", "lldb"] {
                let flags = vec!["-g", level, version];
                found.push(Mode { flags, debugger });
            }
        }
    }
    found
}

/// The command's answer about a module, as JSON.
fn checked(folder: &Folder, module: &str, flags: &[&str]) -> (bool, Value) {
    let args = [&["check-debug", "--json"], flags, &[module]].concat();
    let output = folder.dwalin(&args);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let json: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", stderr(&output)));
    let complete = json["complete"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!complete)));
    (complete, json)
}

fn number(json: &Value, path: &[&str]) -> u64 {
    let found = path.iter().fold(json, |json, member| &json[member]);
    found
        .as_u64()
        .unwrap_or_else(|| panic!("{path:?} in {json}"))
}

/// Bytes of code at which LLVM reads that a variable is in pieces.
fn bytes_in_pieces(folder: &Folder, module: &str) -> u64 {
    let dump = folder.tool(&["llvm-dwarfdump-19", "--debug-info", module]);
    // `[0x0000007d, 0x00000090): DW_OP_piece 0x4, …`
    let range = |line: &str| {
        let range = line.trim().strip_prefix('[')?.split_once("): ")?.0;
        let (from, to) = range.split_once(", ")?;
        let [from, to] = [from, to].map(|it| u64::from_str_radix(it.strip_prefix("0x")?, 16).ok());
        to?.checked_sub(from?)
    };
    let pieces = dump.lines().filter(|line| line.contains("DW_OP_piece"));
    pieces.filter_map(range).sum()
}

/// Bytes of scope that could be kept, and those that are. Entries that have code are all there. `in_pieces` says at how many bytes
/// variables are in pieces.
fn retention(json: &Value, in_pieces: impl FnOnce() -> u64) -> [u64; 2] {
    for kind in ["functions", "inlined functions"] {
        assert_eq!(number(json, &["entries", kind, "lost"]), 0, "{json}");
    }
    for kind in ["functions", "lines"] {
        let lost = number(json, &["bytes", kind, "lost"]);
        let all = number(json, &["bytes", kind, "with_machine_code"]);
        assert!(lost * 1000 <= all, "{kind} in {json}");
    }
    // lldb 19 shows zeros for pieces of a variable that are not there, also in native programs.
    let left_out = json["losses"]
        .as_array()
        .unwrap()
        .iter()
        .find(|loss| {
            loss["reason"]
                .as_str()
                .unwrap()
                .contains("lldb would show as zeros")
        })
        .map_or(0, |loss| number(loss, &["bytes"]));
    let most = if left_out == 0 { 0 } else { in_pieces() };
    assert!(left_out <= most, "{left_out} of {most} bytes in {json}");
    let [all, kept] =
        ["with_machine_code", "kept"].map(|it| number(json, &["bytes", "variables", it]));
    [all - left_out, kept]
}

/// Compiles a program in a mode into `app.wasm`, and checks what debuggers get of it.
fn check_program(
    folder: &Folder,
    source: &str,
    flags: &[&str],
    kind: &[&str],
    debugger: &str,
) -> [u64; 2] {
    folder.compile(source, &[flags, kind].concat());
    let module = PathBuf::from(source).with_extension("wasm");
    let module = module.to_str().unwrap();
    // Which is valid, or this fails.
    folder.image(module, &["--debugger", debugger]);
    let (_, json) = checked(folder, module, &["--debugger", debugger]);
    retention(&json, || {
        // The code is the same where its debug info is elsewhere.
        folder.compile(source, flags);
        bytes_in_pieces(folder, module)
    })
}

/// Thousandths of bytes that are kept at least: of a program compiled in one way, of it in all ways, and of one of the sample. LLVM
/// names operands after places where control comes in another way as well, mostly in optimised code, and what they are there nobody
/// can say.
const LEAST_OF_ONE: u64 = 990;
const LEAST_OF_ALL: u64 = 998;
const LEAST_OF_SAMPLE: u64 = 999;
/// Of a Rust program in gdb, which is given no enum that optimised code has in no memory: it would take one variant for another.
const LEAST_WITH_VARIANTS: u64 = 970;

fn enough([all, kept]: [u64; 2], least: u64, what: &str) {
    assert!(kept * 1000 >= all * least, "{kept} of {all} bytes, {what}");
}

/// A program in a mode: each mode with several programs.
fn sampled(program: &Path, mode: &Mode) {
    let source = program.file_name().unwrap().to_str().unwrap();
    let folder = Folder::new(&format!("check-{source}"));
    let header = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/header.h");
    fs::copy(header, folder.path("header.h")).unwrap();
    fs::copy(program, folder.path(source)).unwrap();
    let found = check_program(&folder, source, &mode.flags, &[], mode.debugger);
    enough(found, LEAST_OF_SAMPLE, source);
}

/// A program in all modes, with debug info of some kinds.
fn in_all_modes(source: &str, kinds: &[&[&str]]) {
    let folder = Folder::new(&format!("check-modes-{source}"));
    let program = format!("{}/tests/programs/{source}", env!("CARGO_MANIFEST_DIR"));
    fs::copy(program, folder.path(source)).unwrap();
    let mut total = [0, 0];
    for mode in modes() {
        for kind in kinds {
            let [all, kept] = check_program(&folder, source, &mode.flags, kind, mode.debugger);
            let what = format!("{source} with {:?} {kind:?}", mode.flags);
            enough([all, kept], LEAST_OF_ONE, &what);
            total = [total[0] + all, total[1] + kept];
        }
    }
    enough(total, LEAST_OF_ALL, source);
}

fn rust_is_kept_in_valid_images() {
    let folder = Folder::new("check-rust");
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/rust/shown.rs");
    let mut total = [0, 0];
    for (level, version) in [("0", "4"), ("2", "5"), ("s", "4")] {
        let (level, version) = (
            format!("opt-level={level}"),
            format!("-Cdwarf-version={version}"),
        );
        let target = [
            "rustc",
            "--edition=2024",
            "--target=wasm32-wasip1",
            "-g",
            "-C",
        ];
        folder.tool(&[&target[..], &[&level, &version, program, "-o", "app.wasm"]].concat());
        for debugger in ["gdb", "lldb"] {
            folder.image("app.wasm", &["--debugger", debugger]);
            let (_, json) = checked(&folder, "app.wasm", &["--debugger", debugger]);
            let [all, kept] = retention(&json, || bytes_in_pieces(&folder, "app.wasm"));
            if debugger == "gdb" {
                enough([all, kept], LEAST_WITH_VARIANTS, &level);
                continue;
            }
            enough([all, kept], LEAST_OF_ONE, &level);
            total = [total[0] + all, total[1] + kept];
        }
    }
    enough(total, LEAST_OF_ALL, "Rust");
}

/// Nothing of a C library, so that the figures are the program's own.
fn compile_alone(folder: &Folder, source: &str, flags: &[&str]) {
    let clang = ["clang-19", "--target=wasm32-wasi", "-g", "-nostdlib"];
    let link = ["-Wl,--no-entry", "-Wl,--export=f", source, "-o", "app.wasm"];
    folder.tool(&[&clang[..], flags, &link].concat());
}

fn what_is_whole_is_said_to_be() {
    let folder = Folder::new("check-whole");
    folder.write(
        "app.c",
        "int dropped(int d) { int e = d; return e; }\nstatic int total = 1;\nint f(int n) {\n  int sum = n;\n  { int inner = sum * 2; total += inner; }\n  return sum;\n}\n",
    );
    compile_alone(&folder, "app.c", &["-O0"]);
    let (complete, json) = checked(&folder, "app.wasm", &[]);
    assert!(complete, "{json}");
    for (path, expected) in [
        (&["entries", "units", "described"][..], 1),
        (&["entries", "functions", "described"], 1),
        (&["entries", "functions", "dropped"], 1),
        (&["entries", "variables", "described"], 3),
        (&["entries", "variables", "in_image"], 3),
        (&["entries", "variables", "dropped"], 2),
        (&["entries", "static variables", "in_image"], 1),
        (&["compiler_describes", "everywhere"], 3),
        (&["bytes", "variables", "lost"], 0),
    ] {
        assert_eq!(number(&json, path), expected, "{path:?} in {json}");
    }
    let output = folder.dwalin(&["check-debug", "app.wasm"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("100 %"), "{text}");
}

/// Puts an operation that means nothing here into the place of the first location of a local.
fn break_location(folder: &Folder, module: &str) {
    // DW_OP_WASM_location, a local, which one and DW_OP_stack_value, after its length.
    let good = [4, 0xed, 0, 0, 0x9f];
    let mut bytes = fs::read(folder.path(module)).unwrap();
    let at = bytes.windows(5).position(|it| it == good).unwrap();
    // DW_OP_push_object_address and DW_OP_nop.
    bytes[at + 1..at + 5].copy_from_slice(&[0x97, 0x96, 0x96, 0x96]);
    folder.write(module, bytes);
}

fn what_is_lost_is_said_with_the_reason_and_the_place() {
    let folder = Folder::new("check-lost");
    folder.write("app.c", "int f(int lost) {\n  return lost + 1;\n}\n");
    compile_alone(&folder, "app.c", &["-O1"]);
    break_location(&folder, "app.wasm");
    for debugger in ["gdb", "lldb"] {
        let (complete, json) = checked(&folder, "app.wasm", &["--debugger", debugger]);
        assert!(!complete, "{json}");
        let loss = &json["losses"][0];
        let reason = loss["reason"].as_str().unwrap();
        assert!(reason.contains("DW_OP_push_object_address"), "{json}");
        let lost = &loss["first"][0];
        assert_eq!(lost["kind"], "parameter", "{json}");
        assert_eq!(lost["name"], "lost", "{json}");
        assert_eq!(lost["function"], "f", "{json}");
        assert_eq!(lost["line"], 1, "{json}");
        assert!(number(lost, &["bytes"]) > 0, "{json}");
    }
    for (flags, expected) in [
        (&[][..], "parameter lost of f, app.c:1 (.debug_info+0x"),
        (&["--variable", "lost"], "debuggers do not see it in"),
    ] {
        let output = folder.dwalin(&[&["check-debug"], flags, &["app.wasm"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

fn a_variable_that_the_compiler_left_out_is_told_from_one_that_was_lost() {
    let folder = Folder::new("check-variable");
    let source = "\
int used(int);
int f(int n) {
  int gone = n * 3;
  int kept = n + 1;
  return used(kept);
}
";
    folder.write("app.c", source);
    compile_alone(&folder, "app.c", &["-O2", "-Wl,--allow-undefined"]);
    let said = |name: &str| {
        let output = folder.dwalin(&["check-debug", "--variable", name, "app.wasm"]);
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let gone = said("gone");
    assert!(gone.starts_with("gone of f, app.c:3:\n"), "{gone}");
    assert!(!gone.contains("debuggers do not"), "{gone}");
    let argument = said("n");
    assert!(
        argument.contains("debuggers see it there"),
        "the argument is described at the entry at least: {argument}"
    );
    for (name, help) in [("other", ""), ("keptt", "\nhelp: there is kept")] {
        let output = folder.dwalin(&["check-debug", "--variable", name, "app.wasm"]);
        let expected = format!(
            "error: app.wasm: no function of the module has a variable {name} in its debug info{help}\n"
        );
        assert_eq!((stderr(&output), output.status.code()), (expected, Some(1)));
    }
}

fn a_local_of_unoptimised_code_is_there_until_its_scope_ends() {
    let folder = Folder::new("check-scopes");
    let header = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/header.h");
    fs::copy(header, folder.path("header.h")).unwrap();
    let mut locals = 0;
    for (number, program) in programs().iter().enumerate() {
        let source = program.file_name().unwrap().to_str().unwrap();
        fs::copy(program, folder.path(source)).unwrap();
        let version = ["-gdwarf-4", "-gdwarf-5"][number % 2];
        let debugger = ["gdb", "lldb"][number / 2 % 2];
        folder.compile(source, &["-g", "-O0", version]);
        let module = program.with_extension("wasm");
        let module = module.file_name().unwrap().to_str().unwrap();
        let image = folder.image(module, &["--debugger", debugger]);
        // The library's units are optimised.
        let name = format!("DW_AT_name\t(\"{source}\")");
        let units = image.dump.split("DW_TAG_compile_unit").skip(1);
        for unit in units.filter(|unit| unit.contains(&name)) {
            locals += assert_whole_scopes(unit);
        }
    }
    assert!(locals > 200, "{locals} locals");
}

/// A location that is one expression holds in all of the scope (DWARF 5, section 2.6). How many locals have one.
fn assert_whole_scopes(unit: &str) -> usize {
    let mut found = 0;
    // The depth of the function that entries are in, by the space before its tag; only of one with code.
    let mut function: Option<usize> = None;
    for entry in unit.split("\n\n") {
        let Some((before, _)) = entry.split_once("DW_TAG_") else {
            continue;
        };
        let depth = before.rsplit_once(':').map_or(0, |(_, space)| space.len());
        if function.is_some_and(|function| depth <= function) {
            function = None;
        }
        if entry.contains("DW_TAG_subprogram") && entry.contains("DW_AT_low_pc") {
            function = Some(depth);
        }
        let is_local = ["DW_TAG_variable", "DW_TAG_formal_parameter"]
            .iter()
            .any(|tag| entry.contains(&format!("{tag}\n")));
        if is_local && function.is_some() && entry.contains("DW_AT_location") {
            assert!(entry.contains("DW_AT_location\t(DW_OP_"), "{entry}");
            found += 1;
        }
    }
    found
}

/// Functions, and bytes of them, as a member of the JSON says.
fn functions(json: &Value, member: &str) -> u64 {
    number(json, &[member, "functions"])
}

fn a_program_whose_addresses_are_all_zero_is_shown_as_text() {
    let folder = Folder::new("check-zero-addresses");
    folder.write(
        "app.c",
        "int twice(int n) { return n * 2; }\nint main(void) { return twice(0); }\n",
    );
    let clang = ["clang-19", "--target=wasm32-wasi", "-g"];
    folder.tool(&[&clang[..], &["-S", "app.c", "-o", "app.s"]].concat());
    let text = fs::read_to_string(folder.path("app.s")).unwrap();
    // Where its debug info has the address of a function, but in the line table, which has none then either.
    let zero = |line: &str| match line.trim_start().strip_prefix(".int32\t.Lfunc_begin") {
        Some(rest) if !rest.contains('-') => "\t.int32\t0".to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<_> = text.lines().map(zero).collect();
    folder.write("zero.s", lines.join("\n") + "\n");
    folder.tool(&[&clang[..], &["zero.s", "-o", "zero.wasm"]].concat());
    folder.tool(&[&clang[..], &["app.s", "-o", "app.wasm"]].concat());
    // The libraries' debug info does not stand for the program's.
    let (_, json) = checked(&folder, "zero.wasm", &[]);
    assert!(functions(&json, "shown_as_text") >= 2, "{json}");
    let output = folder.dwalin(&["compile", "-g", "zero.wasm", "-o", "zero.cwasm"]);
    assert!(
        stderr(&output).contains("zero.wasm has no debug info of its own"),
        "{}",
        stderr(&output)
    );
    let (complete, json) = checked(&folder, "app.wasm", &[]);
    assert!(complete, "{json}");
    assert_eq!(functions(&json, "shown_as_text"), 0, "{json}");
}

fn a_program_with_exports_of_another_tool_is_described() {
    let folder = Folder::new("check-other-exports");
    folder.write(
        "app.c",
        "int work(int n) { int s = 0; for (int i = 0; i < n; i++) s += i * n; return s; }\n\
         int more(int n) { return work(n) + work(n + 1); }\n",
    );
    // As generators of bindings write them, without debug info; and nothing is called main.
    folder.write(
        "glue.c",
        "int more(int);\n__attribute__((export_name(\"run\"))) int run(int n) { return more(n); }\n",
    );
    let clang = ["clang-19", "--target=wasm32-wasi", "-c"];
    folder.tool(&[&clang[..], &["-g", "app.c", "-o", "app.o"]].concat());
    folder.tool(&[&clang[..], &["glue.c", "-o", "glue.o"]].concat());
    let link = [
        "wasm-ld-19",
        "--no-entry",
        "app.o",
        "glue.o",
        "-o",
        "app.wasm",
    ];
    folder.tool(&link);
    let (complete, json) = checked(&folder, "app.wasm", &[]);
    assert!(complete, "{json}");
    assert_eq!(functions(&json, "shown_as_text"), 0, "{json}");
    assert_eq!(number(&json, &["entries", "functions", "described"]), 2);
    assert!(functions(&json, "code") > 2, "{json}");
}

fn the_text_that_stands_in_is_counted_apart() {
    let folder = Folder::new("check-text-apart");
    let module = "(module (func $f (export \"f\") (param i32) (result i32) local.get 0))";
    folder.write("app.wasm", wat::parse_str(module).unwrap());
    let (complete, json) = checked(&folder, "app.wasm", &[]);
    assert!(complete, "{json}");
    assert_eq!(number(&json, &["entries", "functions", "described"]), 0);
    assert_eq!(functions(&json, "shown_as_text"), 1);
    assert_eq!(json["shown_as_text"], json["code"]);
    let output = folder.dwalin(&["check-debug", "app.wasm"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("The module has no debug info that describes its code."),
        "{said}"
    );
    assert!(
        said.trim_end()
            .ends_with("Complete: debuggers get all of it."),
        "{said}"
    );
}

fn main() {
    let own: [(&str, fn()); 8] = [
        ("rust_is_kept_in_valid_images", rust_is_kept_in_valid_images),
        ("what_is_whole_is_said_to_be", what_is_whole_is_said_to_be),
        (
            "what_is_lost_is_said_with_the_reason_and_the_place",
            what_is_lost_is_said_with_the_reason_and_the_place,
        ),
        (
            "a_variable_that_the_compiler_left_out_is_told_from_one_that_was_lost",
            a_variable_that_the_compiler_left_out_is_told_from_one_that_was_lost,
        ),
        (
            "a_local_of_unoptimised_code_is_there_until_its_scope_ends",
            a_local_of_unoptimised_code_is_there_until_its_scope_ends,
        ),
        (
            "a_program_whose_addresses_are_all_zero_is_shown_as_text",
            a_program_whose_addresses_are_all_zero_is_shown_as_text,
        ),
        (
            "a_program_with_exports_of_another_tool_is_described",
            a_program_with_exports_of_another_tool_is_described,
        ),
        (
            "the_text_that_stands_in_is_counted_apart",
            the_text_that_stands_in_is_counted_apart,
        ),
    ];
    let mut tests = Vec::from(own.map(|(name, run)| trials::test(name, run)));
    let modes = modes();
    for (number, program) in programs().into_iter().enumerate() {
        let name = program.file_name().unwrap().to_string_lossy();
        let mode = modes[number % modes.len()].clone();
        let name = format!("sample/{name}");
        let run = move || sampled(&program, &mode);
        tests.push(trials::test(name, run));
    }
    let kinds: [(&str, &[&[&str]]); 2] = [
        ("list.c", &[&[], &["-gsplit-dwarf"]]),
        ("inheritance.cpp", &[&["-fdebug-types-section"]]),
    ];
    for (source, kinds) in kinds {
        let run = move || in_all_modes(source, kinds);
        tests.push(trials::test(format!("modes/{source}"), run));
    }
    trials::run(&TOOLS, tests);
}
