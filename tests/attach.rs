//! Attaches gdb to a program that `dwalin run -g` runs already.

mod running;

use running::{Running, expect, may_attach, said, tools};
use std::path::Path;

/// Attaches, stops in the loop, looks around, and lets the program go and end.
fn attaches(name: &str, options: &[&str]) {
    if !tools::have(&["gdb", "clang-19"]) || !may_attach() {
        return;
    }
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let program = Running::start(env!("CARGO_BIN_EXE_dwalin"), &tests, name, options);
    let pid = program.pid();
    let mut args = vec!["-nx", "-batch", "-p", &pid];
    for command in [
        "set debuginfod enabled off",
        "set width 0",
        "break visit",
        "continue",
        "info args",
        "print *who",
        "print who->next->next->age",
        "next",
        "print older",
        "delete",
        "finish",
        "print company->next->name",
        "set var go_on = 0",
        "detach",
    ] {
        args.extend(["-ex", command]);
    }
    let said = said("gdb", &args);
    let all = [
        "Breakpoint 1, visit (who=",
        "round = ",
        "{name = \"T-name\\000\", age = 195, next = 0x",
        "$2 = 178",
        "return older",
        "$3 = 179",
        "in main () at",
        "Value returned is $4 = 180",
        "$5 = \"D-name\\000\"",
        "detached",
    ];
    expect(&said, &all);
    assert_eq!(program.end(), (Some(7), "left with 180, 0\n".into()));
}

#[test]
fn gdb_attaches_to_a_running_program() {
    // The image is made, and then that of the first is taken.
    for _ in 0..2 {
        attaches("gdb", &[]);
    }
}

#[test]
fn gdb_attaches_to_a_program_that_was_started_for_it() {
    attaches("gdb-named", &["--debugger", "gdb"]);
}
