//! `wasi:sockets/udp`: datagrams.

use super::address;
use super::code::{Code, answer};
use super::socket;
use crate::component::resource::ResourceType;
use crate::component::val::Val;
use crate::component::wasi::args::{Args, wrong};
use crate::component::wasi::call::{Call, Function};
use crate::component::wasi::poll::wait;
use crate::error::{Error, Result};
use crate::host::wasi::handles::{Entry, Wait};
use crate::host::wasi::network::{Datagrams, Progress, Protocol, Socket};
use rustix::io::{Errno as Os, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags};
use std::net::SocketAddr;

const UDP: Protocol = Protocol::Udp;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("[method]udp-socket.start-bind", |call, args| {
        socket::start_bind(call, args, UDP)
    }),
    ("[method]udp-socket.finish-bind", |call, args| {
        socket::finish_bind(call, args, UDP)
    }),
    ("[method]udp-socket.stream", stream),
    ("[method]udp-socket.local-address", |call, args| {
        socket::local_address(call, args, UDP)
    }),
    ("[method]udp-socket.remote-address", |call, args| {
        socket::remote_address(call, args, UDP)
    }),
    ("[method]udp-socket.address-family", |call, args| {
        socket::address_family(call, args, UDP)
    }),
    ("[method]udp-socket.unicast-hop-limit", |call, args| {
        socket::get(call, args, UDP, socket::hop_limit)
    }),
    ("[method]udp-socket.set-unicast-hop-limit", |call, args| {
        socket::set(call, args, UDP, socket::set_hop_limit)
    }),
    ("[method]udp-socket.receive-buffer-size", |call, args| {
        socket::get(call, args, UDP, socket::receive_buffer)
    }),
    (
        "[method]udp-socket.set-receive-buffer-size",
        |call, args| socket::set(call, args, UDP, socket::set_receive_buffer),
    ),
    ("[method]udp-socket.send-buffer-size", |call, args| {
        socket::get(call, args, UDP, socket::send_buffer)
    }),
    ("[method]udp-socket.set-send-buffer-size", |call, args| {
        socket::set(call, args, UDP, socket::set_send_buffer)
    }),
    ("[method]udp-socket.subscribe", |call, args| {
        socket::subscribe(call, args, UDP)
    }),
    ("[method]incoming-datagram-stream.receive", receive),
    (
        "[method]incoming-datagram-stream.subscribe",
        |call, args| {
            let stream = datagrams(call, args, |call| &call.types.incoming)?;
            call.new_resource(
                |types| &types.pollable,
                Entry::Pollable(Wait::Read(stream.fd)),
            )
            .map(Some)
        },
    ),
    ("[method]outgoing-datagram-stream.check-send", check_send),
    ("[method]outgoing-datagram-stream.send", send),
    (
        "[method]outgoing-datagram-stream.subscribe",
        |call, args| {
            let stream = datagrams(call, args, |call| &call.types.outgoing)?;
            call.new_resource(
                |types| &types.pollable,
                Entry::Pollable(Wait::Write(stream.fd)),
            )
            .map(Some)
        },
    ),
];

/// Datagrams of a call.
const AT_ONCE: u64 = 16;

/// Bytes of the longest datagram (RFC 768: its length has 16 bits).
const LONGEST: usize = 1 << 16;

fn datagrams(
    call: &Call<'_>,
    args: &mut Args<'_>,
    ty: impl for<'c> Fn(&'c Call<'_>) -> &'c ResourceType,
) -> Result<Datagrams> {
    match call.ctx.handles.get(args.resource(ty(call))?) {
        Some(Entry::Datagrams(datagrams)) => Ok(*datagrams),
        _ => Err(Error::host("no such stream of datagrams")),
    }
}

fn stream(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (index, socket) = call.socket(args, UDP)?;
    let socket = *socket;
    let remote = address::read_optional(args.next()?)?;
    let both = connect(call, socket, remote)
        .and_then(|()| Ok((call.second(socket.fd)?, call.second(socket.fd)?)));
    let (input, output) = match both {
        Ok(both) => both,
        Err(code) => return answer(Err(code)),
    };
    let progress = match remote {
        Some(_) => Progress::Connected,
        None => Progress::Bound,
    };
    call.set_progress(index, progress);
    let datagrams = |fd| Entry::Datagrams(Datagrams { fd, remote });
    let input = call.new_resource(|types| &types.incoming, datagrams(input))?;
    let output = call.new_resource(|types| &types.outgoing, datagrams(output))?;
    answer(Ok(Some(Val::Tuple(vec![input, output]))))
}

