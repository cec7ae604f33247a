//! Heimdex: tokens of Supabase in production, of a shared secret in development.

use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Key, Parts, jwks, now, sha256_hex};
use tenant_guard_tests::{Provider, Reply, Request};

use super::{Case, Cluster, System, dated, denied, refused, told};

pub const SUPABASE: System = System {
    folder: "heimdex",
    variant: "",
    variables: &[],
    api_keys: &[],
    digest: |key| sha256_hex(key),
    keys_from: Some(Cluster { name: "supabase", start: provider }),
    identity: IDENTITY,
    credentials: &["authorization"],
    cases,
};

pub const DEV: System = System {
    variant: ".dev",
    variables: &[("DEV_JWT_SECRET", "local-dev-secret")],
    keys_from: None,
    cases: dev_cases,
    ..SUPABASE
};

const IDENTITY: &[&str] = &[
    "x-org-id",
    "x-user-id",
    "x-role",
    "x-tenant-id",
    "x-client-id",
    "x-key-id",
    "x-scopes",
    "x-auth-method",
];

/// Two organizations.
pub const ORG_A: &str = "3f8a2b1c-9d4e-4f6a-8b7c-1d2e3f4a5b6c";
pub const ORG_B: &str = "7c6b5a4f-3e2d-4c1b-9a8f-6e5d4c3b2a1f";

const IN_A: &[(&str, &str)] =
    &[("x-org-id", ORG_A), ("x-user-id", "user-123"), ("x-auth-method", "jwt")];
const IN_B: &[(&str, &str)] =
    &[("x-org-id", ORG_B), ("x-user-id", "user-123"), ("x-auth-method", "jwt")];
const AUTHENTICATED_IN_A: &[(&str, &str)] = &[
    ("x-org-id", ORG_A),
    ("x-user-id", "user-123"),
    ("x-role", "authenticated"),
    ("x-auth-method", "jwt"),
];

pub const NOT_AUTHENTICATED: &str = "Not authenticated";
pub const EXPIRED: &str = "Token has expired";
pub const SIGNATURE: &str = "Invalid token: Signature verification failed";
pub const NO_ORG: &str = "Missing org_id claim in token (required for tenant isolation)";
const NO_UUID: &str = "Invalid org_id claim in token: a UUID in lower case is expected";
const ISSUER: &str = "Invalid token issuer. Expected: https://abcdefghijklmnopqrst.supabase.co/";

/// The key that Supabase signs with.
pub fn key() -> Key {
    Key::rs256("b81269f1-21d8-4f2e-b719-c2240a840d90")
}

fn provider() -> Provider {
    let provider = Provider::named("https://abcdefghijklmnopqrst.supabase.co/");
    provider.stub().on("/auth/v1/jwks", Reply::json(&jwks(&[&key()])));
    provider
}

/// Claims of Supabase, without an organization, and `more` over them.
fn claims(more: Value) -> Value {
    let claims = json!({
        "iss": "https://abcdefghijklmnopqrst.supabase.co/", "aud": "heimdex", "sub": "user-123",
    });
    dated(claims, more)
}

fn get(path: &str, more: Value) -> Request {
    Request::get(path).bearer(key().token(claims(more)))
}

