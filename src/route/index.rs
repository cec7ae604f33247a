//! Routes by what their patterns begin with, so that a request costs the same
//! whether there is one route or a thousand.

use std::collections::BTreeMap;

use super::{Match, Rules};
use crate::pattern::{PathPattern, Tree};
use crate::request::Target;
use crate::sorted::sorted;

/// How many segments of a pattern lead the way: the rest is compared with. It
/// bounds how deep the tree is.
const DEPTH: usize = 16;

/// The most combinations of a host and a path that a route has entries for.
const COMBINATIONS: usize = 1_024;

/// Where the routes are.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The number of each host pattern.
    hosts: Tree<Option<usize>>,
    has_hosts: bool,
    paths: Tree<Place>,
}

/// The claims of routes to the paths that lead to a place, each list in the
/// order of the routes.
#[derive(Debug, Default)]
struct Place {
    on_any_host: Vec<Claim>,
    on_host: BTreeMap<usize, Vec<Claim>>,
}

#[derive(Debug, Clone, Copy)]
struct Claim {
    route: usize,
    /// Which of its paths.
    path: usize,
    rest: Rest,
    /// Its hosts have to be compared, too.
    checks_host: bool,
}

/// What may come after the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    Anything,
    /// What the pattern says: all of it has to be compared.
    AsPattern,
}

impl Rest {
    fn of(path: &PathPattern, steps: usize) -> Self {
        if steps > DEPTH || path.has_inner_many() {
            Self::AsPattern
        } else if path.has_last_many() {
            Self::Anything
        } else {
            Self::Nothing
        }
    }
}

impl Index {
    pub(super) fn new(routes: &[(Match, Rules)]) -> Self {
        let mut index = Self::default();
        let mut numbers = 0_usize;
        for (place, (route, _)) in routes.iter().enumerate() {
            let combinations = route.hosts.len().saturating_mul(route.paths.len());
            let checks_host = combinations > COMBINATIONS;
            let mut hosts = Vec::new();
            if !checks_host {
                for host in &route.hosts {
                    let number = index.hosts.at(host.steps()).get_or_insert(numbers);
                    numbers = numbers.max(number.saturating_add(1));
                    hosts.push(*number);
                }
            }
            index.has_hosts |= !hosts.is_empty();
            // The same host twice is one.
            hosts = sorted(hosts, usize::cmp);
            hosts.dedup();
            for (path, pattern) in route.paths.iter().enumerate() {
                let rest = Rest::of(pattern, pattern.steps().count());
                let claim = Claim { route: place, path, rest, checks_host };
                let at = index.paths.at(pattern.steps().take(DEPTH));
                if hosts.is_empty() {
                    at.on_any_host.push(claim);
                }
                for host in &hosts {
                    at.on_host.entry(*host).or_default().push(claim);
                }
            }
        }
        index
    }

    /// The first route that matches.
    pub(super) fn find(
        &self,
        routes: &[(Match, Rules)],
        target: &Target<'_>,
        segments: &[&str],
    ) -> Option<usize> {
        let hosts = self.hosts_of(&target.host);
        let mut first = None;
        self.paths.visit(segments, &mut |place, left| {
            let on_hosts = hosts.iter().filter_map(|host| place.on_host.get(host));
            for claims in core::iter::once(&place.on_any_host).chain(on_hosts) {
                let mut earlier =
                    claims.iter().take_while(|claim| first.is_none_or(|first| claim.route < first));
                let holds = |claim: &&Claim| claim.holds(routes, target, segments, left);
                if let Some(claim) = earlier.find(holds) {
                    first = Some(claim.route);
                }
            }
        });
        first
    }

    /// The numbers of the host patterns that match.
    fn hosts_of(&self, host: &str) -> Vec<usize> {
        let mut numbers = Vec::new();
        if self.has_hosts {
            let labels: Vec<&str> = host.split('.').collect();
            self.hosts.visit(&labels, &mut |number, left| {
                numbers.extend(number.filter(|_| left == 0));
            });
        }
        numbers
    }
}

impl Claim {
    fn holds(
        &self,
        routes: &[(Match, Rules)],
        target: &Target<'_>,
        segments: &[&str],
        left: usize,
    ) -> bool {
        let Some((route, _)) = routes.get(self.route) else {
            return false;
        };
        let path = match self.rest {
            Rest::Nothing => left == 0,
            Rest::Anything => true,
            Rest::AsPattern => {
                route.paths.get(self.path).is_some_and(|path| path.matches(segments))
            }
        };
        path && route.method(target.method) && (!self.checks_host || route.host(&target.host))
    }
}

#[cfg(test)]
mod tests;
