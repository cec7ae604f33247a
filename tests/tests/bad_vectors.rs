//! Vectors that others made for JOSE: Wycheproof's key sets and the cookbook of
//! RFC 7520. They are no part of the project; `VECTORS_DIR` says where they are.

mod bad;

use std::path::PathBuf;

use bad::{ACME_JWT, House, Outcome, document};
use rsa::BigUint;
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384};
use tenant_guard_tests::token::{Key, Parts, b64, now, unb64};
use tenant_guard_tests::{Protocol, Request, validate};

/// A file of the vectors, or `None` where there are none.
fn vectors(name: &str) -> Option<Value> {
    let given = std::env::var_os("VECTORS_DIR").map(PathBuf::from);
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors");
    let dir = given.unwrap_or_else(|| beside.into());
    if !dir.is_dir() {
        println!("skipped: no vectors");
        return None;
    }
    let text = std::fs::read(dir.join(name)).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

/// The house with these key sets as issuers of `acme`, by name.
fn with_issuers(sets: &[(String, Value)]) -> Value {
    let mut document = document();
    let issuers = document["jwt"]["issuers"].as_array_mut().unwrap();
    for (name, set) in sets {
        issuers.push(json!({"issuer": issuer(name), "audiences": ["api"], "keys": {"jwks": set}, "tenant": {"fixed": "acme"}}));
    }
    document
}

fn issuer(name: &str) -> String {
    format!("https://{name}.vectors.test/")
}

fn claims(name: &str) -> String {
    json!({"iss": issuer(name), "aud": "api", "sub": "user-1", "exp": now() + 300}).to_string()
}

fn part(jwk: &Value, name: &str) -> Vec<u8> {
    unb64(jwk[name].as_str().unwrap())
}

fn rsa_key(jwk: &Value) -> rsa::RsaPrivateKey {
    let number = |name: &str| BigUint::from_bytes_be(&part(jwk, name));
    let primes = vec![number("p"), number("q")];
    rsa::RsaPrivateKey::from_components(number("n"), number("e"), number("d"), primes).unwrap()
}

/// The key sets that the guard doesn't refuse; it tells of all the others at once.
fn not_refused(sets: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let own = document()["jwt"]["issuers"].as_array().unwrap().len();
    let (_, said) = validate(with_issuers(&sets));
    let refused = |index: usize| said.contains(&format!("jwt.issuers[{}].keys", own + index));
    let sets = sets.into_iter().enumerate();
    sets.filter(|(index, _)| !refused(*index)).map(|(_, set)| set).collect()
}

#[test]
fn wycheproofs_bad_key_sets_are_not_loaded_and_its_tokens_refused() {
    let Some(file) = vectors("wycheproof/json_web_key_test.json") else { return };
    let groups = file["testGroups"].as_array().unwrap();
    let name = |group: &Value| format!("tc{}", group["tests"][0]["tcId"]);
    // With another key beside them, so that none is empty where its key is left out.
    let filler = Key::eddsa("filler").jwk();
    let sets = groups.iter().map(|group| {
        let set = if group["public"].is_null() { &group["private"] } else { &group["public"] };
        let mut keys = set["keys"].as_array().cloned().unwrap_or_else(|| vec![set.clone()]);
        keys.push(filler.clone());
        (name(group), json!({ "keys": keys }))
    });
    let sets = not_refused(sets.collect());
    let key =
        rsa_key(&groups.iter().find(|group| name(group) == "tc5").unwrap()["private"]["keys"][0]);
    let header = b64(r#"{"alg":"RS256","kid":"kid-rsa-sign"}"#);
    let input = format!("{header}.{}", b64(claims("tc5")));
    let signature = rsa::pkcs1v15::SigningKey::<Sha256>::new(key).sign(input.as_bytes());
    let good = format!("{input}.{}", b64(signature.to_vec()));
    House::of(with_issuers(&sets), |builder| builder).each(|site| {
        for test in groups.iter().flat_map(|group| group["tests"].as_array().unwrap()) {
            let (what, jws) = (test["comment"].as_str().unwrap(), test["jws"].as_str().unwrap());
            // Valid or not as a JWS: its payload is no claims.
            site.refuses(what, Request::get("/a").bearer(jws), "token_malformed");
        }
        site.allowed("claims", Request::get("/a").bearer(&good), &ACME_JWT);
        let mut used = Vec::new();
        for group in groups.iter().filter(|group| sets.iter().any(|(set, _)| *set == name(group))) {
            let jws = Parts::of(group["tests"][0]["jws"].as_str().unwrap());
            let token = format!("{}.{}.{}", jws.header, b64(claims(&name(group))), jws.signature);
            match site.send("its key", Request::get("/a").bearer(token)) {
                Outcome::Guard(401, code) if code == "token_signature_invalid" => {
                    used.push(name(group));
                }
                Outcome::Guard(401, code) => assert!(
                    ["token_key_unknown", "token_algorithm_refused"].contains(&code.as_str()),
                    "{code}"
                ),
                other => panic!("{other:?}"),
            }
        }
        // The good one, and one that only factoring shows to be weak. Sets of
        // shared secrets, good or bad, are no key sets here.
        assert_eq!(used, ["tc5", "tc7"]);
    });
}

const COOKBOOK: [&str; 10] = [
    "4_1.rsa_v15_signature",
    "4_2.rsa-pss_signature",
    "4_3.ecdsa_signature",
    "4_4.hmac-sha2_integrity_protection",
    "4_5.signature_with_detached_content",
    "4_6.protecting_specific_header_fields",
    "4_7.protecting_content_only",
    "4_8.multiple_signatures",
    "b64_false",
    "eddsa",
];

/// The public part of a key of the cookbook.
fn public(jwk: &Value, alg: &str) -> Value {
    let mut jwk = jwk.clone();
    let members = jwk.as_object_mut().unwrap();
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        members.remove(private);
    }
    members.insert("alg".into(), alg.into());
    json!({"keys": [jwk]})
}

#[test]
fn the_cookbooks_keys_verify_claims_and_its_tokens_are_refused() {
    let files = COOKBOOK.map(|name| vectors(&format!("rfc7520/{name}.json")));
    let Some(files) = files.into_iter().collect::<Option<Vec<Value>>>() else { return };
    let key = |index: usize| &files[index]["input"]["key"];
    // As they stand in the cookbook, the keys are private.
    let private =
        [0, 2, 3, 9].map(|index| (format!("private{index}"), json!({"keys": [key(index)]})));
    assert_eq!(not_refused(private.to_vec()), []);

    let sets = [
        ("rs256", 0, "RS256"),
        ("ps384", 1, "PS384"),
        ("es512", 2, "ES512"),
        ("eddsa", 9, "EdDSA"),
    ]
    .map(|(name, index, alg)| (name.to_owned(), public(key(index), alg)));
    let sign = |name: &str, alg: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let input = format!("{}.{}", b64(json!({"alg": alg}).to_string()), b64(claims(name)));
        format!("{input}.{}", b64(sign(input.as_bytes())))
    };
    let mut scalar = vec![0; 66];
    let d = part(key(2), "d");
    scalar[66 - d.len()..].copy_from_slice(&d);
    let p521 = p521::ecdsa::SigningKey::from_slice(&scalar).unwrap();
    let ed25519 = ed25519_dalek::SigningKey::from_bytes(&part(key(9), "d").try_into().unwrap());
    let pss = rsa::pss::SigningKey::<Sha384>::new(rsa_key(key(1)));
    let rsa = rsa::pkcs1v15::SigningKey::<Sha256>::new(rsa_key(key(0)));
    let good = [
        sign("rs256", "RS256", &|input| rsa.sign(input).to_vec()),
        sign("ps384", "PS384", &|input| pss.sign_with_rng(&mut rand::thread_rng(), input).to_vec()),
        sign("es512", "ES512", &|input| {
            let signature: p521::ecdsa::Signature = p521.sign(input);
            signature.to_bytes().to_vec()
        }),
        sign("eddsa", "EdDSA", &|input| ed25519.sign(input).to_bytes().to_vec()),
    ];
    House::of(with_issuers(&sets), |builder| builder).each(|site| {
        for token in &good {
            site.allowed(token, Request::get("/a").bearer(token), &ACME_JWT);
        }
        for (name, file) in COOKBOOK.iter().zip(&files) {
            for (form, output) in file["output"].as_object().unwrap() {
                let text = output.as_str().map_or_else(|| output.to_string(), str::to_owned);
                let what = format!("{name} {form}");
                // A comma in Authorization is two credentials.
                let code =
                    if text.contains(',') { "credentials_ambiguous" } else { "token_malformed" };
                site.refuses(&what, Request::get("/a").bearer(&text), code);
                let cookie = Request::get("/a").header("cookie", format!("session={text}"));
                site.refuses(&what, cookie, "token_malformed");
                if site.over == Protocol::H1 {
                    let escaped: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
                    let query = Request::get(format!("/a?access_token={escaped}"));
                    site.refuses(&what, query, "token_malformed");
                }
            }
        }
    });
}
