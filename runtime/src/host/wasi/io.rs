//! Reading, writing and seeking. Nothing is buffered: what a guest has written is out when it traps or a debugger stops it.

use super::fd::refuse_directory;
use super::functions::{Args, Call};
use super::memory::Slice;
use super::types::rights;
use super::{Done, Errno, Snapshot};
use rustix::io::Errno as Os;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut, SeekFrom};

/// The file of a descriptor, to use while the memory is borrowed.
fn file<'a>(call: &'a Call<'_, '_>, fd: u32, rights: u64) -> Result<&'a File, Errno> {
    let descriptor = call.ctx.descriptors.get(fd)?;
    refuse_directory(descriptor.ty)?;
    Ok(&call.ctx.descriptors.with_rights(fd, rights)?.file)
}

/// The most buffers that one system call takes.
const MAX_BUFFERS: usize = 1024;

fn gather(
    call: &mut Call<'_, '_>,
    args: &mut Args<'_>,
    at_offset: bool,
) -> Result<usize, super::Failure> {
    let wanted = if at_offset {
        rights::FD_WRITE | rights::FD_SEEK
    } else {
        rights::FD_WRITE
    };
    let file = file(call, args.u32(), wanted)?;
    let array = args.slice();
    let offset = at_offset.then(|| args.u64());
    let buffers = call.memory.iovecs(array.start, array.len)?;
    let memory = &*call.memory;
    let slices = buffers
        .iter()
        .take(MAX_BUFFERS)
        .map(|buffer| Ok(IoSlice::new(memory.bytes(*buffer)?)));
    let slices = slices.collect::<Result<Vec<_>, Errno>>()?;
    loop {
        let result = match offset {
            Some(offset) => rustix::io::pwritev(file, &slices, offset),
            None => rustix::io::writev(file, &slices),
        };
        match result {
            Err(Os::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// Disjoint parts of the memory to read into; where buffers overlap, those before the first that does: a short read.
fn disjoint<'m>(mut bytes: &'m mut [u8], buffers: &[Slice]) -> Vec<IoSliceMut<'m>> {
    // Split from the lowest address on, then put back into the guest's order.
    let mut order: Vec<usize> = (0..buffers.len().min(MAX_BUFFERS)).collect();
    order.sort_by_key(|i| buffers[*i].start);
    let mut parts: Vec<(usize, &'m mut [u8])> = Vec::with_capacity(order.len());
    let mut position = 0u64;
    for i in order {
        let buffer = buffers[i];
        let Some(skip) = u64::from(buffer.start).checked_sub(position) else {
            continue;
        };
        let (_, rest) = bytes.split_at_mut(skip as usize);
        let (part, rest) = rest.split_at_mut(buffer.len as usize);
        parts.push((i, part));
        (bytes, position) = (rest, u64::from(buffer.start) + u64::from(buffer.len));
    }
    parts.sort_by_key(|(i, _)| *i);
    let in_order = parts
        .into_iter()
        .enumerate()
        .take_while(|(position, (i, _))| position == i);
    in_order
        .map(|(_, (_, part))| IoSliceMut::new(part))
        .collect()
}

fn scatter(
    call: &mut Call<'_, '_>,
    args: &mut Args<'_>,
    at_offset: bool,
) -> Result<usize, super::Failure> {
    let fd = args.u32();
    let wanted = if at_offset {
        rights::FD_READ | rights::FD_SEEK
    } else {
        rights::FD_READ
    };
    file(call, fd, wanted)?;
    let array = args.slice();
    let offset = at_offset.then(|| args.u64());
    let buffers = call.memory.iovecs(array.start, array.len)?;
    let Call { ctx, memory, .. } = call;
    let file = &ctx.descriptors.get(fd)?.file;
    let mut slices = disjoint(memory.all_mut(), &buffers);
    loop {
        let result = match offset {
            Some(offset) => rustix::io::preadv(file, &mut slices, offset),
            None => rustix::io::readv(file, &mut slices),
        };
        match result {
            Err(Os::INTR) => {}
            result => return Ok(result?),
        }
    }
}

pub fn fd_read(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let count = scatter(call, args, false)?;
    Ok(call.memory.write_u32(args.u32(), count as u32)?)
}

pub fn fd_pread(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let count = scatter(call, args, true)?;
    Ok(call.memory.write_u32(args.u32(), count as u32)?)
}

pub fn fd_write(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let count = gather(call, args, false)?;
    Ok(call.memory.write_u32(args.u32(), count as u32)?)
}

pub fn fd_pwrite(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let count = gather(call, args, true)?;
    Ok(call.memory.write_u32(args.u32(), count as u32)?)
}

pub fn fd_seek(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, offset, whence) = (args.u32(), args.u64() as i64, args.u32());
    let order = match call.snapshot {
        Snapshot::Unstable => ["current", "end", "start"],
        Snapshot::Preview1 => ["start", "current", "end"],
    };
    let to = match *order.get(whence as usize).ok_or(Errno::Inval)? {
        "current" => SeekFrom::Current(offset),
        "end" => SeekFrom::End(offset),
        _ => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?),
    };
    // Asking for the position is what fd_tell needs too.
    let wanted = if to == SeekFrom::Current(0) {
        rights::FD_TELL
    } else {
        rights::FD_SEEK | rights::FD_TELL
    };
    let position = seek(file(call, fd, wanted)?, to)?;
    Ok(call.memory.write_u64(args.u32(), position)?)
}

pub fn fd_tell(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let position = seek(
        file(call, args.u32(), rights::FD_TELL)?,
        SeekFrom::Current(0),
    )?;
    Ok(call.memory.write_u64(args.u32(), position)?)
}

/// Seeks a shared file.
fn seek(mut file: &File, to: SeekFrom) -> std::io::Result<u64> {
    std::io::Seek::seek(&mut file, to)
}
