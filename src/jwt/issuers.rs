//! All issuers: found by a token's `iss`, with the keys they are known by now.

use core::cell::OnceCell;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value;

use super::compact::Compact;
use super::issuer::Issuer;
use super::issuer_name::IssuerName;
use super::key::Key;
use super::keys::Keys;
use super::templates::Templates;
use crate::denial::{Code, Denial};
use crate::halt::Halt;
use crate::remote::{Outlook, SourceId, Standing};
use crate::tenant::Tenancy;

/// Keys that were fetched.
#[derive(Debug, Clone, Default)]
pub(crate) struct FetchedKeys {
    pub(crate) keys: Keys,
    /// When a `kid` was first there, in seconds since the epoch: where two
    /// tenants' issuers claim one, it is the earlier's.
    pub(crate) since: HashMap<Box<str>, f64>,
}

/// What is known of a source of keys.
#[derive(Debug, Default)]
pub(super) struct KeySource {
    pub(super) outlook: Outlook,
    pub(super) fetched: Rc<FetchedKeys>,
}

/// The issuers of one `iss`: one, or several tenants' whose keys tell by their
/// kid whose a token is.
#[derive(Debug, Default)]
struct Sharers {
    all: Vec<usize>,
    /// Each kid's issuer, and since when it has it. Made when it is asked for:
    /// the keys of many sources may change at once.
    by_kid: OnceCell<HashMap<Box<str>, KidOwner>>,
}

/// Whose a kid is. The document's issuers go before those of fetched tenants,
/// which can't take a kid from them; else the earlier has it.
#[derive(Debug, Clone, Copy)]
struct KidOwner {
    is_fetched: bool,
    since: f64,
    index: usize,
}

impl KidOwner {
    fn goes_before(&self, other: &Self) -> bool {
        (self.is_fetched, self.since) < (other.is_fetched, other.since)
    }
}

/// The issuers of the document and, after them, those of fetched tenants.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    list: Vec<Issuer>,
    /// How many are the document's.
    listed: usize,
    exact: HashMap<String, Sharers>,
    templates: Templates,
    nameless: Option<usize>,
    sources: HashMap<SourceId, KeySource>,
    /// The issuers whose keys are there.
    by_source: HashMap<SourceId, Vec<usize>>,
    /// Grows with each change, so that each state of an issuer has a number of
    /// its own.
    epoch: u64,
}

impl Issuers {
    pub(super) fn new(list: Vec<Issuer>) -> Self {
        let mut issuers = Self { listed: list.len(), list, ..Self::default() };
        issuers.index();
        issuers
    }

    pub(super) fn all(&self) -> &[Issuer] {
        &self.list
    }

    pub(super) fn own(&self) -> &[Issuer] {
        self.list.get(..self.listed).unwrap_or_default()
    }

    /// An issuer, if it still is as it was at that epoch.
    pub(super) fn unchanged(&self, index: usize, epoch: u64) -> bool {
        self.list.get(index).is_some_and(|issuer| issuer.epoch == epoch)
    }

    /// Replaces the issuers of fetched tenants. What was fetched for sources
    /// that still are in use stays.
    pub(super) fn replace_fetched(&mut self, fetched: Vec<Issuer>) {
        self.list.truncate(self.listed);
        self.list.extend(fetched);
        // Names of tenants may mean others now, in every token.
        self.epoch = self.epoch.saturating_add(1);
        for issuer in &mut self.list {
            issuer.epoch = self.epoch;
        }
        let used: HashSet<SourceId> = self.list.iter().filter_map(Issuer::source_id).collect();
        self.sources.retain(|id, _| used.contains(id));
        self.index();
    }

    /// Takes over what was fetched.
    pub(super) fn set_keys(&mut self, id: SourceId, fetched: Rc<FetchedKeys>) {
        self.sources.entry(id).or_default().fetched = fetched;
        self.changed(id);
    }

    /// Takes over what to expect of a source.
    pub(super) fn set_outlook(&mut self, id: SourceId, outlook: Outlook) {
        let source = self.sources.entry(id).or_default();
        let same = source.outlook.standing == outlook.standing;
        source.outlook = outlook;
        if !same {
            self.changed(id);
        }
    }

    fn changed(&mut self, id: SourceId) {
        self.epoch = self.epoch.saturating_add(1);
        for &index in self.by_source.get(&id).into_iter().flatten() {
            let Some(issuer) = self.list.get_mut(index) else {
                continue;
            };
            issuer.epoch = self.epoch;
            if let IssuerName::Exact(iss) = &issuer.iss
                && let Some(sharers) = self.exact.get_mut(iss)
            {
                sharers.by_kid.take();
            }
        }
    }

    fn index(&mut self) {
        self.exact.clear();
        self.templates.clear();
        self.nameless = None;
        self.by_source.clear();
        for (index, issuer) in self.list.iter().enumerate() {
            if let Some(id) = issuer.source_id() {
                self.by_source.entry(id).or_default().push(index);
            }
            match &issuer.iss {
                IssuerName::Exact(iss) => {
                    self.exact.entry(iss.clone()).or_default().all.push(index);
                }
                IssuerName::Template(template) => self.templates.add(template, index),
                IssuerName::None => self.nameless = Some(index),
            }
        }
    }

