//! Envoy's `verify_signature` and the plugin's own arithmetic, compiled to
//! wasm, come to the same verdict on every signature.
//!
//! `tests/probe` is a plugin that verifies a list both ways and refuses its
//! configuration where one of them is wrong.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rsa::BigUint;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenant_guard_tests::EnvoyBuilder;
use tenant_guard_tests::token::{Alg, Key, RsaKey, b64, unb64};

/// The probe, built once; `PROBE` names one that is there already.
fn probe() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(given) = std::env::var_os("PROBE") {
            return given.into();
        }
        let wasm = "wasm32-unknown-unknown";
        // `tmp` of the folder that these tests are built in.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--quiet", "--target", wasm])
            .args(["-p", "tenant-guard-probe", "--target-dir"])
            .arg(target)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the probe doesn't build");
        target.join(wasm).join("release/tenant_guard_probe.wasm")
    })
}

/// What the probe says of these cases: whether it is content, and its lines.
fn run(cases: &[Value]) -> (bool, Vec<String>) {
    let list = Value::String(json!(cases).to_string());
    let builder = EnvoyBuilder::new(list).plugin(probe()).log_level("info");
    let (content, said) = builder.validate();
    let lines = said.lines().filter_map(|line| line.split_once("probe: ").map(|(_, text)| text));
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.dedup();
    assert!(!lines.is_empty(), "the probe didn't run:\n{said}");
    (content, lines)
}

/// All of them are judged as expected both ways; so many answers came from Envoy.
fn all_right(cases: &[Value]) -> usize {
    let (content, lines) = run(cases);
    let last = lines.last().unwrap();
    assert!(content, "{}", lines.join("\n"));
    assert!(last.starts_with(&format!("{} signatures, ", cases.len())), "{last}");
    assert!(last.ends_with(", 0 wrong"), "{last}");
    let (_, answers) = last.split_once(" signatures, ").unwrap();
    answers.split(' ').next().unwrap().parse().unwrap()
}

fn case(name: String, jwk: &Value, message: &[u8], signature: &[u8], expected: &str) -> Value {
    json!({
        "name": name,
        "jwk": jwk,
        "message": b64(message),
        "signature": b64(signature),
        "expected": expected,
    })
}

const MESSAGE: &[u8] = b"eyJhbGciOiJub25lIn0.e30";

fn good(key: &Key, name: &str) -> Value {
    case(name.to_owned(), &key.jwk(), MESSAGE, &key.signature(MESSAGE), "valid")
}

#[test]
fn every_algorithm_has_one_verdict() {
    let mut cases = Vec::new();
    for alg in Alg::ALL {
        let key = Key::new(alg, "k");
        let jwk = key.jwk();
        let signature = key.signature(MESSAGE);
        let verdict = |expected: &str| match alg {
            Alg::ES512 => format!("{expected} by the host"),
            _ => expected.to_owned(),
        };
        let mut add = |what: &str, message: &[u8], signature: &[u8], expected: &str| {
            cases.push(case(format!("{alg:?} {what}"), &jwk, message, signature, expected));
        };
        add("good", MESSAGE, &signature, &verdict("valid"));
        add("of another text", b"eyJhbGciOiJub25lIn0.e30x", &signature, &verdict("invalid"));
        add("of no text", b"", &signature, &verdict("invalid"));
        for place in [0, signature.len() / 2, signature.len() - 1] {
            let mut flipped = signature.clone();
            flipped[place] ^= 1;
            add(&format!("flipped at {place}"), MESSAGE, &flipped, &verdict("invalid"));
        }
        let other = Key::seeded(alg, "k", "other").signature(MESSAGE);
        add("of another key", MESSAGE, &other, &verdict("invalid"));
        for (what, bad) in [
            ("nothing", Vec::new()),
            ("a byte short", signature[1..].to_vec()),
            ("a zero before", [&[0], &signature[..]].concat()),
            ("a zero behind", [&signature[..], &[0]].concat()),
            ("twice", [&signature[..], &signature[..]].concat()),
        ] {
            add(what, MESSAGE, &bad, "invalid");
        }
        let zeroes = vec![0; signature.len()];
        add("zeroes", MESSAGE, &zeroes, "invalid");
        // Past the order of every curve, and past every modulus.
        add("ones", MESSAGE, &vec![0xff; signature.len()], "invalid");
    }
    // RS and ES go to Envoy, but for what is of the wrong form.
    assert!(all_right(&cases) >= 6 * 7);
}

fn number(bytes: impl AsRef<[u8]>) -> BigUint {
    BigUint::from_bytes_be(bytes.as_ref())
}

fn fixed(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; length - bytes.len()], bytes].concat()
}

