//! Linking tenants: each id and alias is one tenant's.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::api_keys::KeyPlace;
use super::super::jwt::IssuerSpec;
use super::super::problem::Problems;
use super::super::tenancy::TenancySpec;
use super::super::tenants::{ClientSpec, TenantEntrySpec};
use super::keys::OwnKeys;
use crate::api_key::Owner;
use crate::policy::Policy;
use crate::policy::limit::Account;
use crate::tenant::{
    Assertions, Client, Clients, Directory, Elsewhere, IdFormat, Listing, Tenancy, TenancyRules,
    Tenant, TenantName, Unlisted,
};

/// The document's tenants, linked one by one: what was read of one is gone
/// before the next.
pub(in crate::config) struct TenantLinker<'p> {
    rules: TenantRules,
    /// What is wrong with names; told once all else was read.
    problems: &'p Problems,
    /// Whose each name is.
    taken: HashMap<String, usize>,
    /// Where each tenant stands.
    places: Vec<String>,
    listing: Listing,
    issuers: Vec<(IssuerSpec, TenantName)>,
    keys: OwnKeys<'p>,
    has_keys: bool,
}

/// What tenants are held to, and what holds where they say nothing.
pub(in crate::config) struct TenantRules {
    pub(in crate::config) format: IdFormat,
    pub(in crate::config) reserved: String,
    pub(in crate::config) super_admin: Option<String>,
    pub(in crate::config) start_active: bool,
    pub(in crate::config) defaults: Policy,
}

/// All tenants of the document, and what is theirs.
pub(in crate::config) struct LinkedTenants<'p> {
    pub(super) listing: Listing,
    pub(super) issuers: Vec<(IssuerSpec, TenantName)>,
    pub(super) keys: OwnKeys<'p>,
    /// Whether any of them has a key.
    pub(super) has_keys: bool,
    pub(super) defaults: Policy,
}

impl<'p> TenantLinker<'p> {
    pub(in crate::config) fn new(
        rules: TenantRules,
        problems: &'p Problems,
        keys: OwnKeys<'p>,
    ) -> Self {
        Self {
            rules,
            problems,
            taken: HashMap::new(),
            places: Vec::new(),
            listing: Listing::default(),
            issuers: Vec::new(),
            keys,
            has_keys: false,
        }
    }

    /// Adds a tenant under its names, its issuers and its clients' keys.
    pub(in crate::config) fn add(&mut self, tenant: TenantEntrySpec) {
        let TenantRules { format, reserved, super_admin, start_active, defaults } = &self.rules;
        check_names(self.problems, &tenant, *format, reserved, super_admin.as_deref());
        let number = self.places.len();
        for (at, name) in places(&tenant) {
            let owner = self.taken.insert(name.clone(), number);
            if let Some(owner) = owner.and_then(|owner| {
                self.places.get(owner).or((owner == number).then_some(&tenant.path))
            }) {
                self.problems.error(&at, format!("is the id or alias of {owner} already"));
            }
        }
        self.has_keys |= tenant.clients.iter().any(|client| !client.keys.is_empty());
        if format.accepts(&tenant.id) || tenant.id.eq_ignore_ascii_case(reserved) {
            let name = Tenancy::new_name(&tenant.id);
            let entry = entry(&tenant, name.clone(), *start_active, defaults);
            self.listing.insert(entry, &tenant.aliases);
            self.issuers.extend(tenant.issuers.into_iter().map(|issuer| (issuer, name.clone())));
            for client in tenant.clients {
                let owner = Owner { tenant: name.clone(), client: client.id };
                if let Some(place) = self.keys.add_owner(owner.clone()) {
                    for key in client.keys {
                        let list = Some((tenant.path.as_str(), client.index));
                        let at = KeyPlace { owner: list, index: key.index };
                        self.keys.add(key, Some((place, &owner)), &at);
                    }
                }
            }
        }
        self.places.push(tenant.path);
    }

    /// All of them.
    pub(in crate::config) fn finish(mut self) -> LinkedTenants<'p> {
        self.listing.shrink();
        LinkedTenants {
            listing: self.listing,
            issuers: self.issuers,
            keys: self.keys,
            has_keys: self.has_keys,
            defaults: self.rules.defaults,
        }
    }
}

/// The `tenancy` section with its tenants.
pub(super) fn tenancy(
    problems: &Problems,
    spec: TenancySpec,
    super_admin: Option<&str>,
    elsewhere: Option<Elsewhere>,
    listed: bool,
    listing: Listing,
    defaults: Policy,
) -> Tenancy {
    if super_admin.is_some_and(|name| name.eq_ignore_ascii_case(&spec.reserved)) {
        problems.error("super_admin.tenant", "is the reserved name; use another");
    }
    Tenancy {
        super_admin: super_admin.map(Tenancy::new_name),
        default_policy: spec.default.over(&defaults),
        unlisted_policy: defaults,
        rules: TenancyRules { strict: spec.strict, trust: spec.trust },
        reserved: Tenancy::new_name(&spec.reserved),
        format: spec.format,
        unknown: spec.unknown.unwrap_or(if listed { Unlisted::Deny } else { Unlisted::Allow }),
        unknown_clients: spec.unknown_clients,
        directory: Directory { own: listing, fetched: Listing::default() },
        elsewhere,
        assertions: Assertions { header: spec.header, places: spec.assertions },
    }
}

/// A tenant of that name, as its entry and the defaults say.
pub(in crate::config) fn entry(
    tenant: &TenantEntrySpec,
    name: TenantName,
    start_active: bool,
    defaults: &Policy,
) -> Tenant {
    // Most have no limits, and an account takes a digest to name.
    let account = |policy: &Policy, names: &[&str]| {
        policy.limits.is_some().then(|| Box::new(Account::listed(names)))
    };
    let client = |client: &ClientSpec| {
        let entry = Client {
            active: client.active,
            policy: client.policy.clone(),
            account: account(&client.policy, &["client", &tenant.id, &client.id]),
        };
        (Arc::clone(&client.id), entry)
    };
    let policy = tenant.policy.over(defaults);
    Tenant {
        name,
        active: tenant.active.unwrap_or(start_active),
        has_issuers: !tenant.issuers.is_empty(),
        clients: Clients::new(tenant.clients.iter().map(client).collect()),
        account: account(&policy, &["tenant", &tenant.id]),
        policy,
        tokens_not_before: tenant.tokens_not_before,
    }
}

/// Checks what one tenant calls itself; whether that is free is asked
/// elsewhere.
pub(in crate::config) fn check_names(
    problems: &Problems,
    tenant: &TenantEntrySpec,
    format: IdFormat,
    reserved: &str,
    super_admin: Option<&str>,
) {
    let path = &tenant.path;
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
