//! The documents of docs/moving.md do what their headings say, in a real Envoy.

mod examples;

use examples::{dated, replace, text, with};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Key, hmac_sha256_hex, sha256_hex};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Request};

const PEPPER: &str = "a pepper of the tests that is 32 bytes long";

fn key() -> Key {
    Key::hs256("tests")
}

/// The page's document under a heading, with the digests of these keys and
/// this address in every `ip`.
fn document(heading: &str) -> Value {
    let page = text("docs/moving.md");
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).expect(heading);
    let block = section.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let mut document: Value = serde_json::from_str(block).unwrap();
    replace(&mut document, "ip", &json!(["127.0.0.1"]));
    if let Some(clients) = document["tenants"][0].get_mut("clients") {
        replace(clients, "sha256", &json!(sha256_hex("a-key-of-acme")));
    }
    if let Some(admin) = document.get_mut("super_admin") {
        replace(admin, "sha256", &json!(sha256_hex("the-super-admins-key")));
    }
    document
}

fn start(document: Value) -> Envoy {
    let secret = key().secret();
    let builder = EnvoyBuilder::new(document).env("API_KEY_PEPPER", PEPPER);
    builder.env("JWT_SECRET", &secret).env("ACME_SECRET", &secret).start()
}

/// A request with a token of this issuer and audience.
fn with_token(method: &str, path: &str, issuer: &str, audience: &str, more: Value) -> Request {
    let claims = json!({"iss": issuer, "aud": audience, "sub": "alice"});
    Request::new(method, path).bearer(key().token(dated(with(claims, more))))
}

/// Asserts the code of a refusal, or that there is none.
fn check(envoy: &Envoy, request: &Request, code: &str) {
    let response = envoy.send(request);
    let expected = Some(code).filter(|code| !code.is_empty());
    assert_eq!(response.code().as_deref(), expected, "{request:?}: {response:?}");
}

#[test]
fn tenants_are_strict_and_each_action_has_its_quota() {
    let envoy = start(document("Strict tenants and a quota for each action"));
    let token = |method: &str, path: &str, more: Value| {
        with_token(method, path, "https://idp.example.com", "control-plane", more)
    };
    let acme = || json!({"tenant": "acme"});
    check(&envoy, &token("GET", "/x", acme()), "");
    check(&envoy, &token("GET", "/x", acme()).tenant("globex"), "tenant_mismatch");
    check(&envoy, &token("GET", "/x", acme()).tenant("default"), "tenant_reserved");
    check(&envoy, &token("GET", "/x", json!({})), "tenant_required");
    check(&envoy, &token("GET", "/x", json!({})).tenant("acme"), "tenant_required");
    check(&envoy, &Request::get("/x").bearer("a-key-of-acme"), "");
    check(&envoy, &Request::get("/x").bearer("a-key-of-nobody"), "api_key_unknown");
    check(&envoy, &Request::get("/x").bearer("a.b.c"), "token_malformed");
    let runs = (0..30).filter(|_| envoy.send(&token("POST", "/runs", acme())).status == 429);
    // A window may have ended in between.
    assert!((10..=20).contains(&runs.count()));
    check(&envoy, &token("POST", "/contexts/1", acme()), "");
}

#[test]
fn roles_go_by_method_and_the_tenant_by_a_header_of_its_own_name() {
    let mut document = document("Roles by method, and a tenant header of its own name");
    let digest = hmac_sha256_hex(PEPPER, "a-key-of-acme");
    document["tenants"][0]["clients"] =
        json!([{"id": "web", "keys": [{"id": "k", "hmac_sha256": digest}]}]);
    let envoy = start(document);
    let token = |method: &str, path: &str, more: Value| {
        let claims = with(json!({"org_id": "acme"}), more);
        with_token(method, path, "https://idp.example.com/", "recommend", claims)
    };
    let admin = "/v1/admin/rules";
    for (method, more, code) in [
        ("GET", json!({"scope": "x VIEWER"}), ""),
        ("HEAD", json!({"roles": ["viewer"]}), ""),
        ("PUT", json!({"roles": ["viewer"]}), "role_missing"),
        ("PUT", json!({"role": "Operator"}), ""),
        ("DELETE", json!({"scopes": ["admin"]}), ""),
        ("GET", json!({}), "role_missing"),
    ] {
        check(&envoy, &token(method, admin, more), code);
    }
    let other_name = "6b1d9c1e-0000-4000-8000-000000000001";
    let request = token("GET", "/v1/x", json!({})).header("x-org-id", other_name);
    assert_eq!(envoy.send(&request).echoed_value("x-org-id").unwrap(), "acme");
    check(&envoy, &request.header("x-org-id", "acme"), "tenant_malformed");
    check(&envoy, &token("GET", "/v1/x?tenant_id=globex", json!({})), "tenant_mismatch");
    check(&envoy, &token("GET", "/v1/x", json!({})).api_key("a-key-of-acme"), "");
    let other = token("GET", "/v1/x", json!({"org_id": "globex"})).api_key("a-key-of-acme");
    check(&envoy, &other, "tenant_mismatch");
    check(&envoy, &Request::get("/v1/license"), "");
    check(&envoy, &Request::get("/other").api_key("a-key-of-acme"), "route_refused");
}

#[test]
fn tenants_clients_and_keys_each_have_their_policies() {
    let envoy = start(document("Tenants, clients and keys, each with its policies"));
    let by_key = |path: &str| Request::get(path).api_key("a-key-of-acme");
    let token =
        |more: Value| with_token("GET", "/generate/x", "https://idp.acme.example", "api", more);
    check(&envoy, &by_key("/generate/x"), "");
    check(&envoy, &by_key("/generate/x").from("127.0.0.2"), "ip_refused");
    check(&envoy, &token(json!({"scope": "all"})), "");
    check(&envoy, &token(json!({"scope": "validate"})), "scope_missing");
    check(&envoy, &token(json!({"scope": "validate"})).api_key("a-key-of-acme"), "scope_missing");
    check(&envoy, &by_key("/generate/x").bearer("a.b.c"), "");
    let both = Request::get("/generate/x").api_key("nobodys-key").bearer("a.b.c");
    check(&envoy, &both, "token_malformed");
    check(&envoy, &by_key("/tenants/globex/activate"), "credentials_missing");
    let admin = |path: &str| Request::get(format!("{path}?superAdminKey=the-super-admins-key"));
    let activate = admin("/tenants/globex/activate").tenant("globex");
    assert_eq!(envoy.send(&activate).echoed_value("x-tenant-id").unwrap(), "globex");
    let generate = envoy.send(&admin("/generate/x"));
    assert_eq!(generate.echoed_value("x-tenant-id").unwrap(), "superadmin");
    check(&envoy, &admin("/nowhere"), "route_refused");
    let wrong = Request::get("/generate/x?superAdminKey=wrong").api_key("a-key-of-acme");
    check(&envoy, &wrong, "api_key_unknown");
}
