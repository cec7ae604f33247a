//! Places where a caller names the tenant that it means.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{Request, guard, jwt, merged, tenant, token};

/// Tokens with a `tenant` claim, and every kind of place.
fn placed(tenancy: Value) -> Guard {
    let places = json!({"tenancy": {"assertions": [
        {"path": "/v1/orgs/{tenant}/**"}, {"path": "/v2/a:b/{tenant}"},
        {"host": "{tenant}.api.example.com"}, {"query": "tenant_id"}
    ]}});
    let document = merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), places);
    guard(merged(document, json!({ "tenancy": tenancy })))
}

fn claiming(claim: Value) -> Request {
    Request::get("/").bearer(&token(json!({ "tenant": claim })))
}

#[test]
fn places_that_agree_are_one_assertion_and_two_that_differ_a_mismatch() {
    let guard = placed(json!({}));
    let everywhere = |header: &str, path: &str, host: &str, query: &str| {
        claiming(json!(["acme", "globex"]))
            .with("x-tenant-id", header)
            .set(":path", format!("/v1/orgs/{path}/users?tenant_id={query}"))
            .set(":authority", format!("{host}.api.example.com"))
    };
    assert_eq!(tenant(&guard, &everywhere("acme", "acme", "acme", "acme")), "acme");
    for (header, path, host, query) in [
        ("globex", "acme", "acme", "acme"),
        ("acme", "globex", "acme", "acme"),
        ("acme", "acme", "globex", "acme"),
        ("acme", "acme", "acme", "globex"),
    ] {
        let request = everywhere(header, path, host, query);
        assert_eq!(tenant(&guard, &request), "tenant_mismatch", "{header} {path} {host} {query}");
    }
}

#[test]
fn a_header_that_is_there_twice_or_holds_two_names_is_malformed() {
    let guard = placed(json!({}));
    let acme = claiming(json!("acme"));
    for values in [
        &["acme", "acme"][..],
        &["acme", "globex"],
        &["acme", ""],
        &["acme,acme"],
        &["acme, globex"],
        &["acme globex"],
        &[" acme"],
        &["acme "],
        &[" "],
        &[","],
    ] {
        let request = values.iter().fold(acme.clone(), |r, value| r.with("x-tenant-id", value));
        assert_eq!(tenant(&guard, &request), "tenant_malformed", "{values:?}");
    }
    let bytes = acme.clone().with("x-tenant-id", b"ac\xffme");
    assert_eq!(tenant(&guard, &bytes), "tenant_malformed");
    assert_eq!(tenant(&guard, &acme.with("x-tenant-id", "")), "acme");
}

#[test]
fn a_parameter_is_read_once_decoded_and_may_be_there_once() {
    let guard = placed(json!({}));
    for (query, result) in [
        ("tenant_id=acme", "acme"),
        ("a=1&tenant_id=ac%6de", "acme"),
        ("tenant%5Fid=acme", "acme"),
        ("tenant_id[]=acme", "acme"),
        ("tenant_id=", "acme"),
        ("Tenant_id=globex", "acme"),
        ("tenant_id=globex", "tenant_mismatch"),
        ("tenant%5fid=globex", "tenant_mismatch"),
        ("tenant_id%5B0%5D=globex", "tenant_mismatch"),
        ("x=1;tenant_id=globex", "tenant_mismatch"),
        ("tenant_id=acme&tenant_id=acme", "tenant_malformed"),
        ("tenant_id=acme&tenant_id[]=globex", "tenant_malformed"),
        ("tenant_id=acme;tenant_id=acme", "tenant_malformed"),
        ("tenant_id=ac%256de", "tenant_malformed"),
        ("tenant_id=acme%20", "tenant_malformed"),
        ("tenant_id=acme+globex", "tenant_malformed"),
        ("tenant_id=acme,globex", "tenant_malformed"),
        ("tenant_id=%ff", "tenant_malformed"),
    ] {
        let request = claiming(json!("acme")).set(":path", format!("/?{query}"));
        assert_eq!(tenant(&guard, &request), result, "{query}");
    }
}

