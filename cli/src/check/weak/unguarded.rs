//! Listeners without a guard, next to some that have one.

use crate::guards::fields::{field, is_field, repeated};
use crate::source::{Kind, Node};

use super::super::finding::{Code, Findings};
use super::super::scene::{Config, Scene};
use super::admin::is_local;

pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    for config in &scene.configs {
        let chains = &config.contents.chains;
        if !chains.iter().any(|chain| chain.is_guarded()) {
            continue;
        }
        around_as_stream(config, findings);
        for chain in chains.iter().filter(|c| !c.is_guarded() && c.upgrade.is_none()) {
            let address = chain.listener.and_then(|listener| field(listener, "address"));
            let inside = chain.listener.is_some_and(|l| field(l, "internal_listener").is_some());
            if inside || address.is_some_and(is_local) || answers_itself(chain.manager) {
                continue;
            }
            let listener = chain.listener.and_then(|listener| field(listener, "name"));
            let name = listener.and_then(Node::text).unwrap_or("this listener");
            let problem = format!(
                "{name} has no guard, while others have: what is behind it must not be an application that trusts identity headers"
            );
            findings.at(Code::Unguarded, config.file, chain.manager, problem);
        }
    }
}

/// Bytes that go where requests behind the guard go.
fn around_as_stream(config: &Config<'_>, findings: &mut Findings) {
    let guarded = || config.contents.chains.iter().filter(|chain| chain.is_guarded());
    for (proxy, listener) in &config.contents.streams {
        let address = listener.and_then(|listener| field(listener, "address"));
        if address.is_some_and(is_local) {
            continue;
        }
        let weighted = field(proxy, "weighted_clusters").map(|all| repeated(all, "clusters"));
        let weighted = weighted.unwrap_or_default().iter().filter_map(|one| field(one, "name"));
        let mut names = weighted.chain(field(proxy, "cluster")).filter_map(Node::text);
        let same = names.find(|name| guarded().any(|chain| leads_to(chain.manager, name)));
        if let Some(name) = same {
            let problem = format!(
                "leads to {name} as bytes, without the guard, as routes do behind it: an application there must not trust identity headers from here"
            );
            findings.at(Code::Unguarded, config.file, proxy, problem);
        }
    }
}

/// Whether a route leads to that cluster.
fn leads_to(node: &Node, name: &str) -> bool {
    let here = |member: &crate::source::Member| match &member.node.kind {
        Kind::Text { text, .. } => is_field(&member.name, "cluster") && text == name,
        _ => leads_to(&member.node, name),
    };
    let is_weighted = repeated(node, "clusters")
        .iter()
        .any(|one| field(one, "name").and_then(Node::text) == Some(name));
    is_weighted
        || node.members().iter().any(here)
        || node.items().iter().any(|item| leads_to(item, name))
}

/// Whether every route is answered by Envoy itself.
fn answers_itself(manager: &Node) -> bool {
    let hosts = field(manager, "route_config").map(|routes| repeated(routes, "virtual_hosts"));
    let routes: Vec<_> =
        hosts.unwrap_or_default().iter().flat_map(|host| repeated(host, "routes")).collect();
    let is_own = |route: &&Node| {
        field(route, "direct_response").is_some() || field(route, "redirect").is_some()
    };
    let hosts = field(manager, "route_config").map(|routes| repeated(routes, "virtual_hosts"));
    // A matcher may lead anywhere.
    let by_matcher = |host: &Node| field(host, "matcher").is_some();
    !routes.is_empty()
        && routes.iter().all(is_own)
        && !hosts.unwrap_or_default().iter().any(by_matcher)
}
