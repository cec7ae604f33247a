//! What anybody can send without end, each request another.

use serde_json::{Value, json};
use tenant_guard_bench::scenario::{CLIENT, Document, SCOPE, Signer, tenant};

use super::{SECONDS, Scenario};
use crate::{Request, tokens};

/// With the keys of [`tokens::jwks`], and a cache of so many tokens.
fn document(cache: usize) -> Value {
    let mut document = Document::usual(Signer::Es256).build();
    document["jwt"]["issuers"][0]["keys"] = json!({"jwks": tokens::jwks()});
    document["jwt"]["cache_entries"] = json!(cache);
    document
}

/// Good claims, others for each number.
fn claims(n: usize) -> Value {
    json!({
        "iss": Signer::Es256.issuer().issuer, "aud": "api", "sub": format!("user-{n:08}"),
        "tenant": tenant(0), "scope": SCOPE, "iat": SECONDS - 60, "exp": SECONDS + 3_600,
    })
}

fn get() -> Request {
    Request::get("/v1/outline").client(CLIENT)
}

fn bearer(token: &str) -> Request {
    get().header("authorization", &format!("Bearer {token}"))
}

/// A good request by a new token for each number, where the cache holds so many.
pub fn new_token(cache: usize) -> Scenario {
    let request = |n| bearer(&tokens::es256(&claims(n)));
    Scenario {
        name: "new token".into(),
        document: document(cache),
        request: Box::new(request),
        refusal: None,
    }
}

/// Each kind, under one document whose cache holds so many tokens.
pub fn junk(cache: usize) -> Vec<Scenario> {
    let kind = |name: &str, code, request: Box<dyn Fn(usize) -> Request>| Scenario {
        name: name.into(),
        document: document(cache),
        request,
        refusal: Some(code),
    };
    // Nothing is signed: the checks before fail, or else the signature.
    let unsigned = |kid: &str, claims: &Value| {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": kid}).to_string();
        let parts = [tokens::b64(header), tokens::b64(claims.to_string()), tokens::b64([7; 64])];
        bearer(&parts.join("."))
    };
    let with = |n: usize, name: &str, value: Value| {
        let mut claims = claims(n);
        claims[name] = value;
        claims
    };
    let expired = move |n| unsigned("ec-1", &with(n, "exp", json!(SECONDS - 600)));
    let stranger = move |n| unsigned("ec-1", &with(n, "iss", json!("https://evil.test/")));
    vec![
        kind("no credentials", "credentials_missing", Box::new(|_| get())),
        kind("shape", "token_malformed", Box::new(|n| bearer(&format!("a.b{n:08}.c")))),
        kind(
            "unknown kid",
            "token_key_unknown",
            Box::new(move |n| unsigned(&format!("kid-{n:08}"), &claims(n))),
        ),
        kind("expired", "token_expired", Box::new(expired)),
        kind("wrong issuer", "token_issuer_unknown", Box::new(stranger)),
        kind(
            "signature",
            "token_signature_invalid",
            Box::new(move |n| unsigned("ec-1", &claims(n))),
        ),
        kind(
            "API key",
            "api_key_unknown",
            Box::new(|n| get().header("x-api-key", &format!("guess-{n:08}"))),
        ),
    ]
}
