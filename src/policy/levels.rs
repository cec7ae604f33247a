//! Who a request answers to: its tenant, its clients and its key.

#[cfg(not(target_arch = "wasm32"))]
mod facts;

use std::sync::Arc;

use super::limit::{Account, Limits};
use super::permission::{Carried, Permissions, Source};
use super::roles::{RoleSet, Roles};
use super::scopes::Scopes;
use super::standing::{Owed, Standing};
use crate::Guard;
use crate::address::AddressSet;
use crate::denial::{Code, Denial, Level};
use crate::host::Host;
use crate::jwt::VerifiedToken;
use crate::principal::Principal;
use crate::route::Rules;
use crate::tenant::{Client, Tenancy, Tenant, TenantName, Unlisted};

/// What is said of a tenant or a client, for itself and all below it. What is
/// absent says nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    /// The only addresses.
    pub(crate) ip: Option<Arc<AddressSet>>,
    /// The most scopes.
    pub(crate) scopes: Option<Arc<Scopes>>,
    /// The most roles.
    pub(crate) roles: Option<Arc<RoleSet>>,
    pub(crate) limits: Option<Arc<Limits>>,
}

/// The ceiling of a tenant's own identity provider that no other names a role
/// for: what roles mean is the operator's.
static NO_ROLE: RoleSet = RoleSet::new();

/// All that a request answers to, from the tenant down.
pub(super) struct Levels<'a> {
    tenancy: &'a Tenancy,
    principal: &'a Principal,
    /// The tenant that was resolved, or else the one that its credentials are
    /// for.
    tenant: Option<TenantLevel<'a>>,
    /// The key's owner, and the client that the token names where that is
    /// another.
    clients: Vec<(&'a str, &'a Client)>,
}

struct TenantLevel<'a> {
    name: &'a TenantName,
    /// Whether the request is for it. On routes without tenancy it isn't.
    resolved: bool,
    listed: Option<&'a Tenant>,
    /// It is the reserved one, which is always known and active.
    is_default: bool,
    policy: &'a Policy,
}

impl TenantLevel<'_> {
    /// Whether nobody asks who it is: without tenancy, where it isn't listed.
    fn is_nobodys(&self) -> bool {
        self.listed.is_none() && !self.resolved
    }
}

fn check_client(tenant: &TenantLevel<'_>, (id, client): &(&str, &Client)) -> Result<(), Denial> {
    if client.active {
        return Ok(());
    }
    let rule = format!("active of client {id} of tenant {}", tenant.name.as_str());
    Err(Denial::by(Code::ClientInactive, rule).at(Level::Client))
}

impl<'a> Levels<'a> {
    /// The levels of a caller in a tenant. `None` for the tenant on routes
    /// without tenancy: what is for one tenant answers to it there too.
    pub(super) fn new(
        tenancy: &'a Tenancy,
        principal: &'a Principal,
        tenant: Option<&'a TenantName>,
    ) -> Self {
        let resolved = tenant.is_some();
        let tenant = tenant.or_else(|| principal.tenants().next()).map(|name| {
            let listed = tenancy.directory.get(name);
            let is_default = tenancy.is_default(name);
            let policy = match listed {
                Some(tenant) => &tenant.policy,
                None if is_default => &tenancy.default_policy,
                None => &tenancy.unlisted_policy,
            };
            TenantLevel { name, resolved, listed, is_default, policy }
        });
        let listed = tenant.as_ref().and_then(|tenant| tenant.listed);
        let mut clients = Vec::new();
        if let Some(listed) = listed {
            let owner = principal.key().and_then(|key| key.owner.as_ref());
            let ids = owner.map(|owner| &*owner.client).into_iter().chain(principal.token_client());
            for id in ids {
                let client = listed.clients.get(id);
                let new = !clients.iter().any(|(known, _)| *known == id);
                clients.extend(client.filter(|_| new).map(|client| (id, client)));
            }
        }
        Self { tenancy, principal, tenant, clients }
    }

