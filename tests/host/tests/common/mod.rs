//! The plugin, the documents and the requests of these tests.

pub mod sweep;

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tenant_guard_host_tests::{Host, Outcome, Request, Run, Setup, tokens};

pub const API_KEY: &str = "acme-web-1-7c1f0d0a5b";
pub const SECRET: &str = "an HS256 secret that is 32 bytes long, and then some";
pub const ENVIRONMENT: &[(&str, &str)] = &[("OTHER", "x=y"), ("JWT_SECRET", SECRET)];
/// The time in the hosts.
pub const NOW: u64 = 1_795_348_800;

/// Where the plugin is: `PLUGIN`, or what `make build` leaves.
pub fn plugin() -> PathBuf {
    std::env::var_os("PLUGIN").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tenant-guard.wasm")),
        PathBuf::from,
    )
}

/// An HS256 issuer (its secret from the environment), an RS256 and ES256 one,
/// one tenant with one API key, a public route.
pub fn document() -> Value {
    json!({
        "version": 1,
        "revision": "host-tests",
        "environment": "development",
        "jwt": {"issuers": [
            {
                "issuer": "https://hs.test/", "name": "symmetric", "audiences": ["api"], "algorithms": ["HS256"],
                "keys": {"secret": {"env": "JWT_SECRET"}},
                "tenant": {"claims": ["tenant"], "allow": ["acme"]},
            },
            {
                "issuer": "https://idp.test/", "name": "asymmetric", "audiences": ["api"],
                "keys": {"jwks": tokens::jwks()},
                "tenant": {"claims": ["tenant"], "allow": ["acme"]},
            },
        ]},
        "tenants": [
            {"id": "acme", "clients": [{"id": "web", "keys": [{"id": "web-1", "sha256": tokens::sha256_hex(API_KEY)}]}]},
        ],
        "routes": [
            {"match": {"path": ["/healthz"]}, "auth": "none"},
            {"match": {"path": "/**"}},
        ],
    })
}

/// Claims of an issuer that are good now.
pub fn claims(issuer: &str) -> Value {
    json!({"iss": issuer, "aud": "api", "sub": "u1", "tenant": "acme", "iat": NOW - 60, "exp": NOW + 600})
}

/// A request with identity headers of the caller's own making.
fn spoofed(path: &str) -> Request {
    Request::get(path)
        .header("x-tenant-id", "acme")
        .header("X-User-Id", "root")
        .header("x-roles", "admin")
        .header("x_key_id", "other")
        .header("accept", "*/*")
}

pub fn with_key() -> Request {
    spoofed("/v1/things?page=2").header("x-api-key", API_KEY)
}

pub fn with_token(token: &str) -> Request {
    spoofed("/v1/things").header("authorization", &format!("Bearer {token}"))
}

pub fn hs256() -> Request {
    with_token(&tokens::hs256(SECRET, &claims("https://hs.test/")))
}

pub fn rs256() -> Request {
    with_token(&tokens::rs256(&claims("https://idp.test/")))
}

pub fn es256() -> Request {
    with_token(&tokens::es256(&claims("https://idp.test/")))
}

pub fn without_credentials() -> Request {
    spoofed("/v1/things")
}

pub fn public() -> Request {
    spoofed("/healthz")
}

pub fn with_trailers() -> Request {
    with_key()
        .body(b"{}")
        .trailer("x-tenant-id", "globex")
        .trailer("X_User_Id", "root")
        .trailer("x-checksum", "abc")
}

/// Names each, for messages.
pub fn scenarios() -> Vec<(&'static str, Request)> {
    // Signing takes its time in a debug build: once is enough.
    static SCENARIOS: LazyLock<Vec<(&'static str, Request)>> = LazyLock::new(all_scenarios);
    SCENARIOS.clone()
}

fn all_scenarios() -> Vec<(&'static str, Request)> {
    vec![
        ("api key", with_key()),
        ("hs256", hs256()),
        ("rs256", rs256()),
        ("es256", es256()),
        ("no credentials", without_credentials()),
        ("wrong key", spoofed("/v1/things").header("x-api-key", "wrong")),
        ("forged rs256", with_token(&tokens::forged(&tokens::rs256(&claims("https://idp.test/"))))),
        ("public", public()),
        ("trailers", with_trailers()),
        ("not utf-8", with_key().header_bytes(b"x-note", b"\xa1\xff")),
        ("grpc", without_credentials().header("content-type", "application/grpc")),
    ]
}

pub fn setup() -> Setup {
    Setup::new(&document().to_string()).environment(ENVIRONMENT)
}

/// A host that runs on `document()`.
pub fn host() -> Host {
    let host = setup().start(plugin());
    assert!(host.configured, "{}\n{}", host.start.outcome.short(), host.start.log());
    host
}

/// Names that only the guard may write, as the application would fold them.
pub fn spoofs(headers: &tenant_guard_host_tests::Headers) -> Vec<String> {
    const IDENTITY: &[&str] = &[
        "x-tenant-id",
        "x-user-id",
        "x-client-id",
        "x-key-id",
        "x-roles",
        "x-scopes",
        "x-auth-method",
    ];
    let fold = |name: &[u8]| -> String {
        name.iter()
            .map(|b| if b.is_ascii_alphanumeric() { b.to_ascii_lowercase() as char } else { '-' })
            .collect()
    };
    headers
        .0
        .iter()
        .map(|(name, _)| fold(name))
        .filter(|name| IDENTITY.contains(&name.as_str()))
        .collect()
}

/// What must be alike for two runs to be the same decision.
pub fn decision(run: &Run) -> String {
    match &run.outcome {
        Outcome::Continued { headers, trailers } => {
            let trailers = trailers.as_ref().map(|t| t.sorted());
            format!(
                "continued {:?} {:?} {trailers:?}",
                run.property("tenant_guard.decision"),
                headers.sorted()
            )
        }
        other => other.short(),
    }
}

/// Refused for a reason of the guard's own.
pub fn unavailable(outcome: &Outcome) -> bool {
    outcome.reply().is_some_and(|reply| {
        reply.status == 503 && reply.code() == "guard_unavailable" && !outcome.reached_application()
    })
}
