//! The state of a debugger's session, and what all commands need.

use crate::connection::Connection;
use crate::error::Result;
use crate::output::Output;
use crate::packet::hex;
use crate::timeline::Timeline;
use std::path::PathBuf;

/// A debugger's session.
pub struct Server {
    /// The connection to it.
    pub connection: Connection,
    /// The run.
    pub timeline: Timeline,
    /// The program's output, if the debugger prints it.
    pub output: Option<Output>,
    /// The file that the process runs.
    pub executable: PathBuf,
    /// The answer to the question why the program stopped.
    pub last_stop: Vec<u8>,
    /// No program is there yet, for the debugger.
    pub is_waiting: bool,
    /// It was said what becomes of changes.
    pub said_changes: bool,
    /// It was said which call of the host was refused to a function that the debugger called.
    pub said_refusal: bool,
    /// A `monitor` command has moved the program, of which nobody has asked yet.
    pub has_moved: bool,
    /// The debugger is lldb.
    pub is_lldb: bool,
    /// The debugger has gone.
    pub is_over: bool,
}

/// The reply that a packet is not known.
pub const UNKNOWN: &[u8] = b"";
/// The reply that all went well.
pub const OK: &[u8] = b"OK";
/// The reply that it did not.
pub const FAILED: &[u8] = b"E01";

impl Server {
    /// Has the debugger print a line.
    pub fn say(&self, text: &str) -> Result<()> {
        let line = format!("O{}", hex(format!("{text}\n").as_bytes()));
        self.connection.reply(line.as_bytes())
    }
}
