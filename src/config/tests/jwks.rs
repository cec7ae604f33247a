//! Key sets: which keys are taken, left out or refused.

use tenant_guard_tests::token::{RsaKey, b64};

use super::*;

const PATH: &str = "jwt.issuers[0].keys.jwks";

fn keys(keys: Value) -> Value {
    with(small(), "/jwt/issuers/0/keys/jwks", json!({ "keys": keys }))
}

fn jwk(alg: Alg, kid: &str) -> Value {
    Key::new(alg, kid).jwk()
}

fn rsa() -> Value {
    Key::rsa(Alg::RS256, "rsa", RsaKey::A).jwk()
}

/// An odd number of that many bits.
fn odd(bits: usize) -> String {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] = 0xff >> (bytes.len() * 8 - bits);
    b64(bytes)
}

/// A key that is good, but for these members (null takes one out).
fn but(mut key: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        if value.is_null() {
            key.as_object_mut().unwrap().remove(name);
        } else {
            key[name] = value.clone();
        }
    }
    key
}

#[test]
fn a_key_that_is_unsafe_or_contradicts_itself_is_refused() {
    let p256 = || jwk(Alg::ES256, "ec");
    let ed = || jwk(Alg::EdDSA, "ed");
    let zero = b64([0; 32]);
    let identity = b64([&[1][..], &[0; 31]].concat());
    for (key, piece) in [
        (Key::rsa(Alg::RS256, "k", RsaKey::Bits1024).jwk(), "under 2048 bits"),
        (but(rsa(), json!({"n": odd(2047)})), "under 2048 bits"),
        (but(rsa(), json!({"n": ""})), "under 2048 bits"),
        (but(rsa(), json!({"n": odd(8193)})), "over 8192 bits"),
        (but(rsa(), json!({"n": odd(100_000)})), "over 8192 bits"),
        (but(rsa(), json!({"n": b64([&[0xff; 255][..], &[0xfe]].concat())})), "even modulus"),
        (but(rsa(), json!({"e": b64([1])})), "1 or even"),
        (but(rsa(), json!({"e": b64([0])})), "1 or even"),
        (but(rsa(), json!({"e": ""})), "1 or even"),
        (but(rsa(), json!({"e": b64([1, 0, 0])})), "1 or even"),
        (but(rsa(), json!({"e": odd(34)})), "over 33 bits"),
        (but(rsa(), json!({"e": odd(2048)})), "over 33 bits"),
        (but(rsa(), json!({"n": null})), "no n in base64url"),
        (but(rsa(), json!({"e": null})), "no e in base64url"),
        (but(rsa(), json!({"e": "AQAB="})), "no e in base64url"),
        (but(rsa(), json!({"e": 65537})), "no e in base64url"),
        (but(rsa(), json!({"n": "+/+/"})), "no n in base64url"),
        (but(rsa(), json!({"alg": "ES256"})), "the alg of another kind"),
        (but(rsa(), json!({"alg": "HS256"})), "the alg of another kind"),
        (but(rsa(), json!({"alg": "EdDSA"})), "the alg of another kind"),
        (but(p256(), json!({"alg": "ES384"})), "isn't for its curve"),
        (but(p256(), json!({"alg": "RS256"})), "isn't for its curve"),
        (but(p256(), json!({"alg": "HS256"})), "isn't for its curve"),
        (but(p256(), json!({"crv": "P-384", "alg": null})), "wrong length"),
        (but(p256(), json!({"x": null})), "without x and y"),
        (but(p256(), json!({"y": null})), "without x and y"),
        (but(p256(), json!({"crv": null})), "without crv"),
        (but(p256(), json!({"x": zero, "y": zero})), "not on its curve"),
        (but(p256(), json!({"y": p256()["x"]})), "not on its curve"),
        (but(p256(), json!({"x": b64([0xff; 32])})), "not on its curve"),
        (but(p256(), json!({"x": b64([0; 31])})), "wrong length"),
        (but(p256(), json!({"x": b64([0; 33])})), "wrong length"),
        (but(jwk(Alg::ES384, "k"), json!({"y": b64([7; 48])})), "not on its curve"),
        (but(jwk(Alg::ES512, "k"), json!({"y": b64([0; 66])})), "not on its curve"),
        (but(ed(), json!({"alg": "ES256"})), "the alg of another kind"),
        (but(ed(), json!({"x": b64([7; 31])})), "no Ed25519 key"),
        (but(ed(), json!({"x": null})), "without x"),
        (but(ed(), json!({"x": identity})), "small order"),
        (but(ed(), json!({"x": zero})), "small order"),
        (but(ed(), json!({"kty": null})), "no kty"),
        (but(ed(), json!({"kid": 1})), "no text"),
        (but(ed(), json!({"alg": []})), "no text"),
        (but(ed(), json!({"use": {}})), "no text"),
        (but(ed(), json!({"key_ops": "verify"})), "no list"),
    ] {
        let document = keys(json!([key, jwk(Alg::ES256, "good")]));
        refused(&document, &format!("{PATH}.keys[0]"), piece);
    }
}

