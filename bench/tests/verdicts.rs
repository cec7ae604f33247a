//! That what is measured does what it is measured for, in Envoy.

#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

use tenant_guard_bench::config::native::{LimitHeaders, Tokens, key_chain, token_chain};
use tenant_guard_bench::config::{guard, start};
use tenant_guard_bench::scenario::{
    Junk, Line, Request, Scenario, Signer, key, tenant, token_path,
};
use tenant_guard_tests::token::now;
use tenant_guard_tests::{Envoy, Response};

fn send(envoy: &Envoy, request: &Request) -> Response {
    let start = tenant_guard_tests::Request::new(&request.method, &request.path);
    let headers = request.headers.iter();
    envoy.send(&headers.fold(start, |request, (name, value)| request.header(name, value)))
}

fn bearer(token: &str) -> Request {
    Request::get("/v1/outline").bearer(token)
}

#[test]
fn the_guard_gives_each_scenario_its_verdict() {
    let junk = Junk::ALL.map(|junk| Scenario::junk(junk, Signer::Rs256, now()));
    let envoy = start(guard::guarded(&junk[0].document));
    for scenario in junk {
        let response = send(&envoy, &scenario.request);
        assert_eq!(response.status, scenario.status(), "{response:?}");
        assert_eq!(response.code().as_deref(), scenario.refusal);
    }
    for signer in [Signer::Rs256, Signer::Es256] {
        for scenario in [
            Scenario::warm_token(signer, now()),
            Scenario::cold_token(signer, now()),
            Scenario::new_token(signer, 7, now()),
        ] {
            allowed(&scenario);
        }
    }
}

#[test]
fn the_guard_lets_the_request_of_each_line_on() {
    for line in Line::ALL {
        allowed(&line.at(100, now()));
    }
}

fn allowed(scenario: &Scenario) {
    let envoy = start(guard::guarded(&scenario.document));
    let response = send(&envoy, &scenario.request);
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.header("x-rate-limit-limit"), Some("4000000000"));
}

#[test]
fn the_native_chain_checks_token_tenant_and_limit() {
    let signer = Signer::Rs256;
    for (cache, query) in [(true, false), (false, false), (false, true)] {
        let tokens = Tokens { signer, cache, query };
        let envoy = start(token_chain(tokens, LimitHeaders::Sent));
        let with = |token: &str| match query {
            true => Request::get(&token_path(token)),
            false => bearer(token),
        };
        for _ in 0..3 {
            let response = send(&envoy, &with(&signer.token(&tenant(9), now())));
            assert_eq!(response.status, 200, "{response:?}");
            let limit = response.header("x-ratelimit-limit").unwrap().to_owned();
            assert!(limit.starts_with("4000000000"), "{limit}");
        }
        assert_eq!(send(&envoy, &with(&signer.token("unlisted", now()))).status, 403);
        assert_eq!(send(&envoy, &Request::get("/v1/outline")).status, 401);
        let other =
            Request { path: "/v1/other".to_owned(), ..bearer(&signer.token(&tenant(9), now())) };
        assert_eq!(send(&envoy, &other).status, if query { 401 } else { 403 });
        for junk in Junk::ALL {
            assert_eq!(send(&envoy, &with(&signer.junk(junk, &tenant(9), now()))).status, 401);
        }
    }
}

#[test]
fn the_native_keys_are_checked_and_limited() {
    for keys in [10, 100] {
        let envoy = start(key_chain(keys));
        for _ in 0..3 {
            let response = send(&envoy, &Request::get("/v1/outline").api_key(&key(keys - 1)));
            assert_eq!(response.status, 200, "{response:?}");
            let limit = response.header("x-ratelimit-limit").unwrap().to_owned();
            assert!(limit.starts_with("4000000000"), "{limit}");
        }
        let unknown = Request::get("/v1/outline").api_key(&key(keys));
        assert_eq!(send(&envoy, &unknown).status, 401);
        assert_eq!(send(&envoy, &Request::get("/v1/outline")).status, 401);
    }
}
