//! An entry with a mistake takes away what it doesn't list any more.

use super::*;

/// What is in force after a good entry and then one with a mistake.
fn after(good: Value, new: Value) -> Value {
    let guard = configuration(json!({}));
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(&[good.clone(), entry("other", &["o"])]);
    assert!(fetching.mistakes.is_empty(), "{good}: {:?}", fetching.mistakes);
    fetching.fetch(&[new, entry("other", &["o"])]);
    assert_eq!(fetching.opens("o").unwrap(), "other");
    fetching.entry(good["id"].as_str().unwrap())
}

fn off() -> Value {
    json!({"id": "a", "active": false})
}

#[test]
fn what_it_adds_or_leaves_alone_changes_nothing() {
    let good = merged(
        entry("a", &["k1"]),
        json!({"aliases": ["x"], "limits": {"requests": "1/min"}, "ip": ["10.0.0.1"]}),
    );
    assert_eq!(after(good.clone(), bad(good.clone())), good);
    let mut more = bad(good.clone());
    more["aliases"] = json!(["x", "y"]);
    more["clients"][0]["keys"] = entry("a", &["k1", "k2"])["clients"][0]["keys"].clone();
    more["ip"] = json!(["*"]);
    more["limits"] = Value::Null;
    assert_eq!(after(good.clone(), more), good);
}

#[test]
fn what_is_gone_or_off_is_gone_or_off() {
    let good = json!({
        "id": "a",
        "aliases": ["x", "y"],
        "clients": [
            {"id": "web", "keys": [
                key("k1", "k1", json!({"scopes": ["read", "write"], "roles": ["r"], "expires": "2030-01-01T00:00:00Z"})),
                key("k2", "k2", json!({})),
            ]},
            {"id": "batch", "keys": [key("k3", "k3", json!({}))]},
        ],
    });
    let good = merged(good, json!({}));
    // Their rules still hold for tokens that name them.
    let gone = json!([{"id": "web", "active": false}, {"id": "batch", "active": false}]);
    for (pointer, new, left) in [
        ("/active", json!(false), json!(false)),
        ("/active", json!("true"), json!(false)),
        ("/active", Value::Null, json!(false)),
        ("/aliases", json!(["y", 7]), json!(["y"])),
        ("/aliases", json!([]), json!([])),
        ("/aliases", Value::Null, json!([])),
        ("/aliases", json!("none"), json!(["x", "y"])),
        ("/clients", json!([]), gone.clone()),
        ("/clients", Value::Null, gone.clone()),
        ("/clients/0/active", json!(0), json!(false)),
        ("/clients/0/keys", Value::Null, json!([])),
        ("/clients/0/keys/0/active", json!(false), json!(false)),
        ("/clients/0/keys/0/scopes", json!(["read"]), json!(["read"])),
        ("/clients/0/keys/0/scopes", Value::Null, json!([])),
        ("/clients/0/keys/0/roles", json!([]), json!([])),
        ("/clients/0/keys/0/expires", json!("2020-01-01T00:00:00Z"), json!("2020-01-01T00:00:00Z")),
        ("/clients/0/keys/0/expires", json!("2040-01-01T00:00:00Z"), json!("2030-01-01T00:00:00Z")),
        ("/clients/0/keys/1/expires", json!("2020-01-01T00:00:00Z"), json!("2020-01-01T00:00:00Z")),
        ("/tokens_not_before", json!("2026-01-01T00:00:00Z"), json!("2026-01-01T00:00:00Z")),
    ] {
        let mut changed = bad(good.clone());
        let (up, name) = pointer.rsplit_once('/').unwrap();
        changed.pointer_mut(up).unwrap()[name] = new.clone();
        let kept = after(roles(&good), changed);
        assert_eq!(kept.pointer(pointer), Some(&left), "{pointer} {new}");
        assert_eq!(kept["clients"].as_array().unwrap().len(), 2, "{pointer}");
    }
    // A key with another digest isn't that key.
    let mut rotated = bad(good.clone());
    rotated["clients"][0]["keys"][0]["sha256"] = json!(digest("new"));
    let kept = after(roles(&good), rotated);
    assert_eq!(kept["clients"][0]["keys"].as_array().unwrap().len(), 1);
    // A field that is gone takes all of it away.
    for (field, left) in [("clients", gone), ("aliases", json!([]))] {
        let mut changed = bad(good.clone());
        changed.as_object_mut().unwrap().remove(field);
        assert_eq!(after(roles(&good), changed)[field], left);
    }
}

