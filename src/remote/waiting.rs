//! Requests that wait for what is being fetched.

use super::SourceId;
use super::fetcher::{Fetcher, Hope};
use crate::halt::Patience;
use crate::host::Timestamp;

/// How many requests of one worker may wait.
const MOST: usize = 4_096;

/// How often one request may wait: for the tenants, for the keys of an issuer
/// that they brought, and for a new key.
const MOST_ROUNDS: u32 = 3;

/// How many requests are let go at once. Envoy does to one what was said of it
/// while the VM is called for the one before: so many calls deep is too deep
/// for a VM at some hundreds. Nor are others kept waiting meanwhile.
pub const MOST_AT_ONCE: usize = 32;

/// Requests that wait, in the order they came.
#[derive(Debug)]
pub struct WaitingRoom<R> {
    waiting: Vec<Waiting<R>>,
}

#[derive(Debug)]
struct Waiting<R> {
    request: R,
    rounds: u32,
    /// What it waits for, and how many of its fetches must have ended.
    wants: Vec<(SourceId, u64)>,
    until: f64,
}

/// A request that waited.
#[derive(Debug)]
pub struct Ready<R> {
    /// The request.
    pub request: R,
    /// How often it waited.
    pub rounds: u32,
    /// Whether it may wait again.
    pub patience: Patience,
}

impl<R> Default for WaitingRoom<R> {
    fn default() -> Self {
        Self { waiting: Vec::new() }
    }
}

impl<R> WaitingRoom<R> {
    /// Whether a request may come in.
    pub fn patience(&self) -> Patience {
        if self.waiting.len() < MOST { Patience::MayWait } else { Patience::Crowded }
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Lets a request wait for sources.
    pub fn enter(
        &mut self,
        request: R,
        rounds: u32,
        sources: &[SourceId],
        fetcher: &mut Fetcher,
        now: Timestamp,
    ) {
        let now = now.seconds();
        let (mut wants, mut longest) = (Vec::new(), 0.0f64);
        for id in sources {
            if let Some((ended, timeout)) = fetcher.ask(*id, now) {
                wants.push((*id, ended));
                longest = longest.max(timeout);
            }
        }
        let rounds = rounds.saturating_add(1);
        self.waiting.push(Waiting { request, rounds, wants, until: now + longest });
    }

    /// Takes out the requests that have nothing more to wait for, the first
    /// [`MOST_AT_ONCE`] of them.
    pub fn ready(&mut self, fetcher: &Fetcher, now: Timestamp) -> Vec<Ready<R>> {
        let now = now.seconds();
        let hopes = |waiting: &Waiting<R>, hope: Hope| {
            let mut wants = waiting.wants.iter();
            wants.any(|(id, ended)| fetcher.hope(*id, *ended, now, waiting.until) == hope)
        };
        let is_ready =
            |waiting: &mut Waiting<R>| now >= waiting.until || !hopes(waiting, Hope::Alive);
        let ready = self.waiting.extract_if(.., is_ready).take(MOST_AT_ONCE);
        let ready: Vec<Waiting<R>> = ready.collect();
        let ready = ready.into_iter();
        ready
            .map(|waiting| {
                // What is in vain once isn't waited for anew.
                let over = now >= waiting.until || hopes(&waiting, Hope::Lost);
                Ready {
                    patience: match over || waiting.rounds >= MOST_ROUNDS {
                        true => Patience::Waited,
                        false => Patience::MayWait,
                    },
                    request: waiting.request,
                    rounds: waiting.rounds,
                }
            })
            .collect()
    }

    /// Takes a request back that couldn't be let go: it is tried again, and
    /// waits for nothing else.
    pub fn put_back(&mut self, request: R, rounds: u32) {
        self.waiting.push(Waiting { request, rounds, wants: Vec::new(), until: 0.0 });
    }

    /// Takes out the first [`MOST_AT_ONCE`] requests: they may wait no longer.
    pub fn any(&mut self) -> Vec<Ready<R>> {
        let most = self.waiting.len().min(MOST_AT_ONCE);
        let waiting = self.waiting.drain(..most);
        let over =
            |Waiting { request, rounds, .. }| Ready { request, rounds, patience: Patience::Waited };
        waiting.map(over).collect()
    }

    /// Forgets the requests that `gone` says are gone.
    pub fn forget(&mut self, gone: impl Fn(&R) -> bool) {
        self.waiting.retain(|waiting| !gone(&waiting.request));
    }
}
