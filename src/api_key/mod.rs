//! API keys: found by the digest of what was presented, never compared with a
//! stored secret.

mod hash;
mod recent;
mod rules;
mod table;

pub use hash::KeyHash;
use recent::Place;
pub(crate) use recent::RecentKeys;
pub(crate) use rules::{KeyRules, NewRules, SharedRules};
pub(crate) use table::{KeyEntry, KeyTable, NewKey, OwnerPlace};

use std::rc::Rc;
use std::sync::Arc;

use crate::address::AddressSet;
use crate::denial::{Code, Denial, Level};
use crate::host::Host;
#[cfg(not(target_arch = "wasm32"))]
use crate::host::Timestamp;
use crate::policy::StandingSlot;
use crate::policy::limit::{Account, Limits};
use crate::tenant::{Bound, TenantName};

/// Whose key it is.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) tenant: TenantName,
    pub(crate) client: Arc<str>,
}

/// A configured key that may be used.
#[derive(Debug, Clone)]
pub(crate) struct ApiKey {
    pub(crate) id: Arc<str>,
    /// `None` for a key that is bound to no tenant.
    pub(crate) owner: Option<Owner>,
    pub(crate) bound: Bound,
    pub(crate) scopes: Rc<[String]>,
    pub(crate) roles: Rc<[String]>,
    /// Until when it may be used, to be told.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) expires: Option<Timestamp>,
    /// The only addresses that it may be used from.
    pub(crate) ip: Option<Arc<AddressSet>>,
    pub(crate) limits: Option<Rc<(Account, Limits)>>,
}

/// A key that was presented and may be used. Only [`ApiKeys::verify`] makes
/// one.
#[derive(Debug, Clone)]
pub(crate) struct KnownKey(Rc<PresentedKey>);

/// A key, with what its bearer is in its tenant.
#[derive(Debug)]
struct PresentedKey {
    key: ApiKey,
    standing: StandingSlot,
}

impl KnownKey {
    /// Where its bearer's standing is remembered.
    pub(crate) fn standing(&self) -> &StandingSlot {
        &self.0.standing
    }
}

impl core::ops::Deref for KnownKey {
    type Target = ApiKey;

    fn deref(&self) -> &ApiKey {
        &self.0.key
    }
}

/// All configured keys.
pub(crate) struct ApiKeys {
    hash: KeyHash,
    own: KeyTable,
    /// Those of fetched tenants; a digest is in one of the two only.
    fetched: KeyTable,
    /// The number of the present state.
    state: u64,
}

#[cfg(not(target_arch = "wasm32"))]
impl ApiKeys {
    /// What is told of the key that was presented, where it is configured.
    pub(crate) fn facts(
        &self,
        presented: &[u8],
        complete: bool,
    ) -> Option<crate::explain::KeyFacts> {
        let (_, key) = self.find(presented, complete)?;
        Some(crate::explain::KeyFacts {
            id: key.id().to_owned(),
            tenant: key.owner().map(|owner| owner.tenant.as_str().to_owned()),
            client: key.owner().map(|owner| owner.client.to_string()),
            active: key.is_active(),
            not_before: key.not_before().map(Timestamp::seconds),
            expires: key.expires().map(Timestamp::seconds),
        })
    }
}

/// Without the digests, which are nobody's to see.
impl core::fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let keys = self.own.len().saturating_add(self.fetched.len());
        write!(f, "ApiKeys({:?}, {keys} keys)", self.hash)
    }
}

impl ApiKeys {
    pub(crate) fn new(hash: KeyHash, own: KeyTable) -> Self {
        Self { hash, own, fetched: KeyTable::default(), state: 0 }
    }

    /// How presented keys become digests.
    pub(crate) fn hash(&self) -> &KeyHash {
        &self.hash
    }

    /// Takes over the keys of fetched tenants.
    pub(crate) fn replace_fetched(&mut self, fetched: KeyTable) {
        self.fetched = fetched;
        self.state = self.state.saturating_add(1);
    }

    /// The keys of the document.
    pub(crate) fn own(&self) -> &KeyTable {
        &self.own
    }

    /// The key that was presented, if it may be used now.
    ///
    /// `complete` is whether the keys of fetched tenants hold: those that are
    /// too old don't count.
    ///
    /// The lookup takes the same expected time whether the key exists or not;
    /// digests tell an observer nothing about keys that are near.
    ///
    /// # Errors
    /// `api_key_unknown`, `api_key_inactive`, `api_key_expired`.
    pub(crate) fn verify(
        &self,
        presented: &[u8],
        complete: bool,
        host: &dyn Host,
        recent: &mut RecentKeys,
    ) -> Result<KnownKey, Denial> {
        if presented.is_empty() {
            // Whatever its digest: nothing is no key.
            return Err(Denial::by(Code::ApiKeyUnknown, "empty"));
        }
        let (fetched, key) = self.find(presented, complete).ok_or(Code::ApiKeyUnknown)?;
        let refuse = |code, rule: &'static str| {
            Err(Denial::by(code, format!("{rule} of key {}", key.id())).at(Level::Key))
        };
        if !key.is_active() {
            return refuse(Code::ApiKeyInactive, "active");
        }
        let (not_before, expires) = (key.not_before(), key.expires());
        if not_before.is_some() || expires.is_some() {
            let now = host.now()?;
            if not_before.is_some_and(|not_before| now < not_before) {
                return refuse(Code::ApiKeyInactive, "not_before");
            }
            if expires.is_some_and(|expires| now >= expires) {
                return refuse(Code::ApiKeyExpired, "expires");
            }
        }
        Ok(recent.get(self.state, Place { fetched, number: key.place() }, key))
    }

    /// The key that was presented, and whether it was fetched.
    fn find(&self, presented: &[u8], complete: bool) -> Option<(bool, KeyEntry<'_>)> {
        let digest = self.hash.digest(presented);
        let fetched = || self.fetched.get(&digest).filter(|_| complete).map(|key| (true, key));
        self.own.get(&digest).map(|key| (false, key)).or_else(fetched)
    }
}

#[cfg(test)]
mod tests;
