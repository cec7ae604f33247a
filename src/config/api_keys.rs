//! API keys: the `api_keys` section and the keys of clients.

use core::fmt;
use std::collections::HashSet;
use std::sync::Arc;

use super::limits;
use super::names;
use super::node::Node;
use super::policy::addresses;
use super::shape::{Form, HowMany, Shape};
use super::vocabulary::{held_scope, identifier, role};
use crate::address::AddressSet;
use crate::api_key::KeyHash;
use crate::credential::{Location, Source};
use crate::host::Timestamp;
use crate::policy::limit::Limits;

/// The `api_keys` section as read.
pub(super) struct ApiKeysSpec {
    pub(super) from: Vec<Source>,
    pub(super) hash: KeyHash,
    /// Whether digests are HMACs; `None` where that couldn't be read.
    pub(super) hmac: Option<bool>,
    pub(super) keys: Vec<KeySpec>,
}

impl Default for ApiKeysSpec {
    fn default() -> Self {
        let header = Location::Header("x-api-key".into());
        Self {
            from: vec![Source { location: header, scheme: None }],
            hash: KeyHash::Sha256,
            hmac: Some(false),
            keys: Vec::new(),
        }
    }
}

/// A key as read.
pub(super) struct KeySpec {
    /// As how many-th it stands in its list: its path is only made where a
    /// mistake is told.
    pub(super) index: usize,
    pub(super) id: String,
    pub(super) digest: [u8; 32],
    pub(super) hmac: bool,
    pub(super) scopes: Vec<String>,
    pub(super) roles: Vec<String>,
    pub(super) active: bool,
    pub(super) not_before: Option<Timestamp>,
    pub(super) expires: Option<Timestamp>,
    pub(super) ip: Option<Arc<AddressSet>>,
    pub(super) limits: Option<Limits>,
}

pub(super) fn api_keys(node: Node<'_, '_>) -> Option<ApiKeysSpec> {
    let defaults = ApiKeysSpec::default();
    let Some(object) = node.object("api_keys") else {
        return Some(ApiKeysSpec { hmac: None, ..defaults });
    };
    let hash =
        object.field("hash", |node| node.choice(&[("sha256", false), ("hmac-sha256", true)]));
    let hmac = if object.has("hash") { hash } else { defaults.hmac };
    let pepper = object.field("pepper", |node| {
        let pepper = node.secret()?;
        if pepper.len() < 32 {
            node.warn("is shorter than its hash; 32 bytes or more are good");
        }
        Some(pepper)
    });
    match (hmac, object.has("pepper")) {
        (Some(true), false) => {
            let _: Option<()> =
                node.error("hash hmac-sha256 needs pepper, the secret it is keyed with");
        }
        (Some(false), true) => {
            let _: Option<()> = node.error("pepper goes with hash: hmac-sha256 only");
        }
        _ => {}
    }
    let hash = match pepper {
        Some(pepper) if hmac == Some(true) => KeyHash::hmac(&pepper),
        _ => None,
    };
    let spec = ApiKeysSpec {
        from: object.field("from", names::sources).unwrap_or(defaults.from),
        hash: hash.unwrap_or(defaults.hash),
        hmac,
        keys: object.field("keys", keys).unwrap_or_default(),
    };
    object.close();
    Some(spec)
}

/// A list of keys, each id once.
pub(super) fn keys(node: Node<'_, '_>) -> Option<Vec<KeySpec>> {
    let keys = node.list(key)?;
    match repeated(keys.iter().map(|key| key.id.as_str())) {
        Some(id) => node.error(format!("has the id {id} twice; give each key its own")),
        None => Some(keys),
    }
}

/// Where a key stands.
pub(super) struct KeyPlace<'p> {
    /// The path of its tenant and which of its clients it belongs to; `None` for
    /// one of no tenant.
    pub(super) owner: Option<(&'p str, usize)>,
    pub(super) index: usize,
}

impl fmt::Display for KeyPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.owner {
            Some((tenant, client)) => write!(f, "{tenant}.clients[{client}]")?,
            None => f.write_str("api_keys")?,
        }
        write!(f, ".keys[{}]", self.index)
    }
}

/// Of few ids each is compared with all before it: that is faster.
const FEW: usize = 16;

/// An id that is there twice.
pub(super) fn repeated<'i>(ids: impl Iterator<Item = &'i str> + Clone) -> Option<&'i str> {
    let among = |id: &str, before: usize| ids.clone().take(before).any(|other| other == id);
    let mut first = ids.clone().take(FEW).enumerate();
    if let Some((_, id)) = first.find(|(before, id)| among(id, *before)) {
        return Some(id);
    }
    let mut others = ids.clone().skip(FEW).peekable();
    others.peek()?;
    let mut seen: HashSet<&str> = ids.take(FEW).collect();
    others.find(|id| !seen.insert(*id))
}

fn key(node: Node<'_, '_>) -> Option<KeySpec> {
    let object = node.object("key")?;
    let id = object.required("id", identifier);
    let sha256 = object.field("sha256", digest);
    let hmac = object.field("hmac_sha256", digest);
    let hmac_given = object.has("hmac_sha256");
    let digests = object.count_for(HowMany::ExactlyOne, &["sha256", "hmac_sha256"]);
    let scopes = object.field("scopes", |node| node.list(held_scope)).unwrap_or_default();
    let roles = object.field("roles", |node| node.list(role)).unwrap_or_default();
    let ip = object.field("ip", addresses);
    let limits = object.field("limits", limits::limits);
    let active = object.field("active", |node| node.flag()).unwrap_or(true);
    let not_before = object.field("not_before", |node| node.timestamp());
    let expires = object.field("expires", |node| node.timestamp());
    object.close();
    if let (Some(from), Some(to)) = (not_before, expires)
        && from >= to
    {
        node.context.problems.error(node.at, "expires before it becomes valid");
    }
    if digests != 1 {
        let problem = match digests {
            0 => "needs its digest in sha256, or in hmac_sha256 with api_keys.hash: hmac-sha256",
            _ => "has two digests; keep hmac_sha256 if api_keys.hash is hmac-sha256, else sha256",
        };
        return node.error(problem);
    }
    Some(KeySpec {
        index: node.at.last_index(),
        id: id?,
        digest: sha256.or(hmac)?,
        hmac: hmac_given,
        scopes,
        roles,
        active,
        not_before,
        expires,
        ip,
        limits,
    })
}

/// 64 lower-case hexadecimal digits.
pub(super) fn digest(node: Node<'_, '_>) -> Option<[u8; 32]> {
    node.accepts(|| Shape::Text(Form::Digest))?;
    let text = node.text()?;
    let mut digest = [0u8; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let read = pairs.len() == digest.len()
        && rest.is_empty()
        && digest.iter_mut().zip(pairs).all(|(byte, [high, low])| {
            match (nibble(*high), nibble(*low)) {
                (Some(high), Some(low)) => {
                    *byte = high << 4 | low;
                    true
                }
                _ => false,
            }
        });
    if !read {
        // The text may be the key itself, so it isn't repeated.
        return node.error("must be the key's digest as 64 lower-case hexadecimal digits (`printf %s KEY | sha256sum`)");
    }
    Some(digest)
}

/// The value of a lower-case hexadecimal digit.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit ^ b'0'),
        b'a'..=b'f' => digit.checked_sub(b'a' - 10),
        _ => None,
    }
}
