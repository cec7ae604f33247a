//! The form of a token, before anything in it is believed.

use tenant_guard_tests::token::{Parts, b64};

use super::*;

fn malformed(tokens: impl IntoIterator<Item = (&'static str, String)>) {
    let verifier = Verifier::keys(&[&es256()]);
    for (what, token) in tokens {
        assert_eq!(verifier.code(&token), Some(Code::TokenMalformed), "{what}: {token}");
    }
}

#[test]
fn size_comes_before_everything() {
    let at_most = |most: usize| {
        let jwt = json!({"max_token_bytes": most, "issuers": [issuer(ISS, &[&es256()])]});
        Verifier::of(&json!({"version": 1, "jwt": jwt}))
    };
    let token = with_claims(json!({}));
    assert_eq!(at_most(token.len()).code(&token), None);
    assert_eq!(at_most(token.len() - 1).code(&token), Some(Code::TokenTooLarge));
    for junk in ["x".repeat(16_385), ".".repeat(100_000), "\u{0}".repeat(20_000)] {
        let verifier = Verifier::keys(&[&es256()]);
        assert_eq!(verifier.code(&junk), Some(Code::TokenTooLarge));
        assert_eq!(verifier.code(&junk[..16_384]), Some(Code::TokenMalformed));
    }
}

#[test]
fn only_a_compact_jws_is_a_token() {
    let good = with_claims(json!({}));
    let Parts { header, payload, signature } = Parts::of(&good);
    malformed([
        ("nothing", String::new()),
        ("one part", header.clone()),
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{good}.")),
        ("a part before", format!(".{good}")),
        ("five parts, a JWE", format!("{good}.{payload}.{signature}")),
        ("dots", ".".repeat(16_000)),
        ("an empty header", format!(".{payload}.{signature}")),
        ("an empty payload", format!("{header}..{signature}")),
        ("empty parts", "..".to_owned()),
        (
            "the JSON serialisation",
            json!({"payload": payload, "protected": header, "signature": signature}).to_string(),
        ),
        (
            "several signatures",
            json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]})
                .to_string(),
        ),
        ("a scheme", format!("Bearer {good}")),
        ("two tokens", format!("{good},{good}")),
        ("quotes", format!("\"{good}\"")),
    ]);
    let not_utf8 = [good.as_bytes(), b"\xff"].concat();
    assert_eq!(Verifier::keys(&[&es256()]).code(not_utf8), Some(Code::TokenMalformed));
}

