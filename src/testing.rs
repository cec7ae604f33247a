//! Helpers of the core's own tests.

pub(crate) mod elsewhere;
mod host;

pub(crate) use host::{BrokenHost, FixedHost, WatchedHost};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Decision, Environment, Guard, Headers, Host, Memory, Verdict, load};

/// The time of all tests that name none.
pub(crate) const NOW: f64 = 1_800_000_000.0;

/// The `iss` of tokens that name none.
pub(crate) const ISSUER: &str = "https://idp.example";

/// The shared secret of all issuers that name none.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// An environment without variables.
pub(crate) struct NoEnvironment;

impl Environment for NoEnvironment {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn vm_id(&self) -> Option<&str> {
        Some("tests")
    }
}

/// A guard from a document without mistakes; `version` is added.
pub(crate) fn guard(document: Value) -> Guard {
    let document = merged(json!({"version": 1}), document);
    match load(document.to_string().as_bytes(), &NoEnvironment) {
        Ok(loaded) => loaded.guard,
        Err(mistakes) => panic!("{document}\n{mistakes:#?}"),
    }
}

/// The paths of the mistakes in a document.
pub(crate) fn mistakes(document: Value) -> Vec<String> {
    let document = merged(json!({"version": 1}), document);
    match load(document.to_string().as_bytes(), &NoEnvironment) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.path).collect(),
    }
}

/// One value over another: objects are merged, everything else is replaced.
pub(crate) fn merged(base: Value, over: Value) -> Value {
    match (base, over) {
        (Value::Object(mut base), Value::Object(over)) => {
            for (name, value) in over {
                let below = base.remove(&name).unwrap_or(Value::Null);
                base.insert(name, merged(below, value));
            }
            Value::Object(base)
        }
        (_, over) => over,
    }
}

/// An issuer with the shared [`SECRET`], and fields of its own.
pub(crate) fn issuer(fields: Value) -> Value {
    let base = json!({"issuer": ISSUER, "audiences": ["api"], "keys": {"secret": SECRET}});
    merged(base, fields)
}

/// A document with that one issuer.
pub(crate) fn jwt(fields: Value) -> Value {
    json!({"jwt": {"issuers": [issuer(fields)]}})
}

/// A configured API key, and fields of its own.
pub(crate) fn key(id: &str, secret: &str, fields: Value) -> Value {
    let digest: String = Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect();
    merged(json!({"id": id, "sha256": digest}), fields)
}

/// Alice's claims for an hour, and some of the test's own.
pub(crate) fn claims(own: Value) -> Value {
    merged(json!({"iss": ISSUER, "sub": "alice", "aud": "api", "exp": NOW + 3600.0}), own)
}

/// A token with [`claims`], signed with [`SECRET`].
pub(crate) fn token(own: Value) -> String {
    signed(&json!({"alg": "HS256", "typ": "JWT"}), &claims(own), |message| {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    })
}

