//! Sockets of both protocols: made, bound, asked for their addresses and options.

use super::address;
use super::code::{Code, answer, done};
use crate::component::resource::ResourceType;
use crate::component::val::Val;
use crate::component::wasi::args::Args;
use crate::component::wasi::call::{Call, Types};
use crate::error::{Error, Result};
use crate::host::wasi::descriptor::Descriptor;
use crate::host::wasi::handles::{Entry, Wait};
use crate::host::wasi::network::{Progress, Protocol, Socket};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::net::{AddressFamily, SocketAddrAny, SocketFlags, SocketType, sockopt};
use std::net::SocketAddr;

/// Descriptors that no other program gets, and that no call waits for.
pub(super) const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);

/// Connections that may wait to be accepted, where the program does not say how many.
const BACKLOG: i32 = 128;

/// The resource that sockets of a protocol are.
pub(super) fn resource(types: &Types, protocol: Protocol) -> &ResourceType {
    match protocol {
        Protocol::Tcp => &types.tcp,
        Protocol::Udp => &types.udp,
    }
}

impl Call<'_> {
    /// A socket that is an argument, with its number.
    pub(super) fn socket(
        &mut self,
        args: &mut Args<'_>,
        protocol: Protocol,
    ) -> Result<(u32, &mut Socket)> {
        let index = args.resource(resource(self.types, protocol))?;
        match self.ctx.handles.get_mut(index) {
            Some(Entry::Socket(socket)) => Ok((index, socket)),
            _ => Err(Error::host("no such socket")),
        }
    }

    /// The host's descriptor.
    pub(super) fn host(&self, fd: u32) -> Result<BorrowedFd<'_>, Code> {
        let descriptor = self.ctx.descriptors.get(fd)?;
        Ok(descriptor.host_file()?)
    }

    /// The number of a new descriptor.
    pub(super) fn add_descriptor(&mut self, host: OwnedFd) -> Result<u32, Code> {
        Ok(self.ctx.descriptors.add(Descriptor::socket(host))?)
    }

    /// The number of a second descriptor of a socket, for a stream, which ends for itself.
    pub(super) fn second(&mut self, fd: u32) -> Result<u32, Code> {
        let host = self.host(fd)?.try_clone_to_owned();
        self.add_descriptor(
            host.map_err(|error| Code::from(crate::host::wasi::Errno::from(error)))?,
        )
    }
}

/// `create-tcp-socket` and `create-udp-socket`.
pub(super) fn create(
    call: &mut Call<'_>,
    args: &mut Args<'_>,
    protocol: Protocol,
) -> Result<Option<Val>> {
    let is_ipv6 = args.name()? == "ipv6";
    let made = open(is_ipv6, protocol).and_then(|host| call.add_descriptor(host));
    let fd = match made {
        Ok(fd) => fd,
        Err(code) => return answer(Err(code)),
    };
    let socket = Socket {
        fd,
        protocol,
        is_ipv6,
        progress: Progress::Unbound,
        backlog: BACKLOG,
    };
    let socket = call.new_resource(|types| resource(types, protocol), Entry::Socket(socket));
    answer(Ok(Some(socket?)))
}

fn open(is_ipv6: bool, protocol: Protocol) -> Result<OwnedFd, Code> {
    let family = match is_ipv6 {
        true => AddressFamily::INET6,
        false => AddressFamily::INET,
    };
    let kind = match protocol {
        Protocol::Tcp => SocketType::STREAM,
        Protocol::Udp => SocketType::DGRAM,
    };
    let host = rustix::net::socket_with(family, kind, FLAGS, None)?;
    if is_ipv6 {
        sockopt::set_ipv6_v6only(&host, true)?;
    }
    Ok(host)
}

/// `start-bind`.
pub(super) fn start_bind(
    call: &mut Call<'_>,
    args: &mut Args<'_>,
    protocol: Protocol,
) -> Result<Option<Val>> {
    let (index, socket) = call.socket(args, protocol)?;
    let socket = *socket;
    args.resource(&call.types.network)?;
    let address = address::read(args.next()?)?;
    let bound = bind(call, socket, address);
    if bound.is_ok() {
        call.set_progress(index, Progress::BindStarted);
    }
    done(bound)
}

fn bind(call: &Call<'_>, socket: Socket, address: SocketAddr) -> Result<(), Code> {
    match socket.progress {
        Progress::Unbound => {}
        Progress::BindStarted => return Err(Code::CONCURRENCY_CONFLICT),
        _ => return Err(Code::INVALID_STATE),
    }
    if !address::is_of_one(address, socket.is_ipv6) {
        return Err(Code::INVALID_ARGUMENT);
    }
    if !call.ctx.network.allows(socket.protocol) {
        return Err(Code::ACCESS_DENIED);
    }
    let host = call.host(socket.fd)?;
    if socket.protocol == Protocol::Tcp {
        // A server that is started again has the address of the one before, as other runtimes have it.
        sockopt::set_socket_reuseaddr(host, true)?;
    }
    Ok(rustix::net::bind(host, &address)?)
}

/// `finish-bind`.
pub(super) fn finish_bind(
    call: &mut Call<'_>,
    args: &mut Args<'_>,
    protocol: Protocol,
) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, protocol)?;
    if socket.progress != Progress::BindStarted {
        return done(Err(Code::NOT_IN_PROGRESS));
    }
    socket.progress = Progress::Bound;
    done(Ok(()))
}