/// Every other spelling is another text under the same signature, for caches
/// and logs to trip over.
#[test]
fn base64url_has_one_spelling() {
    let good = with_claims(json!({}));
    let Parts { header, payload, signature } = Parts::of(&good);
    let join = |parts: [&str; 3]| parts.join(".");
    // 64 bytes leave four unused bits in the last of 86 characters.
    let (head, last) = signature.split_at(signature.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.find(last).unwrap() + 1;
    let trailing = format!("{head}{}", &alphabet[next..=next]);
    let mut list = vec![
        ("padding of the signature", format!("{good}=")),
        ("double padding", format!("{good}==")),
        ("padding of the header", join([&format!("{header}="), &payload, &signature])),
        ("trailing bits", join([&header, &payload, &trailing])),
        ("three characters more", format!("{good}AAA")),
        ("a space before", format!(" {good}")),
        ("a tab after", format!("{good}\t")),
        ("a new line", format!("{good}\r\n")),
        ("a NUL", format!("{good}\u{0}")),
        ("a question mark", format!("{good}?")),
        ("a number sign", format!("{good}#")),
        ("a look-alike", good.replacen('e', "\u{435}", 1)),
        ("a percent escape", good.replacen('e', "%65", 1)),
    ];
    for at in [1, header.len() + 5, good.len() - 3] {
        for mark in ["+", "/", "=", " ", "\n", "."] {
            list.push(("inside", format!("{}{mark}{}", &good[..at], &good[at..])));
            list.push(("instead", format!("{}{mark}{}", &good[..at], &good[at + 1..])));
        }
    }
    malformed(list);
    // Signed over the other spelling, it is no token either.
    let padded = es256().sign_encoded(&format!("{header}="), &payload);
    malformed([("signed with padding", padded)]);
}

#[test]
fn header_and_payload_are_json_objects_with_unique_names() {
    let key = es256();
    let header = key.header().to_string();
    let payload = claims(json!({})).to_string();
    let in_header = |more: &str| format!("{}{more}}}", &header[..header.len() - 1]);
    let in_payload = |more: &str| format!("{}{more}}}", &payload[..payload.len() - 1]);
    let mut list = Vec::new();
    for bad in [
        in_header(r#","alg":"ES256""#),
        in_header(r#","kid":"k2""#),
        in_header(r#","\u0061lg":"none""#),
        in_header(r#","x":{"y":1,"y":1}"#),
        format!("[{header}]"),
        format!("{header}{header}"),
        format!("{header} x"),
        format!("{header}\0"),
        format!("\u{feff}{header}"),
        "null".to_owned(),
        "\"ES256\"".to_owned(),
        String::new(),
        header.replace('"', "'"),
        in_header(","),
        in_header(r#","x":NaN"#),
        in_header(r#","x":1e400"#),
        in_header(r#","x":"\ud800""#),
        in_header(&format!(r#","x":{}1{}"#, "[".repeat(200), "]".repeat(200))),
    ] {
        list.push(("header", key.sign_bytes(bad, &payload)));
    }
    for bad in [
        in_payload(r#","sub":"admin""#),
        in_payload(r#","iss":"https://idp.example/""#),
        in_payload(r#","exp":9999999999"#),
        in_payload(r#","tenant":"globex""#),
        in_payload(r#","realm_access":{"roles":[],"roles":["admin"]}"#),
        in_payload(r#","l":[{"a":1,"a":2}]"#),
        in_payload(r#","t\u0065nant":"globex""#),
        format!("[{payload}]"),
        "5".to_owned(),
        "\"text\"".to_owned(),
        String::new(),
        format!("{payload}{payload}"),
        format!("\u{feff}{payload}"),
        in_payload(r#","x":1e400"#),
        in_payload(r#","x":-Infinity"#),
        in_payload(r#","x":01"#),
        in_payload(r#","x":"\udc00""#),
        in_payload(&format!(r#","x":{}1{}"#, "[".repeat(5_000), "]".repeat(5_000))),
    ] {
        list.push(("payload", key.sign_bytes(&header, bad)));
    }
    list.push(("payload", key.sign_bytes(&header, b"{\"a\":\"\xff\"}")));
    list.push(("header", key.sign_bytes(b"{\"a\":\"\xc0\xaf\"}", &payload)));
    malformed(list);
}

#[test]
fn extensions_are_refused_listed_or_not() {
    malformed(
        [
            json!({"crit": ["exp"], "exp": NOW + 300}),
            json!({"crit": ["http://example.invalid/UNDEFINED"], "http://example.invalid/UNDEFINED": true}),
            json!({"crit": ["b64"], "b64": false}),
            json!({"crit": []}),
            json!({"crit": "exp"}),
            json!({"crit": ["alg"]}),
            json!({"crit": ["x", "x"], "x": 1}),
            json!({"crit": ["absent"]}),
            json!({"crit": null}),
            json!({"b64": false}),
            json!({"b64": true}),
            json!({"zip": "DEF"}),
            json!({"zip": null}),
            json!({"enc": "A256GCM"}),
            json!({"cty": "JWT"}),
            json!({"cty": "jwt"}),
            json!({"cty": "application/jwt"}),
            json!({"cty": 1}),
            json!({"alg": null}),
            json!({"alg": 256}),
            json!({"alg": ["ES256"]}),
            json!({"alg": {"ES256": 1}}),
            json!({"kid": 1}),
            json!({"kid": null}),
            json!({"kid": ["k1"]}),
            json!({"typ": null}),
            json!({"typ": ["JWT"]}),
        ]
        .map(|header| ("header", with_header(header))),
    );
}

#[test]
fn a_detached_or_unencoded_payload_is_refused() {
    let key = es256();
    let payload = claims(json!({})).to_string();
    let header = b64(json!({"alg": "ES256", "kid": "k1"}).to_string());
    let unencoded = key.sign_encoded(&header, &payload);
    let Parts { signature, .. } = Parts::of(&key.sign_bytes(r#"{"alg":"ES256"}"#, &payload));
    malformed([("unencoded", unencoded), ("detached", format!("{header}..{signature}"))]);
}

/// Whatever character is changed, the token is refused.
#[test]
fn no_token_survives_a_changed_character() {
    let verifier = Verifier::keys(&[&es256()]);
    let good = with_claims(json!({}));
    assert_eq!(verifier.code(&good), None);
    for at in 0..good.len() {
        for other in [b'A', b'w', b'.'] {
            let mut bad = good.clone().into_bytes();
            if bad[at] != other {
                bad[at] = other;
                assert!(verifier.code(&bad).is_some(), "{at} {}", char::from(other));
            }
        }
        assert!(verifier.code(&good.as_bytes()[..at]).is_some(), "cut at {at}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(token: Vec<u8>, header: String, payload: String) {
        let verifier = Verifier::keys(&[&es256()]);
        assert!(verifier.code(token).is_some());
        assert!(verifier.code(es256().sign_bytes(header, payload)).is_some());
    }
}
