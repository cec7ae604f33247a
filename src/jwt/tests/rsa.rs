//! RSA signatures that a lenient verifier takes for good.

use ::rsa::{
    BigUint, RsaPrivateKey, pss, rand_core, signature::RandomizedSigner,
    signature::SignatureEncoding,
};
use sha2::{Digest, Sha256};
use tenant_guard_tests::token::{Parts, RsaKey, b64, unb64};

use super::signatures::fixed;
use super::*;

/// The private key of [`RsaKey::A`].
fn private() -> RsaPrivateKey {
    let jwk: Value =
        serde_json::from_str(include_str!("../../../tests/src/keys/rsa-2048-a.json")).unwrap();
    let part = |name: &str| BigUint::from_bytes_be(&unb64(jwk[name].as_str().unwrap()));
    RsaPrivateKey::from_components(part("n"), part("e"), part("d"), vec![part("p"), part("q")])
        .unwrap()
}

/// A token with whatever signature the header and claims lead to.
fn forge(key: &Key, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let parts = Parts::of(&key.token(claims(json!({}))));
    let signature = sign(format!("{}.{}", parts.header, parts.payload).as_bytes());
    parts.with_signature(signature).join()
}

fn key(alg: Alg) -> Key {
    Key::rsa(alg, "k", RsaKey::A)
}

/// The `DigestInfo` of SHA-256 before the digest.
const DIGEST_INFO: &str = "3031300d060960864801650304020105000420";
const WITHOUT_NULL: &str = "302f300b0609608648016503040201 0420";

fn unhex(text: &str) -> Vec<u8> {
    super::signatures::unhex(&text.replace(' ', ""))
}

/// An encoded message of 256 bytes: 00, the type, the filling, 00 and the rest.
fn encoded(kind: u8, filling: u8, rest: &[u8]) -> Vec<u8> {
    [&[0, kind][..], &vec![filling; 256 - 3 - rest.len()], &[0], rest].concat()
}

