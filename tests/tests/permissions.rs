//! Scopes and roles, as systems in front of which the guard stands have them.

mod common;

use common::{Fleet, idp, key_entry, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key};
use tenant_guard_tests::{EnvoyBuilder, Request, Response};

fn key(secret: &str, more: Value) -> Value {
    with(key_entry(secret, secret), more)
}

fn get(path: &str, secret: &str) -> Request {
    Request::get(path).api_key(secret)
}

fn roles(response: &Response) -> String {
    response.echoed_value("x-roles").unwrap_or_default()
}

fn scopes(response: &Response) -> String {
    response.echoed_value("x-scopes").unwrap_or_default()
}

/// Who reads needs to be a viewer, who changes anything an operator. Roles come
/// from several claims, in any case.
static BY_METHOD: Fleet = Fleet::new(|| {
    EnvoyBuilder::new(json!({
        "version": 1,
        "role_case": "ignore",
        "roles": {"admin": {"includes": ["operator"]}, "operator": {"includes": ["viewer"]}, "viewer": {}},
        "jwt": {"issuers": [idp("claims").config(json!({
            "tenant": {"claims": ["tenant_id", "org_id"]},
            "claims": {"roles": ["roles", "role", "scope", "scopes"]}}))]},
        "api_keys": {"keys": []},
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": [
            key("viewer", json!({"roles": ["Viewer"]})),
            key("operator", json!({"roles": ["OPERATOR"]})),
            key("none", json!({}))]}]}],
        "routes": [
            {"match": {"path": "/v1/admin/**", "methods": ["GET", "HEAD", "OPTIONS"]}, "roles": ["viewer"]},
            {"match": {"path": "/v1/admin/**"}, "roles": ["Operator"]},
            {"match": {"path": "/v1/**"}},
        ],
    }))
});

#[test]
fn readers_are_viewers_and_writers_operators() {
    BY_METHOD.everywhere(|session| {
        let reads = ["GET", "HEAD", "OPTIONS"];
        let writes = ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"];
        let token = |claims: Value| {
            let claims = with(json!({"org_id": "acme"}), claims);
            ("authorization", format!("Bearer {}", idp("claims").token(claims)))
        };
        let key = |secret: &str| ("x-api-key", secret.to_owned());
        for ((name, value), may_read, may_write) in [
            (token(json!({"roles": ["viewer"]})), true, false),
            (token(json!({"role": "VIEWER"})), true, false),
            (token(json!({"scope": "openid Viewer"})), true, false),
            (token(json!({"role": "Operator"})), true, true),
            (token(json!({"scopes": ["ADMIN"]})), true, true),
            (token(json!({"roles": ["viewer"], "role": "operator"})), true, true),
            (token(json!({"roles": ["viewers", "admin ops", "admin,viewer"]})), false, false),
            (token(json!({"roles": ["\u{212a}admin", "v\u{131}ewer"]})), false, false),
            (token(json!({})), false, false),
            (key("viewer"), true, false),
            (key("operator"), true, true),
            (key("none"), false, false),
        ] {
            for (methods, may) in [(&reads[..], may_read), (&writes[..], may_write)] {
                for method in methods {
                    let request = |path: &str| Request::new(method, path).header(name, &value);
                    if may {
                        session.allowed(request("/v1/admin/things"));
                    } else if *method == "HEAD" {
                        session.refused(request("/v1/admin/things"), 403, "role_missing");
                    } else {
                        let refused = session.refused(request("/v1/admin"), 403, "role_missing");
                        assert_eq!(refused.json()["level"], "route");
                        assert_eq!(refused.header("www-authenticate"), None);
                    }
                    session.allowed(request("/v1/things"));
                }
            }
        }
    });
}

