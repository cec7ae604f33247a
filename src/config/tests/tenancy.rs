//! Tenancy and listed tenants.

use super::*;

const NOT_STRICT: &str = "must be true: credentials are bound to tenants";

#[test]
fn bindings_and_a_top_level_strict_false_contradict() {
    let key = json!([{"id": "c", "keys": [{"id": "k", "sha256": digest(1)}]}]);
    let bound = [
        json!({"version": 1, "tenants": []}),
        json!({"version": 1, "tenants": [{"id": "acme", "clients": key}]}),
        with(small(), "/jwt/issuers/0/tenant", json!({"fixed": "acme"})),
        with(small(), "/jwt/issuers/0/tenant/subjects", json!({"alice": "acme"})),
    ];
    for document in bound {
        let lax = with(document.clone(), "/tenancy/strict", json!(false));
        assert!(
            errors(&lax).contains(&("tenancy.strict".into(), errors(&lax)[0].1.clone())),
            "{lax:#}"
        );
        refused(&lax, "tenancy.strict", NOT_STRICT);
        // On the routes that need it, it may be said.
        let route = json!([{"match": {"path": "/x"}, "tenancy": {"strict": false}}]);
        assert!(try_load(&with(document, "/routes", route)).is_ok());
    }
    for unbound in [
        small(),
        with(small(), "/jwt/issuers/0/tenant", json!({"acts_for": "any"})),
        with(small(), "/api_keys/keys", json!([{"id": "k", "sha256": digest(1)}])),
    ] {
        assert_eq!(accepted(&with(unbound, "/tenancy/strict", json!(false))), []);
    }
}

#[test]
fn any_peer_and_bindings_contradict_on_every_route_that_could_use_it() {
    let route = |value: Value| with(full(), "/routes/1/tenancy", value);
    let path = "routes[1].tenancy.trust_header";
    let problem = "must not be any_peer where credentials are bound to tenants";
    refused(&route(json!({"trust_header": "any_peer"})), path, problem);
    refused(&route(json!({"strict": false, "trust_header": "any_peer"})), path, problem);
    // Inherited, it counts where the route isn't strict.
    let inherited = with(full(), "/tenancy/trust_header", json!("any_peer"));
    let document = with(inherited.clone(), "/routes/1/tenancy", json!({"strict": false}));
    refused(&document, path, problem);
    assert_eq!(accepted(&inherited), []);
    // Where no route says anything it is told once, where it stands.
    let lax = with(inherited, "/tenancy/strict", json!(false));
    let errors = try_load(&lax).unwrap_err();
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths, ["tenancy.strict", "tenancy.trust_header"]);
    // Without bindings it is the operator's own choice.
    let open = json!({"strict": false, "trust_header": "any_peer"});
    assert_eq!(accepted(&with(small(), "/tenancy", open)), []);
}

#[test]
fn optional_contradicts_strict() {
    let optional = json!([{"match": {"path": "/x"}, "auth": "optional"}]);
    let problem = "optional admits callers without a tenant, and the route is strict";
    let document = with(small(), "/routes", optional.clone());
    refused(&document, "routes[0].auth", problem);
    refused(
        &with(document.clone(), "/routes/0/tenancy", json!({"trust_header": "never"})),
        "routes[0].auth",
        problem,
    );
    for tenancy in [json!({"strict": false}), json!("none")] {
        assert_eq!(accepted(&with(document.clone(), "/routes/0/tenancy", tenancy)), []);
    }
    assert_eq!(accepted(&with(document.clone(), "/tenancy/strict", json!(false))), []);
    let explicit = with(document, "/tenancy/strict", json!(false));
    refused(
        &with(explicit, "/routes/0/tenancy", json!({"strict": true})),
        "routes[0].auth",
        problem,
    );
}

#[test]
fn the_reserved_name_is_nobody_s_in_any_case() {
    for name in ["default", "Default", "DEFAULT", "dEFAULT"] {
        let problem = "is the reserved name";
        refused(&with(full(), "/tenants/1/id", json!(name)), "tenants[1].id", problem);
        let alias = with(full(), "/tenants/1/aliases", json!(["other", name]));
        refused(&alias, "tenants[1].aliases[1]", problem);
    }
    let renamed = with(full(), "/tenancy/reserved", json!("Nobody"));
    assert_eq!(accepted(&with(renamed.clone(), "/tenants/2", json!({"id": "default"}))), []);
    let taken = with(renamed, "/tenants/1/id", json!("nobody"));
    refused(&taken, "tenants[1].id", "is the reserved name");
    for bad in ["a b", "", "*", "\u{e9}", "-x"] {
        let said = errors(&with(full(), "/tenancy/reserved", json!(bad)));
        assert_eq!(said[0].0, "tenancy.reserved", "{said:?}");
    }
}

