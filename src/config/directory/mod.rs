//! The fetched directory: tenants that come and go while the proxy runs.
//!
//! What is fetched is first merged with what was in force: a bad entry affects
//! its tenant alone. The result is a document without a mistake, which all
//! workers share and load. So they all come to the same tenants, also those
//! that never saw what came before.

mod claims;
mod digests;
mod document;
mod entry;
mod issuer_keys;
mod merge;
mod mistakes;
mod owners;
mod restrict;

use core::cell::OnceCell;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::link::keys::{DigestRules, KeyLinker};
use super::node::Context;
use super::problem::{ConfigError, Problems};
use super::text::count_keys;
use super::vocabulary::Vocabulary;
use super::{Environment, link};
use crate::Guard;
use crate::api_key::{KeyTable, Owner};
use crate::jwt::{Issuer, Revocations};
use crate::remote::Source;
use crate::tenant::{Listing, Tenancy, TenantName};
use claims::Claims;
use document::DirectoryDocument;
#[cfg(test)]
pub(super) use document::FIELDS;
use entry::Entry;
pub(crate) use mistakes::Mistakes;
use owners::Owners;

/// How a fetched directory is read.
#[derive(Debug)]
pub(crate) struct DirectoryRules {
    pub(crate) source: Source,
    /// The clusters that its tenants' issuers may fetch keys from.
    pub(super) key_clusters: Vec<String>,
    pub(super) vocabulary: Rc<Vocabulary>,
    pub(super) development: bool,
    pub(super) start_active: bool,
    /// Whether digests are HMACs.
    pub(super) hmac: bool,
}

/// The tenants of a directory, with all that is theirs.
#[derive(Debug, Default)]
pub(crate) struct FetchedTenants {
    pub(crate) listing: Listing,
    pub(crate) keys: KeyTable,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) revoked: Revocations,
}

impl FetchedTenants {
    /// Says since when each `kid` that an entry lists was listed there.
    pub(crate) fn date_kids(&mut self, kids: &BTreeMap<String, f64>) {
        for issuer in &mut self.issuers {
            let (iss, owner) = (issuer.iss.to_string(), issuer.owner.as_ref());
            let tenant = owner.map(TenantName::as_str).unwrap_or_default();
            let listed = issuer.keys.iter().filter_map(|key| key.kid.as_deref());
            let since = |kid: &str| kids.get(&kid_name(tenant, &iss, kid)).copied();
            issuer.kids_since =
                listed.map(|kid| (kid.into(), since(kid).unwrap_or(f64::MAX))).collect();
        }
    }
}

/// Names a `kid` that a tenant's entry lists, shortly: all workers read all of
/// them often.
fn kid_name(tenant: &str, iss: &str, kid: &str) -> String {
    let digest = Sha256::digest(json!([tenant, iss, kid]).to_string());
    let number = u128::from_be_bytes(*digest.first_chunk::<16>().unwrap_or(&[0; 16]));
    format!("{number:032x}")
}

/// A directory to be put in force.
#[derive(Debug)]
pub(crate) struct Merged<'f> {
    /// Most often what was fetched.
    pub(crate) document: Cow<'f, [u8]>,
    /// How many tenants it has.
    pub(crate) tenants: usize,
    /// How many of them keep their last good entry, or are inactive for want
    /// of one.
    pub(crate) held_back: usize,
    /// A name for each `kid` that its entries list, as [`kid_name`] has it.
    pub(crate) kids: Vec<String>,
    /// What was wrong with what was fetched.
    pub(crate) mistakes: Mistakes,
}

/// A document that is in force, split into its parts.
pub(crate) struct InForce<'d> {
    document: DirectoryDocument<'d>,
    /// How many keys it has, roughly.
    keys: usize,
}

impl<'d> InForce<'d> {
    /// Splits a document. What is wrong with a part keeps none of the others
    /// from being loaded.
    ///
    /// # Errors
    /// Why it can't be read at all.
    pub(crate) fn split(text: &'d [u8]) -> Result<Self, String> {
        Ok(Self { document: DirectoryDocument::split_shared(text)?, keys: count_keys(text) })
    }
}

/// Reads directories for a guard.
pub(crate) struct Reader<'g> {
    guard: &'g Guard,
    rules: &'g DirectoryRules,
    env: &'g dyn Environment,
    digests: DigestRules,
}

