//! Development: tokens that every developer can sign.

use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Alg, Key, now};

use super::super::{Case, dated, refused, told};
use super::{ORG_A, ORG_B, supabase};

/// A request with a token as `create_dev_token` makes them.
pub fn request(path: &str, more: Value) -> Request {
    let key = Key::with_secret(Alg::HS256, "dev", "local-dev-secret").without_kid();
    let claims = json!({"sub": "user-123", "role": "user"});
    Request::get(path).bearer(key.token(dated(claims, more)))
}

const USER_IN_A: &[(&str, &str)] =
    &[("x-org-id", ORG_A), ("x-user-id", "user-123"), ("x-role", "user"), ("x-auth-method", "jwt")];
const USER_WITHOUT_ROLE: &[(&str, &str)] =
    &[("x-org-id", ORG_A), ("x-user-id", "user-123"), ("x-auth-method", "jwt")];
const ADMIN_IN_B: &[(&str, &str)] = &[
    ("x-org-id", ORG_B),
    ("x-user-id", "user-123"),
    ("x-role", "admin"),
    ("x-auth-method", "jwt"),
];

pub(super) fn cases() -> Vec<Case> {
    let jobs = |more: Value| request("/jobs", more);
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
        refused("no token", Request::get("/jobs"), 401, "credentials_missing"),
        refused(
            "expired",
            jobs(json!({"org_id": ORG_A, "exp": now() - 60, "iat": now() - 3600})),
            401,
            "token_expired",
        ),
        refused(
            "another secret",
            Request::get("/jobs").bearer(wrong),
            401,
            "token_signature_invalid",
        ),
        refused("no organization", jobs(json!({})), 401, "tenant_required"),
        refused(
            "the old kind of organization",
            jobs(json!({"org_id": "org-456"})),
            401,
            "tenant_malformed",
        ),
        told("without a role", jobs(json!({"org_id": ORG_A, "role": null})), USER_WITHOUT_ROLE),
        refused(
            "no subject",
            jobs(json!({"org_id": ORG_A, "sub": null})),
            401,
            "token_claim_invalid",
        ),
        refused(
            "a token of Supabase",
            supabase::get("/jobs", json!({"org_id": ORG_A})),
            401,
            "token_issuer_unknown",
        ),
    ]
}
