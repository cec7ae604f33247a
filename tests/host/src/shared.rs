//! The values that the workers of one proxy share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::status;

/// Shared values, by VM id and name. A clone is the same store: hosts that were
/// set up with clones of one are workers of one proxy, where their VM ids are
/// alike.
#[derive(Debug, Clone, Default)]
pub struct SharedData(Arc<Mutex<Store>>);

type Versioned = (Vec<u8>, u32);

#[derive(Debug, Default)]
struct Store {
    values: BTreeMap<(Vec<u8>, Vec<u8>), Versioned>,
    /// The version given last: one counter for all values.
    last: u32,
}

impl SharedData {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another store with the same values.
    pub fn copied(&self) -> Self {
        let store = self.0.lock().unwrap();
        let copy = Store { values: store.values.clone(), last: store.last };
        Self(Arc::new(Mutex::new(copy)))
    }

    /// A value and its version.
    pub fn get(&self, vm_id: impl AsRef<[u8]>, name: impl AsRef<[u8]>) -> Option<(Vec<u8>, u32)> {
        let key = (vm_id.as_ref().to_vec(), name.as_ref().to_vec());
        self.0.lock().unwrap().values.get(&key).cloned()
    }

    /// Writes a value as Envoy does, and gives the status: version 0 writes
    /// whatever is there, another only over a value of that version, and a
    /// value that isn't there takes any.
    pub fn set(
        &self,
        vm_id: impl AsRef<[u8]>,
        name: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        version: u32,
    ) -> u32 {
        let key = (vm_id.as_ref().to_vec(), name.as_ref().to_vec());
        let mut store = self.0.lock().unwrap();
        if version != 0 && store.values.get(&key).is_some_and(|(_, held)| *held != version) {
            return status::CAS_MISMATCH;
        }
        // No value has the version 0, not even when the numbers run out.
        store.last = store.last.checked_add(1).unwrap_or(1);
        let last = store.last;
        store.values.insert(key, (value.as_ref().to_vec(), last));
        status::OK
    }

    /// The names of all values of this VM id, sorted.
    pub fn names(&self, vm_id: impl AsRef<[u8]>) -> Vec<String> {
        let store = self.0.lock().unwrap();
        let names = store.values.keys().filter(|(id, _)| id == vm_id.as_ref());
        names.map(|(_, name)| String::from_utf8_lossy(name).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "tests";

    /// What is under `name`, and its version.
    fn held(store: &SharedData, name: &str) -> Option<(String, u32)> {
        let (value, version) = store.get(ID, name)?;
        Some((String::from_utf8(value).unwrap(), version))
    }

    #[test]
    fn a_value_that_was_never_written_is_not_there() {
        let store = SharedData::new();
        store.set(ID, "a", "1", 0);
        assert_eq!(held(&store, "b"), None);
        assert_eq!(store.names(ID), ["a"]);
    }

    #[test]
    fn a_missing_value_takes_any_version() {
        let store = SharedData::new();
        for (name, version) in [("a", 0), ("b", 1), ("c", 77), ("d", u32::MAX)] {
            assert_eq!(store.set(ID, name, "x", version), status::OK, "{version}");
        }
        assert_eq!(store.names(ID), ["a", "b", "c", "d"]);
    }

    #[test]
    fn version_zero_writes_whatever_is_there() {
        let store = SharedData::new();
        store.set(ID, "a", "1", 0);
        assert_eq!(store.set(ID, "a", "2", 0), status::OK);
        assert_eq!(held(&store, "a"), Some(("2".into(), 2)));
    }

    #[test]
    fn the_version_read_writes_once() {
        let store = SharedData::new();
        store.set(ID, "a", "1", 0);
        let (_, version) = held(&store, "a").unwrap();
        assert_eq!(store.set(ID, "a", "2", version), status::OK);
        assert_eq!(store.set(ID, "a", "3", version), status::CAS_MISMATCH);
        assert_eq!(held(&store, "a"), Some(("2".into(), version + 1)));
    }

    #[test]
    fn a_mismatch_changes_nothing_and_uses_up_no_version() {
        let store = SharedData::new();
        store.set(ID, "a", "1", 0);
        for version in [2, u32::MAX] {
            assert_eq!(store.set(ID, "a", "2", version), status::CAS_MISMATCH, "{version}");
        }
        assert_eq!(held(&store, "a"), Some(("1".into(), 1)));
        store.set(ID, "b", "1", 0);
        assert_eq!(held(&store, "b"), Some(("1".into(), 2)));
    }

    #[test]
    fn versions_come_from_one_counter_that_starts_at_one() {
        let store = SharedData::new();
        for (name, version) in [("a", 1), ("b", 2), ("a", 3)] {
            store.set(ID, name, "x", 0);
            assert_eq!(held(&store, name), Some(("x".into(), version)));
        }
        // The same value again is another version.
        store.set("other", "a", "x", 0);
        assert_eq!(store.get("other", "a"), Some((b"x".to_vec(), 4)));
    }

    #[test]
    fn the_counter_passes_over_zero_when_it_runs_out() {
        let store = SharedData::new();
        store.0.lock().unwrap().last = u32::MAX;
        store.set(ID, "a", "x", 0);
        assert_eq!(held(&store, "a"), Some(("x".into(), 1)));
    }

    #[test]
    fn each_vm_id_has_values_of_its_own() {
        let store = SharedData::new();
        store.set("one", "a", "1", 0);
        assert_eq!(store.get("two", "a"), None);
        // Missing there, so any version will do.
        assert_eq!(store.set("two", "a", "2", 9), status::OK);
        assert_eq!(store.get("one", "a"), Some((b"1".to_vec(), 1)));
    }

    #[test]
    fn a_clone_is_the_same_store() {
        let store = SharedData::new();
        store.clone().set(ID, "a", "1", 0);
        assert_eq!(held(&store, "a"), Some(("1".into(), 1)));
    }

    #[test]
    fn a_copy_is_another_store() {
        let store = SharedData::new();
        store.set(ID, "a", "1", 0);
        let copy = store.copied();
        copy.set(ID, "a", "2", 1);
        assert_eq!(held(&store, "a"), Some(("1".into(), 1)));
        assert_eq!(held(&copy, "a"), Some(("2".into(), 2)));
    }

    #[test]
    fn of_many_workers_that_count_together_none_loses_a_write() {
        let store = SharedData::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|_| add_one(&store)));
            }
        });
        assert_eq!(held(&store, "n").unwrap().0, "400");
    }

    fn add_one(store: &SharedData) {
        loop {
            let (value, version) = held(store, "n").unwrap_or(("0".into(), u32::MAX));
            let next = (value.parse::<u32>().unwrap() + 1).to_string();
            if store.set(ID, "n", next, version) == status::OK {
                return;
            }
        }
    }
}
