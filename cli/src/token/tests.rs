use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use tenant_guard_tests::token::{Alg, Key, RsaKey};

use crate::Exit;
use crate::testing::{Ran, TempFile, run, run_with};

const SECRET: &str = "a secret of the tests that has 64 bytes, which HS512 asks for....";

fn mint(args: &[&str]) -> Ran {
    run(&["token", "mint", "--format", "json"].iter().chain(args).copied().collect::<Vec<_>>())
}

fn minted(args: &[&str]) -> Value {
    let secret = TempFile::new(".txt", SECRET);
    let args: Vec<&str> = ["--secret-file", secret.path()].iter().chain(args).copied().collect();
    mint(&args).good().json()
}

#[test]
fn a_minted_token_has_the_claims_that_were_asked_for() {
    let made = minted(&[
        "--iss",
        "https://idp.dev",
        "--sub",
        "alice",
        "--aud",
        "api",
        "--lifetime",
        "1h",
        "--claim",
        "tenant=acme",
        "--claim",
        "roles=[\"viewer\"]",
        "--claim",
        "n=7",
    ]);
    assert_eq!(made["header"], json!({"alg": "HS256", "typ": "JWT"}));
    let claims = &made["claims"];
    for (name, expected) in [
        ("iss", json!("https://idp.dev")),
        ("sub", json!("alice")),
        ("aud", json!("api")),
        ("tenant", json!("acme")),
        ("roles", json!(["viewer"])),
        ("n", json!(7)),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
}

#[test]
fn claims_replace_what_is_set_and_null_leaves_out() {
    let file = TempFile::new(".json", r#"{"sub": "bob", "more": true, "exp": 5}"#);
    let made = minted(&[
        "--claims-file",
        file.path(),
        "--sub",
        "alice",
        "--aud",
        "a",
        "--aud",
        "b",
        "--claim",
        "iat=null",
        "--typ",
        "",
        "--kid",
        "k1",
    ]);
    assert_eq!(made["claims"], json!({"sub": "alice", "more": true, "exp": 5, "aud": ["a", "b"]}));
    assert_eq!(made["header"], json!({"alg": "HS256", "kid": "k1"}));
}

#[test]
fn only_the_token_goes_to_standard_output() {
    let secret = TempFile::new(".txt", "short\n");
    let ran = run(&["token", "mint", "--secret-file", secret.path()]);
    assert_eq!(ran.exit, Exit::Ok);
    assert_eq!(ran.out.trim().split('.').count(), 3);
    assert_eq!(ran.out.lines().count(), 1);
    assert!(ran.err.contains("5 bytes") && ran.err.contains("asks for 32"), "{}", ran.err);
}

#[test]
fn a_secret_may_come_from_a_file_or_an_argument() {
    let file = TempFile::new(".txt", SECRET);
    let claims = ["--claim", "iat=1", "--claim", "exp=2"];
    let by = |signer: [&str; 2]| mint(&[&signer[..], &claims[..]].concat()).good().json();
    assert_eq!(by(["--secret", SECRET]), by(["--secret-file", file.path()]));
}

#[test]
fn what_signs_nothing_is_refused_without_being_shown() {
    let rsa = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "hunter2A"}).to_string();
    let public = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}).to_string();
    let set =
        json!({"keys": [{"kty": "oct", "k": "aaaa"}, {"kty": "oct", "k": "bbbb"}]}).to_string();
    for (text, more, word) in [
        ("hunter2", &[][..], "no JSON"),
        ("{\"d\": \"hunter2\"}", &[], "no kty"),
        (&rsa, &[], "no RSA key"),
        (&public, &[], "no private key"),
        (r#"{"kty": "OKP", "crv": "X25519", "d": "hunter2A"}"#, &[], "signs no tokens"),
        (r#"{"kty": "EC", "crv": "P-256", "d": "hunter2!"}"#, &[], "no private key"),
        (r#"{"kty": "oct", "k": "aHVudGVyMg"}"#, &["--alg", "RS256"], "HS256, HS384, HS512"),
        (&set, &[], "several private keys"),
        (&set, &["--kid", "x"], "no such private key"),
    ] {
        let file = TempFile::new(".json", text);
        let args: Vec<&str> = ["--key", file.path()].iter().chain(more).copied().collect();
        let ran = mint(&args);
        assert_eq!((ran.exit, ran.err.as_str()), (Exit::Failure, ""), "{text}");
        let problem = ran.json()["errors"][0]["problem"].to_string();
        assert!(problem.contains(word), "{text}: {problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
    for args in [&[][..], &["--secret-env", "NOT_SET"], &["--key", "/nowhere", "--secret-env", "X"]]
    {
        assert_eq!(mint(args).exit, Exit::Failure, "{args:?}");
    }
}

#[test]
fn a_shown_token_is_told_to_be_unverified() {
    let made = minted(&["--sub", "alice", "--claim", "exp=1767225600"]);
    let token = made["token"].as_str().unwrap();
    for input in [token.to_owned(), format!("Bearer {token}\n"), format!("bearer  {token}")] {
        let shown = run_with(&["token", "show", "--format", "json"], &input).good().json();
        assert_eq!(shown["verified"], false);
        assert_eq!(shown["claims"], made["claims"]);
        assert_eq!(shown["times"]["exp"], "2026-01-01T00:00:00Z");
        assert_eq!(run(&["token", "show", "--format", "json", &input]).good().json(), shown);
        let human = run_with(&["token", "show"], &input).out;
        assert!(human.starts_with("Not verified"), "{human}");
        assert!(human.contains("d ago"), "{human}");
    }
}

#[test]
fn what_is_no_token_is_said_so() {
    let part = URL_SAFE_NO_PAD.encode("[1");
    for (input, word) in [
        ("", "no token"),
        ("abc", "this has 1"),
        ("a.b.c.d.e", "encrypted"),
        ("!.e30.x", "header is no base64url"),
        (&format!("e30.{part}.x"), "payload is no JSON"),
    ] {
        let ran = run_with(&["token", "show"], input);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Failure, ""), "{input}");
        assert!(ran.err.contains(word), "{input}: {}", ran.err);
    }
}

/// A private JWK of each kind, and the public half where it has one.
fn keys() -> Vec<(Value, Option<Value>)> {
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let with = |jwk: &Value, name: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk[name] = value;
        jwk
    };
    let rsa = RsaKey::A.private_jwk();
    let rsa_public = json!({"kty": "RSA", "kid": "r", "n": rsa["n"], "e": rsa["e"]});
    let mut keys = Vec::new();
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        let private = with(&with(&rsa, "alg", json!(alg)), "kid", json!("r"));
        keys.push((private, Some(with(&rsa_public, "alg", json!(alg)))));
    }
    for alg in [Alg::ES256, Alg::ES384, Alg::ES512, Alg::EdDSA] {
        let key = Key::new(alg, "k");
        let d = match alg {
            Alg::ES256 => b64(&Sha512::digest("k")[..32]),
            Alg::ES384 => b64(&Sha512::digest("k")[..48]),
            Alg::ES512 => b64(&[&[0, 0][..], &Sha512::digest("k")].concat()),
            _ => b64(&Sha256::digest("k")),
        };
        let public = key.jwk();
        keys.push((with(&public, "d", json!(d)), Some(public)));
    }
    for alg in ["HS256", "HS384", "HS512"] {
        keys.push((json!({"kty": "oct", "alg": alg, "k": b64(SECRET.as_bytes())}), None));
    }
    keys
}

