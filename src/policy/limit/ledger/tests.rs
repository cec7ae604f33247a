//! What is counted, bucket by bucket, and what a charge asks of the host.

use std::cell::{Cell, RefCell};

use super::super::action::Action;
use super::super::bucket::Account;
use super::super::rate::Rate;
use super::open::TRIES;
use super::*;
use crate::denial::Code;
use crate::host::{HostError, Written};
use crate::testing::{BrokenHost, FixedHost, NOW, WatchedHost};

/// A tenant, a client and a key, on a page each.
fn three(rates: [&str; 3]) -> Vec<Bucket> {
    let names = [&["tenant", "a"][..], &["client", "a", "b"], &["key", "a", "b", "c"]];
    let bucket =
        |(names, rate): (_, &&str)| Account::listed(names).bucket(None, Rate::parse(rate).unwrap());
    let buckets: Vec<Bucket> = names.into_iter().zip(&rates).map(bucket).collect();
    let pages: std::collections::HashSet<_> = buckets.iter().map(|bucket| bucket.page).collect();
    assert_eq!(pages.len(), 3);
    buckets
}

/// As a worker that has nothing in its purses.
fn charge(host: &dyn Host, buckets: &[Bucket]) -> Result<Balance, Denial> {
    super::charge(host, buckets, &mut Purses::default())
}

fn look(host: &dyn Host, buckets: &[Bucket]) -> Result<Balance, Denial> {
    super::look(host, buckets, &mut Purses::default())
}

fn is_charged(host: &dyn Host, buckets: &[Bucket]) -> bool {
    charge(host, buckets).unwrap().charged
}

/// What each bucket has counted.
fn used(host: &dyn Host, buckets: &[Bucket]) -> Vec<u32> {
    let balance = look(host, buckets).unwrap();
    balance.standings.iter().map(|standing| standing.used).collect()
}

/// A host that answers some writes in another way, and remembers what it was
/// asked.
struct Disturbed<'a> {
    host: &'a FixedHost,
    asked: RefCell<Vec<&'static str>>,
    /// From which write on, to which, and the answer.
    disturbed: (usize, usize, Result<Written, HostError>),
    writes: Cell<usize>,
}

impl<'a> Disturbed<'a> {
    fn of(host: &'a FixedHost, disturbed: (usize, usize, Result<Written, HostError>)) -> Self {
        Self { host, asked: RefCell::default(), disturbed, writes: Cell::default() }
    }
}

impl WatchedHost for Disturbed<'_> {
    fn host(&self) -> &FixedHost {
        self.host
    }

    fn before(&self, call: &'static str) -> Result<(), HostError> {
        self.asked.borrow_mut().push(call);
        Ok(())
    }

    fn write(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError> {
        let write = self.writes.replace(self.writes.get() + 1);
        let (from, to, answer) = self.disturbed;
        if (from..to).contains(&write) { answer } else { self.host.share(name, value, version) }
    }
}

const BROKEN: HostError = HostError { call: "broken", status: 10 };
const UNDISTURBED: (usize, usize, Result<Written, HostError>) = (0, 0, Ok(Written::Done));

#[test]
fn every_bucket_counts_what_was_let_in() {
    let host = FixedHost::at(NOW);
    let buckets = three(["5/min", "4/min", "3/min"]);
    for expected in [true, true, true, false, false] {
        assert_eq!(is_charged(&host, &buckets), expected);
    }
    assert_eq!(used(&host, &buckets), [3, 3, 3]);
    assert!(is_charged(&host, &buckets[..2]));
    assert!(!is_charged(&host, &buckets[..2]));
    assert_eq!(used(&host, &buckets), [4, 4, 3]);
}

#[test]
fn looking_charges_nothing() {
    let host = FixedHost::at(NOW);
    let buckets = three(["5/min", "4/min", "3/min"]);
    let worker = Disturbed::of(&host, UNDISTURBED);
    assert!(!look(&worker, &buckets).unwrap().charged);
    assert_eq!(worker.asked.take(), ["shared", "shared", "shared", "now"]);
    assert_eq!(host.shared_size(), (0, 0));
}

