//! When an address is blocked, and which addresses count as one.

mod model;
mod pages;
mod workers;

use super::*;
use crate::testing::{BrokenHost, FixedHost, NOW};

/// Three failures in a minute block for ten minutes. `NOW` starts a window.
const THROTTLE: Throttle = Throttle { limit: 3, window: 60, block: 600 };

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

/// So many failures of an address.
fn fail(address: &str, times: usize, host: &dyn Host) {
    for _ in 0..times {
        THROTTLE.record(ip(address), host).unwrap();
    }
}

fn left(address: &str, host: &dyn Host) -> Option<u64> {
    THROTTLE.blocked(ip(address), host).unwrap()
}

#[test]
fn the_failure_that_reaches_the_limit_blocks() {
    let host = FixedHost::at(NOW);
    for expected in [None, None, None, Some(600)] {
        assert_eq!(left("192.0.2.1", &host), expected);
        fail("192.0.2.1", 1, &host);
    }
}

#[test]
fn a_limit_of_none_or_one_blocks_at_the_first_failure() {
    for limit in [0, 1] {
        let host = FixedHost::at(NOW);
        let throttle = Throttle { limit, ..THROTTLE };
        assert_eq!(throttle.blocked(ip("192.0.2.1"), &host), Ok(None));
        throttle.record(ip("192.0.2.1"), &host).unwrap();
        assert_eq!(throttle.blocked(ip("192.0.2.1"), &host), Ok(Some(600)));
    }
}

#[test]
fn a_block_ends_to_the_second() {
    let host = FixedHost::at(NOW);
    fail("192.0.2.1", 3, &host);
    for (after, expected) in [
        (0.5, Some(600)),
        (1.0, Some(599)),
        (599.0, Some(1)),
        (599.999, Some(1)),
        (600.0, None),
        (601.0, None),
    ] {
        host.set(NOW + after);
        assert_eq!(left("192.0.2.1", &host), expected, "after {after} s");
    }
}

#[test]
fn a_block_is_told_in_whole_seconds_and_never_longer_than_it_is() {
    let host = FixedHost::at(NOW + 0.25);
    fail("192.0.2.1", 3, &host);
    assert_eq!(left("192.0.2.1", &host), Some(600));
    host.set(NOW + 599.9);
    assert_eq!(left("192.0.2.1", &host), Some(1));
    host.set(NOW + 600.25);
    assert_eq!(left("192.0.2.1", &host), None);
}

#[test]
fn failures_while_blocked_do_not_extend_the_block() {
    let host = FixedHost::at(NOW);
    fail("192.0.2.1", 3, &host);
    host.set(NOW + 599.0);
    fail("192.0.2.1", 10, &host);
    assert_eq!(left("192.0.2.1", &host), Some(1));
    host.set(NOW + 600.0);
    fail("192.0.2.1", 2, &host);
    assert_eq!(left("192.0.2.1", &host), None, "nor do they count afterwards");
}

#[test]
fn a_block_shorter_than_the_window_is_followed_by_another_at_the_next_failure() {
    let host = FixedHost::at(NOW);
    let throttle = Throttle { block: 10, ..THROTTLE };
    for _ in 0..3 {
        throttle.record(ip("192.0.2.1"), &host).unwrap();
    }
    host.set(NOW + 10.0);
    assert_eq!(throttle.blocked(ip("192.0.2.1"), &host), Ok(None));
    throttle.record(ip("192.0.2.1"), &host).unwrap();
    assert_eq!(throttle.blocked(ip("192.0.2.1"), &host), Ok(Some(10)));
}

#[test]
fn a_new_window_forgets_the_count() {
    let host = FixedHost::at(NOW + 59.9);
    fail("192.0.2.1", 2, &host);
    host.set(NOW + 60.0);
    fail("192.0.2.1", 2, &host);
    assert_eq!(left("192.0.2.1", &host), None);
    host.set(NOW + 119.9);
    fail("192.0.2.1", 1, &host);
    assert!(left("192.0.2.1", &host).is_some());
}

#[test]
fn addresses_count_as_their_client() {
    for (failed, same, others) in [
        ("192.0.2.1", vec!["::ffff:192.0.2.1"], vec!["192.0.2.2", "::192.0.2.1", "::"]),
        ("::ffff:192.0.2.1", vec!["192.0.2.1"], vec!["::ffff:192.0.2.2", "::ffff:0:0"]),
        (
            "2001:db8:0:1::1",
            vec!["2001:db8:0:1::2", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::"],
            vec!["2001:db8:0:2::1", "2001:db8::1", "2001:db9:0:1::1", "192.0.2.1"],
        ),
        ("::1", vec!["::", "::192.0.2.1"], vec!["0.0.0.0", "::ffff:0:0", "192.0.2.1"]),
    ] {
        let host = FixedHost::at(NOW);
        fail(failed, 3, &host);
        assert_eq!(left(failed, &host), Some(600), "{failed}");
        for same in same {
            assert_eq!(left(same, &host), Some(600), "{failed} {same}");
        }
        for other in others {
            assert_eq!(left(other, &host), None, "{failed} {other}");
        }
    }
}

#[test]
fn no_time_or_number_makes_it_panic() {
    let times = [-1e300, -1.0, 0.0, 0.5, 4_294_967_294.5, 4_294_967_296.0, Timestamp::LATEST];
    let numbers = [0, 1, 60, u32::MAX];
    for (at, limit) in times.iter().flat_map(|at| numbers.map(|limit| (*at, limit))) {
        for (window, block) in numbers.iter().flat_map(|w| numbers.map(|block| (*w, block))) {
            let host = FixedHost::at(at);
            let throttle = Throttle { limit, window, block };
            throttle.record(ip("192.0.2.1"), &host).unwrap();
            let left = throttle.blocked(ip("192.0.2.1"), &host).unwrap();
            assert!(left.is_none_or(|left| left > 0 && limit < 2), "{throttle:?} at {at}");
        }
    }
}
