//! Things that are harmless alone, mixed until they could contradict.

mod bad;

use std::sync::LazyLock;
use std::time::Duration;

use bad::{ACME_API_KEY, ACME_JWT, ACME_KEY, House, Outcome, document, good_token, idp, partner};
use serde_json::json;
use tenant_guard_tests::Request;
use tenant_guard_tests::token::{Issuer, Key, b64, now};

static HOUSE: LazyLock<House> = LazyLock::new(House::start);

#[test]
fn an_optional_credential_that_is_there_must_verify() {
    HOUSE.each(|site| {
        let get = || Request::get("/optional/a");
        let nobody = [("x-tenant-id", "default"), ("x-auth-method", "anonymous")];
        site.allowed("none", get(), &nobody);
        site.allowed("a good one", get().bearer(good_token()), &ACME_JWT);
        site.allowed("a good key", get().api_key(ACME_KEY), &ACME_API_KEY);
        for (request, code) in [
            (get().bearer("x"), "token_malformed"),
            (get().header("authorization", "Basic YTpi"), "token_malformed"),
            (get().header("authorization", "Bearer"), "token_malformed"),
            (get().api_key("x"), "api_key_unknown"),
            (get().api_key(""), "api_key_unknown"),
            (get().header("cookie", "session="), "token_malformed"),
            (Request::get("/optional/a?access_token"), "token_malformed"),
            (Request::get("/optional/a?api_key="), "api_key_unknown"),
            (Request::get("/optional/a?tenant_id=acme"), "tenant_header_untrusted"),
            (get().host("acme.api.example.com"), "tenant_header_untrusted"),
            (get().tenant("default"), "tenant_reserved"),
            (get().api_key(ACME_KEY).tenant("globex"), "tenant_mismatch"),
        ] {
            site.refuses(&format!("{request:?}"), request, code);
        }
        let expired = idp("eddsa").token(json!({"tenant": "acme", "exp": now() - 60}));
        site.refuses("an expired one", get().bearer(expired), "token_expired");
    });
}

