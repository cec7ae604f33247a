//! Many configurations one after the other need no more memory than a few.

mod common;

use common::elsewhere::{Elsewhere, wait_until};
use serde_json::json;

const MEBIBYTE: u64 = 1 << 20;

/// Envoy's memory as the system sees it: that of the VMs is in it.
#[test]
fn two_hundred_updates_leave_memory_as_it_was() {
    let elsewhere = Elsewhere::start();
    // Large enough for a configuration that is kept to be seen.
    let tenants: Vec<_> = (0..1_000).map(|n| json!({"id": format!("tenant-{n}")})).collect();
    let document = |number: usize| {
        elsewhere.document(json!({}), json!({"revision": format!("{number}"), "tenants": tenants}))
    };
    let envoy = elsewhere.envoy(document(0)).reconfigurable().drain_seconds(1).start();
    let mut memory = Vec::new();
    for number in 1..=200 {
        envoy.reconfigure(document(number));
        assert_eq!(envoy.send(&elsewhere.signed("one", "acme")).status, 200);
        if number % 50 == 0 {
            let draining = "listener_manager.total_filter_chains_draining";
            wait_until("old ones are gone", || envoy.stat(draining) == Some(0));
            memory.push(envoy.resident_memory());
        }
    }
    // 150 configurations in five VMs each, at 200 kB and more.
    assert!(memory[3] < memory[0] + 16 * MEBIBYTE, "{memory:?}");
}
