//! The core alone, natively: what deciding on a request takes without a host.
//! For changes to the core, side by side; what the plugin costs is counted in
//! instructions and measured in Envoy.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    reason = "a tool for developers: a measurement that can't go on ends"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;

use divan::{Bencher, black_box};
use tenant_guard::{
    Environment, Hash, Headers, Host, HostError, Shared, SignatureVerdict, SignatureVerifier,
    Timestamp, Verdict, Written,
};
use tenant_guard_bench::scenario::{CLIENT, Junk, Line, Scenario, Signer};

/// Seconds since the epoch.
const NOW: i64 = 1_800_000_000;

fn main() {
    divan::main();
}

/// A clock that stands still, and the shared values of one worker.
struct Still {
    client: IpAddr,
    shared: RefCell<HashMap<String, Shared>>,
}

impl SignatureVerifier for Still {
    /// The core verifies by itself.
    fn verify_signature(
        &self,
        _: Hash,
        _: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<SignatureVerdict, HostError> {
        Ok(SignatureVerdict::Unsupported)
    }
}

impl Host for Still {
    fn now(&self) -> Result<Timestamp, HostError> {
        Ok(Timestamp::from_seconds(1_800_000_000.0).expect("a time"))
    }

    fn client_address(&self) -> Result<Option<IpAddr>, HostError> {
        Ok(Some(self.client))
    }

    fn peer_address(&self) -> Result<Option<IpAddr>, HostError> {
        Ok(None)
    }

    fn shared(&self, name: &str) -> Result<Option<Shared>, HostError> {
        Ok(self.shared.borrow().get(name).cloned())
    }

    fn share(&self, name: &str, value: &[u8], _: Option<u32>) -> Result<Written, HostError> {
        let mut all = self.shared.borrow_mut();
        let version = all.get(name).map_or(1, |shared| shared.version.wrapping_add(1));
        all.insert(name.to_owned(), Shared { value: value.to_vec(), version });
        Ok(Written::Done)
    }
}

struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn vm_id(&self) -> Option<&str> {
        Some("bench")
    }
}

fn decide(bencher: Bencher<'_, '_>, scenario: &Scenario) {
    let document = scenario.document.to_string();
    let guard = tenant_guard::load(document.as_bytes(), &Nothing).expect("a good document").guard;
    let client = CLIENT.rsplit_once(':').and_then(|(client, _)| client.parse().ok());
    let host = Still { client: client.expect("an address"), shared: RefCell::default() };
    let fields = scenario.request.fields();
    let pairs = || fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let mut memory = guard.new_memory();
    let decision = guard.decide(&Headers::new(pairs()), &host, &mut memory);
    let code = decision.denial.as_ref().map(|denial| denial.code.name());
    assert_eq!(code, scenario.refusal);
    assert_eq!(matches!(decision.verdict, Verdict::Allow), scenario.refusal.is_none());
    bencher.bench_local(|| {
        let headers = Headers::new(pairs());
        black_box(guard.decide(black_box(&headers), &host, &mut memory))
    });
}

#[divan::bench]
fn warm_token(bencher: Bencher<'_, '_>) {
    decide(bencher, &Scenario::warm_token(Signer::Rs256, NOW));
}

#[divan::bench]
fn warm_api_key(bencher: Bencher<'_, '_>) {
    decide(bencher, &Scenario::api_key(10));
}

#[divan::bench(args = [Signer::Rs256, Signer::Es256])]
fn cold_token(bencher: Bencher<'_, '_>, signer: &Signer) {
    decide(bencher, &Scenario::cold_token(*signer, NOW));
}

#[divan::bench(args = Junk::ALL)]
fn junk(bencher: Bencher<'_, '_>, junk: &Junk) {
    decide(bencher, &Scenario::junk(*junk, Signer::Rs256, NOW));
}

#[divan::bench(args = Line::Routes.sizes())]
fn routes(bencher: Bencher<'_, '_>, size: usize) {
    decide(bencher, &Line::Routes.at(size, NOW));
}

#[divan::bench(args = Line::Issuers.sizes())]
fn issuers(bencher: Bencher<'_, '_>, size: usize) {
    decide(bencher, &Line::Issuers.at(size, NOW));
}

#[divan::bench(args = [10, 1_000])]
fn tenants(bencher: Bencher<'_, '_>, size: usize) {
    decide(bencher, &Line::Tenants.at(size, NOW));
}
