//! Open descriptors: what each is, what it may be used for, and the table that numbers them.

use super::errno::Errno;
use super::rights;
use super::stream::Stream;
use super::types::{FileType, fdflags, host_filetype};
use cap_std::fs::{Dir, File};
#[cfg(feature = "component-model")]
use rustix::fd::OwnedFd;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::OFlags;

/// The object behind a descriptor.
pub enum Object {
    /// One of the standard streams.
    Stream(Stream),
    /// Anything opened by path that is no directory; sockets of WASI 0.2, which are read and written in the same way.
    File(File),
    /// A directory.
    Directory {
        dir: Dir,
        /// The guest's name of it, if the embedder opened it.
        preopen: Option<String>,
    },
}

/// An open descriptor.
pub struct Descriptor {
    pub object: Object,
    /// The rights of the descriptor itself.
    pub base: u64,
    /// The rights of descriptors opened through it.
    pub inheriting: u64,
}

impl Descriptor {
    /// Of a standard stream.
    pub fn stream(stream: Stream) -> Descriptor {
        Descriptor {
            base: stream.rights(),
            inheriting: 0,
            object: Object::Stream(stream),
        }
    }

    /// The number of the standard stream that its output is on: 1 or 2, if it is one of this process.
    pub fn output_stream(&self) -> Option<u8> {
        match &self.object {
            Object::Stream(stream) => stream.output(),
            _ => None,
        }
    }

    /// Of a directory that the embedder opens to the guest as `name`.
    pub fn preopen(dir: Dir, name: String) -> Descriptor {
        let object = Object::Directory {
            dir,
            preopen: Some(name),
        };
        Descriptor {
            object,
            base: rights::DIRECTORY,
            inheriting: rights::ALL,
        }
    }

    /// Of a socket.
    #[cfg(feature = "component-model")]
    pub fn socket(socket: OwnedFd) -> Descriptor {
        Descriptor {
            object: Object::File(File::from_std(socket.into())),
            base: rights::STREAM | rights::FD_READ | rights::FD_WRITE,
            inheriting: 0,
        }
    }

    /// The host's descriptor; streams that the embedder made in memory have none.
    pub fn host(&self) -> Option<BorrowedFd<'_>> {
        match &self.object {
            Object::Stream(stream) => stream.host(),
            Object::File(file) => Some(file.as_fd()),
            Object::Directory { dir, .. } => Some(dir.as_fd()),
        }
    }

    /// The host's descriptor of what has bytes: not of a directory, as the file functions have it.
    pub fn host_file(&self) -> Result<BorrowedFd<'_>, Errno> {
        match self.object {
            Object::Directory { .. } => Err(Errno::Badf),
            _ => self.host().ok_or(Errno::Spipe),
        }
    }

    /// Its type.
    pub fn filetype(&self) -> Result<FileType, Errno> {
        Ok(match &self.object {
            Object::Stream(stream) => stream.filetype(),
            Object::Directory { .. } => FileType::Directory,
            Object::File(file) => host_filetype(file)?,
        })
    }

    /// Its `fdflags`.
    pub fn flags(&self) -> Result<u16, Errno> {
        match &self.object {
            Object::Stream(stream) => Ok(stream.flags),
            Object::File(file) => Ok(guest_flags(rustix::fs::fcntl_getfl(file)?)),
            Object::Directory { .. } => Ok(0),
        }
    }

    /// `Ok` if it has all of `rights`.
    pub fn require(&self, rights: u64) -> Result<(), Errno> {
        if self.base & rights == rights {
            Ok(())
        } else {
            Err(Errno::Notcapable)
        }
    }

    /// The same for reading and writing, as POSIX has it for a descriptor that was not opened for this: a guest's C library knows no
    /// lack of rights.
    pub fn require_open_for(&self, rights: u64) -> Result<(), Errno> {
        self.require(rights).map_err(|_| Errno::Badf)
    }
}

