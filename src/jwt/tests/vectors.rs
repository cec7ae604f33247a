//! Vectors that others wrote: Wycheproof and the JOSE cookbook.
//!
//! They aren't part of this repository; without them these tests say so.

use std::path::PathBuf;

use tenant_guard_tests::token::{b64, unb64};

use super::signatures::unhex;
use super::*;
use crate::host::SignatureVerdict as Verdict;
use crate::jwt::key::Key as OurKey;
use crate::jwt::signature;

/// A file of vectors; `None` where there are none at all.
fn vectors(file: &str) -> Option<Value> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    let folder = std::env::var_os("VECTORS_DIR").map_or(default, PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: no vectors in {}", folder.display());
        return None;
    }
    let text = std::fs::read(folder.join(file)).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

/// Whether a signature is good, its key being this JWK.
fn is_good(jwk: &Value, message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = OurKey::from_jwk(jwk.as_object().unwrap()) else {
        return false;
    };
    let host = FixedHost::at(NOW as f64);
    signature::verify(&key, signature, message, &host) == Ok(Verdict::Valid)
}

/// The JWK of a group, where the vectors give one; some keys have coordinates
/// of fewer bytes, for which they don't, and then it is made from the point.
fn jwk_of(group: &Value) -> Value {
    for name in ["publicKeyJwk", "keyJwk"] {
        if group[name].is_object() {
            return group[name].clone();
        }
    }
    let point = unhex(text(&group["publicKey"], "uncompressed"));
    let (x, y) = point[1..].split_at(point.len() / 2);
    let crv = if x.len() == 32 { "P-256" } else { "P-384" };
    json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y)})
}

/// Runs a file of signatures; these test cases, and no others, are judged
/// otherwise than the file says, each for a reason.
fn signatures(file: &str, count: usize, exceptions: &[(u64, &str)]) {
    let Some(file) = vectors(&format!("wycheproof/{file}")) else {
        return;
    };
    let (mut ran, mut wrong) = (0, Vec::new());
    for group in list(&file, "testGroups") {
        let jwk = jwk_of(group);
        for test in list(group, "tests") {
            ran += 1;
            let id = test["tcId"].as_u64().unwrap();
            let (message, signature) = (unhex(text(test, "msg")), unhex(text(test, "sig")));
            // What is merely acceptable isn't good enough.
            let expected = text(test, "result") == "valid";
            if is_good(&jwk, &message, &signature) != expected {
                wrong.push(id);
            }
        }
    }
    assert_eq!(ran, count);
    let explained: Vec<u64> = exceptions.iter().map(|(id, _)| *id).collect();
    assert_eq!(wrong, explained, "{exceptions:?}");
}

#[test]
fn rsa_pkcs1_of_wycheproof() {
    signatures("rsa_signature_2048_sha256_test.json", 259, &[]);
}

#[test]
fn rsa_pss_of_wycheproof() {
    signatures("rsa_pss_2048_sha256_mgf1_32_test.json", 108, &[]);
}

#[test]
fn ecdsa_p256_of_wycheproof() {
    signatures("ecdsa_secp256r1_sha256_p1363_test.json", 262, &[]);
}

#[test]
fn ecdsa_p384_of_wycheproof() {
    signatures("ecdsa_secp384r1_sha384_p1363_test.json", 280, &[]);
}

#[test]
fn ed25519_of_wycheproof() {
    signatures("ed25519_test.json", 151, &[]);
}

#[test]
fn hmac_sha256_of_wycheproof() {
    let Some(file) = vectors("wycheproof/hmac_sha256_test.json") else {
        return;
    };
    let (mut ran, mut wrong) = (0, Vec::new());
    for group in list(&file, "testGroups") {
        let whole = group["tagSize"] == 256;
        for test in list(group, "tests") {
            ran += 1;
            let algorithm = Algorithm::Hs(Hash::Sha256);
            let key = OurKey::secret(algorithm, &unhex(text(test, "key")));
            let (tag, message) = (unhex(text(test, "tag")), unhex(text(test, "msg")));
            let host = FixedHost::at(NOW as f64);
            let verdict = signature::verify(&key, &tag, &message, &host);
            // A part of a tag is never one (RFC 7518 section 3.2).
            let expected = whole && text(test, "result") == "valid";
            if (verdict == Ok(Verdict::Valid)) != expected {
                wrong.push(test["tcId"].clone());
            }
        }
    }
    assert_eq!(ran, 174);
    assert_eq!(wrong, [0; 0]);
}

/// The verdict on a JWS whose payload needn't be a claims set: shape, key by
/// `alg` and `kid`, signature; `None` where one of them refuses.
fn jws(keys: &[OurKey], token: &str) -> Option<Verdict> {
    let [header, payload, tag]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().ok()?;
    // The payload is looked at as JSON, so an empty object stands in for it.
    let stand_in = format!("{header}.{}.{tag}", b64("{}"));
    let compact = Compact::parse(stand_in.as_bytes()).ok()?;
    let template = Verifier::keys(&[&es256()]);
    let mut issuer = template.0.jwt.issuers()[0].clone();
    let is_secret = |key: &OurKey| key.algorithm.is_hmac();
    issuer.secrets = keys.iter().filter(|key| is_secret(key)).cloned().collect();
    issuer.keys = keys.iter().filter(|key| !is_secret(key)).cloned().collect::<Vec<_>>().into();
    let key = issuer.key(compact.alg, compact.kid.as_deref(), None).ok()?;
    let signed = format!("{header}.{payload}");
    let host = FixedHost::at(NOW as f64);
    signature::verify(key, &compact.signature, signed.as_bytes(), &host).ok()
}

