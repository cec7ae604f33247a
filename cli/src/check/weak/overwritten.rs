//! Identity headers that routes set, after the guard has set them.

use std::collections::BTreeSet;

use crate::guards::ConfigFile;
use crate::guards::fields::{deep, field, is_field, repeated};
use crate::source::Node;

use super::super::facts;
use super::super::finding::{Code, Findings};
use super::super::scene::Scene;

pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    let names: BTreeSet<String> = scene
        .guards
        .iter()
        .flat_map(|guard| facts::identity_headers(&guard.value))
        .map(|name| folded(&name))
        .collect();
    for config in &scene.configs {
        for (headers, chain) in &config.contents.added_headers {
            // Routes outside any chain may be any chain's.
            let chain = chain.and_then(|chain| config.contents.chains.get(chain));
            if chain.is_some_and(|chain| !chain.is_guarded()) {
                continue;
            }
            let keys = headers.items().iter().filter_map(|entry| deep(entry, &["header", "key"]));
            keys.for_each(|key| tell(config.file, key, key.text(), &names, findings));
        }
        for (kind, object) in &config.contents.objects {
            if ["VirtualService", "HTTPRoute", "GRPCRoute"].contains(kind) {
                of_kubernetes(object, config.file, &names, findings);
            }
        }
    }
}

/// `headers.request.set` of Istio, `requestHeaderModifier.set` of the Gateway
/// API, and `add` of both.
fn of_kubernetes(
    node: &Node,
    file: &ConfigFile,
    names: &BTreeSet<String>,
    findings: &mut Findings,
) {
    for member in node.members() {
        let modifier = match member.name.as_str() {
            "headers" => field(&member.node, "request"),
            name if is_field(name, "request_header_modifier") => Some(&member.node),
            _ => None,
        };
        for what in ["set", "add"] {
            let Some(list) = modifier.and_then(|modifier| field(modifier, what)) else { continue };
            for header in list.members() {
                tell(file, &header.node, Some(&header.name), names, findings);
            }
            for header in repeated(modifier.unwrap_or(list), what) {
                let name = field(header, "name").and_then(Node::text);
                tell(file, header, name, names, findings);
            }
        }
        of_kubernetes(&member.node, file, names, findings);
    }
    node.items().iter().for_each(|item| of_kubernetes(item, file, names, findings));
}

fn tell(
    file: &ConfigFile,
    at: &Node,
    name: Option<&str>,
    names: &BTreeSet<String>,
    findings: &mut Findings,
) {
    let Some(name) = name.filter(|name| names.contains(&folded(name))) else { return };
    let problem = format!(
        "sets {name} behind the guard, so the application is told something else than what the guard has verified; remove it"
    );
    findings.at(Code::IdentityOverwritten, file, at, problem);
}

/// A name as applications may read it.
fn folded(name: &str) -> String {
    let fold = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(fold).collect()
}
