//! Of several faults, the first in the order of the checks gives the code.

use super::*;

/// A token in the making.
struct Draft {
    header: Value,
    claims: Value,
    broken: bool,
}

type Fault = (&'static str, Code, fn(&mut Draft));

/// In the order in which a token is checked.
const FAULTS: [Fault; 15] = [
    ("too large", Code::TokenTooLarge, |d| d.claims["pad"] = json!("x".repeat(3_000))),
    ("an extension", Code::TokenMalformed, |d| d.header["crit"] = json!(["exp"])),
    ("another issuer", Code::TokenIssuerUnknown, |d| d.claims["iss"] = json!("https://evil/")),
    ("another type", Code::TokenTypeRefused, |d| d.header["typ"] = json!("logout+jwt")),
    ("another algorithm", Code::TokenAlgorithmRefused, |d| d.header["alg"] = json!("HS256")),
    ("another key", Code::TokenKeyUnknown, |d| d.header["kid"] = json!("nobody's")),
    ("a mistyped claim", Code::TokenClaimInvalid, |d| d.claims["jti"] = json!(5)),
    ("expired", Code::TokenExpired, |d| d.claims["exp"] = json!(NOW - 300)),
    ("not yet valid", Code::TokenNotYetValid, |d| d.claims["nbf"] = json!(NOW + 300)),
    ("a bad signature", Code::TokenSignatureInvalid, |d| d.broken = true),
    ("bound to a key", Code::TokenClaimInvalid, |d| d.claims["cnf"] = json!({"jkt": "x"})),
    ("too long a life", Code::TokenClaimInvalid, |d| d.claims["iat"] = json!(NOW - 90_000)),
    ("a claim missing", Code::TokenClaimInvalid, |d| {
        d.claims.as_object_mut().unwrap().remove("sub");
    }),
    ("another value", Code::TokenClaimInvalid, |d| d.claims["token_use"] = json!("id")),
    ("another audience", Code::TokenAudienceInvalid, |d| d.claims["aud"] = json!("other")),
];

fn verifier() -> Verifier {
    let issuer = but(
        issuer(ISS, &[&es256(), &Key::es256("k2")]),
        json!({"claim_values": {"token_use": ["access"]}, "max_lifetime": "24h"}),
    );
    Verifier::of(&json!({"version": 1, "jwt": {"max_token_bytes": 2_000, "issuers": [issuer]}}))
}

fn token(faults: &[&Fault]) -> String {
    let mut draft = Draft {
        header: es256().header(),
        claims: claims(json!({"token_use": "access"})),
        broken: false,
    };
    for (_, _, make) in faults {
        make(&mut draft);
    }
    let key = if draft.broken { Key::seeded(Alg::ES256, "k1", "other") } else { es256() };
    key.sign(draft.header, draft.claims)
}

#[test]
fn each_fault_alone_gives_its_code() {
    let verifier = verifier();
    assert_eq!(verifier.code(token(&[])), None);
    for fault in &FAULTS {
        assert_eq!(verifier.code(token(&[fault])), Some(fault.1), "{}", fault.0);
    }
}

#[test]
fn of_two_faults_the_earlier_gives_the_code() {
    let verifier = verifier();
    for (index, first) in FAULTS.iter().enumerate() {
        for second in FAULTS.iter().skip(index + 1) {
            let denial = verifier.verify(token(&[first, second])).unwrap_err();
            let alone = verifier.verify(token(&[first])).unwrap_err();
            assert_eq!(denial.code, first.1, "{} and {}", first.0, second.0);
            // Where codes are alike, the rule in the audit line tells them apart.
            assert_eq!(denial.rule, alone.rule, "{} and {}", first.0, second.0);
        }
    }
}

#[test]
fn all_faults_at_once_are_peeled_off_in_order() {
    let verifier = verifier();
    for (index, first) in FAULTS.iter().enumerate() {
        let rest: Vec<&Fault> = FAULTS.iter().skip(index).collect();
        assert_eq!(verifier.code(token(&rest)), Some(first.1), "{}", first.0);
    }
}

/// Nothing costly happens to a token that a cheap check refuses.
#[test]
fn the_signature_is_looked_at_only_after_the_cheap_checks() {
    let verifier = verifier();
    for (index, fault) in FAULTS.iter().enumerate() {
        let host = FixedHost::at(NOW as f64);
        let _ = verifier.verify_with(token(&[fault]).as_bytes(), &host, &mut TokenCache::new(0, 0));
        assert_eq!(host.asked.get(), usize::from(index >= 9), "{}", fault.0);
    }
}
