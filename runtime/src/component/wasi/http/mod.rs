//! `wasi:http` (`wasi:http/proxy`): requests that a program answers. Whoever speaks HTTP hands a [`Request`] over and is given a
//! [`Response`]; bodies are sockets of the system, so that the streams and events of theirs are those of any other descriptor.
//!
//! ```text
//! embedder ─Request→ Proxy::request ─[Val]→ wasi:http/incoming-handler#handle ─response-outparam.set→ Respond ─Response→ embedder
//!    RequestBody ─bytes→ input-stream                             output-stream ─bytes→ ResponseBody
//! ```
//!
//! Programs make no requests of their own: `outgoing-handler` answers `HTTP-request-denied`.

mod asked;
pub(super) mod body;
mod fields;
mod incoming;
mod outgoing;
mod resources;
mod values;

use super::call::{Call, Interface, Types};
use super::define::{define, define_functions, define_resources};
use crate::component::linker::Linker;
use crate::component::val::Val;
use crate::error::Result;
use crate::host::wasi::WasiCtx;
use crate::host::wasi::http::{Http, Incoming, Outparam};
use std::sync::Arc;

pub use crate::host::wasi::http::{
    BodyEnd, End, Fields, Request, RequestBody, Respond, Response, ResponseBody,
};

const TYPES: &str = "wasi:http/types";

const INTERFACES: &[Interface] = &[
    Interface {
        name: TYPES,
        functions: fields::FUNCTIONS,
    },
    Interface {
        name: TYPES,
        functions: incoming::FUNCTIONS,
    },
    Interface {
        name: TYPES,
        functions: outgoing::FUNCTIONS,
    },
    Interface {
        name: TYPES,
        functions: body::FUNCTIONS,
    },
    Interface {
        name: TYPES,
        functions: asked::FUNCTIONS,
    },
    Interface {
        name: "wasi:http/outgoing-handler",
        functions: &[("handle", asked::handle)],
    },
];

/// Requests for components whose imports are WASI's, with `wasi:http`.
pub struct Proxy {
    types: Arc<Types>,
}

/// Defines WASI 0.2 with `wasi:http` for components in stores whose data holds a [`WasiCtx`].
///
/// # Errors
/// Where one of the names is defined already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<Proxy> {
    let types = define(linker, ctx)?;
    define_functions(linker, ctx, &types, INTERFACES)?;
    let names = types.http.names();
    define_resources(
        linker,
        ctx,
        names.map(|(name, ty)| (TYPES, name, ty)),
        &types,
    )?;
    Ok(Proxy { types })
}

impl Proxy {
    /// The arguments of `wasi:http/incoming-handler#handle` for a request. `respond` is called when the program gives its response, while it
    /// may still write the body, and is dropped where it never does.
    ///
    /// # Errors
    /// Too many resources.
    pub fn request(
        &self,
        ctx: &mut WasiCtx,
        request: Request,
        respond: Respond,
    ) -> Result<[Val; 2]> {
        let request = Http::Incoming(Incoming {
            method: request.method,
            scheme: request.scheme,
            authority: request.authority,
            path_with_query: request.path_with_query,
            headers: fields::of_request(request.headers),
            body: Some(request.body),
        });
        let types = &*self.types;
        let mut call = Call { ctx, types };
        let request = call.new_http(&types.http.incoming_request, request)?;
        let outparam = call.new_http(&types.http.outparam, Http::Outparam(Outparam(respond)))?;
        Ok([request, outparam])
    }
}
