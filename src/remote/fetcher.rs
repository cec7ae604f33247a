//! Keeps what lives elsewhere up to date: one worker fetches, all take over.
//!
//! Workers agree by a lease in the source's record: who has it fetches, shares
//! what came, and says in the record when to fetch again. The others see at
//! their next tick that there is something new.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::call::Network;
use super::event::Event;
use super::keeper::Keeper;
use super::record::Writer;
use super::schedule;
use super::slot::Slot;
use super::source::Source;
use super::{SourceId, Standing};
use crate::host::Timestamp;
use crate::sorted::{self, sorted};

/// How many fetches one worker has under way at most: of what the document
/// names, and as many again of what fetched tenants name. The directory is
/// fetched besides, so that whatever hangs nobody waits for it.
const MOST_CALLS: usize = 16;

/// What a request that waits may hope for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hope {
    /// It comes, or may come.
    Alive,
    /// All that it waits for came, or won't be asked for.
    Fulfilled,
    /// It doesn't come in time.
    Lost,
}

/// The sources of a guard, as one worker knows them.
#[derive(Debug)]
pub struct Fetcher {
    slots: BTreeMap<SourceId, Slot>,
    /// The generation of the sources that are known.
    generation: u64,
    writer: Writer,
}

impl Fetcher {
    /// The sources of a configuration with that digest.
    pub fn new(configuration: u64, keeper: &dyn Keeper) -> Self {
        let writer = Writer { configuration, since: 0.0 };
        let slots = keeper.sources().into_iter().map(|source| (source.id(), Slot::new(source)));
        Self { slots: sorted::map(slots), generation: keeper.generation(), writer }
    }

    /// Takes over what is there already when a worker starts, before it decides
    /// on anything: a key that was replaced long ago must not count until then.
    pub fn adopt(&mut self, keeper: &mut dyn Keeper, network: &dyn Network) -> Vec<Event> {
        let mut events = Vec::new();
        let Ok(now) = network.now() else {
            // The first tick tells.
            return events;
        };
        // First the tenants, which may bring more sources.
        for is_directory in [true, false] {
            let slots = self.slots.values_mut();
            for slot in slots.filter(|slot| slot.source.is_directory() == is_directory) {
                slot.adopt(now, keeper, network, &mut events);
            }
            self.follow(keeper);
        }
        events
    }

    /// Looks at all sources: takes over what other workers fetched, and
    /// fetches what is due.
    pub fn tick(&mut self, keeper: &mut dyn Keeper, network: &dyn Network) -> Vec<Event> {
        let mut events = Vec::new();
        let now = match network.now() {
            Ok(now) => now,
            Err(error) => return vec![Event::failure("the clock", error)],
        };
        // No later than now, also after the clock was set back.
        self.writer.since = match self.writer.since {
            0.0 => now.seconds(),
            since => since.min(now.seconds()),
        };
        let mut wanting: Vec<(bool, f64, SourceId)> = Vec::new();
        for (id, slot) in &mut self.slots {
            let may_call = slot.source.is_directory();
            if slot.tend(now, self.writer, may_call, keeper, network, &mut events) {
                let since = slot.record.due.min(now.seconds());
                wanting.push((slot.source.is_tenants, since, *id));
            }
        }
        // Who waits longest is first, so that none is passed over for ever.
        let wanting = sorted(wanting, |a, b| a.1.total_cmp(&b.1));
        for are_tenants in [false, true] {
            let others = self.slots.values().filter(|slot| {
                slot.call.is_some()
                    && slot.source.is_tenants == are_tenants
                    && !slot.source.is_directory()
            });
            let free = MOST_CALLS.saturating_sub(others.count());
            let next = wanting.iter().filter(|(is_tenants, ..)| *is_tenants == are_tenants);
            for (.., id) in next.take(free) {
                if let Some(slot) = self.slots.get_mut(id) {
                    slot.tend(now, self.writer, true, keeper, network, &mut events);
                }
            }
        }
        // A new directory may have brought new sources.
        self.follow(keeper);
        events
    }

    /// Takes the sources that there are now.
    fn follow(&mut self, keeper: &dyn Keeper) {
        if self.generation == keeper.generation() {
            return;
        }
        self.generation = keeper.generation();
        let mut known = core::mem::take(&mut self.slots);
        for source in keeper.sources() {
            let slot = match known.remove(&source.id()) {
                Some(slot) => slot.of(source),
                None => Slot::new(source),
            };
            self.slots.insert(slot.id(), slot);
        }
    }