#[test]
fn ecdsa_at_the_edges_has_one_verdict() {
    let p256 = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";
    let p384 = "________________________________x2NNgfQ3Ld9YGg2ySLCneuzsGWrMxSlz";
    let mut cases = Vec::new();
    for (key, order, length) in [(Key::es256("k"), p256, 32), (Key::es384("k"), p384, 48)] {
        let n = number(unb64(order));
        let signature = key.signature(MESSAGE);
        let (r, s) = (number(&signature[..length]), number(&signature[length..]));
        let (zero, one) = (BigUint::from(0u8), BigUint::from(1u8));
        let last = &n - &one;
        for (what, r, s, expected) in [
            ("high s", &r, &(&n - &s), "valid"),
            ("r zero", &zero, &s, "invalid"),
            ("s zero", &r, &zero, "invalid"),
            ("r the order", &n, &s, "invalid"),
            ("s the order", &r, &n, "invalid"),
            ("one and one", &one, &one, "invalid"),
            ("the last of both", &last, &last, "invalid"),
            ("s and r", &s, &r, "invalid"),
        ] {
            let signature = [fixed(r, length), fixed(s, length)].concat();
            let name = format!("{:?} {what}", key.alg());
            cases.push(case(name, &key.jwk(), MESSAGE, &signature, expected));
        }
    }
    assert!(all_right(&cases) >= 8);
}

/// An RSA key of these primes' product, with any exponent that they allow.
fn composite(keys: &[RsaKey], exponent: u64) -> Option<(Value, Vec<u8>)> {
    let one = BigUint::from(1u8);
    let (mut modulus, mut order) = (one.clone(), one.clone());
    for which in keys {
        let jwk = which.private_jwk();
        for prime in ["p", "q"] {
            let prime = number(unb64(jwk[prime].as_str().unwrap()));
            order *= &prime - &one;
            modulus *= prime;
        }
    }
    let e = BigUint::from(exponent);
    let d = inverse(&e, &order)?;
    let length = modulus.bits().div_ceil(8);
    let info = unb64("MDEwDQYJYIZIAWUDBAIBBQAEIA");
    let digest = [info, Sha256::digest(MESSAGE).to_vec()].concat();
    let filling = vec![0xff; length - 3 - digest.len()];
    let encoded = [&[0, 1][..], &filling, &[0], &digest].concat();
    let signature = fixed(&number(encoded).modpow(&d, &modulus), length);
    let jwk = json!({
        "kty": "RSA", "alg": "RS256", "n": b64(modulus.to_bytes_be()), "e": b64(e.to_bytes_be()),
    });
    Some((jwk, signature))
}

/// e is odd and small: 1 + k·order is a multiple of it for some k below it, or
/// for none.
fn inverse(e: &BigUint, order: &BigUint) -> Option<BigUint> {
    let small = order % e;
    // The extended Euclidean algorithm, on numbers that fit.
    let digits = |number: &BigUint| {
        number.to_bytes_be().iter().fold(0_i128, |sum, byte| sum << 8 | i128::from(*byte))
    };
    let (e_small, mut a, mut b) = (digits(e), digits(e), digits(&small));
    let (mut x, mut y) = (0_i128, 1_i128);
    while b != 0 {
        let quotient = a / b;
        (a, b) = (b, a - quotient * b);
        (x, y) = (y, x - quotient * y);
    }
    // Here x · order = 1 modulo e, so that k = -x.
    (a == 1).then(|| {
        let k = BigUint::from((-x).rem_euclid(e_small) as u64);
        (k * order + BigUint::from(1u8)) / e
    })
}

#[test]
fn unusual_rsa_keys_have_one_verdict() {
    use RsaKey::{A, B, Bits1024, Bits3072};
    let mut cases = Vec::new();
    for keys in [&[A][..], &[A, B], &[A, B, Bits3072], &[A, B, Bits3072, Bits1024]] {
        let exponents =
            [3, 5, 17, 257, 65_537, 65_539, (1 << 32) + 15, (1 << 33) - 9, (1 << 33) - 1];
        for exponent in exponents {
            let Some((jwk, signature)) = composite(keys, exponent) else {
                continue;
            };
            let name = format!("{} bits, e = {exponent}", signature.len() * 8);
            let mut bad = signature.clone();
            bad[9] ^= 1;
            cases.push(case(name.clone(), &jwk, MESSAGE, &signature, "valid"));
            cases.push(case(format!("{name}, flipped"), &jwk, MESSAGE, &bad, "invalid"));
            let added = number(&signature) + number(unb64(jwk["n"].as_str().unwrap()));
            if added.bits() <= signature.len() * 8 {
                let added = fixed(&added, signature.len());
                cases.push(case(format!("{name}, n added"), &jwk, MESSAGE, &added, "invalid"));
            }
        }
    }
    assert!(cases.len() > 30, "only {} cases", cases.len());
    assert!(all_right(&cases) > 30);
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().unwrap()
}

