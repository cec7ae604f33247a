//! The modes: which kinds are looked at, and what several together mean.

use serde_json::json;

use super::with;
use crate::testing::{Request, caller, token};

const AMBIGUOUS: &str = "credentials_ambiguous";
const MISSING: &str = "credentials_missing";
const MALFORMED: &str = "token_malformed";
const UNKNOWN: &str = "api_key_unknown";
const JWT: &str = "jwt alice";
const KEY: &str = "api_key k1";

/// `either`, `jwt`, `api_key`, `jwt_then_api_key`, and `either` with `both: agree`.
#[rustfmt::skip]
const ROWS: [(&[&str], [&str; 5]); 21] = [
    (&[], [MISSING, MISSING, MISSING, MISSING, MISSING]),
    (&["jwt"], [JWT, JWT, MISSING, JWT, JWT]),
    (&["bad jwt"], [MALFORMED, MALFORMED, MISSING, MALFORMED, MALFORMED]),
    (&["key"], [KEY, MISSING, KEY, KEY, KEY]),
    (&["bad key"], [UNKNOWN, MISSING, UNKNOWN, UNKNOWN, UNKNOWN]),
    (&["jwt", "key"], [AMBIGUOUS, JWT, KEY, JWT, "jwt alice k1"]),
    (&["bad jwt", "key"], [AMBIGUOUS, MALFORMED, KEY, KEY, MALFORMED]),
    (&["jwt", "bad key"], [AMBIGUOUS, JWT, UNKNOWN, JWT, UNKNOWN]),
    (&["bad jwt", "bad key"], [AMBIGUOUS, MALFORMED, UNKNOWN, MALFORMED, MALFORMED]),
    // Another scheme is a bad token, and a contradiction beside another credential.
    (&["basic"], [MALFORMED, MALFORMED, MISSING, MALFORMED, MALFORMED]),
    (&["basic", "key"], [AMBIGUOUS, MALFORMED, KEY, AMBIGUOUS, AMBIGUOUS]),
    // One kind twice, even the same.
    (&["key", "key"], [AMBIGUOUS, MISSING, AMBIGUOUS, AMBIGUOUS, AMBIGUOUS]),
    (&["key", "bad key"], [AMBIGUOUS, MISSING, AMBIGUOUS, AMBIGUOUS, AMBIGUOUS]),
    (&["jwt", "jwt"], [AMBIGUOUS, AMBIGUOUS, MISSING, AMBIGUOUS, AMBIGUOUS]),
    (&["jwt", "basic"], [AMBIGUOUS, AMBIGUOUS, MISSING, AMBIGUOUS, AMBIGUOUS]),
    (&["jwt", "jwt", "key"], [AMBIGUOUS, AMBIGUOUS, KEY, AMBIGUOUS, AMBIGUOUS]),
    (&["jwt", "key", "key"], [AMBIGUOUS, JWT, AMBIGUOUS, JWT, AMBIGUOUS]),
    (&["bad jwt", "key", "key"], [AMBIGUOUS, MALFORMED, AMBIGUOUS, MALFORMED, AMBIGUOUS]),
    // Proxies join repeated headers with commas.
    (&["comma"], [AMBIGUOUS, AMBIGUOUS, MISSING, AMBIGUOUS, AMBIGUOUS]),
    (&["comma", "key"], [AMBIGUOUS, AMBIGUOUS, KEY, AMBIGUOUS, AMBIGUOUS]),
    // A key with three parts is one, but never where a token comes first.
    (&["dotted key"], ["api_key k3", MISSING, "api_key k3", UNKNOWN, "api_key k3"]),
];

fn presenting(credentials: &[&str]) -> Request {
    let token = token(json!({}));
    credentials.iter().fold(Request::get("/"), |request, credential| match *credential {
        "jwt" => request.bearer(&token),
        "bad jwt" => request.bearer("a.b"),
        "key" => request.with("x-api-key", "sesame"),
        "bad key" => request.with("x-api-key", "Sesame"),
        "dotted key" => request.with("x-api-key", "one.two.three"),
        "basic" => request.with("authorization", "Basic YWxpY2U6c2VzYW1l"),
        _ => request.with("authorization", format!("Bearer {token}, Bearer {token}")),
    })
}

