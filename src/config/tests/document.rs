//! The document itself: JSON text or a `Struct`, and that nothing breaks the
//! loader.

use proptest::prelude::*;
use prost::Message;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct};

use super::*;

/// A `Struct` in the wire format, as Envoy hands it over: all numbers floats.
fn wire(document: &Value) -> Vec<u8> {
    fn object(map: &serde_json::Map<String, Value>) -> Struct {
        Struct { fields: map.iter().map(|(name, v)| (name.clone(), any(v))).collect() }
    }
    fn any(value: &Value) -> prost_types::Value {
        let kind = match value {
            Value::Null => Kind::NullValue(0),
            Value::Bool(flag) => Kind::BoolValue(*flag),
            Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap()),
            Value::String(text) => Kind::StringValue(text.clone()),
            Value::Array(list) => {
                Kind::ListValue(ListValue { values: list.iter().map(any).collect() })
            }
            Value::Object(map) => Kind::StructValue(object(map)),
        };
        prost_types::Value { kind: Some(kind) }
    }
    object(document.as_object().unwrap()).encode_to_vec()
}

/// What came out, the guard's own state included, as text.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Err(errors) => format!("{errors:#?}"),
        Ok(Loaded { guard, warnings }) => {
            let tenancy = &guard.tenancy;
            let policies = (&tenancy.default_policy, &tenancy.unlisted_policy);
            let acme = tenancy.name("acme").and_then(|name| tenancy.directory.get(&name));
            let client = acme.and_then(|acme| acme.clients.get("web"));
            let sections = (&guard.super_admin, &guard.dev, guard.throttle, guard.limit_headers);
            format!(
                "{warnings:#?} {:#?} {:#?} {:#?} {:#?} {:#?} {policies:#?} {:#?} {client:#?} {sections:#?}",
                guard.routes,
                guard.upstream,
                guard.roles,
                tenancy.rules,
                guard.audit,
                acme.map(|acme| &acme.policy),
            )
        }
    }
}

#[test]
fn an_empty_document_says_what_is_needed() {
    for text in ["", " ", "\n\t "] {
        let errors = load_text(text.as_bytes()).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert!(errors[0].to_string().starts_with("document: is empty"), "{}", errors[0]);
    }
    refused(&json!({}), "version", "is required");
}

#[test]
fn a_text_that_is_no_json_is_told_where_it_goes_wrong() {
    for (text, place) in [
        (format!("{{\"version\": 1,\n\"x\": {SECRET}}}"), "line 2 column 6"),
        (format!("{{\"jwt\": \"{SECRET}\""), "ends too early"),
        ("{} {}".to_owned(), "line 1 column 4"),
        ("version: 1".to_owned(), "line 1"),
        ("[".repeat(100_000), "nested too deep"),
    ] {
        let errors = load_text(text.as_bytes()).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert!(errors[0].path.is_empty() && errors[0].problem.contains(place), "{}", errors[0]);
    }
    for text in ["[]", "1", "null", "\"text\""] {
        let errors = load_text(text.as_bytes()).unwrap_err();
        assert_eq!(errors[0].problem, "must be an object", "{text}");
    }
}

#[test]
fn a_name_given_twice_is_refused_at_every_depth() {
    let text = full().to_string();
    for (from, to, path) in [
        ("\"version\":1", "\"version\":1,\"version\":1", "version"),
        ("\"strict\":true", "\"strict\":true,\"strict\":false", "tenancy.strict"),
        ("\"id\":\"globex\"", "\"id\":\"globex\",\"id\":\"globex\"", "tenants[1].id"),
        ("\"pepper\":", "\"pepper\":\"MARKER\",\"pepper\":", "api_keys.pepper"),
        ("\"strict\":true", "\"strict\":true,\"\\u0073trict\":true", "tenancy.strict"),
    ] {
        assert!(text.contains(from), "{from}");
        let errors = load_text(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].path, path);
        assert!(errors[0].problem.contains("twice"));
    }
    // In a key set that is text, too.
    let twice = "{\"keys\": [], \"keys\": []}";
    let document = with(full(), "/jwt/issuers/0/keys/jwks", json!(twice));
    refused(&document, "jwt.issuers[0].keys.jwks", "unique names");
}

