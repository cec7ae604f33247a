//! A request and what must become of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tenant_guard::Code;
use tenant_guard_tests::token::now;
use tenant_guard_tests::{Request, Response};

use super::System;

/// A request and its answer.
pub struct Case {
    /// What is shown by it.
    pub what: &'static str,
    pub request: Request,
    pub outcome: Outcome,
    /// Why a document that is imported from the system's environment can't hold it.
    pub beyond: Option<&'static str>,
}

pub enum Outcome {
    /// The application gets it with exactly these identity headers.
    Told(Vec<(&'static str, &'static str)>),
    /// The guard answers, in the system's words for the code, or in its own.
    Refused { status: u16, code: &'static str, level: Option<&'static str> },
}

/// A request that reaches the application with exactly these identity headers.
pub fn told(
    what: &'static str,
    request: Request,
    identity: &[(&'static str, &'static str)],
) -> Case {
    Case { what, request, outcome: Outcome::Told(identity.to_vec()), beyond: None }
}

/// A request that the guard refuses.
pub fn refused(what: &'static str, request: Request, status: u16, code: &'static str) -> Case {
    Case { what, request, outcome: Outcome::Refused { status, code, level: None }, beyond: None }
}

impl Case {
    /// Refused by a policy of this level.
    pub fn level(mut self, name: &'static str) -> Case {
        if let Outcome::Refused { level, .. } = &mut self.outcome {
            *level = Some(name);
        }
        self
    }

    /// What decides here stands neither in the system's environment nor in its
    /// database.
    pub fn beyond_the_environment(self, why: &'static str) -> Case {
        Case { beyond: Some(why), ..self }
    }

    /// What is otherwise in a response, if anything.
    pub fn differs(&self, system: &System, response: &Response) -> Option<String> {
        match &self.outcome {
            Outcome::Told(identity) => differs_told(system, response, identity),
            Outcome::Refused { status, code, level } => {
                let got = (response.status, response.code());
                if got != (*status, Some((*code).to_owned())) {
                    return Some(format!("{got:?}, not {status} {code}"));
                }
                let said = response.json();
                let other = |name: &str, expected: &str| {
                    let differs = said[name] != expected;
                    differs.then(|| format!("{name} {}, not {expected}", said[name]))
                };
                other("detail", detail(system, code))
                    .or_else(|| level.and_then(|level| other("level", level)))
            }
        }
    }
}

/// The text that goes with a code: the system's, or else the guard's.
fn detail(system: &System, code: &str) -> &'static str {
    let own = system.details.iter().find(|(known, _)| *known == code);
    own.map_or_else(|| Code::parse(code).expect("there is such a code").detail(), |(_, text)| text)
}

fn differs_told(system: &System, response: &Response, identity: &[(&str, &str)]) -> Option<String> {
    if response.status != 200 || !response.is_from_application() {
        return Some("refused".to_owned());
    }
    let expected: BTreeMap<_, _> =
        identity.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let one = |name: &&'static str| Some((*name, response.echoed_value(name)?));
    let got: BTreeMap<_, _> = system.identity.iter().filter_map(one).collect();
    if got != expected {
        return Some(format!("{got:?}, not {expected:?}"));
    }
    let mut credentials = system.credentials.iter().filter(|_| !identity.is_empty());
    let shown = credentials.find(|name| response.echoed_value(name).is_some());
    shown.map(|name| format!("the application sees {name}"))
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
