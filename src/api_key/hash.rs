//! How keys become digests.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// How keys become the digests that stand for them in documents.
#[derive(Clone)]
pub enum KeyHash {
    /// SHA-256: for keys that are random enough not to be guessed.
    Sha256,
    /// HMAC-SHA-256 with a pepper, so that a leaked document is no help in
    /// guessing.
    HmacSha256(Hmac<Sha256>),
}

/// The pepper is a secret.
impl core::fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Sha256 => "Sha256",
            Self::HmacSha256(_) => "HmacSha256",
        })
    }
}

impl KeyHash {
    /// HMAC with that pepper; `None` where it can't be a key of HMAC.
    pub fn hmac(pepper: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(pepper).ok().map(Self::HmacSha256)
    }

    /// The digests of nothing, and of a line without a key on it: what a shell
    /// makes of a variable that isn't set.
    pub(crate) fn of_nothing(&self) -> [[u8; 32]; 3] {
        [&b""[..], b"\n", b"\r\n"].map(|nothing| self.digest(nothing))
    }

    /// The digest of a key.
    pub fn digest(&self, key: &[u8]) -> [u8; 32] {
        match self {
            Self::Sha256 => Sha256::digest(key).into(),
            Self::HmacSha256(keyed) => {
                let mut keyed = keyed.clone();
                keyed.update(key);
                keyed.finalize().into_bytes().into()
            }
        }
    }
}