    /// Checks that the tenant is known and active, then its clients.
    pub(super) fn check_state(&self) -> Result<(), Denial> {
        let Some(tenant) = &self.tenant else {
            return Ok(());
        };
        self.check_tenant(tenant)?;
        if tenant.is_nobodys() {
            return Ok(());
        }
        self.clients.iter().try_for_each(|client| check_client(tenant, client))?;
        self.check_client_known()
    }

    fn check_tenant(&self, tenant: &TenantLevel<'_>) -> Result<(), Denial> {
        let id = tenant.name.as_str();
        match tenant.listed {
            Some(listed) if !listed.active => {
                let rule = format!("active of tenant {id}");
                Err(Denial::by(Code::TenantInactive, rule).at(Level::Tenant))
            }
            None if !tenant.is_nobodys()
                && !tenant.is_default
                && self.tenancy.unknown == Unlisted::Deny =>
            {
                Err(Denial::by(Code::TenantUnknown, "tenancy.unknown").at(Level::Tenant))
            }
            _ => Ok(()),
        }
    }

    fn check_client_known(&self) -> Result<(), Denial> {
        // A token that says no client is of no listed one, and where the
        // tenant isn't listed no client is.
        let is_listed = |client: &str| self.clients.iter().any(|(known, _)| *known == client);
        let unlisted = self.principal.token().is_some()
            && !self.principal.token_client().is_some_and(is_listed);
        if unlisted && self.tenancy.unknown_clients == Unlisted::Deny {
            let rule = "tenancy.unknown_clients";
            return Err(Denial::by(Code::ClientUnknown, rule).at(Level::Client));
        }
        Ok(())
    }

    /// The rules on addresses of all levels, in order, each with whose it is.
    fn address_rules(&self) -> impl Iterator<Item = (&Arc<AddressSet>, Level, &str)> {
        let tenant = self.tenant.iter().filter_map(|tenant| {
            Some((tenant.policy.ip.as_ref()?, Level::Tenant, tenant.name.as_str()))
        });
        let clients = self
            .clients
            .iter()
            .filter_map(|(id, client)| Some((client.policy.ip.as_ref()?, Level::Client, *id)));
        let key = self.principal.key();
        let key = key.and_then(|key| Some((key.ip.as_ref()?, Level::Key, &*key.id)));
        tenant.chain(clients).chain(key)
    }

    /// All of it that doesn't depend on what is asked for.
    pub(super) fn standing(&self, guard: &Guard) -> Standing {
        let addresses = self.address_rules();
        let permissions = self.permissions(&guard.roles);
        let identity = guard.upstream.identity(
            self.principal,
            self.tenant.as_ref().filter(|tenant| tenant.resolved).map(|tenant| tenant.name),
            &permissions,
        );
        Standing {
            tenant: self.tenant.as_ref().filter(|t| t.resolved).map(|tenant| tenant.name.clone()),
            generation: guard.generation,
            state: self.check_state(),
            addresses: addresses
                .map(|(ip, level, who)| (Arc::clone(ip), level, who.into()))
                .collect(),
            permissions,
            accounts: self.accounts(),
            identity,
        }
    }

    /// What the caller may do, under all ceilings.
    pub(super) fn permissions(&self, roles: &Roles) -> Permissions {
        Permissions::of(roles, &self.parts())
    }

