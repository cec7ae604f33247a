//! The examples in envoy/examples, run as they are shipped, and the requests
//! that each system's rules speak of.
//!
//! A table of cases is for any document that states the same rules with the
//! same credentials.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod control_plane;
pub mod super_admin;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tenant_guard_cli::environment::Variables;
use tenant_guard_cli::source::{Node, parse};
use tenant_guard_tests::token::now;
use tenant_guard_tests::{Envoy, Request, Response};

/// The headers that tell the application who calls.
pub const IDENTITY: [&str; 7] =
    ["x-tenant-id", "x-user-id", "x-client-id", "x-key-id", "x-roles", "x-scopes", "x-auth-method"];

/// A request, and what must become of it.
pub struct Case {
    /// The rule that it is about.
    pub rule: &'static str,
    pub request: Request,
    pub outcome: Outcome,
}

/// What becomes of a request.
pub enum Outcome {
    /// The application gets it, with these identity headers and no others.
    Told(Vec<(&'static str, &'static str)>),
    /// The guard answers it.
    Refused {
        status: u16,
        code: &'static str,
        detail: Option<&'static str>,
        level: Option<&'static str>,
    },
}

/// A case that reaches the application, with these of [`IDENTITY`].
pub fn told(
    rule: &'static str,
    request: Request,
    headers: &[(&'static str, &'static str)],
) -> Case {
    Case { rule, request, outcome: Outcome::Told(headers.to_vec()) }
}

/// A case that the guard answers.
pub fn refused(rule: &'static str, request: Request, status: u16, code: &'static str) -> Case {
    Case { rule, request, outcome: Outcome::Refused { status, code, detail: None, level: None } }
}

impl Case {
    /// With this text in the answer.
    pub fn detail(mut self, text: &'static str) -> Case {
        if let Outcome::Refused { detail, .. } = &mut self.outcome {
            *detail = Some(text);
        }
        self
    }

    /// Refused by a policy of this level.
    pub fn level(mut self, name: &'static str) -> Case {
        if let Outcome::Refused { level, .. } = &mut self.outcome {
            *level = Some(name);
        }
        self
    }
}

