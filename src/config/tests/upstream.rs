//! Header names that the document may use.

use super::*;

const FORBIDDEN: [(&str, &str); 28] = [
    (":path", "pseudo-header"),
    (":method", "pseudo-header"),
    (":authority", "pseudo-header"),
    ("host", "framing or connection"),
    ("Host", "framing or connection"),
    ("connection", "framing or connection"),
    ("content-length", "framing or connection"),
    ("Content_Length", "framing or connection"),
    ("transfer-encoding", "framing or connection"),
    ("te", "framing or connection"),
    ("trailer", "framing or connection"),
    ("upgrade", "framing or connection"),
    ("keep-alive", "framing or connection"),
    ("proxy-connection", "framing or connection"),
    ("expect", "framing or connection"),
    ("x-forwarded-for", "of the proxy itself"),
    ("X-Forwarded-Proto", "of the proxy itself"),
    ("x_forwarded_host", "of the proxy itself"),
    ("x-forwarded-client-cert", "of the proxy itself"),
    ("x-envoy-original-path", "of the proxy itself"),
    ("X_Envoy.Upstream", "of the proxy itself"),
    ("", "must not be empty"),
    ("a b", "no header name"),
    ("a:b", "no header name"),
    ("x-\u{e9}", "no header name"),
    ("x\r\ny", "no header name"),
    ("x\u{0}", "no header name"),
    ("-_-", "without a letter or digit"),
];

#[test]
fn no_header_that_the_proxy_needs_may_be_set_stripped_or_read() {
    for (name, piece) in FORBIDDEN {
        for (pointer, path) in [
            ("/upstream/headers/tenant", "upstream.headers.tenant"),
            ("/upstream/claims/email", "upstream.claims.email"),
            ("/upstream/payload", "upstream.payload"),
            ("/upstream/strip/0", "upstream.strip[0]"),
            ("/jwt/from/0/header", "jwt.from[0].header"),
            ("/api_keys/from/0/header", "api_keys.from[0].header"),
        ] {
            let said = errors(&with(full(), pointer, json!(name)));
            assert_eq!(said[0].0, path, "{name} {said:?}");
            assert!(said[0].1.contains(piece), "{name} {said:?}");
        }
    }
}

#[test]
fn two_names_that_an_application_may_take_for_one_are_refused() {
    for (pointer, twin) in [
        ("/upstream/claims/email", "x-user-id"),
        ("/upstream/claims/email", "X_User_Id"),
        ("/upstream/claims/email", "x.user.id"),
        ("/upstream/payload", "x-tenant_id"),
        ("/upstream/strip/0", "X-ROLES"),
        ("/upstream/strip/1", "x_legacy_tenant"),
        ("/upstream/headers/subject", "x-client-id"),
        ("/upstream/headers/subject", "x-jwt-payload"),
    ] {
        refused(&with(full(), pointer, json!(twin)), "upstream", "names");
    }
    let both = json!({"email": "x-user-email", "mail": "x_user_email"});
    refused(&with(full(), "/upstream/claims", both), "upstream", "may take for one");
    // The name is free once its default is turned off or moved.
    let off = with(full(), "/upstream/headers/subject", Value::Null);
    assert_eq!(accepted(&with(off, "/upstream/claims/email", json!("x-user-id"))), []);
}

#[test]
fn a_header_that_carries_a_credential_is_not_set_too() {
    for (pointer, name) in [
        ("/upstream/headers/key", "x-api-key"),
        ("/upstream/headers/key", "X_Api_Key"),
        ("/upstream/payload", "authorization"),
    ] {
        let document = with(full(), pointer, json!(name));
        refused(&document, "upstream", "which a credential is read from");
    }
}

#[test]
fn a_source_is_one_place_and_named_once() {
    for (value, path, piece) in [
        (json!({}), "jwt.from[0]", "exactly one of header, cookie and query"),
        (json!({"header": "a", "query": "b"}), "jwt.from[0]", "exactly one of"),
        (json!({"cookie": "a", "query": "b"}), "jwt.from[0]", "exactly one of"),
        (json!({"query": "a", "scheme": "Bearer"}), "jwt.from[0]", "scheme goes with header"),
        (json!({"header": "a", "scheme": "a b"}), "jwt.from[0].scheme", "no authentication scheme"),
        (json!({"header": "a", "scheme": ""}), "jwt.from[0].scheme", "not be empty"),
        (json!({"cookie": ""}), "jwt.from[0].cookie", "not be empty"),
        (json!({"query": ""}), "jwt.from[0].query", "not be empty"),
        (json!({"body": "x"}), "jwt.from[0].body", "unknown field"),
    ] {
        let said = errors(&with(full(), "/jwt/from", json!([value])));
        assert!(said.iter().any(|(at, p)| at == path && p.contains(piece)), "{said:?}");
    }
    for twice in [
        json!([{"query": "t"}, {"query": "t"}]),
        json!([{"header": "X-T"}, {"header": "x-t"}]),
        json!([{"header": "a", "scheme": "Bearer"}, {"header": "A", "scheme": "bearer"}]),
    ] {
        refused(&with(full(), "/jwt/from", twice), "jwt.from", "names one place twice");
    }
    let schemes = json!([{"header": "a", "scheme": "Bearer"}, {"header": "a", "scheme": "Token"}]);
    assert_eq!(accepted(&with(full(), "/jwt/from", schemes)), []);
}
