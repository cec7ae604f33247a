//! Audit lines: what they tell, and what they never tell.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{
    NOW, Request, audit_line, decide, ed25519_jwk, eddsa_token, guard, issuer, jwt, key, merged,
    token,
};

fn of_acme(document: Value) -> Guard {
    let base = merged(
        jwt(json!({"name": "idp", "tenant": {"fixed": "acme"}})),
        json!({
            "revision": "7",
            "tenants": [
                {"id": "acme", "clients": [{"id": "web", "keys": [key("web-1", "sesame", json!({}))]}]}
            ]
        }),
    );
    guard(merged(base, document))
}

fn line(guard: &Guard, request: &Request) -> Value {
    audit_line(&decide(guard, request))
}

#[test]
fn a_line_tells_who_was_allowed_and_by_what_route() {
    let routes = json!([{"match": {"path": ["/x", "/y"]}}]);
    let guard = of_acme(json!({"audit": {"log": "all"}, "routes": routes}));
    let request = Request::get("/x?a=b").with("x-request-id", "r-1");
    let token = token(json!({"client_id": "web"}));
    assert_eq!(
        line(&guard, &request.clone().bearer(&token)),
        json!({
            "time": "now", "revision": "7", "verdict": "allow", "method": "GET", "path": "/x",
            "request_id": "r-1", "route": "routes[0] /x", "tenant": "acme",
            "tenant_from": "bound", "auth": "jwt", "client": "web", "subject": "alice", "issuer": "idp"
        })
    );
    assert_eq!(
        line(&guard, &request.with("x-api-key", "sesame")),
        json!({
            "time": "now", "revision": "7", "verdict": "allow", "method": "GET", "path": "/x",
            "request_id": "r-1", "route": "routes[0] /x", "tenant": "acme",
            "tenant_from": "bound", "auth": "api_key", "client": "web", "key": "web-1"
        })
    );
}

#[test]
fn a_line_tells_the_caller_of_a_refusal_only_once_it_is_verified() {
    let ed = json!({"name": "idp", "keys": {"jwks": {"keys": [ed25519_jwk()]}}});
    let mut ed = issuer(ed);
    ed["keys"].as_object_mut().unwrap().remove("secret");
    ed["tenant"] = json!({"fixed": "acme"});
    let guard = of_acme(json!({"jwt": {"issuers": [ed]}}));
    let good = eddsa_token(json!({}));
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    let unverified = line(&guard, &Request::get("/").bearer(&forged));
    assert_eq!(
        unverified,
        json!({
            "time": "now", "revision": "7", "verdict": "deny", "method": "GET", "path": "/",
            "route": "unmatched", "code": "token_signature_invalid", "kid": "ed"
        })
    );
    let mismatch = line(&guard, &Request::get("/").bearer(&good).with("x-tenant-id", "globex"));
    assert_eq!(
        mismatch,
        json!({
            "time": "now", "revision": "7", "verdict": "deny", "method": "GET", "path": "/",
            "route": "unmatched", "auth": "jwt", "code": "tenant_mismatch", "rule": "x-tenant-id", "kid": "ed",
            "subject": "alice", "issuer": "idp"
        })
    );
    let expired = eddsa_token(json!({"exp": NOW - 60.0}));
    let expired = line(&guard, &Request::get("/").bearer(&expired));
    assert_eq!((&expired["code"], &expired["subject"]), (&json!("token_expired"), &Value::Null));
}

