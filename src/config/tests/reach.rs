//! `tenant` of an issuer: which tenants it speaks for.

use super::*;

const PATH: &str = "jwt.issuers[0].tenant";

fn tenant(value: Value) -> Value {
    with(small(), "/jwt/issuers/0/tenant", value)
}

#[test]
fn it_has_one_source_and_one_reach() {
    for (value, piece) in [
        (json!({}), "one of claims, fixed and acts_for, or subjects"),
        (json!({"allow": ["acme"]}), "only say how far they reach"),
        (json!({"any_tenant": true}), "only say how far they reach"),
        (json!({"claims": ["a"], "fixed": "acme"}), "one of claims, fixed and acts_for"),
        (json!({"claims": ["a"], "acts_for": "any"}), "one of claims, fixed and acts_for"),
        (json!({"fixed": "a", "acts_for": ["b"]}), "one of claims, fixed and acts_for"),
        (json!({"claims": ["a"], "allow": ["x"], "any_tenant": true}), "allow or any_tenant"),
        (json!({"fixed": "acme", "allow": ["acme"]}), "take allow and any_tenant out"),
        (json!({"fixed": "acme", "any_tenant": true}), "take allow and any_tenant out"),
    ] {
        refused(&tenant(value), PATH, piece);
    }
    for (value, at, piece) in [
        (json!({"claims": "tenant"}), "claims", "a list"),
        (json!({"claims": []}), "claims", "not be empty"),
        (json!({"claims": [""]}), "claims[0]", "not be empty"),
        (json!({"acts_for": "acme"}), "acts_for", "any, or a list of tenants"),
        (json!({"acts_for": []}), "acts_for", "not be empty"),
        (json!({"claims": ["t"], "allow": []}), "allow", "not be empty"),
    ] {
        let document = tenant(value);
        refused(&document, &format!("{PATH}.{at}"), piece);
    }
    for good in [
        json!({"claims": ["tenant"]}),
        json!({"fixed": "acme"}),
        json!({"acts_for": "any"}),
        json!({"acts_for": ["acme", "globex"]}),
        json!({"subjects": {"did:web:agents.example:alice": "acme"}}),
        json!({"claims": ["tenant"], "subjects": {"alice": "acme"}, "allow": ["acme"]}),
        json!({"acts_for": "any", "any_tenant": true}),
    ] {
        assert_eq!(accepted(&tenant(good.clone())), [], "{good}");
    }
}

#[test]
fn with_a_second_issuer_each_says_its_reach() {
    let mut second = issuer("https://b.example/", "k2");
    for (says, value) in [
        (true, json!({"claims": ["t"], "allow": ["acme"]})),
        (true, json!({"claims": ["t"], "any_tenant": true})),
        (true, json!({"fixed": "acme"})),
        (true, json!({"acts_for": ["acme"]})),
        (true, json!({"acts_for": "any", "allow": ["acme"]})),
        (true, json!({"subjects": {"alice": "acme"}})),
        (false, json!({"claims": ["t"]})),
        (false, json!({"claims": ["t"], "any_tenant": false})),
        (false, json!({"acts_for": "any"})),
        (false, json!({"claims": ["t"], "subjects": {"alice": "acme"}})),
    ] {
        second["tenant"] = value;
        let document = with(small(), "/jwt/issuers/0/tenant/any_tenant", json!(true));
        let document = with(document, "/jwt/issuers/1", second.clone());
        if says {
            assert_eq!(accepted(&document), [], "{document:#}");
        } else {
            refused(&document, "jwt.issuers[1].tenant", "must say which tenants it may name");
        }
    }
    // A tenant's own issuer is a second one.
    let own = json!([{"id": "acme", "issuers": [issuer("https://b.example/", "k2")]}]);
    let document = with(small(), "/tenants", own);
    refused(&document, PATH, "must say which tenants it may name");
}

#[test]
fn a_tenant_s_own_issuer_speaks_for_it_only() {
    for (ok, value) in [
        (true, json!({"claims": ["t"]})),
        (true, json!({"fixed": "acme"})),
        (true, json!({"fixed": "org_9fXk"})),
        (true, json!({"claims": ["t"], "allow": ["acme"]})),
        (true, json!({"subjects": {"alice": "acme"}})),
        (false, json!({"fixed": "globex"})),
        (false, json!({"claims": ["t"], "allow": ["acme", "globex"]})),
        (false, json!({"claims": ["t"], "any_tenant": true})),
        (false, json!({"acts_for": "any"})),
        (false, json!({"acts_for": ["acme"]})),
        (false, json!({"subjects": {"alice": "globex"}})),
    ] {
        let document = with(full(), "/tenants/0/issuers/0/tenant", value);
        if ok {
            assert_eq!(accepted(&document), [], "{document:#}");
        } else {
            refused(&document, "tenants[0].issuers[0].tenant", "is this tenant's own");
        }
    }
    let silent = without(full(), "/tenants/0/issuers/0/tenant");
    assert_eq!(accepted(&silent), []);
}

#[test]
fn a_bound_name_is_well_formed_and_not_the_reserved_one() {
    for (make, at) in [
        (&(|name: &str| json!({ "fixed": name })) as &dyn Fn(&str) -> Value, "fixed"),
        (&|name| json!({"claims": ["t"], "allow": ["acme", name]}), "allow[1]"),
        (&|name| json!({"acts_for": [name]}), "acts_for[0]"),
        (&|name| json!({"subjects": {"alice": name}}), "subjects.alice"),
    ] {
        let path = format!("{PATH}.{at}");
        for name in ["default", "Default", "DEFAULT"] {
            refused(&tenant(make(name)), &path, "is the reserved name");
        }
        for name in ["a b", "-a", "a/b", "\u{e9}", " acme", "*"] {
            refused(&tenant(make(name)), &path, "is no tenant name by tenancy.id_format");
        }
        refused(&tenant(make("")), &path, "not be empty");
        let slug = with(tenant(make("No_Slug")), "/tenancy/id_format", json!("slug"));
        refused(&slug, &path, "lower-case letters and digits");
        let other = with(tenant(make("main")), "/tenancy/reserved", json!("Main"));
        refused(&other, &path, "is the reserved name");
        let listed = with(tenant(make("ghost")), "/tenants", json!([{"id": "acme"}]));
        warned(&listed, &path, "is no listed tenant");
    }
}

#[test]
fn an_issuer_that_says_nothing_of_tenants_is_told_where_every_route_asks_for_one() {
    let silent = without(small(), "/jwt/issuers/0/tenant");
    let told = |more: Value| {
        let warnings = accepted(&crate::testing::merged(silent.clone(), more));
        warnings.iter().any(|(at, text)| {
            at == "jwt.issuers[0]" && text.starts_with("says nothing of the tenant")
        })
    };
    let routes = |auth: &str, tenancy: Value| json!({"routes": [{"match": {"path": "/x"}, "auth": auth, "tenancy": tenancy}]});
    let agree = json!([{"match": {"path": "/x"}, "mode": "either"}]);
    assert!(told(json!({})));
    assert!(told(json!({"routes": [{"match": {"path": "/x"}, "auth": "none"}]})));
    assert!(told(routes("required", json!({"strict": true}))));
    for fine in [
        json!({"tenancy": {"strict": false}}),
        routes("required", json!("none")),
        routes("optional", json!({"strict": false})),
        // The key beside it may be for one.
        json!({"both": "agree"}),
        json!({"both": "agree", "mode": "jwt", "routes": agree}),
    ] {
        assert!(!told(fine.clone()), "{fine}");
    }
    assert_eq!(accepted(&small()), []);
}
