//! Limits: how many requests a tenant, a client, a key or a subject may make
//! in a window of time, in all and for each action.
//!
//! Fixed windows, counted exactly over all workers of one proxy: the counts
//! are in shared data, changed by compare-and-swap only. Large limits are
//! drawn in batches ([`purse`]).

mod action;
mod bucket;
mod ledger;
mod page;
mod purse;
mod rate;
mod report;

pub(crate) use action::Action;
pub(crate) use bucket::Account;
pub(crate) use purse::Purses;
pub(crate) use rate::Rate;
pub(crate) use report::{HeaderStyles, Quotas};

use std::collections::BTreeMap;

use crate::denial::{Code, Denial, Level};
use crate::host::Host;
use bucket::Bucket;
use report::Quota;

/// `limits` of a tenant, a client or a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Of all its requests.
    pub(crate) requests: Option<Rate>,
    /// Of single actions; `None` for one without.
    pub(crate) actions: BTreeMap<String, Option<Rate>>,
    /// `*`: of each action that isn't named.
    pub(crate) other_actions: Option<Rate>,
}

/// `limits.tiers`: limits by name.
pub(crate) type Tiers = BTreeMap<String, Rate>;

impl Limits {
    fn of_action(&self, action: &str) -> Option<Rate> {
        self.actions.get(action).copied().unwrap_or(self.other_actions)
    }
}

/// The limits that one request counts in, from the tenant down.
#[derive(Debug, Default)]
pub(crate) struct Charges<'a> {
    action: Option<&'a Action>,
    charges: Vec<Charge<'a>>,
}

#[derive(Debug)]
struct Charge<'a> {
    /// `None` for a subject.
    level: Option<Level>,
    action: Option<&'a Action>,
    bucket: Bucket,
}

impl<'a> Charges<'a> {
    /// No charges yet, for a request of that action.
    pub(crate) fn new(action: Option<&'a Action>) -> Self {
        Self { action, charges: Vec::new() }
    }

    /// Adds what somebody's limits say of the request.
    pub(crate) fn add(&mut self, level: Level, account: Account, limits: &Limits) {
        let mut push = |action: Option<&'a Action>, rate: Rate| {
            let bucket = account.bucket(action, rate);
            self.charges.push(Charge { level: Some(level), action, bucket });
        };
        if let Some(rate) = limits.requests {
            push(None, rate);
        }
        if let Some(action) = self.action
            && let Some(rate) = limits.of_action(action.name())
        {
            push(Some(action), rate);
        }
    }

    /// Adds a subject's own limit.
    pub(crate) fn add_subject(&mut self, account: Account, rate: Rate) {
        let bucket = account.bucket(None, rate);
        self.charges.push(Charge { level: None, action: None, bucket });
    }

    /// Where the limits stand, without charging anything; `None` where there
    /// are none.
    ///
    /// # Errors
    /// Where they can't be read.
    pub(crate) fn look(
        &self,
        host: &dyn Host,
        purses: &mut Purses,
    ) -> Result<Option<Quotas>, Denial> {
        self.settle(host, purses, ledger::look)
    }

    /// Charges the request to all of its limits, or to none where one is
    /// reached: the balance then says so.
    ///
    /// # Errors
    /// `limiter_unavailable`, `guard_unavailable`: nothing is charged.
    pub(crate) fn charge(
        &self,
        host: &dyn Host,
        purses: &mut Purses,
    ) -> Result<Option<Quotas>, Denial> {
        let quotas = self.settle(host, purses, ledger::charge)?;
        // Whoever isn't charged isn't let in, whatever the reason.
        match quotas {
            Some(quotas) if !quotas.is_charged() && quotas.reached().is_none() => {
                Err(Denial::by(Code::LimiterUnavailable, "the request could not be charged"))
            }
            quotas => Ok(quotas),
        }
    }

    fn settle(
        &self,
        host: &dyn Host,
        purses: &mut Purses,
        run: fn(&dyn Host, &[Bucket], &mut Purses) -> Result<ledger::Balance, Denial>,
    ) -> Result<Option<Quotas>, Denial> {
        if self.charges.is_empty() {
            return Ok(None);
        }
        let buckets: Vec<Bucket> = self.charges.iter().map(|charge| charge.bucket).collect();
        let balance = run(host, &buckets, purses)?;
        let quotas = self.charges.iter().zip(balance.standings).map(|(charge, standing)| Quota {
            level: charge.level,
            action: charge.action.map(|action| action.name().to_owned()),
            rate: charge.bucket.rate,
            used: standing.used,
            end: standing.end,
        });
        Ok(Some(Quotas::new(quotas.collect(), balance.charged, balance.now)))
    }
}

/// The refusal of a request that reached a limit; `None` where it reached none.
pub(crate) fn refusal(quotas: &Quotas) -> Option<Denial> {
    let reached = quotas.reached()?;
    let denial = Denial::by(Code::RateLimited, reached.rule()).again_in(quotas.seconds_to(reached));
    Some(match reached.level {
        Some(level) => denial.at(level),
        None => denial,
    })
}

#[cfg(test)]
mod tests;
