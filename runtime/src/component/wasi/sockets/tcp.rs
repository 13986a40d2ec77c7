//! `wasi:sockets/tcp`: connections.

use super::address;
use super::code::{Code, answer, done};
use super::socket::{self, FLAGS};
use crate::component::val::Val;
use crate::component::wasi::args::{Args, wrong};
use crate::component::wasi::call::{Call, Function};
use crate::component::wasi::poll::wait;
use crate::error::Result;
use crate::host::wasi::handles::{Entry, Place, Wait};
use crate::host::wasi::network::{Progress, Protocol, Socket};
use rustix::io::Errno as Os;
use rustix::net::{Shutdown, sockopt};
use std::net::SocketAddr;
use std::time::Duration;

const TCP: Protocol = Protocol::Tcp;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("[method]tcp-socket.start-bind", |call, args| {
        socket::start_bind(call, args, TCP)
    }),
    ("[method]tcp-socket.finish-bind", |call, args| {
        socket::finish_bind(call, args, TCP)
    }),
    ("[method]tcp-socket.start-connect", start_connect),
    ("[method]tcp-socket.finish-connect", finish_connect),
    ("[method]tcp-socket.start-listen", start_listen),
    ("[method]tcp-socket.finish-listen", finish_listen),
    ("[method]tcp-socket.accept", accept),
    ("[method]tcp-socket.local-address", |call, args| {
        socket::local_address(call, args, TCP)
    }),
    ("[method]tcp-socket.remote-address", |call, args| {
        socket::remote_address(call, args, TCP)
    }),
    ("[method]tcp-socket.is-listening", |call, args| {
        let (_, socket) = call.socket(args, TCP)?;
        Ok(Some(Val::Bool(socket.progress == Progress::Listening)))
    }),
    ("[method]tcp-socket.address-family", |call, args| {
        socket::address_family(call, args, TCP)
    }),
    ("[method]tcp-socket.set-listen-backlog-size", set_backlog),
    ("[method]tcp-socket.keep-alive-enabled", |call, args| {
        socket::get(call, args, TCP, |host, _| {
            Ok(Val::Bool(sockopt::socket_keepalive(host)?))
        })
    }),
    ("[method]tcp-socket.set-keep-alive-enabled", set_keep_alive),
    ("[method]tcp-socket.keep-alive-idle-time", |call, args| {
        socket::get(call, args, TCP, |host, _| {
            Ok(nanoseconds(sockopt::tcp_keepidle(host)?))
        })
    }),
    (
        "[method]tcp-socket.set-keep-alive-idle-time",
        |call, args| {
            socket::set(call, args, TCP, |host, _, value| {
                sockopt::set_tcp_keepidle(host, seconds(value))
            })
        },
    ),
    ("[method]tcp-socket.keep-alive-interval", |call, args| {
        socket::get(call, args, TCP, |host, _| {
            Ok(nanoseconds(sockopt::tcp_keepintvl(host)?))
        })
    }),
    (
        "[method]tcp-socket.set-keep-alive-interval",
        |call, args| {
            socket::set(call, args, TCP, |host, _, value| {
                sockopt::set_tcp_keepintvl(host, seconds(value))
            })
        },
    ),
    ("[method]tcp-socket.keep-alive-count", |call, args| {
        socket::get(call, args, TCP, |host, _| {
            Ok(Val::U32(sockopt::tcp_keepcnt(host)?))
        })
    }),
    ("[method]tcp-socket.set-keep-alive-count", |call, args| {
        socket::set(call, args, TCP, |host, _, value| {
            sockopt::set_tcp_keepcnt(host, (value as u32).min(MOST_PROBES))
        })
    }),
    ("[method]tcp-socket.hop-limit", |call, args| {
        socket::get(call, args, TCP, socket::hop_limit)
    }),
    ("[method]tcp-socket.set-hop-limit", |call, args| {
        socket::set(call, args, TCP, socket::set_hop_limit)
    }),
    ("[method]tcp-socket.receive-buffer-size", |call, args| {
        socket::get(call, args, TCP, socket::receive_buffer)
    }),
    (
        "[method]tcp-socket.set-receive-buffer-size",
        |call, args| socket::set(call, args, TCP, socket::set_receive_buffer),
    ),
    ("[method]tcp-socket.send-buffer-size", |call, args| {
        socket::get(call, args, TCP, socket::send_buffer)
    }),
    ("[method]tcp-socket.set-send-buffer-size", |call, args| {
        socket::set(call, args, TCP, socket::set_send_buffer)
    }),
    ("[method]tcp-socket.subscribe", |call, args| {
        socket::subscribe(call, args, TCP)
    }),
    ("[method]tcp-socket.shutdown", shutdown),
];

