//! What is kept, what is forgotten where there is no room, and what is made of
//! pages that nobody can have written.

use std::net::Ipv4Addr;

use super::*;
use crate::throttle::page::{PAGES, SLOT_BYTES, SLOTS};

/// Different addresses of one page.
fn crowd(size: usize) -> Vec<String> {
    let page = Client::of(ip("10.0.0.0")).page();
    let all = (0x0a00_0000_u32..).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    let crowd = all.filter(|address| Client::of(*address).page() == page);
    crowd.take(size).map(|address| address.to_string()).collect()
}

/// The page of a crowd.
fn page(host: &FixedHost) -> Page {
    read(host.shared(&Client::of(ip("10.0.0.0")).page()).unwrap().as_ref())
}

/// Which of a crowd aren't recorded, by their place in it.
fn missing(crowd: &[String], host: &FixedHost) -> Vec<usize> {
    let page = page(host);
    let known = |address: &String| page.find(Client::of(ip(address))).is_some();
    (0..crowd.len()).filter(|at| !known(&crowd[*at])).collect()
}

#[test]
fn a_slot_is_28_bytes_of_a_known_layout() {
    let host = FixedHost::at(NOW);
    fail("192.0.2.1", 2, &host);
    let shared = host.shared(&Client::of(ip("192.0.2.1")).page()).unwrap().unwrap();
    let mut expected = [[0; 10].as_slice(), &[255, 255, 192, 0, 2, 1]].concat();
    expected.extend(1_800_000_060_u32.to_le_bytes());
    expected.extend(2_u32.to_le_bytes());
    expected.extend([0; 4]);
    assert_eq!(shared.value, expected);
}

#[test]
fn pages_have_the_names_that_other_versions_read() {
    assert_eq!(Client::of(ip("192.0.2.1")).page(), "tenant_guard.failures.1.468");
    assert_eq!(Client::of(ip("2001:db8::1")).page(), "tenant_guard.failures.1.282");
}

#[test]
fn an_address_is_not_blocked_for_others_of_its_page() {
    let host = FixedHost::at(NOW);
    let crowd = crowd(SLOTS + 1);
    let (innocent, guilty) = crowd.split_last().unwrap();
    for address in guilty {
        fail(address, 3, &host);
        assert_eq!(left(address, &host), Some(600));
        assert_eq!(left(innocent, &host), None);
    }
    fail(innocent, 2, &host);
    assert_eq!(left(innocent, &host), None);
}

#[test]
fn memory_is_bounded_and_only_the_recorded_are_blocked() {
    let host = FixedHost::at(NOW);
    let throttle = Throttle { limit: 1, ..THROTTLE };
    let address = |bits: u32| IpAddr::V4(Ipv4Addr::from_bits(bits));
    for bits in 0..40_000 {
        throttle.record(address(bits), &host).unwrap();
        assert_eq!(throttle.blocked(address(bits), &host), Ok(Some(600)));
    }
    let (values, bytes) = host.shared_size();
    assert!(values <= usize::from(PAGES), "{values}");
    assert!(bytes <= usize::from(PAGES) * SLOTS * SLOT_BYTES, "{bytes}");
    for page in 0..PAGES {
        let value = host.shared(&format!("tenant_guard.failures.1.{page}")).unwrap();
        assert!(value.is_none_or(|shared| shared.value.len() <= 448));
    }
    for bits in 40_000..60_000 {
        assert_eq!(throttle.blocked(address(bits), &host), Ok(None));
    }
}

#[test]
fn what_is_over_goes_first() {
    // Two failures in a window that is over, or is far ahead, against one each.
    for other in [NOW - 60.0, NOW + 1e6] {
        let host = FixedHost::at(other);
        let crowd = crowd(SLOTS + 1);
        fail(&crowd[5], 2, &host);
        host.set(NOW);
        for at in (0..SLOTS).filter(|at| *at != 5) {
            fail(&crowd[at], 1, &host);
        }
        fail(&crowd[SLOTS], 1, &host);
        assert_eq!(missing(&crowd, &host), [5], "{other}");
    }
}

