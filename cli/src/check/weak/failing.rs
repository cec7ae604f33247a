//! What becomes of requests when the guard's VM fails.

use crate::guards::Holder;
use crate::guards::fields::{field, is_choice, is_true};
use crate::source::{Kind, Node};

use super::super::finding::{Code, Findings};
use super::super::scene::{Guard, Scene};

const OPEN: &str = "lets every request pass unguarded while the guard's VM is down or its configuration is refused";
const DOWN: &str =
    "after a crash of its VM, Envoy answers this worker's requests with 503 until it is restarted";

pub(super) fn look(scene: &Scene<'_>, guard: &Guard<'_>, findings: &mut Findings) {
    let plugin = guard.found.plugin.node;
    match guard.found.plugin.holder {
        Holder::Envoy => envoy(guard, plugin, findings),
        Holder::Istio => {
            let strategy = field(plugin, "fail_strategy");
            match strategy {
                Some(open) if is_choice(open, "FAIL_OPEN", 1) => {
                    let problem = format!("{OPEN}; say FAIL_RELOAD");
                    findings.at(Code::FailOpen, guard.file, open, problem);
                }
                Some(reload) if is_choice(reload, "FAIL_RELOAD", 2) => {}
                _ => {
                    let problem =
                        format!("{DOWN}; say `failStrategy: FAIL_RELOAD`, which Istio 1.27 has");
                    findings.at(Code::NoReload, guard.file, strategy.unwrap_or(plugin), problem);
                }
            }
        }
        Holder::Gateway => {
            if is_true(plugin, "fail_open") {
                let open = field(plugin, "fail_open").unwrap_or(plugin);
                findings.at(Code::FailOpen, guard.file, open, format!("{OPEN}; say false"));
            } else if !is_patched(scene) {
                let problem = format!(
                    "{DOWN}; Envoy Gateway has no field for another policy: set `failure_policy: FAIL_RELOAD` by an EnvoyPatchPolicy, and give its file too"
                );
                findings.at(Code::NoReload, guard.file, plugin, problem);
            }
        }
    }
}

fn envoy(guard: &Guard<'_>, plugin: &Node, findings: &mut Findings) {
    if is_true(plugin, "fail_open") {
        let open = field(plugin, "fail_open").unwrap_or(plugin);
        let problem = format!("{OPEN}; remove it and say `failure_policy: FAIL_RELOAD`");
        findings.at(Code::FailOpen, guard.file, open, problem);
        return;
    }
    let policy = field(plugin, "failure_policy");
    match policy {
        Some(open) if is_choice(open, "FAIL_OPEN", 3) => {
            findings.at(Code::FailOpen, guard.file, open, format!("{OPEN}; say FAIL_RELOAD"));
        }
        Some(reload) if is_choice(reload, "FAIL_RELOAD", 1) => {}
        _ => {
            let problem = format!("{DOWN}; say `failure_policy: FAIL_RELOAD`");
            findings.at(Code::NoReload, guard.file, policy.unwrap_or(plugin), problem);
        }
    }
}

/// Whether an EnvoyPatchPolicy sets the policy.
fn is_patched(scene: &Scene<'_>) -> bool {
    let objects = scene.configs.iter().flat_map(|config| &config.contents.objects);
    objects.filter(|(kind, _)| *kind == "EnvoyPatchPolicy").any(|(_, object)| reloads(object))
}

fn reloads(node: &Node) -> bool {
    match &node.kind {
        Kind::Text { text, .. } => text == "FAIL_RELOAD",
        Kind::List(items) => items.iter().any(reloads),
        Kind::Map(members) => members.iter().any(|member| reloads(&member.node)),
        _ => false,
    }
}
