//! Charging buckets, exactly, over all workers.

mod open;

use super::bucket::Bucket;
use super::page::{Page, Standing};
use super::purse::Purses;
use crate::denial::Denial;
use crate::host::Host;
use open::{Open, Order, open, whole_seconds};

/// Where all buckets of a request stand, in their order.
pub(super) struct Balance {
    pub(super) standings: Vec<Standing>,
    /// When that was, in seconds since the epoch.
    pub(super) now: u32,
    /// Whether the request was charged: to all of them or to none.
    pub(super) charged: bool,
}

/// Looks at all buckets, and charges none. What the worker has in its own
/// purses isn't used.
///
/// # Errors
/// Where the host or a page can't be read.
pub(super) fn look(
    host: &dyn Host,
    buckets: &[Bucket],
    purses: &mut Purses,
) -> Result<Balance, Denial> {
    let pages = open(host, orders(buckets, purses))?;
    let mut balance = balance(&pages, &[], buckets, None, false);
    for (standing, bucket) in balance.standings.iter_mut().zip(buckets) {
        standing.used = standing.used.saturating_sub(purses.held(bucket, standing.end));
    }
    Ok(balance)
}

/// Charges one request to all buckets, or to none where one is full.
///
/// Where the worker has something left in a purse, that pays: it is counted
/// already. The pages of the other buckets are charged first, so that nothing
/// is paid for a request that one of them refuses.
///
/// # Errors
/// `limiter_unavailable` where other workers change a page all the time,
/// `guard_unavailable` where the host fails. Nothing is charged then.
pub(super) fn charge(
    host: &dyn Host,
    buckets: &[Bucket],
    purses: &mut Purses,
) -> Result<Balance, Denial> {
    let orders = orders(buckets, purses);
    let holds = |order: &Order<'_>| order.purse.is_some_and(|purse| purse.rest > 0);
    let now = match orders.iter().any(holds) {
        true => Some(whole_seconds(host.recent()?)?),
        false => None,
    };
    let pays = |order: &Order<'_>| {
        let window = order.bucket.rate.window;
        order.purse.zip(now).is_some_and(|(purse, now)| purse.pays(window, now))
    };
    let (mut paying, unpaid): (Vec<_>, Vec<_>) = orders.into_iter().partition(pays);
    let mut pages = open(host, unpaid)?;
    let charged = charge_pages(host, &mut pages);
    for page in &pages {
        for (bucket, purse) in page.drawn() {
            purses.keep(bucket, purse);
        }
    }
    let charged = charged?;
    for order in paying.iter_mut().filter(|_| charged) {
        order.purse = purses.spend(order.bucket);
    }
    Ok(balance(&pages, &paying, buckets, now, charged))
}

/// Charges all pages, or none: `false` where a bucket is full.
///
/// The narrowest go first and the widest, which is the tenant's, last: what is
/// given back is then given back only where the tenant's is full, so that
/// nobody is refused for a charge that is about to be undone.
fn charge_pages(host: &dyn Host, pages: &mut [Open<'_>]) -> Result<bool, Denial> {
    let mut full = pages.iter().any(Open::is_full);
    let mut failed = None;
    for page in pages.iter_mut().rev() {
        if full || failed.is_some() {
            break;
        }
        match page.charge(host) {
            Ok(charged) => full = !charged,
            Err(denial) => failed = Some(denial),
        }
    }
    if full || failed.is_some() {
        for page in pages {
            page.give_back(host);
        }
    }
    failed.map_or(Ok(!full), Err)
}

fn orders<'b>(buckets: &'b [Bucket], purses: &mut Purses) -> Vec<Order<'b>> {
    let buckets = buckets.iter().enumerate();
    let order = |(position, bucket)| Order { position, bucket, purse: purses.find(bucket) };
    buckets.map(order).collect()
}

/// Where the buckets on pages stand, and those that purses paid for, as far as
/// the worker knows.
fn balance(
    pages: &[Open<'_>],
    paying: &[Order<'_>],
    buckets: &[Bucket],
    now: Option<u32>,
    charged: bool,
) -> Balance {
    let now = pages.iter().map(|page| page.now).chain(now).max().unwrap_or_default();
    let unknown = |bucket| Page::default().standing(bucket, now);
    let mut standings: Vec<_> = buckets.iter().map(unknown).collect();
    let mut set = |position: usize, known| {
        if let Some(standing) = standings.get_mut(position) {
            *standing = known;
        }
    };
    for page in pages {
        for (order, standing) in page.standings() {
            set(order.position, standing);
        }
    }
    for order in paying {
        if let Some(purse) = order.purse {
            set(order.position, Standing::paid(order.bucket, &purse));
        }
    }
    Balance { standings, now, charged }
}

#[cfg(test)]
mod tests;
