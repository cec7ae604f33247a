//! Linking tenants: each id and alias is one tenant's.

use std::collections::HashMap;

use super::super::node::Context;
use super::super::tenancy::TenancySpec;
use super::super::tenants::{ClientSpec, TenantEntrySpec};
use crate::policy::Policy;
use crate::policy::limit::Account;
use crate::tenant::{
    Assertions, Client, Directory, IdFormat, Tenancy, TenancyRules, Tenant, Unlisted,
};

/// What holds for tenants besides their own entries.
pub(super) struct TenantDefaults {
    /// Of every tenant that doesn't say.
    pub(super) policy: Policy,
    /// The super admin's own tenant.
    pub(super) super_admin: Option<String>,
}

pub(super) fn link(
    context: &Context<'_>,
    spec: TenancySpec,
    defaults: &TenantDefaults,
    listed: bool,
    tenants: &[TenantEntrySpec],
) -> Tenancy {
    let problems = context.problems;
    let reserved = Tenancy::reserved_name(&spec.reserved);
    let super_admin = defaults.super_admin.as_deref();
    if super_admin.is_some_and(|name| name.eq_ignore_ascii_case(&spec.reserved)) {
        problems.error("super_admin.tenant", "is the reserved name; use another");
    }
    let mut tenancy = Tenancy {
        super_admin: super_admin.map(Tenancy::reserved_name),
        default_policy: spec.default.over(&defaults.policy),
        unlisted_policy: defaults.policy.clone(),
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
            if super_admin.is_some_and(|own| name.eq_ignore_ascii_case(own)) {
                problems.error(&at, "is the super admin's tenant, which nobody else can name");
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
        let client = |client: &ClientSpec| {
            let entry = Client {
                active: client.active,
                policy: client.policy.clone(),
                account: Account::listed(&["client", &tenant.id, &client.id]),
            };
            (client.id.as_str().into(), entry)
        };
        let entry = Tenant {
            name,
            active: tenant.active.unwrap_or(spec.start_active),
            has_issuers: !tenant.issuers.is_empty(),
            clients: tenant.clients.iter().map(client).collect(),
            policy: tenant.policy.over(&defaults.policy),
            account: Account::listed(&["tenant", &tenant.id]),
        };
        tenancy.directory.insert(entry, &tenant.aliases);
    }
    tenancy
}
