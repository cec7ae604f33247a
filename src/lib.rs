//! tenant-guard: one verified tenant per request.
//!
//! This is the core, and the whole way of a request is [`Guard::decide`]. Each
//! step makes what the next one needs; from the principal on, nothing else can
//! make it:
//!
//! ```text
//! Headers → Target → Rules → Presented → Principal → ResolvedTenant → Admitted → Decision
//! ```
//!
//! The core knows nothing of proxies, does no I/O and reads no clock: what it
//! needs comes through [`Host`]. Where it lacks what is being fetched, the
//! request waits ([`Guard::attempt`]) and is decided on again.
//!
//! [`Fetcher`] fetches keys and tenants between requests, through [`Network`],
//! and puts them into the guard through [`Keeper`]. The plugin for proxy-wasm
//! hosts is in `plugin`, which is compiled for wasm only.

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::string_slice,
        reason = "a test that panics fails"
    )
)]

mod address;
mod api_key;
mod audit;
mod changes;
mod config;
mod credential;
mod decision;
mod denial;
#[cfg(not(target_arch = "wasm32"))]
pub mod explain;
mod halt;
mod header_value;
mod host;
mod identity;
mod json;
mod jwt;
mod memory;
mod pattern;
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(feature = "probe", allow(dead_code, reason = "the probe only verifies"))]
mod plugin;
mod policy;
mod principal;
#[cfg(feature = "probe")]
#[doc(hidden)]
pub mod probe;
mod remote;
mod reply;
mod request;
mod route;
mod sorted;
mod tenant;
#[cfg(test)]
mod testing;
mod throttle;
mod verdict;

pub use api_key::KeyHash;
pub use audit::{AuditLevel, AuditLine, AuditLog, AuditRules};
pub use changes::Changes;
pub use config::{
    ConfigError, Environment, FieldShape, Form, HowMany, Loaded, ObjectShape, Rule, Shape, load,
};
pub use decision::Decision;
pub use denial::{Code, Denial, Level};
pub use halt::Patience;
pub use host::{
    Hash, Host, HostError, Shared, SignatureVerdict, SignatureVerifier, Timestamp, Written,
};
pub use jwt::CacheUse;
pub use memory::Memory;
pub use remote::{
    Answer, Event, Fetcher, Keeper, Kept, MOST_AT_ONCE, Network, Ready, Source, SourceId, Store,
    WaitingRoom,
};
pub use reply::Reply;
pub use request::Headers;
pub use verdict::Verdict;

use std::collections::BTreeMap;

use api_key::{ApiKeys, KeyTable};
use config::{DirectoryRules, FetchedTenants};
use credential::{DevHeaders, Sources, SuperAdmin};
use halt::Halt;
use identity::Upstream;
use jwt::Jwt;
use policy::limit::{HeaderStyles, Quotas};
use policy::{Admitted, Roles};
use principal::{Principal, Trail};
use reply::Replies;
use request::Target;
use request::path::PathRules;
use route::{Auth, Routes, Rules, Shadow};
use tenant::{Listing, ResolvedTenant, Tenancy};
use throttle::Throttle;

/// A configured guard, with the keys and tenants that were fetched. Those are
/// put into it between requests; deciding on a request changes nothing in it.
/// What counts requests is in the host's shared values, what a worker remembers
/// in its [`Memory`].
#[derive(Debug)]
pub struct Guard {
    revision: Option<String>,
    paths: PathRules,
    routes: Routes,
    cors_preflight: bool,
    sources: Sources,
    super_admin: Option<SuperAdmin>,
    dev: Option<DevHeaders>,
    jwt: Jwt,
    keys: ApiKeys,
    throttle: Option<Throttle>,
    tenancy: Tenancy,
    /// How the fetched directory is read.
    directory: Option<DirectoryRules>,
    /// How often fetched tenants were put in force.
    generation: u64,
    roles: Roles,
    limit_headers: HeaderStyles,
    upstream: Upstream,
    replies: Replies,
    shadow: Shadow,
    audit: AuditRules,
    cache_entries: usize,
    cache_bytes: usize,
}

/// How far a request came: what its access log and audit line may tell.
#[derive(Debug, Default)]
struct Progress<'g> {
    rules: Option<&'g Rules>,
    principal: Option<Principal>,
    tenant: Option<ResolvedTenant>,
    trail: Trail,
    /// Where the limits of the request stand.
    quotas: Option<Quotas>,
}

/// Where the way ends without a refusal.
enum Arrived {
    /// The route asks for nothing.
    Public,
    /// A browser asks whether it may send a request; nothing else is asked.
    Preflight,
    Admitted(Box<Admitted>),
}

/// What came of deciding on a request.
#[derive(Debug)]
pub enum Attempt {
    /// A decision.
    Decided(Box<Decision>),
    /// It waits for what is fetched from one of these.
    Waits(Vec<SourceId>),
}

impl Guard {
    /// Decides on a request, by what is known now.
    ///
    /// Never fails: a host that can't be asked is a refusal with
    /// `guard_unavailable`.
    pub fn decide(&self, headers: &Headers<'_>, host: &dyn Host, memory: &mut Memory) -> Decision {
        match self.attempt(headers, host, Patience::Waited, memory) {
            Attempt::Decided(decision) => *decision,
            Attempt::Waits(_) => {
                let denial = Denial::from(Code::GuardUnavailable);
                self.conclude(headers, Progress::default(), Err(denial))
            }
        }
    }

