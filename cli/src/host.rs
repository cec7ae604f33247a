//! A host without a proxy: a clock that stands still, and nothing counted
//! before.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;

use p521::ecdsa::signature::Verifier;
use p521::ecdsa::{Signature, VerifyingKey};
use p521::pkcs8::DecodePublicKey;
use tenant_guard::{
    Hash, Host, HostError, Shared, SignatureVerdict, SignatureVerifier, Timestamp, Written,
};

/// A host that knows what the command was told.
pub(crate) struct OfflineHost {
    now: Timestamp,
    client: Option<IpAddr>,
    peer: Option<IpAddr>,
    shared: RefCell<HashMap<String, Shared>>,
}

impl OfflineHost {
    /// At a time, with the client and the connection at those addresses.
    pub(crate) fn new(now: Timestamp, client: Option<IpAddr>, peer: Option<IpAddr>) -> Self {
        Self { now, client, peer, shared: RefCell::default() }
    }

    /// Writes a shared value, whatever is there.
    pub(crate) fn put(&self, name: &str, value: &[u8]) {
        let mut shared = self.shared.borrow_mut();
        let version = shared.get(name).map_or(0, |shared| shared.version).saturating_add(1);
        shared.insert(name.into(), Shared { value: value.to_vec(), version });
    }
}

impl SignatureVerifier for OfflineHost {
    /// ES512, which Envoy verifies and the core alone doesn't; the rest the
    /// core verifies by itself.
    fn verify_signature(
        &self,
        hash: Hash,
        key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Result<SignatureVerdict, HostError> {
        if hash != Hash::Sha512 {
            return Ok(SignatureVerdict::Unsupported);
        }
        let Ok(key) = p521::PublicKey::from_public_key_der(key) else {
            return Ok(SignatureVerdict::Unsupported);
        };
        let key = VerifyingKey::from_affine(*key.as_affine());
        let verified = key.and_then(|key| key.verify(message, &Signature::from_der(signature)?));
        Ok(if verified.is_ok() { SignatureVerdict::Valid } else { SignatureVerdict::Invalid })
    }
}

impl Host for OfflineHost {
    fn now(&self) -> Result<Timestamp, HostError> {
        Ok(self.now)
    }

    fn client_address(&self) -> Result<Option<IpAddr>, HostError> {
        Ok(self.client)
    }

    fn peer_address(&self) -> Result<Option<IpAddr>, HostError> {
        Ok(self.peer)
    }

    fn shared(&self, name: &str) -> Result<Option<Shared>, HostError> {
        Ok(self.shared.borrow().get(name).cloned())
    }

    fn share(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError> {
        let known = self.shared.borrow().get(name).map(|shared| shared.version);
        if known != version {
            return Ok(Written::Overtaken);
        }
        self.put(name, value);
        Ok(Written::Done)
    }
}
