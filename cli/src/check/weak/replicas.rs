//! Limits that each of several proxies counts for itself.

use serde_json::Value;

use crate::document::Document;
use crate::guards::fields::{deep, field};
use crate::guards::{ConfigFile, Holder};
use crate::source::{Kind, Node};

use super::super::facts;
use super::super::finding::{Code, Findings};
use super::super::scene::Scene;

pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    for (file, document) in &scene.alone {
        tell(scene, file, document, &document.value(), false, findings);
    }
    for guard in &scene.guards {
        if let Some(document) = &guard.document {
            let in_mesh = guard.found.plugin.holder == Holder::Istio;
            tell(scene, guard.file, document, &guard.value, in_mesh, findings);
        }
    }
}

fn tell(
    scene: &Scene<'_>,
    file: &ConfigFile,
    document: &Document,
    value: &Value,
    in_mesh: bool,
    findings: &mut Findings,
) {
    let Some(path) = facts::local_limits(value) else { return };
    let Some((count, who)) = replicas(scene, in_mesh) else { return };
    let problem = format!(
        "{who}, and each proxy counts for itself: a caller gets up to {count} times as much; divide the limits by that, or run one proxy"
    );
    findings.within(Code::LocalLimits, file, (document.find(&path), &path), problem);
}

/// How many proxies run side by side, where several do, and who says so.
fn replicas(scene: &Scene<'_>, in_mesh: bool) -> Option<(String, String)> {
    if let Some(replicas) = scene.replicas {
        return (replicas > 1)
            .then(|| (replicas.to_string(), format!("{replicas} proxies run side by side")));
    }
    let objects: Vec<_> =
        scene.configs.iter().flat_map(|config| &config.contents.objects).collect();
    let workloads: Vec<_> = objects
        .iter()
        .filter(|(kind, _)| ["Deployment", "StatefulSet", "DaemonSet"].contains(kind))
        .filter(|(_, object)| in_mesh || mentions_envoy(object))
        .filter_map(|(_, object)| name(object))
        .collect();
    let found = objects.iter().filter_map(|(kind, object)| {
        let own = name(object).unwrap_or_default();
        let count = match *kind {
            "Deployment" | "StatefulSet" if workloads.contains(&own) => {
                object.path(&["spec", "replicas"]).and_then(count)?
            }
            "DaemonSet" if workloads.contains(&own) => {
                return Some((
                    "N".to_owned(),
                    format!("the DaemonSet {own} runs on each of N nodes"),
                ));
            }
            "HorizontalPodAutoscaler" => {
                let target =
                    object.path(&["spec", "scaleTargetRef", "name"]).and_then(Node::text)?;
                let is_ours = workloads.contains(&target) || target.contains("envoy") || in_mesh;
                object.path(&["spec", "maxReplicas"]).filter(|_| is_ours).and_then(count)?
            }
            "EnvoyProxy" => {
                let kubernetes = object.path(&["spec", "provider", "kubernetes"])?;
                if field(kubernetes, "envoy_daemon_set").is_some() {
                    let who = format!("the EnvoyProxy {own} runs on each of N nodes");
                    return Some(("N".to_owned(), who));
                }
                let fixed = deep(kubernetes, &["envoy_deployment", "replicas"]).and_then(count);
                let most = deep(kubernetes, &["envoy_hpa", "max_replicas"]).and_then(count);
                fixed.max(most)?
            }
            _ => return None,
        };
        (count > 1)
            .then(|| (count.to_string(), format!("the {kind} {own} has up to {count} replicas")))
    });
    found.max_by_key(|(count, _)| count.parse::<u64>().unwrap_or(u64::MAX))
}

fn count(node: &Node) -> Option<u64> {
    match &node.kind {
        Kind::Number(number) => number.as_u64(),
        _ => None,
    }
}

fn name(object: &Node) -> Option<&str> {
    object.path(&["metadata", "name"]).and_then(Node::text)
}

/// Whether an object's name or images are of a proxy.
fn mentions_envoy(object: &Node) -> bool {
    let is_proxy = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["envoy", "istio-proxy", "proxyv2"].iter().any(|name| text.contains(name))
    };
    name(object).is_some_and(is_proxy)
        || object
            .path(&["spec", "template", "spec", "containers"])
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(|container| container.get("image").and_then(Node::text))
            .any(is_proxy)
}
