//! Two that claim one thing: whose it is, and what becomes of the other.

use super::*;

/// The entry of a tenant that claims something.
type Rival = fn(&str) -> Value;

/// Entries of two tenants that claim the same thing, each kind of thing.
fn rivals() -> Vec<(&'static str, Rival)> {
    vec![
        ("a digest", |id| merged(entry(id, &[]), entry(id, &["k"]))),
        ("an alias", |id| json!({"id": id, "aliases": ["thing"]})),
        ("an issuer whose keys have no kid", |id| {
            with_issuer(id, issuer("https://thing", json!({"secret": testing::SECRET})))
        }),
        ("a kid", |id| with_issuer(id, issuer("https://thing", jwks(&["thing", id])))),
        ("a place of keys", |id| {
            let uri = json!({"cluster": "idp", "uri": "https://thing/jwks"});
            with_issuer(id, issuer("https://thing", json!({"jwks_uri": uri})))
        }),
        ("a template", |id| {
            let iss = format!("https://thing/{{{id}}}/x");
            with_issuer(id, issuer(&iss, json!({"secret": testing::SECRET})))
        }),
        ("a name", |id| {
            let own = issuer(&format!("https://{id}"), jwks(&["x"]));
            with_issuer(id, merged(own, json!({"name": "thing"})))
        }),
    ]
}

#[test]
fn of_two_new_ones_the_first_has_it() {
    let guard = configuration(json!({}));
    for (what, rival) in rivals() {
        for ids in [["a", "b"], ["b", "a"]] {
            let mut fetching = Fetching::new(&guard);
            fetching.fetch(&ids.map(rival));
            assert_eq!(fetching.entry(ids[0]), rival(ids[0]), "{what}");
            let empty = json!({"id": ids[1], "active": false});
            assert_eq!(fetching.entry(ids[1]), empty, "{what}");
            assert_eq!(fetching.mistakes.len(), 1, "{what}: {:?}", fetching.mistakes);
        }
    }
}

#[test]
fn who_had_it_keeps_it_wherever_the_other_stands() {
    let guard = configuration(json!({}));
    for (what, rival) in rivals() {
        for order in [["a", "b"], ["b", "a"]] {
            let mut fetching = Fetching::new(&guard);
            fetching.fetch(&[rival("b"), entry("a", &["own"])]);
            // Whatever else it changes meanwhile.
            let later = |id: &str| merged(rival(id), json!({"limits": {"requests": "1/min"}}));
            fetching.fetch(&order.map(later));
            assert_eq!(fetching.entry("b"), later("b"), "{what} {order:?}");
            assert_eq!(fetching.states(), active(&["a", "b"]), "{what}");
            assert_eq!(fetching.mistakes.len(), 1, "{what}: {:?}", fetching.mistakes);
            // So it does with an entry that has a mistake.
            fetching.fetch(&order.map(|id| if id == "b" { bad(later(id)) } else { later(id) }));
            assert_eq!(fetching.entry("b"), later("b"), "{what} {order:?}");
        }
    }
}

#[test]
fn who_gave_it_up_or_is_gone_has_it_no_more() {
    let guard = configuration(json!({}));
    for (what, rival) in rivals() {
        for gone in [vec![], vec![entry("b", &[])], vec![bad(entry("b", &[]))]] {
            for first in [true, false] {
                let mut fetching = Fetching::new(&guard);
                fetching.fetch(&[entry("a", &[]), rival("b")]);
                let mut entries = gone.clone();
                entries.insert(if first { 0 } else { entries.len() }, rival("a"));
                fetching.fetch(&entries);
                assert_eq!(fetching.entry("a"), rival("a"), "{what} {gone:?}");
            }
        }
    }
}

#[test]
fn two_may_change_places_at_once() {
    let guard = configuration(json!({}));
    let mut fetching = Fetching::new(&guard);
    let with = |id: &str, key: &str, alias: &str, kid: &str| {
        let own = with_issuer(id, issuer("https://both", jwks(&[kid])));
        merged(merged(entry(id, &[key]), own), json!({"aliases": [alias]}))
    };
    fetching.fetch(&[with("a", "k1", "x", "1"), with("b", "k2", "y", "2")]);
    let swapped = [with("a", "k2", "y", "2"), with("b", "k1", "x", "1")];
    fetching.fetch(&swapped);
    assert!(fetching.mistakes.is_empty(), "{:?}", fetching.mistakes);
    assert_eq!(fetching.document.as_ref().unwrap(), &directory(&swapped));
    assert_eq!(fetching.opens("k1").unwrap(), "b");
    assert_eq!(fetching.named("x").unwrap(), "b");
}

