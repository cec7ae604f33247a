//! Claims of a token whose signature is good.

use super::*;

const INVALID: Option<Code> = Some(Code::TokenClaimInvalid);

/// With these fields in the issuer, the code of a token with these claims.
fn code(fields: Value, more: Value) -> Option<Code> {
    Verifier::new(&[but(issuer(ISS, &[&es256()]), fields)]).code(with_claims(more))
}

/// Claims given as text, for numbers that JSON libraries can't write.
fn code_of_text(claim: &str) -> Option<Code> {
    let mut claims = claims(json!({}));
    let name = claim.split('"').nth(1).unwrap();
    claims.as_object_mut().unwrap().remove(name);
    let text = claims.to_string();
    let payload = format!("{},{claim}}}", &text[..text.len() - 1]);
    Verifier::keys(&[&es256()]).code(es256().sign_bytes(es256().header().to_string(), payload))
}

#[test]
fn a_registered_claim_of_the_wrong_type_is_no_absent_one() {
    for name in ["exp", "nbf", "iat"] {
        for bad in [
            "null",
            "\"1\"",
            "\"\"",
            "true",
            "[]",
            "{}",
            "[1800000000]",
            "1e19",
            "1e300",
            "253402300800",
            "9007199254740992",
            "18446744073709551615",
            "99999999999999999999999",
        ] {
            assert_eq!(code_of_text(&format!("\"{name}\":{bad}")), INVALID, "{name}: {bad}");
        }
    }
    for name in ["sub", "jti"] {
        for bad in ["null", "1", "true", "[\"user-1\"]", "{}"] {
            assert_eq!(code_of_text(&format!("\"{name}\":{bad}")), INVALID, "{name}: {bad}");
        }
    }
    assert_eq!(code(json!({}), json!({"exp": null})), INVALID, "exp is required");
    for (good, expected) in [
        ("\"exp\":1.8000001e9", None),
        ("\"exp\":1800000300.5", None),
        ("\"exp\":253402300799", None),
        ("\"nbf\":0", None),
        ("\"nbf\":-1", None),
        ("\"iat\":-0.0", None),
        ("\"exp\":0", Some(Code::TokenExpired)),
        ("\"exp\":-0", Some(Code::TokenExpired)),
        ("\"exp\":-9223372036854775808", Some(Code::TokenExpired)),
        ("\"exp\":-1e308", Some(Code::TokenExpired)),
        ("\"exp\":1e-300", Some(Code::TokenExpired)),
        ("\"nbf\":253402300799", Some(Code::TokenNotYetValid)),
        ("\"exp\":1e400", Some(Code::TokenMalformed)),
        ("\"exp\":NaN", Some(Code::TokenMalformed)),
        ("\"exp\":Infinity", Some(Code::TokenMalformed)),
        ("\"exp\":0x7fffffff", Some(Code::TokenMalformed)),
    ] {
        assert_eq!(code_of_text(good), expected, "{good}");
    }
}

#[test]
fn dates_hold_to_the_second_with_the_configured_leeway() {
    let token = with_claims(json!({"nbf": NOW - 100, "exp": NOW + 100}));
    let expired = Some(Code::TokenExpired);
    let early = Some(Code::TokenNotYetValid);
    for (skew, cases) in [
        ("0s", [(-100.5, early), (-100.0, None), (99.5, None), (100.0, expired)]),
        ("30s", [(-130.5, early), (-130.0, None), (129.5, None), (130.0, expired)]),
        ("1d", [(-86_501.0, early), (-86_500.0, None), (86_499.0, None), (86_500.0, expired)]),
    ] {
        let fields = json!({ "clock_skew": skew });
        let verifier = Verifier::new(&[but(issuer(ISS, &[&es256()]), fields)]);
        for (offset, expected) in cases {
            let now = NOW as f64 + offset;
            assert_eq!(code_at(&verifier, &token, now), expected, "{skew} {offset}");
        }
    }
    // 30 s are the default.
    let verifier = Verifier::keys(&[&es256()]);
    assert_eq!(code_at(&verifier, &token, NOW as f64 + 129.5), None);
    assert_eq!(code_at(&verifier, &token, NOW as f64 + 130.0), expired);
}

