//! A line on the terminal while a large module is compiled, which is gone afterwards.

use dwalin_runtime::{Printable, is_traced};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The silent time at the start, and the time between messages: what takes no longer needs no explanation.
const STEP: Duration = Duration::from_secs(1);

/// Erases the line (ECMA-48, EL), from its start.
const ERASE: &str = "\r\x1b[K";

/// Says how long it takes, until it is dropped.
pub struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// Of the file of a module; nothing where nobody would see it, or a debugger has the terminal.
    pub fn of(file: &Path) -> Progress {
        let is_dumb = std::env::var_os("TERM").is_none_or(|it| it == "dumb");
        if !io::stderr().is_terminal() || is_dumb || is_traced() {
            return Progress(None);
        }
        let (sender, ended) = channel();
        let name = Printable(file.display()).to_string();
        let say = move || {
            let started = Instant::now();
            let mut is_said = false;
            while ended.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                let seconds = started.elapsed().as_secs();
                write(&format!("{ERASE}compiling {name}: {seconds} s"));
                is_said = true;
            }
            if is_said {
                write(ERASE);
            }
        };
        // Without a thread there is no line.
        let thread = std::thread::Builder::new().spawn(say);
        Progress(thread.ok().map(|thread| (sender, thread)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.0.take() {
            drop(sender);
            thread.join().ok();
        }
    }
}

/// On standard error, as it is, if that can be done.
fn write(text: &str) {
    let mut out = io::stderr();
    out.write_all(text.as_bytes()).ok();
    out.flush().ok();
}
