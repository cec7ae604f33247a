//! Requests that wait.

use proptest::prelude::*;

use super::*;
use crate::{MOST_AT_ONCE, Patience};

#[test]
fn before_the_first_fetch_requests_wait_for_it() {
    let (net, mut worker) = (Net::new(), worker());
    worker.tick(&net);
    assert_eq!(worker.serve(by("a"), &net), None);
    assert_eq!(worker.serve(by("b"), &net), None);
    net.at(1.9);
    worker.tick(&net);
    assert_eq!(worker.wake(&net), [""; 0]);
    worker.answer(keys(&["a"]), &net);
    let mut outcomes = worker.wake(&net);
    // What isn't in the set may be in the next.
    if outcomes == ["allow"] {
        net.at(2.1);
        worker.tick(&net);
        if !worker.calls.is_empty() {
            worker.answer(keys(&["a"]), &net);
        }
        worker.tick(&net);
        outcomes.extend(worker.wake(&net));
    }
    assert_eq!(outcomes, ["allow", "token_key_unknown"]);
    assert!(worker.room.is_empty());
}

#[test]
fn they_wait_no_longer_than_the_timeout() {
    let (net, mut worker) = (Net::new(), worker());
    worker.tick(&net);
    net.at(0.5);
    assert_eq!(worker.serve(by("a"), &net), None);
    for (at, outcomes) in [(2.4, vec![]), (2.5, vec!["keys_unavailable"])] {
        net.at(at);
        worker.tick(&net);
        assert_eq!(worker.wake(&net), outcomes, "{at}");
    }
}

/// Fails until the next fetch is many seconds away.
fn fail_often(worker: &mut Worker, net: &Net) {
    let mut now = 0.0;
    for _ in 0..5 {
        worker.fetch(nothing(), net);
        now += 20.0;
        net.at(now);
    }
}

#[test]
fn nobody_waits_for_a_fetch_that_comes_too_late() {
    let (net, mut worker) = (Net::new(), worker());
    fail_often(&mut worker, &net);
    worker.fetch(nothing(), &net);
    assert_eq!(worker.serve(by("a"), &net), Some("keys_unavailable"));
    assert!(worker.room.is_empty());
}

#[test]
fn those_who_wait_are_told_as_soon_as_no_fetch_comes_in_time() {
    let (net, mut worker) = (Net::new(), worker());
    fail_often(&mut worker, &net);
    worker.tick(&net);
    assert_eq!(worker.serve(by("a"), &net), None, "a fetch is under way");
    worker.answer(nothing(), &net);
    worker.tick(&net);
    assert_eq!(worker.wake(&net), ["keys_unavailable"]);
}

#[test]
fn a_new_key_is_waited_for_once_each_cooldown() {
    let (net, mut worker) = (Net::new(), worker());
    worker.fetch(keys(&["a"]), &net);
    net.at(40.0);
    assert_eq!(worker.serve(by("b"), &net), None);
    assert_eq!(worker.serve(by("a"), &net), Some("allow"), "a known key doesn't wait");
    worker.fetch(keys(&["a", "b"]), &net);
    worker.tick(&net);
    assert_eq!(worker.wake(&net), ["allow"]);
    assert_eq!(worker.serve(by("c"), &net), Some("token_key_unknown"), "the cooldown");
    net.at(71.0);
    worker.tick(&net);
    assert_eq!(worker.serve(by("c"), &net), None);
    worker.fetch(nothing(), &net);
    worker.tick(&net);
    assert_eq!(worker.wake(&net), ["token_key_unknown"]);
    assert_eq!(worker.serve(by("a"), &net), Some("allow"));
}

#[test]
fn a_crowd_is_not_waited_with() {
    let (net, mut worker) = (Net::new(), worker());
    worker.tick(&net);
    for _ in 0..4_096 {
        assert_eq!(worker.serve(by("a"), &net), None);
    }
    assert_eq!(worker.room.patience(), Patience::Crowded);
    assert_eq!(worker.serve(by("a"), &net), Some("keys_unavailable"));
    worker.answer(keys(&["a"]), &net);
    // In the order that they came, some at a time.
    worker.tick(&net);
    for _ in 0..4_096 / MOST_AT_ONCE {
        assert_eq!(worker.wake(&net), ["allow"; MOST_AT_ONCE]);
    }
    assert_eq!(worker.room.patience(), Patience::MayWait);
}

