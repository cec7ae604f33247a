//! `super_admin` and `dev_headers`.

use super::*;

fn admin(field: &str, value: Value) -> Value {
    with(full(), &format!("/super_admin{field}"), value)
}

#[test]
fn a_super_admin_has_a_place_and_a_digest() {
    for field in ["from", "sha256"] {
        let document = without(full(), &format!("/super_admin/{field}"));
        refused(&document, &format!("super_admin.{field}"), "is required");
    }
    for (field, value, path, piece) in [
        ("", json!("x"), "", "an object"),
        ("", Value::Null, "", "an object"),
        ("/from", json!([]), ".from", "not be empty"),
        ("/from", json!([{}]), ".from[0]", "exactly one of header, cookie and query"),
        ("/sha256", json!("MARKER-key"), ".sha256", "64 lower-case hexadecimal"),
        ("/hmac_sha256", json!(digest(3)), ".hmac_sha256", "unknown field"),
        ("/tenant", json!(""), ".tenant", "not be empty"),
        ("/tenant", json!("a b"), ".tenant", "is no tenant name"),
    ] {
        refused(&admin(field, value), &format!("super_admin{path}"), piece);
    }
    // Its routes aren't blamed for what it lacks, and the rest is still checked.
    let document = with(admin("/sha256", json!("no")), "/super_admin/tenant", json!("org_9fXk"));
    let said = errors(&document);
    assert_eq!(said.len(), 2, "{said:#?}");
    assert_eq!((&*said[0].0, &*said[1].0), ("super_admin.sha256", "tenants[0].aliases[0]"));
}

#[test]
fn its_tenant_is_nobody_else_s_in_any_case() {
    for name in ["superadmin", "SuperAdmin", "SUPERADMIN"] {
        let problem = "is the super admin's tenant, which nobody else can name";
        refused(&with(full(), "/tenants/1/id", json!(name)), "tenants[1].id", problem);
        let aliases = with(full(), "/tenants/1/aliases", json!(["x", name]));
        refused(&aliases, "tenants[1].aliases[1]", problem);
        let problem = "is the super admin's tenant, which nothing else can be bound to";
        for (pointer, value, path) in [
            ("/jwt/issuers/3/tenant/fixed", json!(name), "jwt.issuers[3].tenant.fixed"),
            (
                "/jwt/issuers/2/tenant/acts_for",
                json!(["acme", name]),
                "jwt.issuers[2].tenant.acts_for[1]",
            ),
            (
                "/jwt/issuers/0/tenant/allow",
                json!(["acme", name]),
                "jwt.issuers[0].tenant.allow[1]",
            ),
            (
                "/jwt/issuers/0/tenant/subjects/bob",
                json!(name),
                "jwt.issuers[0].tenant.subjects.bob",
            ),
        ] {
            refused(&with(full(), pointer, value), path, problem);
        }
    }
    for name in ["default", "Default"] {
        refused(&admin("/tenant", json!(name)), "super_admin.tenant", "is the reserved name");
    }
}

#[test]
fn its_digest_is_of_something_and_of_no_api_key() {
    for nothing in [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
    ] {
        let document = admin("/sha256", json!(nothing));
        refused(&document, "super_admin.sha256", "is the digest of an empty text");
    }
    let document = admin("/sha256", json!(digest(1)));
    refused(&document, "super_admin.sha256", "has the digest of api_keys.keys[0] too");
    let document = admin("/sha256", json!(digest(2)));
    let owner = "has the digest of key web-1 of client web of tenant acme too";
    refused(&document, "super_admin.sha256", owner);
}

#[test]
fn its_place_is_its_own() {
    for (source, piece) in [
        (json!({"header": "authorization", "scheme": "Admin"}), "other credentials are read from"),
        (json!({"header": "X-Api-Key"}), "other credentials are read from"),
        (json!({"header": "x_api_key"}), "other credentials are read from"),
        (json!({"cookie": "session"}), "other credentials are read from"),
        (json!({"query": "access_token"}), "other credentials are read from"),
    ] {
        let document = admin("/from", json!([{"header": "x-admin-key"}, source]));
        refused(&document, "super_admin.from[1]", piece);
    }
    let header = |name: &str| admin("/from", json!([{ "header": name }]));
    for name in ["x-tenant-id", "X_Tenant_Id"] {
        let said = errors(&header(name));
        let paths: Vec<&str> = said.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["upstream", "tenancy.header"], "{said:?}");
    }
    refused(&header("x-user-id"), "upstream", "which a credential is read from");
    refused(&header("host"), "super_admin.from[0].header", "framing or connection");
    // What nobody reads, it may.
    let alone = json!({"version": 1, "super_admin": {"from": [{"header": "x-api-key"}], "sha256": digest(1)}});
    warned(&alone, "", "every request but the super admin's");
}

