//! `keys` of an issuer: a key set, inline or where it lives, and a shared
//! secret.

use serde_json::Value;

use super::node::Node;
use super::remote;
use super::shape::{Form, HowMany, Shape};
use crate::host::Hash;
use crate::json;
use crate::jwt::{Algorithm, IssuerName, Key, KeySet};
use crate::remote::Source;

/// The keys of an issuer and the algorithms it may use.
#[derive(Default)]
pub(super) struct IssuerKeys {
    pub(super) keys: Vec<Key>,
    pub(super) secrets: Vec<Key>,
    /// `None`: those of the keys.
    pub(super) algorithms: Option<Vec<Algorithm>>,
    pub(super) source: Option<Source>,
}

/// Reads `keys`, given what `algorithms` and `issuer` say.
pub(super) fn keys(
    node: Node<'_, '_>,
    algorithms: Option<Vec<Algorithm>>,
    issuer: Option<&IssuerName>,
) -> Option<IssuerKeys> {
    let object = node.object("issuer_keys")?;
    let set = object.field("jwks", jwks);
    let secrets = object.field("secret", |node| secret(node, algorithms.as_deref()));
    let uri = object.field("jwks_uri", remote::jwks_uri);
    let discovery = object.field("discovery", |node| remote::discovery(node, issuer));
    // Keys that couldn't be read were told of already.
    let unread = object.has("jwks") && set.is_none() || object.has("secret") && secrets.is_none();
    let is_remote = object.count_for(HowMany::AtMostOne, &["jwks_uri", "discovery"]);
    let all = ["jwks", "secret", "jwks_uri", "discovery"];
    let has_source = object.count_for(HowMany::AtLeastOne, &all) > 0;
    object.close();
    if !has_source {
        return node.error("names no keys; give jwks, jwks_uri, discovery or secret");
    }
    if is_remote > 1 {
        return node.error("must have jwks_uri or discovery, not both");
    }
    let keys = IssuerKeys {
        keys: set.unwrap_or_default(),
        secrets: secrets.unwrap_or_default(),
        algorithms,
        source: uri.or(discovery),
    };
    let missing = keys.algorithms.iter().flatten().filter(|algorithm| {
        let known = || keys.keys.iter().any(|key| key.algorithm == **algorithm);
        let secret = || keys.secrets.iter().any(|key| key.algorithm == **algorithm);
        if algorithm.is_hmac() { !secret() } else { is_remote == 0 && !known() }
    });
    for algorithm in missing.filter(|_| !unread) {
        node.context.problems.error(
            node.at,
            format!("has no key for {}, which algorithms names; a key without alg is RS256 (RSA), by its curve (EC) or EdDSA (OKP)", algorithm.name()),
        );
    }
    Some(keys)
}

/// A key set: an object, or its JSON text.
fn jwks(node: Node<'_, '_>) -> Option<Vec<Key>> {
    node.also(|| Shape::Text(Form::Json));
    node.accepts(|| Shape::KeySet)?;
    let parsed;
    let set = match node.value {
        Value::String(text) => {
            parsed = match json::parse(text.as_bytes()) {
                Ok(value) => value,
                Err(_) => return node.error("is no JSON text of a key set with unique names"),
            };
            &parsed
        }
        value => value,
    };
    let Some(set) = KeySet::read(set) else {
        return node.error("must be a key set: an object with a list named keys (RFC 7517 section 5), or its JSON text");
    };
    for (index, problem) in &set.bad {
        node.context.problems.error(node.at.name("keys").index(*index), *problem);
    }
    if set.keys.is_empty() && set.bad.is_empty() {
        return node.error("holds no key that verifies tokens");
    }
    set.bad.is_empty().then_some(set.keys)
}

/// A shared secret, as one key for each HMAC algorithm that it is long enough
/// for (RFC 7518 section 3.2).
fn secret(node: Node<'_, '_>, algorithms: Option<&[Algorithm]>) -> Option<Vec<Key>> {
    let secret = node.secret()?;
    let asked: Vec<Hash> = algorithms
        .unwrap_or_default()
        .iter()
        .filter_map(|algorithm| match algorithm {
            Algorithm::Hs(hash) => Some(*hash),
            _ => None,
        })
        .collect();
    if algorithms.is_some() && asked.is_empty() {
        node.warn("is never used: algorithms names no HS256, HS384 or HS512");
    }
    let all = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
    let mut hashes: Vec<Hash> = if asked.is_empty() {
        all.into_iter().filter(|hash| secret.len() >= hash.length()).collect()
    } else {
        asked
    };
    if hashes.is_empty() {
        hashes.push(Hash::Sha256);
    }
    for hash in &hashes {
        if secret.len() < hash.length() {
            let problem = format!(
                "is shorter than its hash: HS{} needs at least {} bytes; make one with `openssl rand -base64 {}`",
                hash.length().saturating_mul(8),
                hash.length(),
                hash.length()
            );
            if !node.context.development {
                return node.error(problem);
            }
            node.warn(problem);
        }
    }
    Some(hashes.into_iter().map(|hash| Key::secret(Algorithm::Hs(hash), &secret)).collect())
}