#[test]
fn where_a_crowd_waits_an_unknown_key_is_no_wrong_one() {
    let (net, mut worker) = (Net::new(), worker());
    worker.fetch(keys(&["a"]), &net);
    net.at(40.0);
    worker.tick(&net);
    let crowded = |worker: &mut Worker, kid| worker.tries(&by(kid), Patience::Crowded, &net);
    assert_eq!(crowded(&mut worker, "a"), Ok("allow"));
    assert_eq!(crowded(&mut worker, "b"), Ok("keys_unavailable"));
    assert_eq!(worker.tries(&by("b"), Patience::Waited, &net), Ok("token_key_unknown"));
}

#[test]
fn a_request_that_is_gone_is_forgotten() {
    let (net, mut worker) = (Net::new(), worker());
    worker.tick(&net);
    worker.serve(by("a"), &net);
    worker.serve(by("b"), &net);
    worker.room.forget(|request| *request == by("a"));
    worker.answer(keys(&["a", "b"]), &net);
    worker.tick(&net);
    assert_eq!(worker.wake(&net).len(), 1);
    worker.serve(by("c"), &net);
    assert!(worker.room.any().iter().all(|ready| ready.patience == Patience::Waited));
    assert!(worker.room.is_empty());
}

/// Tenants first, then the keys of the issuer that they bring.
#[test]
fn a_request_waits_in_rounds() {
    let document = json!({"directory": {
        "cluster": "tenants", "uri": "https://tenants.example/t", "timeout": "2s",
        "key_clusters": ["idp"],
    }});
    let mut issuer = remote(json!({}));
    issuer.as_object_mut().unwrap().remove("tenant");
    let tenants = json!({"version": 1, "tenants": [{"id": "acme", "issuers": [issuer]}]});
    let (net, mut worker) = (Net::new(), Worker::new(&document));
    worker.tick(&net);
    assert_eq!(worker.serve(by("a"), &net), None);
    net.at(1.5);
    worker.answer(found(&tenants), &net);
    worker.tick(&net);
    assert_eq!(worker.wake(&net), [""; 0], "it waits for the keys now");
    net.at(3.0);
    worker.tick(&net);
    assert_eq!(worker.wake(&net), [""; 0]);
    worker.answer(keys(&["a"]), &net);
    worker.tick(&net);
    assert_eq!(worker.wake(&net), ["allow"]);
}

#[test]
fn nobody_waits_for_a_source_that_is_gone() {
    let (net, mut worker) = (Net::new(), worker());
    worker.room.enter(by("a"), 0, &[SourceId(42)], &mut worker.fetcher, net.time());
    let ready = worker.room.ready(&worker.fetcher, net.time());
    assert_eq!(ready.len(), 1);
    assert_eq!(ready[0].patience, Patience::Waited);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever comes of the calls: as long as there are ticks, each request
    /// that enters leaves, after three timeouts at the latest.
    #[test]
    fn everyone_who_waits_is_answered(
        steps in prop::collection::vec((0_usize..8, 0_usize..4, 0.0_f64..0.4), 1..150),
    ) {
        const TIMEOUT: f64 = 2.0;
        let (net, mut all) = (Net::new(), workers(2));
        let (mut now, mut waiting) = (0.0, [Vec::new(), Vec::new()]);
        let quiet = std::iter::repeat_n((7, 0, 0.1), 80);
        for (what, which, later) in steps.into_iter().chain(quiet) {
            now += later;
            net.at(now);
            let own = which % 2;
            let worker = &mut all[own];
            match what {
                0 | 1 => {
                    let said = worker.serve(by(["a", "b", "c", "d"][which]), &net);
                    waiting[own].extend(said.is_none().then_some(now));
                }
                2 if !worker.calls.is_empty() => {
                    let token = worker.calls.remove(0).token;
                    let set = [&["a"][..], &["a", "b"], &[], &["c"]][which];
                    worker.hear(token, keys(set), &net);
                }
                3 if !worker.calls.is_empty() => {
                    let token = worker.calls.remove(0).token;
                    worker.hear(token, nothing(), &net);
                }
                // The answer never comes.
                4 => worker.calls.clear(),
                _ => {}
            }
            for (worker, waiting) in all.iter_mut().zip(&mut waiting) {
                worker.tick(&net);
                let woken = worker.wake(&net);
                for said in &woken {
                    let known = ["allow", "token_key_unknown", "keys_unavailable"];
                    prop_assert!(known.contains(said), "{}", said);
                }
                // None can be told from another: the oldest is gone first or
                // in good time.
                waiting.drain(..woken.len().min(waiting.len()));
                if let Some(oldest) = waiting.first() {
                    prop_assert!(now - oldest <= 3.0 * TIMEOUT + 0.5, "{}", now - oldest);
                }
            }
        }
        prop_assert!(all.iter().all(|worker| worker.room.is_empty()));
    }
}
