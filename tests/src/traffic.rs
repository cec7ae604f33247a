//! Requests that go on in the background while a test does something else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Connection, Failure};
use crate::config::LUA;
use crate::message::{Protocol, Request, Response};

const WAIT: Duration = Duration::from_secs(10);

/// One request of a [`Traffic`] and what became of it.
#[derive(Clone, Debug)]
pub struct Record {
    /// When it was sent.
    pub sent: Instant,
    /// When the answer was there, or that there is none.
    pub ended: Instant,
    /// Which of the given requests it was.
    pub request: usize,
    /// Whether its connection had served another before: the server may have
    /// closed such a one just then, without having seen the request.
    pub reused: bool,
    /// The answer, or why there is none.
    pub answer: Result<Answer, Failure>,
}

/// What is kept of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The code of a problem.
    pub code: Option<String>,
    /// The x-tenant-id the application got (several: with commas in between).
    pub tenant: Option<String>,
    /// The x-client-id it got.
    pub client: Option<String>,
    /// The x-key-id it got.
    pub key: Option<String>,
    /// The x-scopes it got.
    pub scopes: Option<String>,
    /// The worker that answered, such as `worker_0`, where [`worker_filter`] says it.
    pub worker: Option<String>,
}

impl Answer {
    fn of(response: &Response) -> Answer {
        let told = |name: &str| {
            let values = match response.is_from_application() {
                true => response.echoed_all(name),
                false => Vec::new(),
            };
            (!values.is_empty()).then(|| values.join(", "))
        };
        Answer {
            status: response.status,
            code: response.code(),
            tenant: told("x-tenant-id"),
            client: told("x-client-id"),
            key: told("x-key-id"),
            scopes: told("x-scopes"),
            worker: response.header(WORKER).map(str::to_owned),
        }
    }
}

/// Requests sent in turn at a steady rate, over HTTP/1.1 connections that are
/// kept and opened again where they were closed. It ends when dropped.
pub struct Traffic {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Vec<Record>>>,
}

struct Shared {
    to: SocketAddr,
    requests: Vec<Request>,
    per_second: u32,
    start: Instant,
    next: AtomicUsize,
    ended: AtomicUsize,
    stopped: AtomicBool,
}

impl Traffic {
    /// Starts it. So many connections, each with one request at a time, can fall
    /// behind the rate while answers are slow; they catch up afterwards. The
    /// requests' own protocol and `from` don't count.
    pub fn start(
        to: SocketAddr,
        connections: usize,
        per_second: u32,
        requests: Vec<Request>,
    ) -> Traffic {
        assert!(connections > 0 && per_second > 0 && !requests.is_empty());
        let shared = Arc::new(Shared {
            to,
            requests,
            per_second,
            start: Instant::now(),
            next: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let client = |_| {
            let shared = shared.clone();
            thread::spawn(move || shared.run())
        };
        let threads = (0..connections).map(client).collect();
        Traffic { shared, threads }
    }

    /// How many requests have ended, answered or not.
    pub fn ended(&self) -> usize {
        self.shared.ended.load(Ordering::SeqCst)
    }

    /// Waits until so many more have ended; panics after 10 s.
    pub fn wait_for_more(&self, count: usize) {
        let (goal, deadline) = (self.ended() + count, Instant::now() + WAIT);
        while self.ended() < goal {
            assert!(Instant::now() < deadline, "{} of {goal} requests ended", self.ended());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends no more, waits for the last answers and gives all records in the
    /// order they were sent.
    pub fn stop(mut self) -> Vec<Record> {
        self.halt();
        let threads = self.threads.drain(..);
        let mut records: Vec<Record> =
            threads.flat_map(|thread| thread.join().expect("a client of the traffic")).collect();
        records.sort_by_key(|record| record.sent);
        records
    }

    fn halt(&self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for client in &self.threads {
            client.thread().unpark();
        }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.halt();
    }
}

impl Shared {
    /// One connection's part of it.
    fn run(&self) -> Vec<Record> {
        let (mut records, mut kept) = (Vec::new(), None);
        loop {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if !self.wait_until_due(number) {
                return records;
            }
            records.push(self.send(number % self.requests.len(), &mut kept));
            self.ended.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Waits for the time of the request of this number; false at the end of all.
    fn wait_until_due(&self, number: usize) -> bool {
        let after = number as f64 / f64::from(self.per_second);
        let due = self.start + Duration::from_secs_f64(after);
        while !self.stopped.load(Ordering::SeqCst) {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            thread::park_timeout(left);
        }
        false
    }

    fn send(&self, request: usize, kept: &mut Option<Connection>) -> Record {
        let sent = Instant::now();
        let open = kept.take().filter(Connection::is_idle);
        let reused = open.is_some();
        let connection = open.map_or_else(|| Connection::open(self.to, Protocol::H1, None), Ok);
        let answer = connection.and_then(|mut connection| {
            let response = connection.send(&self.requests[request])?;
            let closes = response.header("connection");
            if !closes.is_some_and(|value| value.eq_ignore_ascii_case("close")) {
                *kept = Some(connection);
            }
            Ok(Answer::of(&response))
        });
        Record { sent, ended: Instant::now(), request, reused, answer }
    }
}

const WORKER: &str = "x-test-worker";

/// Envoy's workers are threads named `wrk:worker_0` and so on.
const TELL_WORKER: &str = r#"
function envoy_on_response(handle)
  if worker == nil then
    local file = io.open("/proc/thread-self/comm")
    worker = file:read("*l"):gsub("^wrk:", "")
    file:close()
  end
  handle:headers():replace("x-test-worker", worker)
end
"#;

/// A filter for `EnvoyBuilder::filter_before` that tells in each response which
/// worker gave it: the header `x-test-worker` says `worker_0` and so on.
pub fn worker_filter() -> Value {
    json!({"name": "worker", "typed_config": {
        "@type": LUA, "default_source_code": {"inline_string": TELL_WORKER}}})
}
