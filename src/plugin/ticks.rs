//! How often the host ticks: a plugin's workers share one clockwork.

use std::cell::Cell;

use super::contexts;
use super::worker::log_failure;
use crate::audit::AuditLevel;

/// The first tick after a start, and those while requests wait, in
/// milliseconds: what another worker fetched is to be seen soon.
pub(super) const HURRY: u32 = 10;

/// What the host was asked for.
#[derive(Debug, Default)]
pub(super) struct Ticks {
    /// Milliseconds; 0 while the host doesn't tick.
    period: Cell<u32>,
    /// The host refused when it was asked last, which the log was told.
    refused: Cell<bool>,
}

impl Ticks {
    /// Whether the host ticks at all.
    pub(super) fn are_on(&self) -> bool {
        self.period.get() != 0
    }

    /// Asks for ticks at least so often; whether they will come.
    pub(super) fn hurry(&self, milliseconds: u32) -> bool {
        self.are_on() && self.period.get() <= milliseconds || self.every(milliseconds)
    }

    /// Asks for ticks so often; whether they will come. What is there already
    /// isn't asked for again: each time a host begins to wait anew, so who asks
    /// often enough puts the tick off for ever.
    pub(super) fn every(&self, milliseconds: u32) -> bool {
        if self.period.get() == milliseconds {
            return true;
        }
        let asked = contexts::tick_in(milliseconds);
        match asked {
            Ok(()) => self.period.set(milliseconds),
            Err(error) if !self.refused.get() => log_failure(AuditLevel::Error, error),
            Err(_) => {}
        }
        self.refused.set(asked.is_err());
        asked.is_ok()
    }
}
