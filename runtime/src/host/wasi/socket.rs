//! Sockets: there is none but those that the host passes as standard streams.

use super::descriptor::Descriptor;
use super::functions::{Args, Call};
use super::types::{FileType, fdflags, rights};
use super::{Done, Errno};
use rustix::net::{RecvFlags, SendFlags, Shutdown, accept, recv, send, shutdown};
use std::fs::File;

fn socket<'a>(call: &'a Call<'_, '_>, fd: u32, rights: u64) -> Result<&'a Descriptor, Errno> {
    match call.ctx.descriptors.get(fd)?.ty {
        FileType::SocketStream | FileType::SocketDgram => {
            call.ctx.descriptors.with_rights(fd, rights)
        }
        _ => Err(Errno::Notsock),
    }
}

pub fn sock_accept(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, flags, result) = (args.u32(), args.u16(), args.u32());
    let listener = socket(call, fd, rights::SOCK_ACCEPT)?;
    if flags & !fdflags::NONBLOCK != 0 {
        return Err(Errno::Inval.into());
    }
    let accepted = File::from(accept(&listener.file)?);
    rustix::io::ioctl_fionbio(&accepted, flags & fdflags::NONBLOCK != 0)?;
    let fd = call
        .ctx
        .descriptors
        .add(Descriptor::new(accepted, rights::FILE, 0)?)?;
    Ok(call.memory.write_u32(result, fd)?)
}

/// Receives into the first buffer that is not empty.
pub fn sock_recv(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, buffers, flags) = (args.u32(), args.slice(), args.u16());
    let (length, out_flags) = (args.u32(), args.u32());
    let known = if flags & !3 == 0 {
        flags
    } else {
        return Err(Errno::Inval.into());
    };
    let mut system = RecvFlags::empty();
    system.set(RecvFlags::PEEK, known & 1 != 0);
    system.set(RecvFlags::WAITALL, known & 2 != 0);
    let file = socket(call, fd, rights::FD_READ)?.file.try_clone()?;
    let buffers = call.memory.iovecs(buffers.start, buffers.len)?;
    let received = match buffers.iter().find(|buffer| buffer.len > 0) {
        Some(buffer) => recv(&file, call.memory.bytes_mut(*buffer)?, system)?.1,
        None => 0,
    };
    call.memory.write_u32(length, received as u32)?;
    Ok(call.memory.write(out_flags, &[0, 0])?)
}

/// Sends the first buffer that is not empty.
pub fn sock_send(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, buffers, flags, length) = (args.u32(), args.slice(), args.u16(), args.u32());
    let file = &socket(call, fd, rights::FD_WRITE)?.file;
    if flags != 0 {
        return Err(Errno::Inval.into());
    }
    let buffers = call.memory.iovecs(buffers.start, buffers.len)?;
    let sent = match buffers.iter().find(|buffer| buffer.len > 0) {
        Some(buffer) => send(file, call.memory.bytes(*buffer)?, SendFlags::NOSIGNAL)?,
        None => 0,
    };
    Ok(call.memory.write_u32(length, sent as u32)?)
}

pub fn sock_shutdown(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let file = &socket(call, args.u32(), rights::SOCK_SHUTDOWN)?.file;
    let how = match args.u32() {
        1 => Shutdown::Read,
        2 => Shutdown::Write,
        3 => Shutdown::Both,
        _ => return Err(Errno::Inval.into()),
    };
    Ok(shutdown(file, how)?)
}
