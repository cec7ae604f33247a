//! Scopes: what a caller's come to, and the reply to one that lacks some.

use serde_json::{Value, json};

use crate::testing::{
    Request, audit_line, decide, guard, issuer, jwt, key, merged, outcome, token, upstream, words,
};
use crate::{Decision, Guard, Verdict};

/// A route that asks for `b` and `a`, one for `a` and one for none.
fn scoped(over: Value) -> Guard {
    let routes = json!([
        {"match": {"path": "/both"}, "scopes": ["b", "a"]},
        {"match": {"path": "/a"}, "scopes": ["a"]},
        {"match": {"path": "/**"}}
    ]);
    let base = jwt(json!({"tenant": {"claims": ["tenant"]}}));
    guard(merged(merged(base, json!({ "routes": routes })), over))
}

fn of_acme(path: &str, claims: Value) -> Request {
    Request::get(path).bearer(&token(merged(json!({"tenant": "acme"}), claims)))
}

fn scopes(guard: &Guard, request: &Request) -> String {
    let decision = decide(guard, request);
    assert_eq!(words(&decision), "allow", "{request:?}");
    request.changed(&decision).value("x-scopes").unwrap_or_default()
}

fn header(decision: &Decision, name: &str) -> Option<String> {
    let Verdict::Refuse(reply) = &decision.verdict else { panic!("{:?}", decision.verdict) };
    reply.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
}

#[test]
fn all_scopes_of_a_route_are_needed() {
    let guard = scoped(json!({}));
    for (claims, both, one) in [
        (json!({"scope": "a b"}), "allow", "allow"),
        (json!({"scope": "b c a"}), "allow", "allow"),
        (json!({"scope": "a", "scp": ["b"]}), "allow", "allow"),
        (json!({"scope": "a"}), "scope_missing route", "allow"),
        (json!({"scope": "b"}), "scope_missing route", "scope_missing route"),
        (json!({"scope": "A B"}), "scope_missing route", "scope_missing route"),
        (json!({"scope": "ab a-b a:b"}), "scope_missing route", "scope_missing route"),
        (json!({"scope": "*"}), "scope_missing route", "scope_missing route"),
        (json!({}), "scope_missing route", "scope_missing route"),
    ] {
        let results =
            ["/both", "/a"].map(|path| words(&decide(&guard, &of_acme(path, claims.clone()))));
        assert_eq!(results, [both, one], "{claims}");
    }
}

#[test]
fn a_star_in_the_document_is_every_scope_and_in_a_token_it_is_none() {
    let keys = [key("k", "sesame", json!({"scopes": ["*"]}))];
    let guard = scoped(json!({
        "roles": {"root": {"scopes": ["*"]}},
        "tenants": [
            {"id": "acme", "scopes": ["*"], "clients": [{"id": "web", "keys": keys}]},
            {"id": "globex", "scopes": ["a"]}
        ]
    }));
    let by_key = Request::get("/both").with("x-api-key", "sesame");
    assert_eq!(scopes(&guard, &by_key), "*");
    let by_role = of_acme("/both", json!({"roles": ["root"]}));
    assert_eq!(scopes(&guard, &by_role), "*");
    assert_eq!(outcome(&guard, &of_acme("/a", json!({"scope": "*"}))), "scope_missing");
    assert_eq!(scopes(&guard, &of_acme("/", json!({"scope": ["*", "x"]}))), "x");
    let under = of_acme("/a", json!({"tenant": "globex", "roles": ["root"]}));
    assert_eq!(scopes(&guard, &under), "a");
    let beyond = of_acme("/both", json!({"tenant": "globex", "roles": ["root"]}));
    assert_eq!(outcome(&guard, &beyond), "scope_missing");
}

#[test]
fn wildcards_are_every_scope_in_tokens_only() {
    let keys = [key("k", "sesame", json!({"scopes": ["all"]}))];
    let clients = json!([{"id": "web", "keys": keys}]);
    let guard = scoped(json!({
        "wildcard_scopes": ["all", "tenant:all"],
        "tenants": [{"id": "acme", "clients": clients}, {"id": "globex", "scopes": ["a"]}]
    }));
    for (scope, result) in
        [("all", "allow"), ("tenant:all", "allow"), ("All", "scope_missing"), ("x all", "allow")]
    {
        let request = of_acme("/both", json!({ "scope": scope }));
        assert_eq!(outcome(&guard, &request), result, "{scope}");
    }
    let by_key = |path: &str| Request::get(path).with("x-api-key", "sesame");
    assert_eq!(outcome(&guard, &by_key("/a")), "scope_missing");
    assert_eq!(scopes(&guard, &by_key("/")), "all");
    // Under a ceiling it is all that the ceiling names, and told so.
    let under = |path: &str| of_acme(path, json!({"tenant": "globex", "scope": "all"}));
    assert_eq!(scopes(&guard, &under("/a")), "a");
    assert_eq!(outcome(&guard, &under("/both")), "scope_missing");
}

