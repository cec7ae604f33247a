//! Charging buckets, exactly, over all workers.

use super::bucket::Bucket;
use super::page::{Page, Standing};
use super::rate;
use crate::denial::{Code, Denial};
use crate::host::{Host, HostError, Written};

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

/// One page of a request.
struct Open<'b> {
    number: u16,
    version: Option<u32>,
    page: Page,
    /// A time after the page was read, in seconds since the epoch: who wrote
    /// it may have dropped a window that was over by then, and an earlier time
    /// would open that window again.
    now: u32,
    /// The request's buckets in it, and their positions in the request.
    buckets: Vec<(usize, &'b Bucket)>,
    charged: Vec<Standing>,
}

/// Looks at all buckets, and charges none.
///
/// # Errors
/// Where the host or a page can't be read.
pub(super) fn look(host: &dyn Host, buckets: &[Bucket]) -> Result<Balance, Denial> {
    Ok(balance(&open(host, buckets)?, buckets, false))
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
pub(super) fn charge(host: &dyn Host, buckets: &[Bucket]) -> Result<Balance, Denial> {
    let mut pages = open(host, buckets)?;
    let mut full = pages.iter().any(Open::is_full);
    let mut failed = None;
    for index in (0..pages.len()).rev() {
        if full || failed.is_some() {
            break;
        }
        let Some(page) = pages.get_mut(index) else {
            break;
        };
        match page.charge(host) {
            Ok(charged) => full = !charged,
            Err(denial) => failed = Some(denial),
        }
    }
    if full || failed.is_some() {
        for page in &mut pages {
            page.give_back(host);
        }
    }
    match failed {
        Some(denial) => Err(denial),
        None => Ok(balance(&pages, buckets, !full)),
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
                    now: 0,
                    buckets: vec![(position, bucket)],
                    charged: Vec::new(),
                };
                page.read(host)?;
                pages.push(page);
            }
        }
    }
    let now = time(host)?;
    for page in &mut pages {
        page.now = now;
    }
    Ok(pages)
}

/// The time that windows go by.
fn time(host: &dyn Host) -> Result<u32, Denial> {
    match rate::whole_seconds(host.now()?) {
        // No window ends after that: nothing would be counted.
        u32::MAX => Err(Denial::by(Code::LimiterUnavailable, "the clock is past the last window")),
        now => Ok(now),
    }
}

fn balance(pages: &[Open<'_>], buckets: &[Bucket], charged: bool) -> Balance {
    let now = pages.iter().map(|page| page.now).max().unwrap_or_default();
    let mut standings: Vec<_> =
        buckets.iter().map(|bucket| Page::default().standing(bucket, now)).collect();
    for page in pages {
        for (nth, (position, bucket)) in page.buckets.iter().enumerate() {
            let charged = page.charged.get(nth).copied();
            if let Some(standing) = standings.get_mut(*position) {
                *standing = charged.unwrap_or_else(|| page.page.standing(bucket, page.now));
            }
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
        self.buckets.iter().any(|(_, bucket)| full(bucket))
    }

    /// Charges all its buckets, or none: `false` where one is full by now.
    fn charge(&mut self, host: &dyn Host) -> Result<bool, Denial> {
        for _ in 0..TRIES {
            let mut page = self.page.clone();
            let buckets = self.buckets.iter().map(|(_, bucket)| *bucket);
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
    /// admitted than could be, never more.
    fn give_back(&mut self, host: &dyn Host) {
        for _ in 0..TRIES {
            if self.charged.is_empty() || self.read(host).is_err() {
                return;
            }
            let mut page = self.page.clone();
            for charged in &self.charged {
                page.give_back(*charged);
            }
            match self.write(host, &page) {
                Ok(Written::Overtaken) => {}
                Ok(Written::Done) => {
                    self.page = page;
                    self.charged.clear();
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
