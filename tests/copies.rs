//! Functions that several units have, of which the linker keeps one: inline functions and instances of templates. wasm-ld leaves the
//! descriptions of all of them, each said to be of the one that it kept, and that one's is what debuggers are to show.

mod support;

use std::fs;
use std::process::{Command, Stdio};
use support::scripted::{self, formatters, has};
use support::{Folder, equipped};

/// Compiled alike, all copies are described alike, and their units' code overlaps. Compiled otherwise, those that were dropped are
/// described with code and places that are not there.
const LEVELS: [[&str; 2]; 3] = [["-O0", "-O0"], ["-O2", "-O0"], ["-O0", "-O2"]];

fn linked(test: &str, levels: [&str; 2]) -> Folder {
    let folder = Folder::new(&format!("copies-{test}{}", levels.concat()));
    for name in ["shared.h", "a.cpp", "b.cpp"] {
        let source = scripted::source("tests/programs/copies").join(name);
        folder.write(name, fs::read(source).unwrap());
    }
    let base = ["clang++-19", "--target=wasm32-wasi", "-fno-exceptions"];
    for (unit, level) in ["a", "b"].into_iter().zip(levels) {
        let source = format!("{unit}.cpp");
        folder.tool(&[&base[..], &["-g", "-fno-inline", level, "-c", &source]].concat());
    }
    folder.tool(&[&base[..], &["a.o", "b.o", "-o", "app.wasm"]].concat());
    folder
}

#[test]
fn one_description_of_a_function_is_written() {
    for levels in LEVELS.into_iter().filter(|_| equipped()) {
        let folder = linked("image", levels);
        let image = folder.image("app.wasm", &[]);
        for name in ["_ZNK4Cell7doubledEv", "_Z7largestIiET_S0_S0_"] {
            // A method's name is in its class.
            let name = format!("\"{name}\"");
            let entries = image.dump.split("\n\n");
            let with_code = entries.filter(|entry| {
                let has_code = entry.contains("DW_AT_low_pc");
                has_code && entry.contains("DW_TAG_subprogram") && entry.contains(&name)
            });
            assert_eq!(with_code.count(), 1, "{levels:?} {name}");
        }
        let said = folder.dwalin(&["check-debug", "--json", "app.wasm"]);
        let check: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(
            check["entries"]["functions"]["lost"], 0,
            "{levels:?} {check}"
        );
        assert_eq!(check["bytes"]["lines"]["lost"], 0, "{levels:?} {check}");
    }
}

/// The output of a debugger for these commands, once it has loaded what it needs.
fn debugged(debugger: &str, folder: &Folder, commands: &[&str]) -> String {
    let mut command = match debugger {
        "gdb" => {
            let mut gdb = Command::new("gdb");
            gdb.args(["-nx", "-batch", "-ex", "set debuginfod enabled off"]);
            gdb.args(["-ex", "set breakpoint pending on"]);
            commands.iter().for_each(|line| _ = gdb.args(["-ex", line]));
            gdb.arg("--args");
            gdb
        }
        _ => {
            let mut lldb = Command::new("lldb-19");
            lldb.args(["--no-lldbinit", "--batch", "-o"]);
            lldb.arg("settings set plugin.jit-loader.gdb.enable on");
            lldb.args(["-o", &formatters()]);
            commands.iter().for_each(|line| _ = lldb.args(["-o", line]));
            lldb.arg("--");
            lldb
        }
    };
    command.args([env!("CARGO_BIN_EXE_dwalin"), "run", "-g", "app.wasm"]);
    command.current_dir(folder.path(".")).stdin(Stdio::null());
    let said = command.output().unwrap();
    String::from_utf8_lossy(&said.stdout).into_owned()
}

#[test]
fn gdb_shows_the_copy_that_is_there() {
    for levels in LEVELS.into_iter().filter(|_| equipped() && has("gdb")) {
        let folder = linked("gdb", levels);
        let function = "python print(gdb.selected_frame().name())";
        let mut commands = vec!["break shared.h:6", "break shared.h:11", "run"];
        let twice = "printf \"shown: %d in \", twice";
        let result = "printf \"shown: %d in \", result";
        for print in [twice, result, twice, result] {
            commands.extend([print, function, "continue"]);
        }
        let said = debugged("gdb", &folder, &commands);
        let shown = said.lines().filter_map(|line| line.strip_prefix("shown: "));
        let shown: Vec<_> = shown.collect();
        let expected = [
            "8 in Cell::doubled",
            "8 in largest<int>",
            "22 in Cell::doubled",
            "22 in largest<int>",
        ];
        assert_eq!(shown, expected, "{levels:?}: {said}");
    }
}

#[test]
fn lldb_shows_the_copy_that_is_there() {
    for levels in LEVELS.into_iter().filter(|_| equipped() && has("lldb")) {
        let folder = linked("lldb", levels);
        let mut commands = vec!["b shared.h:6", "b shared.h:11", "b behind", "run"];
        // What is after the copy in the other unit is found, too.
        let variables = ["v twice", "v result", "v n", "v twice", "v result"];
        for variable in variables {
            commands.extend([variable, "continue"]);
        }
        let said = debugged("lldb", &folder, &commands);
        let shown: Vec<_> = said.lines().filter(|it| it.starts_with("(int) ")).collect();
        let expected = [
            "(int) twice = 8",
            "(int) result = 8",
            "(int) n = 8",
            "(int) twice = 22",
            "(int) result = 22",
        ];
        assert_eq!(shown, expected, "{levels:?}: {said}");
    }
}
