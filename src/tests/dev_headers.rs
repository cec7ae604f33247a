//! Development headers: a developer's word where a token would be.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{
    FixedHost, NOW, Request, audit_line, caller, decide, guard, jwt, key, merged, mistakes,
    outcome, tenant, words,
};

fn document(over: Value) -> Value {
    let keys = [key("k", "sesame", json!({}))];
    let base = json!({
        "environment": "development",
        "dev_headers": {"user": "X-Dev-User", "tenant": "X-Dev-Org"},
        "tenants": [
            {"id": "acme", "aliases": ["org_9"], "clients": [{"id": "web", "keys": keys}]},
            {"id": "globex"}, {"id": "off", "active": false}
        ]
    });
    merged(base, over)
}

fn with(over: Value) -> Guard {
    guard(document(over))
}

fn dev(org: &str) -> Request {
    let request = Request::get("/x").with("x-dev-user", "alice");
    if org.is_empty() { request } else { request.with("x-dev-org", org) }
}

#[test]
fn a_developer_is_who_the_header_says() {
    let guard = with(json!({}));
    let decision = decide(&guard, &dev("acme"));
    assert_eq!(words(&decision), "allow");
    let sent = dev("acme").changed(&decision);
    for (name, value) in [
        ("x-auth-method", Some("dev")),
        ("x-user-id", Some("alice")),
        ("x-tenant-id", Some("acme")),
        ("x-client-id", None),
        ("x-key-id", None),
        ("x-roles", None),
        ("x-scopes", None),
        ("x-dev-user", None),
        ("x-dev-org", None),
    ] {
        assert_eq!(sent.value(name).as_deref(), value, "{name}");
    }
    let line = audit_line(&decide(&with(json!({"audit": {"log": "all"}})), &dev("acme")));
    assert_eq!((&line["auth"], &line["subject"]), (&json!("dev"), &json!("alice")));
}

#[test]
fn the_tenant_header_binds_like_a_claim() {
    let guard = with(json!({}));
    for (org, result) in [
        ("acme", "acme"),
        ("org_9", "acme"),
        ("globex", "globex"),
        ("off", "tenant_inactive"),
        ("initech", "tenant_unknown"),
        ("default", "tenant_reserved"),
        ("DEFAULT", "tenant_reserved"),
        ("a,b", "tenant_malformed"),
        (" acme", "tenant_malformed"),
        ("a b", "tenant_malformed"),
        ("caf\u{e9}", "tenant_malformed"),
        // Nothing is bound, and the guard is strict.
        ("", "tenant_required"),
    ] {
        assert_eq!(tenant(&guard, &dev(org)), result, "{org}");
    }
    let raw = Request::get("/x").with("x-dev-user", "alice").with("x-dev-org", b"\xff");
    assert_eq!(outcome(&guard, &raw), "tenant_malformed");
    let empty = Request::get("/x").with("x-dev-user", "alice").with("x-dev-org", "");
    assert_eq!(outcome(&guard, &empty), "tenant_required");
}

#[test]
fn other_places_must_agree_with_it() {
    let guard = with(json!({"tenancy": {"assertions": [{"query": "t"}]}}));
    for (asserted, result) in [
        ("acme", "acme"),
        ("org_9", "acme"),
        ("globex", "tenant_mismatch"),
        ("default", "tenant_reserved"),
        ("a b", "tenant_malformed"),
    ] {
        let by_header = dev("acme").with("x-tenant-id", asserted);
        let by_query = dev("acme").set(":path", format!("/x?t={}", asserted.replace(' ', "+")));
        assert_eq!(tenant(&guard, &by_header), result, "{asserted}");
        assert_eq!(tenant(&guard, &by_query), result, "{asserted}");
    }
}

#[test]
fn on_a_lax_route_a_developer_without_tenant_is_of_none() {
    let lax = json!({"strict": false, "trust_header": ["10.0.0.0/8"]});
    let guard = with(json!({"routes": [
        {"match": {"path": "/me"}, "tenancy": "none"},
        {"match": {"path": "/**"}, "tenancy": lax}
    ]}));
    assert_eq!(tenant(&guard, &dev("")), "default");
    let asserting = dev("").with("x-tenant-id", "acme");
    assert_eq!(tenant(&guard, &asserting), "tenant_header_untrusted");
    assert_eq!(tenant(&guard, &dev("").set(":path", "/me")), "no tenant");
    let host = FixedHost::at(NOW);
    host.peer.set("10.0.0.1".parse().ok());
    let decision = guard.decide(&asserting.headers(), &host, &mut guard.new_memory());
    assert_eq!(asserting.changed(&decision).value("x-tenant-id").as_deref(), Some("acme"));
}

#[test]
fn a_header_twice_is_ambiguous() {
    let guard = with(json!({}));
    for request in [
        dev("acme").with("x-dev-user", "alice"),
        dev("acme").with("X-Dev-User", "bob"),
        dev("acme").with("x-dev-user", ""),
        dev("acme").with("x-dev-org", "acme"),
    ] {
        assert_eq!(outcome(&guard, &request), "credentials_ambiguous", "{request:?}");
    }
}

#[test]
fn without_a_user_there_is_no_developer() {
    let guard = with(json!({}));
    for request in [
        Request::get("/x").with("x-dev-org", "acme"),
        Request::get("/x").with("x-dev-user", "").with("x-dev-org", "acme"),
        Request::get("/x").with("x_dev_user", "alice").with("x-dev-org", "acme"),
    ] {
        assert_eq!(outcome(&guard, &request), "credentials_missing", "{request:?}");
        // And the tenant that nobody said binds nobody else.
        let keyed = request.with("x-dev-org", "globex").with("x-api-key", "sesame");
        assert_eq!(tenant(&guard, &keyed), "acme");
    }
    let raw = Request::get("/x").with("x-dev-user", b"\xff\xfe");
    assert_eq!(outcome(&guard, &raw), "token_malformed");
}

