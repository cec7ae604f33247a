//! Keys of the document beside those that are fetched: they stand in until the
//! first fetch.

mod keys;

use std::time::{Duration, Instant};

use keys::{Crew, Idp, builder, eventually, timed};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Key, jwks};

const UNAVAILABLE: &str = "503 keys_unavailable";

fn seed() -> Key {
    Key::es256("seed")
}

/// With the seed beside; times of a provider that is asked often.
fn seeded(idp: &Idp, mut keys: Value, as_text: bool) -> Value {
    let set = jwks(&[&seed()]);
    keys["jwks"] = if as_text { json!(set.to_string()) } else { set };
    idp.issuer(keys)
}

#[test]
fn the_seed_works_until_the_first_fetch_and_never_after_it() {
    let new = Key::es256("new");
    let times = json!({"refresh": "500ms", "timeout": "400ms"});
    let (uri, discovered) = (Idp::start("uri", &[&new]), Idp::start("discovered", &[&new]));
    discovered.provider.publish_discovery(discovered.provider.issuer());
    let idps = [&uri, &discovered];
    idps.iter().for_each(|idp| idp.provider.stub().stop());
    let issuers = vec![
        seeded(&uri, uri.jwks_uri(times.clone()), false),
        seeded(&discovered, discovered.discovery(times), true),
    ];
    let envoy = builder(&idps, issuers, json!({})).start();
    let mut crew = Crew::of(&envoy);
    for idp in idps {
        // Nobody waits for keys that are there.
        for subject in ["ann", "bob", "cid"] {
            let (outcome, took) = timed(&envoy, &idp.request(&seed(), subject));
            assert_eq!(outcome, "pass", "{}", idp.name);
            assert!(took < Duration::from_millis(300), "{}: {took:?}", idp.name);
        }
        // A key that the provider may have: nobody knows yet.
        let (outcome, took) = timed(&envoy, &idp.request(&new, "ann"));
        assert_eq!(outcome, UNAVAILABLE, "{}", idp.name);
        assert!(took < Duration::from_millis(1100), "{}: {took:?}", idp.name);
        crew.say(&idp.request(&seed(), "ann"), "pass");
    }
    for idp in idps {
        idp.provider.stub().resume();
        crew.wait_until_all_say(&idp.request(&new, "ann"), "pass");
        // What the provider doesn't publish isn't its key, cached tokens included.
        crew.wait_until_all_say(&idp.request(&seed(), "ann"), "401 token_key_unknown");
        // Not even when the provider is gone again.
        idp.provider.stub().stop();
        crew.say(&idp.request(&seed(), "dan"), "401 token_key_unknown");
        crew.say(&idp.request(&new, "ann"), "pass");
    }
}

#[test]
fn a_seed_that_was_never_replaced_is_too_old_after_max_stale() {
    let idp = Idp::start("idp", &[&Key::es256("new")]);
    idp.provider.stub().stop();
    let times = json!({"refresh": "300ms", "timeout": "200ms", "max_stale": "1500ms"});
    let start = Instant::now();
    let issuer = seeded(&idp, idp.jwks_uri(times), false);
    let envoy = builder(&[&idp], vec![issuer], json!({})).start();
    let request = idp.request(&seed(), "ann");
    assert_eq!(timed(&envoy, &request).0, "pass");
    eventually("the seed is too old", || timed(&envoy, &request).0 == UNAVAILABLE);
    assert!(start.elapsed() > Duration::from_millis(1500), "{:?}", start.elapsed());
    Crew::of(&envoy).wait_until_all_say(&request, UNAVAILABLE);
    idp.provider.publish(&[&seed()]);
    idp.provider.stub().resume();
    Crew::of(&envoy).wait_until_all_say(&request, "pass");
}

#[test]
fn an_empty_set_takes_the_seed_away_too() {
    let idp = Idp::start("idp", &[]);
    let issuer = seeded(&idp, idp.jwks_uri(json!({"refresh": "500ms"})), false);
    let envoy = builder(&[&idp], vec![issuer], json!({})).start();
    let mut crew = Crew::of(&envoy);
    crew.wait_until_all_say(&idp.request(&seed(), "ann"), UNAVAILABLE);
}