#[test]
fn the_guard_takes_tokens_of_every_algorithm() {
    for (private, public) in keys() {
        let alg = private["alg"].as_str().unwrap();
        let source = match public {
            Some(public) => json!({"jwks": {"keys": [public]}}),
            None => json!({"secret": SECRET}),
        };
        let document = json!({
            "version": 1,
            "jwt": {"issuers": [{
                "issuer": "https://idp.dev", "audiences": ["api"], "algorithms": [alg], "keys": source,
                "tenant": {"claims": ["tenant"]},
            }]},
        });
        let document = TempFile::new(".json", document.to_string());
        let key = TempFile::new(".json", private.to_string());
        let made = mint(&[
            "--key",
            key.path(),
            "--iss",
            "https://idp.dev",
            "--aud",
            "api",
            "--sub",
            "alice",
            "--claim",
            "tenant=acme",
        ]);
        let made = made.good().json();
        assert_eq!(made["header"]["alg"], alg);
        assert_eq!(made["header"]["kid"], private["kid"], "{alg}");
        let token = made["token"].as_str().unwrap();
        let headers = format!("authorization: Bearer {token}\n");
        let ran = run_with(&["explain", "-c", document.path(), "-H", "@-", "/"], &headers);
        assert_eq!(ran.exit, Exit::Ok, "{alg}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn what_a_terminal_would_obey_in_a_token_is_escaped() {
    let encode = |text: &str| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
    };
    let claims = encode("{\"sub\":\"a\u{9b}31mb\u{202e}c\u{7f}\"}");
    let token = format!("{}.{claims}.x", encode("{\"alg\":\"none\"}"));
    for format in ["human", "json"] {
        let ran = run_with(&["token", "show", "--format", format], &token);
        assert!(ran.out.contains("a\\u009b31mb\\u202ec\\u007f"), "{}", ran.out);
    }
}
