//! Names of tenants: aliases, formats, the reserved name, what isn't listed.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{Request, guard, jwt, merged, tenant, token};

const UUID: &str = "0190f0a0-1b2c-7d3e-8f40-5a6b7c8d9e0f";

/// A guard of tokens with a `tenant` claim.
fn claiming_guard(over: Value) -> Guard {
    guard(merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), over))
}

fn claiming(claim: Value) -> Request {
    Request::get("/").bearer(&token(json!({ "tenant": claim })))
}

fn aliased() -> Guard {
    claiming_guard(json!({
        "tenancy": {"id_format": "slug", "assertions": [
            {"path": "/v1/orgs/{tenant}/**"}, {"host": "{tenant}.api.example.com"}, {"query": "org"}
        ]},
        "tenants": [
            {"id": "acme", "aliases": ["org_9fXk", "acme-2"]},
            {"id": "globex", "aliases": ["org_1"]}
        ]
    }))
}

#[test]
fn an_alias_stands_for_its_tenant_in_every_place() {
    for claim in [json!("acme"), json!("org_9fXk"), json!(["acme", "org_9fXk", "acme-2"])] {
        let request = claiming(claim.clone());
        assert_eq!(tenant(&aliased(), &request), "acme", "{claim}");
        for name in ["acme", "acme-2", "org_9fXk"] {
            let by_header = request.clone().with("x-tenant-id", name);
            assert_eq!(tenant(&aliased(), &by_header), "acme", "{claim} {name}");
            let by_path = request.clone().set(":path", format!("/v1/orgs/{name}/users"));
            assert_eq!(tenant(&aliased(), &by_path), "acme", "{claim} {name}");
            let by_query = request.clone().set(":path", format!("/?org={name}"));
            assert_eq!(tenant(&aliased(), &by_query), "acme", "{claim} {name}");
        }
        let by_host = request.clone().set(":authority", "Acme-2.api.example.com");
        assert_eq!(tenant(&aliased(), &by_host), "acme", "{claim}");
        let other = request.with("x-tenant-id", "org_1");
        assert_eq!(tenant(&aliased(), &other), "tenant_mismatch", "{claim}");
    }
}

#[test]
fn a_caller_may_choose_by_an_alias_and_two_places_may_use_two() {
    let request = claiming(json!(["acme", "org_1"]));
    assert_eq!(tenant(&aliased(), &request), "tenant_choice_required");
    let chosen = request.clone().with("x-tenant-id", "org_9fXk");
    assert_eq!(tenant(&aliased(), &chosen), "acme");
    let twice = chosen.clone().set(":path", "/v1/orgs/acme/users?org=acme-2");
    assert_eq!(tenant(&aliased(), &twice), "acme");
    let apart = chosen.set(":path", "/v1/orgs/globex/users");
    assert_eq!(tenant(&aliased(), &apart), "tenant_mismatch");
}

#[test]
fn names_compare_exactly_and_hosts_in_lower_case() {
    let guard = claiming_guard(json!({
        "tenancy": {"assertions": [{"host": "{tenant}.api.example.com"}]}
    }));
    let acme = claiming(json!("acme"));
    for name in ["Acme", "ACME", "acme."] {
        let request = acme.clone().with("x-tenant-id", name);
        assert_eq!(tenant(&guard, &request), "tenant_mismatch", "{name}");
    }
    let host = acme.set(":authority", "ACME.Api.Example.Com.:443");
    assert_eq!(tenant(&guard, &host), "acme");
    let upper = claiming(json!("Acme")).set(":authority", "Acme.api.example.com");
    assert_eq!(tenant(&guard, &upper), "tenant_mismatch");
}

#[test]
fn a_name_outside_the_format_is_malformed_wherever_it_stands() {
    for (format, good, bad) in [
        ("any", "A1.b_c:d-e", vec!["-a", ".a", "a b", "a,b", "a/b", "caf\u{e9}", "*"]),
        ("slug", "acme-2", vec!["Acme", "acme-", "a--b", "a_b", "a.b", "org:9"]),
        ("uuid", UUID, vec!["acme", "0190F0A0-1B2C-7D3E-8F40-5A6B7C8D9E0F", &UUID[1..]]),
    ] {
        let guard = claiming_guard(json!({"tenancy": {"id_format": format}}));
        assert_eq!(tenant(&guard, &claiming(json!(good))), good);
        for name in bad {
            let context = format!("{format} {name}");
            assert_eq!(tenant(&guard, &claiming(json!(name))), "tenant_malformed", "{context}");
            let asserting = claiming(json!(good)).with("x-tenant-id", name);
            assert_eq!(tenant(&guard, &asserting), "tenant_malformed", "{context}");
        }
        for reserved in ["default", "Default"] {
            let claimed = claiming(json!(reserved));
            assert_eq!(tenant(&guard, &claimed), "tenant_reserved", "{format}");
            let asserting = claiming(json!(good)).with("x-tenant-id", reserved);
            assert_eq!(tenant(&guard, &asserting), "tenant_reserved", "{format}");
        }
    }
}

#[test]
fn the_reserved_name_is_reserved_in_any_case() {
    let guard = claiming_guard(json!({"tenancy": {"reserved": "No-Body"}}));
    for name in ["No-Body", "no-body", "NO-BODY", "nO-bODY"] {
        assert_eq!(tenant(&guard, &claiming(json!(name))), "tenant_reserved", "{name}");
        let asserting = claiming(json!("acme")).with("x-tenant-id", name);
        assert_eq!(tenant(&guard, &asserting), "tenant_reserved", "{name}");
    }
    assert_eq!(tenant(&guard, &claiming(json!("default"))), "default");
    assert_eq!(tenant(&guard, &claiming(json!("nobody"))), "nobody");
}

#[test]
fn who_has_no_tenant_has_the_reserved_one_as_it_is_written() {
    let tenancy = json!({"tenancy": {"reserved": "No-Body", "strict": false}});
    assert_eq!(tenant(&claiming_guard(tenancy), &claiming(json!(null))), "No-Body");
}

#[test]
fn a_tenant_that_is_not_listed_is_unknown_where_any_are() {
    for (document, listed, unlisted) in [
        (json!({}), "acme", "globex"),
        (json!({"tenants": []}), "tenant_unknown", "tenant_unknown"),
        (json!({"tenants": [{"id": "acme"}]}), "acme", "tenant_unknown"),
        (json!({"tenants": [{"id": "acme"}], "tenancy": {"unknown": "allow"}}), "acme", "globex"),
        (json!({"tenancy": {"unknown": "deny"}}), "tenant_unknown", "tenant_unknown"),
    ] {
        let guard = claiming_guard(document.clone());
        assert_eq!(tenant(&guard, &claiming(json!("acme"))), listed, "{document}");
        assert_eq!(tenant(&guard, &claiming(json!("globex"))), unlisted, "{document}");
    }
}

#[test]
fn the_reserved_tenant_is_always_known() {
    let mut document = json!({"tenancy": {"unknown": "deny", "start": "inactive"}});
    document["routes"] = json!([{"match": {"path": "/"}, "tenancy": {"strict": false}}]);
    assert_eq!(tenant(&claiming_guard(document), &claiming(json!(null))), "default");
}
