//! Every code that this version reaches, and the
//! reply it comes with.

mod cases;
mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU16, Ordering};

use cases::{cases, document};
use common::{Fleet, Session};
use serde_json::{Value, json};
use tenant_guard_tests::{EnvoyBuilder, Protocol, Request, Response};

static FLEET: Fleet = Fleet::new(|| EnvoyBuilder::new(document()));

/// Sends a request from an address of its own, since the first guess blocks
/// one: the second is blocked.
fn refused(
    session: &mut Session<'_>,
    request: Request,
    status: u16,
    code: &'static str,
) -> Response {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let request = request.from(&format!("127.1.{high}.{low}"));
    if code == "authentication_blocked" {
        let first = if status == 200 { 200 } else { 401 };
        session.refused(request.clone(), first, "api_key_unknown");
    }
    session.refused(request, status, code)
}

/// The codes that a request can reach in this version.
const REACHED: [&str; 34] = [
    "api_key_expired",
    "api_key_inactive",
    "api_key_unknown",
    "authentication_blocked",
    "client_inactive",
    "client_unknown",
    "credentials_ambiguous",
    "credentials_missing",
    "ip_refused",
    "path_ambiguous",
    "rate_limited",
    "role_missing",
    "route_refused",
    "scope_missing",
    "tenant_choice_required",
    "tenant_header_untrusted",
    "tenant_inactive",
    "tenant_malformed",
    "tenant_mismatch",
    "tenant_not_allowed",
    "tenant_required",
    "tenant_reserved",
    "tenant_unknown",
    "token_algorithm_refused",
    "token_audience_invalid",
    "token_claim_invalid",
    "token_expired",
    "token_issuer_unknown",
    "token_key_unknown",
    "token_malformed",
    "token_not_yet_valid",
    "token_signature_invalid",
    "token_too_large",
    "token_type_refused",
];

/// The others: for later versions, and for a host that fails
/// (`guard_unavailable`) or whose workers overtake each other all the time
/// (`limiter_unavailable`), which nobody can bring about from outside.
const NOT_REACHED: [&str; 5] = [
    "guard_unavailable",
    "keys_unavailable",
    "limiter_unavailable",
    "tenants_unavailable",
    "token_revoked",
];

#[test]
fn every_code_has_a_counter() {
    let mut all: Vec<&str> = REACHED.into_iter().chain(NOT_REACHED).collect();
    all.sort_unstable();
    let prefix = "wasmcustom.tenant_guard.denied.";
    let counters = FLEET.envoys()[0].stats(prefix);
    let mut counters: Vec<&str> =
        counters.iter().map(|(name, _)| name.trim_start_matches(prefix)).collect();
    counters.sort_unstable();
    assert_eq!(counters, all);
}

#[test]
fn every_code_of_this_version_is_reached_and_has_its_reply() {
    FLEET.everywhere(|session| {
        let mut reached = BTreeSet::new();
        for (status, code, level, request) in cases() {
            let response = refused(session, request, status, code);
            reached.insert(response.code().unwrap());
            let mut problem = response.json();
            let problem = problem.as_object_mut().unwrap();
            for (name, value) in
                [("status", json!(status)), ("code", json!(code)), ("type", json!("about:blank"))]
            {
                assert_eq!(problem.remove(name), Some(value), "{code}: {response:?}");
            }
            let title = match status {
                400 => "Bad Request",
                401 => "Unauthorized",
                429 => "Too Many Requests",
                _ => "Forbidden",
            };
            assert_eq!(problem.remove("title"), Some(json!(title)), "{code}");
            let id = problem.remove("request_id").unwrap();
            assert_eq!(id.as_str().unwrap().len(), 36, "Envoy's own request id");
            assert_eq!(problem.remove("level").as_ref().and_then(Value::as_str), level, "{code}");
            let detail = problem.remove("detail").unwrap();
            assert!(detail.as_str().unwrap().ends_with('.'), "{code}: {detail}");
            let wait = problem.remove("retry_after").as_ref().and_then(Value::as_u64);
            let header = response.header("retry-after").map(|text| text.parse().unwrap());
            assert_eq!((wait, wait.is_some()), (header, status == 429), "{code}");
            assert!(problem.is_empty(), "{code}: {problem:?}");
            assert_eq!(response.header_all("content-type"), ["application/problem+json"]);
            assert_eq!(response.header_all("cache-control"), ["no-store"]);
            let challenge = match (status, code) {
                (_, "credentials_missing") => vec![r#"Bearer realm="api""#],
                (401, _) => vec![r#"Bearer realm="api", error="invalid_token""#],
                (_, "credentials_ambiguous") => {
                    vec![r#"Bearer realm="api", error="invalid_request""#]
                }
                (_, "scope_missing") => {
                    vec![r#"Bearer realm="api", error="insufficient_scope", scope="a:b c""#]
                }
                _ => vec![],
            };
            assert_eq!(response.header_all("www-authenticate"), challenge, "{code}");
            // Nothing else than these, and what Envoy adds.
            let limited = ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"];
            for name in limited {
                assert_eq!(response.header(name).is_some(), code == "rate_limited", "{code}");
            }
            let known = [
                "content-type",
                "cache-control",
                "www-authenticate",
                "content-length",
                "date",
                "server",
                "connection",
                "retry-after",
            ];
            let known = [&known[..], &limited].concat();
            let other = response.headers.iter().find(|(name, _)| !known.contains(&name.as_str()));
            assert_eq!(other, None, "{code}");
        }
        assert_eq!(reached, REACHED.map(str::to_owned).into());
    });
}

#[test]
fn grpc_callers_get_a_status_they_understand() {
    FLEET.everywhere(|session| {
        if session.over == Protocol::H1 {
            return;
        }
        for (status, code, _, request) in cases() {
            let request =
                request.header("content-type", "application/grpc").header("te", "trailers");
            let response = refused(session, request, 200, code);
            let grpc = match status {
                400 => 3,
                401 => 16,
                429 => 8,
                _ => 7,
            };
            assert_eq!(response.grpc_status(), Some(grpc), "{code}: {response:?}");
            let message = response.grpc_message().unwrap();
            assert!(message.starts_with(&format!("{code}: ")), "{message}");
            assert!(response.body.is_empty(), "{response:?}");
            assert_eq!(response.header_all("content-type"), ["application/grpc"]);
            assert_eq!(response.header_all("cache-control"), ["no-store"]);
            assert_eq!(
                response.header("www-authenticate").is_some(),
                status == 401 || ["credentials_ambiguous", "scope_missing"].contains(&code)
            );
            assert_eq!(response.header("retry-after").is_some(), status == 429);
        }
        let codec = Request::get("/things").header("content-type", "application/grpc+proto");
        assert_eq!(session.refused(codec, 200, "credentials_missing").grpc_status(), Some(16));
        let web = Request::get("/things").header("content-type", "application/grpc-web");
        assert_eq!(session.refused(web, 401, "credentials_missing").grpc_status(), None);
    });
}
