//! Modules without DWARF, in a real gdb and in reports: the source is the text that they were given as, the text that they are
//! printed as, or what their source map names.

#[path = "running/mod.rs"]
mod running;
mod sourceless;

use running::{expect, said, tools};
use sourceless::{Folder, line, stderr};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn folder(name: &str) -> Folder {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    Folder::new(name, &tests, env!("CARGO_BIN_EXE_dwalin"))
}

/// The output of gdb for commands on a module that `dwalin run -g` runs.
fn gdb(folder: &Folder, module: &str, commands: &[&str]) -> String {
    let cache = format!("set environment XDG_CACHE_HOME {}", folder.text("cache"));
    let mut args = vec!["-nx", "-batch"];
    let first = [
        "set debuginfod enabled off",
        "set breakpoint pending on",
        "set width 0",
        &cache,
    ];
    for command in first.iter().chain(commands) {
        args.extend(["-ex", command]);
    }
    let dwalin = env!("CARGO_BIN_EXE_dwalin");
    args.extend(["--args", dwalin, "run", "-g", module]);
    said("gdb", &args)
}

/// The lines that gdb stops at: rows that begin with a number and a tab.
fn stops(said: &str) -> Vec<usize> {
    let rows = said.lines().filter_map(|line| line.split_once('\t'));
    rows.filter_map(|(number, _)| number.parse().ok()).collect()
}

/// The commands for numbers.wat.
const COMMANDS_FOR_NUMBERS: [&str; 23] = [
    "break numbers.wat:9",
    "break scale",
    "run",
    "info args",
    "info locals",
    "print n * 2",
    "ptype by",
    "delete 2",
    "continue",
    "list 9,9",
    "delete",
    "tbreak 21",
    "set var local3 = 1",
    "next 2",
    "print local3",
    "set var local3 = 2",
    "print total",
    "set var total = 100",
    "print ratio",
    "backtrace 2",
    "continue",
    "finish",
    "print total",
];

/// The output for them, in this order.
const SAID_OF_NUMBERS: [&str; 20] = [
    "Breakpoint 2, scale (n=3, by=1.5) at ",
    "numbers.wat:7\n7\t    local.get $n\n",
    "n = 3\nby = 1.5\n",
    "sum = 0\nlocal3 = 0\n",
    "$1 = 6\n",
    "type = f32\n",
    "Breakpoint 1, scale (n=3, by=1.5) at ",
    "9\t    i32.mul\n",
    "9\t    i32.mul\n",
    "11\t    loop $again\n",
    "$2 = 6\n",
    "$3 = 40\n",
    "$4 = 2.5\n",
    "#0  scale (n=3, by=1.5) at ",
    "#1  0x",
    " in _start () at ",
    "numbers.wat:25\n",
    // 100 + 2 + 1
    "Temporary breakpoint 3, scale (n=3, by=1.5) at ",
    "Value returned is $5 = 103\n",
    "$6 = 103\n",
];

#[test]
fn gdb_debugs_text_in_its_own_file() {
    if !tools::have(&["gdb"]) {
        return;
    }
    let folder = folder("gdb-text");
    let module = folder.copy("numbers.wat");
    let said = gdb(&folder, &module, &COMMANDS_FOR_NUMBERS);
    expect(&said, &SAID_OF_NUMBERS);
}

