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
