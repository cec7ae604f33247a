//! Counters. Their number is fixed: a host never forgets one.

use std::cell::Cell;

use super::hostcalls::{self, Kind};
use crate::decision::Decision;
use crate::denial::Code;
use crate::host::HostError;
use crate::jwt::CacheUse;
use crate::verdict::Verdict;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counter {
    Allowed,
    Public,
    ShadowDenied,
    SuperAdmin,
    Stripped,
    CacheHits,
    CacheMisses,
    KeyFetches,
    KeyFailures,
    DirectoryFetches,
    DirectoryFailures,
    Denied(Code),
}

impl Counter {
    fn all() -> impl Iterator<Item = Self> {
        let plain = [
            Self::Allowed,
            Self::Public,
            Self::ShadowDenied,
            Self::SuperAdmin,
            Self::Stripped,
            Self::CacheHits,
            Self::CacheMisses,
            Self::KeyFetches,
            Self::KeyFailures,
            Self::DirectoryFetches,
            Self::DirectoryFailures,
        ];
        plain.into_iter().chain(Code::ALL.iter().copied().map(Self::Denied))
    }

    fn name(self) -> String {
        let name = match self {
            Self::Allowed => "allowed",
            Self::Public => "public",
            Self::ShadowDenied => "shadow_denied",
            Self::SuperAdmin => "super_admin",
            Self::Stripped => "stripped",
            Self::CacheHits => "cache_hits",
            Self::CacheMisses => "cache_misses",
            Self::KeyFetches => "keys.fetches",
            Self::KeyFailures => "keys.failures",
            Self::DirectoryFetches => "directory.fetches",
            Self::DirectoryFailures => "directory.failures",
            Self::Denied(code) => return format!("tenant_guard.denied.{}", code.name()),
        };
        format!("tenant_guard.{name}")
    }
}

/// The counters of a worker; each is defined once.
#[derive(Debug)]
pub(super) struct Metrics(Vec<(Counter, Cell<Option<u32>>)>);

impl Metrics {
    /// Defines all counters, so that they are seen before they count. One that
    /// fails is defined when it is first needed.
    pub(super) fn define() -> Self {
        let define =
            |counter: Counter| hostcalls::define_metric(Kind::Counter, &counter.name()).ok();
        Self(Counter::all().map(|counter| (counter, Cell::new(define(counter)))).collect())
    }

    /// Counts a decision.
    pub(super) fn count(&self, decision: &Decision) -> Result<(), HostError> {
        match (&decision.verdict, &decision.denial) {
            (Verdict::Refuse(_), Some(denial)) => self.add(Counter::Denied(denial.code), 1)?,
            (Verdict::Refuse(_), None) => self.count_unavailable()?,
            (Verdict::Shadow, Some(_)) => self.add(Counter::ShadowDenied, 1)?,
            (Verdict::Public, _) => self.add(Counter::Public, 1)?,
            (Verdict::Allow | Verdict::Shadow, _) => self.add(Counter::Allowed, 1)?,
        }
        if decision.super_admin {
            self.add(Counter::SuperAdmin, 1)?;
        }
        match decision.cache {
            Some(CacheUse::Hit) => self.add(Counter::CacheHits, 1)?,
            Some(CacheUse::Miss) => self.add(Counter::CacheMisses, 1)?,
            None => {}
        }
        match i64::try_from(decision.stripped) {
            Ok(0) | Err(_) => Ok(()),
            Ok(stripped) => self.add(Counter::Stripped, stripped),
        }
    }

    /// Counts a refusal that no decision came to.
    pub(super) fn count_unavailable(&self) -> Result<(), HostError> {
        self.add(Counter::Denied(Code::GuardUnavailable), 1)
    }

    /// Counts a fetch that began.
    pub(super) fn count_fetch(&self, directory: bool) -> Result<(), HostError> {
        self.add(if directory { Counter::DirectoryFetches } else { Counter::KeyFetches }, 1)
    }

    /// Counts a fetch that failed.
    pub(super) fn count_failed_fetch(&self, directory: bool) -> Result<(), HostError> {
        self.add(if directory { Counter::DirectoryFailures } else { Counter::KeyFailures }, 1)
    }

    fn add(&self, counter: Counter, by: i64) -> Result<(), HostError> {
        let Some((_, known)) = self.0.iter().find(|(candidate, _)| *candidate == counter) else {
            return Ok(());
        };
        let id = match known.get() {
            Some(id) => id,
            None => hostcalls::define_metric(Kind::Counter, &counter.name())?,
        };
        known.set(Some(id));
        hostcalls::increment(id, by)
    }
}
