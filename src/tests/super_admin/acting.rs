//! The tenants that the super admin acts for, and its own.

use serde_json::{Value, json};

use super::{admin, with};
use crate::testing::{Request, decide, issuer, jwt, key, merged, mistakes, outcome, tenant, token};

#[test]
fn it_acts_for_the_tenant_that_it_asserts_wherever_that_stands() {
    let places =
        json!([{"path": "/t/{tenant}/**"}, {"host": "{tenant}.api.example.com"}, {"query": "t"}]);
    let aliased = json!([{"id": "acme", "aliases": ["org_9"], "active": false}]);
    let guard = with(json!({"tenancy": {"assertions": places}, "tenants": aliased}));
    for (request, result) in [
        (admin("/t/acme/x"), "acme"),
        (admin("/x?t=org_9"), "acme"),
        (admin("/x").set(":authority", "acme.api.example.com"), "acme"),
        (admin("/t/acme/x").with("x-tenant-id", "org_9"), "acme"),
        (admin("/t/acme/x").with("x-tenant-id", "globex"), "tenant_mismatch"),
        (admin("/t/acme/x?t=globex"), "tenant_mismatch"),
        (admin("/x?t=a,b"), "tenant_malformed"),
        (admin("/x").with("x-tenant-id", "a").with("x-tenant-id", "a"), "tenant_malformed"),
        (admin("/x").with("x-tenant-id", ""), "superadmin"),
        (admin("/x").with("x-tenant-id", "default"), "tenant_reserved"),
        (admin("/x?t=DEFAULT"), "tenant_reserved"),
        (admin("/t/acme/x?t=default"), "tenant_reserved"),
        (admin("/x").with("x-tenant-id", "superadmin"), "superadmin"),
        (admin("/x").with("x-tenant-id", "SuperAdmin"), "superadmin"),
        // Where the header isn't looked at, it asserts nothing.
        (admin("/ignoring").with("x-tenant-id", "acme"), "superadmin"),
        (admin("/ignoring?t=acme").with("x-tenant-id", "globex"), "acme"),
        (admin("/me").with("x-tenant-id", "acme"), "no tenant"),
    ] {
        assert_eq!(tenant(&guard, &request), result, "{request:?}");
    }
}

#[test]
fn without_a_tenant_of_its_own_it_must_choose_one() {
    let guard = with(json!({"super_admin": {"tenant": "x"}}));
    assert_eq!(tenant(&guard, &admin("/x")), "x");
    let mut document = json!({
        "super_admin": {
            "from": [{"header": "x-admin-key"}],
            "sha256": key("", "open sesame", json!({}))["sha256"]
        },
        "routes": [{"match": {"path": "/me"}, "tenancy": "none"}, {"match": {"path": "/**"}}]
    });
    document = merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), document);
    let guard = crate::testing::guard(document);
    for (request, result) in [
        (admin("/x"), "tenant_choice_required"),
        (admin("/x").with("x-tenant-id", "acme"), "acme"),
        (admin("/x").with("x-tenant-id", "default"), "tenant_reserved"),
        (admin("/me"), "no tenant"),
    ] {
        assert_eq!(tenant(&guard, &request), result, "{request:?}");
    }
    assert!(decide(&guard, &admin("/x")).super_admin);
}

#[test]
fn nobody_else_can_name_its_tenant() {
    let lax = json!({"tenancy": {"strict": false, "trust_header": ["10.0.0.0/8"]}});
    let route = merged(json!({"match": {"path": "/**"}, "auth": "optional"}), lax);
    let guard = with(json!({ "routes": [route] }));
    for name in ["superadmin", "SuperAdmin", "SUPERADMIN"] {
        for request in [
            Request::get("/").with("x-tenant-id", name),
            Request::get("/").bearer(&token(json!({}))).with("x-tenant-id", name),
            Request::get("/").bearer(&token(json!({"tenant": "globex"}))).with("x-tenant-id", name),
            Request::get("/").bearer(&token(json!({ "tenant": name }))),
            Request::get("/").bearer(&token(json!({"tenant": ["globex", name]}))),
            Request::get("/").with("x-api-key", "sesame").with("x-tenant-id", name),
        ] {
            assert_eq!(outcome(&guard, &request), "tenant_reserved", "{request:?}");
        }
    }
    let machine = issuer(json!({"tenant": {"acts_for": "any"}}));
    let guard = with(json!({"jwt": {"issuers": [machine]}}));
    let asserting = Request::get("/").bearer(&token(json!({}))).with("x-tenant-id", "Superadmin");
    assert_eq!(outcome(&guard, &asserting), "tenant_reserved");
}

#[test]
fn nothing_in_the_document_is_bound_to_its_tenant() {
    let admin = json!({"super_admin": {
        "from": [{"header": "x-admin"}], "tenant": "Root",
        "sha256": key("", "open sesame", json!({}))["sha256"]
    }});
    let mistakes = |over: Value| mistakes(merged(admin.clone(), over));
    for (tenants, path) in [
        (json!([{"id": "root"}]), "tenants[0].id"),
        (json!([{"id": "acme", "aliases": ["ROOT"]}]), "tenants[0].aliases[0]"),
    ] {
        assert_eq!(mistakes(json!({ "tenants": tenants })), [path]);
    }
    for (rules, field) in [
        (json!({"fixed": "root"}), "fixed"),
        (json!({"subjects": {"alice": "Root"}}), "subjects.alice"),
        (json!({"claims": ["tenant"], "allow": ["rooT"]}), "allow[0]"),
        (json!({"acts_for": ["root"]}), "acts_for[0]"),
    ] {
        let path = format!("jwt.issuers[0].tenant.{field}");
        assert_eq!(mistakes(jwt(json!({ "tenant": rules }))), [path]);
    }
    let reserved = json!({"tenancy": {"reserved": "rOOt"}});
    assert_eq!(mistakes(reserved), ["super_admin.tenant"]);
    let same_key = json!({"api_keys": {"keys": [key("k", "open sesame", json!({}))]}});
    assert_eq!(mistakes(same_key), ["super_admin.sha256"]);
}
