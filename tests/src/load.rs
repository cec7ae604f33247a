//! Many requests in a short time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::client::Connection;
use crate::envoy::Envoy;
use crate::message::{Protocol, Request, Response};

/// How many connections a thread keeps busy.
const EACH: usize = 8;

/// Sends the requests number 0 to `count` over so many HTTP/1.1 connections at
/// once, each kept for many, and gives each response to `seen`.
pub fn load(
    envoy: &Envoy,
    connections: usize,
    count: usize,
    request: impl Fn(usize) -> Request + Sync,
    seen: impl FnMut(usize, Response) + Send,
) {
    let next = AtomicUsize::new(0);
    let seen = Mutex::new(seen);
    thread::scope(|scope| {
        for _ in 0..connections.div_ceil(EACH) {
            scope.spawn(|| {
                let connections = (0..EACH).map(|_| envoy.connect(Protocol::H1));
                let mut connections: Vec<Connection> = connections.collect();
                loop {
                    let first = next.fetch_add(EACH, Ordering::Relaxed);
                    let numbers = first..count.min(first + EACH);
                    if numbers.is_empty() {
                        return;
                    }
                    for (connection, number) in connections.iter_mut().zip(numbers.clone()) {
                        connection.start(&request(number));
                    }
                    for (connection, number) in connections.iter_mut().zip(numbers) {
                        let response = connection.next_response().expect("all are answered");
                        seen.lock().unwrap()(number, response);
                    }
                }
            });
        }
    });
}
