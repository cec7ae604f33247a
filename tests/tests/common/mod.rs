//! What the tests of the guard in Envoy share.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod elsewhere;
pub mod fragile;
pub mod limits;

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key, sha256_hex};
use tenant_guard_tests::{Envoy, EnvoyBuilder, Protocol, Request, Response, for_each_protocol};

/// An Envoy with one worker and one with four, started once in a test binary.
pub struct Fleet {
    builder: fn() -> EnvoyBuilder,
    envoys: OnceLock<Vec<Envoy>>,
}

impl Fleet {
    pub const fn new(builder: fn() -> EnvoyBuilder) -> Fleet {
        Fleet { builder, envoys: OnceLock::new() }
    }

    pub fn envoys(&self) -> &[Envoy] {
        self.envoys.get_or_init(|| {
            thread::scope(|scope| {
                let start = |workers| move || (self.builder)().workers(workers).start();
                let starting = [1, 4].map(|workers| scope.spawn(start(workers)));
                starting.map(|envoy| envoy.join().expect("Envoy starts")).into()
            })
        })
    }

    /// Runs `test` in both Envoys, over HTTP/1.1 and over HTTP/2; then looks
    /// whether the logs say what the responses said.
    pub fn everywhere(&self, test: impl Fn(&mut Session<'_>)) {
        for envoy in self.envoys() {
            for_each_protocol(|over| {
                let mut session = Session::new(envoy, over);
                test(&mut session);
                session.finish();
            });
        }
    }
}

/// Requests over one protocol, each with a marker, by which the logs are
/// searched for it at the end.
pub struct Session<'e> {
    pub envoy: &'e Envoy,
    pub over: Protocol,
    sent: Vec<Sent>,
    finished: bool,
}

struct Sent {
    marker: String,
    request: String,
    status: u16,
    details: String,
    decision: Value,
}

impl<'e> Session<'e> {
    pub fn new(envoy: &'e Envoy, over: Protocol) -> Session<'e> {
        Session { envoy, over, sent: Vec::new(), finished: false }
    }

    /// The request goes on with its identity.
    pub fn allowed(&mut self, request: Request) -> Response {
        self.passed(request, json!("allow"))
    }

    /// The request goes on and is resolved to this tenant.
    pub fn allowed_as(&mut self, request: Request, tenant: &str) -> Response {
        let text = format!("{request:?}");
        let response = self.allowed(request);
        let got = response.echoed_value("x-tenant-id");
        assert_eq!(got.as_deref(), Some(tenant), "{text}: {response:?}");
        response
    }

    /// The request goes on with this decision in the filter state.
    pub fn passed(&mut self, request: Request, decision: Value) -> Response {
        let response = self.send(request, 200, "via_upstream", decision);
        assert!(response.is_from_application(), "{:?}: {response:?}", self.last());
        response
    }

    /// The guard answers, with this status and code.
    pub fn refused(&mut self, request: Request, status: u16, code: &str) -> Response {
        let response = self.send(request, status, &format!("tenant_guard.{code}"), json!(null));
        let head = self.last().contains("\"HEAD\"");
        if response.grpc_status().is_none() && !head {
            assert_eq!(response.code().as_deref(), Some(code), "{:?}: {response:?}", self.last());
        }
        response
    }

    /// The backstop answers: the guard let it go on as `shadow`.
    pub fn backstopped(&mut self, request: Request) -> Response {
        let details = "rbac_access_denied_matched_policy[none]";
        self.send(request, 403, details, json!("shadow"))
    }

    fn send(&mut self, request: Request, status: u16, details: &str, decision: Value) -> Response {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let marker = format!("request-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let request = request.over(self.over).marker(&marker);
        let text = format!("{request:?}");
        let response = self.envoy.send(&request);
        let from_application = response.is_from_application();
        assert_eq!(response.status, status, "{text}: {response:?}");
        assert_eq!(from_application, details == "via_upstream", "{text}: {response:?}");
        let details = details.to_owned();
        self.sent.push(Sent { marker, request: text, status, details, decision });
        response
    }

    fn last(&self) -> &str {
        self.sent.last().map_or("", |sent| &sent.request)
    }

    /// The access-log line of the request that was sent last.
    pub fn last_line(&self) -> Value {
        self.envoy.access_line(&self.sent.last().expect("a request was sent").marker)
    }

    /// Compares both logs with what was expected of each request.
    pub fn finish(mut self) {
        self.finished = true;
        let lines = self.lines();
        let log = self.envoy.application_log();
        let mut reached: HashMap<&str, usize> = HashMap::new();
        for line in &log {
            *reached.entry(line["marker"].as_str().unwrap_or_default()).or_default() += 1;
        }
        for sent in &self.sent {
            let line = &lines[&sent.marker];
            assert_eq!(line["status"], sent.status, "{}: {line}", sent.request);
            assert_eq!(line["code"], sent.details.as_str(), "{}: {line}", sent.request);
            assert_eq!(line["decision"], sent.decision, "{}: {line}", sent.request);
            let times = usize::from(sent.details == "via_upstream");
            let found = reached.get(sent.marker.as_str()).copied().unwrap_or_default();
            assert_eq!(found, times, "the application saw {}", sent.request);
        }
    }

    /// The access log by marker, once every request of this session is in it.
    fn lines(&self) -> HashMap<String, Value> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let lines = self.envoy.access_log(0).into_iter();
            let lines: HashMap<_, _> = lines
                .map(|line| (line["marker"].as_str().unwrap_or_default().to_owned(), line))
                .collect();
            if self.sent.iter().all(|sent| lines.contains_key(&sent.marker)) {
                return lines;
            }
            assert!(Instant::now() < deadline, "the access log misses requests");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        assert!(self.finished || thread::panicking(), "a session must be finished");
        if thread::panicking() {
            let log = self.envoy.log();
            let start = log.char_indices().rev().nth(2000).map_or(0, |(at, _)| at);
            eprintln!("--- end of Envoy's log ---\n{}", &log[start..]);
        }
    }
}

/// The identity provider `https://NAME.example.com/`, with a key of its own.
pub fn idp(name: &str) -> Issuer {
    Issuer::new(&format!("https://{name}.example.com/"), Key::eddsa(name))
}

/// A key entry for this secret.
pub fn key_entry(id: &str, secret: &str) -> Value {
    json!({"id": id, "sha256": sha256_hex(secret)})
}

/// `base` with `more` over it, objects field by field.
pub fn with(mut base: Value, more: Value) -> Value {
    merge(&mut base, more);
    base
}

fn merge(base: &mut Value, more: Value) {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            for (name, value) in more {
                merge(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, more) => *base = more,
    }
}

/// What the application got besides what every request has: pseudo-headers,
/// Envoy's own headers and the test's marker. Sorted, as text.
pub fn received(response: &Response) -> BTreeMap<String, String> {
    let usual = ["x-test-id", "x-request-id", "content-length", "transfer-encoding", "te"];
    let mut received = BTreeMap::new();
    for (name, value) in response.echoed() {
        let envoys = name.starts_with("x-forwarded-") || name.starts_with("x-envoy-");
        if name.starts_with(':') || envoys || usual.contains(&name.as_str()) {
            continue;
        }
        let value = String::from_utf8_lossy(&value).into_owned();
        let before = received.insert(name.clone(), value);
        assert_eq!(before, None, "{name} reached the application twice: {response:?}");
    }
    received
}

/// Name and value pairs as [`received`] gives them.
pub fn headers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
