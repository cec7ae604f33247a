//! What holds of any directories, one after another, with any mistakes.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::*;

const IDS: [&str; 5] = ["a", "b", "c", "d", "inline"];
const KEYS: [&str; 6] = ["k0", "k1", "k2", "k3", "inline-key", "admin-key"];
const ALIASES: [&str; 6] = ["x", "y", "a", "b", "inline-alias", "default"];
const ISSUERS: [&str; 5] = [
    "https://one",
    "https://two",
    "https://one/{x}/z",
    "https://one/y/{x}",
    "https://shared.example",
];
const KIDS: [&str; 4] = ["p", "q", "r", "s"];

/// One entry: whether it has a mistake, and what it says.
fn entries() -> impl Strategy<Value = Value> {
    let sets = (
        prop::collection::btree_set(0..KEYS.len(), 0..3),
        prop::collection::btree_set(0..ALIASES.len(), 0..2),
        prop::option::weighted(
            0.4,
            (0..ISSUERS.len(), prop::collection::btree_set(0..KIDS.len(), 1..3)),
        ),
    );
    let off = prop::option::weighted(0.2, prop::bool::ANY);
    (0..IDS.len(), sets, off, prop::bool::weighted(0.2), prop::option::weighted(0.2, 0..2usize))
        .prop_map(|(id, (keys, aliases, own), off, is_bad, dead)| {
            let keys = keys.iter().enumerate().map(|(place, &k)| {
                let state = if dead == Some(place) { json!({"active": false}) } else { json!({}) };
                key(KEYS[k], KEYS[k], state)
            });
            let keys: Vec<Value> = keys.collect();
            let mut entry = json!({"id": IDS[id], "clients": [{"id": "web", "keys": keys}]});
            if !aliases.is_empty() {
                entry["aliases"] = aliases.iter().map(|&alias| ALIASES[alias]).collect();
            }
            if let Some((iss, kids)) = own {
                let kids: Vec<&str> = kids.iter().map(|&kid| KIDS[kid]).collect();
                entry["issuers"] = json!([issuer(ISSUERS[iss], jwks(&kids))]);
            }
            if let Some(active) = off {
                entry["active"] = json!(active);
            }
            if is_bad { bad(entry) } else { entry }
        })
}

