//! `wasi:sockets/ip-name-lookup`. The system's look-up waits; a program has its answer when it has asked.

use super::address;
use super::code::{Code, answer};
use crate::component::val::Val;
use crate::component::wasi::args::Args;
use crate::component::wasi::call::{Call, Function};
use crate::error::{Error, Result};
use crate::host::wasi::handles::{Entry, Wait};
use std::collections::VecDeque;
use std::net::{IpAddr, ToSocketAddrs};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("resolve-addresses", resolve),
    ("[method]resolve-address-stream.resolve-next-address", next),
    ("[method]resolve-address-stream.subscribe", |call, args| {
        args.resource(&call.types.addresses)?;
        call.new_resource(|types| &types.pollable, Entry::Pollable(Wait::Now))
            .map(Some)
    }),
];

fn resolve(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    args.resource(&call.types.network)?;
    let name = args.text()?;
    let addresses = match look_up(call, name) {
        Ok(addresses) => addresses,
        Err(code) => return answer(Err(code)),
    };
    let addresses = Entry::Addresses(addresses);
    answer(Ok(Some(
        call.new_resource(|types| &types.addresses, addresses)?,
    )))
}

fn look_up(call: &Call<'_>, name: &str) -> Result<VecDeque<IpAddr>, Code> {
    let is_ip = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !is_ip && !name.chars().all(is_name) {
        return Err(Code::INVALID_ARGUMENT);
    }
    // As other runtimes answer: there is no `access-denied` for names.
    if !call.ctx.network.looks_names_up {
        return Err(Code("permanent-resolver-failure"));
    }
    if let Ok(ip) = name.trim_matches(['[', ']']).parse() {
        return Ok(VecDeque::from([ip]));
    }
    match (name, 0).to_socket_addrs() {
        Ok(found) => {
            let mut all = VecDeque::new();
            for address in found {
                if !all.contains(&address.ip()) {
                    all.push_back(address.ip());
                }
            }
            Ok(all)
        }
        // The standard library has the reason (getaddrinfo(3), EAI_AGAIN) as the system's words alone, in the C locale, as no Rust program
        // sets another. A call of our own would be 40 lines of unsafe code; a word that is missed makes a program not try again.
        Err(error) if error.to_string().contains("emporary") => {
            Err(Code("temporary-resolver-failure"))
        }
        Err(_) => Err(Code("name-unresolvable")),
    }
}

fn next(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let index = args.resource(&call.types.addresses)?;
    let Some(Entry::Addresses(addresses)) = call.ctx.handles.get_mut(index) else {
        return Err(Error::host("no such list of addresses"));
    };
    let next = addresses.pop_front();
    let next = next.map(|ip| Box::new(address::ip(ip)));
    answer(Ok(Some(Val::Option(next))))
}
