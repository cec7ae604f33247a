//! What the plugin's instructions are counted for: a document and the requests
//! that are sent. What is measured in Envoy too is the bench's.

mod junk;
mod scaling;
mod table;

use serde_json::Value;
use tenant_guard_bench::scenario::{CLIENT, Document, Junk, Scenario as Bench, Signer};

pub use self::junk::{junk, new_token};
pub use self::scaling::{Line, lines};
pub use self::table::Table;
use crate::host::NOW;
use crate::{Headers, Host, Request, Setup};

/// How many requests come before one is counted: caches are filled by then,
/// and as many refusals audited as may be in a second.
const WARM: usize = 150;

/// How many are counted. The median is taken: a table that grows is no cost of
/// the request that it happens to.
const COUNTED: usize = 11;

/// The time of every host, in seconds since the epoch.
pub(crate) const SECONDS: i64 = NOW as i64;

/// A document, and requests of one kind.
pub struct Scenario {
    /// What it is.
    pub name: String,
    /// The configuration.
    pub document: Value,
    /// Its `n`th request.
    pub request: Box<dyn Fn(usize) -> Request>,
    /// What becomes of each: the code of a refusal, or `None` where it goes on.
    pub refusal: Option<&'static str>,
}

impl Scenario {
    /// One request that is sent again and again.
    fn of(name: impl Into<String>, bench: Bench) -> Self {
        let Bench { document, request, refusal } = bench;
        let request = from_client(&request);
        let request = Box::new(move |_| request.clone());
        Self { name: name.into(), document, request, refusal }
    }

    /// How to start a host with its document.
    pub fn setup(&self) -> Setup {
        Setup::new(&self.document.to_string())
    }

    /// Sends the `n`th request. Panics where it doesn't become what it should.
    pub fn send(&self, host: &mut Host, n: usize) {
        let run = host.request(&(self.request)(n));
        let code = run.outcome.reply().map(|reply| reply.code());
        let log = || format!("{}, request {n}: {}\n{}", self.name, run.outcome.short(), run.log());
        assert_eq!(code.as_deref(), self.refusal, "{}", log());
        assert_eq!(run.outcome.reached_application(), self.refusal.is_none(), "{}", log());
    }

    /// The instructions of one request, from the creation of its context to its
    /// end, after many others.
    pub fn count(&self, host: &mut Host) -> u64 {
        (0..WARM).for_each(|n| self.send(host, n));
        let mut counts: Vec<u64> = (WARM..WARM + COUNTED)
            .map(|n| {
                let before = host.instructions();
                self.send(host, n);
                host.instructions() - before
            })
            .collect();
        counts.sort_unstable();
        counts[COUNTED / 2]
    }
}

/// A request of the bench's, from its client.
fn from_client(request: &tenant_guard_bench::scenario::Request) -> Request {
    let mut headers = Headers::default();
    for (name, value) in request.fields() {
        headers.add(name.as_bytes(), value.as_bytes());
    }
    headers.add(b"x-request-id", b"7d1e5b0c-0000-4000-8000-000000000001");
    Request::get("/").with_headers(headers).client(CLIENT)
}

/// What requests cost, kind by kind.
pub fn all() -> Vec<Scenario> {
    let usual = Document::usual(Signer::Rs256);
    let public = serde_json::json!([{"match": {"path": "/healthz"}, "auth": "none"}]);
    let public = Bench {
        document: usual.routes(public.as_array().cloned().unwrap_or_default()).build(),
        request: tenant_guard_bench::scenario::Request::get("/healthz"),
        refusal: None,
    };
    let mut all = vec![
        Scenario::of("warm JWT", Bench::warm_token(Signer::Rs256, SECONDS)),
        Scenario::of("warm API key", Bench::api_key(10)),
        Scenario::of("cold JWT, RS256", Bench::cold_token(Signer::Rs256, SECONDS)),
        Scenario::of("cold JWT, ES256", Bench::cold_token(Signer::Es256, SECONDS)),
        Scenario::of("public route", public),
    ];
    all.extend(Junk::ALL.map(|junk| {
        let name = format!("junk: {}", junk.name());
        Scenario::of(name, Bench::junk(junk, Signer::Rs256, SECONDS))
    }));
    all
}
