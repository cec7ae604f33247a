//! The documents of `docs/examples`, with the keys of the tests in them.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Key, now};
use tenant_guard_tests::{Envoy, Request, Response};

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the repository.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// An example as it is.
pub fn example(name: &str) -> Value {
    serde_json::from_str(&text(&format!("docs/examples/{name}.json"))).unwrap()
}

/// An example with this key set in place of where each issuer's keys are, and
/// nothing else changed.
pub fn example_with(name: &str, jwks: &Value) -> Value {
    let mut document = example(name);
    replace_keys(&mut document, jwks);
    document
}

/// Puts a key set wherever an issuer's keys are, unless they are a secret.
fn replace_keys(value: &mut Value, jwks: &Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let is_set =
                    ["jwks", "jwks_uri", "discovery"].iter().any(|n| member[n].is_object());
                match key.as_str() {
                    "keys" if is_set => *member = json!({"jwks": jwks}),
                    _ => replace_keys(member, jwks),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace_keys(item, jwks)),
        _ => {}
    }
}

/// Puts `new` wherever a member has that name.
pub fn replace(value: &mut Value, name: &str, new: &Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                if key == name { *member = new.clone() } else { replace(member, name, new) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, name, new)),
        _ => {}
    }
}

/// `more` over `claims`; a null takes a claim out.
pub fn with(mut claims: Value, more: Value) -> Value {
    let map = claims.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.clone(), value.clone());
        }
    }
    claims
}

/// `iat` and `exp` of a token that is good for an hour, over `claims`.
pub fn dated(claims: Value) -> Value {
    with(claims, json!({"iat": now(), "exp": now() + 3600}))
}

/// What the application was told.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    pub tenant: Option<String>,
    pub subject: Option<String>,
    pub client: Option<String>,
    pub roles: Option<String>,
    pub scopes: Option<String>,
}

/// An identity of these; an empty text is no header.
pub fn identity(tenant: &str, subject: &str, client: &str, roles: &str, scopes: &str) -> Identity {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Identity {
        tenant: some(tenant),
        subject: some(subject),
        client: some(client),
        roles: some(roles),
        scopes: some(scopes),
    }
}

/// An Envoy with an example in it, and the provider that signs for it.
pub struct Provider {
    pub envoy: Envoy,
    pub key: Key,
    /// The header of its tokens.
    pub header: Value,
}

impl Provider {
    /// A GET with a token of these claims.
    pub fn request(&self, claims: Value) -> Request {
        Request::get("/v1/things").bearer(self.key.sign(self.header.clone(), claims))
    }

    /// The identity that a token of these claims gets, which also must win over
    /// a forged one.
    pub fn identity(&self, claims: Value) -> Identity {
        let forged = self.request(claims).header("x-roles", "admin").header("x-user-id", "root");
        told(&self.envoy.send(&forged))
    }

    /// Asserts that a request is refused with this status and code.
    pub fn refuses(&self, request: &Request, status: u16, code: &str) {
        refused(&self.envoy.send(request), status, code);
    }

    /// Asserts what holds for every provider, given the claims of a good
    /// token: it is for one tenant, one audience and one issuer.
    pub fn holds_the_line(&self, claims: &Value, foreign_audience: Value) {
        let request = |more: Value| self.request(with(claims.clone(), more));
        self.refuses(&request(json!({})).tenant("initech"), 403, "tenant_mismatch");
        self.refuses(&request(json!({})).tenant("default"), 403, "tenant_reserved");
        self.refuses(&request(foreign_audience), 401, "token_audience_invalid");
        self.refuses(
            &request(json!({"iss": "https://evil.example/"})),
            401,
            "token_issuer_unknown",
        );
        self.refuses(&request(json!({"exp": now() - 600})), 401, "token_expired");
        self.refuses(&Request::get("/v1/things").tenant("acme"), 401, "credentials_missing");
        let other = Key::seeded(self.key.alg(), self.key.kid(), "somebody else");
        let forged = other.sign(self.header.clone(), claims.clone());
        let forged = Request::get("/v1/things").bearer(forged);
        self.refuses(&forged, 401, "token_signature_invalid");
    }
}

/// What the application was told; panics where the request didn't reach it.
pub fn told(response: &Response) -> Identity {
    assert!(response.status == 200 && response.is_from_application(), "{response:?}");
    let value = |name: &str| {
        let all = response.echoed_all(name);
        assert!(all.len() <= 1, "{name}: {all:?}");
        all.first().cloned()
    };
    assert_eq!(value("authorization"), None);
    assert_eq!(value("x-api-key"), None);
    Identity {
        tenant: value("x-tenant-id"),
        subject: value("x-user-id"),
        client: value("x-client-id"),
        roles: value("x-roles"),
        scopes: value("x-scopes"),
    }
}

/// Asserts that a response is the guard's refusal.
pub fn refused(response: &Response, status: u16, code: &str) {
    assert_eq!((response.status, response.code().as_deref()), (status, Some(code)), "{response:?}");
}
