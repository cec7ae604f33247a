//! Linking: names between sections, and what contradicts itself.

pub(super) mod issuers;
pub(super) mod keys;
mod names;
mod revoked;
mod routes;
mod sources;
pub(super) mod tenants;

use std::rc::Rc;
use std::sync::Arc;

use super::Document;
use super::directory::DirectoryRules;
use super::jwt::IssuerSpec;
use super::node::Context;
use super::routes::RouteSpec;
use super::tenants::TenantEntrySpec;
use crate::Guard;
use crate::api_key::Owner;
use crate::credential::{Both, Mode, Sources, SuperAdmin};
use crate::jwt::{Issuer, Jwt, TenantSource};
use crate::remote::Outlook;
use crate::route::{Auth, Rules};
use crate::tenant::{Elsewhere, Tenancy, TenantName};
use issuers::Asked;
use keys::KeyTable;
use routes::RouteDefaults;
use tenants::TenantDefaults;

pub(super) fn link(mut document: Document, context: &Context<'_>) -> Option<Guard> {
    let problems = context.problems;
    let issuers_known = !problems.any(hides_an_issuer);
    let has_jwt = document.jwt.is_some()
        || document.tenants.iter().flatten().any(|tenant| !tenant.issuers.is_empty())
        // Developers' headers stand where JWTs do.
        || document.directory.is_some() && document.dev.is_none();
    let has_keys = document.api_keys.is_some()
        || document.tenants.iter().flatten().flat_map(|t| &t.clients).any(|c| !c.keys.is_empty())
        || document.directory.is_some();
    if !has_jwt && !has_keys && document.dev.is_none() {
        warn_of_no_credentials(context, document.super_admin.is_some());
    }
    check_vm_id(context);
    let jwt_spec = document.jwt.take().unwrap_or_default();
    let keys_spec = document.api_keys.take().unwrap_or_default();
    let sources = Sources::new(
        if has_jwt { jwt_spec.from } else { Vec::new() },
        if has_keys { keys_spec.from } else { Vec::new() },
    );
    sources::check(context, &document, has_jwt, &sources);

    let strict = document.tenancy.strict;
    let header = document.tenancy.header.clone();
    let directory = document.directory;
    let listed = document.tenants.is_some() || directory.is_some();
    let directory_source = directory.as_ref().and_then(|directory| directory.source.clone());
    let tenants = document.tenants.unwrap_or_default();
    let defaults = TenantDefaults {
        policy: document.tenant_defaults,
        super_admin: document.super_admin.as_ref().and_then(|admin| admin.tenant.clone()),
        elsewhere: directory_source
            .as_ref()
            .map(|source| Elsewhere { source: source.id(), outlook: Outlook::default() }),
    };
    let start_active = document.tenancy.start_active;
    let tenancy = tenants::link(context, document.tenancy, &defaults, listed, &tenants);

    let hmac = keys_spec.hmac;
    let mut keys = KeyTable::new(context, keys_spec.hash, hmac);
    for key in keys_spec.keys {
        let label = key.path.clone();
        keys.add(key, None, label);
    }
    let mut all_issuers: Vec<_> =
        jwt_spec.issuers.into_iter().map(|issuer| (issuer, None)).collect();
    for tenant in tenants {
        add_own(tenant, &tenancy, &mut all_issuers, &mut keys);
    }
    let has_super_admin = document.super_admin.is_some();
    let super_admin = document.super_admin.and_then(|admin| {
        let digest = admin.digest?;
        keys.claim(&digest, "super_admin.sha256");
        Some(SuperAdmin::new(admin.from, digest))
    });
    let asked = Asked {
        scopes: document.routes.iter().any(|route| !route.scopes.is_empty()),
        tenant: strict
            && document.routes.iter().all(RouteSpec::needs_a_tenant)
            && document.mode != Mode::Either(Both::Agree),
    };
    let issuers = issuers::link(context, all_issuers, &tenancy, asked);
    if directory.is_none() {
        revoked::check(context, &issuers, &jwt_spec.revoked);
    }
    let bindings = listed || issuers.iter().any(binds);
    if bindings && !strict {
        problems.error("tenancy.strict", "must be true: credentials are bound to tenants, or tenants are listed, and callers that are bound to none would share the reserved one; set strict: false on the routes that need it");
    }
    let routes = routes::link(
        context,
        &RouteDefaults {
            rules: Rules {
                name: "unmatched".into(),
                auth: Auth::Required,
                mode: document.mode,
                issuers: None,
                tenancy: Some(tenancy.rules.clone()),
                shadow: document.shadow,
                ip: None,
                scopes: Vec::new(),
                roles: Vec::new(),
                action: None,
            },
            has_super_admin,
            bindings,
            issuers_known,
            unmatched_denied: document.unmatched_denied,
        },
        document.routes,
        &issuers,
    );
    let forward_payload = document.upstream.has_payload();
    let forwarded = document.upstream.claims.iter().map(|(path, _)| path.clone()).collect();
    let stripped = document
        .dev
        .iter()
        .flat_map(|dev| core::iter::once(dev.user.as_str()).chain(dev.tenant.as_deref()));
    let upstream = document.upstream.into_upstream(stripped.chain([header.as_str()]));
    let tiers = context.vocabulary.tiers.clone().unwrap_or_default();
    let directory = directory.and_then(|directory| {
        Some(DirectoryRules {
            source: directory.source?,
            key_clusters: directory.key_clusters,
            vocabulary: Rc::clone(&context.vocabulary),
            development: context.development,
            start_active,
            hmac: hmac == Some(true),
        })
    });
    Some(Guard {
        revision: document.revision,
        paths: document.paths,
        routes,
        cors_preflight: document.cors_preflight,
        sources,
        super_admin,
        dev: document.dev,
        jwt: Jwt::new(
            jwt_spec.max_token_bytes,
            forwarded,
            forward_payload,
            tiers,
            jwt_spec.revoked,
            issuers,
        ),
        keys: keys.table,
        throttle: document.throttle,
        tenancy,
        directory,
        generation: 0,
        roles: context.vocabulary.roles.clone().unwrap_or_default(),
        limit_headers: document.limit_headers,
        upstream,
        replies: document.replies,
        shadow: document.shadow,
        audit: document.audit,
        cache_entries: jwt_spec.cache_entries,
        cache_bytes: jwt_spec.cache_bytes,
    })
}

