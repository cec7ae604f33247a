//! What anybody can send without end costs nobody else anything.

use tenant_guard_host_tests::scenario::{junk, new_token};
use tenant_guard_host_tests::{Callback, Host, Request};

use crate::common::*;

/// How many tokens the cache holds.
const CACHE: usize = 16;

/// How many requests a flood has.
const FLOOD: usize = 10_000;

/// How many requests come until memory has what it needs, and how many after.
const WARM: usize = 20_000;
const MANY: usize = 200_000;

fn hits(host: &Host) -> i64 {
    host.counter("tenant_guard.cache_hits").unwrap_or_default()
}

#[test]
fn a_flood_of_junk_evicts_no_good_token() {
    let good = new_token(CACHE);
    let mut host = started(good.setup());
    (0..CACHE).for_each(|n| good.send(&mut host, n));
    for kind in junk(CACHE) {
        (0..FLOOD).for_each(|n| kind.send(&mut host, n));
        let before = hits(&host);
        (0..CACHE).for_each(|n| good.send(&mut host, n));
        assert_eq!(hits(&host) - before, CACHE as i64, "after junk: {}", kind.name);
    }
    // They do fill it: one more good token takes the place of one.
    good.send(&mut host, CACHE);
    let before = hits(&host);
    good.send(&mut host, 0);
    assert_eq!(hits(&host), before);
}

#[test]
fn memory_is_steady_whatever_is_sent() {
    let good = new_token(CACHE);
    // Signing takes its time: each token is a new one again once it is evicted.
    let some = |of: &dyn Fn(usize) -> Request| -> Vec<Request> {
        (0..200).map(|n| of(n).only(&[Callback::RequestHeaders, Callback::Log])).collect()
    };
    let mut kinds: Vec<Vec<Request>> = junk(CACHE).iter().map(|kind| some(&kind.request)).collect();
    kinds.push(some(&good.request));
    kinds.push(vec![kinds.last().unwrap()[0].clone()]);
    let mut host = started(good.setup());
    let mut send = |numbers: std::ops::Range<usize>| {
        for n in numbers {
            let kind = &kinds[n % kinds.len()];
            host.request(&kind[n / kinds.len() % kind.len()]);
            assert_eq!(host.dead(), None, "request {n}");
        }
        host.memory()
    };
    let warm = send(0..WARM);
    assert_eq!(send(WARM..WARM + MANY), warm);
}
