//! Who fetches.

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::testing::elsewhere::{answer, tagged};

#[test]
fn one_fetches_and_the_others_take_over() {
    let (net, mut all) = (Net::new(), workers(4));
    for worker in &mut all {
        worker.tick(&net);
        assert_eq!(worker.says(&by("a"), &net), "keys_unavailable");
    }
    assert_eq!(calls(&all), 1);
    all[0].answer(keys(&["a"]), &net);
    for worker in &mut all {
        worker.tick(&net);
        assert_eq!(worker.says(&by("a"), &net), "allow");
    }
    // One that comes later fetches nothing.
    let mut late = worker();
    net.at(50.0);
    late.tick(&net);
    assert_eq!((late.says(&by("a"), &net), late.calls.len() + calls(&all)), ("allow", 0));
}

#[test]
fn who_loses_the_lease_by_a_hair_takes_over_what_the_winner_fetches() {
    let net = Net::new();
    let (mut loser, winner) = (worker(), Rc::new(RefCell::new(worker())));
    loser.fetch(keys(&["a"]), &net);
    winner.borrow_mut().tick(&net);
    net.at(60.0);
    // Both are brought a new key, and both find that nobody fetches it.
    assert_eq!(loser.serve(by("b"), &net), None);
    assert_eq!(winner.borrow_mut().serve(by("b"), &net), None);
    let quicker = Rc::clone(&winner);
    net.meanwhile.replace(Some(Box::new(move |net| quicker.borrow_mut().tick(net))));
    loser.tick(&net);
    assert_eq!((loser.calls.len(), winner.borrow().calls.len()), (0, 1));
    net.at(60.3);
    winner.borrow_mut().answer(keys(&["a", "b"]), &net);
    assert_eq!(winner.borrow_mut().wake(&net), ["allow"]);
    loser.tick(&net);
    assert_eq!(loser.wake(&net), ["allow"]);
}

#[test]
fn a_worker_that_dies_with_the_lease_is_replaced_when_it_expires() {
    let (net, mut other) = (Net::new(), worker());
    let mut dead = worker();
    dead.tick(&net);
    // The timeout and a second of grace.
    for (at, made) in [(0.1, 0), (2.9, 0), (3.0, 1)] {
        net.at(at);
        other.tick(&net);
        assert_eq!(other.calls.len(), made, "{at}");
    }
    other.answer(keys(&["a"]), &net);
    assert_eq!(other.says(&by("a"), &net), "allow");
}

#[test]
fn a_late_answer_of_an_expired_lease_changes_nothing() {
    for late in [keys(&["old"]), nothing(), answer(304, &[], ""), answer(200, &[], "{")] {
        let (net, mut slow, mut quick) = (Net::new(), worker(), worker());
        slow.tick(&net);
        let token = slow.calls[0].token;
        net.at(3.0);
        quick.fetch(keys(&["new"]), &net);
        let before = quick.fetcher.pause(net.time());
        slow.hear(token, late, &net);
        for worker in [&mut slow, &mut quick] {
            worker.tick(&net);
            assert_eq!(worker.says(&by("new"), &net), "allow");
            assert_eq!(worker.says(&by("old"), &net), "token_key_unknown");
            assert!(worker.calls.is_empty());
        }
        assert_eq!(quick.fetcher.pause(net.time()), before, "it is due when it was");
    }
}

#[test]
fn a_late_answer_while_another_fetches_changes_nothing() {
    let (net, mut slow, mut quick) = (Net::new(), worker(), worker());
    slow.tick(&net);
    let token = slow.calls[0].token;
    net.at(3.0);
    quick.tick(&net);
    slow.hear(token, keys(&["old"]), &net);
    slow.tick(&net);
    assert_eq!(slow.says(&by("old"), &net), "keys_unavailable");
    quick.answer(keys(&["new"]), &net);
    slow.tick(&net);
    assert_eq!(slow.says(&by("new"), &net), "allow");
}

#[test]
fn a_late_not_modified_renews_nothing() {
    let (net, mut slow, mut quick) = (Net::new(), worker(), worker());
    slow.fetch(tagged(&set(&["a"]), "\"1\""), &net);
    net.at(91.0);
    slow.tick(&net);
    assert!(slow.calls[0].header("if-none-match").is_some());
    net.at(95.0);
    quick.fetch(keys(&["b"]), &net);
    net.at(99.0);
    slow.answer(answer(304, &[], ""), &net);
    for worker in [&mut slow, &mut quick] {
        worker.tick(&net);
        let ages: Vec<f64> = worker.fetcher.ages(net.time()).map(|(_, age)| age).collect();
        assert_eq!((ages, worker.says(&by("b"), &net)), (vec![4.0], "allow"));
    }
}