#[test]
fn a_bound_token_that_cannot_be_checked_is_refused() {
    for cnf in [
        json!({"jkt": "x"}),
        json!({"x5t#S256": "x"}),
        json!({"jwk": {}}),
        json!({}),
        json!(""),
        json!(false),
    ] {
        assert_eq!(code(json!({}), json!({ "cnf": cnf })), INVALID, "{cnf}");
    }
    // Null is there too.
    let text = claims(json!({})).to_string();
    let payload = format!("{},\"cnf\":null}}", &text[..text.len() - 1]);
    let token = es256().sign_bytes(es256().header().to_string(), payload);
    assert_eq!(Verifier::keys(&[&es256()]).code(token), INVALID);
}

#[test]
fn a_lifetime_is_from_iat_to_exp() {
    let hour = || json!({"max_lifetime": "1h"});
    for (more, expected) in [
        (json!({}), None),
        (json!({"iat": NOW, "exp": NOW + 3_600}), None),
        (json!({"iat": NOW, "exp": NOW + 3_601}), INVALID),
        (json!({"iat": NOW - 3_000, "exp": NOW + 601}), INVALID),
        (json!({"iat": null}), INVALID),
        (json!({"iat": 0}), INVALID),
        (json!({"iat": -1e300}), INVALID),
    ] {
        assert_eq!(code(hour(), more.clone()), expected, "{more}");
    }
    let long = json!({"exp": 253_402_300_799_i64});
    assert_eq!(code(json!({}), long.clone()), None, "without a limit there is none");
    assert_eq!(code(hour(), long), INVALID);
}

#[test]
fn required_claims_are_there_and_say_something() {
    let fields = || json!({"require_claims": ["sub", "org.id", "groups[0]"]});
    let good = json!({"org": {"id": 0}, "groups": [false]});
    assert_eq!(code(fields(), good.clone()), None);
    for (name, value) in [
        ("sub", json!(null)),
        ("sub", json!("")),
        ("org", json!(null)),
        ("org", json!({})),
        ("org", json!({"id": null})),
        ("org", json!({"id": ""})),
        ("org", json!({"id": []})),
        ("org", json!("id")),
        ("groups", json!([])),
        ("groups", json!([null])),
    ] {
        let mut more = good.clone();
        more[name] = value;
        assert_eq!(code(fields(), more.clone()), INVALID, "{more}");
    }
    // `sub` by default; a list replaces it.
    assert_eq!(code(json!({}), json!({"sub": null})), INVALID);
    assert_eq!(code(json!({"require_claims": []}), json!({"sub": null})), None);
    assert_eq!(code(json!({"require_claims": ["jti"]}), json!({"jti": "x", "sub": null})), None);
}

#[test]
fn claim_values_are_compared_with_their_type() {
    for (accepted, value, good) in [
        (json!(["access"]), json!("access"), true),
        (json!(["access", "id"]), json!("id"), true),
        (json!(["access"]), json!("Access"), false),
        (json!(["access"]), json!("access "), false),
        (json!(["access"]), json!(["access"]), false),
        (json!(["access"]), json!(null), false),
        (json!([true]), json!(true), true),
        (json!([true]), json!("true"), false),
        (json!([true]), json!(1), false),
        (json!([false]), json!(null), false),
        (json!(["true"]), json!(true), false),
        (json!([1]), json!(1), true),
        (json!([1]), json!("1"), false),
        (json!([1]), json!(1.5), false),
        (json!([1]), json!(true), false),
        (json!(["1"]), json!(1), false),
        (json!([0]), json!(""), false),
        (json!([-1]), json!(-1), true),
    ] {
        let fields = json!({"claim_values": { "c": accepted }});
        let expected = if good { None } else { INVALID };
        assert_eq!(code(fields.clone(), json!({ "c": value })), expected, "{accepted} {value}");
        assert_eq!(code(fields, json!({})), INVALID, "absent");
    }
    // All of them must hold.
    let both = || json!({"claim_values": {"a": ["x"], "b.c": [true]}});
    assert_eq!(code(both(), json!({"a": "x", "b": {"c": true}})), None);
    assert_eq!(code(both(), json!({"a": "x", "b.c": true})), None);
    assert_eq!(code(both(), json!({"a": "x", "b": {"c": false}})), INVALID);
    assert_eq!(code(both(), json!({"a": "y", "b": {"c": true}})), INVALID);
}

