//! Sockets. Preview 1 has no call that makes one, so there are only those that the host passes as standard streams.

use super::call::{Args, Call, Done};
use super::descriptor::{Descriptor, Descriptors};
use super::errno::Errno;
use super::fd_io::{buffers, read, write};
use super::memory::{GuestMemory, Span};
use super::rights;
use super::types::{FileType, fdflags, known_flags};
use std::net::{Shutdown, TcpStream};

/// The flags of `sock_recv` (witx `riflags`).
mod riflags {
    pub const PEEK: u16 = 1 << 0;
    pub const WAITALL: u16 = 1 << 1;
    pub const ALL: u16 = (1 << 2) - 1;
}

fn socket(descriptors: &mut Descriptors, fd: u32) -> Result<&mut Descriptor, Errno> {
    let descriptor = descriptors.get_mut(fd)?;
    match descriptor.filetype()? {
        FileType::SocketStream => Ok(descriptor),
        _ => Err(Errno::Notsock),
    }
}

/// The socket by another descriptor of the host's. What we do with it, every kind of stream socket can.
fn stream(descriptor: &Descriptor) -> Result<TcpStream, Errno> {
    Ok(descriptor.host_file()?.try_clone_to_owned()?.into())
}

/// A standard stream is a connection; none comes in by it.
pub fn sock_accept(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, flags) = (args.u32(), args.u32());
    known_flags(flags, fdflags::ALL)?;
    socket(&mut call.ctx.descriptors, fd)?.require(rights::SOCK_ACCEPT)?;
    Err(Errno::Notsup)
}

pub fn sock_recv(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, iovecs, flags) = (args.u32(), args.span(), args.u32());
    let (count_at, flags_at) = (args.u32(), args.u32());
    let flags = known_flags(flags, riflags::ALL)?;
    call.ctx.wait_to_read(fd)?;
    let descriptor = socket(&mut call.ctx.descriptors, fd)?;
    let spans = buffers(call.memory, iovecs)?;
    call.memory.check(count_at, 4)?;
    call.memory.check(flags_at, 2)?;
    let count = if flags & riflags::PEEK != 0 {
        peek(descriptor, call.memory, &spans)?
    } else if flags & riflags::WAITALL != 0 {
        read_all(descriptor, call.memory, spans)?
    } else {
        read(descriptor, call.memory, &spans)?
    };
    call.memory.write_u32(count_at, count as u32)?;
    // `roflags`: no message of a stream is truncated.
    call.memory.write(flags_at, &0u16.to_le_bytes())
}

fn peek(
    descriptor: &Descriptor,
    memory: &mut GuestMemory<'_>,
    spans: &[Span],
) -> Result<usize, Errno> {
    descriptor.require_open_for(rights::FD_READ)?;
    match spans.first() {
        None => Ok(0),
        Some(first) => {
            let stream = stream(descriptor)?;
            memory.fill(first.start, first.len, |bytes| Ok(stream.peek(bytes)?))
        }
    }
}

/// Reads until the buffers are full or the other side has sent its last.
fn read_all(
    descriptor: &mut Descriptor,
    memory: &mut GuestMemory<'_>,
    mut spans: Vec<Span>,
) -> Result<usize, Errno> {
    let mut total = 0;
    while !spans.is_empty() {
        let count = match read(descriptor, memory, &spans) {
            // What has come is the guest's; it meets the error when it asks again.
            Err(_) if total != 0 => break,
            count => count?,
        };
        if count == 0 {
            break;
        }
        total += count;
        advance(&mut spans, count);
    }
    Ok(total)
}

/// Takes the first `count` bytes off the buffers.
fn advance(spans: &mut Vec<Span>, mut count: usize) {
    spans.retain_mut(|span| {
        let taken = count.min(span.len as usize);
        count -= taken;
        // Inside the memory, as the span was: at most 2^32, which only an empty span reaches.
        span.start = span.start.wrapping_add(taken as u32);
        span.len -= taken as u32;
        span.len != 0
    });
}

pub fn sock_send(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, iovecs, flags, count_at) = (args.u32(), args.span(), args.u32(), args.u32());
    // `siflags` has no flag yet.
    known_flags(flags, 0)?;
    let descriptor = socket(&mut call.ctx.descriptors, fd)?;
    let spans = buffers(call.memory, iovecs)?;
    call.memory.check(count_at, 4)?;
    let count = write(descriptor, call.memory, &spans)?;
    call.memory.write_u32(count_at, count as u32)
}

pub fn sock_shutdown(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, how) = (args.u32(), args.u32());
    let how = match how {
        1 => Shutdown::Read,
        2 => Shutdown::Write,
        3 => Shutdown::Both,
        _ => return Err(Errno::Inval),
    };
    let descriptor = socket(&mut call.ctx.descriptors, fd)?;
    descriptor.require(rights::SOCK_SHUTDOWN)?;
    Ok(stream(descriptor)?.shutdown(how)?)
}
