//! The files of `envoy/examples` as they are shipped, and what a test must
//! change in them to run several at a time and without an identity provider.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tenant_guard_cli::document::Document;
use tenant_guard_cli::environment::Variables;
use tenant_guard_cli::source;
use tenant_guard_tests::{plugin_file, validate_yaml};

use super::System;

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
    let text = guard(config)["configuration"]["value"].as_str().expect("it is a StringValue");
    serde_json::from_str(text).expect("it is JSON")
}

/// Where the application listens in an Envoy of the tests: an abstract socket,
/// which leaves no file behind.
pub struct Pipe(String);

impl Pipe {
    pub fn unused() -> Pipe {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Pipe(format!("@tg-example-{}-{number}", std::process::id()))
    }
}

/// Puts free ports, the plugin's path, the document and the provider's address
/// where the shipped configuration has its own, and changes nothing else.
pub fn adapt(
    config: &mut Value,
    document: &Value,
    application: &Pipe,
    provider: Option<(&str, SocketAddr)>,
) {
    let pipe = json!({"pipe": {"path": application.0}});
    config["admin"]["address"]["socket_address"]["port_value"] = json!(0);
    for listener in config["static_resources"]["listeners"].as_array_mut().unwrap() {
        match listener["name"].as_str().unwrap() {
            "guarded" => listener["address"]["socket_address"]["port_value"] = json!(0),
            "application" => listener["address"] = pipe.clone(),
            other => panic!("an unexpected listener: {other}"),
        }
    }
    let guard = guard_mut(config);
    guard["vm_config"]["code"]["local"]["filename"] = json!(plugin_file());
    guard["configuration"]["value"] = json!(document.to_string());
    for cluster in config["static_resources"]["clusters"].as_array_mut().unwrap() {
        let name = cluster["name"].as_str().unwrap().to_owned();
        let address = match provider {
            _ if name == "application" => pipe.clone(),
            Some((known, address)) if name == known => {
                // The tests' provider has no certificate that anybody trusts.
                cluster.as_object_mut().unwrap().remove("transport_socket").expect("TLS");
                json!({"socket_address": {"address": address.ip(), "port_value": address.port()}})
            }
            _ => panic!("an unexpected cluster: {name}"),
        };
        cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"] =
            address;
    }
}

/// Asserts what every shipped example must be: the document that Envoy gets is
/// the one that is explained, both load without a warning other than
/// `warnings`, Envoy takes the file as it is, and it is hardened as the demo.
pub fn is_sound(system: &System, warnings: &[&str]) {
    let (guard_file, envoy_file) = (system.file("guard"), system.file("envoy"));
    let config = yaml(&envoy_file);
    assert_eq!(document_in(&config), yaml(&guard_file), "{envoy_file} has another document");

    let mut variables = Variables::default();
    variables.set_vm_id(guard(&config)["vm_config"]["vm_id"].as_str());
    for (name, value) in system.variables {
        variables.set(name, value);
    }
    let document = Document::parse(&path(&guard_file), &text(&guard_file)).expect("it can be read");
    let loaded = document.load(&variables).expect("it has no mistakes");
    let said: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), warnings.len(), "{said:?}");
    for (said, part) in said.iter().zip(warnings) {
        assert!(said.contains(part), "{said}");
    }

    let plugin = plugin_file().canonicalize().expect("the plugin is built");
    let text = text(&envoy_file).replace("target/tenant-guard.wasm", plugin.to_str().unwrap());
    let (good, said) = validate_yaml(&text, system.variables);
    assert!(good, "{envoy_file}: {said}");
    let warned = said.contains("tenant_guard: warning: ");
    assert_eq!(warned, !warnings.is_empty(), "{envoy_file}: {said}");

    is_hardened(&config, system);
    is_told(system.folder);
}

/// The README links to every file beside it, and to nothing else.
fn is_told(folder: &str) {
    let page = text(&format!("envoy/examples/{folder}/README.md"));
    let links = page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned());
    let files = fs::read_dir(path(&format!("envoy/examples/{folder}"))).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files.filter(|name| name != "README.md").collect();
    assert_eq!(links.collect::<BTreeSet<_>>(), files, "{folder}");
}

/// All that isn't the system's own is as in `envoy/envoy.yaml`.
fn is_hardened(config: &Value, system: &System) {
    let demo = yaml("envoy/envoy.yaml");
    for part in ["admin", "overload_manager"] {
        assert_eq!(config[part], demo[part], "{part}");
    }
    let [ours, theirs] = [config, &demo].map(|config| {
        let mut listener = config["static_resources"]["listeners"][0].clone();
        let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        manager.as_object_mut().unwrap().remove("access_log").expect("it is logged");
        // Whose request ids count is the system's to say.
        manager.as_object_mut().unwrap().remove("preserve_external_request_id");
        manager["http_filters"][0]["typed_config"]["config"]["configuration"]["value"].take();
        let vm = &mut manager["http_filters"][0]["typed_config"]["config"]["vm_config"];
        vm.as_object_mut().unwrap().remove("environment_variables");
        (vm["vm_id"].take(), listener)
    });
    assert_eq!(ours.1, theirs.1, "not as hardened as the demo");
    let expected = format!("tenant-guard-{}{}", system.folder, system.variant.replace('.', "-"));
    assert_eq!(ours.0, expected, "another configuration's vm_id shares its data");
    if let Some(idp) = &system.keys_from {
        let clusters = config["static_resources"]["clusters"].as_array().unwrap();
        let cluster = clusters.iter().find(|found| found["name"] == idp.name).unwrap();
        let tls = &cluster["transport_socket"]["typed_config"];
        let checked = &tls["common_tls_context"]["validation_context"];
        let name = &checked["match_typed_subject_alt_names"][0]["matcher"]["exact"];
        assert!(checked["trusted_ca"]["filename"].is_string(), "{cluster}");
        assert!(name.is_string() && *name == tls["sni"], "{cluster}");
    }
}

fn guard(config: &Value) -> &Value {
    let manager = &config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    &manager["typed_config"]["http_filters"][0]["typed_config"]["config"]
}

fn guard_mut(config: &mut Value) -> &mut Value {
    let listener = &mut config["static_resources"]["listeners"][0];
    let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
    &mut manager["http_filters"][0]["typed_config"]["config"]
}
