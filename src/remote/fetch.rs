//! One fetch: the lease, the requests, and what becomes of their answers.

use core::cell::Cell;

use super::answer::{Answer, Document};
use super::call::{Call, Network, Step};
use super::event::Event;
use super::keeper::{Judged, Keeper};
use super::record::{Lease, Record, Told, Writer};
use super::schedule;
use super::slot::Slot;
use super::source::Content;
use super::{Standing, store};
use crate::audit::AuditLevel;
use crate::host::{HostError, Timestamp};
use crate::sorted;

/// How much longer than its answers may take a lease holds, in seconds.
const GRACE: f64 = 1.0;

impl Slot {
    /// Takes the lease and sends the request.
    pub(super) fn fetch(
        &mut self,
        now: Timestamp,
        writer: Writer,
        network: &dyn Network,
        events: &mut Vec<Event>,
    ) -> Result<(), HostError> {
        let seconds = now.seconds();
        let until = seconds + self.source.timing.timeout * self.source.steps() + GRACE;
        let lease = Lease { id: now.nanoseconds(), until };
        // The first is made anyway: it leaves requests one to ask for.
        let asked = self.wanted.take().is_some() && self.record.attempts > 0;
        let seen = self.record.attempts;
        let (record, is_mine) = store::update(network, self.id(), |record| {
            let free = !record.is_leased(seconds) && record.attempts == seen;
            if free {
                record.lease = Some(lease);
                if asked {
                    record.asked = Some(seconds);
                }
            }
            free
        })?;
        self.record = record;
        if !is_mine {
            return Ok(());
        }
        events.push(Event::Fetched { directory: self.source.is_directory() });
        let step = match self.source.content {
            Content::Discovery { .. } => Step::Discovery,
            Content::Keys | Content::Directory => Step::Document,
        };
        // The etag is the document's, and "not modified" is an answer only
        // where what was fetched is there.
        let same_reader = self.record.writer.configuration == writer.configuration;
        let is_there = self.taken.is_some() && self.taken == self.record.content;
        let may_be_unchanged = step == Step::Document && same_reader && is_there;
        let etag = self.record.etag.clone().filter(|_| may_be_unchanged);
        match Call::start(&self.source, step, None, etag, lease, network) {
            Ok(call) => {
                self.call = Some(call);
                Ok(())
            }
            Err(why) => self.fail(lease, &why, network, events),
        }
    }

    pub(super) fn answered(
        &mut self,
        answer: Answer,
        writer: Writer,
        keeper: &mut dyn Keeper,
        network: &dyn Network,
        events: &mut Vec<Event>,
    ) -> Result<(), HostError> {
        let Some(call) = self.call.take() else {
            return Ok(());
        };
        let (lease, step) = (call.lease, call.step);
        let (body, etag) = match answer.check(self.source.max_bytes, call.is_conditional) {
            Err(why) => {
                return self.fail(lease, &step.tell(&self.source, &why), network, events);
            }
            Ok(Document::Unchanged) => {
                return self.succeed(lease, None, None, writer, network, events);
            }
            Ok(Document::Body { body, etag }) => (body, etag),
        };
        if step == Step::Discovery {
            let place = super::discovery::jwks_of(&self.source, &body);
            let place = place.map_err(|why| step.tell(&self.source, &why));
            let next = place.and_then(|place| {
                Call::start(&self.source, Step::Document, Some(place), None, lease, network)
            });
            return match next {
                Ok(next) => {
                    self.call = Some(next);
                    Ok(())
                }
                Err(why) => self.fail(lease, &why, network, events),
            };
        }
        // It is large, and only where something is wrong with the new one does
        // what was before matter.
        let failure = Cell::new(None);
        let before = || match self.record.content.map(|number| self.content(number, network)) {
            Some(Ok(content)) => content,
            Some(Err(error)) => {
                failure.set(Some(error));
                None
            }
            None => None,
        };
        let judged = keeper.judge(&self.source, body, &before);
        if let Some(error) = failure.get() {
            return Err(error);
        }
        match judged {
            Ok(judged) => {
                let changed = !self.is_in_force(&judged.content, network)?;
                if changed {
                    events.extend(judged.mistakes.iter().map(|mistake| {
                        let line = format!("tenant_guard: {}: {mistake}", self.source.label);
                        Event::Log(AuditLevel::Warn, line)
                    }));
                }
                let judged = changed.then_some(judged);
                self.succeed(lease, judged, etag, writer, network, events)?;
                self.take_over(keeper, network, events)
            }
            Err(why) => self.fail(lease, &step.tell(&self.source, &why), network, events),
        }
    }

    fn content(&self, number: u64, network: &dyn Network) -> Result<Option<Vec<u8>>, HostError> {
        store::content(network, self.id(), number, self.record.sum)
    }

