//! Requests as a program is given them, and responses to its own, which it never has.

use super::resources::gone;
use super::values::{answer, method, refused, scheme, text};
use super::{body, fields};
use crate::component::val::Val;
use crate::component::wasi::args::Args;
use crate::component::wasi::call::{Call, Function};
use crate::error::Result;
use crate::host::wasi::http::{Http, Incoming};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("[method]incoming-request.method", |call, args| {
        Ok(Some(method(&request(call, args)?.method)))
    }),
    ("[method]incoming-request.path-with-query", |call, args| {
        Ok(text(request(call, args)?.path_with_query.as_ref()))
    }),
    ("[method]incoming-request.scheme", |call, args| {
        let scheme = scheme(&request(call, args)?.scheme);
        Ok(Some(Val::some(scheme)))
    }),
    ("[method]incoming-request.authority", |call, args| {
        Ok(text(request(call, args)?.authority.as_ref()))
    }),
    ("[method]incoming-request.headers", |call, args| {
        let headers = request(call, args)?.headers.clone();
        fields::of_message(call, headers)
    }),
    (
        "[method]incoming-request.consume",
        |call, args| match request(call, args)?.body.take() {
            None => refused(),
            Some(body) => {
                let body = body::of_request(call, body)?;
                answer(Some(body))
            }
        },
    ),
    ("[method]incoming-response.status", |_, _| Err(gone())),
    ("[method]incoming-response.headers", |_, _| Err(gone())),
    ("[method]incoming-response.consume", |_, _| Err(gone())),
    ("[method]future-incoming-response.subscribe", |_, _| {
        Err(gone())
    }),
    ("[method]future-incoming-response.get", |_, _| Err(gone())),
];

fn request<'c>(call: &'c mut Call<'_>, args: &mut Args<'_>) -> Result<&'c mut Incoming> {
    let index = args.resource(&call.types.http.incoming_request)?;
    match call.http(index)? {
        Http::Incoming(request) => Ok(request),
        _ => Err(gone()),
    }
}
