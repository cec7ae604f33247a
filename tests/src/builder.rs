//! How an Envoy is set up for a test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, net::SocketAddr, process::Command, thread};

use serde_json::{Value, json};

use crate::config::{self, Settings};
use crate::envoy::Envoy;
use crate::message::{Protocol, Request};
use crate::process::{self, Process};

/// Compiling the plugin takes a while where many Envoys start at once.
const START: Duration = Duration::from_secs(90);

/// Chooses how an Envoy is set up; `start` runs it.
#[derive(Clone, Debug)]
pub struct EnvoyBuilder(pub(crate) Settings);

impl EnvoyBuilder {
    /// An Envoy whose guard gets this document: a JSON object, or (`Value::String`,
    /// `&str`, `String`) its exact text.
    pub fn new(document: impl Into<Value>) -> EnvoyBuilder {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        EnvoyBuilder(Settings {
            document: document.into(),
            as_struct: false,
            plugin: plugin_file(),
            workers: 1,
            guard: true,
            backstop: true,
            hardened: true,
            trusted_hops: None,
            peer_filter: true,
            environment: Vec::new(),
            vm_id: format!("tenant_guard_{number}"),
            failure_policy: "FAIL_RELOAD".to_owned(),
            upgrades: Vec::new(),
            trailers: true,
            application: Protocol::H2,
            routes: Vec::new(),
            filters_before: Vec::new(),
            filters_after: Vec::new(),
            clusters: Vec::new(),
            hcm: json!({}),
            log_level: "warning".to_owned(),
            reconfigurable: false,
            discovered: false,
            more: Vec::new(),
            drain_seconds: None,
            whole: None,
        })
    }

    /// An Envoy of this whole configuration, as it is. Of what the builder can
    /// choose only workers, log level and `env` count, and those are then
    /// variables of Envoy itself. Its guarded listener is called `guarded`.
    pub fn whole(config: Value) -> EnvoyBuilder {
        let mut builder = EnvoyBuilder::new(json!({}));
        builder.0.whole = Some(config);
        builder
    }

    /// An Envoy without guard and backstop.
    pub fn bare() -> EnvoyBuilder {
        EnvoyBuilder::new(json!({})).without_guard().backstop(false)
    }

    /// Worker threads (default 1).
    pub fn workers(mut self, workers: usize) -> Self {
        self.0.workers = workers;
        self
    }

    /// The settings that the README asks for (default true). False: none of
    /// them, so that also the client's address comes from X-Forwarded-For.
    pub fn hardened(mut self, hardened: bool) -> Self {
        self.0.hardened = hardened;
        self
    }

    /// `use_remote_address` with this `xff_num_trusted_hops`: with 1 a test
    /// chooses the client's address by an x-forwarded-for header.
    pub fn trusted_hops(mut self, hops: u32) -> Self {
        self.0.trusted_hops = Some(hops);
        self
    }

    /// The RBAC filter behind the guard (default true).
    pub fn backstop(mut self, backstop: bool) -> Self {
        self.0.backstop = backstop;
        self
    }

    /// Leaves the guard out; the backstop stays.
    pub fn without_guard(mut self) -> Self {
        self.0.guard = false;
        self
    }

    /// The filter before the guard that sets `tenant_guard.peer` (default true).
    pub fn peer_filter(mut self, peer_filter: bool) -> Self {
        self.0.peer_filter = peer_filter;
        self
    }

    /// Hands the document over as a `Struct` (default: `StringValue`).
    pub fn as_struct(mut self) -> Self {
        self.0.as_struct = true;
        self
    }

    /// Another plugin file.
    pub fn plugin(mut self, path: impl Into<PathBuf>) -> Self {
        self.0.plugin = path.into();
        self
    }

    /// A variable of the VM's environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another `vm_id` (default: unique per builder), the empty one too.
    pub fn vm_id(mut self, vm_id: &str) -> Self {
        self.0.vm_id = vm_id.to_owned();
        self
    }

    /// Another `failure_policy` (default `FAIL_RELOAD`).
    pub fn failure_policy(mut self, policy: &str) -> Self {
        self.0.failure_policy = policy.to_owned();
        self
    }

