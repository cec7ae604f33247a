//! AI Backend: API keys for servers, OAuth tokens for people.

mod credentials;
mod roles;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Key, jwks, sha256_hex};
use tenant_guard_tests::{Provider, Reply, Request};

use super::{Case, IDENTITY, Issuers, System, dated};

pub const AI_BACKEND: System = System {
    folder: "ai-backend",
    variant: "",
    variables: &[],
    api_keys: &[
        ("backend-2", BACKEND),
        ("backend-1", OLD_BACKEND),
        ("operations-1", OPERATIONS),
        ("dashboard-1", DASHBOARD),
        ("app-1", APP),
    ],
    digest: |key| sha256_hex(key),
    issuers: Issuers::Provider { cluster: "idp", start: provider },
    identity: IDENTITY,
    credentials: &["authorization", "x-api-key"],
    details: &[],
    cases,
};

/// A developer's, an admin's and a reader's key of acme, and globex's.
pub const BACKEND: &str = "ak_acme_backend_0123456789";
const OLD_BACKEND: &str = "ak_acme_backend_before_0123456789";
pub const OPERATIONS: &str = "ak_acme_operations_0123456789";
pub const DASHBOARD: &str = "ak_acme_dashboard_0123456789";
pub const APP: &str = "ak_globex_app_0123456789";

type Told = &'static [(&'static str, &'static str)];

const BY_KEY: Told = &[
    ("x-tenant-id", "acme"),
    ("x-client-id", "backend"),
    ("x-key-id", "backend-2"),
    ("x-roles", "developer"),
    (
        "x-scopes",
        "images:generate presentations:read outline:generate slides:generate presentations:write",
    ),
    ("x-auth-method", "api_key"),
];
const BY_APP: Told = &[
    ("x-tenant-id", "globex"),
    ("x-client-id", "app"),
    ("x-key-id", "app-1"),
    ("x-roles", "standard"),
    ("x-scopes", "presentations:read outline:generate slides:generate presentations:write"),
    ("x-auth-method", "api_key"),
];
const BY_DASHBOARD: Told = &[
    ("x-tenant-id", "acme"),
    ("x-client-id", "dashboard"),
    ("x-key-id", "dashboard-1"),
    ("x-roles", "read_only"),
    ("x-scopes", "presentations:read"),
    ("x-auth-method", "api_key"),
];
const BY_OPERATIONS: Told = &[
    ("x-tenant-id", "acme"),
    ("x-client-id", "operations"),
    ("x-key-id", "operations-1"),
    ("x-roles", "admin"),
    (
        "x-scopes",
        "* images:generate presentations:read outline:generate slides:generate presentations:write",
    ),
    ("x-auth-method", "api_key"),
];
const DEVELOPER: Told = &[
    ("x-tenant-id", "acme"),
    ("x-user-id", "user-1"),
    ("x-client-id", "web"),
    ("x-roles", "developer"),
    (
        "x-scopes",
        "images:generate presentations:read outline:generate slides:generate presentations:write",
    ),
    ("x-auth-method", "jwt"),
];
const STANDARD: Told = &[
    ("x-tenant-id", "acme"),
    ("x-user-id", "user-1"),
    ("x-client-id", "web"),
    ("x-roles", "standard"),
    ("x-scopes", "presentations:read outline:generate slides:generate presentations:write"),
    ("x-auth-method", "jwt"),
];

const OUTLINE: &str = "/v1/generate/outline";
const SLIDES: &str = "/v1/generate/slides";
const IMAGES: &str = "/v1/generate/images";
const PRESENTATIONS: &str = "/v1/presentations";
const API_KEYS: &str = "/v1/api-keys";

/// The keys that the identity provider signs with.
pub fn rsa() -> Key {
    Key::rs256("accounts-rsa")
}

pub fn ec() -> Key {
    Key::es256("accounts-ec")
}

fn provider() -> Provider {
    let provider = Provider::named("https://login.example.com/");
    provider.publish_discovery(provider.issuer());
    provider.publish_jwks(Reply::json(&jwks(&[&rsa(), &ec()])));
    provider
}

/// The claims of a user of acme's, with `more` over them.
fn claims(more: Value) -> Value {
    let claims = json!({
        "iss": "https://login.example.com/", "aud": "ai-backend", "sub": "user-1",
        "client_id": "web", "tenant_id": "acme",
    });
    dated(claims, more)
}

/// A request with a token of theirs.
pub fn by_token(method: &str, path: &str, more: Value) -> Request {
    Request::new(method, path).bearer(rsa().token(claims(more)))
}

pub fn by_key(method: &str, path: &str, key: &str) -> Request {
    Request::new(method, path).api_key(key)
}

fn cases() -> Vec<Case> {
    [credentials::credentials(), roles::cases(), credentials::tenants()]
        .into_iter()
        .flatten()
        .collect()
}
