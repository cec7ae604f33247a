//! Buckets: what a limit counts in, and where it is kept.

use sha2::{Digest, Sha256};

use super::action::Action;
use super::rate::Rate;

/// In how many shared values all buckets are kept. Fixed, since a host never
/// forgets a value: neither tenants that come and go nor callers that invent
/// themselves add any.
pub(super) const PAGES: u16 = 4_096;

/// The largest limit that is counted one by one.
const SMALL: u32 = 10_000;

/// What tells the id that a bucket's purses are counted under from its own.
const HOLDERS: u64 = 0x5c6e_91d7_0b3a_f842;

/// Set in the ids of buckets whose number the configuration doesn't bound.
const CROWD: u64 = 1 << 63;

/// The bits of such an id that say of which crowd it is.
const GROUP: u64 = 0x7fff << 48;

/// Whose requests are counted: a tenant, a client, a key or a subject. All its
/// buckets are on one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    page: u16,
    seed: u64,
    /// Of one of a crowd: the crowd's own seed.
    crowd: Option<u64>,
}

/// One counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) page: u16,
    /// Made of names, so that a bucket outlives a change of the configuration
    /// that leaves its limit as it is.
    pub(super) id: u64,
    pub(super) rate: Rate,
    /// For one of a crowd: the bucket that the crowd shares where the page is
    /// full.
    pub(super) overflow: Option<u64>,
}

impl Bucket {
    /// The id that its purses are counted under. `None` where it has none and
    /// is counted one by one: where the limit is small, and for crowds, whose
    /// buckets have no bound but the room on their pages.
    pub(super) fn holders(&self) -> Option<u64> {
        let batched = self.rate.count > SMALL && self.overflow.is_none();
        batched.then_some(self.id ^ HOLDERS)
    }
}

/// Whether a bucket is one of a crowd's, and if so of which.
pub(super) fn crowd_of(id: u64) -> Option<u64> {
    (id & CROWD != 0).then_some(id & GROUP)
}

impl Account {
    /// The account of somebody the configuration lists, by kind and names from
    /// the tenant down.
    pub(crate) fn listed(names: &[&str]) -> Self {
        let (page, seed) = digest(names);
        Self { page, seed, crowd: None }
    }

    /// The account of one of a crowd: those that the configuration doesn't
    /// list. A crowd is a tenant's, or all that no tenant answers for: where
    /// one grows too large its own members share a bucket first.
    pub(crate) fn crowd(crowd: &[&str], names: &[&str]) -> Self {
        let (page, seed) = digest(names);
        Self { page, seed, crowd: Some(digest(crowd).1) }
    }

    /// The bucket of its requests, or of one action.
    pub(super) fn bucket(&self, action: Option<&Action>, rate: Rate) -> Bucket {
        let own = mixed(self.seed, action, rate);
        let id = match self.crowd {
            None => own & !CROWD,
            Some(crowd) => CROWD | (crowd & GROUP) | (own & !CROWD & !GROUP),
        };
        // One for each rate: a bucket counts in one window, to one limit.
        let shared = |crowd: u64| mixed(crowd ^ u64::from(rate.count), action, rate) & !CROWD;
        Bucket { page: self.page, id, rate, overflow: self.crowd.map(shared) }
    }
}

/// A page and a seed, of names.
fn digest(names: &[&str]) -> (u16, u64) {
    let mut hash = Sha256::new();
    for name in names {
        // The length goes first, so that no two lists are one text.
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    let number = u128::from_le_bytes(*digest.first_chunk().unwrap_or(&[0; 16]));
    let page = ((number >> 64) as u64).checked_rem(u64::from(PAGES)).unwrap_or_default();
    (page as u16, number as u64)
}

/// Spreads what tells an account's buckets apart over 64 bits (the finalizer
/// of splitmix64). The seed is a digest's; the rest is the configuration's.
fn mixed(seed: u64, action: Option<&Action>, rate: Rate) -> u64 {
    let mut x = seed ^ action.map_or(0, Action::seed).rotate_left(17);
    x ^= u64::from(rate.window.seconds()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn rate(text: &str) -> Rate {
        Rate::parse(text).unwrap()
    }

    #[test]
    fn every_account_action_and_window_has_a_bucket_of_its_own() {
        let mut ids = HashSet::new();
        let accounts =
            [&["tenant", "a"][..], &["tenant", "b"], &["client", "a", "b"], &["client", "ab", ""]];
        let [publish, read] = ["publish", "read"].map(|name| Action::parse(name).unwrap());
        for names in accounts {
            for action in [None, Some(&publish), Some(&read)] {
                for text in ["5/sec", "5/min"] {
                    let account = Account::listed(names);
                    assert!(ids.insert(account.bucket(action, rate(text)).id));
                }
            }
        }
    }

    #[test]
    fn a_bucket_stays_itself_while_its_limit_changes() {
        let account = Account::listed(&["tenant", "a"]);
        assert_eq!(account.bucket(None, rate("5/min")).id, account.bucket(None, rate("9/min")).id);
    }

    #[test]
    fn only_a_crowd_shares_buckets_and_each_its_own() {
        let rate = rate("5/min");
        let listed = Account::listed(&["tenant", "a"]).bucket(None, rate);
        let of = |crowd, name| Account::crowd(&[crowd], &["tenant", name]).bucket(None, rate);
        assert_eq!((crowd_of(listed.id), listed.overflow), (None, None));
        let (a, b, other) = (of("x", "a"), of("x", "b"), of("y", "c"));
        assert_eq!((crowd_of(a.id), a.overflow), (crowd_of(b.id), b.overflow));
        assert_ne!(a.id, b.id);
        assert!(crowd_of(a.id) != crowd_of(other.id) && a.overflow != other.overflow);
    }
}
