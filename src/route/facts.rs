//! What is told of routes.

use super::{Auth, Match, Routes, Rules, Shadow};
use crate::credential::Mode;
use crate::explain::{NearRoute, PatternFacts, RouteFacts, TenancyFacts};
use crate::request::Target;
use crate::tenant::Trust;

/// How many near routes are told of.
const MOST_NEAR: usize = 3;

impl Routes {
    /// What is told of rules that were found. `issuers` are names and `iss`, by
    /// index.
    pub(crate) fn facts(&self, rules: &Rules, issuers: &[(String, String)]) -> RouteFacts {
        let index = self.routes.iter().position(|(_, known)| core::ptr::eq(known, rules));
        let patterns = index.and_then(|index| self.routes.get(index)).map(|(m, _)| m.facts());
        RouteFacts {
            place: index.map_or("routes_unmatched".into(), place),
            patterns,
            auth: match rules.auth {
                Auth::None => "none",
                Auth::Optional => "optional",
                Auth::Required => "required",
                Auth::SuperAdmin => "super_admin",
            },
            mode: match rules.mode {
                Mode::Either(_) => "either",
                Mode::Jwt => "jwt",
                Mode::ApiKey => "api_key",
                Mode::JwtThenApiKey => "jwt_then_api_key",
            },
            issuers: rules.issuers.as_ref().map(|only| {
                let names = only.iter().filter_map(|&index| issuers.get(index));
                names.map(|(name, _)| name.clone()).collect()
            }),
            tenancy: rules.tenancy.as_ref().map(|tenancy| TenancyFacts {
                strict: tenancy.strict,
                trust_header: match tenancy.trust {
                    Trust::Never => "never",
                    Trust::AnyPeer => "any_peer",
                    Trust::Peers(_) => "a list of peers",
                    Trust::Ignore => "ignore",
                },
            }),
            shadow: match rules.shadow {
                Shadow::Off => "false",
                Shadow::On => "true",
                Shadow::Untouched => "untouched",
            },
            scopes: rules.scopes.clone(),
            roles: rules.roles.clone(),
            action: rules.action.as_ref().map(|action| action.name().to_owned()),
        }
    }

    /// The routes that a request comes nearest to: those of its path first,
    /// then those whose path begins as its own.
    pub(crate) fn near(&self, target: &Target<'_>) -> Vec<NearRoute> {
        let segments = target.path.segments();
        let mut near: Vec<(usize, NearRoute)> = Vec::new();
        for (index, (route, _)) in self.routes.iter().enumerate() {
            let path = route.paths.iter().any(|path| path.matches(&segments));
            let shared = route.paths.iter().map(|path| path.shared(&segments)).max();
            let shared = if path { usize::MAX } else { shared.unwrap_or_default() };
            if shared > 0 {
                near.push((
                    shared,
                    NearRoute {
                        place: place(index),
                        patterns: route.facts(),
                        path,
                        method: route.method(target.method),
                        host: route.host(&target.host),
                    },
                ));
            }
        }
        near.sort_by_key(|(shared, _)| core::cmp::Reverse(*shared));
        near.into_iter().take(MOST_NEAR).map(|(_, route)| route).collect()
    }
}

fn place(index: usize) -> String {
    format!("routes[{index}]")
}

impl Match {
    fn facts(&self) -> PatternFacts {
        PatternFacts {
            paths: self.paths.iter().map(ToString::to_string).collect(),
            methods: self.methods.clone(),
            hosts: self.hosts.iter().map(ToString::to_string).collect(),
        }
    }
}
