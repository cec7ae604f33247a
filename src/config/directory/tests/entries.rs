//! One entry: what is wrong with it, and whose it is.

use super::*;

#[test]
fn an_entry_with_a_mistake_is_inactive_and_no_other_is_touched() {
    let guard = configuration(json!({}));
    let own = |fields: Value| merged(entry("a", &["k1"]), fields);
    let with = |issuer: Value| own(json!({"issuers": [issuer]}));
    let fine = issuer("https://a", jwks(&["1"]));
    let uri = |uri: Value| with(issuer("https://a", json!({"jwks_uri": uri})));
    let mut twice = entry("a", &["k1", "k2"]);
    twice["clients"][0]["keys"][1]["sha256"] = json!(digest("k1"));
    for (entry_a, piece) in [
        (own(json!({"tier": 1})), "unknown field"),
        (own(json!({"active": 1})), "true or false"),
        (own(json!({"aliases": ["a"]})), "names itself a twice"),
        (own(json!({"aliases": ["x", "x"]})), "names itself x twice"),
        (own(json!({"aliases": ["a b"]})), "no tenant name"),
        (own(json!({"tokens_not_before": "soon"})), "RFC 3339"),
        (own(json!({"limits": {"requests": "gold"}})), "tenants[0].limits"),
        (own(json!({"ip": ["10.0.0.1/8"]})), "tenants[0].ip[0]"),
        (own(json!({"clients": [{"id": "w"}, {"id": "w"}]})), "client w twice"),
        (twice, "the digest of another key of the tenant"),
        (
            own(json!({"clients": [{"id": "w", "keys": [key("k", "", json!({}))]}]})),
            "the digest of an empty text",
        ),
        (
            own(
                json!({"clients": [{"id": "w", "keys": [{"id": "k", "hmac_sha256": digest("x")}]}]}),
            ),
            "must have its digest in sha256",
        ),
        (with(merged(fine.clone(), json!({"tenant": {"fixed": "b"}}))), "speaks for it only"),
        (
            with(merged(fine.clone(), json!({"tenant": {"claims": ["t"], "any_tenant": true}}))),
            "speaks for it only",
        ),
        (with(merged(fine.clone(), json!({"tenant": {"acts_for": ["b"]}}))), "speaks for it only"),
        (
            with(merged(fine.clone(), json!({"tenant": {"subjects": {"alice": "b"}}}))),
            "speaks for it only",
        ),
        (own(json!({"issuers": [fine.clone(), fine.clone()]})), "has the issuer https://a twice"),
        (
            own(json!({"issuers": [
                merged(fine.clone(), json!({"name": "n"})),
                merged(issuer("https://b", jwks(&["1"])), json!({"name": "n"})),
            ]})),
            "calls two issuers n",
        ),
        (
            own(json!({"issuers": [
                issuer("https://a/{x}/y", jwks(&["1"])),
                issuer("https://a/z/{x}", jwks(&["2"])),
            ]})),
            "overlaps another issuer of the tenant",
        ),
        (uri(json!({"cluster": "cp", "uri": "https://a/"})), "none of directory.key_clusters"),
        (uri(json!({"cluster": "idp", "uri": "http://a/"})), "must be https"),
        (
            with(issuer(
                "https://a",
                json!({"discovery":
                {"cluster": "idp", "uri": "https://a/", "jwks_cluster": "cp"}}),
            )),
            "none of directory.key_clusters",
        ),
        (with(issuer("https://a", json!({"secret": {"env": "UNSET"}}))), "UNSET is not set"),
        (with(issuer("https://a", json!({"secret": "short"}))), "shorter than its hash"),
    ] {
        let mut fetching = Fetching::new(&guard);
        let others = [entry("b", &["k8"]), entry("c", &["k9"])];
        fetching.fetch(&[entry_a.clone(), others[0].clone(), others[1].clone()]);
        let [mistake] = fetching.mistakes.as_slice() else {
            panic!("{entry_a}: {:#?}", fetching.mistakes);
        };
        assert!(mistake.starts_with("tenants[0]") && mistake.contains(piece), "{mistake}");
        assert!(!mistake.contains(&digest("k1")) && !mistake.contains("short\""), "{mistake}");
        assert_eq!(fetching.states(), states(&[("a", false), ("b", true), ("c", true)]));
        assert_eq!([fetching.entry("b"), fetching.entry("c")], others);
        assert_eq!((fetching.opens("k1"), fetching.opens("k8").unwrap()), (None, "b".into()));
        // A good one before stays, less what it doesn't list any more.
        fetching.fetch(&[entry("a", &["k1", "old"]), others[0].clone()]);
        fetching.fetch(&[entry_a.clone(), others[0].clone()]);
        assert_eq!(fetching.opens("old"), None, "{entry_a}");
    }
}

