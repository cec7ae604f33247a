//! Signatures that are forged, bent, of another algorithm or of another key.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_JWT, House, KEYS, Site, idp};
use rsa::BigUint;
use serde_json::json;
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Key, Parts, unb64};

static HOUSE: LazyLock<House> = LazyLock::new(House::start);

fn refuse(site: &Site<'_>, what: &str, token: impl AsRef<str>, code: &str) {
    site.refuses(what, Request::get("/a").bearer(token), code);
}

/// A good token of each key.
fn tokens() -> Vec<(&'static str, Parts)> {
    let token = |key: &'static Key| (key.kid(), idp(key.kid()).token(json!({"tenant": "acme"})));
    KEYS.iter().map(token).map(|(kid, token)| (kid, Parts::of(&token))).collect()
}

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).unwrap()
}

fn fixed(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; length.checked_sub(bytes.len()).unwrap()], bytes].concat()
}

#[test]
fn no_change_to_a_signature_is_overlooked() {
    let tokens = tokens();
    HOUSE.each(|site| {
        for (kid, good) in &tokens {
            site.allowed(kid, Request::get("/a").bearer(good.join()), &ACME_JWT);
            let signature = unb64(&good.signature);
            let length = signature.len();
            let mut bent: Vec<Vec<u8>> = Vec::new();
            for (place, bit) in [(0, 0x80), (0, 1), (length / 2 - 1, 1), (length / 2, 0x80), (length - 1, 1), (length - 1, 0x80)] {
                let mut flipped = signature.clone();
                flipped[place] ^= bit;
                bent.push(flipped);
            }
            bent.extend([
                Vec::new(),
                vec![0],
                vec![0; length],
                vec![0xff; length],
                vec![1; length],
                vec![0; length - 1],
                vec![0; length * 2],
                signature[1..].to_vec(),
                signature[..length - 1].to_vec(),
                signature[..length / 2].to_vec(),
                [&[0], &signature[..]].concat(),
                [&signature[..], &[0]].concat(),
                [&signature[..], &signature[..]].concat(),
                [&signature[length / 2..], &signature[..length / 2]].concat(),
                signature.iter().rev().copied().collect(),
                signature.iter().map(|byte| !byte).collect(),
            ]);
            for (number, signature) in bent.iter().enumerate() {
                let token = good.clone().with_signature(signature).join();
                refuse(site, &format!("{kid} {number}"), token, "token_signature_invalid");
            }
            // The very same token was verified before and is in the cache.
            let other = good.clone().with_payload(&json!({"iss": "https://idp.example.com/", "aud": "api", "sub": "user-1", "tenant": "globex", "exp": 4_000_000_000_u64}));
            refuse(site, "another payload", other.join(), "token_signature_invalid");
            let mut header = good.header_json();
            header["x"] = json!(1);
            refuse(site, "another header", good.clone().with_header(&header).join(), "token_signature_invalid");
            let of_another = tokens.iter().find(|(other, _)| other != kid).unwrap();
            let mut crossed = good.clone();
            crossed.signature.clone_from(&of_another.1.signature);
            refuse(site, "another's signature", crossed.join(), "token_signature_invalid");
        }
    });
}

#[test]
fn ecdsa_takes_two_numbers_in_range_of_fixed_width() {
    let p256 = number("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let p384 = number(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    );
    let p521 = number(
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    );
    let tokens = tokens();
    HOUSE.each(|site| {
        for (kid, order, width) in
            [("es256", &p256, 32), ("es384", &p384, 48), ("es512", &p521, 66)]
        {
            let good = &tokens.iter().find(|(known, _)| *known == kid).unwrap().1;
            let signature = unb64(&good.signature);
            let (r, s) = (
                BigUint::from_bytes_be(&signature[..width]),
                BigUint::from_bytes_be(&signature[width..]),
            );
            let (zero, one) = (BigUint::from(0u8), BigUint::from(1u8));
            let with = |r: &BigUint, s: &BigUint| {
                let raw = [fixed(r, width), fixed(s, width)].concat();
                good.clone().with_signature(raw).join()
            };
            let mut bad = vec![
                with(&zero, &zero),
                with(&zero, &s),
                with(&r, &zero),
                with(&one, &one),
                with(order, order),
                with(order, &s),
                with(&r, order),
                with(&s, &r),
                with(&one, order),
                with(&(order - &one), &s),
                with(&zero, &one),
                with(&one, &zero),
            ];
            for bent in [&r + order, &s + order] {
                if bent.to_bytes_be().len() <= width {
                    bad.extend([with(&bent, &s), with(&r, &bent)]);
                }
            }
            let der = |r: &BigUint, s: &BigUint| {
                let integer = |n: &BigUint| {
                    let mut bytes = n.to_bytes_be();
                    if bytes[0] & 0x80 != 0 {
                        bytes.insert(0, 0);
                    }
                    [vec![2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
                };
                let body = [integer(r), integer(s)].concat();
                let length = u8::try_from(body.len()).unwrap();
                let head = if length < 128 { vec![0x30, length] } else { vec![0x30, 0x81, length] };
                [head, body].concat()
            };
            bad.push(good.clone().with_signature(der(&r, &s)).join());
            bad.push(
                good.clone()
                    .with_signature([fixed(&r, width + 1), fixed(&s, width + 1)].concat())
                    .join(),
            );
            for (number, token) in bad.iter().enumerate() {
                refuse(site, &format!("{kid} {number}"), token, "token_signature_invalid");
            }
            // The other solution is a signature too: nothing may key on it.
            site.allowed("n - s", Request::get("/a").bearer(with(&r, &(order - &s))), &ACME_JWT);
        }
    });
}

#[test]
fn ed25519_and_rsa_have_one_signature_a_message() {
    let tokens = tokens();
    let find = |kid: &str| &tokens.iter().find(|(known, _)| *known == kid).unwrap().1;
    HOUSE.each(|site| {
        let good = find("eddsa");
        let signature = unb64(&good.signature);
        let order = number("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
        let s = BigUint::from_bytes_le(&signature[32..]);
        for times in 1..15u8 {
            let bent = fixed(&(&s + &order * times), 32);
            let bent: Vec<u8> = bent.into_iter().rev().collect();
            let token = good.clone().with_signature([&signature[..32], &bent].concat()).join();
            refuse(site, "S past the order", token, "token_signature_invalid");
        }
        // Points of small order, with which some verify anything.
        for point in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ] {
            let point = fixed(&number(point), 32);
            for scalar in [vec![0; 32], signature[32..].to_vec()] {
                let token = good.clone().with_signature([point.clone(), scalar].concat()).join();
                refuse(site, "a small point", token, "token_signature_invalid");
            }
        }
        for kid in ["rs256", "ps256"] {
            let good = find(kid);
            let key = KEYS.iter().find(|key| key.kid() == kid).unwrap().jwk();
            let n = BigUint::from_bytes_be(&unb64(key["n"].as_str().unwrap()));
            let s = BigUint::from_bytes_be(&unb64(&good.signature));
            let with = |bytes: Vec<u8>| good.clone().with_signature(bytes).join();
            let one = BigUint::from(1u8);
            let mut bent = vec![
                fixed(&one, 256),
                fixed(&(&n - &one), 256),
                fixed(&n, 256),
                fixed(&(&n - &s), 256),
                fixed(&s, 257),
                vec![0; 257],
            ];
            bent.push((&s + &n).to_bytes_be());
            bent.push(fixed(&(&s + &n), 257));
            for bytes in bent {
                refuse(site, kid, with(bytes), "token_signature_invalid");
            }
        }
    });
}
