//! Listeners without a guard, next to some that have one.

use crate::guards::fields::{field, repeated};
use crate::source::Node;

use super::super::finding::{Code, Findings};
use super::super::scene::Scene;
use super::admin::is_local;

pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    for config in &scene.configs {
        let chains = &config.contents.chains;
        if !chains.iter().any(|chain| chain.is_guarded()) {
            continue;
        }
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

/// Whether every route is answered by Envoy itself.
fn answers_itself(manager: &Node) -> bool {
    let hosts = field(manager, "route_config").map(|routes| repeated(routes, "virtual_hosts"));
    let routes: Vec<_> =
        hosts.unwrap_or_default().iter().flat_map(|host| repeated(host, "routes")).collect();
    let is_own = |route: &&Node| {
        field(route, "direct_response").is_some() || field(route, "redirect").is_some()
    };
    !routes.is_empty() && routes.iter().all(is_own)
}
