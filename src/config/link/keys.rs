//! Linking API keys: each digest is one key's.

use std::rc::Rc;

use super::super::api_keys::{KeyPlace, KeySpec};
use super::super::node::Context;
use super::super::problem::Problems;
use crate::api_key::{
    ApiKeys, KeyEntry, KeyHash, KeyTable, NewKey, NewRules, Owner, OwnerPlace, SharedRules,
};
use crate::policy::limit::Account;

/// The keys so far.
#[derive(Default)]
pub(in crate::config) struct KeyLinker {
    table: KeyTable,
    rules: SharedRules,
}

impl KeyLinker {
    /// With room for so many keys.
    pub(in crate::config) fn with_capacity(keys: usize) -> Self {
        Self { table: KeyTable::with_capacity(keys), rules: SharedRules::default() }
    }

    /// The key that has a digest.
    pub(in crate::config) fn get(&self, digest: &[u8; 32]) -> Option<KeyEntry<'_>> {
        self.table.get(digest)
    }

    /// Adds an owner of keys; `None` where there are more than can be.
    pub(in crate::config) fn add_owner(&mut self, owner: Owner) -> Option<OwnerPlace> {
        self.table.add_owner(owner)
    }

    /// Adds a key whose digest isn't there yet. Gives whether there was room.
    pub(in crate::config) fn add(
        &mut self,
        spec: KeySpec,
        owner: Option<(OwnerPlace, &Owner)>,
    ) -> bool {
        let account = || match owner {
            Some((_, owner)) => {
                Account::listed(&["key", owner.tenant.as_str(), &owner.client, &spec.id])
            }
            None => Account::listed(&["key", &spec.id]),
        };
        let limits = spec.limits.map(|limits| Rc::new((account(), limits)));
        let rules = NewRules {
            scopes: spec.scopes,
            roles: spec.roles,
            not_before: spec.not_before,
            expires: spec.expires,
            ip: spec.ip,
            limits,
        };
        self.table.insert(NewKey {
            id: &spec.id,
            digest: spec.digest,
            owner: owner.map(|(place, _)| place),
            active: spec.active,
            rules: self.rules.share(rules),
        })
    }

    /// All keys.
    pub(in crate::config) fn into_table(self) -> KeyTable {
        let mut table = self.table;
        table.shrink();
        table
    }
}

/// The keys of the document, as their digests are checked against each other.
pub(in crate::config) struct OwnKeys<'p> {
    problems: &'p Problems,
    hash: KeyHash,
    rules: DigestRules,
    linker: KeyLinker,
    /// Where keys of no tenant stand, which come first.
    unbound: Vec<String>,
}

impl<'p> OwnKeys<'p> {
    pub(in crate::config) fn new(
        problems: &'p Problems,
        hash: KeyHash,
        hmac: Option<bool>,
        keys: usize,
    ) -> Self {
        let linker = KeyLinker::with_capacity(keys);
        let rules = DigestRules::new(&hash, hmac);
        Self { problems, hash, rules, linker, unbound: Vec::new() }
    }

    pub(super) fn add_owner(&mut self, owner: Owner) -> Option<OwnerPlace> {
        self.linker.add_owner(owner)
    }

    pub(in crate::config) fn add(
        &mut self,
        spec: KeySpec,
        owner: Option<(OwnerPlace, &Owner)>,
        at: &KeyPlace<'_>,
    ) {
        if !self.rules.check(&spec, at, self.problems) {
            return;
        }
        if let Some(known) = self.linker.get(&spec.digest) {
            let label = match owner {
                Some((_, owner)) => label(&spec.id, owner),
                None => at.to_string(),
            };
            let known = self.label(known);
            self.problems.error(
                at,
                format!("has the digest of {known} too; one key can't be two ({label})"),
            );
            return;
        }
        if owner.is_none() {
            self.unbound.push(at.to_string());
        }
        if !self.linker.add(spec, owner) {
            self.problems.error(at, "is one key too many to keep");
        }
    }

    /// Checks that a digest is of nobody's key.
    pub(super) fn claim(&self, context: &Context<'_>, digest: &[u8; 32], at: &str) {
        if let Some(known) = self.linker.get(digest) {
            let problem =
                format!("has the digest of {} too; one key can't be two", self.label(known));
            context.problems.error(at, problem);
        }
    }

    /// A key in words: whose it is, or where it stands.
    fn label(&self, key: KeyEntry<'_>) -> String {
        match key.owner() {
            Some(owner) => label(key.id(), owner),
            None => self.unbound.get(key.place()).cloned().unwrap_or_default(),
        }
    }

    pub(super) fn into_keys(self) -> ApiKeys {
        ApiKeys::new(self.hash, self.linker.into_table())
    }
}

fn label(id: &str, owner: &Owner) -> String {
    format!("key {id} of client {} of tenant {}", owner.client, owner.tenant.as_str())
}

/// What digests of keys must be.
pub(in crate::config) struct DigestRules {
    /// Whether they are HMACs; `None` where that isn't known.
    hmac: Option<bool>,
    /// Those of no key.
    nothing: [[u8; 32]; 3],
}

impl DigestRules {
    pub(in crate::config) fn new(hash: &KeyHash, hmac: Option<bool>) -> Self {
        Self { hmac, nothing: hash.of_nothing() }
    }

    /// Checks that a key's digest is one by `api_keys.hash`, and of something.
    pub(in crate::config) fn check(
        &self,
        spec: &KeySpec,
        at: &KeyPlace<'_>,
        problems: &Problems,
    ) -> bool {
        if let Some(hmac) = self.hmac
            && hmac != spec.hmac
        {
            let (field, hash) =
                if hmac { ("hmac_sha256", "hmac-sha256") } else { ("sha256", "sha256") };
            problems.error(
                at,
                format!("must have its digest in {field}, since api_keys.hash is {hash}"),
            );
            return false;
        }
        if self.nothing.contains(&spec.digest) {
            problems.error(
                at,
                "has the digest of an empty text: the command that made it had no key to read",
            );
            return false;
        }
        true
    }
}
