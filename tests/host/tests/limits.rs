//! Limits and the throttle where the host fails: never more is let in than the
//! limit, and at most one request is lost by one fault.

use serde_json::json;
use tenant_guard_host_tests::{Callback, Effect, Fault, Outcome, Plan, Run, SharedData, status};

use crate::common::counting::*;
use crate::common::sweep::{at, failures, report, rubbish, statuses, this};
use crate::common::*;

const GET: &str = "proxy_get_shared_data";
const SET: &str = "proxy_set_shared_data";

#[test]
fn a_request_counts_at_three_levels_and_its_response_says_so() {
    let shared = SharedData::new();
    let mut host = counting([9, 6, 3]).worker(&shared);
    let request = first_key().response_header("x-application", "1");
    for left in ["2", "1", "0"] {
        let run = host.request(&request);
        assert!(run.outcome.reached_application(), "{:?}", run.outcome);
        assert_eq!(run.response.all("x-rate-limit-remaining"), [left]);
        assert_eq!(run.response.all("x-application"), ["1"]);
    }
    let run = host.request(&request);
    assert_eq!(run.outcome.short(), "429 rate_limited");
    let reply = run.outcome.reply().unwrap();
    for (name, value) in [
        ("x-rate-limit-limit", "3"),
        ("x-rate-limit-remaining", "0"),
        ("x-rate-limit-reset", "1795392000"),
        ("retry-after", "43200"),
    ] {
        assert_eq!(reply.headers.all(name), [value], "{name}");
    }
    assert_eq!(reply.json()["level"], json!("key"));
    assert_eq!(counted(&shared), 9);
    assert_eq!(shared.names(VM_ID).len(), 3, "each level has a value of its own");
}

/// Where its own headers can't be set, the answer of the application goes on.
#[test]
fn a_response_is_never_held_back() {
    for status in statuses() {
        let mut host = host();
        let fault = Fault::any().within(Callback::ResponseHeaders);
        host.fault(Plan::of(fault, Effect::Status(status)));
        let run = host.request(&with_key().response_header("x-application", "1"));
        assert!(matches!(run.outcome, Outcome::Continued { .. }), "{status}: {:?}", run.outcome);
        assert_eq!(run.response.all("x-application"), ["1"], "{status}");
        let run = host.request(&with_spent_key());
        assert_eq!(run.outcome.short(), "429 rate_limited", "{status}");
    }
}

/// How many of so many requests a limit of three lets in, one of them with
/// faults.
fn admitted_of_five(plan: &Plan, shared: &SharedData) -> (usize, Vec<Run>) {
    let mut host = counting([3, 3, 3]).worker(shared);
    let mut runs = vec![host.request(&first_key())];
    host.fault(plan.clone());
    runs.push(host.request(&first_key()));
    host.fault(Plan::none());
    runs.extend((0..3).map(|_| host.request(&first_key())));
    (runs.iter().filter(|run| run.outcome.reached_application()).count(), runs)
}

#[test]
fn no_fault_lets_in_more_than_the_limit() {
    let shared = SharedData::new();
    let (admitted, runs) = admitted_of_five(&Plan::none(), &shared);
    assert_eq!((admitted, counted(&shared)), (3, 9));
    let (mut tried, mut bad) = (0, Vec::new());
    for call in &runs[1].calls {
        let done_but = [8, 10].map(|s| (format!("done but {s}"), Effect::DoneBut(s)));
        for (word, effect) in failures().into_iter().chain(rubbish(call.name)).chain(done_but) {
            // A host that only says that it wrote can't be found out.
            if matches!(effect, Effect::Status(status::OK)) {
                continue;
            }
            tried += 1;
            let shared = SharedData::new();
            let (admitted, runs) = admitted_of_five(&Plan::of(this(call), effect), &shared);
            let codes: Vec<_> = runs.iter().map(|run| run.outcome.short()).collect();
            if !(2..=3).contains(&admitted) || codes.iter().any(|code| code.starts_with("trapped"))
            {
                bad.push(format!("{}: {codes:?}", at(call, &word)));
            }
        }
    }
    report("limits", tried, &bad);
}

