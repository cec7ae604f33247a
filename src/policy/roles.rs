//! Roles: which includes which, and what scopes they grant.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::scopes::Scopes;
use crate::sorted;

/// Roles with all that they include, in the form that is compared.
pub(crate) type RoleSet = BTreeSet<String>;

/// The `roles` section with `role_case` and `wildcard_scopes`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roles {
    ignore_case: bool,
    /// Whether there is a list: then what isn't on it is no role.
    listed: bool,
    /// By the form that is compared.
    known: BTreeMap<String, Role>,
    /// Scopes that mean every scope in a token.
    wildcards: Vec<String>,
}

/// A role as the configuration has it.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    /// As it is written.
    name: String,
    /// Itself and all that it includes, directly or not.
    reach: RoleSet,
    /// What it grants by itself.
    scopes: Scopes,
}

/// A role as read: what it includes and grants directly.
#[derive(Debug, Clone)]
pub(crate) struct RoleEntry {
    pub(crate) name: String,
    pub(crate) includes: Vec<String>,
    pub(crate) scopes: Vec<String>,
}

impl Roles {
    /// Roles from what each includes directly; without a list any name is one.
    pub(crate) fn new(
        ignore_case: bool,
        entries: Option<&[RoleEntry]>,
        wildcards: Vec<String>,
    ) -> Self {
        let listed = entries.is_some();
        let entries = entries.unwrap_or_default();
        let mut roles = Self { ignore_case, listed, known: BTreeMap::new(), wildcards };
        let direct = sorted::map(entries.iter().map(|entry| (roles.compared(&entry.name), entry)));
        let mut known = BTreeMap::new();
        for (name, entry) in &direct {
            let mut reach = RoleSet::new();
            let mut open = vec![name.clone()];
            while let Some(at) = open.pop() {
                if reach.insert(at.clone().into_owned()) {
                    let included = direct.get(&at).into_iter().flat_map(|entry| &entry.includes);
                    open.extend(included.map(|name| roles.compared(name)));
                }
            }
            let scopes = Scopes::configured(&entry.scopes);
            let role = Role { name: entry.name.clone(), reach, scopes };
            known.insert(name.clone().into_owned(), role);
        }
        roles.known = known;
        roles
    }

    /// A role in the form that is compared. Only ASCII letters have a case
    /// here: others fold in ways that make two names one.
    pub(crate) fn compared<'n>(&self, name: &'n str) -> Cow<'n, str> {
        if self.ignore_case && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        }
    }

    /// Whether a name is a role's.
    pub(crate) fn knows(&self, name: &str) -> bool {
        !self.listed || self.known.contains_key(&*self.compared(name))
    }

    /// Whether a scope in a token means every one.
    pub(crate) fn is_wildcard(&self, scope: &str) -> bool {
        self.wildcards.iter().any(|wildcard| wildcard == scope)
    }

    /// Roles with all that they include.
    pub(crate) fn reach<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> RoleSet {
        let mut reach = RoleSet::new();
        for name in names {
            let compared = self.compared(name);
            // With all that it includes: a token may hold a name in hundreds of
            // spellings.
            if reach.contains(&*compared) {
                continue;
            }
            match self.known.get(&*compared) {
                Some(role) => reach.extend(role.reach.iter().cloned()),
                None => {
                    reach.insert(compared.into_owned());
                }
            }
        }
        reach
    }

    /// What roles grant, each by itself.
    pub(crate) fn grants(&self, roles: &RoleSet) -> Scopes {
        let mut scopes = Scopes::default();
        for role in roles.iter().filter_map(|name| self.known.get(name)) {
            scopes.unite(&role.scopes);
        }
        scopes
    }

    /// The roles that stand for all of a set, which is what is left of the
    /// reach of some: those that were carried, as they were written, and where
    /// one of these was cut the highest of what is left of it. Each once.
    pub(crate) fn highest(&self, set: &RoleSet, carried: &[String]) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut highest = Vec::new();
        for name in carried {
            let compared = self.compared(name);
            if set.contains(&*compared) && seen.insert(compared) {
                highest.push(name.clone());
            }
        }
        if highest.len() == carried.len() {
            // None was cut, and all else is below them.
            return highest;
        }
        let covered = self.reach(highest.iter().map(String::as_str));
        let rest: Vec<&String> = set.difference(&covered).collect();
        for name in &rest {
            let below = |other: &&&String| {
                other != &name
                    && self.known.get(**other).is_some_and(|role| role.reach.contains(*name))
            };
            if !rest.iter().any(|other| below(&other)) {
                let written = self.known.get(*name).map_or(*name, |role| &role.name);
                highest.push(written.clone());
            }
        }
        highest
    }
}

#[cfg(test)]
mod tests;
