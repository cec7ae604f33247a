//! `limits` at every level, tiers and `failures`.

use super::*;

/// Where limits stand.
const LEVELS: [(&str, &str); 6] = [
    ("/tenant_defaults", "tenant_defaults"),
    ("/tenancy/default", "tenancy.default"),
    ("/tenants/0", "tenants[0]"),
    ("/tenants/0/clients/0", "tenants[0].clients[0]"),
    ("/tenants/0/clients/0/keys/0", "tenants[0].clients[0].keys[0]"),
    ("/api_keys/keys/0", "api_keys.keys[0]"),
];

const NO_RATE: [&str; 12] = [
    "100/minute",
    "100/m",
    "-1/min",
    "+1/min",
    "1.5/min",
    "100 / min",
    "100",
    "/min",
    "1/min/min",
    "100/MIN",
    "5ec4e7/min",
    "1e3/sec",
];

#[test]
fn a_bad_rate_is_told_by_its_place_at_every_level() {
    const FORM: &str = "as in \"100/min\"";
    for (pointer, path) in LEVELS {
        for field in ["requests", "actions/publish", "actions/*"] {
            let at = |rate: Value| with(full(), &format!("{pointer}/limits/{field}"), rate);
            let path = format!("{path}.limits.{}", field.replace('/', "."));
            refused(&at(json!("100/minute")), &path, FORM);
            refused(&at(json!(1000)), &path, FORM);
            assert_eq!(accepted(&at(json!("gold"))), [], "{path}");
        }
    }
}

#[test]
fn a_limit_is_a_rate_or_the_name_of_a_tier() {
    let path = "tenants[0].limits.requests";
    let at = |rate: Value| with(full(), "/tenants/0/limits/requests", rate);
    for bad in NO_RATE {
        refused(&at(json!(bad)), path, "as in \"100/min\"");
    }
    for bad in [json!(1000), json!(""), json!({"count": 5}), json!(["1/min"]), json!(true)] {
        refused(&at(bad), path, "must be a rate, as in \"100/min\", or the name of a tier");
    }
    refused(&at(json!("4294967296/day")), path, "must be at most 4294967295");
    refused(&at(json!("iron")), path, "names the tier iron, which limits.tiers doesn't");
    for good in ["0/sec", "4294967295/day", "1/hour", "gold"] {
        assert_eq!(accepted(&at(json!(good))), [], "{good}");
    }
}

#[test]
fn a_bad_action_is_refused_and_one_that_no_route_has_warned_of() {
    for (pointer, path) in LEVELS {
        let at = |name: &str| {
            let mut document = full();
            document.pointer_mut(pointer).unwrap()["limits"] = json!({"actions": {name: "1/min"}});
            document
        };
        for bad in ["", "a b", "a/b", "é", "a,b", "**", &"a".repeat(65)] {
            let path = format!("{path}.limits.actions.{bad}");
            refused(&at(bad), &path, "is no name of an action: up to 64 letters");
        }
        let path = format!("{path}.limits.actions.export");
        warned(&at("export"), &path, "limits the action export, which no route has");
        for good in ["*", "generate", "publish"] {
            assert_eq!(accepted(&at(good)), []);
        }
    }
    for bad in ["", "*", "a b", "a/b", "\u{e9}"] {
        let said = errors(&with(full(), "/routes/5/action", json!(bad)));
        assert_eq!(said[0].0, "routes[5].action", "{said:?}");
    }
}

#[test]
fn a_tier_has_a_name_that_is_no_rate_and_a_rate() {
    let tiers = |tiers: Value| with(small(), "/limits/tiers", tiers);
    for bad in ["", "a/b", "10/min"] {
        let path = format!("limits.tiers.{bad}");
        refused(&tiers(json!({ bad: "1/min" })), &path, "is no name of a tier");
    }
    for bad in NO_RATE.map(Value::from).into_iter().chain([json!(5), Value::Null, json!("gold")]) {
        let document = tiers(json!({"gold": bad, "silver": "1/min"}));
        refused(&document, "limits.tiers.gold", "must be a rate, as in \"100/min\"");
    }
    refused(&tiers(json!(["gold"])), "limits.tiers", "an object");
    assert_eq!(accepted(&tiers(json!({"Gold plan": "0/day"}))), []);
}

#[test]
fn a_claim_for_tiers_needs_some() {
    let claims = with(small(), "/jwt/issuers/0/claims", json!({"tier": "plan"}));
    let path = "jwt.issuers[0].claims.tier";
    refused(&claims, path, "has no tier to choose from; add limits.tiers");
    refused(&with(claims.clone(), "/limits", json!({"tiers": {}})), path, "add limits.tiers");
    let off = with(claims.clone(), "/jwt/issuers/0/claims/tier", Value::Null);
    assert_eq!(accepted(&off), []);
    // Its other mistakes are told all the same.
    let said = errors(&with(claims.clone(), "/jwt/issuers/0/claims/scope", json!("x")));
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(accepted(&with(claims, "/limits/tiers", json!({"gold": "1/min"}))), []);
}