#[test]
fn a_segment_of_the_path_is_read_as_the_application_will() {
    let guard = placed(json!({}));
    for (claim, path, result) in [
        ("acme", "/v1/orgs/acme", "acme"),
        ("acme", "/v1/orgs/acme/", "acme"),
        ("acme", "/v1/orgs/%61cme/a/b", "acme"),
        ("did:acme", "/v1/orgs/did:acme", "did:acme"),
        ("did:acme", "/v1/orgs/did%3Aacme", "did:acme"),
        ("acme", "/v1/orgs", "acme"),
        ("acme", "/v1/ORGS/globex", "acme"),
        ("acme", "/v1/orgs/globex", "tenant_mismatch"),
        ("acme", "/%76%31/orgs/%67lobex/x", "tenant_mismatch"),
        ("acme", "/v1/orgs/ac+me", "tenant_malformed"),
        ("acme", "/v1/orgs/acme%20", "tenant_malformed"),
        ("acme", "/v1/orgs/acme%2C", "tenant_malformed"),
        ("acme", "/v1/orgs/ac%256de", "tenant_malformed"),
        ("acme", "/v1/orgs/*", "tenant_malformed"),
    ] {
        let request = claiming(json!(claim)).set(":path", path);
        assert_eq!(tenant(&guard, &request), result, "{claim} {path}");
    }
}

#[test]
fn an_encoded_character_hides_no_assertion() {
    let guard = placed(json!({}));
    for path in ["/v2/a:b/globex", "/v2/a%3Ab/globex", "/v2/a%3ab/globex", "/v2/%61%3Ab/globex"] {
        let request = claiming(json!("acme")).set(":path", path);
        assert_eq!(tenant(&guard, &request), "tenant_mismatch", "{path}");
        let request = claiming(json!("globex")).set(":path", path);
        assert_eq!(tenant(&guard, &request), "globex", "{path}");
    }
}

#[test]
fn the_label_of_the_host_is_the_tenant() {
    let guard = placed(json!({}));
    for (host, result) in [
        ("acme.api.example.com", "acme"),
        ("ACME.api.example.com:8443", "acme"),
        ("acme.api.example.com.", "acme"),
        ("api.example.com", "acme"),
        ("x.acme.api.example.com", "acme"),
        ("acme.api.example.org", "acme"),
        ("globex.api.example.com", "tenant_mismatch"),
        ("Globex.API.example.com.:80", "tenant_mismatch"),
        ("_x.api.example.com", "tenant_malformed"),
        ("default.api.example.com", "tenant_reserved"),
    ] {
        let request = claiming(json!("acme")).set(":authority", host);
        assert_eq!(tenant(&guard, &request), result, "{host}");
    }
}

#[test]
fn an_ignored_header_decides_nothing_and_is_not_compared() {
    let strict = placed(json!({"trust_header": "ignore"}));
    let lax = placed(json!({"trust_header": "ignore", "strict": false}));
    for value in ["globex", "default", "a b", ""] {
        let acme = claiming(json!("acme")).with("x-tenant-id", value);
        assert_eq!(tenant(&strict, &acme), "acme", "{value}");
        assert_eq!(tenant(&strict, &acme.with("x-tenant-id", "x")), "acme", "{value}");
        let several = claiming(json!(["acme", "globex"])).with("x-tenant-id", value);
        assert_eq!(tenant(&strict, &several), "tenant_choice_required", "{value}");
        let nobody = claiming(json!(null)).with("x-tenant-id", value);
        assert_eq!(tenant(&strict, &nobody), "tenant_required", "{value}");
        assert_eq!(tenant(&lax, &nobody), "default", "{value}");
    }
    let by_path = claiming(json!("acme")).set(":path", "/v1/orgs/globex");
    assert_eq!(tenant(&strict, &by_path), "tenant_mismatch");
    let by_path = claiming(json!(null)).set(":path", "/v1/orgs/globex");
    assert_eq!(tenant(&lax, &by_path), "tenant_header_untrusted");
}

#[test]
fn the_header_has_the_name_that_the_document_gives_it() {
    let guard = placed(json!({"header": "X-Org"}));
    let acme = claiming(json!("acme"));
    let other = acme.clone().with("x-org", "globex");
    assert_eq!(tenant(&guard, &other), "tenant_mismatch");
    let default = acme.with("x-tenant-id", "globex");
    assert_eq!(tenant(&guard, &default), "acme");
}

#[test]
fn only_the_exact_name_asserts_and_other_spellings_are_removed() {
    let guard = placed(json!({}));
    for name in ["x_tenant_id", "x.tenant.id", "x-tenant_id", "x~tenant-id"] {
        let request = claiming(json!("acme")).with(name, "globex");
        assert_eq!(tenant(&guard, &request), "acme", "{name}");
        assert_eq!(crate::testing::upstream(&guard, &request, name), None, "{name}");
    }
}
