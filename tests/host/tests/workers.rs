//! Several workers of one proxy: they count together, exactly.

use std::sync::{Arc, Mutex, OnceLock};

use tenant_guard_host_tests::{Effect, Fault, Host, Plan, Request, SharedData};

use crate::common::counting::*;

const GET: &str = "proxy_get_shared_data";
const SET: &str = "proxy_set_shared_data";

/// Whichever level binds, and one level alone.
fn documents() -> Vec<(&'static str, Counting)> {
    vec![
        ("one level", counting_once(3)),
        ("the tenant's", counting([3, 9, 9])),
        ("the client's", counting([9, 3, 9])),
        ("the key's", counting([9, 9, 3])),
        ("all", counting([3, 3, 3])),
    ]
}

#[test]
fn the_other_worker_may_be_faster_at_any_moment() {
    for (what, document) in documents() {
        let calls = counting_calls(&document);
        let levels = if what == "one level" { 1 } else { 3 };
        for (name, nth) in calls {
            for (before, between) in [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (2, 1), (2, 2)] {
                let case = format!("{what}: {before} before, {between} at {name}[{nth}]");
                let shared = SharedData::new();
                let mut host = document.worker(&shared);
                let let_in = Arc::new(Mutex::new(host.admitted(&first_key(), before)));
                let (other, sum) = (in_another(document.worker(&shared)), let_in.clone());
                let faster = Effect::after(move || {
                    let admitted = other.lock().unwrap().admitted(&first_key(), between);
                    *sum.lock().unwrap() += admitted;
                });
                host.fault(Plan::of(Fault::on(name).nth(nth), faster));
                let run = host.request(&first_key());
                assert!(run.calls.iter().any(|call| call.faulted), "{case}");
                host.fault(Plan::none());
                let admitted = usize::from(run.outcome.reached_application());
                let all = *let_in.lock().unwrap() + admitted + host.admitted(&first_key(), 3);
                assert_eq!((all, counted(&shared)), (3, 3 * levels), "{case}");
            }
        }
    }
}

/// The calls about shared values of one request.
fn counting_calls(document: &Counting) -> Vec<(&'static str, usize)> {
    let run = document.worker(&SharedData::new()).request(&first_key());
    let calls = run.calls.iter().filter(|call| [GET, SET].contains(&call.name));
    calls.map(|call| (call.name, call.nth)).collect()
}

/// Workers that come in between at random, and others in between those.
struct Crew {
    workers: Vec<Mutex<Host>>,
    state: Mutex<(u64, usize, usize)>,
}

impl Crew {
    fn new(document: &Counting, shared: &SharedData, seed: u64) -> Arc<Self> {
        let crew: Arc<OnceLock<Arc<Self>>> = Arc::default();
        let effect = || {
            let crew = crew.clone();
            Effect::after(move || {
                let crew = crew.get().unwrap();
                while crew.random(3) == 0 && crew.one_request() {}
            })
        };
        let worker = || {
            let mut host = document.worker(shared);
            host.fault(Plan::of(Fault::on(GET), effect()).and(Fault::on(SET), effect()));
            Mutex::new(host)
        };
        let workers = (0..4).map(|_| worker()).collect();
        let all = Arc::new(Self { workers, state: Mutex::new((seed, 0, 0)) });
        assert!(crew.set(all.clone()).is_ok());
        all
    }

    fn random(&self, below: u64) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.0 ^= state.0 << 13;
        state.0 ^= state.0 >> 7;
        state.0 ^= state.0 << 17;
        state.0 % below
    }

    /// False where no worker is free, or all requests were sent.
    fn one_request(&self) -> bool {
        if self.state.lock().unwrap().1 >= 20 {
            return false;
        }
        let first = self.random(4) as usize;
        let order = self.workers.iter().cycle().skip(first).take(4);
        let Some(mut worker) = order.map(Mutex::try_lock).find_map(Result::ok) else {
            return false;
        };
        self.state.lock().unwrap().1 += 1;
        let request = if self.random(2) == 0 { first_key() } else { second_key() };
        let run = worker.request(&request);
        assert!(["continued", "429 rate_limited"].contains(&run.outcome.short().as_str()));
        self.state.lock().unwrap().2 += usize::from(run.outcome.reached_application());
        true
    }
}