#[test]
fn a_struct_means_what_the_same_json_means() {
    for document in [full(), small(), in_development()] {
        let json = try_load(&document);
        let wired = load_text(&wire(&document));
        assert!(json.is_ok() && wired.is_ok(), "{wired:?}");
        assert_eq!(told(&json), told(&wired));
    }
    // The same mistakes at the same places, whole numbers as floats included.
    for (pointer, value) in [
        ("/version", json!(2)),
        ("/version", json!(1.5)),
        ("/replies/status/tenant_reserved", json!(500)),
        ("/jwt/max_token_bytes", json!(-1)),
        ("/jwt/max_token_bytes", json!(1e18)),
        ("/tenants/1/id", json!("acme")),
        ("/jwt/issuers/0/keys/jwks", Value::Null),
        ("/limits/tiers/gold", json!(1000)),
        ("/failures/limit", json!(20.5)),
        ("/tenants/0/limits", Value::Null),
        ("/tenants/0/limits/actions/publish", json!(0)),
        ("/tenants/0/clients/0/ip", json!(["10.0.0.1/8", 10])),
        ("/tenancy/trust_header", json!(["0.0.0.0/0"])),
        ("/roles/viewer/includes", json!(["admin"])),
        ("/super_admin", json!({})),
        ("/zzz", json!([null, true, 1, "x", {"y": []}])),
    ] {
        let document = with(full(), pointer, value);
        assert_eq!(told(&try_load(&document)), told(&load_text(&wire(&document))), "{pointer}");
    }
}

#[test]
fn numbers_of_a_struct_count_as_whole_ones() {
    let document = with(small(), "/jwt/cache_entries", json!(7.0));
    assert_eq!(load_text(&wire(&document)).unwrap().guard.cache_entries, 7);
    let document = with(document, "/audit/max_per_second", json!(1e30));
    assert_eq!(load_text(&wire(&document)).unwrap_err()[0].path, "audit.max_per_second");
    let values = json!({"n": [1, 2.5, true]});
    let document = with(small(), "/jwt/issuers/0/claim_values", values);
    assert!(load_text(&wire(&document)).is_ok());
}

#[test]
fn loading_is_deterministic() {
    let broken = with(
        with(full(), "/tenants/1/id", json!("acme")),
        "/jwt/issuers/0/audience",
        json!({"zz": 1, "aa": 2}),
    );
    for document in [full(), broken] {
        let first = told(&try_load(&document));
        for _ in 0..5 {
            assert_eq!(told(&try_load(&document)), first);
        }
    }
}

#[test]
fn a_large_document_loads_in_reasonable_time() {
    let tenants: Vec<Value> = (0..2_000)
        .map(|n| {
            let key = json!({"id": "k", "sha256": format!("{n:064x}")});
            json!({"id": format!("t{n}"), "clients": [{"id": "c", "keys": [key]}]})
        })
        .collect();
    let started = std::time::Instant::now();
    assert_eq!(accepted(&json!({"version": 1, "tenants": tenants})), []);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// A value that stands where it may not.
fn junk() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(1_u64 << 53),
        json!(""),
        json!("x"),
        json!("default"),
        json!("{tenant}"),
        json!("/**"),
        json!("\u{0}\u{ffff}é"),
        json!("https://{a}/{b}"),
        json!([]),
        json!([[]]),
        json!([null]),
        json!({}),
        json!({"": {}}),
        json!({"env": "SECRET"}),
        json!({"env": ""}),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = load_text(&bytes);
    }

    #[test]
    fn no_broken_text_makes_it_panic(at: prop::sample::Index, byte: u8, cut: bool, wired: bool) {
        let mut bytes = if wired { wire(&full()) } else { full().to_string().into_bytes() };
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        // A broken byte may turn a field that holds a secret into one that doesn't.
        let _ = load(&bytes, &Env);
    }

    #[test]
    fn no_mutated_document_makes_it_panic_or_tells_a_secret(
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(junk())), 1..4)
    ) {
        let mut document = full();
        for (at, value) in changes {
            let places = places(&document);
            let Some((pointer, _)) = places.get(at.index(places.len().max(1))) else {
                continue;
            };
            document = match value {
                Some(value) => with(document, pointer, value),
                None => without(document, pointer),
            };
        }
        prop_assert_eq!(told(&try_load(&document)), told(&load_text(&wire(&document))));
    }
}