#[test]
fn a_ceiling_may_be_absent_empty_a_list_or_everything() {
    let claims = json!({"scope": "a b c"});
    for (ceiling, left) in [
        (json!({}), "a b c"),
        (json!({"scopes": []}), ""),
        (json!({"scopes": ["c", "a", "x"]}), "a c"),
        (json!({"scopes": ["*"]}), "a b c"),
        (json!({"scopes": ["*", "a"]}), "a b c"),
    ] {
        let of_issuer = issuer(merged(json!({"tenant": {"claims": ["tenant"]}}), ceiling.clone()));
        for document in [
            json!({"tenants": [merged(json!({"id": "acme"}), ceiling.clone())]}),
            json!({"tenants": [
                {"id": "acme", "clients": [merged(json!({"id": "web"}), ceiling.clone())]}
            ]}),
            json!({"tenant_defaults": ceiling}),
            json!({"jwt": {"issuers": [of_issuer]}}),
        ] {
            let guard = scoped(document.clone());
            let request = of_acme("/", merged(claims.clone(), json!({"client_id": "web"})));
            assert_eq!(scopes(&guard, &request), left, "{document}");
        }
    }
}

#[test]
fn a_tenant_may_turn_a_default_off_or_replace_it() {
    let tenants = json!([
        {"id": "silent"}, {"id": "off", "scopes": null}, {"id": "own", "scopes": ["c"]},
        {"id": "none", "scopes": []}
    ]);
    let defaults = json!({"scopes": ["a", "b"]});
    let guard = scoped(json!({
        "tenant_defaults": defaults, "tenants": tenants,
        "tenancy": {"unknown": "allow", "default": {"scopes": null}},
        "routes": [{"match": {"path": "/**"}, "tenancy": {"strict": false}}]
    }));
    for (name, left) in [
        (json!("silent"), "a b"),
        (json!("off"), "a b c"),
        (json!("own"), "c"),
        (json!("none"), ""),
        (json!("unlisted"), "a b"),
        // The reserved tenant.
        (json!(null), "a b c"),
    ] {
        let request = of_acme("/", json!({"tenant": name, "scope": "a b c"}));
        assert_eq!(scopes(&guard, &request), left, "{name}");
    }
}

#[test]
fn a_token_and_a_key_together_unite_what_each_has_under_its_own_client() {
    let keys = [key("k", "sesame", json!({"scopes": ["b", "d"]}))];
    let tenants = json!([{"id": "acme", "scopes": ["a", "b", "c"], "clients": [
        {"id": "web", "scopes": ["b", "c", "d"], "keys": keys},
        {"id": "app", "scopes": ["a"]}
    ]}]);
    let guard = scoped(json!({"both": "agree", "tenants": tenants}));
    for (client, claimed, united) in [
        // Each under its own: the token's b is cut by app, the key's isn't.
        (json!("app"), "a b", "a b"),
        (json!("app"), "b c", "b"),
        (json!("web"), "a b c", "b c"),
        (json!("unlisted"), "a c d", "a c b"),
        (json!(null), "", "b"),
    ] {
        let claims = json!({"client_id": client, "scope": claimed});
        let request = of_acme("/", claims).with("x-api-key", "sesame");
        assert_eq!(scopes(&guard, &request), united, "{client} {claimed}");
    }
    let request = of_acme("/both", json!({"client_id": "app", "scope": "a"}));
    assert_eq!(outcome(&guard, &request), "scope_missing");
    assert_eq!(outcome(&guard, &request.with("x-api-key", "sesame")), "allow");
}

