//! A debug adapter, over its protocol: JSON after a header with its length, both ways through pipes.
//!
//! <https://microsoft.github.io/debug-adapter-protocol/overview>

#![allow(dead_code, reason = "each test uses a part of it")]

use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One session at a time, as in the other tests of lldb: what steps does not want both cores to be busy.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// An adapter; dropping this ends it, and what it debugs.
pub struct Adapter {
    process: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    sequence: u64,
    /// Those that nobody has waited for yet.
    events: Vec<Value>,
    _alone: MutexGuard<'static, ()>,
}

impl Adapter {
    /// Starts it.
    pub fn start(command: &mut Command) -> Adapter {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the adapter can be started: .ci/setup installs what it needs");
        let (sender, output) = mpsc::channel();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || {
            while let Ok(message) = read(&mut stdout) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Adapter {
            input: process.stdin.take().unwrap(),
            process,
            output,
            sequence: 0,
            events: Vec::new(),
            _alone: alone,
        }
    }

    /// Asks for something, and leaves the answer for later.
    pub fn send(&mut self, command: &str, arguments: Value) -> Value {
        self.sequence += 1;
        let request = json!({"seq": self.sequence, "type": "request", "command": command, "arguments": arguments});
        let text = request.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
        request
    }

    /// Asks for something; the answer's body.
    pub fn request(&mut self, command: &str, arguments: Value) -> Value {
        let request = self.send(command, arguments);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.receive(deadline, command);
            if message["type"] == "event" {
                self.events.push(message);
            } else if message["request_seq"] == self.sequence {
                assert_eq!(message["success"], true, "{request}: {message}");
                return message["body"].clone();
            }
        }
    }

    /// Waits for an event, unless it was here already; its body.
    pub fn event(&mut self, name: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(index) = self.events.iter().position(|event| event["event"] == name) {
                return self.events.remove(index)["body"].take();
            }
            let message = self.receive(deadline, name);
            self.events.push(message);
        }
    }

    /// Waits for the program's end: its exit code.
    pub fn exit_code(&mut self) -> Option<i64> {
        self.event("exited")["exitCode"].as_i64()
    }

    /// The program's output (`stdout`) or lldb's (`console`), as far as it was received.
    pub fn output(&self, category: &str) -> String {
        let bodies = self.events.iter().map(|event| &event["body"]);
        let texts = bodies.filter(|body| body["category"] == category);
        texts.filter_map(|body| body["output"].as_str()).collect()
    }

    /// Waits until a text was written or said; it may come after the event that it belongs to.
    pub fn await_output(&mut self, category: &str, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.output(category).contains(text) {
            let message = self.receive(deadline, text);
            self.events.push(message);
        }
    }

    /// Returns true if the adapter ends by itself.
    pub fn ends(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.process.try_wait().unwrap().is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn receive(&self, deadline: Instant, what: &str) -> Value {
        let left = deadline.saturating_duration_since(Instant::now());
        self.output
            .recv_timeout(left)
            .unwrap_or_else(|why| panic!("{what}: {why}; so far: {:#?}", self.events))
    }
}

/// One message.
fn read(from: &mut impl BufRead) -> io::Result<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("Content-Length:") {
            length = number.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    serde_json::from_slice(&bytes).map_err(io::Error::other)
}

impl Drop for Adapter {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