// `O_SYNC` contains the bit of `O_DSYNC`, and Linux has no other `O_RSYNC`.
fn guest_flags(host: OFlags) -> u16 {
    let table = [
        (OFlags::APPEND, fdflags::APPEND),
        (OFlags::DSYNC, fdflags::DSYNC),
        (OFlags::NONBLOCK, fdflags::NONBLOCK),
        (OFlags::SYNC, fdflags::SYNC | fdflags::RSYNC),
    ];
    table
        .into_iter()
        .filter(|(flag, _)| host.contains(*flag))
        .fold(0, |all, (_, flag)| all | flag)
}

/// The host's flags for `fdflags`.
pub fn host_flags(guest: u16) -> OFlags {
    let table = [
        (fdflags::APPEND, OFlags::APPEND),
        (fdflags::DSYNC, OFlags::DSYNC),
        (fdflags::NONBLOCK, OFlags::NONBLOCK),
        (fdflags::RSYNC, OFlags::RSYNC),
        (fdflags::SYNC, OFlags::SYNC),
    ];
    table
        .into_iter()
        .filter(|(flag, _)| guest & flag != 0)
        .fold(OFlags::empty(), |all, (_, flag)| all | flag)
}

/// All descriptors of a program, by number.
#[derive(Default)]
pub struct Descriptors {
    slots: Vec<Option<Descriptor>>,
}

impl Descriptors {
    /// The most that a program may have open; the host's own limit is usually reached before.
    const MOST: usize = 1 << 20;

    /// Numbers a descriptor of the embedder's: the next.
    pub fn push(&mut self, descriptor: Descriptor) {
        self.slots.push(Some(descriptor));
    }

    /// Numbers a descriptor: the highest number that was given up, else the next. WASI leaves the choice to hosts; POSIX takes the
    /// lowest. A program that has closed its standard streams, and still writes to them, would write into the next file that it opens
    /// (yosys does, after it ran ABC with other streams).
    pub fn add(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        let free = self
            .slots
            .iter()
            .rposition(Option::is_none)
            .unwrap_or(self.slots.len());
        if free >= Descriptors::MOST {
            return Err(Errno::Mfile);
        }
        if free == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[free] = Some(descriptor);
        Ok(free as u32)
    }

    fn slot(&mut self, fd: u32) -> Result<&mut Option<Descriptor>, Errno> {
        self.slots
            .get_mut(fd as usize)
            .filter(|slot| slot.is_some())
            .ok_or(Errno::Badf)
    }

    /// The one that `fd` numbers.
    pub fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.slots
            .get(fd as usize)
            .and_then(Option::as_ref)
            .ok_or(Errno::Badf)
    }

    /// The one that `fd` numbers, to change.
    pub fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.slot(fd)?.as_mut().ok_or(Errno::Badf)
    }

    /// The host's descriptor of a file or stream that has the rights `needed`.
    pub fn file(&self, fd: u32, needed: u64) -> Result<BorrowedFd<'_>, Errno> {
        let descriptor = self.get(fd)?;
        let host = descriptor.host_file()?;
        descriptor.require(needed)?;
        Ok(host)
    }

    /// The directory that `fd` numbers, if it has the rights `needed`.
    pub fn directory(&self, fd: u32, needed: u64) -> Result<&Dir, Errno> {
        let descriptor = self.get(fd)?;
        let Object::Directory { dir, .. } = &descriptor.object else {
            return Err(Errno::Notdir);
        };
        descriptor.require(needed)?;
        Ok(dir)
    }

    /// Closes one.
    pub fn close(&mut self, fd: u32) -> Result<(), Errno> {
        self.slot(fd)?.take();
        Ok(())
    }

    /// Makes `to`, which must be open, the number of what `from` numbers.
    pub fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.slot(to)?;
        let moved = self.slot(from)?.take();
        *self.slots.get_mut(to as usize).ok_or(Errno::Badf)? = moved;
        Ok(())
    }
}