/// Sends them one after another; panics with all that came out otherwise.
pub fn run(envoy: &Envoy, cases: &[Case]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let response = envoy.send(&case.request);
            let problem = case.outcome.differs(&response)?;
            Some(format!("{}: {problem}\n  {:?}\n  {response:?}", case.rule, case.request))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

impl Outcome {
    /// What is otherwise in a response, if anything.
    fn differs(&self, response: &Response) -> Option<String> {
        match self {
            Outcome::Told(expected) => {
                let pairs = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
                let expected: BTreeMap<_, _> = pairs.collect();
                let told = response.is_from_application().then(|| identity(response));
                (told.as_ref() != Some(&expected)).then(|| format!("{told:?}, not {expected:?}"))
            }
            Outcome::Refused { status, code, detail, level } => {
                let got = (response.status, response.code());
                if got != (*status, Some((*code).to_owned())) {
                    return Some(format!("{got:?}, not {status} {code}"));
                }
                let said = response.json();
                let other = |name: &str, expected: &Option<&str>| {
                    let differs = expected.is_some() && said[name].as_str() != *expected;
                    differs.then(|| format!("{name} {}, not {expected:?}", said[name]))
                };
                other("detail", detail).or_else(|| other("level", level))
            }
        }
    }
}

/// What the application was told of the caller.
pub fn identity(response: &Response) -> BTreeMap<String, String> {
    let all = IDENTITY.into_iter();
    all.filter_map(|name| Some((name.to_owned(), response.echoed_value(name)?))).collect()
}

/// A file of the repository.
pub fn text(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn node(path: &str) -> Node {
    let mut documents = parse(&text(path)).unwrap_or_else(|error| panic!("{path}: {error:?}"));
    assert_eq!(documents.len(), 1, "{path}");
    documents.remove(0)
}

/// A file of an example, read as YAML.
pub fn file(example: &str, name: &str) -> Value {
    node(&format!("envoy/examples/{example}/{name}")).to_value()
}

/// The environment that the system itself reads.
pub fn environment(example: &str) -> BTreeMap<String, String> {
    let text = text(&format!("envoy/examples/{example}/system.env"));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').expect("NAME=value");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

/// The document inside a configuration of Envoy.
pub fn document_of(config: &Value) -> Value {
    let text = guard_filter(&mut config.clone())["configuration"]["value"].clone();
    serde_json::from_str(text.as_str().expect("the document is text")).unwrap()
}

/// Puts a document into a configuration of Envoy.
pub fn set_document(config: &mut Value, document: &Value) {
    guard_filter(config)["configuration"]["value"] = json!(document.to_string());
}

fn guard_filter(config: &mut Value) -> &mut Value {
    let filters = connection_manager(config)["http_filters"].as_array_mut().unwrap();
    let guard = filters.iter_mut().find(|filter| filter["name"] == "tenant_guard").unwrap();
    &mut guard["typed_config"]["config"]
}

/// The HttpConnectionManager of the guarded listener.
pub fn connection_manager(config: &mut Value) -> &mut Value {
    let listeners = config["static_resources"]["listeners"].as_array_mut().unwrap();
    let guarded = listeners.iter_mut().find(|listener| listener["name"] == "guarded").unwrap();
    &mut guarded["filter_chains"][0]["filters"][0]["typed_config"]
}

/// Asserts that a shipped configuration is set as the demo's is, with a VM of
/// its own, and that without the guard its backstop lets nobody in.
pub fn is_hardened(mut config: Value, good: &Request) {
    let settings = |config: &mut Value| {
        let mut hcm = connection_manager(config).clone();
        hcm["route_config"] = json!(null);
        let filters = hcm["http_filters"].as_array().unwrap().clone();
        let guard = filters.iter().position(|filter| filter["name"] == "tenant_guard").unwrap();
        hcm["http_filters"] = json!(filters[guard + 1..]);
        let vm = guard_filter(config).clone();
        let around = json!([config["admin"], config["overload_manager"], vm["failure_policy"]]);
        (hcm, around, vm["vm_config"]["vm_id"].clone())
    };
    let demo = settings(&mut node("envoy/envoy.yaml").to_value());
    let own = settings(&mut config);
    assert_eq!((&own.0, &own.1), (&demo.0, &demo.1));
    assert_ne!(own.2, demo.2);

    assert_eq!(Envoy::shipped(config.clone()).send(good).status, 200);
    let filters = connection_manager(&mut config)["http_filters"].as_array_mut().unwrap();
    filters.retain(|filter| filter["name"] != "tenant_guard");
    let response = Envoy::shipped(config).send(good);
    assert_eq!((response.status, response.is_from_application()), (403, false), "{response:?}");
}

/// Has the stand-in for an identity provider show these keys.
pub fn publish(config: &mut Value, virtual_host: &str, jwks: &Value) {
    let listeners = config["static_resources"]["listeners"].as_array_mut().unwrap();
    let hosts = listeners.iter_mut().flat_map(|listener| {
        let hcm = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        hcm["route_config"]["virtual_hosts"].as_array_mut().unwrap()
    });
    let mut hosts = hosts.filter(|host| host["name"] == virtual_host);
    let host = hosts.next().unwrap_or_else(|| panic!("no virtual host {virtual_host}"));
    host["routes"][0]["direct_response"]["body"]["inline_string"] = json!(jwks.to_string());
}

/// Errors and warnings of a document of an example.
pub fn complaints(example: &str, name: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let mut variables = Variables::default();
    variables.set_vm_id(Some(example));
    for (name, value) in environment {
        variables.set(name, value);
    }
    let document = node(&format!("envoy/examples/{example}/{name}")).to_json();
    let complaints = match tenant_guard::load(document.as_bytes(), &variables) {
        Ok(loaded) => loaded.warnings,
        Err(errors) => errors,
    };
    complaints.iter().map(ToString::to_string).collect()
}

/// Comes back when no minute or hour is about to end, so that what is counted
/// in one stays in one.
pub fn begin_of_window() {
    while now() % 60 > 35 {
        thread::sleep(Duration::from_secs(1));
    }
}
