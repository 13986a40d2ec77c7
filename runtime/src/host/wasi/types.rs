//! Flags, rights and layouts of witx's types.

use super::Snapshot;
use super::errno::Errno;
use super::memory::GuestMemory;
use cap_primitives::fs::MetadataExt;

/// What a descriptor may be used for (witx type `rights`), by bit.
pub mod rights {
    pub const FD_DATASYNC: u64 = 1 << 0;
    pub const FD_READ: u64 = 1 << 1;
    pub const FD_SEEK: u64 = 1 << 2;
    pub const FD_FDSTAT_SET_FLAGS: u64 = 1 << 3;
    pub const FD_SYNC: u64 = 1 << 4;
    pub const FD_TELL: u64 = 1 << 5;
    pub const FD_WRITE: u64 = 1 << 6;
    pub const FD_ADVISE: u64 = 1 << 7;
    pub const FD_ALLOCATE: u64 = 1 << 8;
    pub const PATH_CREATE_DIRECTORY: u64 = 1 << 9;
    pub const PATH_CREATE_FILE: u64 = 1 << 10;
    pub const PATH_LINK_SOURCE: u64 = 1 << 11;
    pub const PATH_LINK_TARGET: u64 = 1 << 12;
    pub const PATH_OPEN: u64 = 1 << 13;
    pub const FD_READDIR: u64 = 1 << 14;
    pub const PATH_READLINK: u64 = 1 << 15;
    pub const PATH_RENAME_SOURCE: u64 = 1 << 16;
    pub const PATH_RENAME_TARGET: u64 = 1 << 17;
    pub const PATH_FILESTAT_GET: u64 = 1 << 18;
    pub const PATH_FILESTAT_SET_SIZE: u64 = 1 << 19;
    pub const PATH_FILESTAT_SET_TIMES: u64 = 1 << 20;
    pub const FD_FILESTAT_GET: u64 = 1 << 21;
    pub const FD_FILESTAT_SET_SIZE: u64 = 1 << 22;
    pub const FD_FILESTAT_SET_TIMES: u64 = 1 << 23;
    pub const PATH_SYMLINK: u64 = 1 << 24;
    pub const PATH_REMOVE_DIRECTORY: u64 = 1 << 25;
    pub const PATH_UNLINK_FILE: u64 = 1 << 26;
    pub const POLL_FD_READWRITE: u64 = 1 << 27;
    pub const SOCK_SHUTDOWN: u64 = 1 << 28;
    pub const SOCK_ACCEPT: u64 = 1 << 29;

    /// All of them.
    pub const ALL: u64 = (1 << 30) - 1;

    /// Those that make sense for what is not a directory.
    pub const FILE: u64 = FD_DATASYNC
        | FD_READ
        | FD_SEEK
        | FD_FDSTAT_SET_FLAGS
        | FD_SYNC
        | FD_TELL
        | FD_WRITE
        | FD_ADVISE
        | FD_ALLOCATE
        | FD_FILESTAT_GET
        | FD_FILESTAT_SET_SIZE
        | FD_FILESTAT_SET_TIMES
        | POLL_FD_READWRITE
        | SOCK_SHUTDOWN
        | SOCK_ACCEPT;

    /// Those that make sense for a directory.
    pub const DIRECTORY: u64 = PATH_CREATE_DIRECTORY
        | PATH_CREATE_FILE
        | PATH_LINK_SOURCE
        | PATH_LINK_TARGET
        | PATH_OPEN
        | FD_READDIR
        | PATH_READLINK
        | PATH_RENAME_SOURCE
        | PATH_RENAME_TARGET
        | PATH_FILESTAT_GET
        | PATH_FILESTAT_SET_SIZE
        | PATH_FILESTAT_SET_TIMES
        | FD_FDSTAT_SET_FLAGS
        | FD_SYNC
        | FD_DATASYNC
        | FD_ADVISE
        | FD_FILESTAT_GET
        | FD_FILESTAT_SET_TIMES
        | PATH_SYMLINK
        | PATH_REMOVE_DIRECTORY
        | PATH_UNLINK_FILE
        | POLL_FD_READWRITE;
}

/// Flags of a descriptor (witx type `fdflags`).
pub mod fdflags {
    pub const APPEND: u16 = 1;
    pub const DSYNC: u16 = 2;
    pub const NONBLOCK: u16 = 4;
    pub const RSYNC: u16 = 8;
    pub const SYNC: u16 = 16;
    pub const ALL: u16 = 31;
}