/// A v128 is shown in all shapes of its lanes.
#[test]
fn gdb_shows_and_sets_vectors_of_text() {
    if !tools::have(&["gdb"]) {
        return;
    }
    let folder = folder("gdb-vectors");
    let module = folder.copy("vectors.wat");
    let commands = [
        "break vectors.wat:9",
        "run",
        "info args",
        "print kept.i32x4",
        "print twice.f32x4[1]",
        "set var scaled.i32x4[2] = 77",
        "next",
        "print kept.i32x4",
        "finish",
    ];
    let said = gdb(&folder, &module, &commands);
    let all = [
        "a = {i32x4 = {1, 2, 3, 4}, f32x4 = {1.40129846e-45, 2.80259693e-45, 4.20389539e-45, 5.60519386e-45}, \
         i16x8 = {1, 0, 2, 0, 3, 0, 4, 0}, i8x16 = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0}, \
         i64x2 = {8589934593, 17179869187}, f64x2 = {4.2439915824246103e-314, 8.4879831653432862e-314}}\n",
        "by = 10\n",
        "$1 = {9, 8, 7, 6}\n",
        "$2 = 5.60519386e-45\n",
        "$3 = {20, 40, 77, 80}\n",
        "Cannot determine contents\n",
    ];
    expect(&said, &all);
    assert!(!said.contains("Value returned is"), "{said}");
}

#[test]
fn gdb_steps_through_text_instruction_by_instruction() {
    if !tools::have(&["gdb"]) {
        return;
    }
    let folder = folder("gdb-steps");
    let module = folder.copy("numbers.wat");
    let mut commands = vec!["break scale", "run", "delete"];
    commands.extend(["step"; 21]);
    let said = gdb(&folder, &module, &commands);
    let first: Vec<_> = (7..=19).collect();
    let second: Vec<_> = (11..=19).collect();
    assert_eq!(stops(&said), [first, second].concat(), "{said}");
}

#[test]
fn gdb_debugs_a_module_without_debug_info_in_its_printed_text() {
    if !tools::have(&["gdb", "clang-19", "wasm-ld-19"]) {
        return;
    }
    for stripped in [false, true] {
        let folder = folder(if stripped {
            "gdb-stripped"
        } else {
            "gdb-printed"
        });
        let module = folder.plain(stripped);
        let path = folder.printed(&module);
        let text = fs::read_to_string(&path).unwrap();
        let product = line(&text, "i32.mul", 0);
        let place = format!("break plain.wat:{product}");
        let (rest, last) = (["step"; 3], product + 3);
        let mut commands = vec![
            place.as_str(),
            "run",
            "info source",
            "info args",
            "info locals",
        ];
        commands.extend(rest);
        commands.extend(["backtrace 2", "finish"]);
        let said = gdb(&folder, &module, &commands);
        let name = if stripped { " func" } else { " square " };
        let located = format!("Located in {}\n", path.display());
        expect(
            &said,
            &[
                "Breakpoint 1,",
                name,
                "(local0=1) at ",
                &format!("plain.wat:{product}\n{product}\t    i32.mul\n"),
                &located,
                "local0 = 1\n",
                "local1 = ",
                &format!("\n{last}\t"),
                "#0 ",
                name,
                "#1 ",
                "plain.wat:",
                "Value returned is $1 = 1\n",
            ],
        );
        let stops = stops(&said);
        let expected: Vec<_> = (product..=last).collect();
        assert_eq!(stops[..4], expected, "{said}");
    }
}

#[test]
fn gdb_finds_functions_of_cpp_by_their_scopes() {
    if !tools::have(&["gdb", "clang++-19"]) {
        return;
    }
    let folder = folder("gdb-scopes");
    let module = folder.compile("clang++-19", "scopes.cpp", &[]);
    let commands = [
        "break measure",
        "break geo::twice",
        "break area",
        "run",
        "continue",
        "backtrace 2",
        "continue",
        "finish",
    ];
    let said = gdb(&folder, &module, &commands);
    expect(
        &said,
        &[
            "Breakpoint 1, measure (local0=4) at ",
            "Breakpoint 3, geo::Shape::area (local0=",
            "local1=3) at ",
            "#1  0x",
            " in measure (local0=4) at ",
            "Breakpoint 2, geo::twice (local0=12) at ",
            "Value returned is $1 = 24\n",
        ],
    );
}