/// Roles that include each other, grant scopes, and are cut at every level.
static LADDER: Fleet = Fleet::new(|| {
    let keys = |client: &str| -> Vec<Value> {
        ["admin", "developer", "standard", "read_only"]
            .iter()
            .map(|role| key(&format!("{client} {role}"), json!({"roles": [role]})))
            .collect()
    };
    let own = Issuer::new("https://own.example.com/", Key::eddsa("own")).config(json!({}));
    EnvoyBuilder::new(json!({
        "version": 1,
        "roles": {
            "admin": {"includes": ["developer"], "scopes": ["*"]},
            "developer": {"includes": ["standard"], "scopes": ["debug"]},
            "standard": {"includes": ["read_only"], "scopes": ["outline:generate"]},
            "read_only": {"scopes": ["presentations:read"]},
        },
        "jwt": {"issuers": [idp("claims").config(json!({
            "roles": ["developer"], "tenant": {"claims": ["tenant"], "allow": ["open", "cut"]}}))]},
        "tenants": [
            {"id": "open", "clients": [
                {"id": "web", "keys": keys("open")},
                {"id": "low", "roles": ["standard"], "scopes": ["presentations:read"], "keys": keys("low")}]},
            {"id": "cut", "roles": ["standard", "read_only"], "clients": [{"id": "web", "keys": keys("cut")}]},
            {"id": "own", "roles": ["standard"], "issuers": [own]},
        ],
        "routes": [
            {"match": {"path": "/admin"}, "roles": ["admin"]},
            {"match": {"path": "/developer"}, "roles": ["developer"]},
            {"match": {"path": "/standard"}, "roles": ["standard"]},
            {"match": {"path": "/read_only"}, "roles": ["read_only"]},
            {"match": {"path": "/any"}, "roles": ["admin", "standard"]},
            {"match": {"path": "/debug"}, "scopes": ["debug"]},
            {"match": {"path": "/generate"}, "scopes": ["outline:generate"]},
            {"match": {"path": "/read"}, "scopes": ["presentations:read"]},
            {"match": {"path": "/other"}, "scopes": ["anything:else"]},
            {"match": {"path": "/both"}, "scopes": ["outline:generate"], "roles": ["developer"]},
        ],
    }))
});

#[test]
fn a_role_has_all_that_it_includes_and_no_more_than_those_above_allow() {
    const ALL: [&str; 10] = [
        "admin",
        "developer",
        "standard",
        "read_only",
        "any",
        "debug",
        "generate",
        "read",
        "other",
        "both",
    ];
    let token = |tenant: &str, role: &str| {
        Request::get("/").bearer(idp("claims").token(json!({"tenant": tenant, "roles": [role]})))
    };
    let own = |role: &str| {
        let own = Issuer::new("https://own.example.com/", Key::eddsa("own"));
        Request::get("/").bearer(own.token(json!({"roles": [role]})))
    };
    let developer = "developer standard read_only any debug generate read both";
    let standard = "standard read_only any generate read";
    // A credential, the paths it may go to, and its roles as the application is told.
    let cases = [
        (get("/", "open admin"), ALL.join(" "), "admin"),
        (get("/", "open developer"), developer.to_owned(), "developer"),
        (get("/", "open standard"), standard.to_owned(), "standard"),
        (get("/", "open read_only"), "read_only read".to_owned(), "read_only"),
        (get("/", "cut admin"), standard.to_owned(), "standard"),
        (get("/", "cut read_only"), "read_only read".to_owned(), "read_only"),
        (get("/", "low admin"), "standard read_only any read".to_owned(), "standard"),
        (get("/", "low read_only"), "read_only read".to_owned(), "read_only"),
        (token("open", "admin"), developer.to_owned(), "developer"),
        (token("open", "standard"), standard.to_owned(), "standard"),
        (token("cut", "admin"), standard.to_owned(), "standard"),
        (own("admin"), standard.to_owned(), "standard"),
        (token("open", "Admin"), String::new(), ""),
    ];
    LADDER.everywhere(|session| {
        for (request, allowed, told) in &cases {
            for path in ALL {
                let request = request.clone().path(format!("/{path}"));
                if allowed.split(' ').any(|allowed| allowed == path) {
                    assert_eq!(roles(&session.allowed(request)), *told, "{path}");
                    continue;
                }
                let by_scope = ["debug", "generate", "read", "other"].contains(&path)
                    || path == "both" && !allowed.contains("generate");
                let code = if by_scope { "scope_missing" } else { "role_missing" };
                session.refused(request, 403, code);
                if path == "other" {
                    // The access log names who was refused, as it was resolved.
                    let line = session.last_line();
                    assert_eq!(line["roles"].as_str().unwrap_or_default(), *told, "{line}");
                }
            }
        }
    });
}

