//! What makes a guard weaker in the proxy around it.

mod addresses;
mod admin;
mod backstop;
mod cache;
mod clusters;
mod disabled;
mod exposed;
mod failing;
mod normalization;
mod order;
mod overwritten;
mod repeated;
mod replicas;
mod tls;
mod unguarded;
mod upgrades;
mod vm;

use super::finding::Findings;
use super::scene::Scene;

/// Looks for everything.
pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    for guard in &scene.guards {
        failing::look(scene, guard, findings);
        exposed::look(guard, findings);
        clusters::look(scene, guard, findings);
    }
    for (file, chain) in scene.chains().filter(|(_, chain)| chain.is_guarded()) {
        let documents = scene.documents_of(chain);
        normalization::look(file, chain, &documents, findings);
        addresses::look(file, chain, &documents, findings);
        order::look(file, chain, &documents, findings);
        cache::look(file, chain, findings);
        upgrades::look(scene, file, chain, findings);
    }
    backstop::look(scene, findings);
    vm::look(scene, findings);
    disabled::look(scene, findings);
    admin::look(scene, findings);
    replicas::look(scene, findings);
    repeated::look(scene, findings);
    overwritten::look(scene, findings);
    unguarded::look(scene, findings);
}
