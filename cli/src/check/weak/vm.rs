//! The id of the guard's VM, by which data is shared.

use crate::guards::fields::deep;
use crate::guards::{ConfigFile, Holder, Plugin};

use super::super::finding::{Code, Findings};
use super::super::scene::{Guard, Scene};

pub(super) fn look(scene: &Scene<'_>, findings: &mut Findings) {
    for (index, guard) in scene.guards.iter().enumerate() {
        let plugin = guard.found.plugin;
        if plugin.holder != Holder::Envoy {
            continue;
        }
        let at = deep(plugin.node, &["vm_config", "vm_id"])
            .or_else(|| deep(plugin.node, &["vm_config"]))
            .unwrap_or(plugin.node);
        if plugin.vm_id().is_empty() {
            if !guard.told_of_vm_id {
                let problem = "has no vm_id, so the guard shares its data with every plugin without one, and limits, fetched keys or tenants would be refused; set `vm_config.vm_id` to a name of this guard's own";
                findings.at(Code::VmIdMissing, guard.file, at, problem);
            }
            continue;
        }
        if let Some(other) = sharer(scene, index, guard) {
            let problem = format!(
                "{other} has the same vm_id, so both share their data: counts of limits, fetched keys and tenants; give each configuration a vm_id of its own"
            );
            findings.at(Code::VmIdShared, guard.file, at, problem);
        }
    }
}

/// Another plugin with the same id, in what may be the same Envoy. Guards with
/// one document are one guard: they are to share.
fn sharer(scene: &Scene<'_>, index: usize, guard: &Guard<'_>) -> Option<String> {
    let own = guard.found.plugin;
    let is_beside = |file: &ConfigFile| {
        // Two bootstraps are of two Envoys.
        core::ptr::eq(file, guard.file)
            || !(has_bootstrap(scene, file) && has_bootstrap(scene, guard.file))
    };
    let guards = scene.guards.iter().enumerate();
    let guard_with_it = guards
        .filter(|(other, _)| *other != index)
        .map(|(_, other)| other)
        .filter(|other| is_beside(other.file))
        .filter(|other| other.found.plugin.holder == Holder::Envoy)
        .find(|other| other.found.plugin.vm_id() == own.vm_id() && other.value != guard.value);
    if let Some(other) = guard_with_it {
        return Some(format!("the guard {} with another document", other.found.plugin.name()));
    }
    let is_other = |plugin: &&Plugin<'_>| {
        plugin.holder == Holder::Envoy && !plugin.is_guard() && plugin.vm_id() == own.vm_id()
    };
    let beside = scene.configs.iter().filter(|config| is_beside(config.file));
    let plugin = beside.flat_map(|config| config.contents.plugins()).find(is_other)?;
    let name = plugin.names.last().copied().unwrap_or("without a name");
    Some(format!("the plugin {name}"))
}

fn has_bootstrap(scene: &Scene<'_>, file: &ConfigFile) -> bool {
    let config = scene.configs.iter().find(|config| core::ptr::eq(config.file, file));
    config.is_some_and(|config| !config.contents.bootstraps.is_empty())
}