#[test]
fn a_key_that_stands_in_for_a_token_brings_only_its_own_scopes() {
    let keys = [key("k", "sesame", json!({"scopes": ["a"]}))];
    let guard = scoped(json!({
        "mode": "jwt_then_api_key",
        "tenants": [{"id": "acme", "clients": [{"id": "web", "keys": keys}]}]
    }));
    let expired = json!({"scope": "a b", "exp": 1_000_000_000});
    let request = |path: &str| of_acme(path, expired.clone()).with("x-api-key", "sesame");
    assert_eq!(outcome(&guard, &request("/both")), "scope_missing");
    assert_eq!(scopes(&guard, &request("/a")), "a");
    // And beside a good token it brings none.
    let good = of_acme("/a", json!({"scope": "b"})).with("x-api-key", "sesame");
    assert_eq!(outcome(&guard, &good), "scope_missing");
}

#[test]
fn a_missing_scope_is_told_by_what_the_route_asks_and_never_by_what_the_caller_has() {
    let guard = scoped(json!({
        "replies": {"realm": "shop", "resource_metadata": "https://api.example/.well-known/x"}
    }));
    let request = of_acme("/both", json!({"scope": "a very:private"}));
    let decision = decide(&guard, &request);
    let Verdict::Refuse(reply) = &decision.verdict else { panic!("{:?}", decision.verdict) };
    assert_eq!((reply.status, reply.grpc_status), (403, 7));
    assert_eq!(
        header(&decision, "www-authenticate").unwrap(),
        "Bearer realm=\"shop\", error=\"insufficient_scope\", scope=\"b a\", \
         resource_metadata=\"https://api.example/.well-known/x\""
    );
    assert_eq!(header(&decision, "cache-control").unwrap(), "no-store");
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!((&body["code"], &body["level"]), (&json!("scope_missing"), &json!("route")));
    assert!(!format!("{reply:?}").contains("private"));
    assert_eq!(audit_line(&decision)["rule"], "scope b of the route");

    let grpc = request.with("content-type", "application/grpc");
    let Verdict::Refuse(reply) = decide(&guard, &grpc).verdict else { panic!() };
    assert_eq!(reply.grpc_status, 7);
    assert!(reply.body.starts_with("scope_missing: ") && !reply.body.contains("private"));
}

#[test]
fn a_missing_role_is_no_missing_scope() {
    let routes = json!([{"match": {"path": "/**"}, "roles": ["admin"]}]);
    let decision = decide(&scoped(json!({ "routes": routes })), &of_acme("/", json!({})));
    assert_eq!(words(&decision), "role_missing route");
    assert_eq!(header(&decision, "www-authenticate"), None);
    let Verdict::Refuse(reply) = decision.verdict else { panic!() };
    assert_eq!((reply.status, reply.grpc_status), (403, 7));
    assert!(!reply.body.contains("admin"));
}

#[test]
fn a_refusal_tells_access_logs_what_was_left_of_roles_and_scopes() {
    let guard = scoped(json!({"tenants": [
        {"id": "acme", "scopes": ["a"], "roles": ["low"], "clients": [{"id": "off", "active": false}]},
        {"id": "globex", "active": false}
    ]}));
    let claims = json!({"scope": "a b", "roles": ["low", "high"]});
    let with = |path: &str, own: Value| of_acme(path, merged(claims.clone(), own));
    let (all, both) = (Some("low,high"), Some("a b"));
    let elsewhere = with("/a", json!({})).with("x-tenant-id", "globex");
    for (request, code, roles, scopes) in [
        (with("/both", json!({})), "scope_missing", Some("low"), Some("a")),
        (with("/a", json!({"tenant": "globex"})), "tenant_inactive", all, both),
        (with("/a", json!({"tenant": "initech"})), "tenant_unknown", all, both),
        (with("/a", json!({"client_id": "off"})), "client_inactive", Some("low"), Some("a")),
        (with("/a", json!({"tenant": "default"})), "tenant_reserved", all, both),
        // What its credential is for cuts it down, whatever the caller names.
        (elsewhere, "tenant_mismatch", Some("low"), Some("a")),
        // Nothing is known of a caller that isn't verified.
        (with("/a", json!({"exp": 1_000_000_000})), "token_expired", None, None),
    ] {
        let request = request.with("x-roles", "forged").with("x-scopes", "forged");
        assert_eq!(outcome(&guard, &request), code);
        let told = ["x-roles", "x-scopes"].map(|name| upstream(&guard, &request, name));
        assert_eq!(told, [roles, scopes].map(|text| text.map(str::to_owned)), "{code}");
    }
}
