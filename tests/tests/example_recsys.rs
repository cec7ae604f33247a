//! `envoy/examples/recsys` does what its README says, in a real Envoy.

mod systems;

use serde_json::json;
use systems::recsys::{DEV, PRODUCTION, STOREFRONT, recommend};
use systems::{shipped, sound};
use tenant_guard_tests::{EnvoyBuilder, Request, Response, validate};

#[test]
fn nobody_passes_without_the_guard() {
    sound::needs_its_guard(&PRODUCTION);
    sound::needs_its_guard(&DEV);
}

#[test]
fn the_files_fit_together() {
    sound::is_sound(&PRODUCTION, &[]);
    sound::is_sound(&DEV, &["lets every caller say who it is"]);
}

#[test]
fn production_as_shipped() {
    PRODUCTION.try_in(&PRODUCTION.start());
}

#[test]
fn development_as_shipped() {
    DEV.try_in(&DEV.start());
}

/// The placeholders of the shipped documents are no key's digests.
#[test]
fn nobody_gets_in_before_keys_are_put_in() {
    let running = PRODUCTION.start_with(shipped::yaml(&PRODUCTION.file("guard")));
    let response = running.send(&recommend().api_key(STOREFRONT));
    assert_eq!(response.code().as_deref(), Some("api_key_unknown"), "{response:?}");
}

#[test]
fn a_tenant_is_limited_by_the_second() {
    let running = PRODUCTION.start();
    let mut connection = running.connect(tenant_guard_tests::Protocol::H1);
    let request = Request::get("/v1/recommend").api_key(STOREFRONT);
    let limited = |response: &Response| response.status == 429;
    let refused = (0..2000)
        .find_map(|_| Some(connection.send(&request).unwrap()).filter(limited))
        .expect("2000 requests take less than 66 seconds");
    assert_eq!(refused.code().as_deref(), Some("rate_limited"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.json()["level"], "tenant");
    // Whoever waits that long gets on.
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(connection.send(&request).unwrap().status, 200);
}

#[test]
fn refusals_are_problem_documents_of_the_service() {
    let running = PRODUCTION.start();
    let request = Request::get("/v1/recommend").header("x-request-id", "example-1");
    let response = running.send(&request);
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    let problem = response.json();
    let kind = "https://errors.recsys.example/problem/credentials_missing";
    assert_eq!(problem["type"], kind);
    assert_eq!(problem["request_id"], "example-1");
    let good = running.send(&recommend().api_key(STOREFRONT));
    assert_eq!(good.echoed_value("x-request-id").as_deref(), Some("example-1"));
}

#[test]
fn headers_of_development_do_not_start_in_production() {
    let mut document = DEV.document();
    document.as_object_mut().unwrap().remove("environment");
    let (good, said) = validate(document.clone());
    assert!(!good && said.contains("dev_headers"), "{said}");

    document["environment"] = json!("development");
    document["jwt"] = PRODUCTION.document()["jwt"].clone();
    let (good, said) = validate(document);
    assert!(!good && said.contains("dev_headers"), "{said}");
}

#[test]
fn keys_are_peppered_or_nothing_starts() {
    let (good, said) = EnvoyBuilder::new(PRODUCTION.document()).validate();
    assert!(!good && said.contains("API_KEY_HASH_SECRET is not set"), "{said}");
}

/// `DEV_AUTH_TENANT_HEADER=X-Org-Id`.
#[test]
fn development_gets_by_with_one_tenant_header() {
    let mut document = DEV.document();
    document["dev_headers"]["tenant"] = json!("x-org-id");
    let running = DEV.start_with(document);
    let request = recommend().header("X-Dev-User-Id", "dev-user-1").header("X-Org-Id", "demo");
    let response = running.send(&request);
    assert_eq!(response.echoed_value("x-org-id").as_deref(), Some("demo"), "{response:?}");
}
