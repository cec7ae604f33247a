//! Decisions by what is fetched.

use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Key, jwks};

use crate::testing::elsewhere::{Net, Worker, answer, found, nothing, remote};
use crate::testing::{ISSUER, Request, claims, key, merged, token};
use crate::{Answer, CacheUse, Patience};

fn ed(kid: &str) -> Key {
    Key::seeded(Alg::EdDSA, kid, kid)
}

fn keys(kids: &[&str]) -> Answer {
    let keys: Vec<Key> = kids.iter().map(|kid| ed(kid)).collect();
    found(&jwks(&keys.iter().collect::<Vec<_>>()))
}

fn by(kid: &str) -> Request {
    Request::get("/").bearer(&ed(kid).token(claims(json!({}))))
}

fn with_key(request: Request, secret: &str) -> Request {
    request.with("x-api-key", secret)
}

/// One issuer with fetched keys, one tenant with the key `sesame`, and an
/// address that is blocked after two guesses.
fn document(more: Value) -> Value {
    let base = json!({
        "jwt": {"issuers": [remote(json!({}))]},
        "failures": {"limit": "2/min", "block": "10m"},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
            key("k", "sesame", json!({}))
        ]}]}],
    });
    merged(base, more)
}

fn worker(more: Value) -> (Net, Worker) {
    let net = Net::new();
    net.host.client.set("192.0.2.1".parse().ok());
    (net, Worker::new(&document(more)))
}

fn block(worker: &mut Worker, net: &Net) {
    let guess = with_key(Request::get("/"), "guess");
    for expected in ["api_key_unknown", "api_key_unknown", "authentication_blocked"] {
        assert_eq!(worker.says(&guess, net), expected);
    }
}

fn cache_use(worker: &mut Worker, request: &Request, net: &Net) -> Option<CacheUse> {
    worker.guard.decide(&request.headers(), net, &mut worker.memory).cache
}

