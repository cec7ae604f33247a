//! A small HTTP/1.1 server for what the guard fetches: JWKS, discovery, directory.

mod reply;
mod serve;

pub use reply::Reply;

use std::collections::HashMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

const WAIT: Duration = Duration::from_secs(10);

/// A request the stub got.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When its first line came.
    pub at: Instant,
    /// The method.
    pub method: String,
    /// The request target.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Seen {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct Shared {
    replies: Mutex<HashMap<String, Reply>>,
    seen: Mutex<Vec<Seen>>,
    /// By a number, since ports come again.
    open: Mutex<HashMap<usize, TcpStream>>,
    accepted: AtomicUsize,
    stopped: AtomicBool,
}

struct Listening {
    listener: TcpListener,
    thread: JoinHandle<()>,
}

/// The server; it answers 404 on paths it has nothing for, and stops when dropped.
pub struct Stub {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Mutex<Option<Listening>>,
    /// Never listens: nobody else gets the port while the stub is stopped.
    _port: Socket,
}

impl Stub {
    /// Starts one on a free port of 127.0.0.1.
    pub fn start() -> Stub {
        let port = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        port.set_reuse_address(true).unwrap();
        port.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        let address = port.local_addr().unwrap().as_socket().unwrap();
        let (shared, listening) = (Arc::new(Shared::default()), Mutex::new(None));
        let stub = Stub { address, shared, listening, _port: port };
        stub.resume();
        stub
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on answers this on this path (with its query), on connections
    /// that are open already too.
    pub fn on(&self, path: &str, reply: Reply) {
        self.shared.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// What it got so far, whatever became of it.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// How many requests it got on this path (with its query).
    pub fn count(&self, path: &str) -> usize {
        self.shared.seen.lock().unwrap().iter().filter(|seen| seen.path == path).count()
    }

    /// Waits until it got at least so many requests on this path; panics after 10 s.
    pub fn wait_for(&self, path: &str, count: usize) {
        let deadline = Instant::now() + WAIT;
        while self.count(path) < count {
            assert!(
                Instant::now() < deadline,
                "not {count} requests on {path}: {:#?}",
                self.seen()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many connections are open now.
    pub fn connections(&self) -> usize {
        self.shared.open.lock().unwrap().len()
    }

    /// Is gone: closes all connections and refuses new ones, until `resume`.
    pub fn stop(&self) {
        let mut listening = self.listening.lock().unwrap();
        let Some(Listening { listener, thread }) = listening.take() else {
            return;
        };
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Closing alone may not do: a child that is being started has copies.
        let _ = SockRef::from(&listener).shutdown(Shutdown::Both);
        let _ = thread.join();
        for (_, connection) in self.shared.open.lock().unwrap().drain() {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Is there again, on the same port and with the same replies.
    pub fn resume(&self) {
        let mut listening = self.listening.lock().unwrap();
        if listening.is_some() {
            return;
        }
        self.shared.stopped.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(self.address).unwrap();
        let (accepting, shared) = (listener.try_clone().unwrap(), self.shared.clone());
        let thread = thread::spawn(move || listen(&accepting, &shared));
        *listening = Some(Listening { listener, thread });
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.stop();
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        let Ok((connection, kept)) = connection.and_then(|new| Ok((new.try_clone()?, new))) else {
            if shared.stopped.load(Ordering::SeqCst) {
                return;
            }
            continue;
        };
        let number = shared.accepted.fetch_add(1, Ordering::Relaxed);
        shared.open.lock().unwrap().insert(number, kept);
        let shared = shared.clone();
        thread::spawn(move || {
            let _ = serve::serve(&connection, &shared);
            let _ = connection.shutdown(Shutdown::Both); // as in `stop`
            shared.open.lock().unwrap().remove(&number);
        });
    }
}
