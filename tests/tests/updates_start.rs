//! Envoy starts with clusters that are wrong, and says so; nothing passes.

mod common;

use common::elsewhere::Elsewhere;
use serde_json::json;
use tenant_guard_tests::{Envoy, Request};

fn assert_unavailable(envoy: &Envoy, elsewhere: &Elsewhere) {
    for _ in 0..4 {
        let response = envoy.send(&elsewhere.signed("one", "inline"));
        assert_eq!((response.status, response.code().as_deref()), (503, Some("keys_unavailable")));
    }
    // What needs no keys is decided.
    let response = envoy.send(&Request::get("/").api_key("inline-key"));
    assert_eq!(response.echoed_value("x-tenant-id").as_deref(), Some("inline"));
    assert_eq!(envoy.send(&Request::get("/")).code().as_deref(), Some("credentials_missing"));
    assert_eq!(envoy.application_requests(), 1);
}

#[test]
fn a_cluster_that_there_is_not_is_named_in_the_log() {
    let elsewhere = Elsewhere::start();
    let mut document = elsewhere.document(json!({"cluster": "ipd", "timeout": "1s"}), json!({}));
    let envoy = elsewhere.envoy(document.clone()).reconfigurable().start();
    let log = envoy.wait_for_log("no cluster ipd");
    assert!(log.contains("tenant_guard: keys of idp: fetch failed"), "{log}");
    assert_unavailable(&envoy, &elsewhere);
    // The mended document works at once, whatever was tried before.
    document["jwt"]["issuers"][0]["keys"]["jwks_uri"]["cluster"] = json!("idp");
    envoy.reconfigure(document);
    assert_eq!(envoy.send(&elsewhere.signed("one", "inline")).status, 200);
}

#[test]
fn a_host_that_does_not_resolve_keeps_envoy_from_nothing() {
    let elsewhere = Elsewhere::start();
    let document = elsewhere.document(json!({"cluster": "dns", "timeout": "1s"}), json!({}));
    let cluster = json!({
        "name": "dns", "type": "STRICT_DNS", "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "dns", "endpoints": [{"lb_endpoints": [
            {"endpoint": {"address": {"socket_address": {
                "address": "idp.invalid", "port_value": 443}}}}]}]},
    });
    let envoy = elsewhere.envoy(document).cluster(cluster).start();
    envoy.wait_for_log("tenant_guard: keys of idp: fetch failed");
    assert_unavailable(&envoy, &elsewhere);
}
