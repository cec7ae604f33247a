//! API keys that are large, binary, empty, doubled or in odd places.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_API_KEY, ACME_JWT, ACME_KEY, FREE_KEY, House, good_token};
use serde_json::json;
use tenant_guard_tests::token::sha256_hex;
use tenant_guard_tests::{Protocol, Request};

static HOUSE: LazyLock<House> = LazyLock::new(House::start);

fn get() -> Request {
    Request::get("/a")
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[test]
fn what_is_nearly_a_key_is_none() {
    HOUSE.each(|site| {
        let digest = sha256_hex(ACME_KEY);
        for key in [
            "",
            "\"\"",
            "acme",
            &ACME_KEY[1..],
            &ACME_KEY[..18],
            "ACME-KEY-0123456789",
            "acme-key-0123456789x",
            "\"acme-key-0123456789\"",
            "Bearer acme-key-0123456789",
            "acme-key-0123456789;",
            "acme-key-0123456789,",
            &digest,
            "*",
            "null",
            "web-1",
            "a.b.c",
            "%61cme-key-0123456789",
        ] {
            site.refuses(key, get().api_key(key), "api_key_unknown");
        }
        for bytes in 0..=255u8 {
            if ![0, b'\n', b'\r', b' ', b'\t'].contains(&bytes) {
                let key = [ACME_KEY.as_bytes(), &[bytes]].concat();
                // Control bytes are Envoy's to refuse.
                site.refused_with("one byte more", get().api_key(key), "api_key_unknown");
            }
        }
        for length in [1_000, 16_385, 60_000] {
            site.refuses("a long key", get().api_key("k".repeat(length)), "api_key_unknown");
            site.refuses(
                "a long key of bytes",
                get().api_key(vec![0xfe; length]),
                "api_key_unknown",
            );
            let query = Request::get(format!("/a?api_key={}", "%00".repeat(length / 3)));
            site.refuses("a long key in the query", query, "api_key_unknown");
            let cookie = get().header("cookie", format!("api_key={}", "k".repeat(length)));
            site.refuses("a long key in a cookie", cookie, "api_key_unknown");
        }
        site.refuses("bound to nothing", get().api_key(FREE_KEY), "tenant_required");
        site.refuses("and asserting", get().api_key(FREE_KEY).tenant("acme"), "tenant_required");
        site.refuses("another's", get().api_key(ACME_KEY).tenant("globex"), "tenant_mismatch");
        site.refuses(
            "where only tokens count",
            Request::get("/admin").api_key(ACME_KEY),
            "credentials_missing",
        );
    });
}

#[test]
fn a_key_in_the_query_has_one_place_and_leaves_it() {
    HOUSE.each(|site| {
        let all = encoded(ACME_KEY);
        // Each with what is left of it for the application.
        for (query, left) in [
            (format!("api_key={ACME_KEY}"), "/a"),
            (format!("a=1&api_key={ACME_KEY}&b=%41"), "/a?a=1&b=%41"),
            (format!("%61pi_key={ACME_KEY}"), "/a"),
            (format!("api%5fkey={all}"), "/a"),
            (format!("api_key[]={ACME_KEY}"), "/a"),
            (format!("api_key%5B0%5D={all}&x"), "/a?x"),
            (format!("x=1;api_key={ACME_KEY}"), "/a"),
            (format!("&&api_key={ACME_KEY}&&"), "/a?&&&"),
            (format!("?api_key=x&api_key={ACME_KEY}"), "/a??api_key=x"),
        ] {
            let request = Request::get(format!("/a?{query}"));
            if let Some(seen) = site.harmless(&query, request, &ACME_API_KEY) {
                let path = seen.echoed_value(":path").unwrap();
                assert!(!path.contains(ACME_KEY) && !path.contains(&all), "{query}: {path}");
                assert_eq!(path, left, "{query}");
            }
        }
        for query in [
            format!("api_key={ACME_KEY}&api_key={ACME_KEY}"),
            format!("api_key={ACME_KEY}&api_key="),
            format!("api_key={ACME_KEY}&api_key"),
            format!("api_key={ACME_KEY}&api_key[]=x"),
            format!("api_key={ACME_KEY}&%61pi_key=x"),
            format!("api_key={ACME_KEY};api_key=x"),
            format!("x;api_key=x&api_key={ACME_KEY}"),
            format!("api_key={ACME_KEY}&access_token={}", good_token()),
        ] {
            site.refuses(&query, Request::get(format!("/a?{query}")), "credentials_ambiguous");
        }
        for query in [
            "api_key=".to_owned(),
            "api_key".into(),
            format!("api_key={}", all.replace('%', "%25")),
            format!("api_key=+{ACME_KEY}"),
            format!("api_key={ACME_KEY}%00"),
            format!("api_key={ACME_KEY}%"),
            format!("api_key={ACME_KEY}/"),
            "api_key=%ff%fe".into(),
            "api_key=%zz".into(),
            format!("api_key=={ACME_KEY}"),
            format!("api_key={ACME_KEY};x=1"),
        ] {
            site.refuses(&query, Request::get(format!("/a?{query}")), "api_key_unknown");
        }
        for query in [
            format!("API_KEY={ACME_KEY}"),
            format!("api_key2={ACME_KEY}"),
            format!("api%255fkey={ACME_KEY}"),
            format!("a=api_key={ACME_KEY}"),
            format!("api.key={ACME_KEY}"),
        ] {
            site.refuses(&query, Request::get(format!("/a?{query}")), "credentials_missing");
        }
    });
}

#[test]
fn no_log_shows_a_key_of_the_query() {
    HOUSE.each(|site| {
        let requests = [
            ("good", Request::get(format!("/a?api_key={ACME_KEY}"))),
            ("wrong", Request::get("/a?api_key=wrong-secret-1")),
            ("doubled", Request::get("/a?api_key=wrong-secret-1&%61pi_key=wrong-secret-2")),
            ("unread", Request::get("/admin/a?api_key=wrong-secret-1;x")),
            ("ambiguous", Request::get("/a;b?api_key=wrong-secret-1")),
            ("host", Request::get("/a?api_key=wrong-secret-1").host("a..b")),
            ("after", Request::get("/a?x=1;api_key=wrong-secret-1")),
        ];
        for (what, request) in requests {
            let marker = format!("{what}-{:?}-{}", site.over, site.hardened);
            site.harmless(what, request.marker(&marker), &ACME_API_KEY);
            let line = site.envoy.access_line(&marker).to_string();
            assert!(!line.contains("secret") && !line.contains(ACME_KEY), "{what}: {line}");
        }
        assert!(!site.envoy.log().contains("wrong-secret"));
    });
}

#[test]
fn a_key_in_a_cookie_has_one_place_and_leaves_it() {
    HOUSE.each(|site| {
        for (cookie, left) in [
            (format!("api_key={ACME_KEY}"), None),
            (format!("api_key=\"{ACME_KEY}\""), None),
            (format!("a=1; api_key={ACME_KEY}; b=\"2;"), Some("a=1; b=\"2")),
            (format!(" ;; api_key = {ACME_KEY} ;c"), Some("c")),
            (format!("a=api_key;api_key={ACME_KEY}"), Some("a=api_key")),
        ] {
            let request = get().header("cookie", &cookie);
            let seen = site.allowed(&cookie, request, &ACME_API_KEY);
            assert_eq!(seen.echoed_all("cookie").join("; "), left.unwrap_or(""), "{cookie}");
        }
        for cookie in [
            format!("api_key={ACME_KEY}; api_key={ACME_KEY}"),
            format!("api_key={ACME_KEY}; api_key=\"{ACME_KEY}\""),
            format!("api_key={ACME_KEY}; api_key"),
            format!("api_key; api_key={ACME_KEY}"),
            format!("api_key={ACME_KEY}; session={}", good_token()),
        ] {
            let request = get().header("cookie", &cookie);
            site.refuses(&cookie, request, "credentials_ambiguous");
        }
        let split =
            get().header("cookie", "api_key=x").header("cookie", format!("api_key={ACME_KEY}"));
        site.refuses("two headers", split, "credentials_ambiguous");
        for cookie in [
            "api_key=",
            "api_key",
            "api_key=\"",
            "api_key=\"\"",
            "api_key=\"acme-key-0123456789",
            "api_key=acme-key-0123456789\"",
            "api_key=%61cme-key-0123456789",
            "api_key=x=acme-key-0123456789",
        ] {
            site.refuses(cookie, get().header("cookie", cookie), "api_key_unknown");
        }
        for cookie in [
            "API_KEY=acme-key-0123456789",
            "$api_key=acme-key-0123456789",
            "a=\"; api_key\"",
            "api_key2=acme-key-0123456789",
        ] {
            let outcome = site.harmless(cookie, get().header("cookie", cookie), &[]);
            assert!(outcome.is_none(), "{cookie}");
        }
    });
}

#[test]
fn a_token_first_then_a_key_is_no_second_chance_for_contradictions() {
    let mut document = bad::document();
    document["mode"] = json!("jwt_then_api_key");
    let house = House::of(document, |builder| builder);
    house.each(|site| {
        let bad_token = || get().bearer("a.b.c");
        site.allowed("the key instead", bad_token().api_key(ACME_KEY), &ACME_API_KEY);
        site.refuses("both bad", bad_token().api_key("x"), "token_malformed");
        site.refuses("a token as a key", get().api_key(good_token()), "api_key_unknown");
        site.refuses("and beside one", bad_token().api_key(good_token()), "token_malformed");
        let seen = site.allowed(
            "an unread key",
            get().bearer(good_token()).api_key("x").header("cookie", "api_key=y"),
            &ACME_JWT,
        );
        assert_eq!(seen.echoed_all("x-api-key").len() + seen.echoed_all("cookie").len(), 0);
        let two = bad_token().bearer(good_token()).api_key(ACME_KEY);
        site.refuses("two tokens", two, "credentials_ambiguous");
        let foreign = get().bearer(good_token()).api_key(ACME_KEY).tenant("globex");
        site.refuses("a mismatch is final", foreign, "tenant_mismatch");
        let two = bad_token().api_key(ACME_KEY).api_key(ACME_KEY);
        site.refuses("two keys", two, "token_malformed");
        if site.over == Protocol::H1 {
            let basic = get().header("authorization", "Basic YTpi").api_key(ACME_KEY);
            site.refuses("another scheme", basic, "credentials_ambiguous");
        }
    });
}
