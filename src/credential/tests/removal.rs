//! What is left of the credentials behind the guard.

use serde_json::{Value, json};

use super::with;
use crate::testing::{Request, decide, merged, outcome, token};
use crate::{Decision, Guard};

const JWT_SOURCES: [&str; 4] = ["authorization", "x-token", "session", "access_token"];
const KEY_SOURCES: [&str; 4] = ["x-api-key", "x-key", "key", "api_key"];

fn sourced(over: Value) -> Guard {
    let base = json!({
        "jwt": {"from": [
            {"header": "authorization", "scheme": "Bearer"}, {"header": "x-token"},
            {"cookie": "session"}, {"query": "access_token"}
        ]},
        "api_keys": {"from": [
            {"header": "x-api-key"}, {"header": "x-key", "scheme": "Key"},
            {"cookie": "key"}, {"query": "api_key"}
        ]}
    });
    with(merged(base, over))
}

/// A request with a credential in each of the sources named, beside cookies
/// and parameters that are none.
fn presenting(sources: &[&str]) -> Request {
    let token = token(json!({}));
    let has = |name: &&str| sources.contains(name);
    let mut cookies = vec!["lang=de".to_owned()];
    cookies.extend(Some("session").filter(has).map(|_| format!("session={token}")));
    cookies.extend(Some("key").filter(has).map(|_| "key=sesame".to_owned()));
    cookies.push("theme=dark".into());
    let mut query = vec!["a=%41".to_owned()];
    query.extend(Some("access_token").filter(has).map(|_| format!("access_token={token}")));
    query.extend(Some("api_key").filter(has).map(|_| "api%5Fkey=sesame".to_owned()));
    query.push("b".into());
    let mut request = Request::get(&format!("/x?{}", query.join("&")));
    for cookie in cookies {
        request = request.with("cookie", cookie);
    }
    for (name, value) in [
        ("authorization", format!("Bearer {token}")),
        ("x-token", token.clone()),
        ("x-api-key", "sesame".into()),
        ("x-key", "Key sesame".into()),
    ] {
        if has(&name) {
            request = request.with(name, value);
        }
    }
    request
}

fn check_removed(request: &Request, decision: &Decision) {
    let sent = request.changed(decision);
    for name in ["authorization", "x-token", "x-api-key", "x-key"] {
        assert_eq!(sent.value(name), None, "{request:?}");
    }
    let cookies = sent.value("cookie").unwrap().replace(',', "; ");
    assert_eq!(cookies, "lang=de; theme=dark", "{request:?}");
    assert_eq!(sent.value(":path").as_deref(), Some("/x?a=%41&b"), "{request:?}");
}

#[test]
fn every_source_is_removed_whatever_was_used() {
    for (mode, used, unread) in [
        ("either", &JWT_SOURCES[..], &[][..]),
        ("either", &KEY_SOURCES, &[]),
        ("jwt", &JWT_SOURCES, &KEY_SOURCES),
        ("api_key", &KEY_SOURCES, &JWT_SOURCES),
        ("jwt_then_api_key", &JWT_SOURCES, &KEY_SOURCES),
    ] {
        let guard = sourced(json!({ "mode": mode }));
        for source in used {
            let request = presenting(&[&[*source], unread].concat());
            let decision = decide(&guard, &request);
            assert_eq!(decision.verdict.marker(), Some("allow"), "{mode} {source}");
            check_removed(&request, &decision);
        }
    }
}

#[test]
fn an_anonymous_caller_and_a_shadowed_refusal_forward_none_either() {
    let optional = json!([{"match": {"path": "/**"}, "auth": "optional", "tenancy": "none"}]);
    let guard = sourced(json!({"mode": "jwt", "routes": optional}));
    let request = presenting(&KEY_SOURCES);
    let decision = decide(&guard, &request);
    assert_eq!(decision.verdict.marker(), Some("allow"));
    check_removed(&request, &decision);

    let guard = sourced(json!({"shadow": true}));
    let request = presenting(&[&JWT_SOURCES[..], &KEY_SOURCES[..]].concat());
    let decision = decide(&guard, &request);
    assert_eq!(decision.verdict.marker(), Some("shadow"));
    check_removed(&request, &decision);
}

