//! Why a decision is what it is, step by step, for operators.
//!
//! The decision is the one that requests get: the same way, followed once. What
//! the steps saw is then read again by their own functions, which change
//! nothing. No request pays for it: it isn't compiled into the plugin.

mod credentials;
mod facts;

pub use credentials::Credentials;
pub use facts::{
    AssertedFacts, BoundFacts, CeilingFacts, CredentialFacts, CredentialKind, IssuerFacts,
    KeyFacts, Lack, NearRoute, Outcome, PatternFacts, PermissionFacts, PlaceFacts, PolicyFacts,
    PrincipalFacts, RouteFacts, Says, SourceFacts, Subject, TargetFacts, TenancyFacts, TenantFacts,
    TokenFacts,
};

use crate::credential::{Credential, Presented};
use crate::denial::{Code, Denial};
use crate::halt::{Halt, Patience};
use crate::host::Host;
use crate::principal::Principal;
use crate::remote::Standing;
use crate::request::{Headers, Target};
use crate::route::{Auth, Rules};
use crate::{Arrived, Decision, Guard, Memory, Progress, policy};

/// A decision, and what each step saw.
#[derive(Debug)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// Headers that only the guard may set and the client sent, each once.
    pub stripped: Vec<String>,
    /// The target; `None` where it can be read in several ways, or not at all.
    pub target: Option<TargetFacts>,
    /// Whether it is a CORS preflight that is let through.
    pub is_preflight: bool,
    /// The route; `None` where there is none, or none is told.
    pub route: Option<RouteFacts>,
    /// The nearest routes, where there is none.
    pub near: Vec<NearRoute>,
    /// The credentials that were found.
    pub found: Vec<CredentialFacts>,
    /// Where credentials may be sent on the route.
    pub places: Vec<PlaceFacts>,
    /// The token that was presented.
    pub token: Option<TokenFacts>,
    /// All issuers, by name and `iss`.
    pub issuers: Vec<(String, String)>,
    /// The API key that was presented, where it is configured.
    pub key: Option<KeyFacts>,
    /// Why the key was refused too, where the reply tells of the token.
    pub key_denial: Option<Denial>,
    /// Who it is from, once that was verified.
    pub principal: Option<PrincipalFacts>,
    /// How the tenant came about, once there is a caller and the route asks.
    pub tenant: Option<TenantFacts>,
    /// What the caller's credentials carry, once policies are asked.
    pub permissions: Option<PermissionFacts>,
    /// All policies, in the order in which they are asked. None holds the super
    /// admin.
    pub policies: Vec<PolicyFacts>,
    /// All documents that are fetched.
    pub sources: Vec<SourceFacts>,
    /// Those that were sent, to be hidden in whatever is shown.
    pub credentials: Credentials,
}

/// What the steps after the route saw, as [`Explanation`] has it.
#[derive(Default)]
struct Steps {
    found: Vec<CredentialFacts>,
    token: Option<TokenFacts>,
    key: Option<KeyFacts>,
    tenant: Option<TenantFacts>,
    permissions: Option<PermissionFacts>,
    policies: Vec<PolicyFacts>,
}

impl Guard {
    /// Decides on a request, and tells how.
    pub fn explain(&self, headers: &Headers<'_>, host: &dyn Host) -> Explanation {
        let mut progress = Progress::default();
        let mut memory = Memory::new(0, 0);
        let way = self.follow(headers, host, Patience::Waited, &mut memory, &mut progress);
        let outcome = way.map_err(|halt| match halt {
            Halt::Refused(denial) => denial,
            Halt::Lacks(_) => Code::GuardUnavailable.into(),
        });
        let (_, inbound) = self.inbound(headers);
        let target = Target::read(headers, self.paths).ok();
        let is_preflight = matches!(outcome, Ok(Arrived::Preflight));
        let rules = progress.rules;
        let steps = match (rules, &target) {
            (Some(rules), Some(target)) => self.steps(rules, headers, target, host, &progress),
            _ => Steps::default(),
        };
        let principal = progress.principal.as_ref().map(Principal::facts);
        let key_denial = progress.trail.key_denial.clone();
        let decision = self.conclude(headers, progress, outcome);
        let issuers = self.jwt.issuers().iter();
        let issuers: Vec<(String, String)> =
            issuers.map(|issuer| (issuer.name.clone(), issuer.iss.to_string())).collect();
        Explanation {
            stripped: match decision.stripped {
                // The request goes on as it came.
                0 => Vec::new(),
                _ => inbound.into_iter().map(text).collect(),
            },
            target: target.as_ref().map(Target::facts),
            is_preflight,
            route: rules.map(|rules| self.routes.facts(rules, &issuers)),
            near: match (&target, rules, is_preflight) {
                (Some(target), None, false) => self.routes.near(target),
                _ => Vec::new(),
            },
            found: steps.found,
            places: rules.map(|rules| self.places(rules)).unwrap_or_default(),
            token: steps.token,
            issuers,
            key: steps.key,
            key_denial,
            principal,
            tenant: steps.tenant,
            permissions: steps.permissions,
            policies: steps.policies,
            sources: self.source_facts(),
            credentials: Credentials::of(self, headers),
            decision,
        }
    }

