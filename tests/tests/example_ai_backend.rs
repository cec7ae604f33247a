//! `envoy/examples/ai-backend` does what its README says, in a real Envoy.

mod systems;

use serde_json::json;
use systems::ai_backend::{AI_BACKEND, APP, BACKEND, DASHBOARD, OPERATIONS, by_key, by_token};
use systems::{shipped, sound};
use tenant_guard_tests::token::now;
use tenant_guard_tests::{Envoy, Protocol, Request, Response};

#[test]
fn nobody_passes_without_the_guard() {
    sound::needs_its_guard(&AI_BACKEND);
}

#[test]
fn the_files_fit_together() {
    sound::is_sound(&AI_BACKEND, &[]);
}

#[test]
fn as_shipped() {
    AI_BACKEND.try_in(&AI_BACKEND.start());
}

/// The placeholders of the shipped document are no key's digests.
#[test]
fn nobody_gets_in_before_keys_are_put_in() {
    let running = AI_BACKEND.start_with(shipped::yaml(&AI_BACKEND.file("guard")));
    let response = running.send(&by_key("GET", "/v1/usage", BACKEND));
    assert_eq!(response.code().as_deref(), Some("api_key_unknown"), "{response:?}");
}

/// `X-Rate-Limit-*` of a response: limit, remaining, reset.
fn limits(response: &Response) -> Option<(u64, u64, u64)> {
    let number = |name: &str| response.header(name).map(|value| value.parse().unwrap());
    Some((
        number("x-rate-limit-limit")?,
        number("x-rate-limit-remaining")?,
        number("x-rate-limit-reset")?,
    ))
}

#[test]
fn each_tier_has_its_limit_and_every_response_of_a_tenant_tells_it() {
    let envoy = AI_BACKEND.start();
    let limit = |request: Request| limits(&envoy.send(&request)).map(|(limit, ..)| limit);
    let free = json!({"roles": ["developer"], "plan": "free"});
    for (what, request, expected) in [
        ("a key of the tier pro", by_key("GET", "/v1/usage", BACKEND), Some(300)),
        ("a key of the tier free", by_key("GET", "/v1/presentations", DASHBOARD), Some(60)),
        ("a key without one: its tenant's", by_key("GET", "/v1/usage", OPERATIONS), Some(3000)),
        ("a tenant of the tier free", by_key("GET", "/v1/generate/outline", APP), Some(60)),
        ("a user with a plan", by_token("GET", "/v1/usage", free), Some(60)),
        ("a sensitive endpoint", by_key("POST", "/v1/generate/images", BACKEND), Some(120)),
        ("managing keys", by_key("POST", "/v1/api-keys", OPERATIONS), Some(10)),
        ("a refusal, too", by_key("POST", "/v1/presentations", DASHBOARD), Some(60)),
        ("not where nobody knows whose it is", Request::get("/v1/usage"), None),
    ] {
        assert_eq!(limit(request), expected, "{what}");
    }
}

/// How many requests in a row are admitted, and what the next one gets. It may
/// be twice a limit, if a window ends in between.
fn admitted(envoy: &Envoy, request: &Request) -> (usize, Response) {
    let mut connection = envoy.connect(Protocol::H1);
    let mut send = || connection.send(request).unwrap();
    (0..1000)
        .find_map(|count| Some((count, send())).filter(|(_, response)| response.status != 200))
        .expect("there is a limit")
}

#[test]
fn what_costs_most_is_limited_most() {
    let envoy = AI_BACKEND.start();
    let (good, refused) = admitted(&envoy, &by_key("GET", "/v1/api-keys", OPERATIONS));
    assert!((10..=20).contains(&good), "{good}");
    assert_eq!(refused.code().as_deref(), Some("rate_limited"), "{refused:?}");
    let (_, remaining, reset) = limits(&refused).unwrap();
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(remaining == 0 && (1..=60).contains(&wait), "{refused:?}");
    let now = u64::try_from(now()).unwrap();
    assert!((now..=now + 60).contains(&reset), "{refused:?}");
    // All else goes on.
    assert_eq!(envoy.send(&by_key("GET", "/v1/usage", OPERATIONS)).status, 200);
}

#[test]
fn one_user_does_not_use_up_anothers_plan() {
    let envoy = AI_BACKEND.start();
    let user = |name: &str| {
        by_token("GET", "/v1/usage", json!({"roles": ["developer"], "plan": "free", "sub": name}))
    };
    let (good, refused) = admitted(&envoy, &user("alice"));
    assert!((60..=120).contains(&good), "{good}");
    assert_eq!(refused.code().as_deref(), Some("rate_limited"), "{refused:?}");
    assert_eq!(envoy.send(&user("bob")).status, 200);
}

#[test]
fn guessing_is_slowed_down() {
    let envoy = AI_BACKEND.start();
    let guess = by_key("GET", "/v1/usage", "ak_guess").from("127.0.0.9");
    let codes: Vec<_> = (0..60).map(|_| envoy.send(&guess).code().unwrap()).collect();
    assert_eq!(codes[0], "api_key_unknown");
    assert_eq!(codes[59], "authentication_blocked");
    // Others aren't, nor is a good key from the same address.
    assert_eq!(envoy.send(&by_key("GET", "/v1/usage", BACKEND).from("127.0.0.9")).status, 200);
    let other = envoy.send(&guess.from("127.0.0.10"));
    assert_eq!(other.code().as_deref(), Some("api_key_unknown"));
}

#[test]
fn every_use_is_logged_and_no_key_is() {
    let envoy = AI_BACKEND.start();
    envoy.send(&by_key("GET", "/v1/usage", BACKEND));
    let log = envoy.wait_for_log("\"key\":\"backend-2\"");
    let line = log.lines().find(|line| line.contains("wasm log") && line.contains("backend-2"));
    let line = line.expect("allowed requests have an audit line");
    assert!(line.contains("\"tenant\":\"acme\"") && line.contains("/v1/usage"), "{line}");
    assert!(!log.contains(BACKEND), "{log}");
}