#[test]
fn an_id_or_alias_is_one_tenant_s() {
    for (pointer, value, at, owner) in [
        ("/tenants/1/id", json!("acme"), "tenants[1].id", "tenants[0]"),
        ("/tenants/1/id", json!("org_9fXk"), "tenants[1].id", "tenants[0]"),
        ("/tenants/1/aliases", json!(["acme"]), "tenants[1].aliases[0]", "tenants[0]"),
        ("/tenants/1/aliases", json!(["x", "org_9fXk"]), "tenants[1].aliases[1]", "tenants[0]"),
        ("/tenants/1/aliases", json!(["globex"]), "tenants[1].aliases[0]", "tenants[1]"),
        ("/tenants/1/aliases", json!(["x", "x"]), "tenants[1].aliases[1]", "tenants[1]"),
    ] {
        let problem = format!("is the id or alias of {owner} already");
        refused(&with(full(), pointer, value), at, &problem);
    }
    // Names compare exactly.
    assert_eq!(accepted(&with(full(), "/tenants/1/aliases", json!(["ACME", "Acme"]))), []);
}

#[test]
fn an_id_has_the_configured_format_and_an_alias_any() {
    for bad in ["a b", "-a", "a/b", "a,b", "\u{e9}", "a%20", &"a".repeat(129)] {
        refused(
            &with(full(), "/tenants/1/id", json!(bad)),
            "tenants[1].id",
            "is no tenant name by tenancy.id_format",
        );
        let alias = with(full(), "/tenants/1/aliases", json!([bad]));
        refused(&alias, "tenants[1].aliases[0]", "is no tenant name");
    }
    let uuid = "0190f0a0-1b2c-7d3e-8f40-5a6b7c8d9e0f";
    let listed = |id: &str| json!({"version": 1, "tenancy": {"id_format": "uuid"}, "tenants": [{"id": id, "aliases": ["Org_1"]}]});
    assert!(try_load(&listed(uuid)).is_ok());
    refused(&listed(&uuid.to_uppercase()), "tenants[0].id", "a UUID in lower case");
    refused(&with(full(), "/tenants/1/id", json!("")), "tenants[1].id", "not be empty");
    refused(&without(full(), "/tenants/1/id"), "tenants[1].id", "is required");
}

#[test]
fn an_assertion_names_one_place_with_one_tenant() {
    let path = "tenancy.assertions[0]";
    for (value, at, piece) in [
        (json!({}), "", "exactly one of path, host and query"),
        (json!({"path": "/{tenant}", "query": "t"}), "", "exactly one of path, host and query"),
        (json!({"path": "/x"}), ".path", "{tenant} once"),
        (json!({"path": "/{tenant}/{tenant}"}), ".path", "{tenant} once"),
        (json!({"path": "/**/{tenant}"}), ".path", "** at its end only"),
        (json!({"path": "/x{tenant}"}), ".path", "within a segment"),
        (json!({"path": "{tenant}"}), ".path", "can never match"),
        (json!({"path": "/a/../{tenant}"}), ".path", "can never match"),
        (json!({"host": "api.example.com"}), ".host", "{tenant} once"),
        (json!({"host": "{tenant}.{tenant}.com"}), ".host", "{tenant} once"),
        (json!({"host": "x-{tenant}.example.com"}), ".host", "is no host"),
        (json!({"host": "{tenant}.example.com:443"}), ".host", "is no host"),
        (json!({"query": ""}), ".query", "not be empty"),
    ] {
        let document = with(full(), "/tenancy/assertions/0", value);
        refused(&document, &format!("{path}{at}"), piece);
    }
}

#[test]
fn the_tenancy_header_is_none_that_carries_something_else() {
    for (name, piece) in [
        ("host", "framing or connection"),
        (":authority", "pseudo-header"),
        ("x-forwarded-host", "of the proxy itself"),
        ("x_envoy_peer", "of the proxy itself"),
        ("a b", "no header name"),
        ("", "not be empty"),
        ("-", "without a letter or digit"),
    ] {
        refused(&with(full(), "/tenancy/header", json!(name)), "tenancy.header", piece);
    }
    for name in ["authorization", "Authorization", "x-api-key", "X_API_KEY"] {
        let document = with(full(), "/tenancy/header", json!(name));
        refused(&document, "tenancy.header", "that a credential is read from");
    }
}