#[test]
fn a_private_or_symmetric_key_in_a_key_set_is_refused_and_not_repeated() {
    let marker = b64("MARKER");
    let mut all = vec![Key::new(Alg::HS256, "hs").jwk(), json!({"kty": "oct", "k": marker})];
    for (alg, names) in [
        (Alg::RS256, &["d", "p", "q", "dp", "dq", "qi", "oth"][..]),
        (Alg::ES256, &["d"]),
        (Alg::EdDSA, &["d"]),
    ] {
        for name in names {
            all.push(but(jwk(alg, "k"), json!({ *name: marker })));
            // Leaving it out would leave it published.
            all.push(but(jwk(alg, "k"), json!({ *name: marker, "use": "enc" })));
        }
    }
    all.push(json!({"kty": "oct"}));
    all.push(json!({"kty": "oct", "use": "enc", "k": marker}));
    all.push(json!({"kty": "EC", "crv": "secp256k1", "d": marker}));
    all.push(json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "priv": marker}));
    for key in all {
        let document = keys(json!([jwk(Alg::ES256, "good"), key]));
        let said = errors(&document);
        assert_eq!(said.len(), 1, "{key} {said:?}");
        assert_eq!(said[0].0, format!("{PATH}.keys[1]"));
        assert!(said[0].1.contains("private or symmetric key"), "{}", said[0].1);
        assert!(!said[0].1.contains(&marker));
    }
}

#[test]
fn a_key_that_is_not_for_us_is_left_out() {
    let enc = but(jwk(Alg::ES256, "good"), json!({"use": "enc"}));
    for key in [
        enc.clone(),
        but(rsa(), json!({"use": "enc", "alg": "RSA-OAEP"})),
        but(rsa(), json!({"use": "other"})),
        but(rsa(), json!({"use": null, "key_ops": ["encrypt", "wrapKey"]})),
        but(rsa(), json!({"use": null, "key_ops": []})),
        but(rsa(), json!({"key_ops": ["sign"]})),
        but(rsa(), json!({"alg": "RSA1_5"})),
        but(rsa(), json!({"alg": "RS1"})),
        but(rsa(), json!({"alg": "none"})),
        but(jwk(Alg::ES256, "good"), json!({"crv": "secp256k1", "alg": "ES256K"})),
        but(jwk(Alg::EdDSA, "good"), json!({"crv": "X25519", "alg": null})),
        but(jwk(Alg::EdDSA, "good"), json!({"crv": "Ed448"})),
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
        json!({"kty": "unheard-of"}),
    ] {
        // Its kid isn't taken, and alone it is no key.
        assert_eq!(accepted(&keys(json!([key, jwk(Alg::ES256, "good")]))), [], "{key}");
        refused(&keys(json!([key])), PATH, "holds no key that verifies tokens");
    }
    for good in [
        but(rsa(), json!({"use": null, "key_ops": ["verify"]})),
        but(rsa(), json!({"use": "sig", "key_ops": ["verify", "sign"]})),
        but(rsa(), json!({"x5c": ["AA"], "x5t": "x", "unknown": [1]})),
        but(rsa(), json!({"n": odd(8192), "e": b64([3])})),
        but(rsa(), json!({"n": odd(2048)})),
    ] {
        assert_eq!(accepted(&keys(json!([good]))), [], "{good}");
    }
}

