//! The schema is never stricter than the guard.

use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::documents::{full, load, loads, places, with, without};
use super::validator;

#[test]
fn unusual_spellings_that_the_guard_takes_fit() {
    let validator = validator();
    let key = "/tenants/0/clients/0/keys/0";
    let spellings = [
        ("/version", json!(1.0)),
        ("/revision", json!("")),
        ("/jwt/max_token_bytes", json!(16384.0)),
        ("/jwt/cache_bytes", json!("016777216")),
        ("/jwt/cache_bytes", json!("1B")),
        ("/jwt/cache_entries", json!(u64::MAX)),
        ("/jwt/from/0/header", json!("X-!#$%&'*+.^_`|~-")),
        ("/jwt/from/0/scheme", json!("9-x")),
        ("/jwt/from/1/cookie", json!("a cookie, of sorts")),
        ("/jwt/revoked/0/issued_before", json!("2026-01-01 00:00:60.123456789-00:00")),
        ("/jwt/revoked/0/issued_before", json!("2026-01-01t00:00:00\u{2212}01:30")),
        ("/jwt/issuers/0/clock_skew", json!("0007d")),
        ("/jwt/issuers/0/clock_skew", json!("0ms")),
        ("/jwt/issuers/4/name", json!("Kunden \"A\"\n")),
        ("/jwt/issuers/0/claim_values", json!({"": ["", 1.5, -3, false]})),
        ("/jwt/issuers/0/require_claims", json!([])),
        ("/jwt/issuers/0/claims/tier", json!(null)),
        ("/jwt/issuers/0/claims/roles", json!("a..b[")),
        ("/jwt/issuers/4/keys/jwks_uri/uri", json!("HTTPS://[2001:DB8::1]:443?a=b")),
        ("/api_keys/from/0/header", json!("_9")),
        ("/tenancy/trust_header", json!("ignore")),
        ("/tenancy/assertions/0/path", json!("/{tenant}")),
        ("/tenancy/assertions/1/host", json!("*.{tenant}.EXAMPLE_1.com")),
        ("/tenancy/default/ip", json!(null)),
        ("/tenancy/default/limits", json!({"requests": null, "actions": {"generate": null}})),
        (
            "/tenants/0/ip",
            json!(["::ffff:10.0.0.0/104", "10.0.0.1 - 10.0.0.9", "10.*.0.*", "FE80::"]),
        ),
        ("/tenants/0/aliases", json!(["9", "a.b_c:d-e"])),
        ("/tenants/0/limits", json!({"actions": {"*": "0/sec", "._:-": "4294967295/day"}})),
        ("/limits/tiers", json!({"gold": "1/day", "silver": "01/min", "7 up \u{e9}": "1/sec"})),
        ("/limits/headers", json!([])),
        ("/directory/max_bytes", json!(1)),
        ("/directory/headers", json!({"9~": "x y", "X-A": {"env": "any thing"}})),
        ("/routes/6/match", json!({})),
        ("/routes/0/match/path", json!(["/%C3%A9/a;b/*/**/x"])),
        ("/routes/1/match/methods", json!("M-SEARCH!")),
        ("/routes/1/match/host", json!(["*", "a_b.C-D"])),
        ("/routes/1/scopes", json!(["a{b}~!#[]", "x"])),
        ("/routes/2/tenancy", json!({})),
        ("/routes/4/shadow", json!(false)),
        ("/replies/realm", json!(" !#[]~")),
        ("/replies/type_base", json!("")),
        ("/replies/status", json!({"tenant_reserved": 499.0})),
        ("/super_admin/tenant", json!("A")),
        ("/upstream/headers/roles", json!(null)),
        ("/upstream/claims", json!({"": "x-a", "a b": "x-b"})),
        ("/audit/max_per_second", json!(0)),
        (
            key,
            json!({"id": "\u{e9} /\u{1f600}", "hmac_sha256": "ab".repeat(32), "scopes": ["\u{e9}\"*"]}),
        ),
    ];
    let document = full().remove(0);
    for (pointer, value) in spellings {
        let document = with(document.clone(), pointer, value.clone());
        if let Err(problems) = load(&document) {
            panic!("{pointer}: {value} is refused: {problems:?}");
        }
        assert!(validator.is_valid(&document), "{pointer}: {value} doesn't fit");
    }
}

/// Values that are right somewhere.
fn values() -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!(0),
        json!(1.0),
        json!(443),
        json!(9_007_199_254_740_993_u64),
        json!(-1),
        json!(2.5),
        json!([]),
        json!({}),
        json!(""),
        json!("none"),
        json!("untouched"),
        json!("any_peer"),
        json!("007d"),
        json!("12GiB"),
        json!("2026-01-01 00:00:60.25-00:00"),
        json!("2026-01-01t00:00:00\u{2212}01:30"),
        json!("0/sec"),
        json!("::ffff:10.0.0.0/104"),
        json!("10.0.0.1 - 10.0.0.9"),
        json!("10.*.0.*"),
        json!("HTTPS://idp.example.com"),
        json!("/a/%C3%A9/é/"),
        json!("*.EXAMPLE.com"),
        json!("Ünicode und Leerzeichen"),
        json!("x-!#$%&'*+.^_`|~"),
        json!({"env": "SECRET"}),
        json!({"null": null}),
    ];
    for document in full() {
        values.extend(places(&document).iter().map(|at| document.pointer(at).unwrap().clone()));
    }
    values
}

/// A text with one character put in, taken out or changed.
fn edited(text: &str, at: Index, with: char, how: u8) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let place = at.index(characters.len() + 1);
    match how % 3 {
        0 => characters.insert(place, with),
        1 if place < characters.len() => characters[place] = with,
        _ if place < characters.len() => drop(characters.remove(place)),
        _ => {}
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..Default::default() })]

    /// The schema is never stricter than the guard.
    #[test]
    fn what_the_guard_accepts_fits(
        which in 0usize..2,
        changes in prop::collection::vec(
            (any::<Index>(), 0u8..6, any::<Index>(), prop_oneof![
                prop::sample::select("aZ09 ./:*{}%-_é\"\\\t?#@+,;[]".chars().collect::<Vec<_>>()),
                any::<char>(),
            ]),
            1..3,
        ),
    ) {
        let (values, validator) = shared();
        let mut document = full().remove(which);
        for (at, how, other, character) in changes {
            let places = places(&document);
            let place = at.get(&places);
            let value = document.pointer(place).unwrap();
            document = match (how, value) {
                (0..=2, Value::String(text)) => {
                    let text = edited(text, other, character, how);
                    with(document, place, text.into())
                }
                (3, _) => without(document, place),
                _ => with(document, place, other.get(values).clone()),
            };
        }
        if loads(&document) {
            let problems: Vec<String> =
                validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
            prop_assert!(problems.is_empty(), "{problems:#?}");
        }
    }
}

fn shared() -> &'static (Vec<Value>, Validator) {
    static SHARED: std::sync::OnceLock<(Vec<Value>, Validator)> = std::sync::OnceLock::new();
    SHARED.get_or_init(|| (values(), validator()))
}