impl<'g> Reader<'g> {
    /// `None` where the guard has no directory.
    pub(crate) fn new(guard: &'g Guard, env: &'g dyn Environment) -> Option<Self> {
        let rules = guard.directory.as_ref()?;
        let digests = DigestRules::new(guard.keys.hash(), Some(rules.hmac));
        Some(Self { guard, rules, env, digests })
    }

    /// What is to be in force after a document was fetched, given what was
    /// before, which is asked for only where it matters.
    ///
    /// # Errors
    /// Why the document can't be read at all.
    pub(crate) fn merge<'f>(
        &self,
        fetched: &'f [u8],
        before: &dyn Fn() -> Option<Vec<u8>>,
    ) -> Result<Merged<'f>, String> {
        merge::merge(self, fetched, before)
    }

    /// Loads a document that is in force.
    ///
    /// # Errors
    /// Why it can't be read at all.
    #[cfg(test)]
    pub(crate) fn load(&self, text: &[u8]) -> Result<FetchedTenants, String> {
        Ok(self.load_parts(&InForce::split(text)?))
    }

    /// Loads a document that is in force and was split already.
    pub(crate) fn load_parts(&self, text: &InForce<'_>) -> FetchedTenants {
        let document = &text.document;
        let closed: HashSet<&str> = document.closed.iter().map(String::as_str).collect();
        let mut loaded = FetchedTenants { revoked: self.revoked(document).0, ..Default::default() };
        let mut owners = Owners::of_guard(self.guard);
        let mut keys = KeyLinker::with_capacity(text.keys);
        for (index, raw) in document.tenants.iter().enumerate() {
            let mut entry = Entry::read(self, index, raw.get());
            // It was sound when it was shared, maybe by another configuration.
            let is_free = |claims: &Claims, owners: &Owners<'_>| {
                claims.names().all(|name| loaded.listing.get(name).is_none())
                    && claims.digests().iter().all(|digest| keys.get(digest).is_none())
                    && owners.conflict(claims, index).is_none()
            };
            if let Some(id) = &entry.id
                && !(entry.is_sound() && is_free(&entry.claims, &owners))
            {
                entry = Entry::read(self, index, &merge::inactive(id));
                if !is_free(&entry.claims, &owners) {
                    continue;
                }
            }
            // Whose names and digests they are, what was loaded tells.
            owners.add_issuers(&entry.claims, index);
            self.add(entry, &closed, &mut loaded, &mut keys);
        }
        loaded.listing.shrink();
        loaded.keys = keys.into_table();
        loaded
    }

    /// The revocations of a document, and what is wrong with them.
    fn revoked(&self, document: &DirectoryDocument<'_>) -> (Revocations, Vec<ConfigError>) {
        let problems = Problems::default();
        let revoked = document.revoked(&self.context(&problems));
        (revoked, problems.into_parts().0)
    }

    fn context<'c>(&'c self, problems: &'c Problems) -> Context<'c> {
        Context {
            problems,
            env: self.env,
            development: self.rules.development,
            vocabulary: Rc::clone(&self.rules.vocabulary),
            key_clusters: Some(&self.rules.key_clusters),
            shared: OnceCell::new(),
            tenants: None,
        }
    }

    /// Adds a tenant, its keys and its issuers.
    fn add(
        &self,
        entry: Entry,
        closed: &HashSet<&str>,
        loaded: &mut FetchedTenants,
        keys: &mut KeyLinker,
    ) {
        let Some(spec) = entry.spec else {
            return;
        };
        let name = Tenancy::new_name(&spec.id);
        let defaults = &self.guard.tenancy.unlisted_policy;
        let mut tenant =
            link::tenants::entry(&spec, name.clone(), self.rules.start_active, defaults);
        tenant.has_issuers |= closed.contains(spec.id.as_str());
        loaded.listing.insert(tenant, &spec.aliases);
        let issuers = spec.issuers.into_iter();
        loaded.issuers.extend(issuers.map(|issuer| {
            let issuer = link::issuers::owned(issuer, &name);
            Issuer { source: issuer.source.map(Source::of_tenants), ..issuer }
        }));
        for client in spec.clients {
            let owner = Owner { tenant: name.clone(), client: client.id };
            if let Some(place) = keys.add_owner(owner.clone()) {
                for key in client.keys {
                    keys.add(key, Some((place, &owner)));
                }
            }
        }
    }
}

type ByTenant<T> = HashMap<String, T>;

#[cfg(test)]
mod tests;
