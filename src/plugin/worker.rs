//! One worker: a guard, and what it keeps between requests.

use std::cell::{Cell, RefCell};

use chrono::{DateTime, SecondsFormat};

use super::host::ProxyHost;
use super::hostcalls::{self, Map};
use super::metrics::Metrics;
use super::pairs;
use crate::Guard;
use crate::audit::AuditLevel;
use crate::decision::Decision;
use crate::host::{Host, HostError};
use crate::jwt::TokenCache;
use crate::reply::Reply;
use crate::request::Headers;
use crate::verdict::Verdict;

/// A configured worker.
#[derive(Debug)]
pub(super) struct Worker {
    guard: Guard,
    host: ProxyHost,
    cache: RefCell<TokenCache>,
    metrics: Metrics,
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

/// The audit lines of the current second.
#[derive(Debug, Clone, Copy, Default)]
struct Audited {
    second: u64,
    lines: u32,
    suppressed: u64,
}

impl Worker {
    pub(super) fn new(guard: Guard) -> Self {
        Self {
            cache: RefCell::new(guard.new_cache()),
            host: ProxyHost::default(),
            guard,
            metrics: Metrics::define(),
            refused: Cell::default(),
            let_on: Cell::default(),
            acting: Cell::default(),
        }
    }

    /// Decides on the current request, of `announced` headers, and prepares it
    /// for what follows. Where the host fails at that, it is refused.
    ///
    /// # Errors
    /// When the request can't even be read. It must then not go on.
    pub(super) fn decide(&self, announced: usize) -> Result<Decided, HostError> {
        let buffer = hostcalls::header_map(Map::RequestHeaders)?;
        let headers = Headers::new(parse(&buffer, announced)?);
        let decision = {
            let busy = |_| HostError { call: "cache", status: 0 };
            let mut cache = self.cache.try_borrow_mut().map_err(busy)?;
            self.guard.decide(&headers, &self.host, &mut cache)
        };
        let done = self.carry_out(&decision);
        let response = decision.response;
        let verdict = match (decision.verdict, done) {
            // It is refused, whatever else failed.
            (verdict @ Verdict::Refuse(_), _) | (verdict, Ok(())) => verdict,
            (_, Err(error)) => {
                self.unavailable(error);
                Verdict::Refuse(self.guard.unavailable(&headers))
            }
        };
        Ok(Decided { verdict, response })
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

    fn carry_out(&self, decision: &Decision) -> Result<(), HostError> {
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
            .map(|(name, value)| hostcalls::set_header(Map::RequestHeaders, name.as_bytes(), value))
            .fold(Ok(()), Result::and);
        let counted = self.metrics.count(decision);
        let audited = self.audit(decision);
        removed.and(set).and(counted).and(audited)?;
        // Last, so that what isn't done completely has no mark.
        match decision.verdict.marker() {
            Some(marker) => hostcalls::set_property("tenant_guard.decision", marker),
            None => Ok(()),
        }
    }

    fn audit(&self, decision: &Decision) -> Result<(), HostError> {
        let Some(line) = &decision.audit else {
            return Ok(());
        };
        let rules = self.guard.audit();
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
        for name in self.guard.strip_trailers(verdict, names) {
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

/// Logs that the host failed, if it still can.
fn log_failure(at: AuditLevel, error: HostError) {
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
        reply.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let headers = pairs::serialise(&headers);
    let (status, grpc) = (reply.status, reply.grpc_status);
    hostcalls::send_local_response(status, &reply.details, &headers, &reply.body, grpc)
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
