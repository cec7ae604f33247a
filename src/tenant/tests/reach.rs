//! How far an issuer reaches: the tenants that its tokens may name.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{Request, guard, issuer, jwt, merged, mistakes, tenant, token};

/// Acme has an identity provider of its own, globex has none.
fn beside_an_own_issuer(shared: Value) -> Value {
    let own = json!({"issuer": "https://acme.example", "tenant": {"claims": ["tenant"]}});
    json!({
        "jwt": {"issuers": [issuer(json!({ "tenant": shared }))]},
        "tenants": [
            {"id": "acme", "aliases": ["org_9"], "issuers": [issuer(own)]},
            {"id": "globex"},
            {"id": "initech"}
        ]
    })
}

fn claiming(claim: Value) -> Request {
    Request::get("/").bearer(&token(json!({ "tenant": claim })))
}

fn check(guard: &Guard, rows: &[(Value, &str)]) {
    for (claim, result) in rows {
        assert_eq!(tenant(guard, &claiming(claim.clone())), *result, "{claim}");
    }
}

#[test]
fn a_token_names_only_tenants_that_its_issuer_may_name() {
    let rules = json!({"claims": ["tenant"], "allow": ["acme", "globex"]});
    check(
        &guard(jwt(json!({ "tenant": rules }))),
        &[
            (json!("acme"), "acme"),
            (json!("initech"), "tenant_not_allowed"),
            (json!("Acme"), "tenant_not_allowed"),
            (json!(["acme", "globex"]), "tenant_choice_required"),
            (json!(["acme", "initech"]), "tenant_not_allowed"),
        ],
    );
}

#[test]
fn a_machine_acts_only_for_tenants_that_its_issuer_may_name() {
    let rules = json!({"acts_for": "any", "allow": ["acme", "globex"]});
    let guard = guard(jwt(json!({ "tenant": rules })));
    for (asserted, result) in [
        ("acme", "acme"),
        ("initech", "tenant_not_allowed"),
        ("default", "tenant_reserved"),
        ("a b", "tenant_malformed"),
    ] {
        let request = claiming(json!(null)).with("x-tenant-id", asserted);
        assert_eq!(tenant(&guard, &request), result, "{asserted}");
    }
}

#[test]
fn a_machine_must_say_for_whom_it_acts_even_where_there_is_one_tenant() {
    let guard = guard(jwt(json!({"tenant": {"acts_for": ["acme"]}})));
    for (asserted, result) in [
        (None, "tenant_choice_required"),
        (Some("acme"), "acme"),
        (Some("globex"), "tenant_mismatch"),
        (Some("default"), "tenant_reserved"),
    ] {
        let request = claiming(json!(null));
        let request = match asserted {
            Some(name) => request.with("x-tenant-id", name),
            None => request,
        };
        assert_eq!(tenant(&guard, &request), result, "{asserted:?}");
    }
}

#[test]
fn whatever_names_a_tenant_beyond_allow_is_refused_at_load() {
    for rules in [
        json!({"claims": ["tenant"], "allow": ["acme"], "subjects": {"alice": "globex"}}),
        json!({"acts_for": ["acme", "globex"], "allow": ["acme"]}),
    ] {
        let paths = mistakes(jwt(json!({ "tenant": rules })));
        assert_eq!(paths, ["jwt.issuers[0].tenant.allow"], "{rules}");
    }
    let within = json!({"acts_for": ["acme"], "allow": ["acme", "globex"]});
    guard(jwt(json!({ "tenant": within })));
}

#[test]
fn any_tenant_never_reaches_a_tenant_with_issuers_of_its_own() {
    let rules = json!({"claims": ["tenant"], "any_tenant": true});
    check(
        &guard(beside_an_own_issuer(rules)),
        &[
            (json!("globex"), "globex"),
            (json!("acme"), "tenant_not_allowed"),
            (json!("org_9"), "tenant_not_allowed"),
            (json!(["globex", "acme"]), "tenant_not_allowed"),
            (json!(["globex", "org_9"]), "tenant_not_allowed"),
        ],
    );
    let machine = guard(beside_an_own_issuer(json!({"acts_for": "any", "any_tenant": true})));
    for (asserted, result) in [
        ("globex", "globex"),
        ("acme", "tenant_not_allowed"),
        ("org_9", "tenant_not_allowed"),
        ("default", "tenant_reserved"),
    ] {
        let request = claiming(json!(null)).with("x-tenant-id", asserted);
        assert_eq!(tenant(&machine, &request), result, "{asserted}");
    }
}

