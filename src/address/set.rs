//! Many rules as one sorted list: a lookup costs the same few steps whether
//! ten rules made it or ten thousand.

use std::net::IpAddr;

use super::rule::{AddressRule, Span};
use crate::sorted::sorted;

/// The addresses that any of some rules means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AddressSet {
    pub(super) v4: Ranges<u32>,
    pub(super) v6: Ranges<u128>,
}

/// Where IPv4 lies within IPv6: `::ffff:0:0/96`.
const MAPPED: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

impl AddressSet {
    /// The addresses of all these rules.
    pub(crate) fn compile(rules: impl IntoIterator<Item = AddressRule>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for rule in rules {
            for span in rule.spans() {
                match span {
                    Span::V4(first, last) => v4.push((first.to_bits(), last.to_bits())),
                    Span::V6(first, last) => v6.push((first.to_bits(), last.to_bits())),
                }
            }
        }
        Self { v4: Ranges::join(v4), v6: Ranges::join(v6) }
    }

    /// Whether an address is among them; an IPv4 address in IPv6 form is looked
    /// up as IPv4.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.contains(address.to_bits()),
            IpAddr::V6(address) => self.v6.contains(address.to_bits()),
        }
    }

    /// Whether all of the other's addresses are among these.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.v4.covers(&other.v4) && self.v6.covers(&other.v6)
    }

    /// Whether every IPv4 address is among them, or every IPv6 address: by one
    /// rule or by several together.
    pub(crate) fn covers_everything_of_a_family(&self) -> bool {
        // No address is looked up where IPv4 lies within IPv6, so a gap there
        // is none.
        let v6 = self.v6.0.iter().copied().chain([MAPPED]).collect();
        self.v4.is_everything() || Ranges::join(v6).is_everything()
    }
}

/// An address as a number.
pub(super) trait Number: Copy + Ord {
    const FIRST: Self;
    const LAST: Self;

    /// The one after it, if it isn't the last.
    fn next(self) -> Option<Self>;
}

impl Number for u32 {
    const FIRST: Self = Self::MIN;
    const LAST: Self = Self::MAX;

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Number for u128 {
    const FIRST: Self = Self::MIN;
    const LAST: Self = Self::MAX;

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

/// Ranges with both their ends, sorted, with a gap between any two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges<T>(pub(super) Box<[(T, T)]>);

impl<T: Number> Ranges<T> {
    /// From ranges in any order, that may overlap or touch.
    pub(super) fn join(ranges: Vec<(T, T)>) -> Self {
        let ranges = sorted(ranges, Ord::cmp);
        let mut joined: Vec<(T, T)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                // Where nothing comes after the end, this one is within.
                Some((_, end)) if end.next().is_none_or(|next| first <= next) => {
                    *end = last.max(*end);
                }
                _ => joined.push((first, last)),
            }
        }
        Self(joined.into_boxed_slice())
    }

    pub(super) fn contains(&self, number: T) -> bool {
        // The only range that may hold it is the first that doesn't end before.
        let before = self.0.partition_point(|(_, last)| *last < number);
        self.0.get(before).is_some_and(|(first, _)| *first <= number)
    }

    /// Whether each range of the other is within one of these: between any two
    /// is a gap.
    fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|(first, last)| {
            let before = self.0.partition_point(|(_, mine)| mine < last);
            self.0.get(before).is_some_and(|(mine, _)| mine <= first)
        })
    }

    fn is_everything(&self) -> bool {
        matches!(*self.0, [(first, last)] if first == T::FIRST && last == T::LAST)
    }
}
