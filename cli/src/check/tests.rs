//! Every finding is there when it should be, and goes away when mended.

mod around;
mod filters;
mod noise;
mod routes;

use std::collections::BTreeSet;

use super::*;

const ENVOY: &str = include_str!("../../tests/check/good/envoy.yaml");
const ISTIO: &str = include_str!("../../tests/check/good/istio.yaml");
const GATEWAY: &str = include_str!("../../tests/check/good/gateway.yaml");

/// What is found in texts that are checked together.
fn found(texts: &[&str], replicas: Option<u32>) -> Vec<Finding> {
    let mut host = Variables::default();
    host.set_vm_id(Some("tenant-guard"));
    host.set("API_KEY_PEPPER", &"p".repeat(32));
    let names: Vec<_> = (0..texts.len()).map(|n| PathBuf::from(format!("{n}.yaml"))).collect();
    let mut findings = Findings::new(&names);
    let mut files = Vec::new();
    for (name, text) in names.iter().zip(texts) {
        match ConfigFile::parse(name, text) {
            Ok(file) => files.push(file),
            Err(mistake) => findings.add(Code::Syntax, mistake),
        }
    }
    examine(&files, &host, replicas, &mut findings);
    findings.into_sorted()
}

fn codes(texts: &[&str]) -> BTreeSet<&'static str> {
    found(texts, None).iter().map(|finding| finding.code.name()).collect()
}

/// A text with one piece replaced.
fn edited(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "there is no {from:?}");
    text.replacen(from, to, 1)
}

/// The text is good; with this edit exactly these kinds are found.
fn becomes(text: &str, from: &str, to: &str, expected: &[&str]) {
    let edited = edited(text, from, to);
    let expected: BTreeSet<_> = expected.iter().copied().collect();
    assert_eq!(codes(&[&edited]), expected, "{from:?} → {to:?}: {:#?}", found(&[&edited], None));
}

const VIRTUAL_HOST: &str = "                    - name: application\n";
const ROUTE: &str = "route: {cluster: application}";
const BACKSTOP: &str = "                  - name: backstop\n";
const OFF: &str =
    "{\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}";

#[test]
fn what_is_as_it_should_be_has_no_findings() {
    for text in [ENVOY, ISTIO, GATEWAY, include_str!("../../../envoy/envoy.yaml")] {
        assert_eq!(found(&[text], None), []);
    }
}

#[test]
fn a_guard_that_fails_open_or_stays_down_is_warned_of() {
    let policy = "failure_policy: FAIL_RELOAD";
    becomes(ENVOY, policy, "failure_policy: FAIL_OPEN", &["fail-open"]);
    becomes(ENVOY, policy, "failurePolicy: 3", &["fail-open"]);
    becomes(ENVOY, policy, "fail_open: true", &["fail-open"]);
    becomes(ENVOY, policy, "failurePolicy: FAIL_RELOAD", &[]);
    becomes(ENVOY, policy, "failure_policy: FAIL_CLOSED", &["no-reload"]);
    becomes(ENVOY, policy, "root_id: a", &["no-reload"]);
    let strategy = "failStrategy: FAIL_RELOAD";
    becomes(ISTIO, strategy, "failStrategy: FAIL_OPEN", &["fail-open"]);
    becomes(ISTIO, strategy, "failStrategy: FAIL_CLOSE", &["no-reload"]);
    becomes(ISTIO, strategy, "priority: 1", &["no-reload"]);
    becomes(GATEWAY, "      env:\n", "      failOpen: true\n      env:\n", &["fail-open"]);
    becomes(GATEWAY, "value: FAIL_RELOAD", "value: FAIL_CLOSED", &["no-reload"]);
}

#[test]
fn a_file_without_a_guard_is_an_error_unless_it_belongs_to_one() {
    let none = "static_resources: {listeners: [{filter_chains: [{filters: [{typed_config: {http_filters: []}}]}]}]}";
    let error: BTreeSet<_> = ["no-guard"].into();
    assert_eq!(codes(&[none]), error);
    assert_eq!(codes(&[ENVOY, none]), error);
    let deployment = "{apiVersion: a, kind: Deployment, metadata: {name: a}, spec: {}}";
    assert_eq!(codes(&[deployment]), error);
    assert_eq!(codes(&[ENVOY, deployment]), BTreeSet::new());
}

#[test]
fn a_mistake_of_the_document_is_an_error_and_a_doubt_a_warning() {
    becomes(ENVOY, "\"audiences\"", "\"audience\"", &["document"]);
    becomes(ENVOY, "\"version\": 1,", "\"version\": 1, \"shadow\": \"untouched\",", &["unlikely"]);
    becomes(
        ENVOY,
        "                            {\n                              \"version\": 1,",
        "                            {\n                              \"version\": 1,,",
        &["document"],
    );
    assert_eq!(codes(&["a: [", ENVOY]), ["syntax"].into());
}

#[test]
fn a_variable_that_is_not_set_here_is_noted_and_one_that_is_not_passed_refused() {
    becomes(ENVOY, "host_env_keys: [API_KEY_PEPPER]", "host_env_keys: [OTHER]", &["document"]);
    let other = ENVOY.replace("API_KEY_PEPPER", "OTHER");
    assert_eq!(codes(&[&other]), ["variable-assumed"].into());
    let document =
        "version: 1\napi_keys: {hash: hmac-sha256, pepper: {env: NAME}}\ntenants: [{id: a}]\n";
    assert_eq!(codes(&[document]), ["variable-assumed"].into());
    assert_eq!(codes(&[&document.replace("NAME", "API_KEY_PEPPER")]), BTreeSet::new());
    assert_eq!(codes(&[&document.replace("NAME", "pepper")]), ["document"].into());
}

#[test]
fn istio_is_told_how_to_give_the_vm_an_id() {
    let limited =
        edited(ISTIO, "      - id: acme\n", "      - {id: acme, limits: {requests: 1/min}}\n");
    let problems = found(&[&limited], None);
    assert!(problems[0].mistake.problem.contains("EnvoyFilter"), "{problems:?}");
}

#[test]
fn a_document_alone_in_a_file_that_cannot_be_read_fails() {
    let (findings, guards) =
        check(&["/nowhere.yaml".into()], &mut std::io::empty(), &Variables::default(), None);
    assert_eq!((findings[0].code, guards), (Code::Unreadable, 0));
    assert_eq!(exit(&findings, false), Exit::Failure);
}

#[test]
fn every_kind_of_finding_is_described() {
    let page = include_str!("../../../docs/check.md");
    for code in Code::ALL {
        assert!(page.contains(&format!("| `{}` |", code.name())), "{}", code.name());
    }
}
