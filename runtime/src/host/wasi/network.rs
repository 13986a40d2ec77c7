//! The network as a program of WASI 0.2 may use it, and its sockets. Preview 1 makes none.

use std::net::SocketAddr;

/// The permissions of a program. By default it has none: it can make sockets, and not bind or connect them.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Network {
    /// All addresses of the host's network may be used.
    pub is_open: bool,
    pub is_without_tcp: bool,
    pub is_without_udp: bool,
    pub looks_names_up: bool,
}

impl Network {
    /// Returns true if sockets of a protocol may have addresses.
    pub fn allows(self, protocol: Protocol) -> bool {
        let is_without = match protocol {
            Protocol::Tcp => self.is_without_tcp,
            Protocol::Udp => self.is_without_udp,
        };
        self.is_open && !is_without
    }
}

/// The protocol of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
}

/// The progress of a socket (wasi-sockets, TcpSocketOperationalSemantics.md). What is started is done, and waits to be finished by the
/// program; a connection alone takes its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    Unbound,
    BindStarted,
    Bound,
    ListenStarted,
    Listening,
    Connecting,
    Connected,
    /// A connection that failed.
    Closed,
}

/// A socket: a descriptor, which never waits, and what its program did with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Socket {
    pub fd: u32,
    pub protocol: Protocol,
    pub is_ipv6: bool,
    pub progress: Progress,
    /// Connections that may wait to be accepted.
    pub backlog: i32,
}

/// Datagrams of a socket, one way, by a descriptor of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagrams {
    pub fd: u32,
    /// The one address that they go to or come from.
    pub remote: Option<SocketAddr>,
}