/// Roles must be known to be good.
fn roles(good: &Value) -> Value {
    let mut good = good.clone();
    good["clients"][0]["keys"][0].as_object_mut().unwrap().remove("roles");
    good["clients"][0]["keys"][0]["roles"] = json!([]);
    good
}

#[test]
fn the_later_time_up_to_which_tokens_are_revoked_counts() {
    let at = |year: u16| json!({"id": "a", "tokens_not_before": format!("{year}-01-01T00:00:00Z")});
    for (old, new, left) in [(2026, 2027, 2027), (2027, 2026, 2027)] {
        assert_eq!(after(at(old), bad(at(new))), at(left));
    }
    assert_eq!(after(at(2026), json!({"id": "a", "x": 1})), at(2026));
    assert_eq!(after(at(2026), json!({"id": "a", "tokens_not_before": "soon"})), at(2026));
}

#[test]
fn what_is_there_twice_is_off_where_one_says_so() {
    let guard = configuration(json!({}));
    let good = entry("a", &["k1"]).to_string();
    for twice in [
        good.replacen('{', r#"{"active":true,"active":false,"#, 1),
        good.replacen('{', r#"{"active":false,"active":true,"#, 1),
    ] {
        let mut fetching = Fetching::new(&guard);
        fetching.fetch(&[entry("a", &["k1"])]);
        let document = format!(r#"{{"version":1,"tenants":[{twice}]}}"#);
        fetching.fetch_bytes(document.as_bytes()).unwrap();
        assert_eq!(fetching.opens("k1"), None, "{twice}");
        assert_eq!(fetching.states(), states(&[("a", false)]));
    }
    // Of a client or key that is there twice, too.
    let key = entry("a", &["k1"])["clients"][0]["keys"][0].clone();
    let dead = merged(key.clone(), json!({"active": false}));
    for clients in [
        json!([{"id": "web", "keys": [key]}, {"id": "web", "active": false, "keys": [key]}]),
        json!([{"id": "web", "keys": [key, dead]}]),
        json!([{"id": "web", "keys": [dead]}, {"id": "web", "keys": [key]}]),
    ] {
        let mut fetching = Fetching::new(&guard);
        fetching.fetch(&[entry("a", &["k1"])]);
        fetching.fetch(&[json!({"id": "a", "clients": clients})]);
        assert_eq!(fetching.opens("k1"), None, "{clients}");
        assert_eq!(fetching.states(), active(&["a"]));
    }
}

#[test]
fn keys_that_an_issuer_doesn_t_list_any_more_are_gone() {
    let with = |keys: Value| with_issuer("a", issuer("https://a", keys));
    let text = |keys: Value| json!({"jwks": keys["jwks"].to_string()});
    let uri = |at: &str| json!({"jwks_uri": {"cluster": "idp", "uri": at}});
    let both = |a: Value, b: Value| merged(a, b);
    let secret = |n: &str| json!({"secret": n.repeat(32)});
    let (one, two) = (jwks(&["1"]), jwks(&["1", "2"]));
    for (old, new, left) in [
        (two.clone(), one.clone(), Some(one.clone())),
        (two.clone(), jwks(&["1", "3"]), Some(one.clone())),
        // As an object or as its text.
        (text(two.clone()), one.clone(), Some(one.clone())),
        (two.clone(), text(one.clone()), Some(one.clone())),
        (two.clone(), json!({"jwks": "nonsense"}), Some(two.clone())),
        (two.clone(), json!({"jwks": {"keys": 7}}), Some(two.clone())),
        // Nothing is left, so nobody speaks for the tenant any more.
        (one.clone(), jwks(&["2"]), None),
        (one.clone(), json!({"jwks": {"keys": []}}), None),
        (one.clone(), json!({"jwks": null}), None),
        (one.clone(), uri("https://a/jwks"), None),
        (uri("https://a/jwks"), uri("https://a/jwks"), Some(uri("https://a/jwks"))),
        (uri("https://a/jwks"), uri("https://b/jwks"), None),
        (uri("https://a/jwks"), uri("not a place"), Some(uri("https://a/jwks"))),
        (both(one.clone(), uri("https://a/")), uri("https://a/"), Some(uri("https://a/"))),
        (both(one.clone(), secret("s")), one.clone(), Some(one.clone())),
        (both(one.clone(), secret("s")), both(one.clone(), secret("t")), Some(one.clone())),
        (secret("s"), secret("t"), None),
        (secret("s"), secret("s"), Some(secret("s"))),
        (secret("s"), json!({"secret": {"env": "OTHER"}}), None),
        (secret("s"), json!({}), None),
        (secret("s"), json!("unreadable"), Some(secret("s"))),
    ] {
        let kept = after(with(old.clone()), bad(with(new.clone())));
        match left {
            Some(left) => {
                assert_eq!(kept["issuers"][0]["keys"], left, "{old} {new}");
                assert_eq!(kept["active"], Value::Null);
            }
            None => assert_eq!(kept["issuers"], json!([]), "{old} {new}: {kept}"),
        }
    }
}

#[test]
fn an_issuer_without_keys_takes_no_other_down() {
    let guard = configuration(json!({}));
    let entry = |keys: Value| {
        merged(
            entry("a", &["k1"]),
            json!({"issuers": [issuer("https://a", keys), issuer("https://b", jwks(&["b"]))]}),
        )
    };
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(&[entry(jwks(&["1"]))]);
    fetching.fetch(&[bad(entry(jwks(&["2"])))]);
    assert_eq!(fetching.issuers("https://a"), []);
    assert_eq!(fetching.issuers("https://b"), [("a".to_owned(), vec!["b".to_owned()])]);
    assert_eq!(fetching.opens("k1").unwrap(), "a");
    // An issuer that named the tenant by an alias which is gone.
    let aliased = merged(issuer("https://a", jwks(&["1"])), json!({"tenant": {"fixed": "x"}}));
    let good = json!({"id": "a", "aliases": ["x"], "issuers": [aliased, issuer("https://b", jwks(&["b"]))]});
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(core::slice::from_ref(&good));
    assert_eq!(fetching.issuers("https://a").len(), 1);
    fetching.fetch(&[bad(merged(good, json!({"aliases": []})))]);
    assert_eq!((fetching.issuers("https://a").len(), fetching.issuers("https://b").len()), (0, 1));
}

#[test]
fn a_tenant_that_a_mistake_takes_all_its_issuers_is_closed_to_others() {
    let guard = configuration(json!({}));
    let good = merged(entry("a", &["k1"]), json!({"issuers": [issuer("https://a", jwks(&["1"]))]}));
    let mut rotated = good.clone();
    rotated["issuers"][0]["keys"] = jwks(&["2"]);
    // The mistake may be in the name of the list, or the list itself one.
    let none = merged(entry("a", &["k1"]), json!({"issuers": []}));
    for without in [rotated, none, entry("a", &["k1"])] {
        let mut fetching = Fetching::new(&guard);
        fetching.fetch(core::slice::from_ref(&good));
        for _ in 0..2 {
            fetching.fetch(&[bad(without.clone())]);
            assert_eq!(fetching.issuers("https://a").len(), 0);
            assert_eq!(fetching.opens("k1").unwrap(), "a");
            assert!(fetching.is_closed("a"), "{without}");
        }
        // Without a mistake it is what it says.
        fetching.fetch(&[entry("a", &["k1"])]);
        assert!(!fetching.is_closed("a"));
    }
}

#[test]
fn what_was_never_good_is_inactive_until_it_is() {
    let guard = configuration(json!({}));
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(&[bad(entry("a", &["k1"]))]);
    assert_eq!(fetching.entry("a"), off());
    fetching.fetch(&[bad(entry("a", &["k1", "k2"]))]);
    assert_eq!(fetching.entry("a"), off());
    fetching.fetch(&[entry("a", &["k1"])]);
    assert_eq!(fetching.entry("a"), entry("a", &["k1"]));
    // And what a bad one took away is away until a good one brings it back.
    fetching.fetch(&[bad(entry("a", &[]))]);
    fetching.fetch(&[bad(entry("a", &["k1"]))]);
    assert_eq!(fetching.opens("k1"), None);
    fetching.fetch(&[entry("a", &["k1"])]);
    assert_eq!(fetching.opens("k1").unwrap(), "a");
}
