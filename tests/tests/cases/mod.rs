//! A request for every code that one can get.

use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Issuer, Key, Parts, now};

use crate::common::{idp, key_entry, with};

pub fn document() -> Value {
    let key = |id: &str, more: Value| with(key_entry(id, id), more);
    json!({
        "version": 1,
        "jwt": {"max_token_bytes": 4096, "issuers": [
            claims().config(json!({
                "tenant": {"claims": ["tenant"], "allow": ["acme", "globex", "sleeping", "nobody"]},
                "max_lifetime": "1h"})),
            idp("some").config(json!({"tenant": {"acts_for": ["acme", "globex"]}})),
        ]},
        "api_keys": {"keys": [key_entry("loose", "loose")]},
        "tenancy": {"unknown_clients": "deny"},
        "failures": {"limit": "1/day", "block": "24h"},
        "tenants": [
            {"id": "held", "limits": {"requests": "0/day"}, "clients": [
                {"id": "web", "keys": [key("held", json!({}))]}]},
            {"id": "acme", "clients": [
                {"id": "web", "keys": [
                    key("good", json!({})),
                    key("expired", json!({"expires": "2020-01-01T00:00:00Z"})),
                    key("early", json!({"not_before": "2999-01-01T00:00:00Z"})),
                    key("off", json!({"active": false})),
                    key("elsewhere", json!({"ip": ["192.0.2.1"]})),
                ]},
                {"id": "closed", "active": false, "keys": [key("of-closed", json!({}))]},
            ]},
            {"id": "globex"},
            {"id": "sleeping", "active": false, "clients": [
                {"id": "web", "keys": [key("of-sleeping", json!({}))]}]},
        ],
        "routes": [
            {"match": {"path": "/lax"}, "tenancy": {"strict": false}},
            {"match": {"path": "/scope"}, "scopes": ["a:b", "c"]},
            {"match": {"path": "/role"}, "roles": ["admin"]},
            {"match": {"path": "/things/**"}},
        ],
        "routes_unmatched": "deny",
    })
}

fn claims() -> Issuer {
    Issuer::new("https://claims.example.com/", Key::es256("claims"))
}

/// A status, a code, a level where the reply names one, and a request that gets them.
pub type Case = (u16, &'static str, Option<&'static str>, Request);

