//! What a list of routes leaves out, as the configuration is told of it.

use super::{Auth, Match, Routes, Rules};
use crate::credential::Mode;
use crate::pattern::{HostPattern, PathPattern};
use crate::policy::Roles;

impl Routes {
    /// The indices of routes that can never match, because earlier ones take
    /// every request that they would.
    pub(crate) fn unreachable(&self) -> Vec<usize> {
        let is_taken = |index: usize, route: &Match| {
            let earlier = self.routes.get(..index).unwrap_or_default();
            combinations(route).all(|(path, host, method)| {
                earlier.iter().any(|(r, _)| r.covers(path, host, method))
            })
        };
        self.routes
            .iter()
            .enumerate()
            .filter(|(index, (route, _))| is_taken(*index, route))
            .map(|(index, _)| index)
            .collect()
    }

    /// Pairs of routes where the first asks something of some methods or hosts
    /// of a path and the second less of the others: `(stricter, laxer)`, the
    /// latter `None` for what no route matches.
    pub(crate) fn gaps(&self, roles: &Roles) -> Vec<(usize, Option<usize>)> {
        let mut gaps = Vec::new();
        for (index, (route, rules)) in self.routes.iter().enumerate() {
            if route.methods.is_empty() && route.hosts.is_empty() {
                continue;
            }
            let fallback = self.routes.iter().enumerate().skip(index.saturating_add(1)).find(
                |(_, (later, _))| {
                    route.paths.iter().any(|path| later.paths.iter().any(|p| p.covers(path)))
                },
            );
            let gap = match fallback {
                Some((later, (_, other))) => {
                    other.asks_less_than(rules, roles).then_some(Some(later))
                }
                None => {
                    let unmatched = self.unmatched.as_ref();
                    unmatched
                        .is_some_and(|other| other.asks_less_than(rules, roles))
                        .then_some(None)
                }
            };
            gaps.extend(gap.map(|later| (index, later)));
        }
        gaps
    }
}

impl Rules {
    /// Whether something that `other` asks for isn't asked for here. What is
    /// asked for instead of it is no gap, as where reading and writing ask for
    /// a scope each.
    fn asks_less_than(&self, other: &Self, roles: &Roles) -> bool {
        if [self.auth, other.auth].iter().any(|auth| matches!(auth, Auth::None | Auth::SuperAdmin))
        {
            let less = self.auth == other.auth && self.asks_fewer_addresses_than(other);
            return self.auth < other.auth || less;
        }
        let tenancy = |rules: &Self| rules.tenancy.as_ref().map(|tenancy| tenancy.strict);
        let takes_keys = |rules: &Self| rules.mode != Mode::Jwt;
        self.auth < other.auth
            || tenancy(self) < tenancy(other)
            || (self.issuers.is_none() && other.issuers.is_some())
            || (takes_keys(self) && !takes_keys(other))
            || self.asks_fewer_addresses_than(other)
            || self.asks_fewer_scopes_than(other)
            || self.asks_fewer_roles_than(other, roles)
    }

    /// Whether it allows all of the other's addresses and more.
    fn asks_fewer_addresses_than(&self, other: &Self) -> bool {
        match (&self.ip, &other.ip) {
            (None, other) => other.is_some(),
            (Some(mine), Some(other)) => mine != other && mine.covers(other),
            (Some(_), None) => false,
        }
    }

    /// Whether its scopes are some of the other's only.
    fn asks_fewer_scopes_than(&self, other: &Self) -> bool {
        let all = |some: &Self, of: &Self| some.scopes.iter().all(|name| of.scopes.contains(name));
        all(self, other) && !all(other, self)
    }

    /// Whether each of the other's roles will do here, and one does here that
    /// doesn't there.
    fn asks_fewer_roles_than(&self, other: &Self, roles: &Roles) -> bool {
        let all_do = |these: &Self, there: &Self| {
            these.roles.iter().all(|role| {
                let reach = roles.reach([role.as_str()]);
                there.roles.is_empty() || there.roles.iter().any(|asked| reach.contains(asked))
            })
        };
        !other.roles.is_empty()
            && (self.roles.is_empty() || all_do(other, self) && !all_do(self, other))
    }
}

impl Match {
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
