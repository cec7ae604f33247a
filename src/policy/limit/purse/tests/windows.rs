//! Purses over many windows, of workers whose clocks differ.

use std::collections::HashMap;

use super::*;

#[test]
fn a_purse_pays_to_the_last_second_of_its_window_and_not_after() {
    let host = FixedHost::at(NOW);
    let bucket = tenant("100000/min");
    let end = NOW as u32 + 60;
    let mut purses = Purses::default();
    assert!(is_charged(&host, &[bucket], &mut purses));
    host.set(f64::from(end) - 0.001);
    let balance = charge(&host, &[bucket], &mut purses).unwrap();
    assert_eq!((balance.standings[0].end, balance.standings[0].used), (end, 2));
    host.set(f64::from(end));
    let balance = charge(&host, &[bucket], &mut purses).unwrap();
    assert_eq!((balance.standings[0].end, balance.standings[0].used), (end + 60, 1));
    assert_eq!(purses.find(&bucket).unwrap().number, 0);
}

#[test]
fn a_purse_of_a_clock_that_was_far_ahead_pays_nothing() {
    let host = FixedHost::at(NOW + 3_600.0);
    let bucket = tenant("100000/min");
    let mut purses = Purses::default();
    assert!(is_charged(&host, &[bucket], &mut purses));
    host.set(NOW);
    let balance = charge(&host, &[bucket], &mut purses).unwrap();
    assert_eq!((balance.standings[0].end, balance.standings[0].used), (NOW as u32 + 60, 1));
}

/// Sets the clock to the worker's own, and fails at some calls.
struct Own<'a> {
    host: &'a FixedHost,
    now: f64,
    faults: &'a RefCell<std::iter::Cycle<std::vec::IntoIter<bool>>>,
}

impl WatchedHost for Own<'_> {
    fn host(&self) -> &FixedHost {
        self.host
    }

    fn before(&self, _: &'static str) -> Result<(), HostError> {
        self.host.set(self.now);
        match self.faults.borrow_mut().next() {
            Some(true) => Err(HostError { call: "broken", status: 10 }),
            _ => Ok(()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn in_no_window_is_a_limit_passed_and_where_it_refuses_it_is_hardly_under(
        limit in 10_001_u32..14_000,
        ahead in prop::collection::vec(0.0_f64..59.0, 6),
        steps in prop::collection::vec((0_usize..6, 1_u32..4_000, 0.0_f64..20.0), 10..40),
        faults in prop::collection::vec(prop::bool::weighted(0.02), 1..200),
    ) {
        let host = FixedHost::at(NOW);
        let bucket = tenant(&format!("{limit}/min"));
        let mut workers: Vec<Purses> = (0..6).map(|_| Purses::default()).collect();
        let faults = RefCell::new(faults.into_iter().cycle());
        let mut admitted: HashMap<u32, u32> = HashMap::new();
        let mut now = NOW;
        for (worker, requests, later) in steps {
            let own = Own { host: &host, now: now + ahead[worker], faults: &faults };
            for _ in 0..requests {
                let Ok(balance) = charge(&own, &[bucket], &mut workers[worker]) else {
                    continue;
                };
                let end = balance.standings[0].end;
                prop_assert!(f64::from(end) > own.now, "spent when it was over");
                let count = admitted.entry(end).or_default();
                if balance.charged {
                    *count += 1;
                    prop_assert!(*count <= limit);
                    prop_assert!(balance.standings[0].used <= limit);
                } else {
                    prop_assert!(*count >= limit - limit / 200, "{count} of {limit}");
                }
            }
            now += later;
        }
    }
}
