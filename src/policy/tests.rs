//! The state of tenants and clients, by whole decisions.

use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{
    Request, decide, guard, issuer, jwt, key, merged, outcome, tenant, token, upstream,
};

/// Tokens with a `tenant` claim, beside `tenancy` and `tenants`.
fn listing(tenancy: Value, tenants: Value) -> Guard {
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    guard(merged(base, json!({"tenancy": tenancy, "tenants": tenants})))
}

fn by_token(claims: Value) -> Request {
    Request::get("/").bearer(&token(claims))
}

fn by_key(secret: &str) -> Request {
    Request::get("/").with("x-api-key", secret)
}

fn client(id: &str, fields: Value) -> Value {
    merged(json!({"id": id, "keys": [key(id, id, json!({}))]}), fields)
}

/// The code and the level that the reply tells.
fn refusal(guard: &Guard, request: &Request) -> (&'static str, Option<&'static str>) {
    let denial = decide(guard, request).denial.unwrap();
    (denial.code.name(), denial.level.map(|level| level.name()))
}

#[test]
fn an_inactive_tenant_is_refused_whoever_comes() {
    let inactive = json!({"active": false, "clients": [client("web", json!({}))]});
    let own = issuer(json!({"issuer": "https://acme.example"}));
    let acme = merged(json!({"id": "acme", "aliases": ["org_9"], "issuers": [own]}), inactive);
    let base = jwt(json!({"tenant": {"claims": ["tenant"], "allow": ["acme", "globex"]}}));
    let guard = guard(merged(base, json!({"tenants": [acme, {"id": "globex"}]})));
    for request in [
        by_token(json!({"tenant": "acme"})),
        by_token(json!({"tenant": "org_9"})),
        by_token(json!({"tenant": ["acme", "globex"]})).with("x-tenant-id", "acme"),
        by_token(json!({"iss": "https://acme.example"})),
        by_key("web"),
    ] {
        assert_eq!(refusal(&guard, &request), ("tenant_inactive", Some("tenant")), "{request:?}");
    }
    let other = by_token(json!({"tenant": ["acme", "globex"]})).with("x-tenant-id", "globex");
    assert_eq!(tenant(&guard, &other), "globex");
}

#[test]
fn a_tenant_that_does_not_say_is_in_the_state_that_it_starts_in() {
    let tenants = json!([
        {"id": "silent"}, {"id": "on", "active": true}, {"id": "off", "active": false}
    ]);
    for (tenancy, silent, unlisted) in [
        (json!({}), "silent", "tenant_unknown"),
        (json!({"start": "active"}), "silent", "tenant_unknown"),
        (json!({"start": "inactive"}), "tenant_inactive", "tenant_unknown"),
        (json!({"start": "inactive", "unknown": "allow"}), "tenant_inactive", "other"),
    ] {
        let guard = listing(tenancy.clone(), tenants.clone());
        for (name, result) in
            [("silent", silent), ("on", "on"), ("off", "tenant_inactive"), ("other", unlisted)]
        {
            let request = by_token(json!({ "tenant": name }));
            assert_eq!(tenant(&guard, &request), result, "{tenancy} {name}");
        }
    }
}

#[test]
fn the_reserved_tenant_is_always_active() {
    let routes = json!([{"match": {"path": "/**"}, "tenancy": {"strict": false}}]);
    let tenancy = json!({"start": "inactive", "unknown": "deny"});
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    let document = json!({"tenancy": tenancy, "tenants": [{"id": "acme"}], "routes": routes});
    assert_eq!(tenant(&guard(merged(base, document)), &by_token(json!({}))), "default");
}

#[test]
fn a_key_of_an_inactive_client_is_refused() {
    let tenants = json!([
        {"id": "acme", "clients": [
            client("web", json!({})), client("old", json!({"active": false}))
        ]},
        {"id": "globex", "clients": [{"id": "old"}]}
    ]);
    let guard = listing(json!({}), tenants);
    assert_eq!(tenant(&guard, &by_key("web")), "acme");
    assert_eq!(refusal(&guard, &by_key("old")), ("client_inactive", Some("client")));
    assert_eq!(upstream(&guard, &by_key("web"), "x-client-id").as_deref(), Some("web"));
}

