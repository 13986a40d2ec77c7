//! Files and directories by path, below the directory that a descriptor is of.

use super::descriptor::Descriptor;
use super::fd::{NewTime, new_times, system_flags};
use super::functions::{Args, Call};
use super::memory::Slice;
use super::types::{FileStat, FileType, SYMLINK_FOLLOW, fdflags, oflags, rights};
use super::{Done, Errno};
use cap_primitives::fs::{
    DirOptions, FollowSymlinks, OpenOptions, OpenOptionsExt, SystemTimeSpec, create_dir, hard_link,
    open, read_link_contents, remove_dir, remove_file, rename, set_times, set_times_nofollow, stat,
    symlink,
};
use cap_primitives::time::SystemTime;
use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

/// A path of the guest's.
fn path(call: &Call<'_, '_>, slice: Slice) -> Result<PathBuf, Errno> {
    let text = call.memory.string(slice)?;
    match text {
        "" => Err(Errno::Noent),
        _ if text.contains('\0') => Err(Errno::Inval),
        _ => Ok(PathBuf::from(text)),
    }
}

fn directory<'a>(call: &'a Call<'_, '_>, fd: u32, rights: u64) -> Result<&'a File, Errno> {
    Ok(&call.ctx.descriptors.directory(fd, rights)?.file)
}

fn follow(flags: u32) -> Result<FollowSymlinks, Errno> {
    match flags {
        0 => Ok(FollowSymlinks::No),
        SYMLINK_FOLLOW => Ok(FollowSymlinks::Yes),
        _ => Err(Errno::Inval),
    }
}

pub fn path_create_directory(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, name) = (args.u32(), args.slice());
    let dir = directory(call, fd, rights::PATH_CREATE_DIRECTORY)?;
    Ok(create_dir(dir, &path(call, name)?, &DirOptions::new())?)
}

pub fn path_filestat_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, flags, name, at) = (args.u32(), args.u32(), args.slice(), args.u32());
    let dir = directory(call, fd, rights::PATH_FILESTAT_GET)?;
    let found = FileStat::from(&stat(dir, &path(call, name)?, follow(flags)?)?);
    Ok(found.write(call.memory, at, call.snapshot)?)
}

pub fn path_filestat_set_times(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, flags, name) = (args.u32(), args.u32(), args.slice());
    let [accessed, modified] = new_times(args.u64(), args.u64(), args.u16())?.map(time_spec);
    let dir = directory(call, fd, rights::PATH_FILESTAT_SET_TIMES)?;
    let path = path(call, name)?;
    Ok(match follow(flags)? {
        FollowSymlinks::Yes => set_times(dir, &path, accessed, modified)?,
        FollowSymlinks::No => set_times_nofollow(dir, &path, accessed, modified)?,
    })
}

fn time_spec(time: NewTime) -> Option<SystemTimeSpec> {
    match time {
        NewTime::At(time) => Some(SystemTimeSpec::Absolute(SystemTime::from_std(
            UNIX_EPOCH + Duration::from_nanos(time),
        ))),
        NewTime::Now => Some(SystemTimeSpec::SymbolicNow),
        NewTime::Omit => None,
    }
}

pub fn path_link(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (from_fd, flags, from, to_fd, to) = (
        args.u32(),
        args.u32(),
        args.slice(),
        args.u32(),
        args.slice(),
    );
    let from_dir = directory(call, from_fd, rights::PATH_LINK_SOURCE)?;
    let to_dir = directory(call, to_fd, rights::PATH_LINK_TARGET)?;
    // Links are made to what a path names, as POSIX lets a system do.
    if flags != 0 {
        return Err(Errno::Inval.into());
    }
    Ok(hard_link(
        from_dir,
        &path(call, from)?,
        to_dir,
        &path(call, to)?,
    )?)
}

/// What `path_open` is asked for.
struct Request {
    follow: FollowSymlinks,
    oflags: u16,
    base: u64,
    inheriting: u64,
    fdflags: u16,
}

