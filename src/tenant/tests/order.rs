//! Of several faults, the first in the order of the checks gives the code.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{NOW, Request, guard, jwt, merged, tenant, token};

fn ruled(tenant_rules: Value, tenancy: Value) -> Guard {
    let base = json!({"tenancy": {"assertions": [{"path": "/orgs/{tenant}"}]}});
    let document = merged(jwt(json!({ "tenant": tenant_rules })), base);
    guard(merged(document, json!({ "tenancy": tenancy })))
}

/// Claims, header and path, each naming a tenant where it isn't empty.
fn request(claims: Value, header: &str, path: &str) -> Request {
    let request = Request::get("/").bearer(&token(claims)).set(":path", format!("/orgs/{path}"));
    if header.is_empty() { request } else { request.with("x-tenant-id", header) }
}

#[test]
fn a_token_that_fails_is_told_before_any_tenant() {
    let guard = ruled(json!({"claims": ["tenant"]}), json!({}));
    let expired = json!({"exp": NOW - 3600.0, "tenant": {}});
    assert_eq!(tenant(&guard, &request(expired, "a b", "default")), "token_expired");
}

#[test]
fn the_first_fault_in_the_order_gives_the_code() {
    let allowing = json!({"claims": ["tenant"], "allow": ["acme", "globex"]});
    let guard = ruled(allowing, json!({}));
    for (claim, header, path, code) in [
        // malformed, in the claim or in an assertion
        (json!({}), "a b", "default", "tenant_malformed"),
        (json!("initech"), "a b", "", "tenant_malformed"),
        (json!("default"), "", "a%20b", "tenant_malformed"),
        (json!({}), "default", "", "tenant_malformed"),
        // not allowed
        (json!("initech"), "default", "", "tenant_not_allowed"),
        (json!("initech"), "acme", "globex", "tenant_not_allowed"),
        // reserved
        (json!("acme"), "globex", "default", "tenant_reserved"),
        (json!(["acme", "globex"]), "default", "", "tenant_reserved"),
        (json!(null), "acme", "default", "tenant_reserved"),
        // mismatch
        (json!(["acme", "globex"]), "acme", "globex", "tenant_mismatch"),
        (json!(null), "acme", "globex", "tenant_mismatch"),
        // choice
        (json!(["acme", "globex"]), "", "", "tenant_choice_required"),
        // strict
        (json!(null), "acme", "acme", "tenant_required"),
        (json!(null), "", "", "tenant_required"),
    ] {
        // An empty segment names no tenant on this path.
        let path = if path.is_empty() { "x/y" } else { path };
        let request = request(json!({ "tenant": claim }), header, path);
        assert_eq!(tenant(&guard, &request), code, "{claim} {header} {path}");
    }
}

#[test]
fn trust_is_asked_last() {
    let guard = ruled(json!({"claims": ["tenant"]}), json!({"strict": false}));
    for (claim, header, path, code) in [
        (json!(null), "acme", "globex", "tenant_mismatch"),
        (json!(null), "acme", "acme", "tenant_header_untrusted"),
        (json!(null), "default", "acme", "tenant_reserved"),
        (json!("acme"), "acme", "acme", "acme"),
    ] {
        let request = request(json!({ "tenant": claim }), header, path);
        assert_eq!(tenant(&guard, &request), code, "{claim} {header} {path}");
    }
}

#[test]
fn the_state_of_a_tenant_is_asked_once_it_is_resolved() {
    let document = json!({"tenants": [{"id": "acme", "active": false}]});
    let guard = guard(merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), document));
    for (claim, header, code) in [
        ("acme", "", "tenant_inactive"),
        ("acme", "globex", "tenant_mismatch"),
        ("globex", "", "tenant_unknown"),
        ("globex", "default", "tenant_reserved"),
    ] {
        let request = request(json!({ "tenant": claim }), header, "x/y");
        assert_eq!(tenant(&guard, &request), code, "{claim} {header}");
    }
}
