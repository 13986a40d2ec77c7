//! A run of the command, and what it took.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// Longer than anything may take.
const END: &str = "200";

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
    let child = Command::new("timeout")
        .args(["-s", "KILL", END, env!("CARGO_BIN_EXE_dwalin")])
        .args(args)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache/inside"))
        .env("A_SECRET", super::SECRET)
        .env_remove("DEBUGINFOD_URLS")
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let mut status = 0;
    // SAFETY: the structure is one of numbers, which the call fills; the process is our child, which nobody else waits for.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert!(libc::wait4(child.id() as i32, &mut status, 0, &mut usage) > 0);
        usage
    };
    let said = [out, err].map(|file| fs::read(file).unwrap()).concat();
    Run {
        time: [usage.ru_utime, usage.ru_stime]
            .map(duration)
            .into_iter()
            .sum(),
        memory: usage.ru_maxrss as usize * 1024,
        status: ExitStatus::from_raw(status),
        said: String::from_utf8_lossy(&said).into_owned(),
    }
}

fn duration(time: libc::timeval) -> Duration {
    Duration::from_micros(time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64)
}
