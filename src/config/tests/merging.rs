//! Policies: what stands over defaults, and what stands alone.

use super::*;
use crate::Guard;
use crate::policy::Policy;
use crate::policy::limit::Limits;

fn guard(document: &Value) -> Guard {
    try_load(document).unwrap().guard
}

fn policy<'g>(guard: &'g Guard, tenant: &str) -> &'g Policy {
    let name = guard.tenancy.name(tenant).unwrap();
    &guard.tenancy.directory.get(&name).unwrap().policy
}

fn allows(policy: &Policy, address: &str) -> bool {
    policy.ip.as_ref().is_none_or(|ip| ip.contains(address.parse().unwrap()))
}

/// Limits, each as its number; 0 is for an action that has none.
fn numbers(limits: &Limits) -> (Option<u32>, Vec<(&str, u32)>, Option<u32>) {
    let actions = limits.actions.iter();
    let actions = actions.map(|(name, rate)| (name.as_str(), rate.map_or(0, |rate| rate.count)));
    let count = |rate: Option<crate::policy::limit::Rate>| rate.map(|rate| rate.count);
    (count(limits.requests), actions.collect(), count(limits.other_actions))
}

fn document(tenants: Value) -> Value {
    json!({
        "version": 1,
        "tenancy": {"unknown": "allow"},
        "tenant_defaults": {
            "ip": ["10.0.0.0/8"],
            "scopes": ["a"],
            "roles": ["r"],
            "limits": {"requests": "1/min", "actions": {"x": "2/min", "y": "3/min", "*": "4/min"}},
        },
        "routes": [
            {"match": {"path": "/x"}, "action": "x"},
            {"match": {"path": "/y"}, "action": "y"},
            {"match": {"path": "/z"}, "action": "z"},
        ],
        "tenants": tenants,
    })
}

#[test]
fn a_tenant_has_the_defaults_where_it_says_nothing() {
    let guard = guard(&document(json!([{"id": "acme"}])));
    let policies =
        [policy(&guard, "acme"), &guard.tenancy.default_policy, &guard.tenancy.unlisted_policy];
    for policy in policies {
        assert!(allows(policy, "10.1.1.1") && !allows(policy, "11.1.1.1"));
        assert_eq!(policy.scopes.as_ref().unwrap().names().collect::<Vec<_>>(), ["a"]);
        assert!(policy.roles.as_ref().unwrap().contains("r"));
        let limits = policy.limits.as_ref().unwrap();
        assert_eq!(numbers(limits), (Some(1), vec![("x", 2), ("y", 3)], Some(4)));
    }
}

#[test]
fn lists_replace_maps_merge_and_null_turns_off() {
    let guard = guard(&document(json!([
        {"id": "other", "ip": ["11.0.0.0/8"], "scopes": [], "roles": ["s"]},
        {"id": "more", "limits": {"actions": {"x": null, "z": "5/min"}}},
        {"id": "less", "limits": {"requests": null, "actions": {"*": null}}},
        {"id": "off", "ip": null, "scopes": null, "roles": null, "limits": null},
        {"id": "empty", "limits": {}},
    ])));
    let other = policy(&guard, "other");
    assert!(!allows(other, "10.1.1.1") && allows(other, "11.1.1.1"));
    assert_eq!(other.scopes.as_ref().unwrap().names().count(), 0);
    assert!(!other.roles.as_ref().unwrap().contains("r"));
    let limits = |id: &str| numbers(policy(&guard, id).limits.as_ref().unwrap());
    assert_eq!(limits("more"), (Some(1), vec![("x", 0), ("y", 3), ("z", 5)], Some(4)));
    assert_eq!(limits("less"), (None, vec![("x", 2), ("y", 3)], None));
    assert_eq!(limits("empty"), (Some(1), vec![("x", 2), ("y", 3)], Some(4)));
    let off = policy(&guard, "off");
    assert!(off.ip.is_none() && off.scopes.is_none());
    assert!(off.roles.is_none() && off.limits.is_none());
}

#[test]
fn the_reserved_tenant_stands_over_the_defaults_too() {
    let own = json!({"scopes": null, "limits": {"requests": "9/min"}});
    let document = with(document(json!([])), "/tenancy/default", own);
    let guard = guard(&document);
    let policy = &guard.tenancy.default_policy;
    assert!(policy.scopes.is_none() && !allows(policy, "11.1.1.1"));
    let limits = numbers(policy.limits.as_ref().unwrap());
    assert_eq!(limits, (Some(9), vec![("x", 2), ("y", 3)], Some(4)));
    let unlisted = &guard.tenancy.unlisted_policy;
    assert_eq!(unlisted.limits.as_ref().unwrap().requests.unwrap().count, 1);
}

#[test]
fn clients_have_no_defaults() {
    let clients =
        json!([{"id": "web"}, {"id": "jobs", "limits": {"actions": {"x": "gold", "y": null}}}]);
    let document = with(document(json!([{"id": "acme"}])), "/tenants/0/clients", clients);
    let guard = guard(&with(document, "/limits/tiers", json!({"gold": "7/day"})));
    let name = guard.tenancy.name("acme").unwrap();
    let clients = &guard.tenancy.directory.get(&name).unwrap().clients;
    let web = &clients.get("web").unwrap().policy;
    assert!(web.ip.is_none() && web.scopes.is_none());
    assert!(web.roles.is_none() && web.limits.is_none());
    let jobs = clients.get("jobs").unwrap().policy.limits.as_ref().unwrap();
    assert_eq!(numbers(jobs), (None, vec![("x", 7), ("y", 0)], None));
}

#[test]
fn a_ceiling_on_roles_reaches_what_they_include() {
    let roles = json!({"admin": {"includes": ["viewer"]}, "viewer": {}, "other": {}});
    let document = with(document(json!([{"id": "acme", "roles": ["Admin"]}])), "/roles", roles);
    let document = with(document, "/tenant_defaults/roles", json!(["other"]));
    let guard = guard(&with(document, "/role_case", json!("ignore")));
    let ceiling = policy(&guard, "acme").roles.as_ref().unwrap();
    assert_eq!(ceiling.iter().collect::<Vec<_>>(), ["admin", "viewer"]);
}