/// Has a socket exchange datagrams with one address, or with all.
fn connect(call: &Call<'_>, socket: Socket, remote: Option<SocketAddr>) -> Result<(), Code> {
    if !matches!(socket.progress, Progress::Bound | Progress::Connected) {
        return Err(Code::INVALID_STATE);
    }
    let host = call.host(socket.fd)?;
    if socket.progress == Progress::Connected {
        rustix::net::connect_unspec(host)?;
    }
    let Some(remote) = remote else {
        return Ok(());
    };
    if !address::is_remote(remote, socket.is_ipv6) {
        return Err(Code::INVALID_ARGUMENT);
    }
    if !call.ctx.network.allows(UDP) {
        return Err(Code::ACCESS_DENIED);
    }
    Ok(rustix::net::connect(host, &remote)?)
}

fn receive(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let stream = datagrams(call, args, |call| &call.types.incoming)?;
    let most = args.u64()?.min(AT_ONCE);
    let mut all = Vec::new();
    while (all.len() as u64) < most {
        match receive_one(call, stream) {
            Ok(datagram) => all.push(datagram),
            Err(Code::WOULD_BLOCK) => break,
            // Those that came are told; the next call meets the error.
            Err(_) if !all.is_empty() => break,
            Err(code) => return answer(Err(code)),
        }
    }
    answer(Ok(Some(Val::List(all))))
}

fn receive_one(call: &Call<'_>, stream: Datagrams) -> Result<Val, Code> {
    let host = call.host(stream.fd)?;
    let mut bytes = vec![0; LONGEST];
    let (len, _, from) =
        retry_on_intr(|| rustix::net::recvfrom(host, &mut bytes[..], RecvFlags::empty()))?;
    bytes.truncate(len);
    let from = match from {
        Some(from) => Some(SocketAddr::try_from(from)?),
        None => stream.remote,
    };
    let from = from.ok_or(Code::from(Os::IO))?;
    Ok(Val::Record(vec![
        ("data".to_owned(), Val::Bytes(bytes)),
        ("remote-address".to_owned(), address::of(from)),
    ]))
}

fn check_send(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let stream = datagrams(call, args, |call| &call.types.outgoing)?;
    let is_full = wait(call, &[Wait::Write(stream.fd)], false)?.is_empty();
    let permitted = if is_full { 0 } else { AT_ONCE };
    answer(Ok(Some(Val::U64(permitted))))
}

fn send(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let stream = datagrams(call, args, |call| &call.types.outgoing)?;
    let mut sent = 0;
    for datagram in args.list()? {
        let Val::Record(fields) = datagram else {
            return Err(wrong());
        };
        let [(_, Val::Bytes(bytes)), (_, remote)] = &fields[..] else {
            return Err(wrong());
        };
        let remote = address::read_optional(remote)?;
        match send_one(call, stream, bytes, remote) {
            Ok(()) => sent += 1,
            Err(Code::WOULD_BLOCK) => break,
            Err(_) if sent > 0 => break,
            Err(code) => return answer(Err(code)),
        }
    }
    answer(Ok(Some(Val::U64(sent))))
}

fn send_one(
    call: &Call<'_>,
    stream: Datagrams,
    bytes: &[u8],
    remote: Option<SocketAddr>,
) -> Result<(), Code> {
    let host = call.host(stream.fd)?;
    match (stream.remote, remote) {
        (None, None) => return Err(Code::INVALID_ARGUMENT),
        (Some(connected), Some(remote)) if connected != remote => {
            return Err(Code::INVALID_ARGUMENT);
        }
        (Some(_), _) => {
            retry_on_intr(|| rustix::net::send(host, bytes, SendFlags::empty()))?;
        }
        (None, Some(remote)) => {
            if !address::is_remote(remote, remote.is_ipv6()) {
                return Err(Code::INVALID_ARGUMENT);
            }
            if !call.ctx.network.allows(UDP) {
                return Err(Code::ACCESS_DENIED);
            }
            retry_on_intr(|| rustix::net::sendto(host, bytes, SendFlags::empty(), &remote))?;
        }
    }
    Ok(())
}
