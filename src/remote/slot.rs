//! One source, as one worker knows it.

use super::call::{Call, Network};
use super::event::Event;
use super::keeper::Keeper;
use super::record::{Record, Told, Writer};
use super::schedule;
use super::source::Source;
use super::store;
use super::{Outlook, SourceId, Standing};
use crate::audit::AuditLevel;
use crate::host::{HostError, Timestamp};

/// More than any pause between looks at a record, in seconds: one that is
/// further away was told by a clock that was set back since.
const LONGEST_LOOK: f64 = 6.0;

/// One source.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) source: Source,
    pub(super) record: Record,
    /// The content that this worker has taken over.
    pub(super) taken: Option<u64>,
    /// The fetch that this worker has under way.
    pub(super) call: Option<Call>,
    /// How many fetches must have ended for requests that wait for a new one.
    pub(super) wanted: Option<u64>,
    /// When to look at the record again.
    look_at: f64,
    /// There should be content, and it can't be had.
    lost: bool,
    /// The host failed at the last look, which the log was told.
    failed: bool,
}

impl Slot {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            record: Record::default(),
            taken: None,
            call: None,
            wanted: None,
            look_at: 0.0,
            lost: false,
            failed: false,
        }
    }

    /// The same, for what the source is now.
    pub(super) fn of(self, source: Source) -> Self {
        Self { source, ..self }
    }

    pub(super) fn id(&self) -> SourceId {
        self.source.id()
    }

    /// Whether a call of this token is for it.
    pub(super) fn has_called(&self, token: u32) -> bool {
        self.call.as_ref().is_some_and(|call| call.token == token)
    }

    /// Takes over what other workers fetched, and fetches it where that is due
    /// and it may. Gives whether it would, and may not.
    pub(super) fn tend(
        &mut self,
        now: Timestamp,
        writer: Writer,
        may_call: bool,
        keeper: &mut dyn Keeper,
        network: &dyn Network,
        events: &mut Vec<Event>,
    ) -> bool {
        let tended = self.try_to_tend(now, writer, may_call, keeper, network, events);
        if let (Err(error), false) = (&tended, self.failed) {
            events.push(Event::failure(&self.source.label, *error));
        }
        let awaits_turn = !may_call && tended.is_ok() && self.wants(now, writer);
        if !awaits_turn {
            self.failed = tended.is_err();
        }
        // What isn't renewed ages all the same.
        keeper.set_outlook(&self.source, self.outlook(now));
        awaits_turn
    }

    fn try_to_tend(
        &mut self,
        now: Timestamp,
        writer: Writer,
        may_call: bool,
        keeper: &mut dyn Keeper,
        network: &dyn Network,
        events: &mut Vec<Event>,
    ) -> Result<(), HostError> {
        // The record is looked at where something may have changed.
        let is_due = schedule::is_due(&self.source.timing, &self.record, now.seconds());
        let looked = now.seconds() < self.look_at && self.look_at <= now.seconds() + LONGEST_LOOK;
        // Another's fetch may be over: those that wait for it wait here, too.
        let is_leased = self.record.is_leased(now.seconds());
        if !looked || self.wanted.is_some() || self.call.is_some() || is_due || is_leased {
            self.look(now, network)?;
            self.take_over(keeper, network, events)?;
        }
        self.tell_age(now, network, events)?;
        if may_call && self.wants(now, writer) {
            self.fetch(now, writer, network, events)?;
        }
        Ok(())
    }

    /// Whether requests wait for another fetch than those that ended.
    pub(super) fn is_asked_for(&self) -> bool {
        self.wanted.is_some_and(|ended| self.record.attempts < ended)
    }

    /// Whether there is nothing that holds.
    pub(super) fn lacks(&self, now: f64) -> bool {
        schedule::standing(&self.source.timing, &self.record, now) != Standing::Current
    }

    pub(super) fn outlook(&self, now: Timestamp) -> Outlook {
        let outlook = schedule::outlook(&self.source, &self.record, now.seconds());
        let is_lost = outlook.standing == Standing::Awaited && self.record.fetched.is_some();
        match is_lost && !self.source.is_directory() {
            // Keys that the document has in their place were replaced already.
            true => Outlook { standing: Standing::TooOld, ..outlook },
            false => outlook,
        }
    }

    /// Reads the record; makes one where there is none.
    pub(super) fn look(&mut self, now: Timestamp, network: &dyn Network) -> Result<(), HostError> {
        let now = now.seconds();
        let (record, _) = store::update(network, self.id(), |record| {
            let is_new = record.since == 0.0;
            if is_new {
                record.since = now;
            }
            record.turn_back(now) || is_new
        })?;
        self.record = record;
        let awaits = self.record.content.is_none() || self.record.is_leased(now);
        let pause = if awaits { 0.0 } else { schedule::look_again_in(&self.source.timing) };
        self.look_at = now + pause;
        // An answer that never came, or wouldn't count: the lease is gone.
        let held = self.record.lease.map(|lease| lease.id);
        let is_over = |call: &Call| now > call.lease.until || held != Some(call.lease.id);
        if self.call.as_ref().is_some_and(is_over) {
            self.call = None;
        }
        Ok(())
    }

    /// Takes over what is there, where anything is. The first tick looks again,
    /// and tells what can't be read.
    pub(super) fn adopt(
        &mut self,
        now: Timestamp,
        keeper: &mut dyn Keeper,
        network: &dyn Network,
        events: &mut Vec<Event>,
    ) {
        let Ok(Some((record, _))) = store::record(network, self.id()) else {
            return;
        };
        self.record = record;
        if self.take_over(keeper, network, events).is_ok() {
            keeper.set_outlook(&self.source, self.outlook(now));
        }
    }

    /// Takes over what another worker fetched.
    pub(super) fn take_over(
        &mut self,
        keeper: &mut dyn Keeper,
        network: &dyn Network,
        events: &mut Vec<Event>,
    ) -> Result<(), HostError> {
        let Some(number) = self.record.content.filter(|number| self.taken != Some(*number)) else {
            return Ok(());
        };
        let content = match store::content(network, self.id(), number, self.record.sum) {
            Ok(content) => content,
            Err(error) => {
                // Nothing is in force before it can be read.
                if self.taken.is_none() {
                    self.record.content = None;
                }
                self.look_at = 0.0;
                return Err(error);
            }
        };
        let taken = match &content {
            Some(content) => keeper.take_over(&self.source, content, &self.record.kids),
            // It is being written, or whoever wrote it is gone.
            None => Err("not there".to_owned()),
        };
        let was_lost = core::mem::replace(&mut self.lost, taken.is_err());
        match taken {
            Ok(()) => self.taken = Some(number),
            Err(why) => {
                if !was_lost && content.is_some() {
                    self.log(AuditLevel::Error, &format!("what was shared is {why}"), events);
                }
                if self.taken.is_none() || content.is_some() {
                    self.record.content = None;
                }
                // It is fetched again soon, which requests may wait for.
                if self.record.failures == 0 {
                    let again = self.record.fetched.map_or(0.0, |fetched| fetched + 1.0);
                    self.record.due = self.record.due.min(again);
                }
                self.look_at = 0.0;
            }
        }
        Ok(())
    }

    /// Tells once, of all workers, that what is in force is too old.
    pub(super) fn tell_age(
        &mut self,
        now: Timestamp,
        network: &dyn Network,
        events: &mut Vec<Event>,
    ) -> Result<(), HostError> {
        let (timing, now) = (self.source.timing, now.seconds());
        let is_old = |record: &Record| schedule::standing(&timing, record, now) == Standing::TooOld;
        if !is_old(&self.record) || self.record.told == Told::TooOld {
            return Ok(());
        }
        let (_, told) = store::update(network, self.id(), |record| {
            let tells = is_old(record) && record.told != Told::TooOld;
            if tells {
                record.told = Told::TooOld;
            }
            tells
        })?;
        self.record.told = Told::TooOld;
        if told {
            let code = match self.source.is_directory() {
                true => "tenants_unavailable",
                false => "keys_unavailable",
            };
            let line = format!("older than max_stale; what it decides is refused with {code}");
            self.log(AuditLevel::Error, &line, events);
        }
        Ok(())
    }

    /// Whether a newer configuration has come to judge what is fetched.
    pub(super) fn is_others(&self, writer: Writer, now: Timestamp) -> bool {
        let known = self.record.writer;
        // A time to come was told by a clock that was set back since.
        known.configuration != writer.configuration
            && (known.since, known.configuration) > (writer.since, writer.configuration)
            && known.since <= now.seconds()
    }

    /// Whether this worker may and should fetch it now.
    pub(super) fn wants(&mut self, now: Timestamp, writer: Writer) -> bool {
        let superseded = self.is_others(writer, now);
        let (timing, now) = (&self.source.timing, now.seconds());
        if self.call.is_some() || self.record.is_leased(now) {
            return false;
        }
        let other = self.record.writer.configuration != writer.configuration;
        let may_ask = schedule::may_ask(timing, &self.record, now);
        if !(self.is_asked_for() && may_ask) {
            self.wanted = None;
        }
        if superseded {
            // The newer configuration fetches, and judges the tenants. But it may
            // be gone, or in less of a hurry; and keys are the same for both.
            self.wanted = self.wanted.filter(|_| !self.source.is_directory());
            return self.wanted.is_some() || schedule::is_overdue(timing, &self.record, now);
        }
        // Another configuration may have found other entries good.
        let judges_anew = other && self.source.is_directory() && self.record.content.is_some();
        self.wanted.is_some()
            || schedule::is_due(timing, &self.record, now)
            || self.record.content.is_none() && self.record.attempts == 0
            || judges_anew && self.record.failures == 0
    }
}