#[test]
fn one_mistake_in_limits_is_one_message() {
    for (pointer, value, path) in [
        ("/limits", json!([]), "limits"),
        ("/limits/tiers", json!([]), "limits.tiers"),
        ("/limits/tiers/gold", json!("1000/minute"), "limits.tiers.gold"),
        ("/limits/tiers/10", json!("10"), "limits.tiers.10"),
        ("/limits/tier", json!({}), "limits.tier"),
        ("/limits/headers", json!(["x-ratelimit"]), "limits.headers[0]"),
        ("/limits/headers", json!("ratelimit"), "limits.headers"),
        ("/limits/store", json!("redis"), "limits.store"),
        ("/limits/store", json!({"service": {}}), "limits.store"),
        ("/limits/store", json!({}), "limits.store"),
        ("/tenants/0/limits", json!("gold"), "tenants[0].limits"),
        ("/tenants/0/limits/actions", json!(["publish"]), "tenants[0].limits.actions"),
        ("/tenants/0/limits/request", json!("1/min"), "tenants[0].limits.request"),
    ] {
        refused(&with(full(), pointer, value), path, "");
    }
}

#[test]
fn null_turns_a_default_off_and_is_refused_where_there_is_none() {
    for (pointer, path) in LEVELS {
        let null = |field: &str| with(full(), &format!("{pointer}/{field}"), Value::Null);
        let over = ["tenants[0]", "tenancy.default"].contains(&path);
        for field in ["ip", "limits", "limits/requests"] {
            if over {
                assert_eq!(accepted(&null(field)), [], "{path} {field}");
            } else {
                let path = format!("{path}.{}", field.replace('/', "."));
                refused(&null(field), &path, "must be");
            }
        }
        // An action that has no limit, whatever `*` says.
        assert_eq!(accepted(&null("limits/actions/publish")), []);
        refused(&null("limits/actions"), &format!("{path}.limits.actions"), "an object");
    }
}

#[test]
fn failures_have_a_limit_and_a_time() {
    let at = |value: Value| with(small(), "/failures", value);
    for (value, path, piece) in [
        (json!({"block": "5m"}), "failures.limit", "is required"),
        (json!({"limit": "20/min"}), "failures.block", "is required"),
        (json!({"limit": "0/min", "block": "5m"}), "failures.limit", "at least 1"),
        (json!({"limit": 20, "block": "5m"}), "failures.limit", "must be a rate"),
        (json!({"limit": "gold", "block": "5m"}), "failures.limit", "must be a rate"),
        (json!({"limit": "20/min", "block": "0s"}), "failures.block", "between 1s and 7d"),
        (json!({"limit": "20/min", "block": "999ms"}), "failures.block", "between 1s and 7d"),
        (json!({"limit": "20/min", "block": "8d"}), "failures.block", "between 1s and 7d"),
        (json!({"limit": "20/min", "block": 300}), "failures.block", "a duration"),
        (json!({"limit": "20/min", "block": "5m", "per": "ip"}), "failures.per", "unknown field"),
        (json!(null), "failures", "an object"),
    ] {
        refused(&at(value), path, piece);
    }
    assert_eq!(errors(&at(json!({}))).len(), 2);
    assert_eq!(accepted(&at(json!({"limit": "1/day", "block": "7d"}))), []);
}

/// A VM with an id, with none, or of which that isn't known.
struct Vm(Option<&'static str>);

impl Environment for Vm {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn vm_id(&self) -> Option<&str> {
        self.0
    }
}

#[test]
fn what_is_counted_needs_a_vm_id_of_its_own() {
    let base = with(small(), "/limits/tiers", json!({"gold": "1/min"}));
    let clients =
        json!([{"id": "acme", "clients": [{"id": "web", "limits": {"requests": "1/min"}}]}]);
    let key = json!([{"id": "k", "sha256": digest(1), "limits": {"actions": {"*": "1/min"}}}]);
    let mut own = issuer("https://acme.example/", "k2");
    own["claims"] = json!({"tier": "plan"});
    for (pointer, value, place) in [
        ("/tenant_defaults/limits", json!({"requests": "gold"}), "tenant_defaults.limits.requests"),
        ("/tenancy/default/limits", json!({"requests": "gold"}), "tenancy.default.limits.requests"),
        ("/tenants", clients, "tenants[0].clients[0].limits.requests"),
        ("/api_keys/keys", key, "api_keys.keys[0].limits.actions.*"),
        ("/jwt/issuers/0/claims", json!({"tier": "plan"}), "jwt.issuers[0].claims.tier"),
        (
            "/tenants",
            json!([{"id": "acme", "issuers": [own]}]),
            "tenants[0].issuers[0].claims.tier",
        ),
        ("/failures", json!({"limit": "1/min", "block": "1s"}), "failures"),
    ] {
        let mut document = with(base.clone(), pointer, value);
        document["jwt"]["issuers"][0]["tenant"] = json!({"claims": ["t"], "any_tenant": true});
        let text = document.to_string();
        let said = load(text.as_bytes(), &Vm(Some(""))).unwrap_err();
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].path, place);
        assert!(said[0].problem.contains("vm_config.vm_id"), "{}", said[0]);
        for fine in [Some("mine"), None] {
            assert!(load(text.as_bytes(), &Vm(fine)).is_ok(), "{place} {fine:?}");
        }
    }
    // Nothing is counted here.
    let silent = with(base, "/tenant_defaults", json!({"limits": {}, "ip": ["10.0.0.1"]}));
    for document in [small(), silent] {
        assert!(load(document.to_string().as_bytes(), &Vm(Some(""))).is_ok());
    }
}
