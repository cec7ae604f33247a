//! What a worker does between requests: it keeps what lives elsewhere up to
//! date, and lets requests go on that waited for it.

use std::rc::Rc;

use super::contexts;
use super::host::ProxyHost;
use super::hostcalls::{self, Buffer, Map};
use super::metric_name::part;
use super::pairs;
use super::stream::Waiting;
use super::ticks::HURRY;
use super::worker::{self, Worker, level};
use crate::audit::AuditLevel;
use crate::halt::Patience;
use crate::host::{Host, HostError, Timestamp};
use crate::remote::{Answer, Event, Fetcher, Kept, MOST_AT_ONCE, Ready, SourceId};

impl Worker {
    /// Asks for a first tick, where there is anything to fetch. Where the host
    /// doesn't tick nothing is fetched, and nobody waits for it.
    pub(super) fn start(&self) -> bool {
        !self.fetcher.borrow().is_idle() && self.ticks.hurry(HURRY)
    }

    /// Takes over what other workers fetched, once: before the first decision,
    /// and not while it is configured, which must depend on the document only.
    pub(super) fn adopt(&self) {
        if !self.adopted.replace(true) && !self.fetcher.borrow().is_idle() {
            let events = self.with_guard(|fetcher, kept, host| fetcher.adopt(kept, host));
            self.report(events);
        }
    }

    /// Whether a request may wait.
    pub(super) fn patience(&self) -> Patience {
        match self.room.try_borrow() {
            // A host that refused to tick may do so by now.
            Ok(room) if self.ticks.are_on() || self.start() => room.patience(),
            _ => Patience::Waited,
        }
    }

    /// Lets a request wait; gives it back where it can't.
    pub(super) fn wait(
        &self,
        request: Waiting,
        rounds: u32,
        sources: &[SourceId],
    ) -> Result<(), Waiting> {
        // Who can't be reached from elsewhere, or is reached by no tick, would
        // wait for ever.
        if contexts::switch_to(request.context).is_err() || !self.ticks.hurry(HURRY) {
            return Err(request);
        }
        let (Ok(now), Ok(mut fetcher), Ok(mut room)) =
            (self.host.now(), self.fetcher.try_borrow_mut(), self.room.try_borrow_mut())
        else {
            return Err(request);
        };
        room.enter(request, rounds, sources, &mut fetcher, now);
        Ok(())
    }

    /// Forgets a request that is over.
    pub(super) fn forget(&self, context: u32) {
        if let Ok(mut room) = self.room.try_borrow_mut() {
            room.forget(|request| request.context == context);
        }
    }

    /// Whether requests wait.
    pub(super) fn has_waiting(&self) -> bool {
        self.room.try_borrow().is_ok_and(|room| !room.is_empty())
    }

    /// Whether a worker of a configuration before is still needed: requests
    /// wait for it, or what it fetches.
    pub(super) fn is_needed(&self) -> bool {
        let calls = |now| self.fetcher.try_borrow().is_ok_and(|fetcher| fetcher.is_calling(now));
        self.has_waiting() || self.host.now().is_ok_and(calls)
    }

    /// Fetches nothing more.
    pub(super) fn leave(&self) {
        if let Ok(mut fetcher) = self.fetcher.try_borrow_mut() {
            fetcher.leave(&self.host);
        }
    }

    /// Fetches what is due and lets requests go on that waited for it. Gives
    /// when the next tick should be, in milliseconds.
    pub(super) fn tick(self: &Rc<Self>, root: u32) -> Option<u32> {
        let events = self.with_guard(|fetcher, kept, host| fetcher.tick(kept, host));
        self.report(events);
        let more = self.wake(root);
        let Ok(now) = self.host.now() else {
            return None;
        };
        // Whether a gauge is set decides nothing.
        let _ = self.measure(now);
        let pause = match self.has_waiting() {
            true if more => 1,
            true => HURRY,
            false => (self.fetcher.borrow().pause(now) * 1000.0) as u32,
        };
        Some(pause.max(1))
    }

    /// Takes the answer to a call.
    pub(super) fn answered(self: &Rc<Self>, root: u32, token: u32, headers: usize, size: usize) {
        let most = self.fetcher.borrow().most_bytes(token);
        let answer = read_answer(headers, size, most).unwrap_or_default();
        let events =
            self.with_guard(|fetcher, kept, host| fetcher.answered(token, answer, kept, host));
        self.report(events);
        if self.wake(root) {
            self.ticks.hurry(1);
        }
    }

