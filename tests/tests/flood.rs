//! Many failed authentications: whom they block, and what they cost.

mod common;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::limits::{direct, number, within_one_window};
use common::{key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key, Parts, now};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Protocol, Request, Response, load};

static SIGNER: LazyLock<Issuer> =
    LazyLock::new(|| Issuer::new("https://claims.example.com/", Key::es256("claims")));

fn document(failures: Value) -> Value {
    json!({
        "version": 1,
        "failures": failures,
        "mode": "jwt_then_api_key",
        "jwt": {"issuers": [SIGNER.config(json!({"tenant": {"claims": ["tenant"]}}))]},
        "super_admin": {"from": [{"header": "x-super"}], "sha256": "0".repeat(64)},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
            key_entry("web-1", "web-key"), with(key_entry("old", "old-key"), json!({"active": false}))]}]}],
        "routes": [
            {"match": {"path": "/public"}, "auth": "none"},
            {"match": {"path": "/shadow"}, "shadow": true},
            {"match": {"path": "/**"}},
        ],
    })
}

/// A token of `acme`; another for each name.
fn token(name: &str) -> String {
    SIGNER.token(json!({"tenant": "acme", "jti": name}))
}

fn from(request: Request, address: &str) -> Request {
    request.header("x-forwarded-for", address)
}

fn send(envoy: &Envoy, request: Request, address: &str) -> (u16, String) {
    let response = envoy.send(&from(request, address));
    (response.status, response.code().unwrap_or_default())
}

fn blocked() -> (u16, String) {
    (429, "authentication_blocked".to_owned())
}

#[test]
fn who_guesses_too_often_is_blocked_and_who_knows_is_not() {
    within_one_window();
    let bad = || Parts::of(&token("bad")).with_flipped_bit().join();
    for workers in [1, 4] {
        let rules = json!({"limit": "4/day", "block": "24h"});
        let envoy = EnvoyBuilder::new(document(rules)).workers(workers).trusted_hops(1).start();
        let get = || Request::get("/");
        let send = |request: Request, address: &str| send(&envoy, request, address);
        // Each is a guess, and all count together.
        let guesses = [
            (get().bearer(bad()), "token_signature_invalid"),
            (get().bearer("a.b"), "token_malformed"),
            (get().api_key("guess"), "api_key_unknown"),
            (get().header("x-super", "guess"), "api_key_unknown"),
        ];
        assert_eq!(send(get().bearer(token("known")), "192.0.2.1").0, 200);
        for (guess, code) in guesses.clone() {
            assert_eq!(send(guess, "192.0.2.1"), (401, code.to_owned()));
        }
        for (guess, _) in guesses.clone() {
            assert_eq!(send(guess, "192.0.2.1"), blocked());
        }
        let told = envoy.send(&from(get().api_key("guess"), "192.0.2.1"));
        let wait = number(&told, "retry-after");
        assert!((86_390..=86_400).contains(&wait), "{told:?}");
        let problem = told.json();
        assert_eq!((&problem["status"], &problem["retry_after"]), (&json!(429), &json!(wait)));
        let grpc = envoy.send(&from(Request::grpc("/").api_key("guess"), "192.0.2.1"));
        assert_eq!((grpc.grpc_status(), number(&grpc, "retry-after") > 86_300), (Some(8), true));
        // A known key passes, and so does what needs no credential.
        assert_eq!(send(get().api_key("web-key"), "192.0.2.1").0, 200);
        assert_eq!(send(Request::get("/public"), "192.0.2.1").0, 200);
        assert_eq!(send(get(), "192.0.2.1"), (401, "credentials_missing".to_owned()));
        let shadow = envoy.send(&from(Request::get("/shadow").api_key("guess"), "192.0.2.1"));
        assert_eq!(shadow.status, 403, "by the backstop: {shadow:?}");
        // A token that nobody has seen isn't looked at.
        assert_eq!(send(get().bearer(token("new")), "192.0.2.1"), blocked());
        assert_eq!(send(get().bearer(token("new")), "192.0.2.2").0, 200);
        // The key behind it is, where keys are tried too.
        assert_eq!(send(get().bearer(token("newer")).api_key("web-key"), "192.0.2.1").0, 200);

        // An IPv6 network is one caller; an IPv4 address in IPv6 form is IPv4.
        for suffix in 0..4 {
            let refused = send(get().api_key("guess"), &format!("2001:db8::{suffix}:1"));
            assert_eq!(refused.1, "api_key_unknown");
        }
        assert_eq!(send(get().api_key("guess"), "2001:db8::ffff:ffff:0:1"), blocked());
        assert_eq!(send(get().api_key("guess"), "2001:db8:0:1::1").0, 401);
        assert_eq!(send(get().api_key("guess"), "::ffff:192.0.2.1"), blocked());
        // What is no guess blocks nobody.
        let expired = SIGNER.token(json!({"tenant": "acme", "exp": now() - 90, "iat": now() - 99}));
        for _ in 0..6 {
            assert_eq!(send(get(), "192.0.2.9").0, 401);
            assert_eq!(send(get().bearer(&expired), "192.0.2.9").1, "token_expired");
            assert_eq!(send(get().api_key("old-key"), "192.0.2.9").1, "api_key_inactive");
            assert_eq!(send(get().api_key("web-key").tenant("x"), "192.0.2.9").0, 403);
        }
        assert_eq!(send(get().api_key("guess"), "192.0.2.9").0, 401);
    }
}

