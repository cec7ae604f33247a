//! Production: tokens of Supabase.

use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Alg, Key, Parts, now};

use super::super::{Case, dated, refused, told};
use super::{ORG_A, ORG_B, dev};

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

/// The key that Supabase signs with.
pub(super) fn key() -> Key {
    Key::rs256("b81269f1-21d8-4f2e-b719-c2240a840d90")
}

/// Claims of Supabase, without an organization, and `more` over them.
fn claims(more: Value) -> Value {
    let claims = json!({
        "iss": "https://abcdefghijklmnopqrst.supabase.co/", "aud": "heimdex", "sub": "user-123",
    });
    dated(claims, more)
}

pub(super) fn get(path: &str, more: Value) -> Request {
    Request::get(path).bearer(key().token(claims(more)))
}

pub(super) fn cases() -> Vec<Case> {
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
        refused("all else needs a token", Request::get("/jobs"), 401, "credentials_missing"),
        refused("below a public path too", Request::get("/healthz/x"), 401, "credentials_missing"),
        refused(
            "an API key is no token",
            Request::get("/jobs").api_key("k"),
            401,
            "credentials_missing",
        ),
        refused(
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
        ),
        refused("changed", Request::get("/jobs").bearer(forged), 401, "token_signature_invalid"),
        refused(
            "signed by somebody else",
            Request::get("/jobs").bearer(other.token(claims(in_a()))),
            401,
            "token_signature_invalid",
        ),
        refused(
            "the public key is no secret",
            Request::get("/jobs").bearer(public.token(claims(in_a()))),
            401,
            "token_algorithm_refused",
        ),
        refused("no organization", jobs(json!({})), 401, "tenant_required"),
        refused("an empty one", jobs(json!({"org_id": ""})), 401, "tenant_required"),
        refused(
            "one from the header",
            jobs(json!({})).header("x-org-id", ORG_A),
            401,
            "tenant_required",
        ),
        refused("no UUID", jobs(json!({"org_id": "org-123"})), 401, "tenant_malformed"),
        refused(
            "no subject",
            jobs(json!({"org_id": ORG_A, "sub": null})),
            401,
            "token_claim_invalid",
        ),
        refused(
            "another audience",
            jobs(json!({"org_id": ORG_A, "aud": "authenticated"})),
            401,
            "token_audience_invalid",
        ),
        refused(
            "another issuer",
            jobs(json!({"org_id": ORG_A, "iss": "https://evil.example/"})),
            401,
            "token_issuer_unknown",
        ),
        refused(
            "a token of the dev mode",
            dev::request("/jobs", json!({"org_id": ORG_A})),
            401,
            "token_issuer_unknown",
        ),
    ]
}
