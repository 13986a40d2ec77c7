//! Results and errors of sockets.

use crate::component::val::Val;
use crate::error::Result;
use crate::host::wasi::Errno;

/// An `error-code` of `wasi:sockets/network`, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Code(pub &'static str);

impl Code {
    pub const ACCESS_DENIED: Code = Code("access-denied");
    pub const INVALID_ARGUMENT: Code = Code("invalid-argument");
    pub const INVALID_STATE: Code = Code("invalid-state");
    pub const CONCURRENCY_CONFLICT: Code = Code("concurrency-conflict");
    pub const NOT_IN_PROGRESS: Code = Code("not-in-progress");
    pub const WOULD_BLOCK: Code = Code("would-block");
}

impl From<Errno> for Code {
    fn from(errno: Errno) -> Code {
        Code(match errno {
            Errno::Acces | Errno::Perm => "access-denied",
            Errno::Notsup | Errno::Afnosupport | Errno::Protonosupport | Errno::Noprotoopt => {
                "not-supported"
            }
            Errno::Inval | Errno::Destaddrreq => "invalid-argument",
            Errno::Nomem | Errno::Nobufs => "out-of-memory",
            Errno::Timedout => "timeout",
            Errno::Already | Errno::Inprogress => "concurrency-conflict",
            Errno::Again => "would-block",
            Errno::Isconn | Errno::Notconn => "invalid-state",
            Errno::Mfile | Errno::Nfile => "new-socket-limit",
            Errno::Addrnotavail => "address-not-bindable",
            Errno::Addrinuse => "address-in-use",
            Errno::Hostunreach | Errno::Netunreach | Errno::Netdown => "remote-unreachable",
            Errno::Connrefused => "connection-refused",
            Errno::Connreset | Errno::Pipe => "connection-reset",
            Errno::Connaborted => "connection-aborted",
            Errno::Msgsize => "datagram-too-large",
            _ => "unknown",
        })
    }
}

impl From<rustix::io::Errno> for Code {
    fn from(errno: rustix::io::Errno) -> Code {
        Code::from(Errno::from(errno))
    }
}

/// `result<T, error-code>`.
pub(super) fn answer(result: Result<Option<Val>, Code>) -> Result<Option<Val>> {
    let result = result.map(|value| value.map(Box::new));
    let error = |code: Code| Some(Box::new(Val::Enum(code.0.to_owned())));
    Ok(Some(Val::Result(result.map_err(error))))
}

/// `result<_, error-code>`.
pub(super) fn done(result: Result<(), Code>) -> Result<Option<Val>> {
    answer(result.map(|()| None))
}
