//! Time that passes, and clocks that are set.

use super::*;

/// Ticks through a span and answers each call; gives when calls were made.
fn live(
    worker: &mut Worker,
    net: &Net,
    (from, to): (f64, f64),
    step: f64,
    answer: impl Fn() -> Answer,
) -> Vec<f64> {
    let (mut now, mut made) = (from, Vec::new());
    while now < to {
        net.at(now);
        worker.tick(net);
        if !worker.calls.is_empty() {
            made.push(now);
            worker.answer(answer(), net);
        }
        now += step;
    }
    made
}

#[test]
fn it_is_fetched_before_a_refresh_is_over() {
    let (net, mut worker) = (Net::new(), worker());
    let made = live(&mut worker, &net, (0.0, 2000.0), 0.5, || keys(&["a"]));
    assert_eq!(made[0], 0.0);
    for pair in made.windows(2) {
        assert!((75.0..=90.5).contains(&(pair[1] - pair[0])), "{made:?}");
    }
}

#[test]
fn pauses_after_failures_double_and_end_with_a_success() {
    let (net, mut worker) = (Net::new(), worker());
    let made = live(&mut worker, &net, (0.0, 300.0), 0.01, nothing);
    let pauses: Vec<f64> = made.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (pause, expected) in pauses.iter().zip([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]) {
        let ratio = pause / expected;
        assert!((0.79..=1.23).contains(&ratio), "{pause} instead of {expected}");
    }
    assert!(pauses.len() >= 8, "{pauses:?}");
    let made = live(&mut worker, &net, (400.0, 500.0), 0.01, || keys(&["a"]));
    assert_eq!(made.len(), 2, "{made:?}");
    let made = live(&mut worker, &net, (501.0, 501.9), 0.01, nothing);
    assert_eq!(made.len(), 0, "{made:?}");
}

#[test]
fn what_can_t_be_renewed_holds_until_max_stale() {
    let (net, mut worker) = (Net::new(), worker());
    net.at(5.0);
    worker.fetch(keys(&["a"]), &net);
    for (at, outcome) in [(1004.9, "allow"), (1005.0, "allow"), (1005.1, "keys_unavailable")] {
        net.at(at);
        worker.tick(&net);
        if !worker.calls.is_empty() {
            worker.answer(nothing(), &net);
        }
        assert_eq!(worker.says(&by("a"), &net), outcome, "{at}");
    }
    let told = worker.lines().iter().filter(|line| line.contains("max_stale; what")).count();
    assert_eq!(told, 1, "{:?}", worker.lines());
    net.at(1100.0);
    worker.fetch(keys(&["a"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "allow");
}

#[test]
fn a_seed_holds_until_the_first_fetch_or_max_stale() {
    let seeded = document(json!({"keys": {"jwks": set(&["seed"])}}));
    let (net, mut worker) = (Net::new(), Worker::new(&seeded));
    worker.fetch(nothing(), &net);
    assert_eq!(worker.says(&by("seed"), &net), "allow");
    assert_eq!(worker.says(&by("a"), &net), "keys_unavailable");
    net.at(1000.0);
    worker.fetch(nothing(), &net);
    assert_eq!(worker.says(&by("seed"), &net), "allow");
    net.at(1000.1);
    worker.tick(&net);
    assert_eq!(worker.says(&by("seed"), &net), "keys_unavailable");
    net.at(1100.0);
    worker.fetch(keys(&["a"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "allow");
    assert_eq!(worker.says(&by("seed"), &net), "token_key_unknown", "it has done its part");
}

#[test]
fn a_clock_set_back_keeps_nothing_from_being_fetched() {
    let back = -100_000.0;
    // It stood well.
    let (net, mut worker) = (Net::new(), worker());
    worker.fetch(keys(&["a"]), &net);
    let made = live(&mut worker, &net, (back, back + 10.0), 0.5, || keys(&["b"]));
    assert_eq!(made, [back]);
    // It failed. Pauses double from where they were.
    let (net, mut worker) = (Net::new(), super::worker());
    live(&mut worker, &net, (0.0, 300.0), 0.1, nothing);
    let made = live(&mut worker, &net, (back, back + 180.0), 0.1, nothing);
    assert!((3..=5).contains(&made.len()), "{made:?}");
    // Somebody had the lease and is gone.
    let (net, mut dead, mut other) = (Net::new(), super::worker(), super::worker());
    dead.tick(&net);
    net.at(back);
    other.fetch(keys(&["a"]), &net);
    // Who asked before it was set back has no call any more.
    dead.tick(&net);
    let token = dead.calls[0].token;
    dead.hear(token, keys(&["old"]), &net);
    for worker in [&mut dead, &mut other] {
        let token = |kid: &str| {
            let exp = crate::testing::NOW + back + 60.0;
            Request::get("/").bearer(&key(kid).token(claims(json!({ "exp": exp }))))
        };
        assert_eq!(worker.says(&token("a"), &net), "allow");
        assert_eq!(worker.says(&token("old"), &net), "token_key_unknown");
    }
}

/// Nobody knows how old it is then: no older than it may get from here.
#[test]
fn a_clock_set_back_makes_nothing_last_longer_than_max_stale() {
    let (net, mut worker) = (Net::new(), worker());
    net.at(100_000.0);
    worker.fetch(keys(&["a"]), &net);
    for (at, outcome) in [(0.0, "allow"), (999.0, "allow"), (1002.0, "keys_unavailable")] {
        net.at(at);
        worker.tick(&net);
        if !worker.calls.is_empty() {
            worker.answer(nothing(), &net);
        }
        assert_eq!(worker.says(&by("a"), &net), outcome, "{at}");
    }
}

#[test]
fn a_clock_set_forward_lets_what_is_there_grow_old() {
    let (net, mut worker) = (Net::new(), worker());
    worker.fetch(keys(&["a"]), &net);
    net.at(3000.0);
    worker.tick(&net);
    assert_eq!(worker.says(&by("a"), &net), "keys_unavailable");
    worker.answer(keys(&["a"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "allow");
}

#[test]
fn one_refetch_each_cooldown_for_kids_that_are_not_known() {
    let (net, mut worker) = (Net::new(), worker());
    worker.fetch(keys(&["a"]), &net);
    let mut made = Vec::new();
    for tick in 0..700 {
        net.at(10.0 + f64::from(tick) * 0.1);
        worker.serve(by("other"), &net);
        worker.tick(&net);
        if !worker.calls.is_empty() {
            made.push(tick);
            worker.answer(keys(&["a"]), &net);
        }
        worker.tick(&net);
        let woken = worker.wake(&net);
        assert!(woken.iter().all(|said| *said == "token_key_unknown"), "{woken:?}");
    }
    // One when the first came, and one each thirty seconds.
    assert_eq!(made.len(), 3, "{made:?}");
    assert!(made.windows(2).all(|pair| (300..=303).contains(&(pair[1] - pair[0]))), "{made:?}");
}
