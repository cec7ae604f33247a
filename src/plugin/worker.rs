//! One worker: a guard, and what it keeps between requests.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use chrono::{DateTime, SecondsFormat};

use super::gauges::Gauges;
use super::host::{ProxyHost, VmEnvironment};
use super::hostcalls::{self, Map};
use super::metrics::Metrics;
use super::pairs;
use super::stream::Waiting;
use super::ticks::Ticks;
use crate::audit::AuditLevel;
use crate::decision::Decision;
use crate::halt::Patience;
use crate::host::{Host, HostError};
use crate::memory::Memory;
use crate::remote::{Fetcher, Kept, SourceId, WaitingRoom};
use crate::reply::Reply;
use crate::request::Headers;
use crate::verdict::Verdict;
use crate::{Attempt, Guard};

/// A configured worker.
#[derive(Debug)]
pub(super) struct Worker {
    /// Changed between requests only, so that each is decided by one state.
    pub(super) guard: RefCell<Guard>,
    pub(super) environment: VmEnvironment,
    pub(super) host: ProxyHost,
    memory: RefCell<Memory>,
    pub(super) metrics: Metrics,
    pub(super) gauges: Gauges,
    /// The second in which gauges were set last.
    pub(super) measured: Cell<u64>,
    pub(super) fetcher: RefCell<Fetcher>,
    pub(super) room: RefCell<WaitingRoom<Waiting>>,
    /// Whether it has what other workers fetched before it was there.
    pub(super) adopted: Cell<bool>,
    pub(super) ticks: Rc<Ticks>,
    /// A request that waited couldn't be reached, which the log was told.
    pub(super) out_of_reach: Cell<bool>,
    refused: Cell<Audited>,
    let_on: Cell<Audited>,
    /// Apart from the others, so that no flood of theirs hides who acts for
    /// whom.
    acting: Cell<Audited>,
}

/// What was decided on a request.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) verdict: Verdict,
    /// Headers to set on its response, whoever answers it.
    pub(super) response: Vec<(&'static str, String)>,
}

impl Decided {
    /// Whether the request goes on.
    pub(super) fn goes_on(&self) -> bool {
        self.verdict.marker().is_some()
    }
}

/// What came of deciding on a request.
#[derive(Debug)]
pub(super) enum Attempted {
    Decided(Decided),
    /// It waits for what is fetched from one of these.
    Waits(Vec<SourceId>),
}

/// The audit lines of the current second.
#[derive(Debug, Clone, Copy, Default)]
struct Audited {
    second: u64,
    lines: u32,
    suppressed: u64,
}

impl Worker {
    /// A worker of this root for a configuration with that digest.
    pub(super) fn new(
        mut guard: Guard,
        environment: VmEnvironment,
        configuration: u64,
        root: u32,
        ticks: Rc<Ticks>,
    ) -> Self {
        let memory = guard.new_memory();
        let kept = Kept { guard: &mut guard, environment: &environment };
        let fetcher = Fetcher::new(configuration, &kept);
        Self {
            memory: RefCell::new(memory),
            host: ProxyHost::of(root),
            fetcher: RefCell::new(fetcher),
            guard: RefCell::new(guard),
            environment,
            metrics: Metrics::define(),
            gauges: Gauges::default(),
            measured: Cell::default(),
            room: RefCell::default(),
            adopted: Cell::default(),
            ticks,
            out_of_reach: Cell::default(),
            refused: Cell::default(),
            let_on: Cell::default(),
            acting: Cell::default(),
        }
    }

    /// Decides on the current request, of `announced` headers, and prepares it
    /// for what follows. Where the host fails at that, it is refused. Where it
    /// waits, nothing was done.
    ///
    /// # Errors
    /// When the request can't even be read. It must then not go on.
    pub(super) fn attempt(
        &self,
        announced: usize,
        patience: Patience,
    ) -> Result<Attempted, HostError> {
        let buffer = hostcalls::header_map(Map::RequestHeaders)?;
        let headers = Headers::new(parse(&buffer, announced)?);
        self.adopt();
        self.host.begin();
        let guard = self.guard.try_borrow().map_err(|_| busy("guard"))?;
        let attempt = {
            let mut memory = self.memory.try_borrow_mut().map_err(|_| busy("memory"))?;
            guard.attempt(&headers, &self.host, patience, &mut memory)
        };
        let decision = match attempt {
            Attempt::Decided(decision) => *decision,
            Attempt::Waits(sources) => return Ok(Attempted::Waits(sources)),
        };
        let done = self.carry_out(&guard, &headers, &decision);
        let response = decision.response;
        let verdict = match (decision.verdict, done) {
            // It is refused, whatever else failed.
            (verdict @ Verdict::Refuse(_), _) | (verdict, Ok(())) => verdict,
            (_, Err(error)) => {
                self.unavailable(error);
                Verdict::Refuse(guard.unavailable(&headers))
            }
        };
        Ok(Attempted::Decided(Decided { verdict, response }))
    }

