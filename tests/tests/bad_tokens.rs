//! Tokens of a bad shape, with a bad header or with bad claims.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_JWT, House, Site, good_token, idp};
use serde_json::json;
use tenant_guard_tests::token::{Parts, b64};
use tenant_guard_tests::{Protocol, Request};

static HOUSE: LazyLock<House> = LazyLock::new(House::start);

fn refuse(site: &Site<'_>, what: &str, token: impl AsRef<str>, code: &str) {
    site.refuses(what, Request::get("/a").bearer(token), code);
}

#[test]
fn what_is_no_compact_jws_is_malformed() {
    let good = good_token();
    let Parts { header, payload, signature } = Parts::of(&good);
    let json = json!({"payload": payload, "protected": header, "signature": signature}).to_string();
    let flat = json.replace(',', " ");
    let tokens = [
        String::new(),
        "a".into(),
        ".".into(),
        "..".into(),
        "...".into(),
        ".".repeat(10_000),
        header.clone(),
        format!("{header}.{payload}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{good}.a.b"),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!("..{signature}"),
        format!("{header} .{payload}.{signature}"),
        format!("{header}. {payload}.{signature}"),
        format!("{header}\t.{payload}.{signature}"),
        format!("{good}="),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}==.{signature}"),
        format!("{header}.{payload}.+{}", &signature[1..]),
        format!("{header}.{payload}./{}", &signature[1..]),
        format!("{header}.{payload}?.{signature}"),
        format!("{header}.{payload}#.{signature}"),
        format!("{header}.{payload}.{signature}AAA"),
        format!("{header}.{payload}.\u{ff21}{}", &signature[1..]),
        format!("%65{}", &good[1..]),
        format!("\"{good}\""),
        format!("urn:ietf:params:oauth:token-type:jwt:{good}"),
        flat,
        "v4.public.e30.e30".into(),
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..48V1_ALb6US04U3b.5eym8TW_c8SuK0lt.XFBoMYUZodetZdvT".into(),
    ];
    // The last character of 64 bytes in base64url holds four bits that no byte uses.
    let last = signature.chars().last().unwrap();
    let spare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = spare.find(last).unwrap();
    let sibling = format!("{}{}", &good[..good.len() - 1], &spare[at + 1..at + 2]);
    HOUSE.each(|site| {
        for token in &tokens {
            refuse(site, token, token, "token_malformed");
        }
        refuse(site, "another spelling of the same bytes", &sibling, "token_malformed");
        refuse(site, "json", &json, "credentials_ambiguous");
        for place in ["session", "access_token"] {
            let request = Request::get(format!("/a?{place}={good}%0a"))
                .header("cookie", format!("session={json}"));
            let code = if place == "session" { "token_malformed" } else { "credentials_ambiguous" };
            site.refuses(place, request, code);
        }
        if site.over == Protocol::H1 {
            for end in ["\0", "\n x", "\r\n x"] {
                let head =
                    format!("GET /a HTTP/1.1\r\nhost: app.test\r\nauthorization: Bearer {good}");
                let outcome = site.send_raw(end, format!("{head}{end}\r\n\r\n"));
                assert!(!matches!(outcome, bad::Outcome::Application(_)), "{end:?}");
            }
        }
    });
}

/// A token of the `eddsa` key with any header, well signed.
fn with_header(header: impl AsRef<[u8]>) -> String {
    let claims = idp("eddsa").claims(json!({"tenant": "acme"}));
    idp("eddsa").key.sign_bytes(header, claims.to_string())
}

