//! The counters, as Envoy's admin API has them.

mod common;

use std::collections::BTreeMap;

use common::{idp, key_entry};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Parts, sha256_hex};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Request, for_each_protocol};

fn document() -> Value {
    json!({
        "version": 1,
        "mode": "jwt_then_api_key",
        "jwt": {"issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"]}}))]},
        "super_admin": {"from": [{"header": "x-super"}], "sha256": sha256_hex("super"), "tenant": "admins"},
        "tenants": [
            {"id": "acme", "clients": [{"id": "web", "keys": [key_entry("web-1", "web-key")]}]},
            {"id": "held", "limits": {"requests": "0/day"}, "clients": [
                {"id": "web", "keys": [key_entry("held-1", "held-key")]}]},
        ],
        "routes": [
            {"match": {"path": "/scope"}, "scopes": ["a"]},
            {"match": {"path": "/public"}, "auth": "none"},
            {"match": {"path": "/optional"}, "auth": "optional", "tenancy": {"strict": false}},
            {"match": {"path": "/shadow"}, "shadow": true},
            {"match": {"path": "/**"}},
        ],
    })
}

const PREFIX: &str = "wasmcustom.tenant_guard.";

/// All counters that aren't zero, by name.
fn counters(envoy: &Envoy) -> BTreeMap<String, u64> {
    let all = envoy.stats(PREFIX).into_iter().filter(|(_, value)| *value > 0);
    all.map(|(name, value)| (name[PREFIX.len()..].to_owned(), value)).collect()
}

/// What this request adds to the counters.
fn counted(envoy: &Envoy, send: impl FnOnce()) -> BTreeMap<String, u64> {
    let before = counters(envoy);
    send();
    let added = |(name, value): (String, u64)| {
        let more = value - before.get(&name).copied().unwrap_or_default();
        (more > 0).then_some((name, more))
    };
    counters(envoy).into_iter().filter_map(added).collect()
}

#[test]
fn all_counters_are_there_before_they_count() {
    let envoy = EnvoyBuilder::new(document()).start();
    for name in [
        "allowed",
        "public",
        "shadow_denied",
        "super_admin",
        "stripped",
        "cache_hits",
        "cache_misses",
        "denied.tenant_mismatch",
        "denied.guard_unavailable",
        "denied.rate_limited",
        "denied.authentication_blocked",
    ] {
        assert_eq!(envoy.stat(&format!("{PREFIX}{name}")), Some(0), "{name}");
    }
    assert_eq!(counters(&envoy), BTreeMap::new());
}

#[test]
fn every_verdict_counts_once() {
    let token = |name: &str| idp("claims").token(json!({"tenant": "acme", "jti": name}));
    for workers in [1, 4] {
        let envoy = EnvoyBuilder::new(document()).workers(workers).backstop(false).start();
        for_each_protocol(|over| {
            // One connection is one worker, whose cache is its own.
            let mut connection = envoy.connect(over);
            let mut adds = |request: Request, expected: &[(&str, u64)]| {
                let text = format!("{request:?}");
                let added = counted(&envoy, || {
                    connection.send(&request).unwrap();
                });
                let expected = expected.iter().map(|(name, value)| ((*name).to_owned(), *value));
                assert_eq!(added, expected.collect(), "{text}");
            };
            let good = token(&format!("{over:?}"));
            let get = |path: &str| Request::get(path);
            adds(get("/").api_key("web-key"), &[("allowed", 1)]);
            adds(get("/").bearer(&good), &[("allowed", 1), ("cache_misses", 1)]);
            adds(get("/").bearer(&good), &[("allowed", 1), ("cache_hits", 1)]);
            adds(
                get("/").bearer(&good).tenant("globex"),
                &[("denied.tenant_mismatch", 1), ("cache_hits", 1), ("stripped", 1)],
            );
            let broken = Parts::of(&good).with_flipped_bit().join();
            for _ in 0..2 {
                adds(
                    get("/").bearer(&broken),
                    &[("denied.token_signature_invalid", 1), ("cache_misses", 1)],
                );
            }
            adds(
                get("/").bearer(&broken).api_key("web-key"),
                &[("allowed", 1), ("cache_misses", 1)],
            );
            adds(get("/"), &[("denied.credentials_missing", 1)]);

            adds(get("/").api_key("held-key"), &[("denied.rate_limited", 1)]);
            adds(get("/scope").api_key("web-key"), &[("denied.scope_missing", 1)]);
            // Everything that it does, and nothing that others try.
            let admin = |path: &str| get(path).header("x-super", "super");
            adds(admin("/scope"), &[("allowed", 1), ("super_admin", 1)]);
            adds(
                admin("/").tenant("default"),
                &[("denied.tenant_reserved", 1), ("super_admin", 1), ("stripped", 1)],
            );
            adds(get("/").header("x-super", "guess"), &[("denied.api_key_unknown", 1)]);

            adds(get("/optional"), &[("allowed", 1)]);
            adds(get("/public").bearer(&broken), &[("public", 1)]);
            adds(get("/shadow").api_key("web-key"), &[("allowed", 1)]);
            adds(get("/shadow").api_key("wrong"), &[("shadow_denied", 1)]);
            // Every header that a client may not send counts, wherever it is sent.
            adds(
                get("/public")
                    .tenant("a")
                    .tenant("b")
                    .header("x-user-id", "c")
                    .header("x-other", "d"),
                &[("public", 1), ("stripped", 3)],
            );
            adds(
                get("/").tenant("acme").header("x-original-url", "/").api_key("web-key"),
                &[("allowed", 1), ("stripped", 2)],
            );
            // Envoy closes an HTTP/1.1 connection after a 400.
            let added = counted(&envoy, || {
                envoy.send(&get("/;x").over(over));
            });
            assert_eq!(added, BTreeMap::from([("denied.path_ambiguous".to_owned(), 1)]));
        });
    }
}
