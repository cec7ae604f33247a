//! What purses hold, pay and lose.

mod levels;
mod windows;

use std::cell::RefCell;

use proptest::prelude::*;

use super::super::bucket::Account;
use super::super::ledger::{charge, look};
use super::super::page::Page;
use super::super::rate::Rate;
use super::*;
use crate::host::{Host, HostError};
use crate::testing::{FixedHost, NOW, WatchedHost};

fn rate(text: &str) -> Rate {
    Rate::parse(text).unwrap()
}

fn tenant(text: &str) -> Bucket {
    Account::listed(&["tenant", "acme"]).bucket(None, rate(text))
}

fn is_charged(host: &dyn Host, buckets: &[Bucket], purses: &mut Purses) -> bool {
    charge(host, buckets, purses).unwrap().charged
}

/// What a bucket has used, as a worker sees it.
fn used(host: &dyn Host, bucket: Bucket, purses: &mut Purses) -> u32 {
    look(host, &[bucket], purses).unwrap().standings[0].used
}

/// Counts so many in a bucket, as if they had come before.
fn use_up(host: &FixedHost, bucket: &Bucket, many: u32) {
    let name = format!("tenant_guard.limits.1.{}", bucket.page);
    let mut page = host.shared(&name).unwrap().map_or_else(Page::default, |shared| {
        let page = Page::decode(&shared.value);
        page.unwrap()
    });
    let now = host.now().unwrap().seconds() as u32;
    page.add(page.standing(bucket, now), many);
    host.put(&name, &page.encode(now));
}

/// Remembers what it is asked.
struct Watched<'a>(&'a FixedHost, RefCell<Vec<&'static str>>);

impl WatchedHost for Watched<'_> {
    fn host(&self) -> &FixedHost {
        self.0
    }

    fn before(&self, call: &'static str) -> Result<(), HostError> {
        self.1.borrow_mut().push(call);
        Ok(())
    }
}

proptest! {
    #[test]
    fn all_purses_together_hold_at_most_one_in_two_hundred(limit in 1_u32.., left: u32) {
        let sum = |left| (0..30_000).map(|number| u64::from(most(limit, left, number))).sum::<u64>();
        prop_assert!(sum(limit) <= u64::from(limit) / 200);
        prop_assert!(sum(left) <= u64::from(left) / 10);
        prop_assert_eq!(most(limit, left, u32::MAX), 0);
    }
}

#[test]
fn few_workers_have_batches_that_are_worth_it() {
    let batches = |limit| [0, 3, 7, 31].map(|number| 1 + most(limit, limit, number));
    assert_eq!(batches(10_001), [6, 4, 2, 1]);
    assert_eq!(batches(100_000), [56, 31, 17, 3]);
    assert_eq!(batches(1_000_000), [556, 304, 167, 26]);
    // The end is counted one by one.
    assert_eq!([0, 1, 50, 89].map(|left| most(1_000_000, left, 0)), [0; 4]);
}

#[test]
fn a_request_that_purses_pay_for_asks_for_the_time_and_nothing_else() {
    let host = FixedHost::at(NOW);
    let worker = Watched(&host, RefCell::default());
    let mut purses = Purses::default();
    let buckets = [
        tenant("100000/min"),
        Account::listed(&["client", "acme", "web"]).bucket(None, rate("100000/hour")),
    ];
    assert!(is_charged(&worker, &buckets, &mut purses));
    assert_eq!(worker.1.take(), ["shared", "shared", "now", "share", "share"]);
    for _ in 0..55 {
        assert!(is_charged(&worker, &buckets, &mut purses));
        assert_eq!(worker.1.take(), ["now"]);
    }
    assert!(is_charged(&worker, &buckets, &mut purses));
    assert_eq!(worker.1.take(), ["shared", "shared", "now", "share", "share"]);
    // What isn't in a purse is asked for alone, at a time after it was read.
    let three = [buckets[0], buckets[1], tenant("100/sec")];
    assert!(is_charged(&worker, &three, &mut purses));
    assert_eq!(worker.1.take(), ["now", "shared", "now", "share"]);
}

#[test]
fn small_limits_and_crowds_are_counted_one_by_one() {
    let host = FixedHost::at(NOW);
    let worker = Watched(&host, RefCell::default());
    let mut purses = Purses::default();
    let crowd = Account::crowd(&["unlisted"], &["tenant", "x"]).bucket(None, rate("100000/min"));
    for bucket in [tenant("10000/min"), crowd] {
        for _ in 0..3 {
            assert!(is_charged(&worker, &[bucket], &mut purses));
            assert_eq!(worker.1.take(), ["shared", "now", "share"]);
        }
    }
    assert_eq!(purses.0.len(), 0);
}

