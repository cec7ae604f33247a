//! Which key a token is held to.

use super::*;

#[test]
fn a_kid_is_looked_up_exactly() {
    let verifier = Verifier::keys(&[&Key::es256("k1"), &Key::es256("k2")]);
    for kid in [
        "k3",
        "K1",
        "k1 ",
        " k1",
        "k",
        "k11",
        "",
        "k1\u{0}",
        "k1\n",
        "../../../dev/null",
        "/dev/null",
        "file:///etc/passwd",
        "https://evil.example/jwks.json",
        "k1' OR '1'='1",
        "'; DROP TABLE keys; --",
        "|whoami",
        "*",
        "0",
        "\u{43a}1",
    ] {
        let token = with_header(json!({ "kid": kid }));
        let denial = verifier.verify(token).unwrap_err();
        assert_eq!(denial.code, Code::TokenKeyUnknown, "{kid:?}");
        assert_eq!(denial.kid.as_deref(), Some(kid));
    }
    let long = "k".repeat(8_000);
    assert_eq!(verifier.code(with_header(json!({ "kid": long }))), Some(Code::TokenKeyUnknown));
    // Each key verifies its own tokens only.
    for (signer, kid, expected) in [
        ("k1", "k1", None),
        ("k2", "k2", None),
        ("k1", "k2", Some(Code::TokenSignatureInvalid)),
        ("k2", "k1", Some(Code::TokenSignatureInvalid)),
    ] {
        let key = Key::es256(signer);
        let token = key.sign(json!({"alg": "ES256", "kid": kid}), claims(json!({})));
        assert_eq!(verifier.code(token), expected, "{signer} {kid}");
    }
}

#[test]
fn without_a_kid_exactly_one_key_must_fit() {
    let nameless = |alg| Key::new(alg, "x").without_kid();
    let (a, b) = (Key::es256("a"), Key::es256("b"));
    let token = |key: &Key| key.clone().without_kid().token(claims(json!({})));
    for (what, keys, signer, expected) in [
        ("one key", vec![&a], &a, None),
        ("one of each algorithm", vec![&a, &Key::eddsa("e"), &Key::es384("f")], &a, None),
        ("two that fit", vec![&a, &b], &a, Some(Code::TokenKeyUnknown)),
        (
            "two, one without a kid",
            vec![&a, &nameless(Alg::ES256)],
            &a,
            Some(Code::TokenKeyUnknown),
        ),
        ("none that fits", vec![&Key::eddsa("e")], &a, Some(Code::TokenAlgorithmRefused)),
        ("one key, another's token", vec![&a], &b, Some(Code::TokenSignatureInvalid)),
    ] {
        assert_eq!(Verifier::keys(&keys).code(token(signer)), expected, "{what}");
    }
    // A key without a kid is found by no kid.
    let key = nameless(Alg::ES256);
    let verifier = Verifier::keys(&[&key]);
    assert_eq!(verifier.code(key.token(claims(json!({})))), None);
    for kid in ["", "x", "null"] {
        let token = key.sign(json!({"alg": "ES256", "kid": kid}), claims(json!({})));
        assert_eq!(verifier.code(token), Some(Code::TokenKeyUnknown), "{kid:?}");
    }
}

/// A key is never found through another issuer, whoever was asked first.
#[test]
fn one_kid_in_two_issuers_is_two_keys() {
    let (iss_a, iss_b) = ("https://a.example/", "https://b.example/");
    let a = Key::seeded(Alg::ES256, "k", "seed of a");
    let b = Key::seeded(Alg::ES256, "k", "seed of b");
    let verifier = Verifier::new(&[issuer(iss_a, &[&a]), issuer(iss_b, &[&b])]);
    let token = |key: &Key, iss: &str| key.token(claims(json!({ "iss": iss })));
    let cases = [
        (token(&a, iss_a), None),
        (token(&b, iss_b), None),
        (token(&a, iss_b), Some(Code::TokenSignatureInvalid)),
        (token(&b, iss_a), Some(Code::TokenSignatureInvalid)),
    ];
    // With one cache, in every order of first use.
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let mut cache = TokenCache::new(10, 1 << 20);
        let host = FixedHost::at(NOW as f64);
        for index in order.into_iter().chain(order) {
            let (token, expected) = &cases[index];
            let outcome = verifier.verify_with(token.as_bytes(), &host, &mut cache);
            assert_eq!(outcome.map_err(|d| d.code).err(), *expected, "{order:?} {index}");
        }
    }
    // The same subject of both is told apart by the issuer's name.
    let names = [&cases[0].0, &cases[1].0].map(|t| verifier.verify(t).unwrap().issuer_name.clone());
    assert_eq!(names.each_ref().map(|name| &**name), [iss_a, iss_b]);
}

#[test]
fn a_key_of_another_issuer_is_unknown() {
    let (a, b) = (Key::es256("ka"), Key::es256("kb"));
    let verifier = Verifier::new(&[issuer(ISS, &[&a]), issuer("https://b.example/", &[&b])]);
    assert_eq!(verifier.code(b.token(claims(json!({})))), Some(Code::TokenKeyUnknown));
}

/// What a shared secret's token says of a kid means nothing: there is one secret.
#[test]
fn a_secret_has_no_kid() {
    let secret = Key::with_secret(Alg::HS256, "any", "s".repeat(64));
    let keys = json!({"secret": secret.secret(), "jwks": jwks(&[&es256()])});
    let verifier = Verifier::new(&[but(issuer(ISS, &[]), json!({ "keys": keys }))]);
    for kid in ["any", "k1", ""] {
        let token = secret.sign(json!({"alg": "HS256", "kid": kid}), claims(json!({})));
        assert_eq!(verifier.code(token), None, "{kid}");
    }
    for alg in [Alg::HS384, Alg::HS512] {
        let token = Key::with_secret(alg, "any", "s".repeat(64)).token(claims(json!({})));
        assert_eq!(verifier.code(token), None, "64 bytes are enough for {alg:?}");
    }
    assert_eq!(verifier.code(with_claims(json!({}))), None);
}
