//! recsys-service: tokens and API keys in production, headers in development.

mod credentials;
mod roles;
mod tenants;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Key, hmac_sha256_hex, jwks};
use tenant_guard_tests::{Provider, Reply, Request};

use super::{Case, Issuers, System, dated, refused, told};

const PEPPER: &str = "a pepper of the tests that is 32 bytes long";

pub const PRODUCTION: System = System {
    folder: "recsys",
    variant: "",
    variables: &[("API_KEY_HASH_SECRET", PEPPER)],
    api_keys: &[("storefront-1", STOREFRONT), ("console-1", CONSOLE), ("globex-1", GLOBEX)],
    digest: |key| hmac_sha256_hex(PEPPER, key),
    issuers: Issuers::Provider { cluster: "idp", start: provider },
    identity: &[
        "x-org-id",
        "x-user-id",
        "x-client-id",
        "x-key-id",
        "x-roles",
        "x-scopes",
        "x-auth-method",
        "x-tenant-id",
    ],
    credentials: &["authorization", "x-api-key", "x-dev-user-id", "x-dev-org-id"],
    details: &[
        ("credentials_missing", "authentication required"),
        ("api_key_unknown", "invalid api key"),
        ("role_missing", "insufficient scope"),
        ("tenant_required", "tenant scope required"),
        ("tenant_mismatch", "tenant scope mismatch"),
        ("tenant_malformed", "tenant scope invalid"),
    ],
    cases,
};

pub const DEV: System = System {
    variant: ".dev",
    variables: &[],
    api_keys: &[],
    issuers: Issuers::None,
    cases: dev_cases,
    ..PRODUCTION
};

/// The keys of demo's storefront and console, and of globex's storefront.
pub const STOREFRONT: &str = "rk_demo_storefront_0123456789";
pub const CONSOLE: &str = "rk_demo_console_0123456789";
pub const GLOBEX: &str = "rk_globex_storefront_0123456789";

/// The other name of demo.
const DEMO_UUID: &str = "6b1d9c1e-5c1f-4d52-9a55-0d3c8d1f2a01";

type Told = &'static [(&'static str, &'static str)];

const USER: Told = &[("x-org-id", "demo"), ("x-user-id", "user-1"), ("x-auth-method", "jwt")];
const GLOBEX_USER: Told =
    &[("x-org-id", "globex"), ("x-user-id", "user-1"), ("x-auth-method", "jwt")];
const KEY: Told = &[
    ("x-org-id", "demo"),
    ("x-client-id", "storefront"),
    ("x-key-id", "storefront-1"),
    ("x-auth-method", "api_key"),
];

/// The key that the identity provider signs with.
pub fn key() -> Key {
    Key::rs256("recsys-1")
}

fn provider() -> Provider {
    let provider = Provider::named("https://auth.example.com/");
    provider.stub().on("/.well-known/jwks.json", Reply::json(&jwks(&[&key()])));
    provider
}

/// A token that names no tenant, with `more` over its claims.
pub fn token(more: Value) -> String {
    let claims = json!({"iss": "https://auth.example.com/", "aud": "recsys", "sub": "user-1"});
    key().token(dated(claims, more))
}

fn by(method: &str, path: &str, more: Value) -> Request {
    Request::new(method, path).bearer(token(more))
}

/// The request that most integrations send.
pub fn recommend() -> Request {
    Request::post("/v1/recommend", r#"{"surface":"home","k":3,"user":{"user_id":"u_1"}}"#)
        .header("content-type", "application/json")
        .header("x-request-id", "example-1")
}

fn cases() -> Vec<Case> {
    [tenants::cases(), credentials::cases(), roles::cases(), places()]
        .into_iter()
        .flatten()
        .collect()
}

/// What is public, what is an admin's, and what is nobody's.
fn places() -> Vec<Case> {
    const ADMIN: Told = &[
        ("x-org-id", "demo"),
        ("x-user-id", "user-1"),
        ("x-roles", "admin"),
        ("x-auth-method", "jwt"),
    ];
    let admin = |path: &str| by("PUT", path, json!({"org_id": "demo", "roles": ["admin"]}));
    vec![
        told("an admin's own tenant", admin("/v1/admin/tenants/demo/config"), ADMIN),
        told("by its other name", admin(&format!("/v1/admin/tenants/{DEMO_UUID}/config")), ADMIN),
        refused(
            "another tenant's",
            admin("/v1/admin/tenants/globex/config"),
            403,
            "tenant_mismatch",
        ),
        refused(
            "spelt otherwise",
            admin("/v1/admin/tenants/%67lobex/config"),
            403,
            "tenant_mismatch",
        ),
        told("the licence is public", Request::get("/v1/license"), &[]),
        told(
            "and says nothing of who asks",
            Request::get("/v1/license").header("x-org-id", "demo").header("x-roles", "admin"),
            &[],
        ),
        refused("but nothing below it", Request::get("/v1/license/x"), 401, "credentials_missing"),
        told("health is public", Request::get("/healthz"), &[]),
        refused(
            "all else is closed",
            Request::get("/metrics").api_key(STOREFRONT),
            403,
            "route_refused",
        ),
    ]
}

fn dev_cases() -> Vec<Case> {
    const DEV_USER: Told =
        &[("x-org-id", "demo"), ("x-user-id", "dev-user-1"), ("x-auth-method", "dev")];
    let user = || recommend().header("X-Dev-User-Id", "dev-user-1");
    let demo = || user().header("X-Dev-Org-Id", "demo");
    vec![
        told("as the page shows it", demo().header("X-Org-Id", "demo"), DEV_USER),
        told("X-Org-Id may be left out", demo(), DEV_USER),
        told(
            "no roles are asked for",
            Request::new("PUT", "/v1/admin/tenants/demo/rules")
                .header("X-Dev-User-Id", "dev-user-1")
                .header("X-Dev-Org-Id", "demo"),
            DEV_USER,
        ),
        refused("X-Org-Id must agree", demo().header("X-Org-Id", "globex"), 403, "tenant_mismatch"),
        refused(
            "X-Org-Id alone is no tenant",
            user().header("X-Org-Id", "demo"),
            403,
            "tenant_required",
        ),
        refused(
            "a tenant alone is nobody",
            recommend().header("X-Dev-Org-Id", "demo"),
            401,
            "credentials_missing",
        ),
        refused("nothing", recommend(), 401, "credentials_missing"),
        told("the licence is public", Request::get("/v1/license"), &[]),
    ]
}
