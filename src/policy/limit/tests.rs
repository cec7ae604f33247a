//! How much is kept, and what holds where there is no room.

use std::collections::HashMap;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::bucket::PAGES;
use super::page::{ALL_CROWDED, CROWDED};
use super::*;
use crate::testing::{FixedHost, NOW};

fn rate(text: &str) -> Rate {
    Rate::parse(text).unwrap()
}

/// One of the crowd of a tenant's subjects.
fn subject(tenant: &str, subject: &str) -> Account {
    Account::crowd(&["subjects", tenant], &["subject", tenant, "idp", subject])
}

/// One of the crowd of tenants that aren't listed.
fn unlisted(name: &str) -> Account {
    Account::crowd(&["unlisted"], &["tenant", name])
}

/// Charges one request.
fn is_admitted(account: Account, rate: Rate, host: &FixedHost) -> bool {
    let mut charges = Charges::new(None);
    charges.add_subject(account, rate);
    refusal(&charges.charge(host, &mut Purses::default()).unwrap().unwrap()).is_none()
}

fn acme() -> Account {
    Account::listed(&["tenant", "acme"])
}

/// Tenants whose buckets are on one page with acme's.
static NEIGHBOURS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let (names, here) = ((0..).map(|number: u32| format!("t{number}")), page(acme()));
    names.filter(|name| page(unlisted(name)) == here).take(2 * CROWDED).collect()
});

#[test]
fn at_most_a_hundred_thousand_of_a_crowd_have_buckets_of_their_own() {
    const { assert!(CROWDED * PAGES as usize <= 100_000) };
    const { assert!(CROWDED * PAGES as usize > 90_000) };
    const { assert!(ALL_CROWDED * PAGES as usize <= 1_000_000) };
}

/// Which page an account's buckets are on. All pages are alike, so a few of
/// them show what holds for all.
fn page(account: Account) -> u16 {
    account.bucket(None, rate("1/sec")).page
}

/// The subjects of acme among so many whose buckets are on the first pages.
fn subjects_on(pages: u16, many: u32) -> impl Iterator<Item = Account> {
    let all = (0..many).map(|number| subject("acme", &number.to_string()));
    all.filter(move |account| page(*account) < pages)
}

#[test]
fn two_hundred_thousand_subjects_leave_a_bounded_amount() {
    let host = FixedHost::at(NOW);
    let gold = rate("5/min");
    let pages = 64;
    for account in subjects_on(pages, 200_000) {
        // One who comes late may find the shared bucket used up.
        is_admitted(account, gold, &host);
    }
    let largest = (CROWDED + 1) * 16 + 4;
    for number in 0..pages {
        let page = host.shared(&format!("tenant_guard.limits.1.{number}")).unwrap();
        assert_eq!(page.unwrap().value.len(), largest);
    }
    assert_eq!(host.shared_size(), (usize::from(pages), usize::from(pages) * largest));
    // Another tenant's have their room all the same.
    let mut others = (0..1_000).map(|number: u32| subject("globex", &number.to_string()));
    assert!(others.all(|account| is_admitted(account, rate("1/min"), &host)));
    // And it goes again.
    let (values, _) = host.shared_size();
    host.set(NOW + 60.0);
    let mut admitted = 0;
    for account in subjects_on(pages, 40_000) {
        admitted += usize::from(is_admitted(account, gold, &host));
    }
    let others = (values - usize::from(pages)) * largest;
    assert!(host.shared_size().1 <= admitted * 16 + usize::from(pages) * 4 + others);
}

#[test]
fn fifty_thousand_have_their_whole_limit_and_not_more() {
    let host = FixedHost::at(NOW);
    let once = rate("1/min");
    let accounts: Vec<Account> = subjects_on(PAGES / 8, 50_000).collect();
    let admitted = || accounts.iter().filter(|account| is_admitted(**account, once, &host)).count();
    assert!(admitted() * 50 > accounts.len() * 49);
    assert_eq!(admitted(), 0);
}

#[test]
fn a_full_page_takes_nothing_from_those_who_are_listed() {
    let host = FixedHost::at(NOW);
    let limits = Limits { requests: Some(rate("3/min")), ..Limits::default() };
    let listed = || {
        let mut charges = Charges::new(None);
        charges.add(Level::Tenant, acme(), &limits);
        refusal(&charges.charge(&host, &mut Purses::default()).unwrap().unwrap()).is_none()
    };
    assert!(listed());
    for name in NEIGHBOURS.iter() {
        is_admitted(unlisted(name), rate("1/min"), &host);
    }
    assert_eq!([listed(), listed(), listed()], [true, true, false]);
}

#[test]
fn where_there_is_no_room_all_others_share_what_one_may() {
    let host = FixedHost::at(NOW);
    let two = rate("2/min");
    let (first, late) = NEIGHBOURS[..CROWDED + 5].split_at(CROWDED);
    for name in first {
        assert!(is_admitted(unlisted(name), two, &host));
    }
    let admitted = |name: &&String| is_admitted(unlisted(name), two, &host);
    assert_eq!(late.iter().filter(admitted).count(), 2);
    // Those who came first keep their own.
    assert_eq!(first.iter().filter(admitted).count(), CROWDED);
    assert_eq!(first.iter().filter(admitted).count(), 0);
    // Another rate has another shared bucket, as wide as itself.
    let three = rate("3/hour");
    let admitted = |name: &&String| is_admitted(unlisted(name), three, &host);
    assert_eq!(late.iter().filter(admitted).count(), 3);
}

#[test]
fn a_page_that_a_wrong_clock_filled_has_room_again() {
    let crowd = &NEIGHBOURS[..2 * CROWDED];
    let host = FixedHost::at(NOW + 1e8);
    for name in &crowd[..CROWDED] {
        assert!(is_admitted(unlisted(name), rate("1/min"), &host));
    }
    host.set(NOW);
    let admitted = |name: &&String| is_admitted(unlisted(name), rate("1/min"), &host);
    assert_eq!(crowd[CROWDED..].iter().filter(admitted).count(), CROWDED);
    assert!(host.shared_size().1 <= (CROWDED + 1) * 16 + 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nobody_is_ever_over_its_limit_even_where_there_is_no_room(
        steps in prop::collection::vec((0_usize..40, 0_usize..3, 0_u32..40), 1..600)
    ) {
        let rates = [rate("2/sec"), rate("3/min"), rate("4/hour")];
        let host = FixedHost::at(NOW);
        let mut now = NOW;
        let mut admitted = HashMap::new();
        for (who, which, later) in steps {
            // Most come at once.
            now += if later > 36 { f64::from(later) } else { f64::from(later) / 100.0 };
            host.set(now);
            if is_admitted(unlisted(&NEIGHBOURS[who]), rates[which], &host) {
                let window = now as u32 / rates[which].window.seconds();
                let count = admitted.entry((who, which, window)).or_insert(0);
                *count += 1;
                prop_assert!(*count <= rates[which].count);
            }
        }
        prop_assert!(host.shared_size().1 <= (CROWDED + 3) * 16 + 4);
    }
}
