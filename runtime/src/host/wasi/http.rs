//! Requests and responses of `wasi:http`, as a program holds them. Their bodies are sockets of the system, so that streams and events of
//! theirs are those of any other descriptor.

use rustix::fd::OwnedFd;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Header or trailer fields: names in lower case, in their order.
pub type Fields = Vec<(String, Vec<u8>)>;

/// The end of a body: its trailer fields, or the reason why it has none (an `error-code` of `wasi:http/types`, as in WIT).
pub type End = Result<Fields, &'static str>;

/// The place where whoever writes a body says how it ended, before the last of its descriptors is closed. A body that ended without a word
/// was given up.
#[derive(Clone, Default, Debug)]
pub struct BodyEnd(Arc<Mutex<Option<End>>>);

impl BodyEnd {
    /// Says how the body ended.
    pub fn set(&self, end: End) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }

    /// Takes what was said.
    pub fn take(&self) -> Option<End> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Returns true if the body did not end well.
    pub(crate) fn is_broken(&self) -> bool {
        let end = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(*end, Some(Ok(_)))
    }
}

/// A request's body, as the program reads it.
#[derive(Debug)]
pub struct RequestBody {
    /// Its bytes.
    pub bytes: OwnedFd,
    /// The end: said before `ended` is at its end.
    pub end: BodyEnd,
    /// A descriptor that is at its end when the body's end is known, whoever reads its bytes.
    pub ended: OwnedFd,
}

/// A request that a program is to answer.
#[derive(Debug)]
pub struct Request<Body = RequestBody> {
    /// Its method.
    pub method: String,
    /// Its scheme: `http` or `https`.
    pub scheme: String,
    /// Host and port.
    pub authority: Option<String>,
    /// Path and query.
    pub path_with_query: Option<String>,
    /// Header fields.
    pub headers: Fields,
    /// The body.
    pub body: Body,
}

/// A response's body, as the program writes it.
#[derive(Debug)]
pub struct ResponseBody {
    /// Its bytes, by a descriptor that does not wait.
    pub bytes: OwnedFd,
    /// The end: said, if there is one, when `bytes` are at their end.
    pub end: BodyEnd,
}

/// A program's response.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields.
    pub headers: Fields,
    /// The body, if it has one.
    pub body: Option<ResponseBody>,
}

/// The way for a response, or an error in words, to whoever asked. It is dropped where there is none.
pub type Respond = Box<dyn FnOnce(Result<Response, String>) + Send>;

/// A resource of `wasi:http`.
#[derive(Debug)]
pub(crate) enum Http {
    Fields(FieldsEntry),
    Incoming(Incoming),
    IncomingBody(IncomingBody),
    Trailers(Trailers),
    Outgoing(Outgoing),
    OutgoingBody(OutgoingBody),
    Outparam(Outparam),
    Asked(Asked),
    /// Timeouts: to connect, to the first byte, and between bytes, in nanoseconds.
    Options([Option<u64>; 3]),
}

/// Fields of a program's own, or of a message, which nobody changes.
#[derive(Clone, Default, Debug)]
pub(crate) struct FieldsEntry {
    pub fields: Fields,
    pub is_immutable: bool,
}

/// A request in the program's hands. It has its body until that is consumed.
pub(crate) type Incoming = Request<Option<RequestBody>>;

/// A request's body. `stream` is the number of its stream once it was asked for.
#[derive(Debug)]
pub(crate) struct IncomingBody {
    pub body: RequestBody,
    pub stream: Option<u32>,
}

/// Trailer fields that are still to come, which are given once. `ended` is a descriptor's number.
#[derive(Debug)]
pub(crate) struct Trailers {
    pub ended: u32,
    pub end: BodyEnd,
    pub is_given: bool,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub status: u16,
    pub headers: Fields,
    /// The other end of its body, once it was asked for.
    pub body: Option<ResponseBody>,
    pub is_sent: Sent,
}

/// True once somebody reads the body.
#[derive(Clone, Default, Debug)]
pub(crate) struct Sent(Arc<AtomicBool>);

impl Sent {
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body of a response or request that the program makes.
#[derive(Debug)]
pub(crate) struct OutgoingBody {
    /// Open as long as the body is: its end is said before it is closed.
    pub bytes: OwnedFd,
    pub end: BodyEnd,
    pub stream: Option<u32>,
    /// Bytes that are to be written, and that were; without a `content-length` any number.
    pub declared: Option<u64>,
    pub written: u64,
    pub is_sent: Sent,
}

/// A request that the program makes.
#[derive(Debug)]
pub(crate) struct Asked {
    pub method: String,
    pub scheme: Option<String>,
    pub authority: Option<String>,
    pub path_with_query: Option<String>,
    pub headers: Fields,
    pub has_body: bool,
}

/// The place for a response.
pub(crate) struct Outparam(pub Respond);

impl fmt::Debug for Outparam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outparam")
    }
}
