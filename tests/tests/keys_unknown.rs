//! Tokens of keys that nobody has heard of.

mod keys;

use std::time::{Duration, Instant};

use keys::{Crew, Idp, builder, eventually, said};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Key, Parts};
use tenant_guard_tests::{Provider, Request, Traffic, load};

const INVENTED: usize = 10_000;
const COOLDOWN: Duration = Duration::from_secs(4);
const UNKNOWN: &str = "401 token_key_unknown";

/// A token that claims a kid which nobody has.
fn invented(token: &Parts, number: usize) -> Request {
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": format!("invented-{number}")});
    Request::get("/things").bearer(token.clone().with_header(&header).join())
}

fn idp_with_cooldown(key: &Key) -> (Idp, Value) {
    let idp = Idp::start("idp", &[key]);
    let issuer = idp.issuer(idp.jwks_uri(json!({"refresh": "24h", "cooldown": "4s"})));
    (idp, issuer)
}

#[test]
fn a_flood_of_invented_kids_costs_the_provider_one_fetch_a_cooldown() {
    let key = Key::es256("key");
    let (idp, issuer) = idp_with_cooldown(&key);
    let envoy = builder(&[&idp], vec![issuer], json!({"audit": {"log": "none"}})).start();
    let mut crew = Crew::of(&envoy);
    crew.say(&idp.request(&key, "ann"), "pass");
    assert_eq!(idp.fetches(), 1);

    let good: Vec<_> = (0..50).map(|user| idp.request(&key, &format!("user-{user}"))).collect();
    let traffic = Traffic::start(envoy.address(), 4, 100, good);
    traffic.wait_for_more(10);
    let token = Parts::of(&idp.token(&key, "mallory"));
    let start = Instant::now();
    load(
        &envoy,
        64,
        INVENTED,
        |number| invented(&token, number),
        |number, response| assert_eq!(said(&response), UNKNOWN, "{number}"),
    );
    let took = start.elapsed();
    let records = traffic.stop();
    assert!(records.len() > 10, "{records:?}");
    for record in &records {
        assert_eq!(record.answer.as_ref().map(|answer| answer.status), Ok(200), "{record:?}");
        let took = record.ended - record.sent;
        assert!(took < Duration::from_secs(1), "a good token waited for {took:?}");
    }
    // One at once; another only where the machine took longer than a cooldown.
    let most = 2 + usize::try_from(took.as_secs() / COOLDOWN.as_secs()).unwrap();
    assert!((2..=most).contains(&idp.fetches()), "{} fetches in {took:?}", idp.fetches());

    let before = idp.fetches();
    let mut number = INVENTED;
    let mut all_refused = || {
        number += 1;
        crew.send(&invented(&token, number)).iter().all(|response| said(response) == UNKNOWN)
    };
    eventually("the cooldown is over", || {
        assert!(all_refused());
        idp.fetches() > before
    });
    for _ in 0..100 {
        assert!(all_refused());
    }
    let seen = idp.provider.stub().seen();
    let times: Vec<Instant> = seen.iter().map(|seen| seen.at).collect();
    for pair in times[1..].windows(2) {
        let pause = pair[1] - pair[0];
        assert!(pause + Duration::from_millis(100) > COOLDOWN, "again after {pause:?}");
    }
    assert_eq!(idp.fetches(), before + 1);
}

#[test]
fn what_no_key_could_change_costs_no_fetch() {
    let key = Key::es256("key");
    let (idp, issuer) = idp_with_cooldown(&key);
    let envoy = builder(&[&idp], vec![issuer], json!({})).start();
    let mut crew = Crew::of(&envoy);
    let token = idp.token(&key, "ann");
    crew.say(&Request::get("/things").bearer(&token), "pass");
    let claims = |more| {
        let token = idp.provider.token(&key, more);
        Request::get("/things").bearer(token)
    };
    let broken = Parts::of(&token).with_flipped_bit().join();
    for (request, outcome) in [
        (claims(json!({"iss": "https://other.example.com/"})), "401 token_issuer_unknown"),
        (claims(json!({"tenant": "acme", "exp": 1})), "401 token_expired"),
        (Request::get("/things").bearer(broken), "401 token_signature_invalid"),
        (Request::get("/things").bearer("a.b.c"), "401 token_malformed"),
        (idp.request(&Key::hs256("invented"), "ann"), "401 token_algorithm_refused"),
    ] {
        crew.say(&request, outcome);
    }
    assert_eq!(idp.provider.stub().count(Provider::JWKS), 1);
}
