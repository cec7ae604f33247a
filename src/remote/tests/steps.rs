//! What is sent, and what becomes of the answers.

use super::*;
use crate::testing::elsewhere::{answer, tagged};

const KEYS: &str = "https://idp.example/keys";

fn discovered() -> Worker {
    let place = json!({
        "cluster": "idp", "uri": "https://idp.example/conf", "refresh": "100s", "timeout": "2s",
        "max_stale": "1000s",
    });
    let mut issuer = remote(json!({}));
    issuer["keys"] = json!({ "discovery": place });
    Worker::new(&json!({"jwt": {"issuers": [issuer]}}))
}

fn configuration(issuer: &str, jwks_uri: &str) -> Value {
    json!({"issuer": issuer, "jwks_uri": jwks_uri})
}

fn good_configuration() -> Value {
    configuration(crate::testing::ISSUER, KEYS)
}

#[test]
fn discovery_takes_two_calls_each_time() {
    let (net, mut worker) = (Net::new(), discovered());
    for (at, kid) in [(0.0, "a"), (91.0, "b")] {
        net.at(at);
        worker.tick(&net);
        // An etag of the keys says nothing of the configuration.
        let call = worker.answer(tagged(&good_configuration(), "\"1\""), &net);
        let sent = |call: &crate::testing::elsewhere::Sent| {
            (call.header(":path").map(str::to_owned), call.header("if-none-match").is_some())
        };
        assert_eq!(sent(&call), (Some("/conf".into()), false));
        assert_ne!(worker.says(&by(kid), &net), "allow");
        let call = worker.answer(tagged(&set(&[kid]), "\"1\""), &net);
        assert_eq!(sent(&call), (Some("/keys".into()), false));
        assert_eq!(worker.says(&by(kid), &net), "allow");
    }
    assert_eq!(worker.says(&by("a"), &net), "token_key_unknown");
}

#[test]
fn the_lease_of_a_discovery_holds_for_both_calls() {
    let (net, mut one, mut other) = (Net::new(), discovered(), discovered());
    one.tick(&net);
    net.at(1.9);
    one.answer(found(&good_configuration()), &net);
    net.at(4.9);
    other.tick(&net);
    assert!(other.calls.is_empty());
    one.answer(keys(&["a"]), &net);
    other.tick(&net);
    assert_eq!(other.says(&by("a"), &net), "allow");
}

#[test]
fn a_configuration_that_is_wrong_is_a_failed_fetch() {
    for (configuration, why) in [
        (configuration("https://evil.example", KEYS), "another issuer"),
        (configuration(crate::testing::ISSUER, "https://evil.example/keys"), "another origin"),
        (configuration(crate::testing::ISSUER, "http://idp.example/keys"), "isn't https"),
        (json!([]), "names no issuer"),
    ] {
        let (net, mut worker) = (Net::new(), discovered());
        worker.fetch(found(&configuration), &net);
        assert!(worker.calls.is_empty());
        assert!(worker.lines().iter().any(|line| line.contains(why)), "{:?}", worker.lines());
        assert_eq!(worker.says(&by("a"), &net), "keys_unavailable");
    }
}

#[test]
fn what_is_unchanged_holds_as_if_it_had_been_fetched() {
    let (net, mut all) = (Net::new(), workers(2));
    assert_eq!(all[0].fetch(tagged(&set(&["a"]), "\"1\""), &net).header("if-none-match"), None);
    for at in [91.0, 182.0, 1100.0] {
        net.at(at);
        // Who took over what another fetched may ask so too.
        all.reverse();
        let call = all[0].fetch(answer(304, &[], ""), &net);
        assert_eq!(call.header("if-none-match"), Some("\"1\""), "{at}");
        for worker in &mut all {
            worker.tick(&net);
            assert_eq!((worker.says(&by("a"), &net), worker.calls.len()), ("allow", 0), "{at}");
        }
    }
    net.at(2100.0);
    assert_eq!(all[0].says(&by("a"), &net), "allow", "999 seconds old");
}

#[test]
fn what_was_not_asked_for_is_no_answer() {
    for wrong in [
        answer(304, &[], ""),
        answer(204, &[], ""),
        answer(500, &[], set(&["a"]).to_string()),
        answer(302, &[("location", "/x")], set(&["a"]).to_string()),
        answer(200, &[("content-type", "text/html")], set(&["a"]).to_string()),
        answer(200, &[], ""),
        answer(200, &[], "{}"),
        answer(200, &[], format!("{}{}", set(&["a"]), " ".repeat(64 << 10))),
        found(&json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "short", "kid": "a"}]})),
        nothing(),
    ] {
        let (net, mut worker) = (Net::new(), worker());
        worker.fetch(keys(&["old"]), &net);
        net.at(91.0);
        worker.fetch(wrong.clone(), &net);
        assert_eq!(worker.says(&by("old"), &net), "allow", "{wrong:?}");
        assert_eq!(worker.says(&by("a"), &net), "token_key_unknown", "{wrong:?}");
        assert!(worker.events.contains(&Event::Failed { directory: false }));
    }
}

#[test]
fn an_empty_set_takes_all_keys_away() {
    let (net, mut worker) = (Net::new(), worker());
    worker.fetch(keys(&["a"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "allow");
    net.at(91.0);
    worker.fetch(keys(&[]), &net);
    assert_eq!(worker.says(&by("a"), &net), "keys_unavailable", "from the cache, too");
}

#[test]
fn the_log_tells_of_changes_only() {
    let (net, mut worker) = (Net::new(), worker());
    worker.fetch(keys(&["a"]), &net);
    let mut at = 91.0;
    for _ in 0..6 {
        net.at(at);
        worker.fetch(nothing(), &net);
        at += 30.0;
    }
    net.at(at + 40.0);
    worker.fetch(keys(&["a"]), &net);
    let lines = worker.lines();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for (line, part) in lines.iter().zip(["fetched: 1 key", "fetch failed", "failed 6 times"]) {
        assert!(line.contains(part), "{line}");
    }
}
