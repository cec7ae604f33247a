//! Requests with several limits, of workers that overtake each other.

use std::cell::Cell;

use super::super::super::action::Action;
use super::super::super::ledger::Balance;
use super::*;
use crate::denial::Denial;

/// A tenant and its client with large limits, an action of the tenant and a
/// key with small ones. Two of them are on one page.
fn four() -> [Bucket; 4] {
    let action = Action::parse("publish").unwrap();
    let of = |names: &[&str], action: Option<&Action>, text| {
        Account::listed(names).bucket(action, rate(text))
    };
    [
        of(&["tenant", "acme"], None, "1000000/min"),
        of(&["tenant", "acme"], Some(&action), "500/min"),
        of(&["client", "acme", "web"], None, "200000/min"),
        of(&["key", "acme", "web", "1"], None, "400/min"),
    ]
}

#[test]
fn a_request_that_a_small_limit_refuses_is_paid_by_no_purse() {
    let host = FixedHost::at(NOW);
    let mut purses = Purses::default();
    let buckets = four();
    for _ in 0..400 {
        assert!(is_charged(&host, &buckets, &mut purses));
    }
    let told = |purses: &mut Purses| {
        let standings = look(&host, &buckets, purses).unwrap().standings;
        standings.iter().map(|standing| standing.used).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut purses), [400; 4]);
    let size = host.shared_size();
    for _ in 0..1_000 {
        let balance = charge(&host, &buckets, &mut purses).unwrap();
        assert!(!balance.charged);
        assert!(balance.standings.iter().all(|standing| standing.used == 400));
    }
    assert_eq!((told(&mut purses), host.shared_size()), (vec![400; 4], size));
}

#[test]
fn a_request_that_a_large_limit_refuses_is_charged_to_no_small_one() {
    let host = FixedHost::at(NOW);
    let mut purses = Purses::default();
    let buckets = four();
    use_up(&host, &buckets[2], 200_000 - 20);
    let admitted = (0..100).filter(|_| is_charged(&host, &buckets, &mut purses)).count();
    assert_eq!(admitted, 20);
    for (bucket, used_of_it) in buckets.iter().zip([20, 20, 200_000, 20]) {
        assert_eq!(used(&host, *bucket, &mut purses), used_of_it);
    }
}

/// One worker after the other breaks in where the plan says so.
struct Crowd<'a> {
    host: &'a FixedHost,
    buckets: [Bucket; 4],
    workers: Vec<RefCell<Purses>>,
    plan: RefCell<std::vec::IntoIter<u8>>,
    /// Requests yet to come: which worker, and which buckets it charges.
    waiting: RefCell<Vec<(usize, u8)>>,
    admitted: [Cell<u32>; 4],
    faulty: bool,
}

impl Crowd<'_> {
    fn serve_next(&self) -> bool {
        let Some((worker, which)) = self.waiting.borrow_mut().pop() else {
            return false;
        };
        // A worker does one thing at a time.
        let Ok(mut purses) = self.workers[worker].try_borrow_mut() else {
            return true;
        };
        let chosen = |at: &usize| which & (1 << at) != 0;
        let chosen: Vec<usize> = (0..4).filter(chosen).collect();
        let buckets: Vec<Bucket> = chosen.iter().map(|at| self.buckets[*at]).collect();
        let outcome: Result<Balance, Denial> = charge(self, &buckets, &mut purses);
        if outcome.is_ok_and(|balance| balance.charged) {
            for at in chosen {
                self.admitted[at].set(self.admitted[at].get() + 1);
            }
        }
        true
    }
}

impl WatchedHost for Crowd<'_> {
    fn host(&self) -> &FixedHost {
        self.host
    }

    fn before(&self, _: &'static str) -> Result<(), HostError> {
        let step = self.plan.borrow_mut().next();
        match step {
            Some(0..100) => {
                self.serve_next();
                Ok(())
            }
            Some(100..105) if self.faulty => Err(HostError { call: "broken", status: 10 }),
            _ => Ok(()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn however_workers_interleave_nothing_is_passed_and_refusals_are_charged_nowhere(
        left in prop::array::uniform4(0_u32..400),
        waiting in prop::collection::vec((0_usize..5, 1_u8..16), 1..600),
        plan in prop::collection::vec(any::<u8>(), 0..2_000),
        faulty: bool,
    ) {
        let host = FixedHost::at(NOW);
        let buckets = four();
        let crowd = Crowd {
            host: &host,
            buckets,
            workers: (0..5).map(|_| RefCell::default()).collect(),
            plan: RefCell::new(plan.into_iter()),
            waiting: RefCell::new(waiting),
            admitted: Default::default(),
            faulty,
        };
        for (bucket, left) in buckets.iter().zip(left) {
            use_up(&host, bucket, bucket.rate.count - left);
        }
        while crowd.serve_next() {}
        for (at, bucket) in buckets.iter().enumerate() {
            let end = NOW as u32 + 60;
            let held: u32 =
                crowd.workers.iter().map(|purses| purses.borrow().held(bucket, end)).sum();
            let counted = used(&host, *bucket, &mut Purses::default());
            prop_assert!(counted <= bucket.rate.count);
            let spent = counted - (bucket.rate.count - left[at]) - held;
            let admitted = crowd.admitted[at].get();
            // What can't be given back is lost, and never let in.
            prop_assert!(admitted == spent || faulty && admitted < spent, "{admitted} {spent}");
        }
    }
}
