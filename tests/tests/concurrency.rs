//! Many requests at once: each gets its own answer.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::{headers, idp, key_entry, received};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key, Parts};
use tenant_guard_tests::{EnvoyBuilder, Protocol, Request, Response};

const TENANTS: usize = 20;
const THREADS: usize = 16;
const REQUESTS: usize = 5_000;

fn rsa() -> Issuer {
    Issuer::new("https://rsa.example.com/", Key::rs256("rsa"))
}

fn document() -> Value {
    let tenant = |number: usize| {
        json!({"id": format!("tenant-{number}"), "active": number != 13, "clients": [
        {"id": format!("client-{number}"), "keys": [key_entry(&format!("key-{number}"), &format!("secret-{number}"))]}]})
    };
    let any = json!({"tenant": {"claims": ["tenant"], "any_tenant": true}});
    json!({
        "version": 1,
        // Smaller than what is sent, so that entries come and go.
        "jwt": {"cache_entries": 50, "issuers": [idp("eddsa").config(any.clone()), rsa().config(any)]},
        "tenants": (0..TENANTS).map(tenant).collect::<Vec<_>>(),
        "routes": [{"match": {"path": "/public"}, "auth": "none"}, {"match": {"path": "/**"}}],
    })
}

/// What one request must be answered with.
enum Expected {
    Identity(Vec<(&'static str, String)>),
    Code(&'static str),
}

/// The n-th request: another tenant, kind of credential and outcome each time.
fn request(number: usize) -> (Request, Expected) {
    let tenant = format!("tenant-{}", number % TENANTS);
    let other = format!("tenant-{}", (number + 1) % TENANTS);
    let is_active = number % TENANTS != 13;
    // Some are seen often and stay in the cache, others come and go.
    let subject = format!("user-{}", if number % 7 < 4 { 0 } else { number % 97 });
    let issuer = if (number % TENANTS).is_multiple_of(3) { rsa() } else { idp("eddsa") };
    // Fixed dates: the same subject of the same tenant has the same token.
    let claims =
        json!({"tenant": tenant, "sub": subject, "iat": 1_700_000_000, "exp": 4_000_000_000_u64});
    let token = || issuer.token(claims.clone());
    let key = format!("secret-{}", number % TENANTS);
    let get = Request::get(format!("/things/{number}"));
    let by_token = vec![
        ("x-tenant-id", tenant.clone()),
        ("x-user-id", subject.clone()),
        ("x-auth-method", "jwt".to_owned()),
    ];
    let by_key = vec![
        ("x-tenant-id", tenant.clone()),
        ("x-client-id", format!("client-{}", number % TENANTS)),
        ("x-key-id", format!("key-{}", number % TENANTS)),
        ("x-auth-method", "api_key".to_owned()),
    ];
    let (request, expected) = match number / TENANTS % 9 {
        0 | 1 => (get.bearer(token()), Expected::Identity(by_token)),
        2 => (
            get.bearer(token()).tenant(&tenant).header("x-roles", "forged"),
            Expected::Identity(by_token),
        ),
        3 => (get.api_key(key), Expected::Identity(by_key)),
        4 => (get.bearer(token()).tenant(&other), Expected::Code("tenant_mismatch")),
        5 => (get.api_key(key).tenant(&other), Expected::Code("tenant_mismatch")),
        6 => {
            let broken = Parts::of(&token()).with_flipped_bit().join();
            return (get.bearer(broken), Expected::Code("token_signature_invalid"));
        }
        7 => {
            return (
                get.tenant(&tenant).header("x-user-id", "forged"),
                Expected::Code("credentials_missing"),
            );
        }
        _ => return (Request::get("/public").tenant(&tenant), Expected::Identity(Vec::new())),
    };
    match expected {
        Expected::Identity(_) if !is_active => (request, Expected::Code("tenant_inactive")),
        expected => (request, expected),
    }
}

fn check(number: usize, response: &Response, expected: &Expected) {
    match expected {
        Expected::Identity(identity) => {
            assert_eq!(response.status, 200, "{number}: {response:?}");
            let identity: Vec<_> =
                identity.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(received(response), headers(&identity), "{number}");
            assert_eq!(response.echoed_value("x-test-id"), Some(number.to_string()));
        }
        Expected::Code(code) => {
            assert_eq!(response.code().as_deref(), Some(*code), "{number}: {response:?}");
        }
    }
}

#[test]
fn each_request_gets_its_own_answer() {
    let envoy = EnvoyBuilder::new(document()).workers(4).start();
    let requests: Vec<_> = (0..REQUESTS).map(request).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (envoy, requests, next) = (&envoy, &requests, &next);
            scope.spawn(move || {
                let over = if thread % 2 == 0 { Protocol::H1 } else { Protocol::H2 };
                let mut connection = envoy.connect(over);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((request, expected)) = requests.get(number) else {
                        return;
                    };
                    let request = request.clone().over(over).marker(number.to_string());
                    check(number, &connection.send(&request).unwrap(), expected);
                }
            });
        }
    });
    let admitted =
        requests.iter().filter(|(_, expected)| matches!(expected, Expected::Identity(_)));
    assert_eq!(envoy.application_requests(), admitted.count());
    let counters = envoy.stats("wasmcustom.tenant_guard.");
    let sum = |part: &str| -> u64 {
        counters.iter().filter(|(name, _)| name.contains(part)).map(|(_, value)| value).sum()
    };
    assert_eq!(sum(".denied.") + sum(".allowed") + sum(".public"), REQUESTS as u64);
    assert!(sum(".cache_hits") > 0 && sum(".cache_misses") > 0);
    // What was logged of each is its own too.
    for line in envoy.access_log(REQUESTS) {
        let number: usize = line["marker"].as_str().unwrap().parse().unwrap();
        let (code, tenant) = match &requests[number].1 {
            Expected::Identity(identity) => {
                ("via_upstream".to_owned(), identity.first().map(|(_, tenant)| tenant.clone()))
            }
            Expected::Code("tenant_inactive") => {
                ("tenant_guard.tenant_inactive".to_owned(), Some("tenant-13".to_owned()))
            }
            Expected::Code(code) => (format!("tenant_guard.{code}"), None),
        };
        assert_eq!((&line["code"], &line["tenant"]), (&json!(code), &json!(tenant)), "{line}");
    }
}