    /// Takes an answer to a call.
    pub fn answered(
        &mut self,
        token: u32,
        answer: Answer,
        keeper: &mut dyn Keeper,
        network: &dyn Network,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        let writer = self.writer;
        let mut slots = self.slots.values_mut();
        let Some(slot) = slots.find(|slot| slot.has_called(token)) else {
            return events;
        };
        let taken = slot.answered(answer, writer, keeper, network, &mut events);
        match taken.and_then(|()| network.now()) {
            Ok(now) => keeper.set_outlook(&slot.source, slot.outlook(now)),
            Err(error) => events.push(Event::failure(&slot.source.label, error)),
        }
        self.follow(keeper);
        events
    }

    /// How many bytes of the answer to a call are read.
    pub fn most_bytes(&self, token: u32) -> usize {
        let mut slots = self.slots.values();
        slots.find(|slot| slot.has_called(token)).map_or(0, |slot| slot.source.max_bytes)
    }

    /// Asks for a source on behalf of a request. Gives how many of its fetches
    /// must have ended for the request to know more, and how long it may wait,
    /// in seconds; `None` where there is no such source any more.
    pub(super) fn ask(&mut self, id: SourceId, now: f64) -> Option<(u64, f64)> {
        let slot = self.slots.get_mut(&id)?;
        // What is under way may have been sent before the request came. Where
        // nothing holds it will do.
        let under_way = slot.record.is_leased(now) && !slot.lacks(now);
        let more = if under_way { 2 } else { 1 };
        let ended = slot.record.attempts.saturating_add(more);
        slot.wanted = slot.wanted.max(Some(ended));
        Some((ended, slot.source.timing.timeout))
    }

    /// What a request that asked and waits until a time may hope for.
    pub(super) fn hope(&self, id: SourceId, ended: u64, now: f64, until: f64) -> Hope {
        let Some(slot) = self.slots.get(&id) else {
            return Hope::Fulfilled;
        };
        let comes = match schedule::standing(&slot.source.timing, &slot.record, now) {
            _ if slot.record.is_leased(now) && slot.record.attempts < ended => true,
            Standing::Current => slot.record.attempts < ended && slot.is_asked_for(),
            Standing::Awaited | Standing::TooOld if slot.record.due > until => return Hope::Lost,
            Standing::Awaited | Standing::TooOld => true,
        };
        if comes { Hope::Alive } else { Hope::Fulfilled }
    }

    /// How long it may be until the next tick, in seconds.
    pub fn pause(&self, now: Timestamp) -> f64 {
        let shortest = self.slots.values().map(|slot| schedule::look_again_in(&slot.source.timing));
        let base = shortest.fold(1.0, f64::min);
        let due = self.slots.values().filter(|slot| slot.call.is_none());
        let due = due.map(|slot| slot.record.due - now.seconds()).filter(|due| *due > 0.0);
        let spread = schedule::spread(self.writer.configuration, now.seconds().to_bits());
        (base * (0.75 + 0.25 * spread)).min(due.fold(1.0, f64::min)).max(0.01)
    }

    /// Whether answers to its calls may still come.
    pub fn is_calling(&self, now: Timestamp) -> bool {
        let mut calls = self.slots.values().filter_map(|slot| slot.call.as_ref());
        calls.any(|call| now.seconds() < call.lease.until)
    }

    /// Gives the leases of its calls back: no answers come any more.
    pub fn leave(&mut self, network: &dyn Network) {
        for slot in self.slots.values_mut() {
            slot.leave(network);
        }
    }

    /// Whether a newer configuration than this one fetches.
    pub fn is_superseded(&self, now: Timestamp) -> bool {
        self.slots.values().any(|slot| slot.is_others(self.writer, now))
    }

    /// The age of what is known of each source, in seconds, for metrics.
    pub fn ages(&self, now: Timestamp) -> impl Iterator<Item = (&Source, f64)> {
        self.slots
            .values()
            .map(move |slot| (&slot.source, schedule::age(&slot.record, now.seconds())))
    }

    /// Whether there is anything to fetch.
    pub fn is_idle(&self) -> bool {
        self.slots.is_empty()
    }
}