#[test]
fn headers_of_proxies_change_neither_route_nor_tenant() {
    HOUSE.each(|site| {
        for (name, value) in [
            ("x-forwarded-host", "globex.api.example.com"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/public"),
            ("x-forwarded-uri", "/public/a"),
            ("x-forwarded-for", "127.0.0.1, ::1, unknown, _obf"),
            ("forwarded", "for=127.0.0.1;host=globex.api.example.com"),
            ("x-envoy-original-path", "/public/a"),
            ("x-envoy-original-dst-host", "127.0.0.1:1"),
            ("x-envoy-decorator-operation", "x"),
            ("x-envoy-internal", "true"),
            ("x-envoy-external-address", "10.0.0.1"),
            ("x-original-url", "/public/a"),
            ("x-rewrite-url", "/public/a"),
            ("x-original-method", "GET"),
            ("x-http-method-override", "GET"),
            ("x-real-ip", "127.0.0.1"),
            ("via", "1.1 x"),
        ] {
            site.refuses(name, Request::get("/admin/a").header(name, value), "credentials_missing");
            let request = Request::get("/a").header(name, value).bearer(good_token());
            site.allowed(name, request, &ACME_JWT);
            let request =
                Request::get("/v1/orgs/globex/a").header(name, value).bearer(good_token());
            site.refuses(name, request, "tenant_mismatch");
        }
        let long = vec!["10.0.0.1"; 1_000].join(", ");
        let request = Request::get("/a").header("x-forwarded-for", long).bearer(good_token());
        site.allowed("a long chain", request, &ACME_JWT);
    });
}

#[test]
fn a_cached_token_is_good_for_its_own_route_tenant_and_time_only() {
    // Two tenants' own providers: the same issuer name, subject and shape of key.
    let own = |kid: &str| {
        Issuer::new("https://shared.test/", Key::new(tenant_guard_tests::token::Alg::EdDSA, kid))
    };
    let mut document = document();
    document["tenants"][0]["issuers"] = json!([own("k-acme").config(json!({"clock_skew": "0s"}))]);
    document["tenants"][1]["issuers"] = json!([own("k-globex").config(json!({}))]);
    document["jwt"]["issuers"][0]["tenant"] = json!({"claims": ["tenant"], "allow": ["acme"]});
    let house = House::of(document, |builder| builder);
    house.each(|site| {
        let (acme, globex) = (own("k-acme").token(json!({})), own("k-globex").token(json!({})));
        let globex_jwt =
            [("x-tenant-id", "globex"), ("x-user-id", "user-1"), ("x-auth-method", "jwt")];
        for _ in 0..2 {
            site.allowed("one", Request::get("/a").bearer(&acme), &ACME_JWT);
            site.allowed("the other", Request::get("/a").bearer(&globex), &globex_jwt);
            site.refuses(
                "as the other",
                Request::get("/a").bearer(&acme).tenant("globex"),
                "tenant_mismatch",
            );
            site.refuses(
                "as the one",
                Request::get("/a").bearer(&globex).tenant("acme"),
                "tenant_mismatch",
            );
            site.refuses(
                "a route of others",
                Request::get("/partner/a").bearer(&acme),
                "token_issuer_unknown",
            );
        }
        for claims in [
            json!({"tenant": "globex"}),
            json!({"tenant": "acme", "sub": "root", "iss": "https://idp.example.com/"}),
        ] {
            let token = own("k-globex").token(claims);
            if let Some(seen) =
                site.harmless("another claim", Request::get("/a").bearer(token), &globex_jwt)
            {
                assert_eq!(seen.echoed_value("x-tenant-id").as_deref(), Some("globex"));
            }
        }
        let crossed = Key::seeded(tenant_guard_tests::token::Alg::EdDSA, "k-globex", "k-acme")
            .token(own("k-acme").claims(json!({})));
        site.refuses(
            "another's kid",
            Request::get("/a").bearer(crossed),
            "token_signature_invalid",
        );
        let token = partner().token(json!({"tenant": "globex"}));
        site.allowed("on its route", Request::get("/partner/a").bearer(&token), &globex_jwt);
        site.allowed("on any", Request::get("/a").bearer(&token), &globex_jwt);
        // Cached or not, a token ends when it ends.
        let short = own("k-acme").token(json!({"exp": now() + 2}));
        site.allowed("in time", Request::get("/a").bearer(&short), &ACME_JWT);
        std::thread::sleep(Duration::from_millis(2_100));
        for _ in 0..2 {
            site.refuses("late", Request::get("/a").bearer(&short), "token_expired");
        }
    });
}

#[test]
fn a_token_of_thousands_of_names_is_decided_on_like_any() {
    let names: Vec<String> = (0..3_000).map(|number| format!("{number:x}")).collect();
    let open: String = (0..120).map(|_| format!("{{\"{}\":", "n".repeat(45))).collect();
    let bomb = format!("{open}{{{}\"\":0}}{}", "\"\":0,".repeat(1_000), "}".repeat(120));
    HOUSE.each(|site| {
        let token =
            idp("eddsa").token(json!({"tenant": "acme", "scope": names[..2_500].join(" ")}));
        let Outcome::Application(seen) = site.send("scopes", Request::get("/a").bearer(token))
        else {
            panic!()
        };
        assert_eq!(seen.echoed_value("x-scopes").unwrap(), names[..2_500].join(" "));
        let token = idp("eddsa").token(json!({"tenant": names[..1_500]}));
        site.refuses("tenants", Request::get("/a").bearer(token), "tenant_choice_required");
        let token = format!("{}.{}.AA", b64(&bomb), b64("{}"));
        site.refuses("repeated names", Request::get("/a").bearer(token), "token_malformed");
    });
}
