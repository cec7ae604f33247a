//! Linking API keys: each digest is one key's.

use std::collections::HashMap;

use super::super::api_keys::KeySpec;
use super::super::node::Context;
use crate::api_key::{ApiKey, ApiKeys, KeyHash, Owner};
use crate::policy::limit::Account;
use crate::tenant::Bound;

/// The keys so far, and where each digest stands.
pub(super) struct KeyTable<'c> {
    context: &'c Context<'c>,
    pub(super) table: ApiKeys,
    /// What the digests must be; `None` where that couldn't be read.
    hmac: Option<bool>,
    labels: HashMap<[u8; 32], String>,
}

impl<'c> KeyTable<'c> {
    pub(super) fn new(context: &'c Context<'c>, hash: KeyHash, hmac: Option<bool>) -> Self {
        Self { context, table: ApiKeys::new(hash), hmac, labels: HashMap::new() }
    }

    /// Checks that a digest is of nobody in the table.
    pub(super) fn claim(&self, digest: &[u8; 32], at: &str) {
        if let Some(owner) = self.labels.get(digest) {
            let problem = format!("has the digest of {owner} too; one key can't be two");
            self.context.problems.error(at, problem);
        }
    }

    pub(super) fn add(&mut self, spec: KeySpec, owner: Option<Owner>, label: String) {
        let problems = self.context.problems;
        if !check_digest(self.context, &spec, self.table.hash(), self.hmac) {
            return;
        }
        let (path, digest) = (spec.path.clone(), spec.digest);
        let key = key(spec, owner);
        if self.table.insert(digest, key).is_some() {
            let other = self.labels.get(&digest).map_or("another key", String::as_str);
            problems.error(
                &path,
                format!("has the digest of {other} too; one key can't be two ({label})"),
            );
            return;
        }
        self.labels.insert(digest, label);
    }
}

/// Checks that a digest is one by `api_keys.hash`, and of something.
pub(in crate::config) fn check_digest(
    context: &Context<'_>,
    spec: &KeySpec,
    hash: &KeyHash,
    hmac: Option<bool>,
) -> bool {
    let problems = context.problems;
    if let Some(hmac) = hmac
        && hmac != spec.hmac
    {
        let (field, hash) =
            if hmac { ("hmac_sha256", "hmac-sha256") } else { ("sha256", "sha256") };
        problems.error(
            &spec.path,
            format!("must have its digest in {field}, since api_keys.hash is {hash}"),
        );
        return false;
    }
    if hash.is_of_nothing(&spec.digest) {
        problems.error(
            &spec.path,
            "has the digest of an empty text: the command that made it had no key to read",
        );
        return false;
    }
    true
}

/// A key as its entry says.
pub(in crate::config) fn key(spec: KeySpec, owner: Option<Owner>) -> ApiKey {
    let bound = match &owner {
        Some(owner) => Bound::OneOf(vec![owner.tenant.clone()]),
        None => Bound::Nothing,
    };
    let account = || match &owner {
        Some(owner) => Account::listed(&["key", owner.tenant.as_str(), &owner.client, &spec.id]),
        None => Account::listed(&["key", &spec.id]),
    };
    let limits = spec.limits.map(|limits| Box::new((account(), limits)));
    ApiKey {
        id: spec.id.as_str().into(),
        owner,
        bound,
        scopes: spec.scopes,
        roles: spec.roles,
        active: spec.active,
        not_before: spec.not_before,
        expires: spec.expires,
        ip: spec.ip,
        limits,
    }
}
