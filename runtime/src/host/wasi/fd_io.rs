//! Reading, writing and seeking. Bytes go between guest memory and the system with nothing in between, so what a guest has
//! written is out when it traps or a debugger stops it. The system decides how much a call moves.

use super::call::{Args, Call, Done};
use super::descriptor::{Descriptor, Object};
use super::errno::Errno;
use super::memory::{GuestMemory, Span};
use super::rights;
use super::snapshot::Snapshot;
use super::stream::{Source, Stream, read_once, write_once};
use rustix::event::PollFlags;
use rustix::fd::BorrowedFd;
use rustix::fs::{OFlags, SeekFrom};
use rustix::io::{preadv, pwritev, readv, retry_on_intr, writev};
use std::borrow::Cow;
use std::io::{IoSlice, IoSliceMut};

/// The most buffers that Linux takes in a call (`IOV_MAX`). More are a short read or write.
const MOST_BUFFERS: usize = 1024;

/// The buffers of an `iovec` array that have a length.
pub fn buffers(memory: &GuestMemory<'_>, iovecs: Span) -> Result<Vec<Span>, Errno> {
    let (mut found, mut left) = (Vec::new(), memory.at_once());
    for iovec in memory.array(iovecs.start, iovecs.len, 8)?.chunks_exact(8) {
        let word = |at: usize| {
            u32::from_le_bytes([iovec[at], iovec[at + 1], iovec[at + 2], iovec[at + 3]])
        };
        let mut span = Span {
            start: word(0),
            len: word(4),
        };
        memory.check(span.start, u64::from(span.len))?;
        if memory.at_once() != u32::MAX {
            span.len = span.len.min(left);
            left -= span.len;
        }
        if span.len != 0 && found.len() < MOST_BUFFERS {
            found.push(span);
        }
    }
    Ok(found)
}

/// Lets `read` fill the buffers. If they overlap, or threads share the memory, it gets the first alone.
fn fill(
    memory: &mut GuestMemory<'_>,
    spans: &[Span],
    read: impl FnOnce(&mut [IoSliceMut<'_>]) -> rustix::io::Result<usize>,
) -> Result<usize, Errno> {
    if let Some(slices) = memory.disjoint_mut(spans) {
        let mut slices: Vec<_> = slices.into_iter().map(IoSliceMut::new).collect();
        let count = read(&mut slices)?;
        memory.note_first(spans, count);
        return Ok(count);
    }
    match spans.first() {
        None => Ok(0),
        Some(first) => memory.fill(first.start, first.len, |bytes| {
            Ok(read(&mut [IoSliceMut::new(bytes)])?)
        }),
    }
}

/// The bytes of buffers.
fn contents<'m>(memory: &'m GuestMemory<'_>, spans: &[Span]) -> Result<Vec<Cow<'m, [u8]>>, Errno> {
    let bytes = spans.iter().map(|span| memory.bytes(span.start, span.len));
    bytes.collect()
}

fn slices<'b>(contents: &'b [Cow<'_, [u8]>]) -> Vec<IoSlice<'b>> {
    contents.iter().map(|bytes| IoSlice::new(bytes)).collect()
}

/// Fills the buffers from where the descriptor stands.
pub fn read(
    descriptor: &mut Descriptor,
    memory: &mut GuestMemory<'_>,
    spans: &[Span],
) -> Result<usize, Errno> {
    descriptor.require_open_for(rights::FD_READ)?;
    if let Object::Stream(stream) = &mut descriptor.object {
        stream.check_ready(PollFlags::IN)?;
        if let Stream {
            source: Source::Reader(reader),
            ..
        } = stream
        {
            return match spans.first() {
                None => Ok(0),
                Some(first) => read_once(reader.as_mut(), memory, first.start, first.len),
            };
        }
    }
    let host = descriptor.host_file()?;
    fill(memory, spans, |slices| {
        retry_on_intr(|| readv(host, slices))
    })
}

/// Writes the buffers to where the descriptor stands.
pub fn write(
    descriptor: &mut Descriptor,
    memory: &GuestMemory<'_>,
    spans: &[Span],
) -> Result<usize, Errno> {
    descriptor.require_open_for(rights::FD_WRITE)?;
    let contents = contents(memory, spans)?;
    let slices = slices(&contents);
    if let Object::Stream(stream) = &mut descriptor.object {
        stream.check_ready(PollFlags::OUT)?;
        if let Stream {
            source: Source::Writer(writer),
            ..
        } = stream
        {
            return write_once(writer.as_mut(), &slices);
        }
    }
    let host = descriptor.host_file()?;
    Ok(retry_on_intr(|| writev(host, &slices))?)
}

pub fn fd_read(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, iovecs, result_at) = (args.u32(), args.span(), args.u32());
    call.ctx.wait_to_read(fd)?;
    let descriptor = call.ctx.descriptors.get_mut(fd)?;
    let spans = buffers(call.memory, iovecs)?;
    call.memory.check(result_at, 4)?;
    let count = read(descriptor, call.memory, &spans)?;
    call.memory.write_u32(result_at, count as u32)
}

/// Standard error's number (POSIX, <unistd.h>): what is written there is kept, for the report of a trap.
const STDERR: u32 = 2;

pub fn fd_write(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, iovecs, result_at) = (args.u32(), args.span(), args.u32());
    let descriptor = call.ctx.descriptors.get_mut(fd)?;
    let spans = buffers(call.memory, iovecs)?;
    call.memory.check(result_at, 4)?;
    let count = write(descriptor, call.memory, &spans)?;
    let stream = descriptor.output_stream();
    if fd == STDERR {
        let written = contents(call.memory, &spans)?;
        call.ctx
            .to_stderr
            .extend(written.iter().flat_map(|bytes| bytes.iter()).take(count));
    }
    if let (Some(stream), Some(outputs)) = (stream, &mut call.ctx.outputs) {
        let written = contents(call.memory, &spans)?;
        let bytes = written.iter().flat_map(|bytes| bytes.iter()).take(count);
        outputs.push((stream, bytes.copied().collect()));
    }
    call.memory.write_u32(result_at, count as u32)
}

/// The host's descriptor of what has positions, if it has the rights `needed`; `Spipe` for a stream that has none.
fn seekable(descriptor: &Descriptor, needed: u64) -> Result<BorrowedFd<'_>, Errno> {
    let host = descriptor.host_file()?;
    match (descriptor.require(needed), &descriptor.object) {
        (Err(_), Object::Stream(_)) => Err(Errno::Spipe),
        (required, _) => required.map(|()| host),
    }
}

