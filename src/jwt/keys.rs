//! The keys of an issuer or of a source, found by `kid`.

use core::ops::Deref;

use super::algorithm::Algorithm;
use super::key::Key;

/// Keys in their order. The one of a `kid` is found in a few steps, whether
/// there are two or a thousand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    all: Vec<Key>,
    /// The places of those with a `kid`, in its order and then in theirs.
    by_kid: Vec<usize>,
    /// Of each algorithm the first key's place, and whether it is the only one.
    algorithms: Vec<(Algorithm, usize, bool)>,
}

impl Keys {
    /// The first key with this `kid`.
    pub(super) fn of_kid(&self, kid: &str) -> Option<&Key> {
        let kid_at = |at: usize| self.all.get(at).and_then(|key| key.kid.as_deref());
        let place = self.by_kid.partition_point(|&at| kid_at(at) < Some(kid));
        let key = self.by_kid.get(place).and_then(|&at| self.all.get(at));
        key.filter(|key| key.kid.as_deref() == Some(kid))
    }

    /// The first key for this algorithm, and whether it is the only one.
    pub(super) fn of_algorithm(&self, algorithm: Algorithm) -> Option<(&Key, bool)> {
        let (_, first, only) = self.algorithms.iter().find(|(known, ..)| *known == algorithm)?;
        Some((self.all.get(*first)?, *only))
    }
}

impl From<Vec<Key>> for Keys {
    fn from(all: Vec<Key>) -> Self {
        let kid_at = |at: &usize| all.get(*at).and_then(|key| key.kid.as_deref());
        let mut by_kid: Vec<usize> = (0..all.len()).filter(|at| kid_at(at).is_some()).collect();
        // Stable: of two keys with one kid the first stays the first.
        by_kid.sort_by_key(kid_at);
        let mut algorithms: Vec<(Algorithm, usize, bool)> = Vec::new();
        for (place, key) in all.iter().enumerate() {
            match algorithms.iter_mut().find(|(known, ..)| *known == key.algorithm) {
                Some((.., only)) => *only = false,
                None => algorithms.push((key.algorithm, place, true)),
            }
        }
        Self { all, by_kid, algorithms }
    }
}

impl Deref for Keys {
    type Target = [Key];

    fn deref(&self) -> &[Key] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::testing::{ed25519_jwk, p256_jwk};

    /// A key of either algorithm, with a kid or without.
    fn key((kid, is_ed25519): (Option<&'static str>, bool)) -> Key {
        let mut jwk = if is_ed25519 { ed25519_jwk() } else { p256_jwk() };
        jwk["kid"] = json!(kid);
        if kid.is_none() {
            jwk.as_object_mut().unwrap().remove("kid");
        }
        match Key::from_jwk(jwk.as_object().unwrap()) {
            Ok(key) => key,
            Err(_) => panic!("{jwk}"),
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_search_through_all_finds(
            keys in prop::collection::vec(
                (prop::option::of(prop::sample::select(&["", "a", "ab", "b", "c"][..])), any::<bool>()),
                0..7,
            ),
        ) {
            let all: Vec<Key> = keys.into_iter().map(key).collect();
            let keys = Keys::from(all.clone());
            let same = |a: Option<&Key>, b: Option<&Key>| {
                a.map(|a| (&a.kid, a.algorithm)) == b.map(|b| (&b.kid, b.algorithm))
            };
            for kid in ["", "a", "ab", "b", "c", "d"] {
                let plain = all.iter().find(|key| key.kid.as_deref() == Some(kid));
                prop_assert!(same(keys.of_kid(kid), plain), "{}", kid);
            }
            for (_, algorithm) in Algorithm::ALL {
                let mut fitting = all.iter().filter(|key| key.algorithm == algorithm);
                let (first, second) = (fitting.next(), fitting.next());
                let found = keys.of_algorithm(algorithm);
                prop_assert!(same(found.map(|(key, _)| key), first));
                prop_assert_eq!(found.map(|(_, only)| only), first.map(|_| second.is_none()));
            }
        }
    }
}
