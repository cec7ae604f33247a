//! Header values that no honest client sends.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_API_KEY, ACME_JWT, ACME_KEY, FREE_KEY, House, good_token, idp};
use serde_json::json;
use tenant_guard_tests::Request;

static HOUSE: LazyLock<House> = LazyLock::new(House::start);

/// Bytes that are no UTF-8, or not quite.
const BYTES: [&[u8]; 7] = [
    b"\xff",
    b"\xa1\xfe\x80",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"a\x80",
    b"\xf4\x90\x80\x80",
    b"\xc3",
];

fn with(text: &str, bytes: &[u8]) -> Vec<u8> {
    [text.as_bytes(), bytes].concat()
}

fn get() -> Request {
    Request::get("/a")
}

#[test]
fn values_that_are_no_utf8_are_refused_where_the_guard_reads_them() {
    HOUSE.each(|site| {
        let token = good_token();
        let bearer = || get().bearer(&token);
        for bytes in BYTES {
            let authorization = |text: &str| get().header("authorization", with(text, bytes));
            site.refuses("authorization", authorization(""), "token_malformed");
            site.refuses("a token of bytes", authorization("Bearer "), "token_malformed");
            let longer = authorization(&format!("Bearer {token}"));
            site.refuses("a token and bytes", longer, "token_malformed");
            site.refuses("a key of bytes", get().api_key(bytes), "api_key_unknown");
            let longer = get().api_key(with(ACME_KEY, bytes));
            site.refuses("a key and bytes", longer, "api_key_unknown");
            site.refuses("a tenant of bytes", bearer().tenant(bytes), "tenant_malformed");
            let longer = bearer().tenant(with("acme", bytes));
            site.refuses("a tenant and bytes", longer, "tenant_malformed");
            let cookie = |text: &str| get().header("cookie", with(text, bytes));
            site.refuses("a session of bytes", cookie("session="), "token_malformed");
            site.refuses("a key cookie of bytes", cookie("api_key="), "api_key_unknown");
            let host = bearer().host(with("app.test", bytes));
            site.refused_with("a host and bytes", host, "path_ambiguous");
            let path = Request::get(with("/a?tenant_id=", bytes)).bearer(&token);
            site.refused_with("a query of bytes", path, "tenant_malformed");
            let path = Request::get(with("/admin/", bytes));
            site.refused_with("a path of bytes", path, "credentials_missing");
        }
    });
}

#[test]
fn values_that_are_no_utf8_change_nothing_where_nobody_reads_them() {
    HOUSE.each(|site| {
        let names = [
            "x-anything",
            "user-agent",
            "content-type",
            "accept",
            "x-request-id",
            "referer",
            "origin",
        ];
        for (name, bytes) in names.into_iter().flat_map(|name| BYTES.map(|bytes| (name, bytes))) {
            let request = get().bearer(good_token()).header(name, bytes);
            site.allowed(name, request, &ACME_JWT);
            site.refuses(name, get().header(name, bytes), "credentials_missing");
            site.allowed(name, Request::get("/public/a").header(name, bytes), &[]);
        }
        let request = get().bearer(good_token()).header("cookie", b"theme=\xff; \xfe=1; \xa1");
        site.allowed("other cookies", request, &ACME_JWT);
        let request = get().header("cookie", with("\u{e9}; api_key=", ACME_KEY.as_bytes()));
        let seen = site.allowed("a key beside bytes", request, &ACME_API_KEY);
        assert_eq!(seen.echoed_value("cookie").as_deref(), Some("\u{e9}"));
    });
}

#[test]
fn what_is_read_once_may_be_there_once() {
    HOUSE.each(|site| {
        let (token, other) = (good_token(), idp("es256").token(json!({"tenant": "globex"})));
        for (kind, second) in
            [("identical", format!("Bearer {token}")), ("different", format!("Bearer {other}"))]
        {
            let request = get().bearer(&token).header("authorization", second);
            site.refuses(kind, request, "credentials_ambiguous");
        }
        // Envoy itself drops an empty one of some headers.
        for request in [
            get().bearer(&token).header("authorization", ""),
            get().header("authorization", "").bearer(&token),
        ] {
            site.harmless("an empty authorization", request, &ACME_JWT);
        }
        for second in [ACME_KEY, FREE_KEY, ""] {
            let request = get().api_key(ACME_KEY).api_key(second);
            site.refuses("two keys", request, "credentials_ambiguous");
            let request = get().api_key(second).api_key(ACME_KEY);
            site.refuses("two keys", request, "credentials_ambiguous");
        }
        for (first, second) in
            [("acme", "acme"), ("acme", "globex"), ("acme", ""), ("", "acme"), ("", "")]
        {
            let request = get().bearer(&token).tenant(first).tenant(second);
            site.refuses("two tenants", request, "tenant_malformed");
        }
        for second in [&token, &other, ""] {
            let one = format!("session={token}; session={second}");
            let request = get().header("cookie", one);
            site.refuses("two sessions", request, "credentials_ambiguous");
            let request = get()
                .header("cookie", format!("session={token}"))
                .header("cookie", format!("a=1; session={second}"));
            site.refuses("two cookie headers", request, "credentials_ambiguous");
        }
    });
}

