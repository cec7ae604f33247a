//! Charging buckets, exactly, over all workers.

use super::bucket::Bucket;
use super::page::{Charged, Page, Standing};
use super::purse::{Purse, Purses};
use super::rate;
use crate::denial::{Code, Denial};
use crate::host::{Host, HostError, Timestamp, Written};

/// How often a page is tried that other workers change meanwhile. Each time it
/// is overtaken somebody else's charge was made.
const TRIES: usize = 64;

/// Where all buckets of a request stand, in their order.
pub(super) struct Balance {
    pub(super) standings: Vec<Standing>,
    /// When that was, in seconds since the epoch.
    pub(super) now: u32,
    /// Whether the request was charged: to all of them or to none.
    pub(super) charged: bool,
}

/// One bucket of a request.
struct Order<'b> {
    /// Its position in the request.
    position: usize,
    bucket: &'b Bucket,
    /// What the worker has of it.
    purse: Option<Purse>,
}

/// One page of a request.
struct Open<'b> {
    number: u16,
    version: Option<u32>,
    page: Page,
    /// A time after the page was read, in seconds since the epoch: who wrote
    /// it may have dropped a window that was over by then, and an earlier time
    /// would open that window again.
    now: u32,
    /// The request's buckets in it.
    orders: Vec<Order<'b>>,
    /// What they were charged, as long as they are.
    charged: Vec<Charged>,
    /// What was drawn from them with that, for requests to come.
    drawn: Vec<Option<Purse>>,
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
        // What was drawn is there, whatever became of the request.
        for (order, drawn) in page.orders.iter().zip(&page.drawn) {
            if let Some(purse) = drawn {
                purses.keep(order.bucket, *purse);
            }
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

/// The pages of the buckets, in the order of the first of each.
fn open<'b>(host: &dyn Host, orders: Vec<Order<'b>>) -> Result<Vec<Open<'b>>, Denial> {
    let mut pages: Vec<Open<'_>> = Vec::new();
    for order in orders {
        let number = order.bucket.page;
        match pages.iter_mut().find(|page| page.number == number) {
            Some(page) => page.orders.push(order),
            None => {
                let mut page = Open {
                    number,
                    version: None,
                    page: Page::default(),
                    now: 0,
                    orders: vec![order],
                    charged: Vec::new(),
                    drawn: Vec::new(),
                };
                page.read(host)?;
                pages.push(page);
            }
        }
    }
    if !pages.is_empty() {
        let now = time(host)?;
        for page in &mut pages {
            page.now = now;
        }
    }
    Ok(pages)
}

fn time(host: &dyn Host) -> Result<u32, Denial> {
    whole_seconds(host.now()?)
}

/// The time that windows go by.
fn whole_seconds(now: Timestamp) -> Result<u32, Denial> {
    match rate::whole_seconds(now) {
        // No window ends after that: nothing would be counted.
        u32::MAX => Err(Denial::by(Code::LimiterUnavailable, "the clock is past the last window")),
        now => Ok(now),
    }
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
        for (nth, order) in page.orders.iter().enumerate() {
            set(order.position, page.standing(nth, order.bucket));
        }
    }
    for order in paying {
        if let Some(purse) = order.purse {
            set(order.position, Standing::paid(order.bucket, &purse));
        }
    }
    Balance { standings, now, charged }
}

impl Open<'_> {
    fn name(&self) -> String {
        format!("tenant_guard.limits.1.{}", self.number)
    }

    fn read(&mut self, host: &dyn Host) -> Result<(), Denial> {
        let shared = host.shared(&self.name())?;
        self.version = shared.as_ref().map(|shared| shared.version);
        // Written by somebody else: what it counted isn't known.
        let unreadable = || Denial::by(Code::LimiterUnavailable, "shared data is unreadable");
        self.page = match shared {
            Some(shared) => Page::decode(&shared.value).ok_or_else(unreadable)?,
            None => Page::default(),
        };
        Ok(())
    }

    fn is_full(&self) -> bool {
        let full = |bucket: &Bucket| self.page.standing(bucket, self.now).used >= bucket.rate.count;
        self.orders.iter().any(|order| full(order.bucket))
    }

    /// Where its nth bucket stands. What this worker drew isn't used yet.
    fn standing(&self, nth: usize, bucket: &Bucket) -> Standing {
        let mut standing = match self.charged.get(nth) {
            Some(charged) => charged.standing,
            None => self.page.standing(bucket, self.now),
        };
        let drawn = self.drawn.get(nth).copied().flatten();
        let own = drawn.filter(|drawn| drawn.end == standing.end).map_or(0, |drawn| drawn.rest);
        standing.used = standing.used.saturating_sub(own);
        standing
    }

    /// Charges all its buckets, or none: `false` where one is full by now.
    fn charge(&mut self, host: &dyn Host) -> Result<bool, Denial> {
        for _ in 0..TRIES {
            let mut page = self.page.clone();
            let buckets = self.orders.iter().map(|order| (order.bucket, order.purse));
            let Some(charged) = page.charge(buckets, self.now) else {
                self.page = page;
                return Ok(false);
            };
            if self.write(host, &page)? == Written::Done {
                self.page = page;
                self.drawn = charged.iter().map(|charged| charged.purse).collect();
                self.charged = charged;
                return Ok(true);
            }
            self.read(host)?;
            self.now = time(host)?;
        }
        Err(Denial::by(Code::LimiterUnavailable, "shared data is contended"))
    }

    /// Takes its charges back, if there are any. Where that fails less is
    /// admitted than could be, never more. What was drawn for requests to come
    /// stays drawn: the worker has it.
    fn give_back(&mut self, host: &dyn Host) {
        for _ in 0..TRIES {
            if self.charged.is_empty() || self.read(host).is_err() {
                return;
            }
            let mut page = self.page.clone();
            for charged in &self.charged {
                page.give_back(charged.standing);
            }
            match self.write(host, &page) {
                Ok(Written::Overtaken) => {}
                Ok(Written::Done) => {
                    self.page = page;
                    self.charged.clear();
                    for drawn in self.drawn.iter_mut().flatten() {
                        drawn.used = drawn.used.saturating_sub(1);
                    }
                }
                Err(_) => return,
            }
        }
    }

    fn write(&self, host: &dyn Host, page: &Page) -> Result<Written, HostError> {
        host.share(&self.name(), &page.encode(self.now), self.version)
    }
}

#[cfg(test)]
mod tests;
