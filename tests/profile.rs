//! Profiles that perf(1) itself reads: guest functions, and with a jitdump their lines.

mod trapping;
#[path = "support/trials.rs"]
mod trials;

use libtest_mimic::Trial;
use std::path::{Path, PathBuf};
use std::process::Command;
use trapping::clang;

/// An empty folder.
fn folder(user: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(user);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The program, in a folder of its own.
fn program(user: &str) -> (PathBuf, PathBuf) {
    let folder = folder(user);
    let wasm = folder.join("sieve.wasm");
    let source = "benches/programs/sieve.c";
    assert!(clang(source, &["-O1", "-g", "-o"], &wasm));
    (folder, wasm)
}

/// Returns true if this system lets perf record (perf_event_paranoid, the filters of containers).
fn may_record() -> bool {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let probe = [
        "record",
        "-q",
        "-o",
        "probe.data",
        "-e",
        "cpu-clock",
        "true",
    ];
    perf(folder, &probe).is_some()
}

/// The output of perf; `None` where it fails.
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

/// The percentage of the samples that `perf report` gives to lines with a text in a column.
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

fn perf_finds_functions_in_its_map() {
    let (folder, wasm) = program("perfmap");
    record(&folder, &wasm, "perfmap");
    // All of the program is in its `main`.
    let main = share(&folder, "perf.data", &["symbol"], MAIN);
    assert!(main > 50.0, "{main}");
}

fn perf_finds_functions_and_lines_in_a_jitdump() {
    let (folder, wasm) = program("jitdump");
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

/// A function whose loop is one line has one record, whose code goes on to the function's end.
fn perf_finds_the_line_of_a_function_of_one_line() {
    let folder = folder("jitdump-line");
    let (source, wasm) = (folder.join("line.c"), folder.join("line.wasm"));
    let program = "__attribute__((noinline)) unsigned spin(unsigned n) { unsigned h = n; \
                   while (n--) { h ^= h << 7; h ^= h >> 9; } return h; }\n\
                   int main(void) { return spin(100000000) == 1; }\n";
    std::fs::write(&source, program).unwrap();
    assert!(clang(source.to_str().unwrap(), &["-O1", "-g", "-o"], &wasm));
    record(&folder, &wasm, "jitdump");
    let inject = ["inject", "--jit", "-i", "perf.data", "-o", "jit.data"];
    perf(&folder, &inject).expect("perf injects");
    let line = share(&folder, "jit.data", &["srcline", "-S", "spin"], "line.c:1");
    assert!(line > 20.0, "{line}");
}

fn main() {
    let all: [(&str, fn()); 3] = [
        (
            "perf_finds_functions_in_its_map",
            perf_finds_functions_in_its_map,
        ),
        (
            "perf_finds_functions_and_lines_in_a_jitdump",
            perf_finds_functions_and_lines_in_a_jitdump,
        ),
        (
            "perf_finds_the_line_of_a_function_of_one_line",
            perf_finds_the_line_of_a_function_of_one_line,
        ),
    ];
    let forbidden = trials::tools::missing(&["perf"]).is_none() && !may_record();
    let ignored = |test: Trial| test.with_ignored_flag(forbidden);
    let all = all.map(|(name, run)| ignored(trials::test(name, run)));
    trials::run(&["perf", "clang-19"], all.into());
}
