//! Modules without DWARF in a real lldb: the source is the text that they were given as, the text that they are printed as, or
//! what their source map names.

mod checkout;
mod running;
mod sourceless;

use checkout::{dwalin, root};
use running::{expect, said};
use sourceless::{Folder, line};
use std::fs;

fn equipped() -> bool {
    running::tools::have(&[&running::tools::lldb(), "clang-19"])
}

fn folder(name: &str) -> Folder {
    Folder::new(name, &root().join("tests"), &dwalin())
}

/// The output of lldb for commands on a module that `dwalin run -g` runs; `with` are options of lldb.
fn lldb(folder: &Folder, with: &[&str], module: &str, commands: &[&str]) -> String {
    let cache = format!(
        "settings set target.env-vars XDG_CACHE_HOME={}",
        folder.text("cache")
    );
    let first = [
        "settings set symbols.enable-external-lookup false",
        "settings set auto-confirm true",
        &cache,
    ];
    let mut args = vec!["--no-lldbinit", "--batch"];
    for command in with.iter().chain(&first).chain(commands) {
        args.extend(["-o", command]);
    }
    let dwalin = dwalin();
    args.extend(["--", &dwalin, "run", "-g", module]);
    said(&running::tools::lldb(), &args)
}

/// The lines that lldb stops at.
fn stops(said: &str, file: &str) -> Vec<usize> {
    let place = format!(" at {file}:");
    let frames = said.lines().filter(|line| line.contains("frame #0: "));
    let places = frames.filter_map(|line| line.split_once(&place));
    let number = |(_, place): (&str, &str)| place.split(':').next()?.parse().ok();
    places.filter_map(number).collect()
}

#[test]
fn lldb_debugs_text_in_its_own_file() {
    if !equipped() {
        return;
    }
    let folder = folder("lldb-text");
    let module = folder.copy("numbers.wat");
    let formatters = format!(
        "command script import {}",
        root().join("src/debugger/lldb/dwalin_lldb").display()
    );
    for with in [&[][..], &[formatters.as_str()]] {
        let said = lldb(
            &folder,
            with,
            &module,
            &[
                "breakpoint set --name scale",
                "breakpoint set --file numbers.wat --line 23",
                "run",
                "frame variable",
                "p n * 2",
                "target variable total ratio",
                "breakpoint disable 1",
                "next",
                "expression local3 = 7",
                "expression n = 5",
                "continue",
                "p sum",
                "p local3",
                "thread backtrace --count 2",
                "finish",
            ],
        );
        expect(
            &said,
            &[
                "scale(n=3, by=1.5) at numbers.wat:7:5",
                "-> 7   \t    local.get $n",
                "n = 3\n",
                "by = 1.5\n",
                "sum = 0\n",
                "local3 = 0\n",
                "(int) 6\n",
                "total = 40\n",
                "ratio = 2.5\n",
                "at numbers.wat:8:5",
                "at numbers.wat:23:5",
                // 40 + 6 + 5 + 4 + 3 + 2 + 1: what was read of `n` before it was set.
                "61\n",
                "(int) 0\n",
                "scale(n=5, by=1.5) at numbers.wat:23:5",
                "_start at numbers.wat:25:",
                " 61\n",
            ],
        );
    }
}

#[test]
fn lldb_steps_through_text_instruction_by_instruction() {
    if !equipped() {
        return;
    }
    let folder = folder("lldb-steps");
    let module = folder.copy("numbers.wat");
    let mut commands = vec!["breakpoint set --name scale", "run"];
    commands.extend(["step"; 21]);
    let said = lldb(&folder, &[], &module, &commands);
    let first: Vec<_> = (7..=19).collect();
    let second: Vec<_> = (11..=19).collect();
    let expected = [first, second].concat();
    assert_eq!(stops(&said, "numbers.wat"), expected, "{said}");
}

#[test]
fn lldb_debugs_a_module_without_debug_info_in_its_printed_text() {
    if !equipped() {
        return;
    }
    for stripped in [false, true] {
        let folder = folder(if stripped {
            "lldb-stripped"
        } else {
            "lldb-printed"
        });
        let module = folder.plain(stripped);
        let path = folder.printed(&module);
        let text = fs::read_to_string(&path).unwrap();
        let product = line(&text, "i32.mul", 0);
        let place = format!("breakpoint set --file plain.wat --line {product}");
        let mut commands = vec![place.as_str(), "run", "frame variable local0"];
        commands.extend(["step"; 3]);
        commands.extend(["breakpoint disable", "finish"]);
        let said = lldb(&folder, &[], &module, &commands);
        let name = if stripped { "`func" } else { "`square(" };
        expect(
            &said,
            &[
                name,
                &format!("local0=1) at plain.wat:{product}:5"),
                "\t    i32.mul\n",
                "local0 = 1\n",
                "Return value: (int) $0 = 1\n",
            ],
        );
        let stops = stops(&said, "plain.wat");
        let expected: Vec<_> = (product..=product + 3).collect();
        assert_eq!(stops[..4], expected, "{said}");
    }
}

