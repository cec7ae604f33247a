//! The system with tenants, clients and keys, and a super admin above them.

mod policies;

use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Alg, Issuer, Key, RsaKey, jwks, sha256_hex};

use super::{Case, IDENTITY, Issuers, System, refused, told};

/// AUTH_MODE=both.
pub const BOTH: System = System {
    folder: "super-admin",
    variant: "",
    variables: &[],
    api_keys: &[],
    digest: |key| sha256_hex(key),
    issuers: Issuers::StandIns(key_sets),
    identity: IDENTITY,
    credentials: &["authorization", "x-api-key"],
    details: &[("tenant_inactive", "403 Forbidden - Tenant Inactive")],
    cases,
};

/// AUTH_MODE=internal.
pub const INTERNAL: System = System { cases: internal_only, ..BOTH };

/// AUTH_MODE=partner.
pub const PARTNER: System = System { cases: partner_only, ..BOTH };

/// SUPER_ADMIN_API_KEY.
pub const SUPER_ADMIN: &str = "demo-super-admin-published";

pub const PLANNER_1: &str = "demo-acme-planner-1-published";
pub const PLANNER_ALL: &str = "demo-acme-planner-all-published";
pub const MOBILE_1: &str = "demo-acme-mobile-1-published";
pub const MOBILE_2: &str = "demo-acme-mobile-2-published";
const RETIRED_1: &str = "demo-acme-retired-1-published";
pub const KITCHEN_1: &str = "demo-initech-kitchen-1-published";
pub const KITCHEN_2: &str = "demo-initech-kitchen-2-published";
const SHOP_1: &str = "demo-globex-shop-1-published";

/// The identity provider of acme, with a key of the tests.
fn acme() -> Issuer {
    issuer("acme", Key::rs256("acme"))
}

fn globex() -> Issuer {
    issuer("globex", Key::rsa(Alg::RS256, "globex", RsaKey::B))
}

fn issuer(tenant: &str, key: Key) -> Issuer {
    let issuer = Issuer::new(&format!("https://idp.{tenant}.example"), key);
    Issuer { audience: "meal-planner".to_owned(), ..issuer }
}

/// What the providers show.
fn key_sets() -> Vec<(&'static str, Value)> {
    vec![("acme", acme().jwks()), ("globex", jwks(&[&globex().key]))]
}

/// A GET with a token of acme for its client `planner`.
fn partner(path: &str, more: Value) -> Request {
    let mut claims = json!({"client_id": "planner", "scope": "generate"});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Request::get(path).bearer(acme().token(claims))
}

fn expired(path: &str) -> Request {
    let past = tenant_guard_tests::token::now() - 7200;
    partner(path, json!({"iat": past, "exp": past + 600}))
}

fn internal(path: &str, key: &str) -> Request {
    Request::get(path).api_key(key)
}

/// The super admin's, with the key between other parts of a query.
fn admin(path: &str) -> Request {
    Request::get(format!("{path}?a=1&superAdminKey={SUPER_ADMIN}&b=2"))
}

const BY_KEY: [(&str, &str); 5] = [
    ("x-tenant-id", "acme"),
    ("x-client-id", "planner"),
    ("x-key-id", "planner-1"),
    ("x-scopes", "meal_plan generate"),
    ("x-auth-method", "api_key"),
];
const BY_TOKEN: [(&str, &str); 5] = [
    ("x-tenant-id", "acme"),
    ("x-user-id", "user-1"),
    ("x-client-id", "planner"),
    ("x-scopes", "generate"),
    ("x-auth-method", "jwt"),
];
const BY_ADMIN: [(&str, &str); 2] =
    [("x-tenant-id", "superadmin"), ("x-auth-method", "super_admin")];

/// What holds for AUTH_MODE=both.
fn cases() -> Vec<Case> {
    let mut cases = super_admin();
    cases.extend(both());
    cases.extend(policies::cases());
    cases
}

