//! The order in which policies decide, and that a key answers to key, client
//! and tenant.

mod common;

use common::{Fleet, idp, key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::{EnvoyBuilder, Request};

/// What refuses, in order: the code, its level, and what must be mended for the
/// next one to decide.
const STEPS: [(&str, &str, &str); 12] = [
    ("tenant_inactive", "tenant", "tenant.active"),
    ("client_inactive", "client", "client.active"),
    ("ip_refused", "route", "route.ip"),
    ("ip_refused", "tenant", "tenant.ip"),
    ("ip_refused", "client", "client.ip"),
    ("ip_refused", "key", "key.ip"),
    ("scope_missing", "route", "key.scopes"),
    ("role_missing", "route", "key.roles"),
    ("rate_limited", "tenant", "tenant.limits"),
    ("rate_limited", "client", "client.limits"),
    ("rate_limited", "key", "key.limits"),
    ("", "", ""),
];

/// For each step a tenant in which everything before it is mended.
fn document() -> Value {
    let policy = |number: usize, who: &str| {
        let mended = |what: &str| {
            STEPS[..number].iter().any(|(_, _, mended)| *mended == format!("{who}.{what}"))
        };
        let mut policy = json!({});
        let ip = if mended("ip") { "127.0.0.1" } else { "192.0.2.1" };
        policy["ip"] = json!([ip]);
        if who != "key" && who != "route" {
            policy["active"] = json!(mended("active"));
        }
        if who != "route" {
            let rate = if mended("limits") { "1000/day" } else { "0/day" };
            policy["limits"] = json!({"requests": rate});
        }
        if who == "key" {
            policy["scopes"] = json!(if mended("scopes") { &["a:b"][..] } else { &[] });
            policy["roles"] = json!(if mended("roles") { &["staff"][..] } else { &[] });
        }
        policy
    };
    let tenants = (0..STEPS.len()).map(|number| {
        let key = with(
            key_entry(&format!("key-{number}"), &format!("key-{number}")),
            policy(number, "key"),
        );
        let client = with(json!({"id": "web", "keys": [key]}), policy(number, "client"));
        with(json!({"id": format!("t{number}"), "clients": [client]}), policy(number, "tenant"))
    });
    let routes = (0..STEPS.len()).map(|number| {
        let route =
            json!({"match": {"path": format!("/{number}")}, "scopes": ["a:b"], "roles": ["staff"]});
        with(route, policy(number, "route"))
    });
    json!({
        "version": 1,
        "jwt": {"issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"], "any_tenant": true}}))]},
        "tenants": tenants.collect::<Vec<_>>(),
        "routes": routes.collect::<Vec<_>>(),
    })
}

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document()));

#[test]
fn the_first_policy_that_fails_decides() {
    FLEET.everywhere(|session| {
        for (number, (code, level, _)) in STEPS.into_iter().enumerate() {
            let request = Request::get(format!("/{number}")).api_key(format!("key-{number}"));
            if code.is_empty() {
                session.allowed(request);
                continue;
            }
            // That the tenant must be named rightly comes before all of them.
            let named = request.clone().tenant("other");
            session.refused(named, 403, "tenant_mismatch");
            let status = if code == "rate_limited" { 429 } else { 403 };
            let response = session.refused(request, status, code);
            assert_eq!(response.json()["level"], level, "step {number}");
        }
    });
}

/// A token answers to its tenant, and to the client that it names; keys are
/// none of its concern.
#[test]
fn a_token_answers_to_client_and_tenant() {
    FLEET.everywhere(|session| {
        let token = |number: usize, client: &str| {
            let claims = json!({"tenant": format!("t{number}"), "client_id": client,
                "scope": "a:b", "roles": ["staff"]});
            Request::get(format!("/{number}")).bearer(idp("claims").token(claims))
        };
        for (number, (code, level, _)) in STEPS.into_iter().enumerate() {
            let status = if code == "rate_limited" { 429 } else { 403 };
            // The key's own rules are skipped, so that the tenant's limit decides there.
            let (status, code, level) = match (code, level) {
                ("ip_refused", "key") | ("scope_missing" | "role_missing", _) => {
                    (429, "rate_limited", "tenant")
                }
                (_, "key" | "") => (200, "", ""),
                _ => (status, code, level),
            };
            if code.is_empty() {
                session.allowed(token(number, "web"));
                continue;
            }
            let response = session.refused(token(number, "web"), status, code);
            assert_eq!(response.json()["level"], level, "step {number}");
            // Who is of no listed client answers to the tenant alone.
            if level == "client" && code != "ip_refused" && code != "client_inactive" {
                session.allowed(token(number, "other"));
            }
        }
    });
}
