//! Locals that hold something else than debug info says: what LLVM uses again, and what wasm-opt gave other numbers. No value is shown
//! of them, in debuggers, reports and core dumps alike, and check-debug says so.

mod support;
mod unwritten;

use gimli::constants as dw;
use serde_json::Value as Json;
use std::path::Path;
use std::process::{Command, Stdio};
use support::tools::have;
use support::{Folder, equipped, stderr};
use unwritten::{STACK_VALUE, Unwritten, WASM, raw};

/// A module of `reuse.c`.
fn reuse(test: &str, level: &str) -> Folder {
    let folder = Folder::new(&format!("locals-{test}{level}"));
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/optimised");
    let source = std::fs::read(programs.join("reuse.c")).unwrap();
    folder.write("app.c", source);
    folder.compile("app.c", &["-g", level]);
    folder
}

/// The output of gdb or lldb about `app.c` at lines, after commands at each.
fn debug(folder: &Folder, debugger: &str, lines: &[u32], commands: &[&str]) -> String {
    let mut command = Command::new(debugger);
    let is_gdb = debugger == "gdb";
    let (how, breakpoint, go_on) = match is_gdb {
        true => ("-ex", "break app.c:", "continue"),
        false => ("-o", "breakpoint set -f app.c -l ", "continue"),
    };
    match is_gdb {
        true => command.args(["-nx", "-batch", "-ex", "set breakpoint pending on"]),
        false => command.args([
            "-x",
            "-b",
            "-o",
            "settings set plugin.jit-loader.gdb.enable on",
        ]),
    };
    for line in lines {
        command.args([how, &format!("{breakpoint}{line}")]);
    }
    command.args([how, "run"]);
    for _ in lines {
        commands.iter().for_each(|it| _ = command.args([how, it]));
        command.args([how, go_on]);
    }
    command.args([
        if is_gdb { "--args" } else { "--" },
        env!("CARGO_BIN_EXE_dwalin"),
    ]);
    command
        .args(["run", "-g", "app.wasm"])
        .current_dir(folder.path("."));
    let output = command
        .env("DEBUGINFOD_URLS", "")
        .stdin(Stdio::null())
        .output();
    String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
}

/// The report of `check-debug` on a module, and whether it finds it complete.
fn check(folder: &Folder, module: &str) -> (Json, bool) {
    let output = folder.dwalin(&["check-debug", "--json", module]);
    let json = serde_json::from_slice(&output.stdout).unwrap();
    (json, output.status.success())
}

#[test]
fn parameters_are_not_shown_where_their_locals_are_used_again() {
    if !equipped() {
        return;
    }
    for level in ["-O1", "-O2"] {
        let folder = reuse("report", level);
        let report = folder.dwalin(&["run", "-g", "--coredump", "core", "app.wasm"]);
        let report = stderr(&report);
        for line in [
            "parcel = not available (overwritten)",
            "rate = not available (overwritten)",
            "rest = 7",
        ] {
            assert!(report.contains(line), "{level}: {line}: {report}");
        }
        let dump = folder.dwalin(&["inspect", "core"]);
        let dump = String::from_utf8_lossy(&dump.stdout).into_owned();
        assert!(
            dump.contains("rate = not available (overwritten)"),
            "{dump}"
        );
        let (json, is_whole) = check(&folder, "app.wasm");
        assert!(is_whole, "{json}");
        assert!(
            json["locals_overwritten"]["variables"].as_u64() >= Some(2),
            "{json}"
        );
    }
}

#[test]
fn gdb_shows_parameters_up_to_there() {
    if !equipped() || !have(&["gdb"]) {
        return;
    }
    let said = debug(
        &reuse("gdb", "-O2"),
        "gdb",
        &[12, 13, 16],
        &["p rate", "p parcel->price"],
    );
    let answers: Vec<_> = said.lines().filter(|line| line.starts_with('$')).collect();
    let expected = [
        "$1 = 2",
        "$2 = 7",
        "$3 = <optimized out>",
        "$4 = 7",
        "$5 = <optimized out>",
    ];
    assert_eq!(answers, expected, "{said}");
}

#[test]
fn lldb_shows_parameters_up_to_there() {
    if !equipped() || !have(&["lldb-19"]) {
        return;
    }
    let said = debug(&reuse("lldb", "-O2"), "lldb-19", &[12, 13, 16], &["v rate"]);
    let answers: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("(int) rate = "))
        .collect();
    let gone = "(int) rate = <variable not available>";
    assert_eq!(answers, ["(int) rate = 2", gone, gone], "{said}");
}