    /// Sets headers of the response.
    pub(super) fn respond(&self, headers: &[(&'static str, String)]) {
        for (name, value) in headers {
            let set =
                hostcalls::set_header(Map::ResponseHeaders, name.as_bytes(), value.as_bytes());
            // The response is somebody's answer: it is not held back for that.
            if let Err(error) = set {
                log_failure(AuditLevel::Warn, error);
            }
        }
    }

    fn carry_out(
        &self,
        guard: &Guard,
        headers: &Headers<'_>,
        decision: &Decision,
    ) -> Result<(), HostError> {
        // Each is tried, so that one that fails doesn't keep the others back.
        let removed = decision
            .changes
            .remove
            .iter()
            .map(|name| hostcalls::remove_header(Map::RequestHeaders, name))
            .fold(Ok(()), Result::and);
        let set = decision
            .changes
            .set
            .iter()
            .map(|(name, value)| {
                let (name, map) = (name.as_bytes(), Map::RequestHeaders);
                match headers.has(name) {
                    true => hostcalls::set_header(map, name, value),
                    false => hostcalls::add_header(map, name, value),
                }
            })
            .fold(Ok(()), Result::and);
        let counted = self.metrics.count(decision);
        let audited = self.audit(guard, decision);
        removed.and(set).and(counted).and(audited)?;
        // Last, so that what isn't done completely has no mark.
        match decision.verdict.marker() {
            Some(marker) => hostcalls::set_property("tenant_guard.decision", marker),
            None => Ok(()),
        }
    }

    fn audit(&self, guard: &Guard, decision: &Decision) -> Result<(), HostError> {
        let Some(line) = &decision.audit else {
            return Ok(());
        };
        let rules = guard.audit();
        let now = hostcalls::now()?;
        let second = now / 1_000_000_000;
        let budget = match &decision.denial {
            Some(_) => &self.refused,
            None if line.acts_for_others() => &self.acting,
            None => &self.let_on,
        };
        let mut audited = budget.get();
        if audited.second != second {
            audited = Audited { second, lines: 0, ..audited };
        }
        if audited.lines >= rules.max_per_second {
            audited.suppressed = audited.suppressed.saturating_add(1);
            budget.set(audited);
            return Ok(());
        }
        audited.lines = audited.lines.saturating_add(1);
        let suppressed = core::mem::take(&mut audited.suppressed);
        budget.set(audited);
        let address = self.host.client_address()?.map(|address| address.to_string());
        let text = line.clone().finish(&rfc_3339(now), address.as_deref(), suppressed);
        hostcalls::log(level(rules.level), &text)
    }

    /// Removes from the request's trailers what may not be there.
    ///
    /// # Errors
    /// When the host fails at anything. The request must then not go on.
    pub(super) fn strip_trailers(
        &self,
        verdict: &Verdict,
        announced: usize,
    ) -> Result<(), HostError> {
        let buffer = hostcalls::header_map(Map::RequestTrailers)?;
        let trailers = parse(&buffer, announced)?;
        let names = trailers.iter().map(|(name, _)| *name);
        let guard = self.guard.try_borrow().map_err(|_| busy("guard"))?;
        for name in guard.strip_trailers(verdict, names) {
            hostcalls::remove_header(Map::RequestTrailers, name)?;
        }
        Ok(())
    }

    /// Counts and logs that a request was refused because the host failed.
    pub(super) fn unavailable(&self, error: HostError) {
        // The host is failing already: what it says to these changes nothing.
        let _ = self.metrics.count_unavailable();
        log_failure(AuditLevel::Error, error);
    }
}

/// What of the guard's own is in use already.
fn busy(what: &'static str) -> HostError {
    HostError { call: what, status: 0 }
}

/// Logs that the host failed, if it still can.
pub(super) fn log_failure(at: AuditLevel, error: HostError) {
    let text = format!("tenant_guard: host call {} answered {}", error.call, error.status);
    let _ = hostcalls::log(level(at), &text);
}

/// The pairs of a map, none of those that were announced missing.
fn parse(buffer: &[u8], announced: usize) -> Result<pairs::Pairs<'_>, HostError> {
    pairs::parse(buffer)
        .filter(|pairs| pairs.len() >= announced)
        .ok_or(HostError { call: "proxy_get_header_map_pairs", status: 0 })
}

/// Answers the current request.
pub(super) fn send(reply: &Reply) -> Result<(), HostError> {
    let headers: Vec<(&str, &str)> =
        reply.headers.iter().map(|(name, value)| (*name, &**value)).collect();
    let headers = pairs::serialise(&headers);
    let (status, grpc) = (reply.status, reply.grpc_status);
    hostcalls::send_local_response(status, reply.details, &headers, &reply.body, grpc)
}

fn rfc_3339(nanoseconds: u64) -> String {
    let time = DateTime::from_timestamp_nanos(i64::try_from(nanoseconds).unwrap_or(i64::MAX));
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The ABI's number of a log level.
pub(super) fn level(level: AuditLevel) -> u32 {
    match level {
        AuditLevel::Trace => 0,
        AuditLevel::Debug => 1,
        AuditLevel::Info => 2,
        AuditLevel::Warn => 3,
        AuditLevel::Error => 4,
        AuditLevel::Critical => 5,
    }
}
