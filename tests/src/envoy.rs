//! A real Envoy with the guard in it, running.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{fs, net::SocketAddr, thread};

use serde_json::Value;

use crate::builder::listener;
use crate::client::{Connection, Failure};
use crate::config::{self, Settings};
use crate::message::{Protocol, Request, Response};
use crate::process::Process;

const WAIT: Duration = Duration::from_secs(10);
const ECDS_RELOADS: &str = "extension_config_discovery.http_filter.tenant_guard.config_reload";
const ECDS_REFUSALS: &str = "extension_config_discovery.http_filter.tenant_guard.update_rejected";

/// A running Envoy, ended when dropped. May be shared between threads, and be
/// a static: a watchdog ends it with the test process.
///
/// `KEEP=1` in the environment keeps its folder (configuration, logs).
#[derive(Debug)]
pub struct Envoy {
    process: Mutex<Process>,
    dir: PathBuf,
    address: SocketAddr,
    admin: SocketAddr,
    settings: Mutex<Settings>,
}

impl Envoy {
    pub(crate) fn new(
        process: Process,
        dir: PathBuf,
        address: SocketAddr,
        admin: SocketAddr,
        settings: Settings,
    ) -> Self {
        let settings = Mutex::new(settings);
        Self { process: Mutex::new(process), dir, address, admin, settings }
    }

    /// Where the guarded listener listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where another listener listens, see `EnvoyBuilder::also`.
    pub fn listener(&self, name: &str) -> SocketAddr {
        let list: Value = serde_json::from_str(&self.admin("/listeners?format=json")).unwrap();
        listener(&list, name).unwrap_or_else(|| panic!("no listener {name}: {list}"))
    }

    /// Sends a request over a connection of its own; panics where no response comes.
    pub fn send(&self, request: &Request) -> Response {
        self.try_send(request).unwrap_or_else(|failure| {
            panic!("no response to {request:?}: {failure:?}\nEnvoy's log:\n{}", self.log())
        })
    }

    /// Sends a request over a connection of its own.
    pub fn try_send(&self, request: &Request) -> Result<Response, Failure> {
        crate::client::ask(self.address, request)
    }

    /// A GET over HTTP/1.1.
    pub fn get(&self, path: &str) -> Response {
        self.send(&Request::get(path))
    }

    /// Sends any bytes on a connection of their own and reads one HTTP/1.1 response.
    pub fn send_raw(&self, bytes: &[u8]) -> Result<Response, Failure> {
        Connection::open(self.address, Protocol::H1, None)?.raw(bytes)
    }

    /// A connection for several requests in turn.
    pub fn connect(&self, protocol: Protocol) -> Connection {
        Connection::open(self.address, protocol, None).expect("Envoy accepts connections")
    }

