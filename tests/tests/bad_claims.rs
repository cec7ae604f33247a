//! Claims that are missing, mistyped, contradictory or another's.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_JWT, House, Site, good_token, idp, partner};
use serde_json::{Value, json};
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Parts, now};

static HOUSE: LazyLock<House> = LazyLock::new(House::start);

fn refuse(site: &Site<'_>, what: &str, token: impl AsRef<str>, code: &str) {
    site.refuses(what, Request::get("/a").bearer(token), code);
}

/// A well-signed token with any payload.
fn with_payload(payload: impl AsRef<[u8]>) -> String {
    let key = &idp("eddsa").key;
    key.sign_bytes(key.header().to_string(), payload)
}

#[test]
fn payloads_with_two_meanings_are_malformed() {
    let claims = idp("eddsa").claims(json!({"tenant": "acme"})).to_string();
    let inner = &claims[1..claims.len() - 1];
    let more = |more: &str| format!("{{{inner},{more}}}");
    let malformed = [
        "[]".into(),
        "\"x\"".into(),
        "1".into(),
        "null".into(),
        "true".into(),
        String::new(),
        format!("[{claims}]"),
        more(r#""iss":"https://evil.test""#),
        more(r#""sub":"root""#),
        more(r#""tenant":"globex""#),
        more(r#""exp":1"#),
        more(r#""\u0074enant":"globex""#),
        more(r#""aud":"api""#),
        more(r#""a":{"b":1,"b":2}"#),
        more(r#""a":[[{"b":1,"b":1}]]"#),
        more(r#""x":1e400"#),
        more(r#""x":-1e400"#),
        more(r#""x":NaN"#),
        more(r#""x":Infinity"#),
        more(r#""x":01"#),
        more(r#""x":+1"#),
        more(r#""x":"\udead""#),
        more("\"x\":\"a\nb\""),
        more(r#""x":"\x00""#),
        format!("\u{feff}{claims}"),
        format!("{claims}{claims}"),
        format!("{claims}\0"),
        format!("/**/{claims}"),
        format!("{claims};"),
        more(&format!(r#""x":{}{}"#, "[".repeat(5_000), "]".repeat(5_000))),
        "{\"a\":".repeat(2_000),
        "[".repeat(11_000),
    ];
    HOUSE.each(|site| {
        for payload in &malformed {
            refuse(site, payload, with_payload(payload), "token_malformed");
        }
        let raw = [b"{\"x\":\"\xc3\x28\",".as_slice(), &claims.as_bytes()[1..]].concat();
        refuse(site, "not UTF-8", with_payload(raw), "token_malformed");
        let spaced = format!(" \n{claims}\t");
        site.allowed("spaces around", Request::get("/a").bearer(with_payload(spaced)), &ACME_JWT);
    });
}

/// A token of `acme` in which one claim has this text as its value.
fn with_claim(name: &str, text: &str) -> String {
    let mut claims = idp("eddsa").claims(json!({"tenant": "acme"}));
    claims.as_object_mut().unwrap().remove(name);
    let claims = claims.to_string();
    with_payload(format!("{{\"{name}\":{text},{}", &claims[1..]))
}

fn without_claim(name: &str) -> String {
    let mut claims = idp("eddsa").claims(json!({"tenant": "acme"}));
    claims.as_object_mut().unwrap().remove(name);
    with_payload(claims.to_string())
}

#[test]
fn a_mistyped_claim_is_an_error_and_no_absence() {
    let dates = r#"null "" "1" "9999999999" true false {} [] [1] 253402300800 9007199254740992 9223372036854775807 18446744073709551615 1e19 1e300"#;
    let texts = "null 1 1.5 true {} [] [\"user-1\"]";
    HOUSE.each(|site| {
        let wrong = |name: &str, values: &str, code: &str| {
            for value in values.split_whitespace() {
                refuse(site, &format!("{name}: {value}"), with_claim(name, value), code);
            }
        };
        wrong("exp", dates, "token_claim_invalid");
        wrong("nbf", dates, "token_claim_invalid");
        wrong("iat", dates, "token_claim_invalid");
        wrong("sub", texts, "token_claim_invalid");
        wrong("jti", texts, "token_claim_invalid");
        wrong("iss", texts, "token_issuer_unknown");
        wrong(
            "aud",
            r#"null 1 true {} {"api":1} [1] ["api",1] [["api"]] [null]"#,
            "token_claim_invalid",
        );
        wrong("scope", r#"1 true {} [1] ["a",1] [["a"]]"#, "token_claim_invalid");
        refuse(
            site,
            "a scope with a space",
            with_claim("scope", r#"["read write"]"#),
            "token_claim_invalid",
        );
        wrong("roles", "1 true {} [1] [[\"a\"]]", "token_claim_invalid");
        wrong("cnf", r#"null {} "x" {"jkt":"x"} {"x5t#S256":"x"}"#, "token_claim_invalid");
        wrong("sub", r#""""#, "token_claim_invalid");
        for name in ["exp", "sub"] {
            refuse(site, name, without_claim(name), "token_claim_invalid");
        }
        refuse(site, "iss", without_claim("iss"), "token_issuer_unknown");
        refuse(site, "aud", without_claim("aud"), "token_audience_invalid");
    });
}

#[test]
fn dates_audiences_and_issuers_are_exact() {
    HOUSE.each(|site| {
        let seconds = |offset: i64| (now() + offset).to_string();
        for exp in ["0", "-0", "-1", "1", "1.5e9", "-1e300", "-9223372036854775808", &seconds(-31)]
        {
            refuse(site, exp, with_claim("exp", exp), "token_expired");
        }
        for nbf in [seconds(40), "253402300799".into(), "4e9".into()] {
            refuse(site, &nbf, with_claim("nbf", &nbf), "token_not_yet_valid");
        }
        for exp in [seconds(-20), seconds(5) + ".5", "253402300799".into()] {
            site.allowed(&exp, Request::get("/a").bearer(with_claim("exp", &exp)), &ACME_JWT);
        }
        for aud in [
            r#""""#,
            "[]",
            r#""API""#,
            r#""api/""#,
            r#""ap""#,
            r#""apis""#,
            r#"" api""#,
            r#""api other""#,
            r#""api,other""#,
            r#"["other","API"]"#,
            r#""*""#,
        ] {
            refuse(site, aud, with_claim("aud", aud), "token_audience_invalid");
        }
        for iss in [
            "https://idp.example.com",
            "https://idp.example.com//",
            "https://IDP.example.com/",
            "https://idp.example.com/ ",
            "https://idp.example.com/x",
            "http://idp.example.com/",
            "https://idp.example.com:443/",
            "https://idp.example.com/\\u0000",
            "",
            "none",
            "idp",
            "https://\u{ff49}dp.example.com/",
        ] {
            refuse(site, iss, with_claim("iss", &format!("\"{iss}\"")), "token_issuer_unknown");
        }
    });
}

#[test]
fn a_tenant_claim_names_one_tenant_or_the_token_is_refused() {
    HOUSE.each(|site| {
        let wrong = |values: &str, code: &str| {
            for value in values.split_whitespace() {
                refuse(site, value, with_claim("tenant", value), code);
            }
        };
        wrong(r#"{} {"acme":1} true false 1.5 -0 9007199254740993 -9007199254740993 1e3 18446744073709551615"#, "tenant_malformed");
        wrong(r#""acme,globex" "acme;x" "../acme" "acme/" "%61cme" "*" "__proto__" "-acme" ".acme" "\u0430cme" "acm\u00e9" "acme\u0000" "acme\n" "acme\u200b" "\u202eacme""#, "tenant_malformed");
        wrong(r#"[null] [""] [1.5] ["acme",null] ["acme",{}] ["acme",["globex"]] ["acme","../x"] ["acme",true]"#, "tenant_malformed");
        wrong(r#""ACME" "Acme" "system" "admin" "initech" 12 ["initech"] ["system","system"]"#, "tenant_unknown");
        wrong(r#""default" "DEFAULT" "DeFaUlT" ["default"] ["acme","Default"]"#, "tenant_reserved");
        wrong(r#"null "" [] "\u0020" "\t""#, "tenant_required");
        wrong(r#"["acme","globex"] ["globex","org_1"]"#, "tenant_choice_required");
        refuse(site, "a space", with_claim("tenant", "\"acme \""), "tenant_malformed");
        refuse(site, "too long", with_claim("tenant", &format!("\"{}\"", "a".repeat(129))), "tenant_malformed");
        refuse(site, "very many", with_claim("tenant", &format!("[{}\"acme\"]", "\"globex\",".repeat(1_000))), "tenant_choice_required");
        refuse(site, "absent", without_claim("tenant"), "tenant_required");
        for same in [r#"["acme"]"#, r#"["acme","acme","org_1"]"#, "\"org_1\""] {
            site.allowed(same, Request::get("/a").bearer(with_claim("tenant", same)), &ACME_JWT);
        }
    });
}

#[test]
fn texts_of_a_token_break_out_of_no_header_and_no_log() {
    HOUSE.each(|site| {
        for (sub, seen) in [
            (r"a\r\nx-tenant-id: globex", "a%0D%0Ax-tenant-id:%20globex"),
            (r"a\u0000b", "a%00b"),
            (r"\u00e9\ud83d\ude00", "%C3%A9%F0%9F%98%80"),
            (r"100%", "100%25"),
            (r"\u2028\u007f", "%E2%80%A8%7F"),
            (r" ", "%20"),
        ] {
            let token = with_claim("sub", &format!("\"{sub}\""));
            let identity = [("x-tenant-id", "acme"), ("x-user-id", seen), ("x-auth-method", "jwt")];
            site.allowed(sub, Request::get("/a").bearer(token), &identity);
            let payload = format!(r#"{{"iss":"https://idp.example.com/","aud":"api","sub":"{sub}","exp":{},"tenant":"nobody","azp":"{sub}","roles":["{sub}"]}}"#, now() + 60);
            refuse(site, sub, with_payload(payload), "tenant_unknown");
        }
        let sub = "\u{e9}".repeat(4_000);
        let large = with_claim("sub", &format!("\"{sub}\""));
        let seen = "%C3%A9".repeat(4_000);
        let identity = [("x-tenant-id", "acme"), ("x-user-id", &*seen), ("x-auth-method", "jwt")];
        site.allowed("a large subject", Request::get("/a").bearer(large), &identity);
    });
}

#[test]
fn the_first_fault_gives_the_code() {
    let good = idp("eddsa").claims(json!({"tenant": "acme"}));
    let header = json!({"alg": "EdDSA", "kid": "eddsa", "typ": "JWT"});
    // Each with the fault of its step, from the last to the first.
    let steps: [(&str, &str, Value); 11] = [
        ("tenant", "tenant_reserved", json!("default")),
        ("aud", "token_audience_invalid", json!("other")),
        ("cnf", "token_claim_invalid", json!({"jkt": "x"})),
        ("signature", "token_signature_invalid", json!(null)),
        ("exp", "token_expired", json!(now() - 60)),
        ("jti", "token_claim_invalid", json!(1)),
        ("kid", "token_key_unknown", json!("nobody")),
        ("alg", "token_algorithm_refused", json!("none")),
        ("typ", "token_type_refused", json!("dpop+jwt")),
        ("iss", "token_issuer_unknown", json!("https://evil.test/")),
        ("crit", "token_malformed", json!(["x"])),
    ];
    HOUSE.each(|site| {
        let (mut header, mut claims, mut spoilt) = (header.clone(), good.clone(), false);
        for (name, code, value) in &steps {
            match *name {
                "signature" => spoilt = true,
                "kid" | "alg" | "typ" | "crit" => header[*name] = value.clone(),
                _ => claims[*name] = value.clone(),
            }
            let token = idp("eddsa").key.sign(header.clone(), claims.clone());
            let token = if spoilt { Parts::of(&token).with_flipped_bit().join() } else { token };
            refuse(site, name, &token, code);
            refuse(
                site,
                "and too large",
                format!("{token}{}", "A".repeat(17_000)),
                "token_too_large",
            );
        }
    });
}

#[test]
fn another_issuers_tokens_are_for_its_own_tenants_and_routes() {
    HOUSE.each(|site| {
        let globex = [("x-tenant-id", "globex"), ("x-user-id", "user-1"), ("x-auth-method", "jwt")];
        let token = partner().token(json!({"tenant": "globex"}));
        site.allowed("its own", Request::get("/partner/a").bearer(&token), &globex);
        site.refuses(
            "not its route",
            Request::get("/partner/a").bearer(good_token()),
            "token_issuer_unknown",
        );
        let foreign = partner().token(json!({"tenant": "acme"}));
        refuse(site, "another's tenant", foreign, "tenant_not_allowed");
        // A key is one issuer's only.
        let mut claims = partner().claims(json!({"tenant": "globex"}));
        let forged = idp("eddsa").key.token(claims.clone());
        refuse(site, "another's key", forged, "token_algorithm_refused");
        claims["iss"] = json!("https://idp.example.com/");
        refuse(site, "another's name", partner().key.token(claims), "token_algorithm_refused");
    });
}
