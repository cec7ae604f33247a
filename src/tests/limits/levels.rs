//! Who shares a limit with whom.

use super::*;
use crate::testing::{FixedHost, NOW};

const NONE: Value = Value::Null;

/// How many requests each of these may still send, one after the other.
fn each_left(guard: &Guard, requests: &[Request]) -> Vec<usize> {
    let host = FixedHost::at(NOW);
    requests.iter().map(|request| left(guard, request, &host)).collect()
}

#[test]
fn a_limit_is_shared_by_all_below_it_and_nobody_else() {
    let three = || json!({"requests": "3/min"});
    let requests =
        ["web-1", "web-2", "app-1", "globex-1"].map(|secret| by_key(secret, "/anything"));
    for (levels, expected) in [
        ((NONE, NONE, NONE), [MANY, MANY, MANY, MANY]),
        ((three(), NONE, NONE), [3, 0, 0, MANY]),
        ((NONE, three(), NONE), [3, 0, MANY, MANY]),
        ((NONE, NONE, three()), [3, MANY, MANY, MANY]),
        ((json!({"requests": "9/min"}), json!({"requests": "5/min"}), three()), [3, 2, 4, MANY]),
    ] {
        let (tenant, client, key) = levels.clone();
        let guard = limited(tenants(tenant, client, key));
        assert_eq!(each_left(&guard, &requests), expected, "{levels:?}");
    }
}

#[test]
fn the_reply_tells_whose_limit_it_is() {
    let three = || json!({"requests": "3/min"});
    for (levels, level) in [
        ((three(), NONE, NONE), "tenant"),
        ((NONE, three(), NONE), "client"),
        ((NONE, NONE, three()), "key"),
        // Of those that end together the widest.
        ((three(), three(), three()), "tenant"),
        ((json!({"requests": "3/min"}), json!({"requests": "3/hour"}), three()), "client"),
    ] {
        let (tenant, client, key) = levels.clone();
        let guard = limited(tenants(tenant, client, key));
        let host = FixedHost::at(NOW);
        assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 3);
        let denial = decide_at(&guard, &by_key("web-1", "/"), &host).denial.unwrap();
        assert_eq!(denial.level.map(|level| level.name()), Some(level), "{levels:?}");
        let rule = denial.rule.unwrap();
        assert!(rule.starts_with(&format!("limits of {level}: 3 in ")), "{rule}");
    }
}

#[test]
fn an_action_counts_in_its_own_limit_and_in_that_of_all_requests() {
    let limits = json!({"requests": "10/min", "actions": {"publish": "3/min"}});
    for (levels, level) in [
        ((limits.clone(), NONE, NONE), "tenant/publish"),
        ((NONE, limits.clone(), NONE), "client/publish"),
        ((NONE, NONE, limits.clone()), "key/publish"),
    ] {
        let (tenant, client, key) = levels;
        let guard = limited(tenants(tenant, client, key));
        let host = FixedHost::at(NOW);
        assert_eq!(left(&guard, &by_key("web-1", "/publish"), &host), 3, "{level}");
        let denial = decide_at(&guard, &by_key("web-1", "/publish"), &host).denial.unwrap();
        let rule = denial.rule.unwrap();
        assert!(rule.starts_with(&format!("limits of {level}: 3 in ")), "{rule}");
        assert_eq!(left(&guard, &by_key("web-1", "/read"), &host), 7, "{level}");
        assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 0, "{level}");
    }
}

#[test]
fn each_action_that_is_not_named_has_a_bucket_of_its_own() {
    let limits = json!({"actions": {"publish": "1/min", "*": "3/min"}});
    let guard = limited(tenants(limits, NONE, NONE));
    let requests =
        ["/publish", "/read", "/list", "/read", "/none"].map(|path| by_key("web-1", path));
    assert_eq!(each_left(&guard, &requests), [1, 3, 3, 0, MANY]);
    // The buckets are the tenant's: another of its keys finds them used.
    let host = FixedHost::at(NOW);
    assert_eq!(left(&guard, &by_key("web-1", "/read"), &host), 3);
    assert_eq!(left(&guard, &by_key("app-1", "/read"), &host), 0);
    assert_eq!(left(&guard, &by_key("app-1", "/list"), &host), 3);
}

#[test]
fn an_action_that_is_turned_off_is_not_one_of_the_others() {
    let limits = json!({"actions": {"publish": null, "*": "3/min"}});
    let guard = limited(tenants(limits, NONE, NONE));
    let requests = ["/publish", "/read"].map(|path| by_key("web-1", path));
    assert_eq!(each_left(&guard, &requests), [MANY, 3]);
}

