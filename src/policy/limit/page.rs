//! Pages: the shared values that buckets are kept in.
//!
//! A page holds the buckets that count at the moment: those whose window is
//! over are dropped when it is written. Each is 16 bytes, little-endian: id,
//! end of the window in seconds since the epoch, count. Behind them all is a
//! checksum, so that what isn't a page isn't taken for one without counts.

use super::bucket::{Bucket, crowd_of};

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
        let length = bucket.rate.window.seconds();
        let end = bucket.rate.window.end(now);
        let entry = self.0.iter().find(|entry| entry.id == id)?;
        // Another worker's clock may be in the next window already. What is
        // further ahead was counted by a clock that was wrong.
        let counts = entry.end >= end && entry.end <= end.saturating_add(length);
        counts.then_some(Standing { id, end: entry.end, used: entry.count })
    }

    /// Charges all of a request's buckets; `None` where one is full, and then
    /// the page is as it stood when that came out. Each is asked once those
    /// before it are charged: of a crowd's, one may take the room of the next.
    pub(super) fn charge<'b>(
        &mut self,
        buckets: impl Iterator<Item = &'b Bucket>,
        now: u32,
    ) -> Option<Vec<Standing>> {
        buckets
            .map(|bucket| {
                let standing = self.standing(bucket, now);
                (standing.used < bucket.rate.count).then(|| self.add(standing))
            })
            .collect()
    }

    /// Counts one more in a bucket that stands so.
    pub(super) fn add(&mut self, standing: Standing) -> Standing {
        let charged = Standing { used: standing.used.saturating_add(1), ..standing };
        let entry = Entry { id: charged.id, end: charged.end, count: charged.used };
        match self.0.iter_mut().find(|known| known.id == entry.id) {
            Some(known) => *known = entry,
            None => self.0.push(entry),
        }
        charged
    }

    /// Takes back what was charged, if its window is still that.
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
mod tests {
    use super::super::action::Action;
    use super::super::bucket::Account;
    use super::super::rate::Rate;
    use super::*;
    use proptest::prelude::*;

    fn bucket(name: &str) -> Bucket {
        Account::listed(&[name]).bucket(None, Rate::parse("5/min").unwrap())
    }

    fn crowd(number: usize) -> Bucket {
        of_crowd("one", number)
    }

    fn of_crowd(crowd: &str, number: usize) -> Bucket {
        let account = Account::crowd(&[crowd], &[crowd, &number.to_string()]);
        account.bucket(None, Rate::parse("5/min").unwrap())
    }

