//! What stands for an API key in a document.

use core::fmt::Write;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::tree::Map;

/// How API keys are digested: SHA-256, or HMAC-SHA-256 with a secret.
pub(crate) struct Digester {
    pepper: Option<Hmac<Sha256>>,
}

impl Digester {
    /// With that secret, if there is one.
    pub(crate) fn new(pepper: Option<&str>) -> Self {
        // HMAC takes keys of any length (RFC 2104 section 2), so that none is lost.
        Self { pepper: pepper.and_then(|key| Hmac::new_from_slice(key.as_bytes()).ok()) }
    }

    /// A key of a document.
    pub(crate) fn key(&self, id: String, key: &str) -> Map {
        let (field, digest) = match &self.pepper {
            None => ("sha256", sha256(key)),
            Some(pepper) => {
                let code = pepper.clone().chain_update(key).finalize().into_bytes();
                ("hmac_sha256", hex(&code))
            }
        };
        Map::default().with("id", id).with(field, digest)
    }
}

/// The SHA-256 digest in hexadecimal digits.
pub(crate) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in bytes {
        // A String takes whatever is written to it.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_become_digests() {
        // FIPS 180-2, appendix B.1.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let plain = Digester::new(None).key("k".into(), "abc").to_value();
        assert_eq!(plain, json!({"id": "k", "sha256": digest}));
        // RFC 4231, test case 2.
        let code = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let keyed = Digester::new(Some("Jefe")).key("k".into(), "what do ya want for nothing?");
        assert_eq!(keyed.to_value(), json!({"id": "k", "hmac_sha256": code}));
    }
}
