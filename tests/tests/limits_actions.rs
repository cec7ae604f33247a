//! Limits by action, by tier, and of those that the configuration doesn't list.

mod common;

use common::limits::{number, remaining, within_one_window};
use common::{Fleet, idp, key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Request};

const ACTIONS: [&str; 4] = ["publish", "run.start", "capability.declare", "token.issue"];

fn tenant(id: &str, more: Value) -> Value {
    let keys = [key_entry(&format!("{id}-1"), id)];
    with(json!({"id": id, "clients": [{"id": "web", "keys": keys}]}), more)
}

fn actions(limits: Value) -> Value {
    json!({"limits": {"actions": limits}})
}

fn quotas() -> Value {
    let mut routes: Vec<Value> = ACTIONS
        .iter()
        .map(|action| json!({"match": {"path": format!("/{action}")}, "action": action}))
        .collect();
    routes.push(json!({"match": {"path": "/refused"}, "scopes": ["a:b"], "action": "publish"}));
    routes.push(json!({"match": {"path": "/**"}}));
    json!({
        "version": 1,
        "tenants": [
            tenant("a", actions(json!({"publish": "6/day", "run.start": "2/day"}))),
            tenant("b", actions(json!({"publish": "9/day", "*": "3/day"}))),
            tenant("c", actions(json!({"*": "4/day", "token.issue": null}))),
            tenant("d", json!({})),
        ],
        "routes": routes,
    })
}

/// How many of 12 requests are admitted.
fn admitted(envoy: &Envoy, path: &str, secret: &str) -> usize {
    let request = Request::get(path).api_key(secret);
    let responses = (0..12).map(|_| envoy.send(&request));
    responses
        .filter(|response| {
            let admitted = response.status == 200;
            assert!(admitted || response.code().as_deref() == Some("rate_limited"), "{response:?}");
            admitted
        })
        .count()
}

#[test]
fn each_action_has_the_quota_of_its_tenant() {
    within_one_window();
    for workers in [1, 4] {
        let envoy = EnvoyBuilder::new(quotas()).workers(workers).start();
        for (tenant, quotas) in [
            ("a", [6, 2, 12, 12]),
            ("b", [9, 3, 3, 3]),
            ("c", [4, 4, 4, 12]),
            ("d", [12, 12, 12, 12]),
        ] {
            // What another policy refuses burns no quota.
            for _ in 0..12 {
                let refused = envoy.send(&Request::get("/refused").api_key(tenant));
                assert_eq!(refused.code().as_deref(), Some("scope_missing"));
            }
            for (action, quota) in ACTIONS.iter().zip(quotas) {
                assert_eq!(
                    admitted(&envoy, &format!("/{action}"), tenant),
                    quota,
                    "{tenant} {action}"
                );
            }
            // What has no action has no quota here.
            assert_eq!(admitted(&envoy, "/other", tenant), 12, "{tenant}");
        }
    }
}

/// Rates by name, for keys and for what a token says of its subject.
static TIERS: Fleet = Fleet::new(|| {
    EnvoyBuilder::new(json!({
        "version": 1,
        "limits": {"tiers": {"gold": "5000/day", "silver": "40/day", "none": "0/day"}, "headers": ["x-rate-limit", "ratelimit"]},
        "jwt": {"issuers": [idp("claims").config(json!({
            "tenant": {"claims": ["tenant"], "any_tenant": true}, "claims": {"tier": "plan"}}))]},
        "tenancy": {"unknown": "allow", "default": {"limits": {"requests": "7000/day"}}},
        "tenant_defaults": {"limits": {"requests": "9000/day"}},
        "tenants": [
            {"id": "acme", "limits": null, "clients": [{"id": "web", "keys": [
                with(key_entry("k", "silver"), json!({"limits": {"requests": "silver"}}))]}]},
            {"id": "globex", "limits": {"requests": "8000/day"}},
            {"id": "usual"},
        ],
        "routes": [{"match": {"path": "/lax"}, "tenancy": {"strict": false}}, {"match": {"path": "/**"}}],
    }))
});

#[test]
fn whose_limit_counts_is_told() {
    within_one_window();
    TIERS.everywhere(|session| {
        let user = format!("{:?}-{}", session.over, session.envoy.address());
        let token = |tenant: &str, sub: &str, more: Value| {
            let claims = json!({"tenant": tenant, "sub": format!("{user}-{sub}")});
            Request::get("/").bearer(idp("claims").token(with(claims, more)))
        };
        let plan = |plan: &str| json!({"plan": plan});
        let silver = session.allowed(Request::get("/").api_key("silver"));
        assert_eq!(number(&silver, "x-rate-limit-limit"), 40);
        for (tenant, more, limit, name) in [
            ("acme", plan("gold"), Some(5_000), "subject"),
            ("acme", json!({}), None, ""),
            ("globex", json!({}), Some(8_000), "tenant"),
            ("globex", plan("gold"), Some(5_000), "subject"),
            ("usual", json!({}), Some(9_000), "tenant"),
            ("unlisted", json!({}), Some(9_000), "tenant"),
        ] {
            let response = session.allowed(token(tenant, "a", more));
            let told = response.header("x-rate-limit-limit").map(|text| text.parse().unwrap());
            assert_eq!(told, limit, "{tenant}: {response:?}");
            if let Some(short) = response.header("ratelimit") {
                assert!(short.starts_with(&format!("\"{name}\";")), "{short}");
            }
        }
        // A tier that nobody knows is no way around the limits of those there are.
        let unknown = token("acme", "a", plan("lead"));
        session.refused(unknown, 401, "token_claim_invalid");
        // Each subject in each tenant has its own.
        for (tenant, subject) in [("acme", "x"), ("acme", "y"), ("globex", "x")] {
            for used in 1..=3 {
                let response = session.allowed(token(tenant, subject, plan("silver")));
                assert_eq!(remaining(&response), 40 - used, "{tenant} {subject}");
            }
        }
        let none = session.refused(token("acme", "x", plan("none")), 429, "rate_limited");
        assert!(none.json().get("level").is_none(), "{none:?}");
        // The reserved tenant has what is said of it.
        let lax = idp("claims").token(json!({"sub": user}));
        let lax = session.allowed_as(Request::get("/lax").bearer(lax), "default");
        assert_eq!(number(&lax, "x-rate-limit-limit"), 7_000);
    });
}