#[test]
fn a_claim_to_what_several_had_is_checked_against_each() {
    let guard = configuration(json!({}));
    for order in [[0, 1, 2], [1, 2, 0], [2, 1, 0]] {
        let mut fetching = Fetching::new(&guard);
        fetching.fetch(&[entry("gives", &["k1"]), entry("keeps", &["k2"])]);
        let entries =
            [entry("new", &["k1", "k2"]), entry("gives", &[]), entry("keeps", &["k2", "k3"])];
        fetching.fetch(&order.map(|n| entries[n].clone()));
        assert_eq!(fetching.entry("keeps"), entry("keeps", &["k2", "k3"]), "{order:?}");
        assert_eq!(fetching.entry("new"), json!({"id": "new", "active": false}));
        assert_eq!((fetching.opens("k1"), fetching.opens("k2").unwrap()), (None, "keeps".into()));
    }
}

#[test]
fn a_key_under_another_id_is_the_tenant_s_still() {
    let guard = configuration(json!({}));
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(&[entry("new", &[]), entry("owner", &["k1"])]);
    let mut renamed = entry("owner", &["k1"]);
    renamed["clients"][0]["keys"][0]["id"] = json!("renamed");
    fetching.fetch(&[entry("new", &["k1"]), renamed.clone()]);
    assert_eq!(fetching.entry("owner"), renamed);
    assert_eq!(fetching.opens("k1").unwrap(), "owner");
}

#[test]
fn one_clash_after_another_leaves_everything_with_one_owner() {
    let guard = configuration(json!({}));
    let name = |n: usize| format!("t{n}");
    let key = |n: usize| format!("k{n}");
    for backwards in [false, true] {
        let mut fetching = Fetching::new(&guard);
        let arranged = |mut entries: Vec<Value>| {
            if backwards {
                entries.reverse();
            }
            entries
        };
        fetching.fetch(&arranged((0..20).map(|n| entry(&name(n), &[&key(n)])).collect()));
        // Each takes over what the one before gave up; but the first didn't.
        let moved = (1..20).map(|n| entry(&name(n), &[&key(n - 1)]));
        let kept = bad(entry(&name(0), &[&key(0)]));
        fetching.fetch(&arranged(core::iter::once(kept).chain(moved).collect()));
        assert_eq!(fetching.opens("k0").unwrap(), "t0");
        assert_eq!(fetching.opens("k1").unwrap(), "t2", "t1 gave it up, and didn't get another");
        assert_eq!(fetching.mistakes.len(), 2, "{:?}", fetching.mistakes);
    }
}

#[test]
fn an_id_goes_before_another_s_alias() {
    let guard = configuration(json!({}));
    let evil = |alias: &str| json!({"id": "evil", "aliases": [alias]});
    for bank in [entry("bank", &["k"]), bad(entry("bank", &["k"]))] {
        for order in [[0, 1], [1, 0]] {
            let mut fetching = Fetching::new(&guard);
            let entries = [evil("bank"), bank.clone()];
            fetching.fetch(&order.map(|n| entries[n].clone()));
            assert_eq!(fetching.named("bank").unwrap(), "bank");
            assert_eq!(fetching.entry("evil"), json!({"id": "evil", "active": false}));
            let sound = bank.get("unknown").is_none();
            assert_eq!(fetching.states(), states(&[("bank", sound), ("evil", false)]));
            // Nor does it when it was there before.
            fetching.fetch(&[evil("other"), bank.clone()]);
            fetching.fetch(&order.map(|n| entries[n].clone()));
            assert_eq!(fetching.named("bank").unwrap(), "bank");
        }
    }
}

#[test]
fn a_new_tenant_whose_id_is_an_alias_already_takes_nothing_away() {
    let guard = configuration(json!({}));
    let acme = |keys: &[&str]| merged(entry("acme", keys), json!({"aliases": ["taken"]}));
    for taken in [entry("taken", &["k2"]), bad(entry("taken", &["k2"]))] {
        for first in [true, false] {
            let mut fetching = Fetching::new(&guard);
            fetching.fetch(&[acme(&["k1"])]);
            let mut entries = vec![acme(&["k1", "k3"])];
            entries.insert(usize::from(!first), taken.clone());
            fetching.fetch(&entries);
            assert_eq!(fetching.entry("acme"), acme(&["k1", "k3"]));
            assert_eq!(fetching.states(), active(&["acme"]));
            assert_eq!(fetching.named("taken").unwrap(), "acme");
            assert_eq!(fetching.opens("k2"), None);
            // It is free again where the alias is given up.
            fetching.fetch(&[entry("acme", &[]), entry("taken", &["k2"])]);
            assert_eq!(fetching.states(), active(&["acme", "taken"]));
        }
    }
}

