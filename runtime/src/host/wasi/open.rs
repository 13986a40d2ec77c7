//! Opening by path.

use super::call::{Args, Call, Done};
use super::descriptor::{Descriptor, Object, host_flags};
use super::errno::Errno;
use super::lookup::follows;
use super::rights;
use super::types::{FileType, fdflags, host_filetype, known_flags, oflags};
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;

/// A request to `path_open`.
struct Request {
    follow: bool,
    oflags: u16,
    fdflags: u16,
    read: bool,
    write: bool,
}

impl Request {
    fn parse(lookup: u32, oflags: u32, base: u64, fdflags: u32) -> Result<Request, Errno> {
        let oflags = known_flags(oflags, oflags::ALL)?;
        let is_directory = oflags & oflags::DIRECTORY != 0;
        // A directory is neither made nor emptied by being opened.
        if is_directory && oflags & (oflags::CREAT | oflags::EXCL | oflags::TRUNC) != 0 {
            return Err(Errno::Inval);
        }
        // To write to a directory is an error, which the system has. Guests are careless about the rights that go with it.
        let writing = match is_directory {
            true => rights::FD_WRITE,
            false => rights::WRITING,
        };
        Ok(Request {
            follow: follows(lookup)?,
            oflags,
            fdflags: known_flags(fdflags, fdflags::ALL)?,
            read: base & (rights::FD_READ | rights::FD_READDIR) != 0,
            write: base & writing != 0,
        })
    }

    /// The rights that the directory must have.
    fn needed(&self) -> u64 {
        let mut needed = rights::PATH_OPEN;
        if self.oflags & oflags::CREAT != 0 {
            needed |= rights::PATH_CREATE_FILE;
        }
        if self.oflags & oflags::TRUNC != 0 {
            needed |= rights::PATH_FILESTAT_SET_SIZE;
        }
        needed
    }

    fn open(&self, dir: &Dir, path: &str) -> Result<File, Errno> {
        let mut flags = host_flags(self.fdflags);
        let table = [
            (oflags::CREAT, OFlags::CREATE),
            (oflags::DIRECTORY, OFlags::DIRECTORY),
            (oflags::EXCL, OFlags::EXCL),
            (oflags::TRUNC, OFlags::TRUNC),
        ];
        for (guest, host) in table {
            flags.set(host, self.oflags & guest != 0);
        }
        flags.set(OFlags::NOFOLLOW, !self.follow);
        let write = self.write || self.oflags & oflags::TRUNC != 0;
        let mut options = OpenOptions::new();
        // The flags are given as the system's, because `create` and `append` of the options refuse combinations that POSIX
        // allows, such as creating a file to read it.
        options
            .read(self.read || !write)
            .write(write)
            .custom_flags(flags.bits() as i32);
        Ok(dir.open_with(path, &options)?)
    }

    /// The descriptor of what was opened through one whose rights to inherit are `allowed`. Only reading and writing are as
    /// asked for: the rest is what applies to its type, as in other runtimes, since guests are careless about it.
    fn descriptor(&self, file: File, allowed: u64) -> Result<Descriptor, Errno> {
        if host_filetype(&file)? == FileType::Directory {
            let object = Object::Directory {
                dir: Dir::from_std_file(file.into_std()),
                preopen: None,
            };
            return Ok(Descriptor {
                object,
                base: rights::DIRECTORY & allowed,
                inheriting: allowed,
            });
        }
        let mut base = rights::FILE & allowed;
        if !self.read {
            base &= !rights::FD_READ;
        }
        if !self.write {
            base &= !rights::WRITING;
        }
        Ok(Descriptor {
            object: Object::File(file),
            base,
            inheriting: 0,
        })
    }
}

pub fn path_open(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, lookup, path) = (args.u32(), args.u32(), args.span());
    let (oflags, base, _inheriting, fdflags) = (args.u32(), args.u64(), args.u64(), args.u32());
    let result_at = args.u32();
    let request = Request::parse(lookup, oflags, base, fdflags)?;
    let dir = call.ctx.descriptors.directory(fd, request.needed())?;
    let allowed = call.ctx.descriptors.get(fd)?.inheriting;
    if request.read && allowed & (rights::FD_READ | rights::FD_READDIR) == 0
        || request.write && allowed & rights::FD_WRITE == 0
    {
        return Err(Errno::Notcapable);
    }
    // Before anything is created or emptied.
    call.memory.check(result_at, 4)?;
    let file = request.open(dir, &*call.memory.string(path.start, path.len)?)?;
    let descriptor = request.descriptor(file, allowed)?;
    let opened = call.ctx.descriptors.add(descriptor)?;
    call.memory.write_u32(result_at, opened)
}
