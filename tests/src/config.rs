//! The Envoy configuration of a test, as JSON.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::message::Protocol;

/// What a test may choose; see `EnvoyBuilder` for each.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) document: Value,
    pub(crate) as_struct: bool,
    pub(crate) plugin: std::path::PathBuf,
    pub(crate) workers: usize,
    pub(crate) guard: bool,
    pub(crate) backstop: bool,
    pub(crate) hardened: bool,
    pub(crate) trusted_hops: Option<u32>,
    pub(crate) peer_filter: bool,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) vm_id: String,
    pub(crate) failure_policy: String,
    pub(crate) upgrades: Vec<String>,
    pub(crate) trailers: bool,
    pub(crate) application: Protocol,
    pub(crate) routes: Vec<Value>,
    pub(crate) filters_before: Vec<Value>,
    pub(crate) filters_after: Vec<Value>,
    pub(crate) clusters: Vec<Value>,
    pub(crate) hcm: Value,
    pub(crate) log_level: String,
    pub(crate) reconfigurable: bool,
    pub(crate) discovered: bool,
    pub(crate) more: Vec<Value>,
    pub(crate) drain_seconds: Option<u32>,
    pub(crate) whole: Option<Value>,
}

const LISTENERS: &str = "listeners.json";
const FILTER: &str = "filter.json";
const EXTENSION: &str = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
const LISTENER: &str = "type.googleapis.com/envoy.config.listener.v3.Listener";
const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const STRING: &str = "type.googleapis.com/google.protobuf.StringValue";
const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
const HCM: &str = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTER: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
const RBAC: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";
pub(crate) const LUA: &str = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua";
const FILE_LOG: &str = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog";
const SET_STATE: &str =
    "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config";
const H_OPTIONS: &str =
    "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// The whole bootstrap; files are looked for and written in `dir`.
pub(crate) fn bootstrap(settings: &Settings, dir: &Path) -> Value {
    let mut clusters =
        vec![application_cluster(Protocol::H1, dir), application_cluster(Protocol::H2, dir)];
    clusters.extend(settings.clusters.iter().cloned());
    let mut listeners = vec![application(dir)];
    let mut dynamic = json!({});
    if settings.reconfigurable {
        let file = json!({"path_config_source": {"path": dir.join(LISTENERS)}});
        dynamic = json!({"lds_config": with(file, json!({"resource_api_version": "V3"}))});
    } else {
        listeners.push(guarded(settings, dir, "guarded", &settings.document));
    }
    for (number, document) in settings.more.iter().enumerate() {
        listeners.push(guarded(settings, dir, &format!("guarded_{}", number + 1), document));
    }
    json!({
        "node": {"id": "tests", "cluster": "tests"},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "static_resources": {"listeners": listeners, "clusters": clusters},
        "dynamic_resources": dynamic,
    })
}

/// Writes the file that Envoy takes the guarded listener from, in one move.
pub(crate) fn write_listeners(settings: &Settings, dir: &Path) {
    let listener = guarded(settings, dir, "guarded", &settings.document);
    write_resource(dir, LISTENERS, &with(json!({"@type": LISTENER}), listener));
}

/// Writes the file that Envoy takes the guard's filter from, in one move.
pub(crate) fn write_filter(settings: &Settings, dir: &Path) {
    let filter = guard(settings, &settings.document);
    write_resource(dir, FILTER, &with(json!({"@type": EXTENSION}), filter));
}

fn write_resource(dir: &Path, file: &str, resource: &Value) {
    let new = dir.join("resource.new");
    fs::write(&new, json!({"resources": [resource]}).to_string()).unwrap();
    fs::rename(new, dir.join(file)).unwrap();
}