    /// Envoy's log so far, the plugin's lines included.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.dir.join("envoy.log")).unwrap_or_default())
            .into_owned()
    }

    /// Waits until the log contains `text`, and gives the log; panics after 10 s.
    pub fn wait_for_log(&self, text: &str) -> String {
        self.poll(|| Some(self.log()).filter(|log| log.contains(text)))
            .unwrap_or_else(|| panic!("Envoy's log has no {text:?}:\n{}", self.log()))
    }

    /// The access log of the guarded listener, once it has at least `lines` lines;
    /// panics after 10 s.
    pub fn access_log(&self, lines: usize) -> Vec<Value> {
        self.poll(|| Some(self.lines("access.json")).filter(|found| found.len() >= lines))
            .unwrap_or_else(|| panic!("fewer than {lines} lines: {:?}", self.lines("access.json")))
    }

    /// The access-log line of the request with this `x-test-id`; panics after 10 s.
    pub fn access_line(&self, marker: &str) -> Value {
        self.poll(|| self.lines("access.json").into_iter().find(|line| line["marker"] == marker))
            .unwrap_or_else(|| panic!("no line {marker:?}: {:?}", self.lines("access.json")))
    }

    /// How many requests have reached the application. Its log is written
    /// every 50 ms, so this waits 200 ms first.
    pub fn application_requests(&self) -> usize {
        self.application_log().len()
    }

    /// The application's own access log: method, path, host, marker, tenant.
    pub fn application_log(&self) -> Vec<Value> {
        thread::sleep(Duration::from_millis(200));
        self.lines("application.json")
    }

    /// GET on the admin API; its body.
    pub fn admin(&self, path: &str) -> String {
        let response =
            crate::client::ask(self.admin, &Request::get(path)).expect("the admin API answers");
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.text()
    }

    /// A counter or gauge by its full name; `None` where Envoy has none of it.
    pub fn stat(&self, name: &str) -> Option<u64> {
        let list = self.admin("/stats?format=json");
        let list: Value = serde_json::from_str(&list).unwrap();
        list["stats"].as_array()?.iter().find(|stat| stat["name"] == name)?["value"].as_u64()
    }

    /// All counters and gauges whose name contains `part`.
    pub fn stats(&self, part: &str) -> Vec<(String, u64)> {
        let list: Value = serde_json::from_str(&self.admin("/stats?format=json")).unwrap();
        let stats = list["stats"].as_array().unwrap().iter();
        stats
            .filter_map(|stat| Some((stat["name"].as_str()?.to_owned(), stat["value"].as_u64()?)))
            .filter(|(name, _)| name.contains(part))
            .collect()
    }

    /// Gives the guard another document, and waits until new connections answer
    /// to it; older ones keep the old one for a while. Where the guard is
    /// `discovered`, all connections answer to it soon.
    pub fn reconfigure(&self, document: impl Into<Value>) {
        let counts_it = match self.settings.lock().unwrap() {
            settings if settings.discovered => ECDS_RELOADS,
            // Old filter chains end, and are no longer counted.
            settings if settings.drain_seconds.is_some() => {
                "listener_manager.listener_in_place_updated"
            }
            _ => "listener_manager.total_filter_chains_draining",
        };
        self.write_document(document.into(), counts_it);
    }

    /// Gives the guard a document that it refuses, and waits until it did.
    pub fn reconfigure_in_vain(&self, document: impl Into<Value>) {
        let counts_it = match self.settings.lock().unwrap().discovered {
            true => ECDS_REFUSALS,
            false => "listener_manager.lds.update_rejected",
        };
        self.write_document(document.into(), counts_it);
    }

    fn write_document(&self, document: Value, counts_it: &str) {
        let mut settings = self.settings.lock().unwrap();
        assert!(settings.reconfigurable || settings.discovered, "EnvoyBuilder::reconfigurable");
        let before = self.stat(counts_it);
        settings.document = document;
        match settings.discovered {
            true => config::write_filter(&settings, &self.dir),
            false => config::write_listeners(&settings, &self.dir),
        }
        self.poll(|| (self.stat(counts_it) > before).then_some(()))
            .unwrap_or_else(|| panic!("not taken over:\n{}", self.log()));
    }

    /// Envoy's process id.
    pub fn id(&self) -> u32 {
        self.process.lock().unwrap().id()
    }

    /// How much memory Envoy uses, in bytes: what the system has given to it.
    pub fn resident_memory(&self) -> u64 {
        let id = self.id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kibibytes = line.trim().trim_end_matches(" kB");
        1024 * kibibytes.parse::<u64>().unwrap()
    }

    /// Whether Envoy still runs.
    pub fn is_running(&self) -> bool {
        self.process.lock().unwrap().ended().is_none()
    }

    fn lines(&self, file: &str) -> Vec<Value> {
        let text = fs::read(self.dir.join(file)).unwrap_or_default();
        let complete = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = text[..complete].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| {
                serde_json::from_str(&String::from_utf8_lossy(line))
                    .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(line)))
            })
            .collect()
    }

    fn poll<T>(&self, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + WAIT;
        loop {
            if let Some(found) = look() {
                return Some(found);
            }
            if Instant::now() > deadline {
                return None;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = self.log();
            let start = log.char_indices().rev().nth(4000).map_or(0, |(at, _)| at);
            eprintln!("--- end of Envoy's log ---\n{}", &log[start..]);
        }
        let keep = std::env::var_os("KEEP").is_some();
        if keep {
            eprintln!("kept: {}", self.dir.display());
        }
        let process = self.process.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        process.stop(keep);
    }
}
