//! A run of the command, and what it took.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// Longer than anything may take.
const END: &str = "200";

/// Runs a command with its output in two files; prints the seconds of processor time and KiB of memory that it took, and its end. Linux
/// counts to a process what the one had in memory that it was forked from (setmax_mm_hiwater_rss in exec_mmap): that one is to be small.
const USAGE: &str = "\
import resource, subprocess, sys
out, err, *command = sys.argv[1:]
with open(out, 'wb') as stdout, open(err, 'wb') as stderr:
    code = subprocess.run(command, stdout=stdout, stderr=stderr).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss, code)
";

pub struct Run {
    /// The processor's.
    pub time: Duration,
    /// Bytes that were in memory at once.
    pub memory: usize,
    pub status: ExitStatus,
    /// Both streams.
    pub said: String,
}

/// Runs the command in a folder.
pub fn run(folder: &Path, args: &[&str]) -> Run {
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    let python = Command::new("python3")
        .args(["-c", USAGE])
        .args([&out, &err])
        .args(["timeout", "-s", "KILL", END])
        .arg(env!("CARGO_BIN_EXE_dwalin"))
        .args(args)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache/inside"))
        .env("A_SECRET", super::SECRET)
        .env_remove("DEBUGINFOD_URLS")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let usage = String::from_utf8_lossy(&python.stdout).into_owned();
    let usage: Vec<f64> = usage
        .split_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect();
    let [time, memory, code] = usage[..] else {
        panic!("{}", String::from_utf8_lossy(&python.stderr));
    };
    // As wait(2) has it: a code, or the number of a signal.
    let status = match code as i32 {
        signal @ ..0 => -signal,
        code => code << 8,
    };
    let said = [out, err].map(|file| fs::read(file).unwrap()).concat();
    Run {
        time: Duration::from_secs_f64(time),
        memory: memory as usize * 1024,
        status: ExitStatus::from_raw(status),
        said: String::from_utf8_lossy(&said).into_owned(),
    }
}
