//! A token is good as it was signed, and in no other form.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Guard;
use crate::testing::{
    Request, ed25519_jwk, eddsa_token, es256_token, guard, issuer, outcome, p256_jwk, token,
};

/// One issuer for each kind of key; all are acme's.
fn every_algorithm() -> Guard {
    let issuer = |iss: &str, keys: Value| {
        let mut issuer = issuer(json!({"issuer": iss, "tenant": {"fixed": "acme"}}));
        issuer["keys"] = keys;
        issuer
    };
    guard(json!({"jwt": {"issuers": [
        issuer("hs", json!({"secret": crate::testing::SECRET})),
        issuer("ed", json!({"jwks": {"keys": [ed25519_jwk()]}})),
        issuer("es", json!({"jwks": {"keys": [p256_jwk()]}})),
    ]}}))
}

fn tokens(own: &Value) -> [String; 3] {
    let claims = |iss: &str| crate::testing::merged(json!({ "iss": iss }), own.clone());
    [token(claims("hs")), eddsa_token(claims("ed")), es256_token(claims("es"))]
}

fn is_allowed(guard: &Guard, token: &[u8]) -> bool {
    let value = [b"Bearer ", token].concat();
    outcome(guard, &Request::get("/").with("authorization", value)) == "allow"
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

#[test]
fn every_flipped_bit_of_a_tokens_text_refuses_it() {
    let guard = every_algorithm();
    for token in tokens(&json!({})) {
        assert!(is_allowed(&guard, token.as_bytes()));
        for bit in 0..token.len() * 8 {
            let other = flipped(token.as_bytes(), bit);
            assert!(!is_allowed(&guard, &other), "{}", String::from_utf8_lossy(&other));
        }
    }
}

#[test]
fn every_flipped_bit_of_what_a_token_encodes_refuses_it() {
    let guard = every_algorithm();
    for token in tokens(&json!({})) {
        let parts: Vec<&str> = token.split('.').collect();
        for (index, part) in parts.iter().enumerate() {
            let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
            for bit in 0..bytes.len() * 8 {
                let mut other = parts.clone();
                let encoded = URL_SAFE_NO_PAD.encode(flipped(&bytes, bit));
                other[index] = &encoded;
                assert!(!is_allowed(&guard, other.join(".").as_bytes()), "part {index} bit {bit}");
            }
        }
    }
}

#[test]
fn a_signature_is_for_one_token_one_issuer_and_one_algorithm() {
    let guard = every_algorithm();
    let mine = tokens(&json!({}));
    let theirs = tokens(&json!({"sub": "mallory"}));
    for mine in &mine {
        let (signed, _) = mine.rsplit_once('.').unwrap();
        for theirs in &theirs {
            let (_, signature) = theirs.rsplit_once('.').unwrap();
            let mixed = format!("{signed}.{signature}");
            assert!(!is_allowed(&guard, mixed.as_bytes()), "{mixed}");
        }
        assert!(!is_allowed(&guard, format!("{signed}.").as_bytes()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_token_of_any_claims_is_refused(
        name in "[a-z]{1,8}", value in any::<String>(), bit in any::<prop::sample::Index>()
    ) {
        let guard = every_algorithm();
        for token in tokens(&json!({ "pad": {name.clone(): value.clone()} })) {
            prop_assert!(is_allowed(&guard, token.as_bytes()));
            let bit = bit.index(token.len() * 8);
            prop_assert!(!is_allowed(&guard, &flipped(token.as_bytes(), bit)));
        }
    }

    #[test]
    fn what_is_added_to_a_token_refuses_it(text in "[ -~\u{80}-\u{ff}]{1,4}", front in any::<bool>()) {
        // Space between the scheme and the token is part of neither.
        prop_assume!(!(front && text.trim_start_matches(' ').is_empty()));
        let guard = every_algorithm();
        for token in tokens(&json!({})) {
            let other = if front { format!("{text}{token}") } else { format!("{token}{text}") };
            prop_assert!(!is_allowed(&guard, other.as_bytes()));
        }
    }
}
