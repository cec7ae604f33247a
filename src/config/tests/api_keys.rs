//! API keys.

use super::*;

const KEY: &str = "/tenants/0/clients/0/keys/0";
const PATH: &str = "tenants[0].clients[0].keys[0]";

#[test]
fn a_digest_is_64_lower_case_hexadecimal_digits() {
    for bad in [
        String::new(),
        digest(2).to_uppercase(),
        digest(2)[1..].to_owned(),
        format!("{}0", digest(2)),
        format!("{}g", &digest(2)[1..]),
        format!("{}\u{e9}", &digest(2)[2..]),
        format!("sha256:{}", digest(2)),
        // The key itself, put in the wrong place.
        "MARKER-live-key".to_owned(),
    ] {
        let document = with(full(), &format!("{KEY}/hmac_sha256"), json!(bad));
        refused(&document, &format!("{PATH}.hmac_sha256"), "64 lower-case hexadecimal");
    }
}

#[test]
fn one_digest_twice_is_refused_and_both_owners_are_named() {
    let document = with(full(), &format!("{KEY}/hmac_sha256"), json!(digest(1)));
    refused(&document, PATH, "has the digest of api_keys.keys[0] too");
    refused(&document, PATH, "key web-1 of client web of tenant acme");

    let other = json!([{"id": "jobs", "keys": [{"id": "jobs-1", "hmac_sha256": digest(2)}]}]);
    let document = with(full(), "/tenants/1/clients", other);
    let path = "tenants[1].clients[0].keys[0]";
    refused(&document, path, "has the digest of key web-1 of client web of tenant acme too");
    refused(&document, path, "key jobs-1 of client jobs of tenant globex");

    // Within one client, too.
    let again = json!({"id": "web-2", "hmac_sha256": digest(2)});
    let document = with(full(), "/tenants/0/clients/0/keys/1", again);
    refused(&document, "tenants[0].clients[0].keys[1]", "has the digest of key web-1");
}

#[test]
fn an_unbound_key_is_named_by_its_own_place() {
    let keys = json!([
        {"id": "broken", "hmac_sha256": "no digest"},
        {"id": "a", "hmac_sha256": digest(3)},
        {"id": "b", "hmac_sha256": digest(3)},
    ]);
    let said = errors(&with(full(), "/api_keys/keys", keys));
    let [(_, first), (at, second)] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert!(first.contains("64 lower-case"), "{first}");
    assert_eq!(at, "api_keys.keys[2]");
    assert!(second.contains("has the digest of api_keys.keys[1] too"), "{second}");
}

#[test]
fn ids_are_unique_where_they_stand() {
    let again = json!({"id": "web-1", "hmac_sha256": digest(3)});
    let document = with(full(), "/tenants/0/clients/0/keys/1", again);
    refused(&document, "tenants[0].clients[0].keys", "has the id web-1 twice");
    let again = json!({"id": "loose", "hmac_sha256": digest(3)});
    refused(&with(full(), "/api_keys/keys/1", again), "api_keys.keys", "has the id loose twice");
    let document = with(full(), "/tenants/0/clients/1", json!({"id": "web"}));
    refused(&document, "tenants[0].clients", "has the client web twice");
    // Another client may have a key of the same id.
    let other = json!({"id": "jobs", "keys": [{"id": "web-1", "hmac_sha256": digest(3)}]});
    assert_eq!(accepted(&with(full(), "/tenants/0/clients/1", other)), []);
}

#[test]
fn a_key_has_one_digest_of_the_configured_kind() {
    let both = with(full(), &format!("{KEY}/sha256"), json!(digest(3)));
    refused(&both, PATH, "has two digests; keep hmac_sha256 if");
    let none = without(full(), &format!("{KEY}/hmac_sha256"));
    refused(&none, PATH, "needs its digest in sha256, or in hmac_sha256");
    let plain = with(none, &format!("{KEY}/sha256"), json!(digest(3)));
    refused(
        &plain,
        PATH,
        "must have its digest in hmac_sha256, since api_keys.hash is hmac-sha256",
    );

    let plain =
        json!({"version": 1, "api_keys": {"keys": [{"id": "k", "hmac_sha256": digest(3)}]}});
    refused(
        &plain,
        "api_keys.keys[0]",
        "must have its digest in sha256, since api_keys.hash is sha256",
    );
}

#[test]
fn a_pepper_goes_with_hmac_and_hmac_with_a_pepper() {
    refused(&without(full(), "/api_keys/pepper"), "api_keys", "needs pepper");
    let plain = json!({"version": 1, "api_keys": {"pepper": PEPPER, "keys": []}});
    refused(&plain, "api_keys", "pepper goes with hash: hmac-sha256 only");
    let plain = json!({"version": 1, "api_keys": {"hash": "sha256", "pepper": PEPPER}});
    refused(&plain, "api_keys", "pepper goes with hash: hmac-sha256 only");
    refused(&with(full(), "/api_keys/hash", json!("md5")), "api_keys.hash", "sha256, hmac-sha256");
}

#[test]
fn dates_are_rfc_3339_and_in_order() {
    for bad in ["2026-01-01", "tomorrow", "1767225600", "2026-02-30T00:00:00Z", ""] {
        for field in ["not_before", "expires"] {
            let document = with(full(), &format!("{KEY}/{field}"), json!(bad));
            refused(&document, &format!("{PATH}.{field}"), "RFC 3339");
        }
    }
    for end in ["2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z"] {
        let document = with(full(), &format!("{KEY}/expires"), json!(end));
        refused(&document, PATH, "expires before it becomes valid");
    }
}

#[test]
fn ids_scopes_and_roles_are_text_that_fits_a_header() {
    for (field, value, at, piece) in [
        ("id", json!("a\nb"), "id", "control characters"),
        ("id", json!("x".repeat(257)), "id", "at most 256 bytes"),
        ("scopes", json!(["a b"]), "scopes[0]", "a scope holds no space"),
        ("scopes", json!([""]), "scopes[0]", "not be empty"),
        ("roles", json!(["a\u{0}"]), "roles[0]", "control characters"),
    ] {
        let document = with(full(), &format!("{KEY}/{field}"), value);
        refused(&document, &format!("{PATH}.{at}"), piece);
    }
    let document = with(full(), "/tenants/0/clients/0/id", json!("a\rb"));
    refused(&document, "tenants[0].clients[0].id", "control characters");
    refused(&without(full(), &format!("{KEY}/id")), &format!("{PATH}.id"), "is required");
}

#[test]
fn the_digest_of_nothing_is_no_key() {
    // `printf %s "$UNSET" | sha256sum`, and with `echo`.
    for digest in [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
    ] {
        let key = json!({"id": "k", "sha256": digest});
        let document = json!({"version": 1, "api_keys": {"keys": [key]}});
        refused(&document, "api_keys.keys[0]", "has the digest of an empty text");
    }
}