#[test]
fn what_is_the_configuration_s_is_nobody_else_s() {
    let guard = configuration(json!({}));
    let uri = |iss: &str| {
        let uri = json!({"cluster": "idp", "uri": "https://x/jwks"});
        with_issuer("evil", issuer(iss, json!({"jwks_uri": uri})))
    };
    for claim in [
        json!({"id": "evil", "aliases": ["inline"]}),
        json!({"id": "evil", "aliases": ["inline-alias"]}),
        json!({"id": "evil", "aliases": ["default"]}),
        json!({"id": "evil", "aliases": ["DEFAULT"]}),
        json!({"id": "evil", "aliases": ["operators"]}),
        json!({"id": "evil", "aliases": ["Operators"]}),
        entry("evil", &["inline-key"]),
        entry("evil", &["admin-key"]),
        uri("https://shared.example"),
        uri("https://entra.example/{other}/v2"),
        uri("https://entra.example/t-1/v2"),
        uri("https://entra.example/t-1/{x}"),
        uri("none"),
        with_issuer("evil", issuer("https://inline.example", jwks(&["ed"]))),
        with_issuer("evil", issuer("https://inline.example", json!({"secret": testing::SECRET}))),
        merged(
            uri("https://x"),
            json!({"issuers": [merged(uri("https://x")["issuers"][0].clone(), json!({"name": "shared"}))]}),
        ),
        merged(
            uri("https://x"),
            json!({"issuers": [merged(uri("https://x")["issuers"][0].clone(), json!({"name": "https://inline.example"}))]}),
        ),
    ] {
        let mut fetching = Fetching::new(&guard);
        fetching.fetch(&[claim.clone(), entry("good", &["k"])]);
        assert_eq!(fetching.states(), states(&[("evil", false), ("good", true)]), "{claim}");
        assert_eq!(fetching.entry("evil"), json!({"id": "evil", "active": false}), "{claim}");
        fetching.fetch(&[entry("evil", &["before"])]);
        fetching.fetch(&[merged(entry("evil", &["before"]), claim.clone())]);
        assert_eq!(fetching.entry("evil")["aliases"], Value::Null, "{claim}");
        assert_eq!(fetching.entry("evil")["issuers"], Value::Null, "{claim}");
    }
    // Kids of its own beside those of the configuration's tenant are fine.
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(&[with_issuer("evil", issuer("https://inline.example", jwks(&["own"])))]);
    assert_eq!(fetching.states(), active(&["evil"]));
}

#[test]
fn nobody_is_called_like_a_tenant_of_the_configuration_or_what_is_reserved() {
    let guard = configuration(json!({}));
    for id in ["inline", "inline-alias", "default", "Default", "operators", "OPERATORS", "a b", ""]
    {
        let mut fetching = Fetching::new(&guard);
        fetching.fetch(&[entry(id, &["k1"]), entry("good", &["k2"])]);
        assert_eq!(fetching.states(), active(&["good"]), "{id}");
        assert_eq!(fetching.opens("k1"), None, "{id}");
        assert_eq!(fetching.mistakes.len(), 1, "{id}: {:?}", fetching.mistakes);
    }
}

/// What another configuration has put in force is in force for this one only as
/// far as it is free.
#[test]
fn a_configuration_that_takes_something_over_has_it() {
    let old = configuration(json!({}));
    let mut fetching = Fetching::new(&old);
    let entries = [merged(entry("acme", &["k1"]), json!({"aliases": ["x"]})), entry("moved", &[])];
    fetching.fetch(&entries);
    let shared = fetching.document.clone().unwrap();
    for tenant in [
        json!({"id": "own", "aliases": ["x", "moved"]}),
        merged(entry("own", &["k1"]), json!({"aliases": ["moved"]})),
    ] {
        let new = configuration(json!({"tenants": [tenant]}));
        let mut fetching = Fetching::new(&new);
        // A worker that loads what the other shared, before anything is fetched.
        let loaded = fetching.reader().load(&shared).unwrap();
        assert!(!loaded.listing.get("acme").unwrap().active);
        assert!(loaded.listing.get("moved").is_none() && loaded.keys.len() == 0);
        fetching.document = Some(shared.clone());
        for next in [entries.clone(), entries.clone().map(bad)] {
            fetching.fetch(&next);
            assert_eq!(fetching.states(), states(&[("acme", false)]));
        }
    }
}
