//! AI Backend: API keys for servers, OAuth tokens for people.

use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Key, Parts, jwks, now, sha256_hex};
use tenant_guard_tests::{Provider, Reply, Request};

use super::{Case, Cluster, System, dated, denied, told};

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
    keys_from: Some(Cluster { name: "idp", start: provider }),
    identity: &[
        "x-tenant-id",
        "x-user-id",
        "x-client-id",
        "x-key-id",
        "x-roles",
        "x-scopes",
        "x-auth-method",
    ],
    credentials: &["authorization", "x-api-key"],
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
    [credentials(), roles(), features(), tenants()].into_iter().flatten().collect()
}

/// Which tokens and keys are good.
fn credentials() -> Vec<Case> {
    let developer = || json!({"roles": ["developer"]});
    let outline = |more: Value| by_token("GET", OUTLINE, more);
    let signed = |key: &Key| Request::get(OUTLINE).bearer(key.token(claims(developer())));
    let forged = Parts::of(&rsa().token(claims(developer()))).with_flipped_bit().join();
    let aged = |age: i64, left: i64| json!({"roles": ["developer"], "iat": now() - age, "exp": now() + left});
    vec![
        told("a key, as the page shows it", by_key("GET", OUTLINE, BACKEND), BY_KEY),
        told("a token signed with RS256", signed(&rsa()), DEVELOPER),
        told("a token signed with ES256", signed(&ec()), DEVELOPER),
        told("an hour is short", outline(aged(0, 3600)), DEVELOPER),
        denied("two hours aren't", outline(aged(0, 7200)), 401, "token_claim_invalid"),
        denied(
            "a client's token without a subject",
            outline(json!({"roles": ["developer"], "sub": null})),
            401,
            "token_claim_invalid",
        ),
        denied("expired", outline(aged(960, -60)), 401, "token_expired"),
        denied("changed", Request::get(OUTLINE).bearer(forged), 401, "token_signature_invalid"),
        denied(
            "signed with a secret",
            signed(&Key::with_secret(
                Alg::HS256,
                rsa().kid(),
                "a secret that is 32 bytes or longer",
            )),
            401,
            "token_algorithm_refused",
        ),
        denied(
            "another audience",
            outline(json!({"aud": "dashboard"})),
            401,
            "token_audience_invalid",
        ),
        denied(
            "another issuer",
            outline(json!({"iss": "https://evil.example/"})),
            401,
            "token_issuer_unknown",
        ),
        denied("nothing", Request::get(OUTLINE), 401, "credentials_missing"),
        denied("an unknown key", by_key("GET", OUTLINE, "ak_unknown"), 401, "api_key_unknown"),
        denied(
            "a key that was rotated out",
            by_key("GET", OUTLINE, OLD_BACKEND),
            401,
            "api_key_expired",
        ),
        denied(
            "a key in the place of a token",
            Request::get(OUTLINE).bearer(BACKEND),
            401,
            "token_malformed",
        ),
        denied("both", outline(developer()).api_key(BACKEND), 400, "credentials_ambiguous"),
    ]
}

/// Each role includes those below it.
fn roles() -> Vec<Case> {
    let with =
        |method: &str, path: &str, role: &str| by_token(method, path, json!({"roles": [role]}));
    vec![
        told("an admin makes keys", by_key("POST", API_KEYS, OPERATIONS), BY_OPERATIONS),
        told("an admin does all else", by_key("DELETE", "/v1/usage", OPERATIONS), BY_OPERATIONS),
        denied("a developer makes no keys", by_key("POST", API_KEYS, BACKEND), 403, "role_missing"),
        told("a developer reaches every endpoint", by_key("GET", "/v1/usage", BACKEND), BY_KEY),
        told("also by a token", with("POST", "/v1/usage", "developer"), DEVELOPER),
        denied(
            "a standard user doesn't",
            with("GET", "/v1/usage", "standard"),
            403,
            "role_missing",
        ),
        told("but makes slides", with("POST", SLIDES, "standard"), STANDARD),
        told("and presentations", with("POST", PRESENTATIONS, "standard"), STANDARD),
        told("a reader reads", by_key("GET", PRESENTATIONS, DASHBOARD), BY_DASHBOARD),
        told("one of them", by_key("GET", "/v1/presentations/7", DASHBOARD), BY_DASHBOARD),
        denied("and doesn't write", by_key("POST", PRESENTATIONS, DASHBOARD), 403, "scope_missing"),
        denied("nor generate", with("GET", OUTLINE, "read_only"), 403, "scope_missing"),
        denied(
            "whatever its token is allowed",
            by_token(
                "GET",
                OUTLINE,
                json!({"roles": ["read_only"], "permissions": ["outline:generate"]}),
            ),
            403,
            "role_missing",
        ),
        denied(
            "without a role there is nothing",
            by_token("GET", PRESENTATIONS, json!({})),
            403,
            "scope_missing",
        ),
        denied("a path of nobody's", by_key("GET", "/admin", OPERATIONS), 403, "route_refused"),
    ]
}

/// What a role doesn't bring a permission may, below the plan's ceiling.
fn features() -> Vec<Case> {
    const WITH_IMAGES: Told = &[
        ("x-tenant-id", "acme"),
        ("x-user-id", "user-1"),
        ("x-client-id", "web"),
        ("x-roles", "Standard"),
        (
            "x-scopes",
            "images:generate presentations:read outline:generate slides:generate presentations:write",
        ),
        ("x-auth-method", "jwt"),
    ];
    let images = |more: Value| by_token("POST", IMAGES, more);
    let standard = json!({"roles": ["standard"]});
    let permitted = json!({"roles": ["Standard"], "permissions": ["images:generate"]});
    let globex = json!({"roles": ["developer"], "tenant_id": "globex"});
    vec![
        denied("images aren't for all", images(standard), 403, "scope_missing"),
        told("a permission adds them", images(permitted), WITH_IMAGES),
        told("a plan without images", by_key("POST", OUTLINE, APP), BY_APP),
        denied("has none for its key", by_key("POST", IMAGES, APP), 403, "scope_missing"),
        denied("nor for its developers", images(globex), 403, "scope_missing"),
    ]
}

/// Whose request it is.
fn tenants() -> Vec<Case> {
    let outline = |more: Value| {
        let mut claims = json!({"roles": ["developer"]});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        by_token("GET", OUTLINE, claims)
    };
    vec![
        told("a tenant that agrees", outline(json!({})).tenant("acme"), DEVELOPER),
        denied(
            "a tenant that doesn't",
            outline(json!({})).tenant("globex"),
            403,
            "tenant_mismatch",
        ),
        denied(
            "a key of another tenant",
            by_key("GET", OUTLINE, APP).tenant("acme"),
            403,
            "tenant_mismatch",
        ),
        denied("a reserved name", outline(json!({})).tenant("default"), 403, "tenant_reserved"),
        denied("no tenant", outline(json!({"tenant_id": null})), 403, "tenant_required"),
        denied(
            "an unknown tenant",
            outline(json!({"tenant_id": "initech"})),
            403,
            "tenant_unknown",
        ),
        told("a plan of one's own", outline(json!({"plan": "free"})), DEVELOPER),
        denied(
            "a plan that there isn't",
            outline(json!({"plan": "platinum"})),
            401,
            "token_claim_invalid",
        ),
        told(
            "a forged identity is replaced",
            outline(json!({})).header("x-roles", "admin").header("x-user-id", "root"),
            DEVELOPER,
        ),
    ]
}