#[test]
fn a_key_has_a_state_and_dates_of_its_own() {
    let keys = [
        key("dead", "dead", json!({"active": false})),
        key("old", "old", json!({"expires": "2020-01-01T00:00:00Z"})),
        key("soon", "soon", json!({"not_before": "2100-01-01T00:00:00Z"})),
        key("good", "good", json!({"not_before": "2020-01-01T00:00:00Z"})),
    ];
    let off = json!([{"id": "acme", "active": false, "clients": [{"id": "web", "keys": keys}]}]);
    let guard = listing(json!({}), off);
    for (secret, result) in [
        ("dead", ("api_key_inactive", Some("key"))),
        ("old", ("api_key_expired", Some("key"))),
        ("soon", ("api_key_inactive", Some("key"))),
        // The key is looked at before its tenant.
        ("good", ("tenant_inactive", Some("tenant"))),
        ("none", ("api_key_unknown", None)),
    ] {
        assert_eq!(refusal(&guard, &by_key(secret)), result, "{secret}");
    }
}

#[test]
fn a_token_answers_to_the_client_that_it_names() {
    let tenants = json!([
        {"id": "acme", "clients": [{"id": "web"}, {"id": "old", "active": false}]},
        {"id": "globex"}
    ]);
    for (unknown, listed, unlisted) in [
        (json!({}), "acme", "acme"),
        (json!({"unknown_clients": "allow"}), "acme", "acme"),
        (json!({"unknown_clients": "deny"}), "acme", "client_unknown"),
    ] {
        let guard = listing(unknown.clone(), tenants.clone());
        for (claims, result) in [
            (json!({"client_id": "web"}), listed),
            (json!({"azp": "web"}), listed),
            (json!({"client_id": "old"}), "client_inactive"),
            (json!({"azp": "old"}), "client_inactive"),
            (json!({"appid": "old"}), "client_inactive"),
            // The first claim that is there is the client.
            (json!({"client_id": "web", "azp": "old"}), listed),
            (json!({"client_id": "", "azp": "old"}), "client_inactive"),
            (json!({"client_id": "Old"}), unlisted),
            (json!({"client_id": "x"}), unlisted),
            (json!({}), unlisted),
        ] {
            let request = by_token(merged(json!({"tenant": "acme"}), claims.clone()));
            assert_eq!(tenant(&guard, &request), result, "{unknown} {claims}");
        }
        // A client of that name in another tenant is another client.
        let globex = by_token(json!({"tenant": "globex", "client_id": "old"}));
        let elsewhere = if unlisted == "acme" { "globex" } else { unlisted };
        assert_eq!(tenant(&guard, &globex), elsewhere, "{unknown}");
    }
}

#[test]
fn only_tokens_need_a_listed_client() {
    let tenancy = json!({"unknown_clients": "deny"});
    let guard = listing(tenancy, json!([{"id": "acme", "clients": [client("web", json!({}))]}]));
    assert_eq!(tenant(&guard, &by_key("web")), "acme");
    let token = by_token(json!({"tenant": "acme", "client_id": "other"}));
    assert_eq!(refusal(&guard, &token), ("client_unknown", Some("client")));
}

#[test]
fn a_tenant_that_is_not_listed_has_no_listed_client() {
    let tenants = json!([{"id": "acme", "clients": [{"id": "web"}]}]);
    for (unknown_clients, result) in [("allow", "globex"), ("deny", "client_unknown")] {
        let tenancy = json!({"unknown": "allow", "unknown_clients": unknown_clients});
        let guard = listing(tenancy, tenants.clone());
        let request = |name: &str| by_token(json!({"tenant": name, "client_id": "web"}));
        assert_eq!(tenant(&guard, &request("globex")), result);
        assert_eq!(tenant(&guard, &request("acme")), "acme");
    }
}

#[test]
fn of_a_token_and_a_key_both_clients_must_be_active() {
    let tenants = json!([{"id": "acme", "clients": [
        client("web", json!({})), client("old", json!({"active": false}))
    ]}]);
    let base = merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), json!({"both": "agree"}));
    let guard = guard(merged(base, json!({ "tenants": tenants })));
    for (claim, secret, result) in [
        ("web", "web", "allow"),
        ("other", "web", "allow"),
        ("old", "web", "client_inactive"),
        ("web", "old", "client_inactive"),
    ] {
        let request = by_token(json!({"tenant": "acme", "client_id": claim}));
        let request = request.with("x-api-key", secret);
        assert_eq!(outcome(&guard, &request), result, "{claim} {secret}");
    }
}

