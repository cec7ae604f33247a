//! From an outcome to what the proxy does.

use crate::audit::{AuditLine, AuditLog};
use crate::changes::{Changes, Credentials};
use crate::denial::{Code, Denial};
use crate::jwt::CacheUse;
use crate::policy::{self, Admitted};
use crate::principal::Principal;
use crate::request::Headers;
use crate::route::Shadow;
use crate::tenant::ResolvedTenant;
use crate::verdict::Verdict;
use crate::{Arrived, Guard, Progress};

/// A decision, complete: whoever carries it out needs to know nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What becomes of the request.
    pub verdict: Verdict,
    /// Changes to its headers, to be made before the verdict is carried out.
    pub changes: Changes,
    /// Headers to set on its response, whoever answers it.
    pub response: Vec<(&'static str, String)>,
    /// Why it is refused, or would be.
    pub denial: Option<Denial>,
    /// Whether the super admin sent it.
    pub super_admin: bool,
    /// How many headers that only the guard may set the client had sent.
    pub stripped: u64,
    /// Whether its token was in the cache, where one was looked for.
    pub cache: Option<CacheUse>,
    /// The audit line, where it has one.
    pub audit: Option<AuditLine>,
}

impl Guard {
    pub(crate) fn conclude(
        &self,
        headers: &Headers<'_>,
        progress: Progress<'_>,
        outcome: Result<Arrived, Denial>,
    ) -> Decision {
        let shadow = progress.rules.map_or(self.shadow, |rules| rules.shadow);
        let leaving =
            if self.upstream.forward_credentials { Credentials::Stay } else { Credentials::Leave };
        let (stripped, inbound) = self.inbound(headers);
        let change = |credentials, set| self.changes(headers, &inbound, credentials, set);
        let (verdict, changes) = match &outcome {
            Ok(_) if shadow == Shadow::Untouched => (Verdict::Shadow, Changes::default()),
            Ok(Arrived::Public) => (Verdict::Public, change(Credentials::Stay, Vec::new())),
            Ok(Arrived::Preflight) => (Verdict::Public, change(leaving, Vec::new())),
            Ok(Arrived::Admitted(admitted)) => {
                (Verdict::Allow, change(leaving, admitted.standing().identity().clone()))
            }
            Err(denial) => match shadow {
                Shadow::On if denial.code != Code::GuardUnavailable => {
                    (Verdict::Shadow, change(leaving, Vec::new()))
                }
                Shadow::Untouched if denial.code != Code::GuardUnavailable => {
                    (Verdict::Shadow, Changes::default())
                }
                _ => {
                    let (principal, tenant) =
                        (progress.principal.as_ref(), progress.tenant.as_ref());
                    let permissions = principal.map(|who| policy::permissions(self, who, tenant));
                    let name = tenant.map(ResolvedTenant::name);
                    let known = self.upstream.known(principal, name, permissions.as_ref());
                    let reply = self.replies.reply(denial, headers);
                    (Verdict::Refuse(reply), change(Credentials::LeaveLogs, known))
                }
            },
        };
        let untouched = shadow == Shadow::Untouched && verdict == Verdict::Shadow;
        let audit = self.line(headers, &progress, &outcome, &verdict);
        let quotas = progress.quotas.as_ref();
        let principal = progress.principal.as_ref();
        Decision {
            verdict,
            changes,
            response: match quotas {
                Some(quotas) if !untouched => quotas.headers(self.limit_headers),
                _ => Vec::new(),
            },
            denial: outcome.err(),
            super_admin: principal.is_some_and(Principal::is_super_admin),
            stripped: if untouched { 0 } else { stripped },
            cache: progress.trail.cache,
            audit,
        }
    }

    fn line(
        &self,
        headers: &Headers<'_>,
        progress: &Progress<'_>,
        outcome: &Result<Arrived, Denial>,
        verdict: &Verdict,
    ) -> Option<AuditLine> {
        // Those who may act for others are told of wherever anybody is.
        let told = |admitted: &Admitted| {
            let principal = admitted.principal();
            principal.is_super_admin() || principal.token().is_some_and(|token| token.acts_for)
        };
        let acts = matches!(outcome, Ok(Arrived::Admitted(admitted)) if told(admitted));
        let least = if acts || outcome.is_err() { AuditLog::Denied } else { AuditLog::All };
        if self.audit.log < least {
            return None;
        }
        let word = match verdict {
            Verdict::Refuse(_) => "deny",
            other => other.marker().unwrap_or_default(),
        };
        let mut line = AuditLine::new(self.revision.as_deref(), word);
        if acts {
            line.of_one_who_acts();
        }
        line.request(headers);
        if let Some(rules) = progress.rules {
            line.rules(rules);
        }
        match outcome {
            Ok(Arrived::Public | Arrived::Preflight) => {}
            Ok(Arrived::Admitted(admitted)) => line.admitted(admitted),
            Err(denial) => {
                if let Some(principal) = &progress.principal {
                    line.caller(principal, progress.tenant.as_ref());
                }
                line.denial(denial);
            }
        }
        line.trail(&progress.trail);
        Some(line)
    }
}
