//! Large limits, which workers draw in batches: never passed, and hardly
//! under, however many workers and connections ask at once.

mod common;

use common::limits::{direct, number, remaining, within_one_window};
use common::{key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Request, load};

const WORKERS: usize = 4;
const CONNECTIONS: usize = 64;

/// A tenant with that limit and two keys, of which the second has one of its
/// own.
fn document(limit: u64, revision: &str) -> Value {
    let limited = with(key_entry("limited", "limited"), json!({"limits": {"requests": "300/day"}}));
    let client = json!({"id": "web", "keys": [key_entry("free", "free"), limited]});
    json!({
        "version": 1,
        "revision": revision,
        "tenants": [{
            "id": "acme", "limits": {"requests": format!("{limit}/day")}, "clients": [client]
        }],
        "audit": {"log": "none"},
        "routes": [
            {"match": {"path": "/direct/look"}, "scopes": ["nobody:has"]},
            {"match": {"path": "/**"}},
        ],
    })
}

fn start(limit: u64) -> Envoy {
    EnvoyBuilder::new(document(limit, "1"))
        .reconfigurable()
        .workers(WORKERS)
        .route(direct())
        .hcm(json!({"access_log": []}))
        .start()
}

/// How many of so many requests with that key are admitted, and the least that
/// responses say is left.
fn admitted(envoy: &Envoy, key: &str, requests: usize) -> (u64, u64) {
    let (mut admitted, mut least) = (0, u64::MAX);
    let request = |_| Request::get("/direct").api_key(key);
    load(envoy, CONNECTIONS, requests, request, |_, response| {
        if response.status == 200 {
            admitted += 1;
        } else {
            assert_eq!(response.code().as_deref(), Some("rate_limited"), "{response:?}");
            assert_eq!(remaining(&response), 0, "{response:?}");
        }
        least = least.min(remaining(&response));
    });
    (admitted, least)
}

#[test]
fn a_large_limit_is_never_passed_and_at_most_one_in_two_hundred_under() {
    within_one_window();
    for limit in [20_000, 60_000] {
        let envoy = start(limit);
        let requests = limit as usize + 3_000;
        let (admitted, least) = admitted(&envoy, "free", requests);
        assert!((limit - limit / 200..=limit).contains(&admitted), "{admitted} of {limit}");
        assert_eq!(least, 0);
    }
}

/// Each time all workers begin anew, and lose what they held.
#[test]
fn new_configurations_make_a_limit_neither_wider_nor_much_narrower() {
    within_one_window();
    let limit = 12_000;
    let envoy = start(limit);
    let mut sum = 0;
    for revision in 2..12 {
        sum += admitted(&envoy, "free", 1_000).0;
        envoy.reconfigure(document(limit, &revision.to_string()));
    }
    sum += admitted(&envoy, "free", 4_000).0;
    assert!((limit - limit / 200..=limit).contains(&sum), "{sum} of {limit}");
}

#[test]
fn a_small_limit_below_a_large_one_stays_exact_and_costs_it_nothing() {
    within_one_window();
    let limit = 1_000_000;
    let envoy = start(limit);
    assert_eq!(admitted(&envoy, "limited", 3_000).0, 300);
    // What no worker holds is left for all; each knows what it holds itself.
    let held = WORKERS as u64 * limit / 200 / 9;
    let (mut most, mut fewest) = (0, u64::MAX);
    let request = |_| Request::get("/direct/look").api_key("free");
    load(&envoy, CONNECTIONS, 256, request, |_, response| {
        assert_eq!(number(&response, "x-rate-limit-limit"), limit);
        most = most.max(remaining(&response));
        fewest = fewest.min(remaining(&response));
    });
    assert!(most <= limit - 300 && fewest >= limit - 300 - held, "{fewest} to {most}");
}