pub fn cases() -> Vec<Case> {
    let get = || Request::get("/things");
    let good = |more: Value| with(json!({"tenant": "acme", "client_id": "web"}), more);
    let token = |more: Value| get().bearer(claims().token(good(more)));
    let signed = |header: Value| {
        let header = with(claims().key.header(), header);
        get().bearer(claims().key.sign(header, claims().claims(good(json!({})))))
    };
    let parts = || Parts::of(&claims().token(good(json!({}))));
    let unsigned = Parts { signature: String::new(), ..parts() };
    let unsigned = unsigned.with_header(&json!({"alg": "none"})).join();
    let embedded = Key::eddsa("mine");
    let rogue = embedded.sign(
        json!({"alg": "EdDSA", "kid": "claims", "jwk": embedded.jwk()}),
        claims().claims(good(json!({}))),
    );
    vec![
        (400, "credentials_ambiguous", None, get().api_key("good").bearer(parts().join())),
        (400, "credentials_ambiguous", None, get().api_key("good").api_key("good")),
        (
            400,
            "credentials_ambiguous",
            None,
            get().api_key("good").header("authorization", "Basic eDp5"),
        ),
        (
            400,
            "credentials_ambiguous",
            None,
            get().header("authorization", "Bearer a.b.c, Bearer d.e.f"),
        ),
        (400, "path_ambiguous", None, Request::get("/things;x=y").api_key("good")),
        (400, "path_ambiguous", None, Request::get("/things/%zz").api_key("good")),
        (400, "tenant_malformed", None, get().tenant("a b").api_key("good")),
        (400, "tenant_malformed", None, token(json!({"tenant": {"id": "acme"}}))),
        (401, "credentials_missing", None, get()),
        (401, "token_too_large", None, token(json!({"more": "x".repeat(4096)}))),
        (401, "token_malformed", None, get().bearer("nonsense")),
        (401, "token_malformed", None, get().bearer("")),
        (401, "token_malformed", None, get().header("authorization", "Basic eDp5")),
        (401, "token_malformed", None, signed(json!({"crit": ["exp"]}))),
        (401, "token_malformed", None, signed(json!({"b64": false}))),
        (401, "token_malformed", None, get().bearer(parts().join() + "=")),
        (401, "token_algorithm_refused", None, get().bearer(&unsigned)),
        (401, "token_algorithm_refused", None, signed(json!({"alg": "HS256"}))),
        (401, "token_algorithm_refused", None, get().bearer(rogue)),
        (401, "token_issuer_unknown", None, token(json!({"iss": "https://claims.example.com"}))),
        (401, "token_issuer_unknown", None, token(json!({"iss": null}))),
        (401, "token_key_unknown", None, signed(json!({"kid": "other"}))),
        (401, "token_signature_invalid", None, get().bearer(parts().with_flipped_bit().join())),
        (
            401,
            "token_signature_invalid",
            None,
            get().bearer(
                parts().with_payload(&claims().claims(good(json!({"tenant": "globex"})))).join(),
            ),
        ),
        (
            401,
            "token_signature_invalid",
            None,
            get().bearer(parts().with_signature("short").join()),
        ),
        (401, "token_expired", None, token(json!({"exp": now() - 31, "iat": now() - 60}))),
        (401, "token_not_yet_valid", None, token(json!({"nbf": now() + 60}))),
        (401, "token_audience_invalid", None, token(json!({"aud": ["other", "API"]}))),
        (401, "token_audience_invalid", None, token(json!({"aud": null}))),
        (401, "token_claim_invalid", None, token(json!({"exp": null}))),
        (401, "token_claim_invalid", None, token(json!({"exp": "tomorrow"}))),
        (401, "token_claim_invalid", None, token(json!({"sub": null}))),
        (401, "token_claim_invalid", None, token(json!({"exp": now() + 7200}))),
        (401, "token_claim_invalid", None, token(json!({"cnf": {"jkt": "x"}}))),
        (401, "token_claim_invalid", None, token(json!({"scope": ["a b"]}))),
        (401, "token_type_refused", None, signed(json!({"typ": "logout+jwt"}))),
        (401, "api_key_unknown", None, get().api_key("Good")),
        (401, "api_key_unknown", None, get().api_key(parts().join())),
        (401, "api_key_expired", Some("key"), get().api_key("expired")),
        (401, "api_key_inactive", Some("key"), get().api_key("off")),
        (401, "api_key_inactive", Some("key"), get().api_key("early")),
        (403, "route_refused", None, Request::get("/elsewhere").api_key("good")),
        (403, "tenant_reserved", None, get().tenant("default").api_key("good")),
        (403, "tenant_mismatch", None, get().tenant("globex").api_key("good")),
        (403, "tenant_required", None, get().api_key("loose")),
        (
            403,
            "tenant_header_untrusted",
            None,
            Request::get("/lax").tenant("acme").api_key("loose"),
        ),
        (
            403,
            "tenant_choice_required",
            None,
            get().bearer(idp("some").token(json!({"client_id": "web"}))),
        ),
        (403, "tenant_not_allowed", None, token(json!({"tenant": "initech"}))),
        (403, "tenant_unknown", Some("tenant"), token(json!({"tenant": "nobody"}))),
        (403, "tenant_inactive", Some("tenant"), token(json!({"tenant": "sleeping"}))),
        (403, "tenant_inactive", Some("tenant"), get().api_key("of-sleeping")),
        (403, "client_inactive", Some("client"), get().api_key("of-closed")),
        (403, "client_inactive", Some("client"), token(json!({"client_id": "closed"}))),
        (403, "client_unknown", Some("client"), token(json!({"client_id": "other"}))),
        (403, "client_unknown", Some("client"), token(json!({"client_id": null}))),
        (403, "ip_refused", Some("key"), get().api_key("elsewhere")),
        (403, "scope_missing", Some("route"), Request::get("/scope").api_key("good")),
        (403, "role_missing", Some("route"), Request::get("/role").api_key("good")),
        (429, "rate_limited", Some("tenant"), get().api_key("held")),
        (429, "authentication_blocked", None, get().api_key("guess")),
    ]
}
