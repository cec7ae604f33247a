//! Sorting and sorted collections in little code.
//!
//! The standard library's sorts are several KB for each type that is sorted,
//! and `collect` into its maps and sets sorts. Most of what the guard sorts is
//! short, or is sorted when a document is loaded.

use core::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The items in order; equal ones stay as they are to one another.
pub(crate) fn sorted<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.len() < 2 {
        return items;
    }
    let mut places: Vec<usize> = (0..items.len()).collect();
    let at = |place: usize| items.get(place);
    sort_places(&mut places, &|a, b| match (at(a), at(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    places.into_iter().filter_map(|place| items.get_mut(place)?.take()).collect()
}

/// The one sort there is.
#[inline(never)]
fn sort_places(places: &mut [usize], compare: &dyn Fn(usize, usize) -> Ordering) {
    places.sort_by(|a, b| compare(*a, *b));
}

/// A map of entries; of two with one name the later counts.
pub(crate) fn map<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in entries {
        map.insert(key, value);
    }
    map
}

/// A set of items.
pub(crate) fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    for item in items {
        set.insert(item);
    }
    set
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn items_are_sorted_as_the_standard_library_sorts_them(
            items in prop::collection::vec((0_u8..8, any::<u8>()), 0..100),
        ) {
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            prop_assert_eq!(sorted(items, |a, b| a.0.cmp(&b.0)), expected);
        }

        #[test]
        fn maps_and_sets_are_those_that_collect_makes(
            entries in prop::collection::vec((0_u8..8, any::<u8>()), 0..40),
        ) {
            let collected: BTreeMap<u8, u8> = entries.iter().copied().collect();
            prop_assert_eq!(map(entries.iter().copied()), collected);
            let collected: BTreeSet<u8> = entries.iter().map(|entry| entry.0).collect();
            prop_assert_eq!(set(entries.iter().map(|entry| entry.0)), collected);
        }
    }
}
