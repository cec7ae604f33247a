//! A request that anything refuses is charged nowhere.

use super::*;
use crate::testing::{FixedHost, NOW};

/// Five at every level.
fn five() -> Value {
    json!({"requests": "5/min", "actions": {"publish": "5/min"}})
}

/// A guard with five at every level of web-1 and for its action, and clients
/// that are refused for other reasons.
fn guard_of_fives(document: Value) -> Guard {
    let mut listed = tenants(five(), five(), five());
    let client = |id: &str, fields: Value| {
        merged(json!({"id": id, "limits": five(), "keys": [key(id, id, json!({}))]}), fields)
    };
    let clients = listed["tenants"][0]["clients"].as_array_mut().unwrap();
    clients.push(client("off", json!({"active": false})));
    clients.push(client("inside", json!({"ip": ["10.0.0.0/8"]})));
    clients[0]["keys"].as_array_mut().unwrap().extend([
        key("far", "far", json!({"ip": ["10.0.0.0/8"], "limits": {"requests": "5/min"}})),
        key("old", "old", json!({"expires": "2020-01-01T00:00:00Z"})),
    ]);
    limited(merged(listed, document))
}

#[test]
fn a_refused_request_is_charged_at_no_level() {
    let guard = guard_of_fives(json!({}));
    let host = FixedHost::at(NOW).from("192.0.2.1");
    for (request, code) in [
        (by_key("off", "/publish"), "client_inactive"),
        (by_key("inside", "/publish"), "ip_refused"),
        (by_key("far", "/publish"), "ip_refused"),
        (by_key("old", "/publish"), "api_key_expired"),
        (by_key("web-1", "/inside"), "ip_refused"),
        (by_key("web-1", "/scoped"), "scope_missing"),
        (by_key("web-1", "/edit"), "role_missing"),
        (by_key("web-1", "/publish").with("x-tenant-id", "globex"), "tenant_mismatch"),
        (by_key("nobody", "/publish"), "api_key_unknown"),
        (by_key("web-1", "/publish/../x"), "path_ambiguous"),
        (by_token(json!({"tenant": "acme", "client_id": "off"}), "/publish"), "client_inactive"),
    ] {
        for _ in 0..3 {
            assert_eq!(outcome(&guard, &request, &host), code);
        }
    }
    assert_eq!(host.shared_size(), (0, 0), "nothing is counted at all");
    assert_eq!(left(&guard, &by_key("web-1", "/publish"), &host), 5);
}

#[test]
fn a_request_over_one_limit_is_charged_in_no_other() {
    // Each level in turn is the one that is full.
    let wide = || json!({"requests": "9/min", "actions": {"publish": "9/min"}});
    let tight = || json!({"requests": "9/min", "actions": {"publish": "2/min"}});
    for (levels, others) in [
        // Of the others at the end: web-1, web-2 and app-1 by /read.
        ((tight(), wide(), wide()), [7, 0, 0]),
        ((wide(), tight(), wide()), [7, 0, 0]),
        ((wide(), wide(), tight()), [7, 0, 0]),
        ((json!({"requests": "9/min"}), json!({"requests": "5/min"}), tight()), [3, 0, 4]),
    ] {
        let (tenant, client, key) = levels.clone();
        let guard = limited(tenants(tenant, client, key));
        let host = FixedHost::at(NOW);
        assert_eq!(left(&guard, &by_key("web-1", "/publish"), &host), 2, "{levels:?}");
        for _ in 0..MANY {
            let refused = outcome(&guard, &by_key("web-1", "/publish"), &host);
            assert_eq!(refused, "rate_limited");
        }
        let rest =
            ["web-1", "web-2", "app-1"].map(|secret| left(&guard, &by_key(secret, "/read"), &host));
        assert_eq!(rest, others, "{levels:?}");
    }
}

#[test]
fn a_full_subject_costs_its_tenant_nothing_and_the_other_way_round() {
    let guard = limited(tenants(json!({"requests": "7/min"}), Value::Null, Value::Null));
    let host = FixedHost::at(NOW);
    let who =
        |subject: &str| by_token(json!({"tenant": "acme", "sub": subject, "plan": "gold"}), "/");
    assert_eq!(left(&guard, &who("alice"), &host), 5);
    for _ in 0..MANY {
        assert_eq!(outcome(&guard, &who("alice"), &host), "rate_limited");
    }
    assert_eq!(left(&guard, &by_key("web-1", "/"), &host), 2);
    for _ in 0..MANY {
        assert_eq!(outcome(&guard, &who("bob"), &host), "rate_limited");
    }
    // With more for the tenant in the same window, bob still has all of his.
    let more = limited(tenants(json!({"requests": "100/min"}), Value::Null, Value::Null));
    assert_eq!(left(&more, &who("bob"), &host), 5);
}

#[test]
fn a_shadow_charges_nothing_and_blocks_nothing() {
    for shadow in [json!(true), json!("untouched")] {
        let off = guard_of_fives(json!({}));
        let routes = json!([{"match": {"path": "/**"}, "action": "publish"}]);
        let on = guard_of_fives(json!({"shadow": shadow, "routes": routes}));
        let host = FixedHost::at(NOW);
        let allowed = if shadow == json!(true) { "allow" } else { "shadow" };
        for _ in 0..MANY {
            assert_eq!(outcome(&on, &by_key("web-1", "/publish"), &host), allowed);
        }
        assert_eq!(host.shared_size(), (0, 0));
        assert_eq!(left(&off, &by_key("web-1", "/publish"), &host), 5);
        // What another guard counted is told of, but refuses nobody.
        let decision = decide_at(&on, &by_key("web-1", "/publish"), &host);
        assert_eq!(decision.verdict.marker(), Some("shadow"));
        assert_eq!(decision.denial.unwrap().code.name(), "rate_limited");
    }
}

#[test]
fn a_shadow_of_one_route_charges_nothing() {
    let guard = guard_of_fives(json!({}));
    let host = FixedHost::at(NOW);
    for _ in 0..MANY {
        assert_eq!(outcome(&guard, &by_key("web-1", "/shadow"), &host), "allow");
    }
    assert_eq!(left(&guard, &by_key("web-1", "/publish"), &host), 5);
    assert_eq!(outcome(&guard, &by_key("web-1", "/shadow"), &host), "shadow");
}
