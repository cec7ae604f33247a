//! A document with something of everything.

use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key, sha256_hex};

use crate::common::with;

/// The super admin's key.
pub const ADMIN: &str = "the-super-admins-own-key";

fn key(id: &str, more: Value) -> Value {
    with(json!({"id": id, "sha256": sha256_hex(secret(id))}), more)
}

/// The API key of that id.
pub fn secret(id: &str) -> String {
    format!("secret-of-{id}-0123456789")
}

pub fn claims() -> Issuer {
    Issuer::new("https://claims.example.com/", Key::es256("claims"))
}

pub fn staff() -> Issuer {
    Issuer::new("https://staff.example.com/", Key::eddsa("staff"))
}

pub fn machine() -> Issuer {
    Issuer::new("https://machine.example.com/", Key::hs256("machine"))
}

pub fn own() -> Issuer {
    Issuer::new("https://own.example.com/", Key::es384("own"))
}

pub fn document() -> Value {
    let away = json!({"issuer": "https://away.example.com/", "audiences": ["api"],
        "keys": {"jwks_uri": {"cluster": "nowhere", "uri": "https://away.example.com/jwks"}},
        "tenant": {"fixed": "acme"}});
    json!({
        "version": 1,
        "jwt": {"max_token_bytes": 2048, "from": [
            {"header": "authorization", "scheme": "Bearer"}, {"cookie": "session"}],
            "revoked": [{"issuer": "claims", "subject": "fired"}],
            "issuers": [
                claims().config(json!({"name": "claims", "max_lifetime": "2h",
                    "tenant": {"claims": ["org", "tenant"],
                        "allow": ["acme", "globex", "asleep", "held", "nobody"]},
                    "claim_values": {"email_verified": [true]},
                    "scopes": ["a:b", "c", "d"]})),
                staff().config(json!({"name": "staff", "tenant": {"acts_for": ["acme", "globex"]}})),
                machine().config(json!({"name": "machine", "tenant": {"fixed": "globex"}})),
                away,
        ]},
        "api_keys": {"from": [{"header": "x-api-key"}, {"query": "key"}], "keys": [key("loose", json!({}))]},
        "tenancy": {"unknown_clients": "allow", "assertions": [
            {"path": "/v1/orgs/{tenant}/**"}, {"host": "{tenant}.api.test"}, {"query": "tenant_id"}]},
        "tenants": [
            {"id": "acme", "aliases": ["org_9"], "scopes": ["a:b", "c"], "limits": {"requests": "4000000/day"},
             "issuers": [own().config(json!({"name": "own"}))],
             "clients": [
                {"id": "web", "roles": ["viewer", "operator"], "keys": [
                    key("good", json!({"scopes": ["a:b", "c"], "roles": ["operator"]})),
                    key("wide", json!({"scopes": ["*"], "roles": ["admin"]})),
                    key("expired", json!({"expires": "2020-01-01T00:00:00Z"})),
                    key("early", json!({"not_before": "2999-01-01T00:00:00Z"})),
                    key("off", json!({"active": false})),
                    key("inside", json!({"ip": ["10.0.0.0/8"]}))]},
                {"id": "closed", "active": false, "keys": [key("of-closed", json!({}))]}]},
            {"id": "globex", "ip": ["10.*.*.*", "192.0.2.0/24"], "clients": [
                {"id": "app", "keys": [key("of-globex", json!({"roles": ["viewer"]}))]}]},
            {"id": "asleep", "active": false, "clients": [
                {"id": "web", "keys": [key("of-asleep", json!({}))]}]},
            {"id": "held", "limits": {"requests": "0/day"}, "clients": [
                {"id": "web", "keys": [key("of-held", json!({}))]}]},
        ],
        "roles": {
            "admin": {"includes": ["operator"], "scopes": ["*"]},
            "operator": {"includes": ["viewer"]},
            "viewer": {"scopes": ["d"]}},
        "super_admin": {"from": [{"header": "x-super-admin"}], "sha256": sha256_hex(ADMIN), "tenant": "superadmin"},
        "upstream": {"claims": {"email": "x-user-email"}, "strip": ["x-debug"]},
        "routes": [
            {"match": {"path": "/healthz"}, "auth": "none"},
            {"match": {"path": "/inside"}, "auth": "none", "ip": ["10.0.0.0/8"]},
            {"match": {"path": "/v1/scoped", "methods": ["POST"]}, "scopes": ["a:b", "c"]},
            {"match": {"path": "/v1/more"}, "scopes": ["d"]},
            {"match": {"path": "/v1/roles"}, "roles": ["operator"]},
            {"match": {"path": "/v1/ip"}, "ip": ["192.0.2.0/24"]},
            {"match": {"path": "/v1/scoped"}},
            {"match": {"path": "/lax"}, "tenancy": {"strict": false}},
            {"match": {"path": "/trusted"}, "tenancy": {"strict": false, "trust_header": ["127.0.0.0/8"]}},
            {"match": {"path": "/optional"}, "auth": "optional", "tenancy": {"strict": false}},
            {"match": {"path": "/me"}, "tenancy": "none"},
            {"match": {"path": "/admin"}, "auth": "super_admin"},
            {"match": {"path": "/staff"}, "mode": "jwt", "issuers": ["staff"]},
            {"match": {"path": "/keys"}, "mode": "api_key"},
            {"match": {"path": "/both"}, "mode": "jwt_then_api_key"},
            {"match": {"path": "/shadow"}, "shadow": true, "scopes": ["c"]},
            {"match": {"path": "/v1/**", "methods": ["GET", "POST", "OPTIONS"]}},
        ],
        "cors_preflight": "allow",
    })
}
