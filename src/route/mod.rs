//! Routes: which rules a request is held to.

mod coverage;
#[cfg(not(target_arch = "wasm32"))]
mod facts;
mod index;

use std::sync::Arc;

use self::index::Index;
use crate::address::AddressSet;
use crate::credential::Mode;
use crate::pattern::{HostPattern, PathPattern};
use crate::policy::limit::Action;
use crate::request::Target;
use crate::request::path::Ambiguity;
use crate::tenant::TenancyRules;

/// Whether a credential is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Auth {
    /// Nothing is read or checked.
    None,
    /// A caller without one goes on as nobody.
    Optional,
    /// A caller without one is refused.
    Required,
    /// Only the super admin goes on.
    SuperAdmin,
}

/// What a refusal on a route leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shadow {
    /// The refusal.
    Off,
    /// The request goes on, stripped and without identity.
    On,
    /// The request goes on as it came.
    Untouched,
}

/// The rules of a route.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// For the audit line.
    pub(crate) name: String,
    pub(crate) auth: Auth,
    pub(crate) mode: Mode,
    /// The only issuers whose tokens count here, by index; `None` for all.
    pub(crate) issuers: Option<Vec<usize>>,
    /// `None` is `tenancy: none`: a verified caller without a tenant.
    pub(crate) tenancy: Option<TenancyRules>,
    pub(crate) shadow: Shadow,
    /// The only addresses.
    pub(crate) ip: Option<Arc<AddressSet>>,
    /// All of these.
    pub(crate) scopes: Vec<String>,
    /// Any of these, in the form that is compared; empty for none.
    pub(crate) roles: Vec<String>,
    /// What limits of actions count.
    pub(crate) action: Option<Action>,
}

/// What a request must look like for a route.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) paths: Vec<PathPattern>,
    /// Empty for every method.
    pub(crate) methods: Vec<String>,
    /// Empty for every host.
    pub(crate) hosts: Vec<HostPattern>,
}

impl Match {
    fn method(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|known| method_matches(known, method))
    }

    fn host(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|pattern| pattern.matches(host))
    }
}

/// A HEAD request is answered like the GET request it stands for (RFC 9110
/// section 9.3.2), so what is said of GET holds for HEAD.
fn method_matches(rule: &str, method: &str) -> bool {
    rule == method || (rule == "GET" && method == "HEAD")
}

/// All routes; the first that matches decides.
#[derive(Debug)]
pub(crate) struct Routes {
    routes: Vec<(Match, Rules)>,
    index: Index,
    /// `None`: what no route matches is refused.
    unmatched: Option<Rules>,
}

impl Routes {
    pub(crate) fn new(routes: Vec<(Match, Rules)>, unmatched: Option<Rules>) -> Self {
        Self { index: Index::new(&routes), routes, unmatched }
    }

    /// The rules of a request; `None` where no route matches and what isn't
    /// matched is refused.
    ///
    /// # Errors
    /// Where the answer depends on how an encoded character in the path is
    /// read: the application may read it the other way.
    pub(crate) fn find(&self, target: &Target<'_>) -> Result<Option<&Rules>, Ambiguity> {
        let position = |segments: &[&str]| self.index.find(&self.routes, target, segments);
        let found = position(&target.path.segments());
        if let Some(decoded) = target.path.decoded_segments()
            && position(&decoded) != found
        {
            return Err(Ambiguity::Route);
        }
        Ok(match found.and_then(|index| self.routes.get(index)) {
            Some((_, rules)) => Some(rules),
            None => self.unmatched.as_ref(),
        })
    }

    /// What the index gives, by definition.
    #[cfg(test)]
    fn position(&self, target: &Target<'_>, segments: &[&str]) -> Option<usize> {
        self.routes.iter().position(|(route, _)| {
            route.method(target.method)
                && route.host(&target.host)
                && route.paths.iter().any(|path| path.matches(segments))
        })
    }
}

#[cfg(test)]
mod tests;
