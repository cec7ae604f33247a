//! The tenant's claim, and what must agree with it.

use serde_json::{Value, json};

use super::super::{Case, refused, told};
use super::{DEMO_UUID, GLOBEX_USER, KEY, STOREFRONT, USER, by, recommend, token};

pub(super) fn cases() -> Vec<Case> {
    let asks = |more: Value| recommend().bearer(token(more));
    let demo = || asks(json!({"tenant_id": "demo"}));
    let by_key = || recommend().api_key(STOREFRONT);
    vec![
        told("tenant_id", demo(), USER),
        told("org_id", asks(json!({"org_id": "demo"})), USER),
        told("orgId", asks(json!({"orgId": "demo"})), USER),
        told("organization_id", asks(json!({"organization_id": "demo"})), USER),
        told("an empty claim is none", asks(json!({"tenant_id": " ", "org_id": "demo"})), USER),
        told(
            "the first decides",
            asks(json!({"org_id": "globex", "organization_id": "demo"})),
            GLOBEX_USER,
        ),
        told("the id of the database names it, too", asks(json!({"tenant_id": DEMO_UUID})), USER),
        told("a header that agrees", demo().header("X-Org-Id", "demo"), USER),
        told("a header that agrees by the other name", demo().header("X-Org-Id", DEMO_UUID), USER),
        refused(
            "a header that doesn't",
            demo().header("X-Org-Id", "globex"),
            403,
            "tenant_mismatch",
        ),
        refused("a list", demo().header("X-Org-Id", "demo,globex"), 403, "tenant_malformed"),
        refused("a space", demo().header("X-Org-Id", "de mo"), 403, "tenant_malformed"),
        refused(
            "twice",
            demo().header("X-Org-Id", "demo").header("X-Org-Id", "demo"),
            403,
            "tenant_malformed",
        ),
        refused("no claim", asks(json!({})), 403, "tenant_required"),
        refused(
            "a header is no claim",
            asks(json!({})).header("X-Org-Id", "demo"),
            403,
            "tenant_required",
        ),
        refused(
            "a tenant that isn't served",
            asks(json!({"org_id": "initech"})),
            403,
            "tenant_unknown",
        ),
        told("a key has its tenant", by_key(), KEY),
        told("a key and a header that agrees", by_key().header("X-Org-Id", DEMO_UUID), KEY),
        refused(
            "a key and one that doesn't",
            by_key().header("X-Org-Id", "globex"),
            403,
            "tenant_mismatch",
        ),
        refused(
            "the URL must agree",
            by("GET", "/v1/recommend?tenant_id=globex", json!({"org_id": "demo"})),
            403,
            "tenant_mismatch",
        ),
        told("and may", by("GET", "/v1/recommend?tenant_id=demo", json!({"org_id": "demo"})), USER),
    ]
}
