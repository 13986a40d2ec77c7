//! Variables that optimised code has on the operand stack: the program goes on with what debuggers set them to.

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use support::Folder;
use support::equipped;
use support::tools::{gdb, lldb};

/// `product` is an operand to the function's end, `sum` until it is in a local, which another variable is in before: what the call gets of it
/// is the operand still. `got` gets a local for itself.
const LINES: [u32; 3] = [5, 10, 16];
const SET: [&str; 3] = ["product = 40", "sum = 7", "got = 50"];

fn program(test: &str) -> Folder {
    let folder = Folder::new(&format!("operands-{test}"));
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/optimised");
    let source = std::fs::read(programs.join("set_operands.c")).unwrap();
    folder.write("app.c", source);
    folder.compile("app.c", &["-g", "-O2"]);
    folder
}

/// The output of a program whose variables are set, by a debugger with these options.
fn output(folder: &Folder, debugger: &[&str], option: &str, commands: &[String]) -> String {
    let mut command = Command::new(debugger[0]);
    command.args(&debugger[1..]);
    for it in commands {
        command.args([option, it]);
    }
    command.args([
        if option == "-ex" { "--args" } else { "--" },
        env!("CARGO_BIN_EXE_dwalin"),
    ]);
    command
        .args(["run", "-g", "app.wasm"])
        .current_dir(folder.path("."));
    command.env("DEBUGINFOD_URLS", "").stdin(Stdio::null());
    // lldb gives the program a terminal.
    String::from_utf8_lossy(&command.output().unwrap().stdout).replace('\r', "")
}

#[test]
fn gdb_sets_operands() {
    if !equipped() {
        return;
    }
    let mut commands = vec!["set breakpoint pending on".to_owned()];
    commands.extend(LINES.map(|line| format!("break app.c:{line}")));
    commands.push("run".to_owned());
    for set in SET {
        commands.extend([format!("set var {set}"), "continue".to_owned()]);
    }
    let said = output(
        &program("gdb"),
        &[&gdb(), "-nx", "-batch"],
        "-ex",
        &commands,
    );
    assert!(said.contains("\n7\n"), "{said}");
    assert!(said.contains("41 14 150 50\n"), "{said}");
}

#[test]
fn lldb_sets_operands() {
    if !equipped() {
        return;
    }
    let mut commands = vec!["settings set plugin.jit-loader.gdb.enable on".to_owned()];
    commands.extend(LINES.map(|line| format!("breakpoint set -f app.c -l {line}")));
    commands.push("run".to_owned());
    for set in SET {
        commands.extend([format!("expression {set}"), "continue".to_owned()]);
    }
    let said = output(&program("lldb"), &[&lldb(), "-x", "-b"], "-o", &commands);
    assert!(said.contains("\n7\n"), "{said}");
    assert!(said.contains("41 14 150 50\n"), "{said}");
}
