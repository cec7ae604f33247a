//! Addresses of clients: as proxies tell them, and rules on them.
//!
//! An IPv4 address in IPv6 form (`::ffff:192.0.2.1`) is the IPv4 address
//! everywhere here: which form arrives depends on how a listener was bound, and
//! a rule must not depend on that.

mod rule;
mod set;

pub(crate) use rule::AddressRule;
pub(crate) use set::AddressSet;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as proxies tell it: with or without a port, an IPv6 address with
/// or without brackets and zone. `None` for all else, like the path of a Unix
/// socket.
pub(crate) fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(text).ok()?;
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, after) = bracketed.split_once(']')?;
        let port_or_nothing = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
        return if port_or_nothing { parse_v6(address) } else { None };
    }
    match text.split_once(':') {
        None => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        // A second colon: without brackets, what follows it can't be a port.
        Some((_, rest)) if rest.contains(':') => parse_v6(text),
        Some((address, port)) if is_port(port) => address.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some(_) => None,
    }
}

/// An IPv6 address without its zone: that names a network card of the proxy's
/// machine.
fn parse_v6(text: &str) -> Option<IpAddr> {
    let address = match text.split_once('%') {
        Some((address, zone)) if is_zone(zone) => address,
        Some(_) => return None,
        None => text,
    };
    address.parse::<Ipv6Addr>().ok().map(|address| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    // Parsing alone would let a sign through.
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn is_zone(text: &str) -> bool {
    let in_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    !text.is_empty() && text.bytes().all(in_names)
}

#[cfg(test)]
mod tests;
