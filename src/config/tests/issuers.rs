//! Issuers: what each must say, and what they may say together.

use super::*;

const PATH: &str = "jwt.issuers[0]";

/// The small document's issuer with something else in it.
fn changed(pointer: &str, value: Value) -> Value {
    with(small(), &format!("/jwt/issuers/0{pointer}"), value)
}

#[test]
fn an_issuer_says_who_it_is_for_whom_and_with_which_keys() {
    for field in ["issuer", "keys"] {
        let document = without(small(), &format!("/jwt/issuers/0/{field}"));
        refused(&document, &format!("{PATH}.{field}"), "is required");
    }
    let no_audience = without(small(), "/jwt/issuers/0/audiences");
    refused(&no_audience, PATH, "audiences, or any_audience: true with claim_values");
    let any = with(no_audience.clone(), "/jwt/issuers/0/any_audience", json!(false));
    refused(&any, PATH, "audiences, or any_audience: true");
    let any = with(no_audience, "/jwt/issuers/0/any_audience", json!(true));
    refused(&any, "jwt.issuers[0].any_audience", "needs claim_values");
    let empty = with(any.clone(), "/jwt/issuers/0/claim_values", json!({}));
    refused(&empty, "jwt.issuers[0].any_audience", "needs claim_values");
    let with_values = with(any, "/jwt/issuers/0/claim_values", json!({"token_use": ["access"]}));
    assert_eq!(accepted(&with_values), []);
    refused(
        &changed("/any_audience", json!(true)),
        "jwt.issuers[0].any_audience",
        "contradicts audiences",
    );
    refused(&changed("/keys", json!({})), "jwt.issuers[0].keys", "names no keys");
}

#[test]
fn the_nameless_issuer_of_a_developer_needs_no_audience() {
    let any = json!({"any_audience": true, "issuer": "none"});
    let mut document = without(small(), "/jwt/issuers/0/audiences");
    for (name, value) in any.as_object().unwrap() {
        document = with(document, &format!("/jwt/issuers/0/{name}"), value.clone());
    }
    refused(&document, PATH, "environment: development only");
    assert_eq!(accepted(&with(document, "/environment", json!("development"))), []);
}

#[test]
fn claim_values_are_lists_of_scalars() {
    for (value, at, piece) in [
        (json!({"a": "x"}), "claim_values.a", "a list"),
        (json!({"a": []}), "claim_values.a", "not be empty"),
        (json!({"a": [null]}), "claim_values.a[0]", "text, a number, true or false"),
        (json!({"a": ["x", ["y"]]}), "claim_values.a[1]", "text, a number, true or false"),
        (json!(["a"]), "claim_values", "an object"),
    ] {
        refused(&changed("/claim_values", value), &format!("{PATH}.{at}"), piece);
    }
}

#[test]
fn a_template_has_one_claim_as_a_whole_segment_of_the_path() {
    for bad in [
        "https://idp.example/{a}/{b}",
        "https://idp.example/x{a}",
        "https://idp.example/{a}x/v2.0",
        "https://{a}/v2.0",
        "https://{a}.idp.example/",
        "{a}",
        "{a}://idp.example/x",
        "https://idp.example/{}",
        "https://idp.example/{a",
        "https://idp.example/a}",
        "https://idp.example/{{a}}",
        "https://idp.example/?t={a}/x{",
    ] {
        refused(&changed("/issuer", json!(bad)), "jwt.issuers[0].issuer", "one {claim}");
    }
    for good in [
        "https://idp.example/{tid}",
        "https://idp.example/{tid}/v2.0",
        "https://idp.example/a/{x.y}/",
    ] {
        assert_eq!(accepted(&changed("/issuer", json!(good))), [], "{good}");
    }
}

#[test]
fn tokens_without_iss_are_for_development() {
    refused(&changed("/issuer", json!("none")), PATH, "environment: development only");
    let one = with(changed("/issuer", json!("none")), "/environment", json!("development"));
    assert_eq!(accepted(&one), []);
    let mut second = issuer("none", "k2");
    second["tenant"] = json!({"fixed": "globex"});
    let two = with(one, "/jwt/issuers/1", second);
    let two = with(two, "/jwt/issuers/0/tenant", json!({"fixed": "acme"}));
    refused(&two, "jwt.issuers[1].issuer", "none is there already, in jwt.issuers[0]");
}

#[test]
fn an_issuer_s_contradictions_are_told_together() {
    let document = json!({"version": 1, "jwt": {"issuers": [{
        "issuer": "none",
        "keys": {"secret": SECRET},
        "tenant": {"claims": ["a"], "fixed": "acme", "allow": ["acme"], "any_tenant": true},
    }]}});
    let said = errors(&document);
    for piece in
        ["development only", "must say for whom", "one of claims, fixed", "allow or any_tenant"]
    {
        assert!(said.iter().any(|(_, problem)| problem.contains(piece)), "{piece}: {said:#?}");
    }
}

/// Two issuers, each saying how far it reaches.
fn two(first: &str, second: &str) -> Value {
    let mut list = [issuer(first, "k1"), issuer(second, "k2")];
    for issuer in &mut list {
        issuer["tenant"] = json!({"claims": ["tenant"], "any_tenant": true});
    }
    json!({"version": 1, "jwt": {"issuers": list}})
}

