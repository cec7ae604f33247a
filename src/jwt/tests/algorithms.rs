//! A token never chooses its algorithm; its key has exactly one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tenant_guard_tests::token::{Parts, RsaKey, b64, unb64};

use super::*;
use crate::jwt::key::Material;

const ASYMMETRIC: [Alg; 9] = [
    Alg::RS256,
    Alg::RS384,
    Alg::RS512,
    Alg::PS256,
    Alg::PS384,
    Alg::PS512,
    Alg::ES256,
    Alg::ES384,
    Alg::EdDSA,
];

/// An issuer with that key, be it a secret.
fn with_key(key: &Key) -> Value {
    match key.alg() {
        Alg::HS256 | Alg::HS384 | Alg::HS512 => {
            but(issuer(ISS, &[]), json!({"keys": {"secret": key.secret()}}))
        }
        _ => issuer(ISS, &[key]),
    }
}

#[test]
fn every_algorithm_verifies_its_own_tokens_and_no_others() {
    for alg in ASYMMETRIC.into_iter().chain([Alg::HS256, Alg::HS384, Alg::HS512]) {
        let key = Key::new(alg, "k");
        let verifier = Verifier::new(&[with_key(&key)]);
        let token = key.token(claims(json!({})));
        assert_eq!(verifier.code(&token), None, "{alg:?}");
        let flipped = Parts::of(&token).with_flipped_bit().join();
        assert_eq!(verifier.code(flipped), Some(Code::TokenSignatureInvalid), "{alg:?}");
        let other = Parts::of(&token).with_payload(&claims(json!({"sub": "admin"}))).join();
        assert_eq!(verifier.code(other), Some(Code::TokenSignatureInvalid), "{alg:?}");
        let stranger = Key::seeded(alg, "k", "stranger").token(claims(json!({})));
        assert_eq!(verifier.code(stranger), Some(Code::TokenSignatureInvalid), "{alg:?}");
        let empty = Parts::of(&token).with_signature([]).join();
        assert_eq!(verifier.code(empty), Some(Code::TokenSignatureInvalid), "{alg:?}");
    }
}

#[test]
fn a_host_that_verifies_decides_and_one_that_fails_refuses() {
    let failed = HostError { call: "x", status: 10 };
    for (alg, asked) in [
        (Alg::RS256, 1),
        (Alg::ES256, 1),
        (Alg::ES384, 1),
        (Alg::ES512, 1),
        (Alg::PS256, 0),
        (Alg::EdDSA, 0),
    ] {
        let key = Key::new(alg, "k");
        let verifier = Verifier::keys(&[&key]);
        let token = key.token(claims(json!({})));
        for (says, expected) in [
            (Ok(SignatureVerdict::Valid), None),
            (Ok(SignatureVerdict::Invalid), Some(Code::TokenSignatureInvalid)),
            (Err(failed), Some(Code::GuardUnavailable)),
        ] {
            let host = FixedHost::saying(says);
            let code = verifier
                .verify_with(token.as_bytes(), &host, &mut TokenCache::new(0, 0))
                .err()
                .map(|denial| denial.code);
            assert_eq!(host.asked.get(), asked, "{alg:?}");
            assert_eq!(code, if asked == 1 { expected } else { None }, "{alg:?} {says:?}");
        }
    }
    // Where the host doesn't verify ES512, nobody does.
    let key = Key::es512("k");
    let code = Verifier::keys(&[&key]).code(key.token(claims(json!({}))));
    assert_eq!(code, Some(Code::TokenAlgorithmRefused));
}

/// All that an attacker has of a key: everything but its secret.
fn public_forms(key: &Key) -> Vec<Vec<u8>> {
    let jwk = key.jwk();
    let der = match key_of(&jwk).material {
        Material::Rsa { der, .. } | Material::P256 { der, .. } | Material::P384 { der, .. } => der,
        Material::Ed25519(key) => [&unb64("MCowBQYDK2VwAyEA")[..], key.as_bytes()].concat(),
        _ => panic!("no public key"),
    };
    let text = STANDARD.encode(&der);
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
    let pem =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    let mut forms: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0],
        b"secret".to_vec(),
        key.kid().as_bytes().to_vec(),
        pem.trim_end().as_bytes().to_vec(),
        pem.replace('\n', "\r\n").into_bytes(),
        pem.replace('\n', "").into_bytes(),
        format!("\u{feff}{pem}").into_bytes(),
        format!(" \n{pem}").into_bytes(),
        pem.into_bytes(),
        text.into_bytes(),
        der,
        jwk.to_string().into_bytes(),
        jwks(&[key]).to_string().into_bytes(),
    ];
    for name in ["n", "x", "y", "e"] {
        if let Some(text) = jwk.get(name).and_then(Value::as_str) {
            forms.push(text.as_bytes().to_vec());
            forms.push(unb64(text));
        }
    }
    forms
}