impl Call<'_> {
    pub(super) fn set_progress(&mut self, index: u32, progress: Progress) {
        if let Some(Entry::Socket(socket)) = self.ctx.handles.get_mut(index) {
            socket.progress = progress;
        }
    }
}

/// `local-address`.
pub(super) fn local_address(
    call: &mut Call<'_>,
    args: &mut Args<'_>,
    protocol: Protocol,
) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, protocol)?;
    let socket = *socket;
    let host = match socket.progress {
        Progress::Unbound | Progress::Closed => Err(Code::INVALID_STATE),
        Progress::BindStarted => Err(Code::CONCURRENCY_CONFLICT),
        _ => call.host(socket.fd),
    };
    answer_address(host.and_then(|host| Ok(rustix::net::getsockname(host)?)))
}

/// `remote-address`.
pub(super) fn remote_address(
    call: &mut Call<'_>,
    args: &mut Args<'_>,
    protocol: Protocol,
) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, protocol)?;
    let socket = *socket;
    let host = match socket.progress {
        Progress::Connected => call.host(socket.fd),
        Progress::Connecting => Err(Code::CONCURRENCY_CONFLICT),
        _ => Err(Code::INVALID_STATE),
    };
    let address = host.and_then(|host| rustix::net::getpeername(host)?.ok_or(Code::INVALID_STATE));
    answer_address(address)
}

/// `result<ip-socket-address, error-code>`.
fn answer_address(address: Result<SocketAddrAny, Code>) -> Result<Option<Val>> {
    let address = address.and_then(|address| Ok(SocketAddr::try_from(address)?));
    answer(address.map(|address| Some(address::of(address))))
}

/// `address-family`.
pub(super) fn address_family(
    call: &mut Call<'_>,
    args: &mut Args<'_>,
    protocol: Protocol,
) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, protocol)?;
    Ok(Some(address::family(socket.is_ipv6)))
}

/// `subscribe`.
pub(super) fn subscribe(
    call: &mut Call<'_>,
    args: &mut Args<'_>,
    protocol: Protocol,
) -> Result<Option<Val>> {
    let (index, socket) = call.socket(args, protocol)?;
    let wait = match socket.protocol {
        Protocol::Tcp => Wait::Socket(index),
        Protocol::Udp => Wait::Now,
    };
    call.new_resource(|types| &types.pollable, Entry::Pollable(wait))
        .map(Some)
}

/// An option of a socket, of the host's descriptor and true for IPv6.
type Get = fn(BorrowedFd<'_>, bool) -> rustix::io::Result<Val>;
type Set = fn(BorrowedFd<'_>, bool, u64) -> rustix::io::Result<()>;

/// An option is asked for.
pub(super) fn get(
    call: &mut Call<'_>,
    args: &mut Args<'_>,
    protocol: Protocol,
    get: Get,
) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, protocol)?;
    let socket = *socket;
    let host = call.host(socket.fd);
    answer(host.and_then(|host| Ok(Some(get(host, socket.is_ipv6)?))))
}

/// An option is set to a number, which is not 0.
pub(super) fn set(
    call: &mut Call<'_>,
    args: &mut Args<'_>,
    protocol: Protocol,
    set: Set,
) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, protocol)?;
    let socket = *socket;
    let value = args.u64()?;
    if value == 0 {
        return done(Err(Code::INVALID_ARGUMENT));
    }
    let host = call.host(socket.fd);
    done(host.and_then(|host| Ok(set(host, socket.is_ipv6, value)?)))
}

pub(super) fn hop_limit(host: BorrowedFd<'_>, is_ipv6: bool) -> rustix::io::Result<Val> {
    Ok(Val::U8(match is_ipv6 {
        true => sockopt::ipv6_unicast_hops(host)?,
        false => sockopt::ip_ttl(host)? as u8,
    }))
}

pub(super) fn set_hop_limit(
    host: BorrowedFd<'_>,
    is_ipv6: bool,
    value: u64,
) -> rustix::io::Result<()> {
    match is_ipv6 {
        true => sockopt::set_ipv6_unicast_hops(host, Some(value as u8)),
        false => sockopt::set_ip_ttl(host, value as u32),
    }
}

/// Linux keeps twice what it is told, for its own bookkeeping (socket(7)).
pub(super) fn receive_buffer(host: BorrowedFd<'_>, _: bool) -> rustix::io::Result<Val> {
    Ok(Val::U64(sockopt::socket_recv_buffer_size(host)? as u64 / 2))
}

pub(super) fn send_buffer(host: BorrowedFd<'_>, _: bool) -> rustix::io::Result<Val> {
    Ok(Val::U64(sockopt::socket_send_buffer_size(host)? as u64 / 2))
}

/// The system cuts off what is too much, and so do we before its numbers of 32 bits do.
fn buffer(value: u64) -> usize {
    value.min(i32::MAX as u64 / 2) as usize
}

pub(super) fn set_receive_buffer(
    host: BorrowedFd<'_>,
    _: bool,
    value: u64,
) -> rustix::io::Result<()> {
    sockopt::set_socket_recv_buffer_size(host, buffer(value))
}

pub(super) fn set_send_buffer(host: BorrowedFd<'_>, _: bool, value: u64) -> rustix::io::Result<()> {
    sockopt::set_socket_send_buffer_size(host, buffer(value))
}
