//! A cache changes no decision.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::testing::{
    BrokenHost, FixedHost, NOW, Request, ed25519_jwk, eddsa_token, guard, issuer, merged, token,
};
use crate::{Decision, Guard, Memory};

fn keyed(fields: Value) -> Value {
    let mut issuer = issuer(merged(json!({"tenant": {"claims": ["tenant"]}}), fields));
    issuer["keys"] = json!({"jwks": {"keys": [ed25519_jwk()]}});
    issuer
}

/// Guards that say different things of the same tokens.
fn guards() -> Vec<Guard> {
    let ed = |fields: Value| keyed(merged(json!({"issuer": "ed", "name": "ed"}), fields));
    let hs = |fields: Value| issuer(merged(json!({"issuer": "hs", "name": "hs"}), fields));
    let any = json!({"tenant": {"any_tenant": true}, "clock_skew": "0s"});
    let fixed = json!({"tenant": {"fixed": "acme"}, "clock_skew": "20s"});
    let routes = json!([
        {"match": {"path": "/ed"}, "issuers": ["ed"]},
        {"match": {"path": "/me"}, "tenancy": "none"}
    ]);
    [
        json!({"jwt": {"issuers": [ed(any.clone()), hs(fixed.clone())]}}),
        json!({"jwt": {"issuers": [ed(any), hs(merged(fixed.clone(), json!({"audiences": ["other"]})))]}}),
        json!({"jwt": {"issuers": [hs(fixed)]}, "tenants": [{"id": "acme", "active": false}]}),
    ]
    .into_iter()
    .map(|document| {
        let ed_too = document["jwt"]["issuers"].as_array().unwrap().len() > 1;
        let routes = if ed_too { json!({ "routes": routes }) } else { json!({}) };
        guard(merged(merged(routes, json!({"audit": {"log": "all"}})), document))
    })
    .collect()
}

/// Tokens that expire, begin and name tenants while the clock moves.
fn tokens() -> Vec<String> {
    let mut tokens = Vec::new();
    for (exp, nbf) in [(NOW + 15.0, NOW - 60.0), (NOW + 40.0, NOW + 10.0), (NOW + 90.5, NOW)] {
        let dates = json!({"exp": exp, "nbf": nbf});
        tokens.push(token(merged(json!({"iss": "hs"}), dates.clone())));
        for tenant in [json!("acme"), json!(["acme", "globex"]), json!({})] {
            let own = merged(json!({"iss": "ed", "tenant": tenant}), dates.clone());
            tokens.push(eddsa_token(own));
        }
    }
    let good = tokens[1].clone();
    tokens.push(format!("{}AAAA", &good[..good.len() - 4]));
    tokens.push(good[1..].to_owned());
    tokens
}

#[derive(Debug, Clone)]
struct Step {
    guard: usize,
    token: prop::sample::Index,
    path: &'static str,
    header: Option<&'static str>,
    seconds: f64,
    clock: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let paths = prop::sample::select(vec!["/", "/ed", "/me"]);
    let headers = prop::option::of(prop::sample::select(vec!["acme", "globex", "a b"]));
    let seconds = prop::sample::select(vec![-10.0, 0.0, 0.0, 0.5, 3.0, 11.0]);
    let clock = prop::bool::weighted(0.95);
    (0..3_usize, any::<prop::sample::Index>(), paths, headers, seconds, clock).prop_map(
        |(guard, token, path, header, seconds, clock)| Step {
            guard,
            token,
            path,
            header,
            seconds,
            clock,
        },
    )
}

/// Without what only tells whether there is a cache.
fn verdict(decision: Decision) -> Decision {
    Decision { cache: None, ..decision }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_guard_with_a_cache_decides_as_one_without(
        steps in prop::collection::vec(step(), 1..60),
        (entries, bytes) in prop::sample::select(vec![(100, 1 << 20), (2, 1 << 20), (100, 4000)]),
    ) {
        let (guards, tokens, host) = (guards(), tokens(), FixedHost::at(NOW));
        let mut caches: Vec<_> = guards.iter().map(|_| Memory::new(entries, bytes)).collect();
        let mut now = NOW;
        for step in &steps {
            now += step.seconds;
            host.set(now);
            let request = Request::get(step.path).bearer(step.token.get::<String>(&tokens));
            let request = match step.header {
                Some(name) => request.with("x-tenant-id", name),
                None => request,
            };
            let host: &dyn crate::Host = if step.clock { &host } else { &BrokenHost::Clock };
            let guard = &guards[step.guard];
            let with = guard.decide(&request.headers(), host, &mut caches[step.guard]);
            let without = guard.decide(&request.headers(), host, &mut Memory::new(0, 0));
            prop_assert_eq!(verdict(with), verdict(without));
            prop_assert!(caches.iter().all(|cache| cache.tokens() <= entries));
        }
    }
}

#[test]
fn only_verified_tokens_are_kept_and_none_past_its_time() {
    let guard = &guards()[0];
    let host = FixedHost::at(NOW);
    let mut cache = Memory::new(100, 1 << 20);
    let mut decide = |token: &str, now: f64| {
        host.set(now);
        let request = Request::get("/me").bearer(token);
        let decision = guard.decide(&request.headers(), &host, &mut cache);
        (decision.verdict.marker().is_some(), decision.cache, cache.tokens())
    };
    use crate::CacheUse::{Hit, Miss};
    let good = eddsa_token(json!({"iss": "ed", "exp": NOW + 15.0}));
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    assert_eq!(decide(&forged, NOW), (false, Some(Miss), 0));
    assert_eq!(decide("a.b.c", NOW), (false, Some(Miss), 0));
    assert_eq!(decide(&good, NOW), (true, Some(Miss), 1));
    assert_eq!(decide(&good, NOW + 14.9), (true, Some(Hit), 1));
    assert_eq!(decide(&forged, NOW), (false, Some(Miss), 1));
    assert_eq!(decide(&good, NOW + 15.0), (false, Some(Miss), 0));
    assert_eq!(decide(&good, NOW + 15.0), (false, Some(Miss), 0));
}
