//! Spellings of paths, queries and hosts that name a tenant or a route.

mod bad;

use std::sync::LazyLock;

use bad::{ACME_JWT, ACME_KEY, House, Outcome, document, good_token};
use serde_json::json;
use tenant_guard_tests::Request;

/// With more places to name a tenant in, and routes that an encoded character
/// could decide between.
static SPELT: LazyLock<House> = LazyLock::new(|| {
    let mut document = document();
    let places = document["tenancy"]["assertions"].as_array_mut().unwrap();
    places.push(json!({"path": "/v2/orgs:all/{tenant}/**"}));
    let routes = document["routes"].as_array_mut().unwrap();
    for path in ROUTES.split_whitespace() {
        routes.push(json!({"match": {"path": path}, "mode": "jwt"}));
    }
    routes.push(json!({"match": {"path": ["/good", "/v1/**", "/v2/**", "/a"]}}));
    routes.push(json!({"match": {"path": "/**"}, "auth": "none"}));
    House::of(document, |builder| builder)
});

/// Routes that an encoded character could decide between.
const ROUTES: &str = r#"
    /items:secret /a@b/** /x/[id] /p/(q)/* /s/a+b,c=d!e&f'g$h"#;

/// Paths and queries that name another tenant, or none that is one.
const FOREIGN_PATHS: &str = r#"
    /v1/orgs/globex /v1/orgs/globex/ /v1/orgs/globex/x?y /v1/orgs/%67lobex/x
    /v1/orgs/%67%6C%6f%62%65%78 /%761/orgs/globex /v1/orgs/Globex/x /v1/orgs/initech/x
    /v1/orgs/default/x /v1/orgs/DEFAULT /v1/orgs/acme,globex/x /v1/orgs/acme%2cglobex/x
    /v1/orgs/acme%20/x /v1/orgs/%20/x /v1/orgs/acme%00/x /v1/orgs/acme+/x /v1/orgs/*/x
    /v1/orgs/%2a/x /v1/orgs/acme%3bx/y /v1/orgs/%ff/x /v1/orgs//globex /v1/orgs/acme/../globex/x
    /v1/orgs/acme%2f..%2fglobex /v2/orgs:all/globex/x /v2/orgs%3aall/globex/x
    /v2/orgs%3Aall/%67lobex /a?tenant_id=globex /a?tenant_id=%67lobex /a?tenant%5fid=globex
    /a?tenant_id[]=globex /a?tenant_id%5b%5d=globex /a?x=1;tenant_id=globex
    /a?tenant_id=acme&tenant_id=globex /a?tenant_id=acme;tenant_id=globex
    /a?tenant_id=acme&tenant_id[0]=globex /a?tenant_id=acme%2cglobex /a?tenant_id=acme%00
    /a?tenant_id=+acme /a?tenant_id=default /a?tenant_id=acme%26tenant_id%3dglobex
    /v1/orgs/acme/x?tenant_id=globex /v1/orgs/globex/x?tenant_id=acme /a?tenant_id=%ff"#;

/// Those that name `acme`, or nobody.
const OWN_PATHS: &str = r#"
    /v1/orgs/acme/x /v1/orgs/%61cme /v1/orgs/org_1/x /v2/orgs%3aall/acme/x /a?tenant_id=
    /a?tenant_id=acme&x=tenant_id /a?TENANT_ID=x"#;

/// Hosts that name another tenant, or are no host.
const FOREIGN_HOSTS: &str = r#"
    globex.api.example.com GLOBEX.API.example.com globex.api.example.com.
    globex.api.example.com:443 default.api.example.com initech.api.example.com:1
    acme.api.example.com@globex.api.example.com globex.api.example.com,acme.api.example.com
    globex.api.example.com/ globex.api.example.com# globex.api.example.com:
    %67lobex.api.example.com acme..api.example.com .api.example.com acme.api.example.com/abc?x=
    acme.api.example.com:80:80 [::1]x acme.api.example.com:x -.api.example.com _.api.example.com"#;

/// Those that name `acme`, or nobody.
const OWN_HOSTS: &str = r#"
    acme.api.example.com ACME.api.Example.com.:80 globex.acme.api.example.com api.example.com
    globex.api.example.com.evil.test [::1]:80 127.0.0.1"#;

