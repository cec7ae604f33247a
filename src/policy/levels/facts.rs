//! What is told of levels: each check alone, and whose ceiling cuts what.

use super::{
    Carried, Denial, Host, Level, Levels, NO_ROLE, Permissions, RoleSet, Roles, Rules, Scopes,
    Source, Unlisted, VerifiedToken, check_addresses, check_client,
};
use crate::explain::{CeilingFacts, Lack};

/// Whose ceiling it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose<'a> {
    Tenant,
    Client(&'a str),
    Issuer,
}

impl Levels<'_> {
    /// The checks of states, each alone.
    pub(in crate::policy) fn states(&self) -> Vec<(Level, String, Result<(), Denial>)> {
        let Some(tenant) = &self.tenant else {
            return Vec::new();
        };
        let named = |name: &str| format!("tenant {name} is known and active");
        let mut states =
            vec![(Level::Tenant, named(tenant.name.as_str()), self.check_tenant(tenant))];
        if tenant.is_nobodys() {
            return states;
        }
        for client in &self.clients {
            let rule = format!("client {} is active", client.0);
            states.push((Level::Client, rule, check_client(tenant, client)));
        }
        if self.tenancy.unknown_clients == Unlisted::Deny && self.principal.token().is_some() {
            let rule = "the token's client is listed".to_owned();
            states.push((Level::Client, rule, self.check_client_known()));
        }
        states
    }

    /// The rules on addresses, each asked alone, with whose it is.
    pub(in crate::policy) fn addresses(
        &self,
        rules: &Rules,
        host: &dyn Host,
    ) -> Vec<(Level, String, Result<(), Denial>)> {
        let route = rules.ip.as_deref().map(|ip| (ip, Level::Route, &*rules.name));
        let below = self.address_rules().map(|(ip, level, who)| (&**ip, level, who));
        let each = route.into_iter().chain(below).map(|rule| {
            let (_, level, who) = rule;
            (level, who.to_owned(), check_addresses(core::iter::once(rule), host))
        });
        each.collect()
    }

    /// What the caller's credentials carry, under no ceiling.
    pub(in crate::policy) fn carried_permissions(&self, roles: &Roles) -> Permissions {
        Permissions::of(roles, &self.parts_under(None))
    }

    /// What a credential must hold of what a route asks, and why it doesn't.
    pub(in crate::policy) fn lacks(
        &self,
        roles: &Roles,
        holds: impl Fn(&Permissions) -> bool,
    ) -> Lack {
        if holds(&self.permissions(roles)) {
            return Lack::Nothing;
        }
        if !holds(&self.carried_permissions(roles)) {
            return Lack::NotCarried;
        }
        let cut = |(whose, _): &(Whose<'_>, CeilingFacts)| {
            !holds(&Permissions::of(roles, &self.parts_under(Some(*whose))))
        };
        let all = self.named_ceilings().into_iter().filter(cut);
        Lack::Cut(all.map(|(_, ceiling)| ceiling.of).collect())
    }

    /// What each credential carries, under one ceiling or none.
    fn parts_under(&self, whose: Option<Whose<'_>>) -> Vec<Carried<'_>> {
        let owner = self.principal.key().and_then(|key| key.owner.as_ref());
        let owner = owner.map(|owner| &*owner.client);
        let mut parts = self.parts();
        for part in &mut parts {
            part.role_ceilings.clear();
            part.scope_ceilings.clear();
            let client = match part.source {
                Source::Token => self.principal.token_client(),
                Source::Document => owner,
            };
            let policy = match whose {
                Some(Whose::Tenant) => self.tenant.as_ref().map(|tenant| tenant.policy),
                Some(Whose::Client(id)) if client == Some(id) => {
                    let known = self.clients.iter().find(|(known, _)| *known == id);
                    known.map(|(_, client)| &client.policy)
                }
                _ => None,
            };
            part.role_ceilings.extend(policy.and_then(|policy| policy.roles.as_deref()));
            part.scope_ceilings.extend(policy.and_then(|policy| policy.scopes.as_deref()));
            if whose == Some(Whose::Issuer)
                && part.source == Source::Token
                && let Some(token) = self.principal.token()
            {
                part.role_ceilings.extend(self.issuer_roles(token));
                part.scope_ceilings.extend(token.ceilings.scopes.as_deref());
            }
        }
        parts
    }

    fn issuer_roles<'t>(&self, token: &'t VerifiedToken) -> Option<&'t RoleSet> {
        let no_role = token.issuer_owned && !self.names_roles(token);
        token.ceilings.roles.as_deref().or(no_role.then_some(&NO_ROLE))
    }

    /// The ceilings on what the credentials bring, each with whose it is.
    pub(in crate::policy) fn ceilings(&self) -> Vec<CeilingFacts> {
        self.named_ceilings().into_iter().map(|(_, ceiling)| ceiling).collect()
    }

    fn named_ceilings(&self) -> Vec<(Whose<'_>, CeilingFacts)> {
        let told = |of: String, scopes: Option<&Scopes>, roles: Option<&RoleSet>| {
            let scopes = scopes.map(|scopes| scopes.names().map(str::to_owned).collect());
            let roles = roles.map(|roles| roles.iter().cloned().collect());
            CeilingFacts { of, scopes, roles }
        };
        let tenant = self.tenant.iter().map(|tenant| {
            let policy = tenant.policy;
            let of = format!("tenant {}", tenant.name.as_str());
            (Whose::Tenant, told(of, policy.scopes.as_deref(), policy.roles.as_deref()))
        });
        let clients = self.clients.iter().map(|(id, client)| {
            let policy = &client.policy;
            let of = format!("client {id}");
            (Whose::Client(id), told(of, policy.scopes.as_deref(), policy.roles.as_deref()))
        });
        let issuer = self.principal.token().map(|token| {
            let (scopes, roles) = (token.ceilings.scopes.as_deref(), self.issuer_roles(token));
            (Whose::Issuer, told(format!("issuer {}", token.issuer_name), scopes, roles))
        });
        let all = tenant.chain(clients).chain(issuer);
        all.filter(|(_, ceiling)| ceiling.scopes.is_some() || ceiling.roles.is_some()).collect()
    }
}
