//! Crowds that wait for the same keys.

mod keys;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use keys::{Idp, builder, key_set, said};
use serde_json::json;
use tenant_guard_tests::token::{Key, Parts};
use tenant_guard_tests::{Connection, Protocol, Request};

const UNKNOWN: &str = "401 token_key_unknown";

/// A token that claims a kid which nobody has.
fn invented(idp: &Idp, key: &Key) -> Request {
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": "invented"});
    let token = Parts::of(&idp.token(key, "mallory"));
    Request::get("/things").bearer(token.with_header(&header).join())
}

/// In Envoy each answer leads to the next while it is given: too many at once
/// are too deep for a VM.
#[test]
fn a_crowd_that_waits_is_answered_and_the_worker_lives() {
    let key = Key::es256("key");
    let idp = Idp::start("idp", &[]);
    idp.provider.publish_jwks(key_set(&[&key]).after(Duration::from_millis(1_500)));
    let issuer = idp.issuer(idp.jwks_uri(json!({"timeout": "20s"})));
    let envoy = builder(&[&idp], vec![issuer], json!({"audit": {"log": "none"}})).workers(1);
    let envoy = envoy.start();
    let (good, bad) = (idp.request(&key, "ann"), invented(&idp, &key));
    let mut crowd: Vec<Connection> = (0..1_200)
        .map(|number| {
            let mut connection =
                Connection::open(envoy.address(), Protocol::H1, None).expect("a connection");
            connection.start(if number % 2 == 0 { &good } else { &bad });
            connection
        })
        .collect();
    for (number, connection) in crowd.iter_mut().enumerate() {
        let response = connection.next_response().expect("a response");
        assert_eq!(said(&response), if number % 2 == 0 { "pass" } else { UNKNOWN }, "{number}");
    }
    assert!(!envoy.log().contains("failed"), "{}", envoy.log());
}

/// Each makes Envoy begin anew to count down to its next tick, if it is asked.
#[test]
fn those_who_keep_coming_do_not_put_off_what_they_all_wait_for() {
    let key = Key::es256("key");
    let idp = Idp::start("idp", &[&key]);
    let issuer = idp.issuer(idp.jwks_uri(json!({})));
    let envoy = builder(&[&idp], vec![issuer], json!({})).workers(1).start();
    assert_eq!(said(&envoy.send(&idp.request(&key, "ann"))), "pass");

    let request = invented(&idp, &key);
    let (coming, answers) = (AtomicBool::new(true), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        let start = Instant::now();
        while coming.load(Ordering::Relaxed) && start.elapsed() < Duration::from_secs(3) {
            scope.spawn(|| {
                let answer = said(&envoy.send(&request));
                coming.store(false, Ordering::Relaxed);
                answers.lock().unwrap().push(answer);
            });
            thread::sleep(Duration::from_millis(1));
        }
        let took = start.elapsed();
        assert!(took < Duration::from_secs(1), "the first was answered after {took:?}");
    });
    assert!(answers.lock().unwrap().iter().all(|answer| answer == UNKNOWN), "{answers:?}");
    assert_eq!(idp.fetches(), 2);
}