fn unhex(text: &Value) -> Vec<u8> {
    let digits: Vec<u8> =
        text.as_str().unwrap().chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The cases of a file of Wycheproof's.
fn wycheproof(file: &Path) -> Vec<Value> {
    let document: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let name = file.file_stem().unwrap().to_string_lossy();
    let mut cases = Vec::new();
    for group in list(&document, "testGroups") {
        for test in list(group, "tests") {
            let jwk = if test["key"].is_string() {
                json!({"kty": "oct", "alg": "HS256", "k": b64(unhex(&test["key"]))})
            } else {
                jwk_of(group)
            };
            let whole = group["tagSize"].is_null() || group["tagSize"] == 256;
            let expected = if whole && test["result"] == "valid" { "valid" } else { "invalid" };
            let signature =
                unhex(if test["tag"].is_string() { &test["tag"] } else { &test["sig"] });
            let name = format!("{name} {}", test["tcId"]);
            cases.push(case(name, &jwk, &unhex(&test["msg"]), &signature, expected));
        }
    }
    cases
}

fn jwk_of(group: &Value) -> Value {
    for name in ["publicKeyJwk", "keyJwk"] {
        if group[name].is_object() {
            return group[name].clone();
        }
    }
    let point = unhex(&group["publicKey"]["uncompressed"]);
    let (x, y) = point[1..].split_at(point.len() / 2);
    let crv = if x.len() == 32 { "P-256" } else { "P-384" };
    json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y)})
}

#[test]
fn every_vector_of_wycheproof_has_one_verdict() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let folder = std::env::var_os("VECTORS_DIR").map_or(default, PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: no vectors in {}", folder.display());
        return;
    }
    let mut cases = Vec::new();
    for file in [
        "rsa_signature_2048_sha256_test",
        "rsa_pss_2048_sha256_mgf1_32_test",
        "ecdsa_secp256r1_sha256_p1363_test",
        "ecdsa_secp384r1_sha384_p1363_test",
        "ed25519_test",
        "hmac_sha256_test",
    ] {
        cases.extend(wycheproof(&folder.join(format!("wycheproof/{file}.json"))));
    }
    assert_eq!(cases.len(), 259 + 108 + 262 + 280 + 151 + 174);
    // PSS, Ed25519 and HMAC never go to Envoy, nor does what is of the wrong form.
    assert!(all_right(&cases) > 600);
}

#[test]
fn a_wrong_verdict_is_told() {
    let key = Key::es256("k");
    let right = good(&key, "right");
    let mut expects_too_much = right.clone();
    expects_too_much["name"] = json!("too much");
    expects_too_much["signature"] = json!(b64(key.signature(b"another text")));
    let mut expects_too_little = right.clone();
    expects_too_little["name"] = json!("too little");
    expects_too_little["expected"] = json!("invalid");
    // Both ways are looked at: ES512 differs between them.
    let mut differs = good(&Key::es512("k"), "differs");
    differs["expected"] = json!("valid");
    let mut no_key = right.clone();
    no_key["name"] = json!("no key");
    no_key["jwk"]["y"] = no_key["jwk"]["x"].clone();
    let mut incomplete = right.clone();
    incomplete["name"] = json!("incomplete");
    incomplete.as_object_mut().unwrap().remove("signature");
    for (wrong, line) in [
        (
            expects_too_much,
            "too much: by the host Ok(\"invalid\"), in wasm Ok(\"invalid\"), expected valid",
        ),
        (
            expects_too_little,
            "too little: by the host Ok(\"valid\"), in wasm Ok(\"valid\"), expected invalid",
        ),
        (
            differs,
            "differs: by the host Ok(\"valid\"), in wasm Ok(\"unsupported\"), expected valid",
        ),
        (
            no_key,
            "no key: by the host Ok(\"key refused\"), in wasm Ok(\"key refused\"), expected valid",
        ),
        (incomplete, "incomplete: no case"),
    ] {
        let (content, lines) = run(&[right.clone(), wrong]);
        assert!(!content, "{lines:?}");
        assert!(lines.iter().any(|said| said == line), "{lines:?} lacks {line}");
        assert!(lines.iter().any(|said| said.ends_with(", 1 wrong")), "{lines:?}");
    }
    // Nothing to compare is nothing that agrees.
    assert!(!run(&[]).0);
}
