//! The program's output, for debuggers whose own output is a protocol: it is read from a pipe, and sent while the program runs.

use crate::connection::Sender;
use crate::packet::hex;
use std::io::{self, PipeReader, Read};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Bytes that one packet has at most, before they are doubled.
const PIECE: usize = 1 << 10;

/// The pipe, and its reader.
#[derive(Clone)]
pub struct Output {
    state: Arc<State>,
}

struct State {
    /// True while the debugger waits for the program, and takes output.
    is_open: Mutex<bool>,
    opened: Condvar,
    pipe: PipeReader,
    sender: Sender,
}

impl Output {
    /// Sends what is written into a pipe.
    ///
    /// # Errors
    /// The system's.
    pub fn new(pipe: PipeReader, sender: Sender) -> io::Result<Output> {
        let descriptor = pipe.as_raw_fd();
        // SAFETY: no memory is involved.
        if unsafe { libc::fcntl(descriptor, libc::F_SETFL, libc::O_NONBLOCK) } == -1 {
            return Err(io::Error::last_os_error());
        }
        let state = Arc::new(State {
            is_open: Mutex::new(false),
            opened: Condvar::new(),
            pipe,
            sender,
        });
        let output = Output { state };
        let own = output.clone();
        thread::spawn(move || own.follow());
        Ok(output)
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        let locked = self.state.is_open.lock();
        locked.unwrap_or_else(PoisonError::into_inner)
    }

    /// The program runs: what it writes is sent at once.
    pub fn open(&self) {
        *self.lock() = true;
        self.state.opened.notify_all();
    }

    /// The program has stopped: sends the rest of what it has written.
    pub fn close(&self) {
        let mut is_open = self.lock();
        self.send();
        *is_open = false;
    }

    fn follow(&self) {
        loop {
            let mut wanted = libc::pollfd {
                fd: self.state.pipe.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: one structure, which is written.
            let ready = unsafe { libc::poll(&mut wanted, 1, -1) };
            let is_closed = wanted.revents & libc::POLLIN == 0 && wanted.revents != 0;
            if ready != 1 || is_closed {
                return;
            }
            let mut is_open = self.lock();
            while !*is_open {
                let woken = self.state.opened.wait(is_open);
                is_open = woken.unwrap_or_else(PoisonError::into_inner);
            }
            self.send();
        }
    }

    /// Sends what is in the pipe.
    fn send(&self) {
        let mut bytes = [0; PIECE];
        while let Ok(length @ 1..) = (&self.state.pipe).read(&mut bytes) {
            let packet = format!("O{}", hex(&bytes[..length]));
            if self.state.sender.send(packet.as_bytes()).is_err() {
                return;
            }
        }
    }
}
