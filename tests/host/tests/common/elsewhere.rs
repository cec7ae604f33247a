//! Keys and tenants that live elsewhere, and what is fetched there.

use serde_json::{Value, json};
use tenant_guard_host_tests::{Host, HttpCall, Request, Run, Setup, SharedData, tokens};

use super::*;

pub const KEYS: &str = "idp";
pub const TENANTS: &str = "tenants";
/// Of a tenant of the directory.
pub const GLOBEX_KEY: &str = "globex-web-1-1f2e3d4c5b";
pub const JSON: (&str, &str) = ("content-type", "application/json");

/// An issuer whose keys are at an address, a tenant of the document itself, and
/// a directory of others.
pub fn remote() -> Value {
    json!({
        "version": 1,
        "jwt": {"issuers": [{
            "issuer": "https://idp.test/", "name": "idp", "audiences": ["api"],
            "keys": {"jwks_uri": {"cluster": KEYS, "uri": "https://idp.test/jwks"}},
            "tenant": {"claims": ["tenant"], "any_tenant": true},
        }]},
        "directory": {"cluster": TENANTS, "uri": "https://tenants.test/all"},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
            {"id": "web-1", "sha256": tokens::sha256_hex(API_KEY)},
        ]}]}],
        "routes": [
            {"match": {"path": ["/healthz"]}, "auth": "none"},
            {"match": {"path": "/**"}},
        ],
    })
}

/// The same without a directory: keys alone are fetched.
pub fn remote_keys() -> Value {
    let mut document = remote();
    document.as_object_mut().unwrap().remove("directory");
    document
}

/// The key set.
pub fn keys() -> String {
    tokens::jwks().to_string()
}

/// The directory.
pub fn tenants() -> String {
    json!({"version": 1, "tenants": [
        {"id": "globex", "clients": [{"id": "web", "keys": [
            {"id": "globex-1", "sha256": tokens::sha256_hex(GLOBEX_KEY)},
        ]}]},
        {"id": "initech", "active": false},
    ]})
    .to_string()
}

/// A host that has both clusters.
pub fn elsewhere(document: &Value, shared: &SharedData) -> Host {
    started(setup_elsewhere(document, shared))
}

pub fn setup_elsewhere(document: &Value, shared: &SharedData) -> Setup {
    Setup::new(&document.to_string()).shared(shared).clusters(&[KEYS, TENANTS])
}

/// A worker alone.
pub fn alone(document: &Value) -> Host {
    elsewhere(document, &SharedData::new())
}

/// A token for this tenant, by a key that is fetched. It is good for a day.
pub fn token_of(tenant: &str) -> Request {
    let mut claims = claims("https://idp.test/");
    claims["tenant"] = json!(tenant);
    claims["exp"] = json!(NOW + 86_400);
    bearer(&tokens::es256(&claims))
}

/// With what callers may make up, but for the tenant.
fn bearer(token: &str) -> Request {
    Request::get("/v1/things")
        .header("authorization", &format!("Bearer {token}"))
        .header("X-User-Id", "root")
        .header("x-roles", "admin")
        .header("x_key_id", "other")
}

/// The same by a key that isn't in the set.
pub fn token_of_unknown_key() -> Request {
    let token = tokens::es256(&claims("https://idp.test/"));
    let header = tokens::b64(r#"{"alg":"ES256","typ":"JWT","kid":"ec-9"}"#);
    bearer(&format!("{header}.{}", token.split_once('.').unwrap().1))
}

pub fn globex_key() -> Request {
    Request::get("/v1/things").header("x-api-key", GLOBEX_KEY)
}

/// The call that is under way to this cluster.
pub fn call_to(host: &Host, cluster: &str) -> HttpCall {
    let calls = host.calls();
    calls.into_iter().find(|call| call.cluster == cluster).unwrap_or_else(|| panic!("{cluster}"))
}

/// What is at a cluster.
pub fn what_is_at(cluster: &str) -> String {
    if cluster == KEYS { keys() } else { tenants() }
}

/// Answers a call as it should be.
pub fn answer(host: &mut Host, call: &HttpCall) -> Run {
    host.answer(call.token, 200, &[JSON], what_is_at(&call.cluster))
}

/// Ticks, and answers all calls as they should be.
pub fn fetch(host: &mut Host) {
    host.tick();
    for call in host.calls() {
        answer(host, &call);
    }
    host.tick();
}

/// Ticks and answers, second by second, until nobody waits; at most so many.
pub fn settle(host: &mut Host, requests: &[u32], seconds: usize) -> Vec<Run> {
    for _ in 0..seconds {
        fetch(host);
        if requests.iter().all(|id| !is_waiting(host, *id)) {
            break;
        }
        host.advance(1);
    }
    requests.iter().map(|id| host.look(*id)).collect()
}

pub fn is_waiting(host: &Host, id: u32) -> bool {
    matches!(host.look(id).outcome, Outcome::Waiting { .. })
}

/// What became of a request so far.
pub fn short(host: &Host, id: u32) -> String {
    host.look(id).outcome.short()
}

/// That it went on as this tenant's, with the mark and the identity, and
/// without what the caller made up.
pub fn assert_in(run: &Run, tenant: &str) {
    assert_eq!(run.outcome.short(), "continued", "{}", run.log());
    let headers = run.outcome.headers();
    assert_eq!(headers.all("x-tenant-id"), [tenant]);
    assert_eq!(headers.text("authorization"), None);
    assert_eq!(headers.text("x_key_id"), None);
    assert_ne!(headers.text("x-user-id").as_deref(), Some("root"));
    assert_eq!(headers.text("x-roles"), None);
    assert_eq!(run.property("tenant_guard.decision").as_deref(), Some("allow"));
}
