//! `claims.tier`: a limit for each subject.

use super::*;
use crate::testing::{FixedHost, NOW};

fn who(tenant: &str, subject: &str, plan: &str) -> Request {
    by_token(json!({"tenant": tenant, "sub": subject, "plan": plan}), "/")
}

#[test]
fn a_tier_is_a_limit_for_each_subject_within_its_tenant() {
    let guard = limited(json!({}));
    let host = FixedHost::at(NOW);
    for (request, expected) in [
        (who("acme", "alice", "gold"), 5),
        (who("acme", "bob", "gold"), 5),
        (who("acme", "carol", "silver"), 2),
        (who("globex", "alice", "gold"), 5),
        (who("acme", "alice", "gold"), 0),
        // Another token of the same subject is no other subject.
        (by_token(json!({"tenant": "acme", "plan": "gold", "jti": "2"}), "/"), 0),
        // A token that says no tier has no limit.
        (by_token(json!({"tenant": "acme"}), "/"), MANY),
        (by_token(json!({"tenant": "acme", "plan": ""}), "/"), MANY),
        (by_token(json!({"tenant": "acme", "plan": null}), "/"), MANY),
    ] {
        assert_eq!(left(&guard, &request, &host), expected, "{request:?}");
    }
}

#[test]
fn subjects_of_two_issuers_are_two() {
    let fields = json!({
        "tenant": {"claims": ["tenant"], "any_tenant": true}, "claims": {"tier": "plan"}
    });
    let issuers = [other_issuer("one", fields.clone()), other_issuer("two", fields)];
    let guard = limited(json!({"jwt": {"issuers": issuers}}));
    let host = FixedHost::at(NOW);
    let alice = |iss: &str| {
        let iss = format!("https://{iss}.example");
        by_token(json!({"iss": iss, "tenant": "acme", "plan": "gold"}), "/")
    };
    assert_eq!(left(&guard, &alice("one"), &host), 5);
    assert_eq!(left(&guard, &alice("two"), &host), 5);
    assert_eq!(left(&guard, &alice("one"), &host), 0);
}

#[test]
fn a_tier_that_is_not_configured_is_refused() {
    let guard = limited(json!({}));
    let host = FixedHost::at(NOW);
    for plan in [
        json!("platinum"),
        json!("Gold"),
        json!("5/min"),
        json!(1),
        json!(["gold"]),
        json!({"gold": true}),
        json!(true),
    ] {
        let request = by_token(json!({"tenant": "acme", "plan": plan}), "/");
        assert_eq!(outcome(&guard, &request, &host), "token_claim_invalid", "{plan}");
    }
    assert_eq!(host.shared_size(), (0, 0));
}

#[test]
fn a_tier_may_be_a_number() {
    let guard = limited(json!({"limits": {"tiers": {"1": "4/min"}}}));
    let request = by_token(json!({"tenant": "acme", "plan": 1}), "/");
    assert_eq!(left(&guard, &request, &FixedHost::at(NOW)), 4);
}

#[test]
fn a_change_of_tier_keeps_what_was_used_in_windows_of_the_same_length() {
    let guard = limited(json!({}));
    let host = FixedHost::at(NOW);
    assert_eq!(outcome(&guard, &who("acme", "alice", "silver"), &host), "allow");
    assert_eq!(left(&guard, &who("acme", "alice", "silver"), &host), 1);
    assert_eq!(left(&guard, &who("acme", "alice", "gold"), &host), 3);
    assert_eq!(left(&guard, &who("acme", "alice", "silver"), &host), 0);
    assert_eq!(left(&guard, &who("acme", "alice", "daily"), &host), 3);
    host.set(NOW + 60.0);
    assert_eq!(left(&guard, &who("acme", "alice", "silver"), &host), 2);
    assert_eq!(left(&guard, &who("acme", "alice", "daily"), &host), 0);
}

#[test]
fn a_tier_counts_beside_the_limits_of_tenant_and_client() {
    let guard =
        limited(tenants(json!({"requests": "12/min"}), json!({"requests": "7/min"}), Value::Null));
    let host = FixedHost::at(NOW);
    let through = |subject: &str, client: &str| {
        let claims = json!({"tenant": "acme", "sub": subject, "client_id": client, "plan": "gold"});
        by_token(claims, "/")
    };
    assert_eq!(left(&guard, &through("alice", "web"), &host), 5);
    assert_eq!(left(&guard, &through("bob", "web"), &host), 2, "the client's");
    assert_eq!(left(&guard, &through("bob", "app"), &host), 3, "bob's own");
    assert_eq!(left(&guard, &through("carol", "app"), &host), 2, "the tenant's");
    assert_eq!(left(&guard, &by_key("app-1", "/"), &host), 0);
}

#[test]
fn the_reply_names_no_level_for_a_subjects_own_limit() {
    let guard = limited(json!({}));
    let host = FixedHost::at(NOW);
    assert_eq!(left(&guard, &who("acme", "alice", "gold"), &host), 5);
    let denial = decide_at(&guard, &who("acme", "alice", "gold"), &host).denial.unwrap();
    assert_eq!(
        (denial.level, denial.rule.as_deref()),
        (None, Some("limits of subject: 5 in 60 s"))
    );
}

#[test]
fn a_route_without_tenancy_is_no_second_quota() {
    for document in [json!({}), json!({"tenants": [{"id": "acme"}]})] {
        let guard = limited(document.clone());
        let host = FixedHost::at(NOW);
        let alice = |path| by_token(json!({"tenant": "acme", "plan": "gold"}), path);
        assert_eq!(left(&guard, &alice("/me"), &host), 5, "{document}");
        assert_eq!(left(&guard, &alice("/"), &host), 0, "{document}");
    }
}

#[test]
fn tokens_of_no_subject_share_one_limit() {
    let guard = limited(json!({"jwt": {"issuers": [issuer(json!({
        "require_claims": [], "tenant": {"claims": ["tenant"]}, "claims": {"tier": "plan"}
    }))]}}));
    let host = FixedHost::at(NOW);
    let nobody =
        |jti: &str| by_token(json!({"sub": "", "jti": jti, "tenant": "acme", "plan": "gold"}), "/");
    assert_eq!(left(&guard, &nobody("1"), &host), 5);
    assert_eq!(left(&guard, &nobody("2"), &host), 0);
}
