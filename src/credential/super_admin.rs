//! The super admin's key, which decides alone wherever it is presented.

use super::{Credential, Mode, Presented, Source, Sources};
use crate::api_key::KeyHash;
use crate::denial::{Code, Denial};
use crate::request::{Headers, Target};

/// The `super_admin` section.
pub(crate) struct SuperAdmin {
    sources: Sources,
    digest: [u8; 32],
}

/// Without the digest, which is nobody's to see.
impl core::fmt::Debug for SuperAdmin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SuperAdmin({:?})", self.sources)
    }
}

impl SuperAdmin {
    /// A key by its SHA-256 digest, read from these places.
    pub(crate) fn new(from: Vec<Source>, digest: [u8; 32]) -> Self {
        Self { sources: Sources::new(Vec::new(), from), digest }
    }

    /// Whether its key has this digest.
    pub(crate) fn is_of(&self, digest: &[u8; 32]) -> bool {
        self.digest == *digest
    }

    /// Where it is read.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What a request presents as the super admin's key.
    ///
    /// # Errors
    /// `credentials_ambiguous` where it is there twice.
    pub(super) fn presented<'r>(
        &self,
        headers: &Headers<'r>,
        target: &Target<'r>,
    ) -> Result<Option<Credential<'r>>, Denial> {
        match self.sources.collect(Mode::ApiKey, headers, target) {
            Ok(Presented::ApiKey(key)) => Ok(Some(key)),
            Ok(_) => Ok(None),
            // Another scheme in its header stands where its key does, and is
            // none: like any other wrong key it is counted as a failure.
            Err(denial) if denial.code == Code::TokenMalformed => Ok(Some(Credential::default())),
            Err(denial) => Err(denial),
        }
    }

    /// Checks a key.
    ///
    /// # Errors
    /// `api_key_unknown` where it is another.
    pub(crate) fn verify(&self, key: &[u8]) -> Result<(), Denial> {
        // How long two digests take to differ tells nothing about the key.
        if !key.is_empty() && KeyHash::Sha256.digest(key) == self.digest {
            return Ok(());
        }
        Err(Denial::by(Code::ApiKeyUnknown, "super_admin"))
    }
}
