//! Workers that are faster, clocks that disagree, and hosts that fail.

use std::cell::{Cell, RefCell};

use super::*;
use crate::testing::WatchedHost;

/// A worker of a host that others share, and what it asked for.
struct Worker<'a> {
    host: &'a FixedHost,
    asked: RefCell<Vec<&'static str>>,
    /// How many of its writes another worker's failure of 192.0.2.1 precedes.
    rivals: Cell<usize>,
    clock: Result<(), HostError>,
}

impl<'a> Worker<'a> {
    fn of(host: &'a FixedHost) -> Self {
        Self { host, asked: RefCell::default(), rivals: Cell::default(), clock: Ok(()) }
    }
}

impl WatchedHost for Worker<'_> {
    fn host(&self) -> &FixedHost {
        self.host
    }

    fn before(&self, call: &'static str) -> Result<(), HostError> {
        self.asked.borrow_mut().push(call);
        if call == "now" { self.clock } else { Ok(()) }
    }

    fn write(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError> {
        if let Some(rivals) = self.rivals.get().checked_sub(1) {
            self.rivals.set(rivals);
            fail("192.0.2.1", 1, self.host);
        }
        self.host.share(name, value, version)
    }
}

#[test]
fn the_failures_of_all_workers_count_exactly() {
    let host = FixedHost::at(NOW);
    let worker = Worker::of(&host);
    worker.rivals.set(1);
    fail("192.0.2.1", 1, &worker);
    assert_eq!(left("192.0.2.1", &host), None, "two of three");
    fail("192.0.2.1", 1, &host);
    assert_eq!(left("192.0.2.1", &worker), Some(600));
}

#[test]
fn a_failure_that_others_overtake_to_the_block_is_not_recorded() {
    let host = FixedHost::at(NOW);
    let worker = Worker::of(&host);
    worker.rivals.set(3);
    fail("192.0.2.1", 1, &worker);
    let page = read(host.shared(&Client::of(ip("192.0.2.1")).page()).unwrap().as_ref());
    assert_eq!(page.find(Client::of(ip("192.0.2.1"))).unwrap().failures, 3);
}

#[test]
fn lost_races_change_no_count() {
    let host = FixedHost::at(NOW);
    for lost in [0, 1, 15] {
        assert_eq!(left("192.0.2.1", &host), None);
        host.overtaken.set(lost);
        fail("192.0.2.1", 1, &host);
        assert_eq!(host.overtaken.get(), 0);
    }
    assert_eq!(left("192.0.2.1", &host), Some(600));
}

#[test]
fn a_failure_that_is_always_overtaken_is_forgotten() {
    let host = FixedHost::at(NOW);
    let worker = Worker::of(&host);
    host.overtaken.set(16);
    fail("192.0.2.1", 1, &worker);
    assert_eq!(host.shared_size(), (0, 0));
    let writes = worker.asked.take().into_iter().filter(|call| *call == "share");
    assert_eq!(writes.count(), 16);
}

#[test]
fn it_asks_the_host_for_no_more_than_it_needs() {
    let host = FixedHost::at(NOW);
    let worker = Worker::of(&host);
    left("192.0.2.1", &worker);
    assert_eq!(worker.asked.take(), ["shared"]);
    fail("192.0.2.1", 1, &worker);
    assert_eq!(worker.asked.take(), ["now", "shared", "share"]);
    left("192.0.2.1", &worker);
    assert_eq!(worker.asked.take(), ["shared"], "not blocked, whatever the time");
    fail("192.0.2.1", 2, &host);
    left("192.0.2.1", &worker);
    assert_eq!(worker.asked.take(), ["shared", "now"]);
    fail("192.0.2.1", 1, &worker);
    assert_eq!(worker.asked.take(), ["now", "shared"], "blocked: nothing is written");
}

#[test]
fn failures_by_a_clock_of_the_next_window_count() {
    let host = FixedHost::at(NOW + 60.0);
    fail("192.0.2.1", 1, &host);
    host.set(NOW + 59.0);
    fail("192.0.2.1", 1, &host);
    assert_eq!(left("192.0.2.1", &host), None);
    host.set(NOW + 60.0);
    fail("192.0.2.1", 1, &host);
    assert_eq!(left("192.0.2.1", &host), Some(600), "three in the later window");
    host.set(NOW + 59.0);
    assert_eq!(left("192.0.2.1", &host), Some(601), "by either clock");
}

#[test]
fn failures_by_a_clock_further_ahead_count_for_nothing() {
    let host = FixedHost::at(NOW + 120.0);
    fail("192.0.2.1", 2, &host);
    host.set(NOW);
    fail("192.0.2.1", 2, &host);
    assert_eq!(left("192.0.2.1", &host), None);
    fail("192.0.2.1", 1, &host);
    assert_eq!(left("192.0.2.1", &host), Some(600));
}

#[test]
fn a_block_by_a_clock_far_ahead_counts_for_nothing() {
    // At most a window and a block ahead.
    for (ahead, expected) in [(660.0, Some(1260)), (720.0, None), (1e9, None)] {
        let host = FixedHost::at(NOW + ahead);
        fail("192.0.2.1", 3, &host);
        host.set(NOW);
        assert_eq!(left("192.0.2.1", &host), expected, "{ahead} s");
    }
}

#[test]
fn a_host_that_fails_is_told_of() {
    let broken = HostError { call: "broken", status: 10 };
    let address = ip("192.0.2.1");
    assert_eq!(THROTTLE.blocked(address, &BrokenHost::Reads), Err(broken));
    for host in [BrokenHost::Reads, BrokenHost::Writes, BrokenHost::Clock] {
        assert_eq!(THROTTLE.record(address, &host), Err(broken), "{host:?}");
    }
    let host = FixedHost::at(NOW);
    fail("192.0.2.1", 3, &host);
    let worker = Worker { clock: Err(broken), ..Worker::of(&host) };
    assert_eq!(THROTTLE.blocked(address, &worker), Err(broken));
}