#[test]
fn its_routes_need_it_and_say_nothing_else() {
    let route = |more: Value| {
        let mut route = json!({"match": {"path": "/v1/tenants/**"}, "auth": "super_admin"});
        route.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with(full(), "/routes/6", route)
    };
    refused(
        &without(full(), "/super_admin"),
        "routes[6].auth",
        "is for the super admin, and there is none",
    );
    for more in [
        json!({"mode": "jwt"}),
        json!({"issuers": ["customers"]}),
        json!({"ip": ["10.0.0.1"]}),
        json!({"scopes": ["a"]}),
        json!({"roles": ["viewer"]}),
        json!({"action": "publish"}),
    ] {
        refused(&route(more), "routes[6]", "is for the super admin, whom no policy holds");
    }
    for more in [json!({"shadow": true}), json!({"tenancy": "none"})] {
        assert_eq!(accepted(&route(more.clone())), [], "{more}");
    }
}

#[test]
fn a_public_route_may_say_which_addresses_and_nothing_else() {
    for (field, value) in
        [("scopes", json!(["a"])), ("roles", json!(["viewer"])), ("action", json!("publish"))]
    {
        let document = with(full(), &format!("/routes/0/{field}"), value);
        refused(&document, "routes[0]", "asks for no credential");
    }
    assert_eq!(accepted(&with(full(), "/routes/0/ip", json!(["10.0.0.1"]))), []);
}

fn dev(field: &str, value: Value) -> Value {
    with(in_development(), &format!("/dev_headers{field}"), value)
}

#[test]
fn dev_headers_are_for_development() {
    for environment in [Some("production"), None] {
        let document = without(in_development(), "/environment");
        let document = match environment {
            Some(name) => with(document, "/environment", json!(name)),
            None => document,
        };
        refused(&document, "dev_headers", "that is for environment: development only");
    }
    refused(&without(in_development(), "/dev_headers/user"), "dev_headers.user", "is required");
    let user_only = without(in_development(), "/dev_headers/tenant");
    warned(&user_only, "dev_headers", "lets every caller say who it is");
}

#[test]
fn dev_headers_stand_where_no_jwt_does() {
    let issuers = json!({"issuers": [issuer("https://idp.example/", "k1")]});
    let tenants = json!([{"id": "acme", "issuers": [issuer("https://acme.example/", "k2")]}]);
    for (pointer, value) in [("/jwt", issuers), ("/jwt", json!({})), ("/tenants", tenants)] {
        let document = with(in_development(), pointer, value);
        refused(&document, "dev_headers", "there are issuers too");
    }
    // API keys may stand beside them.
    let keys = json!([{"id": "k", "sha256": digest(1)}]);
    let document = with(in_development(), "/api_keys/keys", keys);
    warned(&document, "dev_headers", "lets every caller say who it is");
}

#[test]
fn dev_headers_are_headers_of_their_own() {
    let keys = json!([{"id": "k", "sha256": digest(1)}]);
    let admin = json!({"from": [{"header": "x-admin-key"}], "sha256": digest(2)});
    for name in ["x-api-key", "X_Api_Key", "x-admin-key", "x_admin.key"] {
        for field in ["user", "tenant"] {
            let document = dev(&format!("/{field}"), json!(name));
            let document = with(document, "/api_keys/keys", keys.clone());
            let document = with(document, "/super_admin", admin.clone());
            let path = format!("dev_headers.{field}");
            refused(&document, &path, "a header that a credential is read from");
        }
    }
    for name in ["x-dev-user-id", "X_Dev_User_Id"] {
        refused(&dev("/tenant", json!(name)), "dev_headers", "one header for user and tenant");
    }
    for (name, piece) in [
        ("host", "framing or connection"),
        (":path", "pseudo-header"),
        ("x-forwarded-for", "of the proxy itself"),
        ("cookie", "a meaning of its own"),
        ("", "not be empty"),
    ] {
        refused(&dev("/user", json!(name)), "dev_headers.user", piece);
    }
    let document = without(dev("/user", json!("x_dev_org_id")), "/dev_headers/tenant");
    refused(&document, "dev_headers.user", "is tenancy.header");
}