#[test]
fn an_issuer_is_there_once() {
    let document = two("https://idp.example/", "https://idp.example/");
    refused(&document, "jwt.issuers[1].issuer", "is the issuer of jwt.issuers[0] already");
    // Another spelling is another issuer.
    for other in ["https://idp.example", "https://IDP.example/", "https://idp.example/x"] {
        assert_eq!(accepted(&two("https://idp.example/", other)), [], "{other}");
    }
}

#[test]
fn a_name_is_one_issuer_s() {
    let named = |first: &str, second: &str| {
        let document = with(
            two("https://a.example/", "https://b.example/"),
            "/jwt/issuers/0/name",
            json!(first),
        );
        with(document, "/jwt/issuers/1/name", json!(second))
    };
    refused(&named("x", "x"), "jwt.issuers[1].name", "is the name of jwt.issuers[0] already");
    assert_eq!(accepted(&named("x", "y")), []);
}

#[test]
fn a_name_is_not_what_another_issuer_is_known_by() {
    let (a, b) = ("https://a.example/", "https://b.example/");
    for (index, other) in [(0, b), (1, a)] {
        let at = format!("/jwt/issuers/{index}/name");
        let problem = format!("is the name of jwt.issuers[{}] already", 1 - index);
        let path = format!("jwt.issuers[{index}].name");
        refused(&with(two(a, b), &at, json!(other)), &path, &problem);
        let own = if index == 0 { a } else { b };
        assert_eq!(accepted(&with(two(a, b), &at, json!(own))), []);
    }
}

#[test]
fn templates_that_some_issuer_would_match_both_overlap() {
    for (first, second, overlap) in [
        ("https://x.example/{a}", "https://x.example/{b}", true),
        ("https://x.example/{a}/v2", "https://x.example/{b}/v2", true),
        ("https://x.example/{a}/v2", "https://x.example/v1/{b}", true),
        ("https://x.example/{a}/", "https://x.example/{b}/", true),
        ("https://x.example/{a}/v2", "https://x.example/{b}/v1", false),
        ("https://x.example/{a}", "https://y.example/{a}", false),
        ("https://x.example/{a}", "https://x.example/{a}/", false),
        ("https://x.example/a/{a}", "https://x.example/{a}", false),
        // An exact one wins, so it overlaps nothing.
        ("https://x.example/{a}", "https://x.example/exact", false),
    ] {
        let document = two(first, second);
        if overlap {
            refused(&document, "jwt.issuers[1].issuer", "overlaps the issuer of jwt.issuers[0]");
        } else {
            assert_eq!(accepted(&document), [], "{first} {second}");
        }
    }
}

/// Tenants a and b, each with an issuer of its own.
fn shared(first: Value, second: Value) -> Value {
    json!({"version": 1, "tenants": [
        {"id": "a", "issuers": [first]},
        {"id": "b", "issuers": [second]},
    ]})
}

#[test]
fn tenants_share_an_issuer_only_where_its_keys_tell_them_apart() {
    let iss = "https://shared.example/";
    assert_eq!(accepted(&shared(issuer(iss, "ka"), issuer(iss, "kb"))), []);
    refused(
        &shared(issuer(iss, "k"), issuer(iss, "k")),
        "tenants[1].issuers[0].keys",
        "shares its issuer and a kid with tenants[0].issuers[0]",
    );
    let nameless = Key::new(Alg::ES256, "n").without_kid();
    let keyless = with(issuer(iss, "x"), "/keys/jwks", jwks(&[&nameless]));
    let secret = with(issuer(iss, "x"), "/keys", json!({"secret": SECRET}));
    for bad in [keyless, secret] {
        for document in [shared(issuer(iss, "ka"), bad.clone()), shared(bad, issuer(iss, "ka"))] {
            refused(&document, "tenants[1].issuers[0].keys", "every key of both needs a kid");
        }
    }
    // One of the kids is in both.
    let several = jwks(&[&Key::new(Alg::ES256, "kb"), &Key::new(Alg::ES384, "ka")]);
    let document = shared(issuer(iss, "ka"), with(issuer(iss, "x"), "/keys/jwks", several));
    refused(&document, "tenants[1].issuers[0].keys", "a kid with tenants[0].issuers[0]");
    // Within one tenant there is nobody to tell apart, and with the document's own nobody's.
    let twice = json!({"version": 1, "tenants": [
        {"id": "a", "issuers": [issuer(iss, "ka"), issuer(iss, "kb")]},
    ]});
    refused(
        &twice,
        "tenants[0].issuers[1].issuer",
        "is the issuer of tenants[0].issuers[0] already",
    );
    let mut document = shared(issuer(iss, "ka"), issuer("https://other.example/", "kb"));
    document["jwt"] =
        json!({"issuers": [with(issuer(iss, "kc"), "/tenant/any_tenant", json!(true))]});
    refused(&document, "tenants[0].issuers[0].issuer", "is the issuer of jwt.issuers[0] already");
}

#[test]
fn a_broken_issuer_does_not_hide_another_or_blame_a_route() {
    let mut document = two("https://a.example/", "https://a.example/");
    document["jwt"]["issuers"][0]["name"] = json!("first");
    document["jwt"]["issuers"][0]["keys"] = json!({"jwks": 5});
    document["routes"] = json!([{"match": {"path": "/x"}, "issuers": ["first"]}]);
    let paths: Vec<String> = errors(&document).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["jwt.issuers[0].keys.jwks", "jwt.issuers[1].issuer"]);
}
