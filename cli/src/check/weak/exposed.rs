//! Secrets that stand in the proxy's configuration, and callbacks that it
//! leaves out.

use crate::guards::Holder;
use crate::guards::fields::field;

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
    if plugin.holder != Holder::Envoy {
        return;
    }
    // Envoy 1.40 has moved it into the VM's configuration, and reads both.
    let vm = field(plugin.node, "vm_config");
    for holder in [Some(plugin.node), vm].into_iter().flatten() {
        let Some(restriction) = field(holder, "capability_restriction_config") else { continue };
        let allowed = field(restriction, "allowed_capabilities");
        if allowed.is_some_and(|allowed| !allowed.members().is_empty()) {
            let problem = "lets the guard call and be called only for what it names, and leaves the rest out in silence: without proxy_on_request_headers every request passes unseen; remove it";
            findings.at(Code::CapabilityRestricted, guard.file, restriction, problem);
        }
    }
}
