//! Claims that name a tenant, and several that must agree.

use serde_json::{Value, json};

use crate::testing::{Request, guard, jwt, key, tenant, token};

/// The tenant of a token, by the issuer's `tenant`; the header asserts nothing.
fn named(rules: Value, claims: Value) -> String {
    let guard = guard(jwt(json!({ "tenant": rules })));
    tenant(&guard, &Request::get("/").bearer(&token(claims)))
}

#[test]
fn a_claim_is_text_an_integer_or_a_list_of_them() {
    let over = 9_007_199_254_740_993_u64;
    for (claim, result) in [
        (json!("acme"), "acme"),
        (json!("did:web:x.example:acme"), "did:web:x.example:acme"),
        (json!(0), "0"),
        (json!(42), "42"),
        (json!(over - 1), "9007199254740992"),
        (json!(["acme"]), "acme"),
        (json!(["acme", "acme"]), "acme"),
        (json!([42, "42"]), "42"),
        (json!(["acme", "globex"]), "tenant_choice_required"),
        // What says nothing.
        (json!(null), "tenant_required"),
        (json!(""), "tenant_required"),
        (json!(" \t"), "tenant_required"),
        (json!([]), "tenant_required"),
        // What names none.
        (json!(over), "tenant_malformed"),
        (json!(u64::MAX), "tenant_malformed"),
        (json!(-42), "tenant_malformed"),
        (json!(-9_007_199_254_740_993_i64), "tenant_malformed"),
        (json!(1.5), "tenant_malformed"),
        (json!(42.0), "tenant_malformed"),
        (json!(true), "tenant_malformed"),
        (json!({}), "tenant_malformed"),
        (json!({"id": "acme"}), "tenant_malformed"),
        (json!(" acme"), "tenant_malformed"),
        (json!("acme "), "tenant_malformed"),
        (json!("acme,globex"), "tenant_malformed"),
        (json!("acme globex"), "tenant_malformed"),
        (json!("caf\u{e9}"), "tenant_malformed"),
        (json!("acme\r\nx-roles: admin"), "tenant_malformed"),
        (json!("a".repeat(129)), "tenant_malformed"),
        // One bad member refuses the whole.
        (json!(["acme", null]), "tenant_malformed"),
        (json!(["acme", ""]), "tenant_malformed"),
        (json!(["acme", true]), "tenant_malformed"),
        (json!(["acme", ["acme"]]), "tenant_malformed"),
        (json!(["acme", over]), "tenant_malformed"),
        (json!(["acme", "a b"]), "tenant_malformed"),
    ] {
        let named = named(json!({"claims": ["tenant"]}), json!({ "tenant": claim }));
        assert_eq!(named, result, "{claim}");
    }
}

#[test]
fn the_first_claim_that_is_there_decides() {
    for (claims, result) in [
        (json!({"tenant": "acme", "org_id": "globex"}), "acme"),
        (json!({"org_id": "globex"}), "globex"),
        (json!({"tenant": null, "org_id": "globex"}), "globex"),
        (json!({"tenant": "", "org_id": "globex"}), "globex"),
        (json!({"tenant": [], "org_id": "globex"}), "globex"),
        (json!({"tenant": true, "org_id": "globex"}), "tenant_malformed"),
        (json!({"tenant": ["a b"], "org_id": "globex"}), "tenant_malformed"),
        (json!({"tenant": "default", "org_id": "globex"}), "tenant_reserved"),
        (json!({}), "tenant_required"),
    ] {
        let named = named(json!({"claims": ["tenant", "org_id"]}), claims.clone());
        assert_eq!(named, result, "{claims}");
    }
}