    /// Allows an upgrade: `websocket`, `CONNECT`. A CONNECT is proxied as a CONNECT.
    pub fn upgrade(mut self, kind: &str) -> Self {
        self.0.upgrades.push(kind.to_owned());
        self
    }

    /// Trailers over HTTP/1.1 (default true).
    pub fn http1_trailers(mut self, trailers: bool) -> Self {
        self.0.trailers = trailers;
        self
    }

    /// How Envoy speaks to the application (default H2, which keeps trailers).
    pub fn application(mut self, protocol: Protocol) -> Self {
        self.0.application = protocol;
        self
    }

    /// A route before the catch-all; clusters `app_h1` and `app_h2` are the application.
    pub fn route(mut self, route: Value) -> Self {
        self.0.routes.push(route);
        self
    }

    /// An HTTP filter before the guard (and before the peer filter).
    pub fn filter_before(mut self, filter: Value) -> Self {
        self.0.filters_before.push(filter);
        self
    }

    /// An HTTP filter after guard and backstop.
    pub fn filter_after(mut self, filter: Value) -> Self {
        self.0.filters_after.push(filter);
        self
    }

    /// A cluster, as Envoy wants it.
    pub fn cluster(mut self, cluster: Value) -> Self {
        self.0.clusters.push(cluster);
        self
    }

    /// A cluster of one address, for a `Stub` or any other server of the test.
    pub fn cluster_at(self, name: &str, address: SocketAddr, protocol: Protocol) -> Self {
        self.cluster(config::cluster(name, address, protocol))
    }

    /// Any fields of the guarded listener's HttpConnectionManager, put over the rest.
    pub fn hcm(mut self, fields: Value) -> Self {
        self.0.hcm = fields;
        self
    }

    /// Envoy's log level, and with it the plugin's (default `warning`).
    pub fn log_level(mut self, level: &str) -> Self {
        self.0.log_level = level.to_owned();
        self
    }

    /// Takes the guarded listener from a file, so that `Envoy::reconfigure` can
    /// give the guard another document.
    pub fn reconfigurable(mut self) -> Self {
        self.0.reconfigurable = true;
        self
    }

    /// Takes the guard's filter from a file (ECDS) in a listener that stays, so
    /// that `Envoy::reconfigure` changes it for open connections too.
    pub fn discovered(mut self) -> Self {
        self.0.discovered = true;
        self
    }

    /// Another listener like the guarded one, whose guard has this document;
    /// `Envoy::listener` knows the first of them as `guarded_1`.
    pub fn also(mut self, document: impl Into<Value>) -> Self {
        self.0.more.push(document.into());
        self
    }

    /// How long connections keep the configuration that they began with
    /// (Envoy's default: 10 minutes).
    pub fn drain_seconds(mut self, seconds: u32) -> Self {
        self.0.drain_seconds = Some(seconds);
        self
    }

    /// Starts it; panics with Envoy's log where it doesn't start.
    pub fn start(self) -> Envoy {
        self.try_start().unwrap_or_else(|log| panic!("Envoy did not start:\n{log}"))
    }

    /// Starts it, or gives the log of an Envoy that ended instead.
    pub fn try_start(self) -> Result<Envoy, String> {
        let dir = self.write();
        let mut process = Process::start(&dir, &self.options(), self.variables());
        match addresses(&mut process, &dir) {
            Ok((address, admin)) => Ok(Envoy::new(process, dir, address, admin, self.0)),
            Err(why) => {
                let log = fs::read(dir.join("envoy.log")).unwrap_or_default();
                process.stop(false);
                Err(format!("{}\n{why}", String::from_utf8_lossy(&log)))
            }
        }
    }

    /// `envoy --mode validate`: whether it is content, and what it said.
    pub fn validate(self) -> (bool, String) {
        let dir = self.write();
        run_validate(&dir, "config.json", &["--log-level", &self.0.log_level], &[])
    }

