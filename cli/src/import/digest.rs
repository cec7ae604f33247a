//! API keys of an environment as keys of a document.

use tenant_guard::KeyHash;

use super::tree::Map;
use crate::digest::digest;

/// How API keys are digested: SHA-256, or HMAC-SHA-256 with a secret.
pub(crate) struct Digester(KeyHash);

impl Digester {
    /// With that secret, if there is one.
    pub(crate) fn new(pepper: Option<&str>) -> Self {
        // HMAC takes keys of any length (RFC 2104 section 2), so that none is lost.
        Self(pepper.and_then(|key| KeyHash::hmac(key.as_bytes())).unwrap_or(KeyHash::Sha256))
    }

    /// A key of a document.
    pub(crate) fn key(&self, id: String, key: &str) -> Map {
        let (field, digest) = digest(&self.0, key);
        Map::default().with("id", id).with(field, digest)
    }
}

/// The SHA-256 digest in hexadecimal digits.
pub(crate) fn sha256(text: &str) -> String {
    digest(&KeyHash::Sha256, text).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_digested_with_the_secret_where_there_is_one() {
        let key = |pepper| Digester::new(pepper).key("k".into(), "abc").to_value();
        assert_eq!(key(None)["sha256"], sha256("abc"));
        assert_eq!(key(Some("x"))["id"], "k");
        assert!(key(Some("x"))["hmac_sha256"].is_string() && key(Some("x"))["sha256"].is_null());
    }
}
