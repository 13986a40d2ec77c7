//! What can be done with a descriptor, other than reading and writing.

use super::functions::{Args, Call};
use super::types::{FileStat, FileType, fdflags, rights};
use super::{Done, Errno};
use rustix::fs::{Advice, FallocateFlags, OFlags, Timespec, Timestamps, fcntl_getfl, fcntl_setfl};
use std::num::NonZeroU64;

pub fn fd_advise(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let file = &call
        .ctx
        .descriptors
        .with_rights(args.u32(), rights::FD_ADVISE)?
        .file;
    let (offset, len) = (args.u64(), args.u64());
    let advice = match args.u32() {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::Inval.into()),
    };
    Ok(rustix::fs::fadvise(
        file,
        offset,
        NonZeroU64::new(len),
        advice,
    )?)
}

pub fn fd_allocate(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let file = &call
        .ctx
        .descriptors
        .with_rights(args.u32(), rights::FD_ALLOCATE)?
        .file;
    Ok(rustix::fs::fallocate(
        file,
        FallocateFlags::empty(),
        args.u64(),
        args.u64(),
    )?)
}

pub fn fd_close(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    call.ctx.descriptors.remove(args.u32())?;
    Ok(())
}

pub fn fd_datasync(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    Ok(call
        .ctx
        .descriptors
        .with_rights(args.u32(), rights::FD_DATASYNC)?
        .file
        .sync_data()?)
}

pub fn fd_sync(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    Ok(call
        .ctx
        .descriptors
        .with_rights(args.u32(), rights::FD_SYNC)?
        .file
        .sync_all()?)
}

/// Flags that a descriptor has, with the system's for each.
const FLAGS: [(u16, OFlags); 5] = [
    (fdflags::APPEND, OFlags::APPEND),
    (fdflags::DSYNC, OFlags::DSYNC),
    (fdflags::NONBLOCK, OFlags::NONBLOCK),
    (fdflags::RSYNC, OFlags::RSYNC),
    (fdflags::SYNC, OFlags::SYNC),
];

/// The system's flags for WASI's.
pub fn system_flags(flags: u16) -> OFlags {
    FLAGS
        .iter()
        .filter(|(flag, _)| flags & flag != 0)
        .map(|(_, system)| *system)
        .collect()
}

pub fn fd_fdstat_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let descriptor = call.ctx.descriptors.get(args.u32())?;
    let system = fcntl_getfl(&descriptor.file)?;
    let flags = FLAGS
        .iter()
        .filter(|(_, flag)| system.contains(*flag))
        .fold(0, |all, (flag, _)| all | flag);
    let mut stat = [0u8; 24];
    stat[0] = descriptor.ty as u8;
    stat[2..4].copy_from_slice(&flags.to_le_bytes());
    stat[8..16].copy_from_slice(&descriptor.base.to_le_bytes());
    stat[16..24].copy_from_slice(&descriptor.inheriting.to_le_bytes());
    Ok(call.memory.write(args.u32(), &stat)?)
}

/// Linux changes these two of an open file; the others must be as they are.
pub fn fd_fdstat_set_flags(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let file = &call
        .ctx
        .descriptors
        .with_rights(args.u32(), rights::FD_FDSTAT_SET_FLAGS)?
        .file;
    let flags = args.u32();
    if flags & !u32::from(fdflags::ALL) != 0 {
        return Err(Errno::Inval.into());
    }
    let wanted = system_flags(flags as u16);
    let changeable = OFlags::APPEND | OFlags::NONBLOCK;
    let fixed = system_flags(fdflags::ALL) & !changeable;
    let current = fcntl_getfl(file)?;
    if (wanted & fixed) & !current != OFlags::empty() {
        return Err(Errno::Notsup.into());
    }
    Ok(fcntl_setfl(
        file,
        (current & !changeable) | (wanted & changeable),
    )?)
}

