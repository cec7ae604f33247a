//! Limits that are soon reached, and what is counted.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tenant_guard_host_tests::{Host, Request, Setup, SharedData, tokens};

use super::*;

/// Where the shared values of these tests belong.
pub const VM_ID: &str = "tests";

const FIRST: &str = "first-0a1b2c3d4e5f";
const SECOND: &str = "second-0a1b2c3d4e5f";

/// A document with a tenant of two clients with a key each.
pub struct Counting(pub Value);

/// With these limits of the tenant, each client and each key: a minute's, an
/// hour's, a day's.
pub fn counting([tenant, client, key]: [u32; 3]) -> Counting {
    let client = |id: &str, secret: &str| {
        json!({"id": id, "limits": {"requests": format!("{client}/hour")}, "keys": [{
            "id": id, "sha256": tokens::sha256_hex(secret),
            "limits": {"requests": format!("{key}/day")},
        }]})
    };
    Counting(json!({
        "version": 1,
        "failures": {"limit": "3/hour", "block": "10m"},
        "tenants": [{
            "id": "acme",
            "limits": {"requests": format!("{tenant}/min")},
            "clients": [client("one", FIRST), client("two", SECOND)],
        }],
    }))
}

/// With a limit of the tenant alone.
pub fn counting_once(tenant: u32) -> Counting {
    let Counting(mut document) = counting([tenant, 0, 0]);
    for client in document["tenants"][0]["clients"].as_array_mut().unwrap() {
        client.as_object_mut().unwrap().remove("limits");
        client["keys"][0].as_object_mut().unwrap().remove("limits");
    }
    Counting(document)
}

impl Counting {
    /// A worker that shares these values.
    pub fn worker(&self, shared: &SharedData) -> Host {
        started(Setup::new(&self.0.to_string()).shared(shared))
    }
}

pub fn first_key() -> Request {
    Request::get("/").header("x-api-key", FIRST)
}

pub fn second_key() -> Request {
    Request::get("/").header("x-api-key", SECOND)
}

/// For an effect that lets another worker be faster.
pub fn in_another(host: Host) -> Arc<Mutex<Host>> {
    Arc::new(Mutex::new(host))
}

/// How many of so many requests are let in.
pub trait Admitting {
    fn admitted(&mut self, request: &Request, of: usize) -> usize;
}

impl Admitting for Host {
    fn admitted(&mut self, request: &Request, of: usize) -> usize {
        (0..of).filter(|_| self.request(request).outcome.reached_application()).count()
    }
}

/// The sum of all counts: buckets of 16 bytes with the count in the last four,
/// and a checksum of four.
pub fn counted(shared: &SharedData) -> u32 {
    let names = shared.names(VM_ID);
    let pages = names.iter().filter(|name| name.starts_with("tenant_guard.limits.1."));
    pages
        .map(|name| {
            let (value, _) = shared.get(VM_ID, name).unwrap();
            let buckets = value[..value.len() - 4].chunks(16);
            buckets.map(|b| u32::from_le_bytes(b[12..].try_into().unwrap())).sum::<u32>()
        })
        .sum()
}