fn guarded(settings: &Settings, dir: &Path, name: &str, document: &Value) -> Value {
    let mut filters = settings.filters_before.clone();
    if settings.peer_filter {
        filters.push(peer_filter());
    }
    if settings.discovered {
        let file = json!({"path_config_source": {"path": dir.join(FILTER)}});
        filters.push(json!({"name": "tenant_guard", "config_discovery": {
            "config_source": with(file, json!({"resource_api_version": "V3"})),
            "type_urls": [WASM],
        }}));
    } else if settings.guard {
        filters.push(guard(settings, document));
    }
    if settings.backstop {
        filters.push(backstop());
    }
    filters.extend(settings.filters_after.iter().cloned());
    filters.push(router());

    let mut hcm = json!({
        "@type": HCM,
        "stat_prefix": "guarded",
        "codec_type": "AUTO",
        "max_request_headers_kb": 96,
        "delayed_close_timeout": "0.1s",
        "http_protocol_options": {"enable_trailers": settings.trailers},
        "http2_protocol_options": {"allow_connect": !settings.upgrades.is_empty()},
        "upgrade_configs": upgrades(&settings.upgrades),
        "access_log": [access_log(dir, "access.json", &[
            ("status", "%RESPONSE_CODE%"), ("code", "%RESPONSE_CODE_DETAILS%"),
            ("tenant", "%REQ(x-tenant-id)%"), ("subject", "%REQ(x-user-id)%"),
            ("client", "%REQ(x-client-id)%"), ("key", "%REQ(x-key-id)%"),
            ("method_header", "%REQ(x-auth-method)%"), ("roles", "%REQ(x-roles)%"),
            ("scopes", "%REQ(x-scopes)%"), ("path", "%REQ(:PATH)%"),
            ("decision", "%FILTER_STATE(wasm.tenant_guard.decision:PLAIN)%"),
            ("marker", "%REQ(x-test-id)%"), ("method", "%REQ(:METHOD)%"),
            ("host", "%REQ(:AUTHORITY)%"), ("protocol", "%PROTOCOL%"),
            ("flags", "%RESPONSE_FLAGS%"), ("route", "%ROUTE_NAME%"),
            ("authorization", "%REQ(authorization)%"),
            ("remote", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
        ])],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes(settings)}]},
        "http_filters": filters,
    });
    if settings.hardened {
        merge(
            &mut hcm,
            &json!({
                "use_remote_address": true,
                "xff_num_trusted_hops": 0,
                "normalize_path": true,
                "merge_slashes": true,
                "path_with_escaped_slashes_action": "REJECT_REQUEST",
                "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
            }),
        );
    }
    if let Some(hops) = settings.trusted_hops {
        merge(&mut hcm, &json!({"use_remote_address": true, "xff_num_trusted_hops": hops}));
    }
    merge(&mut hcm, &settings.hcm);
    json!({
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": hcm}]}],
    })
}

/// Everything that comes from a request is sent back, an entry a line.
const ECHO: &str = r#"
function envoy_on_request(handle)
  local lines = {}
  for name, value in pairs(handle:headers()) do lines[#lines + 1] = name .. ": " .. value end
  -- A tunnel has no end to wait for.
  local headers = handle:headers()
  local tunnel = headers:get(":method") == "CONNECT" or headers:get("upgrade") ~= nil
  if tunnel then
    handle:respond({[":status"] = "200", ["x-application"] = "echo"}, table.concat(lines, "\n") .. "\n")
    return
  end
  local body = handle:body()
  if body ~= nil and body:length() > 0 then lines[#lines + 1] = "body length: " .. body:length() end
  local trailers = handle:trailers()
  if trailers ~= nil then
    for name, value in pairs(trailers) do lines[#lines + 1] = "trailer " .. name .. ": " .. value end
  end
  handle:respond({[":status"] = "200", ["content-type"] = "text/plain", ["x-application"] = "echo"},
    table.concat(lines, "\n") .. "\n")
end
"#;

fn application(dir: &Path) -> Value {
    let hcm = json!({
        "@type": HCM,
        "stat_prefix": "application",
        "codec_type": "AUTO",
        "max_request_headers_kb": 192,
        "generate_request_id": false,
        "http_protocol_options": {"enable_trailers": true},
        "http2_protocol_options": {"allow_connect": true},
        "upgrade_configs": upgrades(&["websocket".to_owned(), "CONNECT".to_owned()]),
        "access_log": [access_log(dir, "application.json", &[
            ("method", "%REQ(:METHOD)%"), ("path", "%REQ(:PATH)%"), ("host", "%REQ(:AUTHORITY)%"),
            ("marker", "%REQ(x-test-id)%"), ("tenant", "%REQ(x-tenant-id)%"),
            ("subject", "%REQ(x-user-id)%"),
        ])],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"connect_matcher": {}}, "direct_response": {"status": 200}},
            {"match": {"prefix": ""}, "direct_response": {"status": 200}},
        ]}]},
        "http_filters": [
            {"name": "echo", "typed_config": {"@type": LUA, "default_source_code": {"inline_string": ECHO}}},
            router(),
        ],
    });
    json!({
        "name": "application",
        "address": {"pipe": {"path": dir.join("app.sock")}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": hcm}]}],
    })
}