/// Rights can only be given up.
pub fn fd_fdstat_set_rights(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let descriptor = call.ctx.descriptors.get_mut(args.u32())?;
    let (base, inheriting) = (args.u64(), args.u64());
    if base & !descriptor.base != 0 || inheriting & !descriptor.inheriting != 0 {
        return Err(Errno::Notcapable.into());
    }
    (descriptor.base, descriptor.inheriting) = (base, inheriting);
    Ok(())
}

pub fn fd_filestat_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let file = &call
        .ctx
        .descriptors
        .with_rights(args.u32(), rights::FD_FILESTAT_GET)?
        .file;
    let stat = FileStat::from(&rustix::fs::fstat(file)?);
    Ok(stat.write(call.memory, args.u32(), call.snapshot)?)
}

pub fn fd_filestat_set_size(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let file = &call
        .ctx
        .descriptors
        .with_rights(args.u32(), rights::FD_FILESTAT_SET_SIZE)?
        .file;
    Ok(rustix::fs::ftruncate(file, args.u64())?)
}

/// A time to set: given, now, or to be left as it is (witx type `fstflags`, two bits each).
#[derive(Clone, Copy, Debug)]
pub enum NewTime {
    /// Nanoseconds since 1970.
    At(u64),
    /// Now.
    Now,
    /// As it is.
    Omit,
}

/// The accessed and the modified time to set.
pub fn new_times(accessed: u64, modified: u64, flags: u16) -> Result<[NewTime; 2], Errno> {
    let choose = |time, bits| match bits {
        0 => Ok(NewTime::Omit),
        1 => Ok(NewTime::At(time)),
        2 => Ok(NewTime::Now),
        _ => Err(Errno::Inval),
    };
    if flags >> 4 != 0 {
        return Err(Errno::Inval);
    }
    Ok([
        choose(accessed, flags & 3)?,
        choose(modified, flags >> 2 & 3)?,
    ])
}

impl NewTime {
    fn timespec(self) -> Timespec {
        match self {
            NewTime::At(time) => Timespec {
                tv_sec: (time / 1_000_000_000) as i64,
                tv_nsec: (time % 1_000_000_000) as i64,
            },
            NewTime::Now => Timespec {
                tv_sec: 0,
                tv_nsec: rustix::fs::UTIME_NOW,
            },
            NewTime::Omit => Timespec {
                tv_sec: 0,
                tv_nsec: rustix::fs::UTIME_OMIT,
            },
        }
    }
}

pub fn fd_filestat_set_times(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let file = &call
        .ctx
        .descriptors
        .with_rights(args.u32(), rights::FD_FILESTAT_SET_TIMES)?
        .file;
    let [accessed, modified] = new_times(args.u64(), args.u64(), args.u16())?;
    let times = Timestamps {
        last_access: accessed.timespec(),
        last_modification: modified.timespec(),
    };
    Ok(rustix::fs::futimens(file, &times)?)
}

pub fn fd_prestat_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let name = call
        .ctx
        .descriptors
        .get(args.u32())?
        .preopen
        .as_ref()
        .ok_or(Errno::Badf)?;
    // `__wasi_prestat_t`: the tag of a directory is 0, the length of its name follows.
    let (len, at) = (name.len() as u32, args.u32());
    call.memory.write_u32(at, 0)?;
    Ok(call.memory.write_u32(at.wrapping_add(4), len)?)
}

pub fn fd_prestat_dir_name(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let name = call
        .ctx
        .descriptors
        .get(args.u32())?
        .preopen
        .as_ref()
        .ok_or(Errno::Badf)?;
    let buffer = args.slice();
    if (buffer.len as usize) < name.len() {
        return Err(Errno::Nametoolong.into());
    }
    Ok(call.memory.write(buffer.start, name.as_bytes())?)
}

pub fn fd_renumber(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    Ok(call.ctx.descriptors.renumber(args.u32(), args.u32())?)
}

/// Whether a descriptor is a directory, which cannot be read as a file.
pub fn refuse_directory(ty: FileType) -> Result<(), Errno> {
    if ty == FileType::Directory {
        Err(Errno::Isdir)
    } else {
        Ok(())
    }
}
