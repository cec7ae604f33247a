//! Large directories.

use std::time::{Duration, Instant};

use super::*;

/// Tenants with ten keys each.
fn large(tenants: usize, shift: usize) -> Vec<u8> {
    let tenant = |t: usize| {
        let key = |k: usize| {
            json!({
                "id": format!("key-{k}"),
                "sha256": format!("{:064x}", (t + shift) * 10 + k + 1),
                "limits": {"requests": "10/min"},
            })
        };
        let keys: Vec<Value> = (0..10).map(key).collect();
        json!({
            "id": format!("tenant-{t}"),
            "aliases": [format!("org_{t}")],
            "clients": [{"id": "web", "ip": ["10.*.*.*"], "keys": keys}],
        })
    };
    directory(&(0..tenants).map(tenant).collect::<Vec<_>>())
}

/// How long it takes to merge a directory with the one before, and to load it.
fn seconds(guard: &Guard, before: &[u8], fetched: &[u8]) -> Duration {
    let reader = Reader::new(guard, &NoEnvironment).unwrap();
    let started = Instant::now();
    let merged = reader.merge(fetched, &|| Some(before.to_vec())).unwrap();
    reader.load(&merged.document).unwrap();
    started.elapsed()
}

#[test]
fn ten_times_the_tenants_take_about_ten_times_as_long() {
    let guard = configuration(json!({}));
    // The same again, and with every key moved on to the next tenant.
    for shift in [0, 1] {
        let times = [40, 400].map(|n| seconds(&guard, &large(n, 0), &large(n, shift)));
        assert!(times[1] < times[0] * 40, "{shift}: {times:?}");
    }
}

/// Each tenant keeps the key that the next one claims, one after another.
#[test]
fn a_long_chain_of_clashes_is_settled_soon() {
    let guard = configuration(json!({}));
    for backwards in [false, true] {
        let chain = |shift: usize| {
            let document = serde_json::from_slice::<Value>(&large(500, shift)).unwrap();
            let mut entries = document["tenants"].as_array().unwrap().clone();
            entries[499]["unknown"] = json!(shift);
            if backwards {
                entries.reverse();
            }
            directory(&entries)
        };
        let started = Instant::now();
        seconds(&guard, &large(500, 0), &chain(1));
        assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    }
}

/// Seconds in a debug build on one core.
#[test]
#[ignore = "takes seconds"]
fn ten_thousand_tenants_with_ten_keys_each_merge_and_load_in_reasonable_time() {
    let guard = configuration(json!({}));
    let document = large(10_000, 0);
    let elapsed = seconds(&guard, &document, &document);
    println!("{} MiB in {elapsed:?}", document.len() >> 20);
    assert!(elapsed.as_secs() < 60, "{elapsed:?}");
}
