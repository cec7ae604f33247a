//! A document that every code has a rule in.

use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key, jwks, sha256_hex};

use crate::explain::tests::issuer;

fn key(id: &str, more: Value) -> Value {
    merged(json!({"id": id, "sha256": sha256_hex(format!("the-key-{id}"))}), more)
}

pub(super) fn merged(mut base: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

pub(super) fn several() -> Issuer {
    Issuer::new("https://several.example/", Key::es256("first"))
}

pub(super) fn document() -> Value {
    let away = json!({"issuer": "https://away.example/", "name": "away", "audiences": ["api"],
        "keys": {"jwks_uri": {"cluster": "away", "uri": "https://away.example/jwks"}},
        "tenant": {"fixed": "acme"}});
    json!({
        "version": 1,
        "jwt": {"max_token_bytes": 2048,
            "revoked": [{"issuer": "customers", "subject": "fired"}],
            "issuers": [
                issuer().config(json!({"name": "customers", "max_lifetime": "1h",
                    "claim_values": {"kind": ["user", "robot"]}, "scopes": ["a", "b"],
                    "tenant": {"claims": ["tenant"], "allow": ["acme", "gone", "asleep", "held"]}})),
                several().config(json!({"name": "several", "tenant": {"acts_for": ["acme", "globex"]},
                    "keys": {"jwks": jwks(&[
                        &several().key, &Key::seeded(several().key.alg(), "second", "2")])}})),
                away]},
        "api_keys": {"keys": [key("loose", json!({}))]},
        "tenancy": {"unknown_clients": "deny"},
        "tenants": [
            {"id": "acme", "aliases": ["org_1"], "scopes": ["a"], "ip": ["10.0.0.0/8"], "clients": [
                {"id": "web", "roles": ["viewer"], "keys": [
                    key("good", json!({"scopes": ["a", "b"], "roles": ["admin"]})),
                    key("old", json!({"expires": "2027-01-15T07:00:00Z"})),
                    key("new", json!({"not_before": "2027-01-20T08:00:00Z"})),
                    key("off", json!({"active": false}))]},
                {"id": "closed", "active": false, "keys": [key("closed", json!({}))]}]},
            {"id": "asleep", "active": false},
            {"id": "held", "limits": {"requests": "0/min"}, "clients": [
                {"id": "web", "keys": [key("held", json!({}))]}]},
            {"id": "globex"}],
        "roles": {"admin": {"includes": ["viewer"]}, "viewer": {}},
        "super_admin": {"from": [{"query": "adminKey"}], "sha256": sha256_hex("the-admin-key")},
        "routes": [
            {"match": {"path": "/lax"}, "tenancy": {"strict": false}},
            {"match": {"path": "/scope"}, "scopes": ["a", "b"]},
            {"match": {"path": "/role"}, "roles": ["admin"]},
            {"match": {"path": "/several"}, "issuers": ["several"]},
            {"match": {"path": "/admin"}, "auth": "super_admin"},
            {"match": {"path": "/things", "methods": ["GET"]}},
            {"match": {"path": "/jwt"}, "mode": "jwt"},
            {"match": {"path": "/roles"}, "roles": ["admin", "viewer"]}],
    })
}
