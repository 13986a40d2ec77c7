//! Attaches lldb to a program that `dwalin run -g` runs already.

mod checkout;
mod running;

use checkout::{dwalin, root};
use running::{Running, expect, may_attach, said};

fn equipped() -> bool {
    running::tools::have(&[&running::tools::lldb(), "clang-19"])
}

/// Attaches to a program that was started for `debugger`, and has lldb execute commands; what it says has all of `expected`.
fn attaches(debugger: &str, commands: &[&str], expected: &[&str]) {
    if !may_attach() {
        return;
    }
    let options = ["--debugger", debugger];
    let program = Running::start(&dwalin(), &root().join("tests"), debugger, &options);
    let pid = program.pid();
    let attach = format!("process attach --pid {pid}");
    let mut args = vec!["--no-lldbinit", "--batch"];
    let first = ["settings set symbols.enable-external-lookup false", &attach];
    // What comes before is printed too, and the way through the runtime is long.
    let last = ["breakpoint delete -f", "expression go_on = 0", "detach"];
    let (before, after) = commands.split_at(1);
    for command in before.iter().chain(&first).chain(after).chain(&last) {
        args.extend(["-o", command]);
    }
    let said = said(&running::tools::lldb(), &args);
    expect(&said, expected);
    assert_eq!(program.end(), (Some(7), "left with 180, 0\n".into()));
}

#[test]
fn lldb_with_the_formatters_attaches_to_a_running_program() {
    if !equipped() {
        return;
    }
    let package = root().join("src/debugger/lldb/dwalin_lldb");
    let import = format!("command script import {}", package.display());
    attaches(
        "lldb-formatters",
        &[
            &import,
            "breakpoint set --name visit",
            "continue",
            "v *who",
            "p who->next->next->age",
            "next",
            "v older",
            "finish",
            "p company->next->name",
        ],
        &[
            "visit(who=0x",
            "name = \"T-name\"",
            "age = 195",
            "(int) 178",
            "return older",
            "older = 179",
            "Return value: (int) $0 = 180",
            "\"D-name\"",
        ],
    );
}

#[test]
fn lldb_without_formatters_attaches_to_a_running_program() {
    if !equipped() {
        return;
    }
    attaches(
        "lldb",
        &[
            "settings set auto-confirm true",
            "breakpoint set --name visit",
            "continue",
            "v *who",
            "next",
            "v older",
            "finish",
        ],
        &[
            "visit(who=0x",
            "name = \"T-name\"",
            "age = 195",
            "return older",
            "older = 179",
            "Return value: (int) $0 = 180",
        ],
    );
}
