//! API keys: the `api_keys` section and the keys of clients.

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
    /// Where it stands.
    pub(super) path: String,
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

/// An id that is there twice.
pub(super) fn repeated<'i>(mut ids: impl Iterator<Item = &'i str>) -> Option<&'i str> {
    let mut seen = HashSet::new();
    ids.find(|id| !seen.insert(*id))
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
        path: node.at.to_string(),
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
    let pairs = text.as_bytes().chunks(2);
    let lower = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    if text.len() != 64 || !lower {
        // The text may be the key itself, so it isn't repeated.
        return node.error("must be the key's digest as 64 lower-case hexadecimal digits (`printf %s KEY | sha256sum`)");
    }
    for (byte, pair) in digest.iter_mut().zip(pairs) {
        *byte = crate::request::escape::byte(pair.first().copied(), pair.get(1).copied())?;
    }
    Some(digest)
}