#[test]
fn a_charge_asks_the_host_for_no_more_than_it_needs() {
    let host = FixedHost::at(NOW);
    let worker = Disturbed::of(&host, UNDISTURBED);
    let buckets = three(["2/min", "4/min", "3/min"]);
    assert!(is_charged(&worker, &buckets[..1]));
    assert_eq!(worker.asked.take(), ["shared", "now", "share"]);
    assert!(is_charged(&worker, &buckets));
    let all = ["shared", "shared", "shared", "now", "share", "share", "share"];
    assert_eq!(worker.asked.take(), all);
    // A tenant that is full is found before its key is charged.
    assert!(!is_charged(&worker, &buckets));
    assert_eq!(worker.asked.take(), all[..4]);
    // Two buckets of one account are one page.
    let account = Account::listed(&["tenant", "x"]);
    let rate = Rate::parse("5/min").unwrap();
    let publish = Action::parse("publish").unwrap();
    let two = [account.bucket(None, rate), account.bucket(Some(&publish), rate)];
    assert!(is_charged(&worker, &two));
    assert_eq!(worker.asked.take(), ["shared", "now", "share"]);
}

#[test]
fn a_host_that_fails_at_any_write_has_charged_nothing() {
    let buckets = three(["5/min", "4/min", "3/min"]);
    for write in 0..3 {
        let host = FixedHost::at(NOW);
        let worker = Disturbed::of(&host, (write, write + 1, Err(BROKEN)));
        let denial = charge(&worker, &buckets).err().unwrap();
        assert_eq!(denial.code, Code::GuardUnavailable, "{write}");
        assert_eq!(used(&host, &buckets), [0, 0, 0], "{write}");
        for _ in 0..3 {
            assert!(is_charged(&host, &buckets), "{write}");
        }
    }
}

#[test]
fn a_page_that_is_always_overtaken_has_charged_nothing() {
    let buckets = three(["5/min", "4/min", "3/min"]);
    for write in 0..3 {
        let host = FixedHost::at(NOW);
        let worker = Disturbed::of(&host, (write, write + TRIES, Ok(Written::Overtaken)));
        let denial = charge(&worker, &buckets).err().unwrap();
        assert_eq!(denial.code, Code::LimiterUnavailable, "{write}");
        assert_eq!(used(&host, &buckets), [0, 0, 0], "{write}");
        // One time fewer, and it is let in.
        let worker = Disturbed::of(&host, (write, write + TRIES - 1, Ok(Written::Overtaken)));
        assert!(is_charged(&worker, &buckets), "{write}");
        assert_eq!(used(&host, &buckets), [1, 1, 1], "{write}");
    }
}

#[test]
fn what_cannot_be_given_back_lets_in_fewer_and_never_more() {
    let buckets = three(["5/min", "4/min", "3/min"]);
    for write in 0..3 {
        for answer in [Err(BROKEN), Ok(Written::Overtaken)] {
            let host = FixedHost::at(NOW);
            let worker = Disturbed::of(&host, (write, usize::MAX, answer));
            assert!(charge(&worker, &buckets).is_err(), "{write}");
            let admitted = (0..9).filter(|_| is_charged(&host, &buckets)).count();
            assert_eq!(admitted, if write > 0 { 2 } else { 3 }, "{write}");
        }
    }
}

#[test]
fn a_host_that_cannot_be_read_is_no_empty_page() {
    let buckets = three(["5/min", "4/min", "3/min"]);
    for host in [BrokenHost::Reads, BrokenHost::Clock] {
        for denial in [look(&host, &buckets).err(), charge(&host, &buckets).err()] {
            assert_eq!(denial.unwrap().code, Code::GuardUnavailable, "{host:?}");
        }
    }
    assert!(look(&BrokenHost::Writes, &buckets).is_ok());
    assert_eq!(charge(&BrokenHost::Writes, &buckets).err().unwrap().code, Code::GuardUnavailable);
}
