//! The tenants that are listed, by id and alias.

use std::collections::HashMap;
use std::sync::Arc;

use super::name::TenantName;
use crate::host::Timestamp;
use crate::policy::Policy;
use crate::policy::limit::Account;
use crate::sorted::sorted;

/// One listed tenant.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) name: TenantName,
    pub(crate) active: bool,
    /// It has identity providers of its own, so that no other issuer's
    /// `any_tenant` reaches it.
    pub(crate) has_issuers: bool,
    pub(crate) clients: Clients,
    pub(crate) policy: Policy,
    /// Where its requests count; `None` where nothing limits them.
    pub(crate) account: Option<Box<Account>>,
    /// Tokens that were issued before are revoked.
    pub(crate) tokens_not_before: Option<Timestamp>,
}

/// One listed client of a tenant.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) active: bool,
    pub(crate) policy: Policy,
    /// Where its requests count; `None` where nothing limits them.
    pub(crate) account: Option<Box<Account>>,
}

impl Tenant {
    /// Where its requests count.
    pub(crate) fn account(&self) -> Account {
        let known = self.account.as_deref().copied();
        known.unwrap_or_else(|| Account::listed(&["tenant", self.name.as_str()]))
    }
}

impl Client {
    /// Where the requests of this client of a tenant count.
    pub(crate) fn account(&self, tenant: &str, id: &str) -> Account {
        let known = self.account.as_deref().copied();
        known.unwrap_or_else(|| Account::listed(&["client", tenant, id]))
    }
}

/// The clients of a tenant, by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clients(Box<[(Arc<str>, Client)]>);

impl Clients {
    /// Clients with ids that are there once.
    pub(crate) fn new(clients: Vec<(Arc<str>, Client)>) -> Self {
        Self(sorted(clients, |(a, _), (b, _)| a.cmp(b)).into_boxed_slice())
    }

    /// The client of an id.
    pub(crate) fn get(&self, id: &str) -> Option<&Client> {
        let place = self.0.binary_search_by(|(known, _)| (**known).cmp(id)).ok()?;
        self.0.get(place).map(|(_, client)| client)
    }
}

/// Whether what isn't listed is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlisted {
    Allow,
    Deny,
}

/// Tenants of one document.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    tenants: Vec<Tenant>,
    by_name: HashMap<Arc<str>, usize>,
    /// Of each tenant that has some.
    aliases: HashMap<TenantName, Vec<TenantName>>,
}

impl Listing {
    /// Adds a tenant under its id and aliases. The caller has made sure that
    /// none of them is taken.
    pub(crate) fn insert(&mut self, tenant: Tenant, aliases: &[String]) {
        let index = self.tenants.len();
        self.by_name.insert(tenant.name.shared(), index);
        let aliases: Vec<_> = aliases.iter().map(|alias| TenantName::new(alias.as_str())).collect();
        self.by_name.extend(aliases.iter().map(|alias| (alias.shared(), index)));
        if !aliases.is_empty() {
            self.aliases.insert(tenant.name.clone(), aliases);
        }
        self.tenants.push(tenant);
    }

    /// The tenant that a text names, by id or alias.
    pub(crate) fn get(&self, text: &str) -> Option<&Tenant> {
        self.by_name.get(text).and_then(|&index| self.tenants.get(index))
    }

    /// Gives back the room that nothing is in.
    pub(crate) fn shrink(&mut self) {
        self.tenants.shrink_to_fit();
    }

    /// How many tenants there are.
    pub(crate) fn len(&self) -> usize {
        self.tenants.len()
    }
}

/// All listed tenants: those of the configuration, and those that were
/// fetched. A name is in one of the two only.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) own: Listing,
    pub(crate) fetched: Listing,
}

impl Directory {
    /// The id of the tenant that a text names, by id or alias.
    pub(super) fn named(&self, text: &str) -> Option<&TenantName> {
        self.find(text).map(|tenant| &tenant.name)
    }

    /// The tenant of a resolved name.
    pub(crate) fn get(&self, name: &TenantName) -> Option<&Tenant> {
        self.find(name.as_str())
    }

    /// The other names of the tenant of this id.
    pub(super) fn aliases(&self, id: &TenantName) -> impl Iterator<Item = &TenantName> {
        let listings = [&self.own, &self.fetched].into_iter();
        listings.filter_map(|listing| listing.aliases.get(id)).flatten()
    }

    fn find(&self, text: &str) -> Option<&Tenant> {
        self.own.get(text).or_else(|| self.fetched.get(text))
    }
}