#[test]
fn whatever_the_order_exactly_the_limit_is_let_in() {
    for seed in 1..=30 {
        for (document, levels) in [(counting_once(7), 1), (counting([7, 9, 9]), 3)] {
            let shared = SharedData::new();
            let crew = Crew::new(&document, &shared, seed << 32 | 0x9e37_79b9);
            while crew.one_request() {}
            let (_, sent, admitted) = *crew.state.lock().unwrap();
            assert_eq!((sent, admitted), (20, 7), "seed {seed}, {levels} levels");
            assert_eq!(counted(&shared), 7 * levels, "seed {seed}, {levels} levels");
        }
    }
}

#[test]
fn workers_that_really_run_at_once_let_in_exactly_the_limit() {
    for (document, levels) in [(counting_once(50), 1), (counting([50, 40, 40]), 3)] {
        let shared = SharedData::new();
        let admitted: usize = std::thread::scope(|scope| {
            let send = |request: Request| {
                let mut host = document.worker(&shared);
                scope.spawn(move || host.admitted(&request, 50))
            };
            let workers = [first_key(), second_key(), first_key(), second_key()].map(send);
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!((admitted, counted(&shared)), (50, 50 * levels), "{levels} levels");
    }
}

#[test]
fn a_window_ends_to_the_second() {
    let mut host = counting([3, 9, 9]).worker(&SharedData::new());
    assert_eq!(host.admitted(&first_key(), 5), 3);
    host.advance(59);
    assert_eq!(host.admitted(&first_key(), 5), 0);
    host.advance(1);
    assert_eq!(host.admitted(&first_key(), 5), 3);
}

/// Clocks of workers differ at the edge of a window.
#[test]
fn a_worker_still_in_the_old_window_counts_in_the_new_one() {
    for (document, levels) in [(counting_once(3), 1), (counting([3, 90, 90]), 3)] {
        let shared = SharedData::new();
        let (mut late, mut early) = (document.worker(&shared), document.worker(&shared));
        early.advance(60);
        assert_eq!(late.admitted(&first_key(), 5), 3);
        assert_eq!(early.admitted(&first_key(), 1), 1);
        assert_eq!(late.admitted(&first_key(), 5), 2, "{levels} levels");
        assert_eq!(early.admitted(&first_key(), 5), 0);
        late.advance(60);
        assert_eq!(late.admitted(&first_key(), 5), 0);
    }
}

/// The other worker enters the next window in the middle of a request.
#[test]
fn a_window_may_end_at_any_moment() {
    for (what, document) in [("one level", counting_once(3)), ("all", counting([3, 90, 90]))] {
        for (name, nth) in counting_calls(&document) {
            for between in 1..=4 {
                let shared = SharedData::new();
                let mut host = document.worker(&shared);
                assert_eq!(host.admitted(&first_key(), 2), 2);
                let mut other = document.worker(&shared);
                other.advance(60);
                let (other, let_in) = (in_another(other), Arc::new(Mutex::new(0)));
                let (entering, sum) = (other.clone(), let_in.clone());
                let faster = Effect::after(move || {
                    *sum.lock().unwrap() = entering.lock().unwrap().admitted(&first_key(), between);
                });
                host.fault(Plan::of(Fault::on(name).nth(nth), faster));
                let raced = host.admitted(&first_key(), 1);
                host.fault(Plan::none());
                host.advance(60);
                let new = *let_in.lock().unwrap() + host.admitted(&first_key(), 5);
                let case = format!("{what}: {between} at {name}[{nth}]: {raced} and {new}");
                // The request in between is of the old window or of the new one.
                assert!((3..=4).contains(&(raced + new)) && new <= 3, "{case}");
            }
        }
    }
}

#[test]
fn failures_count_over_all_workers() {
    let shared = SharedData::new();
    let document = counting([90, 90, 90]);
    let mut workers: Vec<_> = (0..3).map(|_| document.worker(&shared)).collect();
    let guess = |n: usize| Request::get("/").header("x-api-key", &format!("guess {n}"));
    for (n, worker) in workers.iter_mut().enumerate() {
        assert_eq!(worker.request(&guess(n)).outcome.short(), "401 api_key_unknown");
    }
    for worker in &mut workers {
        let run = worker.request(&guess(9));
        assert_eq!(run.outcome.short(), "429 authentication_blocked");
        assert_eq!(run.outcome.reply().unwrap().headers.all("retry-after"), ["600"]);
        // A key that is known passes, and so does whoever is elsewhere.
        assert!(worker.request(&first_key()).outcome.reached_application());
        let run = worker.request(&guess(9).client("198.51.100.1:1"));
        assert!(["401 api_key_unknown"].contains(&run.outcome.short().as_str()));
        worker.advance(600);
    }
    let run = workers[0].request(&guess(9));
    assert_eq!(run.outcome.short(), "401 api_key_unknown");
}
