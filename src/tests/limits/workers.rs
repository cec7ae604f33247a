//! Workers that overtake each other in the middle of a decision.

use std::cell::{Cell, RefCell};

use proptest::prelude::*;

use super::*;
use crate::host::{HostError, Written};
use crate::testing::{FixedHost, NOW, WatchedHost};

/// Workers that share a host, each with one request. Wherever the plan says
/// so, another one's whole decision runs before a call to the host.
struct Workers<'a> {
    guard: &'a Guard,
    host: &'a FixedHost,
    waiting: RefCell<Vec<Request>>,
    plan: RefCell<std::vec::IntoIter<bool>>,
    outcomes: RefCell<Vec<(Request, &'static str)>>,
    /// Writes that lost against another's.
    lost: Cell<usize>,
}

impl<'a> Workers<'a> {
    fn new(guard: &'a Guard, host: &'a FixedHost, requests: Vec<Request>, plan: Vec<bool>) -> Self {
        Self {
            guard,
            host,
            waiting: RefCell::new(requests),
            plan: RefCell::new(plan.into_iter()),
            outcomes: RefCell::default(),
            lost: Cell::default(),
        }
    }

    fn serve_next(&self) -> bool {
        let Some(request) = self.waiting.borrow_mut().pop() else {
            return false;
        };
        let outcome = outcome(self.guard, &request, self);
        self.outcomes.borrow_mut().push((request, outcome));
        true
    }

    /// Where another worker may run.
    fn pause(&self) {
        let now = self.plan.borrow_mut().next();
        if now == Some(true) {
            self.serve_next();
        }
    }

    /// Serves all requests; how many of each key were let in.
    fn run(&self, secrets: &[&str]) -> Vec<usize> {
        while self.serve_next() {}
        let outcomes = self.outcomes.borrow();
        let of = |secret: &str| {
            let of = outcomes.iter().filter(|(r, _)| r.value("x-api-key").unwrap() == secret);
            of.filter(|(_, outcome)| *outcome == "allow").count()
        };
        let known = |outcome: &str| ["allow", "rate_limited"].contains(&outcome);
        assert!(outcomes.iter().all(|(_, outcome)| known(outcome)), "{outcomes:?}");
        secrets.iter().map(|secret| of(secret)).collect()
    }
}

impl WatchedHost for Workers<'_> {
    fn host(&self) -> &FixedHost {
        self.host
    }

    fn before(&self, _: &'static str) -> Result<(), HostError> {
        self.pause();
        Ok(())
    }

    fn write(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError> {
        let written = self.host.share(name, value, version);
        if written == Ok(Written::Overtaken) {
            self.lost.set(self.lost.get() + 1);
        }
        written
    }
}

fn requests(secrets: &[&str], each: usize) -> Vec<Request> {
    let requests = secrets.iter().flat_map(|secret| vec![by_key(secret, "/publish"); each]);
    requests.collect()
}

fn limits(count: usize) -> Value {
    json!({"requests": format!("{count}/min")})
}

#[test]
fn of_workers_that_all_overtake_each_other_exactly_as_many_get_in_as_may() {
    for limit in [1, 7, 19, 20, 21] {
        let levels = [
            (1, limits(limit), Value::Null, Value::Null),
            (1, Value::Null, Value::Null, limits(limit)),
            (3, limits(limit), limits(limit), limits(limit)),
        ];
        for (pages, tenant, client, key) in levels {
            let guard = limited(tenants(tenant, client, key));
            let host = FixedHost::at(NOW);
            // Each worker reads its pages and the time; before its first write
            // comes the next one.
            let calls = pages + 1;
            let plan = (0..1_000).map(|call| call % (calls + 1) == calls).collect();
            let workers = Workers::new(&guard, &host, requests(&["web-1"], 20), plan);
            assert_eq!(workers.run(&["web-1"]), [limit.min(20)]);
            assert!(workers.lost.get() >= 19, "{}", workers.lost.get());
            assert_eq!(left(&guard, &by_key("web-1", "/"), &host), limit.saturating_sub(20));
        }
    }
}

