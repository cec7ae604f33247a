//! What was counted stays counted: over a VM that fails and is made anew, and
//! over a change of the configuration.

mod common;

use std::time::{Duration, Instant};
use std::{fs, thread};

use common::fragile::{fragile_plugin, vm_failures};
use common::limits::{remaining, within_one_window};
use common::{key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Protocol, Request, Response, load};

fn document(more: Value) -> Value {
    let base = json!({
        "version": 1,
        "revision": "one",
        "tenants": [{"id": "acme", "limits": {"requests": "50/day", "actions": {"publish": "5/day"}}, "clients": [
            {"id": "web", "limits": {"requests": "40/day"}, "keys": [
                with(key_entry("web-1", "web-key"), json!({"limits": {"requests": "30/day"}}))]}]}],
        "routes": [{"match": {"path": "/publish"}, "action": "publish"}, {"match": {"path": "/**"}}],
        "failures": {"limit": "3/day", "block": "24h"},
        "audit": {"log": "all"},
    });
    with(base, more)
}

fn get() -> Request {
    Request::get("/").api_key("web-key")
}

fn publish() -> Request {
    Request::get("/publish").api_key("web-key")
}

/// Uses some of everything: 12 requests, 5 of them to publish, and blocks the
/// address that failures come from.
fn use_some(envoy: &Envoy) {
    for used in 1..=12 {
        let request = if used > 7 { publish() } else { get() };
        let response = envoy.send(&request);
        assert_eq!(response.status, 200, "{response:?}");
        if used <= 7 {
            assert_eq!(remaining(&response), 30 - used);
        }
    }
    assert_is_used(envoy, 12);
    for _ in 0..3 {
        assert_eq!(code(&envoy.send(&guess())), "api_key_unknown");
    }
    assert_eq!(code(&envoy.send(&guess())), "authentication_blocked");
}

/// A key that nobody has, from an address that no other request comes from.
fn guess() -> Request {
    Request::get("/").api_key("guess").from("127.0.0.77")
}

fn assert_is_used(envoy: &Envoy, used: u64) {
    let full = envoy.send(&publish());
    assert_eq!((code(&full), remaining(&full)), ("rate_limited".to_owned(), 0));
    let response = envoy.send(&get());
    assert_eq!((response.status, remaining(&response)), (200, 30 - used - 1), "{response:?}");
}

fn code(response: &Response) -> String {
    response.code().unwrap_or_else(|| panic!("{response:?}"))
}

/// Uses up the rest at once: exactly that is admitted.
fn use_the_rest(envoy: &Envoy, rest: usize) {
    let mut admitted = 0;
    load(envoy, 32, 300, |_| get(), |_, response| admitted += usize::from(response.status == 200));
    assert_eq!(admitted, rest);
    assert_eq!(code(&envoy.send(&guess())), "authentication_blocked");
}

#[test]
fn counts_survive_a_vm_that_is_made_anew() {
    within_one_window();
    for workers in [1, 4] {
        let plugin = fragile_plugin();
        let envoy = EnvoyBuilder::new(document(json!({}))).plugin(&plugin).workers(workers).start();
        fs::remove_file(plugin).unwrap();
        use_some(&envoy);
        // Trailers make the VM of the connection's worker fail.
        let (mut sent, start) = (0, Instant::now());
        while vm_failures(&envoy) < workers && start.elapsed() < Duration::from_secs(10) {
            let _ = envoy.try_send(&get().body("x").trailer("x-any", "x"));
            sent += 1;
        }
        assert!(vm_failures(&envoy) >= workers, "{}", envoy.log());
        wait_until_all_serve(&envoy);
        assert!(stat(&envoy, "vm_reload_success") >= 1);
        let used = 30 - remaining(&envoy.send(&get().body("no trailers")));
        // A request that a VM failed on was charged before, once.
        assert!((15..=14 + sent).contains(&used), "{used} {sent}");
        assert_is_used(&envoy, used);
        use_the_rest(&envoy, 30 - usize::try_from(used).unwrap() - 1);
    }
}

#[test]
fn counts_survive_a_change_of_the_configuration() {
    within_one_window();
    let envoy = EnvoyBuilder::new(document(json!({})))
        .reconfigurable()
        .workers(4)
        .log_level("info")
        .start();
    let mut old = envoy.connect(Protocol::H1);
    use_some(&envoy);
    let mut used = 13;
    for revision in ["two", "three"] {
        envoy.reconfigure(document(json!({"revision": revision})));
        assert_is_used(&envoy, used);
        envoy.wait_for_log(&format!(r#""revision":"{revision}""#));
        // Those who stay with the old configuration count with the others.
        let response = old.send(&get()).unwrap();
        used += 2;
        assert_eq!((response.status, remaining(&response)), (200, 30 - used));
    }
    use_the_rest(&envoy, 30 - usize::try_from(used).unwrap());
}

/// A limit that changes counts on from where it was.
#[test]
fn a_limit_that_is_raised_counts_on() {
    within_one_window();
    let tenant = |key: &str| {
        json!({"tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
            with(key_entry("web-1", "web-key"), json!({"limits": {"requests": key}}))]}]}]})
    };
    let envoy = EnvoyBuilder::new(document(tenant("10/day"))).reconfigurable().workers(4).start();
    use_the_rest_of(&envoy, 10);
    envoy.reconfigure(document(tenant("25/day")));
    use_the_rest_of(&envoy, 15);
    envoy.reconfigure(document(tenant("20/day")));
    let response = envoy.send(&get());
    assert_eq!((code(&response), remaining(&response)), ("rate_limited".to_owned(), 0));
}

fn use_the_rest_of(envoy: &Envoy, rest: usize) {
    let mut admitted = 0;
    load(envoy, 32, 100, |_| get(), |_, response| admitted += usize::from(response.status == 200));
    assert_eq!(admitted, rest);
}

fn stat(envoy: &Envoy, name: &str) -> u64 {
    envoy.stat(&format!("wasm.tenant_guard.{name}")).unwrap_or_default()
}

/// Until a run of requests over as many connections is served.
fn wait_until_all_serve(envoy: &Envoy) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut served = 0;
    while served < 40 {
        // Refused by the guard itself: that charges nothing.
        let response = envoy.send(&Request::get("/"));
        served = if response.status == 401 { served + 1 } else { 0 };
        assert!(Instant::now() < deadline, "{response:?}");
        if served == 0 {
            thread::sleep(Duration::from_millis(100));
        }
    }
}
