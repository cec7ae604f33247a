//! envoy/examples/agent-control-plane does what its system's rules say, as
//! shipped; so do its documents for lax mode and for the registry.

mod systems;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use systems::control_plane::lax::{ANY_PEER, LAX};
use systems::control_plane::registry::REGISTRY;
use systems::control_plane::{STRICT, TENANT_A, TENANT_B};
use systems::{begin_of_window, shipped, sound};
use tenant_guard_tests::token::sha256_hex;
use tenant_guard_tests::{Envoy, Request};

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

#[test]
fn the_system_env_says_what_the_document_says() {
    let env = shipped::environment("envoy/examples/agent-control-plane/system.env");
    let (document, config) = (STRICT.document(), shipped::yaml(&STRICT.file("envoy")));
    let keys: BTreeSet<&str> = env["AUTH_API_KEYS"].split(',').collect();
    let bare = document["api_keys"]["keys"].as_array().unwrap().iter();
    let mut known: BTreeSet<(Option<&str>, &str)> =
        bare.map(|key| (None, key["sha256"].as_str().unwrap())).collect();
    let mut quotas = Vec::new();
    for tenant in document["tenants"].as_array().unwrap() {
        let id = tenant["id"].as_str().unwrap();
        for key in tenant["clients"][0]["keys"].as_array().unwrap() {
            known.insert((Some(id), key["sha256"].as_str().unwrap()));
        }
        let actions = tenant["limits"]["actions"].as_object().unwrap().iter();
        let rules: Vec<String> =
            actions.map(|(name, rate)| format!("{name}={}", rate.as_str().unwrap())).collect();
        quotas.push(format!("{id}:{}", rules.join(",")));
    }
    let bindings: Vec<(Option<&str>, &str)> = env["TENANT_API_KEYS"]
        .split(',')
        .map(|item| item.split_once(':').map_or((None, item), |(id, key)| (Some(id), key)))
        .collect();
    let digests: Vec<String> = bindings.iter().map(|(_, key)| sha256_hex(key)).collect();
    let bound = bindings.iter().zip(&digests).map(|((id, _), digest)| (*id, digest.as_str()));
    assert_eq!(known, bound.collect());
    assert_eq!(keys, bindings.iter().map(|(_, key)| *key).collect());
    let sorted = |text: &str| {
        let tenants = text.split(';').map(|tenant| {
            let (id, rules) = tenant.split_once(':').unwrap();
            (id.to_owned(), rules.split(',').map(str::to_owned).collect::<BTreeSet<_>>())
        });
        tenants.collect::<BTreeSet<_>>()
    };
    assert_eq!(sorted(&env["TENANT_QUOTAS"]), sorted(&quotas.join(";")));
    let issuers = document["jwt"]["issuers"].as_array().unwrap();
    let subjects = issuers[0]["tenant"]["subjects"].as_object().unwrap().iter();
    let agents: BTreeSet<String> =
        subjects.map(|(did, tenant)| format!("{}:{did}", tenant.as_str().unwrap())).collect();
    assert_eq!(agents, env["TENANT_AGENTS"].split(',').map(str::to_owned).collect());
    let trusted: Vec<Vec<&str>> =
        env["TRUSTED_ISSUERS"].split(',').map(|item| item.split('|').collect()).collect();
    for (issuer, trusted) in issuers.iter().zip(&trusted) {
        assert_eq!(issuer["issuer"], trusted[0]);
        assert_eq!(issuer["algorithms"], json!([trusted[1]]));
        assert_eq!(issuer["audiences"], json!([trusted[3]]));
    }
    assert_eq!(trusted[0][2], STRICT.variables[0].1);
    assert!(
        config
            .to_string()
            .contains(&format!(r#""{}":"{}""#, STRICT.variables[0].0, STRICT.variables[0].1))
    );
    assert_eq!(issuers[1]["keys"]["jwks_uri"]["uri"], trusted[1][2]);
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

fn post(path: &str, key: &str) -> Request {
    Request::post(path, "{}").bearer(key)
}

/// How many requests pass before one is refused for its quota.
fn admitted(envoy: &Envoy, path: &str, key: &str) -> usize {
    let mut connection = envoy.connect(tenant_guard_tests::Protocol::H1);
    for count in 0..600 {
        let response = connection.send(&post(path, key)).unwrap();
        if response.status != 200 {
            assert_eq!(response.code().as_deref(), Some("rate_limited"), "{response:?}");
            let said = response.json();
            assert_eq!(
                (&said["level"], &said["detail"]),
                (&json!("tenant"), &json!("quota exceeded"))
            );
            let wait: u64 = response.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait), "{response:?}");
            return count;
        }
    }
    panic!("no quota for {path}");
}

#[test]
fn each_tenant_has_a_quota_for_each_action() {
    let envoy = STRICT.start();
    begin_of_window();
    // What is denied burns no quota.
    for _ in 0..70 {
        let denied = post("/capabilities", TENANT_B).tenant("tenant-a");
        assert_eq!(envoy.send(&denied).code().as_deref(), Some("tenant_mismatch"));
    }
    assert_eq!(admitted(&envoy, "/runs/started", TENANT_A), 10);
    assert_eq!(admitted(&envoy, "/ingest/acdp", TENANT_A), 100);
    // Of other actions tenant-a has no quota; tenant-b has one of 60 for each that isn't named.
    for _ in 0..70 {
        assert_eq!(envoy.send(&post("/capabilities", TENANT_A)).status, 200);
    }
    assert_eq!(admitted(&envoy, "/capabilities", TENANT_B), 60);
    assert_eq!(admitted(&envoy, "/runs/started", TENANT_B), 60);
    assert_eq!(envoy.send(&post("/ingest/acdp", TENANT_B)).status, 200);
    // Reads are no action.
    assert_eq!(envoy.send(&Request::get("/runs").bearer(TENANT_B)).status, 200);
}
