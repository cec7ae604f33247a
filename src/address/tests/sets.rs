//! Sets: that they hold what their rules mean, and cost little.

use std::cell::Cell;
use std::cmp::Ordering;
use std::net::Ipv4Addr;

use super::forms::{Form, form, moved};
use super::*;
use crate::address::set::{Number, Ranges};

fn compiled(forms: &[Form]) -> AddressSet {
    AddressSet::compile(forms.iter().map(Form::rule))
}

/// The edges of all these forms and what is next to them, in both forms of
/// IPv4.
fn probes(forms: &[Form]) -> Vec<IpAddr> {
    let ends = ["0.0.0.0", "255.255.255.255", "::", "::1:0:0:0", "ffff::"].map(ip);
    let edges = forms.iter().flat_map(Form::edges).chain(ends);
    edges
        .flat_map(|edge| [-1, 0, 1].map(|steps| moved(edge, steps)))
        .flat_map(|address| match address {
            IpAddr::V4(v4) => [address, IpAddr::V6(v4.to_ipv6_mapped())],
            IpAddr::V6(_) => [address; 2],
        })
        .collect()
}

fn forms() -> impl Strategy<Value = Vec<Form>> {
    prop::collection::vec(form(), 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_set_holds_what_any_of_its_rules_means(forms in forms()) {
        let set = compiled(&forms);
        for address in probes(&forms) {
            let meant = forms.iter().any(|form| form.means(address));
            prop_assert_eq!(set.contains(address), meant, "{}", address);
        }
        prop_assert_eq!(set == AddressSet::default(), forms.is_empty());
    }

    #[test]
    fn one_more_rule_never_removes_an_address(forms in forms(), more in form(), at: usize) {
        let before = compiled(&forms);
        let mut with_more = forms;
        with_more.insert(at % (with_more.len() + 1), more);
        let after = compiled(&with_more);
        for address in probes(&with_more) {
            prop_assert!(after.contains(address) || !before.contains(address), "{}", address);
        }
    }

    #[test]
    fn the_order_of_rules_and_a_rule_twice_change_nothing(forms in forms()) {
        let mut other = forms.clone();
        other.reverse();
        other.extend(forms.clone());
        prop_assert_eq!(compiled(&forms), compiled(&other));
    }

    #[test]
    fn a_set_covers_another_where_together_they_are_no_more(
        forms in forms(),
        others in forms(),
    ) {
        let (one, other) = (compiled(&forms), compiled(&others));
        let both = compiled(&forms.iter().chain(&others).cloned().collect::<Vec<_>>());
        prop_assert_eq!(one.covers(&other), both == one);
        prop_assert!(both.covers(&one) && both.covers(&other));
    }

    #[test]
    fn ranges_are_sorted_with_gaps_between(forms in forms()) {
        let set = compiled(&forms);
        prop_assert!(set.v4.0.iter().all(|(first, last)| first <= last));
        prop_assert!(set.v6.0.iter().all(|(first, last)| first <= last));
        prop_assert!(set.v4.0.windows(2).all(|pair| pair[1].0 - pair[0].1 > 1));
        prop_assert!(set.v6.0.windows(2).all(|pair| pair[1].0 - pair[0].1 > 1));
    }
}

#[test]
fn rules_that_overlap_touch_or_nest_are_one_range() {
    for rules in [
        ["10.0.0.0/9", "10.128.0.0/9"],
        ["10.0.0.0/8", "10.1.2.3"],
        ["10.0.0.0-10.200.0.0", "10.100.0.0-10.255.255.255"],
        ["10.*.*.*", "10.0.0.0/8"],
    ] {
        assert_eq!(set(&rules), set(&["10.0.0.0/8"]), "{rules:?}");
    }
    assert_eq!(set(&["::/1", "8000::/1"]), set(&["::/0"]));
    assert_eq!(set(&["10.0.0.1", "10.0.0.3"]).v4.0.len(), 2);
}

#[test]
fn without_rules_nothing_is_held() {
    assert_eq!(set(&[]), AddressSet::default());
    assert!(!AddressSet::default().covers_everything_of_a_family());
    assert!(!AddressSet::default().contains(ip("0.0.0.0")));
    assert!(!AddressSet::default().contains(ip("::")));
}

#[test]
fn everything_of_a_family_is_seen_also_where_several_rules_make_it() {
    for rules in [
        &["*"][..],
        &["*.*.*.*"],
        &["0.0.0.0/0"],
        &["::ffff:0:0/96"],
        &["0.0.0.0/1", "128.0.0.0/1"],
        &["1.0.0.0-255.255.255.255", "10.0.0.1", "0.*.*.*"],
        &["::/0"],
        &["8000::/1", "::/1", "10.0.0.1"],
        // All but where IPv4 lies, which no IPv6 address is.
        &["::-::fffe:ffff:ffff", "::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ] {
        assert!(set(rules).covers_everything_of_a_family(), "{rules:?}");
    }
    for rules in [
        &["0.0.0.0/1"][..],
        &["0.0.0.1-255.255.255.255"],
        &["0.0.0.0-255.255.255.254"],
        &["0.0.0.0/1", "128.0.0.1-255.255.255.255"],
        &["::/1", "0.0.0.0/1"],
        &["::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
        &["::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"],
        &["::-::fffe:ffff:fffe", "::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ] {
        assert!(!set(rules).covers_everything_of_a_family(), "{rules:?}");
    }
}

#[test]
fn thousands_of_rules_that_touch_are_one_range() {
    let rules = (0..10_000u32).map(|n| rule(&Ipv4Addr::from(0x0a00_0000 + n).to_string()));
    let set = AddressSet::compile(rules);
    assert_eq!(*set.v4.0, [(0x0a00_0000, 0x0a00_270f)]);
    let rules = (0..=255).map(|n| rule(&format!("10.*.{n}.*")));
    assert_eq!(AddressSet::compile(rules), super::set(&["10.0.0.0/8"]));
}

/// A number that counts how often one is compared.
#[derive(Clone, Copy)]
struct Counted(u32);

thread_local! {
    static COMPARED: Cell<u32> = const { Cell::new(0) };
}

impl Ord for Counted {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARED.set(COMPARED.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Counted {}

impl Number for Counted {
    const FIRST: Self = Self(0);
    const LAST: Self = Self(u32::MAX);

    fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

#[test]
fn a_lookup_among_thousands_of_ranges_compares_a_few() {
    let ranges =
        Ranges::join((0..16_384).map(|n| (Counted(n * 10), Counted(n * 10 + 3))).collect());
    assert_eq!(ranges.0.len(), 16_384);
    for (number, within) in
        [(0, true), (81_923, true), (81_924, false), (163_833, true), (u32::MAX, false)]
    {
        COMPARED.set(0);
        assert_eq!(ranges.contains(Counted(number)), within, "{number}");
        // Two to the 14th ranges: 15 steps, and one look at the range found.
        assert!(COMPARED.get() <= 17, "{number}: {}", COMPARED.get());
    }
}
