use super::*;

fn file(text: &str) -> ConfigFile {
    ConfigFile::parse(Path::new("file.yaml"), text).expect("it can be read")
}

/// Names and documents of the guards in a text.
fn guards(text: &str) -> Vec<(String, serde_json::Value)> {
    let file = file(text);
    let contents = file.contents();
    let guards = contents.guards();
    let loaded = guards.iter().map(|found| {
        let guard = of_plugin(&file, found.plugin, &Variables::default()).expect("it is JSON");
        (guard.name.unwrap(), guard.document.value())
    });
    loaded.collect()
}

const PLUGIN: &str = "{name: NAME, vm_config: {vm_id: x, code: {local: {filename: FILE}}}, configuration: {\"@type\": type.googleapis.com/google.protobuf.StringValue, value: '{\"version\": 1}'}}";

fn plugin(name: &str, file: &str) -> String {
    PLUGIN.replace("NAME", name).replace("FILE", file)
}

fn wasm(name: &str, file: &str) -> String {
    let plugin = plugin(name, file);
    format!(
        "{{\"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm, config: {plugin}}}"
    )
}

#[test]
fn a_guard_is_found_wherever_an_envoy_takes_one() {
    let wasm = wasm("g", "/etc/tenant-guard.wasm");
    let filter = format!("{{name: f, typed_config: {wasm}}}");
    let manager = format!("{{stat_prefix: a, http_filters: [{filter}]}}");
    let network = format!("{{filters: [{{name: hcm, typed_config: {manager}}}]}}");
    let listener = format!("{{name: l, filter_chains: [{network}]}}");
    let ecds = format!("config_discovery: {{default_config: {wasm}}}");
    for text in [
        format!("static_resources: {{listeners: [{listener}]}}"),
        format!("staticResources: {{listeners: [{listener}]}}"),
        format!("resources: [{listener}]"),
        listener.clone(),
        format!("default_filter_chain: {network}"),
        manager.clone(),
        manager.replace("http_filters", "httpFilters"),
        filter.clone(),
        format!(
            "\"@type\": x/envoy.extensions.filters.http.wasm.v3.Wasm\nconfig: {}",
            plugin("g", "tenant_guard.wasm")
        ),
        format!("[{filter}]"),
        format!("http_filters: [{{name: f, {ecds}}}]"),
        format!("config: {}", plugin("g", "tenant_guard.wasm")),
        format!(
            "name: f\ntyped_config: {{\"@type\": x/xds.type.v3.TypedStruct, type_url: {}, value: {{config: {}}}}}",
            "y/envoy.extensions.filters.http.wasm.v3.Wasm",
            plugin("g", "tenant_guard.wasm")
        ),
        format!(
            "apiVersion: v1\nkind: EnvoyFilter\nspec: {{configPatches: [{{patch: {{value: {filter}}}}}]}}"
        ),
        format!(
            "apiVersion: v1\nkind: List\nitems: [{{apiVersion: v1, kind: ConfigMap, data: {{a: '{}'}}}}]",
            listener.replace('\'', "''")
        ),
        format!("http_filters: [{{name: c, typed_config: {{extension_config: {filter}}}}}]"),
    ] {
        let found = guards(&text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].1, serde_json::json!({"version": 1}), "{text}");
    }
}

#[test]
fn a_guard_is_known_by_its_code_its_names_or_its_document() {
    let other = wasm("g", "/etc/other.wasm");
    let filter = |name: &str, wasm: &str| format!("{{name: {name}, typed_config: {wasm}}}");
    assert!(guards(&filter("f", &other)).is_empty());
    let document = other.replace("1}", "1, \"tenants\": []}");
    for text in [
        filter("my-tenant-guard", &other),
        filter("f", &wasm("tenant_guard", "/etc/other.wasm")),
        filter("f", &wasm("g", "/etc/Tenant-Guard-1.2.wasm")),
        filter("f", &document),
    ] {
        assert_eq!(guards(&text).len(), 1, "{text}");
    }
}

#[test]
fn every_form_of_a_document_is_read() {
    let filter = |configuration: &str| {
        format!("vm_config: {{code: tenant-guard}}\nconfiguration: {configuration}\n")
    };
    let google = "\"@type\": type.googleapis.com/google.protobuf";
    for configuration in [
        format!("{{{google}.StringValue, value: '{{\"version\": 1}}'}}"),
        format!("{{{google}.BytesValue, value: eyJ2ZXJzaW9uIjogMX0=}}"),
        format!("{{{google}.Struct, value: {{version: 1}}}}"),
    ] {
        let found = guards(&filter(&configuration));
        assert_eq!(found[0].1, serde_json::json!({"version": 1}), "{configuration}");
    }
    for (configuration, problem) in [
        ("{version: 1}".to_owned(), "has no `@type`"),
        (format!("{{{google}.StringValue, value: 'version: 1'}}"), "is no valid JSON"),
        (format!("{{{google}.BytesValue, value: '%'}}"), "is no base64"),
    ] {
        let file = file(&filter(&configuration));
        let contents = file.contents();
        let guard = contents.guards()[0].plugin.clone();
        let mistake = of_plugin(&file, &guard, &Variables::default()).unwrap_err();
        assert!(mistake.problem.contains(problem), "{mistake}");
    }
}