/// Scopes of keys and tokens under those of client and tenant; `all` is every
/// scope in a token.
static SCOPES: Fleet = Fleet::new(|| {
    EnvoyBuilder::new(json!({
        "version": 1,
        "wildcard_scopes": ["all"],
        "jwt": {"issuers": [idp("claims").config(json!({
            "scopes": ["tenant", "qdrant", "generate"], "tenant": {"claims": ["tenant"], "allow": ["acme"]}}))]},
        "tenants": [{"id": "acme", "scopes": ["tenant", "qdrant", "meal_plan", "generate"], "clients": [
            {"id": "web", "scopes": ["tenant", "meal_plan"], "keys": [
                key("every", json!({"scopes": ["*"]})),
                key("all", json!({"scopes": ["all"]})),
                key("two", json!({"scopes": ["meal_plan", "qdrant"]})),
                key("none", json!({}))]},
            {"id": "shut", "scopes": [], "keys": [key("shut", json!({"scopes": ["*", "tenant"]}))]},
            {"id": "free", "keys": [key("free", json!({"scopes": ["*"]}))]}]}],
        "routes": [
            {"match": {"path": "/tenant"}, "scopes": ["tenant"]},
            {"match": {"path": "/qdrant"}, "scopes": ["qdrant"]},
            {"match": {"path": "/meal_plan"}, "scopes": ["meal_plan"]},
            {"match": {"path": "/validate"}, "scopes": ["validate"]},
            {"match": {"path": "/two"}, "scopes": ["meal_plan", "tenant"]},
        ],
    }))
});

#[test]
fn authentication_alone_is_not_sufficient() {
    let token = |claims: Value| {
        Request::get("/").bearer(idp("claims").token(with(json!({"tenant": "acme"}), claims)))
    };
    let cases = [
        (get("/", "every"), "tenant meal_plan two", "tenant meal_plan"),
        (get("/", "all"), "", ""),
        (get("/", "two"), "meal_plan", "meal_plan"),
        (get("/", "none"), "", ""),
        (get("/", "shut"), "", ""),
        (get("/", "free"), "tenant qdrant meal_plan two", "tenant qdrant meal_plan generate"),
        (token(json!({"scope": "all"})), "tenant qdrant", "tenant qdrant generate"),
        (token(json!({"scope": "*"})), "", ""),
        (
            token(json!({"scope": "qdrant meal_plan", "scp": ["tenant"]})),
            "tenant qdrant",
            "qdrant tenant",
        ),
        (token(json!({"scope": "all", "client_id": "web"})), "tenant", "tenant"),
        (token(json!({"scope": "all", "client_id": "shut"})), "", ""),
        (token(json!({"scope": "All TENANT tenant_"})), "", ""),
    ];
    SCOPES.everywhere(|session| {
        for (request, allowed, told) in &cases {
            for path in ["tenant", "qdrant", "meal_plan", "validate", "two"] {
                let request = request.clone().path(format!("/{path}"));
                if allowed.split(' ').any(|allowed| allowed == path) {
                    assert_eq!(scopes(&session.allowed(request)), *told, "{path}");
                    continue;
                }
                let response = session.refused(request, 403, "scope_missing");
                let asked = if path == "two" { "meal_plan tenant" } else { path };
                let challenge =
                    format!(r#"Bearer realm="api", error="insufficient_scope", scope="{asked}""#);
                assert_eq!(response.header_all("www-authenticate"), [challenge]);
            }
        }
    });
}