    /// What each credential carries, and the ceilings on it.
    fn parts(&self) -> Vec<Carried<'_>> {
        let mut parts = Vec::new();
        if let Some(token) = self.principal.token() {
            let client = self.principal.token_client();
            let mut part = self.carried(&token.roles, &token.scopes, Source::Token, client);
            part.role_ceilings.extend(token.ceilings.roles.as_deref());
            if token.issuer_owned && !self.names_roles(token) {
                part.role_ceilings.push(&NO_ROLE);
            }
            part.scope_ceilings.extend(token.ceilings.scopes.as_deref());
            parts.push(part);
        }
        if let Some(key) = self.principal.key() {
            let client = key.owner.as_ref().map(|owner| &*owner.client);
            parts.push(self.carried(&key.roles, &key.scopes, Source::Document, client));
        }
        parts
    }

    /// Whether a ceiling says which roles an issuer's tokens may bring. Their
    /// client's doesn't: they name it themselves.
    fn names_roles(&self, token: &VerifiedToken) -> bool {
        let tenants = self.tenant.as_ref().and_then(|tenant| tenant.policy.roles.as_ref());
        token.ceilings.roles.is_some() || tenants.is_some()
    }

    fn carried<'p>(
        &'p self,
        roles: &'p [String],
        scopes: &'p [String],
        source: Source,
        client: Option<&str>,
    ) -> Carried<'p> {
        let client = self.clients.iter().find(|(id, _)| Some(*id) == client);
        let tenant = self.tenant.as_ref().map(|tenant| tenant.policy);
        let above = || tenant.into_iter().chain(client.map(|(_, client)| &client.policy));
        Carried {
            roles,
            scopes,
            source,
            role_ceilings: above().filter_map(|policy| policy.roles.as_deref()).collect(),
            scope_ceilings: above().filter_map(|policy| policy.scopes.as_deref()).collect(),
        }
    }

    /// The accounts that its requests count in.
    fn accounts(&self) -> Vec<(Account, Owed)> {
        let mut accounts = Vec::new();
        let tenant_name = self.tenant.as_ref().map_or("", |tenant| tenant.name.as_str());
        if let Some(tenant) = &self.tenant
            && let Some(limits) = &tenant.policy.limits
        {
            let names = ["tenant", tenant_name];
            let account = match tenant.listed {
                Some(tenant) => tenant.account(),
                None if tenant.is_default => Account::listed(&names),
                // How many tenants there are that aren't listed, nobody knows.
                None => Account::crowd(&["unlisted"], &names),
            };
            accounts.push((account, Owed::Limits(Level::Tenant, Arc::clone(limits))));
        }
        for (id, client) in &self.clients {
            if let Some(limits) = &client.policy.limits {
                accounts.push((
                    client.account(tenant_name, id),
                    Owed::Limits(Level::Client, Arc::clone(limits)),
                ));
            }
        }
        if let Some(key) = self.principal.key()
            && let Some((account, limits)) = key.limits.as_deref()
        {
            accounts.push((*account, Owed::Limits(Level::Key, Arc::new(limits.clone()))));
        }
        if let Some(token) = self.principal.token()
            && let Some(rate) = token.tier
        {
            let subject = token.subject.as_deref().unwrap_or_default();
            let names = ["subject", tenant_name, &token.issuer_name, subject];
            // A listed tenant's subjects are its own crowd.
            let listed = self.tenant.as_ref().is_some_and(|tenant| tenant.listed.is_some());
            let crowd = if listed { tenant_name } else { "" };
            let account = Account::crowd(&["subjects", crowd], &names);
            accounts.push((account, Owed::Subject(rate)));
        }
        accounts
    }
}

/// Checks the caller's address against the rules of a route alone.
pub(crate) fn check_route_address(rules: &Rules, host: &dyn Host) -> Result<(), Denial> {
    let route = rules.ip.as_deref().map(|ip| (ip, Level::Route, &*rules.name));
    check_addresses(route.into_iter(), host)
}

/// Checks the caller's address against rules, each with whose they are.
pub(super) fn check_addresses<'r>(
    rules: impl Iterator<Item = (&'r AddressSet, Level, &'r str)>,
    host: &dyn Host,
) -> Result<(), Denial> {
    let mut rules = rules.peekable();
    if rules.peek().is_none() {
        return Ok(());
    }
    // An address that isn't known fails every rule.
    let address = host.client_address()?;
    let refuses = |allowed: &AddressSet| !address.is_some_and(|address| allowed.contains(address));
    match rules.find(|(allowed, ..)| refuses(allowed)) {
        Some((_, level, who)) => {
            let rule = format!("ip of {} {who}", level.name());
            Err(Denial::by(Code::IpRefused, rule).at(level))
        }
        None => Ok(()),
    }
}
