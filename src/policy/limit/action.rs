//! Actions: kinds of requests that have limits of their own.

use sha2::{Digest, Sha256};

/// The `action` of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    name: String,
    seed: u64,
}

impl Action {
    /// From its name: up to 64 letters, digits and `._:-`, since response
    /// headers carry it. `None` for anything else.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        if !(1..=64).contains(&name.len()) || !name.bytes().all(is_plain) {
            return None;
        }
        let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
        let seed = u64::from_le_bytes(*digest.first_chunk().unwrap_or(&[0; 8]));
        Some(Self { name: name.to_owned(), seed })
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What tells its buckets from those of others.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }
}
