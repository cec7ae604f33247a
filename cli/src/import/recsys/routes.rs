//! The service's routes: what is protected, and who may read and write as an
//! admin.

use super::Rights;
use crate::import::settings::Settings;
use crate::import::tree::{Map, Tree};

pub(super) fn routes(settings: &Settings<'_>, roles: &[(Rights, String)]) -> Tree {
    let optional = settings.flag("AUTH_REQUIRED") == Some(false);
    let mut routes = vec![rule(vec!["/healthz", "/readyz", "/v1/license"]).with("auth", "none")];
    if !roles.is_empty() {
        let admin = || vec!["/v1/admin/**", "/api/v1/admin/**"];
        let reading = with_methods(rule(admin()), &["GET", "HEAD", "OPTIONS"]);
        let all = roles.iter().map(|(_, role)| role.clone()).collect::<Vec<_>>();
        let writers = roles.iter().filter(|(rights, _)| *rights == Rights::Write);
        let writers: Vec<String> = writers.map(|(_, role)| role.clone()).collect();
        routes.push(reading.with("roles", all));
        routes.push(if writers.is_empty() {
            rule(admin())
                .with("ip", Vec::<&str>::new())
                .decide("the roles that may write are turned off, so nobody may: name some, or take this route out")
        } else {
            rule(admin()).with("roles", writers)
        });
    }
    routes.push(rule(vec!["/v1/**", "/api/v1/**"]).when(optional, |map| {
        map.with("auth", "required").decide("AUTH_REQUIRED=false let callers in without a credential; they are refused here. `auth: optional` with `tenancy: {strict: false}` lets them in as the tenant `default`")
    }));
    routes.into()
}

fn rule(paths: Vec<&str>) -> Map {
    let path: Tree = match paths.as_slice() {
        [path] => (*path).into(),
        _ => paths.into(),
    };
    Map::default().with("match", Map::default().with("path", path))
}

fn with_methods(mut rule: Map, methods: &[&str]) -> Map {
    if let Some(Tree::Map(matches)) = rule.entries.first_mut().and_then(|entry| entry.tree.as_mut())
    {
        *matches = core::mem::take(matches).with("methods", methods.to_vec());
    }
    rule
}
