//! A server of gdb's remote protocol for a process that replays a recording, forwards and backwards.
//!
//! ```text
//! gdb, lldb ──remote protocol── server ── timeline ──ptrace── processes: checkpoints are forks that wait
//! ```
//!
//! The process counts ticks, at each entry of a function and each head of a loop, and stops by itself at the tick that it is told
//! ([`control`]). Between two ticks control only goes forward, so a tick and an address name a moment, and a moment is reached
//! again by running forward from a checkpoint.
//!
//! ```no_run
//! use dwalin_timetravel::{Beginning, Connection, Streams, serve};
//!
//! # fn main() -> Result<(), dwalin_timetravel::Error> {
//! // One that makes a control block, as `dwalin` does for `target remote | dwalin replay-server -- app.rec`.
//! let mut command = std::process::Command::new("/usr/bin/replayer");
//! // The standard output is the protocol's; the program's own goes to the debugger, which prints it.
//! let connection = Connection::new(std::io::stdin(), std::io::stdout());
//! serve(&mut command, "/usr/bin/replayer".into(), connection, Streams::Debugger, Beginning::Started)
//! # }
//! ```
//!
//! The rooms from the bottom to the top are in docs/architecture.md: packets and registers, a traced process, moments and the ways
//! to them, and the protocol's commands, a file for each group of them.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod connection;
pub mod control;
mod description;
mod error;
mod interrupt;
mod output;
mod packet;
mod process;
mod registers;
mod scratch;
mod server;
mod timeline;
mod tracee;
mod watch;

pub use connection::Connection;
pub use error::Error;
pub use server::{Beginning, Streams, serve};
