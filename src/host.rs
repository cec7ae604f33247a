//! What the core needs from the proxy that runs it.
//!
//! The core does no I/O and reads no clock: whatever it needs from outside
//! comes through [`Host`], so that the plugin, the tests and other tools all
//! run the same decision.

use std::net::IpAddr;

/// A call to the host failed. The request that needed it is refused with
/// `guard_unavailable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostError {
    /// The host's own name of the call, or what of the guard's own was busy;
    /// for the log.
    pub call: &'static str,
    /// The host's status code (proxy-wasm ABI 0.2.1); 0 where the host said
    /// "ok" to what can't be used, or wasn't asked.
    pub status: u32,
}

/// A point in time, in seconds since 1970-01-01T00:00:00Z, with a fraction
/// (RFC 7519 calls it NumericDate).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Timestamp(f64);

impl Timestamp {
    /// The latest time that a configuration or token may name:
    /// 9999-12-31T23:59:59Z. Beyond it lie milliseconds taken for seconds.
    pub const LATEST: f64 = 253_402_300_799.0;

    /// From seconds; `None` for what is no time (not finite, or past
    /// [`Timestamp::LATEST`]).
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        (seconds.is_finite() && seconds <= Self::LATEST).then_some(Self(seconds))
    }

    /// From nanoseconds, as proxies tell the time.
    pub fn from_nanoseconds(nanoseconds: u64) -> Self {
        // Whole and fraction apart, so that no precision is lost to the size.
        let seconds = nanoseconds / 1_000_000_000;
        let rest = nanoseconds % 1_000_000_000;
        Self(seconds as f64 + rest as f64 / 1e9)
    }

    /// Seconds since the epoch.
    pub fn seconds(self) -> f64 {
        self.0
    }

    /// Nanoseconds since the epoch, as exact as seconds with a fraction are.
    pub fn nanoseconds(self) -> u64 {
        // Past what fits, the nearest is as good as any.
        (self.0 * 1e9) as u64
    }

    /// This time, `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: f64) -> Self {
        Self(self.0 + seconds)
    }
}

/// A hash function of a signature, by the name the host gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The name used on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The length of a digest, in bytes.
    pub fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// Whether a signature is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureVerdict {
    /// It is.
    Valid,
    /// It isn't.
    Invalid,
    /// Whoever was asked doesn't verify such signatures.
    Unsupported,
}

/// A value that all workers of a proxy share, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The value.
    pub value: Vec<u8>,
    /// Its version: the host gives each change another.
    pub version: u32,
}

/// Whether a shared value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It was.
    Done,
    /// It wasn't: another worker was faster.
    Overtaken,
}

/// Who may verify signatures instead of the core, and faster.
pub trait SignatureVerifier {
    /// Verifies an RSASSA-PKCS1-v1_5 or ECDSA signature.
    ///
    /// `key` is a DER SubjectPublicKeyInfo, `signature` is as the key's type
    /// has it (ECDSA: a DER sequence of r and s).
    ///
    /// # Errors
    /// When the host can do it but didn't.
    fn verify_signature(
        &self,
        hash: Hash,
        key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Result<SignatureVerdict, HostError>;
}

/// The proxy, as the core sees it.
pub trait Host: SignatureVerifier {
    /// The current time.
    ///
    /// # Errors
    /// When the host doesn't tell.
    fn now(&self) -> Result<Timestamp, HostError>;

    /// A time that isn't earlier than when the current request began: the one
    /// that it asked for last, where that is known, and else the current one.
    ///
    /// # Errors
    /// When the host doesn't tell.
    fn recent(&self) -> Result<Timestamp, HostError> {
        self.now()
    }

    /// The client's address as the proxy sees it; `None` where that is no IP
    /// address.
    ///
    /// # Errors
    /// When the host doesn't tell.
    fn client_address(&self) -> Result<Option<IpAddr>, HostError>;

    /// The address that the connection really comes from; `None` where the
    /// proxy wasn't told to keep it.
    ///
    /// # Errors
    /// When the host doesn't tell.
    fn peer_address(&self) -> Result<Option<IpAddr>, HostError>;

    /// A value that all workers share; `None` where there is none.
    ///
    /// # Errors
    /// When the host doesn't tell.
    fn shared(&self, name: &str) -> Result<Option<Shared>, HostError>;

    /// Writes a shared value, if it still has the version that it was read
    /// with; with `None`, if there still is none.
    ///
    /// # Errors
    /// When the host can't write it.
    fn share(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError>;
}
