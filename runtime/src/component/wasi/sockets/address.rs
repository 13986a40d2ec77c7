//! Addresses as values of `wasi:sockets/network`.

use crate::component::val::Val;
use crate::component::wasi::args::{number, wrong};
use crate::error::Result;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// An `ip-address-family`.
pub(super) fn family(is_ipv6: bool) -> Val {
    Val::Enum(if is_ipv6 { "ipv6" } else { "ipv4" }.to_owned())
}

/// An `ip-address`.
pub(super) fn ip(address: IpAddr) -> Val {
    let (name, parts) = parts(address);
    Val::Variant(name.to_owned(), Some(Box::new(parts)))
}

/// The name of an address's case, and its bytes or words.
fn parts(address: IpAddr) -> (&'static str, Val) {
    match address {
        IpAddr::V4(address) => ("ipv4", Val::Tuple(address.octets().map(Val::U8).into())),
        IpAddr::V6(address) => ("ipv6", Val::Tuple(address.segments().map(Val::U16).into())),
    }
}

/// An `ip-socket-address`.
pub(super) fn of(address: SocketAddr) -> Val {
    let (name, parts) = parts(address.ip());
    let field = |name: &str, value| (name.to_owned(), value);
    let port = field("port", Val::U16(address.port()));
    let fields = match address {
        SocketAddr::V4(_) => vec![port, field("address", parts)],
        SocketAddr::V6(address) => vec![
            port,
            field("flow-info", Val::U32(address.flowinfo())),
            field("address", parts),
            field("scope-id", Val::U32(address.scope_id())),
        ],
    };
    Val::Variant(name.to_owned(), Some(Box::new(Val::Record(fields))))
}

/// The address that a value is.
pub(super) fn read(value: &Val) -> Result<SocketAddr> {
    let Val::Variant(name, Some(record)) = value else {
        return Err(wrong());
    };
    let Val::Record(fields) = &**record else {
        return Err(wrong());
    };
    let field = |name: &str| {
        let found = fields.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value).ok_or_else(wrong)
    };
    let Val::Tuple(parts) = field("address")? else {
        return Err(wrong());
    };
    let parts = parts
        .iter()
        .map(|part| Ok(number(part)? as u16))
        .collect::<Result<Vec<_>>>()?;
    let port = number(field("port")?)? as u16;
    if name == "ipv4" {
        let bytes: Vec<_> = parts.iter().map(|part| *part as u8).collect();
        let bytes: [u8; 4] = bytes.try_into().map_err(|_| wrong())?;
        return Ok(SocketAddrV4::new(Ipv4Addr::from(bytes), port).into());
    }
    let words: [u16; 8] = parts.try_into().map_err(|_| wrong())?;
    let flow = number(field("flow-info")?)? as u32;
    let scope = number(field("scope-id")?)? as u32;
    Ok(SocketAddrV6::new(Ipv6Addr::from(words), port, flow, scope).into())
}

/// As [`read`], of an `option<ip-socket-address>`.
pub(super) fn read_optional(value: &Val) -> Result<Option<SocketAddr>> {
    match value {
        Val::Option(address) => address.as_deref().map(read).transpose(),
        _ => Err(wrong()),
    }
}

/// Returns true if one socket can be meant: WASI has no addresses of several hosts, and none of IPv4 in IPv6.
pub(super) fn is_of_one(address: SocketAddr, is_ipv6: bool) -> bool {
    match address.ip() {
        IpAddr::V4(ip) => !is_ipv6 && !ip.is_multicast() && !ip.is_broadcast(),
        IpAddr::V6(ip) => is_ipv6 && !ip.is_multicast() && ip.to_ipv4_mapped().is_none(),
    }
}

/// Returns true if there can be somebody at an address.
pub(super) fn is_remote(address: SocketAddr, is_ipv6: bool) -> bool {
    is_of_one(address, is_ipv6) && !address.ip().is_unspecified() && address.port() != 0
}

#[cfg(test)]
mod tests {
    use super::{is_remote, of, read};
    use std::net::SocketAddr;

    #[test]
    fn addresses_survive_as_values() {
        for text in ["127.0.0.1:80", "[::1]:65535", "[fe80::1%3]:1", "0.0.0.0:0"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(read(&of(address)).unwrap(), address);
        }
    }

    #[test]
    fn connections_lead_to_one_host_of_the_sockets_family() {
        let remote = |text: &str, is_ipv6| is_remote(text.parse().unwrap(), is_ipv6);
        assert!(remote("127.0.0.1:80", false));
        assert!(remote("[::1]:80", true));
        for text in [
            "127.0.0.1:0",
            "0.0.0.0:80",
            "224.0.0.1:80",
            "255.255.255.255:80",
            "[::1]:80",
        ] {
            assert!(!remote(text, false), "{text}");
        }
        for text in ["[::]:80", "[ff02::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert!(!remote(text, true), "{text}");
        }
    }
}
