//! What lives elsewhere over changes of the configuration: the new one takes
//! over what the old one fetched, and fetches by its own rules.

mod common;

use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use common::elsewhere::{Elsewhere, connections, wait_until};
use serde_json::{Value, json};
use tenant_guard_tests::token::Key;
use tenant_guard_tests::{Connection, Envoy, Protocol, Request};

fn revision(number: usize) -> Value {
    json!({"revision": format!("{number}")})
}

fn assert_knows_all(envoy: &Envoy, elsewhere: &Elsewhere) {
    for (worker, mut connection) in connections(envoy, 4) {
        let start = Instant::now();
        for (request, tenant) in [
            (elsewhere.signed("one", "acme"), "acme"),
            (elsewhere.signed("one", "inline"), "inline"),
            (Request::get("/").api_key("globex-key"), "globex"),
        ] {
            let response = connection.send(&request).unwrap();
            assert_eq!(response.status, 200, "{worker}: {response:?}");
            assert_eq!(response.echoed_value("x-tenant-id").as_deref(), Some(tenant));
        }
        assert!(start.elapsed() < Duration::from_secs(1), "{worker}: {:?}", start.elapsed());
    }
}

#[test]
fn an_update_needs_neither_the_provider_nor_the_directory() {
    let elsewhere = Elsewhere::start();
    let document = |number| elsewhere.document(json!({}), revision(number));
    let envoy = elsewhere.envoy(document(1)).reconfigurable().start();
    assert_knows_all(&envoy, &elsewhere);
    elsewhere.stop();
    for number in 2..6 {
        envoy.reconfigure(document(number));
        assert_knows_all(&envoy, &elsewhere);
    }
    // The old good one is left in force by a bad one.
    envoy.reconfigure_in_vain(json!({"version": 1, "nonsense": true}));
    assert_knows_all(&envoy, &elsewhere);
}

#[test]
fn a_document_that_comes_again_goes_on_fetching() {
    let elsewhere = Elsewhere::start();
    let document = |number| {
        let mut document = elsewhere.document(json!({"refresh": "1s"}), revision(number));
        document["directory"]["refresh"] = json!("1s");
        document
    };
    let envoy = elsewhere.envoy(document(1)).reconfigurable().drain_seconds(2).start();
    assert_knows_all(&envoy, &elsewhere);
    envoy.reconfigure(document(2));
    let before = elsewhere.fetches();
    wait_until("the second fetches", || elsewhere.fetches().1 > before.1 + 1);
    envoy.reconfigure(document(1));
    assert_knows_all(&envoy, &elsewhere);
    let draining = "listener_manager.total_filter_chains_draining";
    wait_until("the second is gone", || envoy.stat(draining) == Some(0));
    elsewhere.provider.publish(&[&Key::es256("two")]);
    elsewhere.directory.publish(json!({"version": 1, "tenants": [{"id": "initech"}]}));
    wait_until("keys and tenants are refreshed", || {
        envoy.send(&elsewhere.signed("two", "initech")).status == 200
    });
}

#[test]
fn a_shorter_refresh_counts_at_once() {
    let elsewhere = Elsewhere::start();
    let document = |refresh| elsewhere.document(json!({"refresh": refresh}), json!({}));
    let envoy = elsewhere.envoy(document("24h")).reconfigurable().start();
    assert_knows_all(&envoy, &elsewhere);
    envoy.reconfigure(document("1s"));
    let before = elsewhere.fetches().0;
    wait_until("it is fetched often", || elsewhere.fetches().0 > before + 2);
}

