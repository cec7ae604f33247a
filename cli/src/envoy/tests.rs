use serde_json::{Value, json};

use crate::Exit;
use crate::source;
use crate::testing::{Ran, TempFile, run};

fn envoy(document: &str, more: &[&str]) -> Ran {
    let file = TempFile::new(".yaml", document);
    let args = ["envoy", "-c", file.path(), "--app", "127.0.0.1:8000"];
    run(&args.iter().chain(more).copied().collect::<Vec<_>>())
}

/// The configuration, as YAML reads it.
fn config(document: &str, more: &[&str]) -> Value {
    let ran = envoy(document, more);
    assert_eq!(ran.exit, Exit::Ok, "{}", ran.err);
    source::parse(&ran.out).unwrap()[0].to_value()
}

fn manager(config: &Value) -> &Value {
    &config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
}

fn filters(config: &Value) -> Vec<&str> {
    let filters = manager(config)["http_filters"].as_array().unwrap();
    filters.iter().map(|filter| filter["name"].as_str().unwrap()).collect()
}

fn guard(config: &Value) -> &Value {
    let filters = manager(config)["http_filters"].as_array().unwrap();
    let guard = filters.iter().find(|filter| filter["name"] == "tenant_guard").unwrap();
    &guard["typed_config"]["config"]
}

