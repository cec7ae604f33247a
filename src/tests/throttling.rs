//! The throttle, by whole decisions.

mod blocked;

use serde_json::{Value, json};

use crate::testing::{
    BrokenHost, FixedHost, NOW, Request, claims, decide_at, es256_token, guard, issuer, key,
    merged, p256_jwk, signed, token, word,
};
use crate::{Guard, Host, SignatureVerdict, Verdict};

const ADDRESS: &str = "192.0.2.1";

/// Three failures in a minute block for ten.
fn throttled(document: Value) -> Guard {
    let mut es = issuer(json!({"issuer": "https://es.example", "tenant": {"fixed": "acme"}}));
    es["keys"] = json!({"jwks": {"keys": [p256_jwk()]}});
    let hs = issuer(json!({"tenant": {"fixed": "acme"}}));
    let admin = key("x", "root", json!({}))["sha256"].clone();
    let base = json!({
        "jwt": {"issuers": [hs, es]},
        "failures": {"limit": "3/min", "block": "10m"},
        "super_admin": {"from": [{"header": "x-root"}], "sha256": admin, "tenant": "root"},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
            key("k", "sesame", json!({})),
            key("old", "old", json!({"expires": "2020-01-01T00:00:00Z"}))
        ]}]}],
        "routes": [
            {"match": {"path": "/open"}, "auth": "none"},
            {"match": {"path": "/any"}, "auth": "optional", "tenancy": {"strict": false}},
            {"match": {"path": "/shadow"}, "shadow": true},
            {"match": {"path": "/scoped"}, "scopes": ["write"]},
            {"match": {"path": "/**"}}
        ]
    });
    guard(merged(base, document))
}

/// A host at the address that believes no signature of ES256.
fn host() -> FixedHost {
    FixedHost::saying(Ok(SignatureVerdict::Invalid)).from(ADDRESS)
}

fn es256(own: Value) -> Request {
    Request::get("/").bearer(&es256_token(merged(json!({"iss": "https://es.example"}), own)))
}

fn hs256(own: Value) -> Request {
    Request::get("/").bearer(&token(own))
}

/// Signed with another secret.
fn forged() -> Request {
    let token = signed(&json!({"alg": "HS256"}), &claims(json!({})), |_| vec![7; 32]);
    Request::get("/").bearer(&token)
}

fn by_key(secret: &str) -> Request {
    Request::get("/").with("x-api-key", secret)
}

fn outcome(guard: &Guard, request: &Request, host: &dyn Host) -> &'static str {
    word(&decide_at(guard, request, host))
}

/// How many such requests it takes until the address is blocked.
fn until_blocked(guard: &Guard, request: &Request) -> Option<usize> {
    let host = host();
    (1..=8).find(|_| {
        outcome(guard, request, &host);
        outcome(guard, &by_key("guess"), &host) == "authentication_blocked"
    })
}

/// A host whose address is blocked.
fn blocked(guard: &Guard) -> FixedHost {
    let host = host();
    for _ in 0..3 {
        assert_eq!(outcome(guard, &by_key("nobody"), &host), "api_key_unknown");
    }
    host
}

#[test]
fn guesses_count_and_the_limit_blocks() {
    let guard = throttled(json!({}));
    for (request, code) in [
        (Request::get("/").bearer("a.b.c"), "token_malformed"),
        (Request::get("/").bearer("rubbish"), "token_malformed"),
        (Request::get("/").with("authorization", "Basic YTpi"), "token_malformed"),
        (forged(), "token_signature_invalid"),
        (es256(json!({})), "token_signature_invalid"),
        (by_key("nobody"), "api_key_unknown"),
        (Request::get("/").with("x-root", "nobody"), "api_key_unknown"),
        (Request::get("/any").bearer("a.b.c"), "token_malformed"),
    ] {
        let host = host();
        for _ in 0..3 {
            assert_eq!(outcome(&guard, &request, &host), code, "{request:?}");
        }
        assert_eq!(outcome(&guard, &request, &host), "authentication_blocked", "{request:?}");
    }
}

#[test]
fn other_refusals_count_for_nothing() {
    let guard = throttled(json!({}));
    let headed = |header: Value| {
        let claims = claims(json!({"iss": "https://es.example"}));
        Request::get("/").bearer(&signed(&header, &claims, |_| vec![7; 64]))
    };
    for (request, code) in [
        (hs256(json!({"exp": NOW - 3600.0})), "token_expired"),
        (hs256(json!({"nbf": NOW + 3600.0})), "token_not_yet_valid"),
        (hs256(json!({"iss": "https://evil.example"})), "token_issuer_unknown"),
        (hs256(json!({"aud": "other"})), "token_audience_invalid"),
        (hs256(json!({"sub": null})), "token_claim_invalid"),
        (headed(json!({"alg": "ES256", "kid": "x"})), "token_key_unknown"),
        (headed(json!({"alg": "HS256", "kid": "es"})), "token_algorithm_refused"),
        (headed(json!({"alg": "ES256", "kid": "es", "typ": "logout+jwt"})), "token_type_refused"),
        (Request::get("/").bearer(&"x".repeat(20_000)), "token_too_large"),
        (Request::get("/"), "credentials_missing"),
        (by_key("sesame").bearer("a.b.c"), "credentials_ambiguous"),
        (by_key("old"), "api_key_expired"),
        (by_key("sesame").with("x-tenant-id", "globex"), "tenant_mismatch"),
        (Request::get("/scoped").with("x-api-key", "sesame"), "scope_missing"),
        (by_key("sesame"), "allow"),
        (Request::get("/open").bearer("a.b.c"), "public"),
        (Request::get("/shadow").bearer("a.b.c"), "shadow"),
    ] {
        let host = host();
        for _ in 0..5 {
            assert_eq!(outcome(&guard, &request, &host), code, "{request:?}");
        }
        assert_eq!(host.shared_size(), (0, 0), "{code}");
    }
}

