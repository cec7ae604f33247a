//! A hundred thousand keys of ten thousand tenants: what loading them takes of
//! the linear memory, which never shrinks, so that its peak counts.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::json;
use tenant_guard_host_tests::{Host, Setup, SharedData, tokens};

use crate::common::elsewhere::*;
use crate::common::*;

const TENANTS_LISTED: usize = 10_000;
const KEYS_EACH: usize = 10;

/// What a key may take beside its document, in bytes.
const MOST_A_KEY: usize = 160;

/// Far more than any load takes here; what it does take is printed.
const LONGEST: Duration = Duration::from_secs(10);

fn secret(tenant: usize, key: usize, version: usize) -> String {
    format!("key {key} of tenant {tenant} in version {version}")
}

/// A list of tenants, each with as many keys.
fn tenants_of(version: usize) -> String {
    let mut text = String::from("[");
    for tenant in 0..TENANTS_LISTED {
        let comma = if tenant > 0 { "," } else { "" };
        write!(text, r#"{comma}{{"id":"tenant-{tenant:05}","clients":[{{"id":"web","keys":["#)
            .unwrap();
        for key in 0..KEYS_EACH {
            let comma = if key > 0 { "," } else { "" };
            let digest = tokens::sha256_hex(&secret(tenant, key, version));
            write!(text, r#"{comma}{{"id":"key-{key:04}","sha256":"{digest}","scopes":["outline:generate"]}}"#)
                .unwrap();
        }
        text.push_str("]}]}");
    }
    text + "]"
}

/// A document with this list of tenants.
fn document_of(tenants: &str) -> String {
    let rest = json!({"version": 1, "routes": [{"match": {"path": "/**"}}]}).to_string();
    format!("{},\"tenants\":{tenants}}}", &rest[..rest.len() - 1])
}

fn directory_of(version: usize) -> String {
    format!(r#"{{"version":1,"tenants":{}}}"#, tenants_of(version))
}

/// Tells what a step took, and checks it: memory beyond what the plugin has
/// anyway and one copy of its document.
fn check(what: &str, base: usize, memory: usize, document: usize, took: Took) {
    let keys = TENANTS_LISTED * KEYS_EACH;
    let beyond = memory.saturating_sub(base + document);
    println!(
        "{what}: {} KiB of memory, {} of them the plugin's, {} the document's: {} bytes a key; {:?}, {} million instructions",
        memory >> 10,
        base >> 10,
        document >> 10,
        beyond / keys,
        took.time,
        took.instructions / 1_000_000,
    );
    assert!(beyond <= MOST_A_KEY * keys, "{what}: {} bytes a key", beyond / keys);
    assert!(took.time < LONGEST, "{what}: {:?}", took.time);
}

/// What a step took.
struct Took {
    time: Duration,
    instructions: u64,
}

impl Took {
    /// What began then, when the host had run so many instructions.
    fn since(began: Instant, instructions: u64, host: &Host) -> Self {
        Self { time: began.elapsed(), instructions: host.instructions() - instructions }
    }
}

/// The status of a request with that key.
fn status_of(host: &mut Host, tenant: usize, key: usize, version: usize) -> String {
    let request = tenant_guard_host_tests::Request::get("/v1/things")
        .header("x-api-key", &secret(tenant, key, version));
    host.request(&request).outcome.short()
}

#[test]
fn a_document_of_very_many_keys_takes_little_beside_itself() {
    let base = started(Setup::new(&document_of("[]"))).memory();
    let document = document_of(&tenants_of(0));
    let began = Instant::now();
    let mut host = started(Setup::new(&document));
    let took = Took::since(began, 0, &host);
    check("document", base, host.memory(), document.len(), took);
    for (tenant, key) in [(0, 0), (9_999, 9), (5_000, 3)] {
        assert_eq!(status_of(&mut host, tenant, key, 0), "continued");
    }
    assert_eq!(status_of(&mut host, 0, 0, 1), "401 api_key_unknown");
}

#[test]
fn a_directory_of_very_many_keys_takes_little_beside_itself_also_where_it_is_replaced() {
    let shared = SharedData::new();
    let document = remote();
    let mut host = elsewhere(&document, &shared);
    let mut other = elsewhere(&document, &shared);
    let base = host.memory();
    for version in 0..4 {
        let directory = directory_of(version);
        host.advance(30);
        other.advance(30);
        host.tick();
        let call = host.calls().into_iter().find(|call| call.cluster == TENANTS).unwrap();
        let (began, before) = (Instant::now(), host.instructions());
        host.answer(call.token, 200, &[JSON], &directory);
        let took = Took::since(began, before, &host);
        assert_eq!(host.dead(), None);
        let (began, before) = (Instant::now(), other.instructions());
        other.tick();
        let others_took = Took::since(began, before, &other);
        assert_eq!(other.dead(), None);
        let length = directory.len();
        check(&format!("directory {version}, fetched"), base, host.memory(), length, took);
        check(&format!("directory {version}, shared"), base, other.memory(), length, others_took);
        for host in [&mut host, &mut other] {
            assert_eq!(status_of(host, 9_999, 9, version), "continued");
            assert_eq!(status_of(host, 9_999, 9, version + 1), "401 api_key_unknown");
        }
    }
}
