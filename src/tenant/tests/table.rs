//! The table of tenants: what is bound, what is asserted, how strict the route
//! is and whether its header is trusted.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{Request, guard, issuer, jwt, key, merged, tenant, token};

const STRICT: (bool, &str) = (true, "never");
const STRICT_TRUSTING: (bool, &str) = (true, "any_peer");
const LAX: (bool, &str) = (false, "never");
const LAX_TRUSTING: (bool, &str) = (false, "any_peer");
/// Those that may stand beside credentials that the document binds.
const BESIDE_BINDINGS: [(bool, &str); 3] = [STRICT, STRICT_TRUSTING, LAX];
const ALL: [(bool, &str); 4] = [STRICT, STRICT_TRUSTING, LAX, LAX_TRUSTING];

const PLACES: [&str; 4] = ["header", "path", "host", "query"];

fn ruled(document: &Value, (strict, trust): (bool, &str)) -> Guard {
    let rules = json!({
        "tenancy": {"trust_header": trust, "assertions": [
            {"path": "/v1/orgs/{tenant}/**"}, {"host": "{tenant}.api.example.com"}, {"query": "tenant_id"}
        ]},
        "routes": [{"match": {"path": "/**"}, "tenancy": {"strict": strict}}]
    });
    guard(merged(rules, document.clone()))
}

fn asserting(request: &Request, place: &str, name: &str) -> Request {
    match place {
        "header" => request.clone().with("x-tenant-id", name),
        "path" => request.clone().set(":path", format!("/v1/orgs/{name}/users")),
        "host" => request.clone().set(":authority", format!("{name}.api.example.com")),
        _ => request.clone().set(":path", format!("/?tenant_id={name}")),
    }
}

fn with_token(own: Value) -> Request {
    Request::get("/").bearer(&token(own))
}

/// Every way to be bound to acme, with a request that is.
fn bound() -> Vec<(&'static str, Value, Request)> {
    let others = [json!({"id": "globex"}), json!({"id": "initech"})];
    let acme = |fields: Value| {
        let acme = merged(json!({"id": "acme"}), fields);
        json!({"tenants": [acme, others[0], others[1]]})
    };
    let keys = json!({"clients": [{"id": "web", "keys": [key("web-1", "sesame", json!({}))]}]});
    vec![
        (
            "claim",
            jwt(json!({"tenant": {"claims": ["tenant"]}})),
            with_token(json!({"tenant": "acme"})),
        ),
        ("fixed", jwt(json!({"tenant": {"fixed": "acme"}})), with_token(json!({}))),
        (
            "subjects",
            jwt(json!({"tenant": {"subjects": {"alice": "acme"}}})),
            with_token(json!({})),
        ),
        ("own issuer", acme(json!({"issuers": [issuer(json!({}))]})), with_token(json!({}))),
        ("key", acme(keys), Request::get("/").with("x-api-key", "sesame")),
    ]
}

/// The claim is no binding of the document, so any rules may stand beside it.
fn rules_beside(kind: &str) -> &'static [(bool, &'static str)] {
    if kind == "claim" { &ALL } else { &BESIDE_BINDINGS }
}

#[test]
fn a_bound_tenant_wins_or_the_request_is_refused() {
    for (kind, document, request) in bound() {
        for &rules in rules_beside(kind) {
            let guard = ruled(&document, rules);
            assert_eq!(tenant(&guard, &request), "acme", "{kind} {rules:?}");
            for place in PLACES {
                for (asserted, result) in [
                    ("acme", "acme"),
                    ("globex", "tenant_mismatch"),
                    ("unheard-of", "tenant_mismatch"),
                    ("default", "tenant_reserved"),
                ] {
                    let request = asserting(&request, place, asserted);
                    let context = format!("{kind} {rules:?} {place} {asserted}");
                    assert_eq!(tenant(&guard, &request), result, "{context}");
                }
            }
        }
    }
}

#[test]
fn a_claim_that_names_the_reserved_tenant_is_refused() {
    for rules in ALL {
        let guard = ruled(&jwt(json!({"tenant": {"claims": ["tenant"]}})), rules);
        for claim in
            [json!("default"), json!("DEFAULT"), json!(["default"]), json!(["acme", "Default"])]
        {
            let request = with_token(json!({ "tenant": claim }));
            assert_eq!(tenant(&guard, &request), "tenant_reserved", "{rules:?} {claim}");
            let asserting = asserting(&request, "header", "acme");
            assert_eq!(tenant(&guard, &asserting), "tenant_reserved", "{rules:?} {claim}");
        }
    }
}