/// The statements of `f` are lines 1 to 7; local 0 is its parameter, 1 its frame, which is at 1008.
#[test]
fn what_a_function_without_a_frame_base_says_is_believed() {
    let mut info = Unwritten::new();
    let f = info.functions[0];
    info.variable(f, "parameter", raw(&[WASM, 0, 0, STACK_VALUE]));
    let folder = info.finish("locals-believed");
    let (json, is_whole) = check(&folder, "module.wasm");
    assert!(is_whole, "{json}");
    assert_eq!(json["locals_overwritten"]["variables"], 0, "{json}");
}

#[test]
fn a_frame_base_that_is_no_frame_is_said_and_not_used() {
    let mut info = Unwritten::new();
    info.frame_base(0, raw(&[WASM, 0, 0, STACK_VALUE]));
    let f = info.functions[0];
    info.variable(f, "framed", raw(&[dw::DW_OP_fbreg.0, 8]));
    info.variable(f, "local", raw(&[WASM, 0, 0, STACK_VALUE]));
    let folder = info.finish("locals-renumbered");
    let (json, is_whole) = check(&folder, "module.wasm");
    assert!(!is_whole, "{json}");
    let reasons: Vec<_> = json["losses"].as_array().unwrap().iter().collect();
    let reasons: Vec<_> = reasons
        .iter()
        .map(|it| it["reason"].as_str().unwrap())
        .collect();
    let frame = "the frame base is a local that the code never sets to the stack pointer's value";
    assert!(reasons.contains(&frame), "{json}");
    assert!(
        reasons.iter().any(|it| it.contains("other numbers")),
        "{json}"
    );
    let run = folder.dwalin(&["run", "-g", "--invoke", "f", "module.wasm", "1"]);
    let said = stderr(&run);
    assert_eq!(
        said.matches("their numbers are of other code").count(),
        1,
        "{said}"
    );
}

#[test]
fn what_wasm_opt_renumbered_is_not_shown() {
    let wasm_opt = std::env::var("WASM_OPT").unwrap_or("wasm-opt".into());
    if !equipped() || !have(&[&wasm_opt, "gdb"]) {
        return;
    }
    for level in ["-O0", "-O2"] {
        let folder = reuse("wasm-opt", level);
        folder.tool(&[&wasm_opt, "-g", "-O2", "app.wasm", "-o", "app.wasm"]);
        let said = debug(&folder, "gdb", &[16], &["p rate", "p rest", "p parcel"]);
        let answers: Vec<_> = said.lines().filter(|line| line.starts_with('$')).collect();
        let gone = ["$1", "$2", "$3"].map(|it| format!("{it} = <optimized out>"));
        assert_eq!(answers, gone, "{level}: {said}");
        let report = stderr(&folder.dwalin(&["run", "-g", "app.wasm"]));
        assert_eq!(
            report.matches("their numbers are of other code").count(),
            1,
            "{report}"
        );
        assert!(
            report.contains("rate = not available (the debug info is of other code)"),
            "{report}"
        );
        assert!(!check(&folder, "app.wasm").1);
    }
}

#[test]
fn what_wasm_opt_encoded_anew_is_not_shown_without_frames() {
    let wasm_opt = std::env::var("WASM_OPT").unwrap_or("wasm-opt".into());
    if !equipped() || !have(&[&wasm_opt, "wasm-ld-19"]) {
        return;
    }
    let folder = Folder::new("locals-frameless");
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/optimised");
    folder.write(
        "app.c",
        std::fs::read(programs.join("frameless.c")).unwrap(),
    );
    let flags = ["-nostdlib", "-g", "-gdwarf-4", "-O2", "-c"];
    let compile = [&["clang-19", "--target=wasm32"], &flags[..], &["app.c"]].concat();
    folder.tool(&compile);
    folder.tool(&[
        "wasm-ld-19",
        "--no-entry",
        "--export=run",
        "app.o",
        "-o",
        "app.wasm",
    ]);
    assert!(check(&folder, "app.wasm").1);
    for pass in ["-O1", "-O2", "-Oz", "--coalesce-locals", "--ssa"] {
        folder.tool(&[&wasm_opt, "-g", pass, "app.wasm", "-o", "changed.wasm"]);
        let (json, is_whole) = check(&folder, "changed.wasm");
        let losses = json["losses"].to_string();
        assert!(
            !is_whole && losses.contains("other numbers"),
            "{pass}: {json}"
        );
        let run = folder.dwalin(&["run", "-g", "--invoke", "run", "changed.wasm", "3"]);
        let said = stderr(&run);
        let times = said.matches("their numbers are of other code").count();
        assert_eq!(times, 1, "{pass}: {said}");
    }
}
