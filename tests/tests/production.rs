//! The production document of the README, in a real Envoy.

mod examples;

use examples::{dated, example_with, identity, refused, replace, told};
use serde_json::{Value, json};
use tenant_guard_tests::token::{Key, hmac_sha256_hex, jwks};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Request};

const PEPPER: &str = "a pepper of the tests that is 32 bytes long";

fn key() -> Key {
    Key::es256("tests")
}

fn start() -> Envoy {
    let mut document = example_with("production", &jwks(&[&key()]));
    let digest = hmac_sha256_hex(PEPPER, "a-key-of-acme");
    replace(&mut document, "hmac_sha256", &json!(digest));
    EnvoyBuilder::new(document).env("API_KEY_PEPPER", PEPPER).start()
}

fn token(issuer: &str, more: Value) -> String {
    let claims = json!({"iss": issuer, "aud": "https://api.example.com", "sub": "alice"});
    key().token(dated(examples::with(claims, more)))
}

fn customer(org: &str) -> String {
    token("https://login.example.com/", json!({"org_id": org, "email": "alice@acme.example"}))
}

fn support() -> String {
    token("https://staff.example.com/", json!({}))
}

const ACME: &str = "org_9fXk2mQpL0aB7cDe";

#[test]
fn customers_and_keys_are_bound_to_their_tenant() {
    let envoy = start();
    let response = envoy.send(&Request::get("/v1/things").bearer(customer(ACME)));
    assert_eq!(told(&response), identity("acme", "alice", "", "", ""));
    assert_eq!(response.echoed_value("x-user-email").unwrap(), "alice@acme.example");
    assert_eq!(response.echoed_value("x-user-issuer").unwrap(), "https://login.example.com/");

    let key = Request::get("/v1/orgs/acme/invoices").api_key("a-key-of-acme");
    assert_eq!(told(&envoy.send(&key)), identity("acme", "", "billing", "", "invoices:read"));
    let both = key.bearer(customer(ACME));
    refused(&envoy.send(&both), 400, "credentials_ambiguous");

    for (path, org, code) in [
        ("/v1/orgs/acme/invoices", ACME, None),
        ("/v1/orgs/globex/invoices", ACME, Some("tenant_mismatch")),
        ("/v1/orgs/default/invoices", ACME, Some("tenant_reserved")),
        ("/v1/things", "org_Vt3sZ8yHq1wRk5uN", Some("tenant_inactive")),
        ("/v1/things", "org_unheard_of", Some("tenant_unknown")),
        ("/v1/things", "initech", Some("tenant_not_allowed")),
        ("/v2/things", ACME, Some("route_refused")),
        ("/support/tickets", ACME, Some("token_issuer_unknown")),
    ] {
        let response = envoy.send(&Request::get(path).bearer(customer(org)));
        assert_eq!(response.code().as_deref(), code, "{path} {org}: {response:?}");
    }
    let own =
        |claims| Request::get("/v1/things").bearer(token("https://sso.initech.example/", claims));
    // A tenant's own provider grants no roles.
    let response = envoy.send(&own(json!({"roles": ["admin"]})));
    assert_eq!(told(&response), identity("initech", "alice", "", "", ""));
}

#[test]
fn support_acts_for_a_tenant_that_it_names() {
    let envoy = start();
    let request = Request::get("/support/tickets").bearer(support());
    refused(&envoy.send(&request), 403, "tenant_choice_required");
    let response = envoy.send(&request.clone().tenant("initech"));
    assert_eq!(told(&response), identity("initech", "alice", "", "", ""));
    refused(&envoy.send(&request.tenant("globex")), 403, "tenant_mismatch");
    let elsewhere = Request::get("/v1/things").bearer(support()).tenant("acme");
    refused(&envoy.send(&elsewhere), 401, "token_issuer_unknown");
    // Acting for a tenant is audited, whatever `audit.log` says of other requests.
    let log = envoy.wait_for_log("\"tenant_from\":\"chosen\"");
    assert!(log.contains("\"tenant\":\"initech\""), "{log}");
}

#[test]
fn some_paths_need_no_tenant() {
    let envoy = start();
    for path in ["/healthz", "/readyz"] {
        let response = envoy.send(&Request::get(path).tenant("acme").header("x-user-id", "root"));
        assert_eq!(told(&response), identity("", "", "", "", ""));
    }
    refused(&envoy.get("/v1/me"), 401, "credentials_missing");
    let me = envoy.send(&Request::get("/v1/me").bearer(customer(ACME)));
    assert_eq!(told(&me), identity("", "alice", "", "", ""));
}

/// What the README says of metrics and of the audit line.
#[test]
fn requests_are_counted_and_audited() {
    let envoy = start();
    let refused = Request::get("/v1/things?q=secret").bearer(customer(ACME)).tenant("globex");
    envoy.send(&refused);
    envoy.send(&Request::get("/healthz").tenant("acme"));
    envoy.send(&Request::get("/v1/things").bearer(customer(ACME)));
    for (name, count) in [
        ("allowed", 1),
        ("public", 1),
        ("denied.tenant_mismatch", 1),
        ("stripped", 2),
        ("cache_misses", 1),
        ("cache_hits", 1),
    ] {
        let name = format!("wasmcustom.tenant_guard.{name}");
        assert_eq!(envoy.stat(&name), Some(count), "{name}");
    }
    assert_eq!(envoy.stat("wasm.tenant_guard.vm_reload"), Some(0));
    assert!(envoy.admin("/stats/prometheus").contains("\ntenant_guard_denied_tenant_mismatch{} 1"));

    let log = envoy.wait_for_log("\"code\":\"tenant_mismatch\"");
    assert!(!log.contains("secret"), "{log}");
    let line = |text: &str| -> Value {
        let line = text.lines().find(|line| line.contains("\"code\":\"tenant_mismatch\"")).unwrap();
        serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap()
    };
    let (mut shown, written) = (line(&examples::text("README.md")), line(&log));
    for varies in ["address", "kid", "request_id", "time"] {
        assert!(written[varies].is_string(), "{varies}: {written}");
        shown[varies] = written[varies].clone();
    }
    assert_eq!(shown, written);
}
