//! What pages hold, in which windows, and what crowds share.

use super::super::action::Action;
use super::super::bucket::Account;
use super::super::rate::Rate;
use super::*;
use proptest::prelude::*;

fn bucket(name: &str) -> Bucket {
    Account::listed(&[name]).bucket(None, Rate::parse("5/min").unwrap())
}

fn crowd(number: usize) -> Bucket {
    of_crowd("one", number)
}

fn of_crowd(crowd: &str, number: usize) -> Bucket {
    let account = Account::crowd(&[crowd], &[crowd, &number.to_string()]);
    account.bucket(None, Rate::parse("5/min").unwrap())
}

fn charge(page: &mut Page, bucket: &Bucket, now: u32) -> (u32, u32) {
    let standing = page.standing(bucket, now);
    let charged = page.add(standing, 1);
    (charged.used, charged.end)
}

/// By a worker without purses.
fn alone(buckets: &[Bucket]) -> impl Iterator<Item = (&Bucket, Option<Purse>)> {
    buckets.iter().map(|bucket| (bucket, None))
}

#[test]
fn a_page_is_read_as_it_was_written() {
    let mut page = Page::default();
    for name in ["a", "b", "a"] {
        charge(&mut page, &bucket(name), 60);
    }
    let value = page.encode(60);
    assert_eq!(value.len(), 2 * SIZE + 4);
    assert_eq!(Page::decode(&value), Some(page));
}

#[test]
fn what_was_not_written_as_a_page_is_none() {
    let mut page = Page::default();
    for name in ["a", "b", "c"] {
        charge(&mut page, &bucket(name), 60);
    }
    let value = page.encode(60);
    for size in 0..value.len() {
        assert_eq!(Page::decode(&value[..size]), None, "{size} bytes");
    }
    for at in 0..value.len() {
        let mut other = value.clone();
        other[at] ^= 1;
        assert_eq!(Page::decode(&other), None, "byte {at}");
    }
    for byte in [0, 0x31, 0xff] {
        assert_eq!(Page::decode(&[byte; 2 * SIZE + 4]), None, "{byte}");
    }
    assert_eq!(Page::decode(&[value.clone(), value].concat()), None);
}

proptest! {
    #[test]
    fn no_value_makes_it_panic(mut entries: Vec<u8>, now: u32, summed: bool) {
        if summed {
            let sum = checksum(&entries);
            entries.extend(sum);
        }
        if let Some(mut page) = Page::decode(&entries) {
            for bucket in [bucket("a"), crowd(1)] {
                let charged = page.add(page.standing(&bucket, now), 1);
                page.give_back(charged);
            }
            prop_assert!(Page::decode(&page.encode(now)).is_some());
        }
    }
}

#[test]
fn a_window_begins_anew_and_the_old_one_is_dropped() {
    let mut page = Page::default();
    assert_eq!(charge(&mut page, &bucket("a"), 119), (1, 120));
    assert_eq!(charge(&mut page, &bucket("a"), 119), (2, 120));
    assert_eq!(Page::decode(&page.encode(120)), Some(Page::default()));
    assert_eq!(charge(&mut page, &bucket("a"), 120), (1, 180));
}

#[test]
fn a_worker_whose_clock_is_behind_counts_in_the_window_that_has_begun() {
    let mut page = Page::default();
    charge(&mut page, &bucket("a"), 120);
    assert_eq!(charge(&mut page, &bucket("a"), 119), (2, 180));
    // By hours is another matter: that clock was set right since.
    assert_eq!(charge(&mut page, &bucket("a"), 1), (1, 60));
}

#[test]
fn what_is_given_back_is_there_again_in_its_own_window_only() {
    let mut page = Page::default();
    let charged = page.add(page.standing(&bucket("a"), 0), 1);
    page.give_back(charged);
    assert_eq!(page.standing(&bucket("a"), 0).used, 0);
    charge(&mut page, &bucket("a"), 60);
    page.give_back(charged);
    assert_eq!(page.standing(&bucket("a"), 60).used, 1);
}

#[test]
fn a_crowd_shares_a_bucket_where_the_page_is_full_and_is_never_over() {
    let mut page = Page::default();
    for number in 0..CROWDED {
        assert_eq!(charge(&mut page, &crowd(number), 0).0, 1);
    }
    assert_eq!(charge(&mut page, &crowd(100), 0).0, 1);
    assert_eq!(charge(&mut page, &crowd(101), 0).0, 2);
    // Those that were there first, and the listed ones, keep their own.
    assert_eq!(charge(&mut page, &crowd(0), 0).0, 2);
    assert_eq!(charge(&mut page, &bucket("listed"), 0).0, 1);
    assert_eq!(page.encode(0).len(), (CROWDED + 2) * SIZE + 4);
    // In the next window there is room again.
    assert_eq!(charge(&mut page, &crowd(101), 60).0, 1);
}

#[test]
fn one_crowd_does_not_take_the_room_of_another() {
    let mut page = Page::default();
    for number in 0..100 {
        charge(&mut page, &of_crowd("loud", number), 0);
    }
    for number in 0..CROWDED {
        assert_eq!(charge(&mut page, &of_crowd("quiet", number), 0).0, 1);
    }
    assert_eq!(page.encode(0).len(), (2 * CROWDED + 1) * SIZE + 4);
}

#[test]
fn a_request_that_takes_the_last_room_itself_is_held_by_the_shared_bucket() {
    let mut page = Page::default();
    for number in 0..CROWDED {
        charge(&mut page, &crowd(number), 0);
    }
    let account = Account::crowd(&["one"], &["one", "both"]);
    let rate = Rate::parse("5/min").unwrap();
    let publish = Action::parse("publish").unwrap();
    let both = [account.bucket(None, rate), account.bucket(Some(&publish), rate)];
    for used in 1..=5 {
        let charged = page.charge(alone(&both[1..]), 0).unwrap();
        assert_eq!(charged[0].standing.used, used);
    }
    // As when a bucket of a shorter window has ended.
    page.0.remove(0);
    assert!(page.clone().charge(alone(&both[..1]), 0).is_some());
    assert_eq!(page.charge(alone(&both), 0), None);
    assert_eq!(page.standing(&both[1], 0).used, 5);
}

#[test]
fn all_crowds_together_are_bounded() {
    let mut page = Page::default();
    for crowd in 0..100 {
        for number in 0..30 {
            charge(&mut page, &of_crowd(&crowd.to_string(), number), 0);
        }
    }
    // With a shared bucket for each of them.
    assert!(page.encode(0).len() <= (ALL_CROWDED + 100) * SIZE + 4);
}

#[test]
fn who_comes_to_a_bucket_of_its_own_keeps_what_it_used_of_the_shared_one() {
    let mut page = Page::default();
    for number in 0..CROWDED {
        charge(&mut page, &crowd(number), 0);
    }
    charge(&mut page, &crowd(100), 0);
    // As when a bucket of a shorter window has ended.
    page.0.remove(0);
    assert_eq!(charge(&mut page, &crowd(100), 0).0, 2);
}
