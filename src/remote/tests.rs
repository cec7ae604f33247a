//! Workers that share what one of them fetched.

mod clocks;
mod leases;
mod model;
mod shared;
mod steps;
mod tenants;
mod updates;
mod waiting;

use serde_json::{Value, json};
use tenant_guard_tests::token::{Alg, Key, jwks};

use super::*;
use crate::testing::elsewhere::{Net, Worker, found, nothing, remote};
use crate::testing::{Request, claims};

fn key(kid: &str) -> Key {
    Key::seeded(Alg::EdDSA, kid, kid)
}

/// A set of keys by their kids.
fn set(kids: &[&str]) -> Value {
    let keys: Vec<Key> = kids.iter().map(|kid| key(kid)).collect();
    jwks(&keys.iter().collect::<Vec<_>>())
}

/// A good answer with a set.
fn keys(kids: &[&str]) -> Answer {
    found(&set(kids))
}

/// A request with a token by a key.
fn by(kid: &str) -> Request {
    Request::get("/").bearer(&key(kid).token(claims(json!({}))))
}

/// A document with one issuer, whose keys live elsewhere.
fn document(fields: Value) -> Value {
    json!({"jwt": {"issuers": [remote(fields)]}})
}

fn worker() -> Worker {
    Worker::new(&document(json!({})))
}

fn workers(number: usize) -> Vec<Worker> {
    (0..number).map(|_| worker()).collect()
}

/// How many calls of all workers weren't answered.
fn calls(workers: &[Worker]) -> usize {
    workers.iter().map(|worker| worker.calls.len()).sum()
}