#[test]
fn a_limit_is_a_rate_or_a_tier_by_name() {
    let silver = || json!({"requests": "silver", "actions": {"publish": "1/min", "*": "gold"}});
    for levels in [(silver(), NONE, NONE), (NONE, silver(), NONE), (NONE, NONE, silver())] {
        let (tenant, client, key) = levels;
        let guard = limited(tenants(tenant, client, key));
        let requests = ["/publish", "/read"].map(|path| by_key("web-1", path));
        assert_eq!(each_left(&guard, &requests), [1, 1]);
    }
    let gold = json!({"requests": "9/min", "actions": {"*": "gold"}});
    let guard = limited(tenants(gold, NONE, NONE));
    let requests = ["/read", "/list"].map(|path| by_key("web-1", path));
    assert_eq!(each_left(&guard, &requests), [5, 4]);
}

#[test]
fn a_limit_of_none_lets_nobody_in() {
    let none = json!({"requests": "0/day"});
    let guard = limited(tenants(none, NONE, NONE));
    assert_eq!(each_left(&guard, &[by_key("web-1", "/")]), [0]);
}

#[test]
fn a_token_answers_to_the_listed_client_that_it_names() {
    let guard = limited(tenants(NONE, json!({"requests": "3/min"}), NONE));
    let named = |tenant: &str, client: &str| {
        by_token(json!({"tenant": tenant, "client_id": client}), "/anything")
    };
    let requests = [
        named("acme", "web"),
        by_key("web-1", "/"),
        named("acme", "app"),
        named("acme", "unlisted"),
        named("globex", "web"),
        by_token(json!({"tenant": "acme"}), "/"),
    ];
    assert_eq!(each_left(&guard, &requests), [3, 0, MANY, MANY, MANY, MANY]);
}

#[test]
fn a_token_and_a_key_together_count_in_both_clients() {
    let document = merged(
        tenants(NONE, json!({"requests": "3/min"}), json!({"requests": "7/min"})),
        json!({"both": "agree"}),
    );
    let guard = limited(document);
    let both = |client: &str, secret: &str| {
        by_token(json!({"tenant": "acme", "client_id": client}), "/").with("x-api-key", secret)
    };
    // One client that both name is charged once.
    assert_eq!(each_left(&guard, &[both("web", "web-1"), both("web", "web-2")]), [3, 0]);
    // The client of the token, though the key is another's.
    assert_eq!(each_left(&guard, &[both("web", "app-1"), by_key("web-1", "/")]), [3, 0]);
    // The client of the key, though the token is another's.
    let other = both("app", "web-2");
    assert_eq!(each_left(&guard, &[other, by_key("app-1", "/")]), [3, MANY]);
}

#[test]
fn aliases_and_choices_come_to_the_same_tenant() {
    let acme = json!({"id": "acme", "aliases": ["org_9"], "limits": {"requests": "3/min"}});
    let guard = limited(json!({"tenants": [acme, {"id": "globex"}]}));
    let chosen = by_token(json!({"tenant": ["acme", "globex"]}), "/");
    let requests = [
        by_token(json!({"tenant": "org_9"}), "/"),
        by_token(json!({"tenant": "acme"}), "/"),
        chosen.clone().with("x-tenant-id", "acme"),
        chosen.with("x-tenant-id", "globex"),
    ];
    assert_eq!(each_left(&guard, &requests), [3, 0, 0, MANY]);
}

#[test]
fn keys_of_no_tenant_have_limits_too() {
    let keys =
        json!([key("a", "a", json!({"limits": {"requests": "3/min"}})), key("b", "b", json!({}))]);
    let guard = limited(json!({"api_keys": {"keys": keys}}));
    assert_eq!(each_left(&guard, &[by_key("a", "/me"), by_key("b", "/me")]), [3, MANY]);
}

#[test]
fn without_tenancy_the_limits_of_a_listed_tenant_count_too() {
    let guard = limited(tenants(json!({"requests": "3/min"}), NONE, NONE));
    let requests = [by_key("web-1", "/me"), by_key("web-1", "/")];
    assert_eq!(each_left(&guard, &requests), [3, 0]);
    let bound = by_token(json!({"tenant": "acme"}), "/me");
    let requests = [bound, by_token(json!({}), "/me"), by_key("app-1", "/")];
    assert_eq!(each_left(&guard, &requests), [3, MANY, 0]);
}

#[test]
fn the_super_admin_counts_nowhere() {
    let admin = crate::testing::key("x", "root", json!({}))["sha256"].clone();
    let source = json!({"super_admin": {"from": [{"header": "x-root"}], "sha256": admin}});
    let guard = limited(merged(tenants(json!({"requests": "3/min"}), NONE, NONE), source));
    let root = Request::get("/").with("x-root", "root").with("x-tenant-id", "acme");
    assert_eq!(each_left(&guard, &[root.clone(), by_key("web-1", "/"), root]), [MANY, 3, MANY]);
}

#[test]
fn public_requests_count_nowhere() {
    let open = json!({"routes": [{"match": {"path": "/open"}, "auth": "none"}, {"match": {"path": "/**"}}]});
    let guard = limited(merged(tenants(json!({"requests": "3/min"}), NONE, NONE), open));
    let host = FixedHost::at(NOW);
    for _ in 0..MANY {
        assert_eq!(outcome(&guard, &by_key("web-1", "/open"), &host), "public");
    }
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 3);
}