#[test]
fn beside_an_api_key_a_developer_is_what_a_token_would_be() {
    for (mode, both, alone, beside) in [
        ("either", "refuse", "dev alice", "credentials_ambiguous"),
        ("either", "agree", "dev alice", "credentials_ambiguous"),
        ("jwt", "refuse", "dev alice", "dev alice"),
        ("jwt_then_api_key", "refuse", "dev alice", "dev alice"),
        ("api_key", "refuse", "credentials_missing", "api_key k"),
    ] {
        let guard = with(json!({"mode": mode, "both": both}));
        let key = if beside.starts_with("api_key") { "api_key web k" } else { beside };
        let caller = |request: &Request| caller(&guard, request).replace("web ", "");
        assert_eq!(caller(&dev("acme")), alone, "{mode} {both}");
        let keyed = dev("acme").with("x-api-key", "sesame");
        assert_eq!(caller(&keyed), key.replace("web ", ""), "{mode} {both}");
        assert_eq!(keyed.changed(&decide(&guard, &keyed)).value("x-dev-user"), None);
    }
}

#[test]
fn a_key_beside_a_developer_is_unread_where_one_beside_a_token_is() {
    let guard = with(json!({"mode": "jwt_then_api_key"}));
    for request in [
        dev("acme").with("x-api-key", "wrong"),
        dev("acme").with("x-api-key", "sesame").with("x-api-key", "sesame"),
        dev("acme").with("x-api-key", "one.two.three"),
    ] {
        assert_eq!(caller(&guard, &request), "dev alice", "{request:?}");
    }
    assert_eq!(caller(&guard, &Request::get("/x").with("x-api-key", "sesame")), "api_key k");
}

#[test]
fn the_tenants_header_may_be_the_one_that_asserts() {
    let guard = with(json!({"dev_headers": {"tenant": "x-tenant-id"}}));
    for (org, result) in
        [("acme", "acme"), ("default", "tenant_reserved"), ("a b", "tenant_malformed")]
    {
        let request = Request::get("/x").with("x-dev-user", "alice").with("x-tenant-id", org);
        assert_eq!(tenant(&guard, &request), result, "{org}");
    }
    let ignoring = with(json!({
        "dev_headers": {"tenant": "x-tenant-id"}, "tenancy": {"trust_header": "ignore"}
    }));
    let request = Request::get("/x").with("x-dev-user", "alice").with("x-tenant-id", "acme");
    assert_eq!(tenant(&ignoring, &request), "acme");
}

#[test]
fn the_headers_never_go_on() {
    let routes = json!([
        {"match": {"path": "/open"}, "auth": "none"},
        {"match": {"path": "/shadow"}, "shadow": true},
        {"match": {"path": "/**"}}
    ]);
    for (mode, forward) in [("either", false), ("either", true), ("api_key", true)] {
        let guard = with(json!({
            "mode": mode, "routes": routes, "upstream": {"forward_credentials": forward}
        }));
        for path in ["/open", "/shadow", "/x", "/a//b"] {
            let request = dev("initech").set(":path", path).with("X_Dev_User", "mallory");
            let sent = request.changed(&decide(&guard, &request));
            for name in ["x-dev-user", "x-dev-org", "x_dev_user"] {
                assert_eq!(sent.value(name), None, "{mode} {path} {name}");
            }
            let names = [&b"x-dev-user"[..], b"X-Dev-Org", b"x_dev_user"];
            let decision = decide(&guard, &request);
            assert_eq!(guard.strip_trailers(&decision.verdict, names.into_iter()).len(), 3);
        }
    }
}

#[test]
fn a_developer_answers_to_tenants_and_routes_like_anybody() {
    let guard = with(json!({
        "tenants": [{"id": "acme", "ip": ["10.0.0.0/8"]}, {"id": "globex"}],
        "routes": [
            {"match": {"path": "/scoped"}, "scopes": ["s"]},
            {"match": {"path": "/role"}, "roles": ["r"]},
            {"match": {"path": "/**"}}
        ]
    }));
    for (path, org, result) in [
        ("/x", "acme", "ip_refused tenant"),
        ("/x", "globex", "allow"),
        ("/scoped", "globex", "scope_missing route"),
        ("/role", "globex", "role_missing route"),
    ] {
        assert_eq!(words(&decide(&guard, &dev(org).set(":path", path))), result, "{path} {org}");
    }
}

#[test]
fn they_are_for_development_and_never_beside_tokens() {
    for (over, paths) in [
        (json!({"environment": "production"}), &["dev_headers"][..]),
        (jwt(json!({"tenant": {"fixed": "acme"}})), &["dev_headers"]),
        (json!({"dev_headers": {"user": "x-api-key"}}), &["dev_headers.user"]),
        (json!({"dev_headers": {"user": "x_dev_org", "tenant": "x_dev_org"}}), &["dev_headers"]),
        (json!({"dev_headers": {"user": "host"}}), &["dev_headers.user"]),
        (json!({"dev_headers": {"user": "cookie"}}), &["dev_headers.user"]),
        (json!({}), &[]),
    ] {
        assert_eq!(mistakes(document(over.clone())), paths, "{over}");
    }
}