#[test]
fn gdb_debugs_what_a_source_map_names() {
    if !tools::have(&["gdb"]) {
        return;
    }
    let folder = folder("gdb-map");
    let module = folder.demo("maps/demo.wasm.map");
    fs::create_dir_all(folder.path("maps/src")).unwrap();
    fs::write(folder.path("maps/demo.wasm.map"), folder.map(false)).unwrap();
    fs::copy(folder.copy("demo.ts"), folder.path("maps/src/demo.ts")).unwrap();
    let commands = [
        "break demo.ts:3",
        "run",
        "info args",
        "print twice",
        "backtrace 2",
        "step",
        "print result",
        "delete",
        "next",
        "finish",
        "step",
        "step",
        "step",
        "continue",
    ];
    let said = gdb(&folder, &module, &commands);
    let own = folder.text("maps/src/demo.ts");
    expect(
        &said,
        &[
            "Breakpoint 1, square (x=3) at ",
            "demo.ts:3\n3\t  let result = x * x;\n",
            "x = 3\n",
            "$1 = 6\n",
            "#0  square (x=3) at ",
            "#1  0x",
            " in _start () at ",
            "demo.ts:9\n",
            "4\t  if (result > 20) unreachable();\n",
            "$2 = 9\n",
            "5\t  return result;\n",
            "10\t  square(5);\n",
            "Value returned is $3 = 9\n",
            "square (x=5) at ",
            "2\t  let twice = x + x;\n",
            "3\t  let result",
            "4\t  if (result",
            "SIGILL",
            "4\t  if (result",
        ],
    );
    assert!(
        said.contains(&own) || said.contains("src/demo.ts:3"),
        "{said}"
    );
}

#[test]
fn a_source_that_only_the_map_has_is_kept_for_the_debugger() {
    if !tools::have(&["gdb"]) {
        return;
    }
    let folder = folder("gdb-held");
    let module = folder.demo("demo.wasm.map");
    fs::write(folder.path("demo.wasm.map"), folder.map(true)).unwrap();
    let commands = ["break demo.ts:5", "run", "info source", "list 1,2"];
    let said = gdb(&folder, &module, &commands);
    expect(
        &said,
        &[
            "demo.ts:5\n5\t  return result;\n",
            &format!("Located in {}", folder.text("cache/dwalin/text/")),
            "/src/demo.ts\n",
            "1\texport function square(x: i32): i32 {\n2\t  let twice = x + x;\n",
        ],
    );
}

#[test]
fn reports_show_the_line_of_text_with_and_without_g() {
    let folder = folder("reports");
    let module = folder.copy("numbers.wat");
    for args in [&["run"][..], &["run", "-g"]] {
        let output = folder.dwalin(&[args, &["numbers.wat"]].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(134));
        let place = format!("  --> {module}:26:6\n");
        expect(
            &said,
            &[
                "wasm trap: out of bounds memory access\n",
                &place,
                "26 |     (i32.store (i32.const 70000) (i32.const 1))))\n",
                "   |      ^",
                &format!("   0: _start at {module}:26:6\n"),
            ],
        );
    }
    // Nothing is written for text that is a file.
    assert!(
        !Path::new(&folder.path("cache"))
            .join("dwalin/text")
            .exists()
    );
}

