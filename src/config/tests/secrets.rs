//! Secrets: where they come from, and that nobody reads them in a log.

use super::*;

const ISSUER_SECRET: &str = "/jwt/issuers/0/keys/secret";

#[test]
fn a_secret_comes_from_the_document_or_the_environment() {
    for (pointer, path) in
        [(ISSUER_SECRET, "jwt.issuers[0].keys.secret"), ("/api_keys/pepper", "api_keys.pepper")]
    {
        let at = |value: Value| with(full(), pointer, value);
        assert_eq!(accepted(&at(json!({"env": "SECRET"}))), []);
        for name in ["MISSING", "EMPTY"] {
            let problem = format!("environment variable {name} is not set");
            refused(&at(json!({ "env": name })), path, &problem);
        }
        // What may be a secret in the place of a name isn't repeated.
        for pasted in ["secret", "SECRET ", "c2VjcmV0IG9mIHRoZSBob3VzZQ=="] {
            let document = at(json!({ "env": pasted }));
            refused(&document, path, "takes the variable's name");
            assert!(!format!("{:?}", errors(&document)).contains(&format!(" {pasted}")));
        }
        refused(&at(json!("")), path, "must not be empty");
        refused(&at(json!({})), &format!("{path}.env"), "is required");
        refused(&at(json!({"env": ""})), &format!("{path}.env"), "must not be empty");
        refused(&at(json!({"env": ["MARKER"]})), &format!("{path}.env"), "must be text");
        let more = json!({"env": "SECRET", "value": "MARKER"});
        refused(&at(more), &format!("{path}.value"), "unknown field");
        for wrong in [json!(["MARKER"]), json!(1), json!(true), Value::Null] {
            refused(&at(wrong), path, "text, or {env: NAME}");
        }
    }
}

#[test]
fn the_environment_is_read_for_secrets_only() {
    for (pointer, path) in [
        ("/revision", "revision"),
        ("/jwt/issuers/0/issuer", "jwt.issuers[0].issuer"),
        ("/tenants/0/clients/0/keys/0/hmac_sha256", "tenants[0].clients[0].keys[0].hmac_sha256"),
    ] {
        refused(&with(full(), pointer, json!({"env": "SECRET"})), path, "must be text");
    }
}

/// The length in bytes is what counts.
#[test]
fn a_short_hmac_secret_is_refused_in_production_and_warned_of_in_development() {
    let document = |secret: usize, algorithms: Option<&str>, environment: &str| {
        let mut issuer = json!({
            "issuer": "https://idp.example/",
            "audiences": ["api"],
            "keys": {"secret": "x".repeat(secret)},
            "tenant": {"claims": ["tenant"]},
        });
        if let Some(algorithm) = algorithms {
            issuer["algorithms"] = json!([algorithm]);
        }
        json!({"version": 1, "environment": environment, "jwt": {"issuers": [issuer]}})
    };
    let path = "jwt.issuers[0].keys.secret";
    for (secret, algorithm, needs) in [
        (31, None, "HS256 needs at least 32 bytes"),
        (31, Some("HS256"), "HS256 needs at least 32 bytes"),
        (32, Some("HS384"), "HS384 needs at least 48 bytes"),
        (47, Some("HS384"), "HS384 needs at least 48 bytes"),
        (63, Some("HS512"), "HS512 needs at least 64 bytes"),
        (1, None, "HS256 needs at least 32 bytes"),
    ] {
        refused(&document(secret, algorithm, "production"), path, needs);
        warned(&document(secret, algorithm, "development"), path, needs);
    }
    for (secret, algorithm) in
        [(32, None), (32, Some("HS256")), (48, Some("HS384")), (64, Some("HS512"))]
    {
        assert_eq!(accepted(&document(secret, algorithm, "production")), []);
    }
}

#[test]
fn a_short_pepper_is_warned_of() {
    warned(&with(full(), "/api_keys/pepper", json!("MARKER-short")), "api_keys.pepper", "shorter");
}

#[test]
fn nothing_of_a_secret_is_in_the_guard_s_own_description() {
    let guard = try_load(&full()).unwrap().guard;
    let description = format!("{guard:?} {guard:#?}");
    assert!(!description.contains("MARKER"));
    assert!(!description.contains(&digest(1)));
    let bytes: Vec<String> = SECRET.bytes().take(4).map(|byte| byte.to_string()).collect();
    assert!(!description.contains(&bytes.join(", ")), "as a list of bytes");
    let bytes = [0x5e, 0xc4, 0xe7].map(|byte: u8| byte.to_string());
    assert!(!description.contains(&bytes.join(", ")), "a digest as a list of bytes");
}