#[test]
fn headers_with_two_meanings_or_unknown_extensions_are_malformed() {
    let base = r#""kid":"eddsa","typ":"JWT""#;
    let malformed = [
        format!(r#"{{"alg":"EdDSA","alg":"none",{base}}}"#),
        format!(r#"{{"alg":"none","alg":"EdDSA",{base}}}"#),
        format!(r#"{{"alg":"EdDSA","\u0061lg":"EdDSA",{base}}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"es256",{base}}}"#),
        format!(r#"{{"alg":"EdDSA","x":{{"a":1,"a":1}},{base}}}"#),
        format!(r#"{{"alg":null,{base}}}"#),
        format!(r#"{{"alg":5,{base}}}"#),
        format!(r#"{{"alg":["EdDSA"],{base}}}"#),
        format!(r#"{{"alg":{{"EdDSA":1}},{base}}}"#),
        r#"{"alg":"EdDSA","kid":1}"#.into(),
        r#"{"alg":"EdDSA","kid":null}"#.into(),
        r#"{"alg":"EdDSA","kid":["eddsa"]}"#.into(),
        r#"{"alg":"EdDSA","kid":"eddsa","typ":1}"#.into(),
        r#"{"alg":"EdDSA","kid":"eddsa","typ":null}"#.into(),
        format!(r#"{{"alg":"EdDSA","crit":["exp"],{base}}}"#),
        format!(r#"{{"alg":"EdDSA","crit":[],{base}}}"#),
        format!(r#"{{"alg":"EdDSA","crit":"exp",{base}}}"#),
        format!(r#"{{"alg":"EdDSA","crit":null,{base}}}"#),
        format!(r#"{{"alg":"EdDSA","crit":["alg","alg"],{base}}}"#),
        format!(r#"{{"alg":"EdDSA","crit":["b64"],"b64":false,{base}}}"#),
        format!(r#"{{"alg":"EdDSA","b64":true,{base}}}"#),
        format!(r#"{{"alg":"EdDSA","zip":"DEF",{base}}}"#),
        format!(r#"{{"alg":"EdDSA","enc":"A128GCM",{base}}}"#),
        format!(r#"{{"alg":"EdDSA","cty":"JWT",{base}}}"#),
        format!(r#"{{"alg":"EdDSA","cty":"application/at+jwt",{base}}}"#),
        format!("\u{feff}{{\"alg\":\"EdDSA\",{base}}}"),
        format!(r#"{{"alg":"EdDSA",{base}}} "#) + "x",
        format!(r#"{{"alg":"EdDSA",{base}}}{{}}"#),
        format!(r#"{{"alg":"EdDSA",{base},}}"#),
        format!(r#"{{"alg":"EdDSA","x":"\ud800",{base}}}"#),
        format!(r#"{{'alg':'EdDSA',{base}}}"#),
        format!(r#"{{"alg":"EdDSA","x":NaN,{base}}}"#),
        format!(r#"{{"alg":"EdDSA","x":1e400,{base}}}"#),
        "{".repeat(10_000),
        "[".repeat(10_000),
        format!(r#"{{"alg":"EdDSA",{base},"x":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000)),
        format!(
            r#"{{"alg":"EdDSA",{base},"x":{}1{}}}"#,
            r#"{"a":"#.repeat(1_500),
            "}".repeat(1_500)
        ),
        "[]".into(),
        "null".into(),
        "\"EdDSA\"".into(),
        String::new(),
        " ".into(),
    ];
    HOUSE.each(|site| {
        for header in &malformed {
            refuse(site, header, with_header(header), "token_malformed");
        }
        refuse(site, "not UTF-8", with_header(b"{\"alg\":\"EdDSA\",\"x\":\"\xff\"}"), "token_malformed");
        let large = format!(r#"{{"alg":"EdDSA",{base},"x":"{}"}}"#, "a".repeat(30_000));
        refuse(site, "30 KiB", with_header(large), "token_too_large");
        let kept = format!(r#" {{"jku":"http://evil.test","x5u":1,"x5c":[],"x5t":"","jwk":{{}},"alg":"EdDSA",{base}}} "#);
        site.allowed("key references are ignored", Request::get("/a").bearer(with_header(kept)), &ACME_JWT);
    });
}

#[test]
fn the_type_and_the_kid_choose_nothing_but_what_is_configured() {
    HOUSE.each(|site| {
        let header =
            |kid: &str, typ: &str| json!({"alg": "EdDSA", "kid": kid, "typ": typ}).to_string();
        for typ in [
            "dpop+jwt",
            "logout+jwt",
            "",
            "JWS",
            "id_token",
            "JWT ",
            "application/",
            "application/jwt+x",
            "application/application/jwt",
        ] {
            refuse(site, typ, with_header(header("eddsa", typ)), "token_type_refused");
        }
        for typ in ["jwt", "AT+JWT", "application/at+jwt", "Application/JWT"] {
            site.allowed(
                typ,
                Request::get("/a").bearer(with_header(header("eddsa", typ))),
                &ACME_JWT,
            );
        }
        for kid in [
            "",
            "EDDSA",
            "eddsa ",
            "../../../../dev/null",
            "' OR 1=1 --",
            "eddsa\0",
            "eddsa\n",
            "https://evil.test/jwks",
            "$(id)",
            "rs256-b",
            "\u{202e}assde",
        ] {
            refuse(site, kid, with_header(header(kid, "JWT")), "token_key_unknown");
        }
        refuse(
            site,
            "a huge kid",
            with_header(header(&"k".repeat(11_500), "JWT")),
            "token_key_unknown",
        );
        refuse(
            site,
            "a kid of 30 KB",
            with_header(header(&"k".repeat(30_000), "JWT")),
            "token_too_large",
        );
        refuse(
            site,
            "another key's kid",
            with_header(header("es256", "JWT")),
            "token_algorithm_refused",
        );
        // Without a kid only where one key fits, which ES256 doesn't here.
        let kidless = |kid: &str| {
            let idp = idp(kid);
            let header = json!({"alg": idp.key.alg().name()});
            idp.key.sign(header, idp.claims(json!({"tenant": "acme"})))
        };
        site.allowed("the one key", Request::get("/a").bearer(kidless("eddsa")), &ACME_JWT);
        refuse(site, "one of two keys", kidless("es256"), "token_key_unknown");
    });
}

/// The depth that a parser meets where tokens may be large.
#[test]
fn ten_thousand_levels_are_refused_where_large_tokens_are_accepted() {
    let mut document = bad::document();
    document["jwt"]["max_token_bytes"] = json!("80KiB");
    let house = House::of(document, |builder| builder);
    let deep = |open: &str, close: &str, levels: usize| {
        format!(
            r#"{{"iss":"https://idp.example.com/","x":{}1{}}}"#,
            open.repeat(levels),
            close.repeat(levels)
        )
    };
    house.each(|site| {
        for payload in [
            deep("[", "]", 10_000),
            deep(r#"{"":"#, "}", 6_000),
            deep("[{\"a\":", "}]", 4_000),
            "[".repeat(40_000),
        ] {
            let what = &payload[..60];
            let token =
                format!("{}.{}.AA", b64(idp("eddsa").key.header().to_string()), b64(&payload));
            site.refused_with(what, Request::get("/a").bearer(token), "token_malformed");
            let token = format!("{}.e30.AA", b64(&payload));
            site.refused_with(what, Request::get("/a").bearer(token), "token_malformed");
        }
        let wide = format!(r#"{{"x":[{}0]}}"#, "0,".repeat(20_000));
        site.refused_with(
            "wide",
            Request::get("/a").bearer(format!("{}.{}.AA", b64("{}"), b64(wide))),
            "token_issuer_unknown",
        );
    });
}
