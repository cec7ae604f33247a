//! Several configurations at once, as while one replaces another.

use super::*;
use crate::testing::elsewhere::{answer, tagged};
use crate::testing::merged;

fn directory(own: Value) -> Worker {
    let directory = json!({"directory": {
        "cluster": "tenants", "uri": "https://tenants.example/t", "refresh": "100s",
        "timeout": "2s", "max_stale": "1000s",
    }});
    Worker::new(&merged(directory, own))
}

fn older() -> Worker {
    directory(json!({}))
}

/// Has a tier that the older one doesn't know.
fn newer() -> Worker {
    directory(json!({"limits": {"tiers": {"gold": "1000/min"}}}))
}

fn tenants() -> Value {
    let tiered = crate::testing::key("k", "sesame", json!({"limits": {"requests": "gold"}}));
    json!({"version": 1, "tenants": [
        {"id": "plain", "clients": [{"id": "c", "keys": [crate::testing::key("p", "plain", json!({}))]}]},
        {"id": "tiered", "clients": [{"id": "c", "keys": [tiered]}]},
    ]})
}

fn by_key(secret: &str) -> Request {
    Request::get("/").with("x-api-key", secret)
}

#[test]
fn a_newer_configuration_judges_the_directory_anew() {
    let (net, mut old) = (Net::new(), older());
    old.fetch(tagged(&tenants(), "\"1\""), &net);
    assert_eq!(old.says(&by_key("plain"), &net), "allow");
    assert_eq!(old.says(&by_key("sesame"), &net), "api_key_unknown");
    net.at(1.0);
    let mut new = newer();
    let call = new.fetch(tagged(&tenants(), "\"1\""), &net);
    assert_eq!(call.header("if-none-match"), None);
    assert_eq!(new.says(&by_key("sesame"), &net), "allow");
    // From then on it asks for changes.
    net.at(92.0);
    assert_eq!(new.fetch(answer(304, &[], ""), &net).header("if-none-match"), Some("\"1\""));
    assert_eq!(new.says(&by_key("sesame"), &net), "allow");
}

#[test]
fn an_older_configuration_leaves_it_to_the_newer() {
    let (net, mut old) = (Net::new(), older());
    old.fetch(found(&tenants()), &net);
    net.at(1.0);
    let mut new = newer();
    new.fetch(found(&tenants()), &net);
    let mut now = 1.0;
    while now < 500.0 {
        now += 0.5;
        net.at(now);
        old.tick(&net);
        assert!(old.calls.is_empty(), "{now}");
        assert!(old.fetcher.is_superseded(net.time()));
        new.tick(&net);
        assert!(!new.fetcher.is_superseded(net.time()));
        if !new.calls.is_empty() {
            new.answer(found(&tenants()), &net);
        }
    }
    old.tick(&net);
    assert_eq!(old.says(&by_key("plain"), &net), "allow");
    // What it has no tier for is there and does nothing.
    assert_eq!(old.says(&by_key("sesame"), &net), "api_key_unknown");
}

#[test]
fn two_configurations_of_one_moment_do_not_take_turns() {
    let (net, mut one, mut other) = (Net::new(), older(), newer());
    let mut made = 0;
    for tick in 0..1_000 {
        net.at(f64::from(tick / 10) * 0.1);
        for worker in [&mut one, &mut other] {
            worker.tick(&net);
            if !worker.calls.is_empty() {
                made += 1;
                worker.answer(found(&tenants()), &net);
            }
        }
    }
    assert!(made <= 2, "{made} fetches in ten seconds");
}

#[test]
fn two_configurations_do_not_take_turns_after_a_clock_was_set_back() {
    let (net, mut old, mut new) = (Net::new(), older(), newer());
    net.at(5000.0);
    old.fetch(found(&tenants()), &net);
    net.at(6000.0);
    new.fetch(found(&tenants()), &net);
    let mut made = 0;
    for tick in 0..100 {
        net.at(f64::from(tick) * 0.1);
        for worker in [&mut old, &mut new] {
            worker.tick(&net);
            if !worker.calls.is_empty() {
                made += 1;
                worker.answer(found(&tenants()), &net);
            }
        }
    }
    assert!((1..=3).contains(&made), "{made} fetches in ten seconds");
}
