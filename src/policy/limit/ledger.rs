//! Charging buckets, exactly, over all workers.

use super::bucket::Bucket;
use super::page::{Page, Standing};
use crate::denial::{Code, Denial};
use crate::host::{Host, HostError, Written};

/// How often a page is tried that other workers change meanwhile. Each time it
/// is overtaken somebody else's charge was made.
const TRIES: usize = 64;

/// Where all buckets of a request stand, in their order.
pub(super) struct Balance {
    pub(super) standings: Vec<Standing>,
    /// Whether the request was charged: to all of them or to none.
    pub(super) charged: bool,
}

/// One page of a request.
struct Open<'b> {
    number: u16,
    version: Option<u32>,
    page: Page,
    /// The request's buckets in it, and their positions in the request.
    buckets: Vec<(usize, &'b Bucket)>,
    charged: Vec<Standing>,
}

/// Looks at all buckets, and charges none.
///
/// # Errors
/// Where the host or a page can't be read.
pub(super) fn look(host: &dyn Host, now: u32, buckets: &[Bucket]) -> Result<Balance, Denial> {
    let pages = open(host, buckets)?;
    Ok(Balance { standings: standings(&pages, buckets, now), charged: false })
}

/// Charges one request to all buckets, or to none where one is full.
///
/// The narrowest go first and the widest, which is the tenant's, last: what is
/// given back is then given back only where the tenant's is full, so that
/// nobody is refused for a charge that is about to be undone.
///
/// # Errors
/// `limiter_unavailable` where other workers change a page all the time,
/// `guard_unavailable` where the host fails. Nothing is charged then.
pub(super) fn charge(host: &dyn Host, now: u32, buckets: &[Bucket]) -> Result<Balance, Denial> {
    let mut pages = open(host, buckets)?;
    let mut full = pages.iter().any(|page| page.is_full(now));
    let mut failed = None;
    for index in (0..pages.len()).rev() {
        if full || failed.is_some() {
            break;
        }
        let Some(page) = pages.get_mut(index) else {
            break;
        };
        match page.charge(host, now) {
            Ok(charged) => full = !charged,
            Err(denial) => failed = Some(denial),
        }
    }
    if full || failed.is_some() {
        for page in &mut pages {
            page.give_back(host, now);
        }
    }
    match failed {
        Some(denial) => Err(denial),
        None => Ok(Balance { standings: standings(&pages, buckets, now), charged: !full }),
    }
}

/// The pages of the buckets, in the order of the first of each.
fn open<'b>(host: &dyn Host, buckets: &'b [Bucket]) -> Result<Vec<Open<'b>>, Denial> {
    let mut pages: Vec<Open<'_>> = Vec::new();
    for (position, bucket) in buckets.iter().enumerate() {
        match pages.iter_mut().find(|page| page.number == bucket.page) {
            Some(page) => page.buckets.push((position, bucket)),
            None => {
                let mut page = Open {
                    number: bucket.page,
                    version: None,
                    page: Page::default(),
                    buckets: vec![(position, bucket)],
                    charged: Vec::new(),
                };
                page.read(host)?;
                pages.push(page);
            }
        }
    }
    Ok(pages)
}

fn standings(pages: &[Open<'_>], buckets: &[Bucket], now: u32) -> Vec<Standing> {
    let mut standings: Vec<_> =
        buckets.iter().map(|bucket| Page::default().standing(bucket, now)).collect();
    for page in pages {
        for (nth, (position, bucket)) in page.buckets.iter().enumerate() {
            let charged = page.charged.get(nth).copied();
            if let Some(standing) = standings.get_mut(*position) {
                *standing = charged.unwrap_or_else(|| page.page.standing(bucket, now));
            }
        }
    }
    standings
}

impl Open<'_> {
    fn name(&self) -> String {
        format!("tenant_guard.limits.1.{}", self.number)
    }

    fn read(&mut self, host: &dyn Host) -> Result<(), Denial> {
        let shared = host.shared(&self.name())?;
        self.version = shared.as_ref().map(|shared| shared.version);
        let value = shared.map(|shared| shared.value).unwrap_or_default();
        // Written by somebody else: what it counted isn't known.
        self.page = Page::decode(&value)
            .ok_or_else(|| Denial::by(Code::LimiterUnavailable, "shared data is unreadable"))?;
        Ok(())
    }

    fn is_full(&self, now: u32) -> bool {
        let full = |bucket: &Bucket| self.page.standing(bucket, now).used >= bucket.rate.count;
        self.buckets.iter().any(|(_, bucket)| full(bucket))
    }

    /// Charges all its buckets, or none: `false` where one is full by now.
    fn charge(&mut self, host: &dyn Host, now: u32) -> Result<bool, Denial> {
        for _ in 0..TRIES {
            if self.is_full(now) {
                return Ok(false);
            }
            let mut page = self.page.clone();
            let charged: Vec<_> = self
                .buckets
                .iter()
                .map(|(_, bucket)| page.add(page.standing(bucket, now)))
                .collect();
            if self.write(host, &page, now)? == Written::Done {
                self.page = page;
                self.charged = charged;
                return Ok(true);
            }
            self.read(host)?;
        }
        Err(Denial::by(Code::LimiterUnavailable, "shared data is contended"))
    }

    /// Takes its charges back, if there are any. Where that fails less is
    /// admitted than could be, never more.
    fn give_back(&mut self, host: &dyn Host, now: u32) {
        for _ in 0..TRIES {
            if self.charged.is_empty() || self.read(host).is_err() {
                return;
            }
            let mut page = self.page.clone();
            for charged in &self.charged {
                page.give_back(*charged);
            }
            match self.write(host, &page, now) {
                Ok(Written::Overtaken) => {}
                Ok(Written::Done) => {
                    self.page = page;
                    self.charged.clear();
                }
                Err(_) => return,
            }
        }
    }

    fn write(&self, host: &dyn Host, page: &Page, now: u32) -> Result<Written, HostError> {
        host.share(&self.name(), &page.encode(now), self.version)
    }
}

#[cfg(test)]
mod tests;