/// Every way to be bound to nothing.
fn unbound() -> Vec<(&'static str, Value, Request)> {
    let keys = json!({"api_keys": {"keys": [key("k", "sesame", json!({}))]}});
    vec![
        ("no claim", jwt(json!({"tenant": {"claims": ["tenant"]}})), with_token(json!({}))),
        ("no rule", jwt(json!({})), with_token(json!({"tenant": "acme"}))),
        ("key", keys, Request::get("/").with("x-api-key", "sesame")),
    ]
}

#[test]
fn where_nothing_is_bound_strictness_and_trust_decide() {
    for (kind, document, request) in unbound() {
        for (rules, unasserted, asserted) in [
            (STRICT, "tenant_required", "tenant_required"),
            (STRICT_TRUSTING, "tenant_required", "tenant_required"),
            (LAX, "default", "tenant_header_untrusted"),
            (LAX_TRUSTING, "default", "acme"),
        ] {
            let guard = ruled(&document, rules);
            assert_eq!(tenant(&guard, &request), unasserted, "{kind} {rules:?}");
            for place in PLACES {
                let context = format!("{kind} {rules:?} {place}");
                let acme = asserting(&request, place, "acme");
                assert_eq!(tenant(&guard, &acme), asserted, "{context}");
                let reserved = asserting(&request, place, "default");
                assert_eq!(tenant(&guard, &reserved), "tenant_reserved", "{context}");
            }
        }
    }
}

#[test]
fn a_subject_that_is_not_listed_is_bound_to_nothing() {
    let document = jwt(json!({"tenant": {"subjects": {"bob": "acme"}}}));
    let request = with_token(json!({}));
    assert_eq!(tenant(&ruled(&document, STRICT), &request), "tenant_required");
    assert_eq!(tenant(&ruled(&document, LAX), &request), "default");
    let asserting = asserting(&request, "header", "acme");
    assert_eq!(tenant(&ruled(&document, LAX), &asserting), "tenant_header_untrusted");
}

#[test]
fn a_caller_of_several_tenants_chooses_among_its_own() {
    let listed = with_token(json!({"tenant": ["acme", "globex"]}));
    for (kind, fields, request, foreign) in [
        ("claim", json!({"claims": ["tenant"]}), listed, "tenant_mismatch"),
        (
            "acts_for",
            json!({"acts_for": ["acme", "globex"]}),
            with_token(json!({})),
            "tenant_mismatch",
        ),
        ("acts_for any", json!({"acts_for": "any"}), with_token(json!({})), "initech"),
    ] {
        for rules in ALL {
            let guard = ruled(&jwt(json!({ "tenant": fields })), rules);
            let context = format!("{kind} {rules:?}");
            assert_eq!(tenant(&guard, &request), "tenant_choice_required", "{context}");
            for place in PLACES {
                for (asserted, result) in [
                    ("acme", "acme"),
                    ("globex", "globex"),
                    ("initech", foreign),
                    ("default", "tenant_reserved"),
                ] {
                    let request = asserting(&request, place, asserted);
                    assert_eq!(tenant(&guard, &request), result, "{context} {place} {asserted}");
                }
            }
        }
    }
}

#[test]
fn nobody_is_the_reserved_tenant_or_whom_a_trusted_peer_asserts() {
    for (trust, unasserted, asserted) in
        [("never", "default", "tenant_header_untrusted"), ("any_peer", "default", "acme")]
    {
        let mut document = jwt(json!({}));
        document["routes"] = json!([{
            "match": {"path": "/**"}, "auth": "optional",
            "tenancy": {"strict": false, "trust_header": trust}
        }]);
        let guard = guard(document);
        assert_eq!(tenant(&guard, &Request::get("/")), unasserted, "{trust}");
        let acme = asserting(&Request::get("/"), "header", "acme");
        assert_eq!(tenant(&guard, &acme), asserted, "{trust}");
        let reserved = asserting(&Request::get("/"), "header", "default");
        assert_eq!(tenant(&guard, &reserved), "tenant_reserved", "{trust}");
    }
}

#[test]
fn a_verified_caller_needs_no_tenant_where_the_route_has_none() {
    let mut document = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    document["routes"] = json!([{"match": {"path": "/me"}, "tenancy": "none"}]);
    let guard = guard(document);
    for claim in [json!(null), json!("acme"), json!(["acme", "globex"]), json!({})] {
        let request = Request::get("/me").bearer(&token(json!({ "tenant": claim })));
        assert_eq!(tenant(&guard, &request), "no tenant", "{claim}");
        let forged = request.with("x-tenant-id", "globex");
        assert_eq!(tenant(&guard, &forged), "no tenant", "{claim}");
    }
    assert_eq!(tenant(&guard, &Request::get("/me")), "credentials_missing");
}
