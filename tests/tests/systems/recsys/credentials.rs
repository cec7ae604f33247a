//! Tokens and keys, alone and together.

use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Parts, now};

use super::super::{Case, refused, told};
use super::{GLOBEX, STOREFRONT, Told, USER, recommend, token};

pub(super) fn cases() -> Vec<Case> {
    const BOTH: Told = &[
        ("x-org-id", "demo"),
        ("x-user-id", "user-1"),
        ("x-client-id", "storefront"),
        ("x-key-id", "storefront-1"),
        ("x-auth-method", "jwt"),
    ];
    let asks = |more: Value| recommend().bearer(token(more));
    let demo = || json!({"org_id": "demo"});
    let good = token(demo());
    let forged = Parts::of(&good).with_flipped_bit().join();
    vec![
        told("a token and a key of one tenant", asks(demo()).api_key(STOREFRONT), BOTH),
        told("a token without a tenant takes the key's", asks(json!({})).api_key(STOREFRONT), BOTH),
        refused(
            "a token and a key of two tenants",
            asks(demo()).api_key(GLOBEX),
            403,
            "tenant_mismatch",
        ),
        refused(
            "a good token doesn't make up for a bad key",
            asks(demo()).api_key("rk_unknown"),
            401,
            "api_key_unknown",
        ),
        refused("nothing", recommend(), 401, "credentials_missing"),
        refused(
            "under the other prefix",
            Request::get("/api/v1/recommend"),
            401,
            "credentials_missing",
        ),
        refused("an unknown key", recommend().api_key("rk_unknown"), 401, "api_key_unknown"),
        refused(
            "expired",
            asks(json!({"org_id": "demo", "iat": now() - 3600, "exp": now() - 60})),
            401,
            "token_expired",
        ),
        told(
            "within the skew",
            asks(json!({"org_id": "demo", "iat": now() - 3600, "exp": now() - 5})),
            USER,
        ),
        refused("changed", recommend().bearer(forged), 401, "token_signature_invalid"),
        refused(
            "for another audience",
            asks(json!({"org_id": "demo", "aud": "other"})),
            401,
            "token_audience_invalid",
        ),
        refused(
            "of another issuer",
            asks(json!({"org_id": "demo", "iss": "https://auth.example.com"})),
            401,
            "token_issuer_unknown",
        ),
        told(
            "the scheme has no case",
            recommend().header("authorization", format!("bEARER {good}")),
            USER,
        ),
        refused(
            "two tokens in one header",
            recommend().header("authorization", format!("Bearer {good}, Bearer {good}")),
            401,
            "credentials_ambiguous",
        ),
        refused(
            "headers of development",
            recommend().header("X-Dev-User-Id", "dev-user-1").header("X-Dev-Org-Id", "demo"),
            401,
            "credentials_missing",
        ),
    ]
}