#[test]
fn a_mistake_in_a_text_is_shown_where_it_stands_in_a_config_map() {
    let text = "apiVersion: v1
kind: ConfigMap
data:
  envoy.yaml: |
    http_filters:
      - name: tenant_guard
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
          config:
            vm_config: {vm_id: a}
            configuration:
              \"@type\": type.googleapis.com/google.protobuf.StringValue
              value: |
                {
                  \"version\": 1,
                  \"jwtt\": {}
                }
";
    let file = file(text);
    let contents = file.contents();
    let found = contents.guards()[0];
    let guard = of_plugin(&file, found.plugin, &Variables::default()).unwrap();
    let mistakes = guard.document.load(&guard.variables).unwrap_err();
    assert_eq!(mistakes[0].to_string(), "file.yaml:16:19: jwtt: unknown field; did you mean jwt?");
    let (at, path) = file.place(found.filter.unwrap().node);
    assert_eq!(
        (at.to_string().as_str(), path.as_str()),
        ("6:9", "data.envoy.yaml.http_filters[0]")
    );
}

#[test]
fn the_environment_of_each_holder_reaches_its_guard() {
    use tenant_guard::Environment;
    let mut host = Variables::default();
    host.set("HOST", "from the host");
    host.set("NOT_PASSED", "x");
    for text in [
        "vm_config: {vm_id: v, code: tenant-guard, environment_variables: {key_values: {GIVEN: a}, host_env_keys: [HOST, UNSET]}}",
        "kind: WasmPlugin\napiVersion: a\nspec: {url: tenant-guard, vmConfig: {env: [{name: GIVEN, value: a}, {name: HOST, valueFrom: HOST}, {name: UNSET, valueFrom: HOST}]}}",
        "kind: EnvoyExtensionPolicy\napiVersion: a\nspec: {wasm: [{name: tenant-guard, env: {hostKeys: [GIVEN, HOST, UNSET]}}]}",
    ] {
        host.set("GIVEN", "a");
        let file = file(text);
        let contents = file.contents();
        let env = of_plugin(&file, contents.guards()[0].plugin, &host).unwrap().variables;
        assert_eq!(env.variable("GIVEN"), Some(b"a".to_vec()), "{text}");
        assert_eq!(env.variable("HOST"), Some(b"from the host".to_vec()), "{text}");
        assert_eq!(env.variable("NOT_PASSED"), None, "{text}");
        assert!(env.variable("UNSET").is_some() && env.assumed() == ["UNSET"], "{text}");
    }
}

#[test]
fn the_id_of_the_vm_is_the_one_that_the_guard_will_have() {
    for (text, id) in [
        ("vmConfig: {vmId: mine, code: tenant-guard}", "mine"),
        ("vm_config: {code: tenant-guard}", ""),
        ("kind: WasmPlugin\napiVersion: a\nspec: {url: tenant-guard}", ""),
    ] {
        assert_eq!(file(text).contents().guards()[0].plugin.vm_id(), id, "{text}");
    }
}

#[test]
fn the_guards_of_a_file_can_be_loaded_at_once() {
    let host = Variables::default();
    for (path, name) in [
        ("../envoy/envoy.yaml", Some("tenant_guard")),
        ("tests/check/good/istio.yaml", Some("tenant-guard")),
        ("../docs/examples/production.json", None),
    ] {
        let text = std::fs::read_to_string(path).unwrap();
        let guards = in_text(Path::new(path), &text, &host).expect("it can be read");
        assert_eq!(guards.len(), 1, "{path}");
        assert_eq!(guards[0].name.as_deref(), name);
        guards[0].document.load(&guards[0].variables).expect("it is good");
    }
}

#[test]
fn places_are_the_same_whatever_ends_the_lines() {
    let text =
        include_str!("../../tests/check/good/envoy.yaml").replace("acme\"", "acme\", \"x\": 1");
    let place = |text: &str| {
        let file = file(text);
        let contents = file.contents();
        let guard = of_plugin(&file, contents.guards()[0].plugin, &Variables::default()).unwrap();
        let mistakes = guard.document.load(&guard.variables).unwrap_err();
        mistakes.into_iter().find(|mistake| mistake.path == "tenants[0].x").unwrap().at
    };
    assert_eq!(place(&text.replace('\n', "\r\n")), place(&text));
}

#[test]
fn documents_are_told_from_configurations_by_fields_that_they_have() {
    let tenant_guard::Shape::Object(document) = tenant_guard::Shape::of_document() else {
        panic!("no object");
    };
    let fields: Vec<&str> = document.fields.iter().map(|field| field.name).collect();
    for section in plugin::SECTIONS {
        assert!(fields.contains(&section), "documents have no {section}");
    }
    for name in file::OF_PROXIES {
        assert!(!fields.contains(&name), "documents have {name} too");
    }
}
