//! The plugin, the documents and the requests of these tests.

pub mod counting;
pub mod elsewhere;
pub mod sweep;

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tenant_guard_host_tests::{Host, Outcome, Request, Run, Setup, SharedData, tokens};

pub const API_KEY: &str = "acme-web-1-7c1f0d0a5b";
/// One that had one request a day, which is gone.
pub const SPENT_KEY: &str = "acme-web-2-5f0e1a9c44";
/// One for callers in 198.51.100.0/24.
pub const OFFICE_KEY: &str = "acme-web-3-90aa17c2de";
/// One that was good until last year.
pub const EXPIRED_KEY: &str = "acme-web-4-3be2d5f810";
/// One of no tenant.
pub const FREE_KEY: &str = "free-1-b2c3d4e5f6";
pub const ADMIN_KEY: &str = "admin-0d9f4c7b1e";
/// Who failed to authenticate too often.
pub const BLOCKED: &str = "198.51.100.66:4711";
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
/// one tenant with keys, limits at three levels, addresses, a throttle, a super
/// admin, a public route and one where a trusted peer names the tenant.
pub fn document() -> Value {
    let key = |id: &str, key: &str| json!({"id": id, "sha256": tokens::sha256_hex(key)});
    let with = |mut key: Value, name: &str, value: Value| {
        key[name] = value;
        key
    };
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
                "claims": {"tier": "plan"},
            },
        ]},
        "api_keys": {"keys": [key("free", FREE_KEY)]},
        "super_admin": {
            "from": [{"header": "x-admin-key"}],
            "sha256": tokens::sha256_hex(ADMIN_KEY),
            "tenant": "superadmin",
        },
        "limits": {"tiers": {"gold": "1000/min"}, "headers": ["x-rate-limit", "ratelimit"]},
        "failures": {"limit": "3/hour", "block": "10m"},
        "tenants": [{
            "id": "acme",
            "limits": {"requests": "100000/min"},
            "clients": [{
                "id": "web",
                "limits": {"requests": "50000/hour"},
                "keys": [
                    with(key("web-1", API_KEY), "limits", json!({"requests": "20000/day"})),
                    with(key("web-2", SPENT_KEY), "limits", json!({"requests": "1/day"})),
                    with(key("web-3", OFFICE_KEY), "ip", json!(["198.51.100.0/24"])),
                    with(key("web-4", EXPIRED_KEY), "expires", json!("2026-01-01T00:00:00Z")),
                ],
            }],
        }],
        "routes": [
            {"match": {"path": ["/healthz"]}, "auth": "none"},
            {"match": {"path": "/inside/**"}, "ip": ["10.0.0.0/8"]},
            {"match": {"path": "/named/**"}, "tenancy": {"strict": false, "trust_header": ["192.0.2.0/24"]}},
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

fn with_other_key(key: &str) -> Request {
    spoofed("/v1/things").header("x-api-key", key)
}

/// A request with the key that may one a day.
pub fn with_spent_key() -> Request {
    with_other_key(SPENT_KEY)
}

/// A caller's guess.
pub fn with_wrong_key() -> Request {
    with_other_key("wrong")
}

/// The tenant is what the header says, where the peer may say it.
pub fn named_by(peer: &str) -> Request {
    spoofed("/named/things").header("x-api-key", FREE_KEY).peer(peer)
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
    let forged = tokens::forged(&tokens::rs256(&claims("https://idp.test/")));
    let mut with_plan = claims("https://idp.test/");
    with_plan["plan"] = json!("gold");
    // Nothing says from when on it is good.
    let expired = json!({"iss": "https://hs.test/", "aud": "api", "sub": "u1", "tenant": "acme", "exp": NOW - 600});
    vec![
        ("api key", with_key()),
        ("hs256", hs256()),
        ("rs256", rs256()),
        ("es256", es256()),
        ("no credentials", without_credentials()),
        ("wrong key", with_wrong_key()),
        ("forged rs256", with_token(&forged)),
        ("public", public()),
        ("trailers", with_trailers()),
        ("not utf-8", with_key().header_bytes(b"x-note", b"\xa1\xff")),
        ("grpc", without_credentials().header("content-type", "application/grpc")),
        ("limit reached", with_spent_key()),
        ("tier", with_token(&tokens::es256(&with_plan))),
        ("address allowed", with_other_key(OFFICE_KEY).client("198.51.100.9:4711")),
        ("address refused", with_other_key(OFFICE_KEY).client("203.0.113.9:4711")),
        ("route's address refused", spoofed("/inside/x").header("x-api-key", API_KEY)),
        ("blocked token", with_token(&forged).client(BLOCKED)),
        ("blocked key", with_wrong_key().client(BLOCKED)),
        ("good key of the blocked", with_key().client(BLOCKED)),
        ("named by a trusted peer", named_by("192.0.2.1:80")),
        ("named by any peer", named_by("198.51.100.1:80")),
        ("super admin", spoofed("/v1/things").header("x-admin-key", ADMIN_KEY)),
        ("expired token", with_token(&tokens::hs256(SECRET, &expired))),
        ("expired key", with_other_key(EXPIRED_KEY)),
    ]
}

/// To run on `document()` and [`used`] values.
pub fn setup() -> Setup {
    unused().shared(&used())
}

fn unused() -> Setup {
    Setup::new(&document().to_string()).environment(ENVIRONMENT)
}

/// Shared values after a while: a key's limit is reached, a client is blocked.
pub fn used() -> SharedData {
    static USED: LazyLock<SharedData> = LazyLock::new(|| {
        let shared = SharedData::new();
        let mut host = started(unused().shared(&shared));
        assert!(host.request(&with_spent_key()).outcome.reached_application());
        for _ in 0..3 {
            host.request(&with_wrong_key().client(BLOCKED));
        }
        shared
    });
    USED.copied()
}

/// A host that took its configuration.
pub fn started(setup: Setup) -> Host {
    let host = setup.start(plugin());
    assert!(host.configured, "{}\n{}", host.start.outcome.short(), host.start.log());
    host
}

/// A host that runs on `document()`.
pub fn host() -> Host {
    started(setup())
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

/// Refused because what is counted can't be read or written.
pub fn limiter_unavailable(outcome: &Outcome) -> bool {
    outcome.short() == "503 limiter_unavailable" && !outcome.reached_application()
}
