//! What the tests of keys that live elsewhere share.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenant_guard_tests::token::{Issuer, Key, jwks};
use tenant_guard_tests::{
    Connection, Envoy, EnvoyBuilder, Protocol, Provider, Reply, Request, Response, worker_filter,
};

/// How long something may take that is expected to happen.
const WAIT: Duration = Duration::from_secs(10);

pub const WORKERS: usize = 4;

/// An identity provider, behind a cluster of its own name.
pub struct Idp {
    pub name: String,
    pub provider: Provider,
}

impl Idp {
    /// `https://NAME.example.com/`, which publishes these keys.
    pub fn start(name: &str, keys: &[&Key]) -> Idp {
        let provider = Provider::named(&format!("https://{name}.example.com/"));
        provider.publish(keys);
        Idp { name: name.to_owned(), provider }
    }

    /// Where its keys are, as `keys` of an issuer has it; `more` over it.
    pub fn jwks_uri(&self, more: Value) -> Value {
        let uri = format!("https://{}.example.com{}", self.name, Provider::JWKS);
        let mut place = json!({"cluster": self.name, "uri": uri});
        place.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"jwks_uri": place})
    }

    /// The same by discovery; where that belongs.
    pub fn discovery(&self, more: Value) -> Value {
        let path = self.provider.discovery_path();
        let uri = format!("https://{}.example.com{path}", self.name);
        let mut place = json!({"cluster": self.name, "uri": uri});
        place.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"discovery": place})
    }

    /// An entry of `jwt.issuers` with these keys.
    pub fn issuer(&self, keys: Value) -> Value {
        json!({
            "issuer": self.provider.issuer(), "name": self.name, "audiences": ["api"],
            "keys": keys, "tenant": {"claims": ["tenant"], "any_tenant": true},
        })
    }

    /// A token of a subject, for acme.
    pub fn token(&self, key: &Key, subject: &str) -> String {
        self.provider.token(key, json!({"tenant": "acme", "sub": subject}))
    }

    /// A request with a token of a subject.
    pub fn request(&self, key: &Key, subject: &str) -> Request {
        Request::get("/things").bearer(self.token(key, subject))
    }

    /// How often its keys were fetched.
    pub fn fetches(&self) -> usize {
        self.provider.stub().count(Provider::JWKS)
    }

    /// Waits until its keys are fetched so often more.
    pub fn wait_for_more(&self, count: usize) {
        self.provider.stub().wait_for(Provider::JWKS, self.fetches() + count);
    }
}

/// An Envoy with four workers, each of which says who it is, and a cluster for
/// each provider. `more` goes over the document.
pub fn builder(idps: &[&Idp], issuers: Vec<Value>, more: Value) -> EnvoyBuilder {
    let mut document = json!({
        "version": 1,
        "jwt": {"issuers": issuers},
        "tenants": [{"id": "acme"}],
        "routes": [{"match": {"path": "/public"}, "auth": "none"}, {"match": {"path": "/**"}}],
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let builder = EnvoyBuilder::new(document).workers(WORKERS).filter_before(worker_filter());
    idps.iter().fold(builder, |builder, idp| {
        builder.cluster_at(&idp.name, idp.provider.address(), Protocol::H1)
    })
}

/// An issuer with keys of its own, which needs nobody.
pub fn inline() -> Issuer {
    Issuer::new("https://inline.example.com/", Key::eddsa("inline"))
}

/// Its entry of `jwt.issuers`.
pub fn inline_issuer() -> Value {
    inline().config(json!({"tenant": {"claims": ["tenant"], "any_tenant": true}}))
}

/// A request with a token of [`inline`].
pub fn inline_request() -> Request {
    Request::get("/things").bearer(inline().token(json!({"tenant": "acme"})))
}

/// A connection to each worker.
pub struct Crew(BTreeMap<String, Connection>);

impl Crew {
    pub fn of(envoy: &Envoy) -> Crew {
        let mut crew = BTreeMap::new();
        let deadline = Instant::now() + WAIT;
        while crew.len() < WORKERS {
            assert!(Instant::now() < deadline, "only {:?} answer", crew.keys());
            let mut connection = envoy.connect(Protocol::H1);
            let response = connection.send(&Request::get("/public")).unwrap();
            crew.entry(worker(&response)).or_insert(connection);
        }
        Crew(crew)
    }

    /// What each worker answers to a request.
    pub fn send(&mut self, request: &Request) -> Vec<Response> {
        let ask = |(name, connection): (&String, &mut Connection)| {
            let response = connection.send(request).expect("a worker answers");
            assert_eq!(worker(&response), *name);
            response
        };
        self.0.iter_mut().map(ask).collect()
    }

    /// Asserts what all workers say.
    pub fn say(&mut self, request: &Request, outcome: &str) {
        let said: Vec<String> = self.send(request).iter().map(said).collect();
        assert_eq!(said, vec![outcome; WORKERS], "{request:?}");
    }

    /// Waits until all workers say that; gives how long it took.
    pub fn wait_until_all_say(&mut self, request: &Request, outcome: &str) -> Duration {
        let start = Instant::now();
        eventually(&format!("all say {outcome}"), || {
            self.send(request).iter().all(|response| said(response) == outcome)
        });
        start.elapsed()
    }
}

fn worker(response: &Response) -> String {
    response.header("x-test-worker").expect("a worker says who it is").to_owned()
}

/// `pass`, or status and code of a refusal.
pub fn said(response: &Response) -> String {
    if response.is_from_application() {
        let tenant = response.echoed_value("x-tenant-id");
        assert_eq!(tenant.as_deref(), Some("acme"), "{response:?}");
        return "pass".to_owned();
    }
    format!("{} {}", response.status, response.code().unwrap_or_default())
}

/// What the guard says to a request, and how long that took.
pub fn timed(envoy: &Envoy, request: &Request) -> (String, Duration) {
    let start = Instant::now();
    let response = envoy.send(request);
    (said(&response), start.elapsed())
}

/// Waits until something is so; panics after 10 s.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + WAIT;
    while !is_so() {
        assert!(Instant::now() < deadline, "never so: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The lines of the guard in Envoy's log that tell of a source's keys.
pub fn lines_of(log: &str, name: &str) -> Vec<String> {
    let label = format!("tenant_guard: keys of {name}: ");
    let told = log.lines().filter_map(|line| Some(line.split_once(&label)?.1.trim().to_owned()));
    told.collect()
}

/// A key set, for replies that aren't as they should be.
pub fn key_set(keys: &[&Key]) -> Reply {
    Reply::json(&jwks(keys))
}

/// A counter or gauge of the guard; 0 where there is none yet.
pub fn metric(envoy: &Envoy, name: &str) -> u64 {
    envoy.stat(&format!("wasmcustom.tenant_guard.{name}")).unwrap_or_default()
}
