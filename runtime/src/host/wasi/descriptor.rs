//! Open descriptors and what they may be used for.

use super::errno::Errno;
use super::types::{FileType, rights};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;

/// An open file, directory or stream.
#[derive(Debug)]
pub struct Descriptor {
    /// The host's.
    pub file: File,
    /// What it is.
    pub ty: FileType,
    /// What it may be used for.
    pub base: u64,
    /// What may be used that is opened through it.
    pub inheriting: u64,
    /// The guest's name of a directory that was there from the start.
    pub preopen: Option<String>,
}

impl Descriptor {
    /// Of an open file.
    pub fn new(file: File, base: u64, inheriting: u64) -> io::Result<Descriptor> {
        let ty = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode).into();
        Ok(Descriptor {
            file,
            ty,
            base,
            inheriting,
            preopen: None,
        })
    }

    /// Of a standard stream. wasi-libc takes a character device that cannot seek for a terminal.
    pub fn stdio(file: File) -> io::Result<Descriptor> {
        let mut descriptor = Descriptor::new(file, rights::FILE, 0)?;
        if rustix::termios::isatty(&descriptor.file) {
            descriptor.base &= !(rights::FD_SEEK | rights::FD_TELL);
        }
        Ok(descriptor)
    }
}

/// The descriptors of a program, by number.
#[derive(Debug)]
pub struct Descriptors(BTreeMap<u32, Descriptor>);

impl Descriptors {
    /// Standard streams from 0, directories from 3 on.
    pub fn new(stdio: [Option<Descriptor>; 3], preopens: Vec<Descriptor>) -> Descriptors {
        let stdio = (0..)
            .zip(stdio)
            .filter_map(|(fd, descriptor)| Some((fd, descriptor?)));
        Descriptors(stdio.chain((3..).zip(preopens)).collect())
    }

    /// An open descriptor.
    pub fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.0.get(&fd).ok_or(Errno::Badf)
    }

    /// An open descriptor, to change.
    pub fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.0.get_mut(&fd).ok_or(Errno::Badf)
    }

    /// An open descriptor that may be used for this.
    pub fn with_rights(&self, fd: u32, rights: u64) -> Result<&Descriptor, Errno> {
        let descriptor = self.get(fd)?;
        if descriptor.base & rights != rights {
            let wrong_kind = descriptor.ty != FileType::Directory && rights & !rights::FILE != 0;
            return Err(if wrong_kind {
                Errno::Notdir
            } else {
                Errno::Notcapable
            });
        }
        Ok(descriptor)
    }

    /// A directory that may be used for this.
    pub fn directory(&self, fd: u32, rights: u64) -> Result<&Descriptor, Errno> {
        if self.get(fd)?.ty != FileType::Directory {
            return Err(Errno::Notdir);
        }
        self.with_rights(fd, rights)
    }

    /// Adds a descriptor, with the lowest number that is free.
    pub fn add(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        let free = (0..)
            .zip(self.0.keys())
            .find(|(free, used)| free != *used)
            .map(|(free, _)| free);
        let fd = free.unwrap_or(self.0.len() as u32);
        if fd >= 1 << 20 {
            return Err(Errno::Mfile);
        }
        self.0.insert(fd, descriptor);
        Ok(fd)
    }

    /// Takes a descriptor out.
    pub fn remove(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        self.0.remove(&fd).ok_or(Errno::Badf)
    }

    /// Gives a descriptor another number, closing what has it.
    pub fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.get(to)?;
        let descriptor = self.remove(from)?;
        self.0.insert(to, descriptor);
        Ok(())
    }
}