/// What holds in every mode.
fn super_admin() -> Vec<Case> {
    let as_admin = |tenant| [("x-tenant-id", tenant), ("x-auth-method", "super_admin")];
    vec![
        told("health needs no credential", Request::get("/health"), &[]),
        told("the super admin passes", admin("/generate/menu"), &BY_ADMIN),
        told("every scope", admin("/qdrant/points"), &BY_ADMIN),
        told("every address", admin("/versions/1").from("127.200.0.1"), &BY_ADMIN),
        told(
            "it may act for a tenant, an inactive one too",
            admin("/generate/menu").tenant("globex"),
            &as_admin("globex"),
        ),
        told(
            "it alone activates",
            Request::post(format!("/tenants/globex/activate?superAdminKey={SUPER_ADMIN}"), ""),
            &BY_ADMIN,
        ),
        refused(
            "tenants don't",
            internal("/tenants/acme", PLANNER_ALL),
            401,
            "credentials_missing",
        ),
        refused("tokens don't", partner("/tenants", json!({})), 401, "credentials_missing"),
        refused(
            "a wrong super admin's key decides, whatever is beside it",
            internal("/generate/x?superAdminKey=wrong", PLANNER_1),
            401,
            "api_key_unknown",
        ),
        refused(
            "its key is no API key",
            internal("/generate/x", SUPER_ADMIN),
            401,
            "api_key_unknown",
        ),
        refused(
            "nobody calls without a credential",
            Request::get("/generate/x"),
            401,
            "credentials_missing",
        ),
    ]
}

/// The token first, then the key.
fn both() -> Vec<Case> {
    let path = "/generate/menu";
    let with_key = |request: Request| request.api_key(PLANNER_1);
    vec![
        told("a key", internal(path, PLANNER_1), &BY_KEY),
        told("a token", partner(path, json!({})), &BY_TOKEN),
        told("the token counts where both are good", with_key(partner(path, json!({}))), &BY_TOKEN),
        told(
            "the token counts where the key is bad",
            partner(path, json!({})).api_key("unknown"),
            &BY_TOKEN,
        ),
        told("the key, where the token has expired", with_key(expired(path)), &BY_KEY),
        told(
            "the key, where it is no token",
            with_key(Request::get(path).bearer("x.y.z")),
            &BY_KEY,
        ),
        refused(
            "where both fail the token's reason is told",
            expired(path).api_key("unknown"),
            401,
            "token_expired",
        ),
        refused("a bad token alone", expired(path), 401, "token_expired"),
        refused("a bad key alone", internal(path, "unknown"), 401, "api_key_unknown"),
        refused(
            "a good token of an inactive tenant isn't made up for by a key",
            with_key(Request::get(path).bearer(globex().token(json!({"client_id": "shop"})))),
            403,
            "tenant_inactive",
        ),
        refused(
            "nor is a scope that the token lacks",
            with_key(partner(path, json!({"scope": "validate"}))),
            403,
            "scope_missing",
        ),
    ]
}

/// AUTH_MODE=internal: keys only, and a token is unread.
fn internal_only() -> Vec<Case> {
    let path = "/generate/menu";
    let mut cases = super_admin();
    cases.extend([
        told("a key", internal(path, PLANNER_1), &BY_KEY),
        told("a token beside it is unread", expired(path).api_key(PLANNER_1), &BY_KEY),
        refused("a token is no credential", partner(path, json!({})), 401, "credentials_missing"),
        refused("a bad key", partner(path, json!({})).api_key("unknown"), 401, "api_key_unknown"),
    ]);
    cases
}

/// AUTH_MODE=partner: tokens only, and a key is unread.
fn partner_only() -> Vec<Case> {
    let path = "/generate/menu";
    let mut cases = super_admin();
    // There a key isn't even looked at.
    cases.retain(|case| case.what != "its key is no API key");
    cases.extend([
        told("a token", partner(path, json!({})), &BY_TOKEN),
        told("a key beside it is unread", partner(path, json!({})).api_key("unknown"), &BY_TOKEN),
        refused("a key is no credential", internal(path, PLANNER_1), 401, "credentials_missing"),
        refused("nor after a bad token", expired(path).api_key(PLANNER_1), 401, "token_expired"),
    ]);
    cases
}
