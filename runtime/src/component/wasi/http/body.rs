//! Bodies: of requests that a program reads, and of what it writes.

use super::fields;
use super::resources::gone;
use super::values::{answer, failed_by_size, refused};
use crate::component::resource::ResourceType;
use crate::component::val::Val;
use crate::component::wasi::args::{Args, resource, wrong};
use crate::component::wasi::call::{Call, Function, Types};
use crate::component::wasi::poll::wait;
use crate::component::wasi::streams::Ended;
use crate::error::{Error, Result};
use crate::host::wasi::Errno;
use crate::host::wasi::descriptor::Descriptor;
use crate::host::wasi::handles::{Entry, Place, Wait};
use crate::host::wasi::http::{
    BodyEnd, Fields, Http, IncomingBody, OutgoingBody, RequestBody, ResponseBody, Sent, Trailers,
};
use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("[method]incoming-body.stream", input),
    ("[static]incoming-body.finish", finish_reading),
    ("[method]future-trailers.subscribe", |call, args| {
        let index = args.resource(&call.types.http.future_trailers)?;
        let ended = trailers(call, index)?.ended;
        call.new_resource(|types| &types.pollable, Entry::Pollable(Wait::Read(ended)))
            .map(Some)
    }),
    ("[method]future-trailers.get", get_trailers),
    ("[method]outgoing-body.write", output),
    ("[static]outgoing-body.finish", finish_writing),
    ("http-error-code", |call, args| {
        let error = args.resource(&call.types.error)?;
        let code = match call.ctx.handles.get(error) {
            Some(Entry::Error(Errno::Fbig)) => {
                let none = Some(Box::new(Val::Option(None)));
                Some(Val::Variant("HTTP-response-body-size".to_owned(), none))
            }
            Some(Entry::Error(Errno::Connreset)) => {
                Some(Val::Variant("connection-terminated".to_owned(), None))
            }
            Some(Entry::Error(_)) => None,
            _ => return Err(Error::host("no such error")),
        };
        Ok(Some(Val::Option(code.map(Box::new))))
    }),
];

/// The resource of a request's body.
pub(super) fn of_request(call: &mut Call<'_>, body: RequestBody) -> Result<Val> {
    let body = Http::IncomingBody(IncomingBody { body, stream: None });
    let types = call.types;
    call.new_http(&types.http.incoming_body, body)
}

/// The length that fields declare; `None` where it is no number (RFC 9110, section 8.6).
pub(super) fn declared(headers: &Fields) -> Option<Option<u64>> {
    let mut lengths = headers.iter().filter(|(name, _)| name == "content-length");
    let Some((_, first)) = lengths.next() else {
        return Some(None);
    };
    if lengths.any(|(_, other)| other != first) {
        return None;
    }
    let is_number = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(first).ok().filter(|_| is_number)?;
    text.parse().ok().map(Some)
}

/// The resource of a body that the program writes, and its other end.
pub(super) fn new(
    call: &mut Call<'_>,
    declared: Option<u64>,
    is_sent: Sent,
) -> Result<(Val, ResponseBody)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let pair = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None);
    let (bytes, other) = pair.map_err(|error| unmade(error.into()))?;
    let end = BodyEnd::default();
    let other = ResponseBody {
        bytes: other,
        end: end.clone(),
    };
    let body = Http::OutgoingBody(OutgoingBody {
        bytes,
        end,
        stream: None,
        declared,
        written: 0,
        is_sent,
    });
    let types = call.types;
    let body = call.new_http(&types.http.outgoing_body, body)?;
    Ok((body, other))
}

fn unmade(error: std::io::Error) -> Error {
    Error::host(format!("a body of HTTP cannot be made: {error}"))
}

fn trailers<'c>(call: &'c mut Call<'_>, index: u32) -> Result<&'c mut Trailers> {
    match call.http(index)? {
        Http::Trailers(trailers) => Ok(trailers),
        _ => Err(gone()),
    }
}

/// The number of a second descriptor of a body.
fn second(call: &mut Call<'_>, bytes: std::io::Result<OwnedFd>) -> Result<u32> {
    let bytes = bytes.map_err(unmade)?;
    number(call, bytes)
}

/// The number of a descriptor.
fn number(call: &mut Call<'_>, host: OwnedFd) -> Result<u32> {
    let added = call.ctx.descriptors.add(Descriptor::socket(host));
    added.map_err(|_| Error::host("the program has too many descriptors"))
}

fn input(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let index = args.resource(&call.types.http.incoming_body)?;
    stream(
        call,
        index,
        |types| &types.input,
        |fd, place| Entry::Input { fd, place },
    )
}

fn output(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let index = args.resource(&call.types.http.outgoing_body)?;
    stream(
        call,
        index,
        |types| &types.output,
        |fd, place| Entry::Output { fd, place },
    )
}

/// The descriptor of a body, and the number of its stream.
fn ends(body: &mut Http) -> Result<(&OwnedFd, &mut Option<u32>)> {
    match body {
        Http::IncomingBody(IncomingBody { body, stream }) => Ok((&body.bytes, stream)),
        Http::OutgoingBody(body) => Ok((&body.bytes, &mut body.stream)),
        _ => Err(gone()),
    }
}

