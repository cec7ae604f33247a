//! What workers share, and what is wrong with it.

use proptest::prelude::*;

use super::*;
use crate::testing::elsewhere::{answer, tagged};

/// The names that records and contents end with. The first is of both.
const BOTH: &str = "";
const CONTENT: &str = ".content";

/// Changes records only.
fn alter_records(net: &Net, change: impl Fn(&mut Vec<u8>)) {
    net.host.alter(BOTH, |value| {
        if value.starts_with(b"{") {
            change(value);
        }
    });
}

#[test]
fn a_new_worker_takes_over_what_is_shared() {
    let (net, mut first) = (Net::new(), worker());
    first.fetch(keys(&["a"]), &net);
    drop(first);
    net.at(70.0);
    let mut second = worker();
    second.tick(&net);
    assert_eq!((second.says(&by("a"), &net), second.calls.len()), ("allow", 0));
}

#[test]
fn two_values_are_shared_of_each_source() {
    let (net, mut worker) = (Net::new(), worker());
    for round in 0..20 {
        net.at(91.0 * f64::from(round));
        worker.fetch(keys(&["a"]), &net);
    }
    assert_eq!(net.host.shared_size().0, 2);
}

#[test]
fn content_without_its_record_is_not_taken_over() {
    let (net, mut all) = (Net::new(), workers(2));
    all[0].fetch(tagged(&set(&["a"]), "\"a\""), &net);
    all[1].tick(&net);
    net.at(91.0);
    all[0].tick(&net);
    // It dies between both writes.
    net.writes_fail.set(true);
    all[0].answer(tagged(&set(&["b"]), "\"b\""), &net);
    net.writes_fail.set(false);
    let mut new = worker();
    new.tick(&net);
    for worker in &mut all {
        worker.tick(&net);
        assert_eq!(worker.says(&by("a"), &net), "allow", "what it took over holds");
        assert_eq!(worker.says(&by("b"), &net), "token_key_unknown");
    }
    assert_eq!(new.says(&by("b"), &net), "keys_unavailable");
    assert_eq!(new.says(&by("a"), &net), "keys_unavailable");
    // When the lease expires it is fetched again.
    net.at(94.1);
    new.fetch(tagged(&set(&["b"]), "\"b\""), &net);
    for worker in all.iter_mut().chain([&mut new]) {
        worker.tick(&net);
        assert_eq!(worker.says(&by("b"), &net), "allow");
    }
}

#[test]
fn a_record_without_its_content_is_fetched_anew() {
    for spoil in [
        (|value: &mut Vec<u8>| value.clear()) as fn(&mut Vec<u8>),
        |value| value[0] ^= 1,
        |value| value.truncate(5),
        |value| value.truncate(30),
        |value| value.extend(b"x"),
        |value| *value = [&value[..8], b"{\"keys\": 1}"].concat(),
    ] {
        let (net, mut old) = (Net::new(), worker());
        old.fetch(tagged(&set(&["a"]), "\"1\""), &net);
        assert_eq!(net.host.alter(CONTENT, spoil), 1);
        net.at(2.0);
        let mut new = worker();
        new.tick(&net);
        assert_eq!(new.says(&by("a"), &net), "keys_unavailable");
        // "Not modified" would give nobody what is lost.
        assert_eq!(new.answer(keys(&["a"]), &net).header("if-none-match"), None);
        assert_eq!(new.says(&by("a"), &net), "allow");
        old.tick(&net);
        assert_eq!((old.says(&by("a"), &net), old.calls.len() + new.calls.len()), ("allow", 0));
    }
}

/// Whoever has what was before asks for the whole, not for what changed since
/// what nobody has.
#[test]
fn lost_content_is_fetched_whole_by_those_with_an_older_one_too() {
    let (net, mut all) = (Net::new(), workers(2));
    all[0].fetch(tagged(&set(&["a"]), "\"a\""), &net);
    all[1].tick(&net);
    net.at(91.0);
    all[0].fetch(tagged(&set(&["b"]), "\"b\""), &net);
    net.host.alter(CONTENT, |value| value.clear());
    net.at(97.0);
    let call = all[1].fetch(keys(&["b"]), &net);
    assert_eq!(call.header("if-none-match"), None);
    assert_eq!(all[1].says(&by("b"), &net), "allow");
    assert_eq!(all[1].says(&by("a"), &net), "token_key_unknown");
}

#[test]
fn lost_content_is_not_fetched_more_often_than_pauses_allow() {
    let (net, mut worker) = (Net::new(), worker());
    worker.fetch(keys(&["a"]), &net);
    net.host.alter(CONTENT, |value| value.clear());
    let (mut new, mut made) = (super::worker(), 0);
    for tick in 0..1_000 {
        net.at(2.0 + f64::from(tick) * 0.01);
        new.tick(&net);
        if !new.calls.is_empty() {
            made += 1;
            new.answer(nothing(), &net);
        }
    }
    // After 0.5, 1, 2 and 4 seconds, more or less.
    assert!((3..=6).contains(&made), "{made} in ten seconds");
}

