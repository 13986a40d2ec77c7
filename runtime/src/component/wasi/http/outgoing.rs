//! Responses that a program makes, and the place for one.

use super::resources::gone;
use super::values::{answer, refused};
use super::{body, fields};
use crate::component::val::Val;
use crate::component::wasi::args::{Args, resource, wrong};
use crate::component::wasi::call::{Call, Function};
use crate::error::{Error, Result};
use crate::host::wasi::http::{Http, Outgoing, Outparam, Response, Sent};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("[constructor]outgoing-response", |call, args| {
        let headers = args.resource(&call.types.http.fields)?;
        let response = Http::Outgoing(Outgoing {
            status: 200,
            headers: fields::taken(call, headers)?,
            body: None,
            is_sent: Sent::default(),
        });
        let types = call.types;
        call.new_http(&types.http.outgoing_response, response)
            .map(Some)
    }),
    ("[method]outgoing-response.status-code", |call, args| {
        Ok(Some(Val::U16(response(call, args)?.1.status)))
    }),
    ("[method]outgoing-response.set-status-code", |call, args| {
        let (_, response) = response(call, args)?;
        // RFC 9110, section 15: three digits.
        match args.u64()? {
            status @ 100..=999 => {
                response.status = status as u16;
                answer(None)
            }
            _ => refused(),
        }
    }),
    ("[method]outgoing-response.headers", |call, args| {
        let headers = response(call, args)?.1.headers.clone();
        fields::of_message(call, headers)
    }),
    ("[method]outgoing-response.body", take_body),
    ("[static]response-outparam.set", set),
    ("[method]response-outparam.send-informational", |_, _| {
        Err(Error::host("informational responses are not supported"))
    }),
];

fn response<'c>(call: &'c mut Call<'_>, args: &mut Args<'_>) -> Result<(u32, &'c mut Outgoing)> {
    let index = args.resource(&call.types.http.outgoing_response)?;
    match call.http(index)? {
        Http::Outgoing(response) => Ok((index, response)),
        _ => Err(gone()),
    }
}

fn take_body(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (index, response) = response(call, args)?;
    if response.body.is_some() {
        return refused();
    }
    let is_sent = response.is_sent.clone();
    let Some(declared) = body::declared(&response.headers) else {
        return refused();
    };
    let (value, other) = body::new(call, declared, is_sent)?;
    if let Http::Outgoing(response) = call.http(index)? {
        response.body = Some(other);
    }
    answer(Some(value))
}

/// Gives the response, or an error, away: once, as the place goes with it.
fn set(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let index = args.resource(&call.types.http.outparam)?;
    let Http::Outparam(Outparam(respond)) = call.take_http(index)? else {
        return Err(gone());
    };
    let Val::Result(result) = args.next()? else {
        return Err(wrong());
    };
    let response = match result {
        Ok(Some(response)) => response,
        Err(Some(error)) => {
            let error = error.to_wave().map_err(|_| wrong())?;
            respond(Err(error));
            return Ok(None);
        }
        _ => return Err(wrong()),
    };
    let index = resource(response, &call.types.http.outgoing_response)?;
    let Http::Outgoing(response) = call.take_http(index)? else {
        return Err(gone());
    };
    response.is_sent.set();
    respond(Ok(Response {
        status: response.status,
        headers: response.headers,
        body: response.body,
    }));
    Ok(None)
}
