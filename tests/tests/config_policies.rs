//! Documents whose policies contradict themselves or leave a door open: what
//! Envoy says of them when it validates.

mod common;

use common::{idp, key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::sha256_hex;
use tenant_guard_tests::{Envoy, EnvoyBuilder, validate};

fn tenant(id: &str, more: Value) -> Value {
    let keys = [key_entry(&format!("{id}-1"), id)];
    with(json!({"id": id, "clients": [{"id": "web", "keys": keys}]}), more)
}

fn issuer(name: &str, more: Value) -> Value {
    idp(name).config(with(json!({"tenant": {"claims": ["tenant"], "any_tenant": true}}), more))
}

/// Each of these lines must be said of the document, and it must be refused.
#[track_caller]
fn refused(document: Value, lines: &[&str]) {
    let (ok, said) = validate(document);
    assert!(!ok, "{said}");
    for line in lines {
        assert!(said.contains(&format!("tenant_guard: {line}")), "not said: {line}\n{said}");
    }
}

#[test]
fn what_is_no_rule_rate_role_or_scope_is_refused() {
    let rules = [
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.5-10.0.0.1",
        "10.0.0.1-::1",
        "010.0.0.1",
        "10.0.0",
        "10.*",
        "2001:db8::*",
        "2001:db8::1/32",
        "[::1]",
        "localhost",
        "",
    ];
    let document = json!({
        "version": 1,
        "roles": {
            "admin": {"includes": ["operator"]}, "operator": {"includes": ["viewer"]},
            "viewer": {"includes": ["admin"]}},
        "limits": {"tiers": {"gold": "many", "a/b": "1/min"}, "headers": ["x-ratelimit"], "store": {"service": {}}},
        "failures": {"limit": "0/min", "block": "0s"},
        "tenants": [
            tenant("acme", json!({"ip": rules, "limits": {"requests": "100/week", "actions": {"c d": "1/min"}}})),
            tenant("globex", json!({"limits": {"requests": "platinum"}, "roles": ["nobody"], "scopes": "all"})),
        ],
        "routes": [
            {"match": {"path": "/a"}, "scopes": ["*"]},
            {"match": {"path": "/b"}, "roles": ["nobody"]},
            {"match": {"path": "/c"}, "action": "a b"},
            {"match": {"path": "/d"}, "auth": "none", "scopes": ["a"]},
            {"match": {"path": "/e"}, "auth": "super_admin", "ip": ["10.0.0.1"]},
            {"match": {"path": "/f"}, "scopes": []},
        ],
        "wildcard_scopes": ["*"],
    });
    let mut lines: Vec<String> =
        (0..rules.len()).map(|number| format!("tenants[0].ip[{number}]: ")).collect();
    lines[0].push_str("has host bits set; write 10.0.0.0/8");
    lines[2].push_str("starts after its end; write 10.0.0.1-10.0.0.5");
    lines[4].push_str("has leading zeros");
    let others = [
        "roles.admin.includes: goes in a circle: admin includes operator includes viewer includes admin",
        "limits.tiers.gold: must be a rate",
        "limits.tiers.a/b: is no name of a tier",
        "limits.headers[0]: must be one of: x-rate-limit, ratelimit",
        "limits.store: a service is not supported yet",
        "failures.limit: must be at least 1",
        "failures.block: must be between 1s and 7d",
        "tenants[0].limits.requests: must be a rate",
        "tenants[0].limits.actions.c d: is no name of an action",
        "tenants[1].scopes: ",
        "routes[0].scopes[0]: is no scope to ask for",
        "routes[2].action: is no name of an action",
        "routes[3]: asks for no credential",
        "routes[4]: is for the super admin",
        "routes[5].scopes: ",
        "wildcard_scopes[0]: means every scope in this document only",
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).chain(others).collect();
    refused(document, &lines);
    // What a mistake hides is said once that is mended.
    refused(
        json!({
            "version": 1,
            "roles": {"viewer": {}},
            "tenants": [tenant("acme", json!({"roles": ["nobody"], "limits": {"requests": "platinum"}}))],
            "routes": [{"match": {"path": "/b"}, "roles": ["Viewer"]}],
        }),
        &[
            "tenants[0].roles[0]: names the role nobody",
            "tenants[0].limits.requests: names the tier platinum",
            "routes[0].roles[0]: names the role Viewer, which roles doesn't list",
        ],
    );
}

#[test]
fn what_opens_a_door_is_refused() {
    refused(
        json!({
            "version": 1,
            "dev_headers": {"user": "x-dev-user-id", "tenant": "x-dev-org-id"},
            "super_admin": {"from": [{"header": "x-api-key"}], "sha256": sha256_hex(""), "tenant": "Default"},
            "tenancy": {"trust_header": ["0.0.0.0/0"]},
            "tenants": [tenant("acme", json!({}))],
            "routes": [
                {"match": {"path": "/any"}, "tenancy": {"trust_header": "any_peer"}},
                {"match": {"path": "/all"}, "tenancy": {"trust_header": ["10.0.0.0/8", "::/0"]}},
                {"match": {"path": "/none"}, "tenancy": {"trust_header": []}},
            ],
        }),
        &[
            "dev_headers: lets every caller say who it is; that is for environment: development only",
            "super_admin.from[0]: is a place that other credentials are read from",
            "super_admin.sha256: is the digest of an empty text",
            "super_admin.tenant: is the reserved name",
            "tenancy.trust_header: trusts every address",
            "routes[0].tenancy.trust_header: must not be any_peer",
            "routes[1].tenancy.trust_header: trusts every address",
            "routes[2].tenancy.trust_header: must not be empty",
        ],
    );
    refused(
        json!({
            "version": 1,
            "environment": "development",
            "dev_headers": {"user": "x-api-key"},
            "jwt": {"issuers": [issuer("claims", json!({}))]},
            "super_admin": {"from": [{"query": "k"}], "sha256": sha256_hex("acme"), "tenant": "acme"},
            "tenancy": {"strict": false},
            "tenants": [tenant("acme", json!({}))],
        }),
        &[
            "dev_headers: stands where JWTs do",
            "dev_headers.user: is a header that a credential is read from",
            "tenants[0].id: is the super admin's tenant",
            "tenancy.strict: must be true",
        ],
    );
}

/// Whoever leaves `vm_id` out shares counts with every plugin that does too.
#[test]
fn what_counts_needs_a_vm_id_of_its_own() {
    let base = json!({"version": 1, "tenants": [tenant("acme", json!({}))]});
    for (section, more) in [
        (
            "tenant_defaults.limits.requests",
            json!({"tenant_defaults": {"limits": {"requests": "5/min"}}}),
        ),
        ("failures", json!({"failures": {"limit": "5/min", "block": "1m"}})),
    ] {
        let document = with(base.clone(), more);
        let (ok, said) = EnvoyBuilder::new(document).vm_id("").validate();
        let line = format!(
            "tenant_guard: {section}: is kept in data that workers share by vm_config.vm_id, and that is empty"
        );
        assert!(!ok && said.contains(&line), "{said}");
    }
    let (ok, said) = EnvoyBuilder::new(base).vm_id("").validate();
    assert!(ok, "{said}");
}

#[test]
fn a_configuration_that_envoy_refuses_leaves_the_old_one_in_force() {
    let document = json!({"version": 1, "tenants": [tenant("acme", json!({"limits": {"requests": "5/day"}}))]});
    let envoy: Envoy = EnvoyBuilder::new(document.clone()).reconfigurable().workers(4).start();
    let get = || envoy.send(&tenant_guard_tests::Request::get("/").api_key("acme"));
    assert_eq!(get().status, 200);
    envoy.reconfigure_in_vain(with(
        document,
        json!({"failures": {"limit": "0/min", "block": "1m"}}),
    ));
    assert!(envoy.log().contains("tenant_guard: failures.limit: must be at least 1"));
    for left in (0..4).rev() {
        assert_eq!(common::limits::remaining(&get()), left);
    }
    assert_eq!(get().status, 429);
}