#[test]
fn what_a_worker_alone_is_told_counts_without_a_gap_to_the_last_request() {
    for limit in [10_001, 25_000] {
        let host = FixedHost::at(NOW);
        let bucket = tenant(&format!("{limit}/min"));
        let mut purses = Purses::default();
        for expected in 1..=limit {
            let balance = charge(&host, &[bucket], &mut purses).unwrap();
            assert!(balance.charged);
            assert_eq!(balance.standings[0].used, expected);
        }
        let balance = charge(&host, &[bucket], &mut purses).unwrap();
        assert_eq!((balance.charged, balance.standings[0].used), (false, limit));
    }
}

#[test]
fn looking_sees_what_the_worker_holds_and_takes_nothing() {
    let host = FixedHost::at(NOW);
    let bucket = tenant("100000/min");
    let mut own = Purses::default();
    for _ in 0..3 {
        assert!(is_charged(&host, &[bucket], &mut own));
    }
    let before = host.shared_size();
    // For another worker all is used that is drawn.
    assert_eq!(used(&host, bucket, &mut own), 3);
    assert_eq!(used(&host, bucket, &mut Purses::default()), 56);
    assert_eq!((host.shared_size(), own.held(&bucket, NOW as u32 + 60)), (before, 53));
}

#[test]
fn a_limit_that_changes_takes_its_purses_away() {
    let host = FixedHost::at(NOW);
    let mut purses = Purses::default();
    for _ in 0..30 {
        assert!(is_charged(&host, &[tenant("100000/min")], &mut purses));
    }
    use_up(&host, &tenant("100000/min"), 50_000);
    // Below what is used already.
    let lower = tenant("20000/min");
    assert!(!is_charged(&host, &[lower], &mut purses));
    // And what was drawn under the old one stays used.
    let higher = tenant("60000/min");
    let balance = charge(&host, &[higher], &mut purses).unwrap();
    assert_eq!((balance.charged, balance.standings[0].used), (true, 50_057));
}

#[test]
fn what_is_forgotten_is_lost_and_the_next_purse_is_smaller() {
    let host = FixedHost::at(NOW);
    let bucket = tenant("100000/min");
    let mut purses = Purses::default();
    assert!(is_charged(&host, &[bucket], &mut purses));
    let purse = purses.find(&bucket).unwrap();
    for number in 0..MOST as u64 {
        purses.keep(&Bucket { id: number, ..bucket }, purse);
    }
    assert_eq!((purses.0.len(), purses.find(&bucket)), (MOST, None));
    assert!(is_charged(&host, &[bucket], &mut purses));
    let next = purses.find(&bucket).unwrap();
    assert_eq!((purse.number, purse.rest, purse.used), (0, 55, 56));
    assert_eq!((next.number, next.rest, next.used), (1, 44, 56 + 45));
}

/// Lets the worker use up a limit, and holds that it was hardly under.
fn drain(host: &FixedHost, bucket: Bucket, purses: &mut Purses, mut admitted: u32) {
    while is_charged(host, &[bucket], purses) {
        admitted += 1;
    }
    let limit = bucket.rate.count;
    assert!((limit - limit / 200..=limit).contains(&admitted), "{admitted} of {limit}");
}

#[test]
fn workers_that_draw_once_and_never_come_again_leave_a_limit_hardly_under() {
    for (limit, workers) in [(10_001, 1_000), (40_000, 128), (200_000, 128), (1_000_000, 16)] {
        let host = FixedHost::at(NOW);
        let bucket = tenant(&format!("{limit}/day"));
        for _ in 0..workers {
            assert!(is_charged(&host, &[bucket], &mut Purses::default()));
        }
        // To spare the test the middle.
        let middle = limit / 10 * 9 - workers;
        use_up(&host, &bucket, middle);
        drain(&host, bucket, &mut Purses::default(), middle + workers);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn however_workers_come_and_go_a_limit_is_never_passed_and_hardly_under(
        limit in 10_001_u32..40_000,
        steps in prop::collection::vec((0_usize..200, 1_u32..300, prop::bool::weighted(0.1)), 0..120),
    ) {
        let host = FixedHost::at(NOW);
        let bucket = tenant(&format!("{limit}/day"));
        let mut workers: Vec<Purses> = (0..200).map(|_| Purses::default()).collect();
        let mut admitted = 0;
        for (worker, requests, dies) in steps {
            let purses = &mut workers[worker];
            for _ in 0..requests {
                admitted += u32::from(is_charged(&host, &[bucket], purses));
            }
            if dies {
                *purses = Purses::default();
            }
        }
        drain(&host, bucket, &mut workers[0], admitted);
    }
}
