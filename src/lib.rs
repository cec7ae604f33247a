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
//! needs comes through [`Host`]. The plugin for proxy-wasm hosts is in
//! `plugin`, which is compiled for wasm only.

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
mod header_value;
mod host;
mod identity;
mod json;
mod jwt;
mod pattern;
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(feature = "probe", allow(dead_code, reason = "the probe only verifies"))]
mod plugin;
mod policy;
mod principal;
#[cfg(feature = "probe")]
#[doc(hidden)]
pub mod probe;
mod reply;
mod request;
mod route;
mod tenant;
#[cfg(test)]
mod testing;
mod throttle;
mod verdict;

pub use audit::{AuditLevel, AuditLine, AuditLog, AuditRules};
pub use changes::Changes;
pub use config::{ConfigError, Environment, Loaded, load};
pub use decision::Decision;
pub use denial::{Code, Denial, Level};
pub use host::{
    Hash, Host, HostError, Shared, SignatureVerdict, SignatureVerifier, Timestamp, Written,
};
pub use jwt::{CacheUse, TokenCache};
pub use reply::Reply;
pub use request::Headers;
pub use verdict::Verdict;

use api_key::ApiKeys;
use credential::Sources;
use identity::Upstream;
use jwt::Jwt;
use policy::Admitted;
use principal::{Principal, Trail};
use reply::Replies;
use request::Target;
use request::path::PathRules;
use route::{Auth, Routes, Rules, Shadow};
use tenant::{ResolvedTenant, Tenancy};

/// A configured guard. It holds no state of its own: the same request, time
/// and host give the same decision, whatever came before.
#[derive(Debug)]
pub struct Guard {
    revision: Option<String>,
    paths: PathRules,
    routes: Routes,
    sources: Sources,
    jwt: Jwt,
    keys: ApiKeys,
    tenancy: Tenancy,
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
}

/// Where the way ends without a refusal.
enum Arrived {
    /// The route asks for nothing.
    Public,
    Admitted(Box<Admitted>),
}

impl Guard {
    /// Decides on a request.
    ///
    /// Never fails: a host that can't be asked is a refusal with
    /// `guard_unavailable`.
    pub fn decide(
        &self,
        headers: &Headers<'_>,
        host: &dyn Host,
        cache: &mut TokenCache,
    ) -> Decision {
        let mut progress = Progress::default();
        let outcome = self.follow(headers, host, cache, &mut progress);
        self.conclude(headers, progress, outcome)
    }

    /// The way of a request, on one page.
    fn follow<'g>(
        &'g self,
        headers: &Headers<'_>,
        host: &dyn Host,
        cache: &mut TokenCache,
        progress: &mut Progress<'g>,
    ) -> Result<Arrived, Denial> {
        let ambiguous = |why: request::path::Ambiguity| Denial::by(Code::PathAmbiguous, why.rule());
        let target = Target::read(headers, self.paths).map_err(ambiguous)?;
        let rules = self.routes.find(&target).map_err(ambiguous)?;
        let rules = rules.ok_or_else(|| Denial::by(Code::RouteRefused, "routes_unmatched"))?;
        progress.rules = Some(rules);
        if rules.auth == Auth::None {
            return Ok(Arrived::Public);
        }
        let presented = self.sources.collect(rules.mode, headers, &target)?;
        let trail = &mut progress.trail;
        let principal = principal::authenticate(self, rules, presented, host, cache, trail)?;
        progress.principal = Some(principal.clone());
        let tenant = match rules.tenancy {
            None => {
                tenant::agree(&principal.bounds())?;
                None
            }
            Some(tenancy) => {
                Some(self.tenancy.resolve(tenancy, &principal.bounds(), headers, &target)?)
            }
        };
        progress.tenant.clone_from(&tenant);
        let admitted = policy::admit(&self.tenancy, principal, tenant)?;
        Ok(Arrived::Admitted(Box::new(admitted)))
    }

    /// The reply to a request that couldn't be decided on, because the host
    /// failed.
    pub fn unavailable(&self, headers: &Headers<'_>) -> Reply {
        self.replies.reply(&Code::GuardUnavailable.into(), headers)
    }

    /// An empty token cache of the configured size.
    pub fn new_cache(&self) -> TokenCache {
        TokenCache::new(self.cache_entries, self.cache_bytes)
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