#[test]
fn an_entry_that_doesn_t_say_whose_it_is_is_nobody_s() {
    let guard = configuration(json!({}));
    for nobody in [
        json!({}),
        json!({"id": 7, "clients": []}),
        json!({"id": null}),
        json!({"ID": "a"}),
        json!(null),
        json!([{"id": "a"}]),
        json!("a"),
        json!(true),
    ] {
        let mut fetching = Fetching::new(&guard);
        fetching.fetch(&[nobody.clone(), entry("b", &["k"])]);
        assert_eq!(fetching.states(), active(&["b"]), "{nobody}");
        assert!(!fetching.mistakes.is_empty());
        fetching.fetch(&[entry("a", &["k1"]), entry("b", &["k"])]);
        fetching.fetch(&[nobody.clone(), entry("b", &["k"])]);
        assert_eq!(fetching.states(), active(&["b"]), "{nobody}");
    }
}

#[test]
fn of_two_entries_of_one_tenant_the_first_counts() {
    let guard = configuration(json!({}));
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(&[entry("a", &["k1"]), entry("b", &[]), entry("a", &["k2"])]);
    assert_eq!(fetching.mistakes, ["tenants[2].id: is there already; the first entry counts"]);
    assert_eq!(fetching.states(), active(&["a", "b"]));
    assert_eq!((fetching.opens("k1").unwrap(), fetching.opens("k2")), ("a".into(), None));
    // Whichever says that it is inactive.
    let off = |entry: Value| merged(entry, json!({"active": false}));
    let (on, off) = (entry("a", &["k1"]), off(entry("a", &["k1"])));
    for entries in [[&off, &on], [&on, &off]] {
        for before in [vec![], vec![on.clone()]] {
            let mut fetching = Fetching::new(&guard);
            fetching.fetch(&before);
            fetching.fetch(&entries.map(Clone::clone));
            assert_eq!(fetching.states(), states(&[("a", false)]));
        }
    }
}

#[test]
fn where_tenants_start_inactive_one_that_says_nothing_is() {
    let guard = configuration(json!({"tenancy": {"start": "inactive"}}));
    let on = |entry: Value| merged(entry, json!({"active": true}));
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(&[on(entry("a", &["k"])), entry("b", &[])]);
    assert_eq!(fetching.states(), states(&[("a", true), ("b", false)]));
    // Whether its entry is good or not.
    for new in [entry("a", &["k"]), bad(entry("a", &["k"]))] {
        fetching.fetch(&[on(entry("a", &["k"]))]);
        assert_eq!(fetching.states(), active(&["a"]));
        fetching.fetch(&[new]);
        assert_eq!(fetching.states(), states(&[("a", false)]));
    }
    fetching.fetch(&[on(entry("a", &["k"])), entry("a", &["k"])]);
    assert_eq!(fetching.states(), states(&[("a", false)]));
}

#[test]
fn an_id_follows_the_configured_format_and_an_alias_doesn_t() {
    let guard = configuration(json!({"tenancy": {"id_format": "slug"}}));
    let mut fetching = Fetching::new(&guard);
    fetching.fetch(&[
        json!({"id": "a-1", "aliases": ["Org_1"]}),
        json!({"id": "A-2"}),
        json!({"id": "c", "aliases": [""]}),
    ]);
    assert_eq!(fetching.states(), states(&[("a-1", true), ("c", false)]));
    assert_eq!(fetching.named("Org_1").unwrap(), "a-1");
}

#[test]
fn a_tenant_s_keys_are_fetched_by_its_own_times() {
    let mut guard = configuration(json!({"jwt": {"issuers": [merged(
        issuer("https://own", json!({"jwks_uri": {"cluster": "idp", "uri": "https://x/jwks"}})),
        json!({"tenant": {"fixed": "inline"}}),
    )]}}));
    let uri = |refresh: &str, stale: &str| {
        let at = json!({"cluster": "idp", "uri": "https://x/jwks", "refresh": refresh, "max_stale": stale, "cooldown": "365d", "timeout": "60s"});
        issuer(&format!("https://{refresh}"), json!({"jwks_uri": at}))
    };
    let entries = [with_issuer("a", uri("1s", "1s")), with_issuer("b", uri("2h", "3h"))];
    let loaded = Reader::new(&guard, &NoEnvironment).unwrap().load(&directory(&entries)).unwrap();
    guard.take_over_tenants(loaded);
    let mut times: Vec<[f64; 4]> = guard
        .sources()
        .iter()
        .filter(|source| !source.is_directory())
        .map(|s| [s.timing.refresh, s.timing.max_stale, s.timing.cooldown, s.timing.timeout])
        .collect();
    times.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let year = 365.0 * 86_400.0;
    assert_eq!(
        times,
        [[1., 1., year, 60.], [300., 86_400., 30., 2.], [7_200., 10_800., year, 60.]]
    );
}
