//! Flags, enumerations and record layouts of the specification, in both snapshots.

use super::errno::Errno;
use super::memory::GuestMemory;
use super::snapshot::Snapshot;
use rustix::fd::AsFd;
use rustix::fs::Stat;

/// Flags of an open descriptor (witx `fdflags`).
pub mod fdflags {
    pub const APPEND: u16 = 1 << 0;
    pub const DSYNC: u16 = 1 << 1;
    pub const NONBLOCK: u16 = 1 << 2;
    pub const RSYNC: u16 = 1 << 3;
    pub const SYNC: u16 = 1 << 4;
    pub const ALL: u16 = (1 << 5) - 1;
}

/// The flags of `path_open` beside opening (witx `oflags`).
pub mod oflags {
    pub const CREAT: u16 = 1 << 0;
    pub const DIRECTORY: u16 = 1 << 1;
    pub const EXCL: u16 = 1 << 2;
    pub const TRUNC: u16 = 1 << 3;
    pub const ALL: u16 = (1 << 4) - 1;
}

/// Follow a symbolic link that is the last component of a path: the only `lookupflags`.
pub const SYMLINK_FOLLOW: u32 = 1;

/// `flags` if only bits of `all` are set in it.
pub fn known_flags(flags: u32, all: u16) -> Result<u16, Errno> {
    match u16::try_from(flags) {
        Ok(known) if known & !all == 0 => Ok(known),
        _ => Err(Errno::Inval),
    }
}

/// The kind of a file (witx `filetype`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FileType {
    Unknown = 0,
    BlockDevice = 1,
    CharacterDevice = 2,
    Directory = 3,
    RegularFile = 4,
    #[expect(
        dead_code,
        reason = "listed because the numbers are the specification's"
    )]
    SocketDgram = 5,
    SocketStream = 6,
    SymbolicLink = 7,
}

impl From<rustix::fs::FileType> for FileType {
    fn from(host: rustix::fs::FileType) -> FileType {
        use rustix::fs::FileType as Host;
        match host {
            Host::RegularFile => FileType::RegularFile,
            Host::Directory => FileType::Directory,
            Host::Symlink => FileType::SymbolicLink,
            Host::CharacterDevice => FileType::CharacterDevice,
            Host::BlockDevice => FileType::BlockDevice,
            // `stat` does not tell streams from datagrams.
            Host::Socket => FileType::SocketStream,
            // A pipe has no word in the specification.
            Host::Fifo | Host::Unknown => FileType::Unknown,
        }
    }
}

/// A descriptor's attributes (witx `fdstat`).
#[derive(Clone, Copy, Debug)]
pub struct FdStat {
    pub filetype: FileType,
    pub flags: u16,
    pub rights_base: u64,
    pub rights_inheriting: u64,
}

impl FdStat {
    /// Stores it at `at`: 24 bytes.
    pub fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), Errno> {
        let mut bytes = [0; 24];
        bytes[0] = self.filetype as u8;
        bytes[2..4].copy_from_slice(&self.flags.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.rights_base.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.rights_inheriting.to_le_bytes());
        memory.write(at, &bytes)
    }
}

/// A file's attributes (witx `filestat`).
#[derive(Clone, Copy, Debug)]
pub struct FileStat {
    pub dev: u64,
    pub ino: u64,
    pub filetype: FileType,
    pub nlink: u64,
    pub size: u64,
    /// Last access, last change of the data, last change of the attributes: nanoseconds since 1970.
    pub times: [u64; 3],
}

impl FileStat {
    /// Of something that is no file of the host's.
    pub fn unknown() -> FileStat {
        FileStat {
            dev: 0,
            ino: 0,
            filetype: FileType::Unknown,
            nlink: 0,
            size: 0,
            times: [0; 3],
        }
    }

    /// Stores it at `at`. Snapshot 0 counts links in 32 bits, which closes the gap after `filetype`:
    ///
    /// ```text
    /// preview 1  dev 0  ino 8  filetype 16  nlink u64 24  size 32  atim 40  mtim 48  ctim 56  =64
    /// snapshot 0 dev 0  ino 8  filetype 16  nlink u32 20  size 24  atim 32  mtim 40  ctim 48  =56
    /// ```
    pub fn store(
        &self,
        memory: &mut GuestMemory<'_>,
        at: u32,
        snapshot: Snapshot,
    ) -> Result<(), Errno> {
        let mut bytes = [0; 64];
        bytes[0..8].copy_from_slice(&self.dev.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.ino.to_le_bytes());
        bytes[16] = self.filetype as u8;
        let mut end = match snapshot {
            Snapshot::Preview1 => {
                bytes[24..32].copy_from_slice(&self.nlink.to_le_bytes());
                32
            }
            Snapshot::Unstable => {
                let nlink = u32::try_from(self.nlink).unwrap_or(u32::MAX);
                bytes[20..24].copy_from_slice(&nlink.to_le_bytes());
                24
            }
        };
        let [accessed, modified, changed] = self.times;
        for field in [self.size, accessed, modified, changed] {
            bytes[end..end + 8].copy_from_slice(&field.to_le_bytes());
            end += 8;
        }
        memory.write(at, &bytes[..end])
    }
}

/// A timestamp; times before 1970 have none.
fn timestamp(seconds: i64, nanoseconds: i64) -> u64 {
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    u64::try_from(total).unwrap_or(if total < 0 { 0 } else { u64::MAX })
}

impl From<&Stat> for FileStat {
    #[expect(
        clippy::unnecessary_cast,
        reason = "the widths of the fields differ between architectures"
    )]
    fn from(stat: &Stat) -> FileStat {
        FileStat {
            dev: stat.st_dev as u64,
            ino: stat.st_ino as u64,
            filetype: rustix::fs::FileType::from_raw_mode(stat.st_mode).into(),
            nlink: stat.st_nlink as u64,
            size: stat.st_size as u64,
            times: [
                timestamp(stat.st_atime as i64, stat.st_atime_nsec as i64),
                timestamp(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
                timestamp(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
            ],
        }
    }
}

/// The type of an open file.
pub fn host_filetype(fd: impl AsFd) -> Result<FileType, Errno> {
    let stat = rustix::fs::fstat(fd)?;
    Ok(rustix::fs::FileType::from_raw_mode(stat.st_mode).into())
}