    /// Envoy's command line.
    fn options(&self) -> Vec<String> {
        let mut options = vec!["--concurrency".to_owned(), self.0.workers.to_string()];
        options.extend(["--log-level".to_owned(), self.0.log_level.clone()]);
        if let Some(seconds) = self.0.drain_seconds {
            options.extend(["--drain-time-s".to_owned(), seconds.to_string()]);
        }
        options
    }

    /// Envoy's own variables.
    fn variables(&self) -> &[(String, String)] {
        if self.0.whole.is_some() { &self.0.environment } else { &[] }
    }

    fn write(&self) -> PathBuf {
        assert!(
            !self.0.guard || self.0.plugin.is_file(),
            "no plugin at {}: run `make build`, or set PLUGIN",
            self.0.plugin.display()
        );
        let dir = process::fresh_dir();
        let config = match &self.0.whole {
            Some(whole) => whole.clone(),
            None => config::bootstrap(&self.0, &dir),
        };
        fs::write(dir.join("config.json"), serde_json::to_vec_pretty(&config).unwrap()).unwrap();
        if self.0.reconfigurable {
            config::write_listeners(&self.0, &dir);
        }
        if self.0.discovered {
            config::write_filter(&self.0, &dir);
        }
        dir
    }
}

/// `EnvoyBuilder::new(document).validate()`.
pub fn validate(document: impl Into<Value>) -> (bool, String) {
    EnvoyBuilder::new(document).validate()
}

/// `envoy --mode validate` of a whole configuration in YAML, with these
/// variables in Envoy's environment: whether it is content, and what it said.
pub fn validate_yaml(config: &str, environment: &[(&str, &str)]) -> (bool, String) {
    let dir = process::fresh_dir();
    fs::write(dir.join("config.yaml"), config).unwrap();
    run_validate(&dir, "config.yaml", &[], environment)
}

/// Runs it on a file of a folder, and removes the folder.
fn run_validate(
    dir: &Path,
    file: &str,
    options: &[&str],
    environment: &[(&str, &str)],
) -> (bool, String) {
    let output = Command::new(process::binary())
        .args(["--mode", "validate", "--disable-hot-restart"])
        .args(options)
        .arg("-c")
        .arg(dir.join(file))
        .envs(environment.iter().copied())
        .output()
        .expect("Envoy starts");
    let _ = fs::remove_dir_all(dir);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Where the plugin is: `PLUGIN`, or where `make build` leaves it.
pub fn plugin_file() -> PathBuf {
    std::env::var_os("PLUGIN").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tenant-guard.wasm"),
        PathBuf::from,
    )
}

/// Waits until Envoy is ready; the addresses of the guarded listener and of the admin API.
pub(crate) fn addresses(
    process: &mut Process,
    dir: &Path,
) -> Result<(SocketAddr, SocketAddr), String> {
    let deadline = Instant::now() + START;
    let mut admin = None;
    while Instant::now() < deadline {
        if let Some(how) = process.ended() {
            return Err(format!("(Envoy ended: {how})"));
        }
        if admin.is_none() {
            admin = fs::read_to_string(dir.join("admin"))
                .ok()
                .and_then(|text| text.trim().parse().ok());
        }
        if let Some(admin) = admin {
            let ready = crate::client::ask(admin, &Request::get("/ready"));
            if ready.is_ok_and(|ready| ready.status == 200) {
                let list = crate::client::ask(admin, &Request::get("/listeners?format=json"))
                    .map_err(|failure| format!("{failure:?}"))?;
                if let Some(address) = listener(&list.json(), "guarded") {
                    return Ok((address, admin));
                }
            }
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err(format!("(Envoy was not ready within {START:?})"))
}

pub(crate) fn listener(list: &Value, name: &str) -> Option<SocketAddr> {
    let listeners = list["listener_statuses"].as_array()?;
    let found = listeners.iter().find(|listener| listener["name"] == name)?;
    let address = &found["local_address"]["socket_address"];
    let port = u16::try_from(address["port_value"].as_u64()?).ok()?;
    (port != 0).then(|| SocketAddr::from(([127, 0, 0, 1], port)))
}
