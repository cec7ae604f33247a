//! What the guest did, and for which context.

use std::collections::{BTreeMap, BTreeSet};

use crate::Headers;
use crate::outcome::{Call, LogLine, Outcome, Run};
use crate::plan::Callback;

/// Each with the context that was the effective one.
#[derive(Clone, Default)]
pub(crate) struct Records {
    pub(crate) calls: Vec<(u32, Call)>,
    pub(crate) logs: Vec<(u32, LogLine)>,
    pub(crate) set: Vec<(u32, (String, Vec<u8>))>,
    made: BTreeMap<(Callback, &'static str), usize>,
    /// Where the calls of each context are: there may be thousands of both.
    places: BTreeMap<u32, Vec<usize>>,
}

impl Records {
    /// How many hostcalls of this name were made in this callback before one
    /// that is made now.
    pub(crate) fn make(&mut self, callback: Callback, name: &'static str) -> usize {
        let made = self.made.entry((callback, name)).or_default();
        *made += 1;
        *made - 1
    }

    /// One more call.
    pub(crate) fn push(&mut self, context: u32, call: Call) {
        self.places.entry(context).or_default().push(self.calls.len());
        self.calls.push((context, call));
    }

    /// Whom they are about.
    pub(crate) fn contexts(&self) -> BTreeSet<u32> {
        let calls = self.places.keys().copied();
        let logs = self.logs.iter().map(|(of, _)| *of);
        calls.chain(logs).chain(self.set.iter().map(|(of, _)| *of)).collect()
    }

    /// Adds those of `other` that are about this context.
    pub(crate) fn add(&mut self, other: &Self, context: u32) {
        fn about<T: Clone>(all: &[(u32, T)], context: u32) -> impl Iterator<Item = (u32, T)> {
            all.iter().filter(move |(of, _)| *of == context).cloned()
        }
        let places = other.places.get(&context).into_iter().flatten();
        places.for_each(|at| self.push(context, other.calls[*at].1.clone()));
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
