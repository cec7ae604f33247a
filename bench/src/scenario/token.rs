//! The credentials: tokens of about 590 bytes, API keys, and junk.

use std::sync::LazyLock;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key, Parts};

use super::SCOPE;

/// How long tokens are good, in seconds: longer than any measurement takes.
const LIFETIME: i64 = 12 * 3600;

static RSA: LazyLock<Issuer> =
    LazyLock::new(|| Issuer::new("https://idp.example.com/", Key::rs256("rs256")));
static EC: LazyLock<Issuer> =
    LazyLock::new(|| Issuer::new("https://idp.example.com/", Key::es256("es256")));

/// Who signs tokens, and by which algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// RS256, with a key of 2048 bits.
    Rs256,
    /// ES256.
    Es256,
}

/// What may be wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Junk {
    /// Two parts instead of three.
    Shape,
    /// A `kid` that its issuer doesn't have.
    UnknownKid,
    /// Good until yesterday; its signature is good.
    Expired,
    /// Signed by a known key, with an `iss` that nobody has.
    WrongIssuer,
    /// Everything right but one bit of the signature.
    Signature,
}

impl Junk {
    /// All of it.
    pub const ALL: [Junk; 5] =
        [Junk::Shape, Junk::UnknownKid, Junk::Expired, Junk::WrongIssuer, Junk::Signature];

    /// Its name, for tables.
    pub fn name(self) -> &'static str {
        match self {
            Junk::Shape => "bad shape",
            Junk::UnknownKid => "unknown kid",
            Junk::Expired => "expired",
            Junk::WrongIssuer => "wrong issuer",
            Junk::Signature => "bad signature",
        }
    }

    /// The code of the guard's refusal.
    pub fn code(self) -> &'static str {
        match self {
            Junk::Shape => "token_malformed",
            Junk::UnknownKid => "token_key_unknown",
            Junk::Expired => "token_expired",
            Junk::WrongIssuer => "token_issuer_unknown",
            Junk::Signature => "token_signature_invalid",
        }
    }
}

impl Signer {
    /// The algorithm's name.
    pub fn name(self) -> &'static str {
        match self {
            Signer::Rs256 => "RS256",
            Signer::Es256 => "ES256",
        }
    }

    /// The issuer with its key.
    pub fn issuer(self) -> &'static Issuer {
        match self {
            Signer::Rs256 => &RSA,
            Signer::Es256 => &EC,
        }
    }

    /// A good token of this tenant.
    pub fn token(self, tenant: &str, now: i64) -> String {
        let issuer = self.issuer();
        issuer.key.token(claims(&issuer.issuer, tenant, now))
    }

    /// Another good token for each number.
    pub fn numbered(self, tenant: &str, number: usize, now: i64) -> String {
        let issuer = self.issuer();
        let mut claims = claims(&issuer.issuer, tenant, now);
        claims["sub"] = json!(format!("user-{number}"));
        issuer.key.token(claims)
    }

    /// A token that is wrong in this way.
    pub fn junk(self, junk: Junk, tenant: &str, now: i64) -> String {
        let issuer = self.issuer();
        let good = Parts::of(&self.token(tenant, now));
        match junk {
            Junk::Shape => format!("{}.{}{}", good.header, good.payload, good.signature),
            Junk::UnknownKid => {
                let mut header = good.header_json();
                header["kid"] = json!("older");
                good.with_header(&header).join()
            }
            Junk::Expired => {
                issuer.key.token(claims(&issuer.issuer, tenant, now - LIFETIME - 86_400))
            }
            Junk::WrongIssuer => issuer.key.token(claims("https://idp.example.org/", tenant, now)),
            Junk::Signature => good.with_flipped_bit().join(),
        }
    }
}

/// The text of the API key of this number (from 0).
pub fn key(number: usize) -> String {
    format!("tg_live_{number:08}_bench_published_never_trust")
}

/// The claims of a token.
pub(super) fn claims(issuer: &str, tenant: &str, now: i64) -> Value {
    json!({
        "iss": issuer, "aud": "api", "sub": "user-1", "iat": now, "exp": now + LIFETIME,
        "tenant": tenant, "scope": SCOPE,
    })
}
