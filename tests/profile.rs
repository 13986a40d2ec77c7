//! Profiles that perf(1) itself reads: guest functions, and with a jitdump their lines.

mod trapping;

use std::path::{Path, PathBuf};
use std::process::Command;
use trapping::clang;

/// The program, in a folder of its own; `None` where something is not installed or this system does not let perf record.
fn program(user: &str) -> Option<(PathBuf, PathBuf)> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(user);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let wasm = folder.join("sieve.wasm");
    let source = "benches/programs/sieve.c";
    if !clang(source, &["-O1", "-g", "-o"], &wasm) {
        return None;
    }
    let record = perf(
        &folder,
        &["record", "-q", "-o", "probe", "-e", "cpu-clock", "true"],
    );
    if record.is_none() {
        eprintln!("skipped: perf cannot record here");
    }
    record.map(|_| (folder, wasm))
}

/// What perf says; `None` where it is not installed or does not work.
fn perf(folder: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("timeout")
        .args(["-k", "5", "120", "perf"])
        .args(args)
        .current_dir(folder)
        // Its cache of what it has seen is no other test's.
        .env("HOME", folder)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

fn record(folder: &Path, wasm: &Path, profile: &str) {
    let dwalin = env!("CARGO_BIN_EXE_dwalin");
    let (profile, wasm) = (format!("--profile={profile}"), wasm.to_str().unwrap());
    let record = [
        "record",
        "-q",
        "-o",
        "perf.data",
        "-k",
        "mono",
        "-F",
        "999",
        "-e",
        "cpu-clock",
    ];
    let run = ["--", dwalin, "run", &profile, wasm];
    perf(folder, &[&record[..], &run].concat()).expect("perf records");
}

/// How many percent of the samples `perf report` gives to what its lines contain, in a column.
fn share(folder: &Path, data: &str, column: &[&str], what: &str) -> f64 {
    let report = ["report", "-i", data, "--stdio", "--no-children", "-s"];
    let report = perf(folder, &[&report, column].concat()).expect("perf reports");
    let lines = report.lines().filter(|line| line.contains(what));
    let percent = |line: &str| line.trim().split('%').next()?.parse::<f64>().ok();
    lines.filter_map(percent).sum()
}

const MAIN: &str = "__original_main";
/// Lines of `main` alone: to look for those of all of the command takes perf a minute.
const LINES: [&str; 3] = ["srcline", "-S", MAIN];

#[test]
fn perf_finds_functions_in_its_map() {
    let Some((folder, wasm)) = program("perfmap") else {
        return;
    };
    record(&folder, &wasm, "perfmap");
    // All of the program is in its `main`.
    let main = share(&folder, "perf.data", &["symbol"], MAIN);
    assert!(main > 50.0, "{main}");
}

#[test]
fn perf_finds_functions_and_lines_in_a_jitdump() {
    let Some((folder, wasm)) = program("jitdump") else {
        return;
    };
    record(&folder, &wasm, "jitdump");
    let inject = ["inject", "--jit", "-i", "perf.data", "-o", "jit.data"];
    perf(&folder, &inject).expect("perf injects");
    let main = share(&folder, "jit.data", &["symbol"], MAIN);
    assert!(main > 50.0, "{main}");
    // Lines of the program's own loops, in which it spends its time.
    let spent = share(&folder, "jit.data", &LINES, "sieve.c:");
    assert!(spent > 50.0, "{spent}");
    let inner = share(&folder, "jit.data", &LINES, "sieve.c:18");
    assert!(inner > 10.0, "{inner}");
}