fn texts(value: &Value) -> HashSet<String> {
    let list = value.as_array().into_iter().flatten();
    list.map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// The digests that entries of a tenant list as active.
fn listed(entries: &[Value], id: &str) -> HashSet<String> {
    let own = entries.iter().filter(|entry| entry["id"] == id);
    let keys = own.flat_map(|entry| entry["clients"][0]["keys"].as_array().unwrap());
    let active = keys.filter(|key| key["active"].as_bool() != Some(false));
    active.map(|key| key["sha256"].as_str().unwrap().to_owned()).collect()
}

/// Whether two entries of different tenants could stand beside each other, and
/// each beside the configuration.
fn alone_is_fine(entry: &Value, others: &[&Value], guard: &Guard) -> bool {
    let mut fetching = Fetching::new(guard);
    fetching.fetch(core::slice::from_ref(entry));
    if !fetching.mistakes.is_empty() {
        return false;
    }
    let names = |entry: &Value| {
        let mut names = texts(&entry["aliases"]);
        names.insert(entry["id"].as_str().unwrap().to_owned());
        names
    };
    let digests = |entry: &Value| -> HashSet<String> {
        let keys = entry["clients"][0]["keys"].as_array().into_iter().flatten();
        keys.map(|key| key["sha256"].as_str().unwrap().to_owned()).collect()
    };
    let host = |entry: &Value| {
        entry["issuers"][0]["issuer"].as_str().map(|iss| iss.split('/').nth(2).unwrap().to_owned())
    };
    others.iter().all(|other| {
        names(entry).is_disjoint(&names(other))
            && digests(entry).is_disjoint(&digests(other))
            && (host(entry).is_none() || host(entry) != host(other))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn directories_never_give_more_than_they_say(
        sequence in prop::collection::vec(prop::collection::vec(entries(), 0..5), 1..5),
    ) {
        let guard = configuration(json!({}));
        let mut fetching = Fetching::new(&guard);
        let mut before: Vec<Value> = Vec::new();
        for fetched in sequence {
            // That it loads as it says and is the same again is checked there.
            fetching.fetch(&fetched);
            let document = fetching.document.clone().unwrap();
            let merged: Value = serde_json::from_slice(&document).unwrap();
            let merged = merged["tenants"].as_array().unwrap().clone();
            let loaded = fetching.reader().load(&document).unwrap();

            let ids: BTreeSet<&str> = fetched.iter().map(|e| e["id"].as_str().unwrap()).collect();
            let (mut names, mut digests, mut kids) = (HashSet::new(), HashSet::new(), HashSet::new());
            for entry in &merged {
                let id = entry["id"].as_str().unwrap();
                prop_assert!(ids.contains(id) && id != "inline", "{id} wasn't fetched");
                let tenant = loaded.listing.get(id).unwrap();
                prop_assert_eq!(tenant.name.as_str(), id);
                let off = |e: &Value| e["id"] == id && e["active"].as_bool() == Some(false);
                prop_assert!(!tenant.active || !fetched.iter().any(off), "{} is off", id);
                for name in texts(&entry["aliases"]).into_iter().chain([id.to_owned()]) {
                    prop_assert!(names.insert(name.clone()), "{name} is two tenants'");
                    prop_assert!(!["inline-alias", "default"].contains(&name.as_str()));
                }
                let may_open = listed(&fetched, id);
                for key in entry["clients"][0]["keys"].as_array().into_iter().flatten() {
                    let digest = key["sha256"].as_str().unwrap();
                    prop_assert!(digests.insert(digest.to_owned()), "a key is two tenants'");
                    let is_active = key["active"].as_bool() != Some(false);
                    prop_assert!(!is_active || may_open.contains(digest), "a key of {} is gone", id);
                }
                for own in entry["issuers"].as_array().into_iter().flatten() {
                    let iss = own["issuer"].as_str().unwrap();
                    prop_assert_ne!(iss, "https://shared.example");
                    for key in own["keys"]["jwks"]["keys"].as_array().unwrap() {
                        let kid = key["kid"].as_str().unwrap();
                        prop_assert!(kids.insert((iss.to_owned(), kid.to_owned())), "{iss} {kid}");
                    }
                }
            }
            prop_assert!(!digests.contains(&digest("inline-key")));
            prop_assert!(!digests.contains(&digest("admin-key")));
            let templates = loaded.issuers.iter().filter(|i| i.iss.to_string().contains('{'));
            prop_assert!(templates.count() < 2, "two overlap");

            // Without a mistake and a clash it is in force as it was written;
            // whatever others had that they may keep.
            for (index, entry) in fetched.iter().enumerate() {
                let rest = fetched.iter().enumerate().filter(|(n, _)| *n != index).map(|(_, e)| e);
                let others: Vec<&Value> =
                    rest.chain(before.iter().filter(|e| e["id"] != entry["id"])).collect();
                let once = fetched.iter().filter(|e| e["id"] == entry["id"]).count() == 1;
                if once && alone_is_fine(entry, &others, &guard) {
                    prop_assert_eq!(&fetching.entry(entry["id"].as_str().unwrap()), entry);
                }
            }
            before = merged;
        }
    }

    #[test]
    fn an_entry_s_mistakes_leave_all_others_alone(
        first in prop::collection::vec(entries(), 0..5),
        then in prop::collection::vec(entries(), 1..5),
        mistake in prop_oneof![
            Just(json!({"id": "new", "x": 1})),
            Just(json!({"id": 7})),
            Just(json!(null)),
            Just(json!({"id": "new", "clients": 3, "active": "no"})),
            Just(json!({"id": "default"})),
            Just(json!({"id": "new", "issuers": [{"issuer": "https://one"}]})),
        ],
        place in 0..5usize,
    ) {
        let guard = configuration(json!({}));
        let mut without = Fetching::new(&guard);
        let mut with = Fetching::new(&guard);
        without.fetch(&first);
        with.fetch(&first);
        without.fetch(&then);
        let mut more = then.clone();
        more.insert(place.min(then.len()), mistake);
        with.fetch(&more);
        for id in IDS {
            prop_assert_eq!(with.entry(id), without.entry(id), "{}", id);
        }
        prop_assert!(with.states().iter().all(|(id, active)| id != "new" || !active));
    }

    #[test]
    fn no_bytes_are_too_much(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        entry in "[\\[\\]{}:,\"a-z0-9\\\\ ]{0,60}",
        base in prop::collection::vec(entries(), 0..3),
        cut in 0.0..1.0f64,
        flip in any::<u8>(),
    ) {
        let guard = configuration(json!({}));
        let good = directory(&base);
        let place = (good.len() as f64 * cut) as usize;
        let mut flipped = good.clone();
        flipped[place] ^= flip;
        let documents = [
            bytes,
            good[..place].to_vec(),
            flipped,
            format!(r#"{{"version":1,"tenants":[{entry}]}}"#).into_bytes(),
            format!(r#"{{"version":1,"tenants":[{{"id":"a",{entry}}}],"revoked":[{entry}]}}"#).into_bytes(),
        ];
        let reader = Reader::new(&guard, &NoEnvironment).unwrap();
        for document in &documents {
            for before in [None, Some(&good), Some(document)] {
                if let Ok(merged) = reader.merge(document, &|| before.cloned()) {
                    let loaded = reader.load(&merged.document).unwrap();
                    prop_assert_eq!(loaded.listing.len(), merged.tenants);
                }
            }
            let _ = reader.merge(&good, &|| Some(document.clone()));
            let _ = reader.load(document);
        }
    }
}
