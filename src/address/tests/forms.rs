//! Rules by what they say, and which addresses that means: octet by octet,
//! without ranges. The compiled sets are held against this.

use super::*;

/// What a rule says.
#[derive(Debug, Clone)]
pub(super) enum Form {
    Everything,
    Exact(IpAddr),
    Cidr(IpAddr, usize),
    Wildcard([Option<u8>; 4]),
    Range(IpAddr, IpAddr),
}

impl Form {
    pub(super) fn rule(&self) -> AddressRule {
        rule(&match self {
            Self::Everything => "*".to_owned(),
            Self::Exact(address) => address.to_string(),
            Self::Cidr(first, bits) => format!("{first}/{bits}"),
            Self::Wildcard(parts) => {
                parts.map(|part| part.map_or("*".to_owned(), |number| number.to_string())).join(".")
            }
            Self::Range(first, last) => format!("{first} - {last}"),
        })
    }

    pub(super) fn means(&self, address: IpAddr) -> bool {
        let octets = octets(address);
        match self {
            Self::Everything => true,
            Self::Exact(other) => octets == plain(*other),
            Self::Cidr(first, bits) => {
                let first = plain(*first);
                octets.len() == first.len()
                    && (0..*bits).all(|at| bit(&octets, at) == bit(&first, at))
            }
            Self::Wildcard(parts) => {
                octets.len() == 4
                    && parts
                        .iter()
                        .zip(&octets)
                        .all(|(part, octet)| part.is_none_or(|n| n == *octet))
            }
            Self::Range(first, last) => {
                let (first, last) = (plain(*first), plain(*last));
                octets.len() == first.len() && first <= octets && octets <= last
            }
        }
    }

    /// Addresses at its edges.
    pub(super) fn edges(&self) -> Vec<IpAddr> {
        match self {
            Self::Everything => vec![],
            Self::Exact(address) => vec![*address],
            Self::Cidr(first, bits) => {
                let mut last = plain(*first);
                for at in *bits..last.len() * 8 {
                    last[at / 8] |= 0x80 >> (at % 8);
                }
                vec![*first, from_octets(&last)]
            }
            Self::Wildcard(parts) => {
                let with = |number| IpAddr::from(parts.map(|part| part.unwrap_or(number)));
                [0, 1, 127, 254, 255].map(with).to_vec()
            }
            Self::Range(first, last) => vec![*first, *last],
        }
    }
}

fn bit(octets: &[u8], at: usize) -> bool {
    octets[at / 8] & (0x80 >> (at % 8)) != 0
}

fn plain(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The octets of an address; four where it is IPv4 in IPv6 form.
fn octets(address: IpAddr) -> Vec<u8> {
    let octets = plain(address);
    let prefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];
    octets.strip_prefix(&prefix).map_or(octets.clone(), <[u8]>::to_vec)
}

fn from_octets(octets: &[u8]) -> IpAddr {
    match <[u8; 4]>::try_from(octets) {
        Ok(octets) => octets.into(),
        Err(_) => <[u8; 16]>::try_from(octets).unwrap().into(),
    }
}

/// The address some steps further, if there is one.
pub(super) fn moved(address: IpAddr, steps: i8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            IpAddr::V4(address.to_bits().saturating_add_signed(steps.into()).into())
        }
        IpAddr::V6(address) => {
            IpAddr::V6(address.to_bits().saturating_add_signed(steps.into()).into())
        }
    }
}

/// Few places, so that rules overlap, touch and nest.
const PLACES: [&str; 16] = [
    "0.0.0.0",
    "9.255.255.255",
    "10.0.0.0",
    "10.0.0.255",
    "10.1.1.0",
    "10.255.255.255",
    "127.255.255.255",
    "255.255.255.255",
    "::",
    "::fffe:ffff:ffff",
    "::1:0:0:0",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::",
    "2001:db8::ff",
    "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

/// An address near one of the places. None is IPv4 in IPv6 form: a form means
/// its addresses as they are.
fn address() -> impl Strategy<Value = IpAddr> {
    let near = (prop::sample::select(PLACES.to_vec()), -3i8..=3);
    near.prop_map(|(place, steps)| {
        let address = moved(ip(place), steps);
        if octets(address) == plain(address) { address } else { ip(place) }
    })
}

pub(super) fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        1 => Just(Form::Everything),
        8 => address().prop_map(Form::Exact),
        16 => (address(), 0usize..=128).prop_map(|(address, bits)| cidr(address, bits)),
        8 => wildcard(),
        16 => (address(), address()).prop_map(|(a, b)| range(a, b)),
        8 => (address(), 0i8..=4).prop_map(|(a, steps)| range(a, moved(a, steps))),
    ]
}

fn cidr(address: IpAddr, bits: usize) -> Form {
    let mut octets = plain(address);
    let bits = bits % (octets.len() * 8 + 1);
    for at in bits..octets.len() * 8 {
        octets[at / 8] &= !(0x80 >> (at % 8));
    }
    Form::Cidr(from_octets(&octets), bits)
}

/// A range between two addresses; of two families, only the first address.
fn range(a: IpAddr, b: IpAddr) -> Form {
    let one_family = plain(a).len() == octets(b).len();
    let b = if one_family { b } else { a };
    Form::Range(a.min(b), a.max(b))
}

fn wildcard() -> impl Strategy<Value = Form> {
    let number = prop::sample::select(vec![0u8, 1, 9, 10, 254, 255]);
    let inner = prop::option::of(0..4usize);
    ([number.clone(), number.clone(), number.clone(), number], inner, 0..=4usize).prop_map(
        |(numbers, inner, kept)| {
            let star = |at: usize| at >= kept || Some(at) == inner;
            Form::Wildcard([0, 1, 2, 3].map(|at| (!star(at)).then_some(numbers[at])))
        },
    )
}