    fn charge(page: &mut Page, bucket: &Bucket, now: u32) -> (u32, u32) {
        let standing = page.standing(bucket, now);
        let charged = page.add(standing);
        (charged.used, charged.end)
    }

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let mut page = Page::default();
        for name in ["a", "b", "a"] {
            charge(&mut page, &bucket(name), 60);
        }
        let value = page.encode(60);
        assert_eq!(value.len(), 2 * SIZE + 4);
        assert_eq!(Page::decode(&value), Some(page));
    }

    #[test]
    fn what_was_not_written_as_a_page_is_none() {
        let mut page = Page::default();
        for name in ["a", "b", "c"] {
            charge(&mut page, &bucket(name), 60);
        }
        let value = page.encode(60);
        for size in 0..value.len() {
            assert_eq!(Page::decode(&value[..size]), None, "{size} bytes");
        }
        for at in 0..value.len() {
            let mut other = value.clone();
            other[at] ^= 1;
            assert_eq!(Page::decode(&other), None, "byte {at}");
        }
        for byte in [0, 0x31, 0xff] {
            assert_eq!(Page::decode(&[byte; 2 * SIZE + 4]), None, "{byte}");
        }
        assert_eq!(Page::decode(&[value.clone(), value].concat()), None);
    }

    proptest! {
        #[test]
        fn no_value_makes_it_panic(mut entries: Vec<u8>, now: u32, summed: bool) {
            if summed {
                let sum = checksum(&entries);
                entries.extend(sum);
            }
            if let Some(mut page) = Page::decode(&entries) {
                for bucket in [bucket("a"), crowd(1)] {
                    let charged = page.add(page.standing(&bucket, now));
                    page.give_back(charged);
                }
                prop_assert!(Page::decode(&page.encode(now)).is_some());
            }
        }
    }

    #[test]
    fn a_window_begins_anew_and_the_old_one_is_dropped() {
        let mut page = Page::default();
        assert_eq!(charge(&mut page, &bucket("a"), 119), (1, 120));
        assert_eq!(charge(&mut page, &bucket("a"), 119), (2, 120));
        assert_eq!(Page::decode(&page.encode(120)), Some(Page::default()));
        assert_eq!(charge(&mut page, &bucket("a"), 120), (1, 180));
    }

    #[test]
    fn a_worker_whose_clock_is_behind_counts_in_the_window_that_has_begun() {
        let mut page = Page::default();
        charge(&mut page, &bucket("a"), 120);
        assert_eq!(charge(&mut page, &bucket("a"), 119), (2, 180));
        // By hours is another matter: that clock was set right since.
        assert_eq!(charge(&mut page, &bucket("a"), 1), (1, 60));
    }

    #[test]
    fn what_is_given_back_is_there_again_in_its_own_window_only() {
        let mut page = Page::default();
        let charged = page.add(page.standing(&bucket("a"), 0));
        page.give_back(charged);
        assert_eq!(page.standing(&bucket("a"), 0).used, 0);
        charge(&mut page, &bucket("a"), 60);
        page.give_back(charged);
        assert_eq!(page.standing(&bucket("a"), 60).used, 1);
    }

    #[test]
    fn a_crowd_shares_a_bucket_where_the_page_is_full_and_is_never_over() {
        let mut page = Page::default();
        for number in 0..CROWDED {
            assert_eq!(charge(&mut page, &crowd(number), 0).0, 1);
        }
        assert_eq!(charge(&mut page, &crowd(100), 0).0, 1);
        assert_eq!(charge(&mut page, &crowd(101), 0).0, 2);
        // Those that were there first, and the listed ones, keep their own.
        assert_eq!(charge(&mut page, &crowd(0), 0).0, 2);
        assert_eq!(charge(&mut page, &bucket("listed"), 0).0, 1);
        assert_eq!(page.encode(0).len(), (CROWDED + 2) * SIZE + 4);
        // In the next window there is room again.
        assert_eq!(charge(&mut page, &crowd(101), 60).0, 1);
    }

    #[test]
    fn one_crowd_does_not_take_the_room_of_another() {
        let mut page = Page::default();
        for number in 0..100 {
            charge(&mut page, &of_crowd("loud", number), 0);
        }
        for number in 0..CROWDED {
            assert_eq!(charge(&mut page, &of_crowd("quiet", number), 0).0, 1);
        }
        assert_eq!(page.encode(0).len(), (2 * CROWDED + 1) * SIZE + 4);
    }

    #[test]
    fn a_request_that_takes_the_last_room_itself_is_held_by_the_shared_bucket() {
        let mut page = Page::default();
        for number in 0..CROWDED {
            charge(&mut page, &crowd(number), 0);
        }
        let account = Account::crowd(&["one"], &["one", "both"]);
        let rate = Rate::parse("5/min").unwrap();
        let publish = Action::parse("publish").unwrap();
        let both = [account.bucket(None, rate), account.bucket(Some(&publish), rate)];
        for used in 1..=5 {
            let charged = page.charge(both[1..].iter(), 0).unwrap();
            assert_eq!(charged[0].used, used);
        }
        // As when a bucket of a shorter window has ended.
        page.0.remove(0);
        assert!(page.clone().charge(both[..1].iter(), 0).is_some());
        assert_eq!(page.charge(both.iter(), 0), None);
        assert_eq!(page.standing(&both[1], 0).used, 5);
    }

    #[test]
    fn all_crowds_together_are_bounded() {
        let mut page = Page::default();
        for crowd in 0..100 {
            for number in 0..30 {
                charge(&mut page, &of_crowd(&crowd.to_string(), number), 0);
            }
        }
        // With a shared bucket for each of them.
        assert!(page.encode(0).len() <= (ALL_CROWDED + 100) * SIZE + 4);
    }

    #[test]
    fn who_comes_to_a_bucket_of_its_own_keeps_what_it_used_of_the_shared_one() {
        let mut page = Page::default();
        for number in 0..CROWDED {
            charge(&mut page, &crowd(number), 0);
        }
        charge(&mut page, &crowd(100), 0);
        // As when a bucket of a shorter window has ended.
        page.0.remove(0);
        assert_eq!(charge(&mut page, &crowd(100), 0).0, 2);
    }
}