const KEYS: &str = "
jwt:
  issuers:
    - issuer: https://idp.example.com/
      audiences: [api]
      keys: {jwks_uri: {cluster: idp, uri: \"https://idp.example.com/jwks\"}}
      tenant: {claims: [tenant]}
";

#[test]
fn the_document_is_in_it_as_it_is() {
    let document = "version: 1\nrevision: \"{{clusters}}\"\ntenants:\n  - id: acme # whose\n";
    let config = config(document, &[]);
    let text = guard(&config)["configuration"]["value"].as_str().unwrap();
    let expected = json!({"version": 1, "revision": "{{clusters}}", "tenants": [{"id": "acme"}]});
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
}

#[test]
fn arguments_that_look_like_places_of_the_template_are_arguments() {
    let plugin = "/x\", y: \"{{document}}";
    let more = ["--vm-id", "{{plugin}}", "--plugin", plugin];
    let config = config("version: 1\ntenants: [{id: acme}]\n", &more);
    let vm = &guard(&config)["vm_config"];
    assert_eq!(vm["vm_id"], "{{plugin}}");
    assert_eq!(vm["code"]["local"]["filename"], plugin);
}

#[test]
fn a_guard_always_has_an_id_of_its_vm() {
    let ran = envoy("version: 1\ntenants: [{id: acme}]\n", &["--vm-id", ""]);
    assert_ne!(ran.exit, Exit::Ok);
    assert_eq!(ran.out, "");
}

#[test]
fn characters_that_yaml_does_not_have_are_escaped() {
    let odd = "a\u{feff}b\u{2028}c\u{85}d\u{7f}e";
    let document =
        json!({"version": 1, "tenants": [], "replies": {"details": {"tenant_required": odd}}});
    let config = config(&document.to_string().replace('\u{feff}', "\\ufeff"), &[]);
    let text = guard(&config)["configuration"]["value"].as_str().unwrap();
    let read: Value = serde_json::from_str(text).unwrap();
    assert_eq!(read["replies"]["details"]["tenant_required"], odd);
}

#[test]
fn addresses_and_names_are_those_that_were_given() {
    let more = [
        "--listen",
        "[::1]:8080",
        "--admin",
        "127.0.0.1:1",
        "--plugin",
        "/p.wasm",
        "--vm-id",
        "mine",
    ];
    let config = config("version: 1\n", &more);
    let listener = &config["static_resources"]["listeners"][0];
    assert_eq!(
        listener["address"]["socket_address"],
        json!({"address": "::1", "port_value": 8080})
    );
    assert_eq!(config["admin"]["address"]["socket_address"]["port_value"], 1);
    assert_eq!(guard(&config)["vm_config"]["vm_id"], "mine");
    assert_eq!(guard(&config)["vm_config"]["code"]["local"]["filename"], "/p.wasm");
    let clusters = config["static_resources"]["clusters"].as_array().unwrap();
    assert_eq!(clusters.len(), 1);
    assert_eq!(filters(&config), ["tenant_guard", "backstop", "envoy.filters.http.router"]);
}

#[test]
fn what_is_fetched_comes_from_a_server_whose_name_is_checked() {
    let config = config(&format!("version: 1\n{KEYS}"), &[]);
    let cluster = &config["static_resources"]["clusters"][1];
    assert_eq!(cluster["name"], "idp");
    let endpoint = &cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
    let address = json!({"address": "idp.example.com", "port_value": 443});
    assert_eq!(endpoint["address"]["socket_address"], address);
    let tls = &cluster["transport_socket"]["typed_config"];
    assert_eq!(tls["sni"], "idp.example.com");
    let names = &tls["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"];
    assert_eq!(names[0]["matcher"]["exact"], "idp.example.com");
}

#[test]
fn a_cluster_that_leads_nowhere_known_is_to_be_decided() {
    let discovery = KEYS.replace("jwks_uri: {", "discovery: {jwks_cluster: keys, ");
    let ran = envoy(&format!("version: 1\n{discovery}"), &[]);
    assert_eq!(ran.out.matches("# DECIDE").count(), 1, "{}", ran.out);
}

#[test]
fn the_applications_cluster_is_nobody_elses() {
    let config = config(&format!("version: 1\n{}", KEYS.replace("idp,", "application,")), &[]);
    let names: Vec<_> = config["static_resources"]["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cluster| cluster["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["guarded-application", "application"]);
    let route = &manager(&config)["route_config"]["virtual_hosts"][0]["routes"][0]["route"];
    assert_eq!(route["cluster"], "guarded-application");
}

#[test]
fn variables_and_peers_come_where_the_document_reads_them() {
    let document = "
version: 1
api_keys: {hash: hmac-sha256, pepper: {env: PEPPER_OF_THE_TESTS}}
tenancy: {strict: false, trust_header: [10.0.0.0/8]}
";
    let config = config(document, &[]);
    let variables = &guard(&config)["vm_config"]["environment_variables"];
    assert_eq!(variables, &json!({"host_env_keys": ["PEPPER_OF_THE_TESTS"]}));
    assert_eq!(filters(&config)[0], "peer");
}

#[test]
fn only_what_the_guard_reads_counts_as_a_variable() {
    let config = config("version: 1\nupstream: {claims: {env: x-env}}\n", &[]);
    assert!(guard(&config)["vm_config"]["environment_variables"].is_null());
}

#[test]
fn a_secret_in_place_of_a_variables_name_is_refused_and_not_shown() {
    let ran = envoy("version: 1\napi_keys: {hash: hmac-sha256, pepper: {env: hunter2}}\n", &[]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Invalid, ""));
    assert!(ran.err.contains("api_keys.pepper") && !ran.err.contains("hunter2"), "{}", ran.err);
}

#[test]
fn programs_get_mistakes_as_json() {
    let errors = envoy("version: 1\nmodes: jwt\n", &["--format", "json"]).json();
    assert_eq!(errors["errors"][0]["path"], "modes");
    assert_eq!(
        (&errors["errors"][0]["line"], &errors["errors"][0]["column"]),
        (&json!(2), &json!(1))
    );
}

#[test]
fn a_document_with_mistakes_is_refused() {
    let ran = envoy("version: 1\nmodes: jwt\n", &[]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Invalid, ""));
    assert!(
        ran.err.contains(":2:1: modes: ") && ran.err.contains("did you mean mode?"),
        "{}",
        ran.err
    );
    assert_eq!(envoy("a: [", &[]).exit, Exit::Invalid);
    let ran = envoy("static_resources: {}\n", &[]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.err.contains("a proxy's configuration already"), "{}", ran.err);
}

#[test]
fn check_finds_nothing_against_it() {
    let document = format!(
        "
version: 1
{KEYS}
tenancy: {{strict: false, trust_header: [10.0.0.0/8]}}
tenant_defaults: {{ip: [10.0.0.0/8], limits: {{requests: 10/min}}}}
"
    );
    let config = TempFile::new(".yaml", envoy(&document, &[]).good().out);
    let ran = run(&["check", "--deny-warnings", config.path()]);
    assert_eq!(ran.exit, Exit::Ok, "{}", ran.out);
}
