//! Large documents.

use std::time::{Duration, Instant};

use super::*;

/// Tenants with ten keys each, with limits and addresses at every level.
fn large(tenants: usize) -> Value {
    let limits = |n: usize| json!({"requests": format!("{n}/min"), "actions": {"publish": "gold", "*": "9/sec"}});
    let tenant = |t: usize| {
        let key = |k: usize| {
            json!({
                "id": format!("key-{k}"),
                "sha256": format!("{:064x}", t * 10 + k + 1),
                "roles": ["standard"],
                "scopes": ["outline:generate"],
                "ip": [format!("10.{}.{}.{k}", t / 256, t % 256)],
                "limits": limits(k),
            })
        };
        let keys: Vec<Value> = (0..10).map(key).collect();
        json!({
            "id": format!("tenant-{t}"),
            "aliases": [format!("org_{t}")],
            "ip": [format!("10.{}.{}.0/24", t / 256, t % 256), "192.168.0.10-192.168.0.20"],
            "roles": ["standard"],
            "limits": limits(t),
            "clients": [{"id": "web", "ip": ["10.*.*.*"], "limits": limits(5), "keys": keys}],
        })
    };
    let actions: Vec<Value> = (0..200)
        .map(|n| json!({"match": {"path": format!("/{n}")}, "action": format!("action-{n}")}))
        .chain([json!({"match": {"path": "/publish"}, "action": "publish"})])
        .collect();
    json!({
        "version": 1,
        "roles": {"standard": {"scopes": ["outline:generate"]}},
        "tenant_defaults": {"limits": {"actions": {"generate": null}}},
        "limits": {"tiers": {"gold": "10/min"}},
        "routes": actions,
        "tenants": (0..tenants).map(tenant).collect::<Vec<_>>(),
    })
}

fn seconds_to_load(text: &[u8]) -> Duration {
    let started = Instant::now();
    let loaded = load_text(text);
    let elapsed = started.elapsed();
    assert!(loaded.is_ok(), "{:?}", loaded.map_err(|errors| errors[0].clone()));
    elapsed
}

#[test]
fn ten_times_the_tenants_take_about_ten_times_as_long() {
    let few = seconds_to_load(large(100).to_string().as_bytes());
    let many = seconds_to_load(large(1_000).to_string().as_bytes());
    // Were anything quadratic, it would be a hundred times.
    assert!(many < few * 40, "{few:?} {many:?}");
}

/// 25 MiB of text; seven seconds in a debug build on one core.
#[test]
#[ignore = "takes seconds"]
fn ten_thousand_tenants_with_ten_keys_each_load_in_reasonable_time() {
    let text = large(10_000).to_string();
    let elapsed = seconds_to_load(text.as_bytes());
    println!("{} MiB in {elapsed:?}", text.len() >> 20);
    assert!(elapsed.as_secs() < 60, "{elapsed:?}");
}

#[test]
fn very_many_mistakes_are_told_soon() {
    let mut document = large(1_000);
    for tenant in document["tenants"].as_array_mut().unwrap() {
        tenant["limits"]["actions"]["ghost"] = json!("1/min");
        tenant["roles"] = json!(["ghost"]);
        tenant["clients"][0]["limits"]["requests"] = json!("ghost");
        tenant["clients"][0]["keys"][0]["sha256"] = json!(digest(1));
    }
    let started = Instant::now();
    let said = errors(&document);
    // Each digest but the first is there already.
    assert_eq!(said.len(), 1_000 + 1_000 + 999);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn long_lists_of_an_issuer_s_tenants_load_soon() {
    let names: Vec<String> = (0..10_000).map(|n| format!("tenant-{n}")).collect();
    let subjects: serde_json::Map<String, Value> =
        names.iter().map(|name| (format!("user-of-{name}"), json!(name))).collect();
    let tenant = json!({"acts_for": names, "subjects": subjects, "allow": names});
    let started = Instant::now();
    assert_eq!(accepted(&with(small(), "/jwt/issuers/0/tenant", tenant)), []);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}
