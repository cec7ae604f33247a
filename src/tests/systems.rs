//! The rules of systems that the guard stands in for, as their own documents
//! have them.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{
    Request, decide_from, guard, issuer, jwt, key, merged, outcome, tenant, token, words,
};

/// A system with a super admin's key in the query, tenants that start
/// inactive, and policies on tenants, clients and keys. `all` is its word for
/// every scope.
fn partners(over: Value) -> Guard {
    let admin = key("", "super-secret", json!({}))["sha256"].clone();
    let keys = [key("k", "sesame", json!({"scopes": ["generate", "validate"]}))];
    let own = issuer(json!({"issuer": "https://shop.example"}));
    let document = json!({
        "mode": "jwt_then_api_key",
        "super_admin": {
            "from": [{"query": "superAdminKey"}], "sha256": admin, "tenant": "superadmin"
        },
        "tenancy": {"start": "inactive"},
        "wildcard_scopes": ["all"],
        "tenants": [
            {"id": "shop", "active": true, "issuers": [own], "clients": [{"id": "web", "keys": keys}]},
            {"id": "new", "clients": [{"id": "web", "keys": [key("n", "new", json!({}))]}]}
        ],
        "routes": [
            {"match": {"path": "/generate"}, "scopes": ["generate"]},
            {"match": {"path": "/qdrant"}, "scopes": ["qdrant"]},
            {"match": {"path": "/tenants/**"}, "auth": "super_admin"},
            {"match": {"path": "/**"}}
        ]
    });
    guard(merged(document, over))
}

fn keyed(path: &str) -> Request {
    Request::get(path).with("x-api-key", "sesame")
}

fn of_shop(path: &str, claims: Value) -> Request {
    Request::get(path).bearer(&token(merged(json!({"iss": "https://shop.example"}), claims)))
}

/// The system's clients, with policies on shop, its client web and web's key.
fn restricted(shop: Value, web: Value, k: Value) -> Guard {
    let keys = [key("k", "sesame", merged(json!({"scopes": ["generate"]}), k))];
    let own = issuer(json!({"issuer": "https://shop.example"}));
    let web = merged(json!({"id": "web", "keys": keys}), web);
    let shop =
        merged(json!({"id": "shop", "active": true, "issuers": [own], "clients": [web]}), shop);
    partners(json!({ "tenants": [shop] }))
}

#[test]
fn a_tenant_is_refused_until_the_super_admin_activates_it() {
    let guard = partners(json!({}));
    assert_eq!(tenant(&guard, &keyed("/x")), "shop");
    let new = Request::get("/x").with("x-api-key", "new");
    assert_eq!(words(&decide_from(&guard, &new, None)), "tenant_inactive tenant");
    for (path, result) in [
        ("/x?superAdminKey=super-secret", "superadmin"),
        ("/tenants/new/activate?superAdminKey=super-secret", "superadmin"),
        ("/qdrant?superAdminKey=super-secret", "superadmin"),
        ("/x?superAdminKey=wrong", "api_key_unknown"),
        ("/tenants/new/activate", "credentials_missing"),
    ] {
        assert_eq!(tenant(&guard, &Request::get(path)), result, "{path}");
    }
    assert_eq!(tenant(&guard, &keyed("/tenants/shop")), "credentials_missing");
    let acting = Request::get("/x?superAdminKey=super-secret").with("x-tenant-id", "new");
    assert_eq!(tenant(&guard, &acting), "new");
}

#[test]
fn an_inactive_tenant_disables_all_clients_and_keys_under_it() {
    let guard =
        restricted(json!({"active": false}), json!({"active": true}), json!({"active": true}));
    assert_eq!(outcome(&guard, &keyed("/x")), "tenant_inactive");
    assert_eq!(outcome(&guard, &of_shop("/x", json!({}))), "tenant_inactive");
    let guard = restricted(json!({}), json!({"active": false}), json!({}));
    assert_eq!(outcome(&guard, &keyed("/x")), "client_inactive");
    assert_eq!(outcome(&guard, &of_shop("/x", json!({"client_id": "web"}))), "client_inactive");
    assert_eq!(outcome(&guard, &of_shop("/x", json!({}))), "allow");
}

