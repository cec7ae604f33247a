//! `envoy/examples/heimdex` does what its README says, in a real Envoy.

mod systems;

use serde_json::json;
use systems::heimdex::{DEV, ORG_A, SUPABASE, dev};
use systems::sound;
use tenant_guard_tests::{Request, validate};

#[test]
fn nobody_passes_without_the_guard() {
    sound::needs_its_guard(&SUPABASE);
    sound::needs_its_guard(&DEV);
}

#[test]
fn the_files_fit_together() {
    sound::is_sound(&SUPABASE, &[]);
    // A secret that everybody knows, and shorter than its hash.
    sound::is_sound(&DEV, &["is shorter than its hash"]);
}

#[test]
fn supabase_mode_as_shipped() {
    SUPABASE.try_in(&SUPABASE.start());
}

#[test]
fn dev_mode_as_shipped() {
    DEV.try_in(&DEV.start());
}

#[test]
fn dev_mode_does_not_start_in_production() {
    let mut document = DEV.document();
    document.as_object_mut().unwrap().remove("environment");
    let (good, said) = validate(document);
    assert!(!good && said.contains("issuer: none is for environment: development only"), "{said}");
}

#[test]
fn supabase_mode_does_not_start_without_a_key_set() {
    let mut document = SUPABASE.document();
    document["jwt"]["issuers"][0]["keys"].take();
    let (good, said) = validate(document);
    assert!(!good && said.contains("jwt.issuers[0].keys"), "{said}");
}

/// A client that learns from RFC 6750 what was wrong, where the status is
/// another than the guard's own.
#[test]
fn a_missing_organization_is_a_bad_token() {
    let running = DEV.start();
    let response = running.send(&dev::request("/jobs", json!({})));
    let challenge = response.header("www-authenticate").unwrap();
    assert!(challenge.contains("invalid_token") && challenge.contains("heimdex"), "{challenge}");
    let fine = running.send(&dev::request("/jobs", json!({"org_id": ORG_A})));
    assert_eq!(fine.header("www-authenticate"), None);
    let none = running.send(&Request::get("/jobs"));
    assert!(!none.header("www-authenticate").unwrap().contains("error"), "{none:?}");
}