#[test]
fn a_refused_request_counts_once() {
    let both = throttled(json!({"mode": "jwt_then_api_key"}));
    let agree = throttled(json!({"both": "agree"}));
    let bad = |secret: &str| by_key(secret).bearer("a.b.c");
    assert_eq!(until_blocked(&both, &by_key("nobody")), Some(2), "and the guess between");
    assert_eq!(until_blocked(&both, &bad("nobody")), Some(2));
    assert_eq!(until_blocked(&agree, &bad("nobody")), Some(2));
    // Only the guesses between.
    assert_eq!(until_blocked(&both, &bad("sesame")), Some(4));
    assert_eq!(until_blocked(&both, &by_key("sesame")), Some(4));
}

#[test]
fn where_a_key_is_tried_after_a_token_either_counts() {
    let guard = throttled(json!({"mode": "jwt_then_api_key"}));
    let expired = hs256(json!({"exp": NOW - 3600.0}));
    for (request, code, counted) in [
        (expired.clone().with("x-api-key", "nobody"), "token_expired", true),
        (expired.clone().with("x-api-key", "old"), "token_expired", false),
        (expired.clone().with("x-api-key", "a.b.c"), "token_expired", true),
        (expired.clone(), "token_expired", false),
        (expired.with("x-api-key", "sesame"), "allow", false),
        (forged().with("x-api-key", "old"), "token_signature_invalid", true),
        (forged().with("x-api-key", "sesame"), "allow", false),
        (by_key("a.b.c"), "api_key_unknown", true),
    ] {
        let host = host();
        assert_eq!(outcome(&guard, &request, &host), code, "{request:?}");
        assert_eq!(host.shared_size().0 > 0, counted, "{request:?}");
    }
}

#[test]
fn a_shadow_neither_counts_nor_blocks() {
    let guard = throttled(json!({}));
    let host = blocked(&guard);
    let shadow = |request: Request| request.set(":path", "/shadow");
    assert_eq!(outcome(&guard, &shadow(hs256(json!({}))), &host), "allow");
    assert_eq!(outcome(&guard, &shadow(by_key("nobody")), &host), "shadow");
    let denial = decide_at(&guard, &shadow(by_key("nobody")), &host).denial.unwrap();
    assert_eq!(denial.code.name(), "api_key_unknown");
}

#[test]
fn other_addresses_and_none_are_never_blocked() {
    let guard = throttled(json!({}));
    let host = blocked(&guard);
    for other in ["192.0.2.2", "2001:db8::1", "::1", "0.0.0.0"] {
        host.client.set(Some(other.parse().unwrap()));
        assert_eq!(outcome(&guard, &hs256(json!({})), &host), "allow", "{other}");
        assert_eq!(outcome(&guard, &by_key("nobody"), &host), "api_key_unknown", "{other}");
    }
    for same in [ADDRESS, "::ffff:192.0.2.1"] {
        host.client.set(Some(same.parse().unwrap()));
        assert_eq!(outcome(&guard, &hs256(json!({})), &host), "authentication_blocked", "{same}");
    }
    let unknown = FixedHost::at(NOW);
    for _ in 0..9 {
        assert_eq!(outcome(&guard, &by_key("nobody"), &unknown), "api_key_unknown");
    }
    assert_eq!(outcome(&guard, &hs256(json!({})), &unknown), "allow");
    assert_eq!(unknown.shared_size(), (0, 0));
}

#[test]
fn without_the_section_nothing_is_shared_and_nobody_blocked() {
    let mut document = json!({"jwt": {"issuers": [issuer(json!({}))]}});
    document["api_keys"] = json!({"keys": [key("k", "sesame", json!({}))]});
    let guard = guard(document);
    for host in [BrokenHost::Reads, BrokenHost::Writes, BrokenHost::Addresses] {
        for _ in 0..5 {
            assert_eq!(outcome(&guard, &by_key("nobody"), &host), "api_key_unknown", "{host:?}");
        }
    }
}

#[test]
fn a_host_that_fails_lets_nobody_in_and_hides_no_refusal() {
    let guard = throttled(json!({}));
    for (host, good, bad) in [
        (BrokenHost::Reads, "guard_unavailable", "guard_unavailable"),
        (BrokenHost::Addresses, "guard_unavailable", "guard_unavailable"),
        // It isn't remembered, but it is refused.
        (BrokenHost::Writes, "allow", "api_key_unknown"),
    ] {
        assert_eq!(outcome(&guard, &hs256(json!({})), &host), good, "{host:?}");
        assert_eq!(outcome(&guard, &by_key("nobody"), &host), bad, "{host:?}");
        assert_eq!(outcome(&guard, &by_key("sesame"), &host), "allow", "{host:?}");
    }
    let then = throttled(json!({"mode": "jwt_then_api_key"}));
    let both = hs256(json!({})).with("x-api-key", "sesame");
    assert_eq!(outcome(&then, &both, &BrokenHost::Reads), "guard_unavailable");
}
