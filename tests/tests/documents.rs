//! What README and docs show is what there is: documents load, commands and
//! files exist, codes and fields are those of the guard.

mod examples;

use std::collections::BTreeSet;
use std::fs;

use examples::{example, root, text};
use serde_json::{Value, json};
use tenant_guard::{Code, ConfigError, Environment};
use tenant_guard_tests::{plugin_file, validate_yaml};

/// Every variable is set.
struct Everything;

impl Environment for Everything {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        Some(b"a secret that is 32 bytes or longer".to_vec())
    }

    fn vm_id(&self) -> Option<&str> {
        Some("documents")
    }
}

/// The errors and warnings of a document.
fn complaints(document: &str) -> Vec<String> {
    let texts = |list: Vec<ConfigError>| list.iter().map(ToString::to_string).collect();
    match tenant_guard::load(document.as_bytes(), &Everything) {
        Ok(loaded) => texts(loaded.warnings),
        Err(errors) => texts(errors),
    }
}

const POLICIES: &str = "docs/policies.md";

/// README and every page of docs: path and text.
fn pages() -> Vec<(String, String)> {
    let mut names = vec!["README.md".to_owned()];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.into_iter().map(|name| (name.clone(), text(&name))).collect()
}

/// The fenced blocks of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let rest = page.split(fence.as_str()).skip(1);
    rest.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

fn example_names() -> BTreeSet<String> {
    let files = fs::read_dir(root().join("docs/examples")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.map(|name| name.strip_suffix(".json").unwrap().to_owned()).collect()
}

#[test]
fn the_readme_shows_the_examples_as_they_are() {
    let shown = blocks(&text("README.md"), "json");
    let files: Vec<String> =
        example_names().iter().map(|name| text(&format!("docs/examples/{name}.json"))).collect();
    for file in &files {
        assert_eq!(shown.iter().filter(|block| *block == file).count(), 1, "{file}");
    }
    assert_eq!(shown.len(), files.len(), "a block that is no example");
}

#[test]
fn every_document_loads_without_a_warning() {
    let mut documents = 0;
    for (page, text) in pages() {
        for block in blocks(&text, "json") {
            assert_eq!(complaints(&block), Vec::<String>::new(), "{page}: {block}");
            documents += 1;
        }
        let tried = ["README.md", POLICIES].contains(&page.as_str());
        assert!(tried || blocks(&text, "yaml").is_empty(), "{page}: not tried");
    }
    assert!(documents >= 10);
}

/// Keys that nobody can use: whoever deploys an example as it is lets nobody in.
#[test]
fn the_examples_hold_placeholders_only() {
    fn check(value: &Value, jwks: &Value, name: &str) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    match key.as_str() {
                        "jwks" => assert_eq!(member, jwks, "{name}"),
                        "sha256" | "hmac_sha256" => {
                            assert_eq!(member, &json!("0".repeat(64)), "{name}")
                        }
                        "secret" | "pepper" => assert!(member["env"].is_string(), "{name}"),
                        _ => check(member, jwks, name),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| check(item, jwks, name)),
            _ => {}
        }
    }
    let jwks = example("production")["tenants"][2]["issuers"][0]["keys"]["jwks"].clone();
    assert_eq!(jwks["keys"][0]["kid"], "placeholder-replace-this-key-set");
    for name in example_names() {
        check(&example(&name), &jwks, &name);
    }
}

/// The filters of the README in a whole configuration.
fn bootstrap(fragment: &str) -> String {
    let fragment = fragment.replace(
        "/etc/envoy/tenant-guard.wasm",
        plugin_file().canonicalize().unwrap().to_str().unwrap(),
    );
    let indented: String = fragment.lines().map(|line| format!("          {line}\n")).collect();
    format!(
        r#"static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: 0}}}}
    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: readme
          route_config:
            virtual_hosts: [{{name: all, domains: ["*"], routes: [{{match: {{prefix: /}}, direct_response: {{status: 200}}}}]}}]
{indented}"#
    )
}

#[test]
fn the_filters_of_the_readme_are_what_envoy_takes() {
    let fragments = blocks(&text("README.md"), "yaml");
    let [fragment, _] = fragments.as_slice() else { panic!("two YAML blocks are expected") };
    let pepper = [("API_KEY_PEPPER", "a pepper that is 32 bytes or longer")];
    let (good, said) = validate_yaml(&bootstrap(fragment), &pepper);
    assert!(good && !said.contains("warning: "), "{said}");

    // That Envoy names the mistakes of a document before it is live.
    let (good, said) = validate_yaml(&bootstrap(fragment), &[]);
    assert!(!good && said.contains("API_KEY_PEPPER is not set"), "{said}");
    let wrong = fragment.replace("\"version\": 1", "\"version\": 2, \"tenat\": []");
    let (good, said) = validate_yaml(&bootstrap(&wrong), &pepper);
    assert!(!good && said.contains("version: must be 1") && said.contains("tenat: "), "{said}");
}