#[test]
fn an_operator_may_let_a_named_issuer_reach_a_tenant_with_its_own() {
    let rules = json!({"claims": ["tenant"], "allow": ["org_9"]});
    check(
        &guard(beside_an_own_issuer(rules)),
        &[(json!("acme"), "acme"), (json!("globex"), "tenant_not_allowed")],
    );
}

#[test]
fn a_tenants_own_issuer_speaks_for_that_tenant_only() {
    let guard = guard(beside_an_own_issuer(json!({"claims": ["tenant"], "any_tenant": true})));
    for (claim, result) in [
        (json!(null), "acme"),
        (json!("acme"), "acme"),
        (json!("org_9"), "acme"),
        (json!("globex"), "tenant_not_allowed"),
        (json!(["acme", "globex"]), "tenant_not_allowed"),
        (json!("default"), "tenant_not_allowed"),
    ] {
        let own = json!({"iss": "https://acme.example", "tenant": claim});
        let request = Request::get("/").bearer(&token(own));
        assert_eq!(tenant(&guard, &request), result, "{claim}");
        let asserting = request.with("x-tenant-id", "globex");
        assert_ne!(tenant(&guard, &asserting), "globex", "{claim}");
    }
}

#[test]
fn a_tenants_own_issuer_says_nothing_of_roles() {
    let guard = guard(beside_an_own_issuer(json!({"fixed": "globex"})));
    for (iss, roles) in [("https://acme.example", None), ("https://idp.example", Some("admin"))] {
        let request = Request::get("/").bearer(&token(json!({"iss": iss, "roles": ["admin"]})));
        let sent = crate::testing::upstream(&guard, &request, "x-roles");
        assert_eq!(sent.as_deref(), roles, "{iss}");
    }
}

#[test]
fn beside_another_every_issuer_says_how_far_it_reaches() {
    for (rules, path) in [
        (json!({"claims": ["tenant"]}), Some("jwt.issuers[0].tenant")),
        (json!({"acts_for": "any"}), Some("jwt.issuers[0].tenant")),
        (json!({"claims": ["tenant"], "any_tenant": true}), None),
        (json!({"claims": ["tenant"], "allow": ["globex"]}), None),
        (json!({"acts_for": ["globex"]}), None),
        (json!({"fixed": "globex"}), None),
    ] {
        let paths = mistakes(beside_an_own_issuer(rules.clone()));
        assert_eq!(paths, path.into_iter().collect::<Vec<_>>(), "{rules}");
    }
}

#[test]
fn a_tenants_own_issuer_names_no_other_tenant_in_the_document() {
    for rules in [
        json!({"fixed": "globex"}),
        json!({"acts_for": "any"}),
        json!({"claims": ["tenant"], "any_tenant": true}),
        json!({"claims": ["tenant"], "allow": ["acme", "globex"]}),
        json!({"subjects": {"alice": "globex"}}),
    ] {
        let own = issuer(json!({ "tenant": rules }));
        let document = json!({"tenants": [{"id": "acme", "issuers": [own]}, {"id": "globex"}]});
        assert_eq!(mistakes(document), ["tenants[0].issuers[0].tenant"], "{rules}");
    }
}

#[test]
fn nothing_is_bound_to_the_reserved_tenant() {
    for (rules, field) in [
        (json!({"fixed": "Default"}), "fixed"),
        (json!({"acts_for": ["acme", "default"]}), "acts_for[1]"),
        (json!({"subjects": {"alice": "DEFAULT"}}), "subjects.alice"),
        (json!({"claims": ["tenant"], "allow": ["default"]}), "allow[0]"),
    ] {
        let paths = mistakes(jwt(json!({ "tenant": rules })));
        assert_eq!(paths, [format!("jwt.issuers[0].tenant.{field}")], "{rules}");
    }
    for (tenants, path) in [
        (json!([{"id": "default"}]), "tenants[0].id"),
        (json!([{"id": "acme", "aliases": ["DeFault"]}]), "tenants[0].aliases[0]"),
    ] {
        assert_eq!(mistakes(json!({ "tenants": tenants })), [path]);
    }
    let other = json!({"tenancy": {"reserved": "nobody"}, "tenants": [{"id": "default"}]});
    assert!(mistakes(merged(other, jwt(json!({})))).is_empty());
}
