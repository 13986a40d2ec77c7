//! Ctrl-C: the thread that reads the connection stops the process that runs.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};

/// The process that runs, and the wish that it stops.
#[derive(Default)]
pub struct Interrupt {
    asked: AtomicBool,
    /// Asked for, and to be obeyed when a way to a moment has been gone to its end.
    postponed: AtomicBool,
    running: AtomicI32,
}

impl Interrupt {
    /// Asks for a stop, from any thread.
    pub fn ask(&self) {
        self.asked.store(true, SeqCst);
        let pid = self.running.load(SeqCst);
        if pid > 0 {
            // SAFETY: no memory is involved. The process is waited for by the thread that resets `running` before it is reaped.
            unsafe { libc::kill(pid, libc::SIGSTOP) };
        }
    }

    /// Notes that a process is about to run; false if it should not, as a stop has been asked for.
    pub fn begin(&self, pid: i32) -> bool {
        self.running.store(pid, SeqCst);
        !self.asked.load(SeqCst)
    }

    /// Notes that no process runs.
    pub fn end(&self) {
        self.running.store(0, SeqCst);
    }

    /// Returns true if a stop was asked for.
    pub fn is_asked(&self) -> bool {
        self.asked.load(SeqCst) || self.postponed.load(SeqCst)
    }

    /// Lets processes run on, though a stop was asked for.
    pub fn postpone(&self) {
        self.postponed.store(true, SeqCst);
        self.asked.store(false, SeqCst);
    }

    /// Forgets an earlier wish: a command begins.
    pub fn forget(&self) {
        self.asked.store(false, SeqCst);
        self.postponed.store(false, SeqCst);
    }
}
