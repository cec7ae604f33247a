//! Linear memory never shrinks and a host never forgets a shared value: neither
//! may grow with what callers invent.

use serde_json::json;
use tenant_guard_host_tests::verify::Verify;
use tenant_guard_host_tests::{Callback, Request, Setup, SharedData, tokens};

use crate::common::counting::VM_ID;
use crate::common::*;

/// How many requests, and after how many of them memory stays as it is.
const MANY: usize = 100_000;
const WARM: usize = 40_000;

/// An RS256 token whose signature the host is told about.
fn token(claims: &serde_json::Value) -> String {
    let header = r#"{"alg":"RS256","kid":"rsa-1"}"#;
    let parts = [tokens::b64(header), tokens::b64(claims.to_string()), tokens::b64([7; 256])];
    parts.join(".")
}

/// Without the headers that others' tests bring: hostcalls cost time.
fn bearer(token: &str) -> Request {
    Request::get("/v1/things").header("authorization", &format!("Bearer {token}"))
}

/// Sends so many requests; the number of shared values in the end.
fn flood(setup: Setup, code: &str, request: impl Fn(usize) -> Request) -> Vec<String> {
    let shared = SharedData::new();
    let mut host = started(setup.shared(&shared));
    let mut warm = 0;
    for n in 0..MANY {
        let run = host.request(&request(n).only(&[Callback::RequestHeaders]));
        assert_eq!(run.outcome.short(), code, "request {n}");
        if n == WARM {
            warm = host.memory();
        }
    }
    println!("{code}: {warm} bytes, then {}", host.memory());
    // Room for what the cache of tokens breaks into.
    assert!(host.memory() <= (warm + (1 << 20)).min(32 << 20), "{} bytes", host.memory());
    shared.names(VM_ID)
}

#[test]
fn callers_that_fail_from_everywhere_leave_a_bounded_trace() {
    let from = |n: usize| format!("10.{}.{}.{}:4711", n >> 16, n >> 8 & 255, n & 255);
    let names =
        flood(setup(), "401 token_malformed", |n| bearer(&format!("a.b{n}.c")).client(&from(n)));
    assert!(names.iter().all(|name| name.starts_with("tenant_guard.failures.1.")));
    assert!((1_000..=1_024).contains(&names.len()), "{} values", names.len());
}

#[test]
fn subjects_without_end_leave_a_bounded_trace() {
    let setup = setup().verify(Verify::stub(|_| Ok(vec![0x08, 0x01])));
    let names = flood(setup, "continued", |n| {
        let mut claims = claims("https://idp.test/");
        claims["sub"] = json!(format!("subject {n}"));
        claims["plan"] = json!("gold");
        bearer(&token(&claims))
    });
    assert!(names.iter().all(|name| name.starts_with("tenant_guard.limits.1.")));
    assert!((4_000..=4_096).contains(&names.len()), "{} values", names.len());
}
