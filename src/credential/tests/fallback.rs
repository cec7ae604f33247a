//! `jwt_then_api_key`: when the key is tried, and whose refusal is told.

use serde_json::{Value, json};

use super::with;
use crate::testing::{
    BrokenHost, NOW, Request, audit_line, caller, claims, decide, ed25519_jwk, eddsa_token, issuer,
    jwt, key, merged, outcome, signed, tenant, token,
};
use crate::{Guard, Memory};

fn falling_back(over: Value) -> Guard {
    let issuers = [
        issuer(json!({"tenant": {"fixed": "acme"}})),
        issuer(json!({
            "issuer": "https://ed.example", "tenant": {"fixed": "acme"},
            "keys": {"secret": null, "jwks": {"keys": [ed25519_jwk()]}}
        })),
    ];
    let mut issuers = json!(issuers);
    issuers[1]["keys"].as_object_mut().unwrap().remove("secret");
    let base = json!({
        "mode": "jwt_then_api_key", "jwt": {"max_token_bytes": 600, "issuers": issuers}
    });
    with(merged(base, over))
}

/// A token for each way not to authenticate, with its code.
fn failing() -> Vec<(&'static str, String)> {
    let header = |fields: Value| signed(&fields, &claims(json!({})), |_| vec![0; 32]);
    let good = token(json!({}));
    let ed = |header: Value| {
        signed(&header, &claims(json!({"iss": "https://ed.example"})), |_| vec![0; 64])
    };
    vec![
        ("token_too_large", token(json!({"pad": "x".repeat(600)}))),
        ("token_malformed", "a.b.c".into()),
        ("token_malformed", "no-token".into()),
        ("token_algorithm_refused", header(json!({"alg": "none"}))),
        ("token_issuer_unknown", token(json!({"iss": "https://other.example"}))),
        ("token_key_unknown", ed(json!({"alg": "EdDSA", "kid": "other"}))),
        ("token_signature_invalid", format!("{}A", &good[..good.len() - 1])),
        ("token_signature_invalid", header(json!({"alg": "HS256"}))),
        ("token_expired", token(json!({"exp": NOW - 60.0}))),
        ("token_not_yet_valid", token(json!({"nbf": NOW + 60.0}))),
        ("token_audience_invalid", token(json!({"aud": "other"}))),
        ("token_claim_invalid", token(json!({"sub": 7}))),
        ("token_type_refused", header(json!({"alg": "HS256", "typ": "logout+jwt"}))),
    ]
}

#[test]
fn after_any_token_that_does_not_authenticate_the_key_is_tried() {
    let guard = falling_back(json!({}));
    for (code, token) in failing() {
        let request = Request::get("/").bearer(&token);
        assert_eq!(caller(&guard, &request), code, "alone");
        let with_key = request.clone().with("x-api-key", "sesame");
        assert_eq!(caller(&guard, &with_key), "api_key k1", "{code}");
        for (wrong, key_code) in
            [("Sesame", "api_key_unknown"), ("one.two.three", "api_key_unknown")]
        {
            let with_wrong_key = request.clone().with("x-api-key", wrong);
            let decision = decide(&guard, &with_wrong_key);
            let line = audit_line(&decision);
            assert_eq!((&line["code"], &line["key_code"]), (&json!(code), &json!(key_code)));
            assert_eq!(outcome(&guard, &with_wrong_key), code);
        }
    }
    assert_eq!(caller(&guard, &Request::get("/").with("x-api-key", "sesame")), "api_key k1");
}

#[test]
fn the_audit_line_says_why_the_key_failed_too() {
    let dead = key("dead", "dead", json!({"active": false}));
    let old = key("old", "old", json!({"expires": "2020-01-01T00:00:00Z"}));
    let guard = falling_back(json!({"api_keys": {"keys": [dead, old]}}));
    for (keys, key_code) in [
        (&["dead"][..], json!("api_key_inactive")),
        (&["old"], json!("api_key_expired")),
        (&["old", "old"], json!("credentials_ambiguous")),
        (&[], json!(null)),
    ] {
        let request = Request::get("/").bearer("a.b.c");
        let request = keys.iter().fold(request, |r, key| r.with("x-api-key", key));
        let line = audit_line(&decide(&guard, &request));
        assert_eq!(line["code"], "token_malformed");
        assert_eq!(line["key_code"], key_code);
    }
}

#[test]
fn a_failure_of_the_host_is_final() {
    let dated = key("dated", "dated", json!({"expires": "2100-01-01T00:00:00Z"}));
    let guard =
        falling_back(json!({"api_keys": {"keys": [key("k1", "sesame", json!({})), dated]}}));
    let good = token(json!({}));
    for (token, key, code) in [
        (good.as_str(), "sesame", Some("guard_unavailable")),
        ("a.b.c", "dated", Some("guard_unavailable")),
        ("a.b.c", "sesame", None),
    ] {
        let request = Request::get("/").bearer(token).with("x-api-key", key);
        let decision =
            guard.decide(&request.headers(), &BrokenHost::Clock, &mut Memory::new(9, 9999));
        assert_eq!(decision.denial.map(|denial| denial.code.name()), code, "{token} {key}");
    }
}

#[test]
fn what_the_tenant_step_refuses_is_final() {
    let keys = [key("web-1", "sesame", json!({}))];
    let document = json!({
        "mode": "jwt_then_api_key",
        "tenants": [
            {"id": "acme", "clients": [{"id": "web", "keys": keys}]},
            {"id": "globex", "active": false}
        ]
    });
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    let guard = crate::testing::guard(merged(base, document));
    for (claim, header, result) in [
        (json!("acme"), None, "acme"),
        (json!("acme"), Some("globex"), "tenant_mismatch"),
        (json!({}), None, "tenant_malformed"),
        (json!(null), None, "tenant_required"),
        (json!(["acme", "globex"]), None, "tenant_choice_required"),
        (json!("globex"), None, "tenant_inactive"),
        (json!("initech"), None, "tenant_unknown"),
    ] {
        let request = Request::get("/")
            .bearer(&token(json!({ "tenant": claim })))
            .with("x-api-key", "sesame");
        let request = header.iter().fold(request, |r, name| r.with("x-tenant-id", name));
        assert_eq!(tenant(&guard, &request), result, "{claim} {header:?}");
    }
}

#[test]
fn a_failed_token_is_never_tried_as_a_key_in_a_source_of_both_kinds() {
    let expired = token(json!({"exp": NOW - 60.0}));
    // The very token is a key's text, which still doesn't count.
    let keys = [key("evil", &expired, json!({}))];
    let source = json!([{"header": "authorization", "scheme": "Bearer"}]);
    let guard = falling_back(json!({
        "jwt": {"from": source}, "api_keys": {"from": source, "keys": keys}
    }));
    assert_eq!(caller(&guard, &Request::get("/").bearer(&expired)), "token_expired");
    let bare = falling_back(json!({"api_keys": {"keys": keys}}));
    let request = Request::get("/").with("x-api-key", &expired);
    assert_eq!(caller(&bare, &request), "api_key_unknown");
}

#[test]
fn another_issuers_token_counts_as_any_other() {
    let guard = falling_back(json!({}));
    let request = Request::get("/").bearer(&eddsa_token(json!({"iss": "https://ed.example"})));
    assert_eq!(caller(&guard, &request), "jwt alice");
}
