//! Standings: all that policies say of a caller in a tenant before anything
//! of its request is asked. They are made once for each caller, and
//! remembered with it.

use core::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::Permissions;
use super::limit::{Account, Charges, Limits, Rate};
use crate::address::AddressSet;
use crate::denial::{Denial, Level};
use crate::identity::HeaderValues;
use crate::route::Rules;
use crate::tenant::TenantName;

/// What a caller answers to in a tenant, whatever it asks for.
#[derive(Debug)]
pub(crate) struct Standing {
    /// The tenant that was resolved; `None` on routes without tenancy.
    pub(super) tenant: Option<TenantName>,
    /// Of the guard that it was made by: another has other tenants.
    pub(super) generation: u64,
    /// Whether its tenant and clients are known and active.
    pub(super) state: Result<(), Denial>,
    /// Rules on addresses below the route's, each with whose it is.
    pub(super) addresses: Vec<(Arc<AddressSet>, Level, Box<str>)>,
    pub(super) permissions: Permissions,
    /// Its limits, from the tenant down.
    pub(super) accounts: Vec<(Account, Owed)>,
    /// The headers that tell the application who it is.
    pub(super) identity: HeaderValues,
}

/// What counts in an account.
#[derive(Debug)]
pub(super) enum Owed {
    /// By a tenant, client or key.
    Limits(Level, Arc<Limits>),
    /// By a subject.
    Subject(Rate),
}

impl Standing {
    /// The headers that tell the application who it is.
    pub(crate) fn identity(&self) -> &HeaderValues {
        &self.identity
    }

    /// The limits that a request to a route counts in.
    pub(super) fn charges<'r>(&self, rules: &'r Rules) -> Charges<'r> {
        let mut charges = Charges::new(rules.action.as_ref());
        for (account, owed) in &self.accounts {
            match owed {
                Owed::Limits(level, limits) => charges.add(*level, *account, limits),
                Owed::Subject(rate) => charges.add_subject(*account, *rate),
            }
        }
        charges
    }

    /// All rules on addresses for a route, in order.
    pub(super) fn address_rules<'r>(
        &'r self,
        rules: &'r Rules,
    ) -> impl Iterator<Item = (&'r AddressSet, Level, &'r str)> {
        let route = rules.ip.as_deref().map(|ip| (ip, Level::Route, &*rules.name));
        let below = self.addresses.iter().map(|(ip, level, who)| (&**ip, *level, &**who));
        route.into_iter().chain(below)
    }

    /// Roughly how many bytes of memory it takes. What it shares with the
    /// configuration isn't counted.
    fn bytes(&self) -> usize {
        let headers =
            self.identity.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        let headers = headers.map(|bytes| bytes.saturating_add(32));
        let addresses = self.addresses.len().saturating_mul(48);
        let accounts = self.accounts.len().saturating_mul(48);
        let fixed = [size_of::<Self>(), addresses, accounts, self.permissions.bytes()];
        headers.chain(fixed).fold(0, usize::saturating_add)
    }
}

/// Where a caller's standing is remembered.
#[derive(Debug, Default)]
pub(crate) struct StandingSlot(RefCell<Option<Rc<Standing>>>);

/// The most that a remembered standing takes, in bytes. What is larger is made
/// anew each time.
pub(crate) const MOST_BYTES: usize = 1024;

impl StandingSlot {
    /// The standing in a tenant, where it is remembered.
    pub(super) fn get(&self, tenant: Option<&TenantName>, generation: u64) -> Option<Rc<Standing>> {
        let slot = self.0.try_borrow().ok()?;
        let standing = slot.as_ref()?;
        let same = standing.generation == generation && standing.tenant.as_ref() == tenant;
        same.then(|| Rc::clone(standing))
    }

    /// Remembers one, unless it is too large.
    pub(super) fn put(&self, standing: &Rc<Standing>) {
        if standing.bytes() <= MOST_BYTES
            && let Ok(mut slot) = self.0.try_borrow_mut()
        {
            *slot = Some(Rc::clone(standing));
        }
    }
}
