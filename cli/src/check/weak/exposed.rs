//! Secrets that stand in the proxy's configuration, and callbacks that it
//! leaves out.

use crate::guards::Holder;
use crate::guards::fields::{deep, field};

use super::super::facts;
use super::super::finding::{Code, Findings};
use super::super::scene::Guard;

pub(super) fn look(guard: &Guard<'_>, findings: &mut Findings) {
    let plugin = guard.found.plugin;
    if let Some(document) = &guard.document {
        let (given, _) = plugin.environment();
        for (name, _) in given {
            let path = facts::variable(&guard.value, name);
            if path.is_empty() {
                continue;
            }
            let how = match plugin.holder {
                Holder::Istio => "pass it from the proxy's environment by `valueFrom: HOST`",
                Holder::Envoy | Holder::Gateway => "pass it by `host_env_keys`",
            };
            let problem = format!(
                "the value of {name} stands in the configuration, where this file and Envoy's /config_dump show it; {how}"
            );
            let place = (document.find(&path), path.as_str());
            findings.within(Code::SecretExposed, guard.file, place, problem);
        }
    }
    let allowed = deep(plugin.node, &["capability_restriction_config", "allowed_capabilities"]);
    if plugin.holder == Holder::Envoy && allowed.is_some_and(|a| !a.members().is_empty()) {
        let at = field(plugin.node, "capability_restriction_config").unwrap_or(plugin.node);
        let problem = "lets the guard call and be called only for what it names, and leaves the rest out in silence: without proxy_on_request_headers every request passes unseen; remove it";
        findings.at(Code::CapabilityRestricted, guard.file, at, problem);
    }
}
