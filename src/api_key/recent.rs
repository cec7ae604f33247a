//! Keys that were presented lately, as requests answer to them.

use std::num::NonZeroUsize;
use std::rc::Rc;

use lru::LruCache;

use super::{KeyEntry, KnownKey, PresentedKey};

/// How many are remembered. With what their bearers answer to each takes up to
/// about 1.5 KiB.
const MOST: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// Keys that were presented lately. Whether one may still be used is asked
/// anew at every use.
#[derive(Debug)]
pub(crate) struct RecentKeys {
    /// The state of all keys that they are of.
    state: u64,
    keys: LruCache<Place, KnownKey>,
}

/// Where a key stands: in which of the two tables, and as how many-th.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) fetched: bool,
    pub(super) number: usize,
}

impl Default for RecentKeys {
    fn default() -> Self {
        // Grows as it fills.
        let mut keys = LruCache::unbounded();
        keys.resize(MOST);
        Self { state: 0, keys }
    }
}

impl RecentKeys {
    /// The key that stands there, made only where it isn't remembered.
    pub(super) fn get(&mut self, state: u64, place: Place, entry: KeyEntry<'_>) -> KnownKey {
        if self.state != state {
            // What stands there is another key by now.
            self.keys.clear();
            self.state = state;
        }
        let make = || {
            let (key, standing) = (entry.to_key(), Default::default());
            KnownKey(Rc::new(PresentedKey { key, standing }))
        };
        self.keys.get_or_insert(place, make).clone()
    }
}
