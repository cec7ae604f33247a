//! A guard whose keys and tenants live elsewhere: an identity provider and a
//! directory that a test runs, and the document that names them.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenant_guard_tests::token::Key;
use tenant_guard_tests::{
    Connection, Directory, Envoy, EnvoyBuilder, Protocol, Provider, Request, worker_filter,
};

use super::{key_entry, with};

/// The provider and the directory. The tenants acme and globex are in the
/// directory, inline is in the document.
pub struct Elsewhere {
    pub provider: Provider,
    pub directory: Directory,
}

impl Elsewhere {
    pub fn start() -> Elsewhere {
        let (provider, directory) = (Provider::start(), Directory::start());
        provider.publish(&[&Key::es256("one")]);
        let elsewhere = Elsewhere { provider, directory };
        elsewhere.limit("1000000/day");
        elsewhere
    }

    /// Limits the requests of acme. Up to 10,000 are counted one by one.
    pub fn limit(&self, rate: &str) {
        self.directory.publish(json!({"version": 1, "tenants": [
            {"id": "acme", "limits": {"requests": rate}},
            {"id": "globex", "clients": [{"id": "web", "keys": [key_entry("g", "globex-key")]}]},
        ]}));
    }

    /// Neither answers any more.
    pub fn stop(&self) {
        self.provider.stub().stop();
        self.directory.stub().stop();
    }

    /// Both answer again.
    pub fn resume(&self) {
        self.provider.stub().resume();
        self.directory.stub().resume();
    }

    /// How often keys and tenants were fetched.
    pub fn fetches(&self) -> (usize, usize) {
        let keys = self.provider.stub().count(Provider::JWKS);
        (keys, self.directory.stub().count(Directory::PATH))
    }

    /// The document, with `keys` over `jwks_uri` and `more` over all of it.
    pub fn document(&self, keys: Value, more: Value) -> Value {
        let source = json!({"cluster": "idp", "uri": "https://idp.example.com/jwks"});
        let base = json!({
            "version": 1,
            "jwt": {"issuers": [{
                "issuer": self.provider.issuer(), "name": "idp", "audiences": ["api"],
                "keys": {"jwks_uri": with(source, keys)},
                "tenant": {"claims": ["tenant"], "any_tenant": true},
            }]},
            "tenants": [{"id": "inline", "clients": [
                {"id": "web", "keys": [key_entry("i", "inline-key")]}]}],
            "directory": {"cluster": "control-plane", "uri": "https://control-plane/tenants"},
        });
        with(base, more)
    }

    /// An Envoy that knows both clusters and tells its workers apart.
    pub fn envoy(&self, document: Value) -> EnvoyBuilder {
        EnvoyBuilder::new(document)
            .workers(4)
            .filter_before(worker_filter())
            .cluster_at("idp", self.provider.address(), Protocol::H1)
            .cluster_at("control-plane", self.directory.address(), Protocol::H1)
    }

    /// A request of this tenant, signed by the key of this name.
    pub fn signed(&self, key: &str, tenant: &str) -> Request {
        let token = self.provider.token(&Key::es256(key), json!({"tenant": tenant}));
        Request::get("/").bearer(token)
    }
}

/// A connection to each worker, by the worker's name.
pub fn connections(envoy: &Envoy, workers: usize) -> Vec<(String, Connection)> {
    let mut found: Vec<(String, Connection)> = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(10);
    while found.len() < workers {
        assert!(Instant::now() < deadline, "{} of {workers} workers", found.len());
        let (worker, connection) = connection(envoy);
        if found.iter().all(|(known, _)| *known != worker) {
            found.push((worker, connection));
        }
    }
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    found
}

/// Another connection to this worker.
pub fn connection_to(envoy: &Envoy, worker: &str) -> Connection {
    loop {
        let (found, connection) = connection(envoy);
        if found == worker {
            return connection;
        }
    }
}

/// A connection, and the worker that has it.
fn connection(envoy: &Envoy) -> (String, Connection) {
    let mut connection = envoy.connect(Protocol::H1);
    let response = connection.send(&Request::get("/")).expect("it is refused");
    let worker = response.header("x-test-worker").expect("the filter says it").to_owned();
    (worker, connection)
}

/// Waits until it is so; panics after 20 s.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