    /// Whether a content is the one that is shared already.
    fn is_in_force(&self, content: &[u8], network: &dyn Network) -> Result<bool, HostError> {
        match self.record.content {
            Some(number) if store::sum(number, content) == self.record.sum => {
                let was_there = self.taken == Some(number);
                Ok(was_there || self.content(number, network)?.is_some())
            }
            _ => Ok(false),
        }
    }

    /// Shares what came; `None` where what was there is the present one.
    fn succeed(
        &mut self,
        lease: Lease,
        judged: Option<Judged>,
        etag: Option<String>,
        writer: Writer,
        network: &dyn Network,
        events: &mut Vec<Event>,
    ) -> Result<(), HostError> {
        let now = network.now()?.seconds();
        let (timing, id) = (self.source.timing, self.id());
        let is_mine = |record: &Record| record.lease.is_some_and(|held| held.id == lease.id);
        let sum = judged.as_ref().map(|judged| store::sum(lease.id, &judged.content));
        if let Some(judged) = &judged {
            // Not over what a faster one shared since.
            if !store::record(network, id)?.is_some_and(|(record, _)| is_mine(&record)) {
                return Ok(());
            }
            store::put_content(network, id, &judged.content)?;
        }
        let (told, failures) = (self.record.told.clone(), self.record.failures);
        let (record, done) = store::update(network, id, |record| {
            if !is_mine(record) {
                return false;
            }
            let known = core::mem::take(&mut record.kids);
            *record = Record {
                fetched: Some(now),
                content: judged.as_ref().map(|_| lease.id).or(record.content),
                sum: sum.unwrap_or(record.sum),
                attempts: record.attempts.saturating_add(1),
                due: now + schedule::refresh_in(&timing, schedule::spread(id.0, lease.id)),
                etag: etag.clone().or_else(|| record.etag.take().filter(|_| judged.is_none())),
                kids: match &judged {
                    Some(judged) => {
                        let since = |kid: &String| known.get(kid).copied().unwrap_or(now);
                        sorted::map(judged.kids.iter().map(|kid| (kid.clone(), since(kid))))
                    }
                    None => known,
                },
                writer,
                since: record.since,
                asked: record.asked,
                failures: 0,
                lease: None,
                told: Told::Well,
            };
            true
        })?;
        self.record = record;
        if done {
            let what = match &judged {
                Some(judged) => judged.summary.as_str(),
                None => "unchanged",
            };
            if told != Told::Well {
                let line = match failures {
                    0 => format!("fetched again: {what}"),
                    _ => format!("fetched again, failed {failures} times before: {what}"),
                };
                self.log(AuditLevel::Warn, &line, events);
            } else if judged.is_some() {
                self.log(AuditLevel::Info, &format!("fetched: {what}"), events);
            }
        }
        Ok(())
    }

    fn fail(
        &mut self,
        lease: Lease,
        why: &str,
        network: &dyn Network,
        events: &mut Vec<Event>,
    ) -> Result<(), HostError> {
        events.push(Event::Failed { directory: self.source.is_directory() });
        let now = network.now()?.seconds();
        let (timing, id) = (self.source.timing, self.id());
        let mut tells = false;
        let (record, _) = store::update(network, id, |record| {
            if record.lease.is_none_or(|held| held.id != lease.id) {
                return false;
            }
            record.lease = None;
            record.attempts = record.attempts.saturating_add(1);
            record.failures = record.failures.saturating_add(1);
            let spread = schedule::spread(id.0, lease.id);
            record.due = now + schedule::retry_in(&timing, record.failures, spread);
            let told = Told::Failing(why.to_owned());
            tells = record.told != told && record.told != Told::TooOld;
            if tells {
                record.told = told;
            }
            true
        })?;
        self.record = record;
        if tells {
            let kept = match schedule::standing(&timing, &self.record, now) {
                Standing::Current => "; what was fetched before holds until max_stale",
                _ => "",
            };
            self.log(AuditLevel::Warn, &format!("fetch failed: {why}{kept}"), events);
        }
        Ok(())
    }

    /// Gives up the fetch that is under way, and lets others make it.
    pub(super) fn leave(&mut self, network: &dyn Network) {
        let Some(lease) = self.call.take().map(|call| call.lease) else {
            return;
        };
        // Where the host fails the lease ends by itself.
        let _ = store::update(network, self.id(), |record| {
            let is_mine = record.lease.is_some_and(|held| held.id == lease.id);
            if is_mine {
                record.lease = None;
            }
            is_mine
        });
    }

    pub(super) fn log(&self, level: AuditLevel, text: &str, events: &mut Vec<Event>) {
        events.push(Event::Log(level, format!("tenant_guard: {}: {text}", self.source.label)));
    }
}