/// Flags of `path_open` (witx type `oflags`).
pub mod oflags {
    pub const CREAT: u16 = 1;
    pub const DIRECTORY: u16 = 2;
    pub const EXCL: u16 = 4;
    pub const TRUNC: u16 = 8;
    pub const ALL: u16 = 15;
}

/// The only flag of `lookupflags`: the last component of a path may be a symbolic link.
pub const SYMLINK_FOLLOW: u32 = 1;

/// The kind of a file (witx type `filetype`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FileType {
    /// Something else.
    Unknown = 0,
    /// A block device.
    BlockDevice = 1,
    /// A character device: what a terminal is.
    CharacterDevice = 2,
    /// A directory.
    Directory = 3,
    /// A file.
    RegularFile = 4,
    /// A datagram socket.
    #[allow(
        dead_code,
        reason = "Linux does not tell the two kinds of sockets apart in a mode"
    )]
    SocketDgram = 5,
    /// A stream socket.
    SocketStream = 6,
    /// A symbolic link.
    SymbolicLink = 7,
}

impl From<rustix::fs::FileType> for FileType {
    fn from(ty: rustix::fs::FileType) -> FileType {
        match ty {
            rustix::fs::FileType::RegularFile => FileType::RegularFile,
            rustix::fs::FileType::Directory => FileType::Directory,
            rustix::fs::FileType::Symlink => FileType::SymbolicLink,
            rustix::fs::FileType::CharacterDevice => FileType::CharacterDevice,
            rustix::fs::FileType::BlockDevice => FileType::BlockDevice,
            rustix::fs::FileType::Socket => FileType::SocketStream,
            _ => FileType::Unknown,
        }
    }
}

/// What is known of a file (witx type `filestat`).
#[derive(Clone, Copy, Debug)]
pub struct FileStat {
    dev: u64,
    ino: u64,
    ty: FileType,
    nlink: u64,
    size: u64,
    /// Nanoseconds since 1970: accessed, modified, changed.
    times: [u64; 3],
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> u64 {
    (i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds))
        .try_into()
        .unwrap_or(0)
}

impl From<&rustix::fs::Stat> for FileStat {
    #[expect(
        clippy::unnecessary_cast,
        reason = "the fields' types differ between architectures"
    )]
    fn from(stat: &rustix::fs::Stat) -> FileStat {
        FileStat {
            dev: stat.st_dev as u64,
            ino: stat.st_ino as u64,
            ty: rustix::fs::FileType::from_raw_mode(stat.st_mode).into(),
            nlink: stat.st_nlink as u64,
            size: stat.st_size as u64,
            times: [
                nanoseconds(stat.st_atime as i64, stat.st_atime_nsec as i64),
                nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
                nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
            ],
        }
    }
}

impl From<&cap_primitives::fs::Metadata> for FileStat {
    fn from(data: &cap_primitives::fs::Metadata) -> FileStat {
        FileStat {
            dev: data.dev(),
            ino: data.ino(),
            ty: rustix::fs::FileType::from_raw_mode(data.mode()).into(),
            nlink: data.nlink(),
            size: data.size(),
            times: [
                nanoseconds(data.atime(), data.atime_nsec()),
                nanoseconds(data.mtime(), data.mtime_nsec()),
                nanoseconds(data.ctime(), data.ctime_nsec()),
            ],
        }
    }
}

impl FileStat {
    /// Writes it: in the unstable snapshot, the number of links has 32 bits.
    pub fn write(
        &self,
        memory: &mut GuestMemory<'_>,
        at: u32,
        snapshot: Snapshot,
    ) -> Result<(), Errno> {
        let mut bytes = [0u8; 64];
        bytes[0..8].copy_from_slice(&self.dev.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.ino.to_le_bytes());
        bytes[16] = self.ty as u8;
        let mut rest = match snapshot {
            Snapshot::Unstable => {
                let nlink = u32::try_from(self.nlink).unwrap_or(u32::MAX);
                bytes[20..24].copy_from_slice(&nlink.to_le_bytes());
                24
            }
            Snapshot::Preview1 => {
                bytes[24..32].copy_from_slice(&self.nlink.to_le_bytes());
                32
            }
        };
        for value in [self.size, self.times[0], self.times[1], self.times[2]] {
            bytes[rest..rest + 8].copy_from_slice(&value.to_le_bytes());
            rest += 8;
        }
        memory.write(at, &bytes[..rest])
    }
}
