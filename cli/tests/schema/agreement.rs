//! What the guard accepts fits the schema, and what is plainly wrong is refused
//! by both.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenant_guard_cli::schema::{Kind, schema};

use super::documents::{full, loads, places, shown, with, without};
use super::validator;

#[test]
fn every_document_that_the_project_shows_fits() {
    let validator = validator();
    let shown = shown();
    assert!(shown.len() > 15, "only {} documents", shown.len());
    for (place, document) in shown {
        let problems: Vec<String> = validator
            .iter_errors(&document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{place}: {problems:#?}");
        assert!(loads(&document), "{place} isn't accepted");
    }
}

#[test]
fn documents_that_say_everything_fit() {
    let validator = validator();
    for document in full() {
        let problems: Vec<String> = validator
            .iter_errors(&document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{problems:#?}");
        assert!(loads(&document));
    }
}

/// Names that the schema has for fields.
fn field_names() -> BTreeSet<String> {
    let schema = schema(Kind::Plugin);
    let objects = schema["definitions"].as_object().unwrap().values().chain([&schema]);
    objects.flat_map(|object| object["properties"].as_object().unwrap().keys().cloned()).collect()
}

/// Whether names at this place are the document's own, or a key's.
fn has_own_names(pointer: &str) -> bool {
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    let own = ["claim_values", "subjects", "actions", "jwks"];
    parts.iter().any(|part| own.contains(part))
        || matches!(parts.as_slice(), ["roles"] | ["limits", "tiers"] | ["upstream", "claims"])
        || matches!(parts.as_slice(), ["directory", "headers"] | ["replies", "status" | "details"])
}

#[test]
fn a_misspelt_field_is_refused_by_both_everywhere() {
    let validator = validator();
    let mut met = BTreeSet::new();
    for document in full() {
        for place in places(&document) {
            let (up, name) = place.rsplit_once('/').unwrap();
            if document.pointer(up).unwrap().is_array() || has_own_names(up) {
                continue;
            }
            met.insert(name.to_owned());
            let value = document.pointer(&place).unwrap().clone();
            let twin = with(document.clone(), &format!("{up}/{name}q"), value);
            assert!(!validator.is_valid(&twin), "{place}q fits");
            assert!(!loads(&twin), "{place}q is accepted");
        }
    }
    let unmet: Vec<String> = field_names().difference(&met).cloned().collect();
    assert!(unmet.is_empty(), "no document has {unmet:?}");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_by_both_everywhere() {
    let validator = validator();
    let mut tried = 0;
    for document in full() {
        for place in places(&document) {
            if place.contains("/jwks/keys/") || place.contains("/claim_values/") {
                continue;
            }
            let wrong = match document.pointer(&place).unwrap() {
                Value::Bool(_) => json!(7),
                _ => json!(true),
            };
            let document = with(document.clone(), &place, wrong);
            assert!(!validator.is_valid(&document), "{place} fits");
            assert!(!loads(&document), "{place} is accepted");
            tried += 1;
        }
    }
    assert!(tried > 300, "only {tried} places");
}

#[test]
fn what_must_not_be_missing_or_together_is_refused_by_both() {
    let validator = validator();
    let document = full().remove(0);
    let gone = [
        "/version",
        "/jwt/issuers/0/issuer",
        "/jwt/issuers/0/keys",
        "/jwt/issuers/0/audiences",
        "/tenants/0/id",
        "/tenants/0/clients/0/keys/0/hmac_sha256",
        "/directory/uri",
        "/failures/block",
        "/routes/0/match",
        "/super_admin/from",
    ];
    for pointer in gone {
        let document = without(document.clone(), pointer);
        assert!(!validator.is_valid(&document), "without {pointer} it fits");
        assert!(!loads(&document), "without {pointer} it is accepted");
    }
    let wrong = [
        ("/jwt/from/0/cookie", json!("session")),
        ("/jwt/issuers/0/tenant/fixed", json!("acme")),
        (
            "/jwt/issuers/4/keys/discovery",
            document["jwt"]["issuers"][5]["keys"]["discovery"].clone(),
        ),
        ("/jwt/revoked/0/jti", json!("t-1")),
        ("/tenants/0/clients/0/keys/0/sha256", json!("0".repeat(64))),
        ("/tenancy/assertions/0/query", json!("tenant")),
        ("/jwt/issuers", json!([{}])),
        ("/replies/status", json!({"guard_unavailable": 500})),
        ("/replies/status", json!({"tenant_reserved": 200})),
        ("/routes/0/auth", json!("nobody")),
        ("/jwt/issuers/0/clock_skew", json!(30)),
        ("/tenants/0/limits/requests", json!("many/min")),
        ("/version", json!(2)),
    ];
    for (pointer, value) in wrong {
        let document = with(document.clone(), pointer, value.clone());
        assert!(!validator.is_valid(&document), "{pointer}: {value} fits");
        assert!(!loads(&document), "{pointer}: {value} is accepted");
    }
}
