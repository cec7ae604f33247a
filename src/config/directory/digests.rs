//! Who claims which digest: very many, in little memory.

use core::hash::BuildHasher;
use std::hash::RandomState;

use hashbrown::HashTable;

/// Digests with all who claim them, each by a number.
#[derive(Debug, Default)]
pub(super) struct DigestHolders {
    claims: Vec<([u8; 32], usize)>,
    /// Places in `claims`, by the digest.
    by_digest: HashTable<usize>,
    hasher: RandomState,
}

impl DigestHolders {
    /// Makes room for so many.
    pub(super) fn reserve(&mut self, digests: usize) {
        self.claims.reserve_exact(digests);
        let (claims, hasher) = (&self.claims, &self.hasher);
        self.by_digest.reserve(digests, |place| hash_of(claims, hasher, *place));
    }

    pub(super) fn add(&mut self, digest: [u8; 32], owner: usize) {
        let (claims, hasher) = (&self.claims, &self.hasher);
        let hash = hasher.hash_one(digest);
        let is_it = |place: &usize| claims.get(*place) == Some(&(digest, owner));
        if self.by_digest.find(hash, is_it).is_some() {
            return;
        }
        let place = claims.len();
        self.by_digest.insert_unique(hash, place, |place| hash_of(claims, hasher, *place));
        self.claims.push((digest, owner));
    }

    /// Whether anybody else than this one claims a digest.
    pub(super) fn are_anothers(&self, digest: &[u8; 32], me: usize) -> bool {
        let is_anothers = |place: &usize| {
            self.claims.get(*place).is_some_and(|(known, owner)| known == digest && *owner != me)
        };
        self.by_digest.find(self.hasher.hash_one(digest), is_anothers).is_some()
    }
}

fn hash_of(claims: &[([u8; 32], usize)], hasher: &RandomState, place: usize) -> u64 {
    claims.get(place).map_or(0, |(digest, _)| hasher.hash_one(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_anothers_where_anybody_else_claims_it() {
        let mut holders = DigestHolders::default();
        let digest = |n: u8| [n; 32];
        holders.add(digest(1), 1);
        holders.add(digest(1), 1);
        assert!(!holders.are_anothers(&digest(1), 1) && holders.are_anothers(&digest(1), 2));
        holders.add(digest(1), 2);
        assert!(holders.are_anothers(&digest(1), 1) && holders.are_anothers(&digest(1), 2));
        assert!(!holders.are_anothers(&digest(2), 1));
    }

    #[test]
    fn none_of_very_many_is_lost() {
        let mut holders = DigestHolders::default();
        let digest = |n: u32| [n.to_le_bytes(); 8].concat().try_into().unwrap();
        for n in 0..10_000 {
            holders.add(digest(n), n as usize);
        }
        assert!((0..10_000).all(|n| holders.are_anothers(&digest(n), usize::MAX)));
        assert!((0..10_000).all(|n| !holders.are_anothers(&digest(n), n as usize)));
    }
}
