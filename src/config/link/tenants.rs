//! Linking tenants: each id and alias is one tenant's.

use std::collections::HashMap;

use super::super::node::Context;
use super::super::tenancy::TenancySpec;
use super::super::tenants::TenantEntrySpec;
use crate::tenant::{
    Assertions, Client, Directory, IdFormat, Tenancy, TenancyRules, Tenant, Unlisted,
};

pub(super) fn link(
    context: &Context<'_>,
    spec: TenancySpec,
    listed: bool,
    tenants: &[TenantEntrySpec],
) -> Tenancy {
    let problems = context.problems;
    let reserved = Tenancy::reserved_name(&spec.reserved);
    let mut tenancy = Tenancy {
        rules: TenancyRules { strict: spec.strict, trust: spec.trust },
        reserved,
        format: spec.format,
        unknown: spec.unknown.unwrap_or(if listed { Unlisted::Deny } else { Unlisted::Allow }),
        unknown_clients: spec.unknown_clients,
        directory: Directory::default(),
        assertions: Assertions { header: spec.header, places: spec.assertions },
    };
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for tenant in tenants {
        let path = &tenant.path;
        if !spec.format.accepts(&tenant.id) {
            problems.error(
                format!("{path}.id"),
                format!("is no tenant name by tenancy.id_format: {}", spec.format.describe()),
            );
        }
        let names = core::iter::once(&tenant.id).chain(&tenant.aliases);
        for (position, name) in names.enumerate() {
            let at = match position.checked_sub(1) {
                None => format!("{path}.id"),
                Some(index) => format!("{path}.aliases[{index}]"),
            };
            if name.eq_ignore_ascii_case(&spec.reserved) {
                problems
                    .error(&at, "is the reserved name, which stands for no tenant; use another");
            }
            if position > 0 && !IdFormat::Any.accepts(name) {
                problems.error(&at, format!("is no tenant name: {}", IdFormat::Any.describe()));
            }
            if let Some(owner) = taken.insert(name, path) {
                problems.error(&at, format!("is the id or alias of {owner} already"));
            }
        }
        let Some(name) = tenancy.name(&tenant.id) else {
            continue;
        };
        let clients = tenant.clients.iter();
        let entry = Tenant {
            name,
            active: tenant.active.unwrap_or(spec.start_active),
            has_issuers: !tenant.issuers.is_empty(),
            clients: clients
                .map(|client| (client.id.as_str().into(), Client { active: client.active }))
                .collect(),
        };
        tenancy.directory.insert(entry, &tenant.aliases);
    }
    tenancy
}