#[test]
fn a_public_key_is_nobody_s_hmac_secret() {
    for alg in ASYMMETRIC {
        let key = Key::new(alg, "k");
        let alone = Verifier::keys(&[&key]);
        let secret = "s".repeat(64);
        let beside =
            but(issuer(ISS, &[&key]), json!({"keys": {"jwks": jwks(&[&key]), "secret": secret}}));
        let beside = Verifier::new(&[beside]);
        for hs in [Alg::HS256, Alg::HS384, Alg::HS512] {
            for form in public_forms(&key) {
                let forged = Key::with_secret(hs, "k", form);
                for token in
                    [forged.token(claims(json!({}))), forged.without_kid().token(claims(json!({})))]
                {
                    assert_eq!(alone.code(&token), Some(Code::TokenAlgorithmRefused), "{alg:?}");
                    assert_eq!(beside.code(&token), Some(Code::TokenSignatureInvalid), "{alg:?}");
                }
            }
        }
    }
}

#[test]
fn none_is_no_algorithm_in_any_spelling() {
    let secret = Key::with_secret(Alg::HS256, "k1", "s".repeat(32));
    let both = json!({"jwks": jwks(&[&es256()]), "secret": secret.secret()});
    let verifier = Verifier::new(&[but(issuer(ISS, &[]), json!({ "keys": both }))]);
    for name in
        ["none", "None", "NONE", "nOnE", "none ", " none", "\u{0}none", "", "null", "undefined"]
    {
        let signed = with_header(json!({ "alg": name }));
        let bare = Parts::of(&signed).with_signature([]).join();
        for token in [signed, bare] {
            assert_eq!(verifier.code(&token), Some(Code::TokenAlgorithmRefused), "{name:?}");
        }
    }
    // A name that only looks like `alg` is none.
    for header in
        [json!({"kid": "k1"}), json!({"ALG": "ES256"}), json!({"alg ": "ES256"}), json!({})]
    {
        let token = es256().sign(header, claims(json!({})));
        assert_eq!(verifier.code(token), Some(Code::TokenAlgorithmRefused));
    }
}

#[test]
fn names_of_algorithms_are_exact() {
    let verifier = Verifier::keys(&[&es256(), &Key::rs256("rsa"), &Key::eddsa("ed")]);
    for (kid, name) in [
        ("k1", "es256"),
        ("k1", "ES256 "),
        ("k1", "ES256K"),
        ("k1", "ES256-R"),
        ("rsa", "rs256"),
        ("rsa", "RS1"),
        ("rsa", "RSA1_5"),
        ("rsa", "RSA-OAEP"),
        ("ed", "Ed25519"),
        ("ed", "EDDSA"),
        ("ed", "Ed448"),
    ] {
        let token = with_header(json!({"alg": name, "kid": kid}));
        assert_eq!(verifier.code(token), Some(Code::TokenAlgorithmRefused), "{name}");
    }
}

/// One RSA key, with all its algorithms named by other keys of the set.
#[test]
fn a_key_is_for_one_algorithm() {
    let algs = [Alg::RS256, Alg::RS384, Alg::RS512, Alg::PS256, Alg::PS384, Alg::PS512];
    let keys = algs.map(|alg| Key::rsa(alg, &alg.name(), RsaKey::A));
    let all = Verifier::keys(&keys.each_ref());
    for key in &keys {
        for other in &keys {
            // Signed as `other` says, under the kid of `key`.
            let mut header = other.header();
            header["kid"] = json!(key.kid());
            let token = other.sign(header, claims(json!({})));
            let same = key.alg() == other.alg();
            let expected = (!same).then_some(Code::TokenAlgorithmRefused);
            assert_eq!(all.code(&token), expected, "{:?} {:?}", key.alg(), other.alg());
            let expected = (!same).then_some(Code::TokenAlgorithmRefused);
            assert_eq!(Verifier::keys(&[key]).code(&token), expected);
        }
        // The header lies about how it was signed.
        for other in algs {
            let token = Key::rsa(other, key.kid(), RsaKey::A).sign(key.header(), claims(json!({})));
            let expected = (other != key.alg()).then_some(Code::TokenSignatureInvalid);
            assert_eq!(all.code(&token), expected, "{other:?} as {:?}", key.alg());
        }
    }
}

