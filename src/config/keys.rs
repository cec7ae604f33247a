//! `keys` of an issuer: an inline key set, a shared secret, or both.

use serde_json::Value;

use super::node::Node;
use crate::host::Hash;
use crate::json;
use crate::jwt::{Algorithm, JwkError, Key};

/// The keys of an issuer and the algorithms it may use.
#[derive(Default)]
pub(super) struct IssuerKeys {
    pub(super) keys: Vec<Key>,
    pub(super) algorithms: Vec<Algorithm>,
}

/// Reads `keys`, given what `algorithms` says.
pub(super) fn keys(node: Node<'_, '_>, algorithms: Option<&[Algorithm]>) -> Option<IssuerKeys> {
    let object = node.object()?;
    object.not_supported_yet(&["jwks_uri", "discovery"]);
    let set = object.field("jwks", jwks);
    let secrets = object.field("secret", |node| secret(node, algorithms));
    // Keys that couldn't be read were told of already.
    let unread = object.has("jwks") && set.is_none() || object.has("secret") && secrets.is_none();
    let keys: Vec<Key> = set.into_iter().chain(secrets).flatten().collect();
    let has_source = object.count(&["jwks", "secret", "jwks_uri", "discovery"]) > 0;
    object.close();
    if !has_source {
        return node.error("names no keys; give jwks or secret");
    }
    let mut available: Vec<Algorithm> = Vec::new();
    for key in &keys {
        if !available.contains(&key.algorithm) {
            available.push(key.algorithm);
        }
    }
    let Some(asked) = algorithms else {
        return Some(IssuerKeys { keys, algorithms: available });
    };
    for algorithm in asked.iter().filter(|algorithm| !available.contains(algorithm)) {
        if !unread {
            node.context.problems.error(
                node.at,
                format!("has no key for {}, which algorithms names; a key without alg is RS256 (RSA), by its curve (EC) or EdDSA (OKP)", algorithm.name()),
            );
        }
    }
    Some(IssuerKeys { keys, algorithms: asked.to_vec() })
}

/// A key set: an object, or its JSON text.
fn jwks(node: Node<'_, '_>) -> Option<Vec<Key>> {
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
    let Some(members) = set.get("keys").and_then(Value::as_array) else {
        return node.error("must be a key set: an object with a list named keys (RFC 7517 section 5), or its JSON text");
    };
    let mut keys: Vec<Key> = Vec::new();
    let mut sound = true;
    for (index, member) in members.iter().enumerate() {
        let list = node.at.name("keys");
        let at = list.index(index);
        let Some(jwk) = member.as_object() else {
            node.context.problems.error(at, "must be an object");
            sound = false;
            continue;
        };
        let key = match Key::from_jwk(jwk) {
            Ok(key) => key,
            Err(JwkError::NotForUs) => continue,
            Err(JwkError::Bad(problem)) => {
                node.context.problems.error(at, problem);
                sound = false;
                continue;
            }
        };
        if key.kid.is_some() && keys.iter().any(|known| known.kid == key.kid) {
            node.context.problems.error(at, "has the kid of a key before it; a kid names one key");
            sound = false;
            continue;
        }
        keys.push(key);
    }
    if keys.is_empty() && sound {
        return node.error("holds no key that verifies tokens");
    }
    sound.then_some(keys)
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