#[test]
fn every_mode_has_one_answer_to_what_is_presented() {
    let guards = [
        json!({}),
        json!({"mode": "jwt"}),
        json!({"mode": "api_key"}),
        json!({"mode": "jwt_then_api_key"}),
        json!({"both": "agree"}),
    ]
    .map(|mode| (mode.to_string(), with(mode)));
    for (credentials, results) in ROWS {
        let request = presenting(credentials);
        for ((mode, guard), result) in guards.iter().zip(results) {
            assert_eq!(caller(guard, &request), result, "{credentials:?} {mode}");
        }
    }
}

#[test]
fn on_an_optional_route_what_is_there_must_verify() {
    for (mode, column) in ["either", "jwt", "api_key", "jwt_then_api_key"].iter().zip(0..) {
        let guard = with(json!({
            "mode": mode, "routes": [{"match": {"path": "/**"}, "tenancy": "none", "auth": "optional"}]
        }));
        for (credentials, results) in ROWS {
            let result = if results[column] == MISSING { "anonymous" } else { results[column] };
            let request = presenting(credentials);
            assert_eq!(caller(&guard, &request), result, "{credentials:?} {mode}");
        }
    }
}

#[test]
fn a_token_and_a_key_that_agree_unite_their_roles_and_scopes() {
    let rights = json!({"roles": ["admin", "staff"], "scopes": ["read", "write"]});
    let keys = [crate::testing::key("k1", "sesame", rights)];
    let guard = with(json!({"both": "agree", "api_keys": {"keys": keys}}));
    let token = token(json!({"roles": ["staff", "guest"], "scope": "write delete"}));
    let request = Request::get("/").bearer(&token).with("x-api-key", "sesame");
    for (name, value) in [("x-roles", "staff,guest,admin"), ("x-scopes", "write delete read")] {
        let sent = crate::testing::upstream(&guard, &request, name);
        assert_eq!(sent.as_deref(), Some(value));
    }
}

#[test]
fn a_document_without_one_kind_does_not_look_for_it() {
    let mut jwt_only = super::document(json!({}));
    jwt_only.as_object_mut().unwrap().remove("api_keys");
    let jwt_only = crate::testing::guard(jwt_only);
    assert_eq!(caller(&jwt_only, &presenting(&["jwt", "key"])), JWT);
    assert_eq!(caller(&jwt_only, &presenting(&["key"])), MISSING);
    let mut keys_only = super::document(json!({}));
    keys_only.as_object_mut().unwrap().remove("jwt");
    let keys_only = crate::testing::guard(keys_only);
    assert_eq!(caller(&keys_only, &presenting(&["jwt", "key"])), KEY);
    assert_eq!(caller(&keys_only, &presenting(&["basic", "key"])), KEY);
    assert_eq!(caller(&keys_only, &presenting(&["jwt"])), MISSING);
}

#[test]
fn a_scheme_of_the_kind_that_is_not_looked_at_is_not_there() {
    let both = |mode: &str| {
        let own = json!({"from": [{"header": "authorization", "scheme": "ApiKey"}]});
        with(json!({"mode": mode, "api_keys": own}))
    };
    for (mode, value, result) in [
        ("jwt", "ApiKey sesame".to_owned(), MISSING),
        ("api_key", format!("Bearer {}", token(json!({}))), MISSING),
        ("api_key", "ApiKey sesame".into(), KEY),
        ("jwt", format!("Bearer {}", token(json!({}))), JWT),
        ("jwt", "Basic x".into(), MALFORMED),
        ("either", "ApiKey sesame".into(), KEY),
    ] {
        let request = Request::get("/").with("authorization", &value);
        assert_eq!(caller(&both(mode), &request), result, "{mode} {value}");
    }
}
