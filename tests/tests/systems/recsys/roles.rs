//! Who may do what under `/v1/admin`.

use serde_json::{Value, json};
use tenant_guard_tests::Request;

use super::super::{Case, refused, told};
use super::{CONSOLE, STOREFRONT, Told, by};

pub(super) fn cases() -> Vec<Case> {
    const VIEWER: Told = &[
        ("x-org-id", "demo"),
        ("x-user-id", "user-1"),
        ("x-roles", "viewer"),
        ("x-auth-method", "jwt"),
    ];
    const SCOPED: Told = &[
        ("x-org-id", "demo"),
        ("x-user-id", "user-1"),
        ("x-roles", "reports,VIEWER"),
        ("x-auth-method", "jwt"),
    ];
    const OPERATOR: Told = &[
        ("x-org-id", "demo"),
        ("x-user-id", "user-1"),
        ("x-roles", "Operator"),
        ("x-auth-method", "jwt"),
    ];
    const ADMIN: Told = &[
        ("x-org-id", "demo"),
        ("x-user-id", "user-1"),
        ("x-roles", "billing,admin"),
        ("x-auth-method", "jwt"),
    ];
    const CONSOLE_KEY: Told = &[
        ("x-org-id", "demo"),
        ("x-client-id", "console"),
        ("x-key-id", "console-1"),
        ("x-roles", "operator"),
        ("x-auth-method", "api_key"),
    ];
    const UNITED: Told = &[
        ("x-org-id", "demo"),
        ("x-user-id", "user-1"),
        ("x-client-id", "console"),
        ("x-key-id", "console-1"),
        ("x-roles", "viewer,operator"),
        ("x-auth-method", "jwt"),
    ];
    const RULES: &str = "/v1/admin/tenants/demo/rules";
    let with = |method: &str, more: Value| {
        let mut claims = json!({"org_id": "demo"});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        by(method, RULES, claims)
    };
    let viewer = || json!({"roles": ["viewer"]});
    vec![
        told("a viewer reads", with("GET", viewer()), VIEWER),
        told("a viewer asks what there is", with("OPTIONS", viewer()), VIEWER),
        refused("a viewer doesn't write", with("PUT", viewer()), 403, "role_missing"),
        refused("nor delete", with("DELETE", viewer()), 403, "role_missing"),
        told(
            "a role among scopes, in any case",
            with("GET", json!({"scope": "reports VIEWER"})),
            SCOPED,
        ),
        told("an operator writes", with("PUT", json!({"role": "Operator"})), OPERATOR),
        told("an operator reads", with("GET", json!({"role": "Operator"})), OPERATOR),
        told("an admin does anything", with("DELETE", json!({"scopes": "billing,admin"})), ADMIN),
        refused("without a role nobody reads", with("GET", json!({})), 403, "role_missing"),
        refused(
            "another role is none of these",
            with("GET", json!({"roles": ["owner"]})),
            403,
            "role_missing",
        ),
        told("a key may have a role", Request::new("PUT", RULES).api_key(CONSOLE), CONSOLE_KEY),
        refused("or not", Request::get(RULES).api_key(STOREFRONT), 403, "role_missing"),
        told("roles of token and key unite", with("PUT", viewer()).api_key(CONSOLE), UNITED),
        refused(
            "under the other prefix, too",
            by(
                "PUT",
                "/api/v1/admin/tenants/demo/rules",
                json!({"org_id": "demo", "roles": ["viewer"]}),
            ),
            403,
            "role_missing",
        ),
    ]
}
