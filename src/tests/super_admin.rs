//! The super admin: its key decides alone, and no policy holds it.

mod acting;
mod removal;

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{
    Request, audit_line, decide, decide_from, guard, jwt, key, merged, outcome, tenant, token,
    upstream, words,
};

const SOURCES: [&str; 3] = ["query", "header", "cookie"];

/// A super admin with a key in any of three places, beside a tenant where
/// everything is refused.
fn with(over: Value) -> Guard {
    let admin = key("", "open sesame", json!({}))["sha256"].clone();
    let off = json!({
        "id": "acme", "active": false, "ip": [], "scopes": [], "roles": [],
        "limits": {"requests": "0/day"}
    });
    let document = json!({
        "super_admin": {
            "from": [{"query": "superAdminKey"}, {"header": "x-admin-key"}, {"cookie": "admin"}],
            "sha256": admin, "tenant": "superadmin"
        },
        "tenants": [off, {"id": "globex", "clients": [
            {"id": "web", "keys": [key("k", "sesame", json!({}))]}
        ]}],
        "routes": [
            {"match": {"path": "/open"}, "auth": "none"},
            {"match": {"path": "/me"}, "tenancy": "none"},
            {"match": {"path": "/admin"}, "auth": "super_admin"},
            {"match": {"path": "/strict"}, "ip": [], "scopes": ["s"], "roles": ["r"], "action": "a"},
            {"match": {"path": "/ignoring"}, "tenancy": {"trust_header": "ignore"}},
            {"match": {"path": "/**"}}
        ]
    });
    guard(merged(merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), document), over))
}

/// A request with that as the super admin's key, in one of the places.
fn presenting(path: &str, source: &str, secret: &str) -> Request {
    let in_query = secret.replace(' ', "%20");
    match source {
        "query" => Request::get(&format!("{path}?superAdminKey={in_query}")),
        "header" => Request::get(path).with("x-admin-key", secret),
        _ => Request::get(path).with("cookie", format!("admin={secret}")),
    }
}

fn admin(path: &str) -> Request {
    presenting(path, "header", "open sesame")
}

#[test]
fn its_key_is_good_in_every_place_and_mode() {
    for mode in ["either", "jwt", "api_key", "jwt_then_api_key"] {
        let guard = with(json!({ "mode": mode }));
        for source in SOURCES {
            let request = presenting("/x", source, "open sesame");
            let decision = decide(&guard, &request);
            assert_eq!(words(&decision), "allow", "{mode} {source}");
            assert!(decision.super_admin);
            let sent = request.changed(&decision);
            assert_eq!(sent.value("x-auth-method").as_deref(), Some("super_admin"));
            assert_eq!(sent.value("x-tenant-id").as_deref(), Some("superadmin"));
            for name in ["x-user-id", "x-client-id", "x-key-id", "x-roles", "x-scopes"] {
                assert_eq!(sent.value(name), None, "{name}");
            }
        }
    }
}

#[test]
fn another_key_there_is_refused_whatever_else_is_good() {
    let guard = with(json!({}));
    let good = token(json!({"tenant": "globex"}));
    for source in SOURCES {
        for secret in ["", "Open sesame", "open sesam", "sesame", "open sesame0", &good] {
            for path in ["/x", "/me", "/admin", "/strict"] {
                let alone = presenting(path, source, secret);
                let beside = alone.clone().bearer(&good);
                for request in [alone, beside] {
                    let decision = decide(&guard, &request);
                    assert_eq!(words(&decision), "api_key_unknown", "{source} {secret} {path}");
                    assert!(!decision.super_admin);
                }
            }
        }
    }
}

#[test]
fn it_is_refused_where_it_is_there_twice() {
    let guard = with(json!({}));
    let good = "open sesame";
    for request in [
        presenting("/x", "header", good).with("x-admin-key", good),
        presenting("/x", "header", good).with("cookie", format!("admin={good}")),
        presenting("/x", "query", good).with("x-admin-key", good),
        presenting("/x", "query", good).with("x-admin-key", ""),
        presenting("/x", "cookie", good).with("cookie", "admin=x"),
        Request::get("/x?superAdminKey=open%20sesame&superAdminKey=open%20sesame"),
        Request::get("/x?superAdminKey=open%20sesame&superAdminKey[]=x"),
        Request::get("/x?superAdminKey=open%20sesame;superAdminKey=x"),
    ] {
        let decision = decide(&guard, &request);
        assert_eq!(words(&decision), "credentials_ambiguous", "{request:?}");
        assert!(!decision.super_admin);
    }
}

#[test]
fn other_credentials_beside_it_are_unread() {
    let good = token(json!({"tenant": "globex"}));
    for mode in ["either", "jwt", "api_key", "jwt_then_api_key"] {
        let guard = with(json!({ "mode": mode }));
        for request in [
            admin("/x").bearer(&good),
            admin("/x").bearer(&good).bearer(&good),
            admin("/x").bearer("a.b.c"),
            admin("/x").with("authorization", "Basic x, Bearer y"),
            admin("/x").with("authorization", b"\xff"),
            admin("/x").with("x-api-key", "sesame"),
            admin("/x").with("x-api-key", "wrong").with("x-api-key", "wrong"),
            admin("/x").bearer(&good).with("x-api-key", "sesame"),
        ] {
            assert_eq!(tenant(&guard, &request), "superadmin", "{mode} {request:?}");
            let sent = request.changed(&decide(&guard, &request));
            assert_eq!((sent.value("authorization"), sent.value("x-api-key")), (None, None));
        }
    }
}

