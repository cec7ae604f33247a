//! Algorithms and keys that a token would like to choose.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_JWT, House, KEYS, Site, idp, mixed, mixed_secret, partner};
use rsa::BigUint;
use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Alg, Issuer, Key, Parts, b64, unb64};

static HOUSE: LazyLock<House> = LazyLock::new(House::start);

fn refuse(site: &Site<'_>, what: &str, token: impl AsRef<str>, code: &str) {
    site.refuses(what, Request::get("/a").bearer(token), code);
}

/// A good token of each key.
fn tokens() -> Vec<(&'static str, Parts)> {
    let token = |key: &'static Key| (key.kid(), idp(key.kid()).token(json!({"tenant": "acme"})));
    KEYS.iter().map(token).map(|(kid, token)| (kid, Parts::of(&token))).collect()
}

/// The issuer's claims, signed with a secret under any header.
fn with_secret(issuer: &Issuer, alg: Alg, header: Value, secret: &[u8]) -> String {
    Key::with_secret(alg, "x", secret).sign(header, issuer.claims(json!({"tenant": "acme"})))
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let mut cases: Vec<(String, &str)> = Vec::new();
    for kid in ["rs256", "es256", "eddsa", "ps256"] {
        let jwk = KEYS.iter().find(|key| key.kid() == kid).unwrap().jwk();
        let field = |name: &str| unb64(jwk[name].as_str().unwrap());
        let mut secrets = vec![jwk.to_string().into_bytes(), Vec::new(), kid.as_bytes().to_vec()];
        if kid.starts_with("rs") {
            use rsa::pkcs8::{EncodePublicKey, LineEnding};
            let (n, e) = (field("n"), field("e"));
            let key =
                rsa::RsaPublicKey::new(BigUint::from_bytes_be(&n), BigUint::from_bytes_be(&e))
                    .unwrap();
            let pem = key.to_public_key_pem(LineEnding::LF).unwrap();
            secrets.extend([
                n.clone(),
                b64(&n).into_bytes(),
                key.to_public_key_der().unwrap().into_vec(),
            ]);
            secrets.extend([
                pem.trim_end().as_bytes().to_vec(),
                pem.clone().into_bytes(),
                [b"\n", pem.as_bytes()].concat(),
                [b"\xef\xbb\xbf", pem.as_bytes()].concat(),
            ]);
        } else if kid != "ps256" {
            secrets.extend([field("x"), jwk["x"].as_str().unwrap().into()]);
        }
        for (secret, alg) in secrets
            .iter()
            .flat_map(|secret| [Alg::HS256, Alg::HS384, Alg::HS512].map(|alg| (secret, alg)))
        {
            let header = json!({"alg": alg.name(), "kid": kid});
            cases.push((
                with_secret(&idp(kid), alg, header.clone(), secret),
                "token_algorithm_refused",
            ));
            // Here a shared secret stands beside the key, so HS256 is verified.
            if kid == "rs256" && !secret.is_empty() {
                let code = if alg == Alg::HS256 {
                    "token_signature_invalid"
                } else {
                    "token_algorithm_refused"
                };
                cases.push((with_secret(&mixed(), alg, header, secret), code));
            }
        }
    }
    HOUSE.each(|site| {
        for (token, code) in &cases {
            refuse(site, token, token, code);
        }
        let header = json!({"alg": "HS256", "kid": "rs256"});
        let good = mixed_secret().sign(header.clone(), mixed().claims(json!({})));
        site.allowed("its own secret", Request::get("/a").bearer(good), &ACME_JWT);
        let other = partner().key.sign(header, mixed().claims(json!({})));
        refuse(site, "another's secret", other, "token_signature_invalid");
        let bent =
            Parts::of(&mixed_secret().sign(json!({"alg": "HS256"}), mixed().claims(json!({}))));
        let mac = unb64(&bent.signature);
        for mac in [&mac[..16], &mac[..31], &[], &[&mac[..], &[0]].concat(), &[0; 32]] {
            refuse(
                site,
                "a cut or longer MAC",
                bent.clone().with_signature(mac).join(),
                "token_signature_invalid",
            );
        }
    });
}

#[test]
fn a_token_chooses_no_algorithm() {
    let tokens = tokens();
    HOUSE.each(|site| {
        for (kid, good) in &tokens {
            let own = good.header_json()["alg"].as_str().unwrap().to_owned();
            let names = Alg::ALL.map(|alg| alg.name());
            let others = [
                "none",
                "None",
                "NONE",
                "nOnE",
                "none ",
                "",
                "es256",
                "ES256K",
                "ESP256",
                "Ed25519",
                "Ed448",
                "RS1",
                "HS1",
                "RSA-OAEP",
                "dir",
                "\u{0}",
                "RS256\u{0}",
            ];
            for alg in names.iter().map(String::as_str).chain(others).filter(|alg| *alg != own) {
                let header = json!({"alg": alg, "kid": kid, "typ": "JWT"});
                let bent = good.clone().with_header(&header);
                refuse(site, &format!("{kid} as {alg}"), bent.join(), "token_algorithm_refused");
                let unsigned = format!("{}.{}.", bent.header, bent.payload);
                refuse(
                    site,
                    &format!("{kid} as {alg}, unsigned"),
                    unsigned,
                    "token_algorithm_refused",
                );
            }
            let missing = good.clone().with_header(&json!({"kid": kid, "ALG": own, "alg ": own}));
            refuse(site, "no alg", missing.join(), "token_algorithm_refused");
        }
        // The same RSA key under another name of it.
        for (kid, alg) in [
            ("rs256", Alg::PS256),
            ("rs256", Alg::RS384),
            ("ps256", Alg::RS256),
            ("ps256", Alg::PS512),
        ] {
            let mut other = idp(kid);
            other.key = other.key.as_alg(alg);
            refuse(site, kid, other.token(json!({"tenant": "acme"})), "token_algorithm_refused");
        }
    });
}

#[test]
fn keys_that_a_token_brings_are_ignored() {
    HOUSE.each(|site| {
        for alg in [Alg::ES256, Alg::EdDSA] {
            let kid = if alg == Alg::ES256 { "es256" } else { "eddsa" };
            let evil = Key::seeded(alg, kid, "evil");
            let claims = idp(kid).claims(json!({"tenant": "acme"}));
            for (name, value) in [
                ("jwk", evil.jwk()),
                ("jku", json!("https://evil.test/jwks.json")),
                ("x5u", json!("https://evil.test/x5u.pem")),
                ("x5c", json!(["MIIB"])),
                ("x5t", json!("AAAA")),
                ("x5t#S256", json!("AAAA")),
            ] {
                let mut header = evil.header();
                header[name] = value;
                refuse(
                    site,
                    name,
                    evil.sign(header.clone(), claims.clone()),
                    "token_signature_invalid",
                );
                header.as_object_mut().unwrap().remove("kid");
                let code =
                    if alg == Alg::ES256 { "token_key_unknown" } else { "token_signature_invalid" };
                refuse(site, name, evil.sign(header, claims.clone()), code);
            }
            refuse(site, "another key", evil.token(claims), "token_signature_invalid");
        }
    });
}
