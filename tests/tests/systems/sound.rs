//! What every shipped example must be, whatever its system promises.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use tenant_guard_cli::check::{Severity, check};
use tenant_guard_cli::document::Document;
use tenant_guard_cli::environment::Variables;
use tenant_guard_tests::{plugin_file, validate_yaml};

use super::shipped::{connection_manager, document_in, guard, path, remove_guard, text, yaml};
use super::{Issuers, Outcome, System};

/// Asserts that the document that Envoy gets is the one that is explained, that
/// both load without a warning other than `warnings`, that Envoy takes the file
/// as it is, that it is hardened as the demo, and that the README names every
/// file.
pub fn is_sound(system: &System, warnings: &[&str]) {
    let envoy_file = system.file("envoy");
    let config = yaml(&envoy_file);
    assert_eq!(
        document_in(&config),
        yaml(&system.file("guard")),
        "{envoy_file} has another document"
    );
    loads(system, &system.file("guard"), warnings);

    let plugin = plugin_file().canonicalize().expect("the plugin is built");
    let text = text(&envoy_file).replace("target/tenant-guard.wasm", plugin.to_str().unwrap());
    let (good, said) = validate_yaml(&text, system.variables);
    assert!(good, "{envoy_file}: {said}");
    let warned = said.contains("tenant_guard: warning: ");
    assert_eq!(warned, !warnings.is_empty(), "{envoy_file}: {said}");

    is_unweakened(system, &envoy_file, warnings);
    is_hardened(config, system);
    is_told(system.folder);
}

fn variables(system: &System) -> Variables {
    let mut variables = Variables::default();
    variables.set_vm_id(Some(system.folder));
    for (name, value) in system.variables {
        variables.set(name, value);
    }
    variables
}

/// Asserts that `tenant-guard check` warns of nothing else in a configuration.
fn is_unweakened(system: &System, file: &str, warnings: &[&str]) {
    let (found, guards) = check(&[path(file)], &mut std::io::empty(), &variables(system), None);
    let found: Vec<_> =
        found.iter().filter(|finding| finding.code.severity() != Severity::Note).collect();
    assert_eq!((found.len(), guards), (warnings.len(), 1), "{found:?}");
}

/// Asserts that a document of the system has no mistake, and these warnings.
pub fn loads(system: &System, file: &str, warnings: &[&str]) {
    let document = Document::parse(&path(file), &text(file)).expect("it can be read");
    let loaded = document.load(&variables(system)).expect("it has no mistakes");
    let said: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), warnings.len(), "{said:?}");
    for (said, part) in said.iter().zip(warnings) {
        assert!(said.contains(part), "{said}");
    }
}

/// Asserts that nothing of the table that the application gets reaches it when
/// the guard is taken out: the backstop is there.
pub fn needs_its_guard(system: &System) {
    let envoy = system.start_changed(system.document(), remove_guard);
    let cases = (system.cases)();
    let good = cases.iter().filter(|case| matches!(case.outcome, Outcome::Told(_)));
    let mut tried = 0;
    for case in good {
        let response = envoy.send(&case.request);
        assert_eq!((response.status, response.is_from_application()), (403, false), "{response:?}");
        tried += 1;
    }
    assert!(tried > 0, "there is nothing to try");
}

/// The README links to every file beside it, and to no other of the folder.
fn is_told(folder: &str) {
    let page = text(&format!("envoy/examples/{folder}/README.md"));
    let links = page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned());
    let links: BTreeSet<_> = links.filter(|link| !link.starts_with("../")).collect();
    let files = fs::read_dir(path(&format!("envoy/examples/{folder}"))).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files.filter(|name| name != "README.md").collect();
    assert_eq!(links, files, "{folder}");
}

/// All that isn't the system's own is as in `envoy/envoy.yaml`.
fn is_hardened(mut config: Value, system: &System) {
    let mut demo = yaml("envoy/envoy.yaml");
    for part in ["admin", "overload_manager"] {
        assert_eq!(config[part], demo[part], "{part}");
    }
    let vm_ids = [&mut config, &mut demo].map(|config| guard(config)["vm_config"]["vm_id"].take());
    let expected = format!("tenant-guard-{}{}", system.folder, system.variant.replace('.', "-"));
    assert_eq!(vm_ids[0], expected, "another configuration's vm_id shares its data");
    assert_ne!(vm_ids[0], vm_ids[1]);
    if let Issuers::Provider { cluster, .. } = &system.issuers {
        asks_over_tls(&config, cluster);
    }
    let tenant = &mut connection_manager(&mut demo)["access_log"][0]["typed_config"]["log_format"];
    tenant["json_format"]["tenant"] = json!(format!("%REQ({})%", system.identity[0]));
    for config in [&mut config, &mut demo] {
        take_own(config);
    }
    let [ours, theirs] = [&config, &demo].map(|config| &config["static_resources"]["listeners"][0]);
    assert_eq!(ours, theirs, "not as hardened as the demo");
}

/// Takes out of the guarded listener what is the system's to say.
fn take_own(config: &mut Value) {
    let settings = guard(config);
    settings["configuration"]["value"].take();
    settings["vm_config"].as_object_mut().unwrap().remove("environment_variables");
    let manager = connection_manager(config);
    // Whose request ids count.
    manager.as_object_mut().unwrap().remove("preserve_external_request_id");
    // Who is the direct peer.
    let filters = manager["http_filters"].as_array_mut().unwrap();
    filters.retain(|filter| filter["name"] != "envoy.filters.http.set_filter_state");
    // How long requests may take before the last route, which takes all.
    let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array_mut().unwrap();
    routes.drain(..routes.len() - 1);
}

/// Whoever could answer in the place of an issuer could sign for anybody.
fn asks_over_tls(config: &Value, name: &str) {
    let clusters = config["static_resources"]["clusters"].as_array().unwrap();
    let cluster = clusters.iter().find(|found| found["name"] == name).unwrap();
    let tls = &cluster["transport_socket"]["typed_config"];
    let checked = &tls["common_tls_context"]["validation_context"];
    let name = &checked["match_typed_subject_alt_names"][0]["matcher"]["exact"];
    assert!(checked["trusted_ca"]["filename"].is_string(), "{cluster}");
    assert!(name.is_string() && *name == tls["sni"], "{cluster}");
}
