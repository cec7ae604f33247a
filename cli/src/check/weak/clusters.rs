//! The clusters that keys and tenants come from.

use std::collections::VecDeque;

use crate::guards::fields::{Any, deep, field, repeated};
use crate::source::Node;

use super::super::facts;
use super::super::finding::{Code, Findings};
use super::super::scene::{Guard, Scene};
use super::admin::is_local;
use super::tls;

pub(super) fn look(scene: &Scene<'_>, guard: &Guard<'_>, findings: &mut Findings) {
    let mut seen = Vec::new();
    let bootstraps = scene.configs.iter().flat_map(|config| &config.contents.bootstraps);
    let resources = bootstraps.filter_map(|bootstrap| field(bootstrap, "static_resources"));
    let secrets: Vec<_> = resources.flat_map(|resources| repeated(resources, "secrets")).collect();
    let mut asked: VecDeque<_> = facts::clusters(&guard.value).into();
    while let Some((path, name)) = asked.pop_front() {
        if seen.contains(&name) {
            continue;
        }
        let here = scene.configs.iter().flat_map(|config| {
            config.contents.clusters.iter().map(|cluster| (config.file, *cluster))
        });
        let mut here = here.filter(|(_, cluster)| {
            field(cluster, "name").and_then(Node::text) == Some(name.as_str())
        });
        if let Some((file, cluster)) = here.next() {
            let members = members(cluster);
            if !members.is_empty() {
                asked.extend(members.into_iter().map(|member| (path.clone(), member)));
            } else if !stays_here(cluster)
                && let Err(problem) = tls::verifies(cluster, &secrets)
            {
                let problem = format!(
                    "{problem}: whoever answers in its place could sign tokens or name tenants for everybody (`{path}` asks it); give it a transport_socket with UpstreamTlsContext, a trusted_ca and match_typed_subject_alt_names"
                );
                findings.at(Code::ClusterUnverified, file, cluster, problem);
            }
        } else if is_all_there(scene, guard) {
            let problem = format!(
                "there is no cluster {name} in static_resources, so every fetch fails; add it, or correct the name"
            );
            let place = guard.document.as_ref().map(|document| document.find(&path));
            let place = place.unwrap_or_else(|| guard.file.place(guard.found.plugin.node).0);
            findings.within(Code::ClusterMissing, guard.file, (place, &path), problem);
        }
        seen.push(name);
    }
}

/// The clusters that an aggregate cluster chooses from.
fn members(cluster: &Node) -> Vec<String> {
    let config = deep(cluster, &["cluster_type", "typed_config"]).map(Any::of);
    let config = config.filter(|config| config.is("clusters.aggregate.v3.ClusterConfig"));
    let names = config.map(|config| repeated(config.value, "clusters")).unwrap_or_default();
    names.iter().filter_map(|name| name.text().map(str::to_owned)).collect()
}

/// Whether the file says all clusters that there are.
fn is_all_there(scene: &Scene<'_>, guard: &Guard<'_>) -> bool {
    let config = scene.configs.iter().find(|config| core::ptr::eq(config.file, guard.file));
    let bootstraps = config.map(|config| config.contents.bootstraps.as_slice()).unwrap_or_default();
    let is_dynamic = |bootstrap: &&Node| {
        deep(bootstrap, &["dynamic_resources", "cds_config"]).is_some()
            || deep(bootstrap, &["dynamic_resources", "ads_config"]).is_some()
    };
    !bootstraps.is_empty() && !bootstraps.iter().any(is_dynamic)
}

/// Whether all its endpoints are on this machine, so that nobody is between.
fn stays_here(cluster: &Node) -> bool {
    let Some(assignment) = field(cluster, "load_assignment") else { return false };
    let localities = repeated(assignment, "endpoints").iter();
    let endpoints: Vec<_> =
        localities.flat_map(|locality| repeated(locality, "lb_endpoints")).collect();
    let is_here = |entry: &&Node| deep(entry, &["endpoint", "address"]).is_some_and(is_local);
    !endpoints.is_empty() && endpoints.iter().all(is_here)
}
