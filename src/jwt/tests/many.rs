//! Very many issuers with fetched keys.

use std::time::{Duration, Instant};

use super::fetched::fetched;
use super::*;
use crate::remote::{Outlook, Standing};

/// How long it takes to take over the keys of so many tenants one by one, all
/// of one provider or each of its own.
fn time(tenants: usize, share: bool) -> Duration {
    let tenant = |n: usize| {
        let iss = if share { "https://idp.example".into() } else { format!("https://{n}.example") };
        let uri = format!("https://idp.example/{n}");
        json!({"id": format!("t{n}"), "issuers": [{
            "issuer": iss, "audiences": ["api"],
            "keys": {"jwks_uri": {"cluster": "idp", "uri": uri}},
        }]})
    };
    let entries: Vec<Value> = (0..tenants).map(tenant).collect();
    let mut guard = crate::testing::guard(json!({"tenants": entries}));
    let ids: Vec<_> = guard.sources().iter().map(crate::remote::Source::id).collect();
    let sets: Vec<_> = (0..tenants)
        .map(|n| fetched(&[(&Key::seeded(Alg::EdDSA, &format!("k{n}"), &format!("k{n}")), 1.0)]))
        .collect();
    let started = Instant::now();
    for (id, set) in ids.into_iter().zip(sets) {
        guard.jwt.set_keys(id, set);
        guard.jwt.set_outlook(id, Outlook { standing: Standing::Current, soon: false });
    }
    started.elapsed()
}

/// All of them come at once where a worker starts and others have fetched.
#[test]
fn ten_times_the_sources_take_about_ten_times_as_long() {
    for share in [false, true] {
        // The fastest of some: other work on the machine only ever adds.
        let fastest = |tenants| (0..5).map(|_| time(tenants, share)).min().unwrap();
        let times = [100, 1_000].map(fastest);
        assert!(times[1] < times[0] * 40, "{share}: {times:?}");
    }
}
