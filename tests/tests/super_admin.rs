//! The super admin: one key that no policy holds, and that nobody else sees.

mod common;

use common::limits::direct;
use common::{Fleet, Session, idp, key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::sha256_hex;
use tenant_guard_tests::{EnvoyBuilder, Request, Response};

const KEY: &str = "the-super-admins-own-key";

fn document() -> Value {
    let tenant = |id: &str, more: Value| {
        let keys = [key_entry(&format!("{id}-1"), id)];
        with(json!({"id": id, "clients": [{"id": "web", "keys": keys}]}), more)
    };
    json!({
        "version": 1,
        "super_admin": {
            "from": [{"query": "superAdminKey"}, {"header": "x-super"}, {"cookie": "super"}],
            "sha256": sha256_hex(KEY), "tenant": "superadmin"},
        "jwt": {"issuers": [idp("claims").config(json!({
            "name": "claims", "tenant": {"claims": ["tenant"], "any_tenant": true}}))]},
        "tenants": [
            tenant("acme", json!({})),
            tenant("asleep", json!({"active": false})),
            tenant("elsewhere", json!({"ip": ["192.0.2.1"]})),
            tenant("nothing", json!({"scopes": [], "roles": []})),
            tenant("spent", json!({"limits": {"requests": "0/day"}})),
        ],
        "routes": [
            {"match": {"path": "/public"}, "auth": "none"},
            {"match": {"path": "/v1/tenants/**"}, "auth": "super_admin"},
            {"match": {"path": "/strict"}, "scopes": ["a:b"], "roles": ["a"], "ip": ["192.0.2.1"]},
            {"match": {"path": "/machine"}, "mode": "jwt", "issuers": ["claims"]},
            {"match": {"path": "/none"}, "tenancy": "none"},
            {"match": {"path": "/shadow"}, "shadow": true},
            {"match": {"path": "/direct"}},
            {"match": {"path": "/v1/**"}},
        ],
        "cors_preflight": "allow",
    })
}

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document()).route(direct()));

/// With the key in the query, between others.
fn admin(path: &str) -> Request {
    Request::get(format!("{path}?a=1&superAdminKey={KEY}&b=2"))
}

/// It goes on as the super admin's, in this tenant.
fn is_admin(session: &mut Session<'_>, request: Request, tenant: &str) -> Response {
    let response = session.allowed_as(request, tenant);
    assert_eq!(response.echoed_value("x-auth-method").as_deref(), Some("super_admin"));
    assert!(!response.text().contains(KEY), "{response:?}");
    response
}

#[test]
fn no_policy_holds_the_super_admin() {
    FLEET.everywhere(|session| {
        for path in ["/v1/things", "/v1/tenants/acme", "/strict", "/machine", "/shadow"] {
            is_admin(session, admin(path), "superadmin");
            for tenant in ["acme", "asleep", "elsewhere", "nothing", "spent", "new"] {
                is_admin(session, admin(path).tenant(tenant), tenant);
            }
        }
        let nowhere = session.allowed(admin("/none"));
        assert_eq!(nowhere.echoed_value("x-tenant-id"), None);
        // Wherever the key is read.
        let get = || Request::get("/v1/tenants/acme");
        is_admin(session, get().header("x-super", KEY), "superadmin");
        is_admin(session, get().header("cookie", format!("a=1; super={KEY}; b=2")), "superadmin");
        is_admin(session, Request::get(format!("/v1/x?super%41dmin%4bey={KEY}")), "superadmin");
        // It decides alone, whatever stands beside it.
        is_admin(session, admin("/v1/things").api_key("acme"), "superadmin");
        is_admin(session, admin("/v1/things").bearer("nonsense"), "superadmin");
    });
}

#[test]
fn nobody_else_is_the_super_admin() {
    FLEET.everywhere(|session| {
        let get = |query: &str| Request::get(format!("/v1/tenants/acme{query}"));
        let token = idp("claims").token(json!({"tenant": "acme", "roles": ["super_admin"]}));
        session.refused(get(""), 401, "credentials_missing");
        session.refused(get("").api_key("acme"), 401, "credentials_missing");
        session.refused(get("").bearer(&token), 401, "credentials_missing");
        session.refused(get("").api_key(KEY), 401, "credentials_missing");
        session.refused(get(&format!("?SuperAdminKey={KEY}")), 401, "credentials_missing");
        session.refused(Request::get("/v1/things").api_key(KEY), 401, "api_key_unknown");
        for wrong in ["", "x", &sha256_hex(KEY), &KEY.to_uppercase(), &format!("{KEY}%20")] {
            session.refused(get(&format!("?superAdminKey={wrong}")), 401, "api_key_unknown");
            // No other credential makes up for it.
            let beside = Request::get(format!("/v1/things?superAdminKey={wrong}")).api_key("acme");
            session.refused(beside, 401, "api_key_unknown");
        }
        for twice in [
            get(&format!("?superAdminKey={KEY}&superAdminKey={KEY}")),
            get(&format!("?superAdminKey={KEY}")).header("x-super", KEY),
            get("").header("x-super", KEY).header("x-super", KEY),
            get(&format!("?superAdminKey={KEY}&superAdminKey[]={KEY}")),
        ] {
            session.refused(twice, 400, "credentials_ambiguous");
        }
        // Names that tenants can't have, it can't either.
        session.refused(admin("/v1/x").tenant("default"), 403, "tenant_reserved");
        session.refused(admin("/v1/x").tenant("a b"), 400, "tenant_malformed");
        let named = |tenant: &str| json!({"tenant": tenant});
        let token = idp("claims").token(named("superadmin"));
        let machine = Request::get("/v1/x").bearer(token);
        assert!(
            session.envoy.send(&machine.clone().over(session.over)).status == 403,
            "{machine:?}"
        );
    });
}