/// A token with that header and those claims.
pub(crate) fn signed(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// The key that signs [`eddsa_token`].
fn ed25519() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Its public half, as a JWK named `ed`.
pub(crate) fn ed25519_jwk() -> Value {
    let x = URL_SAFE_NO_PAD.encode(ed25519().verifying_key().as_bytes());
    json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": x})
}

/// A token with [`claims`], signed with EdDSA.
pub(crate) fn eddsa_token(own: Value) -> String {
    signed(&json!({"alg": "EdDSA", "kid": "ed"}), &claims(own), |message| {
        ed25519().sign(message).to_bytes().to_vec()
    })
}

/// The key that signs [`es256_token`].
fn p256_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

/// Its public half, as a JWK named `es`.
pub(crate) fn p256_jwk() -> Value {
    let point = p256_key().verifying_key().to_encoded_point(false);
    let [x, y] = [point.x(), point.y()].map(|half| URL_SAFE_NO_PAD.encode(half.unwrap()));
    json!({"kty": "EC", "crv": "P-256", "kid": "es", "x": x, "y": y})
}

/// A token with [`claims`], signed with ES256.
pub(crate) fn es256_token(own: Value) -> String {
    signed(&json!({"alg": "ES256", "kid": "es"}), &claims(own), |message| {
        let signature: p256::ecdsa::Signature = p256_key().sign(message);
        signature.normalize_s().unwrap_or(signature).to_bytes().to_vec()
    })
}

/// A request, and what it looks like behind the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request(Vec<(Vec<u8>, Vec<u8>)>);

impl Request {
    pub(crate) fn get(path: &str) -> Self {
        Self(Vec::new())
            .with(":method", "GET")
            .with(":path", path)
            .with(":authority", "api.example.com")
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.0.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// With a header replaced.
    pub(crate) fn set(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name.as_bytes()));
        self.with(name, value)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn headers(&self) -> Headers<'_> {
        Headers::new(self.0.iter().map(|(name, value)| (&name[..], &value[..])).collect())
    }

    /// All values of a header, joined as proxies join them.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let values = self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        let values: Vec<_> = values.map(|(_, v)| String::from_utf8_lossy(v).into_owned()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    /// The request with a decision's changes made.
    pub(crate) fn changed(&self, decision: &Decision) -> Self {
        let mut request = self.clone();
        let removed = |name: &[u8]| {
            decision.changes.remove.iter().any(|gone| gone.eq_ignore_ascii_case(name))
        };
        request.0.retain(|(name, _)| !removed(name));
        for (name, value) in &decision.changes.set {
            request = request.set(name, value);
        }
        request
    }
}

/// A guard's decision at [`NOW`], without anything cached.
pub(crate) fn decide(guard: &Guard, request: &Request) -> Decision {
    decide_at(guard, request, &FixedHost::at(NOW))
}

/// The same at a host.
pub(crate) fn decide_at(guard: &Guard, request: &Request, host: &dyn Host) -> Decision {
    guard.decide(&request.headers(), host, &mut Memory::new(0, 0))
}

/// The same with the client at an address; `None` where that isn't known.
pub(crate) fn decide_from(guard: &Guard, request: &Request, client: Option<&str>) -> Decision {
    let host = FixedHost::at(NOW);
    let host = match client {
        Some(address) => host.from(address),
        None => host,
    };
    decide_at(guard, request, &host)
}

/// What becomes of a request: allow, public, shadow, or a refusal's code.
pub(crate) fn outcome(guard: &Guard, request: &Request) -> String {
    word(&decide(guard, request)).to_owned()
}

/// A decision in a word: allow, public, shadow, or a refusal's code.
pub(crate) fn word(decision: &Decision) -> &'static str {
    match &decision.verdict {
        Verdict::Refuse(_) => decision.denial.as_ref().unwrap().code.name(),
        verdict => verdict.marker().unwrap(),
    }
}

/// The same, with whose rule refused: `ip_refused tenant`.
pub(crate) fn words(decision: &Decision) -> String {
    let level = decision.denial.as_ref().and_then(|denial| denial.level);
    match level {
        Some(level) => format!("{} {}", word(decision), level.name()),
        None => word(decision).to_owned(),
    }
}

/// The tenant that an allowed request is for, or else what becomes of it.
pub(crate) fn tenant(guard: &Guard, request: &Request) -> String {
    match outcome(guard, request).as_str() {
        "allow" => upstream(guard, request, "x-tenant-id").unwrap_or("no tenant".into()),
        other => other.to_owned(),
    }
}

/// How an allowed request authenticated and as whom, or else what becomes of it.
pub(crate) fn caller(guard: &Guard, request: &Request) -> String {
    let names = ["x-auth-method", "x-user-id", "x-key-id"];
    match outcome(guard, request).as_str() {
        "allow" => {
            let values = names.iter().filter_map(|name| upstream(guard, request, name));
            values.collect::<Vec<_>>().join(" ")
        }
        other => other.to_owned(),
    }
}

/// A header as the application gets it.
pub(crate) fn upstream(guard: &Guard, request: &Request, name: &str) -> Option<String> {
    request.changed(&decide(guard, request)).value(name)
}

/// A decision's audit line; null where it has none.
pub(crate) fn audit_line(decision: &Decision) -> Value {
    let line = decision.audit.clone().map(|line| line.finish("now", None, 0));
    line.map_or(Value::Null, |line| serde_json::from_str(&line).unwrap())
}
