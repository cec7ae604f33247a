//! Who can reach Envoy's admin interface.

use std::net::IpAddr;

use crate::guards::fields::{deep, field};
use crate::source::Node;

use super::super::finding::{Code, Findings};
use super::super::scene::Scene;

pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    for config in &scene.configs {
        for bootstrap in &config.contents.bootstraps {
            let Some(address) = deep(bootstrap, &["admin", "address"]) else { continue };
            if !is_local(address) {
                let problem = "the admin interface is open to the network: whoever reaches it reads the configuration, sees every tenant's counters and can stop Envoy; bind it to 127.0.0.1 or a pipe";
                findings.at(Code::OpenAdmin, config.file, address, problem);
            }
        }
    }
}

/// Whether only this machine reaches an address.
pub(super) fn is_local(address: &Node) -> bool {
    if let Some(socket) = field(address, "socket_address") {
        let host = field(socket, "address").and_then(Node::text).unwrap_or_default();
        return host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    }
    field(address, "pipe").is_some() || field(address, "envoy_internal_address").is_some()
}