/// The most that Linux takes as the number of probes (`MAX_TCP_KEEPCNT`), and as their times in seconds (`MAX_TCP_KEEPIDLE`).
const MOST_PROBES: u32 = 127;
const LONGEST_SECONDS: u64 = 32767;

fn nanoseconds(time: Duration) -> Val {
    Val::U64(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

/// The system counts in seconds, of which it wants one at least.
fn seconds(nanoseconds: u64) -> Duration {
    Duration::from_secs(
        nanoseconds
            .div_ceil(1_000_000_000)
            .clamp(1, LONGEST_SECONDS),
    )
}

fn set_keep_alive(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, TCP)?;
    let fd = socket.fd;
    let Val::Bool(on) = args.next()? else {
        return Err(wrong());
    };
    let host = call.host(fd);
    done(host.and_then(|host| Ok(sockopt::set_socket_keepalive(host, *on)?)))
}

fn start_connect(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (index, socket) = call.socket(args, TCP)?;
    let socket = *socket;
    args.resource(&call.types.network)?;
    let address = address::read(args.next()?)?;
    let started = connect(call, socket, address);
    match started {
        Ok(()) => call.set_progress(index, Progress::Connecting),
        // The system was asked.
        Err(Started::Failed(_)) => call.set_progress(index, Progress::Closed),
        Err(Started::Refused(_)) => {}
    }
    done(started.map_err(|(Started::Failed(code) | Started::Refused(code))| code))
}

/// Why no connection was begun: by the system, or by the rules.
enum Started {
    Failed(Code),
    Refused(Code),
}

fn connect(call: &Call<'_>, socket: Socket, address: SocketAddr) -> Result<(), Started> {
    let refused = |code| Err(Started::Refused(code));
    match socket.progress {
        Progress::Unbound | Progress::Bound => {}
        Progress::Connecting | Progress::BindStarted | Progress::ListenStarted => {
            return refused(Code::CONCURRENCY_CONFLICT);
        }
        _ => return refused(Code::INVALID_STATE),
    }
    if !address::is_remote(address, socket.is_ipv6) {
        return refused(Code::INVALID_ARGUMENT);
    }
    if !call.ctx.network.allows(TCP) {
        return refused(Code::ACCESS_DENIED);
    }
    let host = call.host(socket.fd).map_err(Started::Failed)?;
    match rustix::net::connect(host, &address) {
        Ok(()) | Err(Os::INPROGRESS) => Ok(()),
        Err(error) => Err(Started::Failed(error.into())),
    }
}

fn finish_connect(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (index, socket) = call.socket(args, TCP)?;
    let socket = *socket;
    if socket.progress != Progress::Connecting {
        return answer(Err(Code::NOT_IN_PROGRESS));
    }
    if wait(call, &[Wait::Write(socket.fd)], false)?.is_empty() {
        return answer(Err(Code::WOULD_BLOCK));
    }
    let connected = call.host(socket.fd).and_then(|host| {
        sockopt::socket_error(host)??;
        Ok(())
    });
    if let Err(code) = connected {
        call.set_progress(index, Progress::Closed);
        return answer(Err(code));
    }
    call.set_progress(index, Progress::Connected);
    match streams(call, socket.fd)? {
        Ok(streams) => answer(Ok(Some(Val::Tuple(streams)))),
        Err(code) => answer(Err(code)),
    }
}

/// The streams of a connection, both ways.
fn streams(call: &mut Call<'_>, fd: u32) -> Result<Result<Vec<Val>, Code>> {
    let place = Place::Connection;
    let both = call
        .second(fd)
        .and_then(|input| Ok((input, call.second(fd)?)));
    let (input, output) = match both {
        Ok(both) => both,
        Err(code) => return Ok(Err(code)),
    };
    let input = call.new_resource(|types| &types.input, Entry::Input { fd: input, place })?;
    let output = call.new_resource(|types| &types.output, Entry::Output { fd: output, place })?;
    Ok(Ok(vec![input, output]))
}

fn start_listen(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (index, socket) = call.socket(args, TCP)?;
    let socket = *socket;
    let started = match socket.progress {
        Progress::Bound => call.host(socket.fd),
        Progress::Connecting | Progress::BindStarted | Progress::ListenStarted => {
            Err(Code::CONCURRENCY_CONFLICT)
        }
        _ => Err(Code::INVALID_STATE),
    };
    let started = started.and_then(|host| Ok(rustix::net::listen(host, socket.backlog)?));
    if started.is_ok() {
        call.set_progress(index, Progress::ListenStarted);
    }
    done(started)
}

fn finish_listen(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, TCP)?;
    if socket.progress != Progress::ListenStarted {
        return done(Err(Code::NOT_IN_PROGRESS));
    }
    socket.progress = Progress::Listening;
    done(Ok(()))
}

