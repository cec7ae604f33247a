//! For whom a token is.

use super::*;

#[test]
fn one_of_the_token_s_audiences_is_ours_exactly() {
    let fields = json!({"audiences": ["api", "https://api.example.com/"]});
    let verifier = Verifier::new(&[but(issuer(ISS, &[&es256()]), fields)]);
    let code = |aud: Value| verifier.code(with_claims(json!({ "aud": aud })));
    for good in [
        json!("api"),
        json!("https://api.example.com/"),
        json!(["api"]),
        json!(["other", "api"]),
        json!(["api", "api"]),
    ] {
        assert_eq!(code(good.clone()), None, "{good}");
    }
    let invalid = Some(Code::TokenAudienceInvalid);
    for other in [
        json!(null),
        json!(""),
        json!([]),
        json!([""]),
        json!("other"),
        json!("API"),
        json!("ap"),
        json!("api2"),
        json!(" api"),
        json!("api other"),
        json!("api,other"),
        json!("https://api.example.com"),
        json!("https://api.example.com/x"),
        json!("*"),
        json!("[\"api\"]"),
        json!(["other", "x"]),
    ] {
        assert_eq!(code(other.clone()), invalid, "{other}");
    }
    for mistyped in [
        json!(1),
        json!(true),
        json!({"api": 1}),
        json!([1]),
        json!(["api", 1]),
        json!([["api"]]),
        json!(["api", null]),
    ] {
        assert_eq!(code(mistyped.clone()), Some(Code::TokenClaimInvalid), "{mistyped}");
    }
}

#[test]
fn audience_claims_say_where_to_look() {
    let fields = json!({"audience_claims": ["aud", "client_id", "resource.names"]});
    let verifier = Verifier::new(&[but(issuer(ISS, &[&es256()]), fields)]);
    let code = |more: Value| verifier.code(with_claims(more));
    let invalid = Some(Code::TokenAudienceInvalid);
    assert_eq!(code(json!({})), None);
    assert_eq!(code(json!({"aud": null, "client_id": "api"})), None);
    assert_eq!(code(json!({"aud": "other", "client_id": "api"})), None);
    assert_eq!(code(json!({"aud": null, "resource": {"names": ["x", "api"]}})), None);
    assert_eq!(code(json!({"aud": null})), invalid);
    assert_eq!(code(json!({"aud": null, "client_id": "other"})), invalid);
    let mistyped = json!({"aud": null, "client_id": {"api": "api"}});
    assert_eq!(code(mistyped), Some(Code::TokenClaimInvalid), "it is no client either");
    assert_eq!(code(json!({"aud": null, "client_id": 1})), invalid);
    // Elsewhere it counts for nothing.
    let fields = json!({"audience_claims": ["client_id"]});
    let verifier = Verifier::new(&[but(issuer(ISS, &[&es256()]), fields)]);
    assert_eq!(verifier.code(with_claims(json!({}))), invalid);
}

#[test]
fn any_audience_still_asks_for_the_claim_values() {
    let mut any = but(
        issuer(ISS, &[&es256()]),
        json!({"any_audience": true, "claim_values": {"token_use": ["access"]}}),
    );
    any.as_object_mut().unwrap().remove("audiences");
    let verifier = Verifier::new(&[any]);
    let code = |more: Value| verifier.code(with_claims(more));
    assert_eq!(code(json!({"aud": null, "token_use": "access"})), None);
    assert_eq!(code(json!({"aud": "other", "token_use": "access"})), None);
    assert_eq!(code(json!({"aud": "api"})), Some(Code::TokenClaimInvalid));
    assert_eq!(code(json!({"aud": 1, "token_use": "access"})), Some(Code::TokenClaimInvalid));
}
