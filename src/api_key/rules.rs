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

/// Makes what many keys have in the same way one.
#[derive(Default)]
pub(crate) struct SharedRules {
    lists: HashSet<Rc<[String]>>,
    /// Those of keys that have scopes and roles only.
    plain: HashMap<(Rc<[String]>, Rc<[String]>), Rc<KeyRules>>,
    /// What the last key had.
    last: Option<Rc<KeyRules>>,
}

impl SharedRules {
    /// A list like this one that others have, too.
    pub(crate) fn list(&mut self, list: Vec<String>) -> Rc<[String]> {
        if let Some(known) = self.lists.get(list.as_slice()) {
            return Rc::clone(known);
        }
        let list: Rc<[String]> = list.into();
        self.lists.insert(Rc::clone(&list));
        list
    }

    /// Rules of lists that came from here; `None` where they say nothing.
    pub(crate) fn rules(&mut self, rules: KeyRules) -> Option<Rc<KeyRules>> {
        let is_plain = rules.not_before.is_none()
            && rules.expires.is_none()
            && rules.ip.is_none()
            && rules.limits.is_none();
        if !is_plain {
            let same = |last: &&Rc<KeyRules>| {
                rules.ip.is_none()
                    && rules.limits.is_none()
                    && last.ip.is_none()
                    && last.limits.is_none()
                    && Rc::ptr_eq(&last.scopes, &rules.scopes)
                    && Rc::ptr_eq(&last.roles, &rules.roles)
                    && last.not_before == rules.not_before
                    && last.expires == rules.expires
            };
            let shared = self.last.as_ref().filter(same).cloned();
            self.last = Some(shared.unwrap_or_else(|| Rc::new(rules)));
            return self.last.clone();
        }
        if rules.scopes.is_empty() && rules.roles.is_empty() {
            return None;
        }
        let lists = (Rc::clone(&rules.scopes), Rc::clone(&rules.roles));
        Some(Rc::clone(self.plain.entry(lists).or_insert_with(|| Rc::new(rules))))
    }
}
