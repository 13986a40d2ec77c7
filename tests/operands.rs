//! Variables that optimised code has on the operand stack: what debuggers show of them is true, and the program goes on with what they are
//! set to.

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
    compiled(test, "set_operands.c")
}

/// A program of `tests/programs/optimised`.
fn compiled(test: &str, source: &str) -> Folder {
    let folder = Folder::new(&format!("operands-{test}"));
    folder.write("app.c", optimised(source));
    folder.compile("app.c", &["-g", "-O2"]);
    folder
}

fn optimised(source: &str) -> Vec<u8> {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/optimised");
    std::fs::read(programs.join(source)).unwrap()
}

/// The output of a program whose variables are set, by a debugger with these options.
fn output(folder: &Folder, debugger: &[&str], option: &str, commands: &[String]) -> String {
    output_of("app.wasm", folder, debugger, option, commands)
}

fn output_of(
    module: &str,
    folder: &Folder,
    debugger: &[&str],
    option: &str,
    commands: &[String],
) -> String {
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
        .args(["run", "-g", module])
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

/// The third difference, in a loop that calls nobody, is another one from where it is used first, behind the operand that it is before.
#[test]
fn gdb_sets_floating_point_operands_in_loops() {
    if !equipped() {
        return;
    }
    let commands = [
        "set breakpoint pending on",
        "break app.c:9",
        "ignore 1 2",
        "run",
        "set var between = 10",
        "delete",
        "continue",
    ];
    let commands = commands.map(str::to_owned);
    let folder = compiled("floats", "set_floats.c");
    let said = output(&folder, &[&gdb(), "-nx", "-batch"], "-ex", &commands);
    assert!(said.contains("10.0 4.0 121.0\n"), "{said}");
}

/// Two sums of text, which are set when the loop goes around for the third time, and by which the program ends: 41 and 21.
#[test]
fn debuggers_set_floating_point_locals_in_loops() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("operands-sums");
    folder.write("sums.wat", optimised("sums.wat"));
    let (gdb, lldb) = (gdb(), lldb());
    let gdb = [&gdb, "-nx", "-batch"];
    let sets = ["set var sum = 40", "set var half = 20"];
    let mut commands = vec![
        "set breakpoint pending on".to_owned(),
        "tbreak sums.wat:9 if turns == 2".to_owned(),
        "run".to_owned(),
    ];
    commands.extend(sets.map(str::to_owned));
    commands.push("continue".to_owned());
    let said = output_of("sums.wat", &folder, &gdb, "-ex", &commands);
    assert!(said.contains("exited with code 076"), "{said}");
    let commands = [
        "settings set plugin.jit-loader.gdb.enable on",
        "breakpoint set -f sums.wat -l 9 -c 'turns == 2' -o true",
        "run",
        "expression sum = 40",
        "expression half = 20",
        "continue",
    ];
    let commands = commands.map(str::to_owned);
    let said = output_of("sums.wat", &folder, &[&lldb, "-x", "-b"], "-o", &commands);
    assert!(said.contains("exited with status = 62"), "{said}");
}

/// Prints, instruction by instruction, at which offset in `office` `this` is in each inlined frame of main that shows it.
const OBJECTS: &str = r"
import gdb
gdb.execute('run')
while gdb.selected_inferior().pid:
    frame = gdb.newest_frame()
    if 'app.cpp' not in str(frame.find_sal().symtab):
        break
    while frame.type() == gdb.INLINE_FRAME:
        frame.select()
        this = frame.read_var('this') if 'this' in gdb.execute('info args', to_string=True) else None
        if this is not None and not this.is_optimized_out:
            office = int(gdb.parse_and_eval('(long)&office'))
            print('this', frame.name().split(':')[0], (int(this) - office) & 0xffffffff)
        frame = frame.older()
    gdb.execute('nexti', to_string=True)
";

/// `this` of a call of `copy` that is inlined is one operand in all of its scope, says clang 19: it was that before the scope began.
#[test]
fn an_operand_of_a_scope_is_not_another_one() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("operands-scope");
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let source = std::fs::read(programs.join("inheritance.cpp")).unwrap();
    folder.write("app.cpp", source);
    folder.compile("app.cpp", &["-g", "-O1"]);
    folder.write("objects.py", OBJECTS);
    let commands = [
        "set breakpoint pending on",
        "break app.cpp:58",
        "source objects.py",
    ];
    let commands = commands.map(str::to_owned);
    let gdb = gdb();
    let said = output(&folder, &[&gdb, "-nx", "-batch"], "-ex", &commands);
    let shown = said.lines().filter_map(|line| line.strip_prefix("this "));
    let shown: std::collections::BTreeSet<&str> = shown.collect();
    // A Scanner is where it begins, a Printer behind that one's two words.
    let right = ["Copier 0", "Scanner 0", "Printer 8"];
    assert!(!shown.is_empty(), "{said}");
    assert!(shown.iter().all(|it| right.contains(it)), "{shown:?}");
}
