//! envoy/examples/agent-control-plane does what its system's rules say, as
//! shipped; so do its documents for lax mode and for the registry.

mod systems;

use serde_json::{Value, json};
use systems::control_plane::lax::{ANY_PEER, LAX};
use systems::control_plane::registry::REGISTRY;
use systems::control_plane::{STRICT, quotas};
use systems::{shipped, sound};
use tenant_guard_tests::Request;

const LAX_DOCUMENT: &str = "envoy/examples/agent-control-plane/guard.lax.yaml";
const REGISTRY_DOCUMENT: &str = "envoy/examples/agent-control-plane/guard.registry.yaml";

#[test]
fn the_files_fit_together() {
    sound::is_sound(&STRICT, &[]);
    sound::loads(&LAX, LAX_DOCUMENT, &[]);
    // That nobody may be the reserved tenant from anywhere is what the registry means.
    let closed =
        "tenancy.default.ip: is empty and so allows no address; leave it out where any will do";
    sound::loads(&REGISTRY, REGISTRY_DOCUMENT, &[closed]);
}

#[test]
fn nobody_passes_without_the_guard() {
    sound::needs_its_guard(&STRICT);
}

#[test]
fn strict_mode_takes_the_tenant_from_what_is_signed_or_bound() {
    STRICT.try_in(&STRICT.start());
}

#[test]
fn lax_mode_without_trust_refuses_a_header() {
    LAX.try_in(&LAX.start_with(shipped::yaml(LAX_DOCUMENT)));
}

#[test]
fn lax_mode_with_trust_takes_a_header() {
    let mut document = shipped::yaml(LAX_DOCUMENT);
    document["tenancy"]["trust_header"] = json!("any_peer");
    ANY_PEER.try_in(&ANY_PEER.start_with(document));
}

#[test]
fn the_registry_takes_the_header_of_its_gateway() {
    REGISTRY.try_in(&REGISTRY.start_with(shipped::yaml(REGISTRY_DOCUMENT)));
}

/// Other settings, and earlier versions, of INGEST_STRICT_TENANT.
#[test]
fn ingest_may_refuse_a_header_or_take_it_from_known_peers() {
    let answers = |trust: Value| {
        let mut document = STRICT.document();
        let routes = document["routes"].as_array_mut().unwrap();
        let ingest = routes.iter_mut().find(|route| route["match"]["path"] == "/ingest/acdp");
        ingest.unwrap()["tenancy"]["trust_header"] = trust;
        let envoy = STRICT.start_with(document);
        let named = || Request::post("/ingest/acdp", "{}").tenant("tenant-a");
        [named(), named().from("127.0.1.7"), Request::post("/ingest/acdp", "{}")].map(|request| {
            let response = envoy.send(&request);
            response.code().unwrap_or_else(|| response.echoed_value("x-tenant-id").unwrap())
        })
    };
    let untrusted = "tenant_header_untrusted";
    assert_eq!(answers(json!("never")), [untrusted, untrusted, "default"]);
    assert_eq!(answers(json!(["127.0.1.0/24"])), [untrusted, "tenant-a", "default"]);
}

/// Bindings without strict mode would run whoever names no tenant unscoped.
#[test]
fn bindings_without_strict_mode_are_refused_at_load() {
    let mut document: Value = STRICT.document();
    document["tenancy"]["strict"] = json!(false);
    let problem = tenant_guard::load(
        document.to_string().as_bytes(),
        &tenant_guard_cli::environment::Variables::default(),
    );
    let problems: Vec<String> = problem.unwrap_err().iter().map(|e| e.path.clone()).collect();
    assert!(problems.contains(&"tenancy.strict".to_owned()), "{problems:?}");
}

#[test]
fn each_tenant_has_a_quota_for_each_action() {
    quotas::hold(&STRICT.start());
}
