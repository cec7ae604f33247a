//! API keys: found by the digest of what was presented, never compared with a
//! stored secret.

use std::collections::HashMap;
use std::sync::Arc;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::address::AddressSet;
use crate::denial::{Code, Denial, Level};
use crate::host::{Host, Timestamp};
use crate::policy::limit::{Account, Limits};
use crate::tenant::{Bound, TenantName};

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

    /// Whether a digest is that of nothing, or of a line without a key on it:
    /// what a shell makes of a variable that isn't set.
    pub(crate) fn is_of_nothing(&self, digest: &[u8; 32]) -> bool {
        [&b""[..], b"\n", b"\r\n"].iter().any(|nothing| self.digest(nothing) == *digest)
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

/// Whose key it is.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) tenant: TenantName,
    pub(crate) client: Arc<str>,
}

/// A configured key.
#[derive(Debug, Clone)]
pub(crate) struct ApiKey {
    pub(crate) id: Arc<str>,
    /// `None` for a key that is bound to no tenant.
    pub(crate) owner: Option<Owner>,
    pub(crate) bound: Bound,
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) active: bool,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) expires: Option<Timestamp>,
    /// The only addresses that it may be used from.
    pub(crate) ip: Option<Arc<AddressSet>>,
    pub(crate) limits: Option<Box<(Account, Limits)>>,
}

/// A key that was presented and may be used. Only [`ApiKeys::verify`] makes
/// one.
#[derive(Debug, Clone)]
pub(crate) struct KnownKey(Arc<ApiKey>);

impl core::ops::Deref for KnownKey {
    type Target = ApiKey;

    fn deref(&self) -> &ApiKey {
        &self.0
    }
}

/// All configured keys.
pub(crate) struct ApiKeys {
    hash: KeyHash,
    by_digest: KeysByDigest,
    /// Those of fetched tenants; a digest is in one of the two only.
    fetched: KeysByDigest,
}

/// Keys by the digest of what is presented.
pub(crate) type KeysByDigest = HashMap<[u8; 32], Arc<ApiKey>>;

#[cfg(not(target_arch = "wasm32"))]
impl ApiKeys {
    /// What is told of the key that was presented, where it is configured.
    pub(crate) fn facts(
        &self,
        presented: &[u8],
        complete: bool,
    ) -> Option<crate::explain::KeyFacts> {
        let key = self.find(presented, complete)?;
        Some(crate::explain::KeyFacts {
            id: key.id.to_string(),
            tenant: key.bound.one().map(|name| name.as_str().to_owned()),
            client: key.owner.as_ref().map(|owner| owner.client.to_string()),
            active: key.active,
            not_before: key.not_before.map(Timestamp::seconds),
            expires: key.expires.map(Timestamp::seconds),
        })
    }
}

/// Without the digests, which are nobody's to see.
impl core::fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let keys = self.by_digest.len().saturating_add(self.fetched.len());
        write!(f, "ApiKeys({:?}, {keys} keys)", self.hash)
    }
}

impl ApiKeys {
    pub(crate) fn new(hash: KeyHash) -> Self {
        Self { hash, by_digest: HashMap::new(), fetched: HashMap::new() }
    }

    /// How presented keys become digests.
    pub(crate) fn hash(&self) -> &KeyHash {
        &self.hash
    }

    /// Takes over the keys of fetched tenants.
    pub(crate) fn replace_fetched(&mut self, fetched: KeysByDigest) {
        self.fetched = fetched;
    }

    /// The key of the document that has a digest.
    pub(crate) fn own(&self, digest: &[u8; 32]) -> Option<&ApiKey> {
        self.by_digest.get(digest).map(|key| &**key)
    }