#[test]
fn an_encoded_message_has_one_form() {
    use ::rsa::traits::{PrivateKeyParts, PublicKeyParts};
    let private = private();
    let raw = |message: &[u8]| {
        let power = BigUint::from_bytes_be(message).modpow(private.d(), private.n());
        fixed(&power, 256)
    };
    let verifier = Verifier::keys(&[&key(Alg::RS256)]);
    let info = |prefix: &str, text: &[u8]| [unhex(prefix), Sha256::digest(text).to_vec()].concat();
    let good = forge(&key(Alg::RS256), |text| raw(&encoded(1, 0xff, &info(DIGEST_INFO, text))));
    assert_eq!(verifier.code(good), None, "the forger signs rightly");
    type Encode<'e> = &'e dyn Fn(&[u8]) -> Vec<u8>;
    let bad: [(&str, Encode<'_>); 12] = [
        ("no NULL", &|text| encoded(1, 0xff, &info(WITHOUT_NULL, text))),
        ("type 0", &|text| encoded(0, 0xff, &info(DIGEST_INFO, text))),
        ("type 2", &|text| encoded(2, 0xff, &info(DIGEST_INFO, text))),
        ("another filling", &|text| encoded(1, 0xfe, &info(DIGEST_INFO, text))),
        ("no DigestInfo", &|text| encoded(1, 0xff, &Sha256::digest(text))),
        ("bytes behind", &|text| {
            encoded(1, 0xff, &[info(DIGEST_INFO, text), vec![0; 16]].concat())
        }),
        ("a short filling and bytes behind", &|text| {
            let start = [&[0, 1][..], &[0xff; 8], &[0], &info(DIGEST_INFO, text)].concat();
            [start.clone(), vec![0; 256 - start.len()]].concat()
        }),
        ("no filling", &|text| {
            let rest = info(DIGEST_INFO, text);
            [vec![0; 253 - rest.len()], vec![0, 1, 0], rest].concat()
        }),
        ("the length in two bytes", &|text| {
            let prefix = "308131300d060960864801650304020105000420";
            encoded(1, 0xff, &info(prefix, text))
        }),
        ("parameters that aren't NULL", &|text| {
            let prefix = "3033300f06096086480165030402010502 0100 0420";
            encoded(1, 0xff, &info(prefix, text))
        }),
        ("the name of SHA-512", &|text| {
            let prefix = "3031300d060960864801650304020305000420";
            encoded(1, 0xff, &info(prefix, text))
        }),
        ("another text's digest", &|_| encoded(1, 0xff, &info(DIGEST_INFO, b"other"))),
    ];
    for (what, encode) in bad {
        let token = forge(&key(Alg::RS256), |text| raw(&encode(text)));
        assert_eq!(verifier.code(token), Some(Code::TokenSignatureInvalid), "{what}");
    }
}

/// With e = 3, a cube that begins like an encoded message needs no private key
/// (Bleichenbacher 2006).
#[test]
fn a_cube_root_is_no_signature() {
    let mut jwk = key(Alg::RS256).jwk();
    jwk["e"] = json!(b64([3]));
    let verifier =
        Verifier::new(&[but(issuer(ISS, &[]), json!({"keys": {"jwks": {"keys": [jwk]}}}))]);
    let token = forge(&key(Alg::RS256), |text| {
        let info = [unhex(DIGEST_INFO), Sha256::digest(text).to_vec()].concat();
        let start =
            [&[0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0][..], &info].concat();
        let wanted = [start.clone(), vec![0xff; 256 - start.len()]].concat();
        let root = cube_root(&BigUint::from_bytes_be(&wanted));
        let cube = fixed(&(&root * &root * &root), 256);
        assert_eq!(cube[..start.len()], start, "the forgery is as meant");
        fixed(&root, 256)
    });
    assert_eq!(verifier.code(token), Some(Code::TokenSignatureInvalid));
}

/// The largest number whose cube isn't larger.
fn cube_root(number: &BigUint) -> BigUint {
    let one = BigUint::from(1u8);
    let (mut low, mut high) = (BigUint::from(0u8), &one << number.bits().div_ceil(3));
    while low < high {
        let middle = (&low + &high + &one) >> 1;
        if &middle * &middle * &middle <= *number {
            low = middle;
        } else {
            high = middle - &one;
        }
    }
    low
}

#[test]
fn a_signature_is_as_long_as_the_modulus_and_below_it() {
    use ::rsa::traits::PublicKeyParts;
    let modulus = private().n().clone();
    for alg in [Alg::RS256, Alg::PS256] {
        let verifier = Verifier::keys(&[&key(alg)]);
        let token = key(alg).token(claims(json!({})));
        let good = unb64(&Parts::of(&token).signature);
        let number = BigUint::from_bytes_be(&good);
        let one = BigUint::from(1u8);
        let bad = [
            ("nothing", Vec::new()),
            ("a zero before", [&[0], &good[..]].concat()),
            ("a zero behind", [&good[..], &[0]].concat()),
            ("a byte short", good[..255].to_vec()),
            ("without its first byte", good[1..].to_vec()),
            ("twice", [&good[..], &good[..]].concat()),
            ("zero", vec![0; 256]),
            ("one", fixed(&one, 256)),
            ("the modulus", fixed(&modulus, 256)),
            ("one less", fixed(&(&modulus - &one), 256)),
            ("ones", vec![0xff; 256]),
            ("negated", fixed(&(&modulus - &number), 256)),
            ("with the modulus added, a byte longer", fixed(&(&number + &modulus), 257)),
        ];
        for (what, signature) in bad {
            let token = Parts::of(&token).with_signature(signature).join();
            assert_eq!(verifier.code(token), Some(Code::TokenSignatureInvalid), "{alg:?} {what}");
        }
    }
}

/// The same number plus the modulus has the same power: without a check, every
/// such token has a twin.
#[test]
fn a_signature_with_the_modulus_added_is_refused() {
    use ::rsa::traits::PublicKeyParts;
    let modulus = private().n().clone();
    for alg in [Alg::RS256, Alg::PS256] {
        let verifier = Verifier::keys(&[&key(alg)]);
        let twin = (0..1_000).find_map(|n| {
            let token = key(alg).token(claims(json!({ "n": n })));
            let number = BigUint::from_bytes_be(&unb64(&Parts::of(&token).signature)) + &modulus;
            (number.bits() <= 2048).then(|| Parts::of(&token).with_signature(fixed(&number, 256)))
        });
        let code = verifier.code(twin.unwrap().join());
        assert_eq!(code, Some(Code::TokenSignatureInvalid), "{alg:?}");
    }
}

/// Enough of a generator for a salt.
struct Counter(u8);

impl rand_core::RngCore for Counter {
    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(1);
        u32::from(self.0)
    }

    fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.next_u32() as u8);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for Counter {}

#[test]
fn a_salt_is_as_long_as_the_hash() {
    let verifier = Verifier::keys(&[&key(Alg::PS256)]);
    for (salt, expected) in [
        (32, None),
        (0, Some(Code::TokenSignatureInvalid)),
        (20, Some(Code::TokenSignatureInvalid)),
        (31, Some(Code::TokenSignatureInvalid)),
        (33, Some(Code::TokenSignatureInvalid)),
        (222, Some(Code::TokenSignatureInvalid)),
    ] {
        let signer = pss::SigningKey::<Sha256>::new_with_salt_len(private(), salt);
        let token =
            forge(&key(Alg::PS256), |text| signer.sign_with_rng(&mut Counter(0), text).to_vec());
        assert_eq!(verifier.code(token), expected, "a salt of {salt} bytes");
    }
}

#[test]
fn larger_keys_verify_too() {
    for alg in [Alg::RS256, Alg::PS512] {
        let key = Key::rsa(alg, "k", RsaKey::Bits3072);
        assert_eq!(Verifier::keys(&[&key]).code(key.token(claims(json!({})))), None);
    }
}
