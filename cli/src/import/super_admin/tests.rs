use serde_json::{Value, json};

use super::super::testing::{SECRET, bearer, imported, imported_with, mistakes};
use crate::import::digest::Digester;

fn tenants() -> Value {
    let key = |id: &str, key: &str, scopes: Value| {
        let mut map = Digester::new(None).key(id.into(), key).to_value();
        map["scopes"] = scopes;
        map
    };
    let issuer = json!({
        "issuer": "https://shop.example", "audiences": ["api"], "keys": {"secret": SECRET},
        "max_lifetime": "60m"
    });
    json!({"tenants": [
        {"id": "shop", "active": true, "scopes": ["*"], "ip": ["192.0.2.*"], "issuers": [issuer],
         "clients": [{"id": "web", "keys": [
            key("k", "sesame", json!(["generate"])), key("all", "open", json!(["*"]))
         ]}]},
        {"id": "new", "clients": [{"id": "web", "keys": [key("n", "fresh", json!(["*"]))]}]}
    ]})
}

fn shop(claims: Value) -> String {
    let mut all = json!({"iss": "https://shop.example", "aud": "api"});
    let own = claims.as_object().expect("it is an object").clone();
    all.as_object_mut().expect("it is an object").extend(own);
    bearer(all)
}

#[test]
fn both_decides_as_before() {
    let env = "AUTH_MODE=both # internal | partner | both\nSUPER_ADMIN_API_KEY=root-of-all\nACCESS_TOKEN_EXPIRE_MINUTES=30\n";
    let imported = imported_with("super-admin", env, tenants());
    let good = shop(json!({"scope": "generate"}));
    let all = shop(json!({"scope": "all"}));
    let old = shop(json!({"exp": 1}));
    let without = shop(json!({}));
    for (request, result) in [
        ("POST /generate x-api-key=sesame".into(), "shop"),
        ("POST /qdrant x-api-key=sesame".into(), "scope_missing"),
        ("POST /qdrant x-api-key=open".into(), "shop"),
        (format!("POST /generate {good}"), "shop"),
        (format!("POST /generate {without}"), "scope_missing"),
        (format!("POST /validate {all}"), "shop"),
        (format!("POST /generate {old} x-api-key=sesame"), "shop"),
        (format!("POST /generate {old}"), "token_expired"),
        ("POST /generate x-api-key=fresh".into(), "tenant_inactive"),
        ("POST /generate".into(), "credentials_missing"),
        ("POST /tenants/new/activate?superAdminKey=root-of-all".into(), "superadmin"),
        ("POST /tenants/new/activate?superAdminKey=wrong".into(), "api_key_unknown"),
        ("POST /tenants/new/activate x-api-key=open".into(), "credentials_missing"),
        ("GET /anything?superAdminKey=root-of-all".into(), "superadmin"),
        ("GET /anything x-api-key=open".into(), "credentials_missing"),
    ] {
        assert_eq!(imported.outcome(&request), result, "{request}");
    }
    assert_eq!(
        imported.reply("POST /generate x-api-key=fresh"),
        "403 403 Forbidden - Tenant Inactive"
    );
}

#[test]
fn one_mode_leaves_the_other_credential_unread() {
    let key = "POST /generate x-api-key=sesame";
    let token = format!("POST /generate {}", shop(json!({"scope": "generate"})));
    for (mode, by_key, by_token) in [
        ("internal", "shop", "credentials_missing"),
        ("Partner", "credentials_missing", "shop"),
        ("both", "shop", "shop"),
    ] {
        let env = format!("AUTH_MODE={mode}\nSUPER_ADMIN_API_KEY=root-of-all\n");
        let imported = imported_with("super-admin", &env, tenants());
        assert_eq!(imported.outcome(key), by_key, "{mode}");
        assert_eq!(imported.outcome(&token), by_token, "{mode}");
    }
}

#[test]
fn without_its_database_only_the_super_admin_is_let_in() {
    let begun = imported("super-admin", "AUTH_MODE=both\nSUPER_ADMIN_API_KEY=root-of-all\n");
    assert_eq!(begun.outcome("POST /generate x-api-key=sesame"), "api_key_unknown");
    assert_eq!(begun.outcome("POST /generate?superAdminKey=root-of-all"), "superadmin");
    assert!(begun.yaml.contains("# DECIDE: tenants, clients and their keys"));
    let unnamed = imported("super-admin", "AUTH_MODE=both\n");
    assert!(unnamed.yaml.contains("# DECIDE: the file has no SUPER_ADMIN_API_KEY"));
    assert_eq!(unnamed.outcome("POST /generate?superAdminKey="), "api_key_unknown");
}

#[test]
fn modes_that_there_are_not_are_refused() {
    let told = mistakes("super-admin", "AUTH_MODE=none\nACCESS_TOKEN_EXPIRE_MINUTES=0\n");
    assert!(told.starts_with("FILE:1:11: AUTH_MODE must be one of internal, partner, both"));
    assert!(told.contains("FILE:2:29: ACCESS_TOKEN_EXPIRE_MINUTES"), "{told}");
}

#[test]
fn a_key_that_its_digest_does_not_hide_is_to_be_replaced() {
    let short = imported("super-admin", "SUPER_ADMIN_API_KEY=changeme\n");
    assert!(short.yaml.contains("# DECIDE: the super admin's key is so short"), "{}", short.yaml);
    assert!(!short.yaml.contains("changeme"));
    let long = imported("super-admin", &format!("SUPER_ADMIN_API_KEY={}\n", "k".repeat(22)));
    assert!(!long.yaml.contains("so short"), "{}", long.yaml);
}