/// Adds a tenant's own issuers and its clients' keys to those of all.
fn add_own(
    tenant: TenantEntrySpec,
    tenancy: &Tenancy,
    issuers: &mut Vec<(IssuerSpec, Option<TenantName>)>,
    keys: &mut KeyTable<'_>,
) {
    let Some(name) = tenancy.name(&tenant.id) else {
        return;
    };
    issuers.extend(tenant.issuers.into_iter().map(|issuer| (issuer, Some(name.clone()))));
    for client in tenant.clients {
        let id: Arc<str> = client.id.into();
        for key in client.keys {
            let owner = Owner { tenant: name.clone(), client: Arc::clone(&id) };
            let label = format!("key {} of client {} of tenant {}", key.id, id, tenant.id);
            keys.add(key, Some(owner), label);
        }
    }
}

fn warn_of_no_credentials(context: &Context<'_>, has_super_admin: bool) {
    let but = if has_super_admin { " but the super admin's" } else { "" };
    context.problems.warn("", format!("configures no issuer and no API key, so every request{but} to a route that asks for a credential is refused"));
}

/// What workers keep together is shared by the VM's id, so the VM must have one.
fn check_vm_id(context: &Context<'_>) {
    if let Some(place) = context.shared.get()
        && context.env.vm_id() == Some("")
    {
        context.problems.error(place, "is kept in data that workers share by vm_config.vm_id, and that is empty: every plugin without one would share it too; set it to a name of this guard's own");
    }
}

/// Whether a mistake at this place may hide an issuer's name, so that a route
/// that asks for it may be right.
fn hides_an_issuer(path: &str) -> bool {
    let in_section = path.starts_with("jwt") || path.starts_with("tenants");
    let member = path.strip_suffix(']').and_then(|path| path.rsplit_once('['));
    let place = member.map_or(path, |(list, _)| list);
    in_section
        && ["jwt", "tenants", "issuers", ".issuer", ".name"].iter().any(|end| place.ends_with(end))
}

/// Whether an issuer of no tenant binds some of its tokens to one.
fn binds(issuer: &Issuer) -> bool {
    !issuer.subjects.is_empty() || matches!(issuer.tenant, TenantSource::Fixed(_))
}