    /// Tells of the steps after the route.
    fn steps(
        &self,
        rules: &Rules,
        headers: &Headers<'_>,
        target: &Target<'_>,
        host: &dyn Host,
        progress: &Progress<'_>,
    ) -> Steps {
        let mut steps = Steps::default();
        if rules.auth == Auth::None {
            steps.policies = policy::explain_public(rules, host);
            return steps;
        }
        steps.found = self.found(rules, headers, target);
        let (jwt, key) = parts(self.presented(rules, headers, target));
        steps.token = jwt.as_ref().map(|jwt| self.jwt.facts(jwt, &self.tenancy));
        let complete = self.tenancy.is_complete();
        steps.key = key.and_then(|key| self.keys.facts(&key, complete));
        let Some(principal) = &progress.principal else {
            steps.policies = policy::explain_unreached(rules);
            return steps;
        };
        let token = jwt.filter(|_| principal.token().is_some());
        let bounds = token.map(|token| self.jwt.bounds(&token, &self.tenancy)).unwrap_or_default();
        let tenant = progress.tenant.as_ref();
        steps.tenant = rules.tenancy.as_ref().map(|tenancy| TenantFacts {
            resolved: tenant.map(|t| (t.name().as_str().to_owned(), t.origin().name())),
            ..self.tenant_facts(tenancy, principal, bounds, (headers, target), host)
        });
        if self.tenant(rules, principal, headers, target, host).is_err() {
            steps.policies = policy::explain_unreached(rules);
            return steps;
        }
        steps.permissions = Some(policy::permission_facts(self, rules, principal, tenant));
        if !principal.is_super_admin() {
            let quotas = progress.quotas.as_ref();
            steps.policies = policy::explain(self, rules, principal, tenant, host, quotas);
        }
        steps
    }

    /// All documents that are fetched.
    pub fn source_facts(&self) -> Vec<SourceFacts> {
        let directory = self.tenancy.elsewhere.map(|elsewhere| elsewhere.outlook.standing);
        let sources = self.sources().into_iter();
        let facts = sources.map(|source| SourceFacts {
            uri: source.uri.to_string(),
            subject: source.subject().to_owned(),
            is_directory: source.is_directory(),
            is_discovery: matches!(source.content, crate::remote::Content::Discovery { .. }),
            is_known: match source.is_directory() {
                true => directory == Some(Standing::Current),
                false => self.jwt.standing(source.id()) == Standing::Current,
            },
        });
        facts.collect()
    }
}

/// The token and the key of what is presented.
fn parts(presented: Result<Presented<'_>, Denial>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    match presented {
        Ok(Presented::Jwt(jwt)) => (Some(jwt.into_owned()), None),
        Ok(Presented::ApiKey(key)) => (None, Some(key.into_owned())),
        Ok(Presented::Both { jwt, key }) => (Some(jwt.into_owned()), Some(key.into_owned())),
        Ok(Presented::JwtElseKey { jwt, key }) => {
            (Some(jwt.into_owned()), key.and_then(Result::ok).map(Credential::into_owned))
        }
        _ => (None, None),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Target<'_> {
    fn facts(&self) -> TargetFacts {
        TargetFacts {
            method: self.method.to_owned(),
            path: self.path.as_str().to_owned(),
            host: self.host.clone(),
        }
    }
}

impl Principal {
    fn facts(&self) -> PrincipalFacts {
        let token = self.token();
        let expires = [
            token.map(|token| token.expires().seconds()),
            self.key().and_then(|key| key.expires).map(|expires| expires.seconds()),
        ];
        PrincipalFacts {
            method: self.method().name(),
            subject: self.subject().map(str::to_owned),
            client: self.client().map(str::to_owned),
            key: self.key().map(|key| key.id.to_string()),
            issuer: token.map(|token| token.issuer_name.to_string()),
            kid: token.and_then(|token| token.kid.clone()),
            acts_for: token.is_some_and(|token| token.acts_for),
            expires: expires.into_iter().flatten().reduce(f64::min),
        }
    }
}
