//! All of it against a plain account of what was fetched.

use proptest::prelude::*;

use super::*;
use crate::Memory;
use crate::testing::word;

const KIDS: [&str; 4] = ["k0", "k1", "k2", "k3"];

/// As [`remote`] has it.
const MAX_STALE: f64 = 1000.0;
const LEASE: f64 = 3.0;

/// How long a worker may take to see what another fetched.
const UNSEEN: f64 = 5.0;

/// A set of [`KIDS`], as bits.
type Set = usize;

fn kids(set: Set) -> Vec<&'static str> {
    (0..4).filter(|bit| set & 1 << bit != 0).map(|bit| KIDS[bit]).collect()
}

/// What was fetched when.
#[derive(Debug, Default)]
struct Account {
    fetched: Vec<(f64, Set)>,
    /// The last call, and when it was sent.
    last: Option<(u32, f64)>,
}

impl Account {
    /// What a worker may have in force now.
    fn visible(&self, now: f64) -> Vec<(f64, Set)> {
        let until = |index: usize| self.fetched.get(index + 1).map_or(f64::MAX, |next| next.0);
        let all = self.fetched.iter().enumerate();
        all.filter(|(index, _)| until(*index) >= now - UNSEEN).map(|(_, one)| *one).collect()
    }
}

struct World {
    net: Net,
    now: f64,
    all: Vec<Worker>,
    account: Account,
    requests: Vec<Request>,
}

impl World {
    fn new(workers: usize) -> Self {
        let requests = KIDS.iter().map(|kid| {
            let exp = crate::testing::NOW + 1e6;
            Request::get("/").bearer(&key(kid).token(claims(json!({ "exp": exp }))))
        });
        Self {
            net: Net::new(),
            now: 0.0,
            all: super::workers(workers),
            account: Account::default(),
            requests: requests.collect(),
        }
    }

    fn pass(&mut self, seconds: f64) {
        self.now += seconds;
        self.net.at(self.now);
    }

    fn tick(&mut self, who: usize) {
        let worker = &mut self.all[who];
        // It no longer waits for what it won't use.
        let is_over = self.account.last.is_some_and(|(_, sent)| self.now > sent + LEASE);
        let own = worker.calls.first().map(|call| call.token);
        if own.is_some() && (is_over || own != self.account.last.map(|(token, _)| token)) {
            worker.calls.clear();
        }
        worker.tick(&self.net);
        worker.wake(&self.net);
        if let Some(call) = worker.calls.first().filter(|call| Some(call.token) != own) {
            self.account.last = Some((call.token, self.now));
        }
    }

    fn answer(&mut self, who: usize, set: Option<Set>) {
        let worker = &mut self.all[who];
        let Some(call) = worker.calls.first() else {
            return;
        };
        let (token, counts) = (call.token, self.account.last.map(|last| last.0));
        match set {
            None => worker.hear(token, nothing(), &self.net),
            Some(set) => {
                worker.hear(token, keys(&kids(set)), &self.net);
                if counts == Some(token) {
                    self.account.fetched.push((self.now, set));
                }
            }
        }
    }

    fn check(&mut self, who: usize) -> Result<(), TestCaseError> {
        self.tick(who);
        let (worker, visible) = (&mut self.all[who], self.account.visible(self.now));
        for (bit, request) in self.requests.iter().enumerate() {
            let has =
                |(time, set): &(f64, Set)| set & 1 << bit != 0 && self.now - time <= MAX_STALE;
            let said = worker.says(request, &self.net);
            let plain = worker.guard.decide(&request.headers(), &self.net, &mut Memory::new(0, 0));
            prop_assert_eq!(said, word(&plain), "a cache changes nothing");
            match said {
                "allow" => prop_assert!(visible.iter().any(has), "{bit} {:?}", self.account),
                "token_key_unknown" | "keys_unavailable" => prop_assert!(
                    visible.is_empty() || !visible.iter().all(has),
                    "{bit} {said} {:?}",
                    self.account
                ),
                other => prop_assert!(false, "{}", other),
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_key_counts_where_it_is_in_what_was_fetched_last(
        workers in 1_usize..5,
        steps in prop::collection::vec((0_usize..12, 0_usize..4, 0_usize..16), 1..60),
    ) {
        let mut world = World::new(workers);
        for (what, who, which) in steps {
            // No two leases are of one moment.
            world.pass(0.01);
            let who = who % workers;
            match what {
                0..4 => world.tick(who),
                4..6 => world.answer(who, Some(which)),
                6 => world.answer(who, None),
                7 => {
                    let request = world.requests[which % 4].clone();
                    world.all[who].serve(request, &world.net);
                }
                8..10 => world.check(who)?,
                _ => {
                    let spans = [0.05, 0.3, 1.7, 3.1, 20.0, 80.0, 400.0, 1100.0];
                    world.pass(spans[which % 8]);
                }
            }
            world.net.host.overtaken.set(which % 3);
        }
        world.net.host.overtaken.set(0);
        for who in 0..workers {
            world.check(who)?;
        }
    }

    /// As long as the provider answers and workers tick.
    #[test]
    fn a_removed_key_is_gone_after_a_refresh(
        workers in 1_usize..5,
        sets in prop::collection::vec(1_usize..16, 1..4),
        overtaken in 0_usize..3,
        step in 0.1_f64..1.0,
    ) {
        let mut world = World::new(workers);
        for set in sets {
            let end = world.now + 90.0 + UNSEEN + 2.0;
            while world.now < end {
                world.pass(step);
                for who in 0..workers {
                    world.net.host.overtaken.set(overtaken);
                    world.tick(who);
                    world.answer(who, Some(set));
                }
            }
            for who in 0..workers {
                for (bit, request) in world.requests.iter().enumerate() {
                    let said = world.all[who].says(request, &world.net);
                    prop_assert_eq!(said == "allow", set & 1 << bit != 0, "{} {}", said, bit);
                }
            }
        }
    }
}
