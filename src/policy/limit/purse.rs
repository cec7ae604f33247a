//! Purses: what a worker drew from a large bucket for requests to come.
//!
//! To read and swap a shared page costs more than all else that a known caller
//! costs. Of a large limit a worker therefore draws some requests at once, and
//! lets them in without asking the host. What it drew is used, for all others:
//! a limit is never passed. What it doesn't spend is lost when the window
//! ends, so how much all workers hold together is bounded:
//!
//! The purses of a bucket in a window are numbered from 0 on its page, in the
//! swap that draws for each the first time. The one with number n holds at most
//! `B * S / ((n + S) * (n + S + 1))` requests, where B is a 200th of the limit.
//! That is `B * S * (1 / (n + S) - 1 / (n + S + 1))`, and the sum over all n is
//! B: so however many workers there are, and however often one forgets its
//! purses or begins anew, which costs a number each, at most 0.5 % of a limit
//! is left unspent when it is reached.

use std::num::NonZeroUsize;

use lru::LruCache;

use super::bucket::Bucket;
use super::rate::Window;

/// How many purses a worker keeps; each takes some 80 bytes. Beyond that the
/// least recently used is forgotten, and what it held is lost.
const MOST: usize = 16_384;

/// A limit may be under by one in so many.
const TOLERATED: u64 = 200;

/// The last requests of a limit are drawn in smaller and smaller batches, and
/// the very last one by one: while fewer are left than 20 times what all
/// purses may hold, they hold less.
const LAST: u64 = 10;

/// S: how slowly purses get smaller with their number. Few workers are usual:
/// the first purse may hold a ninth of all, the eighth still a thirtieth.
const SLOWNESS: u64 = 8;

/// How many requests the purse of that number may hold, of a limit of which so
/// many requests are left for everybody.
pub(super) fn most(limit: u32, left: u32, number: u32) -> u32 {
    let all = (u64::from(limit) / TOLERATED).min(u64::from(left) / LAST);
    let number = u64::from(number).saturating_add(SLOWNESS);
    let share = number.saturating_mul(number.saturating_add(1));
    let most = all.saturating_mul(SLOWNESS).checked_div(share).unwrap_or_default();
    u32::try_from(most).unwrap_or_default()
}

/// What a worker drew from one bucket in one window and hasn't spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Purse {
    /// Its number among the purses of the bucket in that window.
    pub(super) number: u32,
    /// The limit that it was drawn under.
    pub(super) limit: u32,
    /// When the window ends, in seconds since the epoch.
    pub(super) end: u32,
    /// What the bucket had counted after the last draw, all that was drawn
    /// among it.
    pub(super) used: u32,
    /// How many requests it holds.
    pub(super) rest: u32,
}

impl Purse {
    /// Whether it can pay for a request at that time. Once its window is over
    /// by the worker's own clock, it can't.
    pub(super) fn pays(&self, window: Window, now: u32) -> bool {
        self.rest > 0 && window.counts(self.end, now)
    }

    /// How much of the limit is used, as far as the worker knows: what it
    /// holds itself isn't, yet.
    pub(super) fn used(&self) -> u32 {
        self.used.saturating_sub(self.rest)
    }
}

/// The purses of one worker, by the ids of their buckets.
#[derive(Debug)]
pub(crate) struct Purses(LruCache<u64, Purse>);

impl Default for Purses {
    fn default() -> Self {
        // Grows as it fills: the bound is a bound, not a reservation.
        let mut purses = LruCache::unbounded();
        if let Some(most) = NonZeroUsize::new(MOST) {
            purses.resize(most);
        }
        Self(purses)
    }
}

impl Purses {
    /// The purse of a bucket, if its limit is still that.
    pub(super) fn find(&mut self, bucket: &Bucket) -> Option<Purse> {
        bucket.holders()?;
        self.0.get(&bucket.id).copied().filter(|purse| purse.limit == bucket.rate.count)
    }

    /// How much of what a bucket counts in that window isn't spent yet, but
    /// held here.
    pub(super) fn held(&self, bucket: &Bucket, end: u32) -> u32 {
        let own = |purse: &&Purse| purse.limit == bucket.rate.count && purse.end == end;
        self.0.peek(&bucket.id).filter(own).map_or(0, |purse| purse.rest)
    }

    /// Keeps what was drawn, instead of what was known of the bucket.
    pub(super) fn keep(&mut self, bucket: &Bucket, purse: Purse) {
        self.0.put(bucket.id, purse);
    }

    /// Pays for one request; what there is after that.
    pub(super) fn spend(&mut self, bucket: &Bucket) -> Option<Purse> {
        let purse = self.0.peek_mut(&bucket.id)?;
        purse.rest = purse.rest.saturating_sub(1);
        Some(*purse)
    }
}

#[cfg(test)]
mod tests;