/// Every spelling of the routes above.
const GUARDED_PATHS: &str = r#"
    /items:secret /items%3asecret /items%3Asecret/ /a@b /a%40b/x /x/[id] /x/%5bid%5d /x/[id%5D
    /p/(q)/r /p/%28q%29/r /p/%28q)/r /s/a+b,c=d!e&f'g$h /s/a%2bb%2cc%3dd%21e%26f%27g%24h
    /s/a+b%2Cc=d!e&f'g$h /%69tems:secret /admin%2f.. /adm%69n/%2a"#;

/// Their neighbours.
const OPEN_PATHS: &str = r#"
    /items:public /items%3apublic /[ /%5b /(q) /a%40c"#;

/// Paths that a reader could take out of `/public`.
const CLIMBING: &str = r#"
    /public/../a /public/..;/a /public/..;x=1/a /public/..%3b/a /public/;/../a /public/%2e%2e;/a
    /public%2f../a /public/..%2fa /public/x%2f..%2f..%2fa /public/%2e%2e%2fa /public//../../a
    /public/.%2fa /public%2f..%2fa /public/..%2f /public%2f%2e%2e%3bx%2fa /public/..\a
    /public%5c..%5ca /;/a //public/a /%2fpublic/a /public;x/a /public%3bx/a /x;/public/a
    /public%2fa"#;

#[test]
fn no_spelling_of_another_tenant_goes_on() {
    SPELT.each(|site| {
        for path in FOREIGN_PATHS.split_whitespace() {
            site.refused(path, Request::get(path).bearer(good_token()));
            site.refused(path, Request::get(path).api_key(ACME_KEY));
        }
        for path in OWN_PATHS.split_whitespace() {
            let answer = site.harmless(path, Request::get(path).bearer(good_token()), &ACME_JWT);
            assert!(answer.is_some(), "{path}");
        }
        for host in FOREIGN_HOSTS.split_whitespace() {
            site.refused(host, Request::get("/a").host(host).bearer(good_token()));
        }
        for host in OWN_HOSTS.split_whitespace() {
            site.allowed(host, Request::get("/a").host(host).bearer(good_token()), &ACME_JWT);
        }
        let other = Request::get("/a")
            .host("acme.api.example.com")
            .header("host", "globex.api.example.com");
        if let Some(seen) = site.harmless("two hosts", other.bearer(good_token()), &ACME_JWT) {
            assert_eq!(seen.echoed_value(":authority").as_deref(), Some("acme.api.example.com"));
            assert_eq!(seen.echoed_value("host"), None);
        }
    });
}

#[test]
fn an_encoded_character_decides_between_no_two_routes() {
    SPELT.each(|site| {
        for path in GUARDED_PATHS.split_whitespace() {
            let outcome = site.send(path, Request::get(path));
            assert!(!matches!(outcome, Outcome::Application(_)), "{path}: {outcome:?}");
        }
        for path in OPEN_PATHS.split_whitespace() {
            site.allowed(path, Request::get(path), &[]);
        }
    });
}

#[test]
fn kept_spellings_are_still_no_way_up() {
    let mut document = document();
    document["paths"] =
        json!({"encoded_slashes": "keep", "empty_segments": "keep", "parameters": "keep"});
    document["routes"] = json!([
        {"match": {"path": "/good"}},
        {"match": {"path": "/public/**"}, "auth": "none"},
    ]);
    let house = House::of(document, |builder| builder);
    house.each(|site| {
        for path in CLIMBING.split_whitespace() {
            // A hardened Envoy goes up by itself, and then that path counts.
            if let Some(seen) = site.harmless(path, Request::get(path), &[]) {
                assert!(site.hardened, "{path}");
                assert_eq!(seen.echoed_value(":path").as_deref(), Some("/public/a"), "{path}");
            }
        }
        for path in ["/public/a;b", "/public/a%3bb", "/public//a"] {
            site.allowed(path, Request::get(path), &[]);
        }
        let slash = Request::get("/public/a%2fb");
        assert_eq!(site.harmless("a slash", slash, &[]).is_some(), !site.hardened);
    });
}