/// The crate's addresses leave out the number of functions, which has one byte or two here.
#[test]
fn what_the_wat_crate_describes_is_shown_in_the_text_file() {
    let folder = folder("described");
    let text = folder.copy("numbers.wat");
    let one = fs::read_to_string(&text).unwrap();
    let more = one.trim_end().strip_suffix(')').unwrap().to_owned() + &"(func)".repeat(130) + ")";
    for source in [one, more] {
        fs::write(&text, source).unwrap();
        let wasm = wat::Parser::new()
            .generate_dwarf(wat::GenerateDwarf::Full)
            .parse_file(&text)
            .unwrap();
        fs::write(folder.path("numbers.wasm"), wasm).unwrap();
        for args in [&["run"][..], &["run", "-g"]] {
            let said = stderr(&folder.dwalin(&[args, &["numbers.wasm"]].concat()));
            expect(&said, &["   0: wasm-function[1] at ", "numbers.wat:26:6\n"]);
            assert!(!said.contains("debug info"), "{said}");
        }
        let output = folder.dwalin(&["check-debug", "numbers.wasm"]);
        assert!(output.status.success(), "{output:?}");
        if !tools::have(&["gdb"]) {
            continue;
        }
        let module = folder.text("numbers.wasm");
        let commands = ["break numbers.wat:9", "run", "bt 2", "info locals"];
        let expected = [
            "Breakpoint 1, scale (local0=3, local1=1.5) at ",
            "numbers.wat:9\n9\t    i32.mul\n",
            "#1  0x",
            " in wasm-function[1] () at ",
            "numbers.wat:25\n",
            "local2 = 0\nlocal3 = 0\n",
        ];
        expect(&gdb(&folder, &module, &commands), &expected);
    }
}

#[test]
fn reports_of_printed_modules_and_source_maps_show_lines() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = folder("reports-made");
    let module = folder.plain(false);
    let said = stderr(&folder.dwalin(&["run", "-g", &module]));
    expect(
        &said,
        &[
            "plain.wasm has no debug info of its own: debuggers show its text, ",
            "/plain.wat\n",
            "plain.wat:",
            "|       unreachable\n",
            "wasm backtrace, innermost first:\n   0: __original_main at ",
            "local0 = ",
        ],
    );
    let module = folder.demo("demo.wasm.map");
    fs::write(folder.path("demo.wasm.map"), folder.map(true)).unwrap();
    let said = stderr(&folder.dwalin(&["run", &module]));
    expect(
        &said,
        &[
            "   0: square at ",
            "src/demo.ts:4:1\n   1: _start at ",
            "src/demo.ts:10:1\n",
        ],
    );
    fs::create_dir(folder.path("src")).unwrap();
    fs::copy(folder.copy("demo.ts"), folder.path("src/demo.ts")).unwrap();
    let said = stderr(&folder.dwalin(&["run", "-g", &module]));
    expect(
        &said,
        &[
            "4 |   if (result > 20) unreachable();\n",
            "   0: square at ",
            "x = 5\n",
            "twice = 10\n",
            "result = 25\n",
        ],
    );
}

#[test]
fn addr2line_knows_lines_of_text_and_of_source_maps() {
    let folder = folder("addr2line");
    let module = folder.copy("numbers.wat");
    let wasm = wat::parse_file(&module).unwrap();
    // `i64.extend_i32_s`, the only one.
    let at = wasm.iter().position(|byte| *byte == 0xac).unwrap();
    let output = folder.dwalin(&["addr2line", &module, &format!("{at:#x}")]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, format!("{at:#x}: scale at {module}:14:7\n"));
    let module = folder.demo("demo.wasm.map");
    fs::write(folder.path("demo.wasm.map"), folder.map(false)).unwrap();
    // `unreachable`, the only one.
    let wasm = fs::read(&module).unwrap();
    let code = wasm
        .windows(3)
        .position(|it| it == [0x04, 0x40, 0x00])
        .unwrap()
        + 2;
    let output = folder.dwalin(&["addr2line", &module, &format!("{code:#x}")]);
    let said = String::from_utf8_lossy(&output.stdout);
    let source = folder.text("src/demo.ts");
    assert_eq!(said, format!("{code:#x}: square at {source}:4:1\n"));
}

