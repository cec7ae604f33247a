//! Roles: what a caller's come to under the ceilings of all above it, and what
//! the application is told.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{
    Request, decide, guard, issuer, jwt, key, merged, mistakes, outcome, token, words,
};

/// admin ⊃ developer ⊃ standard ⊃ read_only, and one beside them.
fn ladder() -> Value {
    json!({
        "admin": {"includes": ["developer"], "scopes": ["users:write"]},
        "developer": {"includes": ["standard"], "scopes": ["deploy"]},
        "standard": {"includes": ["read_only"], "scopes": ["write"]},
        "read_only": {"scopes": ["read"]},
        "auditor": {"scopes": ["audit"]}
    })
}

/// A route for each role, beside the ladder.
fn laddered(over: Value) -> Guard {
    let names = ["admin", "developer", "standard", "read_only", "auditor"];
    let route = |name: &&str| json!({"match": {"path": format!("/{name}")}, "roles": [name]});
    let mut routes: Vec<Value> = names.iter().map(route).collect();
    routes.push(json!({"match": {"path": "/**"}}));
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    guard(merged(merged(base, json!({"roles": ladder(), "routes": routes})), over))
}

fn of_acme(path: &str, claims: Value) -> Request {
    Request::get(path).bearer(&token(merged(json!({"tenant": "acme"}), claims)))
}

/// `x-roles` and `x-scopes` as the application gets them.
fn told(guard: &Guard, request: &Request) -> (Option<String>, Option<String>) {
    let decision = decide(guard, request);
    assert_eq!(words(&decision), "allow", "{request:?}");
    let sent = request.changed(&decision);
    (sent.value("x-roles"), sent.value("x-scopes"))
}

fn text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

#[test]
fn a_role_opens_what_it_includes_and_nothing_above_it() {
    let guard = laddered(json!({}));
    let ladder = ["admin", "developer", "standard", "read_only"];
    for (mine, role) in ladder.iter().enumerate() {
        for (asked, path) in ladder.iter().enumerate() {
            let request = of_acme(&format!("/{path}"), json!({"roles": [role]}));
            let expected = if mine <= asked { "allow" } else { "role_missing" };
            assert_eq!(outcome(&guard, &request), expected, "{role} at {path}");
        }
        let beside = of_acme("/auditor", json!({"roles": [role]}));
        assert_eq!(words(&decide(&guard, &beside)), "role_missing route", "{role}");
    }
    let both = of_acme("/auditor", json!({"roles": ["read_only", "auditor"]}));
    assert_eq!(outcome(&guard, &both), "allow");
}

#[test]
fn any_of_a_routes_roles_will_do() {
    let routes = json!([{"match": {"path": "/**"}, "roles": ["auditor", "developer"]}]);
    let guard = laddered(json!({ "routes": routes }));
    for (roles, result) in [
        (json!(["auditor"]), "allow"),
        (json!(["admin"]), "allow"),
        (json!(["developer", "auditor"]), "allow"),
        (json!(["standard"]), "role_missing"),
        (json!(["unlisted"]), "role_missing"),
        (json!([]), "role_missing"),
    ] {
        let request = of_acme("/", json!({ "roles": roles }));
        assert_eq!(outcome(&guard, &request), result, "{roles}");
    }
}

#[test]
fn an_admin_under_a_ceiling_is_what_the_ceiling_names() {
    for ceiling in [
        json!({"tenants": [{"id": "acme", "roles": ["standard"]}]}),
        json!({"tenants": [{"id": "acme", "clients": [{"id": "web", "roles": ["standard"]}]}]}),
        json!({"tenant_defaults": {"roles": ["standard"]}}),
        json!({"tenant_defaults": {"roles": ["standard"]}, "tenants": [{"id": "acme"}]}),
        json!({"jwt": {"issuers": [
            issuer(json!({"tenant": {"claims": ["tenant"]}, "roles": ["standard"]}))
        ]}}),
        // Two together leave what both have.
        json!({"tenants": [{
            "id": "acme", "roles": ["developer"],
            "clients": [{"id": "web", "roles": ["standard", "auditor"]}]
        }]}),
    ] {
        let guard = laddered(ceiling.clone());
        let admin = |path: &str| of_acme(path, json!({"roles": ["admin"], "client_id": "web"}));
        for (path, result) in [
            ("/admin", "role_missing route"),
            ("/developer", "role_missing route"),
            ("/auditor", "role_missing route"),
            ("/standard", "allow"),
            ("/read_only", "allow"),
        ] {
            assert_eq!(words(&decide(&guard, &admin(path))), result, "{ceiling} {path}");
        }
        assert_eq!(told(&guard, &admin("/")), (text("standard"), text("read write")), "{ceiling}");
    }
}

#[test]
fn a_ceiling_adds_nothing() {
    let guard = laddered(json!({"tenants": [{"id": "acme", "roles": ["admin", "auditor"]}]}));
    for (roles, told_roles, scopes) in [
        (json!(["read_only"]), "read_only", "read"),
        (json!([]), "", ""),
        (json!(["unlisted"]), "", ""),
        (json!(["read_only", "unlisted", "auditor"]), "read_only,auditor", "audit read"),
    ] {
        let request = of_acme("/", json!({ "roles": roles }));
        assert_eq!(told(&guard, &request), (text(told_roles), text(scopes)), "{roles}");
    }
}

