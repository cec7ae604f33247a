//! Signatures that a lenient verifier takes for good: ECDSA, EdDSA, HMAC.

use ::rsa::BigUint;
use tenant_guard_tests::token::{Parts, unb64};

use super::*;

const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P384_ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";

pub(super) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A number as bytes of that length.
pub(super) fn fixed(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; length - bytes.len()], bytes].concat()
}

fn invalid(key: &Key, signature: impl AsRef<[u8]>, what: &str) {
    let verifier = Verifier::keys(&[key]);
    let token = Parts::of(&key.token(claims(json!({})))).with_signature(signature).join();
    assert_eq!(verifier.code(&token), Some(Code::TokenSignatureInvalid), "{what}");
}

#[test]
fn ecdsa_takes_no_zeroes_no_overflow_and_no_other_form() {
    for (key, order, length) in
        [(Key::es256("k"), P256_ORDER, 32), (Key::es384("k"), P384_ORDER, 48)]
    {
        let n = BigUint::from_bytes_be(&unhex(order));
        let one = BigUint::from(1u8);
        let zero = BigUint::from(0u8);
        let good = unb64(&Parts::of(&key.token(claims(json!({})))).signature);
        let (r, s) = good.split_at(length);
        let (r, s) = (BigUint::from_bytes_be(r), BigUint::from_bytes_be(s));
        let last = &n - &one;
        let most = (&one << (length * 8)) - &one;
        for (what, r, s) in [
            ("both zero", &zero, &zero),
            ("r zero", &zero, &s),
            ("s zero", &r, &zero),
            ("both the order", &n, &n),
            ("r the order", &n, &s),
            ("s the order", &r, &n),
            ("all ones", &most, &most),
            ("r one, s one", &one, &one),
            ("the last of both", &last, &last),
            ("r and s changed places", &s, &r),
        ] {
            invalid(&key, [fixed(r, length), fixed(s, length)].concat(), what);
        }
        // r + n fits the width only rarely; s + n too.
        for (r, s) in [(&r + &n, s.clone()), (r.clone(), &s + &n)] {
            if r <= most && s <= most {
                invalid(&key, [fixed(&r, length), fixed(&s, length)].concat(), "plus the order");
            }
        }
        let der = match length {
            32 => p256::ecdsa::Signature::from_slice(&good).unwrap().to_der().as_bytes().to_vec(),
            _ => p384::ecdsa::Signature::from_slice(&good).unwrap().to_der().as_bytes().to_vec(),
        };
        invalid(&key, der, "DER");
        for (what, bad) in [
            ("nothing", Vec::new()),
            ("one byte", vec![1]),
            ("r alone", good[..length].to_vec()),
            ("a byte short", good[..good.len() - 1].to_vec()),
            ("a byte more", [&good[..], &[0]].concat()),
            ("a zero before", [&[0], &good[..]].concat()),
            ("zeroes before both", [&[0], &good[..length], &[0], &good[length..]].concat()),
            ("twice", [&good[..], &good[..]].concat()),
            ("as long as another curve's", vec![1; 160 - 2 * length]),
        ] {
            invalid(&key, bad, what);
        }
        // Of r and s, the other s is as good: nothing may be keyed by it.
        let high = [fixed(&r, length), fixed(&(&n - &s), length)].concat();
        let token = Parts::of(&key.token(claims(json!({})))).with_signature(high).join();
        assert_eq!(Verifier::keys(&[&key]).code(token), None, "high s");
    }
}