    /// The issuers of some that share an `iss`, by kid.
    fn by_kid(&self, sharers: &[usize]) -> HashMap<Box<str>, KidOwner> {
        let mut owners: HashMap<Box<str>, KidOwner> = HashMap::new();
        for &index in sharers {
            let Some(issuer) = self.list.get(index) else {
                continue;
            };
            let source = issuer.source_id().and_then(|id| self.sources.get(&id));
            for (kid, since) in kids(issuer, source) {
                let owner = KidOwner { is_fetched: index >= self.listed, since, index };
                match owners.entry(kid.into()) {
                    Entry::Vacant(free) => {
                        free.insert(owner);
                    }
                    Entry::Occupied(mut taken) if owner.goes_before(taken.get()) => {
                        taken.insert(owner);
                    }
                    Entry::Occupied(_) => {}
                }
            }
        }
        owners
    }

    /// The issuer of a token. Where several tenants share one, it is the
    /// tenant's whose key the token names.
    pub(super) fn of(
        &self,
        token: &Compact<'_>,
        tenancy: &Tenancy,
    ) -> Result<(usize, &Issuer), Halt> {
        // Tenants that aren't known at the moment may have issuers of their own.
        let unknown = || tenancy.unless_fetched(Denial::from(Code::TokenIssuerUnknown));
        let at = |index: usize| self.list.get(index).map(|i| (index, i)).ok_or_else(unknown);
        let iss = match token.claims.get("iss") {
            None => return at(self.nameless.ok_or(Code::TokenIssuerUnknown)?),
            Some(Value::String(iss)) => iss,
            Some(_) => return Err(Code::TokenIssuerUnknown.into()),
        };
        let Some(sharers) = self.exact.get(iss) else {
            return self.templates.find(iss, &token.claims).map_or_else(|| Err(unknown()), at);
        };
        let kid = token.kid.as_deref().unwrap_or_default();
        let by_kid = sharers.by_kid.get_or_init(|| self.by_kid(&sharers.all));
        match (sharers.all.as_slice(), by_kid.get(kid)) {
            ([index], _) if tenancy.is_complete() || self.is_alone(*index) => at(*index),
            (_, Some(owner)) => at(owner.index),
            (all, None) => Err(self.of_no_sharer(all, tenancy)),
        }
    }

    /// Whether it is the document's, and no fetched tenant may have an issuer
    /// of the same `iss`.
    fn is_alone(&self, index: usize) -> bool {
        self.own().get(index).is_some_and(|issuer| {
            let has_nameless_key = issuer.keys.iter().any(|key| key.kid.is_none());
            issuer.owner.is_none() || !issuer.secrets.is_empty() || has_nameless_key
        })
    }

    /// A kid that no issuer of several is known by.
    fn of_no_sharer(&self, all: &[usize], tenancy: &Tenancy) -> Halt {
        if !tenancy.is_complete() {
            return tenancy.unless_fetched(Denial::by(Code::TokenKeyUnknown, "kid"));
        }
        let ids = all.iter().filter_map(|&index| self.list.get(index)?.source_id());
        let sources: Vec<_> = ids.map(|id| (id, self.outlook(id))).collect();
        let known = sources.iter().all(|(_, outlook)| outlook.standing == Standing::Current);
        let code = if known { Code::TokenKeyUnknown } else { Code::KeysUnavailable };
        Halt::unless(sources, Denial::by(code, "kid"))
    }

    /// What is known of a source.
    pub(super) fn outlook(&self, id: SourceId) -> Outlook {
        self.sources.get(&id).map_or_else(Outlook::default, |source| source.outlook)
    }

    /// The key of a token of an issuer.
    pub(super) fn key<'k>(
        &'k self,
        issuer: &'k Issuer,
        token: &Compact<'_>,
    ) -> Result<&'k Key, Halt> {
        let source = issuer.source_id().map(|id| (id, self.sources.get(&id)));
        issuer.key(token.alg, token.kid.as_deref(), source)
    }

    /// The keys of an issuer that count now, without shared secrets.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn known_keys<'k>(&'k self, issuer: &'k Issuer) -> &'k [Key] {
        let source = issuer.source_id().and_then(|id| self.sources.get(&id));
        match source.map(|source| (source.outlook.standing, source)) {
            Some((Standing::Current, source)) => &source.fetched.keys,
            Some((Standing::TooOld, _)) => &[],
            _ => &issuer.keys,
        }
    }

    /// How many keys that were fetched are in use.
    pub(super) fn count_fetched(&self) -> usize {
        self.sources.values().map(|source| source.fetched.keys.len()).sum()
    }
}

/// The kids that an issuer is known by now, and since when.
fn kids<'i>(
    issuer: &'i Issuer,
    source: Option<&'i KeySource>,
) -> impl Iterator<Item = (&'i str, f64)> {
    // What is too old isn't another's for that.
    let fetched = source.filter(|source| match source.outlook.standing {
        Standing::Awaited => false,
        Standing::Current => true,
        Standing::TooOld => !source.fetched.keys.is_empty(),
    });
    let fetched = fetched.map(|source| &source.fetched);
    let own = issuer.keys.iter().filter(move |_| fetched.is_none());
    let own = own.filter_map(|key| {
        let kid = key.kid.as_deref()?;
        Some((kid, issuer.kids_since.get(kid).copied().unwrap_or_default()))
    });
    let fetched = fetched.into_iter().flat_map(|fetched| {
        fetched.keys.iter().filter_map(|key| {
            let kid = key.kid.as_deref()?;
            Some((kid, fetched.since.get(kid).copied().unwrap_or(f64::MAX)))
        })
    });
    own.chain(fetched)
}
