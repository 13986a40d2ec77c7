//! Errors, by the step that failed.

use std::{fmt, io};

/// A failure of the server or of the process that it controls.
#[derive(Debug)]
pub enum Error {
    /// The process could not be started.
    Start(io::Error),
    /// A request to the kernel about a process failed.
    Ptrace {
        /// The request, as words that follow "cannot".
        step: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// Memory of the process could not be read or written.
    Memory {
        /// The first address.
        address: u64,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The process ended before it was ready to replay.
    NotReady(String),
    /// A moment was not reached again.
    Lost {
        /// The tick of the moment.
        tick: u64,
    },
    /// The process ended where it should have gone on.
    Ended(&'static str),
    /// The connection to the debugger failed.
    Connection(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(source) => write!(f, "cannot start the process that replays: {source}"),
            Self::Ptrace { step, source } => write!(f, "cannot {step}: {source}"),
            Self::Memory { address, source } => {
                write!(f, "cannot access memory at {address:#x}: {source}")
            }
            Self::NotReady(how) => {
                write!(f, "the process that replays {how} before the program began")
            }
            Self::Lost { tick } => write!(
                f,
                "the replay did not come by a place in tick {tick} again: it is not deterministic"
            ),
            Self::Ended(step) => write!(f, "the process that replays ended: {step}"),
            Self::Connection(source) => write!(f, "the connection to the debugger: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start(source)
            | Self::Connection(source)
            | Self::Ptrace { source, .. }
            | Self::Memory { source, .. } => Some(source),
            Self::NotReady(_) | Self::Lost { .. } | Self::Ended(_) => None,
        }
    }
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
