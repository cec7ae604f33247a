//! What an address may do that is blocked.

use super::*;

#[test]
fn while_blocked_what_is_known_still_passes() {
    let guard = throttled(json!({}));
    let mut cache = guard.new_memory();
    let good = hs256(json!({}));
    let first = guard.decide(&good.headers(), &host(), &mut cache);
    assert_eq!(first.verdict, Verdict::Allow);
    let host = blocked(&guard);
    let again = guard.decide(&good.headers(), &host, &mut cache);
    assert_eq!(again.verdict, Verdict::Allow);
    assert_eq!(outcome(&guard, &good, &host), "authentication_blocked", "without a cache");
    assert_eq!(outcome(&guard, &by_key("sesame"), &host), "allow");
    let root = Request::get("/").with("x-root", "root");
    assert_eq!(outcome(&guard, &root, &host), "allow");
    // Known, and told of as what it is.
    assert_eq!(outcome(&guard, &by_key("old"), &host), "api_key_expired");
}

#[test]
fn while_blocked_no_other_credential_is_looked_at() {
    let guard = throttled(json!({}));
    let host = blocked(&guard);
    for request in [
        hs256(json!({})),
        es256(json!({})),
        es256(json!({"exp": NOW - 3600.0})),
        forged(),
        Request::get("/").bearer("a.b.c"),
        Request::get("/").bearer(&"x".repeat(20_000)),
        Request::get("/").with("authorization", "Basic YTpi"),
        Request::get("/any").bearer("a.b.c"),
        by_key("nobody"),
        by_key(""),
        Request::get("/").with("x-root", "nobody"),
    ] {
        let decision = decide_at(&guard, &request, &host);
        let denial = decision.denial.unwrap();
        assert_eq!(denial.code.name(), "authentication_blocked", "{request:?}");
        assert_eq!((denial.retry_after, denial.level), (Some(600), None));
        let Verdict::Refuse(reply) = decision.verdict else { panic!("{request:?}") };
        assert_eq!((reply.status, reply.grpc_status), (429, 8));
        assert!(reply.headers.contains(&("retry-after", "600".into())));
        assert!(!reply.headers.iter().any(|(name, _)| *name == "www-authenticate"));
        assert!(decision.response.is_empty());
    }
    assert_eq!(host.asked.get(), 0);
}

#[test]
fn while_blocked_a_key_beside_a_token_still_passes_where_it_may() {
    let guard = throttled(json!({"mode": "jwt_then_api_key"}));
    let host = blocked(&guard);
    for (request, expected) in [
        (es256(json!({})).with("x-api-key", "sesame"), "allow"),
        (es256(json!({})).with("x-api-key", "nobody"), "authentication_blocked"),
        (es256(json!({})).with("x-api-key", "old"), "authentication_blocked"),
        (es256(json!({})), "authentication_blocked"),
        (by_key("sesame"), "allow"),
        (by_key("a.b.c"), "authentication_blocked"),
    ] {
        assert_eq!(outcome(&guard, &request, &host), expected, "{request:?}");
    }
    let agree = throttled(json!({"both": "agree"}));
    let both = es256(json!({})).with("x-api-key", "sesame");
    assert_eq!(outcome(&agree, &both, &host), "authentication_blocked");
    assert_eq!(host.asked.get(), 0);
}

#[test]
fn while_blocked_callers_without_credentials_are_not() {
    let guard = throttled(json!({}));
    let host = blocked(&guard);
    for (path, expected) in [
        ("/", "credentials_missing"),
        ("/any", "allow"),
        ("/open", "public"),
        ("/shadow", "shadow"),
        ("/a/../b", "path_ambiguous"),
    ] {
        assert_eq!(outcome(&guard, &Request::get(path), &host), expected, "{path}");
    }
    let open = Request::get("/open").bearer("a.b.c");
    assert_eq!(outcome(&guard, &open, &host), "public");
}

#[test]
fn a_block_ends_and_what_came_meanwhile_did_not_count() {
    let guard = throttled(json!({}));
    let host = blocked(&guard);
    for later in [1.0, 300.0, 599.999] {
        host.set(NOW + later);
        let denial = decide_at(&guard, &hs256(json!({})), &host).denial.unwrap();
        assert_eq!(denial.code.name(), "authentication_blocked", "{later}");
        assert_eq!(denial.retry_after, Some(600 - later as u64), "{later}");
        for _ in 0..5 {
            assert_eq!(outcome(&guard, &by_key("nobody"), &host), "authentication_blocked");
        }
    }
    host.set(NOW + 600.0);
    assert_eq!(outcome(&guard, &hs256(json!({})), &host), "allow");
    for _ in 0..3 {
        assert_eq!(outcome(&guard, &by_key("nobody"), &host), "api_key_unknown");
    }
    assert_eq!(outcome(&guard, &hs256(json!({})), &host), "authentication_blocked");
}
