//! `wasi:sockets`: TCP, UDP and look-ups of names, by calls of the system that never wait; `wasi:io/poll` does. What a program may use
//! of the network, its context says ([`Network`](crate::host::wasi::network::Network)).

mod address;
mod code;
mod names;
mod socket;
mod tcp;
mod udp;

use super::call::Interface;
use crate::component::val::Val;
use crate::error::Error;
use crate::host::wasi::handles::Entry;
use crate::host::wasi::network::Protocol;
use code::Code;

pub(super) const INTERFACES: &[Interface] = &[
    Interface {
        name: "wasi:sockets/instance-network",
        functions: &[("instance-network", |call, _| {
            call.new_resource(|types| &types.network, Entry::Network)
                .map(Some)
        })],
    },
    Interface {
        name: "wasi:sockets/network",
        functions: &[("network-error-code", |call, args| {
            let error = args.resource(&call.types.error)?;
            let code = match call.ctx.handles.get(error) {
                Some(Entry::Error(errno)) => Code::from(*errno),
                _ => return Err(Error::host("no such error")),
            };
            let code = (code.0 != "unknown").then(|| Box::new(Val::Enum(code.0.to_owned())));
            Ok(Some(Val::Option(code)))
        })],
    },
    Interface {
        name: "wasi:sockets/tcp-create-socket",
        functions: &[("create-tcp-socket", |call, args| {
            socket::create(call, args, Protocol::Tcp)
        })],
    },
    Interface {
        name: "wasi:sockets/udp-create-socket",
        functions: &[("create-udp-socket", |call, args| {
            socket::create(call, args, Protocol::Udp)
        })],
    },
];

pub(super) const PROTOCOLS: &[Interface] = &[
    Interface {
        name: "wasi:sockets/tcp",
        functions: tcp::FUNCTIONS,
    },
    Interface {
        name: "wasi:sockets/udp",
        functions: udp::FUNCTIONS,
    },
    Interface {
        name: "wasi:sockets/ip-name-lookup",
        functions: names::FUNCTIONS,
    },
];
