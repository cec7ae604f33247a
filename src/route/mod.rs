//! Routes: which rules a request is held to.

use crate::credential::Mode;
use crate::pattern::{HostPattern, PathPattern};
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

    /// Whether every request that `path` of `other` matches, on one of its
    /// hosts and with one of its methods, is matched by this one.
    fn covers(&self, path: &PathPattern, host: Option<&HostPattern>, method: Option<&str>) -> bool {
        let methods = match method {
            None => self.methods.is_empty(),
            Some(method) => self.method(method),
        };
        let hosts = match host {
            None => self.hosts.is_empty(),
            Some(host) => {
                self.hosts.is_empty() || self.hosts.iter().any(|pattern| pattern.covers(host))
            }
        };
        methods && hosts && self.paths.iter().any(|mine| mine.covers(path))
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
    /// `None`: what no route matches is refused.
    unmatched: Option<Rules>,
}

impl Routes {
    pub(crate) fn new(routes: Vec<(Match, Rules)>, unmatched: Option<Rules>) -> Self {
        Self { routes, unmatched }
    }

    /// The rules of a request; `None` where no route matches and what isn't
    /// matched is refused.
    ///
    /// # Errors
    /// Where the answer depends on how an encoded character in the path is
    /// read: the application may read it the other way.
    pub(crate) fn find(&self, target: &Target<'_>) -> Result<Option<&Rules>, Ambiguity> {
        let found = self.position(target, &target.path.segments());
        if let Some(decoded) = target.path.decoded_segments()
            && self.position(target, &decoded) != found
        {
            return Err(Ambiguity::Route);
        }
        Ok(match found.and_then(|index| self.routes.get(index)) {
            Some((_, rules)) => Some(rules),
            None => self.unmatched.as_ref(),
        })
    }

    fn position(&self, target: &Target<'_>, segments: &[&str]) -> Option<usize> {
        self.routes.iter().position(|(route, _)| {
            route.method(target.method)
                && route.host(&target.host)
                && route.paths.iter().any(|path| path.matches(segments))
        })
    }

    /// The indices of routes that can never match, because earlier ones take
    /// every request that they would.
    pub(crate) fn unreachable(routes: &[Match]) -> Vec<usize> {
        let is_taken = |index: usize, route: &Match| {
            let earlier = routes.get(..index).unwrap_or_default();
            combinations(route)
                .all(|(path, host, method)| earlier.iter().any(|r| r.covers(path, host, method)))
        };
        routes
            .iter()
            .enumerate()
            .filter(|(index, route)| is_taken(*index, route))
            .map(|(index, _)| index)
            .collect()
    }

    /// Pairs of routes where the first asks something of some methods or hosts
    /// of a path and the second less of the others: `(stricter, laxer)`, the
    /// latter `None` for what no route matches.
    pub(crate) fn gaps(
        routes: &[(Match, Auth)],
        unmatched: Option<Auth>,
    ) -> Vec<(usize, Option<usize>)> {
        let mut gaps = Vec::new();
        for (index, (route, auth)) in routes.iter().enumerate() {
            if route.methods.is_empty() && route.hosts.is_empty() {
                continue;
            }
            let fallback =
                routes.iter().enumerate().skip(index.saturating_add(1)).find(|(_, (later, _))| {
                    route.paths.iter().any(|path| later.paths.iter().any(|p| p.covers(path)))
                });
            let gap = match fallback {
                Some((later, (_, other))) => (other < auth).then_some(Some(later)),
                None => unmatched.is_some_and(|other| other < *auth).then_some(None),
            };
            gaps.extend(gap.map(|later| (index, later)));
        }
        gaps
    }
}

fn combinations(
    route: &Match,
) -> impl Iterator<Item = (&PathPattern, Option<&HostPattern>, Option<&str>)> {
    let hosts = || or_none(&route.hosts);
    let methods = || or_none(&route.methods).map(|method| method.map(String::as_str));
    route.paths.iter().flat_map(move |path| {
        hosts().flat_map(move |host| methods().map(move |method| (path, host, method)))
    })
}

/// Each item, or one `None` where there is none.
fn or_none<T>(items: &[T]) -> impl Iterator<Item = Option<&T>> {
    let none = items.is_empty().then_some(None);
    items.iter().map(Some).chain(none)
}

#[cfg(test)]
mod tests;
