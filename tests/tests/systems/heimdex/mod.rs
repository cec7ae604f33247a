//! Heimdex: tokens of Supabase in production, of a shared secret in development.

pub mod dev;
mod supabase;

use tenant_guard_tests::token::{jwks, sha256_hex};
use tenant_guard_tests::{Provider, Reply};

use super::{Issuers, System};

pub const SUPABASE: System = System {
    folder: "heimdex",
    variant: "",
    variables: &[],
    api_keys: &[],
    digest: |key| sha256_hex(key),
    issuers: Issuers::Provider { cluster: "supabase", start: provider },
    identity: IDENTITY,
    credentials: &["authorization"],
    details: &[
        ("credentials_missing", "Not authenticated"),
        ("token_expired", "Token has expired"),
        ("token_signature_invalid", "Invalid token: Signature verification failed"),
        ("token_audience_invalid", "Invalid token audience. Expected: heimdex"),
        (
            "token_issuer_unknown",
            "Invalid token issuer. Expected: https://abcdefghijklmnopqrst.supabase.co/",
        ),
        ("token_claim_invalid", "Missing sub claim in token"),
        ("tenant_required", NO_ORGANIZATION),
        ("tenant_malformed", NO_UUID),
    ],
    cases: supabase::cases,
};

pub const DEV: System = System {
    variant: ".dev",
    variables: &[("DEV_JWT_SECRET", "local-dev-secret")],
    issuers: Issuers::None,
    details: &[
        ("credentials_missing", "Not authenticated"),
        ("token_expired", "Token has expired"),
        ("token_signature_invalid", "Invalid token: Signature verification failed"),
        ("token_claim_invalid", "Missing sub claim in token"),
        ("tenant_required", NO_ORGANIZATION),
        ("tenant_malformed", NO_UUID),
    ],
    cases: dev::cases,
    ..SUPABASE
};

const NO_ORGANIZATION: &str = "Missing org_id claim in token (required for tenant isolation)";
const NO_UUID: &str = "Invalid org_id claim in token: a UUID in lower case is expected";

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

fn provider() -> Provider {
    let provider = Provider::named("https://abcdefghijklmnopqrst.supabase.co/");
    provider.stub().on("/auth/v1/jwks", Reply::json(&jwks(&[&supabase::key()])));
    provider
}
