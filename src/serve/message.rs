//! Requests and responses between hyper and guests, with their bodies.

use super::reactor::{Io, Reactor};
use dwalin_runtime::component::wasi::http::{BodyEnd, Fields, Request, RequestBody, Response};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The most bytes of a body that are read at once.
const AT_ONCE: usize = 64 << 10;

/// The answer where there is no response.
const FAILED: &str = "the program gave no response: the error output of `dwalin serve` says why\n";

/// The host's ends of a request's body.
pub struct Ends {
    bytes: OwnedFd,
    end: BodyEnd,
    ended: OwnedFd,
}

/// The ends of a request's body: the guest's and the host's.
pub fn body() -> io::Result<(RequestBody, Ends)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let pair = || socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None);
    let ((of_guest, bytes), (ended_of_guest, ended)) = (pair()?, pair()?);
    let end = BodyEnd::default();
    let to_guest = RequestBody {
        bytes: of_guest,
        end: end.clone(),
        ended: ended_of_guest,
    };
    Ok((to_guest, Ends { bytes, end, ended }))
}

/// A request as the guest is given it.
pub fn request(head: Parts, body: RequestBody) -> Request {
    let host = head.headers.get(HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let authority = head.uri.authority().map(|it| it.as_str()).or(host);
    Request {
        method: head.method.as_str().to_owned(),
        scheme: head.uri.scheme_str().unwrap_or("http").to_owned(),
        authority: authority.map(str::to_owned),
        path_with_query: head.uri.path_and_query().map(|it| it.as_str().to_owned()),
        headers: fields(&head.headers),
        body,
    }
}

fn fields(headers: &HeaderMap) -> Fields {
    let field = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), value.as_bytes().to_vec())
    };
    headers.iter().map(field).collect()
}

/// Fields as hyper has them. They were checked when they were set.
fn headers(fields: &Fields) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(value).ok()?;
        headers.try_append(name, value).ok()?;
    }
    Some(headers)
}

/// The body of a request, on its way to the guest.
pub struct Source {
    bytes: Io,
    end: BodyEnd,
    /// Closed when the end is known.
    ended: OwnedFd,
}

impl Source {
    pub fn new(ends: Ends, reactor: &Rc<Reactor>) -> Source {
        Source {
            bytes: Io::new(ends.bytes, reactor),
            end: ends.end,
            ended: ends.ended,
        }
    }

    /// Copies what comes, and says how it ended. A guest that does not read any more is not written to.
    pub async fn copy(self, body: Incoming) {
        let mut body = body;
        let (mut is_read, mut trailers) = (true, Fields::new());
        let end = loop {
            let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            match frame.map(|frame| frame.map(Frame::into_data)) {
                None => break Ok(std::mem::take(&mut trailers)),
                Some(Ok(Ok(data))) if is_read => is_read = self.write(&data).await.is_ok(),
                Some(Ok(Ok(_))) => {}
                Some(Ok(Err(frame))) => {
                    let found = frame.into_trailers();
                    trailers = found.map(|found| fields(&found)).unwrap_or_default();
                }
                Some(Err(_)) => break Err("connection-terminated"),
            }
        };
        self.end.set(end);
        drop(self.ended);
    }

    async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = poll_fn(|cx| self.bytes.poll_write(cx, bytes)).await?;
            bytes = &bytes[count..];
        }
        Ok(())
    }
}

/// The body of a response.
pub enum Answer {
    /// None, or no more.
    Nothing,
    /// Words of ours.
    Text(&'static str),
    /// The guest's.
    Guest(Io, BodyEnd),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = match &*self {
            Answer::Nothing => None,
            Answer::Text(text) => Some(Ok(Frame::data(Bytes::from_static(text.as_bytes())))),
            Answer::Guest(io, end) => {
                let mut bytes = vec![0; AT_ONCE];
                let count = match io.poll_read(cx, &mut bytes) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                    Poll::Ready(Ok(count)) => count,
                };
                if count > 0 {
                    bytes.truncate(count);
                    return Poll::Ready(Some(Ok(Frame::data(bytes.into()))));
                }
                last_frame(end)
            }
        };
        *self = Answer::Nothing;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Answer::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Answer::Nothing => SizeHint::with_exact(0),
            Answer::Text(text) => SizeHint::with_exact(text.len() as u64),
            Answer::Guest(..) => SizeHint::default(),
        }
    }
}

/// The trailers of a body that is finished; an error, which ends the connection, of one that was given up.
fn last_frame(end: &BodyEnd) -> Option<io::Result<Frame<Bytes>>> {
    match end.take() {
        Some(Ok(none)) if none.is_empty() => None,
        Some(Ok(trailers)) => headers(&trailers).map(|trailers| Ok(Frame::trailers(trailers))),
        Some(Err(_)) | None => Some(Err(io::Error::other("the program did not finish the body"))),
    }
}

/// A guest's response as hyper has it.
pub fn response(response: Response, reactor: &Rc<Reactor>) -> hyper::Response<Answer> {
    let body = match response.body {
        Some(body) => Answer::Guest(Io::new(body.bytes, reactor), body.end),
        None => Answer::Nothing,
    };
    let mut answer = hyper::Response::new(body);
    match (
        hyper::StatusCode::from_u16(response.status),
        headers(&response.headers),
    ) {
        (Ok(status), Some(headers)) => {
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            answer
        }
        _ => failed(),
    }
}

/// The response where the program gave none.
pub fn failed() -> hyper::Response<Answer> {
    let mut answer = hyper::Response::new(Answer::Text(FAILED));
    *answer.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
    answer
}