#[test]
fn another_scheme_in_its_header_is_another_key() {
    let from = json!([{"header": "x-admin", "scheme": "Admin"}, {"cookie": "admin"}]);
    let guard = with(json!({"super_admin": {"from": from}}));
    let good = token(json!({"tenant": "globex"}));
    for (value, result) in [
        ("Admin open sesame", "allow"),
        ("admin  open sesame", "allow"),
        ("Admin", "api_key_unknown"),
        ("Admin wrong", "api_key_unknown"),
        ("open sesame", "api_key_unknown"),
        ("Basic open sesame", "api_key_unknown"),
        ("", "api_key_unknown"),
    ] {
        let request = Request::get("/x").with("x-admin", value);
        assert_eq!(outcome(&guard, &request), result, "{value}");
        assert_eq!(outcome(&guard, &request.clone().bearer(&good)), result, "{value}");
        let twice = request.with("cookie", "admin=open sesame");
        assert_eq!(outcome(&guard, &twice), "credentials_ambiguous", "{value}");
    }
}

#[test]
fn no_state_address_scope_role_or_limit_holds_it() {
    let guard = with(json!({"tenancy": {"unknown_clients": "deny"}}));
    for (asserted, acting) in [
        (None, "superadmin"),
        (Some("acme"), "acme"),
        (Some("globex"), "globex"),
        (Some("never-heard-of"), "never-heard-of"),
    ] {
        for address in [None, Some("192.0.2.1")] {
            let request = admin("/strict");
            let request = match asserted {
                Some(name) => request.with("x-tenant-id", name),
                None => request,
            };
            let decision = decide_from(&guard, &request, address);
            assert_eq!(words(&decision), "allow", "{asserted:?}");
            assert!(decision.response.is_empty());
            let sent = request.changed(&decision);
            assert_eq!(sent.value("x-tenant-id").as_deref(), Some(acting));
        }
    }
}

#[test]
fn a_route_for_it_is_for_nobody_else() {
    for mode in ["either", "jwt", "api_key", "jwt_then_api_key"] {
        let guard = with(json!({ "mode": mode }));
        let good = token(json!({"tenant": "globex"}));
        for request in [
            Request::get("/admin"),
            Request::get("/admin").bearer(&good),
            Request::get("/admin").bearer("a.b.c"),
            Request::get("/admin").bearer(&good).bearer(&good),
            Request::get("/admin").with("x-api-key", "sesame"),
            Request::get("/admin").with("x-api-key", "wrong"),
            // Read nowhere: another spelling, another case.
            Request::get("/admin").with("x_admin_key", "open sesame"),
            Request::get("/admin?superadminkey=open%20sesame"),
            Request::get("/admin").with("cookie", "Admin=open sesame"),
        ] {
            let decision = decide(&guard, &request);
            assert_eq!(words(&decision), "credentials_missing", "{mode} {request:?}");
            let crate::Verdict::Refuse(reply) = decision.verdict else { panic!() };
            assert_eq!(reply.status, 401);
        }
        assert_eq!(tenant(&guard, &admin("/admin")), "superadmin");
    }
}

#[test]
fn it_is_audited_unless_nothing_is() {
    for (log, told) in [("all", true), ("denied", true), ("none", false)] {
        let guard = with(json!({"audit": {"log": log}}));
        for (request, code) in [
            (admin("/x").with("x-tenant-id", "acme"), json!(null)),
            (admin("/me"), json!(null)),
            (admin("/admin"), json!(null)),
            (admin("/x").with("x-tenant-id", "default"), json!("tenant_reserved")),
        ] {
            let decision = decide(&guard, &request);
            assert!(decision.super_admin);
            assert_eq!(decision.audit.is_some(), told, "{log} {request:?}");
            if told {
                let line = audit_line(&decision);
                assert_eq!((&line["auth"], &line["code"]), (&json!("super_admin"), &code));
                assert!(!line.to_string().contains("sesame"));
            }
        }
    }
    let line = audit_line(&decide(&with(json!({})), &admin("/x").with("x-tenant-id", "acme")));
    assert_eq!((&line["tenant"], &line["tenant_from"]), (&json!("acme"), &json!("chosen")));
}

#[test]
fn on_a_public_route_its_key_is_unread() {
    let guard = with(json!({}));
    for source in SOURCES {
        for secret in ["open sesame", "wrong", ""] {
            let request = presenting("/open", source, secret);
            let decision = decide(&guard, &request);
            assert_eq!(words(&decision), "public", "{source} {secret}");
            assert!(!decision.super_admin);
            assert_eq!(upstream(&guard, &request, "x-auth-method"), None);
        }
    }
}