#[test]
fn a_charge_that_another_makes_impossible_is_given_back_at_every_level() {
    let guard = limited(tenants(limits(3), limits(9), limits(9)));
    let wider = limited(tenants(limits(30), limits(9), limits(9)));
    let mut waiting = requests(&["app-1"], 3);
    waiting.extend(requests(&["web-1"], 1));
    // Wherever three of another client fill the tenant.
    for pause in 0..20 {
        let host = FixedHost::at(NOW);
        let plan = (0..40).map(|at| (pause..pause + 3).contains(&at)).collect();
        let workers = Workers::new(&guard, &host, waiting.clone(), plan);
        let admitted = workers.run(&["web-1", "app-1"]);
        assert_eq!(admitted.iter().sum::<usize>(), 3, "{pause}");
        // In the same windows, the key and its client have what wasn't used.
        assert_eq!(left(&wider, &by_key("web-1", "/"), &host), 9 - admitted[0], "{pause}");
    }
}

#[test]
fn a_window_that_ends_in_the_middle_of_a_decision_is_not_opened_again() {
    // One page: an action of a minute, and one of an hour that makes a worker
    // write it after the minute.
    let limits = json!({"actions": {"publish": "2/min", "read": "9/hour"}});
    let guard = limited(tenants(limits, Value::Null, Value::Null));
    let publish = || by_key("web-1", "/publish");
    for (pause, used) in (0..6).flat_map(|pause| [(pause, 1), (pause, 2)]) {
        let host = FixedHost::at(NOW + 59.9);
        let mut admitted = 0;
        for _ in 0..used {
            admitted += usize::from(outcome(&guard, &publish(), &host) == "allow");
        }
        let rival = Cell::default();
        let late = Late { guard: &guard, host: &host, calls: Cell::new(pause), rival: &rival };
        admitted += usize::from(outcome(&guard, &publish(), &late) == "allow") + rival.get();
        host.set(NOW + 60.0);
        admitted += left(&guard, &publish(), &host);
        assert_eq!(admitted, 4, "two in each minute: {pause} {used}");
    }
}

/// A worker that is late: after so many calls another publishes, the next
/// minute begins, and another reads.
struct Late<'a> {
    guard: &'a Guard,
    host: &'a FixedHost,
    calls: Cell<usize>,
    /// How many of the other's were let in.
    rival: &'a Cell<usize>,
}

impl WatchedHost for Late<'_> {
    fn host(&self) -> &FixedHost {
        self.host
    }

    fn before(&self, _: &'static str) -> Result<(), HostError> {
        if self.calls.replace(self.calls.get().wrapping_sub(1)) == 0 {
            let published = outcome(self.guard, &by_key("app-1", "/publish"), self.host);
            self.rival.set(usize::from(published == "allow"));
            self.host.set(NOW + 60.0);
            assert_eq!(outcome(self.guard, &by_key("web-1", "/read"), self.host), "allow");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn however_workers_interleave_the_limits_are_exact_and_nothing_leaks(
        tenant in 1_usize..14,
        client in 1_usize..10,
        key in 1_usize..6,
        each in 1_usize..7,
        plan in prop::collection::vec(prop::bool::weighted(0.4), 0..400),
    ) {
        let guard = limited(tenants(limits(tenant), limits(client), limits(key)));
        let host = FixedHost::at(NOW);
        let secrets = ["web-1", "web-2", "app-1"];
        let mut waiting = requests(&secrets, each);
        // Not one key after the other.
        waiting.sort_by_key(|request| request.value("x-api-key").unwrap().len());
        let count = waiting.len();
        waiting.rotate_left(plan.len() % count);
        let workers = Workers::new(&guard, &host, waiting, plan);
        let admitted = workers.run(&secrets);
        // Limits of a hierarchy let in as many in any order.
        let of_web = (each.min(key) + each).min(client);
        prop_assert_eq!(admitted.iter().sum::<usize>(), (of_web + each).min(tenant));
        prop_assert!(admitted[0] <= key && admitted[0] + admitted[1] <= client);
        // In the same windows, with more for those above, each has its rest.
        let much = || limits(1_000);
        let wide = limited(tenants(much(), much(), limits(key)));
        prop_assert_eq!(left(&wide, &by_key("web-1", "/"), &host), key - admitted[0]);
        let spent = key - admitted[0];
        let wide = limited(tenants(much(), limits(client + spent), much()));
        let rest = client - admitted[0] - admitted[1];
        prop_assert_eq!(left(&wide, &by_key("web-2", "/"), &host), rest);
    }
}
