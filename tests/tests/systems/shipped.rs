//! The files of `envoy/examples` as they are shipped, and what a test must
//! change in them to run several at a time and without an identity provider.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tenant_guard_cli::source;
use tenant_guard_tests::plugin_file;

/// A file of the repository, by its path from the root.
pub fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

/// Its text.
pub fn text(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The one value of a YAML file.
pub fn yaml(file: &str) -> Value {
    let documents = source::parse(&text(file)).unwrap_or_else(|error| panic!("{file}:{error}"));
    let [document] = documents.as_slice() else { panic!("{file} has not one document") };
    document.to_value()
}

/// The guard's document in an Envoy configuration.
pub fn document_in(config: &Value) -> Value {
    let guard = guard(&mut config.clone()).take();
    let text = guard["configuration"]["value"].as_str().expect("it is a StringValue");
    serde_json::from_str(text).expect("it is JSON")
}

/// The HttpConnectionManager of the guarded listener.
pub fn connection_manager(config: &mut Value) -> &mut Value {
    let listeners = config["static_resources"]["listeners"].as_array_mut().unwrap();
    let guarded = listeners.iter_mut().find(|listener| listener["name"] == "guarded").unwrap();
    &mut guarded["filter_chains"][0]["filters"][0]["typed_config"]
}

/// The plugin's settings in an Envoy configuration.
pub fn guard(config: &mut Value) -> &mut Value {
    let filters = connection_manager(config)["http_filters"].as_array_mut().unwrap();
    let guard = filters.iter_mut().find(|filter| filter["name"] == "tenant_guard").unwrap();
    &mut guard["typed_config"]["config"]
}

/// Takes the guard out of an Envoy configuration.
pub fn remove_guard(config: &mut Value) {
    let filters = connection_manager(config)["http_filters"].as_array_mut().unwrap();
    filters.retain(|filter| filter["name"] != "tenant_guard");
}

/// Puts a cluster that leads to a server of the tests beside the others.
pub fn add_cluster(config: &mut Value, name: &str, address: SocketAddr) {
    let address =
        json!({"socket_address": {"address": address.ip(), "port_value": address.port()}});
    let endpoints = json!([{"lb_endpoints": [{"endpoint": {"address": address}}]}]);
    let load = json!({"cluster_name": name, "endpoints": endpoints});
    let clusters = config["static_resources"]["clusters"].as_array_mut().unwrap();
    clusters.push(json!({"name": name, "type": "STATIC", "load_assignment": load}));
}

/// Has the stand-in for an issuer show these keys.
pub fn publish(config: &mut Value, virtual_host: &str, jwks: &Value) {
    let listeners = config["static_resources"]["listeners"].as_array_mut().unwrap();
    let hosts = listeners.iter_mut().flat_map(|listener| {
        let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        manager["route_config"]["virtual_hosts"].as_array_mut().unwrap()
    });
    let mut hosts = hosts.filter(|host| host["name"] == virtual_host);
    let host = hosts.next().unwrap_or_else(|| panic!("no virtual host {virtual_host}"));
    host["routes"][0]["direct_response"]["body"]["inline_string"] = json!(jwks.to_string());
}

/// Puts free ports, the plugin's path, the document and the provider's address
/// where the shipped configuration has its own, and changes nothing else.
/// Stand-ins listen on abstract sockets, which leave no file behind.
pub fn adapt(config: &mut Value, document: &Value, provider: Option<(&str, SocketAddr)>) {
    config["admin"]["address"]["socket_address"]["port_value"] = json!(0);
    let mut pipes = BTreeMap::new();
    for listener in config["static_resources"]["listeners"].as_array_mut().unwrap() {
        if listener["name"] == "guarded" {
            listener["address"]["socket_address"]["port_value"] = json!(0);
        } else {
            let pipe = unused_pipe();
            pipes.insert(listener["address"].to_string(), pipe.clone());
            listener["address"] = pipe;
        }
    }
    let guard = guard(config);
    guard["vm_config"]["code"]["local"]["filename"] = json!(plugin_file());
    guard["configuration"]["value"] = json!(document.to_string());
    for cluster in config["static_resources"]["clusters"].as_array_mut().unwrap() {
        let name = cluster["name"].as_str().unwrap().to_owned();
        let endpoint = &mut cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0];
        let address = &mut endpoint["endpoint"]["address"];
        *address = match (pipes.get(&address.to_string()), provider) {
            (Some(pipe), _) => pipe.clone(),
            (None, Some((known, at))) if name == known => {
                json!({"socket_address": {"address": at.ip(), "port_value": at.port()}})
            }
            _ => panic!("an unexpected cluster: {name}"),
        };
        if provider.is_some_and(|(known, _)| name == known) {
            // The tests' provider has no certificate that anybody trusts.
            cluster.as_object_mut().unwrap().remove("transport_socket").expect("TLS");
        }
    }
}

fn unused_pipe() -> Value {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    json!({"pipe": {"path": format!("@tg-example-{}-{number}", std::process::id())}})
}

/// The environment that a system itself reads.
pub fn environment(file: &str) -> BTreeMap<String, String> {
    let text = text(file);
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').expect("NAME=value");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}