/// Neither the application nor an access log nor the audit line sees the key,
/// whatever becomes of the request.
#[test]
fn the_key_is_gone_whatever_the_verdict() {
    FLEET.everywhere(|session| {
        let shows = |session: &mut Session<'_>, path: &str| {
            let line = session.last_line();
            assert_eq!(line["path"], path, "{line}");
        };
        is_admin(session, admin("/v1/things"), "superadmin");
        shows(session, "/v1/things?a=1&b=2");
        is_admin(session, Request::get(format!("/v1/x?superAdminKey={KEY}")), "superadmin");
        shows(session, "/v1/x");
        let response = session.passed(admin("/public"), json!("public"));
        assert!(!response.text().contains(KEY), "{response:?}");
        shows(session, "/public?a=1&b=2");
        let preflight = Request::new("OPTIONS", format!("/x?superAdminKey={KEY}&a=1"))
            .header("origin", "https://app.example.com")
            .header("access-control-request-method", "PUT");
        let response = session.passed(preflight, json!("public"));
        assert!(!response.text().contains(KEY), "{response:?}");
        shows(session, "/x?a=1");

        session.refused(admin("/elsewhere"), 403, "route_refused");
        shows(session, "/elsewhere?a=1&b=2");
        session.refused(admin("/v1/x;y"), 400, "path_ambiguous");
        shows(session, "/v1/x;y?a=1&b=2");
        session.refused(admin("/v1/x").tenant("default"), 403, "tenant_reserved");
        shows(session, "/v1/x?a=1&b=2");
        let queries = [
            (format!("superAdminKey={KEY}x"), ""),
            (format!("superAdminKey={KEY}&c=1&superAdminKey={KEY}"), "?c=1"),
            (format!("c&super%41dminKey={KEY}x&d="), "?c&d="),
            (format!("superAdminKey%5B%5D={KEY}&c=1"), "?c=1"),
            (format!("superAdminKey[0][a]={KEY}"), ""),
        ];
        for (number, (query, left)) in queries.into_iter().enumerate() {
            let request = Request::get(format!("/v1/tenants/x?{query}"));
            let over = session.over;
            let marker = format!("{over:?} {number}");
            let response = session.envoy.send(&request.over(over).marker(&marker));
            assert!(!response.text().contains(KEY), "{query}: {response:?}");
            let line = session.envoy.access_line(&marker);
            assert_eq!(line["path"], format!("/v1/tenants/x{left}"), "{line}");
        }
        // A refusal that isn't carried out by the guard, but by the backstop.
        let wrong = Request::get(format!("/shadow?superAdminKey={KEY}x&a=1"));
        session.backstopped(wrong);
        shows(session, "/shadow?a=1");
        // The router's own answer: nothing of it goes on either.
        let marker = format!("{:?} direct", session.over);
        let direct = session.envoy.send(&admin("/direct").over(session.over).marker(&marker));
        assert_eq!(direct.status, 200);
        assert_eq!(session.envoy.access_line(&marker)["path"], "/direct?a=1&b=2");
    });
    for envoy in FLEET.envoys() {
        let log = envoy.log();
        assert!(log.contains(r#""rule":"super_admin""#) && !log.contains(KEY), "{log}");
        assert!(!envoy.application_log().iter().any(|line| line.to_string().contains(KEY)));
    }
}

#[test]
fn its_requests_are_counted_and_audited() {
    let envoy = EnvoyBuilder::new(document()).start();
    let mut session = Session::new(&envoy, tenant_guard_tests::Protocol::H1);
    is_admin(&mut session, admin("/v1/tenants/acme").tenant("acme"), "acme");
    session.allowed(Request::get("/v1/things").api_key("acme"));
    session.finish();
    assert_eq!(envoy.stat("wasmcustom.tenant_guard.super_admin"), Some(1));
    assert_eq!(envoy.stat("wasmcustom.tenant_guard.allowed"), Some(2));
    // Only denials are audited, and what the super admin does.
    let log = envoy.wait_for_log("super_admin");
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(r#""verdict":"#)).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line: Value = serde_json::from_str(&lines[0][lines[0].find('{').unwrap()..]).unwrap();
    for (field, value) in [
        ("verdict", "allow"),
        ("auth", "super_admin"),
        ("tenant", "acme"),
        ("path", "/v1/tenants/acme"),
        ("method", "GET"),
    ] {
        assert_eq!(line[field], value, "{line}");
    }
}
