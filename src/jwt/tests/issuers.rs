//! Whose token it is.

use super::*;

fn with_iss(iss: Value) -> String {
    with_claims(json!({ "iss": iss }))
}

#[test]
fn an_issuer_is_compared_exactly() {
    let verifier = Verifier::keys(&[&es256()]);
    for iss in [
        "https://idp.example",
        "https://idp.example//",
        "https://idp.example/ ",
        " https://idp.example/",
        "HTTPS://idp.example/",
        "https://IDP.example/",
        "http://idp.example/",
        "https://idp.example/x",
        "https://idp.example/?",
        "https://idp.example/#",
        "https://idp.example:443/",
        "https://idp.example.evil/",
        "https://evil@idp.example/",
        "https://\u{456}dp.example/",
        "idp.example",
        "",
        "none",
        "*",
    ] {
        assert_eq!(verifier.code(with_iss(json!(iss))), Some(Code::TokenIssuerUnknown), "{iss}");
    }
    for iss in [json!([ISS]), json!({"iss": ISS}), json!(1), json!(true)] {
        assert_eq!(verifier.code(with_iss(iss)), Some(Code::TokenIssuerUnknown));
    }
    let absent = es256().token(claims(json!({"iss": null})));
    assert_eq!(verifier.code(absent), Some(Code::TokenIssuerUnknown));
    let null = with_claims(json!({})).split('.').next().map(|header| {
        let payload =
            tenant_guard_tests::token::b64(json!({"iss": null, "exp": NOW + 9}).to_string());
        es256().sign_encoded(header, &payload)
    });
    assert_eq!(verifier.code(null.unwrap()), Some(Code::TokenIssuerUnknown));
}

#[test]
fn a_template_s_segment_equals_the_claim_it_stands_for() {
    let template = "https://login.example/{tid}/v2.0";
    let verifier = Verifier::new(&[issuer(template, &[&es256()])]);
    let code = |iss: &str, tid: Value| verifier.code(with_claims(json!({"iss": iss, "tid": tid})));
    let good =
        verifier.verify(with_claims(json!({"iss": "https://login.example/t1/v2.0", "tid": "t1"})));
    assert_eq!(&*good.unwrap().issuer_name, template);
    for (iss, tid) in [
        ("https://login.example/t1/v2.0", json!("t2")),
        ("https://login.example/t1/v2.0", json!("T1")),
        ("https://login.example/t1/v2.0", json!(["t1"])),
        ("https://login.example/t1/v2.0", json!("")),
        ("https://login.example/t1/v2.0", json!(null)),
        ("https://login.example/1/v2.0", json!(1)),
        ("https://login.example//v2.0", json!("")),
        ("https://login.example/v2.0", json!("")),
        ("https://login.example/a/b/v2.0", json!("a/b")),
        ("https://login.example/{tid}/v2.0x", json!("{tid}")),
        ("https://login.example/t1/v2.0/", json!("t1")),
        ("https://login.example/t1/v1.0", json!("t1")),
        ("https://login.example.evil/t1/v2.0", json!("t1")),
        ("https://evil/https://login.example/t1/v2.0", json!("t1")),
    ] {
        assert_eq!(code(iss, tid.clone()), Some(Code::TokenIssuerUnknown), "{iss} {tid}");
    }
    // The claim's own text may be anything else; it is compared, not read.
    assert_eq!(code("https://login.example/{tid}/v2.0", json!("{tid}")), None);
    assert_eq!(code("https://login.example/../v2.0", json!("..")), None);
}

#[test]
fn an_exact_issuer_wins_over_a_template() {
    let (general, special) = (Key::es256("k"), Key::seeded(Alg::ES256, "k", "special"));
    let verifier = Verifier::new(&[
        issuer("https://login.example/{tid}", &[&general]),
        issuer("https://login.example/special", &[&special]),
    ]);
    let token = |key: &Key, tid: &str| {
        let iss = format!("https://login.example/{tid}");
        key.token(claims(json!({"iss": iss, "tid": tid})))
    };
    assert_eq!(verifier.code(token(&general, "t1")), None);
    assert_eq!(verifier.code(token(&special, "special")), None);
    // The template's key doesn't reach the exact one, nor the other way round.
    let invalid = Some(Code::TokenSignatureInvalid);
    assert_eq!(verifier.code(token(&general, "special")), invalid);
    assert_eq!(verifier.code(token(&special, "t1")), invalid);
}

