//! Keys that come and go at a provider.

mod keys;

use std::time::Duration;

use keys::{Crew, Idp, builder, eventually, said};
use serde_json::json;
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Alg, Key, RsaKey};

fn often() -> serde_json::Value {
    json!({"refresh": "500ms", "cooldown": "24h"})
}

fn rarely() -> serde_json::Value {
    json!({"refresh": "24h", "cooldown": "24h"})
}

#[test]
fn with_both_keys_published_for_a_while_no_request_is_refused() {
    let (old, new) = (Key::es256("old"), Key::rsa(Alg::RS256, "new", RsaKey::B));
    let idp = Idp::start("idp", &[&old]);
    let envoy = builder(&[&idp], vec![idp.issuer(idp.jwks_uri(often()))], json!({})).start();
    let mut crew = Crew::of(&envoy);
    crew.say(&idp.request(&old, "ann"), "pass");
    let traffic_of_old = idp.request(&old, "bob");
    crew.say(&traffic_of_old, "pass");
    idp.provider.publish(&[&old, &new]);
    // Signed at once by the new one, and by the old one for as long as it is there.
    for round in 0..40 {
        crew.say(&idp.request(&new, &format!("new-{round}")), "pass");
        crew.say(&traffic_of_old, "pass");
    }
    idp.provider.publish(&[&new]);
    // No key of its algorithm is left, which is looked at before the kid.
    crew.wait_until_all_say(&traffic_of_old, "401 token_algorithm_refused");
    crew.say(&idp.request(&new, "new-0"), "pass");
}

#[test]
fn without_overlap_the_new_key_works_at_once_and_the_old_one_no_longer() {
    let (old, new) = (Key::es256("old"), Key::es256("new"));
    let idp = Idp::start("idp", &[&old]);
    let envoy = builder(&[&idp], vec![idp.issuer(idp.jwks_uri(rarely()))], json!({})).start();
    let mut crew = Crew::of(&envoy);
    let cached = idp.request(&old, "ann");
    crew.say(&cached, "pass");
    crew.say(&cached, "pass");
    assert_eq!(idp.fetches(), 1);
    idp.provider.publish_jwks(keys::key_set(&[&new]).after(Duration::from_millis(300)));
    // Nobody has fetched it: those who bring it wait, wherever they come in.
    let responses = std::thread::scope(|scope| {
        let send = |number: usize| {
            let request = idp.request(&new, &format!("new-{number}"));
            let envoy = &envoy;
            scope.spawn(move || envoy.send(&request))
        };
        let sent: Vec<_> = (0..30).map(send).collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect::<Vec<_>>()
    });
    for response in responses {
        assert_eq!(said(&response), "pass", "{response:?}");
    }
    assert_eq!(idp.fetches(), 2, "all waited for one fetch");
    // With the fetch the old one is gone on every worker, from the cache too.
    crew.wait_until_all_say(&cached, "401 token_key_unknown");
    crew.say(&idp.request(&old, "other"), "401 token_key_unknown");
    assert_eq!(idp.fetches(), 2, "during the cooldown nothing is fetched for a kid");
}

#[test]
fn a_removed_key_stops_its_tokens_within_a_refresh_cached_ones_too() {
    let (stays, goes) = (Key::es256("stays"), Key::es256("goes"));
    let idp = Idp::start("idp", &[&stays, &goes]);
    let envoy = builder(&[&idp], vec![idp.issuer(idp.jwks_uri(often()))], json!({})).start();
    let mut crew = Crew::of(&envoy);
    let (staying, going) = (idp.request(&stays, "ann"), idp.request(&goes, "ann"));
    for _ in 0..2 {
        crew.say(&staying, "pass");
        crew.say(&going, "pass");
    }
    idp.provider.publish(&[&stays]);
    let took = crew.wait_until_all_say(&going, "401 token_key_unknown");
    assert!(took < Duration::from_millis(900), "refresh is 500 ms, and it took {took:?}");
    crew.say(&staying, "pass");
    // Other material under the same kid is another key.
    let other = Key::seeded(Alg::ES256, "stays", "another");
    idp.provider.publish(&[&other]);
    crew.wait_until_all_say(&staying, "401 token_signature_invalid");
    crew.say(&idp.request(&other, "ann"), "pass");
    // And a key that comes back is as good as any.
    idp.provider.publish(&[&stays, &goes]);
    crew.wait_until_all_say(&staying, "pass");
    crew.say(&going, "pass");
}

#[test]
fn a_single_key_without_a_kid_rotates_too() {
    let (old, new) = (Key::es256("old").without_kid(), Key::es256("new").without_kid());
    let idp = Idp::start("idp", &[&old]);
    let envoy = builder(&[&idp], vec![idp.issuer(idp.jwks_uri(often()))], json!({})).start();
    let mut crew = Crew::of(&envoy);
    crew.say(&idp.request(&old, "ann"), "pass");
    idp.provider.publish(&[&new]);
    crew.wait_until_all_say(&idp.request(&new, "ann"), "pass");
    crew.say(&idp.request(&old, "ann"), "401 token_signature_invalid");
}

#[test]
fn issuers_with_the_same_kid_keep_their_keys_apart() {
    let key = |name: &str| Key::seeded(Alg::ES256, "1", name);
    let (one, two) = (Idp::start("one", &[&key("one")]), Idp::start("two", &[&key("two")]));
    let issuers = vec![one.issuer(one.jwks_uri(often())), two.issuer(two.jwks_uri(often()))];
    let envoy = builder(&[&one, &two], issuers, json!({})).start();
    let mut crew = Crew::of(&envoy);
    crew.say(&one.request(&key("one"), "ann"), "pass");
    crew.say(&two.request(&key("two"), "ann"), "pass");
    crew.say(&one.request(&key("two"), "ann"), "401 token_signature_invalid");
    crew.say(&two.request(&key("one"), "ann"), "401 token_signature_invalid");
    // Where one of them has it no more, the other's doesn't stand in.
    one.provider.publish(&[&Key::es256("another")]);
    crew.wait_until_all_say(&one.request(&key("one"), "ann"), "401 token_key_unknown");
    crew.say(&one.request(&key("two"), "ann"), "401 token_key_unknown");
    crew.say(&two.request(&key("two"), "ann"), "pass");
    // Nor while one of them has none at all.
    one.provider.publish(&[]);
    eventually("one has no keys", || {
        said(&envoy.send(&one.request(&key("two"), "ann"))) == "503 keys_unavailable"
    });
    crew.say(&two.request(&key("two"), "ann"), "pass");
    crew.say(&Request::get("/things"), "401 credentials_missing");
}
