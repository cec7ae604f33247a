//! Hosts for tests.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;

use super::NOW;
use crate::host::{
    Hash, Host, HostError, Shared, SignatureVerdict, SignatureVerifier, Timestamp, Written,
};

/// A host whose clock stands still until it is set. It verifies no signatures,
/// unless it is told what to say of them, and counts how often it was asked.
pub(crate) struct FixedHost {
    now: Cell<Timestamp>,
    verdict: Result<SignatureVerdict, HostError>,
    pub(crate) asked: Cell<usize>,
    pub(crate) client: Cell<Option<IpAddr>>,
    pub(crate) peer: Cell<Option<IpAddr>>,
    shared: RefCell<HashMap<String, Shared>>,
    /// How many writes of shared values are overtaken from now on.
    pub(crate) overtaken: Cell<usize>,
}

impl FixedHost {
    pub(crate) fn at(seconds: f64) -> Self {
        let now = Cell::new(Timestamp::from_seconds(seconds).unwrap());
        Self {
            now,
            verdict: Ok(SignatureVerdict::Unsupported),
            asked: Cell::default(),
            client: Cell::default(),
            peer: Cell::default(),
            shared: RefCell::default(),
            overtaken: Cell::default(),
        }
    }

    /// At [`NOW`], with this answer to every signature.
    pub(crate) fn saying(verdict: Result<SignatureVerdict, HostError>) -> Self {
        Self { verdict, ..Self::at(NOW) }
    }

    /// With the client at that address.
    pub(crate) fn from(self, address: &str) -> Self {
        self.client.set(Some(address.parse().unwrap()));
        self
    }

    pub(crate) fn set(&self, seconds: f64) {
        self.now.set(Timestamp::from_seconds(seconds).unwrap());
    }

    /// Writes a shared value, whatever is there.
    pub(crate) fn put(&self, name: &str, value: &[u8]) {
        let mut shared = self.shared.borrow_mut();
        let version = shared.get(name).map_or(0, |shared| shared.version) + 1;
        shared.insert(name.into(), Shared { value: value.to_vec(), version });
    }

    /// Changes all shared values whose names end so; gives how many.
    pub(crate) fn alter(&self, ending: &str, change: impl Fn(&mut Vec<u8>)) -> usize {
        let mut shared = self.shared.borrow_mut();
        let found = shared.iter_mut().filter(|(name, _)| name.ends_with(ending));
        found.map(|(_, shared)| change(&mut shared.value)).count()
    }

    /// How many shared values there are, and their size in bytes.
    pub(crate) fn shared_size(&self) -> (usize, usize) {
        let shared = self.shared.borrow();
        (shared.len(), shared.values().map(|shared| shared.value.len()).sum())
    }
}

impl SignatureVerifier for FixedHost {
    fn verify_signature(
        &self,
        _: Hash,
        _: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<SignatureVerdict, HostError> {
        self.asked.set(self.asked.get() + 1);
        self.verdict
    }
}

impl Host for FixedHost {
    fn now(&self) -> Result<Timestamp, HostError> {
        Ok(self.now.get())
    }

    fn client_address(&self) -> Result<Option<IpAddr>, HostError> {
        Ok(self.client.get())
    }

    fn peer_address(&self) -> Result<Option<IpAddr>, HostError> {
        Ok(self.peer.get())
    }

    fn shared(&self, name: &str) -> Result<Option<Shared>, HostError> {
        Ok(self.shared.borrow().get(name).cloned())
    }

    fn share(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError> {
        let mut shared = self.shared.borrow_mut();
        let current = shared.get(name).map(|shared| shared.version);
        let overtaken = self.overtaken.get();
        if overtaken > 0 || current != version {
            self.overtaken.set(overtaken.saturating_sub(1));
            return Ok(Written::Overtaken);
        }
        let version = current.unwrap_or_default() + 1;
        shared.insert(name.into(), Shared { value: value.to_vec(), version });
        Ok(Written::Done)
    }
}

/// A host that fails at some of its calls; the rest answer as at [`NOW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BrokenHost {
    Clock,
    Signatures,
    Addresses,
    Reads,
    Writes,
}

impl BrokenHost {
    fn answer<T>(self, broken: Self, answer: impl FnOnce(FixedHost) -> T) -> Result<T, HostError> {
        if self == broken {
            return Err(HostError { call: "broken", status: 10 });
        }
        Ok(answer(FixedHost::at(NOW)))
    }
}

impl SignatureVerifier for BrokenHost {
    fn verify_signature(
        &self,
        _: Hash,
        _: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<SignatureVerdict, HostError> {
        self.answer(Self::Signatures, |_| SignatureVerdict::Unsupported)
    }
}

impl Host for BrokenHost {
    fn now(&self) -> Result<Timestamp, HostError> {
        self.answer(Self::Clock, |host| host.now.get())
    }

    fn client_address(&self) -> Result<Option<IpAddr>, HostError> {
        self.answer(Self::Addresses, |_| "192.0.2.1".parse().ok())
    }

    fn peer_address(&self) -> Result<Option<IpAddr>, HostError> {
        self.answer(Self::Addresses, |_| "192.0.2.1".parse().ok())
    }

    fn shared(&self, _: &str) -> Result<Option<Shared>, HostError> {
        self.answer(Self::Reads, |_| None)
    }

    fn share(&self, _: &str, _: &[u8], _: Option<u32>) -> Result<Written, HostError> {
        self.answer(Self::Writes, |_| Written::Done)
    }
}

/// A host like a [`FixedHost`], but for what a test does at its calls.
pub(crate) trait WatchedHost {
    /// What answers.
    fn host(&self) -> &FixedHost;

    /// What happens before it is asked for the time (`now`), or for a shared
    /// value (`shared`, and `share` to write one). An error is the answer then.
    fn before(&self, call: &'static str) -> Result<(), HostError>;

    /// Writes a shared value.
    fn write(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError> {
        self.host().share(name, value, version)
    }
}

impl<H: WatchedHost> SignatureVerifier for H {
    fn verify_signature(
        &self,
        hash: Hash,
        key: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Result<SignatureVerdict, HostError> {
        self.host().verify_signature(hash, key, signature, message)
    }
}

impl<H: WatchedHost> Host for H {
    fn now(&self) -> Result<Timestamp, HostError> {
        self.before("now")?;
        self.host().now()
    }

    fn client_address(&self) -> Result<Option<IpAddr>, HostError> {
        self.host().client_address()
    }

    fn peer_address(&self) -> Result<Option<IpAddr>, HostError> {
        self.host().peer_address()
    }

    fn shared(&self, name: &str) -> Result<Option<Shared>, HostError> {
        self.before("shared")?;
        self.host().shared(name)
    }

    fn share(&self, name: &str, value: &[u8], version: Option<u32>) -> Result<Written, HostError> {
        self.before("share")?;
        self.write(name, value, version)
    }
}
