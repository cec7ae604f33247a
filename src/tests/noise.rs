//! Whatever bytes come, there is a decision, and no way in.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::testing::{Request, audit_line, decide, guard, issuer, jwt, key, merged, token};
use crate::{Guard, Verdict};

/// Every source, every place, every lenience.
fn guards() -> Vec<Guard> {
    let rich = json!({
        "mode": "jwt_then_api_key",
        "jwt": {"from": [
            {"header": "authorization", "scheme": "Bearer"}, {"cookie": "t"}, {"query": "t"}
        ], "issuers": [issuer(json!({
            "issuer": "https://idp.example/{tid}",
            "tenant": {"claims": ["tenant", "a.b[0]", "o.*"]},
            "claims": {"roles": ["roles", "r.*"], "scopes": ["scope", "s"], "client": ["azp", "a.b"]}
        }))]},
        "api_keys": {"from": [{"header": "x-api-key"}, {"cookie": "k"}, {"query": "k"}],
                     "keys": [key("k", "sesame", json!({}))]},
        "tenancy": {"assertions": [
            {"path": "/o/{tenant}/**"}, {"host": "{tenant}.example.com"}, {"query": "o"}
        ]},
        "paths": {"encoded_slashes": "keep", "empty_segments": "keep", "parameters": "keep"},
        "upstream": {"claims": {"a": "x-a", "o.*": "x-o"}, "payload": "x-payload"},
        "audit": {"log": "all"},
        "routes": [{"match": {"path": "/a:b/**"}}, {"match": {"path": "/me"}, "tenancy": "none"}]
    });
    let plain =
        merged(jwt(json!({"tenant": {"claims": ["tenant"]}})), json!({"audit": {"log": "all"}}));
    vec![guard(rich.clone()), guard(merged(rich, json!({"shadow": true}))), guard(plain)]
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        ":method",
        ":path",
        ":authority",
        "host",
        "authorization",
        "x-api-key",
        "cookie",
        "x-tenant-id",
        "x_tenant_id",
        "X-User-Id",
        "x-request-id",
        "content-type",
        "",
    ]);
    prop_oneof![
        9 => known.prop_map(|name| name.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"/"[..],
        b"%",
        b"%2",
        b"%2f",
        b"%3A",
        b"%25",
        b"..",
        b".",
        b";",
        b"?",
        b"&",
        b"=",
        b"t",
        b"k",
        b"o",
        b"[",
        b"]",
        b"#",
        b"*",
        b"a:b",
        b"me",
        b",",
        b" ",
        b"\"",
        b"Bearer ",
        b"e30",
        b"acme",
        b"\xff",
        b"\xc3\xa9",
        b"\0",
        b"\r\n",
        b":",
        b"example.com",
        b"GET",
        b"[::1]",
    ]);
    prop_oneof![
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        prop::collection::vec(any::<u8>(), 0..24),
    ]
}

/// Any claim that JSON can hold.
fn claim() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec!["acme", "default", "api", " ", ""]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(vec!["a", "b", "*", ""]), inner), 0..4)
                .prop_map(|pairs| pairs.into_iter().map(|(n, v)| (n.to_owned(), v)).collect()),
        ]
    })
}

fn claims() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let names = prop::sample::select(vec![
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "tid", "tenant", "a", "o", "r", "s",
        "roles", "scope", "azp", "cnf",
    ]);
    prop::collection::vec((names, claim()), 0..5)
}

proptest! {
    #[test]
    fn arbitrary_headers_are_decided_on_and_never_let_in(
        headers in prop::collection::vec((name(), value()), 0..12), whole in any::<bool>()
    ) {
        let base = if whole { Request::get("/me") } else { Request::get("/me").set(":path", "") };
        let replaced = |name: &[u8]| headers.iter().any(|(known, _)| known == name);
        let mut request = base;
        for (name, value) in &headers {
            let text = String::from_utf8_lossy(name).into_owned();
            request = match name.first() {
                Some(b':') if replaced(name) => request.set(&text, value),
                _ => request.with(name, value),
            };
        }
        for (guard, shadow) in guards().iter().zip([false, true, false]) {
            let decision = decide(guard, &request);
            let refused = matches!(decision.verdict, Verdict::Refuse(_));
            prop_assert_eq!(refused, !shadow, "{:?}", decision.verdict);
            prop_assert!(decision.denial.is_some());
            prop_assert!(audit_line(&decision)["code"].is_string());
            let trailers = headers.iter().map(|(name, _)| &name[..]);
            let stripped = guard.strip_trailers(&decision.verdict, trailers);
            prop_assert!(stripped.len() <= headers.len());
        }
    }

    #[test]
    fn a_good_signature_over_arbitrary_claims_is_decided_on(claims in claims()) {
        let claims: serde_json::Map<_, _> =
            claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        for iss in ["https://idp.example", "https://idp.example/acme"] {
            let own = merged(json!({"iss": iss, "tid": "acme"}), Value::Object(claims.clone()));
            let request = Request::get("/").bearer(&token(own));
            for guard in &guards() {
                let decision = decide(guard, &request);
                let expected = match decision.denial {
                    None => Some("allow"),
                    Some(_) => decision.verdict.marker().filter(|marker| *marker == "shadow"),
                };
                prop_assert_eq!(decision.verdict.marker(), expected);
                let visible = |value: &[u8]| value.iter().all(|b| matches!(b, 0x20..=0x7e));
                prop_assert!(decision.changes.set.iter().all(|(_, value)| visible(value)));
            }
        }
    }
}
