//! Permissions: what a caller's credentials carry, cut down to what all above
//! them allow.

use super::roles::{RoleSet, Roles};
use super::scopes::{EVERY, Scopes};
use crate::denial::{Code, Denial, Level};
use crate::route::Rules;
use crate::sorted;

/// One credential's part.
pub(super) struct Carried<'p> {
    pub(super) roles: &'p [String],
    pub(super) scopes: &'p [String],
    pub(super) source: Source,
    /// Ceilings on roles, from the issuer or tenant down.
    pub(super) role_ceilings: Vec<&'p RoleSet>,
    pub(super) scope_ceilings: Vec<&'p Scopes>,
}

/// Who says what a credential carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The configuration.
    Document,
    /// A token's issuer.
    Token,
}

/// What a caller may do: its roles and scopes, after all ceilings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Permissions {
    /// Those that stand for all, as the application is told.
    roles: Vec<String>,
    /// With all that they include.
    reach: RoleSet,
    scopes: Scopes,
}

impl Permissions {
    /// Unites what each credential brings.
    pub(super) fn of(roles: &Roles, parts: &[Carried<'_>]) -> Self {
        let mut parts = parts.iter().map(|part| part.cut(roles));
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |all, part| all.united(part, roles))
    }

    fn united(mut self, other: Self, roles: &Roles) -> Self {
        let told: RoleSet =
            sorted::set(self.roles.iter().map(|role| roles.compared(role).into_owned()));
        let new = other.roles.into_iter().filter(|role| !told.contains(&*roles.compared(role)));
        self.roles.extend(new);
        self.reach.extend(other.reach);
        self.scopes.unite(&other.scopes);
        self
    }

    /// The roles, as the application is told.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(String::as_str)
    }

    /// The scopes, as the application is told.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.names()
    }

    /// Roughly how many bytes of memory they take.
    pub(super) fn bytes(&self) -> usize {
        let texts = self.roles().chain(self.scopes()).chain(self.reach.iter().map(String::as_str));
        texts.map(|text| text.len().saturating_add(32)).fold(0, usize::saturating_add)
    }

    /// Checks that they hold what a route asks: all of its scopes, any of its
    /// roles.
    pub(super) fn check(&self, rules: &Rules) -> Result<(), Denial> {
        rules.scopes.iter().try_for_each(|scope| self.check_scope(rules, scope))?;
        self.check_roles(rules)
    }

    /// Checks that they hold one scope that a route asks.
    pub(super) fn check_scope(&self, rules: &Rules, scope: &str) -> Result<(), Denial> {
        if self.scopes.has(scope) {
            return Ok(());
        }
        let denial = Denial::by(Code::ScopeMissing, format!("scope {scope} of the route"));
        Err(Denial { scopes: rules.scopes.clone(), ..denial.at(Level::Route) })
    }

    /// Checks that they hold any of the roles that a route asks.
    pub(super) fn check_roles(&self, rules: &Rules) -> Result<(), Denial> {
        let asked = &rules.roles;
        if !asked.is_empty() && !asked.iter().any(|role| self.has_role(role)) {
            return Err(Denial::by(Code::RoleMissing, "roles of the route").at(Level::Route));
        }
        Ok(())
    }

    /// Whether a role is among them, in the form that is compared.
    pub(super) fn has_role(&self, role: &str) -> bool {
        self.reach.contains(role)
    }
}

impl Carried<'_> {
    /// Its roles with all that they include, and its scopes with what those
    /// grant, both under all ceilings.
    fn cut(&self, roles: &Roles) -> Permissions {
        let mut reach = roles.reach(self.roles.iter().map(String::as_str));
        for ceiling in &self.role_ceilings {
            reach.retain(|role| ceiling.contains(role));
        }
        let mut scopes = Scopes::of(self.scopes, |scope| match self.source {
            Source::Document => scope == EVERY,
            Source::Token => roles.is_wildcard(scope),
        });
        scopes.unite(&roles.grants(&reach));
        for ceiling in &self.scope_ceilings {
            scopes.cut(ceiling);
        }
        Permissions { roles: roles.highest(&reach, self.roles), reach, scopes }
    }
}

#[cfg(test)]
mod tests;
