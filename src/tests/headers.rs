//! The headers that the application gets.

use serde_json::{Value, json};

use crate::testing::{Request, decide, guard, jwt, key, merged, token, upstream};
use crate::{Decision, Guard, Verdict};

fn of_acme(document: Value) -> Guard {
    guard(merged(jwt(json!({"tenant": {"fixed": "acme"}})), document))
}

/// What a decision sets, sorted.
fn set(decision: &Decision) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    let mut set: Vec<_> =
        decision.changes.set.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    set.sort();
    set
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

#[test]
fn an_allowed_request_carries_its_identity_and_nothing_else_is_set() {
    let guard = of_acme(json!({}));
    let token = token(json!({
        "sub": "alice@example.com", "azp": "web app", "roles": ["admin", "a,b", "50%"],
        "scope": "read write read", "scp": ["del,ete"]
    }));
    let decision = decide(&guard, &Request::get("/").bearer(&token));
    assert_eq!(decision.verdict, Verdict::Allow);
    let expected = [
        ("x-auth-method", "jwt"),
        ("x-client-id", "web%20app"),
        ("x-roles", "admin,a%2Cb,50%25"),
        ("x-scopes", "read write del%2Cete"),
        ("x-tenant-id", "acme"),
        ("x-user-id", "alice@example.com"),
    ];
    assert_eq!(set(&decision), pairs(&expected));
    assert_eq!(decision.changes.remove, [b"authorization".to_vec()]);
}

#[test]
fn a_keys_caller_is_told_by_its_client_and_key() {
    let rights = json!({"roles": ["standard"], "scopes": ["outline:generate"]});
    let keys = [key("web-1", "sesame", rights)];
    let guard =
        guard(json!({"tenants": [{"id": "acme", "clients": [{"id": "web", "keys": keys}]}]}));
    let decision = decide(&guard, &Request::get("/").with("x-api-key", "sesame"));
    let expected = [
        ("x-auth-method", "api_key"),
        ("x-client-id", "web"),
        ("x-key-id", "web-1"),
        ("x-roles", "standard"),
        ("x-scopes", "outline:generate"),
        ("x-tenant-id", "acme"),
    ];
    assert_eq!(set(&decision), pairs(&expected));
}

#[test]
fn headers_are_renamed_and_turned_off_and_every_name_is_the_guards_own() {
    let names = json!({"tenant": "X-Org", "subject": null, "method": null, "roles": "x.groups"});
    let guard = of_acme(json!({"upstream": {"headers": names, "strip": ["x-internal"]}}));
    let request = Request::get("/").bearer(&token(json!({"roles": ["a"]})));
    assert_eq!(set(&decide(&guard, &request)), pairs(&[("x-org", "acme"), ("x.groups", "a")]));
    for forged in ["x-org", "x_org", "X-Groups", "x.groups", "x_internal", "x-tenant_id"] {
        let request = request.clone().with(forged, "mallory");
        let sent = request.changed(&decide(&guard, &request));
        assert!(!format!("{sent:?}").contains(&format!("{:?}", b"mallory")), "{forged}");
    }
    // What is turned off is nobody's: the application may still believe it.
    assert_eq!(upstream(&guard, &request.clone().with("x-user-id", "x"), "x-user-id"), None);
    // A default name that another took the place of is free.
    let own = request.with("x-roles", "x");
    assert_eq!(upstream(&guard, &own, "x-roles").as_deref(), Some("x"));
}

#[test]
fn headers_that_ask_for_another_path_or_method_are_always_removed() {
    let open = json!({"routes": [{"match": {"path": "/open"}, "auth": "none"}]});
    let guard = of_acme(open);
    for path in ["/open", "/closed"] {
        for name in [
            "x-original-url",
            "x-rewrite-url",
            "x-http-method-override",
            "x-http-method",
            "x-method-override",
            "X_Original_URL",
            "x.http.method.override",
        ] {
            let request = Request::get(path).bearer(&token(json!({}))).with(name, "/admin");
            let decision = decide(&guard, &request);
            assert_eq!(request.changed(&decision).value(name), None, "{path} {name}");
            assert_eq!(decision.stripped, 1);
        }
    }
}

