//! From an outcome to what the proxy does: header changes, verdict, reply,
//! audit line.

use crate::audit::{AuditLine, AuditLog};
use crate::credential::Location;
use crate::jwt::CacheUse;
use crate::policy::Admitted;
use crate::reply::Reply;
use crate::request::framing::is_framing;
use crate::request::{Found, Headers, cookie, query::Query, split_query};
use crate::route::Shadow;
use crate::verdict::{Code, Denial};
use crate::{Arrived, Guard, Progress};

/// Changes to the request's headers. Names that are set are replaced whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Headers to remove, each name once, as it came.
    pub remove: Vec<Vec<u8>>,
    /// Headers to set, each name once.
    pub set: Vec<(String, Vec<u8>)>,
}

/// What becomes of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on with its identity.
    Allow,
    /// It goes on without: the route asks for none.
    Public,
    /// It goes on, but only because the guard is told to refuse nothing.
    Shadow,
    /// It is answered here.
    Refuse(Reply),
}

impl Verdict {
    /// The filter state `wasm.tenant_guard.decision` of a request that goes
    /// on; `None` for one that doesn't.
    pub fn marker(&self) -> Option<&'static str> {
        match self {
            Self::Allow => Some("allow"),
            Self::Public => Some("public"),
            Self::Shadow => Some("shadow"),
            Self::Refuse(_) => None,
        }
    }
}

/// A decision, complete: whoever carries it out needs to know nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What becomes of the request.
    pub verdict: Verdict,
    /// Changes to its headers, to be made before the verdict is carried out.
    pub changes: Changes,
    /// Why it is refused, or would be.
    pub denial: Option<Denial>,
    /// How many headers that only the guard may set the client had sent.
    pub stripped: u64,
    /// Whether its token was in the cache, where one was looked for.
    pub cache: Option<CacheUse>,
    /// The audit line, where it has one.
    pub audit: Option<AuditLine>,
}

/// Which credentials leave the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credentials {
    Stay,
    /// Those that access logs would show: query parameters.
    LeaveLogs,
    Leave,
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
            Ok(Arrived::Admitted(admitted)) => {
                (Verdict::Allow, change(leaving, self.upstream.identity(admitted)))
            }
            Err(denial) => match shadow {
                Shadow::On if denial.code != Code::GuardUnavailable => {
                    (Verdict::Shadow, change(leaving, Vec::new()))
                }
                Shadow::Untouched if denial.code != Code::GuardUnavailable => {
                    (Verdict::Shadow, Changes::default())
                }
                _ => {
                    let known =
                        self.upstream.known(progress.principal.as_ref(), progress.tenant.as_ref());
                    let reply = self.replies.reply(denial, headers);
                    (Verdict::Refuse(reply), change(Credentials::LeaveLogs, known))
                }
            },
        };
        let untouched = shadow == Shadow::Untouched && verdict == Verdict::Shadow;
        let audit = self.line(headers, &progress, &outcome, &verdict);
        Decision {
            verdict,
            changes,
            denial: outcome.err(),
            stripped: if untouched { 0 } else { stripped },
            cache: progress.trail.cache,
            audit,
        }
    }

    /// The trailers to remove: identity must not come in by the back door, nor
    /// credentials go out by it. What frames a message has no place in trailers
    /// either: passed on to HTTP/2 it ends a connection that other requests
    /// share.
    pub fn strip_trailers<'t>(
        &self,
        verdict: &Verdict,
        names: impl Iterator<Item = &'t [u8]>,
    ) -> Vec<&'t [u8]> {
        if *verdict == Verdict::Shadow && self.shadow == Shadow::Untouched {
            return Vec::new();
        }
        let keeps = *verdict == Verdict::Public || self.upstream.forward_credentials;
        let mut removed: Vec<&[u8]> = Vec::new();
        for name in names {
            let credential = !keeps && self.sources.is_header(name);
            let inbound = self.upstream.stripped.contains(name) || is_framing(name);
            if (inbound || credential) && !removed.contains(&name) {
                removed.push(name);
            }
        }
        removed
    }

    /// The headers that only the guard may set: how many, and their names.
    fn inbound<'r>(&self, headers: &Headers<'r>) -> (u64, Vec<&'r [u8]>) {
        let mut count = 0u64;
        let mut names: Vec<&[u8]> = Vec::new();
        for (name, _) in headers.iter() {
            if self.upstream.stripped.contains(name) {
                count = count.saturating_add(1);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        (count, names)
    }

    fn changes(
        &self,
        headers: &Headers<'_>,
        inbound: &[&[u8]],
        credentials: Credentials,
        set: Vec<(String, String)>,
    ) -> Changes {
        let mut changes = Changes {
            remove: Vec::new(),
            set: set.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
        };
        if credentials == Credentials::Leave {
            self.remove_credentials(headers, &mut changes);
        }
        if credentials != Credentials::Stay {
            self.remove_from_query(headers, &mut changes);
        }
        for &name in inbound {
            let replaced = changes.set.iter().any(|(set, _)| set.as_bytes() == name);
            if !replaced && !changes.remove.iter().any(|known| known == name) {
                changes.remove.push(name.to_vec());
            }
        }
        changes
    }

    fn remove_credentials(&self, headers: &Headers<'_>, changes: &mut Changes) {
        for (name, _) in headers.iter().filter(|(name, _)| self.sources.is_header(name)) {
            if !changes.remove.iter().any(|known| known == name) {
                changes.remove.push(name.to_vec());
            }
        }
        let cookies: Vec<&str> = self
            .sources
            .locations()
            .filter_map(|location| match location {
                Location::Cookie(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        match cookie::without(headers, &cookies) {
            None => {}
            Some(rest) if rest.is_empty() => changes.remove.push(b"cookie".to_vec()),
            // Where `strip` takes all cookies there is nothing to keep.
            Some(_) if self.upstream.stripped.contains(b"cookie") => {}
            Some(rest) => changes.set.push(("cookie".into(), rest)),
        }
    }

    fn remove_from_query(&self, headers: &Headers<'_>, changes: &mut Changes) {
        let names: Vec<&str> = self
            .sources
            .locations()
            .filter_map(|location| match location {
                Location::Query(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let Found::Once(raw) = headers.find(b":path") else {
            return;
        };
        let (path, Some(query)) = split_query(raw) else {
            return;
        };
        if let Some(rest) = Query::new(query).without(&names) {
            let mut raw = path.to_vec();
            if !rest.is_empty() {
                raw.push(b'?');
                raw.extend(rest);
            }
            changes.set.push((":path".into(), raw));
        }
    }

    fn line(
        &self,
        headers: &Headers<'_>,
        progress: &Progress<'_>,
        outcome: &Result<Arrived, Denial>,
        verdict: &Verdict,
    ) -> Option<AuditLine> {
        let acts_for =
            |admitted: &Admitted| admitted.principal().token().is_some_and(|token| token.acts_for);
        let least = match outcome {
            Ok(Arrived::Admitted(admitted)) if acts_for(admitted) => AuditLog::Denied,
            Ok(_) => AuditLog::All,
            Err(_) => AuditLog::Denied,
        };
        if self.audit.log < least {
            return None;
        }
        let word = match verdict {
            Verdict::Refuse(_) => "deny",
            other => other.marker().unwrap_or_default(),
        };
        let mut line = AuditLine::new(self.revision.as_deref(), word);
        line.request(headers);
        if let Some(rules) = progress.rules {
            line.rules(rules);
        }
        match outcome {
            Ok(Arrived::Public) => {}
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