#[test]
fn lldb_finds_functions_of_cpp_by_their_scopes() {
    if !equipped() {
        return;
    }
    let folder = folder("lldb-scopes");
    let module = folder.compile("clang++-19", "scopes.cpp", &[]);
    let commands = [
        "breakpoint set --name measure",
        "breakpoint set --name geo::twice",
        "breakpoint set --name area",
        "run",
        "continue",
        "thread backtrace --count 2",
        "continue",
        "finish",
    ];
    let said = lldb(&folder, &[], &module, &commands);
    expect(
        &said,
        &[
            "measure(local0=4) at scopes.wat:",
            "geo::Shape::area(local0=",
            "local1=3) at scopes.wat:",
            "measure(local0=4) at scopes.wat:",
            "geo::twice(local0=12) at scopes.wat:",
            "Return value: (int) $0 = 24",
        ],
    );
}

#[test]
fn lldb_debugs_what_a_source_map_names() {
    if !equipped() {
        return;
    }
    let folder = folder("lldb-map");
    let module = folder.demo("demo.wasm.map");
    // The file is only in the map.
    fs::write(folder.path("demo.wasm.map"), folder.map(true)).unwrap();
    let said = lldb(
        &folder,
        &[],
        &module,
        &[
            "breakpoint set --file demo.ts --line 3",
            "run",
            "frame variable",
            "thread backtrace --count 2",
            "step",
            "p result",
            "breakpoint disable",
            "finish",
            "step",
            "step",
            "step",
            "continue",
        ],
    );
    expect(
        &said,
        &[
            "square(x=3) at demo.ts:3:1",
            "-> 3   \t  let result = x * x;",
            "x = 3\n",
            "twice = 6\n",
            "_start at demo.ts:9:1",
            "square(x=3) at demo.ts:4:1",
            "(int) 9\n",
            "Return value: (int) $0 = 9\n",
            "square(x=5) at demo.ts:2:1",
            "square(x=5) at demo.ts:3:1",
            "square(x=5) at demo.ts:4:1",
            "stop reason = signal SIGILL",
            "square(x=5) at demo.ts:4:1",
        ],
    );
}

#[test]
fn sources_in_debug_info_are_shown_where_their_files_are_gone() {
    if !equipped() {
        return;
    }
    let folder = folder("lldb-embedded");
    let module = folder.embedded();
    let said = lldb(
        &folder,
        &[],
        &module,
        &[
            "breakpoint set --name half",
            "run",
            "breakpoint set --file embedded.c --line 5",
            "continue",
        ],
    );
    expect(
        &said,
        &[
            " at half.h:2:",
            "-> 2   \t    return of / 2;",
            " at embedded.c:5:",
            "-> 5   \t    return all / none;",
        ],
    );
}

#[test]
fn lldb_shows_and_sets_vectors_of_text() {
    if !equipped() {
        return;
    }
    let folder = folder("lldb-vectors");
    let module = folder.copy("vectors.wat");
    let commands = [
        "breakpoint set --file vectors.wat --line 9",
        "run",
        "frame variable a by",
        "p twice.i32x4[1]",
        "expression scaled.i32x4[2] = 77",
        "next",
        "target variable kept",
        "finish",
    ];
    let said = lldb(&folder, &[], &module, &commands);
    let all = [
        "(v128) a = {\n  i32x4 = (1, 2, 3, 4)\n",
        "i8x16 = (1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0)\n",
        "by = 10\n",
        "(int) 4\n",
        "(v128) kept = {\n  i32x4 = (20, 40, 77, 80)\n",
        // Of the register that vectors are returned in.
        "Return value: ",
        " = (20, 40, 77, 80)\n",
    ];
    expect(&said, &all);
}

/// lldb passes vectors in the registers that WebAssembly's are passed in.
#[test]
fn lldb_calls_functions_with_vectors() {
    if !equipped() {
        return;
    }
    let folder = folder("lldb-call-vectors");
    let flags = ["-msimd128", "-g", "-O0"];
    let module = folder.compile("clang-19", "mix.c", &flags);
    let commands = [
        "breakpoint set --file mix.c --line 10",
        "run",
        "expression mix(v, w, 3)",
        "expression w = mix(w, w, 1)",
        "frame variable w",
    ];
    let said = lldb(&folder, &[], &module, &commands);
    let all = [" = (15, 30, 45, 60)\n", "(int4) w = (8, 16, 24, 32)\n"];
    expect(&said, &all);
}