#[test]
fn a_spoiled_record_is_made_anew() {
    for spoil in [
        (|value: &mut Vec<u8>| value.clear()) as fn(&mut Vec<u8>),
        |value| value.truncate(value.len() / 2),
        |value| *value = b"[]".to_vec(),
        |value| *value = b"{}".to_vec(),
        |value| *value = b"{\"since\": 1e300, \"fetched\": 1e300, \"content\": 1}".to_vec(),
        |value| *value = b"{\"since\": 1, \"attempts\": 18446744073709551615}".to_vec(),
    ] {
        let (net, mut old) = (Net::new(), worker());
        old.fetch(keys(&["a"]), &net);
        alter_records(&net, spoil);
        net.at(10.0);
        let mut new = worker();
        new.tick(&net);
        assert_eq!(new.says(&by("a"), &net), "keys_unavailable");
        new.answer(keys(&["b"]), &net);
        old.tick(&net);
        for worker in [&mut old, &mut new] {
            assert_eq!(worker.says(&by("b"), &net), "allow");
            assert_eq!(worker.says(&by("a"), &net), "token_key_unknown");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Nothing that a value may hold is a panic, lets a key in that was never
    /// fetched, or keeps what is there from being fetched within a refresh.
    #[test]
    fn no_shared_value_is_trusted_blindly(
        of_record: bool,
        at in 0_usize..400,
        change in prop::collection::vec(any::<u8>(), 0..12),
        cut: bool,
    ) {
        let (net, mut old) = (Net::new(), worker());
        old.fetch(tagged(&set(&["a"]), "\"1\""), &net);
        let spoil = |value: &mut Vec<u8>| {
            let at = at % value.len();
            match cut {
                true => value.truncate(at),
                false => {
                    let end = (at + change.len()).min(value.len());
                    value.splice(at..end, change.iter().copied());
                }
            }
        };
        match of_record {
            true => alter_records(&net, spoil),
            false => assert_eq!(net.host.alter(CONTENT, spoil), 1),
        }
        net.at(1.5);
        let mut all = [old, worker()];
        for worker in &mut all {
            worker.tick(&net);
            let said = worker.says(&by("other"), &net);
            prop_assert!(["token_key_unknown", "keys_unavailable"].contains(&said), "{}", said);
        }
        // A refresh, the pause after what may have been taken for a failure
        // and a lease.
        let mut now = 1.5;
        while now < 200.0 {
            now += 0.5;
            net.at(now);
            for worker in &mut all {
                worker.tick(&net);
                if !worker.calls.is_empty() {
                    worker.answer(keys(&["b"]), &net);
                }
            }
        }
        for worker in &mut all {
            prop_assert_eq!(worker.says(&by("b"), &net), "allow");
            prop_assert_eq!(worker.says(&by("a"), &net), "token_key_unknown");
        }
    }
}

#[test]
fn a_host_that_fails_leaves_what_is_in_force() {
    let (net, mut worker) = (Net::new(), worker());
    worker.fetch(keys(&["a"]), &net);
    net.writes_fail.set(true);
    net.at(91.0);
    for _ in 0..3 {
        worker.tick(&net);
    }
    assert_eq!((worker.says(&by("a"), &net), worker.calls.len()), ("allow", 0));
    let failures = worker.lines().iter().filter(|line| line.contains("host call")).count();
    assert_eq!(failures, 1, "told once: {:?}", worker.lines());
    net.writes_fail.set(false);
    worker.fetch(answer(200, &[], set(&["b"]).to_string()), &net);
    assert_eq!(worker.says(&by("b"), &net), "allow");
}

fn seeded() -> Worker {
    Worker::new(&document(json!({"keys": {"jwks": set(&["seed"])}})))
}

/// Also not in the moment in which a worker starts.
#[test]
fn a_seed_is_over_for_workers_that_come_later() {
    let (net, mut first) = (Net::new(), seeded());
    first.adopt(&net);
    assert_eq!(first.says(&by("seed"), &net), "allow", "nothing was fetched so far");
    first.fetch(keys(&["a"]), &net);
    let mut later = seeded();
    later.adopt(&net);
    assert_eq!(later.says(&by("seed"), &net), "token_key_unknown");
    assert_eq!(later.says(&by("a"), &net), "allow");
    assert!(later.calls.is_empty());
}

/// Whatever became of what was fetched.
#[test]
fn a_seed_is_over_also_where_what_was_fetched_is_lost() {
    let (net, mut first) = (Net::new(), seeded());
    first.fetch(keys(&["a"]), &net);
    // Another is just about to share the next.
    assert_eq!(net.host.alter(CONTENT, |value| value[0] ^= 1), 1);
    let mut later = seeded();
    for tick in [false, true] {
        if tick {
            later.tick(&net)
        } else {
            later.adopt(&net)
        }
        assert_eq!(later.says(&by("seed"), &net), "keys_unavailable");
    }
}