pub fn fd_pread(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, iovecs, offset, result_at) = (args.u32(), args.span(), args.u64(), args.u32());
    let descriptor = call.ctx.descriptors.get(fd)?;
    let host = seekable(descriptor, rights::FD_SEEK)?;
    descriptor.require_open_for(rights::FD_READ)?;
    let spans = buffers(call.memory, iovecs)?;
    call.memory.check(result_at, 4)?;
    let count = fill(call.memory, &spans, |slices| {
        retry_on_intr(|| preadv(host, slices, offset))
    })?;
    call.memory.write_u32(result_at, count as u32)
}

/// Writes at an offset, which POSIX has `pwrite` do whether or not the file was opened for appending. Linux appends, unless the flag is
/// taken off meanwhile.
fn write_at(
    host: BorrowedFd<'_>,
    slices: &[IoSlice<'_>],
    offset: u64,
) -> rustix::io::Result<usize> {
    let write = || retry_on_intr(|| pwritev(host, slices, offset));
    let flags = rustix::fs::fcntl_getfl(host)?;
    if !flags.contains(OFlags::APPEND) {
        return write();
    }
    rustix::fs::fcntl_setfl(host, flags - OFlags::APPEND)?;
    let written = write();
    rustix::fs::fcntl_setfl(host, flags)?;
    written
}

pub fn fd_pwrite(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, iovecs, offset, result_at) = (args.u32(), args.span(), args.u64(), args.u32());
    let descriptor = call.ctx.descriptors.get(fd)?;
    let host = seekable(descriptor, rights::FD_SEEK)?;
    descriptor.require_open_for(rights::FD_WRITE)?;
    let spans = buffers(call.memory, iovecs)?;
    call.memory.check(result_at, 4)?;
    let contents = contents(call.memory, &spans)?;
    let slices = slices(&contents);
    // The open file of a standard stream is not the guest's alone, and keeps its flags.
    let count = match descriptor.object {
        Object::File(_) => write_at(host, &slices, offset)?,
        _ => retry_on_intr(|| pwritev(host, &slices, offset))?,
    };
    call.memory.write_u32(result_at, count as u32)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whence {
    Set,
    Current,
    End,
}

/// The snapshots number the same three differently.
fn whence(number: u32, snapshot: Snapshot) -> Result<Whence, Errno> {
    let order = match snapshot {
        Snapshot::Preview1 => [Whence::Set, Whence::Current, Whence::End],
        Snapshot::Unstable => [Whence::Current, Whence::End, Whence::Set],
    };
    order.get(number as usize).copied().ok_or(Errno::Inval)
}

pub fn fd_seek(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, offset, from, result_at) = (args.u32(), args.u64() as i64, args.u32(), args.u32());
    let whence = whence(from, call.snapshot)?;
    let asks_only = whence == Whence::Current && offset == 0;
    let needed = if asks_only {
        rights::FD_TELL
    } else {
        rights::FD_SEEK | rights::FD_TELL
    };
    let host = seekable(call.ctx.descriptors.get(fd)?, needed)?;
    let target = match whence {
        Whence::Set => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?),
        Whence::Current => SeekFrom::Current(offset),
        Whence::End => SeekFrom::End(offset),
    };
    call.memory.check(result_at, 8)?;
    call.memory
        .write_u64(result_at, rustix::fs::seek(host, target)?)
}

pub fn fd_tell(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, result_at) = (args.u32(), args.u32());
    let host = seekable(call.ctx.descriptors.get(fd)?, rights::FD_TELL)?;
    call.memory.write_u64(result_at, rustix::fs::tell(host)?)
}
