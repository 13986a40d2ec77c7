//! Requests that a program makes itself: it can put one together, and is told that it is not let out.

use super::resources::gone;
use super::values::{answer, failed, method, method_of, refused, scheme, scheme_of, text, text_of};
use super::{body, fields};
use crate::component::val::Val;
use crate::component::wasi::args::{Args, number, resource, wrong};
use crate::component::wasi::call::{Call, Function};
use crate::error::Result;
use crate::host::wasi::http::{Asked, Http, Sent};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("[constructor]outgoing-request", |call, args| {
        let headers = args.resource(&call.types.http.fields)?;
        let request = Http::Asked(Asked {
            method: "GET".to_owned(),
            scheme: None,
            authority: None,
            path_with_query: None,
            headers: fields::taken(call, headers)?,
            has_body: false,
        });
        let types = call.types;
        call.new_http(&types.http.outgoing_request, request)
            .map(Some)
    }),
    ("[method]outgoing-request.body", take_body),
    ("[method]outgoing-request.method", |call, args| {
        Ok(Some(method(&request(call, args)?.method)))
    }),
    ("[method]outgoing-request.set-method", |call, args| {
        request(call, args)?.method = method_of(args.next()?)?;
        answer(None)
    }),
    ("[method]outgoing-request.path-with-query", |call, args| {
        Ok(text(request(call, args)?.path_with_query.as_ref()))
    }),
    (
        "[method]outgoing-request.set-path-with-query",
        |call, args| {
            request(call, args)?.path_with_query = text_of(args.next()?)?;
            answer(None)
        },
    ),
    ("[method]outgoing-request.scheme", |call, args| {
        let found = request(call, args)?.scheme.as_deref();
        Ok(Some(Val::Option(found.map(|it| Box::new(scheme(it))))))
    }),
    ("[method]outgoing-request.set-scheme", |call, args| {
        let request = request(call, args)?;
        request.scheme = match args.next()? {
            Val::Option(Some(it)) => Some(scheme_of(it)?),
            Val::Option(None) => None,
            _ => return Err(wrong()),
        };
        answer(None)
    }),
    ("[method]outgoing-request.authority", |call, args| {
        Ok(text(request(call, args)?.authority.as_ref()))
    }),
    ("[method]outgoing-request.set-authority", |call, args| {
        request(call, args)?.authority = text_of(args.next()?)?;
        answer(None)
    }),
    ("[method]outgoing-request.headers", |call, args| {
        let headers = request(call, args)?.headers.clone();
        fields::of_message(call, headers)
    }),
    ("[constructor]request-options", |call, _| {
        let types = call.types;
        call.new_http(&types.http.request_options, Http::Options([None; 3]))
            .map(Some)
    }),
    ("[method]request-options.connect-timeout", |call, args| {
        time(call, args, 0)
    }),
    (
        "[method]request-options.set-connect-timeout",
        |call, args| set_time(call, args, 0),
    ),
    (
        "[method]request-options.first-byte-timeout",
        |call, args| time(call, args, 1),
    ),
    (
        "[method]request-options.set-first-byte-timeout",
        |call, args| set_time(call, args, 1),
    ),
    (
        "[method]request-options.between-bytes-timeout",
        |call, args| time(call, args, 2),
    ),
    (
        "[method]request-options.set-between-bytes-timeout",
        |call, args| set_time(call, args, 2),
    ),
];

fn request<'c>(call: &'c mut Call<'_>, args: &mut Args<'_>) -> Result<&'c mut Asked> {
    let index = args.resource(&call.types.http.outgoing_request)?;
    match call.http(index)? {
        Http::Asked(request) => Ok(request),
        _ => Err(gone()),
    }
}

/// The body of a request that nobody is sent: what is written to it is told so.
fn take_body(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let request = request(call, args)?;
    if std::mem::replace(&mut request.has_body, true) {
        return refused();
    }
    let Some(declared) = body::declared(&request.headers) else {
        return refused();
    };
    let (value, _) = body::new(call, declared, Sent::default())?;
    answer(Some(value))
}

fn options<'c>(call: &'c mut Call<'_>, args: &mut Args<'_>) -> Result<&'c mut [Option<u64>; 3]> {
    let index = args.resource(&call.types.http.request_options)?;
    match call.http(index)? {
        Http::Options(times) => Ok(times),
        _ => Err(gone()),
    }
}

fn time(call: &mut Call<'_>, args: &mut Args<'_>, which: usize) -> Result<Option<Val>> {
    let time = options(call, args)?[which];
    Ok(Some(Val::Option(time.map(|it| Box::new(Val::U64(it))))))
}

fn set_time(call: &mut Call<'_>, args: &mut Args<'_>, which: usize) -> Result<Option<Val>> {
    let times = options(call, args)?;
    times[which] = match args.next()? {
        Val::Option(Some(time)) => Some(number(time)?),
        Val::Option(None) => None,
        _ => return Err(wrong()),
    };
    answer(None)
}

/// `wasi:http/outgoing-handler`: no request is sent.
pub(super) fn handle(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let request = args.resource(&call.types.http.outgoing_request)?;
    call.take_http(request)?;
    if let Val::Option(Some(options)) = args.next()? {
        let options = resource(options, &call.types.http.request_options)?;
        call.take_http(options)?;
    }
    failed("HTTP-request-denied")
}