#[test]
fn the_tenant_is_judged_before_the_client() {
    let clients = json!([{"id": "old", "active": false}]);
    let tenants = json!([
        {"id": "acme", "active": false, "clients": clients}, {"id": "globex", "clients": clients}
    ]);
    let guard = listing(json!({"unknown_clients": "deny"}), tenants);
    for (name, result) in
        [("acme", "tenant_inactive"), ("initech", "tenant_unknown"), ("globex", "client_inactive")]
    {
        let request = by_token(json!({"tenant": name, "client_id": "old"}));
        assert_eq!(outcome(&guard, &request), result, "{name}");
    }
}

#[test]
fn without_tenancy_too_an_inactive_tenants_own_credentials_are_refused() {
    let own = issuer(json!({"issuer": "https://acme.example"}));
    let tenants = |active: bool, client_active: bool| {
        json!([{
            "id": "acme", "active": active, "issuers": [own.clone()],
            "clients": [client("web", json!({"active": client_active}))]
        }])
    };
    let rules = json!({"tenant": {"claims": ["tenant"], "any_tenant": true}});
    let with = |tenants: Value| {
        let routes = json!([{"match": {"path": "/**"}, "tenancy": "none"}]);
        guard(merged(jwt(rules.clone()), json!({"tenants": tenants, "routes": routes})))
    };
    let by_own = || by_token(json!({"iss": "https://acme.example", "client_id": "web"}));
    for (active, client_active, result) in
        [(true, true, "allow"), (false, true, "tenant_inactive"), (true, false, "client_inactive")]
    {
        let guard = with(tenants(active, client_active));
        assert_eq!(outcome(&guard, &by_key("web")), result);
        assert_eq!(outcome(&guard, &by_own()), result);
        assert_eq!(outcome(&guard, &by_token(json!({}))), "allow", "of no tenant");
    }
}

#[test]
fn credentials_of_two_tenants_agree_on_no_route() {
    let tenants = json!([{"id": "acme", "clients": [client("web", json!({}))]}, {"id": "globex"}]);
    let guard = guard(merged(
        jwt(json!({"tenant": {"claims": ["tenant"]}})),
        json!({
            "both": "agree", "tenants": tenants,
            "routes": [{"match": {"path": "/**"}, "tenancy": "none"}]
        }),
    ));
    for (claimed, result) in [
        (json!("acme"), "allow"),
        (json!(["acme", "globex"]), "allow"),
        (json!("globex"), "tenant_mismatch"),
        // One that says nothing doesn't contradict.
        (json!(null), "allow"),
    ] {
        let request = by_token(json!({"tenant": claimed})).with("x-api-key", "web");
        assert_eq!(outcome(&guard, &request), result, "{claimed}");
    }
}

#[test]
fn a_token_of_no_listed_client_is_nobody_in_the_reserved_tenant_too() {
    let route = json!([{"match": {"path": "/**"}, "tenancy": {"strict": false}}]);
    for (unknown, result) in [("allow", "default"), ("deny", "client_unknown")] {
        let guard = guard(merged(
            jwt(json!({})),
            json!({"tenancy": {"unknown_clients": unknown}, "routes": route.clone()}),
        ));
        assert_eq!(tenant(&guard, &by_token(json!({"client_id": "web"}))), result);
    }
}

#[test]
fn a_token_for_one_tenant_that_is_off_is_refused_without_tenancy_too() {
    let with = |active: bool| {
        guard(merged(
            jwt(json!({"tenant": {"claims": ["tenant"]}})),
            json!({
                "tenants": [{"id": "acme", "active": active}, {"id": "globex"}],
                "routes": [{"match": {"path": "/**"}, "tenancy": "none"}]
            }),
        ))
    };
    for (claimed, on, off) in [
        (json!("acme"), "allow", "tenant_inactive"),
        (json!(["acme", "globex"]), "allow", "allow"),
        (json!("unlisted"), "allow", "allow"),
    ] {
        let request = by_token(json!({ "tenant": claimed }));
        assert_eq!(outcome(&with(true), &request), on, "{claimed}");
        assert_eq!(outcome(&with(false), &request), off, "{claimed}");
    }
}
