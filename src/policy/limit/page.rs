//! Pages: the shared values that buckets are kept in.
//!
//! A page holds the buckets that count at the moment: those whose window is
//! over are dropped when it is written. Each is 16 bytes, little-endian: id,
//! end of the window in seconds since the epoch, count. Behind them all is a
//! checksum, so that what isn't a page isn't taken for one without counts.

use super::bucket::{Bucket, crowd_of};
use super::purse::{self, Purse};

/// How many buckets of one crowd a page holds at most.
pub(super) const CROWDED: usize = 24;

/// How many buckets of all crowds a page holds at most.
pub(super) const ALL_CROWDED: usize = 240;

const SIZE: usize = 16;

/// No window ends later than this from now, in seconds: not even by the clock
/// of another worker that is in the next day already.
const LATEST: u32 = 2 * 86_400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    id: u64,
    end: u32,
    count: u32,
}

impl Entry {
    /// Whether it may still count. What ends too late was counted by a clock
    /// that was wrong, and would take its place for as long.
    fn counts(&self, now: u32) -> bool {
        self.end > now && self.end.saturating_sub(now) <= LATEST
    }
}

/// Where a bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// The bucket that counts: its own, or the shared one.
    id: u64,
    /// When its window ends, in seconds since the epoch.
    pub(super) end: u32,
    pub(super) used: u32,
}

impl Standing {
    /// Where a bucket stands that a purse paid for.
    pub(super) fn paid(bucket: &Bucket, purse: &Purse) -> Self {
        Self { id: bucket.id, end: purse.end, used: purse.used() }
    }
}

/// What a request was charged to a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Charged {
    /// Where the bucket stands with it.
    pub(super) standing: Standing,
    /// What was drawn with it for requests to come, and held before.
    pub(super) purse: Option<Purse>,
}

/// The buckets of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page(Vec<Entry>);

