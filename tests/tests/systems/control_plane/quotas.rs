//! TENANT_QUOTAS: how much of each action a tenant has in a minute.

use serde_json::json;
use tenant_guard_tests::{Envoy, Protocol, Request};

use super::super::begin_of_window;
use super::{TENANT_A, TENANT_B};

fn post(path: &str, key: &str) -> Request {
    Request::post(path, "{}").bearer(key)
}

/// How many requests pass before one is refused for its quota.
fn admitted(envoy: &Envoy, path: &str, key: &str) -> usize {
    let mut connection = envoy.connect(Protocol::H1);
    for count in 0..600 {
        let response = connection.send(&post(path, key)).unwrap();
        if response.status != 200 {
            assert_eq!(response.code().as_deref(), Some("rate_limited"), "{response:?}");
            let said = response.json();
            assert_eq!(
                (&said["level"], &said["detail"]),
                (&json!("tenant"), &json!("quota exceeded"))
            );
            let wait: u64 = response.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait), "{response:?}");
            return count;
        }
    }
    panic!("no quota for {path}");
}

/// Asserts that each tenant has a quota for each action, and its own.
pub fn hold(envoy: &Envoy) {
    begin_of_window();
    // What is denied burns no quota.
    for _ in 0..70 {
        let denied = post("/capabilities", TENANT_B).tenant("tenant-a");
        assert_eq!(envoy.send(&denied).code().as_deref(), Some("tenant_mismatch"));
    }
    assert_eq!(admitted(envoy, "/runs/started", TENANT_A), 10);
    assert_eq!(admitted(envoy, "/ingest/acdp", TENANT_A), 100);
    // Of other actions tenant-a has no quota; tenant-b has one of 60 for each that isn't named.
    for _ in 0..70 {
        assert_eq!(envoy.send(&post("/capabilities", TENANT_A)).status, 200);
    }
    assert_eq!(admitted(envoy, "/capabilities", TENANT_B), 60);
    assert_eq!(admitted(envoy, "/runs/started", TENANT_B), 60);
    assert_eq!(envoy.send(&post("/ingest/acdp", TENANT_B)).status, 200);
    // Reads are no action.
    assert_eq!(envoy.send(&Request::get("/runs").bearer(TENANT_B)).status, 200);
}
