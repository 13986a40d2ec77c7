//! Setting the times of last access and of last change.

use super::call::{Args, Call, Done};
use super::errno::Errno;
use super::lookup::{follows, reach};
use super::rights;
use super::types::known_flags;
use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

/// Which times to set to what (witx `fstflags`).
mod fstflags {
    pub const ATIM: u16 = 1 << 0;
    pub const ATIM_NOW: u16 = 1 << 1;
    pub const MTIM: u16 = 1 << 2;
    pub const MTIM_NOW: u16 = 1 << 3;
    pub const ALL: u16 = (1 << 4) - 1;
}

fn new_time(time: u64, given: bool, now: bool) -> Result<Timespec, Errno> {
    let of_kind = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
    match (given, now) {
        (true, true) => Err(Errno::Inval),
        (false, true) => Ok(of_kind(UTIME_NOW)),
        (false, false) => Ok(of_kind(UTIME_OMIT)),
        // The seconds of 64 bits of nanoseconds fit 35 bits.
        (true, false) => Ok(Timespec {
            tv_sec: (time / 1_000_000_000) as i64,
            tv_nsec: (time % 1_000_000_000) as i64,
        }),
    }
}

fn new_times(accessed: u64, modified: u64, flags: u32) -> Result<Timestamps, Errno> {
    let flags = known_flags(flags, fstflags::ALL)?;
    let has = |flag| flags & flag != 0;
    Ok(Timestamps {
        last_access: new_time(accessed, has(fstflags::ATIM), has(fstflags::ATIM_NOW))?,
        last_modification: new_time(modified, has(fstflags::MTIM), has(fstflags::MTIM_NOW))?,
    })
}

pub fn fd_filestat_set_times(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, accessed, modified, flags) = (args.u32(), args.u64(), args.u64(), args.u32());
    let times = new_times(accessed, modified, flags)?;
    let descriptor = call.ctx.descriptors.get(fd)?;
    descriptor.require(rights::FD_FILESTAT_SET_TIMES)?;
    let host = descriptor.host().ok_or(Errno::Notsup)?;
    Ok(rustix::fs::futimens(host, &times)?)
}

pub fn path_filestat_set_times(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, lookup, path) = (args.u32(), args.u32(), args.span());
    let (accessed, modified, flags) = (args.u64(), args.u64(), args.u32());
    let follow = follows(lookup)?;
    let times = new_times(accessed, modified, flags)?;
    let dir = call
        .ctx
        .descriptors
        .directory(fd, rights::PATH_FILESTAT_SET_TIMES)?;
    let file = reach(dir, &*call.memory.string(path.start, path.len)?, follow)?;
    // `futimens` refuses what was reached without being opened; this is the same by its other name.
    Ok(rustix::fs::utimensat(
        file,
        "",
        &times,
        AtFlags::EMPTY_PATH,
    )?)
}