#[test]
fn the_level_and_the_rule_of_a_refusal_are_told() {
    let clients = json!([{"id": "web", "active": false, "keys": [key("k", "sesame", json!({}))]}]);
    let guard = of_acme(json!({"tenants": [{"id": "acme", "clients": clients}]}));
    let line = line(&guard, &Request::get("/").with("x-api-key", "sesame"));
    for (name, value) in [
        ("code", "client_inactive"),
        ("level", "client"),
        ("rule", "active of client web of tenant acme"),
        ("tenant", "acme"),
        ("client", "web"),
        ("key", "k"),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
}

#[test]
fn the_document_says_which_requests_have_a_line() {
    let routes = json!([{"match": {"path": "/open"}, "auth": "none"}, {"match": {"path": "/**"}}]);
    for (log, public, allowed, refused) in [
        (json!({}), false, false, true),
        (json!({"log": "denied"}), false, false, true),
        (json!({"log": "all"}), true, true, true),
        (json!({"log": "none"}), false, false, false),
    ] {
        for shadow in [false, true] {
            let document = json!({"audit": log, "routes": routes, "shadow": shadow});
            let guard = of_acme(document);
            let good = Request::get("/").bearer(&token(json!({})));
            for (request, has_line) in
                [(Request::get("/open"), public), (good, allowed), (Request::get("/"), refused)]
            {
                let decision = decide(&guard, &request);
                assert_eq!(decision.audit.is_some(), has_line, "{log} {request:?}");
            }
        }
    }
}

#[test]
fn acting_for_a_tenant_is_always_told() {
    for acts_for in [json!("any"), json!(["acme", "globex"])] {
        let document = json!({"jwt": {"issuers": [
            issuer(json!({"tenant": {"acts_for": acts_for}}))
        ]}});
        let mut document = document;
        document["tenants"] = json!([{"id": "acme"}, {"id": "globex"}]);
        let guard = guard(document);
        let request = Request::get("/").bearer(&token(json!({}))).with("x-tenant-id", "globex");
        assert!(decide(&guard, &request).audit.unwrap().acts_for_others());
        let line = line(&guard, &request);
        for (name, value) in [
            ("verdict", "allow"),
            ("tenant", "globex"),
            ("tenant_from", "chosen"),
            ("subject", "alice"),
        ] {
            assert_eq!(line[name], value, "{acts_for} {name}");
        }
    }
}

#[test]
fn no_line_holds_a_credential() {
    let sources = json!({
        "audit": {"log": "all"},
        "mode": "jwt_then_api_key",
        "jwt": {"from": [{"header": "authorization", "scheme": "Bearer"}, {"query": "t"}, {"cookie": "s"}]},
        "api_keys": {"from": [{"header": "x-api-key"}, {"query": "k"}, {"cookie": "k"}]},
        "routes": [{"match": {"path": "/open"}, "auth": "none"}, {"match": {"path": "/**"}}]
    });
    let guard = of_acme(sources);
    let good = token(json!({}));
    let expired = token(json!({"exp": NOW - 60.0}));
    let foreign = token(json!({"iss": "https://other.example"}));
    let broken = format!("{}x", &good[..good.len() - 9]);
    for path in ["/open", "/x", "/a/../b", "/a%zz"] {
        for secret in
            [good.as_str(), &expired, &foreign, &broken, "sesame", "Sesame", "one.two.three"]
        {
            for request in [
                Request::get(path).bearer(secret),
                Request::get(path).bearer(secret).bearer(secret),
                Request::get(path).with("authorization", format!("Basic {secret}")),
                Request::get(path).with("authorization", secret),
                Request::get(path).with("x-api-key", secret),
                Request::get(path).with("x-api-key", secret).with("x-api-key", secret),
                Request::get(path).with("cookie", format!("s={secret}; k={secret}")),
                Request::get(&format!("{path}?t={secret}&k={secret}")),
                Request::get(&format!("{path}?k={secret}&k={secret}")),
                Request::get(&format!("{path}?x;t={secret}")).with("x-api-key", secret),
            ] {
                let line = line(&guard, &request).to_string();
                assert!(line.contains("\"verdict\""));
                for part in secret.split('.') {
                    assert!(!line.contains(part), "{line}");
                }
            }
        }
    }
}

#[test]
fn what_a_client_writes_into_a_line_is_escaped_and_cut() {
    let guard = of_acme(json!({"audit": {"log": "all"}}));
    let request = Request::get(&format!("/{}", "a".repeat(9_000)));
    let line = line(&guard, &request);
    assert_eq!(line["path"].as_str().unwrap().len(), 512);
    let subject =
        "a\n\"},{\"verdict\":\"allow\"\u{2028}\u{85}\u{7f}\u{9b}2J\u{202e}\u{e9}\u{1f600}";
    let request = Request::get("/").bearer(&token(json!({ "sub": subject })));
    let audit = decide(&guard, &request).audit.unwrap().finish("now", Some("10.0.0.1"), 3);
    assert!(audit.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{audit}");
    let parsed: Value = serde_json::from_str(&audit).unwrap();
    assert_eq!(parsed["subject"], subject);
    assert_eq!((&parsed["address"], &parsed["suppressed"]), (&json!("10.0.0.1"), &json!(3)));
}
