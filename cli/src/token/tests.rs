use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::Exit;
use crate::testing::{Ran, TempFile, run, run_with};

const SECRET: &str = "a secret of the tests that has 64 bytes, which HS512 asks for....";

fn mint(args: &[&str]) -> Ran {
    run(&["token", "mint", "--format", "json"].iter().chain(args).copied().collect::<Vec<_>>())
}

fn minted(args: &[&str]) -> Value {
    let secret = TempFile::new(".txt", SECRET);
    let args: Vec<&str> = ["--secret-file", secret.path()].iter().chain(args).copied().collect();
    mint(&args).json()
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
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Failure, ""), "{text}");
        assert!(ran.err.contains(word), "{text}: {}", ran.err);
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
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
        let shown = run_with(&["token", "show", "--format", "json"], &input).json();
        assert_eq!(shown["verified"], false);
        assert_eq!(shown["claims"], made["claims"]);
        assert_eq!(shown["times"]["exp"], "2026-01-01T00:00:00Z");
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
        ("abc", "1 parts"),
        ("a.b.c.d.e", "encrypted"),
        ("!.e30.x", "header is no base64url"),
        (&format!("e30.{part}.x"), "payload is no JSON"),
    ] {
        let ran = run_with(&["token", "show"], input);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Failure, ""), "{input}");
        assert!(ran.err.contains(word), "{input}: {}", ran.err);
    }
}
