//! Which of several faults a request is refused for.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{Request, decide_from, guard, jwt, key, merged, token, words};

/// Everything refuses; a case mends from the top down.
fn faulty(mended: &[&str]) -> Guard {
    let ok = |name: &str| mended.contains(&name);
    let ip = |name: &str| if ok(name) { json!(["*"]) } else { json!([]) };
    let mut keys =
        vec![key("k", "sesame", json!({"ip": ip("key ip"), "scopes": ["s"], "roles": ["r"]}))];
    keys[0]["active"] = json!(ok("key state"));
    let client = json!({
        "id": "web", "active": ok("client state"), "ip": ip("client ip"), "keys": keys,
        "scopes": if ok("scopes") { json!(["s"]) } else { json!([]) },
        "roles": if ok("roles") { json!(["r"]) } else { json!([]) }
    });
    let mut limited = json!({"requests": "1/day"});
    if !ok("limits") {
        limited = json!({"requests": "0/day"});
    }
    guard(merged(
        jwt(json!({"tenant": {"claims": ["tenant"]}})),
        json!({
            "both": "agree",
            "tenants": [{
                "id": "acme", "active": ok("tenant state"), "ip": ip("tenant ip"),
                "limits": limited, "clients": [client]
            }],
            "routes": [{"match": {"path": "/**"}, "ip": ip("route ip"), "scopes": ["s"], "roles": ["r"]}]
        }),
    ))
}

/// Each with the refusal it is mended against, in order.
const STEPS: [(&str, &str); 9] = [
    ("tenant state", "tenant_inactive tenant"),
    ("client state", "client_inactive client"),
    ("route ip", "ip_refused route"),
    ("tenant ip", "ip_refused tenant"),
    ("client ip", "ip_refused client"),
    ("key ip", "ip_refused key"),
    ("scopes", "scope_missing route"),
    ("roles", "role_missing route"),
    ("limits", "rate_limited tenant"),
];

#[test]
fn what_fails_first_from_the_top_decides() {
    let by_key = Request::get("/").with("x-api-key", "sesame");
    let mut mended = vec!["key state"];
    assert_eq!(words(&decide_from(&faulty(&[]), &by_key, None)), "api_key_inactive key");
    for (name, refusal) in STEPS {
        let decision = decide_from(&faulty(&mended), &by_key, Some("10.0.0.1"));
        assert_eq!(words(&decision), refusal);
        mended.push(name);
    }
    assert_eq!(words(&decide_from(&faulty(&mended), &by_key, Some("10.0.0.1"))), "allow");
}

#[test]
fn each_fault_alone_is_refused_for_itself() {
    let by_key = Request::get("/").with("x-api-key", "sesame");
    for (name, refusal) in STEPS {
        let others = STEPS.map(|(other, _)| other);
        let mut mended: Vec<&str> = others.into_iter().filter(|other| *other != name).collect();
        mended.push("key state");
        let decision = decide_from(&faulty(&mended), &by_key, Some("10.0.0.1"));
        assert_eq!(words(&decision), refusal);
    }
}

#[test]
fn the_tenant_is_resolved_before_any_policy() {
    let guard = faulty(&["key state"]);
    let by_key = Request::get("/").with("x-api-key", "sesame");
    for (asserted, result) in [
        ("globex", "tenant_mismatch"),
        ("default", "tenant_reserved"),
        ("a,b", "tenant_malformed"),
        ("acme", "tenant_inactive tenant"),
    ] {
        let request = by_key.clone().with("x-tenant-id", asserted);
        assert_eq!(words(&decide_from(&guard, &request, None)), result, "{asserted}");
    }
}

#[test]
fn a_token_that_names_a_client_answers_to_all_that_is_said_of_it() {
    let with = |client: Value| {
        let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
        let client = merged(json!({"id": "app"}), client);
        let routes = json!([{"match": {"path": "/**"}, "scopes": ["s"], "roles": ["r"]}]);
        let tenants = json!([{"id": "acme", "clients": [client]}]);
        guard(merged(base, json!({"tenants": tenants, "routes": routes})))
    };
    let claims = json!({"tenant": "acme", "scope": "s", "roles": ["r"]});
    let named = merged(claims.clone(), json!({"azp": "app"}));
    for (client, result) in [
        (json!({}), "allow"),
        (json!({"active": false}), "client_inactive client"),
        (json!({"ip": ["10.0.0.2"]}), "ip_refused client"),
        (json!({"scopes": ["x"]}), "scope_missing route"),
        (json!({"roles": ["x"]}), "role_missing route"),
        (json!({"limits": {"requests": "0/min"}}), "rate_limited client"),
    ] {
        let guard = with(client.clone());
        let from = |claims: &Value| {
            let request = Request::get("/").bearer(&token(claims.clone()));
            words(&decide_from(&guard, &request, Some("10.0.0.1")))
        };
        assert_eq!(from(&named), result, "{client}");
        assert_eq!(from(&claims), "allow", "{client}");
    }
}

#[test]
fn an_unlisted_tenant_is_refused_before_its_addresses() {
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    for (unknown, result) in [("deny", "tenant_unknown tenant"), ("allow", "ip_refused tenant")] {
        let document = json!({
            "tenancy": {"unknown": unknown}, "tenants": [], "tenant_defaults": {"ip": []}
        });
        let guard = guard(merged(base.clone(), document));
        let request = Request::get("/").bearer(&token(json!({"tenant": "acme"})));
        assert_eq!(words(&decide_from(&guard, &request, None)), result, "{unknown}");
    }
}
