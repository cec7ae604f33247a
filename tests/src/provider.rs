//! An identity provider that a test runs: what it publishes, and its tokens.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::stub::{Reply, Stub};
use crate::token::{Issuer, Key, jwks};

/// A stub that publishes keys and discovery. A key that is published and a key
/// that signs are two decisions: a test makes them differ when it likes.
///
/// Keys of chosen kids: `Key::es256(kid)` is another key for each kid,
/// `Key::rsa(Alg::RS256, kid, RsaKey::C)` takes one of the fixed RSA keys.
pub struct Provider {
    stub: Stub,
    issuer: String,
}

impl Provider {
    /// Where the keys are.
    pub const JWKS: &str = "/jwks";

    /// Starts `https://idp.example.com/`, which publishes nothing yet.
    pub fn start() -> Provider {
        Provider::named("https://idp.example.com/")
    }

    /// Starts one whose tokens have this `iss`: https, a host, perhaps a path.
    pub fn named(issuer: &str) -> Provider {
        assert!(issuer.starts_with("https://"), "{issuer}");
        Provider { stub: Stub::start(), issuer: issuer.to_owned() }
    }

    /// The server, for every other reply, and for what it was asked.
    pub fn stub(&self) -> &Stub {
        &self.stub
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.stub.address()
    }

    /// The `iss` of its tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// From now on publishes these keys.
    pub fn publish(&self, keys: &[&Key]) {
        self.publish_jwks(Reply::json(&jwks(keys)));
    }

    /// From now on answers this when asked for its keys.
    pub fn publish_jwks(&self, reply: Reply) {
        self.stub.on(Provider::JWKS, reply);
    }

    /// From now on publishes a discovery document of this issuer, where that of
    /// its own issuer belongs: another one is a lie.
    pub fn publish_discovery(&self, issuer: &str) {
        self.stub.on(&self.discovery_path(), Reply::json(&self.discovery(issuer)));
    }

    /// Where its discovery document belongs: below the path of its issuer.
    pub fn discovery_path(&self) -> String {
        let below = &self.issuer[self.origin().len()..];
        format!("{}/.well-known/openid-configuration", below.trim_end_matches('/'))
    }

    /// A good discovery document but for its issuer; `jwks_uri` has the host of
    /// the provider's own.
    pub fn discovery(&self, issuer: &str) -> Value {
        let at = |path: &str| format!("{}{path}", self.origin());
        json!({
            "issuer": issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at(Provider::JWKS),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        })
    }

    /// A token signed by any key: good claims of this issuer with `claims` over
    /// them, see [`Issuer::claims`].
    pub fn token(&self, key: &Key, claims: Value) -> String {
        Issuer::new(&self.issuer, key.clone()).token(claims)
    }

    /// Scheme and host of its issuer.
    fn origin(&self) -> &str {
        let host = "https://".len();
        let end = self.issuer[host..].find('/').map_or(self.issuer.len(), |end| host + end);
        &self.issuer[..end]
    }
}
