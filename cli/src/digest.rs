//! What stands for an API key in documents.

use tenant_guard::KeyHash;

/// The digest of a key in hexadecimal digits, behind the field that documents
/// have it in.
pub(crate) fn digest(hash: &KeyHash, key: &str) -> (&'static str, String) {
    let field = match hash {
        KeyHash::Sha256 => "sha256",
        KeyHash::HmacSha256(_) => "hmac_sha256",
    };
    (field, hash.digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_the_standards() {
        // FIPS 180-2, appendix B.1.
        let plain = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(&KeyHash::Sha256, "abc"), ("sha256", plain.to_owned()));
        // RFC 4231, test case 2.
        let keyed = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let hash = KeyHash::hmac(b"Jefe").unwrap();
        let key = "what do ya want for nothing?";
        assert_eq!(digest(&hash, key), ("hmac_sha256", keyed.to_owned()));
    }
}
