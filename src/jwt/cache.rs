//! Verified tokens, so that a token's signature is verified once.
//!
//! The key is the whole token, so nothing but the very same bytes finds an
//! entry. Only verified tokens are kept: what an attacker invents evicts
//! nobody. What can change with time is checked again at every use.

use core::hash::{BuildHasher, Hasher};
use std::hash::DefaultHasher;
use std::num::NonZeroUsize;
use std::rc::Rc;

use lru::LruCache;

use super::verified::VerifiedToken;

/// A bounded cache; the least recently used go first.
#[derive(Debug)]
pub(crate) struct TokenCache {
    entries: Option<LruCache<Box<[u8]>, Rc<VerifiedToken>, ByEnd>>,
    bytes: usize,
    max_bytes: usize,
}

/// Hashes tokens by their last bytes: those are the signature's, in which all
/// tokens differ, and a hundred bytes cost more than finding the entry does.
/// What is found is compared whole.
#[derive(Debug, Clone, Copy)]
struct ByEnd;

/// How many bytes at the end are hashed.
const HASHED: usize = 32;

impl BuildHasher for ByEnd {
    type Hasher = EndHasher;

    fn build_hasher(&self) -> EndHasher {
        EndHasher(DefaultHasher::new())
    }
}

struct EndHasher(DefaultHasher);

impl Hasher for EndHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes.last_chunk::<HASHED>().map_or(bytes, |end| end));
    }

    fn write_usize(&mut self, length: usize) {
        self.0.write_usize(length);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

/// What an entry takes beyond its token and contents, in bytes.
const OVERHEAD: usize = 128;

impl TokenCache {
    /// A cache of at most that many entries and (roughly) bytes; none of
    /// either is no cache.
    pub(crate) fn new(max_entries: usize, max_bytes: usize) -> Self {
        let entries = NonZeroUsize::new(max_entries).filter(|_| max_bytes > 0);
        Self {
            // Grows as it fills: the bound is a bound, not a reservation.
            entries: entries.map(|most| {
                let mut cache = LruCache::unbounded_with_hasher(ByEnd);
                cache.resize(most);
                cache
            }),
            bytes: 0,
            max_bytes,
        }
    }

    pub(super) fn get(&mut self, token: &[u8]) -> Option<Rc<VerifiedToken>> {
        self.entries.as_mut()?.get(token).cloned()
    }

    pub(crate) fn remove(&mut self, token: &[u8]) {
        if let Some(entries) = &mut self.entries
            && let Some(gone) = entries.pop(token)
        {
            self.bytes = self.bytes.saturating_sub(weight(token, &gone));
        }
    }

    pub(super) fn put(&mut self, token: &[u8], verified: Rc<VerifiedToken>) {
        let Some(entries) = &mut self.entries else {
            return;
        };
        let added = weight(token, &verified);
        if added > self.max_bytes {
            return;
        }
        self.bytes = self.bytes.saturating_add(added);
        if let Some((key, gone)) = entries.push(token.into(), verified) {
            self.bytes = self.bytes.saturating_sub(weight(&key, &gone));
        }
        while self.bytes > self.max_bytes {
            let Some((key, gone)) = entries.pop_lru() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(weight(&key, &gone));
        }
    }

    /// How many tokens it holds.
    pub(crate) fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, LruCache::len)
    }
}

fn weight(token: &[u8], verified: &VerifiedToken) -> usize {
    token.len().saturating_add(verified.bytes()).saturating_add(OVERHEAD)
}
