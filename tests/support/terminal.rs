//! A program in a terminal of its own: what it does there, with editing and job control, it does not do in a pipe.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use std::{io, ptr};

/// The longest that anything is waited for; machines that test are slow at times.
const PATIENCE: Duration = Duration::from_secs(60);
const COLUMNS: u16 = 160;
const LINES: u16 = 50;
/// As fast as people type.
const KEYSTROKE: Duration = Duration::from_millis(20);
/// The silence after which people take an output to be whole, and the longest that they wait for it.
const SILENCE: Duration = Duration::from_millis(100);
const LONGEST_OUTPUT: Duration = Duration::from_secs(2);
/// The prompt of gdb.
pub const GDB_PROMPT: &str = "(gdb) ";
/// The texts that no command of gdb's may print.
const ERRORS: [&str; 4] = ["Python Exception", "Traceback", "is running", "Remote c"];
pub const CTRL_C: &str = "\x03";
pub const CTRL_D: &str = "\x04";

/// A running program, and what it wrote.
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    /// The output that was not waited for yet, as it came: escape sequences may have come in part.
    bytes: Vec<u8>,
    /// All that was waited for, as text.
    before: String,
}

impl Terminal {
    /// Starts a program as the leader of a session whose terminal it has.
    pub fn start(command: &mut Command) -> Terminal {
        let (master, slave) = open();
        let end = |of: &OwnedFd| of.try_clone().unwrap();
        command.env("TERM", "xterm").env_remove("INPUTRC");
        command.stdin(end(&slave)).stdout(end(&slave)).stderr(slave);
        // SAFETY: between fork and exec only system calls are made.
        unsafe {
            command.pre_exec(|| {
                if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                    return Err(io::Error::last_os_error());
                }
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        // The slave's end is closed here, so that the end of the program is the end of what is read.
        command.stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        let mut reader = File::from(end(&master));
        let (send, screen) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if send.send(bytes[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let (bytes, before) = (Vec::new(), String::new());
        let keyboard = File::from(master);
        Terminal {
            child,
            keyboard,
            screen,
            bytes,
            before,
        }
    }

    /// Starts gdb and waits for its prompt; it asks nothing, and writes without colours and pages.
    pub fn start_gdb(gdb: &mut Command) -> Terminal {
        let mut gdb = Terminal::start(gdb.env_remove("DEBUGINFOD_URLS"));
        for setting in [
            "set style enabled off",
            "set pagination off",
            "set confirm off",
        ] {
            gdb.wait_for(GDB_PROMPT);
            gdb.line(setting);
        }
        gdb.wait_for(GDB_PROMPT);
        gdb
    }

    /// Asserts that gdb has printed no errors of scripts, or of the connection.
    pub fn assert_no_errors(&self) {
        for error in ERRORS {
            assert!(!self.before.contains(error), "{}", self.before);
        }
    }

    /// Waits until the program has written a text; all that it wrote since the last wait, up to there.
    pub fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let said = plain(&self.bytes);
            if let Some(at) = said.find(text) {
                // What was after it is plain already.
                self.bytes = said.as_bytes()[at + text.len()..].to_vec();
                let said = &said[..at + text.len()];
                self.before.push_str(said);
                return said.to_owned();
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.bytes.extend(bytes),
                Err(_) => panic!("no {text:?} came; all of it: {}{said}", self.before),
            }
        }
    }

    /// The output in a while in which nothing is waited for.
    pub fn quiet(&mut self, time: Duration) -> String {
        let until = Instant::now() + time;
        while let Ok(bytes) =
            (self.screen).recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            self.bytes.extend(bytes);
        }
        plain(&self.bytes)
    }

    /// Types keys one after the other.
    pub fn keys(&mut self, keys: &str) {
        for key in keys.as_bytes() {
            self.keyboard.write_all(&[*key]).unwrap();
            thread::sleep(KEYSTROKE);
        }
    }

    /// Types a line, with Enter, when what is being written is whole: a terminal that echoes by itself has a key
    /// wherever it comes, between two halves of a line too.
    pub fn line(&mut self, line: &str) {
        let until = Instant::now() + LONGEST_OUTPUT;
        while Instant::now() < until {
            match self.screen.recv_timeout(SILENCE) {
                Ok(bytes) => self.bytes.extend(bytes),
                Err(_) => break,
            }
        }
        self.keys(line);
        self.keys("\r");
    }

    /// Has lines in the terminal before the program reads the first of them.
    pub fn ahead(&mut self, lines: &[&str]) {
        let lines: String = lines.iter().map(|line| format!("{line}\r")).collect();
        self.keyboard.write_all(lines.as_bytes()).unwrap();
    }

    /// Types a line and waits for a text after it; all that was written up to there.
    pub fn ask(&mut self, line: &str, answer: &str) -> String {
        self.line(line);
        self.wait_for(line);
        self.wait_for(answer)
    }

    /// The program's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that was waited for.
    pub fn before(&self) -> &str {
        &self.before
    }

    /// Waits for the program's end.
    pub fn end(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "it does not end: {}", self.before);
            self.quiet(Duration::from_millis(50));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // What the program started ends with the terminal.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn open() -> (OwnedFd, OwnedFd) {
    let (mut master, mut slave) = (-1, -1);
    let size = libc::winsize {
        ws_row: LINES,
        ws_col: COLUMNS,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the pointers are to numbers and a structure that outlive the call; name and modes are left to the system.
    let opened = unsafe {
        libc::openpty(
            &raw mut master,
            &raw mut slave,
            ptr::null_mut(),
            ptr::null_mut(),
            &raw const size as *mut libc::winsize,
        )
    };
    assert_eq!(opened, 0, "{}", io::Error::last_os_error());
    // SAFETY: both are open, and nobody else's.
    let (master, slave) = unsafe { (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
    // SAFETY: the descriptor is open. The program that is started must not have the other end.
    unsafe { libc::fcntl(master.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
    (master, slave)
}

/// Text without escape sequences (ECMA-48, section 5.4) and carriage returns.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => match chars.next() {
                Some('[') => drop(chars.find(|c| ('@'..='~').contains(c))),
                // An operating system command, as a title.
                Some(']') => drop(chars.find(|c| *c == '\x07')),
                Some('(' | ')') => drop(chars.next()),
                _ => {}
            },
            '\r' | '\x07' | '\x0f' => {}
            _ => out.push(c),
        }
    }
    out
}
