//! The standard streams: the host's own, or a reader or writer of the embedder's.

use super::errno::Errno;
use super::memory::GuestMemory;
use super::rights;
use super::types::{FileType, fdflags, host_filetype};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd};
use std::io::{self, IsTerminal, Read, Write};

/// The source or destination of a stream's bytes.
pub enum Source {
    HostInput(io::Stdin),
    HostOutput(io::Stdout),
    HostError(io::Stderr),
    Reader(Box<dyn Read + Send>),
    Writer(Box<dyn Write + Send>),
}

/// A standard stream.
pub struct Stream {
    pub source: Source,
    /// The guest's `fdflags`. They are kept here because the host's belong to an open file that it shares with others: a
    /// shell does not expect its terminal back as non-blocking.
    pub flags: u16,
}

impl Stream {
    /// With no flags set.
    pub fn new(source: Source) -> Stream {
        Stream { source, flags: 0 }
    }

    /// The host's descriptor.
    pub fn host(&self) -> Option<BorrowedFd<'_>> {
        match &self.source {
            Source::HostInput(input) => Some(input.as_fd()),
            Source::HostOutput(output) => Some(output.as_fd()),
            Source::HostError(error) => Some(error.as_fd()),
            Source::Reader(_) | Source::Writer(_) => None,
        }
    }

    /// The number of the process's output stream that it is.
    pub fn output(&self) -> Option<u8> {
        match self.source {
            Source::HostOutput(_) => Some(1),
            Source::HostError(_) => Some(2),
            _ => None,
        }
    }

    /// A character device is what a C library takes for a terminal, so `/dev/null` is not called one.
    pub fn filetype(&self) -> FileType {
        let Some(host) = self.host() else {
            return FileType::Unknown;
        };
        if host.is_terminal() {
            return FileType::CharacterDevice;
        }
        match host_filetype(host) {
            Ok(kept @ (FileType::RegularFile | FileType::SocketStream)) => kept,
            _ => FileType::Unknown,
        }
    }

    /// The rights: a redirection to a file can also do what files can.
    pub fn rights(&self) -> u64 {
        let direction = match self.source {
            Source::HostInput(_) | Source::Reader(_) => rights::FD_READ,
            _ => rights::WRITING,
        };
        direction
            | match self.filetype() {
                FileType::RegularFile => rights::FILE & !(rights::FD_READ | rights::WRITING),
                // A socket has both directions, whichever stream it was inherited as.
                FileType::SocketStream => {
                    rights::STREAM | rights::FD_READ | rights::FD_WRITE | rights::SOCK_SHUTDOWN
                }
                _ => rights::STREAM,
            }
    }

    /// `Again` if the guest asked not to wait, and it would have to.
    pub fn check_ready(&self, direction: PollFlags) -> Result<(), Errno> {
        let Some(host) = self.host() else {
            return Ok(());
        };
        if self.flags & fdflags::NONBLOCK == 0 {
            return Ok(());
        }
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        match poll(&mut [PollFd::from_borrowed_fd(host, direction)], Some(&now))? {
            0 => Err(Errno::Again),
            _ => Ok(()),
        }
    }
}

/// Fills one span of guest memory from a reader of the embedder's: a short read, as a pipe would give.
pub fn read_once(
    reader: &mut dyn Read,
    memory: &mut GuestMemory<'_>,
    start: u32,
    len: u32,
) -> Result<usize, Errno> {
    memory.fill(start, len, |buffer| {
        loop {
            match reader.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return Ok(read?.min(buffer.len())),
            }
        }
    })
}

/// Writes to a writer of the embedder's, and flushes it: what the guest wrote is out when the call returns.
pub fn write_once(writer: &mut dyn Write, buffers: &[io::IoSlice<'_>]) -> Result<usize, Errno> {
    let written = loop {
        match writer.write_vectored(buffers) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            written => break written?,
        }
    };
    writer.flush()?;
    Ok(written)
}