#[test]
fn eddsa_takes_one_form_and_no_point_of_small_order() {
    let key = Key::eddsa("k");
    let good = unb64(&Parts::of(&key.token(claims(json!({})))).signature);
    let (r, s) = good.split_at(32);
    let order = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
    let order = BigUint::from_bytes_be(&unhex(order));
    let number = BigUint::from_bytes_le(s);
    for times in [1_u32, 2, 7] {
        let more = &number + &order * times;
        let mut bytes = fixed(&more, 32);
        bytes.reverse();
        invalid(&key, [r, &bytes].concat(), "S past the order");
    }
    let mut order = fixed(&order, 32);
    order.reverse();
    invalid(&key, [r, &order].concat(), "S the order");
    let identity = [&[1][..], &[0; 31]].concat();
    for small in [
        identity.clone(),
        vec![0; 32],
        unhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        // Non-canonical forms of the same.
        unhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        unhex("0100000000000000000000000000000000000000000000000000000000000080"),
    ] {
        invalid(&key, [&small[..], s].concat(), "R of small order");
        invalid(&key, [&small[..], &[0; 32]].concat(), "R of small order and S zero");
    }
    for (what, bad) in [
        ("nothing", Vec::new()),
        ("R alone", r.to_vec()),
        ("a byte short", good[..63].to_vec()),
        ("a byte more", [&good[..], &[0]].concat()),
        ("halves changed places", [s, r].concat()),
        ("zeroes", vec![0; 64]),
        ("ones", vec![0xff; 64]),
    ] {
        invalid(&key, bad, what);
    }
}

#[test]
fn an_hmac_is_whole() {
    for alg in [Alg::HS256, Alg::HS384, Alg::HS512] {
        let key = Key::new(alg, "k");
        let verifier =
            Verifier::new(&[but(issuer(ISS, &[]), json!({"keys": {"secret": key.secret()}}))]);
        let token = key.token(claims(json!({})));
        assert_eq!(verifier.code(&token), None);
        let good = unb64(&Parts::of(&token).signature);
        for bad in [
            Vec::new(),
            good[..1].to_vec(),
            good[..good.len() / 2].to_vec(),
            good[..good.len() - 1].to_vec(),
            [&good[..], &[0]].concat(),
            [&[0], &good[..]].concat(),
            vec![0; good.len()],
        ] {
            let token = Parts::of(&token).with_signature(bad).join();
            assert_eq!(verifier.code(token), Some(Code::TokenSignatureInvalid));
        }
        // A secret of the same beginning, and one padded as HMAC pads.
        let secret = key.secret();
        for other in
            [secret[..secret.len() - 1].to_owned(), format!("{secret}x"), secret.to_uppercase()]
        {
            let token = Key::with_secret(alg, "k", &other).token(claims(json!({})));
            assert_eq!(verifier.code(token), Some(Code::TokenSignatureInvalid));
        }
    }
}

/// Whoever has the key can make R the neutral element; a verifier that lets it
/// pass takes one signature for several texts.
#[test]
fn eddsa_takes_no_neutral_r_from_the_key_s_owner_either() {
    use sha2::{Digest, Sha256, Sha512};
    let key = Key::eddsa("k");
    let parts = Parts::of(&key.token(claims(json!({}))));
    let signed = format!("{}.{}", parts.header, parts.payload);
    let jwk = key.jwk();
    let public = unb64(jwk["x"].as_str().unwrap());
    // RFC 8032 section 5.1.5, from the seed that the test key is made of.
    let mut secret = Sha512::digest(Sha256::digest("k"))[..32].to_vec();
    secret[0] &= 0xf8;
    secret[31] = secret[31] & 0x7f | 0x40;
    let order = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
    let order = BigUint::from_bytes_be(&unhex(order));
    // With R = r·B the signature is S = r + k·a; here r is zero.
    let with_r = |r: &[u8]| {
        let digest = Sha512::digest([r, &public, signed.as_bytes()].concat());
        let s = BigUint::from_bytes_le(&digest) * BigUint::from_bytes_le(&secret) % &order;
        let mut s = fixed(&s, 32);
        s.reverse();
        ed25519_dalek::Signature::from_slice(&[r, &s].concat()).unwrap()
    };
    let forged = with_r(&[&[1][..], &[0; 31]].concat());
    let lenient = ed25519_dalek::VerifyingKey::from_bytes(&public.try_into().unwrap()).unwrap();
    let verdict = ed25519_dalek::Verifier::verify(&lenient, signed.as_bytes(), &forged);
    assert!(verdict.is_ok(), "the forgery is as meant");
    invalid(&key, forged.to_bytes(), "R the neutral element");
}
