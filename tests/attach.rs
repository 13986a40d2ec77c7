//! Attaches gdb to a program that `dwalin run -g` runs already.

mod running;

use running::{Running, expect, forbidden, said};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Why these tests cannot run here, if so.
fn missing() -> Option<String> {
    let tool = ["gdb", "clang-19"].into_iter().find(|tool| {
        let version = Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        version.is_err()
    });
    tool.map(|tool| format!("{tool} is not installed; .ci/setup installs it"))
        .or_else(forbidden)
}

/// Attaches, stops in the loop, looks around, and lets the program go and end.
fn attaches(name: &str, options: &[&str]) {
    if let Some(why) = missing() {
        // Not with `eprintln!`, which shows nothing for a test that passes.
        writeln!(io::stderr(), "SKIPPED: {why}").ok();
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
    attaches("gdb", &[]);
}

#[test]
fn gdb_attaches_to_a_program_that_was_started_for_it() {
    attaches("gdb-named", &["--debugger", "gdb"]);
}