#[test]
fn an_empty_ceiling_leaves_no_role_and_none_of_their_scopes() {
    let guard = laddered(json!({"tenants": [{"id": "acme", "roles": []}]}));
    let request = of_acme("/", json!({"roles": ["admin"], "scope": "own"}));
    assert_eq!(told(&guard, &request), (None, text("own")));
    let asking = of_acme("/read_only", json!({"roles": ["admin"]}));
    assert_eq!(outcome(&guard, &asking), "role_missing");
}

#[test]
fn a_key_answers_to_the_ceilings_of_its_client_and_tenant() {
    let client = |id: &str, fields: Value| {
        let keys = [key(id, id, json!({"roles": ["admin", "auditor"], "scopes": ["own"]}))];
        merged(json!({"id": id, "keys": keys}), fields)
    };
    let tenants = json!([{"id": "acme", "roles": ["developer"], "clients": [
        client("free", json!({})),
        client("low", json!({"roles": ["read_only"]})),
        client("none", json!({"roles": []})),
        client("apart", json!({"roles": ["auditor"]})),
        client("narrow", json!({"scopes": ["read"]}))
    ]}]);
    let guard = laddered(json!({"tenants": tenants}));
    for (secret, roles, scopes) in [
        ("free", "developer", "own deploy read write"),
        ("low", "read_only", "own read"),
        ("none", "", "own"),
        ("apart", "", "own"),
        ("narrow", "developer", "read"),
    ] {
        let request = Request::get("/").with("x-api-key", secret);
        assert_eq!(told(&guard, &request), (text(roles), text(scopes)), "{secret}");
    }
}

#[test]
fn where_case_is_ignored_it_is_so_everywhere() {
    let guard = laddered(json!({
        "role_case": "ignore",
        "routes": [{"match": {"path": "/standard"}, "roles": ["STANDARD"]}, {"match": {"path": "/**"}}],
        "tenants": [{"id": "acme", "roles": ["Developer"]}]
    }));
    for (role, told_role) in
        [("ADMIN", "developer"), ("Admin", "developer"), ("Standard", "Standard")]
    {
        let request = |path: &str| of_acme(path, json!({"roles": [role]}));
        assert_eq!(outcome(&guard, &request("/standard")), "allow", "{role}");
        assert_eq!(told(&guard, &request("/")).0, text(told_role), "{role}");
    }
    // The Kelvin sign and the long s are no ASCII letters.
    for other in ["\u{17f}tandard", "read_only", "st\u{e4}ndard"] {
        let request = of_acme("/standard", json!({"roles": [other]}));
        assert_eq!(outcome(&guard, &request), "role_missing", "{other}");
    }
    let exact = laddered(json!({}));
    assert_eq!(
        outcome(&exact, &of_acme("/standard", json!({"roles": ["Standard"]}))),
        "role_missing"
    );
}

#[test]
fn roles_that_contradict_each_other_are_told_at_load() {
    for (document, path) in [
        (
            json!({"roles": {"a": {"includes": ["b"]}, "b": {"includes": ["a"]}}}),
            "roles.a.includes",
        ),
        (json!({"roles": {"a": {"includes": ["a"]}}}), "roles.a.includes"),
        (json!({"roles": {"a": {"includes": ["x"]}}}), "roles.a.includes[0]"),
        (json!({"roles": {"a": {"includes": ["A"]}}}), "roles.a.includes[0]"),
        (json!({"roles": {"a": {}, "A": {}}, "role_case": "ignore"}), "roles.a"),
        (json!({"roles": {"a": {"includes": ["A"]}}, "role_case": "ignore"}), "roles.a.includes"),
        (json!({"roles": {"*": {}}}), "roles.*"),
        (json!({"roles": {"": {}}}), "roles."),
        (
            json!({"roles": {"a": {}}, "tenant_defaults": {"roles": ["x"]}}),
            "tenant_defaults.roles[0]",
        ),
        (
            json!({"roles": {}, "tenancy": {"default": {"roles": ["x"]}}}),
            "tenancy.default.roles[0]",
        ),
        (
            json!({"roles": {"a": {}}, "tenants": [{"id": "t", "roles": ["a", "x"]}]}),
            "tenants[0].roles[1]",
        ),
        (
            json!({"roles": {"a": {}}, "routes": [{"match": {"path": "/x"}, "roles": ["A"]}]}),
            "routes[0].roles[0]",
        ),
        (
            json!({"roles": {"a": {}}, "api_keys": {"keys": [key("k", "k", json!({"roles": ["x"]}))]}}),
            "api_keys.keys[0].roles[0]",
        ),
        (json!({"tenant_defaults": {"roles": ["*"]}}), "tenant_defaults.roles[0]"),
    ] {
        assert_eq!(mistakes(merged(jwt(json!({})), document.clone())), [path], "{document}");
    }
}