#[test]
fn a_header_goes_whatever_its_scheme() {
    let guard = sourced(json!({"mode": "api_key"}));
    let request = presenting(&["x-api-key"]).with("authorization", "Basic YWxpY2U6c2VzYW1l");
    check_removed(&request, &decide(&guard, &request));
    let guard = sourced(json!({"mode": "jwt"}));
    let request = presenting(&["authorization"]).with("x-key", "Other sesame");
    check_removed(&request, &decide(&guard, &request));
    let repeated = presenting(&["authorization", "x-key"]).with("x-key", "Key again");
    check_removed(&repeated, &decide(&guard, &repeated));
}

#[test]
fn a_query_credential_is_gone_from_a_refused_request_too() {
    let guard = sourced(json!({}));
    for request in [
        presenting(&["access_token", "api_key"]),
        presenting(&["access_token", "authorization"]),
        presenting(&["api_key"]).set(":authority", "a b"),
        presenting(&["api_key"]).set(":method", b"\xff"),
    ] {
        let decision = decide(&guard, &request);
        assert_eq!(decision.verdict.marker(), None, "{request:?}");
        let sent = request.changed(&decision);
        assert_eq!(sent.value(":path").as_deref(), Some("/x?a=%41&b"), "{request:?}");
    }
    let only = Request::get("/x?api_key=Sesame");
    let decision = decide(&guard, &only);
    assert_eq!(only.changed(&decision).value(":path").as_deref(), Some("/x"));
}

#[test]
fn a_request_without_other_cookies_loses_the_header() {
    let guard = sourced(json!({}));
    let request = Request::get("/").with("cookie", "key=sesame");
    assert_eq!(outcome(&guard, &request), "allow");
    assert_eq!(request.changed(&decide(&guard, &request)).value("cookie"), None);
}

#[test]
fn what_holds_no_credential_is_left_as_it_came() {
    let guard = sourced(json!({}));
    let request = presenting(&["authorization"]).set("cookie", "  a=1;b=\"x\" ; key2=y;;");
    let decision = decide(&guard, &request);
    assert_eq!(decision.changes.remove, [b"authorization".to_vec()]);
    let set: Vec<&str> = decision.changes.set.iter().map(|(name, _)| &**name).collect();
    assert_eq!(set, ["x-user-id", "x-auth-method"]);
}

#[test]
fn credentials_are_forwarded_where_the_document_says_so() {
    let guard = sourced(json!({"mode": "jwt", "upstream": {"forward_credentials": true}}));
    for source in JWT_SOURCES {
        let request = presenting(&[&[source], &KEY_SOURCES[..]].concat());
        let sent = request.changed(&decide(&guard, &request));
        assert_eq!(outcome(&guard, &request), "allow", "{source}");
        for name in ["authorization", "x-token", "x-api-key", "x-key", "cookie", ":path"] {
            assert_eq!(sent.value(name), request.value(name), "{source} {name}");
        }
    }
}

#[test]
fn a_public_route_leaves_credentials_and_removes_identity() {
    let guard = sourced(json!({"routes": [{"match": {"path": "/x"}, "auth": "none"}]}));
    let request = presenting(&["authorization", "x-key", "session"])
        .with("x-user-id", "mallory")
        .with("x_tenant_id", "globex");
    let decision = decide(&guard, &request);
    assert_eq!(decision.verdict.marker(), Some("public"));
    let sent = request.changed(&decision);
    for name in ["authorization", "x-key", "cookie", ":path"] {
        assert_eq!(sent.value(name), request.value(name), "{name}");
    }
    assert_eq!((sent.value("x-user-id"), sent.value("x_tenant_id")), (None, None));
}

#[test]
fn a_credential_header_leaves_in_every_spelling() {
    let guard = with(json!({}));
    let request = Request::get("/").with("x-api-key", "sesame");
    for alias in ["x_api_key", "X.Api.Key", "x-api~key"] {
        let request = request.clone().with(alias, "another");
        let sent = request.changed(&decide(&guard, &request));
        assert_eq!(sent.value(alias), None, "{alias}");
        assert_eq!(sent.value("x-api-key"), None, "{alias}");
    }
}
