//! Which tokens and keys are good, and whose requests they are.

use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Alg, Key, Parts, now};

use super::super::{Case, refused, told};
use super::{
    APP, BACKEND, BY_KEY, DEVELOPER, OLD_BACKEND, OUTLINE, by_key, by_token, claims, ec, rsa,
};

/// Which tokens and keys are good.
pub(super) fn credentials() -> Vec<Case> {
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
        refused("two hours aren't", outline(aged(0, 7200)), 401, "token_claim_invalid"),
        refused(
            "a client's token without a subject",
            outline(json!({"roles": ["developer"], "sub": null})),
            401,
            "token_claim_invalid",
        ),
        refused("expired", outline(aged(960, -60)), 401, "token_expired"),
        refused("changed", Request::get(OUTLINE).bearer(forged), 401, "token_signature_invalid"),
        refused(
            "signed with a secret",
            signed(&Key::with_secret(
                Alg::HS256,
                rsa().kid(),
                "a secret that is 32 bytes or longer",
            )),
            401,
            "token_algorithm_refused",
        ),
        refused(
            "another audience",
            outline(json!({"aud": "dashboard"})),
            401,
            "token_audience_invalid",
        ),
        refused(
            "another issuer",
            outline(json!({"iss": "https://evil.example/"})),
            401,
            "token_issuer_unknown",
        ),
        refused("nothing", Request::get(OUTLINE), 401, "credentials_missing"),
        refused("an unknown key", by_key("GET", OUTLINE, "ak_unknown"), 401, "api_key_unknown"),
        refused(
            "a key that was rotated out",
            by_key("GET", OUTLINE, OLD_BACKEND),
            401,
            "api_key_expired",
        ),
        refused(
            "a key in the place of a token",
            Request::get(OUTLINE).bearer(BACKEND),
            401,
            "token_malformed",
        ),
        refused("both", outline(developer()).api_key(BACKEND), 400, "credentials_ambiguous"),
    ]
}

/// Whose request it is.
pub(super) fn tenants() -> Vec<Case> {
    let outline = |more: Value| {
        let mut claims = json!({"roles": ["developer"]});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        by_token("GET", OUTLINE, claims)
    };
    vec![
        told("a tenant that agrees", outline(json!({})).tenant("acme"), DEVELOPER),
        refused(
            "a tenant that doesn't",
            outline(json!({})).tenant("globex"),
            403,
            "tenant_mismatch",
        ),
        refused(
            "a key of another tenant",
            by_key("GET", OUTLINE, APP).tenant("acme"),
            403,
            "tenant_mismatch",
        ),
        refused("a reserved name", outline(json!({})).tenant("default"), 403, "tenant_reserved"),
        refused("no tenant", outline(json!({"tenant_id": null})), 403, "tenant_required"),
        refused(
            "an unknown tenant",
            outline(json!({"tenant_id": "initech"})),
            403,
            "tenant_unknown",
        ),
        told("a plan of one's own", outline(json!({"plan": "free"})), DEVELOPER),
        refused(
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
