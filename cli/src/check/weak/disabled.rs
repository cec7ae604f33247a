//! What turns the guard or its backstop off.

use std::collections::BTreeSet;

use crate::guards::fields::{Any, field, is_true};
use crate::guards::{Chain, Filter, names_guard};
use crate::source::Node;

use super::super::facts;
use super::super::finding::{Code, Findings};
use super::super::scene::Scene;
use super::backstop;

pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    for (file, chain) in scene.chains() {
        for filter in chain.filters.iter().filter(|filter| filter.is_guard()) {
            if filter.is_disabled() {
                let at = field(filter.node, "disabled").unwrap_or(filter.node);
                let problem = "the guard is off wherever no route turns it on; remove `disabled`, and make what is public a route of the guard's document with `auth: none`";
                findings.at(Code::GuardDisabled, file, at, problem);
            }
            if is_true(filter.node, "is_optional") {
                let at = field(filter.node, "is_optional").unwrap_or(filter.node);
                let problem = "an Envoy without Wasm leaves the guard out in silence; remove `is_optional`, so that it doesn't start instead";
                findings.at(Code::GuardDisabled, file, at, problem);
            }
            if filter.is_conditional() {
                let problem = format!(
                    "{} runs the guard for some requests only; let it see all, and make what is public a route of its document with `auth: none`",
                    filter.shown()
                );
                findings.at(Code::GuardDisabled, file, filter.node, problem);
            }
        }
    }
    let loose = scene.loose().map(|(_, filter)| filter).filter(|filter| guards(filter));
    let everywhere: BTreeSet<&str> = scene
        .chains()
        .flat_map(|(_, chain)| guarding(chain))
        .chain(loose.filter_map(|filter| filter.name))
        .collect();
    let may_shadow = scene.guards.iter().any(|guard| facts::has_shadow(&guard.value));
    for config in &scene.configs {
        for (filters, chain) in &config.contents.per_route {
            let chain = chain.and_then(|chain| config.contents.chains.get(chain));
            // Routes outside any chain may be any chain's.
            let names = chain.map_or_else(
                || everywhere.clone(),
                |chain| beside(&config.contents.chains, chain).flat_map(guarding).collect(),
            );
            for member in filters.members() {
                let is_guard = names.contains(member.name.as_str()) || names_guard(&member.name);
                if is_guard && weakens(&member.node, may_shadow) {
                    let problem = format!(
                        "changes {} for a part of the traffic: the guard is turned off there, or its backstop opened; remove it, and make what is public a route of the guard's document with `auth: none`",
                        member.name
                    );
                    findings.at(Code::GuardDisabled, config.file, &member.node, problem);
                }
            }
        }
    }
}

/// A chain and those that its connection manager has for upgrades.
fn beside<'c, 'n>(
    chains: &'c [Chain<'n>],
    chain: &'c Chain<'n>,
) -> impl Iterator<Item = &'c Chain<'n>> {
    chains.iter().filter(|other| core::ptr::eq(other.manager, chain.manager))
}

/// The names of the guard's filters in a chain and of the backstops behind.
fn guarding<'c>(chain: &'c Chain<'_>) -> impl Iterator<Item = &'c str> {
    let first = chain.filters.iter().position(Filter::is_guard).unwrap_or(chain.filters.len());
    let rest = chain.filters.iter().skip(first);
    rest.filter(|filter| guards(filter)).filter_map(|filter| filter.name)
}

fn guards(filter: &Filter<'_>) -> bool {
    filter.is_guard() || backstop::admits(filter).is_ok_and(|admitted| !admitted.is_empty())
}

/// Whether a route's own configuration makes less of the filter.
fn weakens(config: &Node, may_shadow: bool) -> bool {
    let any = Any::of(config);
    if any.is("route.v3.FilterConfig") {
        let inner = field(any.value, "config");
        return is_true(any.value, "disabled")
            || inner.is_some_and(|config| weakens(config, may_shadow));
    }
    if any.is("rbac.v3.RBACPerRoute") {
        return field(any.value, "rbac").is_none_or(|rbac| {
            let admitted = backstop::in_rbac(rbac);
            admitted.map_or(true, |admitted| !may_shadow && admitted.contains("shadow"))
        });
    }
    true
}