#[test]
fn a_key_answers_to_key_client_and_tenant_and_a_token_to_client_and_tenant() {
    let inside = json!({"ip": ["192.168.0.10"]});
    for (shop, web, k, by_key, by_token) in [
        (json!({}), json!({}), json!({}), "allow", "allow"),
        (inside.clone(), json!({}), json!({}), "ip_refused tenant", "ip_refused tenant"),
        (json!({}), inside.clone(), json!({}), "ip_refused client", "ip_refused client"),
        (json!({}), json!({}), inside.clone(), "ip_refused key", "allow"),
        (inside.clone(), inside.clone(), inside, "ip_refused tenant", "ip_refused tenant"),
    ] {
        let guard = restricted(shop, web, k);
        let named = of_shop("/x", json!({"client_id": "web"}));
        let from = |request: &Request, address| words(&decide_from(&guard, request, Some(address)));
        assert_eq!(from(&keyed("/x"), "10.0.0.1"), by_key);
        assert_eq!(from(&named, "10.0.0.1"), by_token);
        assert_eq!(from(&keyed("/x"), "192.168.0.10"), "allow");
        assert_eq!(from(&named, "192.168.0.10"), "allow");
    }
}

#[test]
fn its_five_forms_of_addresses_are_understood() {
    for (form, within, without) in [
        ("192.168.0.10", "192.168.0.10", "192.168.0.11"),
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        ("10.0.*.*", "10.0.255.1", "10.1.0.1"),
        ("192.168.0.50-192.168.0.100", "192.168.0.100", "192.168.0.101"),
        ("*", "203.0.113.9", ""),
    ] {
        let guard = restricted(json!({"ip": [form]}), json!({}), json!({}));
        let from = |address| words(&decide_from(&guard, &keyed("/x"), address));
        assert_eq!(from(Some(within)), "allow", "{form}");
        let outside = Some(without).filter(|address| !address.is_empty());
        assert_eq!(from(outside), "ip_refused tenant", "{form}");
    }
}

#[test]
fn authentication_alone_is_not_enough_where_a_scope_is_asked() {
    let guard = partners(json!({}));
    for (request, result) in [
        (keyed("/generate"), "allow"),
        (keyed("/qdrant"), "scope_missing"),
        (of_shop("/generate", json!({})), "scope_missing"),
        (of_shop("/generate", json!({"scope": "generate"})), "allow"),
        (of_shop("/qdrant", json!({"scope": "all"})), "allow"),
        // First the token; if it fails, the key.
        (of_shop("/generate", json!({"exp": 1})).with("x-api-key", "sesame"), "allow"),
        (of_shop("/generate", json!({})).with("x-api-key", "sesame"), "scope_missing"),
    ] {
        assert_eq!(outcome(&guard, &request), result, "{request:?}");
    }
    let narrow = restricted(json!({"scopes": ["validate"]}), json!({}), json!({}));
    assert_eq!(outcome(&narrow, &keyed("/generate")), "scope_missing");
    assert_eq!(outcome(&narrow, &of_shop("/generate", json!({"scope": "all"}))), "scope_missing");
}

#[test]
fn it_asks_for_state_then_addresses_then_scopes_then_limits() {
    let spent = json!({"limits": {"requests": "0/min"}});
    let mut shop = merged(spent, json!({"active": false, "ip": []}));
    let asked = |shop: &Value, path: &str| {
        let guard = restricted(shop.clone(), json!({}), json!({}));
        words(&decide_from(&guard, &keyed(path), Some("10.0.0.1")))
    };
    assert_eq!(asked(&shop, "/qdrant"), "tenant_inactive tenant");
    shop["active"] = json!(true);
    assert_eq!(asked(&shop, "/qdrant"), "ip_refused tenant");
    shop["ip"] = json!(["10.0.0.1"]);
    assert_eq!(asked(&shop, "/qdrant"), "scope_missing route");
    assert_eq!(asked(&shop, "/generate"), "rate_limited tenant");
    shop["limits"] = json!({"requests": "1/min"});
    assert_eq!(asked(&shop, "/generate"), "allow");
}

/// A system whose admin pages ask for viewer, operator or admin to read, and
/// for one of the latter two to write, in any case.
fn recommender() -> Guard {
    let admin = "/v1/admin/**";
    guard(merged(
        jwt(json!({
            "tenant": {"claims": ["tenant_id", "org_id", "orgId", "organization_id"]},
            "claims": {"roles": ["roles", "role", "scope", "scopes"], "scopes": null}
        })),
        json!({
            "tenancy": {"header": "x-org-id"},
            "roles": {
                "admin": {"includes": ["operator"]}, "operator": {"includes": ["viewer"]}, "viewer": {}
            },
            "role_case": "ignore",
            "routes": [
                {"match": {"path": "/v1/license"}, "auth": "none"},
                {"match": {"path": admin, "methods": ["GET", "HEAD", "OPTIONS"]}, "roles": ["viewer"]},
                {"match": {"path": admin}, "roles": ["operator"]},
                {"match": {"path": ["/v1/**", "/api/v1/**"]}}
            ]
        }),
    ))
}