fn application_cluster(protocol: Protocol, dir: &Path) -> Value {
    let (name, options) = match protocol {
        Protocol::H1 => ("app_h1", json!({"http_protocol_options": {"enable_trailers": true}})),
        Protocol::H2 => ("app_h2", json!({"http2_protocol_options": {"allow_connect": true}})),
    };
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [
            {"endpoint": {"address": {"pipe": {"path": dir.join("app.sock")}}}}]}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": H_OPTIONS, "explicit_http_config": options}},
    })
}

/// A cluster of one address, for what a test serves itself.
pub(crate) fn cluster(name: &str, address: std::net::SocketAddr, protocol: Protocol) -> Value {
    let options = match protocol {
        Protocol::H1 => json!({"http_protocol_options": {}}),
        Protocol::H2 => json!({"http2_protocol_options": {}}),
    };
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [
            {"endpoint": {"address": {"socket_address": {
                "address": address.ip().to_string(), "port_value": address.port()}}}}]}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": H_OPTIONS, "explicit_http_config": options}},
    })
}

fn guard(settings: &Settings, document: &Value) -> Value {
    let document = match (document, settings.as_struct) {
        (document, true) => json!({"@type": STRUCT, "value": document}),
        (Value::String(text), false) => json!({"@type": STRING, "value": text}),
        (document, false) => json!({"@type": STRING, "value": document.to_string()}),
    };
    let environment: serde_json::Map<_, _> =
        settings.environment.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({"name": "tenant_guard", "typed_config": {"@type": WASM, "config": {
        "name": "tenant_guard",
        "root_id": "tenant_guard",
        "failure_policy": settings.failure_policy,
        "configuration": document,
        "vm_config": {
            "vm_id": settings.vm_id,
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": settings.plugin}},
            "environment_variables": {"key_values": environment},
        },
    }}})
}

/// Only what the guard has let pass goes on.
fn backstop() -> Value {
    let decision = |value: &str| json!({"filter_state": {"key": "wasm.tenant_guard.decision", "string_match": {"exact": value}}});
    json!({"name": "backstop", "typed_config": {"@type": RBAC, "rules": {"action": "ALLOW", "policies": {
        "guard_decided": {"permissions": [{"any": true}], "principals": [decision("allow"), decision("public")]},
    }}}})
}

fn peer_filter() -> Value {
    json!({"name": "peer", "typed_config": {"@type": SET_STATE, "on_request_headers": [{
        "object_key": "tenant_guard.peer",
        "factory_key": "envoy.string",
        "format_string": {"text_format_source": {
            "inline_string": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"}},
    }]}})
}

fn routes(settings: &Settings) -> Vec<Value> {
    let cluster = match settings.application {
        Protocol::H1 => "app_h1",
        Protocol::H2 => "app_h2",
    };
    let mut routes = settings.routes.clone();
    if settings.upgrades.iter().any(|name| name.eq_ignore_ascii_case("connect")) {
        routes.push(json!({"name": "connect", "match": {"connect_matcher": {}}, "route": {"cluster": cluster}}));
    }
    routes.push(json!({"name": "application", "match": {"prefix": ""}, "route": {"cluster": cluster, "timeout": "10s"}}));
    routes
}

fn router() -> Value {
    json!({"name": "router", "typed_config": {"@type": ROUTER}})
}

fn upgrades(names: &[String]) -> Vec<Value> {
    names.iter().map(|name| json!({"upgrade_type": name})).collect()
}

fn access_log(dir: &Path, file: &str, fields: &[(&str, &str)]) -> Value {
    let format: serde_json::Map<_, _> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({"name": "log", "typed_config": {"@type": FILE_LOG, "path": dir.join(file),
        "log_format": {"json_format": format}}})
}

fn with(mut base: Value, more: Value) -> Value {
    merge(&mut base, &more);
    base
}

/// Puts `more` over `base`, objects field by field.
fn merge(base: &mut Value, more: &Value) {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            for (name, value) in more {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (base, more) => *base = more.clone(),
    }
}
