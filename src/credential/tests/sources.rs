//! Where credentials are read, and how.

use serde_json::json;

use super::with;
use crate::testing::{Request, caller, token};

const AMBIGUOUS: &str = "credentials_ambiguous";

#[test]
fn a_scheme_has_no_case_and_is_a_whole_word() {
    let guard = with(json!({}));
    let token = token(json!({}));
    for (value, result) in [
        (format!("Bearer {token}"), "jwt alice"),
        (format!("bearer {token}"), "jwt alice"),
        (format!("BEARER   {token}"), "jwt alice"),
        ("Bearer".into(), "token_malformed"),
        ("Bearer ".into(), "token_malformed"),
        (format!("Bearer{token}"), "token_malformed"),
        (format!("Bearer\t{token}"), "token_malformed"),
        (format!("Bearer:{token}"), "token_malformed"),
        (format!("Bearer {token} "), "token_malformed"),
        (format!("Bearer Bearer {token}"), "token_malformed"),
        (format!("Token {token}"), "token_malformed"),
        (token.clone(), "token_malformed"),
        (String::new(), "token_malformed"),
        (format!("Bearer {token},"), AMBIGUOUS),
        (format!("Basic x, Bearer {token}"), AMBIGUOUS),
    ] {
        let request = Request::get("/").with("authorization", &value);
        assert_eq!(caller(&guard, &request), result, "{value}");
    }
}

#[test]
fn a_token_is_read_from_a_bare_header_a_cookie_or_a_parameter() {
    let guard = with(json!({"jwt": {"from": [
        {"header": "X-Token"}, {"cookie": "session"}, {"query": "access_token"}
    ]}}));
    let token = token(json!({}));
    let in_cookie = |cookie: String| Request::get("/").with("cookie", cookie);
    let in_query = |query: String| Request::get(&format!("/?{query}"));
    for (request, result) in [
        (Request::get("/").with("x-token", &token), "jwt alice"),
        (Request::get("/").with("x-token", format!("Bearer {token}")), "token_malformed"),
        (Request::get("/").bearer(&token), "credentials_missing"),
        (in_cookie(format!("a=1; session={token}; b=2")), "jwt alice"),
        (in_cookie(format!("session=\"{token}\"")), "jwt alice"),
        (in_cookie("a=1".into()).with("cookie", format!("session={token}")), "jwt alice"),
        (in_cookie(format!("Session={token}")), "credentials_missing"),
        (in_cookie("session=".into()), "token_malformed"),
        (in_cookie("session".into()), "token_malformed"),
        (in_query(format!("a=1&access_token={token}")), "jwt alice"),
        (in_query(format!("access%5ftoken={token}")), "jwt alice"),
        (in_query(format!("access_token[]={token}")), "jwt alice"),
        (in_query(format!("Access_Token={token}")), "credentials_missing"),
        (in_query("access_token=".into()), "token_malformed"),
        // Once, and in one place.
        (Request::get("/").with("x-token", &token).with("X-Token", &token), AMBIGUOUS),
        (in_cookie(format!("session={token}; session={token}")), AMBIGUOUS),
        (
            in_cookie(format!("session={token}")).with("cookie", format!("session={token}")),
            AMBIGUOUS,
        ),
        (in_query(format!("access_token={token}&access_token={token}")), AMBIGUOUS),
        (in_query(format!("access_token={token};access_token=x")), AMBIGUOUS),
        (in_query(format!("access_token={token}&access_token%5B0%5D=x")), AMBIGUOUS),
        (in_query(format!("access_token={token}")).with("x-token", &token), AMBIGUOUS),
        (in_cookie(format!("session={token}")).with("x-token", "x"), AMBIGUOUS),
    ] {
        assert_eq!(caller(&guard, &request), result, "{request:?}");
    }
}

#[test]
fn a_key_is_read_from_wherever_the_document_says() {
    let guard = with(json!({"api_keys": {"from": [
        {"header": "authorization", "scheme": "ApiKey"}, {"cookie": "key"}, {"query": "key"}
    ]}}));
    let keyed = |value: &str| Request::get("/").with("authorization", value);
    for (request, result) in [
        (keyed("ApiKey sesame"), "api_key k1"),
        (keyed("apikey sesame"), "api_key k1"),
        (keyed("ApiKey one.two.three"), "api_key k3"),
        (keyed("ApiKey"), "api_key_unknown"),
        (keyed("Basic sesame"), "token_malformed"),
        (keyed(&format!("Bearer {}", token(json!({})))), "jwt alice"),
        (keyed("ApiKey sesame, ApiKey sesame"), AMBIGUOUS),
        (keyed("ApiKey sesame").bearer(&token(json!({}))), AMBIGUOUS),
        (keyed("ApiKey sesame").with("cookie", "key=sesame"), AMBIGUOUS),
        (keyed("Basic sesame").with("cookie", "key=sesame"), AMBIGUOUS),
        (Request::get("/").with("cookie", "key=sesame"), "api_key k1"),
        (Request::get("/?key=sesam%65"), "api_key k1"),
        (Request::get("/?key=sesame").with("cookie", "key=sesame"), AMBIGUOUS),
        (Request::get("/").with("x-api-key", "sesame"), "credentials_missing"),
    ] {
        assert_eq!(caller(&guard, &request), result, "{request:?}");
    }
}

#[test]
fn in_a_source_of_both_kinds_three_parts_are_a_token() {
    let token = token(json!({}));
    for source in [json!({"header": "authorization", "scheme": "Bearer"}), json!({"query": "t"})] {
        for (mode, signed, plain, dotted, parts) in [
            ("either", "jwt alice", "api_key k1", "token_malformed", "api_key_unknown"),
            ("jwt", "jwt alice", "token_malformed", "token_malformed", "token_malformed"),
            ("api_key", "api_key_unknown", "api_key k1", "api_key k3", "api_key_unknown"),
            ("jwt_then_api_key", "jwt alice", "api_key k1", "token_malformed", "api_key_unknown"),
        ] {
            let guard = with(json!({
                "mode": mode, "jwt": {"from": [source]}, "api_keys": {"from": [source]}
            }));
            for (value, result) in [
                (token.as_str(), signed),
                ("sesame", plain),
                ("one.two.three", dotted),
                ("a.b.c.d", parts),
            ] {
                let request = match source.get("query") {
                    Some(_) => Request::get(&format!("/?t={value}")),
                    None => Request::get("/").bearer(value),
                };
                assert_eq!(caller(&guard, &request), result, "{source} {mode} {value}");
            }
        }
    }
}

#[test]
fn two_schemes_of_one_header_tell_the_kinds_apart() {
    let header = |scheme: &str| json!({"header": "authorization", "scheme": scheme});
    let guard = with(json!({
        "jwt": {"from": [header("Bearer"), header("JWT")]},
        "api_keys": {"from": [header("Key"), header("bearer")]}
    }));
    let token = token(json!({}));
    for (value, result) in [
        (format!("Bearer {token}"), "jwt alice"),
        (format!("jwt {token}"), "jwt alice"),
        ("Bearer sesame".into(), "api_key k1"),
        ("key sesame".into(), "api_key k1"),
        ("Key one.two.three".into(), "api_key k3"),
        ("JWT sesame".into(), "token_malformed"),
        ("Bearer one.two.three".into(), "token_malformed"),
        (format!("Key {token}"), "api_key_unknown"),
    ] {
        let request = Request::get("/").with("authorization", &value);
        assert_eq!(caller(&guard, &request), result, "{value}");
    }
}