#[test]
fn a_claim_may_be_nested_and_a_literal_name_comes_first() {
    for (path, claims, result) in [
        ("org.id", json!({"org": {"id": "acme"}}), "acme"),
        ("org.id", json!({"org.id": "acme", "org": {"id": "globex"}}), "acme"),
        ("https://x.example/org.id", json!({"https://x.example/org.id": "acme"}), "acme"),
        ("groups[1]", json!({"groups": ["globex", "acme"]}), "acme"),
        ("groups[2]", json!({"groups": ["globex", "acme"]}), "tenant_required"),
        ("organization.*", json!({"organization": {"acme": {"id": 1}}}), "acme"),
        (
            "organization.*",
            json!({"organization": {"acme": {}, "globex": {}}}),
            "tenant_choice_required",
        ),
        ("organization.*", json!({"organization": {}}), "tenant_required"),
        ("organization.*", json!({"organization": {"acme": {}, "a b": {}}}), "tenant_malformed"),
        ("organization.*", json!({"organization": "acme"}), "tenant_malformed"),
        ("organization.*", json!({"organization": ["acme"]}), "tenant_malformed"),
    ] {
        assert_eq!(named(json!({"claims": [path]}), claims.clone()), result, "{path} {claims}");
    }
}

#[test]
fn a_subject_and_a_claim_must_agree() {
    let rules = json!({"claims": ["tenant"], "subjects": {"alice": "acme"}});
    for (claims, result) in [
        (json!({}), "acme"),
        (json!({"tenant": "acme"}), "acme"),
        (json!({"tenant": ["globex", "acme"]}), "acme"),
        (json!({"tenant": "globex"}), "tenant_mismatch"),
        (json!({"tenant": ["globex", "initech"]}), "tenant_mismatch"),
        (json!({"tenant": "default"}), "tenant_reserved"),
        (json!({"tenant": {}}), "tenant_malformed"),
        (json!({"sub": "bob", "tenant": "globex"}), "globex"),
        (json!({"sub": "Alice"}), "tenant_required"),
    ] {
        assert_eq!(named(rules.clone(), claims.clone()), result, "{claims}");
    }
}

#[test]
fn a_subject_narrows_what_a_machine_acts_for() {
    for acts_for in [json!("any"), json!(["acme", "globex"])] {
        let rules = json!({"acts_for": acts_for, "subjects": {"alice": "acme"}});
        let guard = guard(jwt(json!({ "tenant": rules })));
        let request = |subject: &str| Request::get("/").bearer(&token(json!({ "sub": subject })));
        assert_eq!(tenant(&guard, &request("alice")), "acme");
        let globex = |subject: &str| request(subject).with("x-tenant-id", "globex");
        assert_eq!(tenant(&guard, &globex("alice")), "tenant_mismatch");
        assert_eq!(tenant(&guard, &globex("bob")), "globex");
        assert_eq!(tenant(&guard, &request("bob")), "tenant_choice_required");
    }
}

#[test]
fn a_token_and_a_key_together_must_name_one_tenant() {
    let keys = json!([key("web-1", "sesame", json!({}))]);
    let document = |rules: Value| {
        let mut document = jwt(json!({ "tenant": rules }));
        document["both"] = json!("agree");
        document["tenants"] =
            json!([{"id": "acme", "clients": [{"id": "web", "keys": keys}]}, {"id": "globex"}]);
        guard(document)
    };
    let both = |claim: Value| {
        Request::get("/").bearer(&token(json!({ "tenant": claim }))).with("x-api-key", "sesame")
    };
    let claimed = document(json!({"claims": ["tenant"]}));
    for (claim, result) in [
        (json!("acme"), "acme"),
        (json!(["globex", "acme"]), "acme"),
        (json!("globex"), "tenant_mismatch"),
        (json!("default"), "tenant_reserved"),
        (json!({}), "tenant_malformed"),
    ] {
        assert_eq!(tenant(&claimed, &both(claim.clone())), result, "{claim}");
        let mismatch = both(claim).with("x-tenant-id", "globex");
        assert_ne!(tenant(&claimed, &mismatch), "globex");
    }
    let acting = document(json!({"acts_for": "any"}));
    assert_eq!(tenant(&acting, &both(json!(null))), "acme");
    let other = both(json!(null)).with("x-tenant-id", "globex");
    assert_eq!(tenant(&acting, &other), "tenant_mismatch");
}