fn set_backlog(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, TCP)?;
    let size = args.u64()?;
    if size == 0 {
        return done(Err(Code::INVALID_ARGUMENT));
    }
    match socket.progress {
        Progress::Unbound | Progress::Bound | Progress::Listening => {}
        _ => return done(Err(Code::INVALID_STATE)),
    }
    socket.backlog = i32::try_from(size).unwrap_or(i32::MAX);
    let socket = *socket;
    if socket.progress != Progress::Listening {
        return done(Ok(()));
    }
    let host = call.host(socket.fd);
    done(host.and_then(|host| Ok(rustix::net::listen(host, socket.backlog)?)))
}

fn accept(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (_, listener) = call.socket(args, TCP)?;
    let listener = *listener;
    if listener.progress != Progress::Listening {
        return answer(Err(Code::INVALID_STATE));
    }
    let accepted = call.host(listener.fd).and_then(|host| {
        let accepted = rustix::io::retry_on_intr(|| rustix::net::accept_with(host, FLAGS));
        Ok(accepted?)
    });
    let fd = match accepted.and_then(|host| call.add_descriptor(host)) {
        Ok(fd) => fd,
        Err(code) => return answer(Err(code)),
    };
    let socket = Socket {
        fd,
        progress: Progress::Connected,
        ..listener
    };
    let socket = call.new_resource(|types| &types.tcp, Entry::Socket(socket))?;
    match streams(call, fd)? {
        Ok(streams) => {
            let all = [socket].into_iter().chain(streams).collect();
            answer(Ok(Some(Val::Tuple(all))))
        }
        Err(code) => answer(Err(code)),
    }
}

fn shutdown(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (_, socket) = call.socket(args, TCP)?;
    let socket = *socket;
    let how = match args.name()? {
        "receive" => Shutdown::Read,
        "send" => Shutdown::Write,
        _ => Shutdown::Both,
    };
    let host = match socket.progress {
        Progress::Connected => call.host(socket.fd),
        _ => Err(Code::INVALID_STATE),
    };
    done(host.and_then(|host| Ok(rustix::net::shutdown(host, how)?)))
}
