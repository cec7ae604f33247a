//! Requests made to hurt.

use serde_json::json;
use tenant_guard_host_tests::{Headers, Outcome, Request, tokens};

use crate::common::*;

/// What a client can send to wear the guard out: refused or not, the VM lives.
#[test]
fn hostile_requests_do_not_trap() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let token = |payload: &str| {
        format!(
            "{}.{}.{}",
            tokens::b64(r#"{"alg":"HS256","typ":"JWT"}"#),
            tokens::b64(payload),
            tokens::b64([0; 32])
        )
    };
    let with_path = |path: &[u8]| {
        let mut headers = Headers::of(&[
            (":method", "GET"),
            (":authority", "api.example.com"),
            ("x-api-key", API_KEY),
        ]);
        headers.add(b":path", path);
        Request::get("/").with_headers(headers)
    };
    let mut many = with_key();
    for index in 0..1000 {
        many = many.header(&format!("x-h-{index}"), "v");
    }
    let requests = [
        ("no headers at all", Request::get("/").with_headers(Headers::default())),
        (
            "no path",
            Request::get("/")
                .with_headers(Headers::of(&[(":method", "CONNECT"), (":authority", "h:1")])),
        ),
        ("two paths", with_key().header(":path", "/healthz")),
        ("empty path", with_path(b"")),
        ("not a path", with_path(b"\xff\xfe%")),
        ("bad escapes", with_path(b"/%/%2/%zz/%00/%c0%ae%c0%ae/..;/%25%32%66")),
        ("long path", with_path(&[b"/".as_slice(), &vec![b'a'; 1 << 20]].concat())),
        ("many segments", with_path("/a".repeat(100_000).as_bytes())),
        ("many parameters", with_path(format!("/?{}", "a=b&".repeat(100_000)).as_bytes())),
        ("thousand headers", many),
        ("a megabyte of key", Request::get("/").header("x-api-key", &"k".repeat(1 << 20))),
        ("a megabyte of token", with_token(&"a".repeat(1 << 20))),
        ("only dots", with_token(&".".repeat(10_000))),
        ("empty token", with_token("")),
        ("nesting", with_token(&token(&deep(1000)))),
        (
            "numbers",
            with_token(&token(
                r#"{"iss":"https://hs.test/","exp":1e999,"nbf":-1e999,"iat":99999999999999999999}"#,
            )),
        ),
        (
            "exp at the end",
            with_token(&tokens::hs256(
                SECRET,
                &json!({"iss":"https://hs.test/","aud":"api","sub":"u","tenant":"acme","exp":u64::MAX,"nbf":i64::MIN}),
            )),
        ),
        (
            "exp negative",
            with_token(&tokens::hs256(
                SECRET,
                &json!({"iss":"https://hs.test/","aud":"api","sub":"u","tenant":"acme","exp":i64::MIN}),
            )),
        ),
        (
            "exp a fraction",
            with_token(&tokens::hs256(
                SECRET,
                &json!({"iss":"https://hs.test/","aud":"api","sub":"u","tenant":"acme","exp":1.7e308}),
            )),
        ),
        ("bytes as a scheme", Request::get("/").header_bytes(b"authorization", b"\xff\xff \xff")),
        ("bytes as a cookie", Request::get("/").header_bytes(b"cookie", b"=;=;\xff=\xff;;;")),
        ("bytes as a host", with_key().header_bytes(b":authority", b"[::::]]:\xff")),
        (
            "an address that is none",
            with_key().property(&["source", "address"], b"\xff[::1%eth0]]:99999999"),
        ),
        (
            "a peer that is none",
            with_key().property(&["filter_state", "tenant_guard.peer"], b"\xff"),
        ),
    ];
    let mut host = host();
    for (name, request) in requests {
        let run = host.request(&request);
        println!("{name}: {}", run.outcome.short());
        assert!(!matches!(run.outcome, Outcome::Trapped(_)), "{name}: {:?}", run.outcome);
    }
    assert!(host.request(&with_key()).outcome.reached_application());
}