#[test]
fn a_block_is_kept_beyond_its_window_and_goes_once_it_is_over() {
    let host = FixedHost::at(NOW - 120.0);
    let crowd = crowd(SLOTS + 2);
    fail(&crowd[0], 3, &host);
    host.set(NOW);
    for address in &crowd[1..SLOTS] {
        fail(address, 2, &host);
    }
    fail(&crowd[SLOTS], 1, &host);
    assert_eq!(left(&crowd[0], &host), Some(480));
    assert_eq!(missing(&crowd, &host), [1, SLOTS + 1]);
    host.set(NOW + 480.0);
    for address in &crowd[2..=SLOTS] {
        fail(address, 1, &host);
    }
    fail(&crowd[SLOTS + 1], 1, &host);
    assert_eq!(missing(&crowd, &host), [0, 1]);
}

#[test]
fn of_those_that_count_the_one_with_the_fewest_failures_goes() {
    let host = FixedHost::at(NOW);
    let crowd = crowd(SLOTS + 1);
    for (at, address) in crowd[..SLOTS].iter().enumerate() {
        fail(address, if at == 7 { 1 } else { 2 + at % 2 }, &host);
    }
    fail(&crowd[SLOTS], 1, &host);
    assert_eq!(missing(&crowd, &host), [7]);
}

#[test]
fn of_those_with_as_few_failures_the_one_of_the_oldest_window_goes() {
    let host = FixedHost::at(NOW + 60.0);
    let crowd = crowd(SLOTS + 1);
    // By a clock that is ahead, all but one.
    for at in (0..SLOTS).filter(|at| *at != 9) {
        fail(&crowd[at], 1, &host);
    }
    host.set(NOW);
    fail(&crowd[9], 1, &host);
    fail(&crowd[SLOTS], 1, &host);
    assert_eq!(missing(&crowd, &host), [9]);
}

#[test]
fn where_all_are_blocked_the_one_whose_block_ends_soonest_goes() {
    let host = FixedHost::at(NOW);
    let crowd = crowd(SLOTS + 1);
    for (at, address) in crowd[..SLOTS].iter().enumerate() {
        host.set(if at == 11 { NOW + 1.0 } else { NOW + 2.0 });
        fail(address, 3, &host);
    }
    fail(&crowd[SLOTS], 1, &host);
    assert_eq!(missing(&crowd, &host), [11]);
    assert_eq!(left(&crowd[11], &host), None);
}

#[test]
fn a_page_that_cannot_be_decoded_is_empty_and_written_anew() {
    let crowd = crowd(SLOTS + 1);
    let name = Client::of(ip(&crowd[0])).page();
    let blocked = FixedHost::at(NOW);
    fail(&crowd[0], 3, &blocked);
    let slot = page(&blocked).encode();
    let long = slot.repeat(SLOTS + 1);
    for garbage in [&[], &slot[..27], &[&slot[..], &[0]].concat(), &long, &[255; 449]] {
        let host = FixedHost::at(NOW);
        host.share(&name, garbage, None).unwrap();
        assert_eq!(left(&crowd[0], &host), None, "{garbage:?}");
        fail(&crowd[0], 3, &host);
        assert_eq!(page(&host).encode(), slot, "{garbage:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_page_makes_it_panic_or_grow(
        value in proptest::collection::vec(proptest::num::u8::ANY, 0..600)
    ) {
        let host = FixedHost::at(NOW);
        host.share(&Client::of(ip("10.0.0.0")).page(), &value, None).unwrap();
        assert_eq!(left("10.0.0.0", &host), None);
        fail("10.0.0.0", 3, &host);
        assert_eq!(left("10.0.0.0", &host), Some(600));
        assert!(host.shared_size().1 <= SLOTS * SLOT_BYTES);
    }
}