#[test]
fn connections_with_the_old_configuration_learn_of_new_keys() {
    let elsewhere = Elsewhere::start();
    let document = |number| elsewhere.document(json!({"cooldown": "1s"}), revision(number));
    let envoy = elsewhere.envoy(document(1)).reconfigurable().start();
    assert_knows_all(&envoy, &elsewhere);
    // Envoy ends them one by one after an update.
    let mut old: Vec<Connection> = (0..8).map(|_| envoy.connect(Protocol::H1)).collect();
    for connection in &mut old {
        assert_eq!(connection.send(&elsewhere.signed("one", "acme")).unwrap().status, 200);
    }
    envoy.reconfigure(document(2));
    elsewhere.provider.publish(&[&Key::es256("two")]);
    // The new configuration fetches, and from then on it is the one that does.
    assert_eq!(envoy.send(&elsewhere.signed("two", "acme")).status, 200);
    elsewhere.provider.publish(&[&Key::es256("three")]);
    let start = Instant::now();
    loop {
        old.retain(Connection::is_idle);
        let response = old[0].send(&elsewhere.signed("three", "acme")).unwrap();
        if response.status == 200 {
            break;
        }
        assert_eq!(response.code().as_deref(), Some("token_key_unknown"));
        assert!(start.elapsed() < Duration::from_secs(10), "{}", envoy.log());
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn listeners_of_one_vm_share_what_was_fetched() {
    let elsewhere = Elsewhere::start();
    let document = || elsewhere.document(json!({}), json!({}));
    let envoy = elsewhere.envoy(document()).also(document()).start();
    assert_all_serve(&envoy, &elsewhere, &["guarded", "guarded_1"]);
    assert_eq!(elsewhere.fetches(), (1, 1));
}

#[test]
fn listeners_with_documents_of_their_own_share_what_was_fetched() {
    let elsewhere = Elsewhere::start();
    let document = |number| {
        let mut document = elsewhere.document(json!({}), revision(number));
        document["directory"]["refresh"] = json!("1h");
        document
    };
    let envoy = elsewhere.envoy(document(1)).also(document(2)).start();
    assert_all_serve(&envoy, &elsewhere, &["guarded", "guarded_1"]);
    // Each judges the tenants by its own document; in the end one does for all.
    let mut before = (0, 0);
    wait_until("nobody fetches any more", || {
        thread::sleep(Duration::from_millis(1500));
        mem::replace(&mut before, elsewhere.fetches()) == elsewhere.fetches() || before.1 > 20
    });
    assert_eq!(before.0, 1);
    assert!(before.1 <= 10, "{before:?}");
    assert_all_serve(&envoy, &elsewhere, &["guarded", "guarded_1"]);
}

/// A shorter refresh is the other listener's own business.
#[test]
fn a_listener_in_more_of_a_hurry_fetches_as_often_as_it_says() {
    let elsewhere = Elsewhere::start();
    let document = |refresh: &str| {
        elsewhere.document(json!({"refresh": refresh}), json!({"revision": refresh}))
    };
    let envoy = elsewhere.envoy(document("1s")).also(document("24h")).start();
    assert_all_serve(&envoy, &elsewhere, &["guarded", "guarded_1"]);
    let before = elsewhere.fetches().0;
    wait_until("it is fetched again and again", || elsewhere.fetches().0 > before + 1);
}

fn assert_all_serve(envoy: &Envoy, elsewhere: &Elsewhere, listeners: &[&str]) {
    for listener in listeners {
        let to = envoy.listener(listener);
        for _ in 0..8 {
            let mut connection = Connection::open(to, Protocol::H1, None).unwrap();
            for tenant in ["acme", "inline"] {
                let response = connection.send(&elsewhere.signed("one", tenant)).unwrap();
                assert_eq!(response.status, 200, "{listener}: {response:?}");
            }
        }
    }
}

#[test]
fn a_discovered_filter_is_updated_as_a_listener_is() {
    let elsewhere = Elsewhere::start();
    let document = |number| elsewhere.document(json!({}), revision(number));
    let envoy = elsewhere.envoy(document(1)).discovered().start();
    assert_knows_all(&envoy, &elsewhere);
    elsewhere.stop();
    envoy.reconfigure(document(2));
    assert_knows_all(&envoy, &elsewhere);
    envoy.reconfigure_in_vain(json!({"version": 1, "nonsense": true}));
    assert_knows_all(&envoy, &elsewhere);
}
