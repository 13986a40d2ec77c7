//! Resources of WASI 0.2 other than descriptors, by number.

use super::errno::Errno;
use super::http::{Http, Trailers};
use super::network::{Datagrams, Socket};
use std::collections::VecDeque;
use std::net::IpAddr;

/// A resource.
#[derive(Debug)]
pub(crate) enum Entry {
    /// An input stream, of a descriptor.
    Input { fd: u32, place: Place },
    /// An output stream, of a descriptor.
    Output { fd: u32, place: Place },
    /// An event that can be waited for.
    Pollable(Wait),
    /// An error of a stream.
    Error(Errno),
    /// A listing of a directory: names with their types that were read, the position behind them, and true at the end.
    Entries {
        fd: u32,
        read: VecDeque<(u8, String)>,
        cookie: u64,
        ended: bool,
    },
    /// A terminal.
    Terminal,
    /// The network.
    Network,
    /// A socket.
    Socket(Socket),
    /// Datagrams that come, or that go.
    Datagrams(Datagrams),
    /// Addresses of a name.
    Addresses(VecDeque<IpAddr>),
    /// A part of a request or response.
    Http(Box<Http>),
}

/// The bytes of a descriptor that a stream is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// Those where the descriptor stands: of standard streams, which the program's end closes.
    Current,
    /// Those of a file from here on.
    At(u64),
    /// Those behind a file's end.
    End,
    /// Those that come and go by a connection.
    Connection,
    /// Those of a body of HTTP, by its number: they come and go by a connection, too.
    Body(u32),
}

impl Place {
    /// Returns true if nothing waits by itself.
    pub(crate) fn is_connection(self) -> bool {
        matches!(self, Place::Connection | Place::Body(_))
    }
}

/// An event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    /// It has happened.
    Now,
    /// A time of the monotonic clock.
    Until(u64),
    /// A descriptor can be read from.
    Read(u32),
    /// A descriptor can be written to.
    Write(u32),
    /// A socket, by its number: the operation that it began can be finished.
    Socket(u32),
}

impl Entry {
    /// The descriptor that ends with it.
    pub(crate) fn descriptor(&self) -> Option<u32> {
        match self {
            Entry::Input {
                place: Place::Current,
                ..
            }
            | Entry::Output {
                place: Place::Current,
                ..
            } => None,
            Entry::Input { fd, .. } | Entry::Output { fd, .. } | Entry::Entries { fd, .. } => {
                Some(*fd)
            }
            Entry::Socket(Socket { fd, .. }) | Entry::Datagrams(Datagrams { fd, .. }) => Some(*fd),
            Entry::Http(http) => match **http {
                Http::Trailers(Trailers { ended, .. }) => Some(ended),
                _ => None,
            },
            Entry::Pollable(_)
            | Entry::Error(_)
            | Entry::Terminal
            | Entry::Network
            | Entry::Addresses(_) => None,
        }
    }
}

/// All resources of a program.
#[derive(Default)]
pub(crate) struct Handles {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
}

impl Handles {
    /// The most that a program may have.
    const MOST: usize = 1 << 20;

    /// Numbers a resource; `None` if there are too many.
    pub(crate) fn add(&mut self, entry: Entry) -> Option<u32> {
        if let Some(index) = self.free.pop() {
            self.entries[index as usize] = Some(entry);
            return Some(index);
        }
        if self.entries.len() >= Handles::MOST {
            return None;
        }
        self.entries.push(Some(entry));
        Some(self.entries.len() as u32 - 1)
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Entry> {
        self.entries.get(index as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut Entry> {
        self.entries.get_mut(index as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<Entry> {
        let entry = self.entries.get_mut(index as usize)?.take()?;
        self.free.push(index);
        Some(entry)
    }
}