impl Page {
    /// Reads a page; `None` where it is none.
    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let entry = |bytes: &[u8]| {
            let (id, rest) = bytes.split_first_chunk()?;
            let (end, rest) = rest.split_first_chunk()?;
            let (count, _) = rest.split_first_chunk()?;
            Some(Entry {
                id: u64::from_le_bytes(*id),
                end: u32::from_le_bytes(*end),
                count: u32::from_le_bytes(*count),
            })
        };
        let (entries, sum) = value.split_last_chunk()?;
        let whole = entries.chunks_exact(SIZE);
        if *sum != checksum(entries) || !whole.remainder().is_empty() {
            return None;
        }
        whole.map(entry).collect::<Option<_>>().map(Self)
    }

    /// The page as it is kept, without the buckets whose window is over.
    pub(super) fn encode(&self, now: u32) -> Vec<u8> {
        let size = self.0.len().saturating_add(1).saturating_mul(SIZE);
        let mut value = Vec::with_capacity(size);
        for entry in self.0.iter().filter(|entry| entry.counts(now)) {
            value.extend(entry.id.to_le_bytes());
            value.extend(entry.end.to_le_bytes());
            value.extend(entry.count.to_le_bytes());
        }
        value.extend(checksum(&value));
        value
    }

    /// Where a bucket stands.
    pub(super) fn standing(&self, bucket: &Bucket, now: u32) -> Standing {
        let own = || Standing { id: bucket.id, end: bucket.rate.window.end(now), used: 0 };
        if let Some(standing) = self.find(bucket.id, bucket, now) {
            return standing;
        }
        let Some(overflow) = bucket.overflow else {
            return own();
        };
        let shared = self.find(overflow, bucket, now);
        if self.is_crowded(bucket, now) {
            return shared.unwrap_or(Standing { id: overflow, ..own() });
        }
        // It may have counted in the shared bucket before: never over.
        Standing { id: bucket.id, ..shared.unwrap_or_else(own) }
    }

    /// Whether there is no room for one more of a bucket's crowd.
    fn is_crowded(&self, bucket: &Bucket, now: u32) -> bool {
        let own = crowd_of(bucket.id);
        let live = self.0.iter().filter(|entry| entry.counts(now));
        let crowds = live.filter_map(|entry| crowd_of(entry.id));
        let (all, same) = crowds.fold((0usize, 0usize), |(all, same), crowd| {
            (all.saturating_add(1), same.saturating_add(usize::from(Some(crowd) == own)))
        });
        same >= CROWDED || all >= ALL_CROWDED
    }

    fn find(&self, id: u64, bucket: &Bucket, now: u32) -> Option<Standing> {
        let entry = self.0.iter().find(|entry| entry.id == id)?;
        let counts = bucket.rate.window.counts(entry.end, now);
        counts.then_some(Standing { id, end: entry.end, used: entry.count })
    }

    /// Charges all of a request's buckets; `None` where one is full, and then
    /// the page is as it stood when that came out. Each is asked once those
    /// before it are charged: of a crowd's, one may take the room of the next.
    /// Each comes with the purse that the worker has of it.
    pub(super) fn charge<'b>(
        &mut self,
        buckets: impl Iterator<Item = (&'b Bucket, Option<Purse>)>,
        now: u32,
    ) -> Option<Vec<Charged>> {
        let charge_one = |(bucket, purse): (&'b Bucket, _)| {
            let standing = self.standing(bucket, now);
            let charge = || (bucket, purse, self.add(standing, 1));
            (standing.used < bucket.rate.count).then(charge)
        };
        // Nothing is drawn for later before all of now is there.
        let charges: Vec<_> = buckets.map(charge_one).collect::<Option<_>>()?;
        let fill = |(bucket, purse, standing)| self.fill(bucket, purse, standing);
        Some(charges.into_iter().map(fill).collect())
    }

    /// Draws as much as a purse may hold of what is left of a bucket that
    /// stands so, if it has purses.
    fn fill(&mut self, bucket: &Bucket, known: Option<Purse>, standing: Standing) -> Charged {
        let undrawn = Charged { standing, purse: None };
        let Some(id) = bucket.holders() else {
            return undrawn;
        };
        let (limit, end) = (bucket.rate.count, standing.end);
        let left = limit.saturating_sub(standing.used);
        let (number, held) = match known.filter(|purse| purse.end == end) {
            Some(purse) => (purse.number, purse.rest),
            None => {
                let same = |entry: &&Entry| entry.id == id && entry.end == end;
                let number = self.0.iter().find(same).map_or(0, |entry| entry.count);
                if purse::most(limit, left, number) == 0 {
                    return undrawn;
                }
                self.put(Entry { id, end, count: number.saturating_add(1) });
                (number, 0)
            }
        };
        let drawn = purse::most(limit, left, number).saturating_sub(held);
        let standing = self.add(standing, drawn);
        let rest = held.saturating_add(drawn);
        let purse = Purse { number, limit, end, used: standing.used, rest };
        Charged { standing, purse: Some(purse) }
    }

    /// Counts so many more in a bucket that stands so.
    pub(super) fn add(&mut self, standing: Standing, more: u32) -> Standing {
        let charged = Standing { used: standing.used.saturating_add(more), ..standing };
        self.put(Entry { id: charged.id, end: charged.end, count: charged.used });
        charged
    }

    fn put(&mut self, entry: Entry) {
        match self.0.iter_mut().find(|known| known.id == entry.id) {
            Some(known) => *known = entry,
            None => self.0.push(entry),
        }
    }

    /// Takes back the one that was charged, if its window is still that. What
    /// was drawn with it stays where it is.
    pub(super) fn give_back(&mut self, charged: Standing) {
        let same = |entry: &&mut Entry| entry.id == charged.id && entry.end == charged.end;
        if let Some(entry) = self.0.iter_mut().find(same) {
            entry.count = entry.count.saturating_sub(1);
        }
    }
}

/// FNV-1a: against accidents, not against forgers, who can't write here.
fn checksum(entries: &[u8]) -> [u8; 4] {
    let step = |sum: u32, byte: &u8| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    entries.iter().fold(0x811c_9dc5, step).to_le_bytes()
}

#[cfg(test)]
mod tests;
