//! CORS preflights: browsers send them without credentials, so a document may
//! let them through, without identity.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{
    Request, audit_line, decide, decide_from, guard, jwt, key, merged, outcome, token, words,
};

fn with(over: Value) -> Guard {
    let base = merged(
        jwt(json!({"tenant": {"claims": ["tenant"]}})),
        json!({
            "jwt": {"from": [
                {"header": "authorization", "scheme": "Bearer"}, {"query": "t"}, {"cookie": "t"}
            ]},
            "api_keys": {"keys": [key("k", "sesame", json!({}))]},
            "cors_preflight": "allow"
        }),
    );
    guard(merged(base, over))
}

fn preflight() -> Request {
    Request::get("/x")
        .set(":method", "OPTIONS")
        .with("origin", "https://app.example")
        .with("access-control-request-method", "DELETE")
}

#[test]
fn a_preflight_goes_on_where_the_document_lets_it() {
    assert_eq!(outcome(&with(json!({})), &preflight()), "public");
    for over in
        [json!({"cors_preflight": "deny"}), json!({"cors_preflight": "deny", "shadow": false})]
    {
        assert_eq!(outcome(&with(over), &preflight()), "credentials_missing");
    }
    let silent = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    assert_eq!(outcome(&guard(silent), &preflight()), "credentials_missing");
}

#[test]
fn no_rule_of_a_route_is_asked_of_it() {
    let routes = json!([
        {"match": {"path": "/admin"}, "roles": ["admin"], "scopes": ["s"], "ip": []},
        {"match": {"path": "/closed"}, "auth": "none", "ip": []}
    ]);
    let guard = with(json!({"routes": routes, "routes_unmatched": "deny"}));
    for path in ["/admin", "/closed", "/unmatched"] {
        let request = preflight().set(":path", path);
        assert_eq!(outcome(&guard, &request), "public", "{path}");
        let plain = request.set(":method", "GET");
        assert_ne!(outcome(&guard, &plain), "public", "{path}");
    }
}

#[test]
fn identity_and_credentials_are_gone_from_it() {
    let guard = with(json!({}));
    let bearer = token(json!({"tenant": "acme"}));
    let request = preflight()
        .set(":path", format!("/x?a=1&t={bearer}"))
        .bearer(&bearer)
        .with("x-api-key", "sesame")
        .with("cookie", format!("a=1; t={bearer}"))
        .with("x-tenant-id", "acme")
        .with("x_user_id", "mallory")
        .with("X-Roles", "admin")
        .with("x-http-method-override", "DELETE");
    let decision = decide(&guard, &request);
    assert_eq!(words(&decision), "public");
    let sent = request.changed(&decision);
    for name in [
        "authorization",
        "x-api-key",
        "x-tenant-id",
        "x_user_id",
        "x-roles",
        "x-auth-method",
        "x-http-method-override",
    ] {
        assert_eq!(sent.value(name), None, "{name}");
    }
    assert_eq!(sent.value(":path").as_deref(), Some("/x?a=1"));
    assert_eq!(sent.value("cookie").as_deref(), Some("a=1"));
    assert_eq!(sent.value("origin").as_deref(), Some("https://app.example"));
    assert!(!decision.super_admin && decision.response.is_empty());
}

#[test]
fn whatever_is_no_preflight_is_as_any_other_request() {
    let guard = with(json!({}));
    let base = || Request::get("/x").set(":method", "OPTIONS");
    let (origin, asks) = ("origin", "access-control-request-method");
    for request in [
        base(),
        base().with(origin, "https://app.example"),
        base().with(asks, "DELETE"),
        base().with(origin, "").with(asks, "DELETE"),
        base().with(origin, "https://app.example").with(asks, ""),
        preflight().with(origin, "https://app.example"),
        preflight().with("Origin", "https://other.example"),
        preflight().with(asks, "GET"),
        preflight().set(":method", "GET"),
        preflight().set(":method", "options"),
        preflight().set(":method", "OPTIONSX"),
        base().with("x-origin", "a").with(asks, "GET"),
    ] {
        assert_eq!(outcome(&guard, &request), "credentials_missing", "{request:?}");
        let good = request.clone().bearer(&token(json!({"tenant": "acme"})));
        assert_eq!(outcome(&guard, &good), "allow", "{request:?}");
    }
}

#[test]
fn a_request_that_can_be_read_in_two_ways_is_refused_all_the_same() {
    let guard = with(json!({}));
    for path in ["/a//b", "/a/../b", "/a%2fb", "/a%zz", "/a#b", "/a\\b", "", "a"] {
        let request = preflight().set(":path", path);
        assert_eq!(outcome(&guard, &request), "path_ambiguous", "{path}");
    }
    let hosts = preflight().with("host", "other.example.com");
    assert_eq!(outcome(&guard, &hosts), "path_ambiguous");
    // So is one whose route depends on how it is read.
    let routes = json!([
        {"match": {"path": "/a:b"}, "auth": "none"}, {"match": {"path": "/**"}}
    ]);
    let guard = with(json!({ "routes": routes }));
    for (path, result) in [("/a%3Ab", "path_ambiguous"), ("/a:b", "public"), ("/x%3Ab", "public")] {
        assert_eq!(outcome(&guard, &preflight().set(":path", path)), result, "{path}");
    }
}

#[test]
fn it_is_audited_where_every_request_is() {
    for (log, told) in [("all", true), ("denied", false), ("none", false)] {
        let guard = with(json!({"audit": {"log": log}}));
        let decision = decide(&guard, &preflight().bearer(&token(json!({"tenant": "acme"}))));
        assert_eq!(decision.audit.is_some(), told, "{log}");
        if told {
            let line = audit_line(&decision);
            assert_eq!((&line["verdict"], &line["method"]), (&json!("public"), &json!("OPTIONS")));
            assert_eq!((&line["tenant"], &line["subject"]), (&Value::Null, &Value::Null));
        }
    }
}

#[test]
fn a_shadow_lets_it_through_as_it_would_without() {
    let shadow = with(json!({"shadow": true}));
    let request = preflight().with("x-user-id", "mallory");
    let decision = decide_from(&shadow, &request, None);
    assert_eq!(words(&decision), "public");
    assert_eq!(request.changed(&decision).value("x-user-id"), None);
    let untouched = with(json!({"shadow": "untouched"}));
    assert_eq!(outcome(&untouched, &request), "shadow");
}
