//! Helpers of the core's own tests.

use crate::host::{Hash, Host, HostError, HostVerdict, Timestamp};

/// A host whose clock stands still and that verifies no signatures.
pub(crate) struct FixedHost(Timestamp);

impl FixedHost {
    pub(crate) fn at(seconds: f64) -> Self {
        Self(Timestamp::from_seconds(seconds).unwrap())
    }
}

impl Host for FixedHost {
    fn now(&self) -> Result<Timestamp, HostError> {
        Ok(self.0)
    }

    fn verify_signature(
        &self,
        _: Hash,
        _: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<HostVerdict, HostError> {
        Ok(HostVerdict::Unsupported)
    }
}
