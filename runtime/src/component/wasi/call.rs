//! A call of a function of WASI 0.2: what it works on.

use super::args::Args;
use crate::component::resource::{Resource, ResourceType};
use crate::component::val::Val;
use crate::error::{Error, Result};
use crate::host::wasi::WasiCtx;
use crate::host::wasi::handles::Entry;

/// The types of resources.
pub(super) struct Types {
    pub descriptor: ResourceType,
    pub entries: ResourceType,
    pub error: ResourceType,
    pub input: ResourceType,
    pub output: ResourceType,
    pub pollable: ResourceType,
    pub terminal_input: ResourceType,
    pub terminal_output: ResourceType,
    pub network: ResourceType,
    pub tcp: ResourceType,
    pub udp: ResourceType,
    pub incoming: ResourceType,
    pub outgoing: ResourceType,
    pub addresses: ResourceType,
    pub http: HttpTypes,
}

/// Those of `wasi:http`.
pub(super) struct HttpTypes {
    pub fields: ResourceType,
    pub incoming_request: ResourceType,
    pub outgoing_request: ResourceType,
    pub request_options: ResourceType,
    pub outparam: ResourceType,
    pub incoming_response: ResourceType,
    pub incoming_body: ResourceType,
    pub future_trailers: ResourceType,
    pub outgoing_response: ResourceType,
    pub outgoing_body: ResourceType,
    pub future_response: ResourceType,
}

impl HttpTypes {
    fn new() -> HttpTypes {
        HttpTypes {
            fields: ResourceType::host(),
            incoming_request: ResourceType::host(),
            outgoing_request: ResourceType::host(),
            request_options: ResourceType::host(),
            outparam: ResourceType::host(),
            incoming_response: ResourceType::host(),
            incoming_body: ResourceType::host(),
            future_trailers: ResourceType::host(),
            outgoing_response: ResourceType::host(),
            outgoing_body: ResourceType::host(),
            future_response: ResourceType::host(),
        }
    }

    /// The name of each in `wasi:http/types`.
    pub fn names(&self) -> [(&'static str, &ResourceType); 11] {
        [
            ("fields", &self.fields),
            ("incoming-request", &self.incoming_request),
            ("outgoing-request", &self.outgoing_request),
            ("request-options", &self.request_options),
            ("response-outparam", &self.outparam),
            ("incoming-response", &self.incoming_response),
            ("incoming-body", &self.incoming_body),
            ("future-trailers", &self.future_trailers),
            ("outgoing-response", &self.outgoing_response),
            ("outgoing-body", &self.outgoing_body),
            ("future-incoming-response", &self.future_response),
        ]
    }
}

impl Types {
    pub fn new() -> Types {
        Types {
            descriptor: ResourceType::host(),
            entries: ResourceType::host(),
            error: ResourceType::host(),
            input: ResourceType::host(),
            output: ResourceType::host(),
            pollable: ResourceType::host(),
            terminal_input: ResourceType::host(),
            terminal_output: ResourceType::host(),
            network: ResourceType::host(),
            tcp: ResourceType::host(),
            udp: ResourceType::host(),
            incoming: ResourceType::host(),
            outgoing: ResourceType::host(),
            addresses: ResourceType::host(),
            http: HttpTypes::new(),
        }
    }

    /// The interface and the name of each.
    pub fn names(&self) -> [(&'static str, &'static str, &ResourceType); 14] {
        const FILESYSTEM: &str = "wasi:filesystem/types";
        const STREAMS: &str = "wasi:io/streams";
        const INPUT: &str = "wasi:cli/terminal-input";
        const OUTPUT: &str = "wasi:cli/terminal-output";
        const UDP: &str = "wasi:sockets/udp";
        const NAMES: &str = "wasi:sockets/ip-name-lookup";
        [
            (FILESYSTEM, "descriptor", &self.descriptor),
            (FILESYSTEM, "directory-entry-stream", &self.entries),
            ("wasi:io/error", "error", &self.error),
            (STREAMS, "input-stream", &self.input),
            (STREAMS, "output-stream", &self.output),
            ("wasi:io/poll", "pollable", &self.pollable),
            (INPUT, "terminal-input", &self.terminal_input),
            (OUTPUT, "terminal-output", &self.terminal_output),
            ("wasi:sockets/network", "network", &self.network),
            ("wasi:sockets/tcp", "tcp-socket", &self.tcp),
            (UDP, "udp-socket", &self.udp),
            (UDP, "incoming-datagram-stream", &self.incoming),
            (UDP, "outgoing-datagram-stream", &self.outgoing),
            (NAMES, "resolve-address-stream", &self.addresses),
        ]
    }
}

/// The operands of a call.
pub(super) struct Call<'c> {
    /// The program's.
    pub ctx: &'c mut WasiCtx,
    pub types: &'c Types,
}

impl Call<'_> {
    /// A new resource of the table.
    pub fn new_resource(
        &mut self,
        ty: impl Fn(&Types) -> &ResourceType,
        entry: Entry,
    ) -> Result<Val> {
        let index = self.ctx.handles.add(entry);
        let index = index.ok_or_else(|| Error::host("the program has too many resources"))?;
        Ok(Val::Resource(Resource::own(ty(self.types), index)))
    }
}

/// A function: its result, where it has one.
pub(super) type Function = fn(&mut Call<'_>, &mut Args<'_>) -> Result<Option<Val>>;

/// The functions of an interface, by name.
pub(super) struct Interface {
    pub name: &'static str,
    pub functions: &'static [(&'static str, Function)],
}
