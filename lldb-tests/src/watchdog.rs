//! Kills a program that does not stop by itself, so that a test fails rather than hangs.

use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Longer than any session takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Guards one process until it is dropped.
#[derive(Debug)]
pub struct Watchdog {
    /// Its end is what the thread waits for.
    _alive: Sender<()>,
}

impl Watchdog {
    pub fn new(pid: u64) -> Watchdog {
        let (alive, ended) = mpsc::channel();
        thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("lldb-tests: killing process {pid}, which runs for {PATIENCE:?}");
                // By the command: the standard library kills only its own children.
                Command::new("kill")
                    .args(["-KILL", &pid.to_string()])
                    .status()
                    .ok();
            }
        });
        Watchdog { _alive: alive }
    }
}
