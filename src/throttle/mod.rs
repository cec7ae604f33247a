//! The throttle: an address that fails to authenticate too often is blocked
//! for a while.
//!
//! All workers count together, in a bounded number of slots ([`page`]). Where
//! these run out the throttle forgets; it never blocks an address that isn't
//! recorded.

mod page;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use crate::host::{Host, HostError, Shared, Timestamp, Written};
use page::{Client, Page, Slot};

/// How often a failure is tried to be recorded while other workers are faster.
/// After that it is forgotten: so busy a page has failures enough.
const TRIES: usize = 16;

/// `failures`: how many failed authentications block an address, and for how
/// long. IPv4 counts by address, IPv6 by network of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttle {
    /// The failure in a window that blocks, and so does each further one in
    /// that window once the block is over; 0 is like 1.
    pub(crate) limit: u32,
    /// The length of a window, in seconds; 0 is like 1. Windows are fixed:
    /// they start at multiples of it since the epoch.
    pub(crate) window: u32,
    /// How long a block lasts, in seconds.
    pub(crate) block: u32,
}

impl Throttle {
    /// For how many more seconds the address is blocked, at least 1; `None`
    /// where it isn't.
    ///
    /// # Errors
    /// When the host doesn't tell the time or what is recorded.
    pub(crate) fn blocked(
        &self,
        address: IpAddr,
        host: &dyn Host,
    ) -> Result<Option<u64>, HostError> {
        let client = Client::of(address);
        let page = read(host.shared(&client.page())?.as_ref());
        // Most requests end here, and asking for the time would cost them.
        let Some(slot) = page.find(client).filter(|slot| slot.blocked_until > 0) else {
            return Ok(None);
        };
        Ok(self.at(host.now()?).left(slot).map(u64::from))
    }

    /// Records a failed authentication. One while the address is blocked isn't
    /// recorded: it doesn't make the block longer.
    ///
    /// # Errors
    /// When the host doesn't tell the time or what is recorded, or can't write
    /// it.
    pub(crate) fn record(&self, address: IpAddr, host: &dyn Host) -> Result<(), HostError> {
        let client = Client::of(address);
        let name = client.page();
        let moment = self.at(host.now()?);
        for _ in 0..TRIES {
            let shared = host.shared(&name)?;
            let mut page = read(shared.as_ref());
            let Some(slot) = moment.failed(client, page.find(client)) else {
                return Ok(());
            };
            page.put(slot, |slot| moment.worth(slot));
            let version = shared.map(|shared| shared.version);
            match host.share(&name, &page.encode(), version)? {
                Written::Done => return Ok(()),
                Written::Overtaken => {}
            }
        }
        Ok(())
    }

    fn at(&self, time: Timestamp) -> Moment {
        // A cast takes what is out of range to the nearest that is in it. Past
        // the year 2106 that leaves no later time, so nothing is blocked.
        let now = time.seconds() as u32;
        let window = self.window.max(1);
        let into_window = now.checked_rem(window).unwrap_or_default();
        let window_end = now.saturating_sub(into_window).saturating_add(window);
        let latest_counting = window_end.saturating_add(window);
        Moment {
            limit: self.limit,
            now,
            window_end,
            latest_counting,
            latest_blocking: latest_counting.saturating_add(self.block),
            block_end: now.saturating_add(self.block),
        }
    }
}

fn read(shared: Option<&Shared>) -> Page {
    shared.map(|shared| Page::decode(&shared.value)).unwrap_or_default()
}

/// What slots mean at one time. All but `limit` are whole seconds since the
/// epoch.
struct Moment {
    limit: u32,
    now: u32,
    /// When the current window ends.
    window_end: u32,
    /// The last end of a window whose failures count. Workers ask for the time
    /// on their own: another may have been in the next window already.
    latest_counting: u32,
    /// The last end of a window whose block counts. What is still later was
    /// written by another clock or configuration, and must not block for long.
    latest_blocking: u32,
    /// When a block ends that starts now.
    block_end: u32,
}

impl Moment {
    /// A client's slot after one more failure; `None` where it is blocked.
    fn failed(&self, client: Client, slot: Option<&Slot>) -> Option<Slot> {
        if slot.is_some_and(|slot| self.left(slot).is_some()) {
            return None;
        }
        // A later window isn't left again: the failures in it would be lost.
        let (window_end, before) = slot
            .filter(|slot| self.counts(slot))
            .map_or((self.window_end, 0), |slot| (slot.window_end, slot.failures));
        let failures = before.saturating_add(1);
        let blocked_until = if failures >= self.limit { self.block_end } else { 0 };
        Some(Slot { client, window_end, failures, blocked_until })
    }

    /// For how many more seconds a slot's client is blocked, rounded up.
    fn left(&self, slot: &Slot) -> Option<u32> {
        let left = slot.blocked_until.saturating_sub(self.now);
        (left > 0 && slot.window_end <= self.latest_blocking).then_some(left)
    }

    /// Whether a slot's failures still count.
    fn counts(&self, slot: &Slot) -> bool {
        (self.window_end..=self.latest_counting).contains(&slot.window_end)
    }

    fn worth(&self, slot: &Slot) -> Worth {
        if self.left(slot).is_some() {
            Worth::Blocked { until: slot.blocked_until }
        } else if self.counts(slot) {
            Worth::Counting { failures: slot.failures, window_end: slot.window_end }
        } else {
            Worth::Over
        }
    }
}

/// What a slot is worth where a page is full: the least goes first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// Neither its window nor its block counts any more.
    Over,
    /// The fewer failures the less, and then the older the window.
    Counting { failures: u32, window_end: u32 },
    /// The sooner the block ends the less.
    Blocked { until: u32 },
}
