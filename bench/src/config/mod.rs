//! Envoy configurations that differ in their filters only.

pub mod calls;
pub mod guard;
pub mod native;

use serde_json::{Value, json};
use tenant_guard_tests::{Envoy, EnvoyBuilder};

const HCM: &str = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTER: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

/// One worker with these filters; Envoy itself answers 200, so that nothing
/// else is measured.
pub fn envoy(filters: Vec<Value>) -> EnvoyBuilder {
    EnvoyBuilder::whole(bootstrap(filters)).workers(1).log_level("error")
}

/// Starts it; where it doesn't start, the process ends with Envoy's log.
pub fn start(filters: Vec<Value>) -> Envoy {
    envoy(filters).start()
}

fn bootstrap(mut filters: Vec<Value>) -> Value {
    filters.push(json!({"name": "router", "typed_config": {"@type": ROUTER}}));
    let hcm = json!({
        "@type": HCM,
        "stat_prefix": "bench",
        "codec_type": "AUTO",
        "use_remote_address": true,
        "xff_num_trusted_hops": 0,
        "normalize_path": true,
        "merge_slashes": true,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "direct_response": {
                "status": 200, "body": {"inline_string": "hello\n"}}}]}]},
        "http_filters": filters,
    });
    json!({
        "node": {"id": "bench", "cluster": "bench"},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "static_resources": {"listeners": [{
            "name": "guarded",
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
            "filter_chains": [{"filters": [{"name": "hcm", "typed_config": hcm}]}],
        }]},
    })
}
