//! Verified tokens, so that a token's signature is verified once.
//!
//! What is found is compared whole, so nothing but the very same bytes finds an
//! entry. Only verified tokens are kept: what an attacker invents evicts
//! nobody. What can change with time is checked again at every use.

use std::num::NonZeroUsize;
use std::rc::Rc;

use lru::LruCache;

use super::verified::VerifiedToken;

/// A bounded cache; the least recently used go first.
#[derive(Debug)]
pub(crate) struct TokenCache {
    entries: Option<LruCache<End, Entry>>,
    bytes: usize,
    max_bytes: usize,
}

/// What entries are found by: a token's last bytes. Those are its signature's,
/// in which all tokens differ, and hashing all of it costs more than finding
/// the entry does.
type End = [u8; 32];

fn end(token: &[u8]) -> Option<End> {
    token.last_chunk().copied()
}

#[derive(Debug)]
struct Entry {
    token: Box<[u8]>,
    verified: Rc<VerifiedToken>,
    /// As it was counted when it came.
    weight: usize,
}

/// Whether two tokens are the same, eight bytes at a time: wasm compares
/// memory byte by byte.
fn same(mine: &[u8], other: &[u8]) -> bool {
    let (mine, mine_rest) = mine.as_chunks::<8>();
    let (other, other_rest) = other.as_chunks::<8>();
    mine.len() == other.len()
        && mine_rest == other_rest
        && mine.iter().zip(other).all(|(a, b)| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b))
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
                let mut cache = LruCache::unbounded();
                cache.resize(most);
                cache
            }),
            bytes: 0,
            max_bytes,
        }
    }

    pub(super) fn get(&mut self, token: &[u8]) -> Option<Rc<VerifiedToken>> {
        let entry = self.entries.as_mut()?.get(&end(token)?)?;
        same(&entry.token, token).then(|| Rc::clone(&entry.verified))
    }

    pub(crate) fn remove(&mut self, token: &[u8]) {
        if let (Some(entries), Some(end)) = (&mut self.entries, end(token))
            && entries.peek(&end).is_some_and(|entry| same(&entry.token, token))
            && let Some(gone) = entries.pop(&end)
        {
            self.bytes = self.bytes.saturating_sub(gone.weight);
        }
    }

    pub(super) fn put(&mut self, token: &[u8], verified: Rc<VerifiedToken>) {
        let (Some(entries), Some(end)) = (&mut self.entries, end(token)) else {
            return;
        };
        let added = weight(token, &verified);
        if added > self.max_bytes {
            return;
        }
        self.bytes = self.bytes.saturating_add(added);
        if let Some((_, gone)) =
            entries.push(end, Entry { token: token.into(), verified, weight: added })
        {
            self.bytes = self.bytes.saturating_sub(gone.weight);
        }
        while self.bytes > self.max_bytes {
            let Some((_, gone)) = entries.pop_lru() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(gone.weight);
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