#[test]
fn a_viewer_reads_and_an_operator_writes_in_any_case() {
    let guard = recommender();
    for (roles, reads, writes) in [
        (json!({"roles": ["viewer"]}), "acme", "role_missing"),
        (json!({"roles": ["VIEWER"]}), "acme", "role_missing"),
        (json!({"role": "Operator"}), "acme", "acme"),
        (json!({"scope": "openid ADMIN"}), "acme", "acme"),
        (json!({"scopes": "a,viewer"}), "acme", "role_missing"),
        (json!({"roles": ["editor"], "role": "viewer"}), "acme", "role_missing"),
        (json!({"roles": ["viewers"]}), "role_missing", "role_missing"),
        (json!({}), "role_missing", "role_missing"),
    ] {
        let claims = merged(json!({"org_id": "acme"}), roles.clone());
        for (method, result) in [
            ("GET", reads),
            ("HEAD", reads),
            ("OPTIONS", reads),
            ("POST", writes),
            ("PUT", writes),
            ("PATCH", writes),
            ("DELETE", writes),
            ("PROPFIND", writes),
        ] {
            for path in ["/v1/admin", "/v1/admin/", "/v1/admin/items/1"] {
                let request =
                    Request::get(path).set(":method", method).bearer(&token(claims.clone()));
                assert_eq!(tenant(&guard, &request), result, "{roles} {method} {path}");
            }
        }
        let plain = Request::get("/v1/recommendations").bearer(&token(claims));
        assert_eq!(tenant(&guard, &plain), "acme", "{roles}");
    }
}

#[test]
fn its_tenants_come_from_the_first_claim_and_must_agree() {
    let guard = recommender();
    let read = |claims: Value| Request::get("/v1/x").bearer(&token(claims));
    for (request, result) in [
        (read(json!({"tenant_id": "acme", "org_id": "globex"})), "acme"),
        (read(json!({"tenant_id": "", "orgId": "globex"})), "globex"),
        (read(json!({"organization_id": 42})), "42"),
        (read(json!({"org_id": "acme"})).with("x-org-id", "acme"), "acme"),
        (read(json!({"org_id": "acme"})).with("x-org-id", "globex"), "tenant_mismatch"),
        (read(json!({"org_id": "acme"})).with("x-org-id", "acme,acme"), "tenant_malformed"),
        (read(json!({})).with("x-org-id", "acme"), "tenant_required"),
        (Request::get("/v1/license"), "public"),
        (Request::get("/elsewhere").bearer(&token(json!({"org_id": "a"}))), "route_refused"),
    ] {
        assert_eq!(tenant(&guard, &request), result, "{request:?}");
    }
}

#[test]
fn admin_over_developer_over_standard_over_read_only() {
    let ladder = ["admin", "developer", "standard", "read-only"];
    let mut roles = json!({});
    for (index, role) in ladder.iter().enumerate() {
        let below: Vec<&str> = ladder.get(index + 1).copied().into_iter().collect();
        roles[role] = json!({"includes": below, "scopes": [format!("as:{role}")]});
    }
    let routes: Vec<Value> = ladder
        .iter()
        .map(
            |role| json!({"match": {"path": format!("/{role}")}, "scopes": [format!("as:{role}")]}),
        )
        .collect();
    let keys = ladder.map(|role| key(role, role, json!({"roles": [role]})));
    for (height, ceiling) in ladder.iter().enumerate() {
        let clients = json!([{"id": "web", "keys": keys}]);
        let guard = guard(json!({
            "roles": roles, "routes": routes,
            "tenants": [{"id": "acme", "roles": [ceiling], "clients": clients}]
        }));
        for (rank, role) in ladder.iter().enumerate() {
            for (asked, path) in ladder.iter().enumerate() {
                let request = Request::get(&format!("/{path}")).with("x-api-key", role);
                let expected = if asked >= rank.max(height) { "allow" } else { "scope_missing" };
                assert_eq!(outcome(&guard, &request), expected, "{role} under {ceiling} at {path}");
            }
        }
    }
}