#[test]
fn a_source_behind_a_root_that_is_nowhere_is_found_by_its_text() {
    let folder = folder("root");
    let module = folder.demo("build/demo.wasm.map");
    fs::create_dir(folder.path("build")).unwrap();
    fs::create_dir(folder.path("src")).unwrap();
    let map = folder
        .map(true)
        .replacen('{', r#"{"sourceRoot":"./demo","#, 1);
    fs::write(folder.path("build/demo.wasm.map"), map).unwrap();
    let source = folder.text("src/demo.ts");
    fs::copy(folder.copy("demo.ts"), &source).unwrap();
    let report = || stderr(&folder.dwalin(&["run", &module]));
    expect(&report(), &[&format!("square at {source}:4:1\n")]);
    // Another text is not what the code was made of.
    fs::write(&source, "let square = 1;\n").unwrap();
    let said = report();
    assert!(!said.contains(&source), "{said}");
}

#[test]
fn printed_text_is_kept_once_and_made_again_for_an_artifact() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = folder("kept");
    let module = folder.plain(false);
    let path = folder.printed(&module);
    let made = fs::metadata(&path).unwrap();
    assert_eq!(made.permissions().mode() & 0o777, 0o444);
    assert_eq!(folder.printed(&module), path);
    let again = fs::metadata(&path).unwrap();
    assert_eq!(made.modified().unwrap(), again.modified().unwrap());
    let text = fs::read(&path).unwrap();
    let artifact = folder.text("plain.cwasm");
    let output = folder.dwalin(&["compile", "-g", &module, "-o", &artifact]);
    assert!(stderr(&output).contains("debuggers show its text"));
    fs::remove_dir_all(folder.path("cache")).unwrap();
    assert_eq!(folder.printed(&artifact), path);
    assert_eq!(fs::read(&path).unwrap(), text);
}

#[test]
fn a_source_map_that_cannot_be_used_is_one_warning_and_the_text_is_shown() {
    let folder = folder("damaged");
    let map = folder.path("demo.wasm.map");
    for (url, contents, why) in [
        (
            "demo.wasm.map",
            None,
            "demo.wasm.map: No such file or directory",
        ),
        (
            "demo.wasm.map",
            Some("{"),
            "demo.wasm.map: not a source map: EOF",
        ),
        (
            "demo.wasm.map",
            Some(r#"{"version":3,"sources":[],"mappings":"A?"}"#),
            "its mappings are damaged, at character 1",
        ),
        ("data:;base64,????", None, "its URL holds damaged data"),
        ("https://localhost/demo.wasm.map", None, "is not fetched"),
    ] {
        fs::remove_file(&map).ok();
        contents.map(|contents| fs::write(&map, contents).unwrap());
        let module = folder.demo(url);
        let said = stderr(&folder.dwalin(&["run", "-g", &module]));
        let warnings: Vec<_> = said.lines().filter(|it| it.contains("warning")).collect();
        assert_eq!(warnings.len(), 1, "{said}");
        assert!(warnings[0].contains(why), "{said}");
        expect(
            &said,
            &["debuggers show its text, ", "0: square at ", "demo.wat:"],
        );
    }
}

#[test]
fn sources_in_debug_info_are_shown_where_their_files_are_gone() {
    if !tools::have(&["gdb", "clang-19"]) {
        return;
    }
    let folder = folder("embedded");
    let module = folder.embedded();
    let said = gdb(
        &folder,
        &module,
        &[
            "break half",
            "run",
            "up",
            "list 1,3",
            "break embedded.c:5",
            "continue",
        ],
    );
    expect(
        &said,
        &[
            "half.h:2\n",
            "2\t    return of / 2;",
            "embedded.c:3\n",
            "1\t#include \"half.h\"",
            "embedded.c:5\n",
            "5\t    return all / none;",
        ],
    );
    for options in [&["run", "-g", &module][..], &["run", &module]] {
        let said = stderr(&folder.dwalin(options));
        let text = folder.text("cache/dwalin/text");
        expect(
            &said,
            &[
                "integer divide by zero",
                &text,
                "/src/embedded.c:5:16",
                "5 |     return all / none;",
            ],
        );
    }
}