/// The token's scopes and roles.
fn grants(more: Value) -> Result<(Vec<String>, Vec<String>), Code> {
    let verifier = Verifier::keys(&[&es256()]);
    match verifier.verify(with_claims(more)) {
        Ok(token) => Ok((token.scopes.clone(), token.roles.clone())),
        Err(denial) => Err(denial.code),
    }
}

#[test]
fn scopes_and_roles_are_the_union_of_their_claims() {
    for (more, scopes, roles) in [
        (json!({}), vec![], vec![]),
        (json!({"scope": "read write"}), vec!["read", "write"], vec![]),
        (json!({"scope": "read  write "}), vec!["read", "write"], vec![]),
        (json!({"scope": ""}), vec![], vec![]),
        (json!({"scope": "read\twrite"}), vec!["read\twrite"], vec![]),
        (json!({"scope": ["read", "write"]}), vec!["read", "write"], vec![]),
        (json!({"scope": "read", "scp": ["write", "read"]}), vec!["read", "write"], vec![]),
        (json!({"scope": "Read read"}), vec!["Read", "read"], vec![]),
        // `*` is for the configuration to say.
        (json!({"scope": "* read"}), vec!["read"], vec![]),
        (json!({"scope": ["*"]}), vec![], vec![]),
        (json!({"roles": ["admin", "a b", "admin"]}), vec![], vec!["admin", "a b"]),
        (json!({"roles": "admin viewer"}), vec![], vec!["admin", "viewer"]),
        (json!({"roles": "admin,viewer"}), vec![], vec!["admin", "viewer"]),
        (json!({"roles": []}), vec![], vec![]),
    ] {
        let expected = Ok((
            scopes.into_iter().map(String::from).collect(),
            roles.into_iter().map(String::from).collect(),
        ));
        assert_eq!(grants(more.clone()), expected, "{more}");
    }
    for bad in [
        json!({"scope": ["read write"]}),
        json!({"scope": [1]}),
        json!({"scope": 1}),
        json!({"scope": true}),
        json!({"scope": {"read": true}}),
        json!({"scope": [["read"]]}),
        json!({"scp": [null]}),
        json!({"roles": {"admin": true}}),
        json!({"roles": ["admin", 1]}),
    ] {
        assert_eq!(grants(bad.clone()), Err(Code::TokenClaimInvalid), "{bad}");
    }
}

#[test]
fn subject_and_client_are_the_first_that_say_something() {
    let verifier = Verifier::keys(&[&es256()]);
    for (more, client) in [
        (json!({}), None),
        (json!({"client_id": "a", "azp": "b"}), Some("a")),
        (json!({"client_id": "", "azp": "b"}), Some("b")),
        (json!({"azp": null, "cid": "c"}), Some("c")),
        (json!({"client_id": 7}), Some("7")),
    ] {
        let token = verifier.verify(with_claims(more.clone())).unwrap();
        assert_eq!(token.client.as_deref(), client, "{more}");
    }
    // Skipped, it would leave out what is said about the client it names.
    for more in [json!({"client_id": ["a"], "appid": "d"}), json!({"client_id": {}})] {
        assert_eq!(
            verifier.code(with_claims(more.clone())),
            Some(Code::TokenClaimInvalid),
            "{more}"
        );
    }
}
