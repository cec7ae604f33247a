//! Rules on addresses, as operators write them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

const FORMS: &str = "is no address rule: write an address, a CIDR like 10.0.0.0/8, a wildcard like 10.0.*.*, a range like 10.0.0.1-10.0.0.9, or *";

const WILDCARD: &str = "is no wildcard: write four parts like 10.0.*.*, each * or a number from 0 to 255 without leading zeros";

/// Which addresses one rule means: an address, a CIDR, a wildcard, a range, or
/// `*` for all.
///
/// Nothing that two readers may read in two ways is a rule: no leading zeros,
/// no host bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddressRule(Vec<Span>);

/// Addresses of one family, from the first to the last, both among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

impl AddressRule {
    /// Parses a rule; the error says what is wrong with it, and how to mend it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self(EVERYTHING.to_vec()));
        }
        if text.contains('*') {
            return wildcard(text).map(Self);
        }
        let span = if let Some((first, last)) = text.split_once('-') {
            range(first.trim_end_matches(' '), last.trim_start_matches(' '))
        } else if let Some((address, bits)) = text.split_once('/') {
            cidr(address, bits)
        } else {
            address(text).and_then(|address| Span::between(address, address))
        };
        span.map(|span| Self(vec![span]))
    }

    pub(super) fn spans(&self) -> &[Span] {
        &self.0
    }
}

const EVERYTHING: [Span; 2] = [
    Span::V4(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST),
    Span::V6(Ipv6Addr::UNSPECIFIED, Ipv6Addr::from_bits(u128::MAX)),
];

impl Span {
    fn between(first: IpAddr, last: IpAddr) -> Result<Self, String> {
        match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => Ok(Self::V4(first, last)),
            (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => Ok(Self::V6(first, last)),
            _ if first.is_ipv4() == last.is_ipv4() => {
                Err(format!("starts after its end; write {last}-{first}"))
            }
            _ => Err("has an IPv4 and an IPv6 end; write one range for each".to_owned()),
        }
    }
}

/// An address alone.
fn address(text: &str) -> Result<IpAddr, String> {
    literal(text).map(|address| address.to_canonical())
}

/// An address alone, in the family it is written in: a CIDR counts its bits
/// from there.
fn literal(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| {
        if let Some(address) = super::parse(text.as_bytes()) {
            format!("has a port, brackets or a zone; write the address alone: {address}")
        } else if has_leading_zeros(text) {
            "has leading zeros, which some read as octal; leave them out".to_owned()
        } else {
            FORMS.to_owned()
        }
    })
}

fn has_leading_zeros(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').count() == 4
        && text.split('.').all(digits)
        && text.split('.').any(|part| part.len() > 1 && part.starts_with('0'))
}

fn range(first: &str, last: &str) -> Result<Span, String> {
    Span::between(address(first)?, address(last)?)
}

fn cidr(address: &str, bits: &str) -> Result<Span, String> {
    // Not by ipnet's parser, which takes leading zeros.
    let address = literal(address)?;
    let net = number(bits).and_then(|bits| IpNet::new(address, bits).ok()).ok_or_else(|| {
        let most = if address.is_ipv4() { 32 } else { 128 };
        format!("needs a number of bits after the /, from 0 to {most} without leading zeros")
    })?;
    let net = mapped(net, 96).unwrap_or(net);
    if net.addr() != net.network() {
        // Who writes `::ffff:10.0.0.0/8` means IPv4, not the IPv6 around it.
        let meant = mapped(net, 0).unwrap_or(net);
        return Err(format!("has host bits set; write {}", meant.trunc()));
    }
    Span::between(net.network(), net.broadcast())
}

/// The IPv4 net of an IPv4 address in IPv6 form, whose first `before` bits
/// aren't of IPv4.
fn mapped(net: IpNet, before: u8) -> Option<IpNet> {
    let IpNet::V6(net) = net else { return None };
    let bits = net.prefix_len().checked_sub(before)?;
    Ipv4Net::new(net.addr().to_ipv4_mapped()?, bits).ok().map(IpNet::V4)
}

fn wildcard(text: &str) -> Result<Vec<Span>, String> {
    if text.contains(':') {
        return Err("has a * in IPv6; write a CIDR like 2001:db8::/32".to_owned());
    }
    let part = |part: &str| if part == "*" { Some(None) } else { number(part).map(Some) };
    let parts: Option<Vec<Option<u8>>> = text.split('.').map(part).collect();
    let parts: Option<[Option<u8>; 4]> = parts.and_then(|parts| parts.try_into().ok());
    let parts = parts.ok_or(WILDCARD)?;
    // Stars at the end are one range; each before a number makes 256 of one.
    let numbered = parts.iter().rposition(Option::is_some);
    let inner =
        parts.iter().enumerate().filter(|(at, part)| part.is_none() && Some(*at) < numbered);
    match inner.count() {
        0 => Ok(vec![ending_in_stars(parts)]),
        1 => Ok((0..=255).map(|number| ending_in_stars(with_first_star(parts, number))).collect()),
        _ => Err("makes more than 256 ranges; write CIDRs".to_owned()),
    }
}

fn with_first_star(mut parts: [Option<u8>; 4], number: u8) -> [Option<u8>; 4] {
    if let Some(star) = parts.iter_mut().find(|part| part.is_none()) {
        *star = Some(number);
    }
    parts
}

fn ending_in_stars(parts: [Option<u8>; 4]) -> Span {
    let with = |number: u8| Ipv4Addr::from(parts.map(|part| part.unwrap_or(number)));
    Span::V4(with(0), with(255))
}

/// A number in its only spelling: no sign, no leading zeros.
fn number(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let zeros = text.len() > 1 && text.starts_with('0');
    if plain && !zeros { text.parse().ok() } else { None }
}
