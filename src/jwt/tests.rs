//! Attacks on tokens, each through [`Jwt::verify`] with real keys.

mod algorithms;
mod audience;
mod cache;
mod claims;
mod fetched;
mod issuers;
mod kid;
mod many;
mod order;
mod rsa;
mod sharers;
mod signatures;
mod structure;
mod vectors;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Key, jwks};

use super::*;
use crate::Guard;
use crate::config;
use crate::halt::{Halt, Patience};
use crate::host::{Hash, HostError, SignatureVerdict};
use crate::testing::{FixedHost, NoEnvironment};

const ISS: &str = "https://idp.example/";
const NOW: i64 = 1_800_000_000;

/// A guard whose tokens are looked at.
struct Verifier(Guard);

impl Verifier {
    fn of(document: &Value) -> Self {
        match config::load(document.to_string().as_bytes(), &NoEnvironment) {
            Ok(loaded) => Self(loaded.guard),
            Err(errors) => panic!("{errors:#?}"),
        }
    }

    /// With these entries of `jwt.issuers`.
    fn new(issuers: &[Value]) -> Self {
        Self::of(&json!({"version": 1, "environment": "development", "jwt": {"issuers": issuers}}))
    }

    /// With one issuer that has these keys.
    fn keys(keys: &[&Key]) -> Self {
        Self::new(&[issuer(ISS, keys)])
    }

    fn verify_with(
        &self,
        token: &[u8],
        host: &FixedHost,
        cache: &mut TokenCache,
    ) -> Result<(Rc<VerifiedToken>, CacheUse), Denial> {
        self.verify_for(None, token, host, cache)
    }

    /// For a route that takes only these issuers.
    fn verify_for(
        &self,
        only: Option<&[usize]>,
        token: &[u8],
        host: &FixedHost,
        cache: &mut TokenCache,
    ) -> Result<(Rc<VerifiedToken>, CacheUse), Denial> {
        let Self(guard) = self;
        match guard.jwt.known(token, only, host, cache) {
            Known::Good(token) => return Ok((token, CacheUse::Hit)),
            Known::Refused(denial) => return Err(denial),
            Known::No | Known::Outdated => {}
        }
        let verified = guard.jwt.verify(token, only, &guard.tenancy, host, cache);
        match verified.map_err(|halt| halt.settled(Patience::Waited)) {
            Ok(token) => Ok((token, CacheUse::Miss)),
            Err(Halt::Refused(denial)) => Err(denial),
            Err(Halt::Lacks(lack)) => panic!("{lack:?}"),
        }
    }

    /// Verifies at [`NOW`]; a second time with a cache gives the same.
    fn verify(&self, token: impl AsRef<[u8]>) -> Result<Rc<VerifiedToken>, Denial> {
        let host = FixedHost::at(NOW as f64);
        let mut cache = TokenCache::new(10, 1 << 20);
        let first = self.verify_with(token.as_ref(), &host, &mut cache);
        let second = self.verify_with(token.as_ref(), &host, &mut cache);
        match (&first, &second) {
            (Ok((first, CacheUse::Miss)), Ok((second, CacheUse::Hit))) => {
                assert!(Rc::ptr_eq(first, second));
            }
            (Err(first), Err(second)) => {
                assert_eq!(first, second);
                assert_eq!(cache.len(), 0, "an unverified token is kept");
            }
            other => panic!("{other:?}"),
        }
        first.map(|(token, _)| token)
    }

    fn code(&self, token: impl AsRef<[u8]>) -> Option<Code> {
        self.verify(token).err().map(|denial| denial.code)
    }
}

/// A host whose clock is elsewhere.
fn code_at(verifier: &Verifier, token: &str, now: f64) -> Option<Code> {
    let mut cache = TokenCache::new(0, 0);
    verifier.verify_with(token.as_bytes(), &FixedHost::at(now), &mut cache).err().map(|d| d.code)
}

/// An entry of `jwt.issuers`.
fn issuer(iss: &str, keys: &[&Key]) -> Value {
    json!({
        "issuer": iss,
        "audiences": ["api"],
        "keys": {"jwks": jwks(keys)},
        "tenant": {"claims": ["tenant"], "any_tenant": true},
    })
}

/// The same with other fields.
fn but(mut issuer: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        issuer[name] = value.clone();
    }
    issuer
}

/// Good claims, and these over them; a null takes one out.
fn claims(more: Value) -> Value {
    let mut claims = json!({
        "iss": ISS, "aud": "api", "sub": "user-1", "iat": NOW, "exp": NOW + 300, "tenant": "acme",
    });
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn es256() -> Key {
    Key::es256("k1")
}

/// A token of the usual key with a header like this.
fn with_header(more: Value) -> String {
    let mut header = es256().header();
    for (name, value) in more.as_object().unwrap() {
        header[name] = value.clone();
    }
    es256().sign(header, claims(json!({})))
}

/// A token of the usual key with these claims over good ones.
fn with_claims(more: Value) -> String {
    es256().token(claims(more))
}

/// Our own key of a JWK.
fn key_of(jwk: &Value) -> super::Key {
    super::Key::from_jwk(jwk.as_object().unwrap()).unwrap()
}

#[test]
fn a_good_token_passes() {
    let token = Verifier::keys(&[&es256()]).verify(with_claims(json!({}))).unwrap();
    assert_eq!(token.subject.as_deref(), Some("user-1"));
    assert_eq!(&*token.issuer_name, ISS);
    assert_eq!(token.kid.as_deref(), Some("k1"));
}