fn cases() -> Vec<Case> {
    let in_a = || json!({"app_metadata": {"org_id": ORG_A, "provider": "email"}});
    let jobs = |more: Value| get("/jobs", more);
    let good = key().token(claims(in_a()));
    let forged = Parts::of(&good).with_flipped_bit().join();
    let other = Key::seeded(Alg::RS256, key().kid(), "somebody else");
    let public = Key::with_secret(Alg::HS256, key().kid(), key().jwk().to_string());
    let all = json!({
        "app_metadata": {"org_id": ORG_A}, "https://heimdex.io/org_id": ORG_B, "org_id": ORG_B,
    });
    let rest = json!({"https://heimdex.io/org_id": ORG_B, "org_id": ORG_A});
    vec![
        told("organization in app_metadata", jobs(in_a()), IN_A),
        told(
            "organization in the namespaced claim",
            jobs(json!({"https://heimdex.io/org_id": ORG_A})),
            IN_A,
        ),
        told("organization in a claim of its own", jobs(json!({"org_id": ORG_A})), IN_A),
        told("app_metadata comes first", jobs(all), IN_A),
        told(
            "an empty one doesn't",
            jobs(json!({"app_metadata": {"org_id": ""}, "org_id": ORG_A})),
            IN_A,
        ),
        told("the namespaced claim comes second", jobs(rest), IN_B),
        told(
            "the role is handed on",
            jobs(json!({"app_metadata": {"org_id": ORG_A}, "role": "authenticated"})),
            AUTHENTICATED_IN_A,
        ),
        told(
            "a job is created",
            Request::post("/jobs", r#"{"type":"mock_process"}"#)
                .header("content-type", "application/json")
                .bearer(&good),
            IN_A,
        ),
        told(
            "what the client says about itself is replaced",
            jobs(in_a())
                .header("x-org-id", ORG_B)
                .header("x-user-id", "root")
                .header("x-role", "admin"),
            IN_A,
        ),
        told("an API key beside a token is unread", jobs(in_a()).api_key("anything"), IN_A),
        told("liveness is public", Request::get("/healthz"), &[]),
        told(
            "readiness is public, whoever one says to be",
            Request::get("/readyz").header("x-org-id", ORG_A),
            &[],
        ),
        told("a bad token doesn't matter there", Request::get("/healthz").bearer("nonsense"), &[]),
        refused(
            "all else needs a token",
            Request::get("/jobs"),
            401,
            "credentials_missing",
            NOT_AUTHENTICATED,
        ),
        refused(
            "below a public path too",
            Request::get("/healthz/x"),
            401,
            "credentials_missing",
            NOT_AUTHENTICATED,
        ),
        refused(
            "an API key is no token",
            Request::get("/jobs").api_key("k"),
            401,
            "credentials_missing",
            NOT_AUTHENTICATED,
        ),
        denied(
            "nor is a password",
            Request::get("/jobs").header("authorization", "Basic YTpi"),
            401,
            "token_malformed",
        ),
        refused(
            "expired",
            jobs(json!({"org_id": ORG_A, "exp": now() - 60, "iat": now() - 3600})),
            401,
            "token_expired",
            EXPIRED,
        ),
        refused(
            "changed",
            Request::get("/jobs").bearer(forged),
            401,
            "token_signature_invalid",
            SIGNATURE,
        ),
        refused(
            "signed by somebody else",
            Request::get("/jobs").bearer(other.token(claims(in_a()))),
            401,
            "token_signature_invalid",
            SIGNATURE,
        ),
        denied(
            "the public key is no secret",
            Request::get("/jobs").bearer(public.token(claims(in_a()))),
            401,
            "token_algorithm_refused",
        ),
        refused("no organization", jobs(json!({})), 401, "tenant_required", NO_ORG),
        refused("an empty one", jobs(json!({"org_id": ""})), 401, "tenant_required", NO_ORG),
        refused(
            "one from the header",
            jobs(json!({})).header("x-org-id", ORG_A),
            401,
            "tenant_required",
            NO_ORG,
        ),
        refused("no UUID", jobs(json!({"org_id": "org-123"})), 401, "tenant_malformed", NO_UUID),
        refused(
            "no subject",
            jobs(json!({"org_id": ORG_A, "sub": null})),
            401,
            "token_claim_invalid",
            "Missing sub claim in token",
        ),
        refused(
            "another audience",
            jobs(json!({"org_id": ORG_A, "aud": "authenticated"})),
            401,
            "token_audience_invalid",
            "Invalid token audience. Expected: heimdex",
        ),
        refused(
            "another issuer",
            jobs(json!({"org_id": ORG_A, "iss": "https://evil.example/"})),
            401,
            "token_issuer_unknown",
            ISSUER,
        ),
        refused(
            "a token of the dev mode",
            dev_request("/jobs", json!({"org_id": ORG_A})),
            401,
            "token_issuer_unknown",
            ISSUER,
        ),
    ]
}

/// A request with a token as `create_dev_token` makes them.
pub fn dev_request(path: &str, more: Value) -> Request {
    let key = Key::with_secret(Alg::HS256, "dev", "local-dev-secret").without_kid();
    let claims = json!({"sub": "user-123", "role": "user"});
    Request::get(path).bearer(key.token(dated(claims, more)))
}

const USER_IN_A: &[(&str, &str)] =
    &[("x-org-id", ORG_A), ("x-user-id", "user-123"), ("x-role", "user"), ("x-auth-method", "jwt")];
const ADMIN_IN_B: &[(&str, &str)] = &[
    ("x-org-id", ORG_B),
    ("x-user-id", "user-123"),
    ("x-role", "admin"),
    ("x-auth-method", "jwt"),
];

fn dev_cases() -> Vec<Case> {
    let jobs = |more: Value| dev_request("/jobs", more);
    let wrong = Key::with_secret(Alg::HS256, "dev", "another-secret").without_kid();
    let wrong =
        wrong.token(dated(json!({"sub": "user-123", "role": "user"}), json!({"org_id": ORG_A})));
    vec![
        told("a token as the page shows it", jobs(json!({"org_id": ORG_A})), USER_IN_A),
        told(
            "an admin of another organization",
            jobs(json!({"org_id": ORG_B, "role": "admin"})),
            ADMIN_IN_B,
        ),
        told("readiness is public", Request::get("/readyz"), &[]),
        refused("no token", Request::get("/jobs"), 401, "credentials_missing", NOT_AUTHENTICATED),
        refused(
            "expired",
            jobs(json!({"org_id": ORG_A, "exp": now() - 60, "iat": now() - 3600})),
            401,
            "token_expired",
            EXPIRED,
        ),
        refused(
            "another secret",
            Request::get("/jobs").bearer(wrong),
            401,
            "token_signature_invalid",
            SIGNATURE,
        ),
        refused("no organization", jobs(json!({})), 401, "tenant_required", NO_ORG),
        refused(
            "the old kind of organization",
            jobs(json!({"org_id": "org-456"})),
            401,
            "tenant_malformed",
            NO_UUID,
        ),
        refused(
            "no role, so nothing tells whom it is for",
            jobs(json!({"org_id": ORG_A, "role": null})),
            401,
            "token_claim_invalid",
            "Missing sub claim in token, or a role other than user and admin",
        ),
        denied(
            "a token of Supabase",
            get("/jobs", json!({"org_id": ORG_A})),
            401,
            "token_issuer_unknown",
        ),
    ]
}
