//! What the tests of a fetched directory share: an Envoy with four workers
//! whose tenants a test publishes.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenant_guard_tests::token::sha256_hex;
use tenant_guard_tests::{
    Connection, Directory, Envoy, EnvoyBuilder, Protocol, Request, Response, worker_filter,
};

pub const WORKERS: usize = 4;
const WAIT: Duration = Duration::from_secs(10);

/// The key of the tenant that tells which document is in force.
const PROBE: &str = "the-key-of-the-probe";

/// `document` with a directory that is fetched often; `more` over that section.
pub fn with_directory(mut document: Value, more: Value) -> Value {
    document["version"] = json!(1);
    document["directory"] = json!({
        "cluster": "control", "uri": "https://control.test/tenants",
        "refresh": "100ms", "timeout": "1s",
    });
    for (name, value) in more.as_object().expect("a section is an object") {
        document["directory"][name] = value.clone();
    }
    document
}

/// An Envoy with that document, and the directory as its cluster `control`.
pub fn builder(document: Value, directory: &Directory) -> EnvoyBuilder {
    EnvoyBuilder::new(document)
        .workers(WORKERS)
        .filter_before(worker_filter())
        .cluster_at("control", directory.address(), Protocol::H1)
        .log_level("info")
}

/// One test binary's Envoy and directory, for one test at a time.
pub struct Shared {
    start: fn() -> World,
    world: OnceLock<Mutex<World>>,
}

impl Shared {
    pub const fn new(start: fn() -> World) -> Shared {
        Shared { start, world: OnceLock::new() }
    }

    /// With no tenants, and nothing revoked.
    pub fn empty(&self) -> MutexGuard<'_, World> {
        let world = self.world.get_or_init(|| Mutex::new((self.start)()));
        let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
        world.publish(json!([]));
        world
    }
}

/// An Envoy with a directory.
pub struct World {
    pub directory: Directory,
    pub envoy: Envoy,
    workers: BTreeMap<String, Connection>,
    published: usize,
}

impl World {
    pub fn start(document: Value) -> World {
        World::start_with(document, Directory::start(), |builder| builder)
    }

    /// The same with more in Envoy than the cluster of the directory.
    pub fn start_with(
        document: Value,
        directory: Directory,
        more: impl FnOnce(EnvoyBuilder) -> EnvoyBuilder,
    ) -> World {
        let envoy = more(builder(document, &directory)).start();
        let workers = connections(&envoy);
        World { directory, envoy, workers, published: 0 }
    }

    /// Publishes these tenants and waits until all workers answer to them.
    pub fn publish(&mut self, tenants: Value) {
        self.publish_with(tenants, json!({}));
    }

    /// The same, with more top-level fields.
    pub fn publish_with(&mut self, tenants: Value, more: Value) {
        let mut document = json!({"version": 1, "tenants": tenants});
        self.published += 1;
        let version = format!("v{}", self.published);
        let keys = json!([{"id": "probe", "sha256": sha256_hex(PROBE)}]);
        let probe = json!({"id": "probe", "clients": [{"id": version, "keys": keys}]});
        document["tenants"].as_array_mut().expect("a list of tenants").push(probe);
        for (name, value) in more.as_object().expect("fields") {
            document[name] = value.clone();
        }
        self.directory.publish(document);
        let expected = format!("probe {version} probe");
        self.wait_for(&Request::get("/").api_key(PROBE), &expected);
    }

    /// What all workers say to a request, see [`said`]; they must agree.
    pub fn says(&mut self, request: &Request) -> String {
        let all = self.each(request);
        let mut all = all.into_iter().map(|(worker, response)| (worker, said(&response)));
        let (_, first) = all.next().expect("a worker");
        for (worker, other) in all {
            assert_eq!(other, first, "{worker}: {request:?}");
        }
        first
    }

    /// Waits until all workers say that.
    pub fn wait_for(&mut self, request: &Request, expected: &str) {
        let deadline = Instant::now() + WAIT;
        loop {
            let all = self.each(request);
            let all: Vec<_> = all.iter().map(|(worker, r)| (worker, said(r))).collect();
            if all.iter().all(|(_, said)| said == expected) {
                return;
            }
            let late = Instant::now() > deadline;
            assert!(!late, "{request:?}: not {expected:?} but {all:?}\n{}", self.envoy.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Each worker's answer.
    pub fn each(&mut self, request: &Request) -> Vec<(String, Response)> {
        let mut answers = Vec::new();
        for connection in self.workers.values_mut() {
            connection.start(request);
        }
        for (worker, connection) in &mut self.workers {
            let response = connection.next_response();
            let response = response.unwrap_or_else(|why| panic!("{worker}: {request:?}: {why:?}"));
            assert_eq!(response.header("x-test-worker"), Some(worker.as_str()));
            answers.push((worker.clone(), response));
        }
        answers
    }

    /// A counter or gauge of the guard.
    pub fn metric(&self, name: &str) -> Option<u64> {
        self.envoy.stat(&format!("wasmcustom.tenant_guard.{name}"))
    }

    /// Waits until a gauge, which workers set once a second, is so.
    pub fn wait_for_gauge(&self, name: &str, is_so: impl Fn(u64) -> bool) {
        let deadline = Instant::now() + WAIT;
        while !self.metric(name).is_some_and(&is_so) {
            assert!(Instant::now() < deadline, "{name}: {:?}", self.metric(name));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until so many more fetches of the directory failed.
    pub fn wait_for_failures(&self, more: u64) {
        self.wait_for_count("directory.failures", more);
    }

    /// Waits until a counter has grown by so many.
    pub fn wait_for_count(&self, name: &str, more: u64) {
        let goal = self.metric(name).expect("it is counted") + more;
        let deadline = Instant::now() + WAIT;
        while self.metric(name) < Some(goal) {
            assert!(Instant::now() < deadline, "{name} isn't {goal}:\n{}", self.envoy.log());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A connection to each worker: which one takes a connection is chance.
fn connections(envoy: &Envoy) -> BTreeMap<String, Connection> {
    let mut workers = BTreeMap::new();
    let deadline = Instant::now() + WAIT;
    while workers.len() < WORKERS {
        assert!(Instant::now() < deadline, "some worker gets no connections");
        let mut connection = envoy.connect(Protocol::H1);
        let response = connection.send(&Request::get("/")).expect("an answer");
        let worker = response.header("x-test-worker").expect("the worker filter").to_owned();
        workers.entry(worker).or_insert(connection);
    }
    workers
}

/// Who the application was told it is: tenant, client, key and subject, those
/// that there are. Otherwise status and code.
pub fn said(response: &Response) -> String {
    if !response.is_from_application() {
        let code = response.code().unwrap_or_else(|| panic!("no problem: {response:?}"));
        return format!("{} {code}", response.status);
    }
    let told = ["x-tenant-id", "x-client-id", "x-key-id", "x-user-id"];
    let told = told.iter().filter_map(|name| response.echoed_value(name));
    told.collect::<Vec<_>>().join(" ")
}

/// A tenant with one client `web`, which has one key.
pub fn tenant(id: &str, secret: &str) -> Value {
    let keys = json!([{"id": "main", "sha256": sha256_hex(secret)}]);
    json!({"id": id, "clients": [{"id": "web", "keys": keys}]})
}

/// A request with this API key.
pub fn by_key(secret: &str) -> Request {
    Request::get("/").api_key(secret)
}
