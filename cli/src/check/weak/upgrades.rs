//! Upgraded requests, such as WebSockets, that have filters of their own.

use crate::guards::fields::field;
use crate::guards::{Chain, ConfigFile};
use crate::source::Node;

use super::super::finding::{Code, Findings};
use super::super::scene::Scene;

pub(super) fn look(
    scene: &Scene<'_>,
    file: &ConfigFile,
    chain: &Chain<'_>,
    findings: &mut Findings,
) {
    let same = |other: &Chain<'_>| core::ptr::eq(other.manager, chain.manager);
    for (_, other) in scene.chains().filter(|(_, other)| same(other) && !other.is_guarded()) {
        let Some(upgrade) = other.upgrade else { continue };
        let kind = field(upgrade, "upgrade_type").and_then(Node::text).unwrap_or("such");
        let problem = format!(
            "{kind} requests pass these filters instead of http_filters, and the guard isn't among them; add it with its backstop right after it, or leave `filters` out"
        );
        let at = field(upgrade, "filters").unwrap_or(upgrade);
        findings.at(Code::UpgradeUnguarded, file, at, problem);
    }
}
