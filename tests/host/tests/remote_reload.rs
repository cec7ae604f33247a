//! New configurations while something is fetched.

use serde_json::Value;
use tenant_guard_host_tests::SharedData;

use crate::common::elsewhere::*;

/// The same, and another document.
fn another() -> Value {
    let mut document = remote();
    document["revision"] = "two".into();
    document
}

#[test]
fn requests_that_wait_are_let_go_by_the_configuration_they_came_in_under() {
    let mut host = alone(&remote());
    let (in_, out) = (host.open(&token_of("globex")), host.open(&token_of("initech")));
    host.tick();
    assert!(host.reconfigure(&another().to_string()));
    let new = host.open(&globex_key());
    let calls = host.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    for call in calls {
        answer(&mut host, &call);
    }
    host.tick();
    assert_in(&host.look(in_), "globex");
    assert_eq!(short(&host, out), "403 tenant_inactive");
    assert_in(&host.look(new), "globex");
    assert_eq!(host.dead(), None);
}

#[test]
fn requests_that_wait_do_so_under_a_new_configuration_without_sources() {
    let mut host = alone(&remote_keys());
    let waiting = host.open(&token_of("acme"));
    let without = serde_json::json!({"version": 1, "routes": [
        {"match": {"path": "/**"}, "auth": "none"}]});
    assert!(host.reconfigure(&without.to_string()));
    assert!(host.request(&token_of("acme")).outcome.reached_application());
    let runs = settle(&mut host, &[waiting], 3);
    assert_in(&runs[0], "acme");
}

/// The old root is gone, and with it its calls: nobody waits for their answers.
#[test]
fn a_configuration_that_goes_leaves_its_fetches_to_the_next() {
    let mut host = alone(&remote());
    host.tick();
    assert_eq!(host.calls().len(), 2);
    assert!(host.reconfigure(&another().to_string()));
    assert!(host.calls().is_empty());
    let waiting = host.open(&token_of("globex"));
    host.tick();
    assert_eq!(host.calls().len(), 2, "without a second's delay");
    let runs = settle(&mut host, &[waiting], 2);
    assert_in(&runs[0], "globex");
}

#[test]
fn the_same_root_configured_again_keeps_what_is_under_way() {
    let mut host = alone(&remote());
    let before = host.open(&token_of("globex"));
    host.tick();
    assert!(host.configure_again());
    let after = host.open(&globex_key());
    host.tick();
    let calls = host.calls();
    assert_eq!(calls.len(), 2, "nothing is fetched twice");
    for call in calls {
        answer(&mut host, &call);
    }
    host.tick();
    assert_in(&host.look(before), "globex");
    assert_in(&host.look(after), "globex");
}

#[test]
fn an_answer_that_only_a_former_worker_awaits_counts_for_its_successor() {
    let mut host = alone(&remote());
    host.tick();
    assert!(host.configure_again());
    let waiting = host.open(&token_of("globex"));
    host.tick();
    host.tick();
    for call in host.calls() {
        answer(&mut host, &call);
    }
    host.tick();
    assert_in(&host.look(waiting), "globex");
    assert_eq!(host.counter("tenant_guard.keys.fetches"), Some(1));
}

#[test]
fn an_invalid_new_configuration_stops_no_fetch() {
    let mut host = alone(&remote());
    let waiting = host.open(&token_of("globex"));
    host.tick();
    assert!(!host.reconfigure("{}"));
    let runs = settle(&mut host, &[waiting], 2);
    assert_in(&runs[0], "globex");
}

#[test]
fn what_was_fetched_outlives_vms_and_configurations() {
    let shared = SharedData::new();
    fetch(&mut elsewhere(&remote(), &shared));
    let mut host = elsewhere(&another(), &shared);
    let waiting = host.open(&token_of("globex"));
    host.tick();
    assert_in(&host.look(waiting), "globex");
    // Another configuration judges the directory anew.
    let calls: Vec<String> = host.calls().into_iter().map(|call| call.cluster).collect();
    assert_eq!(calls, [TENANTS]);
}
