//! The pages of one request, open to be charged.

use super::super::bucket::Bucket;
use super::super::page::{Charged, Page, Standing};
use super::super::purse::Purse;
use super::super::rate;
use crate::denial::{Code, Denial};
use crate::host::{Host, HostError, Timestamp, Written};

/// How often a page is tried that other workers change meanwhile. Each time it
/// is overtaken somebody else's charge was made.
pub(super) const TRIES: usize = 64;

/// One bucket of a request.
pub(super) struct Order<'b> {
    /// Its position in the request.
    pub(super) position: usize,
    pub(super) bucket: &'b Bucket,
    /// What the worker has of it.
    pub(super) purse: Option<Purse>,
}

/// One page of a request.
pub(super) struct Open<'b> {
    number: u16,
    version: Option<u32>,
    page: Page,
    /// A time after the page was read, in seconds since the epoch: who wrote
    /// it may have dropped a window that was over by then, and an earlier time
    /// would open that window again.
    pub(super) now: u32,
    /// The request's buckets in it.
    orders: Vec<Order<'b>>,
    /// What they were charged, each of them or none.
    charged: Vec<Charged>,
    /// Whether that was taken back.
    given_back: bool,
}

/// The pages of the buckets, in the order of the first of each.
pub(super) fn open<'b>(host: &dyn Host, orders: Vec<Order<'b>>) -> Result<Vec<Open<'b>>, Denial> {
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
                    given_back: false,
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
pub(super) fn whole_seconds(now: Timestamp) -> Result<u32, Denial> {
    match rate::whole_seconds(now) {
        // No window ends after that: nothing would be counted.
        u32::MAX => Err(Denial::by(Code::LimiterUnavailable, "the clock is past the last window")),
        now => Ok(now),
    }
}

impl<'b> Open<'b> {
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

    pub(super) fn is_full(&self) -> bool {
        let full = |bucket: &Bucket| self.page.standing(bucket, self.now).used >= bucket.rate.count;
        self.orders.iter().any(|order| full(order.bucket))
    }

    /// Its buckets and where they stand: what the worker drew isn't used yet.
    pub(super) fn standings(&self) -> impl Iterator<Item = (&Order<'b>, Standing)> {
        self.orders.iter().enumerate().map(|(nth, order)| {
            let charged = self.charged.get(nth);
            let mut standing = match charged {
                Some(charged) if !self.given_back => charged.standing,
                _ => self.page.standing(order.bucket, self.now),
            };
            let drawn = charged.and_then(|charged| charged.purse);
            let own = drawn.filter(|purse| purse.end == standing.end);
            standing.used = standing.used.saturating_sub(own.map_or(0, |purse| purse.rest));
            (order, standing)
        })
    }

    /// What was drawn for requests to come. It is there whatever became of
    /// this one.
    pub(super) fn drawn(&self) -> impl Iterator<Item = (&'b Bucket, Purse)> {
        self.orders.iter().zip(&self.charged).filter_map(|(order, charged)| {
            let purse = charged.purse?;
            let used = purse.used.saturating_sub(u32::from(self.given_back));
            Some((order.bucket, Purse { used, ..purse }))
        })
    }

    /// Charges all its buckets, or none: `false` where one is full by now.
    pub(super) fn charge(&mut self, host: &dyn Host) -> Result<bool, Denial> {
        for _ in 0..TRIES {
            let mut page = self.page.clone();
            let buckets = self.orders.iter().map(|order| (order.bucket, order.purse));
            let Some(charged) = page.charge(buckets, self.now) else {
                self.page = page;
                return Ok(false);
            };
            if self.write(host, &page)? == Written::Done {
                self.page = page;
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
    pub(super) fn give_back(&mut self, host: &dyn Host) {
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
                    self.given_back = true;
                    return;
                }
                Err(_) => return,
            }
        }
    }

    fn write(&self, host: &dyn Host, page: &Page) -> Result<Written, HostError> {
        host.share(&self.name(), &page.encode(self.now), self.version)
    }
}