    /// Runs what may change the guard: no request is being decided on.
    fn with_guard(
        &self,
        run: impl FnOnce(&mut Fetcher, &mut Kept<'_>, &ProxyHost) -> Vec<Event>,
    ) -> Vec<Event> {
        let (Ok(mut guard), Ok(mut fetcher)) =
            (self.guard.try_borrow_mut(), self.fetcher.try_borrow_mut())
        else {
            return Vec::new();
        };
        let mut kept = Kept { guard: &mut guard, environment: &self.environment };
        run(&mut fetcher, &mut kept, &self.host)
    }

    fn report(&self, events: Vec<Event>) {
        for event in events {
            // What the host says to these changes nothing.
            let _ = match event {
                Event::Log(at, line) => hostcalls::log(level(at), &line),
                Event::Fetched { directory } => self.metrics.count_fetch(directory),
                Event::Failed { directory } => self.metrics.count_failed_fetch(directory),
            };
        }
    }

    /// Decides again on requests that waited long enough; whether there are
    /// more.
    fn wake(self: &Rc<Self>, root: u32) -> bool {
        let ready = match (self.host.now(), self.fetcher.try_borrow(), self.room.try_borrow_mut()) {
            (Ok(now), Ok(fetcher), Ok(mut room)) => room.ready(&fetcher, now),
            // Without a clock nobody knows how long: it is over for all.
            (Err(_), _, Ok(mut room)) => room.any(),
            _ => return false,
        };
        if ready.is_empty() {
            return false;
        }
        let more = ready.len() == MOST_AT_ONCE;
        let mut failed = None;
        for Ready { request, rounds, patience } in ready {
            match contexts::switch_to(request.context) {
                Ok(()) => request.go_on(self, rounds, patience),
                // One that is over was forgotten, so this one is still there.
                Err(error) => {
                    failed = Some(error);
                    if let Ok(mut room) = self.room.try_borrow_mut() {
                        room.put_back(request, rounds);
                    }
                }
            }
        }
        if let (Some(error), false) = (failed, self.out_of_reach.replace(failed.is_some())) {
            worker::log_failure(crate::audit::AuditLevel::Error, error);
        }
        if let Err(error) = contexts::switch_to(root) {
            worker::log_failure(AuditLevel::Error, error);
        }
        more
    }

    /// Sets the gauges, once a second.
    fn measure(&self, now: Timestamp) -> Result<(), HostError> {
        let fetcher = self.fetcher.borrow();
        let second = now.seconds() as u64;
        if fetcher.is_superseded(now) || self.measured.replace(second) == second {
            return Ok(());
        }
        let guard = self.guard.borrow();
        let (tenants, keys) = guard.counts();
        self.gauges.set("tenants.count", tenants as u64)?;
        let mut oldest: Option<f64> = None;
        for (source, age) in fetcher.ages(now) {
            if source.is_directory() {
                self.gauges.set("directory.age_seconds", age as u64)?;
                continue;
            }
            oldest = Some(oldest.unwrap_or_default().max(age));
            if guard.is_own_source(source.id()) {
                self.gauges
                    .set(&format!("keys.age_seconds.{}", part(source.subject())), age as u64)?;
            }
        }
        if let Some(oldest) = oldest {
            self.gauges.set("keys.oldest_seconds", oldest as u64)?;
            self.gauges.set("keys.count", keys as u64)?;
        }
        Ok(())
    }
}

/// What the host has of an answer, of `most` bytes at most.
fn read_answer(headers: usize, size: usize, most: usize) -> Result<Answer, HostError> {
    if headers == 0 {
        return Ok(Answer::default());
    }
    let buffer = hostcalls::header_map(Map::CallHeaders)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let pairs = pairs::parse(&buffer).unwrap_or_default();
    let headers = pairs.iter().map(|(name, value)| (text(name), text(value))).collect();
    let body = match size {
        0 => Vec::new(),
        size if size > most => Vec::new(),
        size => hostcalls::buffer(Buffer::CallBody, size)?,
    };
    Ok(Answer { headers, size, body })
}
