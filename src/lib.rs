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
use credential::{DevHeaders, Sources, SuperAdmin};
use identity::Upstream;
use jwt::Jwt;
use policy::limit::{HeaderStyles, Quotas};
use policy::{Admitted, Roles};
use principal::{Principal, Trail};
use reply::Replies;
use request::Target;
use request::path::PathRules;
use route::{Auth, Routes, Rules, Shadow};
use tenant::{ResolvedTenant, Tenancy};
use throttle::Throttle;

/// A configured guard. It holds no state of its own: what counts requests is in
/// the host's shared values, what was verified in a [`TokenCache`].
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
        let principal = principal::authenticate(self, rules, presented, host, cache, trail)?;
        progress.principal = Some(principal.clone());
        let tenant = self.tenant(rules, &principal, headers, &target, host)?;
        progress.tenant.clone_from(&tenant);
        let quotas = &mut progress.quotas;
        let admitted = policy::admit(self, rules, principal, tenant, host, quotas)?;
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
    ) -> Result<Option<ResolvedTenant>, Denial> {
        let bounds = principal.bounds();
        let tenant = match &rules.tenancy {
            None => return tenant::agree(&bounds).map(|()| None),
            Some(tenancy) if principal.is_super_admin() => {
                self.tenancy.resolve_super_admin(tenancy, headers, target)
            }
            Some(tenancy) => self.tenancy.resolve(tenancy, &bounds, headers, target, host),
        };
        tenant.map(Some)
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