    /// Adds a key; gives back the one that has the same digest already.
    pub(crate) fn insert(&mut self, digest: [u8; 32], key: ApiKey) -> Option<Arc<ApiKey>> {
        if let Some(known) = self.by_digest.get(&digest) {
            return Some(Arc::clone(known));
        }
        self.by_digest.insert(digest, Arc::new(key));
        None
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
    ) -> Result<KnownKey, Denial> {
        if presented.is_empty() {
            // Whatever its digest: nothing is no key.
            return Err(Denial::by(Code::ApiKeyUnknown, "empty"));
        }
        let key = self.find(presented, complete).ok_or(Code::ApiKeyUnknown)?;
        let refuse = |code, rule: &'static str| {
            Err(Denial::by(code, format!("{rule} of key {}", key.id)).at(Level::Key))
        };
        if !key.active {
            return refuse(Code::ApiKeyInactive, "active");
        }
        if key.not_before.is_some() || key.expires.is_some() {
            let now = host.now()?;
            if key.not_before.is_some_and(|not_before| now < not_before) {
                return refuse(Code::ApiKeyInactive, "not_before");
            }
            if key.expires.is_some_and(|expires| now >= expires) {
                return refuse(Code::ApiKeyExpired, "expires");
            }
        }
        Ok(KnownKey(Arc::clone(key)))
    }

    fn find(&self, presented: &[u8], complete: bool) -> Option<&Arc<ApiKey>> {
        let digest = self.hash.digest(presented);
        let fetched = || self.fetched.get(&digest).filter(|_| complete);
        self.by_digest.get(&digest).or_else(fetched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FixedHost;

    fn key(id: &str) -> ApiKey {
        ApiKey {
            id: id.into(),
            owner: None,
            bound: Bound::Nothing,
            scopes: Vec::new(),
            roles: Vec::new(),
            active: true,
            not_before: None,
            expires: None,
            ip: None,
            limits: None,
        }
    }

    fn code(keys: &ApiKeys, presented: &str, now: f64) -> Result<String, Code> {
        keys.verify(presented.as_bytes(), true, &FixedHost::at(now))
            .map(|key| key.id.to_string())
            .map_err(|denial| denial.code)
    }

    #[test]
    fn a_key_is_found_by_its_digest_only() {
        let mut keys = ApiKeys::new(KeyHash::Sha256);
        keys.insert(Sha256::digest(b"secret").into(), key("k"));
        assert_eq!(code(&keys, "secret", 0.0), Ok("k".into()));
        // Nothing is no key, whatever is configured.
        keys.insert(Sha256::digest(b"").into(), key("empty"));
        for wrong in ["", "Secret", "secret ", "secre", "secret\0"] {
            assert_eq!(code(&keys, wrong, 0.0), Err(Code::ApiKeyUnknown), "{wrong:?}");
        }
    }

    #[test]
    fn a_pepper_changes_every_digest() {
        let peppered = KeyHash::hmac(b"pepper").unwrap();
        let mut keys = ApiKeys::new(peppered.clone());
        keys.insert(peppered.digest(b"secret"), key("k"));
        assert_eq!(code(&keys, "secret", 0.0), Ok("k".into()));
        // RFC 4231's function, by another implementation's figures.
        assert_eq!(
            KeyHash::hmac(b"Jefe").unwrap().digest(b"what do ya want for nothing?")[..4],
            [0x5b, 0xdc, 0xc1, 0x46]
        );
        assert_ne!(peppered.digest(b"secret"), KeyHash::Sha256.digest(b"secret"));
    }

    #[test]
    fn state_and_dates_hold_to_the_second() {
        let mut keys = ApiKeys::new(KeyHash::Sha256);
        let at = Timestamp::from_seconds;
        let dated = ApiKey { not_before: at(100.0), expires: at(200.0), ..key("dated") };
        keys.insert(Sha256::digest(b"dated").into(), dated);
        keys.insert(Sha256::digest(b"off").into(), ApiKey { active: false, ..key("off") });
        assert_eq!(code(&keys, "dated", 99.9), Err(Code::ApiKeyInactive));
        assert_eq!(code(&keys, "dated", 100.0), Ok("dated".into()));
        assert_eq!(code(&keys, "dated", 199.9), Ok("dated".into()));
        assert_eq!(code(&keys, "dated", 200.0), Err(Code::ApiKeyExpired));
        assert_eq!(code(&keys, "off", 0.0), Err(Code::ApiKeyInactive));
    }

    #[test]
    fn one_digest_is_one_key() {
        let mut keys = ApiKeys::new(KeyHash::Sha256);
        let digest = Sha256::digest(b"x").into();
        assert!(keys.insert(digest, key("a")).is_none());
        assert_eq!(&*keys.insert(digest, key("b")).unwrap().id, "a");
        assert_eq!(code(&keys, "x", 0.0), Ok("a".into()));
    }
}
