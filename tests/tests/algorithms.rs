//! Every signature algorithm, in a real host.

mod common;

use common::Fleet;
use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Issuer, Key, Parts, RsaKey};
use tenant_guard_tests::{EnvoyBuilder, Request, for_each_protocol};

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document()));

fn issuer(alg: Alg) -> Issuer {
    let name = alg.name().to_lowercase();
    Issuer::new(&format!("https://{name}.example.com/"), Key::new(alg, &format!("key-{name}")))
}

fn large() -> Issuer {
    Issuer::new("https://large.example.com/", Key::rsa(Alg::PS384, "large", RsaKey::Bits3072))
}

fn document() -> Value {
    let tenant = json!({"tenant": {"claims": ["tenant"], "any_tenant": true}});
    let all = Alg::ALL.into_iter().map(issuer).chain([large()]);
    let all: Vec<Value> = all.map(|issuer| issuer.config(tenant.clone())).collect();
    json!({"version": 1, "jwt": {"issuers": all}})
}

#[test]
fn every_algorithm_is_verified() {
    let issuers: Vec<Issuer> = Alg::ALL.into_iter().map(issuer).chain([large()]).collect();
    let tokens: Vec<_> = issuers
        .iter()
        .map(|issuer| {
            let name = issuer.key.alg().name();
            let parts = Parts::of(&issuer.token(json!({"tenant": name})));
            let mut short = parts.clone();
            short.signature.truncate(short.signature.len() / 4 * 4 - 4);
            let other = Key::seeded(issuer.key.alg(), issuer.key.kid(), "another key");
            let bad = [
                parts.clone().with_flipped_bit(),
                parts.clone().with_payload(&issuer.claims(json!({"tenant": "globex"}))),
                parts.clone().with_signature([]),
                parts.clone().with_signature([0; 64]),
                parts.clone().with_signature(vec![0; 256]),
                Parts::of(&other.token(issuer.claims(json!({"tenant": name})))),
                short,
            ];
            (name, parts.join(), bad.map(|parts| parts.join()))
        })
        .collect();
    FLEET.everywhere(|session| {
        for (name, good, bad) in &tokens {
            for bad in bad {
                session.refused(Request::get("/").bearer(bad), 401, "token_signature_invalid");
            }
            session.allowed_as(Request::get("/").bearer(good), name);
            for bad in bad {
                session.refused(Request::get("/").bearer(bad), 401, "token_signature_invalid");
            }
            session.allowed_as(Request::get("/").bearer(good), name);
        }
    });
}

#[test]
fn a_verified_token_is_verified_once() {
    for workers in [1, 4] {
        let envoy = EnvoyBuilder::new(document()).workers(workers).start();
        for_each_protocol(|over| {
            // One connection is one worker, and each worker has a cache of its own.
            let mut connection = envoy.connect(over);
            let mut get = |token: &str| connection.send(&Request::get("/").bearer(token)).unwrap();
            for alg in Alg::ALL {
                let token =
                    issuer(alg).token(json!({"tenant": "acme", "jti": format!("{over:?}")}));
                let tampered = Parts::of(&token).with_flipped_bit().join();
                let count =
                    |name: &str| envoy.stat(&format!("wasmcustom.tenant_guard.{name}")).unwrap();
                let first = get(&token);
                let hits = count("cache_hits");
                for _ in 0..3 {
                    let again = get(&token);
                    assert_eq!(again.status, 200, "{again:?}");
                    assert_eq!(again.echoed_all("x-tenant-id"), first.echoed_all("x-tenant-id"));
                }
                assert_eq!(count("cache_hits"), hits + 3, "{alg:?}");
                let misses = count("cache_misses");
                for _ in 0..2 {
                    assert_eq!(get(&tampered).code().unwrap(), "token_signature_invalid");
                }
                assert_eq!(count("cache_misses"), misses + 2, "{alg:?}");
            }
        });
    }
}

#[test]
fn keys_of_another_algorithm_are_no_way_in() {
    // Among them: the public key as the secret of an HMAC.
    let issuer = issuer(Alg::ES256);
    let claims = issuer.claims(json!({"tenant": "acme"}));
    let kid = issuer.key.kid();
    let confused = Key::with_secret(Alg::HS256, kid, issuer.key.jwk().to_string());
    let others = [confused, Key::es384(kid), Key::rs256(kid), Key::eddsa(kid), Key::hs512(kid)];
    FLEET.everywhere(|session| {
        for key in &others {
            let request = Request::get("/").bearer(key.token(claims.clone()));
            session.refused(request, 401, "token_algorithm_refused");
        }
        // The right name over another algorithm's signature.
        let lying = Key::es384(kid).as_alg(Alg::ES256).token(claims.clone());
        session.refused(Request::get("/").bearer(lying), 401, "token_signature_invalid");
        for name in ["none", "None", "es256", "ES256K", ""] {
            let token = issuer.key.sign(json!({"alg": name, "kid": kid}), claims.clone());
            session.refused(Request::get("/").bearer(token), 401, "token_algorithm_refused");
        }
        session.allowed_as(Request::get("/").bearer(issuer.key.token(claims.clone())), "acme");
    });
}
