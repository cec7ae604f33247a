//! Documents that are refused: what Envoy says of them when it validates.

mod common;

use common::{idp, key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Issuer, Key, RsaKey, sha256_hex};
use tenant_guard_tests::{Envoy, EnvoyBuilder, validate};

/// A document that is good.
fn base() -> Value {
    json!({
        "version": 1,
        "jwt": {"issuers": [idp("claims").config(json!({"tenant": {"claims": ["tenant"]}}))]},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [key_entry("web-1", "web-key")]}]}],
        "routes": [{"match": {"path": "/**"}}],
    })
}

/// Each of these lines must be said of the document, and it must be refused.
fn refused(document: impl Into<Value>, lines: &[&str]) {
    let (ok, said) = validate(document);
    assert!(!ok, "{said}");
    for line in lines {
        assert!(said.contains(&format!("tenant_guard: {line}")), "not said: {line}\n{said}");
    }
}

#[test]
fn a_good_document_is_accepted() {
    let (ok, said) = validate(base());
    assert!(ok, "{said}");
    assert!(!said.contains("tenant_guard: "), "{said}");
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_its_cure() {
    let small =
        Issuer::new("https://small.example.com/", Key::rsa(Alg::RS256, "s", RsaKey::Bits1024));
    let document = json!({
        "version": 2,
        "revison": "1",
        "mode": "both",
        "jwt": {"max_token_bytes": "many", "issuers": [
            {"issuer": "https://a.example.com/", "keys": {"secret": "hunter2-hunter2"}, "clock_skew": "30"},
            small.config(json!({})),
            {"issuer": "none", "audiences": ["api"], "keys": {"jwks": idp("x").jwks()},
             "tenant": {"fixed": "acme", "claims": ["t"]}},
        ]},
        "api_keys": {"keys": [{"id": "k", "sha256": "hunter2"}]},
        "tenancy": {"header": "host", "id_format": "guid"},
        "upstream": {"headers": {"subject": "x-forwarded-user"}, "strip": ["X_Roles"]},
        "replies": {"status": {"tenant_mismatch": 200, "tenant_mismach": 404}},
        "routes": [{"match": {"path": "no-slash"}}, {"match": {"path": "/a", "methods": ["get"]}}],
        "directory": {},
    });
    let (ok, said) = validate(document);
    assert!(!ok, "{said}");
    for line in [
        "version: must be 1",
        "revison: unknown field; did you mean revision?",
        "mode: must be one of: either, jwt, api_key, jwt_then_api_key",
        "jwt.max_token_bytes: must be a size",
        "jwt.issuers[0]: must say for whom its tokens are: audiences",
        "jwt.issuers[0].keys.secret: is shorter than its hash",
        "jwt.issuers[0].clock_skew: must be a duration",
        "jwt.issuers[1].keys.jwks.keys[0]: ",
        "jwt.issuers[2]: issuer: none is for environment: development only",
        "jwt.issuers[2].tenant: must have one of claims, fixed and acts_for",
        "api_keys.keys[0].sha256: must be the key's digest as 64 lower-case hexadecimal digits",
        "tenancy.header: is a host, framing or connection header",
        "tenancy.id_format: must be one of: any, slug, uuid",
        "upstream.headers.subject: is a header of the proxy itself",
        "upstream: names x_roles twice",
        "replies.status.tenant_mismatch: must be within 400 and 499",
        "replies.status.tenant_mismach: unknown code; did you mean tenant_mismatch?",
        "routes[0].match.path: ",
        "routes[1].match.methods[0]: can never match: methods are in upper case",
        "directory.cluster: is required",
    ] {
        assert!(said.contains(&format!("tenant_guard: {line}")), "not said: {line}\n{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let private =
        json!({"kty": "oct", "kid": "secret", "k": "aHVudGVyMi1odW50ZXIyLWh1bnRlcjItaHVudGVyMg"});
    let (ok, said) = validate(json!({
        "version": 1,
        "jwt": {"issuers": [
            idp("claims").config(json!({"tenant": {"claims": ["tenant"]}})),
            idp("claims").config(json!({"tenant": {"fixed": "Default"}})),
            idp("key").config(json!({"tenant": {"subjects": {"alice": "acme"}}, "keys": {"jwks": {"keys": [private]}}})),
        ]},
        "tenancy": {"strict": false, "header": "x-api-key"},
        "tenants": [
            {"id": "acme", "aliases": ["DEFAULT"], "clients": [{"id": "web", "keys": [key_entry("web-1", "web-key")]}]},
            {"id": "globex", "aliases": ["acme"], "clients": [{"id": "jobs", "keys": [key_entry("jobs-1", "web-key")]}]},
        ],
        "routes": [
            {"match": {"path": "/a/**"}},
            {"match": {"path": "/a/b"}, "issuers": ["nobody"]},
            {"match": {"path": "/optional"}, "auth": "optional", "tenancy": {"strict": true}},
            {"match": {"path": "/any"}, "tenancy": {"trust_header": "any_peer"}},
        ],
    }));
    assert!(!ok, "{said}");
    for line in [
        "jwt.issuers[1].issuer: is the issuer of jwt.issuers[0] already",
        "jwt.issuers[0].tenant: must say which tenants it may name",
        "jwt.issuers[1].tenant.fixed: is the reserved name",
        "jwt.issuers[2].keys.jwks.keys[0]: ",
        "tenancy.strict: must be true: credentials are bound to tenants",
        "tenancy.header: is a header that a credential is read from",
        "tenants[0].aliases[0]: is the reserved name",
        "tenants[1].aliases[0]: is the id or alias of tenants[0] already",
        "tenants[1].clients[0].keys[0]: has the digest of key web-1 of client web of tenant acme too",
        "routes[1]: can never match",
        "routes[1].issuers[0]: is the name of no issuer",
        "routes[2].auth: optional admits callers without a tenant",
        "routes[3].tenancy.trust_header: must not be any_peer",
    ] {
        assert!(said.contains(&format!("tenant_guard: {line}")), "not said: {line}\n{said}");
    }
    assert!(!said.contains("aHVudGVy") && !said.contains(&sha256_hex("web-key")), "{said}");
}

#[test]
fn what_is_no_document_is_refused() {
    refused("", &["document: is empty"]);
    refused("{\"version\": 1,}", &["document: line 1 column "]);
    refused(
        r#"{"version": 1, "mode": "jwt", "mode": "api_key", "tenancy": {"strict": true, "strict": false}}"#,
        &["mode: is there twice", "tenancy.strict: is there twice"],
    );
    let (ok, said) =
        EnvoyBuilder::new(with(base(), json!({"version": 1.5}))).as_struct().validate();
    assert!(!ok && said.contains("tenant_guard: version: must be a whole number"), "{said}");
}

#[test]
fn an_envoy_with_a_refused_document_does_not_start() {
    let started = EnvoyBuilder::new(with(base(), json!({"shadow": "yes"}))).workers(4).try_start();
    let log = started.map(|envoy: Envoy| envoy.address()).unwrap_err();
    assert!(log.contains("tenant_guard: shadow: must be true, false or untouched"), "{log}");
}
