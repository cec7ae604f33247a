//! Addresses of clients.

use std::net::{IpAddr, SocketAddr};

/// An address as proxies tell it: with or without a port, an IPv6 address with
/// or without brackets. An IPv4 address in IPv6 form is an IPv4 address.
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "the plugin's"))]
pub(crate) fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(text).ok()?;
    let address = text.parse::<SocketAddr>().map(|address| address.ip());
    let address = address.or_else(|_| text.trim_matches(['[', ']']).parse());
    address.ok().map(|address: IpAddr| address.to_canonical())
}
