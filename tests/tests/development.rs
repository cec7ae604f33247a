//! Headers that stand for a credential in development, and CORS preflights.

mod common;

use common::{Fleet, headers, key_entry, received};
use serde_json::{Value, json};
use tenant_guard_tests::{EnvoyBuilder, Request};

fn development(mode: &str) -> Value {
    json!({
        "version": 1,
        "environment": "development",
        "mode": mode,
        "dev_headers": {"user": "x-dev-user-id", "tenant": "x-dev-org-id"},
        "tenants": [
            {"id": "acme", "aliases": ["org_1"], "clients": [{"id": "web", "keys": [key_entry("web-1", "acme")]}]},
            {"id": "asleep", "active": false},
        ],
        "routes": [
            {"match": {"path": "/public"}, "auth": "none"},
            {"match": {"path": "/lax"}, "tenancy": {"strict": false}},
            {"match": {"path": "/scope"}, "scopes": ["a:b"]},
            {"match": {"path": "/keys"}, "mode": "api_key"},
            {"match": {"path": "/**"}},
        ],
    })
}

static EITHER: Fleet = Fleet::new(|| EnvoyBuilder::new(development("either")));

fn dev(path: &str) -> Request {
    Request::get(path).header("X-Dev-User-Id", "alice")
}

fn in_acme(path: &str) -> Request {
    dev(path).header("x-dev-org-id", "acme")
}

#[test]
fn a_developer_is_who_the_headers_say() {
    EITHER.everywhere(|session| {
        let alice = |tenant: &'static str| {
            headers(&[("x-tenant-id", tenant), ("x-user-id", "alice"), ("x-auth-method", "dev")])
        };
        assert_eq!(received(&session.allowed(in_acme("/"))), alice("acme"));
        assert_eq!(
            received(&session.allowed(dev("/").header("x-dev-org-id", "org_1"))),
            alice("acme")
        );
        assert_eq!(received(&session.allowed(in_acme("/").tenant("acme"))), alice("acme"));
        assert_eq!(received(&session.allowed(dev("/lax"))), alice("default"));
        let forged = in_acme("/").header("x-user-id", "root").header("x-roles", "admin");
        assert_eq!(received(&session.allowed(forged)), alice("acme"));
        let spaced =
            Request::get("/").header("x-dev-user-id", "a b\u{e9}").header("x-dev-org-id", "acme");
        let spaced = received(&session.allowed(spaced));
        assert_eq!(spaced["x-user-id"], "a%20b%C3%A9");
    });
}

#[test]
fn the_headers_are_held_to_the_rules_of_any_credential() {
    EITHER.everywhere(|session| {
        let org = |tenant: &str| dev("/").header("x-dev-org-id", tenant);
        for (request, status, code) in [
            (Request::get("/"), 401, "credentials_missing"),
            (Request::get("/").header("x-dev-org-id", "acme"), 401, "credentials_missing"),
            (Request::get("/").header("x-dev-user-id", ""), 401, "credentials_missing"),
            (dev("/"), 403, "tenant_required"),
            (dev("/").tenant("acme"), 403, "tenant_required"),
            (org("default"), 403, "tenant_reserved"),
            (org("nobody"), 403, "tenant_unknown"),
            (org("asleep"), 403, "tenant_inactive"),
            (org("a b"), 400, "tenant_malformed"),
            (org("acme").tenant("asleep"), 403, "tenant_mismatch"),
            (org("acme").header("x-dev-org-id", "acme"), 400, "credentials_ambiguous"),
            (org("acme").header("x-dev-user-id", "bob"), 400, "credentials_ambiguous"),
            (org("acme").api_key("acme"), 400, "credentials_ambiguous"),
            (in_acme("/scope"), 403, "scope_missing"),
            // A route for keys looks at no developer.
            (in_acme("/keys"), 401, "credentials_missing"),
        ] {
            session.refused(request, status, code);
        }
        session.allowed_as(in_acme("/keys").api_key("acme"), "acme");
        let public = session.passed(in_acme("/public"), json!("public"));
        assert_eq!(received(&public), headers(&[]));
    });
}

#[test]
fn the_tenants_header_may_name_the_developers_tenant() {
    let mut document = development("jwt_then_api_key");
    document["dev_headers"]["tenant"] = json!("x-tenant-id");
    let envoy = EnvoyBuilder::new(document).start();
    let method = |request: Request| {
        let response = envoy.send(&request);
        assert_eq!(response.echoed_value("x-tenant-id").as_deref(), Some("acme"), "{response:?}");
        response.echoed_value("x-auth-method").unwrap()
    };
    assert_eq!(method(dev("/").tenant("acme")), "dev");
    // They stand where a JWT would, so that a key beside them is unread.
    assert_eq!(method(dev("/").tenant("acme").api_key("unknown")), "dev");
    assert_eq!(method(Request::get("/").api_key("acme")), "api_key");
}

fn preflight(path: &str) -> Request {
    Request::new("OPTIONS", path)
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "PUT")
}

fn cors(answer: &str) -> Value {
    json!({
        "version": 1,
        "cors_preflight": answer,
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [key_entry("web-1", "acme")]}]}],
        "routes": [
            {"match": {"path": "/admin"}, "auth": "super_admin"},
            {"match": {"path": "/scope"}, "scopes": ["a:b"], "ip": ["192.0.2.1"]},
            {"match": {"path": "/v1/**"}},
        ],
        "super_admin": {"from": [{"header": "x-super"}], "sha256": "0".repeat(64)},
    })
}

static ALLOWED: Fleet = Fleet::new(|| EnvoyBuilder::new(cors("allow")));
static DENIED: Fleet = Fleet::new(|| EnvoyBuilder::new(cors("deny")));

#[test]
fn a_preflight_goes_through_where_that_is_asked_for_and_has_no_identity() {
    ALLOWED.everywhere(|session| {
        for path in ["/v1/things", "/scope", "/admin", "/elsewhere"] {
            let forged = preflight(path).tenant("acme").header("x-user-id", "root");
            let response = session.passed(forged.api_key("acme"), json!("public"));
            let expected =
                [("access-control-request-method", "PUT"), ("origin", "https://app.example.com")];
            assert_eq!(received(&response), headers(&expected), "{path}");
        }
        // What is no preflight is a request like any other.
        for method in ["GET", "POST", "DELETE"] {
            let like = Request::new(method, "/v1/things")
                .header("origin", "https://app.example.com")
                .header("access-control-request-method", "PUT");
            session.refused(like, 401, "credentials_missing");
        }
        let options = || Request::new("OPTIONS", "/v1/things");
        for other in [
            options(),
            options().header("origin", "https://app.example.com"),
            options().header("access-control-request-method", "PUT"),
            preflight("/v1/things").header("access-control-request-method", "GET"),
            preflight("/v1/things").header("origin", "https://other.example.com"),
        ] {
            session.refused(other, 401, "credentials_missing");
        }
        session.refused(preflight("/v1/;x"), 400, "path_ambiguous");
    });
}

#[test]
fn a_preflight_is_a_request_like_any_other_where_nothing_is_said() {
    DENIED.everywhere(|session| {
        session.refused(preflight("/v1/things"), 401, "credentials_missing");
        session.refused(preflight("/elsewhere"), 403, "route_refused");
        session.allowed_as(preflight("/v1/things").api_key("acme"), "acme");
    });
}