#[test]
fn a_block_ends() {
    let rules = json!({"limit": "1/sec", "block": "2s"});
    let envoy = EnvoyBuilder::new(document(rules)).workers(4).trusted_hops(1).start();
    let guess = || send(&envoy, Request::get("/").api_key("guess"), "192.0.2.1");
    assert_eq!(guess().0, 401);
    let start = Instant::now();
    assert_eq!(guess(), blocked());
    while guess() == blocked() {
        assert!(start.elapsed() < Duration::from_secs(4));
        thread::sleep(Duration::from_millis(50));
    }
    // Times are whole seconds.
    assert!(start.elapsed() > Duration::from_millis(900), "{:?}", start.elapsed());
}

const FLOOD: usize = 100_000;
/// Of a flood every other request comes from one of these; the rest from
/// addresses that send two requests each.
const STUBBORN: usize = 100;

/// The n-th request of a flood, none like another.
fn bad(number: usize, good: &Parts) -> Request {
    let address = if number.is_multiple_of(2) {
        format!("10.0.0.{}", number / 2 % STUBBORN)
    } else if number.is_multiple_of(3) {
        format!("2001:db8:{:x}:{:x}::1", number / 4 / 65_536, number / 4 % 65_536)
    } else {
        format!("172.{}.{}.{}", 16 + number / 4 / 62_500, number / 1_000 % 250, number / 4 % 250)
    };
    let request = from(Request::get("/direct"), &address);
    match number / 200 % 5 {
        0 | 1 => {
            let claims = SIGNER.claims(json!({"tenant": "acme", "jti": number.to_string()}));
            request.bearer(good.clone().with_payload(&claims).join())
        }
        2 => request.bearer(format!("{number}.x.y")),
        3 => request.bearer(
            good.clone().with_header(&json!({"alg": "ES256", "kid": "claims", "n": number})).join(),
        ),
        _ => request.api_key(format!("guess-{number}")),
    }
}

/// Sends a part of the flood, and counts what it is answered.
fn flood(envoy: &Envoy, numbers: std::ops::Range<usize>, good: &Parts) -> (usize, usize) {
    let (mut unauthorized, mut blocked) = (0, 0);
    let start = numbers.start;
    let request = |number| bad(start + number, good);
    load(envoy, 32, numbers.len(), request, |_, response: Response| match response.status {
        401 => unauthorized += 1,
        429 => blocked += 1,
        _ => panic!("{response:?}"),
    });
    (unauthorized, blocked)
}

#[test]
fn a_flood_costs_no_memory_and_hinders_no_good_caller() {
    within_one_window();
    let rules = json!({"limit": "20/day", "block": "24h"});
    let envoy = EnvoyBuilder::new(document(rules))
        .workers(4)
        .trusted_hops(1)
        .route(direct())
        .hcm(json!({"access_log": []}))
        .start();
    let good = token("good");
    let parts = Parts::of(&good);
    let stop = AtomicBool::new(false);
    let served = AtomicUsize::new(0);
    let connections = 6;
    let good_caller = || {
        let request = from(Request::get("/direct").bearer(&good), "198.51.100.1");
        let mut connections: Vec<_> =
            (0..connections).map(|_| envoy.connect(Protocol::H1)).collect();
        while !stop.load(Ordering::Relaxed) {
            for connection in &mut connections {
                let response = connection.send(&request).unwrap();
                assert_eq!(response.status, 200, "{response:?}");
                served.fetch_add(1, Ordering::Relaxed);
            }
            thread::sleep(Duration::from_millis(20));
        }
    };
    let start = Instant::now();
    let (unauthorized, blocked, grown) = thread::scope(|scope| {
        let caller = scope.spawn(good_caller);
        // By then all that is bounded has grown to its bounds.
        let (mut unauthorized, mut blocked) = flood(&envoy, 0..FLOOD / 2, &parts);
        let before = envoy.resident_memory();
        let rest = flood(&envoy, FLOOD / 2..FLOOD, &parts);
        unauthorized += rest.0;
        blocked += rest.1;
        let grown = envoy.resident_memory().saturating_sub(before);
        stop.store(true, Ordering::Relaxed);
        caller.join().unwrap();
        (unauthorized, blocked, grown)
    });
    let served = served.load(Ordering::Relaxed);
    eprintln!(
        "{FLOOD} in {:?}: {unauthorized} 401, {blocked} 429; {served} good; {} KiB more",
        start.elapsed(),
        grown / 1024
    );
    assert_eq!(unauthorized + blocked, FLOOD);
    // The stubborn are let in 20 times each, and once more where others were
    // under way; the rest is never blocked.
    let most = FLOOD / 2 + STUBBORN * (20 + 32);
    assert!((FLOOD / 2..=most).contains(&unauthorized), "{unauthorized}");
    assert!(grown < 8 * 1024 * 1024, "{grown} bytes more");

    // The good caller's token was verified once for each worker.
    let stat = |name: &str| envoy.stat(&format!("wasmcustom.tenant_guard.{name}")).unwrap();
    assert_eq!(stat("allowed"), served as u64);
    assert!(stat("cache_hits") >= (served - connections) as u64, "{}", stat("cache_hits"));
    assert_eq!(stat("denied.authentication_blocked"), blocked as u64);
    assert_eq!(stat("denied.guard_unavailable"), 0);

    // From a blocked address a known key passes, and nothing new does.
    let direct = || Request::get("/direct");
    assert_eq!(send(&envoy, direct().api_key("guess"), "10.0.0.7").0, 429);
    assert_eq!(send(&envoy, direct().api_key("web-key"), "10.0.0.7").0, 200);
    assert_eq!(send(&envoy, direct().bearer(token("new")), "10.0.0.7").0, 429);
}
