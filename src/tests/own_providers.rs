//! A tenant's own identity provider: what its tokens say of roles counts only
//! as far as the operator names it.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{Request, guard, issuer, key, merged, outcome, token, upstream};

const OWN: &str = "https://acme.example";

/// Acme with an identity provider of its own, beside one for all.
fn with(acme: Value, own: Value, over: Value) -> Guard {
    let own = issuer(merged(json!({"issuer": OWN}), own));
    let acme = merged(json!({"id": "acme", "issuers": [own]}), acme);
    let shared = issuer(json!({"tenant": {"claims": ["tenant"], "allow": ["acme", "globex"]}}));
    let document = json!({
        "jwt": {"issuers": [shared]},
        "roles": {
            "admin": {"includes": ["standard"], "scopes": ["*"]},
            "standard": {"scopes": ["write"]},
            "auditor": {"scopes": ["audit"]}
        },
        "tenants": [acme, {"id": "globex"}],
        "routes": [
            {"match": {"path": "/admin"}, "roles": ["admin"]},
            {"match": {"path": "/audit"}, "scopes": ["audit"]},
            {"match": {"path": "/**"}}
        ]
    });
    guard(merged(document, over))
}

fn own(path: &str, claims: Value) -> Request {
    Request::get(path).bearer(&token(merged(json!({"iss": OWN}), claims)))
}

fn roles_and_scopes(guard: &Guard, request: &Request) -> [Option<String>; 2] {
    ["x-roles", "x-scopes"].map(|name| upstream(guard, request, name))
}

#[test]
fn without_a_ceiling_its_roles_count_for_nothing() {
    let guard = with(json!({}), json!({}), json!({}));
    let roles = json!({"roles": ["admin", "standard", "auditor", "else"]});
    for (path, result) in [("/", "allow"), ("/admin", "role_missing"), ("/audit", "scope_missing")]
    {
        assert_eq!(outcome(&guard, &own(path, roles.clone())), result, "{path}");
    }
    assert_eq!(roles_and_scopes(&guard, &own("/", roles)), [None, None]);
    // What the shared provider says counts as ever.
    let shared = json!({"tenant": "acme", "roles": ["admin"]});
    let shared = Request::get("/admin").bearer(&token(shared));
    assert_eq!(outcome(&guard, &shared), "allow");
}

#[test]
fn a_ceiling_at_any_level_names_the_roles_that_count() {
    let named = json!({"roles": ["standard"]});
    for (acme, own_rules, over) in [
        (named.clone(), json!({}), json!({})),
        (json!({}), named.clone(), json!({})),
        (json!({}), json!({}), json!({"tenant_defaults": {"roles": ["standard"]}})),
        (named, json!({"roles": ["admin", "auditor"]}), json!({})),
    ] {
        let guard = with(acme.clone(), own_rules.clone(), over.clone());
        let request = |path: &str| own(path, json!({"roles": ["admin", "auditor"]}));
        let context = format!("{acme} {own_rules} {over}");
        assert_eq!(outcome(&guard, &request("/admin")), "role_missing", "{context}");
        assert_eq!(outcome(&guard, &request("/audit")), "scope_missing", "{context}");
        let told = roles_and_scopes(&guard, &request("/"));
        assert_eq!(told, [Some("standard".into()), Some("write".into())], "{context}");
    }
}

#[test]
fn a_ceiling_of_a_client_names_no_role_for_it() {
    // Which client it is for, such a token says itself.
    let keys = json!([key("k", "sesame", json!({"roles": ["admin"]}))]);
    let client = json!({"id": "ops", "roles": ["admin"], "keys": keys});
    let acme = |over: Value| merged(json!({"clients": [client], "scopes": ["*"]}), over);
    let request = own("/admin", json!({"azp": "ops", "roles": ["admin"]}));
    for (over, result) in
        [(json!({}), "role_missing"), (json!({"roles": ["admin", "auditor"]}), "allow")]
    {
        let guard = with(acme(over), json!({}), json!({}));
        assert_eq!(outcome(&guard, &request), result);
        let key = Request::get("/admin").with("x-api-key", "sesame");
        assert_eq!(outcome(&guard, &key), "allow");
        // It cuts those that another names.
        let told = roles_and_scopes(&guard, &own("/", json!({"azp": "ops", "roles": ["auditor"]})));
        assert_eq!(told, [None, None]);
    }
}

#[test]
fn a_default_that_is_turned_off_names_no_role() {
    let defaults = json!({"tenant_defaults": {"roles": ["admin"]}});
    let guard_with = |acme: Value| with(acme, json!({}), defaults.clone());
    for (acme, result) in [
        (json!({}), "allow"),
        (json!({"roles": null}), "role_missing"),
        (json!({"roles": []}), "role_missing"),
    ] {
        let request = own("/admin", json!({"roles": ["admin"]}));
        assert_eq!(outcome(&guard_with(acme.clone()), &request), result, "{acme}");
    }
}

#[test]
fn a_role_that_no_list_has_counts_only_where_a_ceiling_names_it() {
    for (ceiling, told) in [(json!(null), None), (json!(["else"]), Some("else".to_owned()))] {
        let guard = guard(json!({
            "tenants": [{"id": "acme", "roles": ceiling, "issuers": [issuer(json!({"issuer": OWN}))]}]
        }));
        let request = own("/", json!({"roles": ["admin", "else"]}));
        assert_eq!(upstream(&guard, &request, "x-roles"), told, "{ceiling}");
    }
}

#[test]
fn a_key_beside_its_token_keeps_its_own_roles() {
    let keys = json!([key("k", "sesame", json!({"roles": ["admin"]}))]);
    let acme = json!({"clients": [{"id": "web", "keys": keys}]});
    let guard = with(acme, json!({}), json!({"both": "agree"}));
    let request = own("/", json!({"roles": ["auditor"]})).with("x-api-key", "sesame");
    let told = roles_and_scopes(&guard, &request);
    assert_eq!(told[0].as_deref(), Some("admin"));
    let asking = own("/admin", json!({"roles": ["admin"]}));
    assert_eq!(outcome(&guard, &asking), "role_missing");
    assert_eq!(outcome(&guard, &asking.with("x-api-key", "sesame")), "allow");
}

#[test]
fn without_tenancy_its_roles_count_no_more() {
    let routes = json!([{"match": {"path": "/admin"}, "roles": ["admin"], "tenancy": "none", "issuers": [OWN]}]);
    for (acme, result) in [
        (json!({}), "role_missing"),
        (json!({"roles": ["admin"]}), "allow"),
        (json!({"roles": ["standard"]}), "role_missing"),
    ] {
        let guard = with(acme.clone(), json!({}), json!({ "routes": routes }));
        let request = own("/admin", json!({"roles": ["admin"]}));
        assert_eq!(outcome(&guard, &request), result, "{acme}");
    }
}