/// Faults on top of another worker that takes the tenant's last request, so
/// that charges are to be given back.
#[test]
fn no_fault_while_charges_are_given_back_lets_in_more() {
    let race = |shared: &SharedData| {
        let other = in_another(counting([3, 9, 9]).worker(shared));
        Plan::of(
            Fault::on(SET).nth(2),
            Effect::after(move || {
                assert!(other.lock().unwrap().request(&second_key()).outcome.reached_application());
            }),
        )
    };
    let run = |more: Option<(&str, usize, Effect)>| {
        let shared = SharedData::new();
        let mut host = counting([3, 9, 9]).worker(&shared);
        let mut runs = vec![host.request(&first_key()), host.request(&second_key())];
        let plan = race(&shared);
        host.fault(match more {
            Some((name, nth, effect)) => plan.and(Fault::on(name).nth(nth), effect),
            None => plan,
        });
        runs.push(host.request(&first_key()));
        host.fault(Plan::none());
        let raced = runs[2].outcome.short();
        runs.extend((0..3).map(|_| host.request(&first_key())));
        let admitted = runs.iter().filter(|run| run.outcome.reached_application()).count();
        (admitted, raced, counted(&shared))
    };
    assert_eq!(run(None), (2, "429 rate_limited".into(), 9));
    let (mut tried, mut bad) = (0, Vec::new());
    for (name, first) in [(GET, 3), (SET, 3)] {
        for nth in first..first + 3 {
            for (word, effect) in failures().into_iter().chain(rubbish(name)) {
                if matches!(effect, Effect::Status(status::OK)) {
                    continue;
                }
                tried += 1;
                let (admitted, raced, counted) = run(Some((name, nth, effect)));
                // What wasn't given back is lost, and no more.
                if admitted != 2 || raced.starts_with("trapped") || !(9..=11).contains(&counted) {
                    bad.push(format!("{name}[{nth}] {word}: {admitted} {raced} {counted}"));
                }
            }
        }
    }
    report("giving back", tried, &bad);
}

/// Whoever is overtaken each time gives up, and charges nothing.
#[test]
fn contention_without_end_is_limiter_unavailable_and_charges_nothing() {
    for level in [None, Some(0), Some(1), Some(2)] {
        let shared = SharedData::new();
        let mut host = counting([3, 3, 3]).worker(&shared);
        let first = host.request(&first_key());
        let pages: Vec<String> =
            first.calls.iter().filter(|c| c.name == GET).map(|c| c.about.clone()).collect();
        assert_eq!(pages.len(), 3);
        let contended: Vec<_> = match level {
            Some(level) => vec![pages[level].clone()],
            None => pages,
        };
        let store = shared.clone();
        let touch = Effect::after(move || {
            for page in &contended {
                let (value, _) = store.get(VM_ID, page).unwrap();
                store.set(VM_ID, page, value, 0);
            }
        });
        host.fault(Plan::of(Fault::on(SET), touch));
        let run = host.request(&first_key());
        assert!(limiter_unavailable(&run.outcome), "{level:?}: {:?}", run.outcome);
        assert!(run.calls.len() < 300, "{level:?}: {} hostcalls", run.calls.len());
        assert_eq!(counted(&shared), 3, "{level:?}");
        host.fault(Plan::none());
        let admitted = host.admitted(&first_key(), 4);
        assert_eq!((admitted, counted(&shared)), (2, 9), "{level:?}");
    }
}

/// What the throttle can't read or write, it forgets: a guess is a guess.
#[test]
fn a_failure_that_cannot_be_recorded_is_refused_all_the_same() {
    for name in [GET, SET] {
        for status in statuses() {
            let mut host = host();
            host.fault(Plan::of(Fault::on(name), Effect::Status(status)));
            let run = host.request(&with_wrong_key());
            assert!(!run.outcome.reached_application(), "{name}, {status}: {:?}", run.outcome);
            assert!(run.outcome.reply().is_some(), "{name}, {status}: {:?}", run.outcome);
        }
    }
}

/// No window ends after the clock's last second, so nothing could be counted.
#[test]
fn a_clock_past_the_last_window_lets_nothing_in_that_is_limited() {
    let mut host = host();
    host.advance(u64::from(u32::MAX) - NOW + 1);
    assert!(limiter_unavailable(&host.request(&with_key()).outcome));
    assert!(host.request(&public()).outcome.reached_application());
}
