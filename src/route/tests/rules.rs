//! What a route may say for itself.

use serde_json::{Value, json};

use super::routed;
use crate::testing::{
    Request, caller, guard, issuer, jwt, key, merged, mistakes, outcome, tenant, token,
};

#[test]
fn a_route_may_have_a_mode_of_its_own() {
    let guard = routed(json!({
        "mode": "api_key",
        "api_keys": {"keys": [key("k", "sesame", json!({}))]},
        "routes": [
            {"match": {"path": "/staff"}, "mode": "jwt", "tenancy": "none"},
            {"match": {"path": "/both"}, "mode": "either", "tenancy": "none"},
            {"match": {"path": "/**"}, "tenancy": "none"}
        ]
    }));
    let token = token(json!({}));
    for (path, jwt, key) in [
        ("/staff", "jwt alice", "credentials_missing"),
        ("/both", "jwt alice", "api_key k"),
        ("/other", "credentials_missing", "api_key k"),
    ] {
        assert_eq!(caller(&guard, &Request::get(path).bearer(&token)), jwt, "{path}");
        let keyed = Request::get(path).with("x-api-key", "sesame");
        assert_eq!(caller(&guard, &keyed), key, "{path}");
    }
}

#[test]
fn a_route_may_be_for_tokens_of_some_issuers_only() {
    let named = |iss: &str, fields: Value| {
        issuer(merged(json!({"issuer": iss, "tenant": {"fixed": "acme"}}), fields))
    };
    let document = json!({
        "jwt": {"issuers": [
            named("https://staff.example", json!({"name": "staff"})),
            named("https://public.example", json!({})),
        ]},
        "routes": [
            {"match": {"path": "/staff"}, "issuers": ["staff"]},
            {"match": {"path": "/public"}, "issuers": ["https://public.example"]},
            {"match": {"path": "/both"}, "issuers": ["staff", "https://public.example"]},
        ]
    });
    let guard = guard(document.clone());
    let (staff, public) = ("https://staff.example", "https://public.example");
    for (path, iss, result) in [
        ("/staff", staff, "acme"),
        ("/staff", public, "token_issuer_unknown"),
        ("/public", staff, "token_issuer_unknown"),
        ("/public", public, "acme"),
        ("/both", staff, "acme"),
        ("/both", public, "acme"),
        ("/any", public, "acme"),
    ] {
        let request = Request::get(path).bearer(&token(json!({ "iss": iss })));
        assert_eq!(tenant(&guard, &request), result, "{path} {iss}");
    }
    let mut unknown = document;
    unknown["routes"][0]["issuers"] = json!(["staff", "Staff"]);
    assert_eq!(mistakes(unknown), ["routes[0].issuers[1]"]);
}

#[test]
fn a_route_may_have_tenancy_of_its_own() {
    let document = merged(
        jwt(json!({"tenant": {"claims": ["tenant"]}})),
        json!({"tenancy": {"trust_header": "ignore"}, "routes": [
            {"match": {"path": "/lax"}, "tenancy": {"strict": false, "trust_header": "never"}},
            {"match": {"path": "/trusting"}, "tenancy": {"strict": false, "trust_header": "any_peer"}},
            {"match": {"path": "/ignoring"}, "tenancy": {"strict": false}},
            {"match": {"path": "/comparing"}, "tenancy": {"trust_header": "never"}},
            {"match": {"path": "/me"}, "tenancy": "none"}
        ]}),
    );
    let guard = guard(document);
    for (path, unbound, bound) in [
        ("/lax", "tenant_header_untrusted", "tenant_mismatch"),
        ("/trusting", "globex", "tenant_mismatch"),
        ("/ignoring", "default", "acme"),
        ("/comparing", "tenant_required", "tenant_mismatch"),
        ("/me", "no tenant", "no tenant"),
        ("/other", "tenant_required", "acme"),
    ] {
        let request = |claim: Value| {
            let token = token(json!({ "tenant": claim }));
            Request::get(path).bearer(&token).with("x-tenant-id", "globex")
        };
        assert_eq!(tenant(&guard, &request(json!(null))), unbound, "{path}");
        assert_eq!(tenant(&guard, &request(json!("acme"))), bound, "{path}");
    }
}

#[test]
fn a_route_may_be_shadowed_or_not() {
    let routes = json!([
        {"match": {"path": "/on"}, "shadow": true},
        {"match": {"path": "/off"}, "shadow": false},
    ]);
    for (document, on, off, other) in [
        (json!({}), "shadow", "credentials_missing", "credentials_missing"),
        (json!({"shadow": true}), "shadow", "credentials_missing", "shadow"),
    ] {
        let guard = routed(merged(json!({ "routes": routes }), document));
        for (path, result) in [("/on", on), ("/off", off), ("/other", other)] {
            assert_eq!(outcome(&guard, &Request::get(path)), result, "{path}");
        }
    }
    let document = merged(jwt(json!({})), json!({"shadow": "untouched", "routes": routes}));
    assert_eq!(mistakes(document), ["routes[0].shadow", "routes[1].shadow"]);
}

#[test]
fn rules_that_contradict_a_route_are_errors() {
    let bound = jwt(json!({"tenant": {"fixed": "acme"}}));
    for (route, field) in [
        (json!({"auth": "none", "mode": "jwt"}), ""),
        (json!({"auth": "none", "tenancy": "none"}), ""),
        (json!({"auth": "optional"}), ".auth"),
        (
            json!({"tenancy": {"strict": false, "trust_header": "any_peer"}}),
            ".tenancy.trust_header",
        ),
        (json!({"tenancy": {"trust_header": "any_peer"}}), ".tenancy.trust_header"),
        (json!({"auth": "super_admin"}), ".auth"),
    ] {
        let route = merged(json!({"match": {"path": "/x"}}), route);
        let document = merged(bound.clone(), json!({"routes": [route]}));
        assert_eq!(mistakes(document), [format!("routes[0]{field}")], "{route}");
    }
    for (strict, paths) in [(true, &[][..]), (false, &["routes[0].tenancy.trust_header"])] {
        let route = json!({"match": {"path": "/x"}, "tenancy": {"strict": strict}});
        let rules = json!({"tenancy": {"trust_header": "any_peer"}, "routes": [route]});
        assert_eq!(mistakes(merged(bound.clone(), rules)), paths, "{strict}");
    }
    let lax = merged(bound, json!({"tenancy": {"strict": false}}));
    assert_eq!(mistakes(lax), ["tenancy.strict"]);
}
