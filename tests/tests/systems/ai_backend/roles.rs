//! Who may do what: roles, and permissions below a plan's ceiling.

use serde_json::{Value, json};

use super::super::{Case, refused, told};
use super::{
    API_KEYS, APP, BACKEND, BY_APP, BY_DASHBOARD, BY_KEY, BY_OPERATIONS, DASHBOARD, DEVELOPER,
    IMAGES, OPERATIONS, OUTLINE, PRESENTATIONS, SLIDES, STANDARD, Told, by_key, by_token,
};

pub(super) fn cases() -> Vec<Case> {
    [by_role(), features()].into_iter().flatten().collect()
}

/// Each role includes those below it.
fn by_role() -> Vec<Case> {
    let with =
        |method: &str, path: &str, role: &str| by_token(method, path, json!({"roles": [role]}));
    vec![
        told("an admin makes keys", by_key("POST", API_KEYS, OPERATIONS), BY_OPERATIONS),
        told("an admin does all else", by_key("DELETE", "/v1/usage", OPERATIONS), BY_OPERATIONS),
        refused(
            "a developer makes no keys",
            by_key("POST", API_KEYS, BACKEND),
            403,
            "role_missing",
        ),
        told("a developer reaches every endpoint", by_key("GET", "/v1/usage", BACKEND), BY_KEY),
        told("also by a token", with("POST", "/v1/usage", "developer"), DEVELOPER),
        refused(
            "a standard user doesn't",
            with("GET", "/v1/usage", "standard"),
            403,
            "role_missing",
        ),
        told("but makes slides", with("POST", SLIDES, "standard"), STANDARD),
        told("and presentations", with("POST", PRESENTATIONS, "standard"), STANDARD),
        told("a reader reads", by_key("GET", PRESENTATIONS, DASHBOARD), BY_DASHBOARD),
        told("one of them", by_key("GET", "/v1/presentations/7", DASHBOARD), BY_DASHBOARD),
        refused(
            "and doesn't write",
            by_key("POST", PRESENTATIONS, DASHBOARD),
            403,
            "scope_missing",
        ),
        refused("nor generate", with("GET", OUTLINE, "read_only"), 403, "scope_missing"),
        refused(
            "whatever its token is allowed",
            by_token(
                "GET",
                OUTLINE,
                json!({"roles": ["read_only"], "permissions": ["outline:generate"]}),
            ),
            403,
            "role_missing",
        ),
        refused(
            "without a role there is nothing",
            by_token("GET", PRESENTATIONS, json!({})),
            403,
            "scope_missing",
        ),
        refused("a path of nobody's", by_key("GET", "/admin", OPERATIONS), 403, "route_refused"),
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
        refused("images aren't for all", images(standard), 403, "scope_missing"),
        told("a permission adds them", images(permitted), WITH_IMAGES),
        told("a plan without images", by_key("POST", OUTLINE, APP), BY_APP),
        refused("has none for its key", by_key("POST", IMAGES, APP), 403, "scope_missing"),
        refused("nor for its developers", images(globex), 403, "scope_missing"),
    ]
}
