//! Very many keys in little memory: what most keys have is in one entry of a
//! list, what few have or many share is outside of it.

use core::hash::BuildHasher;
use std::hash::RandomState;
use std::rc::Rc;

use hashbrown::HashTable;

use super::{ApiKey, KeyRules, Owner};
use crate::host::Timestamp;
use crate::tenant::Bound;

/// Keys by the digest of what is presented.
#[derive(Default)]
pub(crate) struct KeyTable {
    entries: Vec<Entry>,
    /// Places in `entries`.
    by_digest: HashTable<u32>,
    hasher: RandomState,
    /// All ids, one after the other.
    ids: String,
    owners: Vec<Owner>,
    /// The list of who has nothing.
    nothing: Rc<[String]>,
}

/// What every key has.
struct Entry {
    digest: [u8; 32],
    /// `None` where it has none.
    rules: Option<Rc<KeyRules>>,
    /// A place in `owners`.
    owner: Option<OwnerPlace>,
    /// Where its id begins.
    id_at: u32,
    id_length: u16,
    active: bool,
}

/// The place of an owner in a table, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnerPlace(core::num::NonZeroU32);

/// A key to be added.
#[derive(Debug, Default)]
pub(crate) struct NewKey<'k> {
    pub(crate) id: &'k str,
    pub(crate) digest: [u8; 32],
    /// `None` for a key that is bound to no tenant.
    pub(crate) owner: Option<OwnerPlace>,
    pub(crate) active: bool,
    pub(crate) rules: Option<Rc<KeyRules>>,
}

/// One key of a table.
#[derive(Clone, Copy)]
pub(crate) struct KeyEntry<'t> {
    place: u32,
    table: &'t KeyTable,
    entry: &'t Entry,
}

impl KeyTable {
    /// An empty table with room for so many keys.
    pub(crate) fn with_capacity(keys: usize) -> Self {
        Self {
            entries: Vec::with_capacity(keys),
            by_digest: HashTable::with_capacity(keys),
            ..Self::default()
        }
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds an owner of keys; `None` where there are more than can be.
    pub(crate) fn add_owner(&mut self, owner: Owner) -> Option<OwnerPlace> {
        self.owners.push(owner);
        let place = u32::try_from(self.owners.len()).ok()?;
        core::num::NonZeroU32::new(place).map(OwnerPlace)
    }

    /// Adds a key whose digest isn't there yet. Gives whether there was room:
    /// there is for 4 GiB of ids.
    pub(crate) fn insert(&mut self, key: NewKey<'_>) -> bool {
        let numbers = (
            u32::try_from(self.entries.len()),
            u32::try_from(self.ids.len()),
            u16::try_from(key.id.len()),
        );
        let (Ok(place), Ok(id_at), Ok(id_length)) = numbers else {
            return false;
        };
        let hash = self.hasher.hash_one(key.digest);
        let (entries, hasher) = (&self.entries, &self.hasher);
        let hash_of = |place: &u32| {
            entries.get(*place as usize).map_or(0, |entry| hasher.hash_one(entry.digest))
        };
        self.by_digest.insert_unique(hash, place, hash_of);
        self.ids.push_str(key.id);
        let NewKey { digest, rules, owner, active, .. } = key;
        self.entries.push(Entry { digest, rules, owner, id_at, id_length, active });
        true
    }

    /// Gives back the room that nothing is in.
    pub(crate) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.ids.shrink_to_fit();
        self.owners.shrink_to_fit();
    }

    /// The key of a digest.
    pub(crate) fn get(&self, digest: &[u8; 32]) -> Option<KeyEntry<'_>> {
        let hash = self.hasher.hash_one(digest);
        let entry = |place: u32| self.entries.get(place as usize);
        let has_it = |place: &u32| entry(*place).is_some_and(|entry| entry.digest == *digest);
        let place = *self.by_digest.find(hash, has_it)?;
        entry(place).map(|entry| KeyEntry { place, table: self, entry })
    }
}

/// Without the digests, which are nobody's to see.
impl core::fmt::Debug for KeyTable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "KeyTable({} keys)", self.len())
    }
}

impl<'t> KeyEntry<'t> {
    /// As how many-th it was added.
    pub(crate) fn place(self) -> usize {
        self.place as usize
    }

    pub(crate) fn id(self) -> &'t str {
        let at = self.entry.id_at as usize;
        let end = at.saturating_add(usize::from(self.entry.id_length));
        self.table.ids.get(at..end).unwrap_or_default()
    }

    /// `None` for a key that is bound to no tenant.
    pub(crate) fn owner(self) -> Option<&'t Owner> {
        let place = self.entry.owner?.0.get() as usize;
        self.table.owners.get(place.checked_sub(1)?)
    }

    pub(crate) fn is_active(self) -> bool {
        self.entry.active
    }

    pub(crate) fn not_before(self) -> Option<Timestamp> {
        self.entry.rules.as_ref()?.not_before
    }

    pub(crate) fn expires(self) -> Option<Timestamp> {
        self.entry.rules.as_ref()?.expires
    }

    /// The key as requests answer to it.
    pub(super) fn to_key(self) -> ApiKey {
        let owner = self.owner().cloned();
        let bound = match &owner {
            Some(owner) => Bound::OneOf(vec![owner.tenant.clone()]),
            None => Bound::Nothing,
        };
        let rules = self.entry.rules.as_deref();
        ApiKey {
            id: self.id().into(),
            owner,
            bound,
            scopes: Rc::clone(rules.map_or(&self.table.nothing, |rules| &rules.scopes)),
            roles: Rc::clone(rules.map_or(&self.table.nothing, |rules| &rules.roles)),
            #[cfg(not(target_arch = "wasm32"))]
            expires: self.expires(),
            ip: rules.and_then(|rules| rules.ip.clone()),
            limits: rules.and_then(|rules| rules.limits.clone()),
        }
    }
}