/// A body's stream, which is given once.
fn stream(
    call: &mut Call<'_>,
    index: u32,
    ty: impl Fn(&Types) -> &ResourceType,
    entry: impl FnOnce(u32, Place) -> Entry,
) -> Result<Option<Val>> {
    let (bytes, given) = ends(call.http(index)?)?;
    if given.is_some() {
        return refused();
    }
    let bytes = bytes.try_clone();
    let fd = second(call, bytes)?;
    let value = call.new_resource(ty, entry(fd, Place::Body(index)))?;
    *ends(call.http(index)?)?.1 = stream_number(&value);
    answer(Some(value))
}

fn stream_number(stream: &Val) -> Option<u32> {
    match stream {
        Val::Resource(stream) => Some(stream.rep()),
        _ => None,
    }
}

/// Fails while the program has a body's stream: it is a part of the body, which ends after it (WIT, "child resource").
fn check_stream_is_dropped(call: &Call<'_>, body: u32, stream: Option<u32>) -> Result<()> {
    let entry = stream.and_then(|stream| call.ctx.handles.get(stream));
    match entry {
        Some(Entry::Input { place, .. } | Entry::Output { place, .. })
            if *place == Place::Body(body) =>
        {
            Err(Error::host(
                "the body of HTTP is finished or dropped while its stream is still there",
            ))
        }
        _ => Ok(()),
    }
}

/// Checks a body that is to be dropped or finished.
pub fn check_droppable(call: &Call<'_>, index: u32) -> Result<()> {
    let Some(Entry::Http(http)) = call.ctx.handles.get(index) else {
        return Ok(());
    };
    match &**http {
        Http::IncomingBody(body) => check_stream_is_dropped(call, index, body.stream),
        Http::OutgoingBody(body) => check_stream_is_dropped(call, index, body.stream),
        _ => Ok(()),
    }
}

fn finish_reading(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let index = args.resource(&call.types.http.incoming_body)?;
    check_droppable(call, index)?;
    let Http::IncomingBody(IncomingBody { body, .. }) = call.take_http(index)? else {
        return Err(gone());
    };
    let trailers = Http::Trailers(Trailers {
        ended: number(call, body.ended)?,
        end: body.end,
        is_given: false,
    });
    let types = call.types;
    call.new_http(&types.http.future_trailers, trailers)
        .map(Some)
}

/// `option<result<result<option<trailers>, error-code>>>`.
fn get_trailers(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let index = args.resource(&call.types.http.future_trailers)?;
    let found = trailers(call, index)?;
    if found.is_given {
        return Ok(Some(Val::some(Val::Result(Err(None)))));
    }
    let ended = found.ended;
    if wait(call, &[Wait::Read(ended)], false)?.is_empty() {
        return Ok(Some(Val::Option(None)));
    }
    let found = trailers(call, index)?;
    found.is_given = true;
    let result = match found.end.take() {
        Some(Ok(none)) if none.is_empty() => Val::ok(Val::Option(None)),
        Some(Ok(some)) => Val::ok(Val::Option(fields::of_message(call, some)?.map(Box::new))),
        Some(Err(code)) => Val::err(Val::Variant(code.to_owned(), None)),
        None => Val::err(Val::Variant("connection-terminated".to_owned(), None)),
    };
    Ok(Some(Val::some(Val::ok(result))))
}

fn finish_writing(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let index = args.resource(&call.types.http.outgoing_body)?;
    let trailers = match args.next()? {
        Val::Option(Some(trailers)) => Some(resource(trailers, &call.types.http.fields)?),
        Val::Option(None) => None,
        _ => return Err(wrong()),
    };
    check_droppable(call, index)?;
    let Http::OutgoingBody(body) = call.take_http(index)? else {
        return Err(gone());
    };
    let trailers = trailers.map(|index| fields::taken(call, index));
    let trailers = trailers.transpose()?.unwrap_or_default();
    if body
        .declared
        .is_some_and(|declared| declared != body.written)
    {
        return failed_by_size("HTTP-response-body-size", body.written);
    }
    body.end.set(Ok(trailers));
    answer(None)
}

impl Call<'_> {
    /// The reason why a stream has no more bytes.
    pub fn body_ended(&mut self, place: Place) -> Ended {
        if let Place::Body(body) = place
            && let Ok(Http::IncomingBody(IncomingBody { body, .. })) = self.http(body)
            && body.end.is_broken()
        {
            return Ended::Failed(Errno::Connreset);
        }
        Ended::Closed
    }

    /// Counts bytes that are to be written: no more than were declared.
    pub fn count_body(&mut self, place: Place, bytes: u64) -> Result<(), Ended> {
        if let Place::Body(body) = place
            && let Ok(Http::OutgoingBody(body)) = self.http(body)
        {
            body.written += bytes;
            if body
                .declared
                .is_some_and(|declared| body.written > declared)
            {
                return Err(Ended::Failed(Errno::Fbig));
            }
        }
        Ok(())
    }

    /// Fails where a program would wait for ever: nobody reads a body before its response is given away.
    pub fn check_body_is_sent(&mut self, place: Place) -> Result<()> {
        if let Place::Body(body) = place
            && let Ok(Http::OutgoingBody(body)) = self.http(body)
            && !body.is_sent.get()
        {
            return Err(Error::host(
                "the body is written before its response was given to response-outparam.set, and there is no more room for it",
            ));
        }
        Ok(())
    }
}