#[test]
fn who_gets_no_answer_asks_again_when_the_lease_expires() {
    let (net, mut worker) = (Net::new(), worker());
    worker.tick(&net);
    for (at, made) in [(2.9, 1), (3.1, 2)] {
        net.at(at);
        worker.tick(&net);
        assert_eq!(worker.calls.len(), made, "{at}");
    }
}

#[test]
fn an_answer_to_no_call_changes_nothing() {
    let (net, mut worker) = (Net::new(), worker());
    worker.hear(7, keys(&["a"]), &net);
    worker.tick(&net);
    worker.hear(99, keys(&["a"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "keys_unavailable");
    assert_eq!(worker.fetcher.most_bytes(99), 0);
    let token = worker.calls[0].token;
    assert_eq!(worker.fetcher.most_bytes(token), 64 << 10);
    worker.answer(keys(&["a"]), &net);
    worker.hear(token, keys(&["b"]), &net);
    assert_eq!(worker.says(&by("b"), &net), "token_key_unknown", "answered twice");
}

#[test]
fn a_call_that_can_t_be_sent_is_a_failed_fetch() {
    let (net, mut one, mut other) = (Net::new(), worker(), worker());
    net.is_down.set(true);
    one.tick(&net);
    net.is_down.set(false);
    other.tick(&net);
    assert_eq!(other.calls.len(), 0, "the pause of a failed fetch holds for all");
    assert!(one.lines().iter().any(|line| line.contains("no cluster idp")), "{:?}", one.lines());
    net.at(0.6);
    other.fetch(keys(&["a"]), &net);
    assert_eq!(other.says(&by("a"), &net), "allow");
}

#[test]
fn sources_do_not_mix() {
    let other = "https://other.example";
    let jwks_uri = json!({"keys": {"jwks_uri": {"uri": "https://other.example/jwks"}}});
    let second = json!({"issuer": other, "tenant": {"fixed": "globex"}});
    let second = remote(crate::testing::merged(second, jwks_uri));
    let document = json!({"jwt": {"issuers": [remote(json!({})), second]}});
    let (net, mut worker) = (Net::new(), Worker::new(&document));
    worker.tick(&net);
    let calls = worker.calls.clone();
    assert_eq!(calls.len(), 2);
    // The later call first.
    for call in calls.iter().rev() {
        assert_eq!(call.cluster, "idp");
        let kid = if call.header(":authority") == Some("other.example") { "b" } else { "a" };
        worker.hear(call.token, keys(&[kid]), &net);
    }
    let of_other = |kid| {
        let token = key(kid).token(claims(json!({ "iss": other })));
        Request::get("/").bearer(&token)
    };
    for (request, outcome) in [
        (by("a"), "allow"),
        (by("b"), "token_key_unknown"),
        (of_other("b"), "allow"),
        (of_other("a"), "token_key_unknown"),
    ] {
        assert_eq!(worker.says(&request, &net), outcome);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However ticks interleave and whoever is overtaken at writing.
    #[test]
    fn each_refresh_is_one_call(
        number in 1_usize..6,
        steps in prop::collection::vec((0_usize..6, 0_usize..4, any::<bool>()), 40..120),
    ) {
        let (net, mut all) = (Net::new(), workers(number));
        let (mut now, mut made) = (0.0, Vec::new());
        for (who, overtaken, answers) in steps {
            let worker = &mut all[who % number];
            net.host.overtaken.set(overtaken);
            worker.tick(&net);
            net.host.overtaken.set(0);
            prop_assert!(calls(&all) <= 1);
            // Quick enough for the lease, and some ten steps in a refresh.
            now += if calls(&all) == 1 { 0.1 } else { 9.0 };
            net.at(now);
            if let Some(worker) = all.iter_mut().find(|worker| !worker.calls.is_empty())
                && answers
            {
                worker.answer(keys(&["a"]), &net);
                made.push(now);
            }
            if calls(&all) == 1 && !answers {
                // The rest is the others' turn, in good time.
                let token = all.iter().find_map(|worker| worker.calls.first()).unwrap().token;
                let caller = all.iter_mut().find(|worker| !worker.calls.is_empty()).unwrap();
                caller.hear(token, keys(&["a"]), &net);
                made.push(now);
            }
        }
        for pair in made.windows(2) {
            prop_assert!(pair[1] - pair[0] >= 75.0, "{made:?}");
        }
    }
}
