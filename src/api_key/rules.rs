//! What only some keys have, or many in the same way.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::address::AddressSet;
use crate::host::Timestamp;
use crate::policy::limit::{Account, Limits};

/// What only some keys have, or many in the same way.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyRules {
    pub(crate) scopes: Rc<[String]>,
    pub(crate) roles: Rc<[String]>,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) expires: Option<Timestamp>,
    /// The only addresses that it may be used from.
    pub(crate) ip: Option<Arc<AddressSet>>,
    pub(crate) limits: Option<Rc<(Account, Limits)>>,
}

/// What a key to be added has.
#[derive(Debug, Default)]
pub(crate) struct NewRules {
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) ip: Option<Arc<AddressSet>>,
    pub(crate) limits: Option<Rc<(Account, Limits)>>,
}

impl NewRules {
    /// Whether it has what no other key has.
    fn is_own(&self) -> bool {
        self.ip.is_some() || self.limits.is_some()
    }

    fn is_dated(&self) -> bool {
        self.not_before.is_some() || self.expires.is_some()
    }
}

type ScopesAndRoles = (Rc<[String]>, Rc<[String]>);

/// Makes what many keys have in the same way one.
#[derive(Default)]
pub(crate) struct SharedRules {
    lists: HashSet<Rc<[String]>>,
    /// Those of keys that have scopes and roles only.
    plain: HashMap<ScopesAndRoles, Rc<KeyRules>>,
    /// What the last key had, where others may have it.
    last: Option<Rc<KeyRules>>,
}

impl SharedRules {
    /// The same rules, as keys keep them; `None` where they say nothing.
    pub(crate) fn share(&mut self, new: NewRules) -> Option<Rc<KeyRules>> {
        let is_plain = !new.is_own() && !new.is_dated();
        if is_plain && new.scopes.is_empty() && new.roles.is_empty() {
            return None;
        }
        let same = |last: &&Rc<KeyRules>| {
            *last.scopes == *new.scopes
                && *last.roles == *new.roles
                && last.not_before == new.not_before
                && last.expires == new.expires
        };
        // Most have what the one before has.
        if !new.is_own()
            && let Some(last) = self.last.as_ref().filter(same)
        {
            return Some(Rc::clone(last));
        }
        let is_own = new.is_own();
        let NewRules { scopes, roles, not_before, expires, ip, limits } = new;
        let (scopes, roles) = (self.list(scopes), self.list(roles));
        let lists = (Rc::clone(&scopes), Rc::clone(&roles));
        let rules = KeyRules { scopes, roles, not_before, expires, ip, limits };
        let rules = match is_plain {
            true => Rc::clone(self.plain.entry(lists).or_insert_with(|| Rc::new(rules))),
            false => Rc::new(rules),
        };
        if !is_own {
            self.last = Some(Rc::clone(&rules));
        }
        Some(rules)
    }

    /// A list like this one that others have, too.
    fn list(&mut self, list: Vec<String>) -> Rc<[String]> {
        if let Some(known) = self.lists.get(list.as_slice()) {
            return Rc::clone(known);
        }
        let list: Rc<[String]> = list.into();
        self.lists.insert(Rc::clone(&list));
        list
    }
}
