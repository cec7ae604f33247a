//! What the tests of limits share.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::thread;
use std::time::Duration;

use serde_json::Value;
use tenant_guard_tests::Response;
use tenant_guard_tests::token::now;

/// Waits while the day (and with it the hour) is about to end: limits by the
/// day or the hour are then the same from the first request to the last.
pub fn within_one_window() {
    while 86_400 - now() % 86_400 < 120 {
        thread::sleep(Duration::from_secs(1));
    }
}

/// Waits for the beginning of a second.
pub fn next_second() {
    let second = now();
    while now() == second {
        thread::sleep(Duration::from_millis(5));
    }
}

/// A response header that is a number and there once.
pub fn number(response: &Response, name: &str) -> u64 {
    let all = response.header_all(name);
    assert_eq!(all.len(), 1, "{name}: {response:?}");
    all[0].parse().unwrap_or_else(|_| panic!("{name}: {response:?}"))
}

/// `x-rate-limit-remaining`.
pub fn remaining(response: &Response) -> u64 {
    number(response, "x-rate-limit-remaining")
}

/// A direct response of Envoy's router, so that no application slows a test
/// down that is about the guard.
pub fn direct() -> Value {
    serde_json::json!({"name": "direct", "match": {"prefix": "/direct"}, "direct_response": {"status": 200}})
}