pub fn path_open(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, flags, name) = (args.u32(), args.u32(), args.slice());
    let request = Request {
        follow: follow(flags)?,
        oflags: args.u16(),
        base: args.u64(),
        inheriting: args.u64(),
        fdflags: args.u16(),
    };
    let result = args.u32();
    if request.oflags & !oflags::ALL != 0 || request.fdflags & !fdflags::ALL != 0 {
        return Err(Errno::Inval.into());
    }
    let mut needed = rights::PATH_OPEN;
    if request.oflags & oflags::CREAT != 0 {
        needed |= rights::PATH_CREATE_FILE;
    }
    if request.oflags & oflags::TRUNC != 0 {
        needed |= rights::PATH_FILESTAT_SET_SIZE;
    }
    let parent = call.ctx.descriptors.directory(fd, needed)?;
    let allowed = parent.inheriting;
    let path = path(call, name)?;
    // The result's place is checked before anything is opened.
    call.memory.u32(result)?;
    let opened = open_file(&parent.file, &path, &request, allowed)?;
    let fd = call.ctx.descriptors.add(opened)?;
    Ok(call.memory.write_u32(result, fd)?)
}

fn open_file(
    dir: &File,
    path: &std::path::Path,
    request: &Request,
    allowed: u64,
) -> Result<Descriptor, super::Failure> {
    let wants_directory = request.oflags & oflags::DIRECTORY != 0;
    let write = request.base
        & (rights::FD_WRITE | rights::FD_ALLOCATE | rights::FD_FILESTAT_SET_SIZE)
        & allowed
        != 0;
    let create = request.oflags & oflags::CREAT != 0;
    let truncate = request.oflags & oflags::TRUNC != 0;
    if wants_directory && (create || truncate) {
        return Err(Errno::Inval.into());
    }
    let mut options = OpenOptions::new();
    options._cap_fs_ext_follow(request.follow);
    let append = request.fdflags & fdflags::APPEND != 0;
    let write = (write || truncate || create) && !wants_directory;
    let read = request.base & (rights::FD_READ | rights::FD_READDIR) != 0 || !write;
    options.read(read).write(write).truncate(truncate);
    options
        .create(create && request.oflags & oflags::EXCL == 0)
        .create_new(create && request.oflags & oflags::EXCL != 0);
    options._cap_fs_ext_maybe_dir(!write);
    options.custom_flags((system_flags(request.fdflags & !fdflags::APPEND)).bits() as i32);
    let file = open(dir, path, &options)?;
    if append {
        let flags = rustix::fs::fcntl_getfl(&file)?;
        rustix::fs::fcntl_setfl(&file, flags | rustix::fs::OFlags::APPEND)?;
    }
    let mut opened = Descriptor::new(file, 0, 0)?;
    if wants_directory && opened.ty != FileType::Directory {
        return Err(Errno::Notdir.into());
    }
    let (base, inheriting) = match opened.ty {
        FileType::Directory => (rights::DIRECTORY, rights::ALL),
        _ => (rights::FILE, 0),
    };
    opened.base = request.base & base & allowed;
    opened.inheriting = request.inheriting & inheriting & allowed;
    Ok(opened)
}

pub fn path_readlink(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, name, buffer, used) = (args.u32(), args.slice(), args.slice(), args.u32());
    let dir = directory(call, fd, rights::PATH_READLINK)?;
    let target = read_link_contents(dir, &path(call, name)?)?;
    let target = target.to_str().ok_or(Errno::Ilseq)?.as_bytes();
    // As readlink(2): what does not fit is cut.
    let len = target.len().min(buffer.len as usize);
    call.memory.write(buffer.start, &target[..len])?;
    Ok(call.memory.write_u32(used, len as u32)?)
}

pub fn path_remove_directory(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, name) = (args.u32(), args.slice());
    let dir = directory(call, fd, rights::PATH_REMOVE_DIRECTORY)?;
    Ok(remove_dir(dir, &path(call, name)?)?)
}

pub fn path_rename(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (from_fd, from, to_fd, to) = (args.u32(), args.slice(), args.u32(), args.slice());
    let from_dir = directory(call, from_fd, rights::PATH_RENAME_SOURCE)?;
    let to_dir = directory(call, to_fd, rights::PATH_RENAME_TARGET)?;
    Ok(rename(
        from_dir,
        &path(call, from)?,
        to_dir,
        &path(call, to)?,
    )?)
}

pub fn path_symlink(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (contents, fd, name) = (args.slice(), args.u32(), args.slice());
    let dir = directory(call, fd, rights::PATH_SYMLINK)?;
    Ok(symlink(&path(call, contents)?, dir, &path(call, name)?)?)
}

pub fn path_unlink_file(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, name) = (args.u32(), args.slice());
    let dir = directory(call, fd, rights::PATH_UNLINK_FILE)?;
    Ok(remove_file(dir, &path(call, name)?)?)
}
