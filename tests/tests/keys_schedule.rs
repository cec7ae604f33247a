//! When keys are fetched, and what logs and metrics tell of it.

mod keys;

use std::thread;
use std::time::{Duration, Instant};

use keys::{Crew, Idp, builder, lines_of, metric, timed};
use serde_json::json;
use tenant_guard_tests::token::Key;
use tenant_guard_tests::{Envoy, Provider, Reply};

/// How long it is watched. Nothing else happens meanwhile.
const WATCHED: Duration = Duration::from_secs(4);

/// The pauses between fetches.
fn pauses(idp: &Idp) -> Vec<f64> {
    let seen = idp.provider.stub().seen();
    seen.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64()).collect()
}

/// Compares what was counted with what the providers saw, at a moment when
/// nothing is under way.
fn counters_agree(envoy: &Envoy, well: &[&Idp], failing: &Idp) {
    let saw = || (well.iter().map(|idp| idp.fetches()).sum::<usize>(), failing.fetches());
    keys::eventually("the counters say what the providers saw", || {
        let before = saw();
        let counted = ["keys.fetches", "keys.failures"].map(|name| metric(envoy, name) as usize);
        saw() == before && counted == [before.0 + before.1, before.1]
    });
}

#[test]
fn four_workers_fetch_once_a_refresh_and_say_what_changed() {
    let keys = [Key::es256("one"), Key::es256("two")];
    let well = Idp::start("well", &keys.each_ref());
    let also = Idp::start("also", &[&keys[0]]);
    let failing = Idp::start("failing", &[]);
    failing.provider.publish_jwks(Reply::status(500));
    let idps = [&well, &also, &failing];
    let issuers = idps.iter().map(|idp| idp.issuer(idp.jwks_uri(json!({"refresh": "500ms"}))));
    let builder = builder(&idps, issuers.collect(), json!({}));
    let envoy = builder.log_level("info").start();
    for idp in [&well, &also] {
        assert_eq!(timed(&envoy, &idp.request(&keys[0], "ann")).0, "pass");
    }
    thread::sleep(WATCHED);

    for idp in [&well, &also] {
        let pauses = pauses(idp);
        assert!(pauses.iter().all(|pause| *pause > 0.37), "{pauses:?}");
        assert!(pauses.len() >= 6, "{pauses:?}");
    }
    let tries = pauses(&failing);
    assert!(tries.iter().all(|pause| *pause > 0.39), "{tries:?}");
    assert!(tries.len() >= 4, "{tries:?}");
    counters_agree(&envoy, &[&well, &also], &failing);

    // What is as it was is told once, however often it was fetched or failed.
    let log = envoy.log();
    assert_eq!(lines_of(&log, "well"), ["fetched: 2 keys"]);
    assert_eq!(lines_of(&log, "also"), ["fetched: 1 key"]);
    assert_eq!(lines_of(&log, "failing"), ["fetch failed: status 500"]);
    assert_eq!(metric(&envoy, "keys.count"), 3);
    assert!(metric(&envoy, "keys.age_seconds.well") <= 2);
    let age = metric(&envoy, "keys.age_seconds.failing");
    assert!((3..=15).contains(&age), "{age}");
    let oldest = metric(&envoy, "keys.oldest_seconds");
    assert!((age..=age + 2).contains(&oldest), "{oldest} where one is {age}");

    // And what changes is told.
    failing.provider.publish_jwks(Reply::status(403));
    envoy.wait_for_log("keys of failing: fetch failed: status 403");
    failing.provider.publish(&[&keys[1]]);
    envoy.wait_for_log("keys of failing: fetched again");
    well.provider.publish(&[&keys[0]]);
    envoy.wait_for_log("keys of well: fetched: 1 key");
    // Each worker sets them once a second.
    keys::eventually("the gauges follow", || {
        metric(&envoy, "keys.age_seconds.failing") <= 1 && metric(&envoy, "keys.count") == 3
    });
    let log = envoy.log();
    assert_eq!(lines_of(&log, "well").len(), 2, "{log}");
    let told = lines_of(&log, "failing");
    assert!(told.len() == 3 && told[2].ends_with("before: 1 key"), "{told:?}");
}

#[test]
fn what_is_rarely_refreshed_is_tried_again_soon_after_a_failure() {
    let key = Key::es256("key");
    let idp = Idp::start("idp", &[&key]);
    idp.provider.publish_jwks(Reply::status(500));
    let issuer = idp.issuer(idp.jwks_uri(json!({"timeout": "100ms"})));
    let envoy = builder(&[&idp], vec![issuer], json!({})).start();
    idp.provider.stub().wait_for(Provider::JWKS, 3);
    // 0.5 s and 1 s, both give or take a fifth.
    let pauses = pauses(&idp);
    assert!((0.39..1.0).contains(&pauses[0]), "{pauses:?}");
    assert!((0.79..1.6).contains(&pauses[1]), "{pauses:?}");
    // The next comes in 2 s, so nobody waits for it.
    keys::eventually("that fetch has failed", || metric(&envoy, "keys.failures") == 3);
    let (first, _) = timed(&envoy, &idp.request(&key, "ann"));
    let (second, took) = timed(&envoy, &idp.request(&key, "ann"));
    assert_eq!([first, second], ["503 keys_unavailable"; 2]);
    assert!(took < Duration::from_millis(100), "{took:?}");
    assert_eq!(idp.fetches(), 3);
    idp.provider.publish(&[&key]);
    let start = Instant::now();
    Crew::of(&envoy).wait_until_all_say(&idp.request(&key, "ann"), "pass");
    assert!(start.elapsed() < Duration::from_millis(3500), "{:?}", start.elapsed());
}

#[test]
fn issuers_with_their_keys_at_one_place_share_a_fetch() {
    let key = Key::es256("key");
    let (one, two) = (Idp::start("one", &[&key]), Idp::start("two", &[]));
    let issuers = [&one, &two].map(|idp| idp.issuer(one.jwks_uri(json!({"refresh": "24h"}))));
    let envoy = builder(&[&one, &two], issuers.to_vec(), json!({})).start();
    let mut crew = Crew::of(&envoy);
    crew.say(&one.request(&key, "ann"), "pass");
    crew.say(&two.request(&key, "ann"), "pass");
    assert_eq!((one.fetches(), two.fetches()), (1, 0));
    assert_eq!(metric(&envoy, "keys.fetches"), 1);
}