#[test]
fn a_kid_names_one_key() {
    let document = keys(json!([jwk(Alg::ES256, "k"), rsa(), jwk(Alg::EdDSA, "k")]));
    refused(&document, &format!("{PATH}.keys[2]"), "has the kid of a key before it");
    // Among keys that are left out it doesn't matter, nor does its absence.
    let document = keys(json!([
        but(jwk(Alg::ES256, "k"), json!({"use": "enc"})),
        jwk(Alg::ES256, "k"),
        but(jwk(Alg::ES384, "x"), json!({"kid": null})),
        but(jwk(Alg::EdDSA, "x"), json!({"kid": null})),
    ]));
    assert_eq!(accepted(&document), []);
}

#[test]
fn a_key_set_is_an_object_or_its_json_text() {
    let set = json!({"keys": [rsa()], "more": 1});
    for good in [set.clone(), json!(set.to_string()), json!(format!(" {set}\n"))] {
        assert_eq!(accepted(&with(small(), "/jwt/issuers/0/keys/jwks", good)), []);
    }
    for (bad, piece) in [
        (json!({}), "must be a key set"),
        (json!([]), "must be a key set"),
        (json!({"keys": {}}), "must be a key set"),
        (rsa(), "must be a key set"),
        (json!(""), "no JSON text"),
        (json!("{\"keys\": [MARKER]}"), "no JSON text"),
        (json!("-----BEGIN PUBLIC KEY-----"), "no JSON text"),
        (json!("[]"), "must be a key set"),
        (json!({"keys": []}), "holds no key that verifies tokens"),
    ] {
        refused(&with(small(), "/jwt/issuers/0/keys/jwks", bad), PATH, piece);
    }
    let document = keys(json!(["x", rsa(), null]));
    let paths: Vec<String> = errors(&document).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, [format!("{PATH}.keys[0]"), format!("{PATH}.keys[2]")]);
}

#[test]
fn an_algorithm_that_is_asked_for_has_a_key() {
    let asked = |algorithms: Value, keys: Value| {
        let document = with(small(), "/jwt/issuers/0/algorithms", algorithms);
        with(document, "/jwt/issuers/0/keys", keys)
    };
    let plain = json!({"jwks": {"keys": [but(rsa(), json!({"alg": null}))]}});
    let path = "jwt.issuers[0].keys";
    // A key without alg is RS256; PS* only where it is named.
    assert_eq!(accepted(&asked(json!(["RS256"]), plain.clone())), []);
    for other in ["RS384", "PS256", "ES256", "HS256"] {
        let piece = format!("no key for {other}");
        refused(&asked(json!([other]), plain.clone()), path, &piece);
        refused(&asked(json!(["RS256", other]), plain.clone()), path, &piece);
    }
    let named = json!({"jwks": {"keys": [but(rsa(), json!({"alg": "PS256"}))]}});
    assert_eq!(accepted(&asked(json!(["PS256"]), named.clone())), []);
    refused(&asked(json!(["RS256"]), named), path, "no key for RS256");
}

#[test]
fn every_issuer_without_a_key_is_told_even_beside_other_mistakes() {
    let mut document = full();
    document["mod"] = json!(1);
    document["jwt"]["issuers"][0]["keys"] = json!({"jwks": {"keys": []}});
    document["jwt"]["issuers"][1]["keys"] = json!({"jwks": {"keys": []}});
    document["jwt"]["issuers"][3]["algorithms"] = json!(["ES256"]);
    let paths: Vec<String> = errors(&document).into_iter().map(|(path, _)| path).collect();
    for path in
        ["mod", "jwt.issuers[0].keys.jwks", "jwt.issuers[1].keys.jwks", "jwt.issuers[3].keys"]
    {
        assert!(paths.iter().any(|known| known == path), "{path}: {paths:?}");
    }
}