#[test]
fn a_curve_is_for_one_algorithm() {
    let (p256, p384) = (Key::es256("a"), Key::es384("b"));
    let verifier = Verifier::keys(&[&p256, &p384]);
    for (key, alg, kid, code) in [
        (&p256, "ES384", "a", Code::TokenAlgorithmRefused),
        (&p384, "ES256", "b", Code::TokenAlgorithmRefused),
        (&p384, "ES256", "a", Code::TokenSignatureInvalid),
        (&p256, "ES384", "b", Code::TokenSignatureInvalid),
        (&p256, "EdDSA", "a", Code::TokenAlgorithmRefused),
        (&p256, "RS256", "a", Code::TokenAlgorithmRefused),
    ] {
        let token = key.sign(json!({"alg": alg, "kid": kid}), claims(json!({})));
        assert_eq!(verifier.code(token), Some(code), "{alg} {kid}");
    }
}

#[test]
fn algorithms_of_the_issuer_narrow_those_of_its_keys() {
    let keys = [&Key::es256("a"), &Key::eddsa("b")];
    let narrowed = but(issuer(ISS, &keys), json!({"algorithms": ["ES256"]}));
    let verifier = Verifier::new(&[narrowed]);
    assert_eq!(verifier.code(keys[0].token(claims(json!({})))), None);
    let refused = verifier.code(keys[1].token(claims(json!({}))));
    assert_eq!(refused, Some(Code::TokenAlgorithmRefused));
    // A secret is for tokens of its own kind only, and PS for keys that say so.
    let secret = Key::with_secret(Alg::HS256, "b", "s".repeat(64));
    let only_hs = but(issuer(ISS, &[]), json!({"keys": {"secret": secret.secret()}}));
    let verifier = Verifier::new(&[only_hs]);
    assert_eq!(verifier.code(secret.token(claims(json!({})))), None);
    assert_eq!(verifier.code(keys[0].token(claims(json!({})))), Some(Code::TokenAlgorithmRefused));
    let mut plain = Key::rsa(Alg::RS256, "r", RsaKey::A).jwk();
    plain.as_object_mut().unwrap().remove("alg");
    let plain = but(issuer(ISS, &[]), json!({"keys": {"jwks": {"keys": [plain]}}}));
    let verifier = Verifier::new(&[plain]);
    for (alg, expected) in [(Alg::RS256, None), (Alg::PS256, Some(Code::TokenAlgorithmRefused))] {
        let token = Key::rsa(alg, "r", RsaKey::A).token(claims(json!({})));
        assert_eq!(verifier.code(token), expected);
    }
}

/// `jwk`, `jku`, `x5u` and their like in a header are the sender's own words.
#[test]
fn a_key_that_the_token_brings_along_is_ignored() {
    let verifier = Verifier::keys(&[&es256()]);
    let evil = Key::seeded(Alg::ES256, "k1", "evil");
    for more in [
        json!({"jwk": evil.jwk()}),
        json!({"jku": "https://evil.example/jwks"}),
        json!({"x5u": "https://evil.example/cert"}),
        json!({"x5c": [b64("certificate")]}),
        json!({"x5t": "AA", "x5t#S256": "AA"}),
    ] {
        let mut header = evil.header();
        for (name, value) in more.as_object().unwrap() {
            header[name] = value.clone();
        }
        let forged = evil.sign(header.clone(), claims(json!({})));
        assert_eq!(verifier.code(forged), Some(Code::TokenSignatureInvalid), "{header}");
        let good = es256().sign(header, claims(json!({})));
        assert_eq!(verifier.code(good), None, "the signature is what counts");
    }
}
