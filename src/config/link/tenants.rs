//! Linking tenants: each id and alias is one tenant's.

use std::collections::HashMap;

use super::super::node::Context;
use super::super::tenancy::TenancySpec;
use super::super::tenants::{ClientSpec, TenantEntrySpec};
use crate::policy::Policy;
use crate::policy::limit::Account;
use crate::tenant::{
    Assertions, Client, Directory, Elsewhere, IdFormat, Tenancy, TenancyRules, Tenant, TenantName,
    Unlisted,
};

/// What holds for tenants besides their own entries.
pub(super) struct TenantDefaults {
    /// Of every tenant that doesn't say.
    pub(super) policy: Policy,
    /// The super admin's own tenant.
    pub(super) super_admin: Option<String>,
    /// Where more tenants are fetched from.
    pub(super) elsewhere: Option<Elsewhere>,
}

pub(super) fn link(
    context: &Context<'_>,
    spec: TenancySpec,
    defaults: &TenantDefaults,
    listed: bool,
    tenants: &[TenantEntrySpec],
) -> Tenancy {
    let problems = context.problems;
    let reserved = Tenancy::new_name(&spec.reserved);
    let super_admin = defaults.super_admin.as_deref();
    if super_admin.is_some_and(|name| name.eq_ignore_ascii_case(&spec.reserved)) {
        problems.error("super_admin.tenant", "is the reserved name; use another");
    }
    let mut tenancy = Tenancy {
        super_admin: super_admin.map(Tenancy::new_name),
        default_policy: spec.default.over(&defaults.policy),
        unlisted_policy: defaults.policy.clone(),
        rules: TenancyRules { strict: spec.strict, trust: spec.trust },
        reserved,
        format: spec.format,
        unknown: spec.unknown.unwrap_or(if listed { Unlisted::Deny } else { Unlisted::Allow }),
        unknown_clients: spec.unknown_clients,
        directory: Directory::default(),
        elsewhere: defaults.elsewhere,
        assertions: Assertions { header: spec.header, places: spec.assertions },
    };
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for tenant in tenants {
        check_names(context, tenant, spec.format, &spec.reserved, super_admin);
        for (at, name) in places(tenant) {
            if let Some(owner) = taken.insert(name, &tenant.path) {
                problems.error(&at, format!("is the id or alias of {owner} already"));
            }
        }
        let Some(name) = tenancy.name(&tenant.id) else {
            continue;
        };
        let entry = entry(tenant, name, spec.start_active, &defaults.policy);
        tenancy.directory.own.insert(entry, &tenant.aliases);
    }
    tenancy
}

/// A tenant of that name, as its entry and the defaults say.
pub(in crate::config) fn entry(
    tenant: &TenantEntrySpec,
    name: TenantName,
    start_active: bool,
    defaults: &Policy,
) -> Tenant {
    let client = |client: &ClientSpec| {
        let entry = Client {
            active: client.active,
            policy: client.policy.clone(),
            account: Account::listed(&["client", &tenant.id, &client.id]),
        };
        (client.id.as_str().into(), entry)
    };
    Tenant {
        name,
        active: tenant.active.unwrap_or(start_active),
        has_issuers: !tenant.issuers.is_empty(),
        clients: tenant.clients.iter().map(client).collect(),
        policy: tenant.policy.over(defaults),
        account: Account::listed(&["tenant", &tenant.id]),
        tokens_not_before: tenant.tokens_not_before,
    }
}

/// Checks what one tenant calls itself; whether that is free is asked
/// elsewhere.
pub(in crate::config) fn check_names(
    context: &Context<'_>,
    tenant: &TenantEntrySpec,
    format: IdFormat,
    reserved: &str,
    super_admin: Option<&str>,
) {
    let (problems, path) = (context.problems, &tenant.path);
    if !format.accepts(&tenant.id) {
        problems.error(
            format!("{path}.id"),
            format!("is no tenant name by tenancy.id_format: {}", format.describe()),
        );
    }
    for (at, name) in places(tenant) {
        if name.eq_ignore_ascii_case(reserved) {
            problems.error(&at, "is the reserved name, which stands for no tenant; use another");
        }
        if super_admin.is_some_and(|own| name.eq_ignore_ascii_case(own)) {
            problems.error(&at, "is the super admin's tenant, which nobody else can name");
        }
        if *name != tenant.id && !IdFormat::Any.accepts(name) {
            problems.error(&at, format!("is no tenant name: {}", IdFormat::Any.describe()));
        }
    }
}

/// The id and the aliases of a tenant, each with its place.
fn places(tenant: &TenantEntrySpec) -> impl Iterator<Item = (String, &String)> {
    let path = &tenant.path;
    let aliases = tenant.aliases.iter().enumerate();
    core::iter::once((format!("{path}.id"), &tenant.id))
        .chain(aliases.map(move |(index, alias)| (format!("{path}.aliases[{index}]"), alias)))
}
