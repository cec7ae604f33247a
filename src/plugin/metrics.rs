//! Counters. Their number is fixed: a host never forgets one.

use std::cell::RefCell;
use std::collections::HashMap;

use super::hostcalls;
use crate::decision::Decision;
use crate::denial::Code;
use crate::host::HostError;
use crate::jwt::CacheUse;
use crate::verdict::Verdict;

/// The counters of a worker, by name; each is defined once.
#[derive(Debug, Default)]
pub(super) struct Metrics(RefCell<HashMap<String, u32>>);

impl Metrics {
    /// Defines all counters, so that they are seen before they count. One that
    /// fails is defined when it is first needed.
    pub(super) fn define_all(&self) {
        let names =
            ["allowed", "public", "shadow_denied", "stripped", "cache_hits", "cache_misses"];
        for name in names {
            let _ = self.id(name.into());
        }
        for code in Code::ALL {
            let _ = self.id(denied(*code));
        }
    }

    /// Counts a decision.
    pub(super) fn count(&self, decision: &Decision) -> Result<(), HostError> {
        match (&decision.verdict, &decision.denial) {
            (Verdict::Refuse(_), Some(denial)) => self.add(denied(denial.code), 1)?,
            (Verdict::Shadow, Some(_)) => self.add("shadow_denied".into(), 1)?,
            (Verdict::Public, _) => self.add("public".into(), 1)?,
            _ => self.add("allowed".into(), 1)?,
        }
        match decision.cache {
            Some(CacheUse::Hit) => self.add("cache_hits".into(), 1)?,
            Some(CacheUse::Miss) => self.add("cache_misses".into(), 1)?,
            None => {}
        }
        match i64::try_from(decision.stripped) {
            Ok(0) | Err(_) => Ok(()),
            Ok(stripped) => self.add("stripped".into(), stripped),
        }
    }

    /// Counts a refusal that no decision came to.
    pub(super) fn count_unavailable(&self) -> Result<(), HostError> {
        self.add(denied(Code::GuardUnavailable), 1)
    }

    fn add(&self, name: String, by: i64) -> Result<(), HostError> {
        hostcalls::increment(self.id(name)?, by)
    }

    fn id(&self, name: String) -> Result<u32, HostError> {
        // Nothing here calls back, so the map is never borrowed twice.
        let busy = HostError { call: "metrics", status: 0 };
        let mut ids = self.0.try_borrow_mut().map_err(|_| busy)?;
        if let Some(id) = ids.get(&name) {
            return Ok(*id);
        }
        let id = hostcalls::define_counter(&format!("tenant_guard.{name}"))?;
        ids.insert(name, id);
        Ok(id)
    }
}

fn denied(code: Code) -> String {
    format!("denied.{}", code.name())
}
