//! A host that fails is never a way in.

use serde_json::{Value, json};

use crate::testing::{
    BrokenHost, FixedHost, NOW, Request, es256_token, guard, issuer, jwt, key, merged, p256_jwk,
    token,
};
use crate::{Guard, Memory, Verdict};

fn document() -> Value {
    let dated = key("dated", "dated", json!({"expires": "2100-01-01T00:00:00Z"}));
    let mut es = issuer(json!({
        "issuer": "https://es.example", "tenant": {"fixed": "acme"},
        "keys": {"jwks": {"keys": [p256_jwk()]}}
    }));
    es["keys"].as_object_mut().unwrap().remove("secret");
    let hs = issuer(json!({"tenant": {"fixed": "acme"}}));
    json!({
        "jwt": {"issuers": [hs, es]},
        "api_keys": {"keys": [key("k", "sesame", json!({})), dated]},
        "routes": [
            {"match": {"path": "/open"}, "auth": "none"},
            {"match": {"path": "/key"}, "tenancy": "none"},
            {"match": {"path": "/**"}}
        ]
    })
}

fn es256() -> Request {
    Request::get("/").bearer(&es256_token(json!({"iss": "https://es.example"})))
}

fn outcome(guard: &Guard, request: &Request, host: BrokenHost) -> &'static str {
    let decision = guard.decide(&request.headers(), &host, &mut guard.new_memory());
    match decision.verdict {
        Verdict::Refuse(reply) => {
            let code = decision.denial.unwrap().code;
            assert_eq!(reply.status, code.status());
            code.name()
        }
        verdict => verdict.marker().unwrap(),
    }
}

#[test]
fn a_request_that_needs_the_host_is_refused_where_the_host_fails() {
    let guard = guard(document());
    let hs = || Request::get("/").bearer(&token(json!({})));
    for (request, clock, signatures) in [
        (hs(), "guard_unavailable", "allow"),
        (es256(), "guard_unavailable", "guard_unavailable"),
        (Request::get("/key").with("x-api-key", "dated"), "guard_unavailable", "allow"),
        // These don't need it.
        (Request::get("/open"), "public", "public"),
        (Request::get("/key").with("x-api-key", "sesame"), "allow", "allow"),
        (Request::get("/"), "credentials_missing", "credentials_missing"),
        (Request::get("/").bearer("a.b.c"), "token_malformed", "token_malformed"),
    ] {
        assert_eq!(outcome(&guard, &request, BrokenHost::Clock), clock, "{request:?}");
        assert_eq!(outcome(&guard, &request, BrokenHost::Signatures), signatures, "{request:?}");
    }
}

#[test]
fn a_shadow_lets_nothing_through_that_could_not_be_checked() {
    for shadow in [json!(true), json!("untouched")] {
        let guard = guard(merged(document(), json!({ "shadow": shadow })));
        for host in [BrokenHost::Clock, BrokenHost::Signatures] {
            assert_eq!(outcome(&guard, &es256(), host), "guard_unavailable", "{shadow} {host:?}");
        }
        let refused = Request::get("/").bearer("a.b.c");
        assert_eq!(outcome(&guard, &refused, BrokenHost::Clock), "shadow");
    }
    let route = json!({"routes": [{"match": {"path": "/**"}, "shadow": true}]});
    let guard = guard(merged(jwt(json!({"tenant": {"fixed": "acme"}})), route));
    let request = Request::get("/").bearer(&token(json!({})));
    assert_eq!(outcome(&guard, &request, BrokenHost::Clock), "guard_unavailable");
}

#[test]
fn a_cached_token_is_no_way_around_a_failing_clock() {
    let guard = guard(document());
    let mut cache = Memory::new(10, 100_000);
    let request = Request::get("/").bearer(&token(json!({})));
    let first = guard.decide(&request.headers(), &FixedHost::at(NOW), &mut cache);
    assert_eq!(first.verdict, Verdict::Allow);
    assert_eq!(cache.tokens(), 1);
    let second = guard.decide(&request.headers(), &BrokenHost::Clock, &mut cache);
    assert_eq!(second.denial.unwrap().code.name(), "guard_unavailable");
    let third = guard.decide(&request.headers(), &FixedHost::at(NOW), &mut cache);
    assert_eq!(third.verdict, Verdict::Allow);
}

#[test]
fn nothing_of_a_request_that_could_not_be_checked_is_forwarded_as_identity() {
    let guard = guard(document());
    let request = es256().with("x-user-id", "mallory").with("x-tenant-id", "acme");
    let decision =
        guard.decide(&request.headers(), &BrokenHost::Signatures, &mut guard.new_memory());
    assert!(decision.changes.set.is_empty());
    let sent = request.changed(&decision);
    assert_eq!((sent.value("x-user-id"), sent.value("x-tenant-id")), (None, None));
}