#[test]
fn a_token_is_verified_once_by_each_set_of_keys() {
    let (net, mut worker) = worker(json!({}));
    let uses = |worker: &mut Worker| [0, 1].map(|_| cache_use(worker, &by("a"), &net));
    for (at, kids) in [(0.0, &["a"][..]), (91.0, &["b", "a"])] {
        net.at(at);
        worker.fetch(keys(kids), &net);
        assert_eq!(uses(&mut worker), [Some(CacheUse::Miss), Some(CacheUse::Hit)], "{at}");
    }
    // What comes again unchanged is no other set.
    net.at(182.0);
    worker.fetch(keys(&["b", "a"]), &net);
    assert_eq!(uses(&mut worker), [Some(CacheUse::Hit); 2]);
    net.at(273.0);
    worker.fetch(keys(&["b"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "token_key_unknown");
    assert!(worker.memory.tokens() == 0, "it isn't kept");
}

#[test]
fn whoever_had_a_good_token_is_not_guessing() {
    let (net, mut worker) = worker(json!({}));
    worker.fetch(keys(&["a"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "allow");
    block(&mut worker, &net);
    assert_eq!(worker.says(&by("a"), &net), "allow");
    // By other keys it is verified again.
    net.at(91.0);
    worker.fetch(keys(&["a", "b"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "allow");
    assert_eq!(worker.says(&by("b"), &net), "authentication_blocked", "which nobody knows");
    net.at(182.0);
    worker.fetch(keys(&["b"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "token_key_unknown");
    assert_eq!(worker.says(&by("a"), &net), "authentication_blocked", "it is no good one now");
}

/// That keys weren't there for a while says nothing of the token.
#[test]
fn a_good_token_passes_a_block_also_after_keys_were_not_there() {
    let (net, mut worker) = worker(json!({"failures": {"block": "10h"}}));
    worker.fetch(keys(&["a"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "allow");
    block(&mut worker, &net);
    net.at(1001.0);
    worker.fetch(nothing(), &net);
    assert_eq!(worker.says(&by("a"), &net), "keys_unavailable");
    net.at(1003.0);
    worker.tick(&net);
    assert!(worker.tries(&by("a"), Patience::MayWait, &net).is_err(), "it waits");
    worker.answer(keys(&["a"]), &net);
    assert_eq!(worker.says(&by("a"), &net), "allow");
}

#[test]
fn a_key_beside_a_token_is_tried_once_the_token_is_refused_for_good() {
    let (net, mut worker) = worker(json!({"mode": "jwt_then_api_key"}));
    let both = |kid: &str| with_key(by(kid), "sesame");
    worker.tick(&net);
    // Keys that aren't there are no fault of the token: that is final.
    for (patience, expected) in [
        (Patience::MayWait, None),
        (Patience::Waited, Some("keys_unavailable")),
        (Patience::Crowded, Some("keys_unavailable")),
    ] {
        assert_eq!(worker.tries(&both("a"), patience, &net).ok(), expected, "{patience:?}");
    }
    worker.answer(keys(&["a"]), &net);
    for (patience, expected) in [
        (Patience::MayWait, None),
        (Patience::Waited, Some("allow")),
        (Patience::Crowded, Some("keys_unavailable")),
    ] {
        assert_eq!(worker.tries(&both("b"), patience, &net).ok(), expected, "{patience:?}");
        assert_eq!(worker.tries(&both("a"), patience, &net), Ok("allow"));
    }
    let wrong = with_key(by("b"), "old");
    assert_eq!(worker.tries(&wrong, Patience::Waited, &net), Ok("token_key_unknown"));
    // Nothing waits for what a key alone decides.
    let alone = with_key(Request::get("/"), "sesame");
    assert_eq!(worker.tries(&alone, Patience::MayWait, &net), Ok("allow"));
}

/// A tenant of the document and a directory with more, fetched every 10
/// seconds.
fn with_directory() -> (Net, Worker) {
    let own = crate::testing::issuer(
        json!({"name": "own", "tenant": {"claims": ["t"], "any_tenant": true}}),
    );
    let net = Net::new();
    let document = json!({
        "jwt": {"issuers": [own]},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
            key("k", "sesame", json!({}))
        ]}]}],
        "directory": {
            "cluster": "t", "uri": "https://t.example/", "refresh": "10s", "timeout": "2s",
            "max_stale": "100s", "headers": {"authorization": "Bearer secret"},
        },
        "routes": [{"match": {"path": "/open"}, "auth": "none"}, {"match": {"path": "/**"}}],
    });
    (net, Worker::new(&document))
}

fn of(tenant: &str) -> Request {
    Request::get("/").bearer(&token(json!({"t": tenant, "iat": crate::testing::NOW - 60.0})))
}

fn directory(more: Value) -> Answer {
    let tenants = json!([{"id": "globex", "clients": [{"id": "c", "keys": [
        key("g", "open", json!({}))
    ]}]}]);
    found(&merged(json!({"version": 1, "tenants": tenants}), more))
}

#[test]
fn before_the_first_fetch_any_token_may_be_a_revoked_one() {
    let (net, mut worker) = with_directory();
    let by_key = |secret: &str| with_key(Request::get("/"), secret);
    let tries = |worker: &mut Worker, request: &Request| {
        worker.tries(request, Patience::MayWait, &net).ok()
    };
    for request in [of("acme"), of("globex"), by_key("open")] {
        assert_eq!(tries(&mut worker, &request), None, "{request:?}");
    }
    assert_eq!(tries(&mut worker, &by_key("sesame")), Some("allow"));
    assert_eq!(tries(&mut worker, &Request::get("/open")), Some("public"));
    // Who waited in vain: the document decides what it can.
    assert_eq!(worker.says(&of("acme"), &net), "allow");
    assert_eq!(worker.says(&of("globex"), &net), "tenants_unavailable");
    assert_eq!(worker.says(&by_key("open"), &net), "tenants_unavailable");
    let call = worker.fetch(directory(json!({})), &net);
    assert_eq!(call.header("authorization"), Some("Bearer secret"));
    for request in [of("acme"), of("globex"), by_key("open"), by_key("sesame")] {
        assert_eq!(tries(&mut worker, &request), Some("allow"), "{request:?}");
    }
    assert_eq!(tries(&mut worker, &of("initech")), Some("tenant_unknown"));
    assert_eq!(tries(&mut worker, &by_key("guess")), Some("api_key_unknown"));
}

#[test]
fn what_is_revoked_leaves_the_cache() {
    let not_before = json!({"tokens_not_before": "2027-01-15T08:00:00Z"});
    let subject = json!({"revoked": [{"issuer": ISSUER, "subject": "alice"}]});
    let mut held = json!([{"id": "globex"}]);
    held[0] = merged(held[0].clone(), not_before);
    for revoking in [subject, json!({ "tenants": held })] {
        let (net, mut worker) = with_directory();
        worker.fetch(directory(json!({})), &net);
        assert_eq!(worker.says(&of("globex"), &net), "allow");
        assert_eq!(worker.memory.tokens(), 1);
        net.at(10.0);
        worker.fetch(directory(revoking.clone()), &net);
        assert_eq!(worker.says(&of("globex"), &net), "token_revoked", "{revoking}");
        assert!(worker.memory.tokens() == 0);
        net.at(20.0);
        worker.fetch(directory(json!({})), &net);
        assert_eq!(worker.says(&of("globex"), &net), "allow", "taken back");
    }
}

#[test]
fn a_directory_that_is_too_old_leaves_the_document_s_tenants() {
    let (net, mut worker) = with_directory();
    worker.fetch(directory(json!({})), &net);
    for (at, globex) in [(100.0, "allow"), (100.5, "tenants_unavailable")] {
        net.at(at);
        worker.tick(&net);
        if !worker.calls.is_empty() {
            worker.answer(answer(500, &[], ""), &net);
        }
        assert_eq!(worker.says(&of("globex"), &net), globex, "{at}");
        assert_eq!(worker.says(&of("acme"), &net), "allow", "{at}");
    }
    assert_eq!(worker.says(&with_key(Request::get("/"), "guess"), &net), "tenants_unavailable");
    net.at(120.0);
    worker.fetch(directory(json!({})), &net);
    assert_eq!(worker.says(&of("globex"), &net), "allow");
}