#[test]
fn tokens_without_iss_are_the_nameless_issuer_s_only() {
    let nameless = Key::es256("n");
    let verifier = Verifier::new(&[issuer("none", &[&nameless]), issuer(ISS, &[&es256()])]);
    assert_eq!(verifier.code(nameless.token(claims(json!({"iss": null})))), None);
    assert_eq!(verifier.code(with_claims(json!({}))), None);
    let none = nameless.token(claims(json!({"iss": "none"})));
    assert_eq!(verifier.code(none), Some(Code::TokenIssuerUnknown));
    let unnamed = es256().token(claims(json!({"iss": null})));
    assert_eq!(verifier.code(unnamed), Some(Code::TokenKeyUnknown));
}

#[test]
fn a_route_s_issuers_are_the_only_ones_and_a_cached_token_does_not_slip_by() {
    let (a, b) = (Key::es256("a"), Key::es256("b"));
    let verifier = Verifier::new(&[issuer(ISS, &[&a]), issuer("https://b.example/", &[&b])]);
    let token = a.token(claims(json!({})));
    let host = FixedHost::at(NOW as f64);
    let mut cache = TokenCache::new(10, 1 << 20);
    let mut code = |only: Option<&[usize]>| {
        let outcome = verifier.verify_for(only, token.as_bytes(), &host, &mut cache);
        outcome.map(|(_, hit)| hit).map_err(|denial| denial.code)
    };
    let unknown = Err(Code::TokenIssuerUnknown);
    assert_eq!(code(Some(&[1])), unknown);
    assert_eq!(code(Some(&[])), unknown);
    assert_eq!(code(Some(&[1, 0])), Ok(CacheUse::Miss));
    assert_eq!(code(Some(&[0])), Ok(CacheUse::Hit));
    assert_eq!(code(Some(&[1])), unknown, "from the cache");
    assert_eq!(code(None), Ok(CacheUse::Hit));
}

/// Two tenants with one identity provider: the key tells whose token it is.
#[test]
fn tenants_that_share_an_issuer_are_told_apart_by_the_key() {
    let (a, b) = (Key::es256("ka"), Key::es256("kb"));
    let own = |key: &Key| {
        let mut own = issuer(ISS, &[key]);
        own["tenant"].as_object_mut().unwrap().remove("any_tenant");
        own
    };
    let verifier = Verifier::of(&json!({"version": 1, "tenants": [
        {"id": "a", "issuers": [own(&a)]},
        {"id": "b", "issuers": [own(&b)]},
    ]}));
    let tenants = |token: &VerifiedToken| format!("{:?}", token.bounds);
    for (key, id) in [(&a, "\"a\""), (&b, "\"b\"")] {
        let token = verifier.verify(key.token(claims(json!({"tenant": null})))).unwrap();
        assert!(tenants(&token).contains(id), "{}", tenants(&token));
        let other = if id == "\"a\"" { "\"b\"" } else { "\"a\"" };
        assert!(!tenants(&token).contains(other), "{}", tenants(&token));
    }
    let unnamed = a.clone().without_kid().token(claims(json!({})));
    assert_eq!(verifier.code(unnamed), Some(Code::TokenKeyUnknown));
    let stranger = Key::es256("kc").token(claims(json!({})));
    assert_eq!(verifier.code(stranger), Some(Code::TokenKeyUnknown));
    // Under the other's kid it is the other's token, and so none.
    let crossed = a.sign(json!({"alg": "ES256", "kid": "kb"}), claims(json!({})));
    assert_eq!(verifier.code(crossed), Some(Code::TokenSignatureInvalid));
}

#[test]
fn a_type_is_a_media_type_and_absent_counts_as_jwt() {
    let key = es256();
    let types = |types: Value| {
        let fields = if types.is_null() { json!({}) } else { json!({ "token_types": types }) };
        Verifier::new(&[but(issuer(ISS, &[&key]), fields)])
    };
    let refused = Some(Code::TokenTypeRefused);
    let absent = key.sign(json!({"alg": "ES256", "kid": "k1"}), claims(json!({})));
    let typed = |typ: &str| with_header(json!({ "typ": typ }));
    let default = types(Value::Null);
    assert_eq!(default.code(&absent), None);
    for good in ["JWT", "jwt", "Jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"] {
        assert_eq!(default.code(typed(good)), None, "{good}");
    }
    for bad in [
        "",
        " JWT",
        "JWT ",
        "JOSE",
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "application/application/jwt",
        "text/jwt",
        "at+jwt;x=1",
        "*",
    ] {
        assert_eq!(default.code(typed(bad)), refused, "{bad}");
    }
    let only_access = types(json!(["at+jwt"]));
    assert_eq!(only_access.code(&absent), refused);
    assert_eq!(only_access.code(typed("JWT")), refused);
    assert_eq!(only_access.code(typed("at+jwt")), None);
    let spelled = types(json!(["application/AT+JWT"]));
    assert_eq!(spelled.code(typed("at+jwt")), None);
}
