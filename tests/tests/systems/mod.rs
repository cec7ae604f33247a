//! The systems of `envoy/examples`: what each of them promises its callers, as
//! tables of requests and answers, and the Envoy that the tables are tried in.
//!
//! A table may be tried with the document that the example ships, or with any
//! other that is meant to say the same.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod ai_backend;
mod case;
pub mod control_plane;
pub mod heimdex;
pub mod recsys;
pub mod shipped;
pub mod sound;
pub mod super_admin;

use std::ops::Deref;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tenant_guard_tests::token::now;
use tenant_guard_tests::{Envoy, EnvoyBuilder, Protocol, Provider, for_each_protocol};

pub use case::{Case, Outcome, dated, refused, told};

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
    /// API keys by their ids, where the documents have placeholders for digests.
    pub api_keys: &'static [(&'static str, &'static str)],
    /// The digest of an API key, as the documents have it.
    pub digest: fn(&str) -> String,
    /// Where its issuers' keys are fetched from.
    pub issuers: Issuers,
    /// The headers by which the application is told who is calling: the
    /// tenant's first.
    pub identity: &'static [&'static str],
    /// What the application must never see of a caller that it is told of.
    pub credentials: &'static [&'static str],
    /// The system's own words for refusals, by code.
    pub details: &'static [(&'static str, &'static str)],
    /// The table.
    pub cases: fn() -> Vec<Case>,
}

/// Who answers in the tests where issuers publish their keys.
pub enum Issuers {
    /// Nobody: there is nothing to fetch.
    None,
    /// A server of the tests, where the shipped cluster of that name leads to
    /// another machine.
    Provider { cluster: &'static str, start: fn() -> Provider },
    /// The shipped stand-ins, which then show these key sets: each with the name
    /// of its virtual host.
    StandIns(fn() -> Vec<(&'static str, Value)>),
}

/// The headers of a guard that isn't told other names.
pub const IDENTITY: &[&str] = &[
    "x-tenant-id",
    "x-user-id",
    "x-client-id",
    "x-key-id",
    "x-roles",
    "x-scopes",
    "x-auth-method",
];

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
    /// plugin's path, issuers' keys and the digests of keys are the tests'.
    pub fn start(&self) -> Running {
        let mut document = shipped::document_in(&shipped::yaml(&self.file("envoy")));
        self.put_digests(&mut document);
        self.start_with(document)
    }

    /// The shipped Envoy with another document.
    pub fn start_with(&self, document: Value) -> Running {
        self.start_changed(document, |_| {})
    }

    /// The shipped Envoy with another document, and with changes to all else.
    pub fn start_changed(&self, document: Value, change: impl FnOnce(&mut Value)) -> Running {
        let mut config = shipped::yaml(&self.file("envoy"));
        let provider = match &self.issuers {
            Issuers::Provider { cluster, start } => Some((*cluster, start())),
            Issuers::StandIns(key_sets) => {
                for (host, keys) in key_sets() {
                    shipped::publish(&mut config, host, &keys);
                }
                None
            }
            Issuers::None => None,
        };
        let at = provider.as_ref().map(|(name, provider)| (*name, provider.address()));
        shipped::adapt(&mut config, &document, at);
        change(&mut config);
        let mut builder = EnvoyBuilder::whole(config);
        for (name, value) in self.variables {
            builder = builder.env(name, value);
        }
        Running { envoy: builder.start(), _provider: provider.map(|(_, provider)| provider) }
    }

    /// Tries the whole table, over HTTP/1.1 and over HTTP/2; panics with all
    /// that came out otherwise.
    pub fn try_in(&self, envoy: &Envoy) {
        self.try_all(envoy, |_| true);
    }

    /// The same for a document that is imported: what is beyond the system's
    /// environment must come out otherwise, or it isn't beyond it.
    pub fn try_imported_in(&self, envoy: &Envoy) {
        self.try_all(envoy, |case| case.beyond.is_none());
    }

    fn try_all(&self, envoy: &Envoy, holds: fn(&Case) -> bool) {
        for_each_protocol(|protocol| {
            let cases = (self.cases)();
            assert!(cases.iter().any(holds), "there is nothing to try");
            let wrong: Vec<String> = cases
                .iter()
                .filter_map(|case| self.try_one(envoy, protocol, case, holds(case)))
                .collect();
            assert!(wrong.is_empty(), "{} over {protocol:?}:\n{}", wrong.len(), wrong.join("\n"));
        });
    }

    /// What is wrong with it, if anything.
    fn try_one(&self, envoy: &Envoy, over: Protocol, case: &Case, holds: bool) -> Option<String> {
        thread::sleep(PAUSE);
        let request = case.request.clone().over(over);
        let response = envoy.send(&request);
        let problem = match (case.differs(self, &response), holds) {
            (Some(problem), true) => problem,
            (None, false) => "holds, though it is said to be beyond the environment".to_owned(),
            _ => return None,
        };
        Some(format!("{}: {problem}\n  {request:?}\n  {response:?}", case.what))
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

/// Comes back when no minute or hour is about to end, so that what is counted
/// in one stays in one.
pub fn begin_of_window() {
    while now() % 60 > 35 {
        thread::sleep(Duration::from_secs(1));
    }
}