/// The keys of a set as a configuration reads them, an HMAC secret as its own
/// section does: `None` where the configuration would be refused.
fn key_set(set: &Value) -> Option<Vec<OurKey>> {
    let members = match set["keys"].as_array() {
        Some(members) => members.clone(),
        None => vec![set.clone()],
    };
    let is_secret = |jwk: &Value| jwk["kty"] == "oct";
    if !members.iter().any(is_secret) {
        let loaded = json!({
            "version": 1,
            "jwt": {"issuers": [but(issuer(ISS, &[]), json!({"keys": {"jwks": {"keys": members}}}))]},
        });
        let loaded = config::load(loaded.to_string().as_bytes(), &NoEnvironment).ok()?;
        return Some(loaded.guard.jwt.issuers()[0].keys.to_vec());
    }
    // One secret, without a kid; the key it is signed with comes first in all sets.
    let kids: Vec<&Value> = members.iter().map(|jwk| &jwk["kid"]).collect();
    let repeated = kids.iter().skip(1).any(|kid| *kid == kids[0]);
    if !members.iter().all(is_secret) || repeated {
        return None;
    }
    let secret = unb64(text(&members[0], "k"));
    let algorithm = Algorithm::parse(text(&members[0], "alg"))?;
    let Algorithm::Hs(hash) = algorithm else {
        return None;
    };
    // As in `config::keys`, which takes text only.
    (secret.len() >= hash.length()).then(|| vec![OurKey::secret(algorithm, &secret)])
}

#[test]
fn json_web_keys_of_wycheproof() {
    let Some(file) = vectors("wycheproof/json_web_key_test.json") else {
        return;
    };
    let exceptions: [(u64, &str); 1] =
        [(7, "a ROCA key is told from others by its factors' form; no check for it is asked for")];
    let (mut ran, mut wrong) = (0, Vec::new());
    for group in list(&file, "testGroups") {
        let set = if group["public"].is_object() { &group["public"] } else { &group["private"] };
        let keys = key_set(set);
        for test in list(group, "tests") {
            ran += 1;
            let verdict = keys.as_deref().and_then(|keys| jws(keys, text(test, "jws")));
            if (verdict == Some(Verdict::Valid)) != (text(test, "result") == "valid") {
                wrong.push(test["tcId"].as_u64().unwrap());
            }
        }
    }
    assert_eq!(ran, 26);
    assert_eq!(wrong, exceptions.map(|(id, _)| id));
}

/// A key of the cookbook, without what is private.
fn public(key: &Value) -> Value {
    let mut key = key.clone();
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().unwrap().remove(name);
    }
    key
}

#[test]
fn the_jose_cookbook() {
    for (name, expected) in [
        ("4_1.rsa_v15_signature", Some(Verdict::Valid)),
        ("4_2.rsa-pss_signature", Some(Verdict::Valid)),
        // ES512 is for hosts that verify it.
        ("4_3.ecdsa_signature", Some(Verdict::Unsupported)),
        ("4_4.hmac-sha2_integrity_protection", Some(Verdict::Valid)),
        ("eddsa", Some(Verdict::Valid)),
        ("b64_false", None),
    ] {
        let Some(file) = vectors(&format!("rfc7520/{name}.json")) else {
            return;
        };
        let input = &file["input"];
        let mut jwk = public(&input["key"]);
        jwk["alg"] = input["alg"].clone();
        let keys = key_set(&json!({"keys": [jwk]})).unwrap();
        let token = text(&file["output"], "compact");
        assert_eq!(jws(&keys, token), expected, "{name}");
        let (signed, tag) = token.rsplit_once('.').unwrap();
        let mut tag = unb64(tag);
        tag[0] ^= 1;
        assert_ne!(jws(&keys, &format!("{signed}.{}", b64(tag))), Some(Verdict::Valid), "{name}");
    }
}

#[test]
fn no_other_serialisation_of_the_cookbook_is_a_token() {
    let verifier = Verifier::keys(&[&es256()]);
    let mut tried = 0;
    for name in [
        "4_1.rsa_v15_signature",
        "4_5.signature_with_detached_content",
        "4_6.protecting_specific_header_fields",
        "4_7.protecting_content_only",
        "4_8.multiple_signatures",
    ] {
        let Some(file) = vectors(&format!("rfc7520/{name}.json")) else {
            return;
        };
        let output = file["output"].as_object().unwrap();
        for (form, token) in
            output.iter().filter(|(form, _)| name != "4_1.rsa_v15_signature" || *form != "compact")
        {
            let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
            assert_eq!(verifier.code(&token), Some(Code::TokenMalformed), "{name} {form}");
            tried += 1;
        }
    }
    assert!(tried >= 9, "only {tried}");
}