#[test]
fn claims_and_the_payload_go_upstream_where_the_document_says_so() {
    let names = json!({"email": "x-user-email", "org.plan": "x-plan", "tags": "x-tags"});
    let guard = of_acme(json!({"upstream": {"claims": names, "payload": "x-jwt-payload"}}));
    let token = token(json!({
        "email": "a@b.example", "org": {"plan": "gold\r\nx-roles: admin"}, "tags": ["a", "b,c"]
    }));
    let request = Request::get("/").bearer(&token).with("x-user-email", "mallory");
    for (name, value) in [
        ("x-user-email", "a@b.example"),
        ("x-plan", "gold%0D%0Ax-roles:%20admin"),
        ("x-tags", "a,b%2Cc"),
        ("x-jwt-payload", token.split('.').nth(1).unwrap()),
    ] {
        assert_eq!(upstream(&guard, &request, name).as_deref(), Some(value), "{name}");
    }
    let plain = Request::get("/").bearer(&crate::testing::token(json!({})));
    let forged = plain.with("x-user-email", "mallory");
    assert_eq!(upstream(&guard, &forged, "x-user-email"), None);
}

#[test]
fn a_refused_request_names_who_was_refused_as_far_as_that_is_known() {
    let guard = guard(merged(
        jwt(json!({"tenant": {"claims": ["tenant"]}})),
        json!({"tenants": [{"id": "acme", "active": false}]}),
    ));
    let forged = |request: Request| {
        request.with("x-user-id", "mallory").with("x-roles", "root").with("x_client_id", "evil")
    };
    for (request, expected) in [
        (Request::get("/"), &[][..]),
        (Request::get("/").bearer("a.b.c"), &[]),
        (
            Request::get("/").bearer(&token(json!({"tenant": "a b"}))),
            &[("x-auth-method", "jwt"), ("x-user-id", "alice")],
        ),
        (
            Request::get("/").bearer(&token(json!({"tenant": "acme"}))),
            &[("x-auth-method", "jwt"), ("x-tenant-id", "acme"), ("x-user-id", "alice")],
        ),
    ] {
        let request = forged(request);
        let decision = decide(&guard, &request);
        assert!(matches!(decision.verdict, Verdict::Refuse(_)));
        assert_eq!(set(&decision), pairs(expected));
        assert_eq!(decision.stripped, 3);
        let sent = request.changed(&decision);
        for name in ["x-user-id", "x-roles", "x_client_id"] {
            assert!(!sent.value(name).is_some_and(|v| ["mallory", "root", "evil"].contains(&&*v)));
        }
    }
}

#[test]
fn trailers_bring_neither_identity_in_nor_credentials_out() {
    let names = ["x-user-id", "X_Tenant_Id", "authorization", "grpc-status", "x-user-id"];
    let strip = |guard: &Guard, verdict: &Verdict| {
        let stripped = guard.strip_trailers(verdict, names.iter().map(|name| name.as_bytes()));
        stripped.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>()
    };
    let guard = of_acme(json!({}));
    let identity = ["x-user-id", "X_Tenant_Id"];
    let all = ["x-user-id", "X_Tenant_Id", "authorization"];
    assert_eq!(strip(&guard, &Verdict::Allow), all);
    assert_eq!(strip(&guard, &Verdict::Shadow), all);
    assert_eq!(strip(&guard, &Verdict::Public), identity);
    let forwarding = of_acme(json!({"upstream": {"forward_credentials": true}}));
    assert_eq!(strip(&forwarding, &Verdict::Allow), identity);
    let untouched = of_acme(json!({"shadow": "untouched"}));
    let framing = [&b"host"[..], b"Transfer-Encoding", b"content_length", b"grpc-status"];
    assert_eq!(guard.strip_trailers(&Verdict::Public, framing.into_iter()), framing[..3]);
    assert!(strip(&untouched, &Verdict::Shadow).is_empty());
}
