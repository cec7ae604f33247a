//! Linking routes: what one doesn't say is as the document says.

use super::super::node::Context;
use super::super::routes::RouteSpec;
use crate::jwt::Issuer;
use crate::policy::Roles;
use crate::route::{Auth, Match, Routes, Rules, Shadow};
use crate::tenant::{TenancyRules, Trust};

/// What the rest of the document says of routes.
pub(super) struct RouteDefaults {
    /// Of what no route matches; what a route doesn't say is as here.
    pub(super) rules: Rules,
    /// Whether credentials are bound to tenants, or tenants are listed.
    pub(super) bindings: bool,
    /// Whether all issuers could be read: only then a route may miss one.
    pub(super) issuers_known: bool,
    /// `routes_unmatched`; `None` where it isn't there.
    pub(super) unmatched_denied: Option<bool>,
    pub(super) has_super_admin: bool,
}

pub(super) fn link(
    context: &Context<'_>,
    defaults: &RouteDefaults,
    specs: Vec<RouteSpec>,
    issuers: &[Issuer],
) -> Routes {
    let problems = context.problems;
    let paths: Vec<String> = specs.iter().map(|spec| spec.path.clone()).collect();
    let path_of = |index: usize| paths.get(index).map_or("", String::as_str);
    // Where some routes ask for more than a credential, one that was forgotten
    // is likelier than one that asks for nothing.
    let asks = specs.iter().any(RouteSpec::asks);
    let denied = defaults.unmatched_denied.unwrap_or(asks);
    let routes: Vec<(Match, Rules)> = specs
        .into_iter()
        .map(|spec| {
            let rules = route_rules(context, defaults, &spec, issuers);
            (spec.matches, rules)
        })
        .collect();
    let routes = Routes::new(routes, (!denied).then(|| defaults.rules.clone()));
    for index in routes.unreachable() {
        problems.error(
            path_of(index),
            "can never match: routes before it take all of its requests; move it up or take it out",
        );
    }
    for (strict, lax) in routes.gaps(context.vocabulary.roles.as_ref().unwrap_or(&Roles::default()))
    {
        let lax = lax.map_or("routes_unmatched", path_of);
        problems.warn(path_of(strict), format!("asks for more than {lax}, which takes the same path with other methods or on other hosts"));
    }
    routes
}

fn route_rules(
    context: &Context<'_>,
    defaults: &RouteDefaults,
    spec: &RouteSpec,
    issuers: &[Issuer],
) -> Rules {
    let problems = context.problems;
    let path = &spec.path;
    let tenancy = match (spec.tenancy.none, &defaults.rules.tenancy) {
        (false, Some(own)) => Some(TenancyRules {
            strict: spec.tenancy.strict.unwrap_or(own.strict),
            trust: spec.tenancy.trust.clone().unwrap_or_else(|| own.trust.clone()),
        }),
        _ => None,
    };
    let is_super_admins = spec.auth == Auth::SuperAdmin;
    if is_super_admins && !defaults.has_super_admin {
        problems.error(
            format!("{path}.auth"),
            "is for the super admin, and there is none; add super_admin, or take the route out",
        );
    }
    if let Some(rules) = tenancy.as_ref().filter(|_| !is_super_admins) {
        let explicit = spec.tenancy.trust == Some(Trust::AnyPeer);
        let inherited = rules.trust == Trust::AnyPeer && !rules.strict;
        if defaults.bindings && (explicit || inherited) && spec.auth != Auth::None {
            let own = explicit || spec.tenancy.strict.is_some();
            problems.error(
                if own { format!("{path}.tenancy.trust_header") } else { "tenancy.trust_header".into() },
                "must not be any_peer where credentials are bound to tenants, or tenants are listed: anybody whose credential is bound to none could name any; list your proxies' addresses instead, or write never",
            );
        }
        if !defaults.bindings && inherited && spec.auth != Auth::None {
            problems.warn(
                format!("{path}.tenancy"),
                "lets callers whose credential is bound to no tenant name any tenant; that is for networks whose every peer is trusted",
            );
        }
        if spec.auth == Auth::Optional && rules.strict {
            problems.error(
                format!("{path}.auth"),
                "optional admits callers without a tenant, and the route is strict; set tenancy.strict: false or tenancy: none on it",
            );
        }
    }
    let takes_tokens = !matches!(spec.auth, Auth::None | Auth::SuperAdmin);
    if tenancy.is_none() && spec.issuers.is_none() && issuers.len() > 1 && takes_tokens {
        problems.warn(
            format!("{path}.tenancy"),
            "is none and the route takes tokens of every issuer: two issuers may use one subject for two users; name the issuers that it is for",
        );
    }
    Rules {
        name: spec.name.clone(),
        auth: spec.auth,
        mode: spec.mode.unwrap_or(defaults.rules.mode),
        issuers: only_issuers(context, defaults, spec, issuers),
        tenancy,
        shadow: shadow(context, defaults, spec),
        ip: spec.ip.clone(),
        scopes: spec.scopes.clone(),
        roles: spec.roles.clone(),
        action: spec.action.clone(),
    }
}

/// The issuers that a route names, by index; `None` where it names none, so
/// that all will do.
fn only_issuers(
    context: &Context<'_>,
    defaults: &RouteDefaults,
    spec: &RouteSpec,
    issuers: &[Issuer],
) -> Option<Vec<usize>> {
    let names = spec.issuers.as_ref()?;
    let mut indices = Vec::new();
    for (position, name) in names.iter().enumerate() {
        let named = issuers.iter().enumerate().filter(|(_, issuer)| issuer.name == *name);
        let before = indices.len();
        indices.extend(named.map(|(index, _)| index));
        if indices.len() == before && defaults.issuers_known {
            context.problems.error(
                format!("{}.issuers[{position}]", spec.path),
                "is the name of no issuer; an issuer without name is known by its issuer",
            );
        }
    }
    Some(indices)
}

fn shadow(context: &Context<'_>, defaults: &RouteDefaults, spec: &RouteSpec) -> Shadow {
    match spec.shadow {
        None => defaults.rules.shadow,
        Some(_) if defaults.rules.shadow == Shadow::Untouched => {
            context.problems.error(
                format!("{}.shadow", spec.path),
                "contradicts shadow: untouched, which is for the whole document",
            );
            Shadow::Off
        }
        Some(true) => Shadow::On,
        Some(false) => Shadow::Off,
    }
}