    /// Decides on a request, unless it may wait for what is being fetched and
    /// what comes may change the decision. Then nothing was done: it is to be
    /// decided on again, with [`Patience::Waited`] in the end.
    pub fn attempt(
        &self,
        headers: &Headers<'_>,
        host: &dyn Host,
        patience: Patience,
        memory: &mut Memory,
    ) -> Attempt {
        let mut progress = Progress::default();
        let outcome = match self.follow(headers, host, patience, memory, &mut progress) {
            Ok(arrived) => Ok(arrived),
            Err(Halt::Lacks(lack)) => return Attempt::Waits(lack.sources),
            Err(Halt::Refused(denial)) => Err(denial),
        };
        Attempt::Decided(Box::new(self.conclude(headers, progress, outcome)))
    }

    /// The way of a request, on one page.
    fn follow<'g>(
        &'g self,
        headers: &Headers<'_>,
        host: &dyn Host,
        patience: Patience,
        memory: &mut Memory,
        progress: &mut Progress<'g>,
    ) -> Result<Arrived, Halt> {
        let ambiguous = |why: request::path::Ambiguity| Denial::by(Code::PathAmbiguous, why.rule());
        let target = Target::read(headers, self.paths).map_err(ambiguous)?;
        let rules = self.routes.find(&target).map_err(ambiguous)?;
        if self.cors_preflight && target.is_preflight(headers) {
            return Ok(Arrived::Preflight);
        }
        let rules = rules.ok_or_else(|| Denial::by(Code::RouteRefused, "routes_unmatched"))?;
        progress.rules = Some(rules);
        if rules.auth == Auth::None {
            policy::check_route_address(rules, host)?;
            return Ok(Arrived::Public);
        }
        let presented = self.presented(rules, headers, &target);
        let trail = &mut progress.trail;
        let principal =
            principal::authenticate(self, rules, presented, host, patience, memory, trail)?;
        progress.principal = Some(principal.clone());
        let tenant = self
            .tenant(rules, &principal, headers, &target, host)
            .map_err(|halt| halt.settled(patience))?;
        progress.tenant.clone_from(&tenant);
        let (purses, quotas) = (&mut memory.purses, &mut progress.quotas);
        let admitted = policy::admit(self, rules, principal, tenant, host, purses, quotas)?;
        Ok(Arrived::Admitted(Box::new(admitted)))
    }

    /// The one tenant of a request; `None` on routes without tenancy.
    fn tenant(
        &self,
        rules: &Rules,
        principal: &Principal,
        headers: &Headers<'_>,
        target: &Target<'_>,
        host: &dyn Host,
    ) -> Result<Option<ResolvedTenant>, Halt> {
        let bounds = principal.bounds();
        self.tenancy.check_bounds_known(&bounds)?;
        let Some(tenancy) = &rules.tenancy else {
            return Ok(tenant::agree(&bounds).map(|()| None)?);
        };
        let tenant = if principal.is_super_admin() {
            self.tenancy.resolve_super_admin(tenancy, headers, target)?
        } else {
            self.tenancy.resolve(tenancy, &bounds, headers, target, host)?
        };
        self.tenancy.check_known(tenant.name())?;
        if let Some(token) = principal.token() {
            self.tenancy.check_issued(tenant.name(), token)?;
        }
        Ok(Some(tenant))
    }

    /// Where all documents live that it fetches.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let directory = self.directory.iter().map(|directory| &directory.source);
        let keys = self.jwt.issuers().iter().filter_map(|issuer| issuer.source.as_ref());
        let mut sources: BTreeMap<SourceId, Source> = BTreeMap::new();
        for source in directory.chain(keys) {
            // The same document for two issuers: the stricter counts.
            let same = sources.entry(source.id()).or_insert_with(|| source.clone());
            same.tighten(source);
        }
        sources.into_values().collect()
    }

    /// Whether an issuer of the document itself has its keys there.
    pub fn is_own_source(&self, id: SourceId) -> bool {
        self.jwt.own_issuers().iter().any(|issuer| issuer.source_id() == Some(id))
    }

    /// Forgets fetched tenants and their keys, for others to follow at once.
    pub(crate) fn forget_tenants(&mut self) {
        self.tenancy.directory.fetched = Listing::default();
        self.keys.replace_fetched(KeyTable::default());
        self.generation = self.generation.saturating_add(1);
    }

    /// Puts fetched tenants in force, all at once.
    pub(crate) fn take_over_tenants(&mut self, tenants: FetchedTenants) {
        self.tenancy.directory.fetched = tenants.listing;
        self.keys.replace_fetched(tenants.keys);
        self.jwt.replace_revoked(tenants.revoked);
        self.jwt.replace_fetched(tenants.issuers);
        self.generation = self.generation.saturating_add(1);
    }

    /// How many tenants are listed, and how many keys that were fetched are in
    /// use, for metrics.
    pub fn counts(&self) -> (usize, usize) {
        let directory = &self.tenancy.directory;
        let tenants = directory.own.len().saturating_add(directory.fetched.len());
        (tenants, self.jwt.count_fetched_keys())
    }

    /// The reply to a request that couldn't be decided on, because the host
    /// failed.
    pub fn unavailable(&self, headers: &Headers<'_>) -> Reply {
        self.replies.reply(&Code::GuardUnavailable.into(), headers)
    }

    /// What a worker of this configuration remembers at first: nothing.
    pub fn new_memory(&self) -> Memory {
        Memory::new(self.cache_entries, self.cache_bytes)
    }

    /// The `audit` section.
    pub fn audit(&self) -> AuditRules {
        self.audit
    }

    /// The document's `revision`.
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }
}

#[cfg(test)]
mod tests;
