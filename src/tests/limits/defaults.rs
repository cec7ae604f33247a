//! What `tenant_defaults` and `tenancy.default` mean.

use super::*;
use crate::testing::{FixedHost, NOW};

/// Routes on which nothing need be bound.
fn unbound() -> Value {
    json!({"routes": [
        {"match": {"path": "/publish"}, "action": "publish", "tenancy": {"strict": false}},
        {"match": {"path": "/read"}, "action": "read", "tenancy": {"strict": false}},
        {"match": {"path": "/**"}, "tenancy": {"strict": false}}
    ]})
}

/// What is left to a fresh tenant of publish, of read, and then of all.
fn quotas(guard: &Guard, claims: &Value) -> [usize; 3] {
    let host = FixedHost::at(NOW);
    ["/publish", "/read", "/"].map(|path| left(guard, &by_token(claims.clone(), path), &host))
}

#[test]
fn what_a_tenant_does_not_say_is_as_the_defaults_have_it() {
    let defaults = json!({"requests": "12/min", "actions": {"publish": "4/min", "*": "6/min"}});
    for (own, expected) in [
        (json!({}), [4, 6, 2]),
        (json!({"limits": {}}), [4, 6, 2]),
        (json!({"limits": {"requests": "5/min"}}), [4, 1, 0]),
        (json!({"limits": {"requests": "gold"}}), [4, 1, 0]),
        (json!({"limits": {"requests": null}}), [4, 6, MANY]),
        (json!({"limits": {"actions": {}}}), [4, 6, 2]),
        (json!({"limits": {"actions": {"publish": "1/min"}}}), [1, 6, 5]),
        (json!({"limits": {"actions": {"publish": null}}}), [12, 0, 0]),
        (json!({"limits": {"actions": {"read": "1/min"}}}), [4, 1, 7]),
        (json!({"limits": {"actions": {"read": null}}}), [4, 8, 0]),
        (json!({"limits": {"actions": {"*": "2/min"}}}), [4, 2, 6]),
        (json!({"limits": {"actions": {"*": null}}}), [4, 8, 0]),
        (json!({"limits": {"requests": null, "actions": {"*": null}}}), [4, MANY, MANY]),
        (json!({"limits": null}), [MANY, MANY, MANY]),
    ] {
        let acme = merged(json!({"id": "acme"}), own.clone());
        let guard = limited(json!({"tenant_defaults": {"limits": defaults}, "tenants": [acme]}));
        assert_eq!(quotas(&guard, &json!({"tenant": "acme"})), expected, "{own}");
    }
}

#[test]
fn the_defaults_hold_for_tenants_that_are_not_listed() {
    let defaults = json!({"limits": {"requests": "9/min", "actions": {"publish": "4/min"}}});
    for listed in [json!({}), json!({"tenants": [{"id": "acme"}], "tenancy": {"unknown": "allow"}})]
    {
        let guard = limited(merged(json!({ "tenant_defaults": defaults }), listed.clone()));
        let host = FixedHost::at(NOW);
        for name in ["globex", "initech", "acme"] {
            let request = |path| by_token(json!({"tenant": name}), path);
            assert_eq!(left(&guard, &request("/publish"), &host), 4, "{listed} {name}");
            assert_eq!(left(&guard, &request("/"), &host), 5, "{listed} {name}");
        }
    }
}

#[test]
fn the_defaults_hold_for_no_client_and_no_key() {
    let defaults = json!({"tenant_defaults": {"limits": {"requests": "9/min"}}});
    let own = json!({"actions": {"publish": "2/min"}});
    let guard = limited(merged(tenants(Value::Null, own.clone(), own), defaults));
    let host = FixedHost::at(NOW);
    assert_eq!(left(&guard, &by_key("web-1", "/publish"), &host), 2);
    assert_eq!(left(&guard, &by_key("web-1", "/read"), &host), 7);
}

#[test]
fn the_reserved_tenant_has_policies_of_its_own_over_the_defaults() {
    let defaults = json!({"limits": {"requests": "9/min", "actions": {"publish": "4/min"}}});
    for (own, expected) in [
        (json!({}), [4, 5, 0]),
        (json!({"limits": {"requests": "6/min"}}), [4, 2, 0]),
        (json!({"limits": {"actions": {"publish": null, "read": "1/min"}}}), [9, 0, 0]),
        (json!({"limits": null}), [MANY, MANY, MANY]),
    ] {
        let tenancy = json!({ "default": own });
        let document = json!({"tenant_defaults": defaults, "tenancy": tenancy});
        let guard = limited(merged(unbound(), document));
        assert_eq!(quotas(&guard, &json!({})), expected, "{own}");
        // And others have none of them.
        assert_eq!(quotas(&guard, &json!({"tenant": "acme"})), [4, 5, 0], "{own}");
    }
}

#[test]
fn the_reserved_tenant_is_one_for_all_that_reach_it() {
    let document = json!({
        "tenancy": {"default": {"limits": {"requests": "5/min"}}},
        "api_keys": {"keys": [key("k", "k", json!({}))]}
    });
    let guard = limited(merged(unbound(), document));
    let host = FixedHost::at(NOW);
    assert_eq!(left(&guard, &by_token(json!({"sub": "alice"}), "/"), &host), 5);
    assert_eq!(left(&guard, &by_token(json!({"sub": "bob"}), "/"), &host), 0);
    assert_eq!(left(&guard, &by_key("k", "/"), &host), 0);
}

#[test]
fn callers_without_credentials_count_in_the_reserved_tenant() {
    let routes = json!([{
        "match": {"path": "/**"}, "auth": "optional", "tenancy": {"strict": false}
    }]);
    let limits = json!({"default": {"limits": {"requests": "5/min"}}});
    let guard = limited(json!({"tenancy": limits, "routes": routes}));
    let host = FixedHost::at(NOW);
    assert_eq!(left(&guard, &Request::get("/"), &host), 5);
    assert_eq!(left(&guard, &by_token(json!({}), "/"), &host), 0);
    assert_eq!(left(&guard, &by_token(json!({"tenant": "acme"}), "/"), &host), MANY);
}
