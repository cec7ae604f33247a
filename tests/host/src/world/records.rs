//! What the guest did, and for which context.

use crate::Headers;
use crate::outcome::{Call, LogLine, Outcome, Run};
use crate::plan::Callback;

/// Each with the context that was the effective one.
#[derive(Clone, Default)]
pub(crate) struct Records {
    pub(crate) calls: Vec<(u32, Call)>,
    pub(crate) logs: Vec<(u32, LogLine)>,
    pub(crate) set: Vec<(u32, (String, Vec<u8>))>,
}

impl Records {
    /// How many hostcalls of this name were made in this callback.
    pub(crate) fn made(&self, callback: Callback, name: &str) -> usize {
        self.calls.iter().filter(|(_, c)| c.name == name && c.callback == callback).count()
    }

    /// Adds those of `other` that are about this context.
    pub(crate) fn add(&mut self, other: &Self, context: u32) {
        fn about<T: Clone>(all: &[(u32, T)], context: u32) -> impl Iterator<Item = (u32, T)> {
            all.iter().filter(move |(of, _)| *of == context).cloned()
        }
        self.calls.extend(about(&other.calls, context));
        self.logs.extend(about(&other.logs, context));
        self.set.extend(about(&other.set, context));
    }

    pub(crate) fn into_run(self, outcome: Outcome, response: Headers) -> Run {
        fn all<T>(records: Vec<(u32, T)>) -> Vec<T> {
            records.into_iter().map(|(_, record)| record).collect()
        }
        let (calls, logs, properties) = (all(self.calls), all(self.logs), all(self.set));
        Run { outcome, calls, logs, properties, response }
    }
}
