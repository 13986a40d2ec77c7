//! What can be done with a descriptor other than moving bytes.

use super::call::{Args, Call, Done};
use super::descriptor::{Descriptors, Object, host_flags};
use super::errno::Errno;
use super::rights;
use super::types::{FdStat, FileStat, fdflags, known_flags};
use rustix::fs::{Advice, FallocateFlags, OFlags};
use std::num::NonZeroU64;

/// `prestat`'s only kind: a directory.
const PREOPENTYPE_DIR: u32 = 0;

pub fn fd_advise(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, offset, len) = (args.u32(), args.u64(), args.u64());
    let advice = match args.u32() {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::Inval),
    };
    let host = call.ctx.descriptors.file(fd, rights::FD_ADVISE)?;
    // No length means all that follows.
    Ok(rustix::fs::fadvise(
        host,
        offset,
        NonZeroU64::new(len),
        advice,
    )?)
}

pub fn fd_allocate(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, offset, len) = (args.u32(), args.u64(), args.u64());
    let descriptor = call.ctx.descriptors.get(fd)?;
    let host = descriptor.host_file()?;
    descriptor.require_open_for(rights::FD_ALLOCATE)?;
    Ok(rustix::fs::fallocate(
        host,
        FallocateFlags::empty(),
        offset,
        len,
    )?)
}

pub fn fd_close(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    call.ctx.descriptors.close(args.u32())
}

pub fn fd_datasync(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let descriptor = call.ctx.descriptors.get(args.u32())?;
    descriptor.require(rights::FD_DATASYNC)?;
    Ok(descriptor.host().map_or(Ok(()), rustix::fs::fdatasync)?)
}

pub fn fd_sync(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let descriptor = call.ctx.descriptors.get(args.u32())?;
    descriptor.require(rights::FD_SYNC)?;
    Ok(descriptor.host().map_or(Ok(()), rustix::fs::fsync)?)
}

pub fn fd_fdstat_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, at) = (args.u32(), args.u32());
    let descriptor = call.ctx.descriptors.get(fd)?;
    let stat = FdStat {
        filetype: descriptor.filetype()?,
        flags: descriptor.flags()?,
        rights_base: descriptor.base,
        rights_inheriting: descriptor.inheriting,
    };
    stat.store(call.memory, at)
}

pub fn fd_fdstat_set_flags(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, flags) = (args.u32(), args.u32());
    let flags = known_flags(flags, fdflags::ALL)?;
    let descriptor = call.ctx.descriptors.get_mut(fd)?;
    descriptor.require(rights::FD_FDSTAT_SET_FLAGS)?;
    // Linux fixes these when a file is opened, and ignores who would change them later. A guest should know.
    let fixed = fdflags::DSYNC | fdflags::RSYNC | fdflags::SYNC;
    if (flags ^ descriptor.flags()?) & fixed & flags != 0 {
        return Err(Errno::Inval);
    }
    match &mut descriptor.object {
        Object::Stream(stream) => stream.flags = flags,
        Object::Directory { .. } => return Err(Errno::Badf),
        Object::File(file) => {
            let changeable = OFlags::APPEND | OFlags::NONBLOCK;
            let kept = rustix::fs::fcntl_getfl(&*file)? & !changeable;
            rustix::fs::fcntl_setfl(&*file, kept | (host_flags(flags) & changeable))?;
        }
    }
    Ok(())
}

/// Rights can be given up, not gained.
pub fn fd_fdstat_set_rights(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, base, inheriting) = (args.u32(), args.u64(), args.u64());
    let descriptor = call.ctx.descriptors.get_mut(fd)?;
    if base & !descriptor.base != 0 || inheriting & !descriptor.inheriting != 0 {
        return Err(Errno::Notcapable);
    }
    (descriptor.base, descriptor.inheriting) = (base, inheriting);
    Ok(())
}

pub fn fd_filestat_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, at) = (args.u32(), args.u32());
    let descriptor = call.ctx.descriptors.get(fd)?;
    descriptor.require(rights::FD_FILESTAT_GET)?;
    let mut stat = match descriptor.host() {
        Some(host) => FileStat::from(&rustix::fs::fstat(host)?),
        None => FileStat::unknown(),
    };
    stat.filetype = descriptor.filetype()?;
    stat.store(call.memory, at, call.snapshot)
}

pub fn fd_filestat_set_size(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, size) = (args.u32(), args.u64());
    let descriptor = call.ctx.descriptors.get(fd)?;
    let host = descriptor.host_file()?;
    // POSIX's error of `ftruncate` for a descriptor that is not open for writing.
    descriptor
        .require(rights::FD_FILESTAT_SET_SIZE)
        .map_err(|_| Errno::Inval)?;
    Ok(rustix::fs::ftruncate(host, size)?)
}

/// The guest's name of a directory that the embedder opened. `Badf` for all else: by that, a C library knows that it has
/// seen the last of them.
fn preopen_name(descriptors: &Descriptors, fd: u32) -> Result<&str, Errno> {
    match &descriptors.get(fd)?.object {
        Object::Directory {
            preopen: Some(name),
            ..
        } => Ok(name),
        _ => Err(Errno::Badf),
    }
}

pub fn fd_prestat_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, at) = (args.u32(), args.u32());
    let name = preopen_name(&call.ctx.descriptors, fd)?;
    let len = u32::try_from(name.len()).map_err(|_| Errno::Overflow)?;
    call.memory
        .write_u64(at, u64::from(len) << 32 | u64::from(PREOPENTYPE_DIR))
}

pub fn fd_prestat_dir_name(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, buffer) = (args.u32(), args.span());
    let name = preopen_name(&call.ctx.descriptors, fd)?;
    if name.len() > buffer.len as usize {
        return Err(Errno::Nametoolong);
    }
    call.memory.write(buffer.start, name.as_bytes())
}

pub fn fd_renumber(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    call.ctx.descriptors.renumber(args.u32(), args.u32())
}
