//! Requests through a host without faults.

use tenant_guard_host_tests::Outcome;

use crate::common::*;

#[test]
fn without_faults_each_request_is_decided_as_it_should_be() {
    let mut host = host();

    let run = host.request(&with_key());
    let headers = run.outcome.headers();
    assert_eq!(headers.all("x-tenant-id"), ["acme"]);
    assert_eq!(headers.all("x-client-id"), ["web"]);
    assert_eq!(headers.all("x-key-id"), ["web-1"]);
    assert_eq!(headers.all("x-auth-method"), ["api_key"]);
    assert_eq!(headers.all("accept"), ["*/*"]);
    for gone in ["x-api-key", "x-user-id", "x-roles", "x_key_id"] {
        assert_eq!(headers.get(gone), None, "{gone}");
    }
    assert_eq!(run.property("tenant_guard.decision").as_deref(), Some("allow"));

    for (request, method) in [(hs256(), "jwt"), (rs256(), "jwt"), (es256(), "jwt")] {
        let run = host.request(&request);
        assert_eq!(run.outcome.headers().all("x-tenant-id"), ["acme"]);
        assert_eq!(run.outcome.headers().all("x-user-id"), ["u1"]);
        assert_eq!(run.outcome.headers().all("x-auth-method"), [method]);
        assert_eq!(run.outcome.headers().get("authorization"), None);
    }

    let run = host.request(&without_credentials());
    let reply = run.outcome.reply().expect("a reply");
    assert_eq!((reply.status, reply.code().as_str()), (401, "credentials_missing"));
    assert_eq!(reply.details, "tenant_guard.credentials_missing");
    assert_eq!(reply.headers.text("content-type").as_deref(), Some("application/problem+json"));
    assert_eq!(run.property("tenant_guard.decision"), None);

    let run = host.request(&public());
    assert!(spoofs(run.outcome.headers()).is_empty(), "{:?}", run.outcome);
    assert_eq!(run.property("tenant_guard.decision").as_deref(), Some("public"));

    let run = host.request(&with_trailers());
    let Outcome::Continued { trailers: Some(trailers), .. } = &run.outcome else {
        panic!("{:?}", run.outcome)
    };
    assert!(spoofs(trailers).is_empty(), "{trailers:?}");
    assert_eq!(trailers.all("x-checksum"), ["abc"]);
}

#[test]
fn grpc_requests_are_refused_with_a_grpc_status() {
    let run = host().request(&without_credentials().header("content-type", "application/grpc"));
    assert_eq!(run.outcome.reply().and_then(|r| r.grpc_status), Some(16), "{:?}", run.outcome);
}

/// What the sweeps start from: without this they might all try the same.
#[test]
fn each_scenario_comes_to_what_its_name_says() {
    let expected = [
        ("api key", "continued"),
        ("hs256", "continued"),
        ("rs256", "continued"),
        ("es256", "continued"),
        ("no credentials", "401 credentials_missing"),
        ("wrong key", "401 api_key_unknown"),
        ("forged rs256", "401 token_signature_invalid"),
        ("public", "continued"),
        ("trailers", "continued"),
        ("not utf-8", "continued"),
        ("grpc", "401 "),
        ("limit reached", "429 rate_limited"),
        ("tier", "continued"),
        ("address allowed", "continued"),
        ("address refused", "403 ip_refused"),
        ("route's address refused", "403 ip_refused"),
        ("blocked token", "429 authentication_blocked"),
        ("blocked key", "429 authentication_blocked"),
        ("good key of the blocked", "continued"),
        ("named by a trusted peer", "continued"),
        ("named by any peer", "403 tenant_header_untrusted"),
        ("super admin", "continued"),
        ("expired token", "401 token_expired"),
        ("expired key", "401 api_key_expired"),
    ];
    let outcome = |(name, request)| (name, host().request(&request).outcome.short());
    let outcomes: Vec<_> = scenarios().into_iter().map(outcome).collect();
    assert_eq!(outcomes, expected.map(|(name, short)| (name, short.to_owned())));
}