#[test]
fn the_filter_that_tells_the_peer_is_what_envoy_takes() {
    let [filter] = blocks(&text(POLICIES), "yaml").try_into().unwrap();
    let [filters, _] = blocks(&text("README.md"), "yaml").try_into().unwrap();
    let filter: String = filter.lines().map(|line| format!("  {line}\n")).collect();
    let both = filters.replace("http_filters:\n", &format!("http_filters:\n{filter}"));
    let pepper = [("API_KEY_PEPPER", "a pepper that is 32 bytes or longer")];
    let (good, said) = validate_yaml(&bootstrap(&both), &pepper);
    assert!(good && both.contains("tenant_guard.peer"), "{said}");
}

#[test]
fn the_clusters_of_the_readme_are_what_envoy_takes() {
    let [filters, clusters] = blocks(&text("README.md"), "yaml").try_into().unwrap();
    let clusters: String = clusters.lines().map(|line| format!("  {line}\n")).collect();
    let whole = format!("{}{clusters}", bootstrap(&filters));
    let pepper = [("API_KEY_PEPPER", "a pepper that is 32 bytes or longer")];
    let (good, said) = validate_yaml(&whole, &pepper);
    assert!(good, "{said}");
    // The examples' own cluster, and checked by name.
    assert!(clusters.contains("name: idp") && clusters.contains("match_typed_subject_alt_names"));
    assert!(example("auth0").to_string().contains(r#""cluster":"idp""#));
}

/// The settings that the demo has, and the README's filters must have too.
#[test]
fn the_readme_is_as_hardened_as_the_demo() {
    let readme = blocks(&text("README.md"), "yaml").concat();
    let demo = text("envoy/envoy.yaml");
    for setting in [
        "use_remote_address: true",
        "xff_num_trusted_hops: 0",
        "normalize_path: true",
        "merge_slashes: true",
        "path_with_escaped_slashes_action: REJECT_REQUEST",
        "headers_with_underscores_action: REJECT_REQUEST",
        "failure_policy: FAIL_RELOAD",
        "vm_id: tenant-guard-",
        "filter_state: {key: wasm.tenant_guard.decision, string_match: {exact: allow}}",
        "filter_state: {key: wasm.tenant_guard.decision, string_match: {exact: public}}",
    ] {
        assert!(readme.contains(setting), "README: {setting}");
        assert!(demo.contains(setting), "envoy/envoy.yaml: {setting}");
    }
}

#[test]
fn every_command_exists() {
    let makefile = text("Makefile");
    let is_target = |name: &str| makefile.lines().any(|line| line.starts_with(&format!("{name}:")));
    let mut seen = BTreeSet::new();
    for (page, text) in pages() {
        for line in blocks(&text, "sh").concat().lines() {
            let known = [
                "make ",
                "tenant-guard ",
                "printf %s \"$KEY\" | sha256sum",
                "printf %s \"$KEY\" | openssl ",
                "KEY=$(openssl rand ",
            ];
            assert!(known.iter().any(|start| line.starts_with(start)), "{page}: {line}");
        }
        for start in ["`make ", "\nmake "] {
            for rest in text.split(start).skip(1) {
                let name: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
                assert!(is_target(&name), "{page}: make {name}");
                seen.insert(name);
            }
        }
    }
    for name in ["run", "test", "build"] {
        assert!(seen.contains(name), "make {name}");
    }
}

#[test]
fn every_code_is_explained() {
    let readme = text("README.md");
    for code in Code::ALL {
        let row = format!("\n| {} | `{}` | ", code.status(), code.name());
        assert!(readme.contains(&row), "{}: {}", code.name(), row.trim());
    }
}

#[test]
fn what_is_not_there_yet_is_refused_by_name() {
    let readme = text("README.md");
    let (_, section) = readme.split_once("## Not yet in this version").unwrap();
    let section = section.split("\n## ").next().unwrap();
    assert!(section.contains("`service`"));
    let document = json!({"version": 1, "limits": {"store": {"service": {}}}});
    let said = complaints(&document.to_string());
    assert!(said.iter().any(|line| line.contains("not supported yet")), "{said:?}");
}

#[test]
fn links_lead_somewhere() {
    for (page, text) in pages() {
        let page = root().join(&page);
        for rest in text.split("](").skip(1) {
            let link = rest.split(')').next().unwrap();
            if link.starts_with("https://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let file =
                if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let text = fs::read_to_string(&file).expect(link);
            let anchor = |line: &str| line.trim_start_matches('#').trim().to_lowercase();
            let mut headings = text.lines().filter(|line| line.starts_with('#')).map(anchor);
            let found = heading.is_empty() || headings.any(|h| h.replace(' ', "-") == heading);
            assert!(found, "{}: {link}", page.display());
        }
    }
}