#[test]
fn joined_and_misspelt_values_are_no_credentials() {
    HOUSE.each(|site| {
        let token = good_token();
        let authorization = |text: String| get().header("authorization", text);
        for text in [
            format!("Bearer {token}, Bearer {token}"),
            format!("Bearer {token},"),
            format!(",Bearer {token}"),
            format!("Basic YTpi, Bearer {token}"),
        ] {
            site.refuses(&text, authorization(text.clone()), "credentials_ambiguous");
        }
        for text in [
            format!("Bearer Bearer {token}"),
            format!("Bearer\t{token}"),
            format!("Bearer{token}"),
            format!("Bearer:{token}"),
            format!("Bearer \"{token}\""),
            format!("Bearer {token};"),
            format!("Bearer token={token}"),
            token.clone(),
            "Bearer".into(),
            "Basic YWNtZTphY21l".into(),
            "DPoP x".into(),
            format!("\u{a0}Bearer {token}"),
        ] {
            site.refuses(&text, authorization(text.clone()), "token_malformed");
        }
        for text in [format!("bEARER {token}"), format!("BEARER  {token}")] {
            site.allowed(&text, authorization(text.clone()), &ACME_JWT);
        }
        for tenant in [
            "acme,globex",
            "acme, acme",
            "acme;globex",
            "acme globex",
            "\"acme\"",
            "acme\u{200b}",
            "%61cme",
        ] {
            site.refuses(tenant, get().bearer(&token).tenant(tenant), "tenant_malformed");
        }
        let key = format!("{ACME_KEY},{FREE_KEY}");
        site.refuses("joined keys", get().api_key(key), "api_key_unknown");
    });
}

#[test]
fn one_credential_in_two_places_is_refused() {
    HOUSE.each(|site| {
        let token = good_token();
        let query = Request::get(format!("/a?access_token={token}"));
        let cookie = format!("session={token}");
        site.refuses("header, query", query.clone().bearer(&token), "credentials_ambiguous");
        site.refuses(
            "header, cookie",
            get().bearer(&token).header("cookie", &cookie),
            "credentials_ambiguous",
        );
        site.refuses("query, cookie", query.header("cookie", &cookie), "credentials_ambiguous");
        for key in [ACME_KEY, FREE_KEY, "wrong", ""] {
            let request = get().bearer(&token).api_key(key);
            site.refuses("a token and a key", request, "credentials_ambiguous");
        }
        let request = get().header("authorization", "Basic YTpi").api_key(ACME_KEY);
        site.refuses("another scheme beside a key", request, "credentials_ambiguous");
        // Where only tokens are read, a key is unread and gone.
        let request = Request::get("/admin/a").bearer(&token).api_key("anything");
        let seen = site.allowed("an unread key", request, &ACME_JWT);
        assert_eq!(seen.echoed_all("x-api-key").len(), 0);
    });
}

#[test]
fn very_large_values_are_refused_or_harmless() {
    HOUSE.each(|site| {
        let large = |length: usize| "a".repeat(length);
        for length in [16_385, 60_000] {
            let request = get().bearer(large(length));
            site.refuses("a token", request, "token_too_large");
            let request = get().header("cookie", format!("session={}", large(length)));
            site.refuses("a session", request, "token_too_large");
            site.refuses("dots", get().bearer(".".repeat(length)), "token_too_large");
            site.refuses("a key", get().api_key(large(length)), "api_key_unknown");
            let request = get().bearer(good_token()).tenant(large(length));
            site.refuses("a tenant", request, "tenant_malformed");
            let request = get().header("authorization", large(length));
            site.refuses("a scheme", request, "token_malformed");
            let request = get().bearer(good_token()).header("x-large", large(length));
            site.allowed("another header", request, &ACME_JWT);
            let request = get().bearer(good_token()).header("cookie", "a=1; ".repeat(length / 5));
            site.allowed("another cookie", request, &ACME_JWT);
            let request = get().bearer(good_token()).host(large(length));
            site.harmless("a host", request, &ACME_JWT);
        }
        site.refused(
            "past Envoy's limit",
            get().bearer(good_token()).header("x-large", large(99_000)),
        );
        // 64 KiB in one value, the limit of tokens to the byte.
        site.refused_with("64 KiB", get().bearer(large(65_536)), "token_too_large");
        let token = |pad: usize| idp("eddsa").token(json!({"tenant": "acme", "pad": large(pad)}));
        // Base64url has no spelling for every length, but for three in four.
        let tokens: Vec<String> = (12_000..12_200).map(token).collect();
        let fitting = tokens.iter().rfind(|token| token.len() <= 16_384).unwrap();
        assert!(fitting.len() >= 16_383);
        site.allowed("16 KiB", get().bearer(fitting), &ACME_JWT);
        let longer = tokens.iter().find(|token| token.len() > 16_384).unwrap();
        assert!(longer.len() <= 16_386);
        site.refuses("more than 16 KiB", get().bearer(longer), "token_too_large");
    });
}

#[test]
fn very_many_headers_are_refused_or_harmless() {
    HOUSE.each(|site| {
        let many = |request: Request, count: usize, name: fn(usize) -> String| {
            (0..count).fold(request, |request, number| request.header(name(number), "globex"))
        };
        let good = || get().bearer(good_token());
        // Envoy takes 100, with its own and those of the guard on the way.
        let few = 70;
        site.allowed("many", many(good(), few, |n| format!("x-{n}")), &ACME_JWT);
        site.harmless("101", many(good(), 101, |n| format!("x-{n}")), &ACME_JWT);
        site.harmless("1000", many(good(), 1000, |n| format!("x-{n}")), &ACME_JWT);
        let forged = many(good(), few, |_| "x-user-id".into());
        site.allowed("one forged header many times", forged, &ACME_JWT);
        let forged = many(good(), few, |_| "x-tenant-id".into());
        site.refuses("the tenant many times", forged, "tenant_malformed");
        let keys = many(get(), few, |_| "x-api-key".into());
        site.refuses("many keys", keys, "credentials_ambiguous");
    });
}
