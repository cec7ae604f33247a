//! The systems of `envoy/examples`: what each of them promises its callers, as
//! tables of requests and answers, and the Envoy that the tables are tried in.
//!
//! A table may be tried with the document that the example ships, or with any
//! other that is meant to say the same.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod ai_backend;
pub mod heimdex;
pub mod recsys;
pub mod shipped;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tenant_guard::Code;
use tenant_guard_tests::token::now;
use tenant_guard_tests::{Envoy, EnvoyBuilder, Provider, Request, Response, for_each_protocol};

use shipped::Pipe;

/// Between two requests of a table: no limit of an example is reached by it.
const PAUSE: Duration = Duration::from_millis(40);

/// A system, its files, and what the tests have in place of its providers.
pub struct System {
    /// The folder in `envoy/examples`.
    pub folder: &'static str,
    /// What stands before `.yaml` in its files: nothing, or `.dev`.
    pub variant: &'static str,
    /// The variables that its document asks for.
    pub variables: &'static [(&'static str, &'static str)],
    /// API keys by their ids; the documents have placeholders for their digests.
    pub api_keys: &'static [(&'static str, &'static str)],
    /// The digest of an API key, as the documents have it.
    pub digest: fn(&str) -> String,
    /// Where its issuer's keys are fetched from.
    pub keys_from: Option<Cluster>,
    /// The headers by which the application is told who is calling.
    pub identity: &'static [&'static str],
    /// What the application must never see of a caller that it is told of.
    pub credentials: &'static [&'static str],
    /// The table.
    pub cases: fn() -> Vec<Case>,
}

/// A cluster of an example, and who answers there in the tests.
pub struct Cluster {
    pub name: &'static str,
    pub start: fn() -> Provider,
}

/// A request and its answer.
pub struct Case {
    /// What is shown by it.
    pub what: &'static str,
    pub request: Request,
    pub outcome: Outcome,
}

pub enum Outcome {
    /// The application gets it with exactly these identity headers.
    Told(&'static [(&'static str, &'static str)]),
    /// The guard answers; without a detail of its own, with the code's.
    Refused { status: u16, code: &'static str, detail: Option<&'static str> },
}

/// A request that reaches the application with exactly these identity headers.
pub fn told(
    what: &'static str,
    request: Request,
    identity: &'static [(&'static str, &'static str)],
) -> Case {
    Case { what, request, outcome: Outcome::Told(identity) }
}

/// A request that is refused with the system's own words.
pub fn refused(
    what: &'static str,
    request: Request,
    status: u16,
    code: &'static str,
    detail: &'static str,
) -> Case {
    Case { what, request, outcome: Outcome::Refused { status, code, detail: Some(detail) } }
}

/// A request that is refused with the guard's words.
pub fn denied(what: &'static str, request: Request, status: u16, code: &'static str) -> Case {
    Case { what, request, outcome: Outcome::Refused { status, code, detail: None } }
}

/// `more` over `claims`, where a null takes a claim out; good for 30 minutes.
pub fn dated(claims: Value, more: Value) -> Value {
    let mut all = json!({"iat": now(), "exp": now() + 1800});
    let map = all.as_object_mut().unwrap();
    for claims in [claims, more] {
        for (name, value) in claims.as_object().unwrap() {
            match value {
                Value::Null => map.remove(name),
                value => map.insert(name.clone(), value.clone()),
            };
        }
    }
    all
}

/// An example that runs: its Envoy, and whom that asks for keys.
pub struct Running {
    envoy: Envoy,
    _provider: Option<Provider>,
}

impl Deref for Running {
    type Target = Envoy;

    fn deref(&self) -> &Envoy {
        &self.envoy
    }
}

impl System {
    /// The document that the example ships, with the digests of the tests' keys.
    pub fn document(&self) -> Value {
        let mut document = shipped::yaml(&self.file("guard"));
        self.put_digests(&mut document);
        document
    }

    /// The path of one of its YAML files.
    pub fn file(&self, stem: &str) -> String {
        format!("envoy/examples/{}/{stem}{}.yaml", self.folder, self.variant)
    }

    /// The shipped Envoy with its shipped document; only addresses, the
    /// plugin's path and the digests of keys are the tests'.
    pub fn start(&self) -> Running {
        let mut document = shipped::document_in(&shipped::yaml(&self.file("envoy")));
        self.put_digests(&mut document);
        self.start_with(document)
    }

    /// The shipped Envoy with another document.
    pub fn start_with(&self, document: Value) -> Running {
        let provider = self.keys_from.as_ref().map(|cluster| (cluster.name, (cluster.start)()));
        let at = provider.as_ref().map(|(name, provider)| (*name, provider.address()));
        let mut config = shipped::yaml(&self.file("envoy"));
        shipped::adapt(&mut config, &document, &Pipe::unused(), at);
        let mut builder = EnvoyBuilder::whole(config);
        for (name, value) in self.variables {
            builder = builder.env(name, value);
        }
        Running { envoy: builder.start(), _provider: provider.map(|(_, provider)| provider) }
    }

    /// Tries the whole table, over HTTP/1.1 and over HTTP/2.
    pub fn try_in(&self, envoy: &Envoy) {
        for_each_protocol(|protocol| {
            for case in (self.cases)() {
                thread::sleep(PAUSE);
                let request = case.request.over(protocol);
                let response = envoy.send(&request);
                let context = format!("{}: {request:?}: {response:?}", case.what);
                match case.outcome {
                    Outcome::Told(identity) => self.check_told(&response, identity, &context),
                    Outcome::Refused { status, code, detail } => {
                        let detail = detail.unwrap_or_else(|| Code::parse(code).unwrap().detail());
                        assert_eq!(response.status, status, "{context}");
                        assert_eq!(response.code().as_deref(), Some(code), "{context}");
                        assert_eq!(response.json()["detail"], detail, "{context}");
                    }
                }
            }
        });
    }

    fn check_told(&self, response: &Response, identity: &[(&str, &str)], context: &str) {
        assert!(response.status == 200 && response.is_from_application(), "{context}");
        let expected: BTreeMap<_, _> =
            identity.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let one = |name: &&'static str| Some((*name, response.echoed_value(name)?));
        let got: BTreeMap<_, _> = self.identity.iter().filter_map(one).collect();
        assert_eq!(got, expected, "{context}");
        if !identity.is_empty() {
            for name in self.credentials {
                assert_eq!(response.echoed_value(name), None, "{name}: {context}");
            }
        }
    }

    /// Puts the digests of the tests' keys where the document has placeholders.
    pub fn put_digests(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                let id = members.get("id").and_then(Value::as_str);
                let key = self.api_keys.iter().find(|(name, _)| id == Some(name));
                for (name, member) in members {
                    match (name.as_str(), key) {
                        ("sha256" | "hmac_sha256", Some((_, key))) => {
                            *member = json!((self.digest)(key));
                        }
                        _ => self.put_digests(member),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_digests(item)),
            _ => {}
        }
    }
}
