//! Requests that wait for keys.

mod keys;

use std::thread;
use std::time::Duration;

use keys::{Idp, builder, key_set, metric, timed};
use serde_json::json;
use tenant_guard_tests::token::Key;

#[test]
fn requests_that_come_during_the_first_fetch_wait_for_that_one_only() {
    let key = Key::es256("key");
    let idp = Idp::start("idp", &[&key]);
    idp.provider.publish_jwks(key_set(&[&key]).after(Duration::from_millis(600)));
    let issuer = idp.issuer(idp.jwks_uri(json!({"refresh": "24h"})));
    let envoy = builder(&[&idp], vec![issuer], json!({})).start();
    idp.provider.stub().wait_for("/jwks", 1);
    thread::scope(|scope| {
        for number in 0..20 {
            let (envoy, request) = (&envoy, idp.request(&key, &format!("user-{number}")));
            scope.spawn(move || {
                let (outcome, took) = timed(envoy, &request);
                assert_eq!(outcome, "pass");
                assert!(took < Duration::from_millis(900), "{took:?}");
            });
        }
    });
    assert_eq!(idp.fetches(), 1);
    assert_eq!(metric(&envoy, "keys.fetches"), 1);
    // Those who waited for the first have not used up what a new key may ask for.
    let new = Key::es256("new");
    idp.provider.publish(&[&new]);
    assert_eq!(timed(&envoy, &idp.request(&new, "ann")).0, "pass");
    assert_eq!(idp.fetches(), 2);
}
