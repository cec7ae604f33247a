//! Keys of test identity providers, and the tokens they sign.
//!
//! Everything is deterministic (fixed RSA keys, other keys derived from their
//! seed) except the salt of PS* signatures. None of it needs Envoy.

mod key;
mod parts;

pub use key::{Alg, Key, RsaKey};
pub use parts::Parts;

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Hmac;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use key::{Material, mac};

/// Unpadded base64url.
pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of unpadded base64url.
pub fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("canonical base64url")
}

/// Lower-case hex of SHA-256, as API keys are configured.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes.as_ref()))
}

/// Lower-case hex of HMAC-SHA-256, as peppered API keys are configured.
pub fn hmac_sha256_hex(pepper: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) -> String {
    hex(&mac::<Hmac<Sha256>>(pepper.as_ref(), bytes.as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Seconds since 1970, now.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// A JWKS of these keys.
pub fn jwks(keys: &[&Key]) -> Value {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})
}

/// An identity provider: an issuer name, an audience and its signing key.
#[derive(Clone)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` of its tokens.
    pub audience: String,
    /// The key it signs with.
    pub key: Key,
}

impl Issuer {
    /// An issuer whose tokens are for the audience `api`.
    pub fn new(issuer: &str, key: Key) -> Issuer {
        Issuer { issuer: issuer.to_owned(), audience: "api".to_owned(), key }
    }

    /// Good claims: iss, aud, sub `user-1`, iat now, exp in five minutes; then
    /// `more` over them, where a null takes a claim out.
    pub fn claims(&self, more: Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer, "aud": self.audience, "sub": "user-1",
            "iat": now(), "exp": now() + 300,
        });
        let map = claims.as_object_mut().unwrap();
        for (name, value) in more.as_object().expect("claims are an object") {
            if value.is_null() {
                map.remove(name);
            } else {
                map.insert(name.clone(), value.clone());
            }
        }
        claims
    }

    /// A good token with `more` over the claims of [`Issuer::claims`].
    pub fn token(&self, more: Value) -> String {
        self.key.token(self.claims(more))
    }

    /// `Bearer <token>`.
    pub fn bearer(&self, more: Value) -> String {
        format!("Bearer {}", self.token(more))
    }

    /// The JWKS of its one key.
    pub fn jwks(&self) -> Value {
        jwks(&[&self.key])
    }

    /// An entry of `jwt.issuers`: issuer, audiences and inline keys (the secret
    /// of an HS key); `more` over it (`{"tenant": {...}}`).
    pub fn config(&self, more: Value) -> Value {
        let keys = match &self.key.material {
            Material::Secret(_) => json!({"secret": self.key.secret()}),
            _ => json!({"jwks": self.jwks()}),
        };
        let mut config = json!({
            "issuer": self.issuer, "audiences": [self.audience],
            "algorithms": [self.key.alg.name()], "keys": keys,
        });
        for (name, value) in more.as_object().expect("an issuer's fields are an object") {
            config[name] = value.clone();
        }
        config
    }
}
